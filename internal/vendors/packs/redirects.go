package packs

import (
	"slices"

	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/vendors/akuvox"
	"github.com/dialplane/dialplane/internal/vendors/alcatellucent"
	"github.com/dialplane/dialplane/internal/vendors/fanvil"
	"github.com/dialplane/dialplane/internal/vendors/gigaset"
	"github.com/dialplane/dialplane/internal/vendors/grandstream"
	"github.com/dialplane/dialplane/internal/vendors/htek"
	"github.com/dialplane/dialplane/internal/vendors/panasonic"
	"github.com/dialplane/dialplane/internal/vendors/poly"
	"github.com/dialplane/dialplane/internal/vendors/snom"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

// Redirects returns the redirect services of every vendor that has clients of such.
func Redirects() []redirect.Service {
	return slices.Concat(
		yealink.Redirects(),
		snom.Redirects(),
		grandstream.Redirects(),
		fanvil.Redirects(),
		gigaset.Redirects(),
		alcatellucent.Redirects(),
		htek.Redirects(),
		panasonic.Redirects(),
		poly.Redirects(),
		akuvox.Redirects(),
	)
}
