package notify

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/secret"
)

// ESLConfig sets up ESL. Address and Password are required.
type ESLConfig struct {
	Address  string // host:port of FreeSWITCH's event socket, usually port 8021
	Password secret.Secret
	// Profile is the SIP profile that the phones register at. Empty means "internal".
	Profile string
	// Timeout bounds one attempt. 0 means 5 s.
	Timeout time.Duration
}

// ESL orders NOTIFYs from FreeSWITCH over its event socket. FreeSWITCH sends to
// every registration of extension@domain with the profile, or to the one contact
// that the target names. (mod_sofia reads contact-uri only with to-uri and from-uri.)
//
// FreeSWITCH answers once the order is queued. An extension that is not registered
// is no error to it, nor is a phone that does not answer. The socket is not
// encrypted: keep it on the machine or on a network of its own.
type ESL struct {
	config ESLConfig
	line   kept[*eslPeer]
}

// NewESL checks the configuration. It logs in with the first NOTIFY.
func NewESL(c ESLConfig) (*ESL, error) {
	if host, _, err := net.SplitHostPort(c.Address); err != nil || host == "" {
		return nil, fmt.Errorf("the address %q of FreeSWITCH's event socket is not host:port", c.Address)
	}
	if c.Password.Empty() {
		return nil, errors.New("the event socket needs a password")
	}
	if c.Profile == "" {
		c.Profile = "internal"
	}
	if !domainSyntax.MatchString(c.Profile) {
		return nil, fmt.Errorf("the SIP profile %q has other characters than letters, digits and ._-", c.Profile)
	}
	if err := oneLine("the event socket's password", c.Password.Reveal()); err != nil {
		return nil, err
	}
	c.Timeout = orDefault(c.Timeout)
	e := &ESL{config: c}
	e.line = kept[*eslPeer]{timeout: c.Timeout, open: e.open}
	return e, nil
}

// Close ends the attempts under way and the connection.
func (e *ESL) Close() error {
	e.line.close()
	return nil
}

// Notify implements Sender.
func (e *ESL) Notify(ctx context.Context, t Target, event string) (retry bool, err error) {
	return verdict(t, e.notify(ctx, t, event))
}

func (e *ESL) notify(ctx context.Context, t Target, event string) error {
	if err := check(t, event); err != nil {
		return err
	}
	if t.Extension == "" || t.Domain == "" {
		return fail(Broken, false, "only a phone with an extension and a domain can be reached through FreeSWITCH")
	}
	if strings.Contains(t.URI, "%") {
		return fail(Broken, false, "the contact %.80q has an escape, which FreeSWITCH would decode", t.URI)
	}
	address := t.Extension + "@" + t.Domain
	to := "user: " + t.Extension + "\n" + "host: " + t.Domain + "\n"
	if t.URI != "" {
		to = "contact-uri: " + t.URI + "\n" + "to-uri: sip:" + address + "\n" + "from-uri: sip:" + address + "\n"
	}
	// Without a content type FreeSWITCH ignores the order, though there is no content.
	order := "sendevent NOTIFY\n" +
		"profile: " + e.config.Profile + "\n" +
		"event-string: " + event + "\n" +
		to +
		"content-type: application/simple-message-summary\n\n"

	ctx, cancel := context.WithTimeout(ctx, e.config.Timeout)
	defer cancel()
	if err := e.ask(ctx, order); err != nil {
		return fmt.Errorf("through FreeSWITCH at %s: %w", e.config.Address, err)
	}
	return nil
}

func (e *ESL) open(ctx context.Context) (*link, *eslPeer, error) {
	conn, err := dial(ctx, "TCP", e.config.Address, nil)
	if err != nil {
		return nil, nil, err
	}
	inTime := within(ctx, conn)
	p := &eslPeer{conn: conn, lines: bufio.NewReaderSize(conn, maxLine)}
	err = p.login(e.config.Password)
	if !inTime() && err == nil {
		err = broken(ctx.Err())
	}
	if err != nil {
		_ = conn.Close() // the login failed
		return nil, nil, err
	}
	return conn, p, nil
}

// eslPeer is an open event socket. It answers in the order that it was asked.
type eslPeer struct {
	conn    net.Conn
	lines   *bufio.Reader
	mu      sync.Mutex
	waiting []chan string
}

func (p *eslPeer) login(password secret.Secret) error {
	kind, _, err := p.receive()
	switch {
	case err != nil:
		return broken(err)
	case kind == "text/rude-rejection":
		return fail(Challenged, false, "it does not talk to this address: add it to the event socket's apply-inbound-acl")
	case kind != "auth/request":
		return fail(Refused, true, "what listens there is not FreeSWITCH's event socket")
	}
	if _, err := io.WriteString(p.conn, "auth "+password.Reveal()+"\n\n"); err != nil {
		return broken(err)
	}
	kind, reply, err := p.receive()
	switch {
	case err != nil:
		return broken(err)
	case kind != "command/reply" || !strings.HasPrefix(reply, "+OK"):
		return fail(Challenged, false, "the login was refused: check the password against event_socket.conf.xml")
	}
	return nil
}

func (e *ESL) ask(ctx context.Context, order string) error {
	s, err := e.line.session(ctx)
	if err != nil {
		return err
	}
	p, replies := s.peer, make(chan string, 1)
	written := time.Now()
	if err := s.write(ctx, []byte(order), func() {
		p.mu.Lock()
		p.waiting = append(p.waiting, replies)
		p.mu.Unlock()
	}); err != nil {
		return broken(err)
	}
	select {
	case reply := <-replies:
		if strings.HasPrefix(reply, "+OK") {
			return nil
		}
		return fail(Refused, false, "sendevent was answered %.80q", reply)
	case <-s.over:
		return broken(s.ended)
	case <-ctx.Done():
		e.line.unanswered(s, written)
		return broken(ctx.Err())
	}
}

func (p *eslPeer) serve() error {
	for {
		kind, reply, err := p.receive()
		switch {
		case err != nil:
			return err
		case kind == "text/disconnect-notice":
			return errors.New("FreeSWITCH has hung up")
		case kind != "command/reply":
			continue // an event or a log line, which nobody asked for
		}
		p.mu.Lock()
		if len(p.waiting) == 0 {
			p.mu.Unlock()
			return errors.New("FreeSWITCH answered what was not asked")
		}
		p.waiting[0] <- reply
		p.waiting = p.waiting[1:]
		p.mu.Unlock()
	}
}

// receive reads one message: fields up to an empty line, and a body, which is
// skipped.
func (p *eslPeer) receive() (kind, reply string, err error) {
	length := 0
	for range maxFields {
		line, err := readLine(p.lines)
		if err != nil {
			return "", "", err
		}
		if line == "" {
			_, err := p.lines.Discard(length)
			return kind, reply, err
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "content-type":
			kind = value
		case "reply-text":
			reply = value
		case "content-length":
			if length, err = strconv.Atoi(value); err != nil || length < 0 || length > maxBody {
				return "", "", errTooMuch
			}
		}
	}
	return "", "", errTooMuch
}
