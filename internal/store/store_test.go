package store_test

import (
	"context"
	"log/slog"
	"testing"

	"github.com/dialplane/dialplane/internal/store"
	"github.com/dialplane/dialplane/internal/store/storetest"
)

func open(t testing.TB, dir string) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), dir, discard())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	return db
}

func discard() *slog.Logger { return slog.New(slog.DiscardHandler) }

func TestConformance(t *testing.T) {
	t.Parallel()
	storetest.Run(t, func(t *testing.T) storetest.Backend { return open(t, t.TempDir()) })
}
