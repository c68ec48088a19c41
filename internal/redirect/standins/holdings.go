package standins

import (
	"maps"
	"sync"

	"github.com/dialplane/dialplane/internal/mac"
)

// holdings are what a service holds of its customers' devices, of which one customer's
// show.
type holdings struct {
	mu      sync.Mutex
	urls    map[mac.Addr]string // of the account
	foreign map[mac.Addr]bool
	unmade  map[mac.Addr]bool
	revoked bool
}

func hold() holdings {
	return holdings{urls: make(map[mac.Addr]string), foreign: make(map[mac.Addr]bool), unmade: make(map[mac.Addr]bool)}
}

// Revoke makes the service accept its account no longer.
func (h *holdings) Revoke() {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.revoked = true
}

// Registered is where the service sends each device of its account.
func (h *holdings) Registered() map[mac.Addr]string {
	h.mu.Lock()
	defer h.mu.Unlock()
	return maps.Clone(h.urls)
}

// Give makes a device somebody else's.
func (h *holdings) Give(m mac.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.foreign[m] = true
}

// Unknown makes a device one that was never made.
func (h *holdings) Unknown(m mac.Addr) {
	h.mu.Lock()
	defer h.mu.Unlock()
	h.unmade[m] = true
}
