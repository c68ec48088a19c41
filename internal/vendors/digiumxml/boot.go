package digiumxml

import (
	"fmt"
	"net/http"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Boot fetches as a phone does that starts up. A configuration without an account
// that names a server is that of an enrolment: a phone looks there at its next start,
// and Boot does so at once.
func Boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	c, err := provision(u, "", get)
	if err != nil {
		return nil, err
	}
	if s := Understand(c); s.ProvisioningURL != "" && len(s.Accounts) == 0 {
		own, err := provision(u, s.ProvisioningURL, get)
		if err != nil {
			return nil, err
		}
		c.Merge(own)
	}
	return c, nil
}

// provision asks for the phone's file below base, which is "" or ends in a slash, and
// for those that it names.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	var c *vendor.Config
	for _, name := range []string{u.MAC.String() + ".cfg", "000000000000.cfg"} {
		var err error
		if c, err = fetch(base+name, get); err != nil {
			return nil, err
		}
		if c != nil {
			break
		}
	}
	if c == nil {
		return nil, vendor.ErrNoConfig
	}
	for _, name := range c.Includes {
		more, err := fetch(name, get)
		if err != nil {
			return nil, err
		}
		if more != nil {
			c.Merge(more)
		}
	}
	return c, nil
}

// fetch gets and reads one file; nil if it is missing.
func fetch(name string, get vendor.Getter) (*vendor.Config, error) {
	status, body, err := get(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetching %s: %w", name, err)
	case status == http.StatusNotFound:
		return nil, nil
	case status != http.StatusOK:
		return nil, fmt.Errorf("fetching %s: status %d", name, status)
	}
	return Parse(name, body)
}
