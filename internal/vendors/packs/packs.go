// Package packs lists the vendors that Dialplane knows: one line each.
package packs

import (
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/akuvox"
	"github.com/dialplane/dialplane/internal/vendors/alcatellucent"
	"github.com/dialplane/dialplane/internal/vendors/algo"
	"github.com/dialplane/dialplane/internal/vendors/audiocodes"
	"github.com/dialplane/dialplane/internal/vendors/avaya"
	"github.com/dialplane/dialplane/internal/vendors/brands"
	"github.com/dialplane/dialplane/internal/vendors/cisco"
	"github.com/dialplane/dialplane/internal/vendors/digium"
	"github.com/dialplane/dialplane/internal/vendors/escene"
	"github.com/dialplane/dialplane/internal/vendors/fanvil"
	"github.com/dialplane/dialplane/internal/vendors/flyingvoice"
	"github.com/dialplane/dialplane/internal/vendors/gigaset"
	"github.com/dialplane/dialplane/internal/vendors/grandstream"
	"github.com/dialplane/dialplane/internal/vendors/htek"
	"github.com/dialplane/dialplane/internal/vendors/linksys"
	"github.com/dialplane/dialplane/internal/vendors/mitel"
	"github.com/dialplane/dialplane/internal/vendors/obihai"
	"github.com/dialplane/dialplane/internal/vendors/panasonic"
	"github.com/dialplane/dialplane/internal/vendors/poly"
	"github.com/dialplane/dialplane/internal/vendors/sangoma"
	"github.com/dialplane/dialplane/internal/vendors/snom"
	"github.com/dialplane/dialplane/internal/vendors/vtech"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

// Registry returns a registry of every vendor pack, and of the brands that it can name
// besides.
func Registry() *vendor.Registry {
	return vendor.NewRegistry(
		yealink.Pack(),
		snom.Pack(),
		grandstream.Pack(),
		fanvil.Pack(),
		mitel.Pack(),
		gigaset.Pack(),
		alcatellucent.Pack(),
		htek.Pack(),
		panasonic.Pack(),
		poly.Pack(),
		obihai.Pack(),
		cisco.Pack(),
		linksys.Pack(),
		digium.Pack(), // whose addresses the P-series has as well
		sangoma.Pack(),
		audiocodes.Pack(),
		avaya.Pack(),
		flyingvoice.Pack(),
		akuvox.Pack(),
		algo.Pack(),
		vtech.Pack(),
		escene.Pack(),
	).Naming(brands.List()...)
}
