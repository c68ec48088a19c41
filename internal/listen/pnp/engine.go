package pnp

import (
	"container/heap"
	"container/list"
	"context"
	"crypto/rand"
	"hash/maphash"
	"log/slog"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
)

// Timers of RFC 3261 section 17.1.2, and how long a Call-ID is known again.
const (
	timer1 = 500 * time.Millisecond
	timer2 = 4 * time.Second
	memory = 32 * time.Second
)

// wire sends messages: a socket or a connection.
type wire interface {
	send(b []byte, from link, to netip.AddrPort) error
	transport() string // UDP or TCP
	port() uint16      // where answers are awaited
}

// packet is a message as it came in.
type packet struct {
	data      []byte
	source    netip.AddrPort
	link      link
	answer    wire // for responses
	notify    wire // for requests of ours
	multicast bool // sent to the group
	stream    bool // came over TCP
}

// outgoing is a message on its way.
type outgoing struct {
	wire wire
	data []byte
	from link
	to   netip.AddrPort
}

type state uint8

const (
	asking    state = iota // what the core says
	waiting                // for Assign
	notifying              // for the answer to NOTIFY
	settled                // kept to know retransmissions
)

// key tells a conversation by who began it.
type key struct {
	source netip.Addr
	callID string
}

// transaction is a conversation with one phone.
type transaction struct {
	key     key
	mac     mac.Addr
	state   state
	silent  bool // the phone is rejected
	born    time.Time
	expires time.Time

	request  notification // without its URL and branch
	wire     wire
	link     link
	assigned string // the URL that Assign gave while the core was asked
	data     []byte // the NOTIFY
	interval time.Duration

	received, sent int  // bytes
	present        bool // not a forged address: sent is without bounds

	due   time.Time // when something is to be done: repeat or forget
	index int       // in the heap; -1: forgotten
	age   *list.Element
}

// engine answers messages. It does no I/O but by the wires of the packets it gets.
type engine struct {
	core     Core
	log      *slog.Logger
	now      func() time.Time
	limits   Limits
	networks []netip.Prefix
	seed     maphash.Seed
	wake     chan struct{} // something is due before what was

	mu    sync.Mutex
	meter meter
	byKey map[key]*transaction
	byMAC map[mac.Addr]*transaction // the latest of each phone
	due   schedule
	ages  *list.List // oldest first
}

func newEngine(o Options) *engine {
	return &engine{
		core: o.Core, log: o.Log, now: o.Now, limits: o.Limits, networks: o.Networks,
		seed: maphash.MakeSeed(), wake: make(chan struct{}, 1),
		meter: newMeter(o.Limits, o.Now()),
		byKey: make(map[key]*transaction), byMAC: make(map[mac.Addr]*transaction), ages: list.New(),
	}
}

// handle is the way in for every message.
func (e *engine) handle(ctx context.Context, p packet) {
	if !e.admits(p.source) {
		return
	}
	m, ok := parse(p.data)
	if !ok {
		return
	}
	if m.status != 0 {
		e.response(m, p)
		return
	}
	r, status, ok := vet(m)
	if !ok || m.method == "ACK" {
		return
	}
	if p.stream && m.count(hContentLength) == 0 {
		status = 400
	}
	if status == 0 {
		var d Discovery
		if d, status = r.discovery(); status == 0 {
			d.Source, d.Interface = p.source, p.link.name
			e.subscribe(ctx, p, r, d)
			return
		}
	}
	if p.multicast {
		return
	}
	b := r.answer(status, p.source, e.tag(r.first(hCallID), p.source), refusal(status, m))
	if len(b) <= e.limits.Amplify*len(p.data) {
		e.send(outgoing{p.answer, b, p.link, e.answerTo(p, r)})
	}
}

// refusal returns the header lines that go with a status.
func refusal(status int, m *message) string {
	switch status {
	case 405:
		return "Allow: SUBSCRIBE\r\n"
	case 489:
		return "Allow-Events: ua-profile\r\n"
	case 420:
		var lines strings.Builder
		for _, f := range m.fields {
			if f.header == hRequire && echoable(f.value) {
				lines.WriteString("Unsupported: " + f.value + "\r\n")
			}
		}
		return lines.String()
	}
	return ""
}

func (e *engine) answerTo(p packet, r request) netip.AddrPort {
	if p.stream {
		return p.source
	}
	return r.answerTo(p.source)
}

// admits reports whether a source is of the networks and within its rate.
func (e *engine) admits(source netip.AddrPort) bool {
	a := source.Addr()
	if source.Port() < lowestPort || !slices.ContainsFunc(e.networks, func(n netip.Prefix) bool { return n.Contains(a) }) {
		return false
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	return e.meter.allow(a, e.now())
}

// tag returns our tag for a conversation: the same each time.
func (e *engine) tag(callID string, source netip.AddrPort) string {
	return strconv.FormatUint(maphash.Comparable(e.seed, key{source.Addr(), callID}), 36)
}

// subscribe answers a phone that asks for its profile.
func (e *engine) subscribe(ctx context.Context, p packet, r request, d Discovery) {
	k := key{p.source.Addr(), r.callID}
	e.mu.Lock()
	if t := e.byKey[k]; t != nil {
		out := e.again(t, p, r, d)
		e.mu.Unlock()
		e.send(out...)
		return
	}
	now := e.now()
	if last := e.byMAC[d.MAC]; last != nil && now.Sub(last.born) < e.limits.PerPhone {
		e.mu.Unlock()
		return
	}
	t := e.begin(k, p, r, d, now)
	e.mu.Unlock()

	v := e.core.Discover(ctx, d)

	e.mu.Lock()
	out := e.decide(t, p, r, v)
	e.mu.Unlock()
	e.send(out...)
}

// again answers the repetition of a SUBSCRIBE as the first was answered. The NOTIFY
// has its own clock.
func (e *engine) again(t *transaction, p packet, r request, d Discovery) []outgoing {
	t.received += len(p.data)
	if t.mac != d.MAC || t.state == asking || t.silent {
		return nil
	}
	return e.accept(nil, t, p, r)
}

// begin remembers a conversation.
func (e *engine) begin(k key, p packet, r request, d Discovery, now time.Time) *transaction {
	if len(e.byKey) >= e.limits.Phones {
		e.forget(e.ages.Front().Value.(*transaction)) //nolint:forcetypeassert // the list holds nothing else
	}
	t := &transaction{
		key: k, mac: d.MAC, born: now, wire: p.notify, link: p.link, received: len(p.data),
		request: notification{
			target: r.notifyTo(p.source), transport: p.notify.transport(),
			sender: netip.AddrPortFrom(p.link.addr, p.notify.port()),
			from:   r.first(hFrom), to: tagged(r.first(hTo), e.tag(r.callID, p.source)),
			callID: r.callID, cseq: r.cseqN + 1,
		},
	}
	if p.stream {
		t.request.target = p.source
	}
	t.age = e.ages.PushBack(t)
	e.byKey[k], e.byMAC[d.MAC] = t, t
	heap.Push(&e.due, t)
	e.keep(t, now.Add(max(memory, e.limits.PerPhone)))
	return t
}

// keep lets a transaction rest until it is to be forgotten.
func (e *engine) keep(t *transaction, until time.Time) {
	t.expires = until
	e.schedule(t, until)
}

func (e *engine) schedule(t *transaction, due time.Time) {
	t.due = due
	if t.index < 0 { // others came, and it had to go
		return
	}
	heap.Fix(&e.due, t.index)
	if t.index == 0 {
		select {
		case e.wake <- struct{}{}:
		default:
		}
	}
}

func (e *engine) forget(t *transaction) {
	heap.Remove(&e.due, t.index)
	e.ages.Remove(t.age)
	delete(e.byKey, t.key)
	if e.byMAC[t.mac] == t {
		delete(e.byMAC, t.mac)
	}
}

// decide does what the core says.
func (e *engine) decide(t *transaction, p packet, r request, v Verdict) []outgoing {
	url := v.URL
	if t.assigned != "" {
		url, v.Answer, t.present = t.assigned, true, true
	}
	if !v.Answer {
		t.state, t.silent = settled, true
		return nil
	}
	out := e.accept(make([]outgoing, 0, 2), t, p, r)
	if url != "" && !sendable(url) {
		e.log.Error("the provisioning URL of a phone is longer than 512 bytes or has characters that no URL has; the phone waits for another", "mac", t.mac)
		url = ""
	}
	if url != "" {
		return e.notify(out, t, url)
	}
	t.state = waiting
	e.keep(t, t.born.Add(e.limits.Wait))
	return out
}

// accept appends the 200 OK to a SUBSCRIBE.
func (e *engine) accept(out []outgoing, t *transaction, p packet, r request) []outgoing {
	contact := netip.AddrPortFrom(p.link.addr, p.notify.port()).String()
	b := r.answer(200, p.source, e.tag(r.callID, p.source), "Contact: <sip:"+contact+">\r\nExpires: 0\r\n")
	if !t.pay(len(b), e.limits.Amplify) {
		return out
	}
	return append(out, outgoing{p.answer, b, p.link, e.answerTo(p, r)})
}

// pay reports whether n more bytes may be sent, and counts them.
func (t *transaction) pay(n, amplify int) bool {
	if !t.present && t.sent+n > amplify*t.received {
		return false
	}
	t.sent += n
	return true
}

// notify begins to tell a phone its URL.
func (e *engine) notify(out []outgoing, t *transaction, url string) []outgoing {
	t.request.url = url
	t.request.branch = "z9hG4bK" + rand.Text()
	t.data = t.request.bytes()
	t.state, t.interval = notifying, timer1
	now := e.now()
	t.expires = now.Add(e.limits.GiveUp)
	next := now.Add(timer1)
	if t.wire.transport() != "UDP" {
		next = t.expires
	}
	e.schedule(t, next)
	return e.repeat(out, t)
}

func (e *engine) repeat(out []outgoing, t *transaction) []outgoing {
	if !t.pay(len(t.data), e.limits.Amplify) {
		return out
	}
	return append(out, outgoing{t.wire, t.data, t.link, t.request.target})
}

// assign gives a waiting phone its URL.
func (e *engine) assign(a mac.Addr, url string, allowed func(netip.Addr) bool) bool {
	if !sendable(url) {
		e.log.Error("the provisioning URL of a phone is longer than 512 bytes or has characters that no URL has", "mac", a)
		return false
	}
	e.mu.Lock()
	t := e.byMAC[a]
	var out []outgoing
	switch {
	case t == nil || t.state != asking && t.state != waiting || !allowed(t.key.source):
	case t.state == asking && t.assigned == "":
		t.assigned = url
		e.mu.Unlock()
		return true
	case t.state == waiting && e.now().Before(t.expires):
		t.present = true // an admin knows it
		out = e.notify(nil, t, url)
	}
	e.mu.Unlock()
	e.send(out...)
	return len(out) > 0
}

// response takes the answer to a NOTIFY. Whatever is no such answer is dropped.
func (e *engine) response(m *message, p packet) {
	v, ok := parseVia(m.first(hVia))
	n, method, valid := m.cseq()
	if !ok || !valid || method != "NOTIFY" {
		return
	}
	e.mu.Lock()
	defer e.mu.Unlock()
	t := e.byKey[key{p.source.Addr(), m.first(hCallID)}]
	if t == nil || t.state != notifying || v.branch != t.request.branch || n != t.request.cseq {
		return
	}
	t.present = true
	switch {
	case m.status < 200:
		t.interval = timer2 // RFC 3261 section 17.1.2.2
		return
	case m.status < 300:
		e.log.Info("a phone took its provisioning URL", "mac", t.mac, "source", p.source)
	default:
		e.log.Warn("a phone refused its provisioning URL", "mac", t.mac, "source", p.source, "status", m.status)
	}
	e.settle(t)
}

// settle ends a conversation and keeps it as long as repetitions may come.
func (e *engine) settle(t *transaction) {
	t.state, t.data = settled, nil
	e.keep(t, t.born.Add(max(memory, e.limits.PerPhone)))
}

// tick does what is due, and returns when the next thing is: zero if nothing is.
func (e *engine) tick() time.Time {
	e.mu.Lock()
	now := e.now()
	var out []outgoing
	for len(e.due) > 0 && !e.due[0].due.After(now) {
		t := e.due[0]
		switch {
		case t.state == notifying && now.Before(t.expires):
			out = e.repeat(out, t)
			t.interval = min(2*t.interval, timer2)
			next := now.Add(t.interval)
			if t.expires.Before(next) {
				next = t.expires
			}
			e.schedule(t, next)
		case t.state == notifying:
			e.log.Warn("a phone did not answer when told its provisioning URL", "mac", t.mac, "target", t.request.target)
			e.settle(t)
		case t.state == asking: // the core takes its time
			e.keep(t, now.Add(memory))
		default:
			e.forget(t)
		}
	}
	e.meter.sweep(now, memory)
	var next time.Time
	if len(e.due) > 0 {
		next = e.due[0].due
	}
	e.mu.Unlock()
	e.send(out...)
	return next
}

func (e *engine) send(out ...outgoing) {
	for _, o := range out {
		if err := o.wire.send(o.data, o.from, o.to); err != nil {
			e.log.Debug("a message to a phone was not sent", "target", o.to, "error", err)
		}
	}
}

// schedule is a heap of transactions by when they are due.
type schedule []*transaction

func (s schedule) Len() int           { return len(s) }
func (s schedule) Less(i, j int) bool { return s[i].due.Before(s[j].due) }
func (s schedule) Swap(i, j int) {
	s[i], s[j] = s[j], s[i]
	s[i].index, s[j].index = i, j
}

// Push is for container/heap.
func (s *schedule) Push(x any) {
	t := x.(*transaction) //nolint:forcetypeassert // the heap holds nothing else
	t.index = len(*s)
	*s = append(*s, t)
}

// Pop is for container/heap.
func (s *schedule) Pop() any {
	old := *s
	t := old[len(old)-1]
	old[len(old)-1] = nil
	*s = old[:len(old)-1]
	t.index = -1
	return t
}
