package notify

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// DirectConfig sets up Direct.
type DirectConfig struct {
	// Listen is the address and UDP port that requests leave from: "192.0.2.1:0".
	// Empty means any address and a free port.
	Listen string
	// Timeout bounds one attempt, answers included. 0 means 5 s.
	Timeout time.Duration
}

// Direct sends to the phones themselves: to the contact they were last seen at, or
// else to port 5060 of the address they last fetched from. It knows no credentials
// and resolves no names. All phones share one UDP socket, so a phone whose port is
// closed looks like one that does not answer.
type Direct struct {
	socket  *net.UDPConn
	bound   netip.AddrPort
	timeout time.Duration
	pending *transactions
	over    chan struct{}
	reader  sync.WaitGroup
	probing sync.Mutex
}

// NewDirect opens the socket.
func NewDirect(c DirectConfig) (*Direct, error) {
	address, err := net.ResolveUDPAddr("udp", c.Listen)
	if err != nil {
		return nil, fmt.Errorf("the address %q that NOTIFYs are to leave from is not ip:port: %w", c.Listen, err)
	}
	socket, err := net.ListenUDP("udp", address)
	if err != nil {
		return nil, fmt.Errorf("no UDP socket for NOTIFYs: %w", err)
	}
	_ = socket.SetReadBuffer(1 << 20) // many phones answer at once; smaller is only slower
	d := &Direct{
		socket: socket, bound: socket.LocalAddr().(*net.UDPAddr).AddrPort(), timeout: orDefault(c.Timeout),
		pending: newTransactions(), over: make(chan struct{}),
	}
	d.reader.Go(d.read)
	return d, nil
}

// Close ends the attempts under way and frees the socket.
func (d *Direct) Close() error {
	err := d.socket.Close()
	d.reader.Wait()
	if errors.Is(err, net.ErrClosed) {
		return nil
	}
	return err
}

func (d *Direct) read() {
	defer close(d.over)
	buffer := make([]byte, 1<<16)
	for {
		n, _, err := d.socket.ReadFromUDPAddrPort(buffer)
		switch {
		case errors.Is(err, net.ErrClosed):
			return
		case err != nil:
			time.Sleep(10 * time.Millisecond) // the network is down; never spin
		default:
			d.pending.datagram(buffer[:n])
		}
	}
}

// Notify implements Sender.
func (d *Direct) Notify(ctx context.Context, t Target, event string) (retry bool, err error) {
	return verdict(t, d.notify(ctx, t, event))
}

func (d *Direct) notify(ctx context.Context, t Target, event string) error {
	if err := check(t, event); err != nil {
		return err
	}
	to, err := t.address()
	if err != nil {
		return err
	}
	local, err := d.toward(to)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, d.timeout)
	defer cancel()

	user := ""
	if t.Extension != "" {
		user = t.Extension + "@"
	}
	domain := t.Domain
	if domain == "" {
		domain = hostOf(to.Addr())
	}
	n := newNotice("sip:"+user+bare(to).String(), "sip:"+user+domain, "sip:dialplane@"+hostOf(local), event)
	answer, err := d.pending.exchange(ctx, n, route{
		transport: "UDP",
		local:     netip.AddrPortFrom(local, d.bound.Port()),
		send: func(_ context.Context, b []byte) error {
			_, err := d.socket.WriteToUDPAddrPort(b, to)
			if errors.Is(err, net.ErrClosed) {
				return ErrClosed
			}
			return err
		},
		over:  d.over,
		cause: func() error { return ErrClosed },
	})
	switch {
	case err != nil:
		return fmt.Errorf("%s: %w", to, err)
	case answer.StatusCode == sip.StatusUnauthorized, answer.StatusCode == sip.StatusProxyAuthRequired:
		return fail(Challenged, false, "%s: the phone asks for credentials: send through its PBX, or let the phone take NOTIFYs without", to)
	}
	if err := judge(answer); err != nil {
		return fmt.Errorf("%s: %w", to, err)
	}
	return nil
}

// address is where the phone is. Names are not resolved: whoever answers for one
// could point it anywhere.
func (t Target) address() (netip.AddrPort, error) {
	var to netip.AddrPort
	switch {
	case t.Contact != "":
		a, err := netip.ParseAddrPort(t.Contact)
		if err != nil {
			return to, fail(Broken, false, "the contact %.80q is not an IP address and a port", t.Contact)
		}
		to = a
	case t.Host != "":
		a, err := netip.ParseAddr(t.Host)
		if err != nil {
			return to, fail(Broken, false, "the host %.80q is not an IP address", t.Host)
		}
		to = netip.AddrPortFrom(a, 5060)
	default:
		return to, fail(Unreachable, true, "the phone was never seen, so its address is not known: restart it by hand, or send through its PBX")
	}
	to = netip.AddrPortFrom(to.Addr().Unmap(), to.Port())
	if a := to.Addr(); a.IsUnspecified() || a.IsMulticast() || a == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || to.Port() == 0 {
		return to, fail(Broken, false, "%s is not the address of one phone", to)
	}
	return to, nil
}

// toward is the local address that packets to a phone carry. The kernel knows it
// once a socket is connected; one at a time, so that many phones never need many
// sockets.
func (d *Direct) toward(to netip.AddrPort) (netip.Addr, error) {
	if !d.bound.Addr().IsUnspecified() {
		return d.bound.Addr(), nil
	}
	d.probing.Lock()
	defer d.probing.Unlock()
	probe, err := net.DialUDP("udp", nil, net.UDPAddrFromAddrPort(to)) // sends nothing
	if err != nil {
		return netip.Addr{}, fail(Unreachable, true, "no way to %s: %w", to, err)
	}
	local := probe.LocalAddr().(*net.UDPAddr).AddrPort().Addr()
	_ = probe.Close() // it carried nothing
	return local, nil
}
