package simulate

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/url"
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
func discover(ctx context.Context, p Phone) (*url.URL, error) {
	to, err := net.ResolveUDPAddr("udp4", group)
	if err != nil {
		return nil, err
	}
	local, err := outgoing(ctx, to.IP.String(), to.Port)
	if err != nil {
		return nil, fail(NotDiscovered, "no network to multicast on: %w", err)
	}
	// Real phones send from their vendor's port; here many share one address.
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: local})
	if err != nil {
		return nil, fail(NotDiscovered, "%w", err)
	}
	defer func() { _ = conn.Close() }()
	defer context.AfterFunc(ctx, func() { _ = conn.SetReadDeadline(time.Now()) })()

	request := subscribe(p, conn.LocalAddr().(*net.UDPAddr))
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

// subscribe writes the SUBSCRIBE of a phone that waits at an address.
func subscribe(p Phone, at *net.UDPAddr) []byte {
	d := p.Pack.Discovery(p.Unit)
	uri := "sip:" + d.User + "@" + strings.TrimSuffix(group, ":5060")
	var b strings.Builder
	fmt.Fprintf(&b, "SUBSCRIBE %s SIP/2.0\r\n", uri)
	fmt.Fprintf(&b, "Via: SIP/2.0/UDP %s;branch=%s;rport\r\n", at, sip.GenerateBranch())
	fmt.Fprintf(&b, "From: <%s>;tag=%s\r\n", uri, sip.GenerateTagN(12))
	fmt.Fprintf(&b, "To: <%s>\r\n", uri)
	fmt.Fprintf(&b, "Call-ID: %s@%s\r\n", sip.GenerateTagN(16), at.IP)
	fmt.Fprintf(&b, "CSeq: 1 SUBSCRIBE\r\nContact: <sip:%s@%s>\r\nMax-Forwards: 70\r\n", d.User, at)
	fmt.Fprintf(&b, "User-Agent: %s\r\nExpires: 0\r\n", d.UserAgent)
	fmt.Fprintf(&b, "Event: ua-profile;profile-type=\"device\";vendor=%q;model=%q;version=%q\r\n", d.Vendor, d.Model, d.Version)
	b.WriteString("Accept: application/url\r\nContent-Length: 0\r\n\r\n")
	return []byte(b.String())
}

// begin finds out where the phone fetches from: where it is told by multicast, if
// it asks so, or else where the run says.
func (f *fetcher) begin(o Options) error {
	phone := f.result.Phone
	if o.Discover == 0 || phone.Pack.Discovery(phone.Unit) == (vendor.Discovery{}) {
		return nil
	}
	ctx, cancel := context.WithTimeout(f.ctx, o.Discover)
	defer cancel()
	base, err := discover(ctx, phone)
	if err != nil {
		return err
	}
	f.base = base
	return nil
}
