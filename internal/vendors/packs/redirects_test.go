package packs_test

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// TestRedirects: a service is named once, and belongs to a vendor whose phones know how
// to ask one.
func TestRedirects(t *testing.T) {
	t.Parallel()
	registry := packs.Registry()
	seen := make(map[string]bool)
	for _, s := range packs.Redirects() {
		if seen[s.Name] {
			t.Errorf("two services are named %s", s.Name)
		}
		seen[s.Name] = true
		if pack, ok := registry.Pack(s.Vendor); !ok || pack.Name != s.Vendor {
			t.Errorf("%s is of the vendor %q, which has no pack", s.Name, s.Vendor)
		}
	}
}
