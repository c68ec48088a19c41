package store_test

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/store"
)

// BenchmarkJobOf100000 is a job for every phone of a large tenant, step by step.
func BenchmarkJobOf100000(b *testing.B) {
	db := large(b, 100_000)
	ctx := b.Context()
	at := time.Now()
	order := func(b *testing.B) fleet.ID {
		b.Helper()
		job := fleet.Job{ID: db.NewID(), Tenant: 1, Kind: fleet.JobReprovision, CreatedAt: at}
		write(b, db, func(w fleet.Writer) error { _, err := w.InsertJob(ctx, job); return err })
		return job.ID
	}
	cancel := func(b *testing.B, job fleet.ID) {
		b.Helper()
		write(b, db, func(w fleet.Writer) error { return w.SetJobState(ctx, 1, job, fleet.JobCancelled, at) })
	}
	b.Run("order and cancel", func(b *testing.B) {
		var ordering time.Duration
		for b.Loop() {
			began := time.Now()
			job := order(b)
			ordering += time.Since(began)
			cancel(b, job)
		}
		b.ReportMetric(float64(ordering.Milliseconds())/float64(b.N), "ms/order")
	})
	job := order(b)
	b.Run("claim and settle 20", func(b *testing.B) {
		for b.Loop() {
			claimed, err := db.ClaimItems(ctx, fleet.Claim{At: at, Lease: time.Minute, Limit: 20})
			if err != nil || len(claimed) != 20 {
				b.Fatal(len(claimed), err)
			}
			var settled []fleet.Settlement
			for _, e := range claimed {
				settled = append(settled, fleet.Settlement{Errand: e, From: fleet.ItemSent, To: fleet.ItemPending, Due: at, Unsent: true})
			}
			if _, err := db.SettleItems(ctx, at, settled, nil); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("count", func(b *testing.B) {
		for b.Loop() {
			if err := db.Read(ctx, func(r fleet.Reader) error { _, err := r.Job(ctx, 1, job); return err }); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("what is next", func(b *testing.B) {
		for b.Loop() {
			if _, err := db.NextItem(ctx); err != nil {
				b.Fatal(err)
			}
		}
	})
}

func write(b *testing.B, db *store.DB, f func(fleet.Writer) error) {
	b.Helper()
	if err := db.Write(b.Context(), f); err != nil {
		b.Fatal(err)
	}
}
