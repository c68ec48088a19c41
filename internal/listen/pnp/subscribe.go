package pnp

import (
	"net/netip"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// discovery reads who asks for its profile. A status other than 0 is that of the
// refusal: 489 for the events of others, 404 when no MAC address is named.
func (r *request) discovery() (d Discovery, status int) {
	name, rest, _ := strings.Cut(r.first(hEvent), ";")
	if !strings.EqualFold(trim(name), "ua-profile") {
		return d, 489
	}
	if rest != "" {
		rest = ";" + rest
	}
	if !params(rest, func(name, value string) {
		switch {
		case strings.EqualFold(name, "vendor"):
			d.Vendor = plain(value)
		case strings.EqualFold(name, "model"):
			d.Model = plain(value)
		case strings.EqualFold(name, "version"):
			d.Version = plain(value)
		}
	}) {
		return d, 400
	}
	d.UserAgent = plain(r.first(hUserAgent))
	var ok bool
	if d.MAC, ok = macOf(r.ruri); ok {
		return d, 0
	}
	if d.MAC, ok = macOf(r.to.uri); ok {
		return d, 0
	}
	if from, _ := parseAddress(r.first(hFrom)); from.uri.isSIP() {
		if d.MAC, ok = macOf(from.uri); ok {
			return d, 0
		}
	}
	return d, 404
}

// macOf reads the MAC address in a URI's user: MAC%3a001565aabbcc,
// MAC:001565aabbcc, MAC=001565aabbcc or MAC001565aabbcc, in either case.
func macOf(u uri) (mac.Addr, bool) {
	user, _, _ := strings.Cut(u.user, ";")
	user = unescapeURI(user)
	if len(user) < 3 || !strings.EqualFold(user[:3], "MAC") {
		return mac.Addr{}, false
	}
	user = user[3:]
	if user != "" && (user[0] == ':' || user[0] == '=') {
		user = user[1:]
	}
	a, err := mac.Parse(user)
	return a, err == nil
}

// unescapeURI replaces %XX, which isURIText has vetted.
func unescapeURI(s string) string {
	if strings.IndexByte(s, '%') < 0 {
		return s
	}
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		c := s[i]
		if c == '%' && i+2 < len(s) {
			c = hexValue(s[i+1])<<4 | hexValue(s[i+2])
			i += 2
		}
		b.WriteByte(c)
	}
	return b.String()
}

func hexValue(c byte) byte {
	switch {
	case c <= '9':
		return c - '0'
	case c >= 'a':
		return c - 'a' + 10
	}
	return c - 'A' + 10
}

const maxPlain = 256

// plain returns a phone's text without what could harm whoever shows it.
func plain(s string) string {
	if len(s) > maxPlain {
		s = s[:maxPlain]
	}
	return strings.Clone(strings.Map(func(r rune) rune {
		if r < ' ' || r == 0x7f {
			return -1
		}
		return r
	}, strings.ToValidUTF8(s, "�")))
}

// lowestPort is the lowest that anything is sent to: no phone talks SIP from a port
// below, but name and time servers do answer there.
const lowestPort = 1024

// answerTo returns where a request over UDP is answered: by RFC 3261 section 18.2.2
// and RFC 3581, but always the host that sent it.
func (r *request) answerTo(source netip.AddrPort) netip.AddrPort {
	if !r.via.rport && r.via.host == source.Addr().String() {
		return at(source, r.via.port)
	}
	return source
}

// notifyTo returns where the phone takes requests: the port that its Contact, else
// its Via, names for the very host that sent it, else where it sent from. Yealink's
// phones listen on 5059, Grandstream's on 5080.
func (r *request) notifyTo(source netip.AddrPort) netip.AddrPort {
	host := source.Addr().String()
	contact := r.first(hContact)
	if a, ok := parseAddress(contact[:valueEnd(contact)]); ok && a.uri.host == host {
		return at(source, a.uri.port)
	}
	if r.via.host == host {
		return at(source, r.via.port)
	}
	return source
}

// at returns the port of source's host, 0 being SIP's own, or source if the port is
// too low.
func at(source netip.AddrPort, port uint16) netip.AddrPort {
	switch {
	case port == 0:
		port = sipPort
	case port < lowestPort:
		return source
	}
	return netip.AddrPortFrom(source.Addr(), port)
}
