package store

import (
	"sync/atomic"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
)

// ids hands out IDs: the milliseconds since idEpoch, then idCounterBits of a
// counter. They rise even when the clock does not.
type ids struct {
	last atomic.Int64
	now  func() time.Time
}

const idCounterBits = 22

// idEpoch leaves 41 bits of milliseconds for 69 years: until 2095.
var idEpoch = time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)

// start makes every ID from now on higher than used.
func (g *ids) start(used fleet.ID, now func() time.Time) {
	g.last.Store(int64(used))
	g.now = now
}

func (g *ids) next() fleet.ID {
	for {
		last := g.last.Load()
		next := max(last+1, g.now().Sub(idEpoch).Milliseconds()<<idCounterBits)
		if g.last.CompareAndSwap(last, next) {
			return fleet.ID(next)
		}
	}
}
