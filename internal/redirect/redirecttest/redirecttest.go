// Package redirecttest is the suite that the client of every redirect service passes,
// against a stand-in of the service that knows only the vendor's document and can be
// made to misbehave.
package redirecttest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"maps"
	"math/big"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Standin is the other side of a redirect service, by the vendor's document.
type Standin interface {
	// API answers the owners of accounts, at paths below the endpoint.
	API() http.Handler
	// Phones answers phones fresh from the shop, as the real service does; nil where
	// how they ask is not known.
	Phones() http.Handler
	// Account is one that the service accepts: the service's fields.
	Account() map[string]string
	// Revoke makes the service accept that account no longer.
	Revoke()
	// Registered is where the service sends each device of the account.
	Registered() map[mac.Addr]string
	// Give makes a device somebody else's, and Unknown one that the service will not
	// take though it is spelled right: it was never made, say.
	Give(m mac.Addr)
	Unknown(m mac.Addr)
}

// Fault is a way to misbehave.
type Fault int

// The faults of a call. The service has done nothing of what it was asked in any of
// them but Lost.
const (
	TooMany      Fault = iota + 1 // 429
	TooManyAfter                  // 429 with Retry-After: 90
	Failing                       // 500
	Page                          // 200, and a page in HTML
	Empty                         // 200, and nothing
	Cut                           // the connection ends in the middle of the answer
	Endless                       // the answer has no end
	Huge                          // a well-formed beginning of 10 GB
	Lost                          // the service does what it was asked; its answer does not come
)

var faults = map[Fault]struct {
	name string
	kind redirect.Kind
}{
	TooMany: {"429", redirect.TooMany}, TooManyAfter: {"429 with Retry-After", redirect.TooMany}, Failing: {"500", redirect.Busy},
	Page: {"HTML with 200", redirect.BadAnswer}, Empty: {"nothing with 200", redirect.BadAnswer}, Cut: {"a cut answer", redirect.Unreachable},
	Endless: {"a never-ending answer", redirect.BadAnswer}, Huge: {"10 GB", redirect.BadAnswer}, Lost: {"a lost answer", redirect.Unreachable},
}

// Server is a stand-in that listens on loopback.
type Server struct {
	Standin
	URL   string         // of the API, without a slash at its end
	Roots *x509.CertPool // that vouch for it
	PEM   []byte         // the certificate in Roots, as a file has it

	mu     sync.Mutex
	faults []Fault // of the next calls; 0 for a call that goes well
	always Fault
	calls  int
}

// Start runs a stand-in until the test ends. What its phones ask is below /phones/ of
// the same server.
func Start(t testing.TB, s Standin) *Server {
	t.Helper()
	out := &Server{Standin: s, Roots: x509.NewCertPool()}
	mux := http.NewServeMux()
	mux.Handle("/", out.faulty(s.API()))
	if p := s.Phones(); p != nil {
		mux.Handle("/phones/", http.StripPrefix("/phones", p))
	}
	server := httptest.NewTLSServer(mux)
	t.Cleanup(server.Close)
	out.URL = server.URL
	out.Roots.AddCert(server.Certificate())
	out.PEM = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: server.Certificate().Raw})
	return out
}

// Next makes the next calls misbehave, in this order.
func (s *Server) Next(f ...Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.faults = append(s.faults, f...)
}

// Always makes all calls misbehave until it is told otherwise by Always(0).
func (s *Server) Always(f Fault) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.always, s.faults = f, nil
}

// Calls is how often the API was called so far.
func (s *Server) Calls() int {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.calls
}

func (s *Server) fault() Fault {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.calls++
	f := s.always
	if len(s.faults) > 0 {
		f, s.faults = s.faults[0], s.faults[1:]
	}
	return f
}

func (s *Server) faulty(next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch s.fault() {
		case TooMany:
			w.WriteHeader(http.StatusTooManyRequests)
		case TooManyAfter:
			w.Header().Set("Retry-After", "90")
			w.WriteHeader(http.StatusTooManyRequests)
		case Failing:
			w.WriteHeader(http.StatusInternalServerError)
			_, _ = io.WriteString(w, "<html>Internal Server Error</html>")
		case Page:
			w.Header().Set("Content-Type", "text/html")
			_, _ = io.WriteString(w, "<!DOCTYPE html><html><head><title>Maintenance</title></head><body>We are back soon.</body></html>")
		case Empty:
		case Cut:
			w.Header().Set("Content-Length", "1000")
			_, _ = io.WriteString(w, "<?xml")
			panic(http.ErrAbortHandler)
		case Endless:
			endless(w, r, " ")
		case Huge:
			w.Header().Set("Content-Length", "10000000000")
			endless(w, r, "<!-- -->")
		case Lost:
			next.ServeHTTP(httptest.NewRecorder(), r)
			panic(http.ErrAbortHandler)
		default:
			next.ServeHTTP(w, r)
		}
	})
}

// endless writes until nobody reads any more.
func endless(w http.ResponseWriter, r *http.Request, text string) {
	text = strings.Repeat(text, 32<<10/len(text))
	for r.Context().Err() == nil {
		if _, err := io.WriteString(w, text); err != nil {
			return
		}
	}
}

// Now is the time in a test unless it says otherwise.
var Now = time.Date(2026, 11, 26, 8, 0, 0, 0, time.UTC)

// Client opens a client of the service for an account at the server. Fields given
// take the place of the account's own.
func (s *Server) Client(t testing.TB, svc redirect.Service, fields map[string]string) redirect.Client {
	t.Helper()
	values := make(map[string]secret.Secret)
	all := s.Account()
	maps.Copy(all, fields)
	for name, value := range all {
		if !slices.ContainsFunc(svc.Fields, func(f redirect.Field) bool { return f.Name == name }) {
			t.Fatalf("the account of the stand-in has a field %s, which the service does not have", name)
		}
		values[name] = secret.New(value)
	}
	guard := redirect.Guard{Allow: []netip.Prefix{netip.MustParsePrefix("127.0.0.0/8"), netip.MustParsePrefix("::1/128")}, Roots: s.Roots}
	c, err := guard.Client(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.CloseIdleConnections)
	return svc.Open(redirect.Account{Endpoint: s.URL, Values: values}, c, func() time.Time { return Now })
}

// Getter asks what the service answers its phones, and follows no redirect.
func (s *Server) Getter(t testing.TB) vendor.Getter {
	t.Helper()
	c := &http.Client{
		Transport:     &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: s.Roots}},
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	t.Cleanup(c.CloseIdleConnections)
	return func(name string) (int, []byte, error) {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, s.URL+"/phones/"+name, nil)
		if err != nil {
			return 0, nil, err
		}
		answer, err := c.Do(r)
		if err != nil {
			return 0, nil, err
		}
		defer func() { _ = answer.Body.Close() }()
		if at := answer.Header.Get("Location"); at != "" {
			return answer.StatusCode, []byte(at), nil
		}
		body, err := io.ReadAll(answer.Body)
		return answer.StatusCode, body, err
	}
}

// Subject is what the suite is run on.
type Subject struct {
	Service redirect.Service
	// New makes a stand-in with no device registered, whose clock is now.
	New func(now func() time.Time) Standin
	// Devices are of the vendor, with serial number and code where the service needs
	// them; at least three. Their URLs are set by the suite.
	Devices []redirect.Device
	// Papers are the serial number and the code of any other device of the vendor; nil
	// where the service needs neither.
	Papers func(mac.Addr) (serial, code string)
	// NoLookup says why the service cannot tell where a device is sent, if it can't, and
	// NoURLs why its list cannot.
	NoLookup, NoURLs string
	// NoOwners says why the service does not tell somebody else's device from one that it
	// refuses, and Keeps why it still knows a device that it sends nowhere any more.
	NoOwners, Keeps string
	// At is what the stand-in has registered for a device that the client is to send to
	// a URL; the URL itself unless set.
	At func(url string) string
	// Phone asks the stand-in as a phone does, as vendor.Pack.Redirect describes it; nil
	// where how phones ask is not known.
	Phone func(vendor.Unit, vendor.Getter) (string, error)
	// Clockless says why the service does not look at the time of a call, if it does not.
	Clockless string
}

// Run checks the client of a service.
func Run(t *testing.T, s Subject) {
	t.Helper()
	now := func() time.Time { return Now }
	start := func(t *testing.T) (*Server, redirect.Client) {
		t.Helper()
		server := Start(t, s.New(now))
		return server, server.Client(t, s.Service, nil)
	}
	t.Run("complete", func(t *testing.T) { t.Parallel(); complete(t, s.Service) })
	t.Run("verify", func(t *testing.T) {
		t.Parallel()
		server, c := start(t)
		if err := c.Verify(t.Context()); err != nil {
			t.Errorf("Verify: %v", err)
		}
		for _, f := range s.Service.Fields {
			if !f.Secret {
				continue
			}
			wrong := "Wr0ng-" + server.Account()[f.Name]
			err := server.Client(t, s.Service, map[string]string{f.Name: wrong}).Verify(t.Context())
			if redirect.KindOf(err) != redirect.Denied {
				t.Errorf("Verify with a wrong %s: %v, want the kind %s", f.Name, err, redirect.Denied)
			}
			silent(t, server, err, wrong)
		}
		server.Revoke()
		if err := server.Client(t, s.Service, nil).Verify(t.Context()); redirect.KindOf(err) != redirect.Denied {
			t.Errorf("Verify of a revoked account: %v, want the kind %s", err, redirect.Denied)
		}
		if len(server.Registered()) != 0 {
			t.Error("Verify has registered something")
		}
	})
	t.Run("register and remove", func(t *testing.T) {
		t.Parallel()
		server, c := start(t)
		devices := s.at("first")
		want := make(map[mac.Addr]string)
		for range 2 { // doing it twice is doing it once
			s.register(t, server, c, devices, want)
		}
		devices = s.at("second") // and then they go elsewhere
		s.register(t, server, c, devices, want)
		for _, d := range devices {
			got, err := c.Lookup(t.Context(), d)
			switch {
			case err != nil || got.Foreign || got.MAC != d.MAC:
				t.Errorf("Lookup of %s: %+v, %v", d.MAC, got, err)
			case s.NoLookup == "" && got.URL.Reveal() != d.URL.Reveal():
				t.Errorf("Lookup of %s does not say where it is sent", d.MAC)
			case s.NoLookup != "" && !got.URL.Empty():
				t.Errorf("Lookup of %s says where it is sent, though the service cannot", d.MAC)
			}
		}
		for range 2 { // one that is unknown is no error
			for i, err := range c.Remove(t.Context(), devices[:2]) {
				if err != nil {
					t.Errorf("Remove of %s: %v", devices[i].MAC, err)
				}
				delete(want, devices[i].MAC)
			}
		}
		same(t, server, want)
		if _, err := c.Lookup(t.Context(), devices[0]); redirect.KindOf(err) != redirect.NotFound && s.Keeps == "" {
			t.Errorf("Lookup of a device that was removed: %v, want the kind %s", err, redirect.NotFound)
		}
	})
	t.Run("half of it", func(t *testing.T) {
		t.Parallel()
		server, c := start(t)
		devices := s.at("half")
		server.Give(devices[0].MAC)
		server.Unknown(devices[1].MAC)
		errs := c.Register(t.Context(), devices)
		if len(errs) != len(devices) {
			t.Fatalf("Register of %d devices has %d results", len(devices), len(errs))
		}
		want := make(map[mac.Addr]string)
		for i, err := range errs {
			kind := redirect.Kind("")
			switch {
			case i == 0 && s.NoOwners == "":
				kind = redirect.Foreign
			case i <= 1:
				kind = redirect.Refused
			default:
				want[devices[i].MAC] = s.stored(devices[i])
			}
			if got := redirect.KindOf(err); got != kind {
				t.Errorf("Register of device %d of %d: %v, want the kind %q", i, len(devices), err, kind)
			}
			silent(t, server, err)
		}
		same(t, server, want)
		if got, err := c.Lookup(t.Context(), devices[0]); redirect.KindOf(err) != redirect.NotFound && (err != nil || !got.Foreign) {
			t.Errorf("Lookup of somebody else's device: %+v, %v", got, err)
		}
		for i, err := range c.Remove(t.Context(), devices[:2]) {
			if err != nil {
				t.Errorf("Remove of device %d, which is not ours: %v", i, err)
			}
		}
	})
	t.Run("list", func(t *testing.T) {
		t.Parallel()
		server, c := start(t)
		want := make(map[mac.Addr]string)
		got := make(map[mac.Addr]string)
		list := func(page []redirect.Entry) error {
			for _, e := range page {
				if _, twice := got[e.MAC]; twice {
					t.Errorf("List has %s twice", e.MAC)
				}
				got[e.MAC] = e.URL.Reveal()
			}
			return nil
		}
		if !s.Service.Lists {
			if err := c.List(t.Context(), list); redirect.KindOf(err) != redirect.Unsupported {
				t.Errorf("List: %v, want the kind %s", err, redirect.Unsupported)
			}
			return
		}
		if err := c.List(t.Context(), list); err != nil || len(got) != 0 {
			t.Errorf("List of nothing has %d, %v", len(got), err)
		}
		devices := s.many(250)
		for chunk := range slices.Chunk(devices, max(1, s.Service.Batch)) {
			s.register(t, server, c, chunk, want)
		}
		for _, d := range devices {
			want[d.MAC] = d.URL.Reveal()
			if s.NoURLs != "" {
				want[d.MAC] = ""
			}
		}
		if err := c.List(t.Context(), list); err != nil {
			t.Fatalf("List: %v", err)
		}
		if !maps.Equal(got, want) {
			t.Errorf("List has %d devices, of which some are wrong; want %d", len(got), len(want))
		}
		stop := redirect.Errorf(redirect.Busy, "enough")
		if err := c.List(t.Context(), func([]redirect.Entry) error { return stop }); redirect.KindOf(err) != redirect.Busy {
			t.Errorf("List whose function fails: %v", err)
		}
	})
	for fault, f := range faults {
		t.Run(f.name, func(t *testing.T) {
			t.Parallel()
			server, c := start(t)
			server.Always(fault)
			err := c.Register(t.Context(), s.at("faulty")[2:3])[0]
			if redirect.KindOf(err) != f.kind {
				t.Errorf("Register: %v, want the kind %s", err, f.kind)
			}
			silent(t, server, err)
			if e, ok := err.(*redirect.Error); ok && fault == TooManyAfter && e.After != 90*time.Second { //nolint:errorlint // Client promises it
				t.Errorf("Register: to be left alone for %s, want 90s", e.After)
			}
			if err := server.Client(t, s.Service, nil).Verify(t.Context()); redirect.KindOf(err) != f.kind {
				t.Errorf("Verify: %v, want the kind %s", err, f.kind)
			}
			if fault != Lost {
				same(t, server, nil)
			}
			server.Always(0)
			want := make(map[mac.Addr]string)
			s.register(t, server, c, s.at("after")[2:3], want) // as if nothing had been
		})
	}
	t.Run("a revoked account", func(t *testing.T) {
		t.Parallel()
		server, c := start(t)
		if err := c.Verify(t.Context()); err != nil { // it may hold a token now
			t.Fatal(err)
		}
		server.Revoke()
		err := c.Register(t.Context(), s.at("revoked")[:1])[0]
		if redirect.KindOf(err) != redirect.Denied {
			t.Errorf("Register: %v, want the kind %s", err, redirect.Denied)
		}
		silent(t, server, err)
		same(t, server, nil)
	})
	t.Run("a wrong clock", func(t *testing.T) {
		t.Parallel()
		if s.Clockless != "" {
			t.Skip(s.Clockless)
		}
		server := Start(t, s.New(func() time.Time { return Now.Add(24 * time.Hour) }))
		if err := server.Client(t, s.Service, nil).Verify(t.Context()); redirect.KindOf(err) != redirect.Denied {
			t.Errorf("Verify a day late: %v, want the kind %s", err, redirect.Denied)
		}
	})
	t.Run("at the same time", func(t *testing.T) {
		t.Parallel()
		server, c := start(t)
		want := make(map[mac.Addr]string)
		var calls sync.WaitGroup
		for _, d := range s.many(20) {
			want[d.MAC] = s.stored(d)
			calls.Go(func() {
				if err := c.Register(t.Context(), []redirect.Device{d})[0]; err != nil {
					t.Errorf("Register of %s: %v", d.MAC, err)
				}
			})
		}
		calls.Wait()
		same(t, server, want)
	})
	t.Run("a phone asks", func(t *testing.T) {
		t.Parallel()
		if s.Phone == nil {
			t.Skip("how phones ask is not known")
		}
		server, c := start(t)
		d := s.at("phone")[0]
		unit := vendor.Unit{MAC: d.MAC, Model: d.Model}
		if at, err := s.Phone(unit, server.Getter(t)); !errors.Is(err, vendor.ErrNotRedirected) {
			t.Errorf("a phone that nobody has registered is sent to %q: %v", at, err)
		}
		s.register(t, server, c, []redirect.Device{d}, make(map[mac.Addr]string))
		if at, err := s.Phone(unit, server.Getter(t)); err != nil || at != d.URL.Reveal() {
			t.Errorf("the phone is sent to %q, %v; want %q", at, err, d.URL.Reveal())
		}
	})
	t.Run("an expired certificate", func(t *testing.T) {
		t.Parallel()
		expired(t, s)
	})
}

func complete(t *testing.T, s redirect.Service) {
	t.Helper()
	for name, missing := range map[string]bool{
		"Name": s.Name == "", "Vendor": s.Vendor == "", "Title": s.Title == "", "Source": s.Source == "", "Regions": len(s.Regions) == 0,
		"Fields": len(s.Fields) == 0, "Batch": s.Batch < 1, "Rate": s.Rate <= 0, "Rest": s.Rest <= 0, "Open": s.Open == nil,
	} {
		if missing {
			t.Errorf("the service has no %s", name)
		}
	}
	for _, r := range s.Regions {
		if wrong := redirect.CheckEndpoint(r.URL); wrong != "" || strings.HasSuffix(r.URL, "/") || r.Name == "" {
			t.Errorf("the region %q has the address %q: it %s", r.Name, r.URL, wrong)
		}
	}
	if !slices.ContainsFunc(s.Fields, func(f redirect.Field) bool { return f.Secret && !f.Optional }) {
		t.Error("the account has no secret")
	}
}

// at gives the subject's devices addresses of their own.
func (s Subject) at(word string) []redirect.Device {
	list := slices.Clone(s.Devices)
	for i := range list {
		list[i].URL = secret.New(fmt.Sprintf("https://prov.example.org/f/%s0123456789abcdefghjkmnpqrstvw%d/", word, i))
	}
	return list
}

// many makes devices of the first.
func (s Subject) many(n int) []redirect.Device {
	list := make([]redirect.Device, n)
	for i := range list {
		list[i] = s.Devices[0]
		list[i].MAC[4], list[i].MAC[5] = byte(i>>8), byte(i)
		if s.Papers != nil {
			list[i].Serial, list[i].Code = s.Papers(list[i].MAC)
		}
		list[i].URL = secret.New(fmt.Sprintf("https://prov.example.org/f/many%028d/", i))
	}
	return list
}

// stored is what the stand-in has registered for a device.
func (s Subject) stored(d redirect.Device) string {
	if s.At == nil {
		return d.URL.Reveal()
	}
	return s.At(d.URL.Reveal())
}

func (s Subject) register(t *testing.T, server *Server, c redirect.Client, devices []redirect.Device, want map[mac.Addr]string) {
	t.Helper()
	errs := c.Register(t.Context(), devices)
	if len(errs) != len(devices) {
		t.Fatalf("Register of %d devices has %d results", len(devices), len(errs))
	}
	for i, d := range devices {
		if errs[i] != nil {
			t.Errorf("Register of %s: %v", d.MAC, errs[i])
		}
		want[d.MAC] = s.stored(d)
	}
	same(t, server, want)
}

func same(t *testing.T, s *Server, want map[mac.Addr]string) {
	t.Helper()
	if got := s.Registered(); !maps.Equal(got, want) {
		t.Errorf("the service has %d devices, of which some are wrong: %v, want %v", len(got), got, want)
	}
}

// silent sees that an error is an *Error whose text has nothing of the account or of
// an address, and is one line without a full stop.
func silent(t *testing.T, s *Server, err error, more ...string) {
	t.Helper()
	if err == nil {
		return
	}
	e, ok := err.(*redirect.Error) //nolint:errorlint // Client promises it
	if !ok {
		t.Errorf("the error %q is a %T", err, err)
		return
	}
	for _, value := range append(slices.Collect(maps.Values(s.Account())), more...) {
		if len(value) > 3 && strings.Contains(e.Error(), value) {
			t.Errorf("the error says %q of the account: %v", value, e)
		}
	}
	if strings.Contains(e.Reason, "/f/") {
		t.Errorf("the error says an address: %v", e)
	}
	if e.Reason == "" || strings.ContainsAny(e.Reason, "\r\n<>") || strings.HasSuffix(e.Reason, ".") || len(e.Reason) > 300 {
		t.Errorf("the reason %q is not a sentence for people", e.Reason)
	}
}

// expired sees that a service whose certificate is out of date hears nothing.
func expired(t *testing.T, s Subject) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "stand-in"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-48 * time.Hour), NotAfter: time.Now().Add(-24 * time.Hour), IsCA: true, BasicConstraintsValid: true,
		KeyUsage: x509.KeyUsageDigitalSignature | x509.KeyUsageCertSign, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	server := &Server{Standin: s.New(func() time.Time { return Now }), Roots: x509.NewCertPool()}
	listener := httptest.NewUnstartedServer(server.faulty(server.API()))
	listener.TLS = &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}
	listener.StartTLS()
	t.Cleanup(listener.Close)
	server.URL = listener.URL
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	server.Roots.AddCert(cert)
	err = server.Client(t, s.Service, nil).Register(t.Context(), s.at("expired")[:1])[0]
	if redirect.KindOf(err) != redirect.Unreachable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("Register: %v, want one of the kind %s that names the certificate", err, redirect.Unreachable)
	}
	if n := server.Calls(); n != 0 {
		t.Errorf("the service was called %d times", n)
	}
}
