package fleet

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/base32"
	"errors"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/secret"
)

// Config is what a Fleet works with. All fields are required, but for those that say otherwise.
type Config struct {
	Store   Store
	Changes Changes
	Catalog Catalog
	Now     func() time.Time
	Log     *slog.Logger
	Jobs    Jobs  // nil where nothing carries out jobs: they wait
	Feed    *Feed // of the store's events; nil where nothing watches them
	// Contents keeps uploaded files; nil where there can be none. Limits bounds them.
	Contents Contents
	Limits   FileLimits
	// Redirects tells the vendors' redirect services of phones; nil where there are
	// none. Base is the installation's address for phones, and FirstAccess how long what
	// a service is told is good.
	Redirects   Redirects
	Base        string
	FirstAccess time.Duration
}

// Fleet is the use cases. Its methods may be called at the same time.
type Fleet struct {
	store   Store
	changes Changes
	catalog Catalog
	jobs    Jobs
	feed    *Feed
	now     func() time.Time
	log     *slog.Logger

	contents Contents
	limits   FileLimits
	uploads  chan struct{} // has one for each that is under way

	redirects   Redirects
	base        string
	firstAccess time.Duration

	gate gate

	mu            sync.Mutex
	defaultTenant ID // once it is known
}

// New returns the use cases over what is configured.
func New(c Config) *Fleet {
	if c.Redirects == nil {
		c.Redirects = noRedirects{}
	}
	if c.Feed == nil {
		c.Feed = NewFeed(0)
		c.Feed.Close()
	}
	return &Fleet{
		store: c.Store, changes: c.Changes, catalog: c.Catalog, jobs: c.Jobs, feed: c.Feed,
		now: func() time.Time { return c.Now().UTC() }, log: c.Log,
		contents: c.Contents, uploads: make(chan struct{}, maxUploads),
		limits:    FileLimits{File: cmp.Or(c.Limits.File, defaultFileBytes), Tenant: cmp.Or(c.Limits.Tenant, defaultTenantBytes)},
		redirects: c.Redirects, base: c.Base, firstAccess: cmp.Or(c.FirstAccess, defaultFirstAccess),
		gate: newGate(),
	}
}

// change runs do in a transaction, together with the audit record of the action on
// the object that do names. It has been decided that the caller may.
func (f *Fleet) change(ctx context.Context, c Caller, action string, do func(Writer) (object string, err error)) error {
	return f.store.Write(ctx, func(w Writer) error {
		object, err := do(w)
		if err != nil {
			return err
		}
		return w.Audit(ctx, f.record(c, action, object))
	})
}

func (f *Fleet) record(c Caller, action, object string) AuditRecord {
	return AuditRecord{
		Time: f.now(), Tenant: c.Tenant, Caller: c.Name, Address: c.Address,
		Action: action, Object: object,
	}
}

// reveal records that the caller is about to read the secrets of the objects. The
// secrets must not leave unless it returns nil.
func (f *Fleet) reveal(ctx context.Context, c Caller, objects ...string) error {
	if len(objects) == 0 {
		return nil
	}
	return f.store.Write(ctx, func(w Writer) error {
		for _, o := range objects {
			if err := w.Audit(ctx, f.record(c, "secret.reveal", o)); err != nil {
				return err
			}
		}
		return nil
	})
}

// disclose prepares objects that hold secrets for the caller: it empties the
// secrets, or records that the caller reads them. The secrets of an object are
// those that in names; name is the object in the audit record.
func disclose[T any](ctx context.Context, f *Fleet, c Caller, objects []T, name func(*T) string, in func(*T) []*secret.Secret) error {
	var read []string
	for i := range objects {
		held := false
		for _, s := range in(&objects[i]) {
			held = held || !s.Empty()
			if !c.Reveal {
				*s = secret.Secret{}
			}
		}
		if held && c.Reveal {
			read = append(read, name(&objects[i]))
		}
	}
	return f.reveal(ctx, c, read...)
}

// tell passes on what has become durable. The client is told if that failed: its
// change is kept but phones may not see it yet.
func (f *Fleet) tell(ctx context.Context, news ...func(context.Context) error) error {
	ctx = context.WithoutCancel(ctx)
	var errs []error
	for _, n := range news {
		errs = append(errs, n(ctx))
	}
	if err := errors.Join(errs...); err != nil {
		f.log.ErrorContext(ctx, "a saved change has not reached the phone server", "error", err)
		return errorf(CodeUnavailable, "the change is saved, but phones may be served what was before it; the log says why")
	}
	return nil
}

// randomText returns lower-case base32 for n random bytes, 5 of them making 8
// characters.
func randomText(n int) string {
	b := make([]byte, n)
	rand.Read(b) // never fails: it would crash the program
	return strings.ToLower(base32.StdEncoding.WithPadding(base32.NoPadding).EncodeToString(b))
}
