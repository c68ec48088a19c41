package fleet

import (
	"context"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// RedirectAccount is an account at the redirect service of a vendor: of a tenant or,
// for the tenants that have none there, of the installation.
type RedirectAccount struct {
	ID, Tenant ID     // tenant 0 for the installation
	Vendor     string // a tenant has one account for each
	Service    string // by its name
	Endpoint   string // https URL of all calls, without a slash at its end; "" for the service's own
	// Values has the fields that are not secret, Secrets those that are, by name.
	Values               map[string]string
	Secrets              map[string]secret.Secret
	CreatedAt, UpdatedAt time.Time
	RedirectHealth
}

// RedirectHealth is how it stands with an account, as its calls have shown.
type RedirectHealth struct {
	VerifiedAt  time.Time // when it was last asked whether the service takes it; zero for never
	VerifyError string    // why it did not then, or ""
	// HeldReason is why nothing is sent, "" while it is; HeldUntil is when that is
	// tried again, zero if only a change of the account, or verifying it, can help.
	HeldReason string
	HeldUntil  time.Time
	Failures   int // calls in a row that the service has not answered
}

// Held says whether nothing is sent at a time.
func (h RedirectHealth) Held(at time.Time) bool {
	return h.HeldReason != "" && (h.HeldUntil.IsZero() || at.Before(h.HeldUntil))
}

// RedirectWant is what a device is to be at a service.
type RedirectWant string

// What can be wanted.
const (
	WantRegistered RedirectWant = "registered"
	WantRemoved    RedirectWant = "removed"
)

// RedirectStatus is how it stands with a device at a service.
type RedirectStatus string

// The statuses.
const (
	RedirectPending    RedirectStatus = "pending"    // the service has not been told yet, or not what is wanted now
	RedirectRegistered RedirectStatus = "registered" // the service sends the device here
	RedirectRefused    RedirectStatus = "refused"    // the service will not have the device
	RedirectForeign    RedirectStatus = "foreign"    // the device is registered there by somebody else
	RedirectRemoved    RedirectStatus = "removed"    // the service has forgotten the device
)

// RedirectStatuses lists every status.
var RedirectStatuses = []RedirectStatus{RedirectPending, RedirectRegistered, RedirectRefused, RedirectForeign, RedirectRemoved}

// Redirection is what a device is to be at the service that an account is with, and
// how that stands.
type Redirection struct {
	Account, Tenant ID
	MAC             mac.Addr
	Vendor, Model   string
	Serial, Code    string // "" where the device has none
	Service         string // of the account; read only
	Want            RedirectWant
	Revision        int64 // of what is wanted: it rises with each change
	Status          RedirectStatus
	Reason          string // of the status, in plain words, or ""
	// Token is the secret part of the first-access address, and Expires when that is
	// dead; empty where the device is to be removed. Used is when the phone has been
	// given its enrol file there.
	Token     secret.Secret
	Expires   time.Time
	Used      time.Time
	Attempts  int       // at this revision
	Job       ID        // that the work is in; 0 for what outlives its tenant
	Due       time.Time // when the service is told; zero while there is nothing to tell it
	UpdatedAt time.Time
}

// Pointer is the first-access address of a device: what its vendor's service knows.
type Pointer struct {
	Tenant  ID
	MAC     mac.Addr
	Hash    [32]byte // SHA-256 of the secret part
	Expires time.Time
	Used    time.Time // zero until the phone has been given its enrol file
}

// Live says whether the address leads anywhere at a time.
func (p Pointer) Live(at time.Time) bool { return p.Used.IsZero() && at.Before(p.Expires) }

// Wish is what a device is to be from now on.
type Wish struct {
	Account, Tenant ID
	MAC             mac.Addr
	Vendor, Model   string
	Serial, Code    string
	// Token is the first-access address that is given to a device which has none at
	// the account, or whose own is used or has expired.
	Token   secret.Secret
	Expires time.Time
}

// RedirectReader is what can be read of accounts and redirections.
type RedirectReader interface {
	RedirectAccount(ctx context.Context, tenant, id ID) (RedirectAccount, error)
	// RedirectAccountFor returns a tenant's own account for a vendor.
	RedirectAccountFor(ctx context.Context, tenant ID, vendor string) (RedirectAccount, error)
	// RedirectAccounts lists a tenant's accounts by vendor.
	RedirectAccounts(ctx context.Context, tenant ID) ([]RedirectAccount, error)
	// RedirectionsAt counts the devices that an account's service may know.
	RedirectionsAt(ctx context.Context, account ID) (int, error)
	// RedirectionsOf returns the redirections of some devices of a tenant, by address:
	// of each the one that was changed last. Devices that have none are left out.
	RedirectionsOf(ctx context.Context, tenant ID, macs []mac.Addr) (map[mac.Addr]Redirection, error)
	// RedirectBacklog counts what is still to be told, by account, of one job.
	RedirectBacklog(ctx context.Context, job ID) (map[ID]int, error)
	// Pointer returns the first-access address of a device; Pointers returns those of
	// all devices of a tenant.
	Pointer(ctx context.Context, tenant ID, m mac.Addr) (Pointer, error)
	Pointers(ctx context.Context, tenant ID) ([]Pointer, error)
	// ExpiredPointers returns some of the devices whose first-access address has expired
	// unused.
	ExpiredPointers(ctx context.Context, at time.Time, limit int) ([]Pointer, error)
	// RedirectionsTold returns all that an account's service was told, or is to be.
	RedirectionsTold(ctx context.Context, account ID) ([]RedirectErrand, error)
}

// RedirectWriter is what can be changed of them. Whatever leads to work puts it into
// the tenant's job of the kind JobRPS that is running or paused, making one in the
// name of by if there is none.
type RedirectWriter interface {
	InsertRedirectAccount(ctx context.Context, a RedirectAccount) error
	// UpdateRedirectAccount leaves RedirectHealth as it is; SetRedirectHealth changes
	// nothing else.
	UpdateRedirectAccount(ctx context.Context, a RedirectAccount) error
	SetRedirectHealth(ctx context.Context, account ID, h RedirectHealth) error
	// DeleteRedirectAccount removes an account and forgets what its service was told.
	// Devices that it has registered have rps off from then on. It returns the tenants
	// whose devices those are.
	DeleteRedirectAccount(ctx context.Context, tenant, id ID, at time.Time) ([]ID, error)

	// Redirect has a device registered by an account, and by no other.
	Redirect(ctx context.Context, wish Wish, at time.Time, by string) error
	// Unredirect has the services forget a device.
	Unredirect(ctx context.Context, tenant ID, m mac.Addr, at time.Time, by string) error
	// RedirectAgain has devices registered anew: those of a tenant or, with none, of
	// every tenant; with one account or, with none, with all.
	RedirectAgain(ctx context.Context, tenant, account ID, at time.Time, by string) error
	// RedirectThese has some devices of an account registered anew.
	RedirectThese(ctx context.Context, account ID, macs []mac.Addr, at time.Time, by string) error
	// MoveRedirections has the devices of a tenant, or, with none, of every tenant, that
	// one account has registered, registered by another.
	MoveRedirections(ctx context.Context, tenant, from, to ID, at time.Time, by string) error

	// UsePointer notes that the phone has been given its enrol file at the address. It
	// returns false if it had been before, or if the device has another address by now.
	UsePointer(ctx context.Context, tenant ID, m mac.Addr, hash [32]byte, at time.Time) (first bool, err error)
	// RotatePointer gives a device another address and has it registered; that it had
	// is dead. A device that is not to be registered has a CodeNotFound error.
	RotatePointer(ctx context.Context, tenant ID, m mac.Addr, token secret.Secret, expires, at time.Time, by string) error
}

// RedirectService is what is known of a vendor's redirect service.
type RedirectService struct {
	Name, Vendor, Title string
	Regions             []RedirectRegion // the first is the default
	Fields              []RedirectField  // what an account consists of
	// NeedsSerial and NeedsCode say that it registers no device without its serial
	// number, or without the code that is printed beside its MAC address.
	NeedsSerial, NeedsCode bool
	// CheckCode returns why a device's code cannot be right, or "". It may be nil.
	CheckCode func(m mac.Addr, code string) string
	Batch     int     // devices in one call
	Rate      float64 // calls in a second
	Lists     bool    // whether it can say what is registered for an account
}

// RedirectRegion is one address of a service.
type RedirectRegion struct{ Name, URL string }

// RedirectField is one part of an account.
type RedirectField struct {
	Name, Title      string
	Secret, Optional bool
}

// Redirects knows the redirect services and tells them what is wanted. Its errors are
// texts for people and hold no secret.
type Redirects interface {
	Services() []RedirectService
	// CheckEndpoint returns why an address cannot be that of a service, or "".
	CheckEndpoint(url string) string
	// Verify asks a service whether it takes an account.
	Verify(ctx context.Context, a RedirectAccount) error
	// Compare finds out how what the service has registered for an account differs from
	// what it was told. What it is still to be told is left out.
	Compare(ctx context.Context, a RedirectAccount, told []RedirectErrand) (RedirectDifference, error)
	// Forget has a service forget devices that are not of this fleet. The errors are as
	// many as the devices.
	Forget(ctx context.Context, a RedirectAccount, macs []mac.Addr) []error
	// Pace is how many devices in a second an account takes, as was last seen; 0 if
	// it was not.
	Pace(account ID) float64
	// Wake says that there is something to tell, or that accounts have changed.
	Wake()
}

// RedirectDifference is how what a service has differs from what it was told.
type RedirectDifference struct {
	Matched int
	Missing []mac.Addr // the service does not have them
	Stale   []mac.Addr // it sends them elsewhere
	Taken   []mac.Addr // they are registered by somebody else
	Foreign []mac.Addr // it has them for the account, and they are not of this fleet
	// Refused are those that the service would not have when it was told, or that were
	// somebody else's.
	Refused []mac.Addr
	// Unchecked is how many it was not asked about, as it does not list what it has.
	Unchecked int
}

// RedirectClaim asks for work with one account.
type RedirectClaim struct {
	Account ID
	At      time.Time
	Lease   time.Duration // how long it is the claimer's
	Limit   int
}

// RedirectErrand is a device that a service is to be told of now.
type RedirectErrand struct {
	Redirection
	Base  string    // the tenant's own base address for phones, or ""
	Lease time.Time // when the errand is anybody's again
}

// RedirectSettlement is what has become of an errand.
type RedirectSettlement struct {
	RedirectErrand
	To      RedirectStatus // RedirectPending to try again
	Because string         // the reason
	Next    time.Time      // of RedirectPending: when
	Unsent  bool           // the service was not told: the attempt does not count
}
