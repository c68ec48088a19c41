package provision_test

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/flyingvoice"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// Whoever knows a file name alone gets the same bytes for a phone that is
// assigned, one that nobody knows, one that is rejected and one of another tenant.
func TestSharedAddressTellsNothing(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check(t, w.db.Write(t.Context(), func(s fleet.Writer) error {
		return s.SetRejected(t.Context(), w.admin.Tenant, mac.MustParse("001565000009"), true)
	}))
	w.registry = packs.Registry()
	w.start()
	answered := 0
	for _, tmpl := range w.catalog.Templates() {
		pack, _ := packs.Registry().Pack(tmpl.Vendor)
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			for _, level := range []template.Level{template.Bootstrap, template.Enrol, template.Full} {
				for _, f := range tmpl.Files(m, level) {
					var first provision.Answer
					for j, suffix := range []string{"000001", "000002", "000003", "000009"} {
						name := f.Name(m, pack.OUIs[0]+suffix)
						got := w.get("/" + name)
						for _, secret := range []string{"planted", "/p/", "101"} {
							if strings.Contains(string(got.Body), secret) {
								t.Errorf("%s %s: %s holds %q", m.DisplayName, level, name, secret)
							}
						}
						if j == 0 {
							first = got
							if got.Status == 200 {
								answered++
							}
						} else if diff := cmp.Diff(first, got); diff != "" {
							t.Errorf("%s %s: the answer for %s differs:\n%s", m.DisplayName, level, name, diff)
						}
					}
				}
			}
		}
	}
	if answered < 50 {
		t.Errorf("only %d bootstrap files were answered", answered)
	}
}

const enrolFile = "001565000001.cfg"

// here makes a request one from the server's own machine.
func here(r *provision.Request) { r.IP, r.Local = netip.MustParseAddr("203.0.113.7"), true }

func (w *world) open(c fleet.Caller, m *mac.Addr, minutes int) fleet.ID {
	w.t.Helper()
	in := fleet.EnrolmentInput{Minutes: &minutes}
	if m != nil {
		in.MAC = new(m.String())
	}
	return must(w.OpenEnrolment(w.t.Context(), c, in))(w.t)
}

func (w *world) token() string {
	w.t.Helper()
	return must(w.Phone(w.t.Context(), w.admin, w.user, w.phone))(w.t).Token.Reveal()
}

func TestEnrolmentWindow(t *testing.T) {
	t.Parallel()
	ask := func(edit func(*provision.Request)) provision.Request {
		r := lan("/" + enrolFile)
		if edit != nil {
			edit(&r)
		}
		return r
	}
	from := func(ip string, secure bool) func(*provision.Request) {
		return func(r *provision.Request) { r.IP, r.Secure = netip.MustParseAddr(ip), secure }
	}
	for _, tt := range []struct {
		name    string
		prepare func(*world)
		request provision.Request
		enrols  bool
	}{
		{"no window", nil, ask(nil), false},
		{"a window for the phone", func(w *world) { w.open(w.admin, &w.phoneMAC, 15) }, ask(nil), true},
		{"a window for every phone", func(w *world) { w.open(w.admin, nil, 15) }, ask(nil), true},
		{"a window after a restart", func(w *world) { w.open(w.admin, nil, 15); w.start() }, ask(nil), true},
		{"another tenant's window", func(w *world) { w.open(w.other, nil, 15) }, ask(nil), false},
		{"another phone's window", func(w *world) {
			must(w.CreatePhone(w.t.Context(), w.admin, w.second, phoneInput(w.unknownMAC)))(w.t)
			w.open(w.admin, &w.unknownMAC, 15)
		}, ask(nil), false},
		{"just before its end", func(w *world) { w.open(w.admin, nil, 15); w.clock.advance(15*time.Minute - 1) }, ask(nil), true},
		{"at its end", func(w *world) { w.open(w.admin, nil, 15); w.clock.advance(15 * time.Minute) }, ask(nil), false},
		{"at its end, after a restart", func(w *world) { w.open(w.admin, nil, 15); w.clock.advance(15 * time.Minute); w.start() }, ask(nil), false},
		{"before its beginning: the clock was set back", func(w *world) { w.open(w.admin, nil, 15); w.clock.advance(-time.Second) }, ask(nil), false},
		{"closed", func(w *world) { check(w.t, w.CloseEnrolment(w.t.Context(), w.admin, w.open(w.admin, nil, 15))) }, ask(nil), false},
		{"HEAD", func(w *world) { w.open(w.admin, nil, 15) }, ask(func(r *provision.Request) { r.Head = true }), false},
		{"a public address without TLS", func(w *world) { w.open(w.admin, nil, 15) }, ask(from("203.0.113.7", false)), false},
		{"a public address with TLS, nowhere allowed", func(w *world) { w.open(w.admin, nil, 15) }, ask(from("203.0.113.7", true)), false},
		{"a public address with TLS, allowed", func(w *world) { w.allow("203.0.113.0/24") }, ask(from("203.0.113.7", true)), true},
		{"an allowed public address without TLS", func(w *world) { w.allow("203.0.113.0/24") }, ask(from("203.0.113.7", false)), false},
		{"a private address outside the networks", func(w *world) { w.allow("10.9.0.0/16") }, ask(nil), false},
		{"a private address within the networks", func(w *world) { w.allow("192.168.1.0/24") }, ask(nil), true},
		{"IPv4 in IPv6", func(w *world) { w.open(w.admin, nil, 15) }, ask(from("::ffff:192.168.1.20", false)), true},
		{"link-local IPv6 with its zone", func(w *world) { w.open(w.admin, nil, 15) }, ask(from("fe80::1%eth0", false)), true},
		{"this machine at a public address", func(w *world) { w.open(w.admin, nil, 15) }, ask(here), true},
		{"this machine outside the networks", func(w *world) { w.allow("10.9.0.0/16") }, ask(here), false},
		{"no address", func(w *world) { w.open(w.admin, nil, 15) }, ask(func(r *provision.Request) { r.IP = netip.Addr{} }), false},
		{"a name with another case", func(w *world) { w.open(w.admin, nil, 15) }, ask(func(r *provision.Request) { r.Path = "/001565000001.CFG" }), true},
		{"a name with colons", func(w *world) { w.open(w.admin, nil, 15) }, ask(func(r *provision.Request) { r.Path = "/00:15:65:00:00:01.cfg" }), true},
		{"a User-Agent of another phone", func(w *world) { w.open(w.admin, nil, 15) }, ask(func(r *provision.Request) { r.UserAgent = "Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:02" }), false},
		{"the other tenant's address", func(w *world) { w.open(w.admin, nil, 15); w.open(w.other, nil, 15) }, provision.Request{Path: "other", IP: netip.MustParseAddr("10.0.0.1")}, false},
		{"a file that does not enrol", func(w *world) { w.open(w.admin, nil, 15) }, ask(func(r *provision.Request) { r.Path = "/y000000000000.boot" }), false},
		{"a rejected phone", func(w *world) { w.open(w.admin, nil, 15); w.reject() }, ask(nil), false},
		{"its template is gone", func(w *world) { w.open(w.admin, nil, 15); w.orphan("gone.xml", "T46U") }, ask(nil), false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			if tt.request.Path == "other" {
				tt.request.Path = w.otherBase + enrolFile
			}
			w.fetches.take()
			a := w.core.Answer(t.Context(), tt.request)
			got := strings.Contains(string(a.Body), installation+"p/"+w.token()+"/")
			if got != tt.enrols {
				t.Fatalf("enrolled: %v; status %d\n%s", got, a.Status, a.Body)
			}
			level := "L0"
			if tt.enrols {
				level = "L1"
			} else {
				lacks(t, string(a.Body), w.token())
			}
			for _, f := range w.fetches.take() {
				if f.Level != level {
					t.Errorf("recorded as %s", f.Level)
				}
			}
			lacks(t, string(a.Body), "planted", "account.1.password")
			lacks(t, w.log.String(), w.token(), "planted")
		})
	}
}

// allow sets the tenant's networks and opens a window.
func (w *world) allow(network string) {
	w.t.Helper()
	check(w.t, w.UpdateMyTenant(w.t.Context(), w.admin, fleet.TenantInput{EnrolNetworks: &[]string{network}}))
	w.open(w.admin, nil, 15)
}

// reject marks the assigned phone as rejected, which the use cases refuse.
func (w *world) reject() {
	w.t.Helper()
	ctx := w.t.Context()
	check(w.t, w.db.Write(ctx, func(s fleet.Writer) error { return s.SetRejected(ctx, w.admin.Tenant, w.phoneMAC, true) }))
	check(w.t, w.core.PhoneChanged(ctx, w.admin.Tenant, w.phoneMAC))
}

// orphan gives the phone a template and model, be there such or not.
func (w *world) orphan(filename, model string, edits ...func(*fleet.Phone)) {
	w.t.Helper()
	ctx := w.t.Context()
	check(w.t, w.db.Write(ctx, func(s fleet.Writer) error {
		p, err := s.Phone(ctx, w.admin.Tenant, w.phone)
		if err != nil {
			return err
		}
		p.Filename, p.Model = filename, model
		for _, e := range edits {
			e(&p)
		}
		return s.UpdatePhone(ctx, p)
	}))
	check(w.t, w.core.PhoneChanged(ctx, w.admin.Tenant, w.phoneMAC))
}

// The one use of a window goes to one request, however many come at once, and to
// none if it cannot be stored.
func TestEnrolmentIsUsedOnce(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.open(w.admin, &w.phoneMAC, 15)
	race := func() (enrolled int) {
		answers := make([]provision.Answer, 100)
		var wg sync.WaitGroup
		for i := range answers {
			wg.Go(func() { answers[i] = w.get("/" + enrolFile) })
		}
		wg.Wait()
		for _, a := range answers {
			if strings.Contains(string(a.Body), w.token()) {
				enrolled++
			} else if a.Status != 200 {
				t.Errorf("status %d", a.Status)
			}
		}
		return enrolled
	}
	if n := race(); n != 1 {
		t.Errorf("%d of 100 requests enrolled", n)
	}
	if n := race(); n != 0 {
		t.Errorf("%d requests enrolled in a used window", n)
	}
	contains(t, w.log.String(), "a second enrolment was refused")
	w.start()
	if n := race(); n != 0 {
		t.Errorf("%d requests enrolled in a used window after a restart", n)
	}
	w.open(w.admin, &w.phoneMAC, 15)
	if n := race(); n != 1 {
		t.Errorf("%d of 100 requests enrolled in a new window", n)
	}
	w.open(w.admin, &w.phoneMAC, 15)
	w.enroller.down = true
	w.fetches.take()
	if a := w.get("/" + enrolFile); a.Status != 503 || strings.Contains(string(a.Body), w.token()) {
		t.Errorf("status %d while the store is down:\n%s", a.Status, a.Body)
	}
	if diff := cmp.Diff([]string{"001565000001 001565000001.cfg L1 503 0 its enrolment could not be stored"}, w.fetches.said()); diff != "" {
		t.Error(diff)
	}
	w.enroller.down = false
	if a := w.get("/" + enrolFile); !strings.Contains(string(a.Body), w.token()) {
		t.Error("the window was used up by the failure")
	}
	lacks(t, w.log.String(), w.token(), "planted")
}

// A window that was closed while a request was on its way gives nothing.
func TestEnrolmentInAClosedWindow(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	id := w.open(w.admin, nil, 15)
	check(t, w.db.Write(t.Context(), func(s fleet.Writer) error { return s.DeleteEnrolment(t.Context(), w.admin.Tenant, id) }))
	a := w.get("/" + enrolFile)
	lacks(t, string(a.Body), w.token())
	if a.Status != 200 {
		t.Errorf("status %d", a.Status)
	}
}

func TestSecretAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token, other := w.token(), must(w.Phone(t.Context(), w.other, w.otherUser, w.otherPhone))(t).Token.Reveal()
	last := token[:len(token)-1] + string(rune('a'+(token[len(token)-1]-'a'+1)%26))
	file := "/" + enrolFile
	for _, tt := range []struct {
		name, path string
		status     int
	}{
		{"right", "/p/" + token + file, 200},
		{"right, doubled slashes", "//p/" + token + "/" + file, 200},
		{"right, upper-case name", "/p/" + token + "/001565000001.CFG", 200},
		{"right, a common file", "/p/" + token + "/y000000000000.boot", 200},
		{"last character changed", "/p/" + last + file, 404},
		{"truncated", "/p/" + token[:len(token)-1] + file, 404},
		{"one more", "/p/" + token + "a" + file, 404},
		{"upper case", "/p/" + strings.ToUpper(token) + file, 404},
		{"empty", "/p/" + file, 404},
		{"8 KiB", "/p/" + strings.Repeat("a", 8<<10) + file, 404},
		{"NUL", "/p/" + token + "\x00" + file, 404},
		{"percent", "/p/" + token + "%00" + file, 404},
		{"encoded twice", "/p/%" + token + file, 404},
		{"line break", "/p/" + token + file + "\r\n", 404},
		{"full-width digits", "/p/" + token + "/００1565000001.cfg", 404},
		{"the other phone's file", "/p/" + token + "/001565000002.cfg", 404},
		{"the other phone's token", "/p/" + other + file, 404},
		{"an unknown phone's file", "/p/" + token + "/001565000003.cfg", 404},
		{"a common file of another model", "/p/" + token + "/y000000000028.cfg", 404},
		{"no file", "/p/" + token, 404},
		{"no file, with the slash", "/p/" + token + "/", 404},
		{"upwards", "/p/" + token + "/../p/" + token + file, 404},
		{"in a folder", "/p/" + token + "/x" + file, 404},
		{"in the tenant's folder", w.otherBase + "p/" + token + file, 200}, // the shared address, where only the name counts
		{"not in the folder", "/" + token + file, 200},
	} {
		t.Run(tt.name, func(t *testing.T) {
			a := w.get(tt.path)
			if a.Status != tt.status {
				t.Fatalf("status %d, want %d", a.Status, tt.status)
			}
			if a.Status == 404 {
				if diff := cmp.Diff(w.get("/nothing.here"), a); diff != "" {
					t.Error(diff)
				}
			} else if !strings.HasPrefix(tt.name, "right") {
				lacks(t, string(a.Body), "planted", token)
			}
		})
	}
	contains(t, w.config(), "planted-sip-secret", installation+"p/"+token+"/")
	lacks(t, w.log.String(), token, other, "planted")
	for _, f := range w.fetches.take() {
		if strings.Contains(f.File, token) {
			t.Errorf("the secret address was recorded: %+v", f)
		}
	}
}

func TestSecretAddressDies(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(*testing.T, *world) error
	}{
		{"rotated", func(t *testing.T, w *world) error { return w.RotatePhoneURL(t.Context(), w.admin, w.user, w.phone) }},
		{"phone deleted", func(t *testing.T, w *world) error { return w.DeletePhone(t.Context(), w.admin, w.user, w.phone) }},
		{"extension deleted", func(t *testing.T, w *world) error { return w.DeleteUser(t.Context(), w.admin, w.user, false) }},
		{"rejected", func(_ *testing.T, w *world) error { w.reject(); return nil }},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			path := w.mine()
			if a := w.get(path); a.Status != 200 {
				t.Fatalf("status %d", a.Status)
			}
			check(t, tt.do(t, w))
			for range 2 {
				if diff := cmp.Diff(w.get("/nothing.here"), w.get(path)); diff != "" {
					t.Error(diff)
				}
				if diff := cmp.Diff(w.get("/001565000003.cfg"), w.get("/001565000001.cfg")); diff != "" {
					t.Errorf("at the shared address: %s", diff)
				}
				w.start()
			}
		})
	}
	t.Run("tenant deleted", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		path := w.own(w.other, w.otherUser, w.otherPhone, "001565000002.cfg")
		check(t, w.DeleteTenant(t.Context(), w.root, w.otherTenant, false))
		for range 2 {
			for _, p := range []string{path, w.otherBase + "y000000000000.boot"} {
				if diff := cmp.Diff(w.get("/nothing.here"), w.get(p)); diff != "" {
					t.Errorf("%s: %s", p, diff)
				}
			}
			w.start()
		}
		w.config()
	})
}

func TestRejectionIsOneTenants(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	w.get(w.otherBase + enrolFile) // so the other tenant has seen the phone
	check(t, w.db.Write(ctx, func(s fleet.Writer) error { return s.SetRejected(ctx, w.otherTenant, w.phoneMAC, true) }))
	check(t, w.core.PhoneChanged(ctx, w.otherTenant, w.phoneMAC))
	w.config()
	w.start()
	w.config()
}

func TestTenantsHaveTheirOwnSharedAddress(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	root, other := w.get("/y000000000000.boot"), w.get(w.otherBase+"y000000000000.boot")
	if root.Status != 200 || other.Status != 200 {
		t.Fatalf("status %d and %d", root.Status, other.Status)
	}
	if got := w.get(strings.TrimSuffix(w.otherBase, "/")); got.Status != 404 {
		t.Errorf("status %d without a file", got.Status)
	}
	for _, p := range []string{"/t/nosuchcode123456/y000000000000.boot", strings.ToUpper(w.otherBase) + "y000000000000.boot"} {
		if a := w.get(p); a.Status == 200 && p[:3] == "/t/" {
			t.Errorf("%s is answered with %d", p, a.Status)
		}
	}
	w.fetches.take()
	w.get(w.otherBase + "001565000003.cfg")
	if f := w.fetches.take(); len(f) != 1 || f[0].Tenant != w.otherTenant || f[0].MAC != w.unknownMAC {
		t.Errorf("recorded %+v", f)
	}
}

func TestNamesOfPhones(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token()
	for name, status := range map[string]int{
		"001565000001.cfg": 200, "00:15:65:00:00:01.cfg": 200, "00-15-65-00-00-01.cfg": 200, "001565000001.CFG": 200, "001565000001.cFg": 200,
		"00156500001.cfg": 404, "0015650000011.cfg": 404, "0015650000010000.cfg": 404, "001565fffe000001.cfg": 404, "..cfg": 404, "": 404,
		"001565000001.cfg\n": 404, "001565000001": 404, "００１５６５０００００１.cfg": 404, "{mac}.cfg": 404,
	} {
		if a := w.get("/p/" + token + "/" + name); a.Status != status {
			t.Errorf("%q: status %d, want %d", name, a.Status, status)
		}
		if a := w.get("/" + name); a.Status != status {
			t.Errorf("%q at the shared address: status %d, want %d", name, a.Status, status)
		}
	}
}

func TestConflictingEvidence(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.fetches.take()
	r := lan("/" + enrolFile)
	r.UserAgent = "Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:03"
	if diff := cmp.Diff(w.get("/nothing.here"), w.core.Answer(t.Context(), r)); diff != "" {
		t.Error(diff)
	}
	want := []string{`001565000001 001565000001.cfg L0 404 0 the User-Agent names the phone 001565000003 but the path names 001565000001; it came from ` + r.IP.String() + ` as "` + r.UserAgent + `"`}
	if diff := cmp.Diff(want, w.fetches.said()); diff != "" {
		t.Error(diff)
	}
}

// What a request without proof says of a phone changes nothing of what the phone
// gets.
func TestStrangersDoNotSpeakForAPhone(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	own := lan(w.mine())
	own.UserAgent = "Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:01"
	before := w.core.Answer(t.Context(), own)
	shared := lan("/" + enrolFile)
	shared.UserAgent = "Yealink SIP-T46U 108.10.0.1 00:15:65:00:00:01"
	w.fetches.take()
	w.core.Answer(t.Context(), shared)
	if f := w.fetches.take(); len(f) != 1 || f[0].Version != "108.10.0.1" || f[0].Level != "L0" {
		t.Errorf("recorded %+v", f)
	}
	own.UserAgent = ""
	w.core.Answer(t.Context(), own)
	if f := w.fetches.take(); len(f) != 1 || f[0].Version != "108.86.0.45" {
		t.Errorf("recorded %+v", f)
	}
	if after := w.core.Answer(t.Context(), own); string(after.Body) != string(before.Body) {
		t.Error("the configuration has changed")
	}
}

func TestEveryNamedFileIsRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	size := len(w.config())
	w.fetches.take()
	w.get(w.mine())
	head := lan(w.mine())
	head.Head = true
	w.core.Answer(t.Context(), head)
	w.get("/p/" + w.token() + "/001565000002.cfg")
	w.get("/p/" + w.token() + "/x/y/z.cfg")
	w.get("/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/001565000001.cfg")
	w.get("/favicon.ico")
	boot := w.get("/001565000003.boot")
	want := []string{
		fmt.Sprintf("001565000001 001565000001.cfg L2 200 %d", size),
		"001565000001 001565000001.cfg L2 200 0",
		"001565000001 001565000002.cfg L2 404 0 it asked for another phone's file at its own secret address",
		"001565000001 z.cfg L2 404 0 its model has no such file",
		fmt.Sprintf("001565000003 001565000003.boot L0 200 %d", len(boot.Body)),
	}
	if diff := cmp.Diff(want, w.fetches.said()); diff != "" {
		t.Error(diff)
	}
}

func TestStrangersDoNotFillTheLog(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for range 1000 {
		w.get("/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/001565000001.cfg")
	}
	w.clock.advance(10 * time.Second)
	w.get("/p/aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa/001565000001.cfg")
	const line = "unknown secret address"
	log := w.log.String()
	if n := strings.Count(log, line); n != 2 {
		t.Errorf("%d lines", n)
	}
	contains(t, log, "events=1\n", "events=1000\n")
	lacks(t, log, "aaaaaaaaaaaa")
}

func TestPhoneURL(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	p := must(w.Phone(t.Context(), w.admin, w.user, w.phone))(t)
	if got, want := w.core.PhoneURL(p), installation+"p/"+p.Token.Reveal()+"/"; got != want {
		t.Errorf("%q, want %q", got, want)
	}
	p.Token = secret.Secret{}
	if got := w.core.PhoneURL(p); got != "" {
		t.Errorf("%q without the token", got)
	}
	if got := w.core.DectURL(fleet.DectPhone{Tenant: 99, DeviceSettings: fleet.DeviceSettings{}, Token: secret.New("x")}); got != "" {
		t.Errorf("%q without the tenant", got)
	}
	if got := w.catalog.Builtins(); !slices.Contains(got, "yealink-t4xu.xml") || slices.Contains(got, "yealink-base.xml") {
		t.Errorf("built in: %q", got)
	}
}

// TestFileOfTwoVendors: y000000000000.boot is Yealink's, and Flyingvoice's phones ask
// for a file of that name too. A phone that says what it is gets no other's.
func TestFileOfTwoVendors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry = vendor.NewRegistry(smallYealink(t), flyingvoice.Pack())
	w.start()
	for userAgent, want := range map[string]int{
		"":                             200,
		"curl/8.5.0":                   200,
		"Yealink SIP-T46U 108.86.0.20": 200,
		"Flyingvoice FIP10 0.8.10":     404,
		"Flyingvoice P10 0.8.10 00:21:f2:20:00:1f": 404,
	} {
		r := lan("/y000000000000.boot")
		r.UserAgent = userAgent
		if a := w.core.Answer(t.Context(), r); a.Status != want {
			t.Errorf("%q gets %d, want %d", userAgent, a.Status, want)
		}
	}
}

// TestFileOfTwoFamilies: provisioning.xml is the Maxwell's, and the bases of its vendor
// ask for a file of that name first; one that found it would look no further.
func TestFileOfTwoFamilies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.registry = packs.Registry()
	w.start()
	for userAgent, want := range map[string]int{
		"": 200,
		"Maxwell 3 PRO/82.2.18.4-release;7C2F80E61AF4":                         200,
		"Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;7C2F80D0E605;Handset=50": 404,
		"Gigaset N999 IP PRO/83.V2.43.0":                                       200,
	} {
		r := lan("/provisioning.xml")
		r.UserAgent = userAgent
		if a := w.core.Answer(t.Context(), r); a.Status != want {
			t.Errorf("%q gets %d, want %d", userAgent, a.Status, want)
		}
	}
}
