package notify_test

import (
	"bufio"
	"crypto/tls"
	"fmt"
	"io"
	"net"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/secret"
)

// pbx is a scripted server of Asterisk's manager interface or of FreeSWITCH's event
// socket, written from their documents.
type pbx struct {
	address string
	roots   *tls.Config // for a client, if it speaks TLS

	mu      sync.Mutex
	blocks  [][]string // all that was received, by empty lines
	accepts int
}

// visit is one connection to a pbx.
type visit struct {
	net.Conn
	pbx   *pbx
	lines *bufio.Reader
	n     int // how many were before
}

func startPBX(t *testing.T, secure bool, script func(v *visit)) *pbx {
	t.Helper()
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	p := &pbx{address: listener.Addr().String()}
	if secure {
		server, roots := certificate(t)
		listener = tls.NewListener(listener, server)
		p.roots = &tls.Config{RootCAs: roots}
	}
	var all sync.WaitGroup
	var conns []net.Conn
	t.Cleanup(func() {
		listener.Close()
		p.mu.Lock()
		for _, c := range conns {
			c.Close()
		}
		p.mu.Unlock()
		all.Wait()
	})
	all.Go(func() {
		for {
			conn, err := listener.Accept()
			if err != nil {
				return
			}
			p.mu.Lock()
			conns = append(conns, conn)
			v := &visit{Conn: conn, pbx: p, lines: bufio.NewReader(conn), n: p.accepts}
			p.accepts++
			p.mu.Unlock()
			all.Go(func() {
				defer conn.Close()
				script(v)
			})
		}
	})
	return p
}

// block reads fields up to an empty line; nil once the client is gone.
func (v *visit) block() []string {
	var fields []string
	for {
		line, err := v.lines.ReadString('\n')
		if err != nil {
			return nil
		}
		if line = strings.TrimRight(line, "\r\n"); line != "" {
			fields = append(fields, line)
			continue
		}
		v.pbx.mu.Lock()
		v.pbx.blocks = append(v.pbx.blocks, fields)
		v.pbx.mu.Unlock()
		return fields
	}
}

func (v *visit) say(text string) { io.WriteString(v, text) }

func (p *pbx) received() [][]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.blocks)
}

func (p *pbx) visits() int {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.accepts
}

func field(fields []string, name string) string {
	for _, f := range fields {
		if v, ok := strings.CutPrefix(f, name+": "); ok {
			return v
		}
	}
	return ""
}

// deaf reads until the client is gone and says nothing.
func (v *visit) deaf() { io.Copy(io.Discard, v.lines) }

const (
	amiGreeting = "Asterisk Call Manager/7.0.3\r\n"
	amiEvent    = "Event: FullyBooted\r\nPrivilege: system,all\r\nStatus: Fully Booted\r\n\r\n"
)

func amiAnswer(action []string, response, message string) string {
	return "Response: " + response + "\r\nActionID: " + field(action, "ActionID") + "\r\nMessage: " + message + "\r\n\r\n"
}

// login is Asterisk's side of a login that succeeds.
func (v *visit) login() {
	v.say(amiGreeting)
	v.say(amiAnswer(v.block(), "Success", "Authentication accepted") + amiEvent)
}

func ami(t *testing.T, p *pbx, timeout time.Duration) *notify.AMI {
	t.Helper()
	s, err := notify.NewAMI(notify.AMIConfig{Address: p.address, TLS: p.roots, User: "dialplane", Secret: secret.New(planted), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	return s
}

func TestAMI(t *testing.T) {
	t.Parallel()
	for _, secure := range []bool{false, true} {
		p := startPBX(t, secure, func(v *visit) {
			v.login()
			for a := v.block(); a != nil; a = v.block() {
				v.say(amiAnswer(a, "Success", "NOTIFY sent"))
			}
		})
		s := ami(t, p, 0)
		want(t, s, target(), notify.Delivered, false)
		single := target()
		single.URI = "sip:100@192.0.2.8:5064;line=x"
		want(t, s, single, notify.Delivered, false)
		single.URI += "\r\nAction: Command"
		want(t, s, single, notify.Broken, false)
		unassigned := target()
		unassigned.Extension, unassigned.Contact = "", "192.0.2.7:5062"
		want(t, s, unassigned, notify.Delivered, false)
		unassigned.Contact = "phone.example.org:5060"
		want(t, s, unassigned, notify.Broken, false)
		got := p.received()
		for _, b := range got {
			for i, f := range b {
				if strings.HasPrefix(f, "ActionID: ") && len(f) > 30 {
					b[i] = "ActionID: RANDOM"
				}
			}
		}
		if diff := cmp.Diff([][]string{
			{"Action: Login", "Username: dialplane", "Secret: " + planted, "Events: off", "ActionID: RANDOM"},
			{"Action: PJSIPNotify", "Endpoint: 100", "Variable: Event=check-sync;reboot=false", "ActionID: RANDOM"},
			{"Action: PJSIPNotify", "URI: sip:100@192.0.2.8:5064;line=x", "Variable: Event=check-sync;reboot=false", "ActionID: RANDOM"},
			{"Action: PJSIPNotify", "URI: sip:192.0.2.7:5062", "Variable: Event=check-sync;reboot=false", "ActionID: RANDOM"},
		}, got); diff != "" {
			t.Errorf("Asterisk got (-want +got):\n%s", diff)
		}
	}
}

func TestAMIAnswers(t *testing.T) {
	t.Parallel()
	for message, c := range map[string]struct {
		outcome notify.Outcome
		retry   bool
	}{
		"Unable to retrieve endpoint 100":     {notify.Unreachable, false},
		"Permission denied":                   {notify.Challenged, false},
		"Unable to push NOTIFY task":          {notify.Refused, true},
		"Unable to allocate NOTIFY task data": {notify.Refused, true},
		"Invalid/unknown command: PJSIPNotify. Use Action: ListCommands to show them": {notify.Refused, false},
		"": {notify.Refused, false},
	} {
		p := startPBX(t, false, func(v *visit) {
			v.login()
			v.say(amiAnswer(v.block(), "Error", message))
			v.deaf()
		})
		want(t, ami(t, p, 0), target(), c.outcome, c.retry)
	}
}

// TestAMIMatches answers a hundred actions out of order, in small pieces, with
// events and strangers' answers in between, on one connection.
func TestAMIMatches(t *testing.T) {
	t.Parallel()
	const many = 100
	p := startPBX(t, false, func(v *visit) {
		v.login()
		var actions [][]string
		for range many {
			a := v.block()
			if a == nil {
				return
			}
			actions = append(actions, a)
		}
		slices.Reverse(actions)
		var all strings.Builder
		for _, a := range actions {
			all.WriteString("Event: Newchannel\r\nActionID: " + field(a, "ActionID") + "\r\n\r\n")
			all.WriteString(amiAnswer([]string{"ActionID: stranger"}, "Error", "not yours"))
			// The odd extensions are not there.
			if e := field(a, "Endpoint"); (e[len(e)-1]-'0')%2 == 1 {
				all.WriteString(amiAnswer(a, "Error", "Unable to retrieve endpoint "+e))
			} else {
				all.WriteString(amiAnswer(a, "Success", "NOTIFY sent"))
			}
		}
		for piece := range slices.Chunk([]byte(all.String()), 37) {
			v.Write(piece)
		}
		v.deaf()
	})
	s := ami(t, p, 30*time.Second)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			to := target()
			to.Extension = fmt.Sprint(1000 + i)
			if i%2 == 1 {
				want(t, s, to, notify.Unreachable, false)
			} else {
				want(t, s, to, notify.Delivered, false)
			}
		})
	}
	all.Wait()
	if n := p.visits(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

// patience is short where time is to run out, and long where a busy machine must
// not make it.
func patience(expected notify.Outcome) time.Duration {
	if expected == notify.TimedOut {
		return 300 * time.Millisecond
	}
	return 30 * time.Second
}

func TestAMIMisbehaves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  func(v *visit)
		outcome notify.Outcome
		retry   bool
	}{
		"refuses the login": {func(v *visit) {
			v.say(amiGreeting)
			v.say(amiAnswer(v.block(), "Error", "Authentication failed for "+planted))
		}, notify.Challenged, false},
		"is a web server":             {func(v *visit) { v.say("HTTP/1.1 400 Bad Request\r\n\r\n") }, notify.Refused, true},
		"says nothing":                {func(v *visit) { v.deaf() }, notify.TimedOut, true},
		"says half a greeting":        {func(v *visit) { v.say("Asterisk Call"); v.deaf() }, notify.TimedOut, true},
		"hangs up":                    {func(*visit) {}, notify.Unreachable, true},
		"hangs up in the greeting":    {func(v *visit) { v.say("Asterisk Ca") }, notify.Unreachable, true},
		"hangs up in the login":       {func(v *visit) { v.say(amiGreeting); v.block(); v.say("Response: Succ") }, notify.Unreachable, true},
		"does not answer the login":   {func(v *visit) { v.say(amiGreeting); v.deaf() }, notify.TimedOut, true},
		"has a line without end":      {func(v *visit) { v.say(amiGreeting); v.block(); v.say(strings.Repeat("x", 1<<20)) }, notify.Unreachable, true},
		"has a message without end":   {func(v *visit) { v.say(amiGreeting); v.block(); v.say(strings.Repeat("x: y\r\n", 1<<16)) }, notify.Unreachable, true},
		"does not answer":             {func(v *visit) { v.login(); v.deaf() }, notify.TimedOut, true},
		"answers another":             {func(v *visit) { v.login(); v.block(); v.say(amiAnswer(nil, "Success", "")); v.deaf() }, notify.TimedOut, true},
		"hangs up in the answer":      {func(v *visit) { v.login(); v.block(); v.say("Response: Success\r\nAct") }, notify.Unreachable, true},
		"answers without end":         {func(v *visit) { v.login(); v.block(); v.say(strings.Repeat("x", 1<<20)) }, notify.Unreachable, true},
		"answers the login of others": {func(v *visit) { v.say(amiGreeting); v.block(); v.say(amiAnswer(nil, "Success", "")); v.deaf() }, notify.TimedOut, true},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPBX(t, false, c.script)
			want(t, ami(t, p, patience(c.outcome)), target(), c.outcome, c.retry)
		})
	}
}

// TestAMIReconnects: the first connection is lost during an action, the second dies
// without a word, the third works.
func TestAMIReconnects(t *testing.T) {
	t.Parallel()
	p := startPBX(t, false, func(v *visit) {
		v.login()
		switch v.n {
		case 0:
			v.block()
		case 1:
			v.deaf()
		default:
			for a := v.block(); a != nil; a = v.block() {
				v.say(amiAnswer(a, "Success", "NOTIFY sent"))
			}
		}
	})
	s := ami(t, p, 2*time.Second)
	want(t, s, target(), notify.Unreachable, true)
	eventually(t, s, target())
	want(t, s, target(), notify.Delivered, false)
	if n := p.visits(); n != 3 {
		t.Errorf("%d connections", n)
	}
}

// TestAMIPauses: a server that refuses is not asked again by each of many phones.
func TestAMIPauses(t *testing.T) {
	t.Parallel()
	p := startPBX(t, false, func(v *visit) {
		v.say(amiGreeting)
		v.say(amiAnswer(v.block(), "Error", "Authentication failed"))
	})
	s := ami(t, p, 0)
	var all sync.WaitGroup
	for range 200 {
		all.Go(func() { want(t, s, target(), notify.Challenged, false) })
	}
	all.Wait()
	if n := p.visits(); n > 2 {
		t.Errorf("200 phones made %d logins that were refused", n)
	}
}

func TestCloseWhileOpening(t *testing.T) {
	t.Parallel()
	began := make(chan struct{}, 2)
	p := startPBX(t, false, func(v *visit) { began <- struct{}{}; v.deaf() })
	s := ami(t, p, time.Minute)
	e := esl(t, p, time.Minute)
	var all sync.WaitGroup
	all.Go(func() { want(t, s, target(), notify.Broken, false) })
	all.Go(func() { want(t, e, target(), notify.Broken, false) })
	<-began
	<-began
	s.Close()
	e.Close()
	all.Wait()
}

const eslGreeting = "Content-Type: auth/request\n\n"

func eslReply(text string) string {
	return "Content-Type: command/reply\nReply-Text: " + text + "\n\n"
}

// auth is FreeSWITCH's side of a login that succeeds.
func (v *visit) auth() {
	v.say(eslGreeting)
	v.block()
	v.say(eslReply("+OK accepted"))
}

func esl(t *testing.T, p *pbx, timeout time.Duration) *notify.ESL {
	t.Helper()
	s, err := notify.NewESL(notify.ESLConfig{Address: p.address, Password: secret.New(planted), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	closing(t, s)
	return s
}

func TestESL(t *testing.T) {
	t.Parallel()
	p := startPBX(t, false, func(v *visit) {
		v.auth()
		for v.block() != nil {
			v.say("Content-Length: 30\nContent-Type: text/event-plain\n\nReply-Text: -ERR not a reply\n\n" +
				eslReply("+OK 7f4de4bc-17d7-11dd-b7a0-db4edd065621"))
		}
	})
	s := esl(t, p, 0)
	want(t, s, target(), notify.Delivered, false)
	want(t, s, notify.Target{Extension: "100", Contact: "192.0.2.7:5060"}, notify.Broken, false)
	want(t, s, notify.Target{Domain: "pbx.example.org"}, notify.Broken, false)
	single := target()
	single.URI = "sip:100@192.0.2.8:5064;line=x"
	want(t, s, single, notify.Delivered, false)
	single.URI = "sip:100@192.0.2.8:5064;line=%0Aprofile"
	want(t, s, single, notify.Broken, false)
	if diff := cmp.Diff([][]string{
		{"auth " + planted},
		{"sendevent NOTIFY", "profile: internal", "event-string: check-sync;reboot=false", "user: 100", "host: pbx.example.org", "content-type: application/simple-message-summary"},
		{
			"sendevent NOTIFY", "profile: internal", "event-string: check-sync;reboot=false", "contact-uri: sip:100@192.0.2.8:5064;line=x",
			"to-uri: sip:100@pbx.example.org", "from-uri: sip:100@pbx.example.org", "content-type: application/simple-message-summary",
		},
	}, p.received()); diff != "" {
		t.Errorf("FreeSWITCH got (-want +got):\n%s", diff)
	}
}

// TestESLOrder: replies have no name, only an order, also when a caller has left.
func TestESLOrder(t *testing.T) {
	t.Parallel()
	const many = 100
	p := startPBX(t, false, func(v *visit) {
		v.auth()
		var replies strings.Builder
		for range many {
			b := v.block()
			if b == nil {
				return
			}
			if e := field(b, "user"); (e[len(e)-1]-'0')%2 == 1 {
				replies.WriteString(eslReply("-ERR invalid"))
			} else {
				replies.WriteString(eslReply("+OK"))
			}
		}
		for piece := range slices.Chunk([]byte(replies.String()), 29) {
			v.Write(piece)
		}
		v.deaf()
	})
	s := esl(t, p, 30*time.Second)
	var all sync.WaitGroup
	for i := range many {
		all.Go(func() {
			to := target()
			to.Extension = fmt.Sprint(1000 + i)
			if i%2 == 1 {
				want(t, s, to, notify.Refused, false)
			} else {
				want(t, s, to, notify.Delivered, false)
			}
		})
	}
	all.Wait()
	if n := p.visits(); n != 1 {
		t.Errorf("%d connections", n)
	}
}

func TestESLMisbehaves(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		script  func(v *visit)
		outcome notify.Outcome
		retry   bool
	}{
		"refuses the login": {func(v *visit) { v.say(eslGreeting); v.block(); v.say(eslReply("-ERR invalid " + planted)) }, notify.Challenged, false},
		"refuses the address": {func(v *visit) {
			v.say("Content-Type: text/rude-rejection\nContent-Length: 24\n\nAccess Denied, go away.\n")
		}, notify.Challenged, false},
		"is a web server":      {func(v *visit) { v.say("HTTP/1.1 400 Bad Request\r\n\r\n") }, notify.Refused, true},
		"says nothing":         {func(v *visit) { v.deaf() }, notify.TimedOut, true},
		"hangs up":             {func(*visit) {}, notify.Unreachable, true},
		"does not answer auth": {func(v *visit) { v.say(eslGreeting); v.deaf() }, notify.TimedOut, true},
		"hangs up in the login": {func(v *visit) {
			v.say(eslGreeting)
			v.block()
			v.say("Content-Type: command/re")
		}, notify.Unreachable, true},
		"does not answer":       {func(v *visit) { v.auth(); v.deaf() }, notify.TimedOut, true},
		"replies with an error": {func(v *visit) { v.auth(); v.block(); v.say(eslReply("-ERR no reply\x1b[2J")); v.deaf() }, notify.Refused, false},
		"replies with nothing":  {func(v *visit) { v.auth(); v.block(); v.say("Content-Type: command/reply\n\n"); v.deaf() }, notify.Refused, false},
		"hangs up with a notice": {func(v *visit) {
			v.auth()
			v.block()
			v.say("Content-Type: text/disconnect-notice\nContent-Length: 0\n\n")
			v.deaf()
		}, notify.Unreachable, true},
		"hangs up in a body":     {func(v *visit) { v.auth(); v.block(); v.say("Content-Length: 100\n\nshort") }, notify.Unreachable, true},
		"has a line without end": {func(v *visit) { v.auth(); v.block(); v.say(strings.Repeat("x", 1<<20)) }, notify.Unreachable, true},
		"has a body without end": {func(v *visit) { v.auth(); v.block(); v.say("Content-Length: 99999999999\n\n"); v.deaf() }, notify.Unreachable, true},
		"has a negative body":    {func(v *visit) { v.auth(); v.block(); v.say("Content-Length: -1\n\n"); v.deaf() }, notify.Unreachable, true},
		"has a head without end": {func(v *visit) { v.auth(); v.block(); v.say(strings.Repeat("x: y\n", 1<<16)) }, notify.Unreachable, true},
		"answers in small pieces": {func(v *visit) {
			v.auth()
			v.block()
			v.say("Content-Type: comm")
			v.say("and/reply\nReply-Text: +")
			v.say("OK\n\n")
			v.deaf()
		}, notify.Delivered, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			p := startPBX(t, false, c.script)
			want(t, esl(t, p, patience(c.outcome)), target(), c.outcome, c.retry)
		})
	}
}

func TestESLReconnects(t *testing.T) {
	t.Parallel()
	p := startPBX(t, false, func(v *visit) {
		v.auth()
		switch v.n {
		case 0:
			v.block()
		case 1:
			v.deaf()
		default:
			for v.block() != nil {
				v.say(eslReply("+OK"))
			}
		}
	})
	s := esl(t, p, 2*time.Second)
	want(t, s, target(), notify.Unreachable, true)
	eventually(t, s, target())
	want(t, s, target(), notify.Delivered, false)
	if n := p.visits(); n != 3 {
		t.Errorf("%d connections", n)
	}
}
