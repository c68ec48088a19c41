package http

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"strings"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/dialplane/dialplane/internal/provision"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

type coreFunc func(context.Context, provision.Request) provision.Answer

func (f coreFunc) Answer(ctx context.Context, r provision.Request) provision.Answer { return f(ctx, r) }

var (
	file     = provision.Answer{Status: 200, Type: "text/plain", ETag: `"abc"`, Body: []byte("account.1.password = x\n")}
	missing  = provision.Answer{Status: 404, Type: "text/plain; charset=utf-8", Body: []byte("not found\n")}
	tryLater = provision.Answer{Status: 503, Type: "text/plain; charset=utf-8", Body: []byte("try again later\n")}
)

// byPath answers /file, /later and nothing else.
func byPath(_ context.Context, r provision.Request) provision.Answer {
	switch r.Path {
	case "/file", "/p/token/file":
		return file
	case "/later":
		return tryLater
	}
	return missing
}

func do(h http.Handler, method, target string, edits ...func(*http.Request)) *http.Response {
	r := httptest.NewRequest(method, "/", nil)
	r.URL.Path, r.RequestURI = target, target
	for _, e := range edits {
		e(r)
	}
	w := httptest.NewRecorder()
	h.ServeHTTP(w, r)
	return w.Result()
}

func body(t *testing.T, r *http.Response) string {
	t.Helper()
	b, err := io.ReadAll(r.Body)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	h := NewHandler(coreFunc(byPath), Limits{})
	for _, tt := range []struct {
		method, path, ifNoneMatch string
		status                    int
		body                      string
		header                    http.Header
	}{
		{"GET", "/file", "", 200, string(file.Body), http.Header{"Content-Type": {"text/plain"}, "Etag": {`"abc"`}, "Cache-Control": {"private, no-cache"}, "Content-Length": {"23"}}},
		{"HEAD", "/file", "", 200, "", http.Header{"Content-Type": {"text/plain"}, "Etag": {`"abc"`}, "Cache-Control": {"private, no-cache"}, "Content-Length": {"23"}}},
		{"GET", "/file", `"abc"`, 304, "", http.Header{"Etag": {`"abc"`}, "Cache-Control": {"private, no-cache"}}},
		{"HEAD", "/file", `"abc"`, 304, "", http.Header{"Etag": {`"abc"`}, "Cache-Control": {"private, no-cache"}}},
		{"GET", "/none", "", 404, "not found\n", http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"10"}}},
		{"GET", "/none", "*", 404, "not found\n", http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"10"}}},
		{"HEAD", "/none", "", 404, "", http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"10"}}},
		{"GET", "/later", "*", 503, "try again later\n", http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"16"}, "Retry-After": {"30"}}},
		{"HEAD", "/later", "", 503, "", http.Header{"Content-Type": {"text/plain; charset=utf-8"}, "Content-Length": {"16"}, "Retry-After": {"30"}}},
	} {
		t.Run(fmt.Sprint(tt.method, tt.path, tt.ifNoneMatch), func(t *testing.T) {
			t.Parallel()
			r := do(h, tt.method, tt.path, func(r *http.Request) {
				if tt.ifNoneMatch != "" {
					r.Header.Set("If-None-Match", tt.ifNoneMatch)
				}
			})
			if got := body(t, r); r.StatusCode != tt.status || got != tt.body {
				t.Errorf("status %d: %q", r.StatusCode, got)
			}
			if diff := cmp.Diff(tt.header, r.Header); diff != "" {
				t.Error(diff)
			}
		})
	}
	for _, method := range []string{"POST", "PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "get"} {
		for _, path := range []string{"/file", "/none", "/p/token/file"} {
			if r := do(h, method, path); r.StatusCode != 405 || r.Header.Get("Allow") != "GET, HEAD" {
				t.Errorf("%s %s: status %d, Allow %q", method, path, r.StatusCode, r.Header.Get("Allow"))
			}
		}
	}
}

func TestIfNoneMatch(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		values []string
		want   bool
	}{
		{nil, false}, {[]string{""}, false}, {[]string{`"abc"`}, true}, {[]string{`W/"abc"`}, true}, {[]string{"*"}, true}, {[]string{" * "}, true},
		{[]string{`"x", "abc"`}, true}, {[]string{`"x",W/"abc" ,"y"`}, true}, {[]string{`"x"`, `"abc"`}, true}, {[]string{`"x", "y"`}, false},
		{[]string{"abc"}, false}, {[]string{`"ABC"`}, false}, {[]string{`"abc`}, false}, {[]string{`w/"abc"`}, false}, {[]string{`"abc"x`}, false}, {[]string{",,,"}, false},
	} {
		if got := matches(tt.values, `"abc"`); got != tt.want {
			t.Errorf("%q: %v", tt.values, got)
		}
	}
}

// What the core is told of a request.
func TestRequests(t *testing.T) {
	t.Parallel()
	var got provision.Request
	h := NewHandler(coreFunc(func(_ context.Context, r provision.Request) provision.Answer { got = r; return missing }), Limits{})
	for _, tt := range []struct {
		remote, agent string
		want          provision.Request
	}{
		{"192.0.2.1:1234", "Yealink", provision.Request{Path: "/x", UserAgent: "Yealink", IP: netip.MustParseAddr("192.0.2.1")}},
		{"[::ffff:192.0.2.1]:1234", "", provision.Request{Path: "/x", IP: netip.MustParseAddr("192.0.2.1")}},
		{"[fe80::1%eth0]:1234", "", provision.Request{Path: "/x", IP: netip.MustParseAddr("fe80::1")}},
		{"nowhere", strings.Repeat("a", 300), provision.Request{Path: "/x", UserAgent: strings.Repeat("a", 256)}},
		{"@", "\xff\xfe", provision.Request{Path: "/x", UserAgent: "\uFFFD"}},
	} {
		do(h, "GET", "/x", func(r *http.Request) { r.RemoteAddr, r.Header = tt.remote, http.Header{"User-Agent": {tt.agent}} })
		if diff := cmp.Diff(tt.want, got, cmp.Comparer(func(a, b netip.Addr) bool { return a == b })); diff != "" {
			t.Errorf("%s: %s", tt.remote, diff)
		}
	}
	do(h, "HEAD", "/x", func(r *http.Request) {
		r.Header = http.Header{"X-Forwarded-For": {"10.0.0.1"}, "X-Forwarded-Proto": {"https"}, "Forwarded": {"for=10.0.0.1;proto=https"}}
	})
	if !got.Head || got.Secure || got.IP != netip.MustParseAddr("192.0.2.1") {
		t.Errorf("%+v: a header that anybody can send was believed", got)
	}
}

func from(ip string) func(*http.Request) {
	return func(r *http.Request) { r.RemoteAddr = net.JoinHostPort(ip, "5000") }
}

func TestRequestsOfOneSource(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		h := NewHandler(coreFunc(byPath), Limits{SharedRate: 2, SharedBurst: 3})
		ask := func(path string, ips ...string) (statuses []int) {
			for _, ip := range ips {
				statuses = append(statuses, do(h, "GET", path, from(ip)).StatusCode)
			}
			return statuses
		}
		want := func(what string, got []int, want ...int) {
			t.Helper()
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("%s: %s", what, diff)
			}
		}
		const a, b = "192.0.2.1", "192.0.2.2"
		want("beyond the burst", ask("/file", a, a, a, a), 200, 200, 200, 429)
		want("its neighbour", ask("/none", b, b), 404, 404)
		want("with a secret address", ask("/p/token/file", a, a, a, a, a), 200, 200, 200, 200, 200)
		want("IPv4 in IPv6", ask("/file", "::ffff:192.0.2.1"), 429)
		r := do(h, "GET", "/file", from(a))
		if r.Header.Get("Retry-After") != "30" {
			t.Errorf("Retry-After %q", r.Header.Get("Retry-After"))
		}
		time.Sleep(time.Second)
		want("a second later", ask("/file", a, a, a), 200, 200, 429)
		want("one /64", ask("/file", "2001:db8::1", "2001:db8::2", "2001:db8::ffff:3", "2001:db8::4"), 200, 200, 200, 429)
		want("the next /64", ask("/file", "2001:db8:0:1::1"), 200)
		want("nobody knows where from", []int{
			do(h, "GET", "/file", func(r *http.Request) { r.RemoteAddr = "?" }).StatusCode,
		}, 200)
	})
}

// The table of sources is bounded; an attacker who fills it takes nothing from
// those who are in it, and gets one budget for all the addresses that are not.
func TestManySources(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := newSources(1, 2)
		first := netip.MustParseAddr("10.0.0.1")
		s.allow(first)
		at := netip.MustParseAddr("100.0.0.0")
		for range maxSources - 1 {
			at = at.Next()
			s.allow(at)
		}
		allowed := 0
		for range 1000 {
			at = at.Next()
			if s.allow(at) {
				allowed++
			}
		}
		if len(s.limiters) != maxSources || allowed != 2 {
			t.Errorf("%d sources, %d newcomers allowed", len(s.limiters), allowed)
		}
		if !s.allow(first) || s.allow(first) {
			t.Error("one that is in the table has lost or won budget")
		}
		time.Sleep(2 * sweepPause)
		if s.allow(first); !s.allow(at) || len(s.limiters) != 2 {
			t.Errorf("%d sources after all have been idle", len(s.limiters))
		}
	})
}

// start serves on loopback until the test ends.
func start(t *testing.T, core Core, limits Limits, edit func(*http.Server)) (*Server, net.Addr) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := New(core, limits, slog.New(slog.DiscardHandler))
	if edit != nil {
		edit(s.server)
	}
	done := make(chan error, 1)
	go func() { done <- s.Serve(l) }()
	t.Cleanup(func() {
		if err := s.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-done; err != nil {
			t.Error(err)
		}
	})
	return s, l.Addr()
}

// raw sends text and returns the statuses of the answers until the server closes.
func raw(t *testing.T, at net.Addr, text string) string {
	t.Helper()
	c, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	if _, err := io.WriteString(c, text); err != nil {
		return "" // closed on us
	}
	r, err := http.ReadResponse(bufio.NewReader(c), nil)
	if err != nil {
		return ""
	}
	defer r.Body.Close()
	b, _ := io.ReadAll(r.Body)
	return fmt.Sprintf("%d %s", r.StatusCode, strings.TrimSpace(string(b)))
}

func TestHostileRequests(t *testing.T) {
	t.Parallel()
	_, at := start(t, coreFunc(byPath), Limits{}, nil)
	get := func(path string) string { return "GET " + path + " HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n" }
	for _, tt := range []struct{ name, text, want string }{
		{"plain", get("/file"), "200"},
		{"query", get("/file?x=1"), "200"},
		{"encoded upwards", get("/p/token/..%2f..%2fetc%2fpasswd"), "404"},
		{"encoded backwards", get("/..%5c..%5cwindows"), "404"},
		{"encoded twice", get("/%252e%252e/file"), "404"},
		{"NUL", get("/file%00"), "404"},
		{"line break", get("/file%0d%0aX:%20y"), "404"},
		{"backslash", get(`/\file`), "404"},
		{"8 KiB", get("/" + strings.Repeat("a", 8<<10)), "404"},
		{"unicode", get("/%EF%BC%90%E2%80%AEfile"), "404"},
		{"raw bytes", get("/\xff\xfe"), "404"},
		{"broken escape", get("/%zz"), "400"},
		{"absolute", get("http://other.example/file"), "200"},
		{"no path", get("*"), "404"},
		{"two lengths", "GET /file HTTP/1.1\r\nHost: x\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab", "400"},
		{"length and chunks", "POST /file HTTP/1.1\r\nHost: x\r\nContent-Length: 4\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n0\r\n\r\n", "405"},
		{"blank before the colon", "GET /file HTTP/1.1\r\nHost : x\r\n\r\n", "400"},
		{"no host", "GET /file HTTP/1.1\r\n\r\n", "400"},
		{"HTTP/1.0", "GET /file HTTP/1.0\r\n\r\n", "200"},
		{"not HTTP", "\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03\r\n\r\n", "400"},
		{"headers too large", "GET /file HTTP/1.1\r\nHost: x\r\nX: " + strings.Repeat("a", 64<<10) + "\r\n\r\n", "431"},
		{"too many headers", "GET /file HTTP/1.1\r\nHost: x\r\n" + strings.Repeat("X: a\r\n", 10_000) + "\r\n", "431"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			got := raw(t, at, tt.text)
			if status, _, _ := strings.Cut(got, " "); status != tt.want && (tt.want != "431" || got != "") {
				t.Errorf("%q, want %s", got, tt.want)
			}
		})
	}
}

// A client that is slow to say what it wants, or to take it, is cut off.
func TestSlowClients(t *testing.T) {
	t.Parallel()
	s := New(coreFunc(byPath), Limits{}, slog.New(slog.DiscardHandler)).server
	if s.ReadHeaderTimeout > 10*time.Second || s.ReadTimeout > 30*time.Second || s.WriteTimeout > time.Minute || s.IdleTimeout > time.Minute ||
		s.ReadHeaderTimeout <= 0 || s.ReadTimeout <= 0 || s.WriteTimeout <= 0 || s.IdleTimeout <= 0 || s.MaxHeaderBytes <= 0 {
		t.Errorf("a deadline is missing: %+v", s)
	}
	_, at := start(t, coreFunc(byPath), Limits{}, func(s *http.Server) { s.ReadHeaderTimeout, s.IdleTimeout = 50*time.Millisecond, 50*time.Millisecond })
	for _, sent := range []string{"", "GET /fi", "GET /file HTTP/1.1\r\nHost: x\r\n", "GET /file HTTP/1.1\r\nHost: x\r\n\r\n"} {
		c, err := net.Dial("tcp", at.String())
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(c, sent); err != nil {
			t.Fatal(err)
		}
		if _, err := io.ReadAll(c); err != nil { // until the server closes
			t.Errorf("after %q: %v", sent, err)
		}
		c.Close()
	}
}

// Beyond the limit connections wait, and are served once another one ends.
func TestConnectionLimit(t *testing.T) {
	t.Parallel()
	_, at := start(t, coreFunc(byPath), Limits{Connections: 1}, nil)
	first, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	ask := "GET /file HTTP/1.1\r\nHost: x\r\n\r\n"
	if _, err := io.WriteString(first, ask); err != nil {
		t.Fatal(err)
	}
	if _, err := http.ReadResponse(bufio.NewReader(first), nil); err != nil {
		t.Fatal(err)
	}
	second, err := net.Dial("tcp", at.String())
	if err != nil {
		t.Fatal(err)
	}
	defer second.Close()
	if _, err := io.WriteString(second, strings.Replace(ask, "Host", "Connection: close\r\nHost", 1)); err != nil {
		t.Fatal(err)
	}
	if err := second.SetReadDeadline(time.Now().Add(50 * time.Millisecond)); err != nil {
		t.Fatal(err)
	}
	if n, err := second.Read(make([]byte, 1)); n != 0 || !errors.Is(err, context.DeadlineExceeded) && !isTimeout(err) {
		t.Errorf("the second was served beside the first: %d, %v", n, err)
	}
	first.Close()
	if err := second.SetReadDeadline(time.Now().Add(10 * time.Second)); err != nil {
		t.Fatal(err)
	}
	if r, err := http.ReadResponse(bufio.NewReader(second), nil); err != nil || r.StatusCode != 200 {
		t.Errorf("the second was not served after the first: %v", err)
	}
}

func isTimeout(err error) bool {
	var n net.Error
	return errors.As(err, &n) && n.Timeout()
}

// Shutdown lets the request in flight finish and takes no more.
func TestShutdown(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	begun, release := make(chan struct{}), make(chan struct{})
	s := New(coreFunc(func(context.Context, provision.Request) provision.Answer {
		close(begun)
		<-release
		return file
	}), Limits{}, slog.New(slog.DiscardHandler))
	served, answered, stopped := make(chan error, 1), make(chan string, 1), make(chan error, 1)
	go func() { served <- s.Serve(l) }()
	go func() { answered <- raw(t, l.Addr(), "GET /file HTTP/1.1\r\nHost: x\r\n\r\n") }()
	<-begun
	go func() { stopped <- s.Shutdown(context.Background()) }()
	if err := <-served; err != nil {
		t.Errorf("Serve: %v", err)
	}
	if c, err := net.Dial("tcp", l.Addr().String()); err == nil {
		c.Close()
		t.Error("a new connection was taken")
	}
	close(release)
	if got := <-answered; !strings.HasPrefix(got, "200 account.1.password") {
		t.Errorf("the request in flight: %q", got)
	}
	if err := <-stopped; err != nil {
		t.Errorf("Shutdown: %v", err)
	}
	if err := s.Serve(l); err != nil {
		t.Errorf("Serve after Shutdown: %v", err)
	}
}

// A request is this machine's own if both ends of its connection have one address.
func TestOwnMachine(t *testing.T) {
	t.Parallel()
	var local atomic.Bool
	core := coreFunc(func(_ context.Context, r provision.Request) provision.Answer {
		local.Store(r.Local)
		return missing
	})
	server := httptest.NewServer(NewHandler(core, Limits{}))
	t.Cleanup(server.Close)
	for from, want := range map[string]bool{"127.0.0.1": true, "127.0.0.2": false} {
		dialer := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.ParseIP(from)}}
		client := &http.Client{Transport: &http.Transport{DialContext: dialer.DialContext, DisableKeepAlives: true}}
		res, err := client.Get(server.URL + "/a.cfg")
		if err != nil {
			t.Fatal(err)
		}
		_ = res.Body.Close()
		if local.Load() != want {
			t.Errorf("a request from %s is this machine's own: %v", from, local.Load())
		}
	}
}
