package packs

import "github.com/dialplane/dialplane/internal/redirect"

// Redirects returns the redirect services of the vendors, a line for each vendor's.
func Redirects() []redirect.Service { return nil }
