package app

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// registrar answers each REGISTER with its contacts and each NOTIFY with 200, and
// keeps the target of each NOTIFY.
type registrar struct {
	port     int
	contacts string // header lines

	mu   sync.Mutex
	told []string
}

func startRegistrar(t *testing.T, contacts string) *registrar {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	return serveRegistrar(t, socket, contacts)
}

func serveRegistrar(t *testing.T, socket *net.UDPConn, contacts string) *registrar {
	t.Helper()
	r := &registrar{port: socket.LocalAddr().(*net.UDPAddr).Port, contacts: contacts}
	var reading sync.WaitGroup
	t.Cleanup(func() { _ = socket.Close(); reading.Wait() })
	reading.Go(func() {
		buffer := make([]byte, 4096)
		for {
			n, from, err := socket.ReadFromUDP(buffer)
			if err != nil {
				return
			}
			lines := strings.Split(string(buffer[:n]), "\r\n")
			method, rest, _ := strings.Cut(lines[0], " ")
			answer := "SIP/2.0 200 OK\r\n"
			if method == "REGISTER" {
				answer += r.contacts
			} else {
				r.mu.Lock()
				r.told = append(r.told, strings.TrimSuffix(rest, " SIP/2.0"))
				r.mu.Unlock()
			}
			for _, line := range lines[1:] {
				name, _, _ := strings.Cut(line, ":")
				if slices.Contains([]string{"Via", "From", "To", "Call-ID", "CSeq"}, name) {
					answer += line + "\r\n"
				}
			}
			_, _ = socket.WriteToUDP([]byte(answer+"Content-Length: 0\r\n\r\n"), from)
		}
	})
	return r
}

func (r *registrar) take() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	told := r.told
	r.told = nil
	return told
}

const (
	first, twin, single, hidden = "805ec0000001", "805ec0000002", "805ec0000003", "805ec0000004"
	tenantID                    = fleet.ID(1)
)

// newOrders makes a notifier for a tenant with three phones of extension 101, of
// which one is not registered, and one of 102.
func newOrders(t *testing.T, port int) (*notifier, *store.DB) {
	t.Helper()
	db, err := store.Open(t.Context(), t.TempDir(), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	at := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	phone := func(id fleet.ID, user fleet.ID, m string) fleet.Phone {
		return fleet.Phone{
			ID: id, Tenant: tenantID, User: user, MAC: mac.MustParse(m), Filename: "yealink-t4xu.xml", Vendor: "Yealink", Model: "T46U",
			DeviceSettings: fleet.DeviceSettings{Interface: fleet.WebDomain, PreferredTransport: fleet.UDP}, Token: secret.New(m), CreatedAt: at, UpdatedAt: at,
		}
	}
	err = db.Write(t.Context(), func(w fleet.Writer) error {
		return errors.Join(
			w.InsertTenant(t.Context(), aTenant(port)),
			w.InsertUser(t.Context(), fleet.User{ID: 11, Tenant: tenantID, ExtensionNumber: "101", AuthName: "a101", Password: secret.New("p101"), CreatedAt: at, UpdatedAt: at}),
			w.InsertUser(t.Context(), fleet.User{ID: 12, Tenant: tenantID, ExtensionNumber: "102", Password: secret.New("p102"), CreatedAt: at, UpdatedAt: at}),
			w.InsertPhone(t.Context(), phone(21, 11, first)),
			w.InsertPhone(t.Context(), phone(22, 11, twin)),
			w.InsertPhone(t.Context(), phone(23, 12, single)),
			w.InsertPhone(t.Context(), phone(24, 11, hidden)),
		)
	})
	if err != nil {
		t.Fatal(err)
	}
	err = db.RecordFetches(t.Context(), []fleet.Fetch{{Time: at, Tenant: tenantID, MAC: mac.MustParse(twin), File: "x", IP: netip.MustParseAddr("192.0.2.12"), Status: 200}})
	if err != nil {
		t.Fatal(err)
	}
	of101 := []string{first, twin, hidden}
	n := newNotifier(db, packs.Registry(), func(m mac.Addr) (user fleet.ID, others []mac.Addr) {
		if user = 11; m.String() == single {
			user = 12
		}
		for _, other := range of101 {
			if slices.Contains(of101, m.String()) && other != m.String() {
				others = append(others, mac.MustParse(other))
			}
		}
		return user, others
	})
	t.Cleanup(func() { _ = n.close() })
	return n, db
}

func aTenant(port int) fleet.Tenant {
	return fleet.Tenant{
		ID: tenantID, Name: "A", Domain: "pbx.example.org",
		Endpoints: map[fleet.Interface]fleet.Endpoint{fleet.WebDomain: {Host: "127.0.0.1", UDP: port}},
	}
}

// An order to one phone reaches that phone alone, and one to all phones each of them
// once: where it shares its extension by its own contact, else by the extension.
func TestOneNotifyForEachPhone(t *testing.T) {
	t.Parallel()
	r := startRegistrar(t, "Contact: <sip:101@192.0.2.11:5060>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-805EC0000001>\"\r\n"+
		"Contact: <sip:101@192.0.2.12:5066;line=z>\r\n")
	n, _ := newOrders(t, r.port)
	for m, want := range map[string]string{
		first: "sip:101@192.0.2.11:5060", twin: "sip:101@192.0.2.12:5066;line=z", single: "sip:102@pbx.example.org",
	} {
		if retry, err := n.Notify(t.Context(), tenantID, mac.MustParse(m), fleet.JobReprovision); err != nil || retry {
			t.Errorf("%s: retry %v, %v", m, retry, err)
		}
		if got := r.take(); !slices.Equal(got, []string{want}) {
			t.Errorf("for %s the proxy was asked to tell %q, not %q alone", m, got, want)
		}
	}
	retry, err := n.Notify(t.Context(), tenantID, mac.MustParse(hidden), fleet.JobReboot)
	var known interface{ Outcome() string }
	if !errors.As(err, &known) || known.Outcome() != string(fleet.OutcomeUnreachable) || !retry || !strings.Contains(err.Error(), "which contact is this one's is not known") {
		t.Errorf("a phone that is not known among several: retry %v, %v", retry, err)
	}
	if got := r.take(); len(got) != 0 {
		t.Errorf("others were told: %q", got)
	}
}

// A DECT base is told by the extension that it is reached by, and in no way of the
// PBX's where it has none.
func TestNotifyToABase(t *testing.T) {
	t.Parallel()
	r := startRegistrar(t, "Contact: <sip:102@192.0.2.13:5060>\r\nContact: <sip:102@192.0.2.14:5060>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-805EC0000009>\"\r\n")
	n, db := newOrders(t, r.port)
	base, at := mac.MustParse("805ec0000009"), time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	err := db.Write(t.Context(), func(w fleet.Writer) error {
		return w.InsertDectPhone(t.Context(), fleet.DectPhone{
			ID: 31, Tenant: tenantID, Name: "Hall", MAC: base, Template: "yealink-w5x.xml", Vendor: "Yealink", Model: "W60B",
			DeviceSettings: fleet.DeviceSettings{Interface: fleet.WebDomain, PreferredTransport: fleet.UDP}, Token: secret.New("t"), CreatedAt: at, UpdatedAt: at,
		})
	})
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		user   fleet.ID
		others []mac.Addr
		told   []string
	}{
		{12, nil, []string{"sip:102@pbx.example.org"}},
		{12, []mac.Addr{mac.MustParse(single)}, []string{"sip:102@192.0.2.14:5060"}},
		{0, nil, nil},
	} {
		n.sharers = func(mac.Addr) (fleet.ID, []mac.Addr) { return test.user, test.others }
		retry, err := n.Notify(t.Context(), tenantID, base, fleet.JobReprovision)
		if (err == nil) != (test.told != nil) || retry || err != nil && !strings.Contains(err.Error(), "no members") {
			t.Errorf("to the extension %d: retry %v, %v", test.user, retry, err)
		}
		if got := r.take(); !slices.Equal(got, test.told) {
			t.Errorf("to the extension %d: told %q, want %q", test.user, got, test.told)
		}
	}
}

// A model that knows no restart is not told one, though others of its vendor are.
func TestNoRestart(t *testing.T) {
	t.Parallel()
	r := startRegistrar(t, "Contact: <sip:102@192.0.2.13:5060>\r\n")
	n, db := newOrders(t, r.port)
	at := time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	bases := map[string]string{"7c2f80000001": "N510-IP-PRO", "7c2f80000002": "N870-IP-PRO"}
	err := db.Write(t.Context(), func(w fleet.Writer) error {
		for m, model := range bases {
			b := fleet.DectPhone{
				ID: fleet.ID(m[11]), Tenant: tenantID, Name: model, MAC: mac.MustParse(m), Template: "gigaset.xml", Vendor: "Gigaset", Model: model,
				DeviceSettings: fleet.DeviceSettings{Interface: fleet.WebDomain, PreferredTransport: fleet.UDP}, Token: secret.New(m), CreatedAt: at, UpdatedAt: at,
			}
			if err := w.InsertDectPhone(t.Context(), b); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	n.sharers = func(mac.Addr) (fleet.ID, []mac.Addr) { return 12, nil }
	for m, model := range bases {
		for _, kind := range []fleet.JobKind{fleet.JobReprovision, fleet.JobReboot} {
			_, err := n.Notify(t.Context(), tenantID, mac.MustParse(m), kind)
			refused := model == "N510-IP-PRO" && kind == fleet.JobReboot
			if (err != nil) != refused || refused && !strings.Contains(err.Error(), "no documented way to reboot a Gigaset N510-IP-PRO") {
				t.Errorf("to %s a %s: %v", kind, model, err)
			}
			if told := r.take(); (len(told) == 0) != refused {
				t.Errorf("to %s a %s: told %q", kind, model, told)
			}
		}
	}
}

// A base of a multi-cell system is told at a contact that is known to be its own; else
// the data master by the extension of a member, and another at its address.
func TestNotifyToASystem(t *testing.T) {
	t.Parallel()
	const contactOf = "Contact: <sip:102@192.0.2.14:5060>;+sip.instance=\"<urn:uuid:00000000-0000-1000-8000-%s>\"\r\n"
	master, slave, at := mac.MustParse("805ec0000009"), mac.MustParse("805ec000000a"), time.Date(2026, 11, 25, 8, 0, 0, 0, time.UTC)
	for _, test := range []struct {
		name     string
		contacts string
		base     mac.Addr
		user     fleet.ID
		others   []mac.Addr
		seen     string
		told     string // through the proxy
		says     string // of the error
	}{
		{"its own contact", fmt.Sprintf(contactOf, "805EC000000A"), slave, 12, []mac.Addr{master}, "", "sip:102@192.0.2.14:5060", ""},
		{"the master's own contact", fmt.Sprintf(contactOf, "805EC0000009"), master, 12, []mac.Addr{slave}, "", "sip:102@192.0.2.14:5060", ""},
		{"the master by an extension", "Contact: <sip:102@192.0.2.13:5060>\r\n", master, 12, []mac.Addr{slave}, "", "sip:102@pbx.example.org", ""},
		{"a master that shares it", "Contact: <sip:102@192.0.2.13:5060>\r\n", master, 12, []mac.Addr{slave, mac.MustParse(single)}, "", "", "never seen to fetch"},
		{"another's contact", fmt.Sprintf(contactOf, "805EC0000009"), slave, 12, []mac.Addr{master}, "", "", "never seen to fetch"},
		{"a system without members", "", slave, 0, nil, "", "", "never seen to fetch"},
		{"at its address", "", slave, 0, nil, "127.0.0.79", "", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			ctx := t.Context()
			r := startRegistrar(t, test.contacts)
			n, db := newOrders(t, r.port)
			n.sharers = func(mac.Addr) (fleet.ID, []mac.Addr) { return test.user, test.others }
			err := db.Write(ctx, func(w fleet.Writer) error {
				s := fleet.DectSystem{ID: 33, Tenant: tenantID, Name: "Works", Number: 1, CreatedAt: at, UpdatedAt: at}
				for i, m := range []mac.Addr{master, slave} {
					d := fleet.DectPhone{
						ID: fleet.ID(31 + i), Tenant: tenantID, Name: "Hall", MAC: m, Template: "yealink-w8x.xml", Vendor: "Yealink", Model: "W80DM",
						DeviceSettings: fleet.DeviceSettings{Interface: fleet.WebDomain, PreferredTransport: fleet.UDP}, Token: secret.New(m.String()), CreatedAt: at, UpdatedAt: at,
					}
					if err := w.InsertDectPhone(ctx, d); err != nil {
						return err
					}
					s.Bases = append(s.Bases, fleet.SystemBase{Dect: d.ID, Index: i + 1})
				}
				return w.InsertDectSystem(ctx, s)
			})
			if err != nil {
				t.Fatal(err)
			}
			var phone *registrar
			if test.seen != "" {
				socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(test.seen), Port: 5060})
				if err != nil {
					t.Skip("there is no room for a phone at the port of SIP: ", err)
				}
				phone = serveRegistrar(t, socket, "")
				if err := db.RecordFetches(ctx, []fleet.Fetch{{Time: at, Tenant: tenantID, MAC: test.base, File: "x", IP: netip.MustParseAddr(test.seen), Status: 200}}); err != nil {
					t.Fatal(err)
				}
			}
			_, err = n.Notify(ctx, tenantID, test.base, fleet.JobReprovision)
			if (err == nil) != (test.says == "") || err != nil && !strings.Contains(err.Error(), test.says) {
				t.Errorf("%v; want %q", err, test.says)
			}
			if got := strings.Join(r.take(), " "); got != test.told {
				t.Errorf("the proxy was asked to tell %q, not %q", got, test.told)
			}
			if phone != nil {
				if got := phone.take(); len(got) != 1 || !strings.Contains(got[0], test.seen) {
					t.Errorf("the base was told %q", got)
				}
			}
		})
	}
}

// Senders end with the last use of their way.
func TestRetiredWays(t *testing.T) {
	t.Parallel()
	r := startRegistrar(t, "")
	n, db := newOrders(t, r.port)
	tell := func() (bool, error) {
		return n.Notify(t.Context(), tenantID, mac.MustParse(single), fleet.JobReprovision)
	}
	change := func(edit func(*fleet.Tenant)) {
		t.Helper()
		tenant := aTenant(r.port)
		edit(&tenant)
		if err := db.Write(t.Context(), func(w fleet.Writer) error { return w.UpdateTenant(t.Context(), tenant) }); err != nil {
			t.Fatal(err)
		}
		if err := (retiring{noChanges{}, n, slog.New(slog.DiscardHandler)}).TenantChanged(t.Context(), tenantID); err != nil {
			t.Fatal(err)
		}
	}
	only := func() *shared {
		t.Helper()
		if len(n.senders) != 1 {
			t.Fatalf("there are %d senders", len(n.senders))
		}
		for _, s := range n.senders {
			return s
		}
		return nil
	}
	told := func() {
		t.Helper()
		if _, err := tell(); err != nil {
			t.Error(err)
		}
	}
	told()
	kept := only()
	change(func(x *fleet.Tenant) { x.PollMinutes = 7 })
	told()
	if only() != kept {
		t.Error("a change of something else has closed a sender")
	}
	change(func(x *fleet.Tenant) {
		x.Notify = fleet.Notify{Method: fleet.NotifyProxy, Address: fmt.Sprintf("127.0.0.1:%d", r.port), User: "dialplane"}
	})
	if len(n.senders) != 1 { // it is still that of the registrar, which may be asked
		t.Errorf("%d senders are left", len(n.senders))
	}
	told()
	change(func(x *fleet.Tenant) { x.Notify = fleet.Notify{Method: fleet.NotifyDirect}; x.Endpoints = nil })
	if len(n.senders) != 0 {
		t.Errorf("%d senders are left of ways that are not used", len(n.senders))
	}
	if retry, err := judged(kept.Notify(t.Context(), notify.Target{Extension: "102", Domain: "pbx.example.org"}, "check-sync")); err == nil || !retry {
		t.Errorf("a message that its sender's end cuts off: retry %v, %v", retry, err)
	}
	change(func(*fleet.Tenant) {})
	told()
	if err := db.Write(t.Context(), func(w fleet.Writer) error { return w.DeleteTenant(t.Context(), tenantID) }); err != nil {
		t.Fatal(err)
	}
	if err := n.retire(t.Context(), tenantID); err != nil || len(n.senders) != 0 {
		t.Errorf("%d senders are left of a tenant that is gone, %v", len(n.senders), err)
	}
}

type noChanges struct{ fleet.Changes }

func (noChanges) TenantChanged(context.Context, fleet.ID) error { return nil }
