package pnp

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/net/ipv4"
	"golang.org/x/sync/errgroup"

	"github.com/dialplane/dialplane/internal/mac"
)

const sipPort = 5060

// group is where phones multicast to.
var group = netip.AddrPortFrom(netip.AddrFrom4([4]byte{224, 0, 1, 75}), sipPort)

// Discovery is a phone that asks for its profile. Its texts are the phone's own, as
// spelled, at most 256 bytes each, and "" if it does not say.
type Discovery struct {
	MAC                    mac.Addr
	Vendor, Model, Version string // of the Event header field: "snom", "snomD120", "10.1.39.11"
	UserAgent              string
	Source                 netip.AddrPort
	Interface              string // the name of ours that it came in on; "" for TCP
}

// Core decides what a phone gets. It is called by the reader of a socket and must
// not block for long, nor more often than Limits.PerPhone for one phone.
type Core interface {
	Discover(ctx context.Context, d Discovery) Verdict
}

// Verdict says what a phone gets.
type Verdict struct {
	Answer bool   // false: it is rejected and hears nothing
	URL    string // where its files are; "": it hears 200 OK and waits for Assign
}

// Options configure a Server.
type Options struct {
	// Interfaces are the names of those to listen on. Empty: every one that is up,
	// takes multicast and has an address in Networks, now or later.
	Interfaces []string
	// Networks are those whose phones are answered. Empty: 10/8, 172.16/12,
	// 192.168/16, 169.254/16 and 127/8.
	Networks []netip.Prefix
	// Address is the IPv4 address and port for requests by unicast, UDP and TCP.
	// Empty: none are taken.
	Address string
	Core    Core // required
	Log     *slog.Logger
	Now     func() time.Time
	Limits  Limits
}

func (o Options) orDefaults() Options {
	if len(o.Networks) == 0 {
		o.Networks = []netip.Prefix{
			netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("172.16.0.0/12"), netip.MustParsePrefix("192.168.0.0/16"),
			netip.MustParsePrefix("169.254.0.0/16"), netip.MustParsePrefix("127.0.0.0/8"),
		}
	}
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.Limits = o.Limits.orDefaults()
	return o
}

// Server listens for phones.
type Server struct {
	engine  *engine
	log     *slog.Logger
	links   *links
	group   *socket
	unicast *socket
	asked   bool          // requests by unicast are wanted
	tcp     *streams      // nil: none
	closed  chan struct{} // by Close
	once    sync.Once
}

// Listen opens the sockets and joins the group on the interfaces. The caller serves
// or closes the server.
func Listen(o Options) (_ *Server, err error) {
	if o.Core == nil {
		return nil, errors.New("pnp: Options.Core is nil; give what decides about phones")
	}
	o = o.orDefaults()
	s := &Server{engine: newEngine(o), log: o.Log, asked: o.Address != "", closed: make(chan struct{})}
	defer func() {
		if err != nil {
			_ = s.Close()
		}
	}()
	conn, err := bindGroup(group)
	if err != nil {
		return nil, fmt.Errorf("pnp: bind %s: %w; if another program holds UDP port 5060 of all addresses, let it share the port or listen on the host's own address alone", group, err)
	}
	if s.group, err = newSocket(conn); err != nil {
		return nil, fmt.Errorf("pnp: %s: %w", group, err)
	}
	if s.links, err = newLinks(o, s.group.packets); err != nil {
		return nil, err
	}
	address := o.Address
	if address == "" {
		address = "0.0.0.0:0"
	}
	listen := net.ListenConfig{Control: noBroadcast}
	unicast, err := listen.ListenPacket(context.Background(), "udp4", address)
	if err != nil {
		return nil, fmt.Errorf("pnp: listen on %s (UDP): %w", address, err)
	}
	if s.unicast, err = newSocket(unicast.(*net.UDPConn)); err != nil { //nolint:forcetypeassert // udp4 makes no other
		return nil, fmt.Errorf("pnp: %s: %w", address, err)
	}
	if s.asked {
		listener, err := new(net.ListenConfig).Listen(context.Background(), "tcp4", unicast.LocalAddr().String())
		if err != nil {
			return nil, fmt.Errorf("pnp: listen on %s (TCP): %w", unicast.LocalAddr(), err)
		}
		s.tcp = newStreams(listener, s.engine)
	}
	return s, nil
}

// Address returns the address of the unicast socket: where NOTIFY requests come from,
// and where requests are taken if Options.Address asked for it.
func (s *Server) Address() netip.AddrPort {
	return s.unicast.conn.LocalAddr().(*net.UDPAddr).AddrPort() //nolint:forcetypeassert // a UDP socket's
}

// Assign sends the URL to the phone with this address by NOTIFY, if it asked within
// Limits.Wait and was told to wait, at an IP address that is allowed. It reports false
// if no such phone waits, or if no NOTIFY can carry the URL: it is at most 512 bytes
// of printable ASCII. It calls allowed at most once, with a lock held.
func (s *Server) Assign(m mac.Addr, url string, allowed func(netip.Addr) bool) bool {
	return s.engine.assign(m, url, allowed)
}

// Serve answers until ctx is done or Close, and then returns nil. It returns an error
// when a socket fails for good.
func (s *Server) Serve(ctx context.Context) error {
	all, ctx := errgroup.WithContext(ctx)
	defer context.AfterFunc(ctx, func() { _ = s.Close() })()
	all.Go(func() error { return s.read(ctx, s.group, true) })
	all.Go(func() error { return s.read(ctx, s.unicast, false) })
	all.Go(func() error { s.keepTime(ctx); return nil })
	if s.tcp != nil {
		all.Go(func() error { s.tcp.serve(ctx); return nil })
	}
	return all.Wait()
}

// Close stops the server. Serve returns when what is being answered was.
func (s *Server) Close() error {
	var errs []error
	s.once.Do(func() {
		close(s.closed)
		if s.group != nil {
			errs = append(errs, s.group.conn.Close())
		}
		if s.unicast != nil {
			errs = append(errs, s.unicast.conn.Close())
		}
		if s.tcp != nil {
			errs = append(errs, s.tcp.close())
		}
	})
	return errors.Join(errs...)
}

const (
	rescanPause = 30 * time.Second
	briefest    = 10 * time.Millisecond
)

// keepTime repeats and forgets when it is time, and looks for new interfaces.
func (s *Server) keepTime(ctx context.Context) {
	timer := time.NewTimer(0)
	defer timer.Stop()
	rescan := time.Now().Add(rescanPause)
	for {
		pause := time.Until(rescan)
		if pause <= 0 {
			s.links.scan()
			rescan, pause = time.Now().Add(rescanPause), rescanPause
		}
		if next := s.engine.tick(); !next.IsZero() {
			pause = min(pause, next.Sub(s.engine.now()))
		}
		timer.Reset(max(pause, briefest))
		select {
		case <-ctx.Done():
			return
		case <-s.closed:
			return
		case <-s.engine.wake:
		case <-timer.C:
		}
	}
}

const maxFailures = 100

// read hands what a socket receives to the engine until the socket is closed.
func (s *Server) read(ctx context.Context, from *socket, multicast bool) error {
	buffer := make([]byte, maxMessage+1)
	oob := ipv4.NewControlMessage(controlFlags)
	for failures := 0; ; {
		n, oobn, _, source, err := from.conn.ReadMsgUDPAddrPort(buffer, oob)
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case err != nil:
			if failures++; failures == maxFailures {
				return fmt.Errorf("pnp: read %s: %w", from.conn.LocalAddr(), err)
			}
			continue
		case n == len(buffer):
			continue
		}
		failures = 0
		var control ipv4.ControlMessage
		if control.Parse(oob[:oobn]) != nil {
			continue
		}
		source = netip.AddrPortFrom(source.Addr().Unmap(), source.Port())
		p := packet{data: buffer[:n], source: source, answer: from, notify: s.unicast, multicast: multicast}
		var wanted bool
		if multicast {
			p.link, wanted = s.links.joined(control.IfIndex, source.Addr())
		} else {
			p.link, wanted = s.links.addressed(control.IfIndex, control.Dst)
			wanted = wanted && (s.asked || bytes.HasPrefix(p.data, []byte("SIP/")))
		}
		if wanted {
			s.engine.handle(ctx, p)
		}
	}
}
