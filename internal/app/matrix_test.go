package app

import (
	"flag"
	"log/slog"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

var update = flag.Bool("update", false, "rewrite docs/models.md")

// TestModelsAreListed holds docs/models.md against the templates.
func TestModelsAreListed(t *testing.T) {
	t.Parallel()
	const page = "../../docs/models.md"
	registry := packs.Registry()
	catalog, err := provision.NewCatalog(registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	want := matrix(registry, catalog.Templates())
	if *update {
		if err := os.WriteFile(page, []byte(want), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(page)
	if err != nil {
		t.Fatalf("%v; run the test with -update", err)
	}
	if diff := cmp.Diff(string(got), want); diff != "" {
		t.Errorf("docs/models.md is not what the templates say; run 'go test ./internal/app -run TestModelsAreListed -update' (-page +templates):\n%s", diff)
	}
}
