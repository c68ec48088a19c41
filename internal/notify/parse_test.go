package notify

import (
	"bufio"
	"net"
	"strings"
	"testing"

	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/secret"
)

// TestDigestVectors has the examples of RFC 7616 section 3.9.1 and, for want of a
// published one without qop, RFC 2617's with its formula.
func TestDigestVectors(t *testing.T) {
	t.Parallel()
	now := challenge{realm: "http-auth@example.org", nonce: "7ypf/xlj9XXwfDPEoM4URrv/xwf94BcCAzFZH4GiTo0v", qop: true}
	sha := now
	sha.algorithm = "SHA-256"
	old := challenge{realm: "testrealm@host.com", nonce: "dcd98b7102dd2f0e8b11d0f600bfb0c093"}
	for _, v := range []struct {
		challenge
		password, want string
	}{
		{now, "Circle of Life", "8ca523f5e9506fed4657c9700eebdbec"},
		{sha, "Circle of Life", "753927fa0e85d155564e2e272a28d1802ca10daf4496794697cf8db5856cb6c1"},
		{old, "Circle Of Life", "670fd8c2df070c60b045671b8b24ff02"},
	} {
		c := credential{challenge: v.challenge, account: account{user: "Mufasa", password: secret.New(v.password)}}
		if got := c.response("GET", "/dir/index.html", "00000001", "f2/wE4q74E6zIJEtWaHKaf5wv/H5QzzpXusqGemxURZJ"); got != v.want {
			t.Errorf("%+v: the response is %s, not %s", v.challenge, got, v.want)
		}
	}
}

func FuzzChallenge(f *testing.F) {
	for _, s := range []string{
		`Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256, opaque="o", stale=true`,
		`digest realm="a\"b\\" ,nonce=abc`, `Digest realm="`, `Digest =`, `Digest realm="r"nonce="n"`, `Basic realm="r"`, "Digest realm=\"r\r\nX: y\", nonce=\"n\"",
	} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		c, err := parseChallenge(s)
		if err != nil {
			if len(err.Error()) > 200 {
				t.Errorf("the error has %d bytes", len(err.Error()))
			}
			return
		}
		answer := (&credential{challenge: c, account: account{user: "u", password: secret.New("Pl4nted")}}).answer("NOTIFY", "sip:100@x")
		if strings.ContainsAny(answer, "\r\n\x00") || strings.Contains(answer, "Pl4nted") && !strings.Contains(s, "Pl4nted") {
			t.Errorf("the answer to %q is %q", s, answer)
		}
		// What we write must read as what we were asked: nothing breaks out of its quotes.
		again, err := parseChallenge(answer)
		if err != nil || again.realm != c.realm || again.nonce != c.nonce || again.opaque != c.opaque || again.algorithm != c.algorithm {
			t.Errorf("%q was read as %+v, answered %q, which reads %+v, %v", s, c, answer, again, err)
		}
	})
}

func FuzzDatagram(f *testing.F) {
	f.Add([]byte("SIP/2.0 200 OK\r\nVia: SIP/2.0/UDP h;branch=z9hG4bKx\r\nFrom: <sip:a@b>;tag=t\r\nCall-ID: c\r\nCSeq: 1 NOTIFY\r\n\r\n"))
	f.Add([]byte("SIP/2.0 401 U\r\nv: SIP/2.0/UDP h;branch=z9hG4bKx\r\nf: <sip:a@b>;tag=t\r\ni: c\r\nCSeq: 1 NOTIFY\r\nWWW-Authenticate: Digest\r\n\r\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		ts := newTransactions()
		own := &transaction{callID: "c", tag: "t", seq: 1, answers: make(chan *sip.Response, 1)}
		ts.open["z9hG4bKx"] = own
		ts.datagram(append([]byte("SIP/2.0 "), b...))
		ts.datagram(b)
		select {
		case response := <-own.answers:
			_ = judge(response)
			_, _ = account{user: "u"}.answerable(response)
		default:
		}
	})
}

// FuzzPBX feeds a manager connection, an event socket and a SIP stream.
func FuzzPBX(f *testing.F) {
	f.Add([]byte("Response: Success\r\nActionID: 1\r\nMessage: x\r\n\r\n"))
	f.Add([]byte("Content-Type: command/reply\nReply-Text: +OK\nContent-Length: 3\n\nabc"))
	f.Add([]byte("SIP/2.0 200 OK\r\nContent-Length: 5\r\n\r\nabcde\r\n\r\n"))
	f.Fuzz(func(_ *testing.T, b []byte) {
		read := func() *bufio.Reader { return bufio.NewReaderSize(strings.NewReader(string(b)), maxLine) }
		_ = (&amiPeer{lines: read(), waiting: map[string]chan amiAnswer{"1": make(chan amiAnswer, 1)}}).serve()
		_ = (&eslPeer{lines: read(), waiting: []chan string{make(chan string, 1)}}).serve()
		ours, theirs := net.Pipe()
		go func() {
			_, _ = theirs.Write(b)
			_ = theirs.Close()
		}()
		_ = (&stream{conn: ours, pending: newTransactions()}).serve()
		_ = ours.Close()
	})
}
