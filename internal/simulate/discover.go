package simulate

import (
	"context"
	"errors"
	"net"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/vendors"
)

// group is where phones ask for their server (RFC 6080, sip.mcast.net).
const group = "224.0.1.75:5060"

// retransmissions of a SUBSCRIBE that nobody answers follow RFC 3261 timer E.
const (
	firstPause = 500 * time.Millisecond
	pauseLimit = 4 * time.Second
)

// discover asks for the phone's server by multicast, as its vendor's phones do,
// and waits for the address until ctx is done.
func discover(ctx context.Context, o Options, p Phone) (*url.URL, error) {
	d, err := dialect(p, o.Dialect)
	if err != nil {
		return nil, err
	}
	to, err := net.ResolveUDPAddr("udp4", group)
	if err != nil {
		return nil, err
	}
	local, err := outgoing(ctx, to.IP.String(), to.Port)
	if err != nil {
		return nil, fail(NotDiscovered, "no network to multicast on: %w", err)
	}
	conn, err := take(local, d.Port)
	if err != nil {
		return nil, fail(NotDiscovered, "%w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()

	request := subscribe(d, conn.LocalAddr().(*net.UDPAddr))
	if o.Compact {
		request = compact(request)
	}
	pause, answered := firstPause, false
	buffer := make([]byte, 64<<10)
	for {
		if !answered {
			if _, err := conn.WriteTo(request, to); err != nil {
				return nil, fail(NotDiscovered, "%w", err)
			}
			if err := conn.SetReadDeadline(time.Now().Add(pause)); err != nil {
				return nil, fail(NotDiscovered, "%w", err)
			}
			pause = min(2*pause, pauseLimit)
		}
		n, from, err := conn.ReadFrom(buffer)
		var timeout net.Error
		switch {
		case ctx.Err() != nil && answered:
			return nil, fail(NotDiscovered, "a server heard the phone and gave it no address; is it assigned, and a window open for it?")
		case ctx.Err() != nil:
			return nil, fail(NotDiscovered, "no server answered")
		case errors.As(err, &timeout) && timeout.Timeout():
			continue
		case err != nil:
			return nil, fail(NotDiscovered, "%w", err)
		}
		message, err := sip.ParseMessage(buffer[:n])
		if err != nil {
			continue // not for us
		}
		switch m := message.(type) {
		case *sip.Response:
			answered = m.StatusCode == sip.StatusOK
			if answered {
				if err := conn.SetReadDeadline(time.Time{}); err != nil {
					return nil, fail(NotDiscovered, "%w", err)
				}
			}
		case *sip.Request:
			if m.Method != sip.NOTIFY {
				continue
			}
			answer := sip.NewResponseFromRequest(m, sip.StatusOK, "OK", nil)
			if _, err := conn.WriteTo([]byte(answer.String()), from); err != nil {
				return nil, fail(NotDiscovered, "%w", err)
			}
			u, err := url.Parse(strings.TrimSpace(string(m.Body())))
			if err != nil || !u.IsAbs() {
				return nil, fail(NotUnderstood, "the server's NOTIFY holds no address")
			}
			return u, nil
		}
	}
}

// dialect returns the way of asking with a name, or the vendor's usual one.
func dialect(p Phone, name string) (vendor.Discovery, error) {
	all := p.Pack.Discovery(p.Unit)
	if name == "" {
		return all[0], nil
	}
	var known []string
	for _, d := range all {
		if d.Dialect == name {
			return d, nil
		}
		known = append(known, d.Dialect)
	}
	return vendor.Discovery{}, fail(NotDiscovered, "phones of %s have no dialect %q; they have %s", p.Pack.Name, name, strings.Join(known, ", "))
}

// take binds the port that the vendor's phones ask from or, where another phone of
// this address has it, any.
func take(local net.IP, port int) (*net.UDPConn, error) {
	if conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: local, Port: port}); err == nil {
		return conn, nil
	}
	return net.ListenUDP("udp4", &net.UDPAddr{IP: local})
}

// subscribe writes the SUBSCRIBE of a phone that waits at an address.
func subscribe(d vendor.Discovery, at *net.UDPAddr) []byte {
	return []byte(strings.NewReplacer(
		"{ip}", at.IP.String(), "{port}", strconv.Itoa(at.Port), "{branch}", sip.GenerateBranch(),
		"{tag}", sip.GenerateTagN(12), "{call}", sip.GenerateTagN(16)+"@"+at.IP.String(), "\n", "\r\n",
	).Replace(d.Subscribe))
}

// compact gives the header fields of a request their short names, by RFC 3261
// section 7.3.3 and RFC 6665 section 8.2.1.
func compact(request []byte) []byte {
	return []byte(strings.NewReplacer(
		"\r\nVia:", "\r\nv:", "\r\nFrom:", "\r\nf:", "\r\nTo:", "\r\nt:", "\r\nCall-ID:", "\r\ni:",
		"\r\nContact:", "\r\nm:", "\r\nEvent:", "\r\no:", "\r\nContent-Length:", "\r\nl:", "\r\nSupported:", "\r\nk:",
	).Replace(string(request)))
}

// begin finds out where the phone fetches from: where its vendor's redirect service
// sends it, where it is told by multicast, if it asks so, or else where the run says.
func (f *fetcher) begin(o Options) error {
	phone := f.result.Phone
	if service := o.Redirect[phone.Pack.Name]; service != nil {
		return f.redirect(service)
	}
	if o.Discover == 0 || len(phone.Pack.Discovery(phone.Unit)) == 0 {
		if f.base == nil {
			return fail(NotReached, "the run gives phones of %s no address to begin at", phone.Pack.Name)
		}
		return nil
	}
	ctx, cancel := context.WithTimeout(f.ctx, o.Discover)
	defer cancel()
	base, err := discover(ctx, o, phone)
	if err != nil {
		return err
	}
	f.base = base
	return nil
}
