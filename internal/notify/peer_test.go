package notify_test

import (
	"bufio"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/md5"
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/hex"
	"fmt"
	"hash"
	"io"
	"math/big"
	"net"
	"regexp"
	"strings"
	"sync"
	"testing"
	"time"

	"go.uber.org/goleak"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// planted is the password of every account here. No error may show it.
const planted = "Pl4nted-Secret-9f3"

const event = "check-sync;reboot=false"

func target() notify.Target {
	return notify.Target{MAC: mac.MustParse("001565aabbcc"), Extension: "100", Domain: "pbx.example.org"}
}

// attempt sends event and checks what holds for every attempt.
func attempt(t *testing.T, s notify.Sender, to notify.Target) (notify.Outcome, bool, error) {
	t.Helper()
	retry, err := s.Notify(t.Context(), to, event)
	outcome := notify.OutcomeOf(err)
	switch {
	case err == nil && retry:
		t.Error("retry after a success")
	case err != nil && outcome == notify.Delivered:
		t.Errorf("an error of the class %v: %v", outcome, err)
	case err != nil && strings.Contains(fmt.Sprintf("%v %+v %#v", err, err, err), planted):
		t.Errorf("the error shows the secret: %v", err)
	case err != nil && strings.ContainsAny(err.Error(), "\r\n"):
		t.Errorf("the error has more than one line: %q", err)
	}
	return outcome, retry, err
}

// want sends event and compares how it ends.
func want(t *testing.T, s notify.Sender, to notify.Target, outcome notify.Outcome, retry bool) error {
	t.Helper()
	gotOutcome, gotRetry, err := attempt(t, s, to)
	if gotOutcome != outcome || gotRetry != retry {
		t.Errorf("the attempt was %v, retry %v; want %v, retry %v: %v", gotOutcome, gotRetry, outcome, retry, err)
	}
	return err
}

func closing(t *testing.T, c io.Closer) {
	t.Helper()
	t.Cleanup(func() {
		if err := c.Close(); err != nil {
			t.Errorf("Close: %v", err)
		}
		if err := c.Close(); err != nil {
			t.Errorf("Close again: %v", err)
		}
	})
}

// request is a SIP request as a peer that shares no code with the sender reads it.
type request struct {
	raw, line string
	fields    map[string]string
}

func read(raw string) request {
	r := request{raw: raw, fields: make(map[string]string)}
	lines := strings.Split(strings.TrimSuffix(raw, "\r\n\r\n"), "\r\n")
	r.line = lines[0]
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		r.fields[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	return r
}

// answer is a response to r: "200 OK", and further fields.
func (r request) answer(status string, fields ...string) string {
	lines := append([]string{
		"SIP/2.0 " + status, "Via: " + r.fields["via"], "From: " + r.fields["from"], "To: " + r.fields["to"] + ";tag=peer",
		"Call-ID: " + r.fields["call-id"], "CSeq: " + r.fields["cseq"],
	}, fields...)
	return strings.Join(lines, "\r\n") + "\r\nContent-Length: 0\r\n\r\n"
}

// sipPeer plays a phone, a PBX or a proxy. reply gets each request and its number
// from 0, and returns what to send back, each as a packet of its own.
type sipPeer struct {
	address   string
	transport string
	roots     *x509.CertPool
	reply     func(n int, r request) []string

	mu          sync.Mutex
	requests    []request
	sources     []string
	connections int
}

func startPeer(t *testing.T, transport string, reply func(n int, r request) []string) *sipPeer {
	t.Helper()
	p := &sipPeer{transport: transport, reply: reply}
	var open []io.Closer
	var all sync.WaitGroup
	t.Cleanup(func() {
		p.mu.Lock()
		for _, c := range open {
			c.Close()
		}
		p.mu.Unlock()
		all.Wait()
	})
	if transport == "UDP" {
		socket, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		open = append(open, socket)
		p.address = socket.LocalAddr().String()
		all.Go(func() {
			buffer := make([]byte, 1<<16)
			for {
				n, from, err := socket.ReadFrom(buffer)
				if err != nil {
					return
				}
				for _, packet := range p.take(string(buffer[:n]), from.String()) {
					socket.WriteTo([]byte(packet), from)
				}
			}
		})
		return p
	}
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p.address = listener.Addr().String()
	if transport == "TLS" {
		var config *tls.Config
		config, p.roots = certificate(t)
		listener = tls.NewListener(listener, config)
	}
	open = append(open, listener)
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			open = append(open, conn)
			p.connections++
			p.mu.Unlock()
			all.Go(func() {
				defer conn.Close()
				lines := bufio.NewReader(conn)
				var raw strings.Builder
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					raw.WriteString(line)
					if line != "\r\n" {
						continue
					}
					for _, packet := range p.take(raw.String(), conn.RemoteAddr().String()) {
						if packet == hangUp {
							return
						}
						io.WriteString(conn, packet)
					}
					raw.Reset()
				}
			})
		}
	})
	return p
}

// hangUp among a reply's packets closes the connection.
const hangUp = "\x00"

func (p *sipPeer) take(raw, from string) []string {
	r := read(raw)
	p.mu.Lock()
	n := len(p.requests)
	p.requests = append(p.requests, r)
	p.sources = append(p.sources, from)
	p.mu.Unlock()
	return p.reply(n, r)
}

func (p *sipPeer) got() []request {
	p.mu.Lock()
	defer p.mu.Unlock()
	return append([]request(nil), p.requests...)
}

func (p *sipPeer) opened() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.connections
}

func always(status string, fields ...string) func(int, request) []string {
	return func(_ int, r request) []string { return []string{r.answer(status, fields...)} }
}

func silent(int, request) []string { return nil }

// account returns a Proxy's configuration for the peer, with credentials.
func (p *sipPeer) config() notify.ProxyConfig {
	c := notify.ProxyConfig{
		Address: p.address, Transport: p.transport, User: "dialplane", Password: secret.New(planted), Timeout: patient,
	}
	if p.roots != nil {
		c.TLS = &tls.Config{RootCAs: p.roots}
	}
	return c
}

func proxy(t *testing.T, c notify.ProxyConfig) *notify.Proxy {
	t.Helper()
	s, err := notify.NewProxy(c)
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	return s
}

func certificate(t *testing.T) (*tls.Config, *x509.CertPool) {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "peer"}, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	leaf, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(leaf)
	return &tls.Config{Certificates: []tls.Certificate{{Certificate: [][]byte{der}, PrivateKey: key}}}, roots
}

var digestField = regexp.MustCompile(`(\w+)=(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))`)

// verify checks an Authorization value as RFC 2617 and RFC 8760 have it, for the
// planted password, and returns why it is wrong, or "".
func verify(r request, header, realm, nonce, algorithm string, qop bool) string {
	value, there := r.fields[header]
	if !there {
		return "there is no " + header
	}
	f := make(map[string]string)
	for _, m := range digestField.FindAllStringSubmatch(strings.TrimPrefix(value, "Digest "), -1) {
		f[m[1]] = m[2] + m[3]
	}
	var h hash.Hash
	switch algorithm {
	case "SHA-256":
		h = sha256.New()
	case "SHA-512-256":
		h = sha512.New512_256()
	default:
		h = md5.New()
	}
	sum := func(s string) string {
		h.Reset()
		h.Write([]byte(s))
		return hex.EncodeToString(h.Sum(nil))
	}
	uri := strings.Fields(r.line)[1]
	a1, a2 := sum("dialplane:"+realm+":"+planted), sum("NOTIFY:"+uri)
	response := sum(a1 + ":" + nonce + ":" + a2)
	if qop {
		response = sum(strings.Join([]string{a1, nonce, f["nc"], f["cnonce"], "auth", a2}, ":"))
		if f["qop"] != "auth" || len(f["nc"]) != 8 || len(f["cnonce"]) < 16 {
			return fmt.Sprintf("qop %q, nc %q, cnonce %q", f["qop"], f["nc"], f["cnonce"])
		}
	}
	for name, want := range map[string]string{"username": "dialplane", "realm": realm, "nonce": nonce, "uri": uri, "algorithm": algorithm, "response": response} {
		if f[name] != want {
			return fmt.Sprintf("%s is %q, not %q", name, f[name], want)
		}
	}
	return ""
}

// eventually repeats an attempt as a caller would that heeds retry.
func eventually(t *testing.T, s notify.Sender, to notify.Target) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	for {
		_, retry, err := attempt(t, s, to)
		if err == nil {
			return
		}
		if !retry {
			t.Fatalf("no retry after %v", err)
		}
		select {
		case <-ctx.Done():
			t.Fatalf("still: %v", err)
		case <-time.After(50 * time.Millisecond):
		}
	}
}
