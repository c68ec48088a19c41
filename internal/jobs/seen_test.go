package jobs_test

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/jobs"
)

func TestSeenIn(t *testing.T) {
	t.Parallel()
	db := openAt(t, t.TempDir())
	defer func() { check(t, db.Close()) }()
	addPhones(t, db, 5)
	at := time.Date(2026, 11, 23, 8, 0, 0, 0, time.UTC)
	check(t, db.RecordFetches(t.Context(), []fleet.Fetch{
		{Time: at.Add(-time.Second), Tenant: tenant, MAC: phone(0), Level: "L2", Status: 200, ETag: `"x"`},
		{Time: at, Tenant: tenant, MAC: phone(1), Level: "L2", Status: 200, ETag: `"x"`},
		{Time: at.Add(time.Hour), Tenant: tenant, MAC: phone(1), Level: "L0", Status: 200},
		{Time: at.Add(time.Hour), Tenant: tenant, MAC: phone(2), Level: "L0", Status: 200},
		{Time: at.Add(time.Hour), Tenant: tenant, MAC: phone(3), Level: "L2", Status: 503},
		{Time: at.Add(time.Hour), Tenant: tenant, MAC: phone(4), Level: "L2", Status: 200}, // no part of the configuration
	}))
	for i, want := range []bool{false, true, false, false, false} {
		if got, err := jobs.SeenIn(db.Fetches)(t.Context(), tenant, phone(i), at); got != want || err != nil {
			t.Errorf("phone %d: %v, %v", i, got, err)
		}
	}
}
