package http

import (
	"net"
	"sync"
)

// limit makes a listener accept no more than n connections at a time. The connections
// stay those of TCP underneath, which can send files without copying them to us.
func limit(l net.Listener, n int) net.Listener {
	return &limited{Listener: l, slots: make(chan struct{}, n), closed: make(chan struct{})}
}

type limited struct {
	net.Listener
	slots  chan struct{}
	closed chan struct{}
	once   sync.Once
}

func (l *limited) Accept() (net.Conn, error) {
	select {
	case l.slots <- struct{}{}:
	case <-l.closed:
		return nil, net.ErrClosed
	}
	release := sync.OnceFunc(func() { <-l.slots })
	c, err := l.Listener.Accept()
	if err != nil {
		release()
		return nil, err
	}
	if tcp, ok := c.(*net.TCPConn); ok {
		return &tcpConn{tcp, release}, nil
	}
	return &conn{c, release}, nil
}

func (l *limited) Close() error {
	l.once.Do(func() { close(l.closed) })
	return l.Listener.Close()
}

type (
	tcpConn struct {
		*net.TCPConn
		release func()
	}
	conn struct {
		net.Conn
		release func()
	}
)

func (c *tcpConn) Close() error {
	defer c.release()
	return c.TCPConn.Close()
}

func (c *conn) Close() error {
	defer c.release()
	return c.Conn.Close()
}
