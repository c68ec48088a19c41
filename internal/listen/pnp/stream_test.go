package pnp

import (
	"context"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// pieces is a connection whose other side has sent something, in pieces, and closed.
type pieces struct {
	net.Conn
	rest  []byte
	sizes []byte // of the pieces, over and over; 0: as much as there is room for
	n     int
	said  strings.Builder
}

func (p *pieces) Read(b []byte) (int, error) {
	if len(p.rest) == 0 {
		return 0, io.EOF
	}
	size := len(b)
	if len(p.sizes) > 0 {
		if s := int(p.sizes[p.n%len(p.sizes)]); s > 0 {
			size = min(size, s)
		}
		p.n++
	}
	n := copy(b[:size], p.rest)
	p.rest = p.rest[n:]
	return n, nil
}

func (p *pieces) Write(b []byte) (int, error)    { return p.said.Write(b) }
func (*pieces) SetReadDeadline(time.Time) error  { return nil }
func (*pieces) SetWriteDeadline(time.Time) error { return nil }
func (*pieces) LocalAddr() net.Addr              { return &net.TCPAddr{IP: net.IPv4(192, 168, 1, 2), Port: 5060} }
func (*pieces) RemoteAddr() net.Addr             { return &net.TCPAddr{IP: net.IPv4(192, 168, 1, 20), Port: 5059} }
func (p *pieces) statuses() (all []string) {
	for line := range strings.SplitSeq(p.said.String(), "\r\n") {
		if strings.HasPrefix(line, "SIP/2.0 ") || strings.HasPrefix(line, "NOTIFY ") {
			all = append(all, line)
		}
	}
	return all
}

// FuzzStream holds that the messages of a connection are the same however they are
// cut, and what is sent for them bounded.
func FuzzStream(f *testing.F) {
	for name, data := range tortureMessages(f) {
		f.Add(data, []byte{1})
		f.Add(transplant(name, data), []byte{200, 3})
	}
	f.Add([]byte("\r\n\r\n"+subscribe("001565f4f9e1", "a")+subscribe("001565f4f9e2", "b")), []byte{255, 0})
	f.Fuzz(func(t *testing.T, data, sizes []byte) {
		answers := func(sizes []byte) *pieces {
			conn := &pieces{rest: data, sizes: sizes}
			b := newBench(&fixed{verdict: Verdict{Answer: true, URL: provisioning}}, Limits{})
			newStream(conn).serve(context.Background(), b.engine)
			for _, d := range b.core.seen {
				if d.Source.Addr().String() != "192.168.1.20" {
					t.Errorf("discovered %+v", d)
				}
			}
			b.pass(33 * time.Second)
			if len(b.byKey) != 0 {
				t.Error("state is left after 32 s")
			}
			return conn
		}
		whole := answers(nil)
		if n := whole.said.Len(); n > 3*len(data) {
			t.Errorf("%d bytes for %d", n, len(data))
		}
		cut := answers(sizes)
		if a, b := whole.statuses(), cut.statuses(); strings.Join(a, "\n") != strings.Join(b, "\n") {
			t.Errorf("at once it was answered %q, in pieces %q", a, b)
		}
	})
}
