package pnp

import (
	"net/netip"
	"strconv"
	"strings"
)

// The functions here read the productions of RFC 3261 section 25.1 that decide what
// is done with a message. They take values whose folded lines were joined.

const whitespace = " \t"

func trim(s string) string { return strings.Trim(s, whitespace) }

func isAlnum(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z'
}

func isHex(c byte) bool {
	return '0' <= c && c <= '9' || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F'
}

func isToken(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte("-.!%*_+`'~", s[i]) < 0 {
			return false
		}
	}
	return s != ""
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// quoted splits s behind the quoted string that it begins with, and returns its
// content without escapes.
func quoted(s string) (content, rest string, ok bool) {
	if s == "" || s[0] != '"' {
		return "", "", false
	}
	for i := 1; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			content, rest = s[1:i], s[i+1:]
			if strings.IndexByte(content, '\\') >= 0 {
				content = unescape(content)
			}
			return content, rest, true
		case c == '\\':
			i++
			if i < len(s) && s[i] >= 0x80 {
				return "", "", false
			}
		case c < ' ' && c != '\t' || c == 0x7f:
			return "", "", false
		}
	}
	return "", "", false
}

func unescape(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' {
			i++
		}
		b.WriteByte(s[i])
	}
	return b.String()
}

// echoable reports whether a value can stand in an answer of ours as it is: its
// quotes are closed, and control characters are escaped in them.
func echoable(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '"':
			_, rest, ok := quoted(s[i:])
			if !ok {
				return false
			}
			i = len(s) - len(rest) - 1
		case c < ' ' && c != '\t' || c == 0x7f:
			return false
		}
	}
	return true
}

// cutParam reads the parameter that s begins with: ";name", ";name=token",
// `;name="quoted"`, with space anywhere between. Quoted values come unescaped.
func cutParam(s string) (name, value, rest string, ok bool) {
	s = strings.TrimLeft(s, whitespace)
	if s == "" || s[0] != ';' {
		return "", "", "", false
	}
	s = strings.TrimLeft(s[1:], whitespace)
	end := strings.IndexAny(s, "=;, \t")
	if end < 0 {
		end = len(s)
	}
	name, rest = s[:end], strings.TrimLeft(s[end:], whitespace)
	if !isToken(name) {
		return "", "", "", false
	}
	if rest == "" || rest[0] != '=' {
		return name, "", rest, true
	}
	rest = strings.TrimLeft(rest[1:], whitespace)
	if rest != "" && rest[0] == '"' {
		if value, rest, ok = quoted(rest); !ok {
			return "", "", "", false
		}
		return name, value, strings.TrimLeft(rest, whitespace), true
	}
	end = strings.IndexAny(rest, ";, \t")
	if end < 0 {
		end = len(rest)
	}
	value = rest[:end]
	// Besides tokens, values are hosts: [2001:db8::1].
	if !isToken(strings.Map(func(r rune) rune {
		if r == ':' || r == '[' || r == ']' {
			return '.'
		}
		return r
	}, value)) {
		return "", "", "", false
	}
	return name, value, strings.TrimLeft(rest[end:], whitespace), true
}

// params calls visit for each parameter of s, and reports whether s is nothing but
// parameters.
func params(s string, visit func(name, value string)) bool {
	for s != "" {
		name, value, rest, ok := cutParam(s)
		if !ok {
			return false
		}
		visit(name, value)
		s = rest
	}
	return true
}

// via is the topmost value of the Via header fields.
type via struct {
	protocol string // SIP/2.0/UDP
	host     string
	port     uint16 // 0: none is given
	branch   string
	rport    bool   // asked for the source port (RFC 3581)
	others   string // the other parameters as they came, except received
	rest     string // further values on the same line, with their comma
}

func parseVia(s string) (v via, ok bool) {
	var parts [3]string
	for i := range 2 {
		if parts[i], s, ok = strings.Cut(s, "/"); !ok {
			return v, false
		}
		parts[i] = trim(parts[i])
	}
	s = strings.TrimLeft(s, whitespace)
	end := strings.IndexAny(s, whitespace)
	if end < 0 {
		return v, false
	}
	parts[2], s = s[:end], strings.TrimLeft(s[end:], whitespace)
	if !strings.EqualFold(parts[0], "SIP") || !isToken(parts[1]) || !isToken(parts[2]) {
		return v, false
	}
	v.protocol = parts[0] + "/" + parts[1] + "/" + parts[2]
	end = strings.IndexAny(s, ";, \t")
	if end < 0 {
		end = len(s)
	}
	if v.host, v.port, ok = parseHostPort(s[:end]); !ok {
		return v, false
	}
	s = strings.TrimLeft(s[end:], whitespace)
	for s != "" && s[0] == ';' {
		name, value, rest, ok := cutParam(s)
		if !ok {
			return v, false
		}
		switch {
		case strings.EqualFold(name, "rport"):
			v.rport = true
		case strings.EqualFold(name, "received"):
		default:
			if strings.EqualFold(name, "branch") {
				v.branch = value
			}
			v.others += strings.TrimRight(s[:len(s)-len(rest)], whitespace)
		}
		s = rest
	}
	if s != "" && s[0] != ',' || !echoable(s) {
		return v, false
	}
	v.rest = s
	return v, true
}

// parseHostPort reads "host", "host:port", "[v6]" and "[v6]:port". Underscores are
// let through: networks at home have them in their names.
func parseHostPort(s string) (host string, port uint16, ok bool) {
	var digits string
	var hasPort bool
	if strings.HasPrefix(s, "[") {
		end := strings.IndexByte(s, ']')
		if end < 0 {
			return "", 0, false
		}
		if a, err := netip.ParseAddr(s[1:end]); err != nil || !a.Is6() || a.Zone() != "" {
			return "", 0, false
		}
		host = s[:end+1]
		if s[end+1:] != "" {
			if digits, hasPort = strings.CutPrefix(s[end+1:], ":"); !hasPort {
				return "", 0, false
			}
		}
	} else {
		host, digits, hasPort = strings.Cut(s, ":")
		for i := range len(host) {
			if !isAlnum(host[i]) && strings.IndexByte("-._", host[i]) < 0 {
				return "", 0, false
			}
		}
	}
	if host == "" {
		return "", 0, false
	}
	if !hasPort {
		return host, 0, true
	}
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || n == 0 || !isDigits(digits) {
		return "", 0, false
	}
	return host, uint16(n), true
}

// uri is what is used of a URI. Of those that are neither sip nor sips, only the
// scheme is known.
type uri struct {
	scheme string // lower case
	user   string // with password and escapes
	host   string
	port   uint16
	header bool // has headers: ?Route=…
}

func (u uri) isSIP() bool { return u.scheme == "sip" || u.scheme == "sips" }

func parseURI(s string) (u uri, ok bool) {
	scheme, rest, ok := strings.Cut(s, ":")
	if !ok || rest == "" || !isScheme(scheme) || !isURIText(rest) {
		return u, false
	}
	u.scheme = strings.ToLower(scheme)
	if !u.isSIP() {
		return u, true
	}
	// A user may hold what else separates: semicolons and question marks.
	if at := strings.LastIndexByte(rest, '@'); at >= 0 {
		u.user, rest = rest[:at], rest[at+1:]
		if u.user == "" || strings.ContainsAny(u.user, "@[]") {
			return u, false
		}
	}
	rest, headers, hasHeaders := strings.Cut(rest, "?")
	if hasHeaders && headers == "" {
		return u, false
	}
	u.header = hasHeaders
	host, _, _ := strings.Cut(rest, ";")
	u.host, u.port, ok = parseHostPort(host)
	return u, ok
}

func isScheme(s string) bool {
	for i := range len(s) {
		if !isAlnum(s[i]) && strings.IndexByte("+-.", s[i]) < 0 {
			return false
		}
	}
	return s != "" && !isDigits(s[:1])
}

// isURIText reports whether s has only the characters of URIs and whole escapes.
func isURIText(s string) bool {
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c == '%':
			if i+2 >= len(s) || !isHex(s[i+1]) || !isHex(s[i+2]) {
				return false
			}
			i += 2
		case !isAlnum(c) && strings.IndexByte("-_.!~*'();/?:@&=+$,[]", c) < 0:
			return false
		}
	}
	return true
}

// address is the value of From, To or Contact.
type address struct {
	uri uri
	tag string
}

// parseAddress reads `"name" <uri>;params`, `name <uri>;params` and `uri;params`.
func parseAddress(s string) (a address, ok bool) {
	s = trim(s)
	rest := s
	if strings.HasPrefix(rest, `"`) {
		if _, rest, ok = quoted(rest); !ok {
			return a, false
		}
		if rest = strings.TrimLeft(rest, whitespace); !strings.HasPrefix(rest, "<") {
			return a, false
		}
	}
	name, bracketed, hasBrackets := strings.Cut(rest, "<")
	if hasBrackets {
		for word := range strings.FieldsFuncSeq(name, func(r rune) bool { return r == ' ' || r == '\t' }) {
			// Names with letters beyond ASCII should be quoted, and are read anyway.
			if !isToken(strings.Map(func(r rune) rune {
				if r >= 0x80 {
					return '.'
				}
				return r
			}, word)) {
				return a, false
			}
		}
		var text string
		if text, rest, ok = strings.Cut(bracketed, ">"); !ok {
			return a, false
		}
		a.uri, ok = parseURI(text)
	} else {
		end := strings.IndexAny(rest, "; \t")
		if end < 0 {
			end = len(rest)
		}
		text := rest[:end]
		rest = rest[end:]
		if strings.ContainsAny(text, ",?") { // these need the brackets
			return a, false
		}
		a.uri, ok = parseURI(text)
	}
	if !ok {
		return a, false
	}
	ok = params(trim(rest), func(name, value string) {
		if strings.EqualFold(name, "tag") {
			a.tag = value
		}
	})
	return a, ok
}
