package pnp

import (
	"context"
	"fmt"
	"net/netip"
	"runtime"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
)

func TestAssignTellsTheWaitingPhone(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{})
	if out := b.receive(subscribe("001565f4f9e1", "a"), phone, true); len(out) != 1 || statusOf(t, out[0].data) != 200 {
		t.Fatalf("sent %v", out)
	}
	if at := b.pass(59 * time.Second); len(at) != 0 {
		t.Fatalf("sent %v while it waits", b.out)
	}
	if b.Assign("001565f4f9e2") {
		t.Error("another phone was assigned")
	}
	if !b.Assign("001565f4f9e1") {
		t.Fatal("it does not wait")
	}
	notify := b.out
	if len(notify) != 1 || notify[0].to.String() != phone || !strings.HasSuffix(notify[0].data, "\r\n\r\n"+provisioning) {
		t.Fatalf("sent %v", notify)
	}
	if b.Assign("001565f4f9e1") {
		t.Error("it was assigned twice")
	}
	if at := b.pass(5 * time.Second); len(at) != 3 { // 0.5 s, 1.5 s, 3.5 s: an admin vouches for the address
		t.Errorf("repeated at %v", at)
	}
	b.receive(answerOf(t, notify[0].data, "200 OK"), phone, false)
	if at := b.pass(time.Minute); len(at) != 0 || len(b.byKey) != 0 {
		t.Errorf("repeated at %v after the answer, %d conversations are left", at, len(b.byKey))
	}
}

func TestAssignAfterTheWait(t *testing.T) {
	t.Parallel()
	for _, ticked := range []bool{true, false} {
		b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{Wait: 30 * time.Second})
		b.receive(subscribe("001565f4f9e1", "a"), phone, true)
		b.time = b.time.Add(30 * time.Second)
		if ticked {
			b.tick()
		}
		if b.Assign("001565f4f9e1") || len(b.out) != 0 {
			t.Errorf("assigned after its wait; sent %v", b.out)
		}
		if ticked && len(b.byKey) != 0 {
			t.Error("it is still remembered")
		}
	}
}

func TestAssignReachesTheLatestConversation(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{})
	b.receive(subscribe("001565f4f9e1", "a"), phone, true)
	b.time = b.time.Add(40 * time.Second)
	b.receive(subscribe("001565f4f9e1", "b"), phone, true)
	b.time = b.time.Add(25 * time.Second) // the first is over, the second is not
	b.tick()
	if !b.Assign("001565f4f9e1") || !strings.Contains(b.out[0].data, "Call-ID: b\r\n") {
		t.Errorf("sent %v", b.out)
	}
}

func TestAssignWhileTheCoreIsAsked(t *testing.T) {
	t.Parallel()
	for _, v := range []Verdict{{Answer: true}, {Answer: true, URL: "http://earlier/"}, {}} {
		var b *bench
		core := &fixed{verdict: v, ask: func(d Discovery) {
			if !b.assign(d.MAC, provisioning, anywhere) {
				t.Error("it cannot be assigned")
			}
		}}
		b = newBench(core, Limits{})
		out := b.receive(subscribe("001565f4f9e1", "a"), phone, true)
		if len(out) != 2 || statusOf(t, out[0].data) != 200 || !strings.HasSuffix(out[1].data, provisioning) {
			t.Errorf("%+v: sent %v", v, out)
		}
	}
}

func TestURLsThatNoNotifyCarries(t *testing.T) {
	t.Parallel()
	for _, url := range []string{"http://a/\r\nX: y", "http://a b/", "http://ü/", "http://a/" + strings.Repeat("x", maxURL), "http://a/\x00"} {
		b := newBench(&fixed{verdict: Verdict{Answer: true, URL: url}}, Limits{})
		if out := b.receive(subscribe("001565f4f9e1", "a"), phone, true); len(out) != 1 || !strings.Contains(b.logged.String(), "level=ERROR") || strings.Contains(b.logged.String(), "http:") {
			t.Errorf("%.20q: sent %v, logged %s", url, out, b.logged.String())
		}
		if b.out = nil; b.assign(mac.MustParse("001565f4f9e1"), url, anywhere) || len(b.out) != 0 {
			t.Errorf("%.20q was assigned", url)
		}
		if !b.Assign("001565f4f9e1") {
			t.Errorf("%.20q: it does not wait for another", url)
		}
	}
}

func TestForgedAnswersAreIgnored(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{Amplify: 100})
	notify := b.receive(subscribe("001565f4f9e1", "a"), phone, true)[1].data
	good := answerOf(t, notify, "200 OK")
	for name, c := range map[string]struct{ data, source string }{
		"branch":             {strings.Replace(good, "branch=z9hG4bK", "branch=z9hG4bKx", 1), phone},
		"Call-ID":            {strings.Replace(good, "Call-ID: a", "Call-ID: b", 1), phone},
		"number":             {strings.Replace(good, "CSeq: 2", "CSeq: 3", 1), phone},
		"method":             {strings.Replace(good, "2 NOTIFY", "2 SUBSCRIBE", 1), phone},
		"host":               {good, "192.168.1.21:5059"},
		"status":             {strings.Replace(good, "200 OK", "2000 OK", 1), phone},
		"challenge of 7 KiB": {strings.Replace(strings.Replace(good, "200 OK", "401 U", 1), "Via: ", "WWW-Authenticate: Digest realm=\""+strings.Repeat("x", 7<<10)+"\"\r\nVia: x", 1), phone},
	} {
		if out := b.receive(c.data, c.source, false); len(out) != 0 {
			t.Errorf("%s: answered %v", name, out)
		}
	}
	if at := b.pass(3 * time.Second); len(at) != 2 {
		t.Errorf("repeated at %v", at)
	}
	b.receive(good, "192.168.1.20:1024", false) // phones may answer from another port
	if at := b.pass(time.Minute); len(at) != 0 {
		t.Errorf("repeated at %v after the answer", at)
	}
}

// TestForgedFlood sends 10 000 SUBSCRIBE requests with forged addresses, and with a
// third host in Via and Contact.
func TestForgedFlood(t *testing.T) {
	// Not parallel: it counts goroutines.
	goroutines := runtime.NumGoroutine()
	for name, v := range map[string]Verdict{"waiting": {Answer: true}, "told": {Answer: true, URL: provisioning}, "rejected": {}} {
		t.Run(name, func(t *testing.T) {
			b := newBench(&fixed{verdict: v}, Limits{Phones: 500})
			var heap [2]runtime.MemStats
			runtime.GC()
			runtime.ReadMemStats(&heap[0])
			received := make(map[netip.Addr]int)
			bytes := make(map[netip.Addr]int)
			for i := range 10_000 {
				source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 8), byte(i), 7}), 5060)
				data := strings.ReplaceAll(subscribe(fmt.Sprintf("001565%06x", i), fmt.Sprint(i)), "192.168.1.20:5059", "192.168.1.99:5060")
				received[source.Addr()] += len(data)
				for _, o := range b.receive(data, source.String(), true) {
					bytes[o.to.Addr()] += len(o.data)
				}
				b.time = b.time.Add(time.Millisecond)
				b.out = nil
				b.tick()
				for _, o := range b.out {
					bytes[o.to.Addr()] += len(o.data)
				}
				b.core.seen = nil
			}
			b.pass(32 * time.Second)
			for _, o := range b.out {
				bytes[o.to.Addr()] += len(o.data)
			}
			for host, n := range bytes {
				if n > 3*received[host] {
					t.Errorf("%s got %d bytes for %d", host, n, received[host])
				}
			}
			if name == "waiting" {
				b.pass(28 * time.Second)
			}
			if n := len(b.byKey) + len(b.byMAC) + len(b.due) + b.ages.Len(); n != 0 {
				t.Errorf("%d things are remembered 32 s later", n)
			}
			b.tick()
			if len(b.meter.sources) != 0 {
				t.Errorf("%d sources are remembered 32 s later", len(b.meter.sources))
			}
			clear(received)
			clear(bytes)
			b.out = nil
			runtime.GC()
			runtime.ReadMemStats(&heap[1])
			if grown := int64(heap[1].HeapAlloc) - int64(heap[0].HeapAlloc); grown > 2<<20 {
				t.Errorf("the heap grew by %d bytes", grown)
			}
			runtime.KeepAlive(b)
		})
	}
	// Those of the subtests end a moment after the subtests have.
	for end := time.Now().Add(5 * time.Second); runtime.NumGoroutine() > goroutines && time.Now().Before(end); {
		runtime.Gosched()
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines more", n-goroutines)
	}
}

func TestAnswersAreBoundedByTheirRequests(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{}, Limits{})
	for _, data := range []string{"X a SIP/3\r\nv:SIP/2.0/a b\r\n\r\n", "X a:b SIP/2.0\r\nv:SIP/2.0/a b\r\n\r\n"} {
		for _, o := range b.receive(data, phone, false) {
			if len(o.data) > 3*len(data) {
				t.Errorf("%q got %d bytes for %d", data, len(o.data), len(data))
			}
		}
	}
}

func TestAckIsNeverAnswered(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{}, Limits{})
	good := strings.ReplaceAll(subscribe("001565f4f9e1", "a"), "SUBSCRIBE", "ACK")
	for _, data := range []string{good, strings.Replace(good, "1 ACK", "1 INVITE", 1), strings.Replace(good, "SIP/2.0", "SIP/3.0", 1)} {
		if out := b.receive(data, phone, false); len(out) != 0 {
			t.Errorf("sent %v", out)
		}
	}
}

// TestReceivedIsOurs holds that an answer says where the request came from, whatever
// the request says.
func TestReceivedIsOurs(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{})
	data := strings.Replace(subscribe("001565f4f9e1", "a"), ";branch=z9hG4bK3420914", `;Received=192.168.1.66;rport ; branch = z9hG4bKa;x="a;b", SIP/2.0/UDP next`, 1)
	out := b.receive(data, "192.168.1.20:5061", true)
	const want = "\r\nVia: SIP/2.0/UDP 192.168.1.20:5059; branch = z9hG4bKa;x=\"a;b\";received=192.168.1.20;rport=5061, SIP/2.0/UDP next\r\n"
	if len(out) != 1 || !strings.Contains(out[0].data, want) || out[0].to.String() != "192.168.1.20:5061" {
		t.Errorf("sent %v", out)
	}
}

// TestProvisionalAnswer has the phone say in time that it works on the NOTIFY.
func TestProvisionalAnswer(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
	notify := b.receive(subscribe("001565f4f9e1", "a"), phone, true)[1].data
	b.receive(answerOf(t, notify, "100 Trying"), phone, false)
	if diff := cmp.Diff([]time.Duration{time.Second / 2, 9 * time.Second / 2}, b.pass(5*time.Second)); diff != "" {
		t.Errorf("repeated (-want +got):\n%s", diff)
	}
}

func TestIdleSourcesMakeRoom(t *testing.T) {
	t.Parallel()
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	m := newMeter(Limits{SourceRate: 1, SourceBurst: 1, Rate: 1e9, Burst: 1e9}, now)
	for i := range maxSources {
		m.allow(netip.AddrFrom4([4]byte{10, 0, byte(i >> 8), byte(i)}), now)
	}
	newcomer := netip.MustParseAddr("10.1.0.0")
	first, second := m.allow(newcomer, now), m.allow(newcomer, now)
	if !first || !second || len(m.sources) != maxSources {
		t.Errorf("while all are busy, a newcomer is not held to the common bucket alone; %d sources", len(m.sources))
	}
	now = now.Add(2 * time.Second)
	if !m.allow(newcomer, now) || m.allow(newcomer, now) || len(m.sources) != 1 {
		t.Errorf("a newcomer has no bucket of its own; %d sources", len(m.sources))
	}
}

func TestOneSourceCannotTakeAll(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{})
	answered := 0
	for i := range 50_000 { // in one second
		answered += len(b.receive(subscribe(fmt.Sprintf("001565%06x", i), fmt.Sprint(i)), "10.0.0.66:5060", true))
		b.time = b.time.Add(20 * time.Microsecond)
	}
	if answered < 50 || answered > 61 {
		t.Errorf("one source was answered %d times", answered)
	}
	if out := b.receive(subscribe("001565f4f9e1", "a"), phone, true); len(out) != 1 {
		t.Error("a phone was not answered after that")
	}
}

// TestFloodOfSources holds that those who are too many share the common budget, and
// that a phone is still answered.
func TestFloodOfSources(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
	answered, tries, heard := 0, 0, false
	for i := range 50_000 { // in one second
		source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, byte(i >> 16), byte(i >> 8), byte(i)}), 5060)
		if len(b.receive(subscribe(fmt.Sprintf("001566%06x", i), fmt.Sprint(i)), source.String(), true)) > 0 {
			answered++
		}
		b.time = b.time.Add(20 * time.Microsecond)
		if i%12_500 == 6_173 && !heard {
			tries++
			heard = len(b.receive(subscribe("001565f4f9e1", "a"), phone, true)) > 0
		}
		b.tick()
	}
	if limit := 20_000 + 20_000 + 1; answered > limit {
		t.Errorf("answered %d, more than %d", answered, limit)
	}
	if len(b.byKey) > 4096 || len(b.meter.sources) > maxSources {
		t.Errorf("%d conversations and %d sources are remembered", len(b.byKey), len(b.meter.sources))
	}
	t.Logf("answered %d of 50 000; the phone was heard: %v, after %d tries", answered, heard, tries)
	if !heard {
		t.Error("the phone was not heard")
	}
}

func TestOldestGoesFirst(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{Phones: 3})
	for i := range 5 {
		b.receive(subscribe(fmt.Sprintf("00156500000%d", i), fmt.Sprint(i)), phone, true)
		b.time = b.time.Add(time.Second)
	}
	for i := range 5 {
		if got, want := b.Assign(fmt.Sprintf("00156500000%d", i)), i >= 2; got != want {
			t.Errorf("phone %d waits: %v", i, got)
		}
	}
}

// TestGoneWhileAsked has a phone's place taken by others while the core thinks.
func TestGoneWhileAsked(t *testing.T) {
	t.Parallel()
	for _, v := range []Verdict{{Answer: true}, {Answer: true, URL: provisioning}, {}} {
		var b *bench
		n := 0
		core := &fixed{verdict: v}
		core.ask = func(Discovery) {
			if n++; n < 5 {
				b.receive(subscribe(fmt.Sprintf("00156500000%d", n), fmt.Sprint(n)), phone, true)
			}
		}
		b = newBench(core, Limits{Phones: 2})
		b.receive(subscribe("001565f4f9e1", "a"), phone, true)
		b.pass(2 * time.Minute)
		if len(b.byKey)+len(b.byMAC)+len(b.due)+b.ages.Len() != 0 {
			t.Error("something is left")
		}
	}
}

func TestTextsOfPhonesAreMadePlain(t *testing.T) {
	t.Parallel()
	data := strings.Replace(subscribe("001565f4f9e1", "a"), "Yealink W52P 25.81.0.10", "\x1b[31m\xff\x00"+strings.Repeat("ü", 300), 1)
	data = strings.Replace(data, `model="W52P"`, `model="W\"\`+"\x07"+`52P"`, 1)
	b := newBench(&fixed{verdict: Verdict{Answer: true}}, Limits{})
	b.receive(data, phone, true)
	if len(b.core.seen) != 1 {
		t.Fatal("not discovered")
	}
	d := b.core.seen[0]
	if len(d.UserAgent) > maxPlain+3 || !utf8.ValidString(d.UserAgent) || strings.ContainsAny(d.UserAgent, "\x1b\x00") || d.Model != `W"52P` {
		t.Errorf("discovered %+q", d)
	}
}

// scrap takes what it is given and forgets it.
type scrap struct{ bytes, messages int }

func (s *scrap) send(b []byte, _ link, _ netip.AddrPort) error {
	s.bytes += len(b)
	s.messages++
	return nil
}
func (*scrap) transport() string { return "UDP" }
func (*scrap) port() uint16      { return 40000 }

func FuzzDatagram(f *testing.F) {
	for name, data := range tortureMessages(f) {
		f.Add(data, true)
		f.Add(data, false)
		f.Add(transplant(name, data), true)
	}
	f.Add([]byte(subscribe("001565f4f9e1", "a")), true)
	f.Fuzz(func(t *testing.T, data []byte, multicast bool) {
		b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
		out := b.receive(string(data), phone, multicast)
		subscribed := len(b.core.seen) > 0
		switch {
		case subscribed && len(out) > 2, !subscribed && len(out) > 1:
			t.Errorf("%d messages", len(out))
		case multicast && !subscribed && len(out) > 0:
			t.Errorf("answered by multicast: %v", out)
		}
		sum := 0
		for _, o := range out {
			sum += len(o.data)
			if o.to.Addr().String() != "192.168.1.20" || o.to.Port() < lowestPort {
				t.Errorf("sent to %s", o.to)
			}
			m, ok := parse([]byte(o.data))
			if !ok || m.crooked || m.count(hContentLength) != 1 {
				t.Errorf("sent what we would not take: %q", o.data)
			} else if n, _ := m.contentLength(); n != m.body {
				t.Errorf("sent a body of %d bytes, announced %d", m.body, n)
			}
		}
		if sum > 3*len(data) {
			t.Errorf("%d bytes for %d", sum, len(data))
		}
		if subscribed {
			if again := b.receive(string(data), phone, multicast); len(again) > 1 {
				t.Errorf("%d messages for the repetition", len(again))
			}
		}
		b.pass(33 * time.Second)
		if len(b.byKey) != 0 {
			t.Error("state is left after 32 s")
		}
		if buffered, rest, framed := cutMessage(data); framed && len(buffered)+len(rest) > len(data) {
			t.Error("the stream reader made bytes up")
		}
	})
}

func BenchmarkDiscovery(b *testing.B) {
	data := make([][]byte, 100_000)
	for i := range data {
		data[i] = []byte(subscribe(fmt.Sprintf("001565%06x", i), fmt.Sprint(i)))
	}
	core := &silentCore{Verdict{Answer: true, URL: provisioning}}
	now := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	e := newEngine(Options{Core: core, Now: func() time.Time { return now }, Limits: Limits{Rate: 1e9, Burst: 1e9, SourceRate: 1e9, SourceBurst: 1e9}}.orDefaults())
	w := &scrap{}
	p := packet{source: netip.MustParseAddrPort(phone), link: ourLink, answer: w, notify: w, multicast: true}
	b.ReportAllocs()
	for i := 0; b.Loop(); i++ {
		p.data = data[i%len(data)]
		if i%len(data) == 0 {
			now = now.Add(time.Minute)
			e.tick()
		}
		e.handle(b.Context(), p)
	}
	if w.messages < 2*b.N {
		b.Errorf("sent %d messages for %d", w.messages, b.N)
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "phones/s")
}

// silentCore keeps no record.
type silentCore struct{ verdict Verdict }

func (c *silentCore) Discover(context.Context, Discovery) Verdict { return c.verdict }
