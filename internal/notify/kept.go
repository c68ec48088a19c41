package notify

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"math/rand/v2"
	"net"
	"sync"
	"sync/atomic"
	"time"
)

// A connection that could not be opened, or did not last for steady, is opened
// again after firstPause, and after twice as long each time that this repeats.
const (
	steady     = time.Second
	firstPause = 250 * time.Millisecond
	lastPause  = 30 * time.Second
)

// peer is what talks on an open connection.
type peer interface {
	// serve receives until the connection ends and says why it did.
	serve() error
}

// kept holds one connection for many goroutines. It opens it when it is first
// needed and again after it was lost.
type kept[P peer] struct {
	timeout time.Duration
	// open connects and logs in.
	open func(context.Context) (*link, P, error)

	mu       sync.Mutex
	current  *session[P] // for new attempts
	sessions map[*session[P]]struct{}
	opening  chan struct{} // closed when an attempt to open has ended
	failures int
	failure  error
	notUntil time.Time
	closed   bool
	stop     context.CancelFunc
	owned    sync.WaitGroup
}

// session is the time between opening a connection and losing it.
type session[P peer] struct {
	conn    *link
	peer    P
	writing chan struct{} // holds one token while somebody writes
	over    chan struct{} // closed when the connection is lost
	ended   error         // why; read once over is closed
}

func (s *session[P]) cause() error { return s.ended }

// session returns the open connection, waiting for one if need be. While the other
// side cannot be had it fails at once.
func (k *kept[P]) session(ctx context.Context) (*session[P], error) {
	for {
		k.mu.Lock()
		if k.closed {
			k.mu.Unlock()
			return nil, broken(ErrClosed)
		}
		if s := k.current; s != nil {
			k.mu.Unlock()
			return s, nil
		}
		if k.opening == nil {
			if pause := time.Until(k.notUntil); pause > 0 {
				defer k.mu.Unlock()
				return nil, fmt.Errorf("no new connection for another %s, because of the last one: %w", pause.Round(time.Millisecond), k.failure)
			}
			k.begin(context.WithoutCancel(ctx))
		}
		opening := k.opening
		k.mu.Unlock()
		select {
		case <-opening:
		case <-ctx.Done():
			return nil, broken(ctx.Err())
		}
	}
}

// begin opens a connection in the background, so that the first caller's deadline
// is not everybody's. It is called with mu held.
func (k *kept[P]) begin(ctx context.Context) {
	k.opening = make(chan struct{})
	ctx, stop := context.WithCancel(ctx)
	k.stop = stop
	k.owned.Go(func() {
		defer stop()
		k.run(ctx)
	})
}

func (k *kept[P]) run(ctx context.Context) {
	bounded, cancel := context.WithTimeout(ctx, k.timeout)
	conn, p, err := k.open(bounded)
	cancel()

	k.mu.Lock()
	if err == nil && k.closed {
		_ = conn.Close() // nobody is left to use it
		err = broken(ErrClosed)
	}
	if err != nil {
		k.failed(err)
		k.reopenable()
		k.mu.Unlock()
		return
	}
	s := &session[P]{conn: conn, peer: p, writing: make(chan struct{}, 1), over: make(chan struct{})}
	if k.sessions == nil {
		k.sessions = make(map[*session[P]]struct{})
	}
	k.sessions[s] = struct{}{}
	k.current = s
	k.reopenable()
	k.mu.Unlock()

	began := time.Now()
	err = p.serve()
	_ = conn.Close() // it has ended

	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.sessions, s)
	if k.closed {
		err = ErrClosed
	}
	s.ended = fmt.Errorf("the connection was lost: %w", err)
	if k.current == s {
		k.current = nil
		if time.Since(began) >= steady {
			k.failures = 0
		} else {
			k.failed(broken(s.ended))
		}
	}
	close(s.over)
}

func (k *kept[P]) reopenable() {
	close(k.opening)
	k.opening = nil
}

func (k *kept[P]) failed(err error) {
	pause := min(lastPause, firstPause<<min(k.failures, 10))
	k.failures++
	k.failure = err
	k.notUntil = time.Now().Add(pause/2 + rand.N(pause/2)) //nolint:gosec // spreads reconnects, guards nothing
}

// close ends every connection and waits for its goroutine.
func (k *kept[P]) close() {
	k.mu.Lock()
	k.closed = true
	if k.stop != nil {
		k.stop()
	}
	for s := range k.sessions {
		_ = s.conn.Close() // serve reports it
	}
	k.mu.Unlock()
	k.owned.Wait()
}

// write sends b whole, or loses the connection. first, if any, runs when it is the
// caller's turn to write.
func (s *session[P]) write(ctx context.Context, b []byte, first func()) error {
	select {
	case s.writing <- struct{}{}:
		defer func() { <-s.writing }()
	case <-s.over:
		return s.ended
	case <-ctx.Done():
		return ctx.Err()
	}
	if err := ctx.Err(); err != nil {
		return err
	}
	if first != nil {
		first()
	}
	deadline, _ := ctx.Deadline()
	err := s.conn.SetWriteDeadline(deadline)
	if err == nil {
		_, err = s.conn.Write(b)
	}
	if err != nil {
		_ = s.conn.Close() // part of b may be gone
	}
	return err
}

// unanswered is called by those who got no answer to what they wrote at that time.
// If nothing else came either, the other side may be gone without a word. New
// attempts then open (and resolve) anew; those under way may wait to their end.
func (k *kept[P]) unanswered(s *session[P], written time.Time) {
	if time.Since(written) < k.timeout/2 || s.conn.heard.Load() > written.UnixNano() {
		return
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.current == s {
		k.current, k.failures, k.notUntil = nil, 0, time.Time{}
		time.AfterFunc(k.timeout, func() { _ = s.conn.Close() }) // serve reports it
	}
}

// link is a connection that knows when it last received something.
type link struct {
	net.Conn
	heard atomic.Int64 // Unix time in ns
}

func (l *link) Read(b []byte) (int, error) {
	n, err := l.Conn.Read(b)
	if n > 0 {
		l.heard.Store(time.Now().UnixNano())
	}
	return n, err
}

// dial connects over UDP, TCP or TLS.
func dial(ctx context.Context, transport, address string, config *tls.Config) (*link, error) {
	var conn net.Conn
	var err error
	switch transport {
	case "UDP":
		conn, err = new(net.Dialer).DialContext(ctx, "udp", address)
	case "TCP":
		conn, err = new(net.Dialer).DialContext(ctx, "tcp", address)
	default:
		conn, err = (&tls.Dialer{Config: config}).DialContext(ctx, "tcp", address)
	}
	var untrusted *tls.CertificateVerificationError
	switch {
	case errors.As(err, &untrusted):
		return nil, fail(Broken, false, "the certificate of %s is not trusted; add its authority to the trusted ones: %w", address, err)
	case err != nil:
		return nil, broken(err)
	}
	return &link{Conn: conn}, nil
}

// within lets a login on conn take no longer than ctx. The function that it
// returns ends this and reports whether there was time enough.
func within(ctx context.Context, conn net.Conn) (inTime func() bool) {
	return context.AfterFunc(ctx, func() {
		_ = conn.SetDeadline(time.Unix(1, 0)) // long ago: reads and writes end
	})
}
