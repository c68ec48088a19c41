package pnp

import (
	"fmt"
	"net"
	"net/netip"
	"strings"
	"testing"
	"time"
)

// BenchmarkDiscoverySocket has phones ask the listener by UDP on loopback, hear 200 and
// the NOTIFY with their URL, and answer it. Its metric "times-bound" is what that takes
// over a bare loop in the same run that passes the same four datagrams, of the same
// sizes, between two sockets and reads nothing in them. Run it with -cpu 1.
func BenchmarkDiscoverySocket(b *testing.B) {
	const many = 4096
	var requests [many][]byte
	for i := range requests {
		requests[i] = []byte(subscribe(fmt.Sprintf("001565%06x", i), fmt.Sprint(i)))
	}
	limits := Limits{Rate: 1e9, Burst: 1e9, SourceRate: 1e9, SourceBurst: 1e9, PerPhone: time.Nanosecond, Phones: 1024}
	s, err := Listen(Options{Address: "127.0.0.1:0", Core: &silentCore{Verdict{Answer: true, URL: provisioning}}, Limits: limits})
	if err != nil {
		b.Skipf("THE SOCKETS OF SIP PLUG AND PLAY ARE NOT MEASURED: %v", err)
	}
	served := make(chan error, 1)
	go func() { served <- s.Serve(b.Context()) }()
	defer func() {
		s.Close()
		if err := <-served; err != nil {
			b.Error(err)
		}
	}()
	phone := open(b, s.Address())
	buffer := make([]byte, maxMessage)
	read := func(prefix string) []byte {
		n, err := phone.Read(buffer)
		if err != nil || !strings.HasPrefix(string(buffer[:n]), prefix) {
			b.Fatalf("read %q, %v", buffer[:n], err)
		}
		return buffer[:n]
	}
	var sizes [4]int
	answer := make([]byte, 0, maxMessage)
	conversation := func(i int) {
		// A phone does not use a Call-ID twice; the number at its end is the round's.
		request := append(requests[i%many][:0:0], requests[i%many]...)
		request = []byte(strings.Replace(string(request), "Call-ID: ", fmt.Sprintf("Call-ID: %d-", i/many), 1))
		phone.Write(request)
		sizes[0], sizes[1] = len(request), len(read("SIP/2.0 200 "))
		notify := read("NOTIFY ")
		answer = append(answer[:0], "SIP/2.0 200 OK\r\n"...)
		for line := range strings.SplitAfterSeq(string(notify), "\r\n") {
			for _, name := range []string{"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "} {
				if strings.HasPrefix(line, name) {
					answer = append(answer, line...)
				}
			}
		}
		answer = append(answer, "Content-Length: 0\r\n\r\n"...)
		sizes[2], sizes[3] = len(notify), len(answer)
		phone.Write(answer)
	}
	i := 0
	for b.Loop() {
		conversation(i)
		i++
	}
	took := b.Elapsed()
	bound := bare(b, sizes, b.N)
	b.ReportMetric(float64(b.N)/took.Seconds(), "phones/s")
	b.ReportMetric(float64(b.N)/bound.Seconds(), "bare/s")
	b.ReportMetric(took.Seconds()/bound.Seconds(), "times-bound")
}

func open(b *testing.B, to netip.AddrPort) *net.UDPConn {
	b.Helper()
	conn, err := net.DialUDP("udp4", nil, net.UDPAddrFromAddrPort(to))
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(5 * time.Minute))
	return conn
}

// bare passes the datagrams of n conversations.
func bare(b *testing.B, sizes [4]int, n int) time.Duration {
	b.Helper()
	server, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		b.Fatal(err)
	}
	done := make(chan struct{})
	go func() {
		defer close(done)
		buffer := make([]byte, maxMessage)
		for {
			n, from, err := server.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			if n == sizes[0] {
				server.WriteToUDPAddrPort(buffer[:sizes[1]], from)
				server.WriteToUDPAddrPort(buffer[:sizes[2]], from)
			}
		}
	}()
	defer func() { server.Close(); <-done }()
	phone := open(b, server.LocalAddr().(*net.UDPAddr).AddrPort())
	buffer := make([]byte, maxMessage)
	began := time.Now()
	for range n {
		phone.Write(buffer[:sizes[0]])
		for range 2 {
			if _, err := phone.Read(buffer); err != nil {
				b.Fatal(err)
			}
		}
		phone.Write(buffer[:sizes[3]])
	}
	return time.Since(began)
}
