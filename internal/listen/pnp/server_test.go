package pnp

import (
	"context"
	"errors"
	"io"
	"net"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"
)

// start serves until the test ends, or skips it where the group cannot be bound.
func start(t *testing.T, o Options) *Server {
	t.Helper()
	s, err := Listen(o)
	if err != nil {
		t.Skipf("THE SOCKETS OF SIP PLUG AND PLAY ARE NOT TESTED: %v", err)
	}
	served := make(chan error, 1)
	ctx, cancel := context.WithCancel(context.Background())
	go func() { served <- s.Serve(ctx) }()
	t.Cleanup(func() {
		cancel()
		if err := <-served; err != nil {
			t.Errorf("Serve: %v", err)
		}
	})
	return s
}

func dial(t *testing.T, network string, to netip.AddrPort) net.Conn {
	t.Helper()
	conn, err := net.Dial(network, to.String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	conn.SetDeadline(time.Now().Add(20 * time.Second))
	return conn
}

func read(t *testing.T, conn net.Conn) string {
	t.Helper()
	b := make([]byte, maxMessage)
	n, err := conn.Read(b)
	if err != nil {
		t.Fatal(err)
	}
	return string(b[:n])
}

// readUntil reads until the text ends so.
func readUntil(t *testing.T, conn net.Conn, end string) string {
	t.Helper()
	text := ""
	for !strings.HasSuffix(text, end) {
		text += read(t, conn)
	}
	return text
}

func TestUnicastUDP(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Address: "127.0.0.1:0", Core: &fixed{verdict: Verdict{Answer: true, URL: provisioning}}})
	conn := dial(t, "udp4", s.Address())
	io.WriteString(conn, subscribe("001565f4f9e1", "a"))
	if got := read(t, conn); !strings.HasPrefix(got, "SIP/2.0 200 OK\r\n") || !strings.Contains(got, "Contact: <sip:"+s.Address().String()+">\r\n") {
		t.Errorf("got %s", got)
	}
	notify := read(t, conn)
	if !strings.HasPrefix(notify, "NOTIFY sip:"+conn.LocalAddr().String()+" SIP/2.0\r\nVia: SIP/2.0/UDP "+s.Address().String()+";") || !strings.HasSuffix(notify, provisioning) {
		t.Errorf("got %s", notify)
	}
	if again := read(t, conn); again != notify { // half a second later
		t.Errorf("got %s", again)
	}
	io.WriteString(conn, answerOf(t, notify, "200 OK"))
	io.WriteString(conn, strings.ReplaceAll(subscribe("001565f4f9e1", "b"), "SUBSCRIBE", "OPTIONS"))
	if got := read(t, conn); !strings.HasPrefix(got, "SIP/2.0 405 ") {
		t.Errorf("got %s", got)
	}
}

func TestUnicastIsOffWithoutAddress(t *testing.T) {
	t.Parallel()
	core := &fixed{verdict: Verdict{Answer: true}}
	s := start(t, Options{Core: core})
	conn := dial(t, "udp4", netip.AddrPortFrom(netip.MustParseAddr("127.0.0.1"), s.Address().Port()))
	io.WriteString(conn, subscribe("001565f4f9e1", "a"))
	conn.SetDeadline(time.Now().Add(200 * time.Millisecond))
	var timeout net.Error
	if _, err := conn.Read(make([]byte, 1)); !errors.As(err, &timeout) || !timeout.Timeout() {
		t.Errorf("it was answered: %v", err)
	}
	if c, err := net.Dial("tcp4", conn.RemoteAddr().String()); err == nil {
		c.Close()
		t.Error("it listens on TCP")
	}
}

func TestTCP(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Address: "127.0.0.1:0", Core: &fixed{verdict: Verdict{Answer: true, URL: provisioning}}})
	conn := dial(t, "tcp4", s.Address())
	for _, part := range []string{"\r\n\r\n", subscribe("001565f4f9e1", "a")[:100], subscribe("001565f4f9e1", "a")[100:]} {
		io.WriteString(conn, part)
	}
	got := readUntil(t, conn, provisioning)
	if !strings.HasPrefix(got, "SIP/2.0 200 OK\r\n") || !strings.Contains(got, "\r\n\r\nNOTIFY sip:"+conn.LocalAddr().String()+" SIP/2.0\r\nVia: SIP/2.0/TCP "+s.Address().String()) ||
		!strings.Contains(got, ";transport=tcp>") {
		t.Errorf("got %s", got)
	}
	_, notify, _ := strings.Cut(got, "\r\n\r\n")
	io.WriteString(conn, answerOf(t, notify, "200 OK")+strings.Replace(subscribe("001565f4f9e1", "b"), "Content-Length: 0", "Content-Length: -1", 1))
	if got := readUntil(t, conn, "\r\n\r\n"); !strings.HasPrefix(got, "SIP/2.0 400 ") {
		t.Errorf("got %s", got)
	}
	if _, err := conn.Read(make([]byte, 1)); !errors.Is(err, io.EOF) {
		t.Errorf("after a framing error the connection gives %v", err)
	}
}

// TestTCPTooLong holds that nobody waits for a body that is not taken anyway.
func TestTCPTooLong(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Address: "127.0.0.1:0", Core: &fixed{}})
	conn := dial(t, "tcp4", s.Address())
	conn.SetDeadline(time.Now().Add(messageTimeout - 2*time.Second))
	io.WriteString(conn, strings.Replace(subscribe("001565f4f9e1", "a"), "Content-Length: 0", "Content-Length: 9999", 1))
	if got, err := io.ReadAll(conn); err != nil || !strings.HasPrefix(string(got), "SIP/2.0 400 ") {
		t.Errorf("got %s, %v", got, err)
	}
}

func TestTCPEndlessHeaders(t *testing.T) {
	t.Parallel()
	b := newBench(&fixed{}, Limits{})
	if got := talk(t, b.engine, []byte("SUBSCRIBE sip:a SIP/2.0\r\nX: "+strings.Repeat("x", 3*maxMessage))); got != "" {
		t.Errorf("got %s", got)
	}
	if got := talk(t, b.engine, []byte("GET / HTTP/1.1\r\nHost: x\r\n\r\n")); got != "" {
		t.Errorf("HTTP got %s", got)
	}
}

func TestTCPConnectionsAreBounded(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Address: "127.0.0.1:0", Core: &fixed{}})
	for i := range perSource + 1 {
		conn := dial(t, "tcp4", s.Address())
		io.WriteString(conn, strings.ReplaceAll(subscribe("001565f4f9e1", "a"), "SUBSCRIBE", "OPTIONS"))
		b := make([]byte, maxMessage)
		if n, err := conn.Read(b); (err == nil) != (i < perSource) {
			t.Errorf("connection %d: %s, %v", i, b[:n], err)
		}
	}
}

func TestTCPOfStrangersIsClosed(t *testing.T) {
	t.Parallel()
	s := start(t, Options{Address: "127.0.0.1:0", Core: &fixed{}, Networks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8")}})
	conn := dial(t, "tcp4", s.Address())
	if n, err := conn.Read(make([]byte, 1)); err == nil {
		t.Errorf("read %d bytes", n)
	}
}

func TestListenErrors(t *testing.T) {
	t.Parallel()
	core := &fixed{}
	for name, c := range map[string]struct {
		options Options
		want    []string
	}{
		"no core":          {Options{}, []string{"Options.Core"}},
		"no interface":     {Options{Core: core, Interfaces: []string{"nosuch0"}}, []string{`"nosuch0"`, "ip link"}},
		"a broken address": {Options{Core: core, Address: "nonsense"}, []string{"nonsense", "UDP"}},
		"IPv6":             {Options{Core: core, Address: "[::1]:0"}, []string{"[::1]:0"}},
	} {
		s, err := Listen(c.options)
		if err == nil {
			s.Close()
			t.Errorf("%s: no error", name)
			continue
		}
		if strings.Contains(err.Error(), "224.0.1.75") {
			t.Skipf("THE SOCKETS OF SIP PLUG AND PLAY ARE NOT TESTED: %v", err)
		}
		for _, w := range c.want {
			if !strings.Contains(err.Error(), w) {
				t.Errorf("%s: %v; want %q in it", name, err, w)
			}
		}
	}
}

func TestListenWhereTheStreamPortIsTaken(t *testing.T) {
	t.Parallel()
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer taken.Close()
	s, err := Listen(Options{Core: &fixed{}, Address: taken.Addr().String()})
	if err == nil {
		s.Close()
		t.Error("no error")
	} else if !strings.Contains(err.Error(), "TCP") && !strings.Contains(err.Error(), "224.0.1.75") {
		t.Error(err)
	}
}

func TestCloseWithoutServe(t *testing.T) {
	t.Parallel()
	s, err := Listen(Options{Core: &fixed{}, Address: "127.0.0.1:0"})
	if err != nil {
		t.Skip(err)
	}
	if err := errors.Join(s.Close(), s.Close()); err != nil {
		t.Error(err)
	}
	if err := s.Serve(context.Background()); err != nil {
		t.Errorf("Serve after Close: %v", err)
	}
}

func TestBroadcast(t *testing.T) {
	t.Parallel()
	for network, want := range map[string]string{
		"192.168.1.2/24": "192.168.1.255", "10.1.2.3/8": "10.255.255.255", "172.16.5.4/22": "172.16.7.255",
		"10.0.0.1/31": "invalid IP", "10.0.0.1/32": "invalid IP",
	} {
		if got := broadcast(netip.MustParsePrefix(network)); got.String() != want {
			t.Errorf("%s: %s, want %s", network, got, want)
		}
	}
}

func TestPacketsToManyAreNotUnicast(t *testing.T) {
	t.Parallel()
	l := &links{}
	l.byIndex.Store(&map[int]ifc{2: {name: "eth0", prefixes: []netip.Prefix{netip.MustParsePrefix("192.168.1.2/24")}}})
	for to, want := range map[string]bool{
		"192.168.1.2": true, "127.0.0.1": true, "192.168.1.255": false, "255.255.255.255": false, "224.0.1.75": false,
	} {
		if _, got := l.addressed(2, net.ParseIP(to)); got != want {
			t.Errorf("%s: %v", to, got)
		}
	}
	if _, ok := l.addressed(2, nil); ok {
		t.Error("a packet to nowhere is taken")
	}
	if _, ok := l.joined(2, netip.MustParseAddr("192.168.1.20")); ok {
		t.Error("the group is taken from an interface on which it was not joined")
	}
}

// TestChoice holds which interfaces are listened on.
func TestChoice(t *testing.T) {
	t.Parallel()
	networks := Options{}.orDefaults().Networks
	private := []netip.Prefix{netip.MustParsePrefix("192.168.1.2/24")}
	public := []netip.Prefix{netip.MustParsePrefix("198.51.100.2/24")}
	const up, multicast = net.FlagUp, net.FlagMulticast
	for _, c := range []struct {
		names     []string
		flags     net.Flags
		addresses []netip.Prefix
		want      bool
	}{
		{nil, up | multicast, private, true},
		{nil, up | multicast, public, false},
		{nil, up | multicast, slices.Concat(public, private), true},
		{nil, up | multicast, nil, false},
		{nil, up, private, false},
		{nil, multicast, private, false},
		{[]string{"eth0"}, up | multicast, public, true},
		{[]string{"eth1"}, up | multicast, private, false},
		{[]string{"eth0"}, multicast, private, false},
	} {
		l := &links{names: c.names, networks: networks}
		if got := l.chooses(&net.Interface{Name: "eth0", Flags: c.flags}, c.addresses); got != c.want {
			t.Errorf("%v, %v, %v: %v", c.names, c.flags, c.addresses, got)
		}
	}
}
