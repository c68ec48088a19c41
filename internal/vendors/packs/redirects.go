package packs

import (
	"slices"

	"github.com/dialplane/dialplane/internal/redirect"
)

// Redirects returns the redirect services of every vendor that has clients of such.
func Redirects() []redirect.Service {
	return slices.Concat[[]redirect.Service]()
}
