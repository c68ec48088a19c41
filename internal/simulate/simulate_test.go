package simulate_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"crypto/sha256"
	"crypto/tls"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
	"go.uber.org/goleak"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/simulate"
	"github.com/dialplane/dialplane/internal/vendors"
)

func TestMain(m *testing.M) {
	sip.SetDefaultLogger(slog.New(slog.DiscardHandler))
	goleak.VerifyTestMain(m)
}

// acme makes phones that read <mac>.cfg: one account a line, as
// "user password server port transport [proxy]"; "also NAME" reads a further file.
func acme() vendor.Pack {
	return vendor.Pack{
		Name:          "Acme",
		HTTPUserAgent: func(u vendor.Unit) string { return "Acme " + u.Model + " " + u.MAC.String() },
		Boot: func(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
			config := new(vendor.Config)
			if _, _, err := get("common.cfg"); err != nil {
				return nil, err
			}
			files := []string{u.MAC.String() + ".cfg"}
			for len(files) > 0 {
				status, body, err := get(files[0])
				if err != nil {
					return nil, err
				}
				if status != http.StatusOK {
					return nil, fmt.Errorf("%w: status %d", vendor.ErrNoConfig, status)
				}
				files = files[1:]
				for line := range strings.Lines(string(body)) {
					line = strings.TrimSpace(line)
					if name, ok := strings.CutPrefix(line, "also "); ok {
						files = append(files, name)
					} else if strings.HasPrefix(line, "?") {
						return nil, errors.New("line 1: no such parameter")
					} else if line != "" {
						config.Set(fmt.Sprint(len(config.Settings())), line)
					}
				}
			}
			return config, nil
		},
		Understand: func(c *vendor.Config) (s vendor.State) {
			for i, set := range c.Settings() {
				a := vendor.Account{Index: i + 1, DisplayName: `A "quoted" \ name`}
				_, err := fmt.Sscan(set.Value+" .", &a.User, &a.Password, &a.Server, &a.Port, &a.Transport, &a.OutboundProxy)
				if err == nil {
					a.AuthName, a.OutboundPort = a.User, a.Port
					a.OutboundProxy = strings.TrimSuffix(a.OutboundProxy, ".")
					s.Accounts = append(s.Accounts, a)
				}
			}
			return s
		},
	}
}

func phones(n int) []simulate.Phone {
	var list []simulate.Phone
	for i := range n {
		list = append(list, simulate.Phone{Pack: acme(), Unit: vendor.Unit{MAC: mac.MustParse(fmt.Sprintf("0015650000%02x", i+1)), Model: "A1"}})
	}
	return list
}

// server has files by name, with ETags, and counts what it is asked.
type server struct {
	*httptest.Server
	requests, unchanged atomic.Int32
}

func serve(t *testing.T, files map[string]string) *server {
	t.Helper()
	s := new(server)
	s.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.requests.Add(1)
		body, ok := files[r.URL.Path[strings.LastIndexByte(r.URL.Path, '/')+1:]]
		switch {
		case !ok:
			http.NotFound(w, r)
		case strings.HasPrefix(body, "status "):
			var status int
			_, _ = fmt.Sscan(body[7:], &status)
			w.WriteHeader(status)
		case body == "hang up":
			c, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_ = c.Close()
			}
		default:
			sum := sha256.Sum256([]byte(body))
			etag := `"` + hex.EncodeToString(sum[:4]) + `"`
			w.Header().Set("ETag", etag)
			if r.Header.Get("If-None-Match") == etag {
				s.unchanged.Add(1)
				w.WriteHeader(http.StatusNotModified)
				return
			}
			_, _ = w.Write([]byte(body))
		}
	}))
	t.Cleanup(s.Close)
	return s
}

func (s *server) options(phones []simulate.Phone) simulate.Options {
	u, err := url.Parse(s.URL + "/p/secret-token/")
	if err != nil {
		panic(err)
	}
	return simulate.Options{URL: u, Phones: phones, Parallel: 4, Timeout: 10 * time.Second}
}

func summary(t *testing.T, r *simulate.Report) string {
	t.Helper()
	var b strings.Builder
	if err := r.Summary(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

const account = "101 pw 192.0.2.1 5060 UDP\n"

func TestCausesOfFetching(t *testing.T) {
	t.Parallel()
	const file = "001565000001.cfg"
	for _, tt := range []struct {
		name  string
		files map[string]string
		cause simulate.Cause
		says  string
	}{
		{"up", map[string]string{file: account, "common.cfg": ""}, "", ""},
		{"no common file", map[string]string{file: account}, "", ""},
		{"no file", nil, simulate.NoConfig, "is it assigned"},
		{"no account", map[string]string{file: "\n"}, simulate.NoAccount, "1 files were read"},
		{"not understood", map[string]string{file: "?"}, simulate.NotUnderstood, "line 1"},
		{"5xx", map[string]string{file: "status 503"}, simulate.ServerFailed, "503 Service Unavailable"},
		{"5xx before a file without accounts", map[string]string{"common.cfg": "status 500", file: "\n"}, simulate.ServerFailed, "GET common.cfg: 500"},
		{"5xx that the phone goes on without", map[string]string{"common.cfg": "status 500", file: account}, "", ""},
		{"hung up", map[string]string{file: "hang up"}, simulate.NotReached, "GET " + file},
		{"an address that is none", map[string]string{file: "also http://[secret-address/x"}, simulate.NotUnderstood, "no URL"},
		{"an address that no HTTP has", map[string]string{file: "also ftp://h/p/secret-address/x"}, simulate.NotReached, "GET x"},
		{"another file that is not there", map[string]string{file: "also /p/secret-address/gone.cfg"}, simulate.NoConfig, "404"},
		{"a file without end", map[string]string{file: strings.Repeat("x", 8<<20+1)}, simulate.NotUnderstood, "more than 8388608 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := simulate.Run(t.Context(), serve(t, tt.files).options(phones(1)))
			got := r.Results[0]
			if got.Cause != tt.cause || (got.Err == nil) != (tt.cause == "") || got.Err != nil && !strings.Contains(got.Err.Error(), tt.says) {
				t.Errorf("%q: %v", got.Cause, got.Err)
			}
			if tt.cause == "" && r.Failed() != 0 || tt.cause != "" && r.Failed() != 1 {
				t.Errorf("%d failed", r.Failed())
			}
			if s := summary(t, r); strings.Contains(s, "secret") || tt.cause != "" && !strings.Contains(s, "1 × "+string(tt.cause)) {
				t.Errorf("summary:\n%s", s)
			}
		})
	}
}

func TestServerThatIsNotThere(t *testing.T) {
	t.Parallel()
	s := serve(t, nil)
	s.Close()
	r := simulate.Run(t.Context(), s.options(phones(12)))
	if r.Failed() != 12 || r.Results[11].Cause != simulate.NotReached {
		t.Errorf("%+v", r.Results[11])
	}
	got := summary(t, r)
	for _, want := range []string{"12 phones, 0 up, 12 failed; 0 files fetched, 0 unchanged; 0 accounts, 0 registered;", "12 × the provisioning server could not be reached", "… and 2 more"} {
		if !strings.Contains(got, want) {
			t.Errorf("%q is missing in\n%s", want, got)
		}
	}
}

// The second boot asks only for what has changed.
func TestSecondBoot(t *testing.T) {
	t.Parallel()
	s := serve(t, map[string]string{"001565000001.cfg": "also x.cfg\n" + account, "x.cfg": "102 pw 192.0.2.1 5060 UDP", "common.cfg": ""})
	o := s.options(phones(1))
	o.Boots = 3
	var agents sync.Map
	o.RequestHook = func(r *http.Request) { agents.Store(r.Header.Get("User-Agent"), true) }
	progressed := 0
	o.Progress = func(done, total int) { progressed = done*10 + total }
	r := simulate.Run(t.Context(), o)
	got := r.Results[0]
	if got.Err != nil || got.Fetched != 3 || got.NotChanged != 6 || len(got.State.Accounts) != 2 {
		t.Errorf("%+v", got)
	}
	if s.requests.Load() != 9 || s.unchanged.Load() != 6 {
		t.Errorf("%d requests, %d unchanged", s.requests.Load(), s.unchanged.Load())
	}
	if _, ok := agents.Load("Acme A1 001565000001"); !ok || progressed != 11 {
		t.Errorf("User-Agent sent: %v; progress %d", ok, progressed)
	}
}

func TestCancelledRun(t *testing.T) {
	t.Parallel()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if r := simulate.Run(ctx, serve(t, map[string]string{}).options(phones(8))); r.Failed() != 8 {
		t.Errorf("%d failed", r.Failed())
	}
}

// registrar is a SIP peer with one password.
type registrar struct {
	port      int
	registers atomic.Int32
	mu        sync.Mutex
	seen      []string // From and Contact of what was accepted
}

// mood is how the registrar answers.
type mood struct {
	algorithm string // of the challenge; "" for none
	status    int    // of the answer to the right password
	challenge int    // 401 or 407
}

func startRegistrar(t *testing.T, network string, certificate *tls.Certificate, m mood) *registrar {
	t.Helper()
	agent, err := sipgo.NewUA()
	if err != nil {
		t.Fatal(err)
	}
	s, err := sipgo.NewServer(agent, sipgo.WithServerLogger(slog.New(slog.DiscardHandler)))
	if err != nil {
		t.Fatal(err)
	}
	r := new(registrar)
	s.OnRegister(func(req *sip.Request, tx sip.ServerTransaction) {
		r.registers.Add(1)
		_ = tx.Respond(r.answer(req, m))
	})
	var wg sync.WaitGroup
	var closer interface{ Close() error }
	if network == "udp" {
		c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			t.Fatal(err)
		}
		closer, r.port = c, c.LocalAddr().(*net.UDPAddr).Port
		wg.Go(func() { _ = s.ServeUDP(c) })
	} else {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		r.port = l.Addr().(*net.TCPAddr).Port
		if certificate != nil {
			l = tls.NewListener(l, &tls.Config{Certificates: []tls.Certificate{*certificate}})
			wg.Go(func() { _ = s.ServeTLS(l) })
		} else {
			wg.Go(func() { _ = s.ServeTCP(l) })
		}
		closer = l
	}
	t.Cleanup(func() {
		_ = closer.Close()
		_ = agent.Close()
		wg.Wait()
	})
	return r
}

const nonce = "dcd98b7102dd2f0e8b11d0f600bfb0c093"

func (r *registrar) answer(req *sip.Request, m mood) *sip.Response {
	ask, reply := "WWW-Authenticate", "Authorization"
	if m.challenge == 407 {
		ask, reply = "Proxy-Authenticate", "Proxy-Authorization"
	}
	if m.algorithm != "" && !r.proves(req.GetHeader(reply), m.algorithm) {
		status := m.challenge
		if status == 0 {
			status = 401
		}
		res := sip.NewResponseFromRequest(req, status, "Who are you", nil)
		res.AppendHeader(sip.NewHeader(ask, fmt.Sprintf(`Digest realm="example", nonce="%s", algorithm=%s, qop="auth"`, nonce, m.algorithm)))
		return res
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	from, _, _ := strings.Cut(req.From().Value(), ";")
	r.seen = append(r.seen, from+" "+req.Contact().Address.User)
	return sip.NewResponseFromRequest(req, m.status, "As you say", nil)
}

func (r *registrar) accepted() []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.seen
}

// proves recomputes a digest of RFC 7616 with the password "pw".
func (r *registrar) proves(h sip.Header, algorithm string) bool {
	if h == nil {
		return false
	}
	p := make(map[string]string)
	for part := range strings.SplitSeq(strings.TrimPrefix(h.Value(), "Digest "), ",") {
		k, v, _ := strings.Cut(strings.TrimSpace(part), "=")
		p[k] = strings.Trim(v, `"`)
	}
	sum := func(parts ...string) string {
		d := sha256.New()
		if algorithm == "MD5" {
			d = md5.New()
		}
		d.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(d.Sum(nil))
	}
	a1, a2 := sum(p["username"], "example", "pw"), sum("REGISTER", p["uri"])
	return p["nonce"] == nonce && p["response"] == sum(a1, nonce, p["nc"], p["cnonce"], p["qop"], a2)
}

func TestRegister(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name       string
		network    string
		mood       mood
		password   string
		registered int
		cause      simulate.Cause
	}{
		{"no challenge", "UDP", mood{status: 200}, "pw", 1, ""},
		{"MD5", "UDP", mood{algorithm: "MD5", status: 200}, "pw", 1, ""},
		{"SHA-256", "UDP", mood{algorithm: "SHA-256", status: 200}, "pw", 1, ""},
		{"a proxy's challenge", "UDP", mood{algorithm: "MD5", status: 200, challenge: 407}, "pw", 1, ""},
		{"over TCP", "TCP", mood{algorithm: "MD5", status: 200}, "pw", 1, ""},
		{"wrong password", "UDP", mood{algorithm: "MD5", status: 200}, "wrong", 0, simulate.WrongPassword},
		{"wrong password, SHA-256", "UDP", mood{algorithm: "SHA-256", status: 200}, "wrong", 0, simulate.WrongPassword},
		{"an algorithm that nobody knows", "UDP", mood{algorithm: "ROT13", status: 200}, "pw", 0, simulate.Unreachable},
		{"forbidden", "UDP", mood{status: 403}, "pw", 0, simulate.WrongPassword},
		{"not found", "UDP", mood{status: 404}, "pw", 0, simulate.Refused},
		{"too busy", "UDP", mood{algorithm: "MD5", status: 503}, "pw", 0, simulate.Refused},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			r := startRegistrar(t, strings.ToLower(tt.network), nil, tt.mood)
			s := serve(t, map[string]string{"001565000001.cfg": fmt.Sprintf("101 %s 127.0.0.1 %d %s\n", tt.password, r.port, tt.network)})
			var log bytes.Buffer
			o := s.options(phones(1))
			o.Register, o.Log = true, slog.New(slog.NewTextHandler(&log, nil))
			report := simulate.Run(t.Context(), o)
			got := report.Results[0]
			if got.Registered != tt.registered || got.Cause != tt.cause {
				t.Errorf("%d registered, %q: %v", got.Registered, got.Cause, got.Err)
			}
			if tt.registered == 1 {
				if diff := cmp.Diff([]string{`"A quoted  name" <sip:101@127.0.0.1> 101`}, r.accepted()); diff != "" {
					t.Error(diff)
				}
			}
			if text := summary(t, report) + log.String(); strings.Contains(text, "wrong ") || strings.Contains(text, "101 pw") {
				t.Errorf("the password is in\n%s", text)
			}
		})
	}
}

// Every account of every phone is registered, at its outbound proxy if it has
// one, from one socket.
func TestRegisterEveryAccount(t *testing.T) {
	t.Parallel()
	good, bad := startRegistrar(t, "udp", nil, mood{algorithm: "MD5", status: 200}), startRegistrar(t, "udp", nil, mood{status: 404})
	files := make(map[string]string)
	list := phones(20)
	for _, p := range list {
		files[p.Unit.MAC.String()+".cfg"] = fmt.Sprintf("101 pw 127.0.0.1 %d UDP\n102 pw example.invalid %d UDP 127.0.0.1\n103 pw 127.0.0.1 %d UDP\n", good.port, good.port, bad.port)
	}
	o := serve(t, files).options(list)
	o.Register = true
	r := simulate.Run(t.Context(), o)
	if got := summary(t, r); !strings.Contains(got, "20 phones, 0 up, 20 failed; 20 files fetched, 0 unchanged; 60 accounts, 40 registered;") ||
		!strings.Contains(got, "20 × "+string(simulate.Refused)) {
		t.Error(got)
	}
	if good.registers.Load() != 80 || bad.registers.Load() != 20 {
		t.Errorf("%d and %d requests", good.registers.Load(), bad.registers.Load())
	}
}

func TestSilentRegistrar(t *testing.T) {
	t.Parallel()
	c, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	o := serve(t, map[string]string{"001565000001.cfg": fmt.Sprintf("101 pw 127.0.0.1 %d UDP\n", c.LocalAddr().(*net.UDPAddr).Port)}).options(phones(1))
	o.Register, o.Timeout = true, 300*time.Millisecond
	if got := simulate.Run(t.Context(), o).Results[0]; got.Cause != simulate.Unreachable || got.Registered != 0 {
		t.Errorf("%q: %v", got.Cause, got.Err)
	}
}

func TestRegistrarThatIsNotThere(t *testing.T) {
	t.Parallel()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := l.Addr().(*net.TCPAddr).Port
	l.Close()
	files := map[string]string{
		"001565000001.cfg": fmt.Sprintf("101 pw 127.0.0.1 %d TCP\n", port),
		"001565000002.cfg": "101 pw no-such-host.invalid 5060 UDP\n",
	}
	o := serve(t, files).options(phones(2))
	o.Register, o.Timeout = true, 2*time.Second
	for _, got := range simulate.Run(t.Context(), o).Results {
		if got.Cause != simulate.Unreachable {
			t.Errorf("%q: %v", got.Cause, got.Err)
		}
	}
}

func TestRegisterOverTLS(t *testing.T) {
	t.Parallel()
	web := httptest.NewTLSServer(nil)
	defer web.Close()
	r := startRegistrar(t, "tls", &web.TLS.Certificates[0], mood{algorithm: "SHA-256", status: 200})
	files := map[string]string{"001565000001.cfg": fmt.Sprintf("101 pw 127.0.0.1 %d TLS\n", r.port)}
	trusted := x509.NewCertPool()
	trusted.AddCert(web.Certificate())
	for _, tt := range []struct {
		config *tls.Config
		want   simulate.Cause
	}{{&tls.Config{RootCAs: trusted}, ""}, {nil, simulate.Unreachable}} {
		o := serve(t, files).options(phones(1))
		o.Register, o.TLS = true, tt.config
		if got := simulate.Run(t.Context(), o).Results[0]; got.Cause != tt.want {
			t.Errorf("%q: %v", got.Cause, got.Err)
		}
	}
}
