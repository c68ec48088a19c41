package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
	"strconv"
	"sync"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/vendors"
)

// notifier tells phones what to do by the way that their tenant has chosen. It
// keeps one sender for each way, for as long as a tenant uses it.
type notifier struct {
	store    fleet.Store
	registry *vendor.Registry
	// sharers names the extension by which a phone is reached, and lists the other
	// phones that register as it.
	sharers func(mac.Addr) (fleet.ID, []mac.Addr)

	mu      sync.Mutex
	senders map[fleet.Notify]*shared
}

// shared is a sender with those who have used it.
type shared struct {
	sender
	tenants map[fleet.ID]struct{}
}

type sender interface {
	notify.Sender
	Close() error
}

func newNotifier(s fleet.Store, r *vendor.Registry, sharers func(mac.Addr) (fleet.ID, []mac.Addr)) *notifier {
	return &notifier{store: s, registry: r, sharers: sharers, senders: make(map[fleet.Notify]*shared)}
}

// order is what is known of a phone or DECT base that is to be told something.
type order struct {
	tenant        fleet.Tenant
	vendor, model string
	fleet.DeviceSettings
	user   fleet.User // its own, or of a base a member's; none has a base without members
	self   notify.Device
	others []notify.Device // that register as its extension too
	// system is the multi-cell system that it is a base of, or nil, and leads says
	// whether it is the data master.
	system *fleet.DectSystem
	leads  bool
}

func (n *notifier) read(ctx context.Context, tenant fleet.ID, m mac.Addr) (o order, err error) {
	user, sharers := n.sharers(m)
	err = n.store.Read(ctx, func(r fleet.Reader) error {
		if o.tenant, err = r.Tenant(ctx, tenant); err != nil {
			return err
		}
		if err = o.settings(ctx, r, m); err != nil {
			return err
		}
		if user != 0 {
			if o.user, err = r.User(ctx, tenant, user); err != nil {
				return err
			}
		}
		if o.self, err = deviceOf(ctx, r, m); err != nil {
			return err
		}
		o.others = make([]notify.Device, len(sharers))
		for i, other := range sharers {
			if o.others[i], err = deviceOf(ctx, r, other); err != nil {
				return err
			}
		}
		return nil
	})
	return o, err
}

// settings reads what phones and DECT bases have alike.
func (o *order) settings(ctx context.Context, r fleet.Reader, m mac.Addr) error {
	p, err := r.PhoneByMAC(ctx, o.tenant.ID, m)
	o.vendor, o.model, o.DeviceSettings = p.Vendor, p.Model, p.DeviceSettings
	if fleet.CodeOf(err) != fleet.CodeNotFound {
		return err
	}
	b, err := r.DectPhoneByMAC(ctx, o.tenant.ID, m)
	o.vendor, o.model, o.DeviceSettings = b.Vendor, b.Model, b.DeviceSettings
	if err != nil || b.System == 0 {
		return err
	}
	s, err := r.DectSystem(ctx, o.tenant.ID, b.System)
	if err == nil {
		o.system, o.leads = &s, s.Master() == b.ID
	}
	return err
}

// alone says whether nothing but the bases of its system registers as its extension.
func (o *order) alone() bool {
	return !slices.ContainsFunc(o.others, func(d notify.Device) bool {
		return !slices.ContainsFunc(o.system.Bases, func(b fleet.SystemBase) bool { return b.MAC == d.MAC })
	})
}

func deviceOf(ctx context.Context, r fleet.Reader, m mac.Addr) (notify.Device, error) {
	seen, err := r.Sighting(ctx, m)
	if fleet.CodeOf(err) == fleet.CodeNotFound {
		err = nil
	}
	return notify.Device{MAC: m, Host: seen.IP}, err
}

// Notify sends the vendor's command to one phone, and to no other that registers as
// its extension.
func (n *notifier) Notify(ctx context.Context, tenant fleet.ID, m mac.Addr, kind fleet.JobKind) (retry bool, err error) {
	o, err := n.read(ctx, tenant, m)
	switch {
	case fleet.CodeOf(err) == fleet.CodeNotFound:
		return false, undeliverable{"the phone or its extension is gone"}
	case err != nil:
		return true, fmt.Errorf("read the phone: %w", err)
	}
	pack, ok := n.registry.Pack(o.vendor)
	if !ok {
		return false, undeliverable{fmt.Sprintf("phones of %s cannot be commanded", o.vendor)}
	}
	commands := pack.CommandsOf(o.model)
	event := commands.Reprovision
	if kind == fleet.JobReboot {
		event = commands.Reboot
	}
	if event == "" {
		return false, undeliverable{fmt.Sprintf("there is no documented way to %s a %s %s by SIP", kind, o.vendor, o.model)}
	}
	way, err := wayTo(o.tenant, o.Interface, o.PreferredTransport)
	if err != nil {
		return false, undeliverable{err.Error()}
	}
	if o.system != nil && way.Method != fleet.NotifyDirect {
		return n.notifyJoint(ctx, o, way, event)
	}
	if o.user.ID == 0 && way.Method != fleet.NotifyDirect {
		return false, undeliverable{"the DECT base has no members, so that it registers nothing by which it could be reached"}
	}
	s, err := n.sender(tenant, way)
	if err != nil {
		return false, undeliverable{err.Error()}
	}
	target := o.target()
	if len(o.others) > 0 && way.Method != fleet.NotifyDirect {
		if target.URI, retry, err = n.place(ctx, o); err != nil {
			return judged(retry, err)
		}
	}
	return judged(s.Notify(ctx, target, event))
}

func (o *order) target() notify.Target {
	t := notify.Target{MAC: o.self.MAC, Extension: o.user.ExtensionNumber, Domain: o.tenant.Domain}
	if o.self.Host.IsValid() {
		t.Host = o.self.Host.String()
	}
	return t
}

// notifyJoint tells one base of a multi-cell system. Some makers' data masters register
// all members, and others' bases those whose handsets are near. So it is told through the
// PBX at its own contact, if it has one that is known; else the data master by a member's
// extension that no phone shares, and another directly at the address that it last fetched
// from.
func (n *notifier) notifyJoint(ctx context.Context, o order, way fleet.Notify, event string) (retry bool, err error) {
	target := o.target()
	if o.user.ID != 0 {
		if target.URI, _, err = n.place(ctx, o); err == nil || o.leads && o.alone() {
			s, err := n.sender(o.tenant.ID, way)
			if err != nil {
				return false, undeliverable{err.Error()}
			}
			return judged(s.Notify(ctx, target, event))
		}
	}
	if target.Host == "" {
		return false, undeliverable{"the DECT base is one of a system, of which no member is known to be registered by it, and it was never seen to fetch; restart it by hand"}
	}
	s, err := n.sender(o.tenant.ID, fleet.Notify{Method: fleet.NotifyDirect})
	if err != nil {
		return false, undeliverable{err.Error()}
	}
	target.URI = ""
	if retry, err = s.Notify(ctx, target, event); err != nil {
		err = fmt.Errorf("the DECT base is one of a system, of which no member is known to be registered by it, and was told at the address that it last fetched from: %w", err)
	}
	return judged(retry, err)
}

// place finds the contact of a phone that shares its extension, by asking the
// registrar as the phone itself would.
func (n *notifier) place(ctx context.Context, o order) (uri string, retry bool, err error) {
	way, err := registrarOf(o.tenant, o.Interface, o.PreferredTransport)
	if err != nil {
		return "", false, undeliverable{fmt.Sprintf("several phones register as the extension, and where this one is cannot be asked: %s", err)}
	}
	s, err := n.sender(o.tenant.ID, way)
	if err != nil {
		return "", false, undeliverable{err.Error()}
	}
	registrar, ok := s.sender.(*notify.Proxy)
	if !ok {
		return "", false, undeliverable{"the registrar cannot be asked"}
	}
	list, retry, err := registrar.Contacts(ctx, notify.Registration{
		Extension: o.user.ExtensionNumber, Domain: o.tenant.Domain, User: o.user.AuthName, Password: o.user.Password,
	})
	if err != nil {
		return "", retry, fmt.Errorf("several phones register as the extension, and where this one is could not be learned: %w", err)
	}
	return notify.Place(list, o.self, o.others)
}

// judged gives an error the word that jobs know. A sender that was closed because
// its tenant has changed its ways is no fault of the phone's.
func judged(retry bool, err error) (bool, error) {
	var known interface{ Outcome() string }
	switch {
	case err == nil || errors.As(err, &known):
		return retry, err
	case errors.Is(err, notify.ErrClosed):
		return true, outcome{err}
	}
	return retry, outcome{err}
}

// wayTo is the way to a tenant's phones that reach their PBX by an interface and a
// transport.
func wayTo(t fleet.Tenant, by fleet.Interface, over fleet.Transport) (fleet.Notify, error) {
	way := t.Notify
	way.Method = cmp.Or(way.Method, fleet.NotifyProxy)
	if way.Method != fleet.NotifyProxy || way.Address != "" {
		return way, nil
	}
	registrar, err := registrarOf(t, by, cmp.Or(way.Transport, over))
	if err != nil {
		return way, fmt.Errorf("%w, or its notify address", err)
	}
	way.Address, way.Transport = registrar.Address, registrar.Transport
	return way, nil
}

// registrarOf is the way to a tenant's registrar, without credentials.
func registrarOf(t fleet.Tenant, by fleet.Interface, over fleet.Transport) (fleet.Notify, error) {
	e := t.Endpoints[by]
	if e.Host == "" || e.Port(over) == 0 {
		return fleet.Notify{}, fmt.Errorf("the tenant has no endpoint %s for %s: set one", by, over)
	}
	return fleet.Notify{Method: fleet.NotifyProxy, Address: net.JoinHostPort(e.Host, strconv.Itoa(e.Port(over))), Transport: over}, nil
}

// uses says whether any phone of the tenant can be told something by a way.
func uses(t fleet.Tenant, way fleet.Notify) bool {
	for _, by := range fleet.Interfaces {
		for _, over := range []fleet.Transport{fleet.UDP, fleet.TCP, fleet.TLS} {
			if w, err := wayTo(t, by, over); err == nil && w == way {
				return true
			}
			if w, err := registrarOf(t, by, over); err == nil && w == way {
				return true
			}
		}
	}
	return false
}

// sender returns the sender for a way, making it at its first use.
func (n *notifier) sender(tenant fleet.ID, way fleet.Notify) (*shared, error) {
	n.mu.Lock()
	defer n.mu.Unlock()
	s, ok := n.senders[way]
	if !ok {
		opened, err := open(way)
		if err != nil {
			return nil, err
		}
		s = &shared{sender: opened, tenants: make(map[fleet.ID]struct{})}
		n.senders[way] = s
	}
	s.tenants[tenant] = struct{}{}
	return s, nil
}

// retire closes the senders of the ways that a tenant has used, if neither it nor
// another still does. What is under way on them is tried again by the new way.
func (n *notifier) retire(ctx context.Context, tenant fleet.ID) error {
	var t fleet.Tenant
	err := n.store.Read(ctx, func(r fleet.Reader) (err error) {
		t, err = r.Tenant(ctx, tenant)
		return err
	})
	if fleet.CodeOf(err) == fleet.CodeNotFound { // it uses none any more
		t, err = fleet.Tenant{}, nil
	}
	if err != nil {
		return err
	}
	var idle []sender
	n.mu.Lock()
	for way, s := range n.senders {
		if _, used := s.tenants[tenant]; !used || t.ID != 0 && uses(t, way) {
			continue
		}
		if delete(s.tenants, tenant); len(s.tenants) == 0 {
			delete(n.senders, way)
			idle = append(idle, s.sender)
		}
	}
	n.mu.Unlock()
	var errs []error
	for _, s := range idle {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// retiring passes changes on, and closes senders that a change of a tenant leaves
// without use.
type retiring struct {
	fleet.Changes
	notifier *notifier
	log      *slog.Logger
}

func (r retiring) TenantChanged(ctx context.Context, tenant fleet.ID) error {
	if err := r.notifier.retire(ctx, tenant); err != nil {
		r.log.WarnContext(ctx, "connections that a tenant does not use any more could not be closed", "tenant", tenant, "error", err)
	}
	return r.Changes.TenantChanged(ctx, tenant)
}

func open(way fleet.Notify) (sender, error) {
	switch way.Method {
	case fleet.NotifyProxy:
		return notify.NewProxy(notify.ProxyConfig{
			Address: way.Address, Transport: string(cmp.Or(way.Transport, fleet.UDP)), User: way.User, Password: way.Password,
		})
	case fleet.NotifyDirect:
		return notify.NewDirect(notify.DirectConfig{})
	case fleet.NotifyAsterisk:
		return notify.NewAMI(notify.AMIConfig{Address: way.Address, User: way.User, Secret: way.Password})
	case fleet.NotifyFreeSWITCH:
		return notify.NewESL(notify.ESLConfig{Address: way.Address, Password: way.Password})
	}
	return nil, fmt.Errorf("the notify method %q is not known", way.Method)
}

// close ends every sender's connection.
func (n *notifier) close() error {
	n.mu.Lock()
	defer n.mu.Unlock()
	var errs []error
	for _, s := range n.senders {
		errs = append(errs, s.Close())
	}
	return errors.Join(errs...)
}

// undeliverable is a command that no attempt will deliver. Its text is for people.
type undeliverable struct{ why string }

func (u undeliverable) Error() string   { return u.why }
func (u undeliverable) Outcome() string { return string(fleet.OutcomeBroken) }

// outcome gives a sender's error the word that jobs know.
type outcome struct{ error }

func (o outcome) Unwrap() error { return o.error }

func (o outcome) Outcome() string {
	switch notify.OutcomeOf(o.error) {
	case notify.Challenged:
		return string(fleet.OutcomeChallenged)
	case notify.Unreachable:
		return string(fleet.OutcomeUnreachable)
	case notify.TimedOut:
		return string(fleet.OutcomeTimedOut)
	case notify.Refused:
		return string(fleet.OutcomeRefused)
	}
	return string(fleet.OutcomeBroken)
}
