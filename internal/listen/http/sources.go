package http

import (
	"net/netip"
	"sync"
	"time"

	"golang.org/x/time/rate"
)

// sources bounds the requests of each source address: one IPv4 address, or one
// IPv6 /64. It holds at most maxSources; when it is full the idle ones go, and if
// none is idle, newcomers share one budget.
type sources struct {
	rate  rate.Limit
	burst int

	mu       sync.Mutex
	limiters map[netip.Prefix]*rate.Limiter
	swept    time.Time
	rest     *rate.Limiter
}

const (
	maxSources = 65536
	sweepPause = time.Minute
)

func newSources(perSecond float64, burst int) *sources {
	return &sources{
		rate: rate.Limit(perSecond), burst: burst,
		limiters: make(map[netip.Prefix]*rate.Limiter), rest: rate.NewLimiter(rate.Limit(perSecond), burst),
	}
}

func (s *sources) allow(ip netip.Addr) bool {
	bits := 32
	if ip.Is6() {
		bits = 64
	}
	prefix, err := ip.Prefix(bits)
	if err != nil {
		return s.rest.Allow()
	}
	now := time.Now()
	return s.limiter(prefix, now).AllowN(now, 1)
}

func (s *sources) limiter(prefix netip.Prefix, now time.Time) *rate.Limiter {
	s.mu.Lock()
	defer s.mu.Unlock()
	if l, ok := s.limiters[prefix]; ok {
		return l
	}
	if len(s.limiters) >= maxSources {
		if now.Sub(s.swept) > sweepPause {
			s.forget(now)
		}
		if len(s.limiters) >= maxSources {
			return s.rest
		}
	}
	l := rate.NewLimiter(s.rate, s.burst)
	s.limiters[prefix] = l
	return l
}

// forget drops the sources that have their whole budget back: a new limiter is
// worth the same.
func (s *sources) forget(now time.Time) {
	s.swept = now
	for p, l := range s.limiters {
		if l.TokensAt(now) >= float64(s.burst) {
			delete(s.limiters, p)
		}
	}
}
