package fleet

import (
	"context"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"fmt"
	"net/netip"
	"strings"
	"sync"
	"time"

	"golang.org/x/crypto/argon2"

	"github.com/dialplane/dialplane/internal/secret"
)

// gate slows down those who guess passwords: it bounds the attempts for each
// account and from each address, and how many are checked at the same time.
type gate struct {
	accounts, addresses *limiter
	hashing             chan struct{} // one slot for each hash that is being made
}

func newGate() gate {
	return gate{
		accounts:  newLimiter(10, 30*time.Second),
		addresses: newLimiter(30, 5*time.Second),
		hashing:   make(chan struct{}, 2),
	}
}

// attempt is a sign-in that has been let through to the check.
type attempt struct {
	gate             *gate
	account, address string
}

// enter counts an attempt, or returns a CodeTooMany error.
func (g *gate) enter(now time.Time, account, address string) (attempt, error) {
	a := attempt{g, account, network(address)}
	if wait := g.addresses.take(now, a.address); wait > 0 {
		return attempt{}, tooMany(wait)
	}
	if wait := g.accounts.take(now, account); wait > 0 {
		return attempt{}, tooMany(wait)
	}
	return a, nil
}

func tooMany(wait time.Duration) error {
	e := errorf(CodeTooMany, "too many sign-ins have failed; try again in %d seconds", int(wait/time.Second)+1)
	e.Retry = wait
	return e
}

// forgive takes an attempt back that was right.
func (a attempt) forgive() {
	a.gate.addresses.giveBack(a.address)
	a.gate.accounts.giveBack(a.account)
}

// network is what counts as one source: an IPv4 address or an IPv6 /64.
func network(address string) string {
	a, err := netip.ParseAddr(address)
	if err != nil {
		return ""
	}
	a = a.Unmap()
	if a.Is4() {
		return a.String()
	}
	p, err := a.WithZone("").Prefix(64)
	if err != nil {
		return ""
	}
	return p.String()
}

// hash derives a password hash in PHC form. It waits while too many are made.
func (g *gate) hash(ctx context.Context, password secret.Secret) (string, error) {
	if err := g.slot(ctx); err != nil {
		return "", err
	}
	defer g.free()
	return hashPassword(password), nil
}

// check reports whether the password is that of the hash. It takes as long for a
// hash that is blank, and is false then.
func (g *gate) check(ctx context.Context, hash string, password secret.Secret) (bool, error) {
	if err := g.slot(ctx); err != nil {
		return false, err
	}
	defer g.free()
	return checkPassword(hash, password), nil
}

func (g *gate) slot(ctx context.Context) error {
	select {
	case g.hashing <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

func (g *gate) free() { <-g.hashing }

// limiter gives every key a budget that fills up again with time. It remembers a
// bounded number of keys.
type limiter struct {
	most  int           // attempts at once
	every time.Duration // one more after this long
	keys  int           // at most so many are remembered

	mu    sync.Mutex
	spent map[string]time.Time // when the budget of the key is full again
}

func newLimiter(most int, every time.Duration) *limiter {
	return &limiter{most: most, every: every, keys: 10_000, spent: make(map[string]time.Time)}
}

// take uses one attempt and returns 0, or returns how long to wait for the next.
func (l *limiter) take(now time.Time, key string) time.Duration {
	l.mu.Lock()
	defer l.mu.Unlock()
	full, longest := l.spent[key], time.Duration(l.most)*l.every
	if full.Before(now) || full.Sub(now) > longest { // or the clock has been set back
		full = now
	}
	full = full.Add(l.every)
	if wait := full.Sub(now) - longest; wait > 0 {
		return wait
	}
	if _, known := l.spent[key]; !known && len(l.spent) >= l.keys {
		l.forget(now)
	}
	l.spent[key] = full
	return 0
}

// forget makes room: by those whose budget is full, else by any.
func (l *limiter) forget(now time.Time) {
	for k, full := range l.spent {
		if !full.After(now) {
			delete(l.spent, k)
		}
	}
	for k := range l.spent {
		if len(l.spent) < l.keys {
			return
		}
		delete(l.spent, k)
	}
}

func (l *limiter) giveBack(key string) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if full, ok := l.spent[key]; ok {
		l.spent[key] = full.Add(-l.every)
	}
}

// Parameters of argon2id: 19 MiB, two passes, one lane (OWASP's first choice).
const (
	argonMemory = 19 * 1024 // KiB
	argonPasses = 2
	argonLanes  = 1
	argonKey    = 32 // bytes
	argonSalt   = 16
)

func hashPassword(password secret.Secret) string {
	salt := make([]byte, argonSalt)
	rand.Read(salt) // never fails: it would crash the program
	key := argon2.IDKey([]byte(password.Reveal()), salt, argonPasses, argonMemory, argonLanes, argonKey)
	b64 := base64.RawStdEncoding
	return fmt.Sprintf("$argon2id$v=%d$m=%d,t=%d,p=%d$%s$%s",
		argon2.Version, argonMemory, argonPasses, argonLanes, b64.EncodeToString(salt), b64.EncodeToString(key))
}

func checkPassword(hash string, password secret.Secret) bool {
	memory, passes, lanes := uint32(argonMemory), uint32(argonPasses), uint8(argonLanes)
	salt, want, known := make([]byte, argonSalt), make([]byte, argonKey), false
	if parts := strings.Split(hash, "$"); len(parts) == 6 {
		var version int
		_, errVersion := fmt.Sscanf(parts[1]+" "+parts[2], "argon2id v=%d", &version)
		_, errCost := fmt.Sscanf(parts[3], "m=%d,t=%d,p=%d", &memory, &passes, &lanes)
		s, errSalt := base64.RawStdEncoding.DecodeString(parts[4])
		k, errKey := base64.RawStdEncoding.DecodeString(parts[5])
		if errVersion == nil && errCost == nil && errSalt == nil && errKey == nil && version == argon2.Version && len(k) == argonKey {
			salt, want, known = s, k, true
		}
	}
	got := argon2.IDKey([]byte(password.Reveal()), salt, passes, memory, lanes, argonKey)
	return subtle.ConstantTimeCompare(got, want) == 1 && known
}
