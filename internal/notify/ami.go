package notify

import (
	"bufio"
	"context"
	"crypto/rand"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/secret"
)

// AMIConfig sets up AMI. Address, User and Secret are required.
type AMIConfig struct {
	Address string // host:port of Asterisk's manager interface, usually port 5038
	// TLS, if not nil, is spoken from the first byte (tlsenable in manager.conf).
	// Without, the login crosses the network in the clear.
	TLS    *tls.Config
	User   string // a section of manager.conf with write = system
	Secret secret.Secret
	// Timeout bounds one attempt. 0 means 5 s.
	Timeout time.Duration
}

// AMI orders NOTIFYs from Asterisk by the manager action PJSIPNotify, to the
// endpoint named like the target's extension: Asterisk sends to every contact of
// it. A target that names its contact, or has no extension, is reached by a URI, if
// default_outbound_endpoint in pjsip.conf names an endpoint.
//
// Asterisk answers once the NOTIFY is queued. An endpoint without contacts is no
// error to it, nor is a phone that does not answer, nor a URI where there is no
// default outbound endpoint.
type AMI struct {
	config AMIConfig
	line   kept[*amiPeer]
}

// NewAMI checks the configuration. It logs in with the first NOTIFY.
func NewAMI(c AMIConfig) (*AMI, error) {
	if host, _, err := net.SplitHostPort(c.Address); err != nil || host == "" {
		return nil, fmt.Errorf("the address %q of Asterisk's manager interface is not host:port", c.Address)
	}
	if c.User == "" || c.Secret.Empty() {
		return nil, errors.New("asterisk's manager interface needs a user and a secret")
	}
	if err := errors.Join(oneLine("the manager's user", c.User), oneLine("the manager's secret", c.Secret.Reveal())); err != nil {
		return nil, err
	}
	c.Timeout = orDefault(c.Timeout)
	a := &AMI{config: c}
	a.line = kept[*amiPeer]{timeout: c.Timeout, open: a.open}
	return a, nil
}

// Close ends the attempts under way and the connection.
func (a *AMI) Close() error {
	a.line.close()
	return nil
}

// Notify implements Sender.
func (a *AMI) Notify(ctx context.Context, t Target, event string) (retry bool, err error) {
	return verdict(t, a.notify(ctx, t, event))
}

func (a *AMI) notify(ctx context.Context, t Target, event string) error {
	if err := check(t, event); err != nil {
		return err
	}
	fields := []string{"Action: PJSIPNotify"}
	switch {
	case t.URI != "":
		fields = append(fields, "URI: "+t.URI)
	case t.Extension != "":
		fields = append(fields, "Endpoint: "+t.Extension)
	default:
		to, err := t.address()
		if err != nil {
			return err
		}
		fields = append(fields, "URI: sip:"+bare(to).String())
	}
	// Asterisk adds Content-Length and Subscription-State itself.
	fields = append(fields, "Variable: Event="+event)

	ctx, cancel := context.WithTimeout(ctx, a.config.Timeout)
	defer cancel()
	if err := a.ask(ctx, fields); err != nil {
		return fmt.Errorf("through Asterisk at %s: %w", a.config.Address, err)
	}
	return nil
}

func (a *AMI) open(ctx context.Context) (*link, *amiPeer, error) {
	transport := "TCP"
	if a.config.TLS != nil {
		transport = "TLS"
	}
	conn, err := dial(ctx, transport, a.config.Address, a.config.TLS)
	if err != nil {
		return nil, nil, err
	}
	inTime := within(ctx, conn)
	p := &amiPeer{conn: conn, lines: bufio.NewReaderSize(conn, maxLine), waiting: make(map[string]chan amiAnswer)}
	err = p.login(a.config)
	if !inTime() && err == nil {
		err = broken(ctx.Err())
	}
	if err != nil {
		_ = conn.Close() // the login failed
		return nil, nil, err
	}
	return conn, p, nil
}

// amiPeer is an open manager connection.
type amiPeer struct {
	conn    net.Conn
	lines   *bufio.Reader
	mu      sync.Mutex
	waiting map[string]chan amiAnswer // by ActionID
}

// amiAnswer is the answer to an action.
type amiAnswer struct{ actionID, response, message string }

func (p *amiPeer) login(c AMIConfig) error {
	greeting, err := readLine(p.lines)
	if err != nil {
		return broken(err)
	}
	if !strings.HasPrefix(greeting, "Asterisk Call Manager") {
		return fail(Refused, true, "what listens there is not Asterisk's manager interface")
	}
	id := rand.Text()
	if _, err := io.WriteString(p.conn, action(id, "Action: Login", "Username: "+c.User, "Secret: "+c.Secret.Reveal(), "Events: off")); err != nil {
		return broken(err)
	}
	for {
		answer, err := p.receive()
		switch {
		case err != nil:
			return broken(err)
		case answer.actionID != id:
		case answer.response == "Success":
			return nil
		default:
			return fail(Challenged, false, "the login of %q was refused: check the user and the secret against manager.conf", c.User)
		}
	}
}

func action(id string, fields ...string) string {
	return strings.Join(fields, "\r\n") + "\r\nActionID: " + id + "\r\n\r\n"
}

func (a *AMI) ask(ctx context.Context, fields []string) error {
	s, err := a.line.session(ctx)
	if err != nil {
		return err
	}
	p, id := s.peer, rand.Text()
	answers := make(chan amiAnswer, 1)
	p.mu.Lock()
	p.waiting[id] = answers
	p.mu.Unlock()
	defer func() {
		p.mu.Lock()
		delete(p.waiting, id)
		p.mu.Unlock()
	}()
	written := time.Now()
	if err := s.write(ctx, []byte(action(id, fields...)), nil); err != nil {
		return broken(err)
	}
	select {
	case answer := <-answers:
		return answer.judge()
	case <-s.over:
		return broken(s.ended)
	case <-ctx.Done():
		a.line.unanswered(s, written)
		return broken(ctx.Err())
	}
}

func (a amiAnswer) judge() error {
	switch {
	case a.response == "Success":
		return nil
	case strings.HasPrefix(a.message, "Unable to retrieve endpoint"):
		return fail(Unreachable, false, "there is no such PJSIP endpoint: name it like the extension")
	case strings.HasPrefix(a.message, "Permission denied"):
		return fail(Challenged, false, "permission denied: give the manager's user write = system in manager.conf")
	}
	passing := strings.HasPrefix(a.message, "Unable to push") || strings.HasPrefix(a.message, "Unable to allocate")
	return fail(Refused, passing, "PJSIPNotify was answered %.20q %.80q", a.response, a.message)
}

// serve hands out answers.
func (p *amiPeer) serve() error {
	for {
		a, err := p.receive()
		if err != nil {
			return err
		}
		if a.response == "" {
			continue // an event, which may carry the ActionID too
		}
		p.mu.Lock()
		answers := p.waiting[a.actionID]
		delete(p.waiting, a.actionID)
		p.mu.Unlock()
		if answers != nil {
			answers <- a
		}
	}
}

// receive reads one block of fields, up to an empty line.
func (p *amiPeer) receive() (amiAnswer, error) {
	var a amiAnswer
	for range maxFields {
		line, err := readLine(p.lines)
		if err != nil {
			return a, err
		}
		if line == "" {
			return a, nil
		}
		name, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch strings.ToLower(name) {
		case "actionid":
			a.actionID = value
		case "response":
			a.response = value
		case "message":
			a.message = value
		}
	}
	return a, errTooMuch
}

// What a PBX may send in one message.
const (
	maxLine   = 8192
	maxFields = 1024
	maxBody   = 1 << 20
)

var errTooMuch = errors.New("it sent a line or a message that is too long")

// readLine reads a line and drops its end, LF or CRLF.
func readLine(r *bufio.Reader) (string, error) {
	line, err := r.ReadSlice('\n')
	switch {
	case errors.Is(err, bufio.ErrBufferFull):
		return "", errTooMuch
	case err != nil:
		return "", err
	}
	return strings.TrimRight(string(line), "\r\n"), nil
}
