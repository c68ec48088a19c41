package notify_test

import (
	"bytes"
	"context"
	"net"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/notify"
)

// sinks answers every request on each of n UDP ports with 200 at once, as n phones
// would, and does as little else as it can.
func sinks(tb testing.TB, n int) (addresses []string) {
	tb.Helper()
	var all sync.WaitGroup
	tb.Cleanup(all.Wait) // after the sockets are closed, below
	for range n {
		socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
		if err != nil {
			tb.Fatal(err)
		}
		socket.SetReadBuffer(1 << 20)
		addresses = append(addresses, socket.LocalAddr().String())
		tb.Cleanup(func() { socket.Close() })
		all.Go(func() {
			in, out := make([]byte, 2048), make([]byte, 0, 2048)
			for {
				n, from, err := socket.ReadFromUDPAddrPort(in)
				if err != nil {
					return
				}
				out = append(out[:0], "SIP/2.0 200 OK\r\n"...)
				for line := range bytes.SplitAfterSeq(in[:n], []byte("\r\n")) {
					for _, name := range []string{"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "} {
						if bytes.HasPrefix(line, []byte(name)) {
							out = append(out, line...)
						}
					}
				}
				out = append(out, "Content-Length: 0\r\n\r\n"...)
				socket.WriteToUDPAddrPort(out, from)
			}
		})
	}
	return addresses
}

// window is how many NOTIFYs are under way at once in the benchmarks.
const window = 64

// BenchmarkDirect sends to 64 phones. Its metric "ratio" is the rate of a bare
// loop in the same run, which sends the same bytes to the same phones and waits
// for any answer, over that of Direct.
func BenchmarkDirect(b *testing.B) {
	phones := sinks(b, 64)
	s, err := notify.NewDirect(notify.DirectConfig{Timeout: 30 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	compare(b, phones, func(i int) error {
		_, err := s.Notify(context.Background(), at(phones[i%len(phones)]), event)
		return err
	})
}

// BenchmarkProxy sends to 10 000 extensions by the one socket of the PBX at which they
// are registered.
func BenchmarkProxy(b *testing.B) {
	proxies := sinks(b, 1)
	s, err := notify.NewProxy(notify.ProxyConfig{Address: proxies[0], Transport: "UDP", Timeout: 30 * time.Second})
	if err != nil {
		b.Fatal(err)
	}
	defer s.Close()
	var phones [10_000]notify.Target
	for i := range phones {
		phones[i] = target()
		phones[i].Extension = strconv.Itoa(100_000 + i)
	}
	compare(b, proxies, func(i int) error {
		_, err := s.Notify(context.Background(), phones[i%len(phones)], event)
		return err
	})
}

func compare(b *testing.B, peers []string, send func(i int) error) {
	b.Helper()
	bare := bareLoop(b, peers, b.N)
	b.ReportAllocs()
	b.ResetTimer()
	took := spread(b.N, func(int) func(i int) error { return send }, b)
	b.StopTimer()
	b.ReportMetric(float64(b.N)/took.Seconds(), "notify/s")
	b.ReportMetric(float64(b.N)/bare.Seconds(), "bare/s")
	b.ReportMetric(took.Seconds()/bare.Seconds(), "ratio")
}

// bareLoop sends n requests of a NOTIFY's size, each worker on a socket of its own.
func bareLoop(b *testing.B, peers []string, n int) time.Duration {
	b.Helper()
	request := []byte(strings.ReplaceAll(`NOTIFY sip:100@127.0.0.1:43210 SIP/2.0
Via: SIP/2.0/UDP 127.0.0.1:54321;rport;branch=z9hG4bKABCDEFGHIJKLMNOPQRSTUVWXYZ
Max-Forwards: 70
From: <sip:dialplane@127.0.0.1>;tag=ABCDEFGHIJKLMNOPQRSTUVWXYZ
To: <sip:100@pbx.example.org>
Call-ID: ABCDEFGHIJKLMNOPQRSTUVWXYZ
CSeq: 1 NOTIFY
Contact: <sip:127.0.0.1:54321;transport=udp>
Event: check-sync;reboot=false
Subscription-State: terminated;reason=noresource
User-Agent: Dialplane
Content-Length: 0

`, "\n", "\r\n"))
	return spread(n, func(worker int) func(int) error {
		conn, err := net.Dial("udp", peers[worker%len(peers)])
		if err != nil {
			b.Fatal(err)
		}
		b.Cleanup(func() { conn.Close() })
		buffer := make([]byte, 2048)
		return func(int) error {
			if _, err := conn.Write(request); err != nil {
				return err
			}
			conn.SetReadDeadline(time.Now().Add(10 * time.Second))
			_, err := conn.Read(buffer)
			return err
		}
	}, b)
}

// spread runs n sends on window workers and says how long they took.
func spread(n int, worker func(worker int) func(i int) error, b *testing.B) time.Duration {
	b.Helper()
	var sends []func(int) error
	for w := range min(window, n) {
		sends = append(sends, worker(w))
	}
	began := time.Now()
	var all sync.WaitGroup
	for w, send := range sends {
		all.Go(func() {
			for i := w; i < n; i += len(sends) {
				if err := send(i); err != nil {
					b.Error(err)
					return
				}
			}
		})
	}
	all.Wait()
	return time.Since(began)
}
