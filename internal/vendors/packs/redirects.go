package packs

import (
	"slices"

	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/vendors/akuvox"
	"github.com/dialplane/dialplane/internal/vendors/fanvil"
	"github.com/dialplane/dialplane/internal/vendors/htek"
	"github.com/dialplane/dialplane/internal/vendors/panasonic"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

// Redirects returns the redirect services of every vendor that has clients of such.
func Redirects() []redirect.Service {
	return slices.Concat(
		yealink.Redirects(),
		fanvil.Redirects(),
		htek.Redirects(),
		panasonic.Redirects(),
		akuvox.Redirects(),
	)
}
