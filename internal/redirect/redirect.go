// Package redirect holds the contract between Dialplane and the redirect services of
// the makers of phones (RPS, SRAPS, GDMS, ZTP …): a phone fresh from the shop asks its
// maker where its server is, and the maker says what the owner of an account there
// has registered for it.
//
// Everything known of one service lives with its vendor, in internal/vendors/<name>,
// and is listed by internal/vendors/packs. What a service answers is a stranger's
// word: it is read with bounds in size and time, strictly, and no error echoes what
// we sent.
package redirect

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"
	"unicode"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Service is a redirect service as its vendor documents it. Every field is required
// but those that say otherwise.
type Service struct {
	Name   string // unique: "yealink-rps", "snom-sraps"
	Vendor string // as the vendor's pack is named
	Title  string // for people: "Yealink RPS (JSON API)"
	// Source is the document that the client was written from, and how sure that is.
	Source string
	// Regions are where the service can be reached; the first is the default.
	Regions []Region
	// Fields are what an account consists of.
	Fields []Field
	// NeedsSerial and NeedsCode say that a device cannot be registered without its
	// serial number, or without the code that is printed beside its MAC address.
	NeedsSerial, NeedsCode bool
	// CheckCode returns why a device's code cannot be right, or "". It may be nil.
	CheckCode func(m mac.Addr, code string) string
	// CheckURL returns why the service does not take an address, or "". It may be nil.
	CheckURL func(url string) string
	// Batch is how many devices one Register or Remove takes; 1 where the service has
	// no call for several.
	Batch int
	// Rate is how many calls in a second the service allows an account, and Rest the
	// least time to leave it alone after it has said that these were too many.
	Rate float64
	Rest time.Duration
	// Lists is whether the service can say what is registered for the account.
	Lists bool
	// Open returns a client for an account. It makes no call. The account is complete
	// by Service.Check. The http.Client is guarded; now is the clock of signatures.
	Open func(a Account, c *http.Client, now func() time.Time) Client
}

// Region is one address of a service: its name as people write it, and the https URL
// that the client's calls begin with.
type Region struct{ Name, URL string }

// Field is one part of an account.
type Field struct {
	Name     string // of the API: "access_key_id"
	Title    string // for people, with the place where the vendor shows it
	Secret   bool
	Optional bool
}

// Account is somebody's account at a service.
type Account struct {
	// Endpoint is the base of all calls, without a slash at its end.
	Endpoint string
	// Values has what is set of the service's fields.
	Values map[string]secret.Secret
}

// Quote returns what a service said, fit for Error.Reason: one line without a full stop,
// of at most 120 bytes. It is "" where the service repeats an address or something of
// the account.
func (a Account) Quote(text string) string {
	text = strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) || r == '<' || r == '>' {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(text, " "))
	text = strings.TrimRight(strings.Join(strings.Fields(text), " "), ".")
	if strings.Contains(text, "://") || strings.Contains(text, "/f/") {
		return ""
	}
	for _, v := range a.Values {
		if v := v.Reveal(); len(v) > 3 && strings.Contains(text, v) {
			return ""
		}
	}
	return strings.TrimSpace(strings.ToValidUTF8(text[:min(len(text), 120)], ""))
}

// Value returns a field in the clear, or "".
func (a Account) Value(field string) string { return a.Values[field].Reveal() }

// Device is a phone or DECT base as a service gets to know it.
type Device struct {
	MAC    mac.Addr
	Model  string        // as the pack's templates spell it
	Serial string        // or ""
	Code   string        // what is printed beside the MAC address, or ""
	URL    secret.Secret // where the phone is to go, ends with a slash
}

// Entry is what a service has registered for a device.
type Entry struct {
	MAC mac.Addr
	// URL is where it sends the phone; empty where the service does not say.
	URL secret.Secret
	// PIN is what the phone asks whoever stands before it; empty where it does not, or
	// where the service does not say.
	PIN secret.Secret
	// Foreign says that the device is registered by somebody else.
	Foreign bool
}

// Client is one account at a service. Its methods may be called at the same time.
// Every error is an *Error.
type Client interface {
	// Verify says whether the service takes the account, changing nothing.
	Verify(ctx context.Context) error
	// Register makes the service send each device to its URL, whatever it did before
	// with those of this account: doing it twice is doing it once. The list of errors
	// is as long as that of devices, nil for those that are registered.
	Register(ctx context.Context, devices []Device) []error
	// Remove makes the service forget the devices; one that it does not know, or that
	// is somebody else's, is no error. The list of errors is as for Register.
	Remove(ctx context.Context, devices []Device) []error
	// Lookup returns what is registered for a device, or an error of kind NotFound.
	Lookup(ctx context.Context, d Device) (Entry, error)
	// List calls f with each page of what is registered for the account, until f
	// fails. Of a service that does not list, the error is of kind Unsupported.
	List(ctx context.Context, f func([]Entry) error) error
}

// Kind is what an error means for whoever waits for the registration.
type Kind string

// The kinds of errors.
const (
	Unreachable Kind = "unreachable" // no answer, or not from the service: try again later
	Busy        Kind = "busy"        // the service is overloaded or has failed: try again later
	TooMany     Kind = "too-many"    // we have called too often: leave the account alone for a while
	BadAnswer   Kind = "bad-answer"  // the answer is none of the service's: try again later
	Denied      Kind = "denied"      // the account is not accepted: nothing will work until it is changed
	Refused     Kind = "refused"     // the service will not have this device
	Foreign     Kind = "foreign"     // the device is registered by somebody else
	NotFound    Kind = "not-found"   // the service does not know the device
	Unsupported Kind = "unsupported" // the service has no such call
)

// Error is why a call did not succeed. Its text holds nothing of what was sent.
type Error struct {
	Kind Kind
	// Reason says it to people, in a sentence without a full stop, in our words or the vendor's.
	Reason string
	// After is how long the service asks to be left alone; 0 if it does not say.
	After time.Duration
}

func (e *Error) Error() string { return string(e.Kind) + ": " + e.Reason }

// Errorf makes an Error.
func Errorf(kind Kind, format string, args ...any) *Error {
	return &Error{Kind: kind, Reason: fmt.Sprintf(format, args...)}
}

// KindOf returns the kind of an error, BadAnswer for one of another type and "" for nil.
func KindOf(err error) Kind {
	var e *Error
	switch {
	case err == nil:
		return ""
	case errors.As(err, &e):
		return e.Kind
	}
	return BadAnswer
}

// Temporary says whether doing the same later can succeed.
func (k Kind) Temporary() bool {
	switch k {
	case Unreachable, Busy, TooMany, BadAnswer:
		return true
	}
	return false
}

// Each calls one for each device in turn, and returns their errors. After one that says
// that the account or the whole service will not do, the devices left have that error
// as well, without a call.
func Each(devices []Device, one func(Device) error) []error {
	list := make([]error, len(devices))
	for i, d := range devices {
		list[i] = one(d)
		if k := KindOf(list[i]); k.Temporary() || k == Denied {
			copy(list[i:], All(devices[i:], list[i]))
			break
		}
	}
	return list
}

// All is the list of errors that one error for all devices makes.
func All(devices []Device, err error) []error {
	list := make([]error, len(devices))
	for i := range list {
		list[i] = err
	}
	return list
}
