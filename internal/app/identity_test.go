package app

import (
	"log/slog"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// A phone of every model that the templates have is known for one of its vendor by what
// it says of itself: at its first-access address, one of another vendor would be turned
// away.
func TestModelsAreKnownForTheirVendors(t *testing.T) {
	t.Parallel()
	registry := packs.Registry()
	catalog, err := provision.NewCatalog(registry, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	for _, tpl := range catalog.Templates() {
		pack, ok := registry.Pack(tpl.Vendor)
		if !ok {
			t.Fatalf("%s is of %s, of which there is no pack", tpl.Filename, tpl.Vendor)
		}
		for _, m := range tpl.Models {
			unit := vendor.Unit{MAC: mac.MustParse(pack.OUIs[0] + "aabbcc"), Model: m.Name, Base: isBase(&m)}
			agent := pack.HTTPUserAgent(unit)
			found, known, err := registry.Identify(vendor.Evidence{UserAgent: agent})
			if err != nil || !known || found.Vendor != tpl.Vendor {
				t.Errorf("%s %s says %q and is taken for a %s %s, %v", tpl.Vendor, m.Name, agent, found.Vendor, found.Model, err)
			}
		}
	}
}
