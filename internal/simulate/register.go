package simulate

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net"
	"slices"
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

	phones sync.Map      // MAC address in hex → *fetcher, of registered phones
	orders chan *fetcher // phones that were told to fetch again
}

type client struct {
	agent  *sipgo.UserAgent
	socket *net.UDPConn
	stop   net.Listener   // for SIP over TCP, at the port of socket
	served sync.WaitGroup // those who read from socket and stop
	// udp sends from the shared socket; stream opens connections of its own.
	udp, stream *sipgo.Client
	contact     *net.UDPAddr
}

// registerTimeout bounds one REGISTER transaction and its answer to a challenge.
const registerTimeout = 10 * time.Second

func newLines(o Options) *lines {
	return &lines{options: o, clients: make(map[string]*client), orders: make(chan *fetcher, len(o.Phones)+1)}
}

func (l *lines) close() {
	l.mu.Lock()
	defer l.mu.Unlock()
	for _, c := range l.clients {
		c.close()
	}
}

func (c *client) close() {
	_ = c.agent.Close() // the run is over
	_ = c.socket.Close()
	_ = c.stop.Close()
	c.served.Wait()
}

func (l *lines) client(local net.IP) (*client, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	key := local.String()
	if c, ok := l.clients[key]; ok {
		return c, nil
	}
	c, err := newClient(local, l.options, l.notified)
	if err != nil {
		return nil, err
	}
	l.clients[key] = c
	return c, nil
}

func newClient(local net.IP, o Options, notified sipgo.RequestHandler) (_ *client, err error) {
	log := o.Log
	if log == nil {
		log = slog.New(slog.DiscardHandler)
	}
	host := local.String()
	c := new(client)
	c.agent, err = sipgo.NewUA(sipgo.WithUserAgent("dialplane-simulate"), sipgo.WithUserAgentHostname(host), sipgo.WithUserAgenTLSConfig(o.TLS))
	if err != nil {
		return nil, err
	}
	if c.socket, c.stop, err = listen(local); err != nil {
		return nil, errors.Join(err, c.agent.Close())
	}
	c.contact = c.socket.LocalAddr().(*net.UDPAddr)
	server, err := sipgo.NewServer(c.agent, sipgo.WithServerLogger(log))
	if err == nil {
		c.udp, err = sipgo.NewClient(c.agent, sipgo.WithClientLogger(log), sipgo.WithClientNAT(),
			sipgo.WithClientHostname(host), sipgo.WithClientConnectionAddr(c.contact.String()))
	}
	if err == nil {
		c.stream, err = sipgo.NewClient(c.agent, sipgo.WithClientLogger(log), sipgo.WithClientNAT(), sipgo.WithClientHostname(host))
	}
	if err != nil {
		return nil, errors.Join(err, c.agent.Close(), c.socket.Close(), c.stop.Close())
	}
	server.OnNotify(notified)
	// The library takes the socket for its clients' once somebody reads from it,
	// and opens another one before that.
	reading := &firstRead{UDPConn: c.socket, begun: make(chan struct{})}
	c.served.Go(func() { _ = server.ServeUDP(reading) }) // both end when close closes their sockets
	c.served.Go(func() { _ = server.ServeTCP(c.stop) })
	<-reading.begun
	return c, nil
}

// listen takes one port for SIP over UDP and TCP.
func listen(local net.IP) (socket *net.UDPConn, stop net.Listener, err error) {
	for range 10 { // another may have the port over TCP
		if socket, err = net.ListenUDP("udp", &net.UDPAddr{IP: local}); err != nil {
			return nil, nil, err
		}
		port := socket.LocalAddr().(*net.UDPAddr).Port
		if stop, err = net.ListenTCP("tcp", &net.TCPAddr{IP: local, Port: port}); err == nil {
			return socket, stop, nil
		}
		err = errors.Join(err, socket.Close())
	}
	return nil, nil, err
}

// lineParam marks the phone in its contact, as phones that share an address do.
const lineParam = "line"

// notified answers a NOTIFY for the phone that its contact names, and lets the
// phone fetch again if it is told to.
func (l *lines) notified(request *sip.Request, tx sip.ServerTransaction) {
	if l.options.Deaf {
		return
	}
	name, _ := request.Recipient.UriParams.Get(lineParam)
	f, ok := l.phones.Load(name)
	status, reason := sip.StatusOK, "OK"
	switch event := request.GetHeader("Event"); {
	case !ok:
		status, reason = sip.StatusNotFound, "Not Found"
	case event == nil || !obeys(f.(*fetcher).result.Phone, event.Value()):
		status, reason = 489, "Bad Event"
	}
	_ = tx.Respond(sip.NewResponseFromRequest(request, status, reason, nil)) // the sender asks again if it is lost
	if status == sip.StatusOK {
		select {
		case l.orders <- f.(*fetcher):
		default: // it has more orders than phones already
		}
	}
}

// obeys reports whether a phone takes an Event for an order.
func obeys(p Phone, event string) bool {
	c := p.Pack.CommandsOf(p.Unit.Model)
	return event == c.Reprovision || event == c.Reboot
}

// obey lets phones fetch when they are told to, for as long as they stay.
func (l *lines) obey(ctx context.Context) {
	ctx, cancel := context.WithTimeout(ctx, l.options.Stay)
	defer cancel()
	var wg sync.WaitGroup
	for range max(1, l.options.Parallel) {
		wg.Go(func() {
			for {
				select {
				case f := <-l.orders:
					f.again(ctx, l)
				case <-ctx.Done():
					return
				}
			}
		})
	}
	wg.Wait()
}

// firstRead tells when it is first read from.
type firstRead struct {
	*net.UDPConn
	once  sync.Once
	begun chan struct{}
}

func (r *firstRead) ReadFrom(b []byte) (int, net.Addr, error) {
	r.once.Do(func() { close(r.begun) })
	return r.UDPConn.ReadFrom(b)
}

// register registers the phone's accounts but those that are registered already as
// they stand, and gives up those that it has no more. It returns the first failure.
func (l *lines) register(ctx context.Context, f *fetcher) error {
	r := f.result
	l.phones.Store(r.Phone.Unit.MAC.String(), f)
	var first error
	failed := func(err error) bool {
		if err != nil && first == nil {
			first = err
		}
		return err != nil
	}
	had := f.lines
	f.lines = nil
	for _, a := range had {
		if !slices.ContainsFunc(r.State.Accounts, func(now vendor.Account) bool { return sameRecord(a, now) }) {
			a.Expires = 0
			failed(l.registerOne(ctx, r.Phone, a))
		}
	}
	for _, a := range r.State.Accounts {
		a.Expires = max(60, a.Expires)
		if slices.Contains(had, a) || !failed(l.registerOne(ctx, r.Phone, a)) {
			f.lines = append(f.lines, a)
		}
	}
	r.Registered = len(f.lines)
	return first
}

// sameRecord says whether two accounts are of one address of record.
func sameRecord(a, b vendor.Account) bool { return a.User == b.User && a.Server == b.Server }

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
	ctx, cancel := context.WithTimeout(ctx, cmp.Or(l.options.Timeout, registerTimeout))
	defer cancel()
	local, err := outgoing(ctx, host, port)
	if err != nil {
		return fail(Unreachable, "%s: %w", where, err)
	}
	c, err := l.client(local)
	if err != nil {
		return fail(Unreachable, "%s: %w", where, err)
	}
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
	contact.UriParams.Add(lineParam, p.Unit.MAC.String())
	if a.Transport != "UDP" {
		contact.UriParams.Add("transport", strings.ToLower(a.Transport))
	}
	request.AppendHeader(&sip.ContactHeader{Address: contact})
	request.AppendHeader(sip.NewHeader("Expires", strconv.Itoa(a.Expires)))
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
