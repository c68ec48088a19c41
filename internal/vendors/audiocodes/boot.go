package audiocodes

import (
	"fmt"
	"net/http"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up. A configuration without an account
// that names an address is that of an enrolment: the phone fetches from there at its
// next look, and boot does so at once.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	c, err := provision(u, "", get)
	if err != nil {
		return nil, err
	}
	if s := understand(c); s.ProvisioningURL != "" && len(s.Accounts) == 0 {
		own, err := provision(u, s.ProvisioningURL, get)
		if err != nil {
			return nil, err
		}
		c.Merge(own)
	}
	return c, nil
}

// provision asks below base, which is "" or ends in a slash, for firmware, which it
// throws away, and for the phone's file.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	if _, _, err := get(base + "is" + u.Model + ".img"); err != nil {
		return nil, fmt.Errorf("fetching the firmware: %w", err)
	}
	file := u.MAC.Upper() + ".cfg"
	status, body, err := get(base + file)
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetching %s: %w", file, err)
	case status == http.StatusNotFound:
		return nil, vendor.ErrNoConfig
	case status != http.StatusOK:
		return nil, fmt.Errorf("fetching %s: status %d", file, status)
	}
	return parse(file, body)
}
