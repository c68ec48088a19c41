// Package notify asks phones to fetch their configuration again or to reboot: it
// sends the SIP NOTIFY with the event that the phone's vendor understands
// ("check-sync;reboot=false"). There are four ways to a phone, all of them a
// Sender:
//
//	Direct  to the address that the phone was last seen at, over UDP
//	Proxy   to extension@domain through the PBX or its outbound proxy
//	AMI     by asking Asterisk, which knows where the phone registered
//	ESL     by asking FreeSWITCH, likewise
//
// All but Direct reach every phone that is registered as the extension, unless the
// Target names the contact of one. Proxy.Contacts asks a registrar for the contacts
// of an extension, and Place finds a phone's own among them.
//
// Direct needs nothing but reaches only phones that no NAT hides and that accept
// requests from others than their PBX. Proxy hears the phone's own answer. AMI and
// ESL hear only that the PBX took the order.
//
// A Sender makes one attempt, bounded in time, and says whether another may help.
// When to try again, how fast and how often is its caller's business.
package notify

import (
	"context"
	"errors"
	"fmt"
	"os"
	"regexp"
	"strings"
	"syscall"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
)

// Target is one phone.
type Target struct {
	MAC       mac.Addr
	Extension string // letters, digits and ._+*-; what it registers as
	Domain    string // of the extension's address: a host name or an IP address
	Contact   string // ip:port where it was last seen by SIP, or ""
	Host      string // the IP address that it last fetched from, or ""
	// URI is the phone's own contact, as Place finds it: it alone is reached. "" for
	// every contact of the extension. Direct has no need of it.
	URI string
}

func (t Target) String() string {
	switch {
	case t.Extension == "":
		return "phone " + t.MAC.String()
	case t.MAC.IsZero():
		return fmt.Sprintf("extension %.64q", t.Extension)
	}
	return fmt.Sprintf("phone %s, extension %.64q", t.MAC, t.Extension)
}

// Sender sends one NOTIFY whose Event header is event and waits for the answer.
// It returns nil once the phone, or the PBX in its stead, has accepted. Otherwise
// retry says whether trying again later may help, and OutcomeOf what went wrong.
// It may be used by many goroutines.
type Sender interface {
	Notify(ctx context.Context, t Target, event string) (retry bool, err error)
}

var _ = []Sender{(*Direct)(nil), (*Proxy)(nil), (*AMI)(nil), (*ESL)(nil)}

// Outcome is how an attempt ended.
type Outcome int

// The outcomes.
const (
	Delivered   Outcome = iota // the error was nil
	Challenged                 // credentials are asked for that we lack, or ours were refused
	Unreachable                // nobody is there: connection refused, no route, not registered, or silent towards its PBX
	TimedOut                   // no answer in time, from the phone or from the PBX
	Refused                    // an answer other than 2xx
	Broken                     // our side: a bad argument, a closed sender, an untrusted certificate
)

func (o Outcome) String() string {
	return [...]string{"delivered", "challenged", "unreachable", "timed out", "refused", "broken"}[o]
}

// OutcomeOf classes what Notify returned. It is Broken for an error from elsewhere.
func OutcomeOf(err error) Outcome {
	var f *failure
	switch {
	case err == nil:
		return Delivered
	case errors.As(err, &f):
		return f.outcome
	}
	return Broken
}

// ErrClosed is what Notify's error wraps after Close.
var ErrClosed = errors.New("the sender is closed")

type failure struct {
	outcome Outcome
	retry   bool
	err     error
}

func (f *failure) Error() string { return f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(o Outcome, retry bool, format string, args ...any) error {
	return &failure{o, retry, fmt.Errorf(format, args...)}
}

// verdict is what Notify returns for the error of its attempt.
func verdict(t Target, err error) (retry bool, _ error) {
	if err == nil {
		return false, nil
	}
	var f *failure
	return errors.As(err, &f) && f.retry, fmt.Errorf("%s: %w", t, err)
}

// broken classes an error of the network.
func broken(err error) error {
	switch {
	case errors.Is(err, ErrClosed):
		return fail(Broken, false, "%w", err)
	case errors.Is(err, context.Canceled):
		return fail(Broken, true, "%w", err)
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, os.ErrDeadlineExceeded), errors.Is(err, syscall.ETIMEDOUT):
		return fail(TimedOut, true, "no answer in time: %w", err)
	}
	return fail(Unreachable, true, "%w", err)
}

const defaultTimeout = 5 * time.Second

func orDefault(timeout time.Duration) time.Duration {
	if timeout <= 0 {
		return defaultTimeout
	}
	return timeout
}

// What may stand in a NOTIFY or in an order to a PBX. Nothing passes that ends a
// line or a field, or that FreeSWITCH would decode to such.
var (
	extensionSyntax = regexp.MustCompile(`^[A-Za-z0-9._+*-]{1,64}$`)
	domainSyntax    = regexp.MustCompile(`^(?:[A-Za-z0-9._-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])$`)
	contactSyntax   = regexp.MustCompile(`^sips?:[!#-;=?-Z_a-z~\[\]]{1,500}$`) // nor <, > or quotes
	eventSyntax     = regexp.MustCompile("^[A-Za-z0-9.!*_+`'~-]{1,64}(?:;[A-Za-z0-9.!*_+`'~-]{1,64}(?:=[A-Za-z0-9.!*_+`'~-]{1,64})?){0,8}$")
)

// check refuses an event or a target that cannot be written safely.
func check(t Target, event string) error {
	switch {
	case !eventSyntax.MatchString(event):
		return fail(Broken, false, "the event %.80q is not like check-sync;reboot=true: correct the vendor's event", event)
	case t.Extension != "" && !extensionSyntax.MatchString(t.Extension):
		return fail(Broken, false, "the extension %.80q has other characters than letters, digits and ._+*-", t.Extension)
	case t.URI != "" && !contactSyntax.MatchString(t.URI):
		return fail(Broken, false, "the contact %.80q is no SIP address that can be written", t.URI)
	case t.Domain != "" && !domainSyntax.MatchString(t.Domain):
		return fail(Broken, false, "the domain %.80q is neither a host name nor an IP address", t.Domain)
	}
	return nil
}

// oneLine refuses a setting that would break out of its line.
func oneLine(what, value string) error {
	if strings.ContainsFunc(value, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return fmt.Errorf("%s has a control character: remove it", what)
	}
	return nil
}
