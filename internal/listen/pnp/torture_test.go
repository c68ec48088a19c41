package pnp

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
)

// torture holds what each message of RFC 4475 is answered with over UDP by unicast.
// 0 is silence: for responses, for what is no SIP, and where a header field that an
// answer repeats cannot be read (badinv01: Via; quotbal: To).
var torture = map[string]int{
	// Section 3.1.1: valid.
	"wsinv": 405, "intmeth": 501, "esc01": 405, "escnull": 405, "esc02": 501, "lwsdisp": 405, "longreq": 405,
	"dblreq": 405, "semiuri": 405, "transports": 405, "mpart01": 405, "unreason": 0, "noreason": 0,
	// Section 3.1.2: invalid.
	"badinv01": 0, "clerr": 400, "ncl": 400, "scalar02": 400, "scalarlg": 0, "quotbal": 0, "ltgtruri": 400,
	"lwsruri": 400, "lwsstart": 400, "trws": 400, "escruri": 400, "baddate": 400, "regbadct": 400, "badaspec": 400,
	"baddn": 400, "badvers": 505, "mismatch01": 400, "mismatch02": 400, "bigcode": 0,
	// Section 3.2.
	"badbranch": 405,
	// Section 3.3.
	"insuf": 400, "unkscm": 416, "novelsc": 416, "unksm2": 405, "bext01": 420, "invut": 405, "regaut01": 405,
	"multi01": 400, "mcl01": 400, "bcast": 0, "zeromf": 405, "cparam01": 405, "cparam02": 405, "regescrt": 405, "sdp01": 405,
	// Section 3.4.
	"inv2543": 405,
	// Described nowhere: its start line has no version.
	"test": 0,
}

func tortureMessages(t testing.TB) map[string][]byte {
	t.Helper()
	files, err := filepath.Glob("testdata/rfc4475/*/*.dat")
	if err != nil || len(files) != 50 {
		t.Fatalf("%d messages, %v", len(files), err)
	}
	all := make(map[string][]byte)
	for _, f := range files {
		data, err := os.ReadFile(f)
		if err != nil {
			t.Fatal(err)
		}
		all[strings.TrimSuffix(filepath.Base(f), ".dat")] = data
	}
	return all
}

// TestTortureIntact guards the messages against editors and checkouts that change
// line ends.
func TestTortureIntact(t *testing.T) {
	t.Parallel()
	sums, err := os.ReadFile("testdata/rfc4475/SHA256SUMS")
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	for line := range strings.Lines(string(sums)) {
		sum, name, ok := strings.Cut(strings.TrimSpace(line), "  ")
		if !ok {
			t.Fatalf("line %q", line)
		}
		data, err := os.ReadFile(filepath.Join("testdata/rfc4475", name))
		if err != nil {
			t.Fatal(err)
		}
		if got := sha256.Sum256(data); hex.EncodeToString(got[:]) != sum {
			t.Errorf("%s has changed", name)
		}
		n++
	}
	if n != 50 || len(torture) != 50 {
		t.Errorf("%d sums, %d expectations", n, len(torture))
	}
}

func statusOf(t *testing.T, answer string) int {
	t.Helper()
	m, ok := parse([]byte(answer))
	if !ok || m.status == 0 {
		t.Fatalf("not an answer: %q", answer)
	}
	return m.status
}

func TestTortureOverUDP(t *testing.T) {
	t.Parallel()
	for name, data := range tortureMessages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			if out := b.receive(string(data), phone, true); len(out) != 0 {
				t.Errorf("by multicast it was answered: %v", out)
			}
			out := b.receive(string(data), phone, false)
			if len(b.core.seen) != 0 || len(b.byKey) != 0 {
				t.Error("it left a conversation behind")
			}
			if torture[name] == 0 {
				if len(out) != 0 {
					t.Errorf("it was answered: %v", out)
				}
				return
			}
			if len(out) != 1 {
				t.Fatalf("%d answers", len(out))
			}
			if got := statusOf(t, out[0].data); got != torture[name] {
				t.Errorf("status %d, want %d", got, torture[name])
			}
			if out[0].to.String() != phone {
				t.Errorf("the answer went to %s", out[0].to)
			}
			if len(out[0].data) > 3*len(data) {
				t.Errorf("%d bytes for %d", len(out[0].data), len(data))
			}
			if torture[name] != 400 && name != "badvers" { // those repeat what is wrong
				isSIP(t, out[0].data)
			}
		})
	}
}

// talk writes data to a server over TCP, says that no more comes, and returns all
// that is answered.
func talk(t *testing.T, e *engine, data []byte) string {
	t.Helper()
	listener, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	s := newStreams(listener, e)
	done := make(chan struct{})
	go func() { defer close(done); s.serve(context.Background()) }()
	defer func() { s.close(); <-done }()
	conn, err := net.Dial("tcp4", listener.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	conn.SetDeadline(time.Now().Add(10 * time.Second))
	conn.Write(data)
	conn.(*net.TCPConn).CloseWrite()
	answer, err := io.ReadAll(conn)
	if err != nil && !errors.Is(err, net.ErrClosed) && !strings.Contains(err.Error(), "reset") {
		t.Fatal(err)
	}
	return string(answer)
}

func TestTortureOverTCP(t *testing.T) {
	t.Parallel()
	status := regexp.MustCompile(`(?m)^SIP/2\.0 (\d{3}) `)
	for name, data := range tortureMessages(t) {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			var want, got []int
			switch {
			case name == "dblreq": // here, it is two messages
				want = []int{405, 405}
			case name == "inv2543": // has no Content-Length, so its end is unknown
				want = []int{400}
			case torture[name] != 0:
				want = []int{torture[name]}
			}
			for _, m := range status.FindAllStringSubmatch(talk(t, b.engine, data), -1) {
				n, _ := strconv.Atoi(m[1])
				got = append(got, n)
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("answers (-want +got):\n%s", diff)
			}
			if len(b.byKey) != 0 {
				t.Error("it left a conversation behind")
			}
		})
	}
}

// transplants holds for each request of RFC 4475 whether a SUBSCRIBE that is
// distorted in the same way gets its URL: valid but odd ones must.
var transplants = map[string]bool{
	"wsinv": true, "intmeth": true, "esc01": true, "escnull": true, "esc02": true, "lwsdisp": true, "longreq": true,
	"dblreq": true, "semiuri": true, "transports": true, "mpart01": true, "badbranch": true, "unksm2": true,
	"invut": true, "regaut01": true, "zeromf": true, "cparam01": true, "cparam02": true, "regescrt": true,
	"sdp01": true, "inv2543": true,
}

// startLines are those of distortions that lie in the start line.
var startLines = map[string]string{
	"intmeth":  "SUBSCRIBE sip:MAC001565f4f9e1;~(to-be!sure)&isn't+it$/crazy?,/;;*:&it+has=1,weird!*pas$wo~d_too.(doesn't-it)@224.0.1.75 SIP/2.0",
	"esc01":    "SUBSCRIBE sip:%4d%41C%3A001565%464F9e1@224.0.1.75 SIP/2.0",
	"semiuri":  "SUBSCRIBE sip:MAC001565f4f9e1;par=u%40example.net@224.0.1.75 SIP/2.0",
	"wsinv":    "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75;unknownparam SIP/2.0",
	"escruri":  "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75?Route=%3Csip:example.com%3E SIP/2.0",
	"ltgtruri": "SUBSCRIBE <sip:MAC001565f4f9e1@224.0.1.75> SIP/2.0",
	"lwsruri":  "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75; lr SIP/2.0",
	"lwsstart": "SUBSCRIBE  sip:MAC001565f4f9e1@224.0.1.75  SIP/2.0",
	"trws":     "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75 SIP/2.0  ",
	"badvers":  "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75 SIP/7.0",
	"unkscm":   "SUBSCRIBE nobodyKnowsThisScheme:MAC001565f4f9e1 SIP/2.0",
	"novelsc":  "SUBSCRIBE soap.beep://MAC001565f4f9e1@192.0.2.103:3002 SIP/2.0",
	"test":     "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75",
}

var cseqMethod = regexp.MustCompile(`(?i)(\r\ncseq[ \t]*:\s*\d+\s+)(\S+)`)

// transplant makes a SUBSCRIBE for a profile of a request, with all its oddities.
func transplant(name string, data []byte) []byte {
	line, rest, _ := bytes.Cut(data, []byte("\r\n"))
	start := startLines[name]
	if start == "" {
		start = "SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75 SIP/2.0"
	}
	method, _, _ := strings.Cut(string(line), " ")
	rest = cseqMethod.ReplaceAllFunc(append([]byte("\r\n"), rest...), func(m []byte) []byte {
		parts := cseqMethod.FindSubmatch(m)
		if string(parts[2]) == method {
			return append(slices.Clone(parts[1]), "SUBSCRIBE"...)
		}
		return m // mismatch01, mismatch02
	})
	return slices.Concat([]byte(start+"\r\n"+`Event: ua-profile;profile-type="device";vendor="snom";model="snom370"`), rest)
}

func TestTransplants(t *testing.T) {
	t.Parallel()
	for name, data := range tortureMessages(t) {
		if bytes.HasPrefix(data, []byte("SIP/2.0")) {
			continue
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			data := transplant(name, data)
			out := b.receive(string(data), phone, true)
			if !transplants[name] {
				if len(out) != 0 || len(b.core.seen) != 0 {
					t.Errorf("it was answered: %v", out)
				}
				return
			}
			if len(out) != 2 || statusOf(t, out[0].data) != 200 || !strings.HasSuffix(out[1].data, "\r\n\r\n"+provisioning) {
				t.Fatalf("sent %v", out)
			}
			if got := b.core.seen[0]; got.MAC != mac.MustParse("001565f4f9e1") || got.Vendor != "snom" || got.Model != "snom370" {
				t.Errorf("discovered %+v", got)
			}
			sum := 0
			for _, o := range out {
				sum += len(o.data)
				if o.to.Addr().String() != "192.168.1.20" {
					t.Errorf("sent to %s", o.to)
				}
			}
			if sum > 3*len(data) {
				t.Errorf("%d bytes for %d", sum, len(data))
			}
			if got := b.receive(answerOf(t, out[1].data, "200 OK"), phone, false); len(got) != 0 {
				t.Errorf("the answer to the NOTIFY was answered: %v", got)
			}
			if at := b.pass(time.Minute); len(at) != 0 || len(b.byKey) != 0 {
				t.Errorf("repeated at %v, %d conversations are left", at, len(b.byKey))
			}
		})
	}
}

// TestTortureBySocket sends each message to a real socket, and behind it a request
// whose answer shows that the message was dealt with.
func TestTortureBySocket(t *testing.T) {
	t.Parallel()
	core := &fixed{verdict: Verdict{Answer: true, URL: provisioning}}
	s := start(t, Options{Address: "127.0.0.1:0", Core: core, Limits: Limits{SourceBurst: 1000}})
	conn := dial(t, "udp4", s.Address())
	fence := strings.ReplaceAll(subscribe("001565f4f9e1", "fence"), "SUBSCRIBE", "OPTIONS")
	for name, data := range tortureMessages(t) {
		conn.Write(data)
		io.WriteString(conn, fence)
		var got []int
		for {
			answer := read(t, conn)
			if strings.Contains(answer, "\r\nCall-ID: fence\r\n") {
				break
			}
			got = append(got, statusOf(t, answer))
		}
		var want []int
		if torture[name] != 0 {
			want = []int{torture[name]}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: answers (-want +got):\n%s", name, diff)
		}
	}
	core.mu.Lock()
	defer core.mu.Unlock()
	if len(core.seen) != 0 {
		t.Errorf("discovered %+v", core.seen)
	}
}

// TestTortureClosesTheConnection holds that a connection on which the end of a
// message cannot be told is closed, without waiting for more.
func TestTortureClosesTheConnection(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Address: "127.0.0.1:0", Core: &fixed{}})
	messages := tortureMessages(t)
	for _, name := range []string{"ncl", "clerr", "mcl01", "inv2543"} {
		conn := dial(t, "tcp4", s.Address())
		conn.SetDeadline(time.Now().Add(messageTimeout - time.Second))
		conn.Write(messages[name])
		answer, err := io.ReadAll(conn)
		if err != nil && !errors.Is(err, syscall.ECONNRESET) {
			t.Errorf("%s: %v", name, err)
		}
		if got := statusOf(t, string(answer)); got != 400 || strings.Count(string(answer), "SIP/2.0 4") != 1 {
			t.Errorf("%s: answered %s", name, answer)
		}
		conn.Close()
	}
}

// TestTortureAllocates bounds the memory that a message takes.
func TestTortureAllocates(t *testing.T) {
	// Not parallel: it counts what the whole process allocates.
	for name, data := range tortureMessages(t) {
		for _, data := range [][]byte{data, transplant(name, data)} {
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			var before, after runtime.MemStats
			runtime.ReadMemStats(&before)
			b.receive(string(data), phone, false)
			runtime.ReadMemStats(&after)
			if n := after.TotalAlloc - before.TotalAlloc; n > 64<<10 {
				t.Errorf("%s takes %d bytes", name, n)
			}
		}
	}
}
