package app

import (
	"context"
	"log/slog"
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
	"github.com/dialplane/dialplane/internal/secret"
)

// redirected is what 'serve' is made of with one account, of the installation, at the
// stand-in of a redirect service.
type redirected struct {
	*server
	t       *testing.T
	service *redirecttest.Server
	root    fleet.Caller
	admin   fleet.Caller
	user    fleet.ID
	account fleet.ID
}

func newRedirected(t *testing.T, name string, standin redirecttest.Standin) *redirected {
	t.Helper()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	w := &redirected{t: t, service: redirecttest.Start(t, standin)}
	pem := filepath.Join(t.TempDir(), "ca.pem")
	w.check(os.WriteFile(pem, w.service.PEM, 0o600))
	c := serveCmd{Data: t.TempDir(), KeepHistory: 1, Attempts: 1, CacheBytes: 1 << 20, MaxFileBytes: 1, MaxFilesBytes: 1}
	c.RPSAllow, c.RPSCA, c.FirstAccess = []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, pem, time.Hour
	var err error
	w.server, err = c.open(ctx, log)
	w.check(err)
	t.Cleanup(func() { w.check(w.files.Close()); w.check(w.store.Close()) })
	w.check(w.wire(ctx, c, "https://phones.example.com/", log))
	_, token, err := w.fleet.Bootstrap(ctx, secret.Secret{})
	w.check(err)
	w.root, err = w.fleet.Authenticate(ctx, token, "")
	w.check(err)
	w.admin, err = w.fleet.ActIn(ctx, w.root, 0)
	w.check(err)
	endpoints := map[fleet.Interface]fleet.EndpointInput{fleet.WebDomain: {Host: "sip.example.com", UDP: 5060, TCP: 5060, TLS: 5061}}
	w.check(w.fleet.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{Endpoints: &endpoints}))
	w.user, err = w.fleet.CreateUser(ctx, w.admin, fleet.UserInput{ExtensionNumber: new("101"), DisplayName: new("Ann"), Password: new(secret.New("a sip secret")), VMPIN: new(secret.New("90210377"))})
	w.check(err)
	values := make(map[string]secret.Secret)
	for field, value := range w.service.Account() {
		values[field] = secret.New(value)
	}
	w.account, err = w.fleet.CreateRedirectAccount(ctx, w.root, fleet.RedirectAccountInput{Service: &name, Endpoint: &w.service.URL, Values: values})
	w.check(err)
	worker, stop := context.WithCancel(ctx)
	ended := make(chan struct{})
	go func() { defer close(ended); w.rps.Run(worker) }()
	t.Cleanup(func() { stop(); <-ended })
	return w
}

func (w *redirected) check(err error) {
	w.t.Helper()
	if err != nil {
		w.t.Fatal(err)
	}
}

// phone makes a phone of a template's first model with rps on.
func (w *redirected) phone(template string, m mac.Addr, code string) fleet.ID {
	w.t.Helper()
	info, err := w.catalog.Describe(w.t.Context(), w.admin.Tenant, template)
	w.check(err)
	first := func(list []string, otherwise string) *string { return &slices.Concat(list, []string{otherwise})[0] }
	id, err := w.fleet.CreatePhone(w.t.Context(), w.admin, w.user, fleet.PhoneInput{
		MAC: new(m.String()), Filename: &template, Vendor: &info.Vendor, Model: &info.Models[0].Model, Password: new(secret.New("tR5-kk2-Vbn")),
		Language: first(info.Languages, "ENGLISH"), Transfer: new("BLIND"), TimeZone: first(info.TimeZones, "Etc/UTC"), Codecs: &info.Codecs,
		Interface: new("WEB_DOMAIN"), PreferredTransport: first(info.Transports, "UDP"), RPS: new(true), SerialNumber: new("20EZ115N" + strings.ToUpper(m.String()[4:])), DeviceCode: &code,
	})
	w.check(err)
	return id
}

func (w *redirected) rows() []fleet.Redirection {
	w.t.Helper()
	list, _, err := w.fleet.Redirections(w.t.Context(), w.admin, listquery.Query{})
	w.check(err)
	return list
}

// until waits for what is to come to pass once nothing is left to tell.
func (w *redirected) until(what string, ok func() bool) {
	w.t.Helper()
	pending := func(x fleet.Redirection) bool { return x.Status == fleet.RedirectPending }
	for deadline := time.Now().Add(30 * time.Second); !ok() || slices.ContainsFunc(w.rows(), pending); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			a, err := w.fleet.RedirectAccount(w.t.Context(), w.root, w.account)
			w.t.Fatalf("not %s: %v, %+v, %+v, %v", what, w.service.Registered(), w.rows(), a.RedirectHealth, err)
		}
	}
}

// Devices are registered by the real clients at the services' stand-ins, registered anew,
// compared and forgotten.
func TestRedirectServices(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		service, template, prefix string
		standin                   redirecttest.Standin
		code                      func(mac.Addr) string
	}{
		{"yealink-rps", "yealink-t4xu.xml", "001565", standins.NewYealinkRPS(time.Now), nil},
		{"yealink-ymcs", "yealink-t4xu.xml", "001565", standins.NewYealinkYMCS(time.Now), nil},
		{"snom-sraps", "snom-d7xx.xml", "000413", standins.NewSRAPS(time.Now), nil},
		{"snom-xmlrpc", "snom-d7xx.xml", "000413", standins.NewSnomXMLRPC(), nil},
		{"gigaset-redirect", "gigaset-maxwell.xml", "7c2f80", standins.NewGigasetRedirect(), standins.GigasetCode},
		{"fanvil-fdps", "fanvil-x.xml", "0c383e", standins.NewFDPS(), nil},
		{"grandstream-gdms", "grandstream-grp260x.xml", "c074ad", standins.NewGDMS(time.Now), nil},
	} {
		t.Run(test.service, func(t *testing.T) {
			t.Parallel()
			w, ctx := newRedirected(t, test.service, test.standin), t.Context()
			a, err := w.fleet.VerifyRedirectAccount(ctx, w.root, w.account)
			if w.check(err); a.VerifyError != "" {
				t.Fatal(a.VerifyError)
			}
			const phones = 6
			var ids []fleet.ID
			add := func(n int) {
				t.Helper()
				m, code := mac.MustParse(test.prefix+"00000"+string(rune('0'+n))), ""
				if test.code != nil {
					code = test.code(m)
				}
				ids = append(ids, w.phone(test.template, m, code))
			}
			for n := range phones {
				add(n)
			}
			sentTo := func(base string, n int) func() bool {
				return func() bool {
					sent := w.service.Registered()
					for _, url := range sent {
						if !strings.HasPrefix(url, base) {
							return false
						}
					}
					return len(sent) == n
				}
			}
			w.until("registered", sentTo("https://phones.example.com/f/", phones))
			sync, err := w.fleet.SyncRedirectAccount(ctx, w.root, w.account, fleet.RedirectSyncInput{})
			if w.check(err); sync.Matched != phones {
				t.Errorf("compared: %+v", sync)
			}
			w.check(w.fleet.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{ProvisioningURL: new("https://other.example.com/x/")}))
			w.until("registered anew", sentTo("https://other.example.com/x/f/", phones))
			for _, id := range ids {
				w.check(w.fleet.DeletePhone(ctx, w.admin, w.user, id))
			}
			w.until("forgotten", func() bool { return len(w.rows()) == 0 })
			if left := w.service.Registered(); len(left) != 0 {
				t.Errorf("the service still has %v", left)
			}

			// A credential that is revoked holds the account, in words that say so.
			test.standin.Revoke()
			add(phones)
			for deadline := time.Now().Add(20 * time.Second); ; time.Sleep(20 * time.Millisecond) {
				a, err := w.fleet.RedirectAccount(ctx, w.root, w.account)
				if w.check(err); a.HeldReason != "" {
					if !a.HeldUntil.IsZero() {
						t.Errorf("held until %v: %s", a.HeldUntil, a.HeldReason)
					}
					break
				}
				if time.Now().After(deadline) {
					t.Fatalf("a revoked account is not held: %+v", w.rows())
				}
			}
			a, err = w.fleet.VerifyRedirectAccount(ctx, w.root, w.account)
			if w.check(err); a.VerifyError == "" {
				t.Error("a revoked account is accepted")
			}
		})
	}
}
