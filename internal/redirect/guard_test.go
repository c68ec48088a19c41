package redirect

import (
	"context"
	"crypto/x509"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/net/dns/dnsmessage"
)

// Test 32 of the security reference, the addresses.
func TestPublic(t *testing.T) {
	t.Parallel()
	for _, ip := range []string{
		"127.0.0.1", "::1", "169.254.169.254", "::ffff:169.254.169.254", "64:ff9b::a9fe:a9fe", "100.64.0.1", "10.0.0.1", "172.16.0.1", "192.168.1.1",
		"0.0.0.0", "0.1.2.3", "224.0.1.75", "255.255.255.255", "240.0.0.1", "198.18.0.1", "192.0.2.1", "fe80::1", "fe80::1%eth0", "fc00::1", "ff02::1", "::", "2002:7f00:1::",
		"2001:0:4136:e378::", "2001:db8::1", "fec0::1",
	} {
		if Public(netip.MustParseAddr(ip)) {
			t.Errorf("%s is said to be of the internet", ip)
		}
	}
	for _, ip := range []string{"8.8.8.8", "172.32.0.1", "100.128.0.1", "2a00:1450:4001:80b::200e", "::ffff:8.8.8.8"} {
		if !Public(netip.MustParseAddr(ip)) {
			t.Errorf("%s is said not to be of the internet", ip)
		}
	}
	if Public(netip.Addr{}) {
		t.Error("no address is said to be of the internet")
	}
}

// Test 32, the spellings of URLs.
func TestEndpointsRefused(t *testing.T) {
	t.Parallel()
	for _, endpoint := range []string{
		"", "rps.example.org", "http://rps.example.org", "file:///etc/passwd", "gopher://rps.example.org", "https://", "https:rps.example.org", "https://user@rps.example.org",
		"https://user:pw@rps.example.org/", "https://rps.example.org/?a=b", "https://rps.example.org/#x", "https://rps.example.org:22/", "https://rps.example.org:80", "https://rps.example.org?",
		"https://rps.example.org:99999", "https://rps.example.org:x",
	} {
		if CheckEndpoint(endpoint) == "" {
			t.Errorf("the endpoint %q is taken", endpoint)
		}
		if _, err := (Guard{}).Client(endpoint); err == nil {
			t.Errorf("a client calls %q", endpoint)
		}
	}
	for _, endpoint := range []string{"https://rps.example.org", "https://rps.example.org:8443/xmlrpc", "https://[2a00:1450::1]/api"} {
		if wrong := CheckEndpoint(endpoint); wrong != "" {
			t.Errorf("the endpoint %s %s", endpoint, wrong)
		}
	}
}

// call returns the error of a GET.
func call(t *testing.T, c *http.Client, url string) error {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, url, nil)
	if err != nil {
		t.Fatal(err)
	}
	_, _, _, err = Do(c, r)
	return err
}

// Test 32, the ways to loopback that a resolver leads to or a URL spells.
func TestNothingPrivateIsDialled(t *testing.T) {
	t.Parallel()
	reached := false
	s := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { reached = true }))
	defer s.Close()
	_, port, _ := net.SplitHostPort(s.Listener.Addr().String())
	for _, host := range []string{"127.0.0.1", "localhost", "localhost.", "[::ffff:127.0.0.1]", "0x7f.1", "2130706433", "rebound.example.org"} {
		endpoint := "https://" + net.JoinHostPort(strings.Trim(host, "[]"), port)
		c, err := Guard{Resolver: resolving(t, netip.MustParseAddr("127.0.0.1"))}.Client(endpoint)
		if err != nil {
			continue
		}
		if err := call(t, c, endpoint); KindOf(err) != Unreachable {
			t.Errorf("%s: %v", host, err)
		}
	}
	if reached {
		t.Error("a server on loopback was reached")
	}
}

// resolving is a resolver that says the same of every name.
func resolving(t *testing.T, ip netip.Addr) *net.Resolver {
	t.Helper()
	return &net.Resolver{PreferGo: true, Dial: func(context.Context, string, string) (net.Conn, error) {
		ours, theirs := net.Pipe()
		go answerDNS(theirs, ip)
		return ours, nil
	}}
}

// answerDNS answers questions over a stream, each message behind its length.
func answerDNS(c net.Conn, ip netip.Addr) {
	defer func() { _ = c.Close() }()
	for {
		size := make([]byte, 2)
		if _, err := readFull(c, size); err != nil {
			return
		}
		question := make([]byte, int(size[0])<<8|int(size[1]))
		if _, err := readFull(c, question); err != nil {
			return
		}
		var m dnsmessage.Message
		if m.Unpack(question) != nil || len(m.Questions) != 1 {
			return
		}
		m.Response, m.Additionals = true, nil
		if m.Questions[0].Type == dnsmessage.TypeA {
			m.Answers = []dnsmessage.Resource{{
				Header: dnsmessage.ResourceHeader{Name: m.Questions[0].Name, Class: dnsmessage.ClassINET, TTL: 1},
				Body:   &dnsmessage.AResource{A: ip.As4()},
			}}
		}
		packed, err := m.Pack()
		if err != nil {
			return
		}
		if _, err := c.Write(append([]byte{byte(len(packed) >> 8), byte(len(packed))}, packed...)); err != nil {
			return
		}
	}
}

func readFull(c net.Conn, b []byte) (int, error) {
	n := 0
	for n < len(b) {
		m, err := c.Read(b[n:])
		n += m
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// trusting is a guard that may call a server of the test.
func trusting(s *httptest.Server) Guard {
	g := Guard{Allow: prefixes("127.0.0.0/8", "::1/128"), Roots: x509.NewCertPool()}
	g.Roots.AddCert(s.Certificate())
	return g
}

// Tests 32 and 33: redirects, and answers that are none.
func TestAnswers(t *testing.T) {
	t.Parallel()
	elsewhere := httptest.NewTLSServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("a redirect to another host was followed") }))
	defer elsewhere.Close()
	mux := http.NewServeMux()
	status := func(code int, header ...string) http.HandlerFunc {
		return func(w http.ResponseWriter, _ *http.Request) {
			for i := 0; i < len(header); i += 2 {
				w.Header().Set(header[i], header[i+1])
			}
			w.WriteHeader(code)
			_, _ = w.Write([]byte("<html>token=hunter2</html>"))
		}
	}
	mux.Handle("/ok", status(200))
	mux.Handle("/no", status(404))
	mux.Handle("/elsewhere", status(302, "Location", elsewhere.URL))
	mux.Handle("/plain", status(302, "Location", "http://"+elsewhere.Listener.Addr().String()))
	mux.Handle("/near", status(302, "Location", "/ok"))
	mux.Handle("/loop", status(302, "Location", "/loop"))
	mux.Handle("/fails", status(500))
	mux.Handle("/often", status(429))
	mux.Handle("/rests", status(429, "Retry-After", "90"))
	mux.Handle("/dated", status(503, "Date", "Thu, 26 Nov 2026 00:00:00 GMT", "Retry-After", "Thu, 26 Nov 2026 00:01:00 GMT"))
	mux.Handle("/ages", status(429, "Retry-After", strconv.Itoa(1<<40)))
	mux.HandleFunc("/endless", func(w http.ResponseWriter, r *http.Request) {
		for r.Context().Err() == nil {
			if _, err := w.Write(make([]byte, 64<<10)); err != nil {
				return
			}
		}
	})
	mux.HandleFunc("/cut", func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) })
	s := httptest.NewTLSServer(mux)
	defer s.Close()
	c, err := trusting(s).Client(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for _, test := range []struct {
		path  string
		kind  Kind
		after time.Duration
	}{
		{"/ok", "", 0}, {"/no", "", 0}, {"/near", "", 0},
		{"/elsewhere", "", 0}, {"/plain", "", 0}, {"/loop", "", 0}, // the caller sees the 302 itself
		{"/fails", Busy, 0}, {"/often", TooMany, 0}, {"/rests", TooMany, 90 * time.Second}, {"/dated", Busy, time.Minute}, {"/ages", TooMany, 24 * time.Hour},
		{"/endless", BadAnswer, 0}, {"/cut", Unreachable, 0},
	} {
		err := call(t, c, s.URL+test.path)
		if KindOf(err) != test.kind {
			t.Errorf("%s: %v, want the kind %q", test.path, err, test.kind)
			continue
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the error quotes the answer: %v", test.path, err)
		}
		if e, ok := err.(*Error); ok && e.After != test.after { //nolint:errorlint // Do promises it
			t.Errorf("%s: rests %s, want %s", test.path, e.After, test.after)
		}
	}
	if err := call(t, c, elsewhere.URL); KindOf(err) != Unreachable {
		t.Errorf("another host was called: %v", err)
	}
	u, _ := url.Parse(s.URL)
	if err := call(t, c, "https://secret-user:hunter2@"+u.Host+"/ok"); KindOf(err) != Unreachable || strings.Contains(err.Error(), "hunter2") {
		t.Errorf("a URL with a password: %v", err)
	}
	strangers := httptest.NewTLSServer(mux)
	defer strangers.Close()
	g := trusting(s)
	g.Roots = x509.NewCertPool()
	untrusting, err := g.Client(strangers.URL)
	if err != nil {
		t.Fatal(err)
	}
	if err := call(t, untrusting, strangers.URL+"/ok"); KindOf(err) != Unreachable || !strings.Contains(err.Error(), "certificate") {
		t.Errorf("a certificate that nobody vouches for: %v", err)
	}
}
