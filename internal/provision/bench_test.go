package provision_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"testing"

	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/provision/provisiontest"
	"github.com/dialplane/dialplane/internal/vendors"
)

func newHerd(tb testing.TB, phones, cacheBytes int) *provision.Core {
	tb.Helper()
	herd := provisiontest.Herd{Phones: phones}
	registry := vendor.NewRegistry(smallYealink(tb))
	log := slog.New(slog.DiscardHandler)
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		tb.Fatal(err)
	}
	core, err := provision.New(context.Background(), provision.Config{
		Registry: registry, Catalog: catalog, Source: herd, Enroller: herd, Recorder: herd,
		Addresses: provision.Addresses{Base: installation}, Log: log, CacheBytes: cacheBytes,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return core
}

func herdRequest(i int) provision.Request {
	m := provisiontest.MAC(i)
	return provision.Request{
		Path: "/p/" + provisiontest.Token(i) + "/" + m.String() + ".cfg", UserAgent: provisiontest.UserAgent(i),
		IP: netip.MustParseAddr("192.0.2.1"),
	}
}

var fleets = []int{100, 1_000, 10_000, 100_000}

// BenchmarkFetch is one fetch of one phone's configuration through identify,
// authorise and render, by phones in no order. Cold renders every time; warm
// finds the file among those that were rendered before.
func BenchmarkFetch(b *testing.B) {
	for _, phones := range fleets {
		for _, kind := range []struct {
			name  string
			cache int
			ask   int // different phones
		}{{"cold", 1, phones}, {"warm", 1 << 30, min(phones, 1000)}} {
			b.Run(fmt.Sprintf("%s/phones=%d", kind.name, phones), func(b *testing.B) {
				core := newHerd(b, phones, kind.cache)
				random := rand.New(rand.NewPCG(1, 2))
				requests := make([]provision.Request, kind.ask)
				for i, n := range random.Perm(phones)[:kind.ask] {
					requests[i] = herdRequest(n)
				}
				ctx, bytes := context.Background(), 0
				for _, r := range requests { // the phones say who they are, and the files are rendered
					bytes = len(core.Answer(ctx, r).Body)
				}
				b.ReportAllocs()
				i := 0
				for b.Loop() {
					if a := core.Answer(ctx, requests[i%len(requests)]); a.Status != 200 {
						b.Fatalf("status %d", a.Status)
					}
					i++
				}
				b.ReportMetric(float64(bytes), "B/file")
			})
		}
	}
}

// BenchmarkBootstrap is what a stranger costs who asks at the shared address.
func BenchmarkBootstrap(b *testing.B) {
	core := newHerd(b, 1000, 1)
	for name, n := range map[string]int{"known": 7, "unknown": 1 << 20} {
		b.Run(name, func(b *testing.B) {
			r := herdRequest(n)
			r.Path = "/" + provisiontest.MAC(n).String() + ".cfg"
			b.ReportAllocs()
			for b.Loop() {
				if a := core.Answer(context.Background(), r); a.Status != 200 {
					b.Fatalf("status %d", a.Status)
				}
			}
		})
	}
}

// BenchmarkLoad is the start with a fleet: the time to load it, and what each
// phone with its extension takes of memory, templates aside.
func BenchmarkLoad(b *testing.B) {
	for _, phones := range fleets {
		b.Run(fmt.Sprintf("phones=%d", phones), func(b *testing.B) {
			before := heap()
			empty := newHerd(b, 0, 1)
			templates := heap() - before
			var core *provision.Core
			for b.Loop() {
				core = newHerd(b, phones, 1)
			}
			runtime.KeepAlive(empty)
			b.ReportMetric(float64(heap()-before-templates)/float64(phones), "B/phone")
			runtime.KeepAlive(core)
		})
	}
}

func heap() int64 {
	runtime.GC()
	runtime.GC() // what sync.Pool kept
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return int64(m.HeapAlloc)
}
