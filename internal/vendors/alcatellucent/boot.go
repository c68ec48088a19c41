package alcatellucent

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up. A configuration without an account
// that names a server is that of an enrolment: the phone fetches from there next.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	c, err := provision(u, "", get)
	if err != nil {
		return nil, err
	}
	s := understand(c)
	if s.ProvisioningURL == "" || len(s.Accounts) > 0 {
		return c, nil
	}
	next, err := provision(u, s.ProvisioningURL, get)
	if err != nil {
		return nil, err
	}
	c.Merge(next)
	return c, nil
}

// provision asks for the files of a phone in turn below base, which is "" or ends
// in a slash, and puts later ones over earlier ones. One that is missing is passed
// over.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	names := []string{"config.xml", "config." + u.Model + ".xml", "config." + u.MAC.String() + ".xml"}
	if strings.HasPrefix(u.Model, "H") {
		names = []string{names[0], names[2]}
	}
	var all *vendor.Config
	for _, name := range names {
		status, body, err := get(base + name)
		switch {
		case err != nil:
			return nil, err
		case status == http.StatusNotFound:
			continue
		case status != http.StatusOK:
			return nil, fmt.Errorf("fetching %s: status %d", name, status)
		}
		c, err := parse(name, body)
		if err != nil {
			return nil, err
		}
		if all == nil {
			all = new(vendor.Config)
		}
		all.Merge(c)
	}
	if all == nil {
		return nil, vendor.ErrNoConfig
	}
	return all, nil
}
