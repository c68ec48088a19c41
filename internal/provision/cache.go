package provision

import (
	"crypto/sha256"
	"encoding/hex"
	"sync"
	"sync/atomic"
)

// rendered is a phone's files as made from one set of facts. It is immutable but
// for the mark that it was used.
type rendered struct {
	facts facts
	files []keyed
	bytes int
	used  atomic.Bool
}

type keyed struct {
	key    string
	answer Answer
}

func (r *rendered) find(key string) (Answer, bool) {
	for i := range r.files {
		if r.files[i].key == key {
			return r.files[i].answer, true
		}
	}
	return Answer{}, false
}

// use marks the files as wanted. A mark that is there already is not written
// again, so processors don't contend for it.
func (r *rendered) use() {
	if !r.used.Load() {
		r.used.Store(true)
	}
}

func answer(mediaType string, body []byte) Answer {
	sum := sha256.Sum256(body)
	return Answer{Status: 200, Type: mediaType, ETag: `"` + hex.EncodeToString(sum[:16]) + `"`, Body: body}
}

// cache bounds what the phones' rendered files take of memory. Readers never take
// its lock: they find the files at the phone itself and set a mark. The one that
// adds a file makes room by the clock algorithm: the hand passes over what was
// used since it came by last, and drops the rest.
type cache struct {
	mu     sync.Mutex
	budget int // bytes
	used   int
	ring   []*device
	hand   int
}

// put adds a file to those of the phone. Files made from other facts are dropped.
func (c *cache) put(d *device, f facts, key string, a Answer) {
	c.mu.Lock()
	defer c.mu.Unlock()
	old := d.files.Load()
	next := &rendered{facts: f, files: []keyed{{key, a}}, bytes: len(a.Body)}
	if old != nil {
		c.used -= old.bytes
		if old.facts.same(&f) {
			for _, o := range old.files {
				if o.key != key {
					next.files = append(next.files, o)
					next.bytes += len(o.answer.Body)
				}
			}
		}
	} else {
		c.ring = append(c.ring, d)
	}
	c.used += next.bytes
	next.used.Store(old != nil) // who has fetched once may never come again
	d.files.Store(next)
	for c.used > c.budget && len(c.ring) > 1 {
		c.evict(d)
	}
}

// evict moves the hand one step.
func (c *cache) evict(keep *device) {
	if c.hand >= len(c.ring) {
		c.hand = 0
	}
	d := c.ring[c.hand]
	r := d.files.Load()
	if d == keep || r.used.Swap(false) {
		c.hand++
		return
	}
	d.files.Store(nil)
	c.used -= r.bytes
	last := len(c.ring) - 1
	c.ring[c.hand] = c.ring[last]
	c.ring[last] = nil
	c.ring = c.ring[:last]
}

// same says whether two sets of facts render to the same bytes.
func (f *facts) same(g *facts) bool {
	if f.tenant != g.tenant || f.user != g.user || f.phone != g.phone || f.template != g.template || f.library != g.library || f.system != g.system ||
		f.firmware != g.firmware || f.year != g.year || len(f.lines) != len(g.lines) {
		return false
	}
	for i := range f.lines {
		if f.lines[i].user != g.lines[i].user || f.lines[i].extension != g.lines[i].extension {
			return false
		}
	}
	return true
}
