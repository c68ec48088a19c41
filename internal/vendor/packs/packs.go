// Package packs lists the vendors that Dialplane knows: one line each.
package packs

import (
	"github.com/dialplane/dialplane/internal/vendor"
	"github.com/dialplane/dialplane/internal/vendor/fanvil"
	"github.com/dialplane/dialplane/internal/vendor/grandstream"
	"github.com/dialplane/dialplane/internal/vendor/snom"
	"github.com/dialplane/dialplane/internal/vendor/yealink"
)

// Registry returns a registry of every vendor pack.
func Registry() *vendor.Registry {
	return vendor.NewRegistry(
		yealink.Pack(),
		snom.Pack(),
		grandstream.Pack(),
		fanvil.Pack(),
	)
}
