package notify_test

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"os"
	"regexp"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/secret"
)

// patient is a timeout that a busy machine does not reach.
const patient = 30 * time.Second

func direct(t *testing.T, timeout time.Duration) *notify.Direct {
	t.Helper()
	s, err := notify.NewDirect(notify.DirectConfig{Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	return s
}

func at(address string) notify.Target {
	to := target()
	to.Contact = address
	return to
}

func TestDirectRequest(t *testing.T) {
	t.Parallel()
	phone := startPeer(t, "UDP", always("200 OK"))
	s := direct(t, patient)
	for range 2 {
		want(t, s, at(phone.address), notify.Delivered, false)
	}
	requests := phone.got()
	if len(requests) != 2 {
		t.Fatalf("the phone got %d requests", len(requests))
	}
	random := regexp.MustCompile(`(branch=z9hG4bK|tag=|Call-ID: )[A-Z2-7]{26,}`)
	got := random.ReplaceAllString(requests[0].raw, "${1}RANDOM")
	wanted := strings.ReplaceAll(fmt.Sprintf(`NOTIFY sip:100@%[1]s SIP/2.0
Via: SIP/2.0/UDP %[2]s;rport;branch=z9hG4bKRANDOM
Max-Forwards: 70
From: <sip:dialplane@127.0.0.1>;tag=RANDOM
To: <sip:100@pbx.example.org>
Call-ID: RANDOM
CSeq: 1 NOTIFY
Contact: <sip:%[2]s;transport=udp>
Event: check-sync;reboot=false
Subscription-State: terminated;reason=noresource
User-Agent: Dialplane
Content-Length: 0

`, phone.address, phone.sources[0]), "\n", "\r\n")
	if diff := cmp.Diff(wanted, got); diff != "" {
		t.Errorf("the request differs (-want +got):\n%s", diff)
	}
	if phone.sources[0] != phone.sources[1] {
		t.Errorf("two requests left from %s and %s: one socket is enough", phone.sources[0], phone.sources[1])
	}
	for _, field := range []string{"via", "from", "call-id"} {
		if requests[0].fields[field] == requests[1].fields[field] {
			t.Errorf("two requests have the %s %q", field, requests[0].fields[field])
		}
	}
}

func TestDirectAddresses(t *testing.T) {
	t.Parallel()
	s := direct(t, 200*time.Millisecond)
	for _, c := range []struct {
		name          string
		contact, host string
		outcome       notify.Outcome
		retry         bool
	}{
		{"neither", "", "", notify.Unreachable, true},
		{"a name", "evil.example.org:5060", "", notify.Broken, false},
		{"no port", "192.0.2.1", "", notify.Broken, false},
		{"port 0", "127.0.0.1:0", "", notify.Broken, false},
		{"broadcast", "255.255.255.255:5060", "", notify.Broken, false},
		{"multicast", "224.0.1.75:5060", "", notify.Broken, false},
		{"mapped multicast", "[::ffff:224.0.1.75]:5060", "", notify.Broken, false},
		{"IPv6 multicast", "[ff02::1]:5060", "", notify.Broken, false},
		{"any", "0.0.0.0:5060", "", notify.Broken, false},
		{"a host that is a name", "", "evil.example.org", notify.Broken, false},
		{"a host with a port", "", "127.0.0.1:5060", notify.Broken, false},
		{"two lines", "127.0.0.1:5060\r\nVia: x", "", notify.Broken, false},
	} {
		t.Run(c.name, func(t *testing.T) {
			t.Parallel()
			to := target()
			to.Contact, to.Host = c.contact, c.host
			want(t, s, to, c.outcome, c.retry)
		})
	}
	t.Run("host alone is port 5060", func(t *testing.T) {
		t.Parallel()
		to := target()
		to.Host = "127.0.0.1"
		if err := want(t, s, to, notify.TimedOut, true); err == nil || !strings.Contains(err.Error(), "127.0.0.1:5060") {
			t.Errorf("the error does not name the address: %v", err)
		}
	})
}

func TestDirectIPv6(t *testing.T) {
	t.Parallel()
	socket, err := net.ListenPacket("udp6", "[::1]:0")
	if err != nil {
		t.Skipf("SKIPPED: no IPv6: %v", err)
	}
	var reader sync.WaitGroup
	t.Cleanup(func() { socket.Close(); reader.Wait() })
	uri := make(chan string, 1)
	reader.Go(func() {
		buffer := make([]byte, 4096)
		n, from, err := socket.ReadFrom(buffer)
		if err != nil {
			return
		}
		r := read(string(buffer[:n]))
		uri <- r.line + " " + r.fields["via"]
		socket.WriteTo([]byte(r.answer("200 OK")), from)
	})
	want(t, direct(t, patient), at(socket.LocalAddr().String()), notify.Delivered, false)
	if got := <-uri; !strings.HasPrefix(got, "NOTIFY sip:100@[::1]:") || !strings.Contains(got, "UDP [::1]:") {
		t.Errorf("the request is %q", got)
	}
}

func TestAnswers(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		status  string
		outcome notify.Outcome
		retry   bool
	}{
		{"200 OK", notify.Delivered, false},
		{"202 Accepted", notify.Delivered, false},
		{"302 Moved", notify.Refused, false},
		{"401 Unauthorized", notify.Challenged, false},
		{"407 Proxy Authentication Required", notify.Challenged, false},
		{"403 Forbidden", notify.Refused, false},
		{"404 Not Found", notify.Unreachable, true},
		{"405 Method Not Allowed", notify.Refused, false},
		{"408 Request Timeout", notify.Unreachable, true},
		{"410 Gone", notify.Unreachable, false},
		{"480 Temporarily Unavailable", notify.Unreachable, true},
		{"481 Subscription Does Not Exist", notify.Refused, false},
		{"489 Bad Event", notify.Refused, false},
		{"500 Error", notify.Refused, true},
		{"501 Not Implemented", notify.Refused, false},
		{"503 Service Unavailable", notify.Refused, true},
		{"603 Decline", notify.Refused, false},
		{"200 ", notify.Delivered, false},
		{"403 \x1b[31mred\x07 " + strings.Repeat("long", 500), notify.Refused, false},
	} {
		t.Run(c.status[:3], func(t *testing.T) {
			t.Parallel()
			peer := startPeer(t, "UDP", always(c.status))
			errDirect := want(t, direct(t, patient), at(peer.address), c.outcome, c.retry)
			config := peer.config()
			config.User = ""
			errProxy := want(t, proxy(t, config), target(), c.outcome, c.retry)
			for _, err := range []error{errDirect, errProxy} {
				if err != nil && (len(err.Error()) > 400 || strings.Contains(err.Error(), "\x1b")) {
					t.Errorf("the error is long or not printable: %q", err)
				}
			}
		})
	}
}

// TestForeignAnswers sends answers that are not for the request before the one
// that is: it must not be fooled, over any transport.
func TestForeignAnswers(t *testing.T) {
	t.Parallel()
	replace := func(old, with string) func(request) string {
		return func(r request) string {
			return regexp.MustCompile(old).ReplaceAllString(r.answer("403 Forbidden"), with)
		}
	}
	for name, fake := range map[string]func(request) string{
		"branch":     replace(`branch=\S+`, "branch=z9hG4bKwrong"),
		"no branch":  replace(`;branch=\S+`, ""),
		"Call-ID":    replace(`Call-ID: .*`, "Call-ID: wrong\r"),
		"no Call-ID": replace(`Call-ID: .*\r\n`, ""),
		"tag":        replace(`(From: .*tag=).*`, "${1}wrong\r"),
		"no From":    replace(`From: .*\r\n`, ""),
		"sequence":   replace(`CSeq: 1`, "CSeq: 2"),
		"method":     replace(`CSeq: 1 NOTIFY`, "CSeq: 1 INVITE"),
		"second Via": replace(`(Via: .*\r\n)`, "${1}Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKother\r\n"),
		"two Vias":   replace(`Via: `, "Via: SIP/2.0/UDP 192.0.2.9;branch=z9hG4bKother\r\nVia: "),
		"version":    replace(`SIP/2\.0 403`, "SIP/3.0 403"),
		"status 99":  replace(`403`, "099"),
		"status 700": replace(`403`, "700"),
		"a request":  func(r request) string { return strings.Replace(r.raw, "NOTIFY", "OPTIONS", 2) },
		"wrong 200":  func(r request) string { return strings.Replace(r.answer("200 OK"), "branch=z9", "branch=z8", 1) },
		"a 401 foreign": func(r request) string {
			return strings.Replace(r.answer("401 U", `WWW-Authenticate: Digest realm="x", nonce="y"`), "tag=", "tag=x", 1)
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			reply := func(_ int, r request) []string { return []string{fake(r), fake(r), r.answer("489 Bad Event")} }
			for _, transport := range []string{"UDP", "TCP"} {
				peer := startPeer(t, transport, reply)
				if err := want(t, proxy(t, peer.config()), target(), notify.Refused, false); err != nil && !strings.Contains(err.Error(), "489") {
					t.Errorf("over %s: %v", transport, err)
				}
			}
			phone := startPeer(t, "UDP", reply)
			if err := want(t, direct(t, patient), at(phone.address), notify.Refused, false); err != nil && !strings.Contains(err.Error(), "489") {
				t.Errorf("directly: %v", err)
			}
		})
	}
	t.Run("only foreign ones", func(t *testing.T) {
		t.Parallel()
		phone := startPeer(t, "UDP", func(_ int, r request) []string {
			return []string{strings.Replace(r.answer("200 OK"), "Call-ID: ", "Call-ID: x", 1), "\r\n\r\n", "SIP/2.0 200", "\x00\x00", strings.Repeat("A", 60000)}
		})
		want(t, direct(t, 300*time.Millisecond), at(phone.address), notify.TimedOut, true)
	})
}

func TestLostPackets(t *testing.T) {
	t.Parallel()
	lossy := func(n int, r request) []string {
		if n < 2 {
			return nil
		}
		return []string{r.answer("100 Trying"), r.answer("200 OK"), r.answer("200 OK")}
	}
	for _, name := range []string{"direct", "proxy"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			peer := startPeer(t, "UDP", lossy)
			began := time.Now()
			if name == "direct" {
				want(t, direct(t, patient), at(peer.address), notify.Delivered, false)
			} else {
				want(t, proxy(t, peer.config()), target(), notify.Delivered, false)
			}
			if took := time.Since(began); took < 1400*time.Millisecond || took > 4400*time.Millisecond {
				t.Errorf("two lost packets took %s, not 0.5 s + 1 s", took)
			}
			requests := peer.got()
			if len(requests) != 3 || requests[0].raw != requests[1].raw || requests[0].raw != requests[2].raw {
				t.Errorf("%d requests, or they differ:\n%v", len(requests), requests)
			}
		})
	}
	t.Run("nothing is sent twice over TCP", func(t *testing.T) {
		t.Parallel()
		peer := startPeer(t, "TCP", silent)
		config := peer.config()
		config.Timeout = 1200 * time.Millisecond
		want(t, proxy(t, config), target(), notify.TimedOut, true)
		if n := len(peer.got()); n != 1 {
			t.Errorf("%d requests", n)
		}
	})
}

func TestLateAnswer(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"UDP", "TCP"} {
		t.Run(transport, func(t *testing.T) {
			t.Parallel()
			var late string
			peer := startPeer(t, transport, func(n int, r request) []string {
				if n == 0 {
					late = r.answer("603 Decline")
					return []string{r.answer("100 Trying")}
				}
				return []string{late, r.answer("200 OK")}
			})
			s := proxy(t, peer.config())
			ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond)
			defer cancel()
			if _, err := s.Notify(ctx, target(), event); notify.OutcomeOf(err) != notify.TimedOut {
				t.Errorf("the first: %v", err)
			}
			want(t, s, target(), notify.Delivered, false)
		})
	}
}

func TestProxyRequest(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"UDP", "TCP", "TLS"} {
		peer := startPeer(t, transport, always("200 OK"))
		s := proxy(t, peer.config())
		const many = 20
		var all sync.WaitGroup
		for range many {
			all.Go(func() { want(t, s, target(), notify.Delivered, false) })
		}
		all.Wait()
		r := peer.got()[0]
		source := peer.sources[0]
		for field, wanted := range map[string]string{
			"to": "<sip:100@pbx.example.org>", "contact": "<sip:" + source + ";transport=" + strings.ToLower(transport) + ">", "cseq": "1 NOTIFY",
		} {
			if r.fields[field] != wanted {
				t.Errorf("over %s: %s is %q, not %q", transport, field, r.fields[field], wanted)
			}
		}
		if r.line != "NOTIFY sip:100@pbx.example.org SIP/2.0" || !strings.HasPrefix(r.fields["via"], "SIP/2.0/"+transport+" "+source+";") {
			t.Errorf("over %s: the request is %q with the Via %q", transport, r.line, r.fields["via"])
		}
		if r.fields["authorization"] != "" || !strings.HasPrefix(r.fields["from"], "<sip:dialplane@pbx.example.org>;tag=") {
			t.Errorf("over %s: the fields are %v", transport, r.fields)
		}
		if transport != "UDP" && peer.opened() != 1 {
			t.Errorf("over %s: %d NOTIFYs took %d connections", transport, many, peer.opened())
		}
	}
}

// pbx challenges with WWW-Authenticate (401) or Proxy-Authenticate (407) and takes
// the right answer alone.
func challenge(code, algorithm string, qop bool) (reply func(int, request) []string, wrong *sync.Map) {
	wrong = new(sync.Map)
	asks, header := "WWW-Authenticate", "authorization"
	if code == "407" {
		asks, header = "Proxy-Authenticate", "proxy-authorization"
	}
	const realm, nonce = "pbx.example.org", "abc/+==:\\\"q\\\" d"
	offer := asks + `: Digest realm="` + realm + `", nonce="` + nonce + `", opaque="o p"`
	if algorithm != "" {
		offer += ", algorithm=" + algorithm
	}
	if qop {
		offer += `, qop="auth-int, auth"`
	}
	return func(_ int, r request) []string {
		if r.fields[header] == "" {
			return []string{r.answer(code+" Who", offer)}
		}
		if why := verify(r, header, realm, nonce, algorithm, qop); why != "" {
			wrong.Store(why, true)
			return []string{r.answer("403 Forbidden")}
		}
		return []string{r.answer("200 OK")}
	}, wrong
}

func TestDigest(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"UDP", "TCP", "TLS"} {
		for _, code := range []string{"401", "407"} {
			for _, algorithm := range []string{"", "MD5", "SHA-256", "SHA-512-256"} {
				for _, qop := range []bool{false, true} {
					t.Run(fmt.Sprint(transport, code, algorithm, qop), func(t *testing.T) {
						t.Parallel()
						reply, wrong := challenge(code, algorithm, qop)
						peer := startPeer(t, transport, reply)
						config := peer.config()
						config.Realm = "pbx.example.org"
						want(t, proxy(t, config), target(), notify.Delivered, false)
						wrong.Range(func(why, _ any) bool { t.Error(why); return true })
						requests := peer.got()
						if len(requests) != 2 {
							t.Fatalf("%d requests", len(requests))
						}
						first, second := requests[0].fields, requests[1].fields
						if first["call-id"] != second["call-id"] || first["from"] != second["from"] || second["cseq"] != "2 NOTIFY" || first["via"] == second["via"] {
							t.Errorf("the second request does not continue the first:\n%v\n%v", first, second)
						}
					})
				}
			}
		}
	}
}

// TestProxyAndPhoneChallenge has the proxy ask first and the phone behind it next.
func TestProxyAndPhoneChallenge(t *testing.T) {
	t.Parallel()
	peer := startPeer(t, "UDP", func(_ int, r request) []string {
		switch {
		case r.fields["proxy-authorization"] == "":
			return []string{r.answer("407 Who", `Proxy-Authenticate: Digest realm="r", nonce="proxy", qop="auth"`)}
		case r.fields["authorization"] == "":
			return []string{r.answer("401 Who", `WWW-Authenticate: Digest realm="r", nonce="phone"`)}
		case verify(r, "proxy-authorization", "r", "proxy", "", true) != "", verify(r, "authorization", "r", "phone", "", false) != "":
			return []string{r.answer("403 Forbidden")}
		case !strings.Contains(r.fields["proxy-authorization"], "nc=00000002"):
			return []string{r.answer("400 Count")}
		}
		return []string{r.answer("200 OK")}
	})
	want(t, proxy(t, peer.config()), target(), notify.Delivered, false)
}

func TestStaleNonce(t *testing.T) {
	t.Parallel()
	peer := startPeer(t, "UDP", func(_ int, r request) []string {
		switch {
		case r.fields["authorization"] == "":
			return []string{r.answer("401 Who", `WWW-Authenticate: Digest realm="r", nonce="old"`)}
		case strings.Contains(r.fields["authorization"], `nonce="old"`):
			return []string{r.answer("401 Who", `WWW-Authenticate: Digest realm="r", nonce="new", stale=TRUE`)}
		case verify(r, "authorization", "r", "new", "", false) != "", strings.Count(r.raw, "\r\nAuthorization:") != 1:
			return []string{r.answer("403 Forbidden")}
		}
		return []string{r.answer("200 OK")}
	})
	want(t, proxy(t, peer.config()), target(), notify.Delivered, false)
}

func TestChallengesNotAnswered(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("r", 60000)
	for _, c := range []struct {
		name     string
		fields   []string
		requests int
	}{
		{"wrong password", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n"`}, 2},
		{"stale for ever", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n", stale=true`}, 3},
		{"another realm", []string{`WWW-Authenticate: Digest realm="evil", nonce="n"`}, 1},
		{"another realm in case", []string{`WWW-Authenticate: Digest realm="PBX", nonce="n"`}, 1},
		{"no header", nil, 1},
		{"the other header", []string{`Proxy-Authenticate: Digest realm="pbx", nonce="n"`}, 1},
		{"Basic", []string{`WWW-Authenticate: Basic realm="pbx"`}, 1},
		{"unknown algorithm", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n", algorithm=ROT13`}, 1},
		{"session algorithm", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n", algorithm=MD5-sess`}, 1},
		{"only auth-int", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n", qop="auth-int"`}, 1},
		{"long realm", []string{`WWW-Authenticate: Digest realm="` + long + `", nonce="n"`}, 1},
		{"long nonce", []string{`WWW-Authenticate: Digest realm="pbx", nonce="` + long + `"`}, 1},
		{"open quote", []string{`WWW-Authenticate: Digest realm="pbx, nonce="n`}, 1},
		{"quote escaped at the end", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n\"`}, 1},
		{"no nonce", []string{`WWW-Authenticate: Digest realm="pbx"`}, 1},
		{"realm twice", []string{`WWW-Authenticate: Digest realm="pbx", nonce="n", realm="evil"`}, 1},
		{"tab in the nonce", []string{"WWW-Authenticate: Digest realm=\"pbx\", nonce=\"n\tm\""}, 1},
		{"garbage", []string{"WWW-Authenticate: =,=\"\"\\"}, 1},
		{"empty", []string{"WWW-Authenticate:"}, 1},
	} {
		for _, transport := range []string{"UDP", "TCP"} {
			t.Run(c.name+" "+transport, func(t *testing.T) {
				t.Parallel()
				peer := startPeer(t, transport, always("401 Who", c.fields...))
				config := peer.config()
				config.Realm = "pbx"
				err := want(t, proxy(t, config), target(), notify.Challenged, false)
				if err != nil && len(err.Error()) > 400 {
					t.Errorf("the error has %d bytes", len(err.Error()))
				}
				requests := peer.got()
				if len(requests) != c.requests {
					t.Errorf("%d requests, not %d", len(requests), c.requests)
				}
				for _, r := range requests[1:] {
					if c.requests == 1 || strings.Contains(r.raw, planted) {
						t.Errorf("credentials were sent:\n%s", r.raw)
					}
				}
			})
		}
	}
	t.Run("a message that is too long for any", func(t *testing.T) {
		t.Parallel()
		peer := startPeer(t, "TCP", always("401 Who", `WWW-Authenticate: Digest realm="`+strings.Repeat("r", 1<<20)+`", nonce="n"`))
		want(t, proxy(t, peer.config()), target(), notify.Unreachable, true)
	})
	t.Run("an answer that is too long for UDP", func(t *testing.T) {
		t.Parallel()
		peer := startPeer(t, "UDP", always("401 Who", `WWW-Authenticate: Digest realm="r", nonce="`+strings.Repeat("n", 1000)+`"`))
		want(t, proxy(t, peer.config()), target(), notify.Broken, false)
	})
}

// TestChoosesAmongChallenges: RFC 8760 servers list the best first.
func TestChoosesAmongChallenges(t *testing.T) {
	t.Parallel()
	peer := startPeer(t, "UDP", func(_ int, r request) []string {
		if r.fields["authorization"] == "" {
			return []string{r.answer("401 Who",
				`WWW-Authenticate: Digest realm="r", nonce="n", algorithm=SHA3-512`,
				`WWW-Authenticate: Digest realm="evil", nonce="n"`,
				`WWW-Authenticate:Digest  Realm = "r" ,Nonce="n",algorithm=SHA-256, qop="auth"`,
				`WWW-Authenticate: Digest realm="r", nonce="n", algorithm=MD5`)}
		}
		if verify(r, "authorization", "r", "n", "SHA-256", true) != "" {
			return []string{r.answer("403 Forbidden")}
		}
		return []string{r.answer("200 OK")}
	})
	config := peer.config()
	config.Realm = "r"
	want(t, proxy(t, config), target(), notify.Delivered, false)
}

func TestNobodyThere(t *testing.T) {
	t.Parallel()
	socket, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := socket.LocalAddr().String()
	socket.Close()
	for _, transport := range []string{"UDP", "TCP", "TLS"} {
		s := proxy(t, notify.ProxyConfig{Address: address, Transport: transport})
		began := time.Now()
		want(t, s, target(), notify.Unreachable, true)
		want(t, s, target(), notify.Unreachable, true) // while it pauses
		if took := time.Since(began); took > 4*time.Second {
			t.Errorf("over %s it took %s to see that nobody is there", transport, took)
		}
	}
	s := proxy(t, notify.ProxyConfig{Address: "nobody.invalid:5060", Transport: "UDP"})
	want(t, s, target(), notify.Unreachable, true)
}

func TestUntrustedCertificate(t *testing.T) {
	t.Parallel()
	peer := startPeer(t, "TLS", always("200 OK"))
	config := peer.config()
	_, config.TLS.RootCAs = certificate(t)
	if err := want(t, proxy(t, config), target(), notify.Broken, false); err != nil && !strings.Contains(err.Error(), "not trusted") {
		t.Error(err)
	}
	config.TLS = &tls.Config{RootCAs: peer.roots, ServerName: "other.example.org"}
	want(t, proxy(t, config), target(), notify.Broken, false)
	if len(peer.got()) != 0 {
		t.Error("a NOTIFY went to a peer that is not trusted")
	}
}

func TestLostConnection(t *testing.T) {
	t.Parallel()
	for _, transport := range []string{"TCP", "TLS"} {
		peer := startPeer(t, transport, func(n int, r request) []string {
			switch n {
			case 0:
				return []string{hangUp}
			case 1:
				return []string{"HTTP/1.1 400 Bad Request\r\n\r\n"}
			}
			// The answer comes in pieces, and two in one.
			a := r.answer("200 OK")
			return []string{"\r\n\r\n" + a[:1], a[1:30], a[30:] + a}
		})
		s := proxy(t, peer.config())
		want(t, s, target(), notify.Unreachable, true)
		eventually(t, s, target())
		eventually(t, s, target())
		if n := peer.opened(); n != 3 {
			t.Errorf("over %s: %d connections", transport, n)
		}
	}
}

func TestCancelAndClose(t *testing.T) {
	t.Parallel()
	peer := startPeer(t, "UDP", silent)
	senders := map[string]interface {
		notify.Sender
		Close() error
	}{"direct": direct(t, patient), "proxy": proxy(t, peer.config())}
	for name, s := range senders {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			ctx, cancel := context.WithCancel(t.Context())
			time.AfterFunc(50*time.Millisecond, cancel)
			retry, err := s.Notify(ctx, at(peer.address), event)
			if !errors.Is(err, context.Canceled) || notify.OutcomeOf(err) != notify.Broken || !retry {
				t.Errorf("canceled: retry %v, %v", retry, err)
			}
			ctx, cancel = context.WithTimeout(t.Context(), 50*time.Millisecond)
			defer cancel()
			if _, err := s.Notify(ctx, at(peer.address), event); notify.OutcomeOf(err) != notify.TimedOut {
				t.Errorf("the caller's deadline: %v", err)
			}
			time.AfterFunc(50*time.Millisecond, func() { s.Close() })
			for range 2 { // one under way, one afterwards
				if err := want(t, s, at(peer.address), notify.Broken, false); !errors.Is(err, notify.ErrClosed) {
					t.Errorf("closed: %v", err)
				}
			}
		})
	}
}

func TestRefusesWhatBreaksLines(t *testing.T) {
	t.Parallel()
	peer := startPeer(t, "TCP", always("200 OK"))
	ami, err := notify.NewAMI(notify.AMIConfig{Address: peer.address, User: "u", Secret: secret.New(planted)})
	if err != nil {
		t.Fatal(err)
	}
	esl, err := notify.NewESL(notify.ESLConfig{Address: peer.address, Password: secret.New(planted)})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, ami)
	closing(t, esl)
	senders := []notify.Sender{direct(t, patient), proxy(t, peer.config()), ami, esl}
	bad := []string{"a\r\nb", "a\nb", "a\rb", "a\x00b", "a b", "a\tb", "a,b", "a:b", "a;b c", "<a>", "a\"", "a\u2028b", "a\x85b", strings.Repeat("a", 300), "é", "a%0d%0ab"}
	for _, s := range senders {
		for _, b := range bad {
			if retry, err := s.Notify(t.Context(), at("127.0.0.1:9"), b); notify.OutcomeOf(err) != notify.Broken || retry {
				t.Errorf("%T sent the event %q: %v", s, b, err)
			}
			extension, domain := at("127.0.0.1:9"), at("127.0.0.1:9")
			extension.Extension, domain.Domain = b, b
			want(t, s, extension, notify.Broken, false)
			want(t, s, domain, notify.Broken, false)
		}
		if _, err := s.Notify(t.Context(), at("127.0.0.1:9"), ""); notify.OutcomeOf(err) != notify.Broken {
			t.Errorf("%T sent an empty event: %v", s, err)
		}
	}
	if n := peer.opened(); n != 0 {
		t.Errorf("%d connections were opened for what was refused", n)
	}
}

func TestEventsOfVendors(t *testing.T) {
	t.Parallel()
	phone := startPeer(t, "UDP", always("200 OK"))
	s, err := notify.NewDirect(notify.DirectConfig{Listen: "127.0.0.1:0"})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	for i, e := range []string{"check-sync", "check-sync;reboot=true", "resync", "reboot_now", "restart_now", "sys-control", "ACTION-URI", "aastra-xml", "service-control"} {
		if _, err := s.Notify(t.Context(), at(phone.address), e); err != nil {
			t.Error(err)
		} else if got := phone.got()[i].fields["event"]; got != e {
			t.Errorf("the event %q became %q", e, got)
		}
	}
}

func TestConfigurations(t *testing.T) {
	t.Parallel()
	pass := secret.New(planted)
	for name, err := range map[string]error{
		"direct listen":   second(notify.NewDirect(notify.DirectConfig{Listen: "nonsense"})),
		"proxy address":   second(notify.NewProxy(notify.ProxyConfig{Address: "pbx", Transport: "UDP"})),
		"proxy host":      second(notify.NewProxy(notify.ProxyConfig{Address: ":5060", Transport: "UDP"})),
		"proxy transport": second(notify.NewProxy(notify.ProxyConfig{Address: "pbx:5060", Transport: "udp"})),
		"proxy from":      second(notify.NewProxy(notify.ProxyConfig{Address: "pbx:5060", Transport: "UDP", From: "a@b"})),
		"proxy user":      second(notify.NewProxy(notify.ProxyConfig{Address: "pbx:5060", Transport: "UDP", User: `a"b`})),
		"proxy user line": second(notify.NewProxy(notify.ProxyConfig{Address: "pbx:5060", Transport: "UDP", User: "a\nb"})),
		"proxy password":  second(notify.NewProxy(notify.ProxyConfig{Address: "pbx:5060", Transport: "UDP", User: "a", Password: secret.New(planted + "\r\n")})),
		"AMI address":     second(notify.NewAMI(notify.AMIConfig{Address: "pbx", User: "u", Secret: pass})),
		"AMI user":        second(notify.NewAMI(notify.AMIConfig{Address: "pbx:5038", Secret: pass})),
		"AMI secret":      second(notify.NewAMI(notify.AMIConfig{Address: "pbx:5038", User: "u"})),
		"AMI user line":   second(notify.NewAMI(notify.AMIConfig{Address: "pbx:5038", User: "u\r\nAction: Command", Secret: pass})),
		"AMI secret line": second(notify.NewAMI(notify.AMIConfig{Address: "pbx:5038", User: "u", Secret: secret.New(planted + "\nx")})),
		"ESL address":     second(notify.NewESL(notify.ESLConfig{Address: "pbx", Password: pass})),
		"ESL password":    second(notify.NewESL(notify.ESLConfig{Address: "pbx:8021"})),
		"ESL line":        second(notify.NewESL(notify.ESLConfig{Address: "pbx:8021", Password: secret.New(planted + "\n\napi shutdown")})),
		"ESL profile":     second(notify.NewESL(notify.ESLConfig{Address: "pbx:8021", Password: pass, Profile: "a\nb"})),
	} {
		if err == nil {
			t.Errorf("%s was accepted", name)
		} else if strings.Contains(err.Error(), planted) || strings.ContainsAny(err.Error(), "\r\n") {
			t.Errorf("%s: the error shows too much: %q", name, err)
		}
	}
	if shown := fmt.Sprintf("%v %+v", notify.ProxyConfig{Password: pass}, notify.AMIConfig{Secret: pass}); strings.Contains(shown, planted) {
		t.Errorf("a configuration shows its secret: %s", shown)
	}
}

func TestOutcomes(t *testing.T) {
	t.Parallel()
	if got := notify.OutcomeOf(errors.New("of another package")); got != notify.Broken {
		t.Errorf("a foreign error is %v", got)
	}
	seen := make(map[string]bool)
	for o := notify.Delivered; o <= notify.Broken; o++ {
		if name := o.String(); name == "" || seen[name] {
			t.Errorf("outcome %d is called %q", o, name)
		} else {
			seen[name] = true
		}
	}
}

func second[T any](_ T, err error) error { return err }

// TestManyPhones sends to 10 000 phones at once and looks at what that takes.
func TestManyPhones(t *testing.T) {
	const phones = 10_000
	var most, before int
	count := func() int {
		files, err := os.ReadDir("/proc/self/fd")
		if err != nil {
			t.Skip("SKIPPED: no /proc/self/fd to count sockets in")
		}
		return len(files)
	}
	addresses := sinks(t, 64)
	s := direct(t, 30*time.Second)
	before, goroutines := count(), runtime.NumGoroutine()
	stop, counted := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(counted)
		for {
			select {
			case <-stop:
				return
			case <-time.After(5 * time.Millisecond):
				most = max(most, count())
			}
		}
	}()
	var all sync.WaitGroup
	for i := range phones {
		all.Go(func() {
			to := at(addresses[i%len(addresses)])
			to.MAC = mac.Addr{0, 0x15, 0x65, byte(i >> 16), byte(i >> 8), byte(i)}
			want(t, s, to, notify.Delivered, false)
		})
	}
	all.Wait()
	close(stop)
	<-counted
	if most > before+8 {
		t.Errorf("%d phones took %d files more", phones, most-before)
	}
	if after := count(); after > before {
		t.Errorf("%d files are open afterwards, %d before", after, before)
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines {
			return
		}
		time.Sleep(10 * time.Millisecond)
	}
	t.Errorf("%d goroutines are left, and %d were there before", runtime.NumGoroutine(), goroutines)
}
