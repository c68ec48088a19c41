package notify

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"net"
	"net/netip"
	"strings"
	"time"

	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/secret"
)

// ProxyConfig sets up Proxy. Address and Transport are required.
type ProxyConfig struct {
	Address   string // host:port of the PBX or its outbound proxy
	Transport string // "UDP", "TCP" or "TLS"
	// TLS says whom to trust. Nil trusts the system's authorities. Its ServerName,
	// if empty, is the host of Address.
	TLS *tls.Config
	// From is the user that NOTIFYs come from: "dialplane" if empty. Its domain is
	// the target's.
	From string
	// User and Password answer 401 and 407. An empty User answers none.
	User     string
	Password secret.Secret
	// Realm is the only realm that may have an answer. Empty means any: set it
	// where others than the PBX could challenge.
	Realm string
	// Timeout bounds one attempt, challenges included. 0 means 5 s.
	Timeout time.Duration
}

// Proxy sends to sip:extension@domain through a PBX or proxy, over one socket or
// connection that it keeps.
type Proxy struct {
	config  ProxyConfig
	account account
	pending *transactions
	line    kept[*stream]
}

// NewProxy checks the configuration. It connects with the first NOTIFY.
func NewProxy(c ProxyConfig) (*Proxy, error) {
	host, _, err := net.SplitHostPort(c.Address)
	if err != nil || host == "" {
		return nil, fmt.Errorf("the proxy's address %q is not host:port", c.Address)
	}
	switch c.Transport {
	case "UDP", "TCP", "TLS":
	default:
		return nil, fmt.Errorf("the proxy's transport is %q: choose UDP, TCP or TLS", c.Transport)
	}
	if c.From == "" {
		c.From = "dialplane"
	}
	if !extensionSyntax.MatchString(c.From) {
		return nil, fmt.Errorf("the user %q that NOTIFYs come from has other characters than letters, digits and ._+*-", c.From)
	}
	if err := errors.Join(oneLine("the proxy's user", c.User), oneLine("the proxy's password", c.Password.Reveal()), oneLine("the proxy's realm", c.Realm)); err != nil {
		return nil, err
	}
	if strings.ContainsAny(c.User, `"\`) {
		return nil, errors.New("the proxy's user has a quote or a backslash: remove it")
	}
	c.Timeout = orDefault(c.Timeout)
	p := &Proxy{config: c, account: account{c.User, c.Password, c.Realm}, pending: newTransactions()}
	p.line = kept[*stream]{timeout: c.Timeout, open: p.open}
	return p, nil
}

// Close ends the attempts under way and the connection.
func (p *Proxy) Close() error {
	p.line.close()
	return nil
}

func (p *Proxy) open(ctx context.Context) (*link, *stream, error) {
	conn, err := dial(ctx, p.config.Transport, p.config.Address, p.config.TLS)
	if err != nil {
		return nil, nil, err
	}
	return conn, &stream{conn: conn, datagrams: p.config.Transport == "UDP", pending: p.pending}, nil
}

// Notify implements Sender.
func (p *Proxy) Notify(ctx context.Context, t Target, event string) (retry bool, err error) {
	return verdict(t, p.notify(ctx, t, event))
}

func (p *Proxy) notify(ctx context.Context, t Target, event string) error {
	if err := check(t, event); err != nil {
		return err
	}
	if t.Extension == "" || t.Domain == "" {
		return fail(Broken, false, "only a phone with an extension and a domain can be reached through the proxy %s", p.config.Address)
	}
	// A contact is a request's target and the proxy where it leaves, without a Route
	// header: proxies refuse routes that were not theirs to make.
	address := "sip:" + t.Extension + "@" + t.Domain
	answer, err := p.converse(ctx, newNotice(cmp.Or(t.URI, address), address, "sip:"+p.config.From+"@"+t.Domain, event), p.account)
	if err == nil {
		err = judge(answer)
	}
	switch {
	case err == nil:
		return nil
	case t.URI != "":
		return fmt.Errorf("through %s over %s to the contact of this phone alone: %w", p.config.Address, p.config.Transport, err)
	}
	return fmt.Errorf("through %s over %s: %w", p.config.Address, p.config.Transport, err)
}

// converse sends a request and answers the challenges of the proxy (407) and of
// whoever is behind it (401), each once, and once more if the nonce was stale. It
// returns any other final answer.
func (p *Proxy) converse(ctx context.Context, n *request, who account) (*sip.Response, error) {
	ctx, cancel := context.WithTimeout(ctx, p.config.Timeout)
	defer cancel()
	s, err := p.line.session(ctx)
	if err != nil {
		return nil, err
	}
	local, err := netip.ParseAddrPort(s.conn.LocalAddr().String())
	if err != nil {
		return nil, fail(Broken, false, "the socket has no IP address: %w", err)
	}
	r := route{
		transport: p.config.Transport, local: local, over: s.over, cause: s.cause,
		send: func(ctx context.Context, b []byte) error { return s.write(ctx, b, nil) },
	}
	tries := make(map[string]int)
	for {
		written := time.Now()
		answer, err := p.pending.exchange(ctx, n, r)
		switch {
		case err != nil && ctx.Err() != nil:
			p.line.unanswered(s, written)
			return nil, err
		case err != nil:
			return nil, err
		case answer.StatusCode != sip.StatusUnauthorized && answer.StatusCode != sip.StatusProxyAuthRequired:
			return answer, nil
		case who.user == "":
			return nil, fail(Challenged, false, "the answer was %d, and there are no credentials: set the proxy's user and password", answer.StatusCode)
		}
		c, err := who.answerable(answer)
		if err != nil {
			return nil, fail(Challenged, false, "%w", err)
		}
		if sent := tries[c.header]; sent > 1 || sent == 1 && !c.stale {
			return nil, fail(Challenged, false, "the answer was %d again: the credentials of %q were refused", answer.StatusCode, who.user)
		}
		tries[c.header]++
		n.replace(c)
	}
}

// replace puts a credential in the place of the last one for the same header.
func (n *request) replace(c *credential) {
	for i := range n.credentials {
		if n.credentials[i].header == c.header {
			n.credentials[i] = c
			return
		}
	}
	n.credentials = append(n.credentials, c)
}

// stream is the receiving side of a connection to a proxy.
type stream struct {
	conn      net.Conn
	datagrams bool // each read is one message
	pending   *transactions
}

func (s *stream) serve() error {
	parser := sip.NewParser().NewSIPStream()
	defer parser.Close()
	buffer := make([]byte, 1<<16)
	for {
		n, err := s.conn.Read(buffer)
		if err != nil {
			return err
		}
		if s.datagrams {
			s.pending.datagram(buffer[:n])
			continue
		}
		if err := parser.ParseSIPStream(buffer[:n], s.pending.deliver); err != nil && !errors.Is(err, sip.ErrParseSipPartial) {
			return fmt.Errorf("it sent something other than SIP, or a message of more than %d bytes", sip.ParseMaxMessageLength)
		}
	}
}
