package notify

import (
	"bytes"
	"context"
	"crypto/rand"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo/sip"
)

// Times of a non-INVITE client transaction over UDP (RFC 3261 section 17.1.2.2):
// a request is sent again after t1, 2·t1, 4·t1 … but no later than t2 each.
const (
	t1 = 500 * time.Millisecond
	t2 = 4 * time.Second
)

// maxDatagram is the longest request that may go over UDP (RFC 3261 section 18.1.1).
const maxDatagram = 1300

// request is one request outside a dialog: a NOTIFY, in the form that PBXs send it,
// or a REGISTER that only asks. Its Call-ID and tag stay the same when it is sent
// again with credentials.
type request struct {
	method        sip.RequestMethod
	uri, to, from string // sip:…, without angle brackets
	event         string // of a NOTIFY
	callID, tag   string
	seq           int
	credentials   []*credential
}

func newNotice(uri, to, from, event string) *request {
	return &request{method: sip.NOTIFY, uri: uri, to: to, from: from, event: event, callID: rand.Text(), tag: rand.Text()}
}

// newQuery asks the registrar of a domain where an address is registered: a REGISTER
// without a Contact changes nothing (RFC 3261 section 10.2.3).
func newQuery(domain, address string) *request {
	return &request{method: sip.REGISTER, uri: "sip:" + domain, to: address, from: address, callID: rand.Text(), tag: rand.Text()}
}

// route is how a request leaves.
type route struct {
	transport string // "UDP", "TCP" or "TLS"
	local     netip.AddrPort
	send      func(context.Context, []byte) error
	over      <-chan struct{} // closed when no answer can come any more
	cause     func() error    // why, once it is
}

func (n *request) text(r route, branch string) []byte {
	var b bytes.Buffer
	local := bare(r.local)
	fmt.Fprintf(&b, "%s %s SIP/2.0\r\n", n.method, n.uri)
	fmt.Fprintf(&b, "Via: SIP/2.0/%s %s;rport;branch=%s\r\n", r.transport, local, branch)
	b.WriteString("Max-Forwards: 70\r\n")
	fmt.Fprintf(&b, "From: <%s>;tag=%s\r\n", n.from, n.tag)
	fmt.Fprintf(&b, "To: <%s>\r\n", n.to)
	fmt.Fprintf(&b, "Call-ID: %s\r\n", n.callID)
	fmt.Fprintf(&b, "CSeq: %d %s\r\n", n.seq, n.method)
	if n.method == sip.NOTIFY {
		fmt.Fprintf(&b, "Contact: <sip:%s;transport=%s>\r\n", local, strings.ToLower(r.transport))
	}
	for _, c := range n.credentials {
		fmt.Fprintf(&b, "%s: %s\r\n", c.header, c.answer(string(n.method), n.uri))
	}
	if n.method == sip.NOTIFY {
		fmt.Fprintf(&b, "Event: %s\r\n", n.event)
		b.WriteString("Subscription-State: terminated;reason=noresource\r\n")
	}
	b.WriteString("User-Agent: Dialplane\r\n")
	b.WriteString("Content-Length: 0\r\n\r\n")
	return b.Bytes()
}

// bare drops what a SIP address has no place for.
func bare(a netip.AddrPort) netip.AddrPort {
	return netip.AddrPortFrom(a.Addr().Unmap().WithZone(""), a.Port())
}

// hostOf spells an address for the host part of a SIP URI.
func hostOf(a netip.Addr) string {
	if a = a.Unmap().WithZone(""); a.Is6() {
		return "[" + a.String() + "]"
	}
	return a.String()
}

// transactions matches answers to requests. The SIP library parses them; its own
// transaction layer is not used, because it opens sockets by destination, takes an
// answer with a foreign Call-ID for the real one, and cannot bound a write.
type transactions struct {
	mu   sync.Mutex
	open map[string]*transaction // by branch
}

type transaction struct {
	method      sip.RequestMethod
	callID, tag string
	seq         int
	answers     chan *sip.Response
}

func newTransactions() *transactions { return &transactions{open: make(map[string]*transaction)} }

// exchange sends a request until an answer other than a provisional one comes, the
// context is done or the route is over.
func (ts *transactions) exchange(ctx context.Context, n *request, r route) (*sip.Response, error) {
	n.seq++
	t := &transaction{method: n.method, callID: n.callID, tag: n.tag, seq: n.seq, answers: make(chan *sip.Response, 4)}
	branch := "z9hG4bK" + rand.Text()
	message := n.text(r, branch)
	if r.transport == "UDP" && len(message) > maxDatagram {
		return nil, fail(Broken, false, "the request has %d bytes, and no more than %d may go over UDP: use TCP or TLS", len(message), maxDatagram)
	}
	ts.mu.Lock()
	ts.open[branch] = t
	ts.mu.Unlock()
	defer func() {
		ts.mu.Lock()
		delete(ts.open, branch)
		ts.mu.Unlock()
	}()

	if err := r.send(ctx, message); err != nil {
		return nil, broken(err)
	}
	interval := t1
	again := time.NewTimer(interval)
	defer again.Stop()
	if r.transport != "UDP" {
		again.Stop()
	}
	for {
		select {
		case response := <-t.answers:
			if !response.IsProvisional() {
				return response, nil
			}
			interval = t2
		case <-again.C:
			if err := r.send(ctx, message); err != nil {
				return nil, broken(err)
			}
			interval = min(2*interval, t2)
			again.Reset(interval)
		case <-r.over:
			return nil, broken(r.cause())
		case <-ctx.Done():
			return nil, broken(ctx.Err())
		}
	}
}

// deliver hands an answer to the request that it is for. Any other is dropped.
func (ts *transactions) deliver(message sip.Message) {
	response, ok := message.(*sip.Response)
	if !ok || response.SipVersion != "SIP/2.0" || response.StatusCode < 100 || response.StatusCode > 699 {
		return
	}
	via, seq, callID, from := response.Via(), response.CSeq(), response.CallID(), response.From()
	if via == nil || seq == nil || callID == nil || from == nil || len(response.GetHeaders("Via")) != 1 {
		return
	}
	branch, _ := via.Params.Get("branch")
	tag, _ := from.Params.Get("tag")
	ts.mu.Lock()
	t := ts.open[branch]
	ts.mu.Unlock()
	if t == nil || seq.MethodName != t.method || int64(seq.SeqNo) != int64(t.seq) || callID.Value() != t.callID || tag != t.tag {
		return
	}
	select {
	case t.answers <- response:
	default: // a flood of copies
	}
}

// datagram delivers what a UDP socket received.
func (ts *transactions) datagram(b []byte) {
	if !bytes.HasPrefix(b, []byte("SIP/2.0 ")) {
		return
	}
	if message, err := sip.ParseMessage(b); err == nil {
		ts.deliver(message)
	}
}

// judge is the error that a final answer stands for, other than a challenge.
func judge(response *sip.Response) error {
	code := response.StatusCode
	said := fmt.Sprintf("the answer was %d %.60q", code, response.Reason)
	switch {
	case code < 300:
		return nil
	case code < 400:
		return fail(Refused, false, "%s, which is not followed: a NOTIFY goes to the phone's own address alone", said)
	}
	switch code {
	case 404, 430, 480:
		return fail(Unreachable, true, "%s: the phone is not registered", said)
	case 410:
		return fail(Unreachable, false, "%s: the extension is gone", said)
	case 408:
		return fail(Unreachable, true, "%s: the phone did not answer the PBX", said)
	case 489:
		return fail(Refused, false, "%s: the phone or the PBX does not take this event", said)
	case 501, 505, 513:
		return fail(Refused, false, "%s", said)
	}
	return fail(Refused, code >= 500 && code < 600, "%s", said)
}
