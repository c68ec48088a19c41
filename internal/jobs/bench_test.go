package jobs_test

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/jobs"
	"github.com/dialplane/dialplane/internal/mac"
)

// BenchmarkJobOf10000 carries out a job of 10 000 phones from the order to the last
// confirmation, as fast as the store allows.
func BenchmarkJobOf10000(b *testing.B) {
	const n = 10_000
	w := newWorld(b, n)
	w.cfg.Rate, w.cfg.Spacing = 1e6, time.Nanosecond
	w.start()
	for b.Loop() {
		job := w.order(fleet.JobReprovision, -1)
		for w.job(job).Counts.Accepted < n {
			time.Sleep(10 * time.Millisecond)
		}
		for i := range n {
			w.fetch(i)
		}
		for w.job(job).State != fleet.JobDone {
			time.Sleep(10 * time.Millisecond)
		}
	}
	b.ReportMetric(float64(b.Elapsed().Milliseconds())/float64(b.N)/n*1000, "µs/phone")
}

// BenchmarkFetched is what waiting for phones costs each fetch.
func BenchmarkFetched(b *testing.B) {
	fetch := func(b *testing.B, w *jobs.Worker, m mac.Addr) {
		b.ReportAllocs()
		now := time.Now()
		b.RunParallel(func(p *testing.PB) {
			for p.Next() {
				w.Fetched(m, now)
			}
		})
	}
	b.Run("nobody is waited for", func(b *testing.B) { fetch(b, jobs.New(jobs.Config{}), phone(1)) })
	b.Run("others are", func(b *testing.B) {
		w := newWorld(b, 1000)
		w.order(fleet.JobReprovision, -1)
		w.cfg.Rate = 1e6
		w.start()
		fetch(b, w.worker, phone(5000))
	})
}
