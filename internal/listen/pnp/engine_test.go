package pnp

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/emiago/sipgo/sip"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"go.uber.org/goleak"

	"github.com/dialplane/dialplane/internal/mac"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

const provisioning = "http://192.168.1.2:8080/"

// fixed gives every phone the same verdict and notes who asked.
type fixed struct {
	verdict Verdict
	ask     func(Discovery)

	mu   sync.Mutex
	seen []Discovery
}

func (c *fixed) Discover(_ context.Context, d Discovery) Verdict {
	c.mu.Lock()
	c.seen = append(c.seen, d)
	c.mu.Unlock()
	if c.ask != nil {
		c.ask(d)
	}
	return c.verdict
}

// sent is a message that a recorder was given.
type sent struct {
	data string
	to   netip.AddrPort
}

// recorder is a wire into memory.
type recorder struct {
	at  uint16
	all *[]sent
}

func (r recorder) send(b []byte, _ link, to netip.AddrPort) error {
	*r.all = append(*r.all, sent{string(b), to})
	return nil
}
func (r recorder) transport() string { return "UDP" }
func (r recorder) port() uint16      { return r.at }

// bench is an engine with a clock that is turned by hand.
type bench struct {
	*engine
	core   *fixed
	out    []sent
	time   time.Time
	logged bytes.Buffer
}

func newBench(core *fixed, l Limits) *bench {
	b := &bench{core: core, time: time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)}
	b.engine = newEngine(Options{
		Core: core, Limits: l, Now: func() time.Time { return b.time },
		Log: slog.New(slog.NewTextHandler(&b.logged, nil)),
	}.orDefaults())
	return b
}

var ourLink = link{"eth0", 2, netip.MustParseAddr("192.168.1.2")}

// receive takes a datagram and returns what is sent for it.
func (b *bench) receive(data, source string, multicast bool) []sent {
	b.out = nil
	b.handle(context.Background(), packet{
		data: []byte(data), source: netip.MustParseAddrPort(source), link: ourLink,
		answer: recorder{5060, &b.out}, notify: recorder{40000, &b.out}, multicast: multicast,
	})
	return b.out
}

// pass turns the clock, stopping whenever something is due, and returns when what
// was sent.
func (b *bench) pass(d time.Duration) (at []time.Duration) {
	start, end := b.time, b.time.Add(d)
	b.out = nil
	for {
		before := len(b.out)
		next := b.tick()
		for range b.out[before:] {
			at = append(at, b.time.Sub(start))
		}
		if next.IsZero() || next.After(end) {
			b.time = end
			return at
		}
		b.time = next
	}
}

// subscribe is a SUBSCRIBE as Yealink's W52P sends it.
func subscribe(address, callID string) string {
	return strings.ReplaceAll(`SUBSCRIBE sip:MAC`+address+`@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.168.1.20:5059;branch=z9hG4bK3420914
From: <sip:MAC`+address+`@224.0.1.75>;tag=3420915
To: <sip:MAC`+address+`@224.0.1.75>
Call-ID: `+callID+`
CSeq: 1 SUBSCRIBE
Contact: <sip:MAC`+address+`@192.168.1.20:5059>
Max-Forwards: 70
User-Agent: Yealink W52P 25.81.0.10
Expires: 0
Event: ua-profile;profile-type="device";vendor="yealink";model="W52P";version="25.81.0.10"
Accept: application/url
Content-Length: 0

`, "\n", "\r\n")
}

// isSIP fails the test if an independent parser cannot read what we send.
func isSIP(t *testing.T, data string) sip.Message {
	t.Helper()
	m, err := sip.ParseMessage([]byte(data))
	if err != nil {
		t.Fatalf("sent what is no SIP: %v\n%s", err, data)
	}
	return m
}

func answerOf(t *testing.T, notify string, status string) string {
	t.Helper()
	m, ok := parse([]byte(notify))
	if !ok {
		t.Fatalf("not a NOTIFY: %s", notify)
	}
	return fmt.Sprintf("SIP/2.0 %s\r\nVia: %s\r\nFrom: %s\r\nTo: %s\r\nCall-ID: %s\r\nCSeq: %s\r\nContent-Length: 0\r\n\r\n",
		status, m.first(hVia), m.first(hFrom), m.first(hTo), m.first(hCallID), m.first(hCSeq))
}

const phone = "192.168.1.20:5059"

func TestConversation(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
	out := b.receive(subscribe("001565f4f9e1", "1@phone"), phone, true)
	if len(out) != 2 {
		t.Fatalf("sent %d messages", len(out))
	}
	tag := strconv.Quote(b.tag("1@phone", netip.MustParseAddrPort(phone)))
	tag = tag[1 : len(tag)-1]
	for i, want := range []string{
		`SIP/2.0 200 OK
Via: SIP/2.0/UDP 192.168.1.20:5059;branch=z9hG4bK3420914
From: <sip:MAC001565f4f9e1@224.0.1.75>;tag=3420915
To: <sip:MAC001565f4f9e1@224.0.1.75>;tag=` + tag + `
Call-ID: 1@phone
CSeq: 1 SUBSCRIBE
Contact: <sip:192.168.1.2:40000>
Expires: 0
Content-Length: 0

`, `NOTIFY sip:192.168.1.20:5059 SIP/2.0
Via: SIP/2.0/UDP 192.168.1.2:40000;branch=` + b.byKey[key{netip.MustParseAddr("192.168.1.20"), "1@phone"}].request.branch + `;rport
Max-Forwards: 70
From: <sip:MAC001565f4f9e1@224.0.1.75>;tag=3420915
To: <sip:MAC001565f4f9e1@224.0.1.75>;tag=` + tag + `
Call-ID: 1@phone
CSeq: 2 NOTIFY
Contact: <sip:192.168.1.2:40000>
Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.19"
Subscription-State: terminated;reason=timeout
Content-Type: application/url
Content-Length: 24

` + provisioning} {
		if diff := cmp.Diff(strings.ReplaceAll(want, "\n", "\r\n"), out[i].data); diff != "" {
			t.Errorf("message %d (-want +got):\n%s", i+1, diff)
		}
		if out[i].to.String() != phone {
			t.Errorf("message %d went to %s", i+1, out[i].to)
		}
		isSIP(t, out[i].data)
	}
	if got := b.receive(answerOf(t, out[1].data, "200 OK"), phone, false); len(got) != 0 {
		t.Errorf("an answer was answered: %v", got)
	}
	if at := b.pass(time.Minute); len(at) != 0 {
		t.Errorf("the NOTIFY was repeated after its answer, at %v", at)
	}
	if len(b.byKey)+len(b.byMAC)+len(b.due)+b.ages.Len()+len(b.meter.sources) != 0 {
		t.Errorf("a minute later there is state: %d conversations, %d sources", len(b.byKey), len(b.meter.sources))
	}
}

// TestCaptured holds what real phones send, by vendors' documents and captures.
func TestCaptured(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		data   string
		source string
		want   Discovery
		accept string // where the 200 goes
		notify string // and the NOTIFY
	}{
		"Yealink W52P": {
			data: subscribe("001565f4f9e1", "a"), source: phone, accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
		"Yealink W52P behind another source port": {
			data: subscribe("001565f4f9e1", "a"), source: "192.168.1.20:49152", accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
		"Yealink T21P": {
			data: `SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bK42054260
From: <sip:MAC001565f4f9e1@224.0.1.75>;tag=42054258
To: <sip:MAC001565f4f9e1@224.0.1.75>
Call-ID: 42054258@192.168.1.20
CSeq: 1 SUBSCRIBE
Contact: <sip:MAC001565f4f9e1@192.168.1.20:5060>
Max-Forwards: 70
User-Agent: Yealink SIP-T21P 34.72.14.6
Expires: 0
Event: ua-profile;profile-type="device";vendor="Yealink";model="T21D";version="34.72.14.6"
Accept: application/url
Content-Length: 0

`, source: "192.168.1.20:5060", accept: "192.168.1.20:5060", notify: "192.168.1.20:5060",
			want: Discovery{Vendor: "Yealink", Model: "T21D", Version: "34.72.14.6", UserAgent: "Yealink SIP-T21P 34.72.14.6"},
		},
		"Snom, OEM strings, the DHCP domain": {
			data: `SUBSCRIBE sip:MAC%3a001565F4F9E1@example.com SIP/2.0
Via: SIP/2.0/UDP 192.168.1.20:2048;rport
From: <sip:MAC%3a001565F4F9E1@example.com>;tag=1145111611
To: <sip:MAC%3a001565F4F9E1@example.com>
Call-ID: 1913994428@192.168.1.20
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.19"
Expires: 0
Accept: application/url
Contact: <sip:192.168.1.20:2048>
User-Agent: OEM/7.1.19
Content-Length: 0

`, source: "192.168.1.20:2048", accept: "192.168.1.20:2048", notify: "192.168.1.20:2048",
			want: Discovery{Vendor: "OEM", Model: "OEM", Version: "7.1.19", UserAgent: "OEM/7.1.19"},
		},
		"Snom M700, whose From is another": {
			data: `SUBSCRIBE sip:MAC%3a001565f4f9e1@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.168.1.20:5060;branch=z9hG4bKa;rport
From: <sip:512@192.168.1.20>;tag=1
To: <sip:MAC%3a001565f4f9e1@224.0.1.75>
Call-ID: m700
CSeq: 1 SUBSCRIBE
Contact: <sip:512@192.168.1.20:5060>
Event: ua-profile;profile-type="device";vendor="snom";model="snomM700";version="03.23.0005"
User-Agent: snomM700/03.23.0005 (MAC=001565F4F9E1; SER= 00000; HW=255)
Expires: 0
Content-Length: 0

`, source: "192.168.1.20:5060", accept: "192.168.1.20:5060", notify: "192.168.1.20:5060",
			want: Discovery{Vendor: "snom", Model: "snomM700", Version: "03.23.0005", UserAgent: "snomM700/03.23.0005 (MAC=001565F4F9E1; SER= 00000; HW=255)"},
		},
		"Grandstream GRP2612W": {
			data: `SUBSCRIBE sip:MAC%3A001565F4F9E1@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP 192.168.1.20:5080;branch=z9hG4bK1611133778;rport
From: <sip:MAC%3A001565F4F9E1@224.0.1.75>;tag=395400190
To: <sip:MAC%3A001565F4F9E1@224.0.1.75>
Call-ID: 490431573-5080-1@BJC.BGI.IG.DA
CSeq: 20000 SUBSCRIBE
Contact: <sip:192.168.1.20:5080>
Max-Forwards: 70
User-Agent: Grandstream GRP2612W 1.0.5.67
Expires: 0
Supported: replaces, path
Event: ua-profile;profile-type="device";vendor="Grandstream";model="GRP2612W";version="1.0.5.67"
Accept: application/url
Allow: INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY, INFO, REFER, UPDATE, MESSAGE
Content-Length: 0

`, source: "192.168.1.20:5081", accept: "192.168.1.20:5081", notify: "192.168.1.20:5080",
			want: Discovery{Vendor: "Grandstream", Model: "GRP2612W", Version: "1.0.5.67", UserAgent: "Grandstream GRP2612W 1.0.5.67"},
		},
		"PLANET": {
			data: strings.ReplaceAll(subscribe("001565f4f9e1", "a"), "MAC001565", "MAC=001565"), source: phone, accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
		"a colon, lower case": {
			data: strings.ReplaceAll(subscribe("001565f4f9e1", "a"), "MAC001565", "mac:001565"), source: phone, accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
		"MAC address in To alone": {
			data: strings.Replace(subscribe("001565f4f9e1", "a"), "sip:MAC001565f4f9e1@", "sip:", 1), source: phone, accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
		"compact header names, odd case, folded, no vendor": {
			data: `SUBSCRIBE sip:MAC001565f4f9e1@224.0.1.75 SIP/2.0
v: SIP/2.0/UDP 192.168.1.20:5060
F: sip:MAC001565f4f9e1@224.0.1.75;tag=9
t : sip:MAC001565f4f9e1@224.0.1.75
i: x
cSEQ: 007
  SUBSCRIBE
m: <sip:192.168.1.20:5062>
o: UA-Profile ; Profile-Type=device ;
 Model="a \"b\"" ; VERSION = 1
u: ua-profile
l: 0

`, source: "192.168.1.20:5061", accept: "192.168.1.20:5060", notify: "192.168.1.20:5062",
			want: Discovery{Model: `a "b"`, Version: "1"},
		},
		"Via and Contact of a third host": {
			data: strings.ReplaceAll(subscribe("001565f4f9e1", "a"), "192.168.1.20:5059", "192.168.1.99:5059"), source: phone, accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
		"a name server's port": {
			data: strings.ReplaceAll(subscribe("001565f4f9e1", "a"), "192.168.1.20:5059", "192.168.1.20:53"), source: phone, accept: phone, notify: phone,
			want: Discovery{Vendor: "yealink", Model: "W52P", Version: "25.81.0.10", UserAgent: "Yealink W52P 25.81.0.10"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{Amplify: 10})
			data := c.data
			if !strings.Contains(data, "\r") {
				data = strings.ReplaceAll(data, "\n", "\r\n")
			}
			out := b.receive(data, c.source, true)
			c.want.MAC = mac.MustParse("001565f4f9e1")
			c.want.Source = netip.MustParseAddrPort(c.source)
			c.want.Interface = "eth0"
			if diff := cmp.Diff([]Discovery{c.want}, b.core.seen, cmpopts.EquateComparable(netip.AddrPort{})); diff != "" {
				t.Errorf("discovered (-want +got):\n%s", diff)
			}
			if len(out) != 2 {
				t.Fatalf("sent %d messages", len(out))
			}
			if out[0].to.String() != c.accept || out[1].to.String() != c.notify {
				t.Errorf("200 went to %s, want %s; NOTIFY to %s, want %s", out[0].to, c.accept, out[1].to, c.notify)
			}
			if ok, isResponse := isSIP(t, out[0].data).(*sip.Response); !isResponse || ok.StatusCode != 200 {
				t.Errorf("not a 200:\n%s", out[0].data)
			}
			notify, isRequest := isSIP(t, out[1].data).(*sip.Request)
			if !isRequest || notify.Method != sip.NOTIFY || string(notify.Body()) != provisioning || fmt.Sprint(notify.Recipient.Host, ":", notify.Recipient.Port) != c.notify {
				t.Errorf("not the NOTIFY:\n%s", out[1].data)
			}
		})
	}
}

func TestSilence(t *testing.T) {
	t.Parallel()
	good := subscribe("001565f4f9e1", "a")
	for name, c := range map[string]struct{ data, source string }{
		"AudioCodes, which names no MAC address": {strings.ReplaceAll(strings.ReplaceAll(good, "MAC001565f4f9e1@", ""), `"device"`, `"application"`), phone},
		"a multicast MAC address":                {subscribe("010203040506", "a"), phone},
		"11 digits":                              {subscribe("001565f4f9e", "a"), phone},
		"another event":                          {strings.Replace(good, "ua-profile", "presence", 1), phone},
		"no event":                               {strings.Replace(good, "Event:", "X-Event:", 1), phone},
		"two events":                             {strings.Replace(good, "Expires: 0", "Event: ua-profile", 1), phone},
		"a broken event":                         {strings.Replace(good, `"W52P"`, `"W52P`, 1), phone},
		"an extension that is required":          {strings.Replace(good, "Expires: 0", "Require: 100rel", 1), phone},
		"no Call-ID":                             {strings.Replace(good, "Call-ID", "X-Call-ID", 1), phone},
		"a source beyond the networks":           {good, "8.8.8.8:5060"},
		"a source of carriers":                   {good, "100.64.0.1:5060"},
		"a name server's port as source":         {good, "192.168.1.20:53"},
		"no port as source":                      {good, "192.168.1.20:0"},
		"an IPv6 source":                         {good, "[fd00::1]:5060"},
		"lines that end by LF alone":             {strings.ReplaceAll(good, "\r", ""), phone},
		"a CR within a line":                     {strings.Replace(good, "MAC001565f4f9e1@224.0.1.75>;tag", "MAC001565f4f9e1\r@224.0.1.75>;tag", 1), phone},
		"a header smuggled by LF":                {strings.Replace(good, "Call-ID: a", "Call-ID: a\nX: y", 1), phone},
		"a LF in a header that is not read":      {strings.Replace(good, "Expires: 0", "X: a\nExpires: 0", 1), phone},
		"two hosts":                              {strings.Replace(good, "@224.0.1.75 SIP", "@evil@224.0.1.75 SIP", 1), phone},
		"no empty line":                          {good[:len(good)-2], phone},
		"keep-alive":                             {"\r\n\r\n", phone},
		"nothing":                                {"", phone},
		"a NUL in Via":                           {strings.Replace(good, "3420914", "342\x00914", 1), phone},
		"too many header fields":                 {strings.Replace(good, "Expires: 0\r\n", strings.Repeat("Via: x\r\n", 200), 1), phone},
		"an ACK":                                 {strings.ReplaceAll(good, "SUBSCRIBE", "ACK"), phone},
		"too long":                               {strings.Replace(good, "Expires: 0", "X: "+strings.Repeat("x", maxMessage), 1), phone},
		"a port of 65536":                        {strings.Replace(good, "5059;branch", "65536;branch", 1), phone},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			if out := b.receive(c.data, c.source, true); len(out) != 0 || len(b.core.seen) != 0 {
				t.Errorf("sent %v, asked the core %v", out, b.core.seen)
			}
			if len(b.byKey) != 0 {
				t.Error("something is remembered")
			}
		})
	}
}

// TestRefusals holds the answers to SUBSCRIBE requests by unicast that phones do not
// send; testdata/rfc4475 has what else is refused.
func TestRefusals(t *testing.T) {
	t.Parallel()
	good := subscribe("001565f4f9e1", "a")
	for name, c := range map[string]struct {
		data   string
		status string
		line   string
	}{
		"another event": {strings.Replace(good, "ua-profile", "presence", 1), "489", "Allow-Events: ua-profile\r\n"},
		"no MAC":        {strings.ReplaceAll(good, "MAC001565f4f9e1@", ""), "404", ""},
		"required":      {strings.Replace(good, "Expires: 0", "Require: a, b\r\nRequire: c", 1), "420", "Unsupported: a, b\r\nUnsupported: c\r\n"},
		"OPTIONS":       {strings.ReplaceAll(good, "SUBSCRIBE", "OPTIONS"), "405", "Allow: SUBSCRIBE\r\n"},
		"subscribe":     {strings.ReplaceAll(good, "SUBSCRIBE", "subscribe"), "501", ""},
		"tel":           {strings.Replace(good, "sip:MAC001565f4f9e1@224.0.1.75", "tel:+1", 1), "416", ""},
		"SIP/3.0":       {strings.Replace(good, "SIP/2.0", "SIP/3.0", 1), "505", ""},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			out := b.receive(c.data, phone, false)
			if len(out) != 1 || !strings.HasPrefix(out[0].data, "SIP/2.0 "+c.status+" ") || !strings.Contains(out[0].data, c.line) || out[0].to.String() != phone {
				t.Errorf("sent %v, want one %s with %q", out, c.status, c.line)
			}
		})
	}
}

func TestRejectedPhoneHearsNothing(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{URL: provisioning}}, Limits{})
	for range 3 {
		for _, multicast := range []bool{true, false} {
			if out := b.receive(subscribe("001565f4f9e1", "a"), phone, multicast); len(out) != 0 {
				t.Fatalf("sent %v", out)
			}
		}
	}
	if len(b.core.seen) != 1 {
		t.Errorf("the core was asked %d times", len(b.core.seen))
	}
	if b.Assign("001565f4f9e1") {
		t.Error("it was assigned, but did not wait")
	}
}

func anywhere(netip.Addr) bool { return true }

// A phone that waits where it may not have its address goes on waiting.
func TestAssignOnlyWhereAllowed(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{})
	b.receive(subscribe("001565f4f9e1", "a"), phone, true)
	b.out = nil
	asked := 0
	elsewhere := func(a netip.Addr) bool {
		asked++
		return a != netip.MustParseAddrPort(phone).Addr()
	}
	if b.assign(mac.MustParse("001565f4f9e1"), provisioning, elsewhere) || len(b.out) != 0 || asked != 1 {
		t.Errorf("it was assigned where it may not be; asked %d times, sent %v", asked, b.out)
	}
	if !b.Assign("001565f4f9e1") {
		t.Error("it does not wait any more")
	}
}

// Assign assigns by the engine, as Server.Assign does.
func (b *bench) Assign(address string) bool {
	b.out = nil
	return b.assign(mac.MustParse(address), provisioning, anywhere)
}

func TestRepeatedSubscribeIsAnsweredAlike(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
	first := b.receive(subscribe("001565f4f9e1", "a"), phone, true)
	for range 5 {
		b.time = b.time.Add(100 * time.Millisecond)
		again := b.receive(subscribe("001565f4f9e1", "a"), phone, true)
		if len(again) != 1 || again[0] != first[0] {
			t.Fatalf("the repetition got %v", again)
		}
	}
	if out := b.receive(subscribe("001565f4f9e1", "a"), "192.168.1.21:5059", true); len(out) != 0 {
		t.Errorf("another host with the same Call-ID got %v", out)
	}
	if out := b.receive(subscribe("001565f4f9e2", "a"), phone, true); len(out) != 0 {
		t.Errorf("another phone with the same Call-ID got %v", out)
	}
	if len(b.core.seen) != 1 {
		t.Errorf("the core was asked %d times", len(b.core.seen))
	}
}

func TestOneConversationPerPhone(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
	for i, c := range []struct {
		after time.Duration
		want  int
	}{{0, 2}, {time.Second, 0}, {8999 * time.Millisecond, 0}, {time.Millisecond, 2}} {
		b.time = b.time.Add(c.after)
		if out := b.receive(subscribe("001565f4f9e1", strconv.Itoa(i)), phone, true); len(out) != c.want {
			t.Errorf("conversation %d: sent %d messages, want %d", i, len(out), c.want)
		}
	}
}

func TestNotifyIsRepeated(t *testing.T) {
	t.Parallel()
	const s = time.Second
	full := []time.Duration{s / 2, s * 3 / 2, s * 7 / 2, s * 15 / 2, s * 23 / 2, s * 31 / 2, s * 39 / 2, s * 47 / 2, s * 55 / 2, s * 63 / 2}
	for name, c := range map[string]struct {
		limits Limits
		status string // of an answer 2 s later
		want   []time.Duration
		log    string
	}{
		"never answered":       {Limits{Amplify: 100}, "", full, "did not answer"},
		"for 3 seconds":        {Limits{Amplify: 100, GiveUp: 3 * s}, "", full[:2], "did not answer"},
		"answered":             {Limits{Amplify: 100}, "200 OK", full[:2], "took its provisioning URL"},
		"accepted":             {Limits{Amplify: 100}, "202 Accepted", full[:2], "took its provisioning URL"},
		"refused":              {Limits{Amplify: 100}, "481 Call/Transaction Does Not Exist", full[:2], "status=481"},
		"a challenge":          {Limits{Amplify: 100}, "401 Unauthorized", full[:2], "status=401"},
		"being worked on":      {Limits{}, "100 Trying", slices.Concat(full[:1], full[2:]), "did not answer"},
		"within three for one": {Limits{}, "", full[:1], "did not answer"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, c.limits)
			data := subscribe("001565f4f9e1", "a")
			out := b.receive(data, phone, true)
			notify := out[1]
			at := b.pass(2 * s)
			bytes := len(out[0].data) + (1+len(at))*len(notify.data)
			for _, o := range b.out {
				if o != notify {
					t.Errorf("repeated as %v", o)
				}
			}
			if c.status != "" {
				b.receive(answerOf(t, notify.data, c.status), phone, false)
			}
			for _, d := range b.pass(40 * s) {
				at = append(at, 2*s+d)
				bytes += len(notify.data)
			}
			if diff := cmp.Diff(c.want, at); diff != "" {
				t.Errorf("repeated (-want +got):\n%s", diff)
			}
			if c.status == "" && c.limits.Amplify == 0 && bytes > 3*len(data) {
				t.Errorf("sent %d bytes for %d", bytes, len(data))
			}
			if !strings.Contains(b.logged.String(), c.log) {
				t.Errorf("log: %s", b.logged.String())
			}
			if strings.Contains(b.logged.String(), provisioning) {
				t.Error("the log has the URL")
			}
			if len(b.byKey) != 0 {
				t.Error("it is still remembered")
			}
		})
	}
}
