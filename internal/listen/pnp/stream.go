package pnp

import (
	"context"
	"errors"
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"
)

// Bounds on TCP connections.
const (
	perSource      = 4               // connections of one address
	messageTimeout = 5 * time.Second // for the rest of a message that has begun
	writeTimeout   = 2 * time.Second
)

// streams serves SIP over TCP.
type streams struct {
	listener net.Listener
	engine   *engine

	mu     sync.Mutex
	open   map[*stream]bool
	closed bool
}

func newStreams(l net.Listener, e *engine) *streams {
	return &streams{listener: l, engine: e, open: make(map[*stream]bool)}
}

// serve accepts until close, and returns when all connections are done with.
func (s *streams) serve(ctx context.Context) {
	var all sync.WaitGroup
	defer all.Wait()
	for {
		conn, err := s.listener.Accept()
		if errors.Is(err, net.ErrClosed) {
			return
		}
		if err != nil { // too many open files, mostly: let some close
			select {
			case <-ctx.Done():
			case <-time.After(100 * time.Millisecond):
			}
			continue
		}
		c := newStream(conn)
		if !s.admit(c) {
			_ = conn.Close()
			continue
		}
		all.Go(func() {
			defer s.leave(c)
			c.serve(ctx, s.engine)
		})
	}
}

func (s *streams) admit(c *stream) bool {
	if !slices.ContainsFunc(s.engine.networks, func(n netip.Prefix) bool { return n.Contains(c.remote.Addr()) }) {
		return false
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	same := 0
	for o := range s.open {
		if o.remote.Addr() == c.remote.Addr() {
			same++
		}
	}
	if s.closed || same >= perSource || len(s.open) >= s.engine.limits.Connections {
		return false
	}
	s.open[c] = true
	return true
}

func (s *streams) leave(c *stream) {
	s.mu.Lock()
	delete(s.open, c)
	s.mu.Unlock()
	_ = c.conn.Close()
}

func (s *streams) close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	for c := range s.open {
		_ = c.conn.Close()
	}
	return s.listener.Close()
}

// stream is one connection.
type stream struct {
	conn   net.Conn
	local  netip.AddrPort
	remote netip.AddrPort
}

func newStream(conn net.Conn) *stream {
	return &stream{conn, addrPort(conn.LocalAddr()), addrPort(conn.RemoteAddr())}
}

func addrPort(a net.Addr) netip.AddrPort {
	tcp, ok := a.(*net.TCPAddr)
	if !ok {
		return netip.AddrPort{}
	}
	ap := tcp.AddrPort()
	return netip.AddrPortFrom(ap.Addr().Unmap(), ap.Port())
}

func (c *stream) transport() string { return "TCP" }
func (c *stream) port() uint16      { return c.local.Port() }

func (c *stream) send(b []byte, _ link, _ netip.AddrPort) error {
	if err := c.conn.SetWriteDeadline(time.Now().Add(writeTimeout)); err != nil {
		return err
	}
	_, err := c.conn.Write(b)
	return err
}

// serve hands over message after message, until one cannot be told from the next.
func (c *stream) serve(ctx context.Context, e *engine) {
	buffer := make([]byte, 0, maxMessage)
	idle := e.limits.Wait + e.limits.GiveUp
	for {
		data, rest, framed := cutMessage(buffer)
		if data != nil {
			e.handle(ctx, packet{
				data: data, source: c.remote, link: link{addr: c.local.Addr()}, answer: c, notify: c, stream: true,
			})
			if !framed {
				return
			}
			buffer = buffer[:copy(buffer, rest)]
			continue
		}
		buffer = buffer[:copy(buffer, rest)]
		if len(buffer) == cap(buffer) {
			return
		}
		if len(buffer) == 0 {
			_ = c.conn.SetReadDeadline(time.Now().Add(idle)) // a failure shows when reading
		}
		n, err := c.conn.Read(buffer[len(buffer):cap(buffer)])
		if n > 0 && len(buffer) == 0 {
			_ = c.conn.SetReadDeadline(time.Now().Add(messageTimeout))
		}
		buffer = buffer[:len(buffer)+n]
		if err != nil {
			if headEnd(buffer) >= 0 { // its body ends early
				e.handle(ctx, packet{
					data: buffer, source: c.remote, link: link{addr: c.local.Addr()}, answer: c, notify: c, stream: true,
				})
			}
			return
		}
	}
}

// cutMessage returns the message that b begins with and the rest; nil and all, without
// the line ends in front, if it has not come whole. framed is false if it does not say
// where it ends, or ends beyond what is taken.
func cutMessage(b []byte) (data, rest []byte, framed bool) {
	for len(b) >= 2 && b[0] == '\r' && b[1] == '\n' {
		b = b[2:]
	}
	end := headEnd(b)
	if end < 0 {
		return nil, b, true
	}
	m, ok := parse(b[:end])
	if !ok {
		return b[:end], nil, false
	}
	n, ok := m.contentLength()
	if !ok || n < 0 || end+n > maxMessage {
		return b[:end], nil, false
	}
	if end+n > len(b) {
		return nil, b, true
	}
	return b[:end+n], b[end+n:], true
}
