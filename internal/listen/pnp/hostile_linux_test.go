package pnp

import (
	"errors"
	"fmt"
	"net/netip"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sys/unix"
)

// tortureOnTheWire multicasts RFC 4475's messages. Whatever else the phone hears before
// the answer to the SUBSCRIBE that it sends behind each of them is too much.
func tortureOnTheWire(t *testing.T) {
	lan := newSegment(t, "torture0", "192.168.1.2/24", "192.168.1.20")
	core := &fixed{verdict: Verdict{Answer: true}}
	start(t, Options{Core: core, Interfaces: []string{"torture0"}, Limits: Limits{SourceBurst: 1000}})
	n := 0
	for name, data := range tortureMessages(t) {
		n++
		lan.emit(t, phone, theGroup, string(data))
		fence := fmt.Sprintf("fence%d", n)
		lan.emit(t, phone, theGroup, subscribe(fmt.Sprintf("001565%06x", n), fence))
		if got, heard := lan.receive(t, 10*time.Second); !heard || !strings.Contains(got.data, "\r\nCall-ID: "+fence+"\r\n") {
			t.Errorf("%s is answered: %+v", name, got)
		}
	}
	core.mu.Lock()
	defer core.mu.Unlock()
	if len(core.seen) != n {
		t.Errorf("discovered %d phones, want the %d behind the messages", len(core.seen), n)
	}
}

const (
	forged = 10_000
	// third is named by all forged requests as where they are from.
	third = "10.99.255.99"
)

// floodOnTheWire sends SUBSCRIBE requests with forged sources that name a third host,
// twice, and has a phone ask among them.
func floodOnTheWire(t *testing.T) {
	f := &flood{t: t, wire: newDevice(t, "flood0", "10.99.0.1/16", unix.IFF_TUN), sent: make(map[netip.Addr]int, 3*forged), heard: make(map[netip.Addr]int, 3*forged)}
	f.cond = sync.NewCond(&f.mu)
	f.phone = make(chan datagram, 100)
	run(t, "ip link set flood0 txqueuelen 100000") // the test reads what the server repeats to all at once
	s := start(t, Options{Core: &silentCore{Verdict{Answer: true, URL: provisioning}}, Interfaces: []string{"flood0"}})
	var reading sync.WaitGroup
	reading.Go(f.read)
	defer func() { f.wire.Close(); reading.Wait() }()

	f.asks("001565f4f9e0") // the server is up
	goroutines := runtime.NumGoroutine()
	f.wave(1, "001565f4f9e1")
	first := heapInUse()
	f.wave(2, "001565f4f9e2")
	second := heapInUse()
	if second > first+1<<20 {
		t.Errorf("the second wave takes %d bytes more than the first", second-first)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines more", n-goroutines)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.answers != 2*forged {
		t.Errorf("%d of %d were answered", f.answers, 2*forged)
	}
	for from := range f.sent {
		if f.heard[from] == 0 {
			t.Errorf("%s was not answered", from)
		}
	}
	total, asked := 0, 0
	for to, n := range f.heard {
		if f.sent[to] == 0 {
			t.Errorf("%s was sent %d bytes and had asked for nothing", to, n)
		}
		if n > 3*f.sent[to] {
			t.Errorf("%s was sent %d bytes for %d", to, n, f.sent[to])
		}
		total, asked = total+n, asked+f.sent[to]
	}
	s.engine.mu.Lock()
	kept, sources := len(s.engine.byKey), len(s.engine.meter.sources)
	s.engine.mu.Unlock()
	if kept > s.engine.limits.Phones || sources > maxSources {
		t.Errorf("%d conversations and %d sources are remembered", kept, sources)
	}
	t.Logf("%d bytes for %d, %d conversations and %d sources remembered, heap %d KiB", total, asked, kept, sources, second>>10)
}

func heapInUse() int {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int(m.HeapAlloc)
}

// flood is a wire and a count of what passes: bytes of UDP datagrams by phone.
type flood struct {
	t     *testing.T
	wire  *os.File
	phone chan datagram // what the phone hears

	mu      sync.Mutex
	cond    *sync.Cond
	sent    map[netip.Addr]int
	heard   map[netip.Addr]int
	answers int // 200 OK
	ended   bool
}

const floodPhone = "10.99.254.20:5059"

// underWay is how many may wait for their answer: fewer than a socket holds, so that
// each is read.
const underWay = 50

// wave sends the forged requests. In the middle of them a phone asks and is told.
func (f *flood) wave(n int, address string) {
	f.t.Helper()
	for i := range forged {
		source := netip.AddrPortFrom(netip.AddrFrom4([4]byte{10, 99, byte(100*n + i>>8), byte(i)}), 5060)
		data := strings.ReplaceAll(subscribe(fmt.Sprintf("0015%02x%06x", n, i), fmt.Sprintf("%d-%d", n, i)), "192.168.1.20:5059", third+":5060")
		f.emit(source, netip.MustParseAddrPort(theGroup), data)
		f.mu.Lock()
		for f.answers < (n-1)*forged+i-underWay && !f.ended {
			f.cond.Wait()
		}
		f.mu.Unlock()
		if i == forged/2 {
			f.asks(address)
		}
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	for f.answers < n*forged && !f.ended {
		f.cond.Wait()
	}
}

// asks lets the phone ask until it has heard both messages, and answers the second.
func (f *flood) asks(address string) {
	f.t.Helper()
	at := netip.MustParseAddrPort(floodPhone)
	f.emit(at, netip.MustParseAddrPort(theGroup), strings.ReplaceAll(subscribe(address, address), "192.168.1.20:5059", floodPhone))
	for accepted, told := false, false; !accepted || !told; {
		select {
		case got := <-f.phone:
			if !strings.Contains(got.data, "\r\nCall-ID: "+address+"\r\n") {
				f.t.Errorf("the phone hears %q", got.data)
			}
			accepted = accepted || strings.HasPrefix(got.data, "SIP/2.0 200 OK\r\n")
			if strings.HasPrefix(got.data, "NOTIFY ") && !told {
				told = true
				f.emit(at, got.from, answerOf(f.t, got.data, "200 OK"))
			}
		case <-time.After(10 * time.Second):
			f.t.Fatal("the phone is not answered in the flood")
		}
	}
}

func (f *flood) emit(source, target netip.AddrPort, data string) {
	f.t.Helper()
	f.mu.Lock()
	f.sent[source.Addr()] += len(data)
	f.mu.Unlock()
	if _, err := f.wire.Write(udp(source, target, data)); err != nil {
		f.t.Fatal(err)
	}
}

func (f *flood) read() {
	buffer := make([]byte, 10_000)
	for {
		f.wire.SetReadDeadline(time.Now().Add(8 * time.Second)) // so that the test ends if the server falls silent
		n, err := f.wire.Read(buffer)
		if err != nil {
			if !errors.Is(err, os.ErrClosed) {
				f.t.Errorf("the server has fallen silent: %v", err)
			}
			f.mu.Lock()
			f.ended = true
			f.mu.Unlock()
			f.cond.Broadcast()
			return
		}
		d, ok := readUDP(buffer[:n])
		if !ok {
			continue
		}
		f.mu.Lock()
		f.heard[d.to.Addr()] += len(d.data)
		if d.to.String() == floodPhone {
			f.phone <- d
		} else if strings.HasPrefix(d.data, "SIP/2.0 200 OK\r\n") {
			f.answers++
		}
		f.mu.Unlock()
		f.cond.Broadcast()
	}
}
