package provision_test

import (
	"context"
	"net/netip"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/brands"
)

// pointers keeps first-access addresses in the store, as the real one does.
type pointers struct {
	w       *world
	account fleet.ID
	broken  atomic.Bool
	rotated atomic.Int32
}

func (p *pointers) UsePointer(ctx context.Context, tenant fleet.ID, m mac.Addr, hash [32]byte, at time.Time) (first bool, err error) {
	if p.broken.Load() {
		return false, context.DeadlineExceeded
	}
	err = p.w.db.Write(ctx, func(w fleet.Writer) error {
		first, err = w.UsePointer(ctx, tenant, m, hash, at)
		return err
	})
	return first, err
}

func (p *pointers) RotatePointer(ctx context.Context, tenant fleet.ID, m mac.Addr) error {
	p.rotated.Add(1)
	now := p.w.clock.Now()
	err := p.w.db.Write(ctx, func(w fleet.Writer) error {
		return w.RotatePointer(ctx, tenant, m, secret.New(strings.Repeat("r", 32)), now.Add(24*time.Hour), now, "test")
	})
	if err != nil {
		return err
	}
	return p.w.core.RedirectionChanged(ctx, tenant, m)
}

const firstToken = "ffffffffffffffffffffffffffffffff"

// abroad is a request over TLS from the internet.
func abroad(path, userAgent string) provision.Request {
	return provision.Request{Path: path, IP: netip.MustParseAddr("203.0.113.7"), Secure: true, UserAgent: userAgent}
}

// pointed is a world whose phone its vendor's redirect service sends to its
// first-access address, for a day.
func pointed(t *testing.T) (*world, *pointers) {
	t.Helper()
	w := newWorld(t)
	ctx, now := t.Context(), w.clock.Now()
	p := &pointers{w: w, account: w.db.NewID()}
	check(t, w.db.Write(ctx, func(wr fleet.Writer) error {
		if err := wr.InsertRedirectAccount(ctx, fleet.RedirectAccount{ID: p.account, Tenant: w.admin.Tenant, Vendor: "Yealink", Service: "yealink-rps", CreatedAt: now, UpdatedAt: now}); err != nil {
			return err
		}
		return wr.Redirect(ctx, fleet.Wish{
			Account: p.account, Tenant: w.admin.Tenant, MAC: w.phoneMAC, Vendor: "Yealink", Model: "T46U", Token: secret.New(firstToken), Expires: now.Add(24 * time.Hour),
		}, now, "test")
	}))
	w.registry = vendor.NewRegistry(smallYealink(t)).Naming(brands.List()...)
	w.start(func(c *provision.Config) { c.Pointers = p })
	w.fetches.take()
	return w, p
}

func (w *world) agent() string { return "Yealink SIP-T46U 108.86.0.45 " + w.phoneMAC.Colons() }

func (w *world) first(token, file string) provision.Answer {
	return w.core.Answer(w.t.Context(), abroad("/f/"+token+"/"+file, w.agent()))
}

func TestFirstAccess(t *testing.T) {
	t.Parallel()
	w, _ := pointed(t)
	cfg := w.phoneMAC.String() + ".cfg"
	boot := w.first(firstToken, "y000000000000.boot")
	if boot.Status != 200 || strings.Contains(string(boot.Body), "planted") {
		t.Fatalf("the bootstrap file: %d\n%s", boot.Status, boot.Body)
	}
	enrol := w.first(firstToken, cfg)
	own := "/p/" + strings.Split(w.mine(), "/")[2] + "/"
	if enrol.Status != 200 || !strings.Contains(string(enrol.Body), own) || strings.Contains(string(enrol.Body), "planted") {
		t.Fatalf("the enrol file: %d\n%s", enrol.Status, enrol.Body)
	}
	second, unknown := w.first(firstToken, cfg), w.first(strings.Repeat("x", 32), cfg)
	if second.Status != 404 || string(second.Body) != string(unknown.Body) || second.ETag != unknown.ETag || second.Type != unknown.Type {
		t.Errorf("a second time: %d %q, and an unknown address: %d %q", second.Status, second.Body, unknown.Status, unknown.Body)
	}
	if a := w.first(firstToken, "y000000000000.boot"); a.Status != 404 {
		t.Errorf("the bootstrap file of a used address: %d", a.Status)
	}
	var levels []string
	for _, f := range w.fetches.take() {
		levels = append(levels, f.Level+" "+string(f.Severity))
	}
	if got := strings.Join(levels, ","); got != "L0 ,L1 ,L0 high,L0 high" {
		t.Errorf("noted: %s", got)
	}
	if log := w.log.String(); strings.Contains(log, firstToken) || strings.Contains(log, own) {
		t.Error("the log holds an address")
	}
	w.start(func(c *provision.Config) { c.Pointers = &pointers{w: w} }) // which a restart does not forget
	if a := w.first(firstToken, cfg); a.Status != 404 {
		t.Errorf("after a restart: %d", a.Status)
	}
}

// A hundred at a time, of which one is given the file (test 5 of the security
// reference).
func TestFirstAccessOnce(t *testing.T) {
	t.Parallel()
	w, _ := pointed(t)
	var given atomic.Int32
	var all sync.WaitGroup
	for range 100 {
		all.Go(func() {
			if a := w.first(firstToken, w.phoneMAC.String()+".cfg"); a.Status == 200 {
				given.Add(1)
			}
		})
	}
	all.Wait()
	if n := given.Load(); n != 1 {
		t.Errorf("%d were given the enrol file", n)
	}
}

func TestFirstAccessRefused(t *testing.T) {
	t.Parallel()
	cfg := func(w *world) string { return "/f/" + firstToken + "/" + w.phoneMAC.String() + ".cfg" }
	for name, test := range map[string]struct {
		request func(w *world) provision.Request
		before  func(t *testing.T, w *world, p *pointers)
		status  int
		reason  string
		rotated int32
	}{
		"a browser": {request: func(w *world) provision.Request {
			return abroad("/f/"+firstToken+"/", "Mozilla/5.0 (X11; Linux x86_64)")
		}, status: 404, reason: "does not call itself a phone", rotated: 1},
		"another vendor": {request: func(w *world) provision.Request {
			return abroad("/f/"+firstToken+"/zip.cfg", "Zultys ZIP2 3.6.1")
		}, status: 404, reason: "is a Yealink T46U", rotated: 1},
		"another phone": {request: func(w *world) provision.Request {
			return abroad(cfg(w), "Yealink SIP-T46U 108.86.0.45 "+w.otherMAC.Colons())
		}, status: 404, reason: "contradicts itself", rotated: 1},
		"another's file": {request: func(w *world) provision.Request {
			return abroad("/f/"+firstToken+"/"+w.otherMAC.String()+".cfg", "Yealink SIP-T46U 108.86.0.45 "+w.otherMAC.Colons())
		}, status: 404, reason: "calls itself the phone", rotated: 1},
		"in the clear":     {request: func(w *world) provision.Request { r := abroad(cfg(w), w.agent()); r.Secure = false; return r }, status: 404, reason: "without TLS"},
		"a file it lacks":  {request: func(w *world) provision.Request { return abroad("/f/"+firstToken+"/nothing.cfg", w.agent()) }, status: 404, reason: "there is no such file"},
		"expired":          {request: func(w *world) provision.Request { return abroad(cfg(w), w.agent()) }, before: func(_ *testing.T, w *world, _ *pointers) { w.clock.advance(24 * time.Hour) }, status: 404, reason: "has expired"},
		"has arrived":      {request: func(w *world) provision.Request { return abroad(cfg(w), w.agent()) }, before: func(_ *testing.T, w *world, _ *pointers) { w.config() }, status: 404, reason: "has been used before"},
		"not to be stored": {request: func(w *world) provision.Request { return abroad(cfg(w), w.agent()) }, before: func(_ *testing.T, _ *world, p *pointers) { p.broken.Store(true) }, status: 503, reason: "could not be stored"},
		"disabled": {request: func(w *world) provision.Request { return abroad(cfg(w), w.agent()) }, before: func(t *testing.T, w *world, _ *pointers) {
			check(t, w.UpdatePhone(t.Context(), w.admin, w.user, w.phone, fleet.PhoneInput{Disabled: new(true)}))
		}, status: 404, reason: "is disabled"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := pointed(t)
			if test.before != nil {
				test.before(t, w, p)
			}
			w.fetches.take()
			a := w.core.Answer(t.Context(), test.request(w))
			if a.Status != test.status || a.Status == 404 && string(a.Body) != string(w.first(strings.Repeat("x", 32), "a.cfg").Body) {
				t.Errorf("the answer is %d %q", a.Status, a.Body)
			}
			noted := w.fetches.take()
			if len(noted) != 1 || !strings.Contains(noted[0].Reason, test.reason) || noted[0].MAC != w.phoneMAC {
				t.Errorf("noted: %+v", noted)
			}
			if got := p.rotated.Load(); got != test.rotated {
				t.Errorf("rotated %d times, want %d", got, test.rotated)
			}
			if test.rotated > 0 {
				if noted[0].Severity != fleet.High || !strings.Contains(noted[0].Reason, "203.0.113.7") || noted[0].IP.IsValid() {
					t.Errorf("noted: %+v", noted[0])
				}
				if a := w.first(firstToken, w.phoneMAC.String()+".cfg"); a.Status != 404 {
					t.Errorf("the address that was changed: %d", a.Status)
				}
				if a := w.first(strings.Repeat("r", 32), w.phoneMAC.String()+".cfg"); a.Status != 200 {
					t.Errorf("the new address: %d", a.Status)
				}
			}
		})
	}
}

// An address that was used or has expired is not changed, whoever asks there: the
// service would tell them a live one.
func TestDeadFirstAccessStays(t *testing.T) {
	t.Parallel()
	for name, die := range map[string]func(w *world){
		"used":    func(w *world) { w.first(firstToken, w.phoneMAC.String()+".cfg") },
		"expired": func(w *world) { w.clock.advance(24 * time.Hour) },
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			w, p := pointed(t)
			die(w)
			w.fetches.take()
			a := w.core.Answer(t.Context(), abroad("/f/"+firstToken+"/", "curl/8.5.0"))
			noted := w.fetches.take()
			if a.Status != 404 || len(noted) != 1 || noted[0].Severity != fleet.High || noted[0].IP.IsValid() {
				t.Errorf("answered %d, noted %+v", a.Status, noted)
			}
			if n := p.rotated.Load(); n != 0 {
				t.Errorf("changed %d times", n)
			}
		})
	}
}

// What is at the address follows the phone.
func TestFirstAccessGone(t *testing.T) {
	t.Parallel()
	w, _ := pointed(t)
	ctx := t.Context()
	check(t, w.DeletePhone(ctx, w.admin, w.user, w.phone))
	if a := w.first(firstToken, w.phoneMAC.String()+".cfg"); a.Status != 404 {
		t.Errorf("of a phone that was deleted: %d", a.Status)
	}
	w.phone = must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(w.phoneMAC)))(t) // which the service is not told of
	if a := w.first(firstToken, w.phoneMAC.String()+".cfg"); a.Status != 404 {
		t.Errorf("of a phone that was made anew: %d", a.Status)
	}
}
