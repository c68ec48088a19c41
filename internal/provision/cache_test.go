package provision

import (
	"fmt"
	"testing"

	"pgregory.net/rapid"
)

// However files come, change and are read, the cache knows what it holds and
// holds no more than its budget or one phone's files.
func TestCacheKeepsToItsBudget(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		c := &cache{budget: rapid.IntRange(-1, 2000).Draw(t, "budget")}
		devices := make([]*device, rapid.IntRange(1, 12).Draw(t, "phones"))
		versions := make([]facts, len(devices))
		for i := range devices {
			devices[i] = new(device)
			versions[i].phone = new(unit)
		}
		for range rapid.IntRange(1, 200).Draw(t, "steps") {
			i := rapid.IntRange(0, len(devices)-1).Draw(t, "phone")
			switch rapid.IntRange(0, 3).Draw(t, "action") {
			case 0:
				versions[i].phone = new(unit)
			case 1:
				if r := devices[i].files.Load(); r != nil {
					r.use()
				}
			default:
				key := fmt.Sprint(rapid.IntRange(0, 3).Draw(t, "file"))
				c.put(devices[i], versions[i], key, Answer{Status: 200, Body: make([]byte, rapid.IntRange(0, 500).Draw(t, "bytes"))})
				r := devices[i].files.Load()
				if r == nil || !r.facts.same(&versions[i]) {
					t.Fatal("what was put is not there")
				}
				if _, ok := r.find(key); !ok {
					t.Fatal("the file that was put is not there")
				}
			}
			held, ring := 0, make(map[*device]bool)
			for _, d := range c.ring {
				if ring[d] || d.files.Load() == nil {
					t.Fatal("a phone is in the ring twice, or without files")
				}
				ring[d] = true
			}
			for _, d := range devices {
				r := d.files.Load()
				if (r != nil) != ring[d] {
					t.Fatal("a phone's files are not in the ring")
				}
				if r == nil {
					continue
				}
				sum := 0
				for _, f := range r.files {
					sum += len(f.answer.Body)
				}
				if sum != r.bytes {
					t.Fatalf("a phone's files have %d bytes and are counted as %d", sum, r.bytes)
				}
				held += sum
			}
			if held != c.used || held > c.budget && len(ring) > 1 {
				t.Fatalf("%d bytes of %d phones held, %d counted, %d allowed", held, len(ring), c.used, c.budget)
			}
		}
	})
}

// What is read again and again outlives what is read once.
func TestCacheKeepsWhatIsUsed(t *testing.T) {
	t.Parallel()
	c := &cache{budget: 1000}
	file := Answer{Status: 200, Body: make([]byte, 100)}
	wanted := new(device)
	c.put(wanted, facts{}, "a", file)
	for range 1000 {
		if r := wanted.files.Load(); r != nil {
			r.use()
		}
		c.put(new(device), facts{}, "a", file)
	}
	if wanted.files.Load() == nil {
		t.Error("a file in use was dropped")
	}
}
