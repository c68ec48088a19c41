package sraps

import (
	"crypto/x509"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
	"github.com/dialplane/dialplane/internal/secret"
)

// open opens a client of a server that does not check signatures.
func open(t *testing.T, values map[string]string, handler http.HandlerFunc) redirect.Client {
	t.Helper()
	s := httptest.NewTLSServer(handler)
	t.Cleanup(s.Close)
	roots := x509.NewCertPool()
	roots.AddCert(s.Certificate())
	c, err := redirect.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8")}, Roots: roots}.Client(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	a := redirect.Account{Endpoint: s.URL, Values: make(map[string]secret.Secret)}
	for name, value := range values {
		a.Values[name] = secret.New(value)
	}
	return Open("setting_server")(a, c, time.Now)
}

// An answer must not lead the client, which signs with the account's key, elsewhere.
func TestLinksElsewhere(t *testing.T) {
	t.Parallel()
	for name, link := range map[string]string{
		"another host": "https://evil.example/", "another port": "https://127.0.0.1:1/", "no TLS": "http://HOST/companies/1", "with a user": "https://a:b@HOST/companies/1",
		"none": "", "no address": "https://[::1", "of another kind": "ftp://HOST/",
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var calls atomic.Int32
			c := open(t, nil, func(w http.ResponseWriter, r *http.Request) {
				calls.Add(1)
				_, _ = fmt.Fprintf(w, `{"links": {"company": "%s"}}`, strings.ReplaceAll(link, "HOST", r.Host))
			})
			if err := c.Verify(t.Context()); redirect.KindOf(err) != redirect.BadAnswer || calls.Load() != 1 {
				t.Errorf("Verify: %v after %d calls", err, calls.Load())
			}
		})
	}
}

// A relative link is as good as one with the host.
func TestRelativeLinks(t *testing.T) {
	t.Parallel()
	c := open(t, nil, func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/tokens/":
			_, _ = io.WriteString(w, `{"links": {"company": "../companies/1"}}`)
		case "/companies/1":
			_, _ = io.WriteString(w, `{"links": {"endpoints": "/companies/1/endpoints"}}`)
		case "/settings/":
			_, _ = io.WriteString(w, `[{"uuid": "u", "param_name": "setting_server"}]`)
		default:
			http.Error(w, `{}`, http.StatusNotFound)
		}
	})
	if err := c.Verify(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestProfile(t *testing.T) {
	t.Parallel()
	server := redirecttest.Start(t, standins.NewSRAPS(func() time.Time { return redirecttest.Now }))
	service := redirect.Service{Fields: Fields("the portal"), Open: Open("setting_server")}
	for name, want := range map[string]redirect.Kind{"Redirected by us": "", "Somebody's": redirect.Denied} {
		if err := server.Client(t, service, map[string]string{"profile": name}).Verify(t.Context()); redirect.KindOf(err) != want {
			t.Errorf("Verify with the profile %q: %v", name, err)
		}
	}
	service.Open = Open("setting_of_another_service")
	if err := server.Client(t, service, nil).Verify(t.Context()); redirect.KindOf(err) != redirect.BadAnswer {
		t.Errorf("Verify of a service without the setting: %v", err)
	}
}

// What PUT answers is not documented: an answer that does not show the address is
// believed if the endpoint does.
func TestSilentPut(t *testing.T) {
	t.Parallel()
	const at = "https://prov.example.org/f/x/"
	for stored, want := range map[string]redirect.Kind{at: "", "https://old.example.org/": redirect.BadAnswer} {
		c := open(t, nil, func(w http.ResponseWriter, r *http.Request) {
			switch {
			case r.Method == http.MethodPut:
				w.WriteHeader(http.StatusNoContent)
			case strings.HasPrefix(r.URL.Path, "/tokens/"):
				_, _ = io.WriteString(w, `{"links": {"company": "/company"}}`)
			case r.URL.Path == "/company":
				_, _ = io.WriteString(w, `{"links": {"endpoints": "/endpoints/"}}`)
			case r.URL.Path == "/settings/":
				_, _ = io.WriteString(w, `[{"uuid": "u", "param_name": "setting_server"}]`)
			default:
				_, _ = fmt.Fprintf(w, `{"mac": "000413AABB01", "settings_manager": {"v": {"value": 7}, "u": {"value": "%s"}}}`, stored)
			}
		})
		d := redirect.Device{MAC: mac.MustParse("000413aabb01"), URL: secret.New(at)}
		if err := c.Register(t.Context(), []redirect.Device{d})[0]; redirect.KindOf(err) != want {
			t.Errorf("Register where %s is stored: %v", stored, err)
		}
	}
}

func TestNext(t *testing.T) {
	t.Parallel()
	for header, want := range map[string]string{
		"": "", "x": "", "<a": "", `<a>; rel="next"`: "a", `<a>;rel=next`: "a", `<a>; REL="NEXT"`: "a",
		`<a>; rel="prev"`: "", `<a>; rel="prev", <b>; rel="next"`: "b", `<a>; title="x, <c>; rel=next"; rel="first", <b?x=1,2>; rel="next"`: "b?x=1,2",
	} {
		if got := next(http.Header{"Link": {header}}); got != want {
			t.Errorf("%s: %q, want %q", header, got, want)
		}
	}
}

func FuzzNext(f *testing.F) {
	f.Add(`<a>; title="x, y"; rel="first", <b>; rel="next"`)
	f.Fuzz(func(t *testing.T, header string) {
		if got := next(http.Header{"Link": {header}}); !strings.Contains(header, "<"+got) && got != "" {
			t.Errorf("%q is in no brackets of %q", got, header)
		}
	})
}
