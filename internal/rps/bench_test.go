package rps_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/redirect"
)

// BenchmarkRegistrations measures what the store and the worker take of 100 000
// registrations with a service that answers at once and has no limit: how many there can
// be in a second, what is written for each, and what is held in memory meanwhile.
func BenchmarkRegistrations(b *testing.B) {
	const devices, step = 100_000, 1000
	for range b.N {
		b.StopTimer()
		f := newFake()
		w := newWorld(b, f, f.service("acme", func(s *redirect.Service) { s.Rate = 1e9 }))
		list := macs(devices)
		for i := 0; i < devices; i += step {
			w.want(0, list[i:i+step]...)
		}
		f.mu.Lock()
		f.calls = nil
		f.mu.Unlock()
		var before runtime.MemStats
		runtime.GC()
		runtime.ReadMemStats(&before)
		written := bytesWritten(b)
		most := uint64(0)
		b.StartTimer()
		w.start()
		for {
			time.Sleep(200 * time.Millisecond)
			var now runtime.MemStats
			runtime.ReadMemStats(&now)
			most = max(most, now.HeapInuse)
			f.mu.Lock()
			n := len(f.devices)
			f.calls = f.calls[:0]
			f.mu.Unlock()
			if n == devices {
				break
			}
		}
		w.end()
		b.StopTimer()
		if n := w.counts()[fleet.RedirectRegistered]; n != devices {
			b.Fatalf("%d are registered", n)
		}
		b.ReportMetric(float64(devices)*float64(b.N)/b.Elapsed().Seconds(), "registrations/s")
		b.ReportMetric(float64(bytesWritten(b)-written)/devices, "written-B/registration")
		b.ReportMetric(float64(most)/(1<<20), "heap-MiB")
		began := time.Now()
		w.write(func(s fleet.Writer) error { return s.RedirectAgain(b.Context(), tenant, 0, began, "somebody") })
		b.ReportMetric(time.Since(began).Seconds(), "s-to-queue-all-anew")
		check(b, w.db.Close())
	}
}

// bytesWritten is what this process has written to files so far.
func bytesWritten(b *testing.B) (n int64) {
	b.Helper()
	text, err := os.ReadFile(filepath.Join("/proc", "self", "io"))
	if err != nil {
		b.Skip(err)
	}
	for line := range strings.Lines(string(text)) {
		if value, ok := strings.CutPrefix(line, "wchar: "); ok {
			n, err = strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			check(b, err)
		}
	}
	return n
}
