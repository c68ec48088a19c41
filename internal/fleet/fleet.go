package fleet

import (
	"log/slog"
	"time"
)

// Config is what a Fleet works with. All fields are required, but for Pusher.
type Config struct {
	Store   Store
	Changes Changes
	Catalog Catalog
	Now     func() time.Time
	Log     *slog.Logger
	// Pusher tells phones over the network to do something. Without one,
	// Reprovision, ReprovisionAll and Reboot answer CodeUnavailable.
	Pusher Pusher
}

// Fleet is the use cases.
type Fleet struct {
	Config
}

// New returns the use cases over what is configured.
func New(c Config) *Fleet { return &Fleet{Config: c} }
