package pnp

import (
	"cmp"
	"net/netip"
	"time"
)

// Limits bounds what phones, and strangers, may take. Zero fields take the defaults.
type Limits struct {
	SourceRate  float64       // messages a second from one address; 10
	SourceBurst int           // so many at once; 50
	Rate        float64       // messages a second from all; 20 000
	Burst       int           // so many at once; 20 000
	Phones      int           // remembered at a time; the oldest go first; 4096
	PerPhone    time.Duration // between two conversations with one MAC address; 10 s
	Wait        time.Duration // how long a phone without a URL is remembered; 60 s
	GiveUp      time.Duration // how long a NOTIFY is repeated; 32 s
	// Amplify is how many bytes are sent for each received, until the phone has
	// shown by an answer, or an admin by assigning it, that it is there; 3.
	Amplify     int
	Connections int // TCP, open at a time; 64
}

func (l Limits) orDefaults() Limits {
	return Limits{
		SourceRate:  cmp.Or(l.SourceRate, 10),
		SourceBurst: cmp.Or(l.SourceBurst, 50),
		Rate:        cmp.Or(l.Rate, 20_000),
		Burst:       cmp.Or(l.Burst, 20_000),
		Phones:      cmp.Or(l.Phones, 4096),
		PerPhone:    cmp.Or(l.PerPhone, 10*time.Second),
		Wait:        cmp.Or(l.Wait, 60*time.Second),
		GiveUp:      cmp.Or(l.GiveUp, 32*time.Second),
		Amplify:     cmp.Or(l.Amplify, 3),
		Connections: cmp.Or(l.Connections, 64),
	}
}

// bucket holds tokens; one message takes one.
type bucket struct {
	tokens float64
	at     time.Time
}

func (b *bucket) take(now time.Time, rate float64, burst int) bool {
	b.fill(now, rate, burst)
	if b.tokens < 1 {
		return false
	}
	b.tokens--
	return true
}

func (b *bucket) fill(now time.Time, rate float64, burst int) {
	if d := now.Sub(b.at); d > 0 {
		b.tokens = min(float64(burst), b.tokens+d.Seconds()*rate)
		b.at = now
	}
}

// maxSources is how many addresses have a bucket of their own. When as many are
// busy, newcomers are held to the common bucket alone.
const maxSources = 4096

// meter counts the messages of each source and of all.
type meter struct {
	limits  Limits
	all     bucket
	sources map[netip.Addr]*bucket
	swept   time.Time
}

func newMeter(l Limits, now time.Time) meter {
	return meter{limits: l, all: bucket{float64(l.Burst), now}, sources: make(map[netip.Addr]*bucket), swept: now}
}

func (m *meter) allow(source netip.Addr, now time.Time) bool {
	b := m.sources[source]
	if b == nil && len(m.sources) >= maxSources {
		m.sweep(now, time.Second)
	}
	if b == nil && len(m.sources) < maxSources {
		b = &bucket{float64(m.limits.SourceBurst), now}
		m.sources[source] = b
	}
	if b != nil && !b.take(now, m.limits.SourceRate, m.limits.SourceBurst) {
		return false
	}
	return m.all.take(now, m.limits.Rate, m.limits.Burst)
}

// sweep forgets, once in every pause, the sources whose bucket is full again: a new
// one is worth the same.
func (m *meter) sweep(now time.Time, pause time.Duration) {
	if now.Sub(m.swept) < pause {
		return
	}
	m.swept = now
	for a, b := range m.sources {
		if b.fill(now, m.limits.SourceRate, m.limits.SourceBurst); b.tokens >= float64(m.limits.SourceBurst) {
			delete(m.sources, a)
		}
	}
}
