package jobs

import (
	"context"
	"slices"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// Fetches returns the last fetches of a device, at most limit.
type Fetches func(ctx context.Context, tenant fleet.ID, m mac.Addr, limit int) ([]fleet.Fetch, error)

// SeenIn looks for files of the configuration that were served at the phone's secret
// address: those are noted with their hash.
func SeenIn(fetches Fetches) Seen {
	const last = 100
	return func(ctx context.Context, tenant fleet.ID, m mac.Addr, since time.Time) (bool, error) {
		list, err := fetches(ctx, tenant, m, last)
		return slices.ContainsFunc(list, func(f fleet.Fetch) bool {
			return f.Level == "L2" && f.Status == 200 && f.ETag != "" && !f.Time.Before(since)
		}), err
	}
}
