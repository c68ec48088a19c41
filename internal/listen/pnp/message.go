package pnp

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
	"time"
)

// header names a header field that is read. All others are skipped.
type header uint8

const (
	other header = iota
	hVia
	hFrom
	hTo
	hCallID
	hCSeq
	hContact
	hContentLength
	hMaxForwards
	hEvent
	hExpires
	hRequire
	hDate
	hUserAgent
)

var names = [...]struct {
	long, compact string
	header        header
}{
	{"Via", "v", hVia}, {"From", "f", hFrom}, {"To", "t", hTo}, {"Call-ID", "i", hCallID},
	{"CSeq", "", hCSeq}, {"Contact", "m", hContact}, {"Content-Length", "l", hContentLength},
	{"Max-Forwards", "", hMaxForwards}, {"Event", "o", hEvent}, {"Expires", "", hExpires},
	{"Require", "", hRequire}, {"Date", "", hDate}, {"User-Agent", "", hUserAgent},
}

func headerOf(name string) header {
	for _, n := range names {
		if len(name) == len(n.long) && strings.EqualFold(name, n.long) || len(name) == 1 && strings.EqualFold(name, n.compact) {
			return n.header
		}
	}
	return other
}

type field struct {
	header header
	value  string
}

const (
	maxMessage = 8 << 10 // bytes; the longest of RFC 4475 has 3515
	maxFields  = 128
)

// message is a SIP message whose lines were told apart. Nothing of it is valid yet.
type message struct {
	status  int    // of a response; 0: this is a request
	method  string // of a request
	uri     string
	version string
	crooked bool // the start line or a header line is not of the form it should have
	fields  []field
	body    int // bytes behind the headers
}

// headEnd returns the number of bytes up to and with the empty line, or -1.
func headEnd(data []byte) int {
	if i := bytes.Index(data, []byte("\r\n\r\n")); i >= 0 {
		return i + 4
	}
	return -1
}

// parse tells the lines of a message apart. It reports false for what is not SIP,
// is cut off before its headers end, or could not be answered in any case.
func parse(data []byte) (*message, bool) {
	data = bytes.TrimLeft(data, "\r\n") // keep-alives: RFC 3261 section 7.5
	end := headEnd(data)
	if end < 0 || end > maxMessage {
		return nil, false
	}
	head := string(data[:end-2])
	if strayBreaks(head) {
		return nil, false
	}
	line, head, _ := strings.Cut(head, "\r\n")
	m := &message{fields: make([]field, 0, 16), body: len(data) - end}
	if !m.startLine(line) {
		return nil, false
	}
	for head != "" {
		line, head, _ = strings.Cut(head, "\r\n")
		if head != "" && (head[0] == ' ' || head[0] == '\t') {
			line, head = unfold(line, head)
		}
		name, value, ok := strings.Cut(line, ":")
		name = strings.TrimRight(name, whitespace)
		if !ok || !isToken(name) {
			m.crooked = true
			continue
		}
		if h := headerOf(name); h != other {
			if len(m.fields) == maxFields {
				return nil, false
			}
			m.fields = append(m.fields, field{h, trim(value)})
		}
	}
	return m, true
}

// strayBreaks reports whether there is a CR or LF by itself, which some take for the
// end of a line.
func strayBreaks(head string) bool {
	n := strings.Count(head, "\r\n")
	return strings.Count(head, "\r") != n || strings.Count(head, "\n") != n
}

// unfold joins a header line with the ones that continue it.
func unfold(line, head string) (joined, rest string) {
	var b strings.Builder
	b.WriteString(line)
	for head != "" && (head[0] == ' ' || head[0] == '\t') {
		line, head, _ = strings.Cut(head, "\r\n")
		b.WriteByte(' ')
		b.WriteString(trim(line))
	}
	return b.String(), head
}

// startLine reads a status line or a request line. Of a request line with too many
// spaces it makes out the method, so that the sender can be told.
func (m *message) startLine(line string) bool {
	if len(line) > 4 && strings.EqualFold(line[:4], "SIP/") {
		version, rest, _ := strings.Cut(line, " ")
		code, _, _ := strings.Cut(rest, " ")
		n, err := strconv.ParseUint(code, 10, 16)
		m.version, m.status = version, int(n)
		return err == nil && len(code) == 3 && n >= 100 && n < 700
	}
	method, rest, _ := strings.Cut(line, " ")
	at := strings.LastIndexByte(strings.TrimRight(rest, whitespace), ' ')
	if at < 0 || !isToken(method) {
		return false
	}
	m.method, m.uri, m.version = method, rest[:at], rest[at+1:]
	if strings.TrimRight(m.version, whitespace) != m.version || strings.ContainsAny(m.uri, whitespace) {
		m.crooked = true
		m.version = trim(m.version)
	}
	return len(m.version) > 4 && strings.EqualFold(m.version[:4], "SIP/")
}

// first returns the first value of a header field.
func (m *message) first(h header) string {
	for _, f := range m.fields {
		if f.header == h {
			return f.value
		}
	}
	return ""
}

func (m *message) count(h header) (n int) {
	for _, f := range m.fields {
		if f.header == h {
			n++
		}
	}
	return n
}

// contentLength returns the announced length of the body: -1 if there is none.
// It reports false for a number that cannot be, and for more than one.
func (m *message) contentLength() (n int, ok bool) {
	switch m.count(hContentLength) {
	case 0:
		return -1, true
	case 1:
		v := m.first(hContentLength)
		n, err := strconv.ParseUint(v, 10, 31)
		return int(n), err == nil && isDigits(v)
	}
	return 0, false
}

// cseq returns the number, which is below 2³¹, and the method.
func (m *message) cseq() (n uint32, method string, ok bool) {
	digits, method, _ := strings.Cut(strings.ReplaceAll(m.first(hCSeq), "\t", " "), " ")
	v, err := strconv.ParseUint(digits, 10, 31)
	method = trim(method)
	return uint32(v), method, err == nil && isDigits(digits) && isToken(method)
}

// The reasons of the statuses in use.
var reasons = map[int]string{
	200: "OK", 400: "Bad Request", 404: "Not Found", 405: "Method Not Allowed", 416: "Unsupported URI Scheme",
	420: "Bad Extension", 489: "Bad Event", 501: "Not Implemented", 505: "Version Not Supported",
}

// request is a message that can be answered.
type request struct {
	*message
	via    via
	callID string
	cseqN  uint32
	to     address
	ruri   uri
}

// vet decides about a request: 0 if it may be acted upon, else the status to refuse
// it with. It reports false if no answer can be made, because a header field that an
// answer repeats is there and unreadable.
//
// It finds what RFC 4475 section 3.1.2 wants found and the order is that of RFC 3261
// section 8.2, except that a scheme is refused before a method.
func vet(m *message) (r request, status int, ok bool) {
	r.message = m
	if r.via, ok = parseVia(m.first(hVia)); !ok {
		return r, 0, false
	}
	for _, f := range m.fields {
		switch f.header {
		case hVia, hFrom, hTo, hCSeq:
			ok = echoable(f.value)
		case hCallID: // may have a quote in it
			ok = isCallID(f.value)
		}
		if !ok {
			return r, 0, false
		}
	}
	if m.version = strings.ToUpper(m.version); m.version != "SIP/2.0" {
		return r, 505, true
	}
	if !strings.HasPrefix(strings.ToUpper(r.via.protocol), "SIP/2.0/") || m.crooked || !r.headersAgree() {
		return r, 400, true
	}
	if r.ruri, ok = parseURI(m.uri); !ok || r.ruri.header {
		return r, 400, true
	}
	switch {
	case !r.ruri.isSIP():
		return r, 416, true
	case m.count(hRequire) > 0:
		return r, 420, true
	case !slices.Contains(methods, m.method):
		return r, 501, true
	case m.method != "SUBSCRIBE":
		return r, 405, true
	}
	return r, 0, true
}

var methods = []string{
	"SUBSCRIBE", "INVITE", "ACK", "OPTIONS", "BYE", "CANCEL", "REGISTER", "PRACK",
	"NOTIFY", "PUBLISH", "INFO", "REFER", "MESSAGE", "UPDATE",
}

// headersAgree reports whether each header field that must be there is, those that
// may be there once are there once, and all that are read can be.
func (r *request) headersAgree() bool {
	for _, h := range []header{hFrom, hTo, hCallID, hCSeq} {
		if r.count(h) != 1 {
			return false
		}
	}
	for _, h := range []header{hContentLength, hMaxForwards, hEvent, hExpires, hDate} {
		if r.count(h) > 1 {
			return false
		}
	}
	var method string
	var ok bool
	if r.cseqN, method, ok = r.cseq(); !ok || method != r.method {
		return false
	}
	r.callID = r.first(hCallID)
	if _, ok := parseAddress(r.first(hFrom)); !ok {
		return false
	}
	if r.to, ok = parseAddress(r.first(hTo)); !ok {
		return false
	}
	if n, ok := r.contentLength(); !ok || n > r.body {
		return false
	}
	for _, f := range r.fields {
		switch f.header {
		case hContact:
			if !isContact(f.value) {
				return false
			}
		case hMaxForwards:
			if !isDigits(f.value) {
				return false
			}
		case hDate:
			if _, err := time.Parse("Mon, 02 Jan 2006 15:04:05 GMT", f.value); err != nil {
				return false
			}
		}
	}
	return true
}

func isCallID(s string) bool {
	for i := range len(s) {
		if s[i] <= ' ' || s[i] >= 0x7f {
			return false
		}
	}
	return s != ""
}

// isContact reports whether s is "*" or a list of addresses.
func isContact(s string) bool {
	if s == "*" {
		return true
	}
	for s != "" {
		end := valueEnd(s)
		if _, ok := parseAddress(s[:end]); !ok {
			return false
		}
		if end == len(s) {
			return true
		}
		s = s[end+1:]
	}
	return false
}

// valueEnd returns where the first value of a list ends: at a comma outside quotes
// and brackets.
func valueEnd(s string) int {
	brackets := false
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '"':
			if _, rest, ok := quoted(s[i:]); ok {
				i = len(s) - len(rest) - 1
			}
		case '<':
			brackets = true
		case '>':
			brackets = false
		case ',':
			if !brackets {
				return i
			}
		}
	}
	return len(s)
}
