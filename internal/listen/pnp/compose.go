package pnp

import (
	"net/netip"
	"strconv"
	"strings"
)

// answer makes the response to a request. From, To, Call-ID and CSeq are repeated as
// they came, those that are missing are left out. more are further lines, each with
// its CRLF.
func (r *request) answer(status int, source netip.AddrPort, tag, more string) []byte {
	b := make([]byte, 0, 768)
	b = append(b, "SIP/2.0 "...)
	b = strconv.AppendInt(b, int64(status), 10)
	b = append(b, ' ')
	b = append(b, reasons[status]...)
	b = append(b, "\r\nVia: "...)
	b = r.via.append(b, source)
	first := true
	for _, f := range r.fields {
		if f.header == hVia && !first {
			b = appendField(b, "Via", f.value)
		}
		first = first && f.header != hVia
	}
	if from := r.first(hFrom); from != "" {
		b = appendField(b, "From", from)
	}
	if to := r.first(hTo); to != "" {
		b = appendField(b, "To", tagged(to, tag))
	}
	if id := r.first(hCallID); id != "" {
		b = appendField(b, "Call-ID", id)
	}
	if cseq := r.first(hCSeq); cseq != "" {
		b = appendField(b, "CSeq", cseq)
	}
	b = append(b, "\r\n"...)
	b = append(b, more...)
	return append(b, "Content-Length: 0\r\n\r\n"...)
}

// appendField begins a line. The line before it is ended, and its own is not.
func appendField(b []byte, name, value string) []byte {
	b = append(b, "\r\n"...)
	b = append(b, name...)
	b = append(b, ": "...)
	return append(b, value...)
}

// append writes the topmost Via with where the request really came from.
func (v via) append(b []byte, source netip.AddrPort) []byte {
	b = append(b, v.protocol...)
	b = append(b, ' ')
	b = append(b, v.host...)
	if v.port != 0 {
		b = append(b, ':')
		b = strconv.AppendUint(b, uint64(v.port), 10)
	}
	b = append(b, v.others...)
	if v.rport || v.host != source.Addr().String() {
		b = append(b, ";received="...)
		b = source.Addr().AppendTo(b)
	}
	if v.rport {
		b = append(b, ";rport="...)
		b = strconv.AppendUint(b, uint64(source.Port()), 10)
	}
	return append(b, v.rest...)
}

// tagged returns the value of a To header field with our tag, or as it is if it has
// one.
func tagged(to, tag string) string {
	if a, ok := parseAddress(to); ok && a.tag != "" {
		return to
	}
	return to + ";tag=" + tag
}

// notification is what a NOTIFY is made of. From and To are as in the SUBSCRIBE, not
// swapped as RFC 6665 would have them: that is what the responders send that phones
// are known to obey.
type notification struct {
	target    netip.AddrPort
	transport string         // UDP or TCP
	sender    netip.AddrPort // where the answer is awaited
	branch    string
	from, to  string
	callID    string
	cseq      uint32
	url       string
}

// phones have been seen to take exactly this event, whoever made them.
const notifyEvent = `ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.19"`

func (n notification) bytes() []byte {
	contact := "<sip:" + n.sender.String()
	if n.transport != "UDP" {
		contact += ";transport=" + strings.ToLower(n.transport)
	}
	b := make([]byte, 0, 768)
	b = append(b, "NOTIFY sip:"...)
	b = n.target.AppendTo(b)
	b = append(b, " SIP/2.0"...)
	b = appendField(b, "Via", "SIP/2.0/"+n.transport+" "+n.sender.String()+";branch="+n.branch+";rport")
	b = appendField(b, "Max-Forwards", "70")
	b = appendField(b, "From", n.from)
	b = appendField(b, "To", n.to)
	b = appendField(b, "Call-ID", n.callID)
	b = appendField(b, "CSeq", strconv.FormatUint(uint64(n.cseq), 10)+" NOTIFY")
	b = appendField(b, "Contact", contact+">")
	b = appendField(b, "Event", notifyEvent)
	b = appendField(b, "Subscription-State", "terminated;reason=timeout")
	b = appendField(b, "Content-Type", "application/url")
	b = appendField(b, "Content-Length", strconv.Itoa(len(n.url)))
	b = append(b, "\r\n\r\n"...)
	return append(b, n.url...)
}

const maxURL = 512

// sendable reports whether a URL can be the body of a NOTIFY: printable, and short
// enough for one datagram.
func sendable(url string) bool {
	for i := range len(url) {
		if url[i] <= ' ' || url[i] >= 0x7f {
			return false
		}
	}
	return url != "" && len(url) <= maxURL
}
