package vendortest

import (
	"bytes"
	"encoding/json"
	"os"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Rows reads a file of JSON lines, such as what phones were seen to send:
// testdata/user-agents.jsonl. A file without lines fails the test.
func Rows[T any](t testing.TB, file string) []T {
	t.Helper()
	text, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	var rows []T
	for line := range bytes.Lines(text) {
		var r T
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s, line %d: %v", file, len(rows)+1, err)
		}
		rows = append(rows, r)
	}
	if len(rows) == 0 {
		t.Fatalf("%s has no lines", file)
	}
	return rows
}

// Observed checks that a registry of the pack alone knows the sender of every line of a
// file: what it sent stands in ua and path, what it is in model, version and mac.
func Observed(t *testing.T, pack vendor.Pack, file string) {
	t.Helper()
	registry := vendor.NewRegistry(pack)
	for _, r := range Rows[struct {
		UA, Path, Model, Version string
		MAC                      mac.Addr
	}](t, file) {
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: r.UA, Path: r.Path})
		want := vendor.Identity{Vendor: pack.Name, Model: r.Model, Version: r.Version, MAC: r.MAC}
		if diff := cmp.Diff(want, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q %q: %v %v (-want +got):\n%s", r.UA, r.Path, ok, err, diff)
		}
	}
}

// Reader understands what a phone sends, as UserAgent, Path and VendorClass of a
// vendor.Pack do.
type Reader func(text string) (vendor.Identity, bool)

// Understands checks what a reader of the named vendor makes of the texts of a table:
// exactly the identity, whose vendor goes without saying, or nothing where that is nil.
func Understands(t *testing.T, read Reader, name string, table map[string]*vendor.Identity) {
	t.Helper()
	for text, want := range table {
		got, ok := read(text)
		switch {
		case want == nil && ok:
			t.Errorf("%.120q is taken for %+v", text, got)
		case want == nil:
		case !ok:
			t.Errorf("%.120q is not understood", text)
		default:
			whole := *want
			whole.Vendor = name
			if diff := cmp.Diff(whole, got); diff != "" {
				t.Errorf("%.120q (-want +got):\n%s", text, diff)
			}
		}
	}
}

// Strangers checks that a reader understands none of the texts, and says nothing of
// their senders.
func Strangers(t *testing.T, read Reader, texts ...string) {
	t.Helper()
	for _, text := range texts {
		if id, ok := read(text); ok || id != (vendor.Identity{}) {
			t.Errorf("%.120q is taken for %+v, %v", text, id, ok)
		}
	}
}
