// Package packs lists the vendors that Dialplane knows: one line each.
package packs

import (
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/cisco"
	"github.com/dialplane/dialplane/internal/vendors/fanvil"
	"github.com/dialplane/dialplane/internal/vendors/gigaset"
	"github.com/dialplane/dialplane/internal/vendors/grandstream"
	"github.com/dialplane/dialplane/internal/vendors/linksys"
	"github.com/dialplane/dialplane/internal/vendors/mitel"
	"github.com/dialplane/dialplane/internal/vendors/snom"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

// Registry returns a registry of every vendor pack.
func Registry() *vendor.Registry {
	return vendor.NewRegistry(
		yealink.Pack(),
		snom.Pack(),
		grandstream.Pack(),
		fanvil.Pack(),
		mitel.Pack(),
		gigaset.Pack(),
		cisco.Pack(),
		linksys.Pack(),
	)
}
