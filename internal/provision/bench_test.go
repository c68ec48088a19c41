package provision_test

import (
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"net/netip"
	"runtime"
	"sync/atomic"
	"testing"

	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/provision/provisiontest"
	"github.com/dialplane/dialplane/internal/vendors"
)

func newHerd(tb testing.TB, phones, cacheBytes int) *provision.Core {
	tb.Helper()
	return coreOf(tb, provisiontest.Herd{Phones: phones}, cacheBytes)
}

func coreOf(tb testing.TB, herd provisiontest.Herd, cacheBytes int) *provision.Core {
	tb.Helper()
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

// BenchmarkBaseFetch is one fetch of a configuration that is in the cache: of a desk
// phone with 16 accounts, and beside it of DECT bases with 100 members, alone, leading a
// system, and another of a system.
func BenchmarkBaseFetch(b *testing.B) {
	const many = 100
	core := coreOf(b, provisiontest.Herd{Phones: many, Bases: many, Systems: many, Members: 100}, 1<<30)
	base := func(i int) provision.Request {
		return provision.Request{
			Path: "/p/" + provisiontest.BaseToken(i) + "/" + provisiontest.BaseMAC(i).String() + ".cfg", UserAgent: provisiontest.BaseUserAgent(i),
			IP: netip.MustParseAddr("192.0.2.1"),
		}
	}
	for _, who := range []struct {
		name string
		ask  func(i int) provision.Request
	}{
		{"phone", herdRequest}, {"base", base},
		{"master", func(i int) provision.Request { return base(many + 3*i) }},
		{"other", func(i int) provision.Request { return base(many + 3*i + 1) }},
	} {
		b.Run(who.name, func(b *testing.B) {
			var requests []provision.Request
			ctx, bytes := context.Background(), 0
			for i := range many {
				requests = append(requests, who.ask(i))
				bytes = len(core.Answer(ctx, requests[i]).Body)
			}
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if a := core.Answer(ctx, requests[i%many]); a.Status != 200 {
					b.Fatalf("status %d", a.Status)
				}
				i++
			}
			b.ReportMetric(float64(bytes), "B/file")
		})
	}
}

// BenchmarkMemberChange is what it costs to take in that a base has a member more or
// less, among few bases and many.
func BenchmarkMemberChange(b *testing.B) {
	for _, bases := range []int{100, 10_000} {
		b.Run(fmt.Sprintf("bases=%d", bases), func(b *testing.B) {
			core := coreOf(b, provisiontest.Herd{Bases: bases / 2, Systems: bases / 6, Members: 10, Changes: new(atomic.Int64)}, 1<<20)
			ctx := context.Background()
			b.ReportAllocs()
			i := 0
			for b.Loop() {
				if err := core.PhoneChanged(ctx, provisiontest.Tenant, provisiontest.BaseMAC(i%(bases/2))); err != nil {
					b.Fatal(err)
				}
				i += 7
			}
		})
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
