package simulate

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/emiago/sipgo"
	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/vendors"
)

// lines registers accounts. All phones of a run share one UDP socket for each
// local address, so that thousands of them do not take thousands of sockets.
type lines struct {
	options Options

	mu      sync.Mutex
	clients map[string]*client // by local address
}

type client struct {
	agent *sipgo.UserAgent
	// udp sends from the shared socket; stream opens connections of its own.
	udp, stream *sipgo.Client
	contact     *net.UDPAddr
}

// registerTimeout bounds one REGISTER transaction and its answer to a challenge.
const registerTimeout = 10 * time.Second

func newLines(o Options) *lines { return &lines{options: o, clients: make(map[string]*client)} }

func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		_ = c.agent.Close() // the run is over
	}
}

func (l *lines) client(local net.IP) (*client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := local.String()
	if c, ok := l.clients[key]; ok {
		return c, nil
	}
	log := l.options.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	agent, err := sipgo.NewUA(sipgo.WithUserAgent("dialplane-simulate"), sipgo.WithUserAgentHostname(key), sipgo.WithUserAgenTLSConfig(l.options.TLS))
	if err != nil {
		return nil, err
	}
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: local})
	if err != nil {
		return nil, err
	}
	server, err := sipgo.NewServer(agent, sipgo.WithServerLogger(log))
	if err != nil {
		return nil, err
	}
	served := &announcing{PacketConn: socket, reading: make(chan struct{})}
	go func() { _ = server.ServeUDP(served) }() // ends when agent.Close closes the socket
	<-served.reading
	c := &client{agent: agent, contact: socket.LocalAddr().(*net.UDPAddr)}
	if c.udp, err = sipgo.NewClient(agent, sipgo.WithClientLogger(log), sipgo.WithClientNAT(),
		sipgo.WithClientHostname(key), sipgo.WithClientConnectionAddr(c.contact.String())); err != nil {
		return nil, err
	}
	if c.stream, err = sipgo.NewClient(agent, sipgo.WithClientLogger(log), sipgo.WithClientNAT(), sipgo.WithClientHostname(key)); err != nil {
		return nil, err
	}
	l.clients[key] = c
	return c, nil
}

// announcing is a socket that says when it is first read. By then the SIP library
// has taken it into use, so that requests leave from it and not from a second one.
type announcing struct {
	net.PacketConn
	once    sync.Once
	reading chan struct{}
}

func (a *announcing) ReadFrom(b []byte) (int, net.Addr, error) {
	a.once.Do(func() { close(a.reading) })
	return a.PacketConn.ReadFrom(b)
}

// register registers each account and counts those that the registrar took. It
// returns the first failure.
func (l *lines) register(ctx context.Context, p Phone, accounts []vendor.Account, registered *int) error {
	var first error
	for _, a := range accounts {
		if err := l.registerOne(ctx, p, a); err != nil {
			if first == nil {
				first = err
			}
			continue
		}
		*registered++
	}
	return first
}

func (l *lines) registerOne(ctx context.Context, p Phone, a vendor.Account) error {
	host, port := a.Server, a.Port
	if a.OutboundProxy != "" {
		host, port = a.OutboundProxy, a.OutboundPort
	}
	if port == 0 {
		port = 5060
		if a.Transport == "TLS" {
			port = 5061
		}
	}
	where := fmt.Sprintf("account %d (%s@%s) at %s:%d over %s", a.Index, a.User, a.Server, host, port, a.Transport)
	local, err := outgoing(host, port)
	if err != nil {
		return fail(Unreachable, "%s: %w", where, err)
	}
	c, err := l.client(local)
	if err != nil {
		return fail(Unreachable, "%s: %w", where, err)
	}
	ctx, cancel := context.WithTimeout(ctx, registerTimeout)
	defer cancel()
	request := c.request(p, a, net.JoinHostPort(host, strconv.Itoa(port)))
	sender := c.stream
	if a.Transport == "UDP" {
		sender = c.udp
	}
	response, err := sender.Do(ctx, request)
	if err == nil && (response.StatusCode == sip.StatusUnauthorized || response.StatusCode == sip.StatusProxyAuthRequired) {
		response, err = sender.DoDigestAuth(ctx, request, response, sipgo.DigestAuth{Username: a.AuthName, Password: a.Password})
	}
	switch {
	case err != nil:
		return fail(Unreachable, "%s: %w", where, err)
	case response.StatusCode == sip.StatusOK:
		return nil
	case response.StatusCode == sip.StatusUnauthorized, response.StatusCode == sip.StatusProxyAuthRequired, response.StatusCode == sip.StatusForbidden:
		return fail(WrongPassword, "%s: %d %s", where, response.StatusCode, response.Reason)
	}
	return fail(Refused, "%s: %d %s", where, response.StatusCode, response.Reason)
}

// request makes a REGISTER as RFC 3261 section 10.2 has it.
func (c *client) request(p Phone, a vendor.Account, destination string) *sip.Request {
	request := sip.NewRequest(sip.REGISTER, sip.Uri{Scheme: "sip", Host: a.Server})
	request.SetTransport(a.Transport)
	request.SetDestination(destination)
	record := sip.Uri{Scheme: "sip", User: a.User, Host: a.Server}
	from := &sip.FromHeader{DisplayName: quotable(a.DisplayName), Address: record, Params: sip.NewParams()}
	from.Params.Add("tag", sip.GenerateTagN(16))
	request.AppendHeader(from)
	request.AppendHeader(&sip.ToHeader{Address: record})
	contact := sip.Uri{Scheme: "sip", User: a.User, Host: c.contact.IP.String(), Port: c.contact.Port, UriParams: sip.NewParams()}
	if a.Transport != "UDP" {
		contact.UriParams.Add("transport", strings.ToLower(a.Transport))
	}
	request.AppendHeader(&sip.ContactHeader{Address: contact})
	request.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(max(60, a.Expires))))
	request.AppendHeader(sip.NewHeader("User-Agent", p.Pack.Name+" "+p.Unit.Model))
	return request
}

// quotable leaves out what the SIP library does not escape in a display name.
func quotable(s string) string {
	return strings.Map(func(r rune) rune {
		if r == '"' || r == '\\' || r < ' ' {
			return -1
		}
		return r
	}, s)
}
