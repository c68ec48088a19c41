package app

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net"
	"strconv"
	"sync"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/vendors"
)

// notifier tells phones what to do by the way that their tenant has chosen. It
// keeps one sender for each way that was ever used.
type notifier struct {
	store    fleet.Store
	registry *vendor.Registry

	mu      sync.Mutex
	senders map[fleet.Notify]sender
}

type sender interface {
	notify.Sender
	Close() error
}

func newNotifier(s fleet.Store, r *vendor.Registry) *notifier {
	return &notifier{store: s, registry: r, senders: make(map[fleet.Notify]sender)}
}

// Notify sends the vendor's command to one phone.
func (n *notifier) Notify(ctx context.Context, tenant fleet.ID, m mac.Addr, kind fleet.JobKind) (retry bool, err error) {
	var (
		t     fleet.Tenant
		phone fleet.Phone
		user  fleet.User
		seen  fleet.Sighting
	)
	err = n.store.Read(ctx, func(r fleet.Reader) error {
		if t, err = r.Tenant(ctx, tenant); err != nil {
			return err
		}
		if phone, err = r.PhoneByMAC(ctx, tenant, m); err != nil {
			return err
		}
		if user, err = r.User(ctx, tenant, phone.User); err != nil {
			return err
		}
		seen, err = r.Sighting(ctx, m)
		if fleet.CodeOf(err) == fleet.CodeNotFound {
			err = nil
		}
		return err
	})
	switch {
	case fleet.CodeOf(err) == fleet.CodeNotFound:
		return false, undeliverable{"the phone or its extension is gone"}
	case err != nil:
		return true, fmt.Errorf("read the phone: %w", err)
	}
	pack, ok := n.registry.Pack(phone.Vendor)
	if !ok {
		return false, undeliverable{fmt.Sprintf("phones of %s cannot be commanded", phone.Vendor)}
	}
	event := pack.Commands.Reprovision
	if kind == fleet.JobReboot {
		event = pack.Commands.Reboot
	}
	if event == "" {
		return false, undeliverable{fmt.Sprintf("phones of %s have no documented way to %s by SIP", phone.Vendor, kind)}
	}
	s, err := n.sender(t, phone)
	if err != nil {
		return false, undeliverable{err.Error()}
	}
	target := notify.Target{MAC: m, Extension: user.ExtensionNumber, Domain: t.Domain}
	if seen.IP.IsValid() {
		target.Host = seen.IP.String()
	}
	retry, err = s.Notify(ctx, target, event)
	if err != nil {
		return retry, outcome{err}
	}
	return false, nil
}

// sender returns the sender for a tenant's phone, making it at its first use.
func (n *notifier) sender(t fleet.Tenant, phone fleet.Phone) (sender, error) {
	way := t.Notify
	way.Method = cmp.Or(way.Method, fleet.NotifyProxy)
	if way.Method == fleet.NotifyProxy && way.Address == "" {
		e := t.Endpoints[phone.Interface]
		way.Transport = cmp.Or(way.Transport, phone.PreferredTransport)
		if e.Host == "" || e.Port(way.Transport) == 0 {
			return nil, fmt.Errorf("the tenant has no endpoint %s for %s: set one, or its notify address", phone.Interface, way.Transport)
		}
		way.Address = net.JoinHostPort(e.Host, strconv.Itoa(e.Port(way.Transport)))
	}
	n.mu.Lock()
	defer n.mu.Unlock()
	if s, ok := n.senders[way]; ok {
		return s, nil
	}
	s, err := open(way)
	if err != nil {
		return nil, err
	}
	n.senders[way] = s
	return s, nil
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
