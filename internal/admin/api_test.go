package admin

import (
	"flag"
	"log/slog"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
)

var update = flag.Bool("update", false, "rewrite api/openapi.yaml")

const golden = "../../api/openapi.yaml"

func TestDocumentIsCommitted(t *testing.T) {
	t.Parallel()
	_, api := New(Options{Fleet: fleet.New(fleet.Config{}), Log: slog.New(slog.DiscardHandler)})
	got, err := YAML(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the code says; run go test ./internal/admin -run TestDocument -update and look at the difference:\n%s", golden, diff)
	}
}
