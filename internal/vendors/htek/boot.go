package htek

import (
	"fmt"
	"net/http"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up. A configuration without an account
// that names a config server is that of an enrolment: the phone fetches from there
// at its next look, and boot does so at once.
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

// provision asks for the phone's files below base, which is "" or ends in a slash,
// and stops at the first that it finds, as the strictest firmware does. The binary
// file is asked for and thrown away.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	own := "cfg" + u.MAC.String()
	var names []string
	for file, model := range modelFiles {
		if model == u.Model {
			names = append(names, file)
		}
	}
	for _, name := range append(names, own, own+".xml") {
		status, body, err := get(base + name)
		switch {
		case err != nil:
			return nil, err
		case name == own || status == http.StatusNotFound:
			continue
		case status != http.StatusOK:
			return nil, fmt.Errorf("fetching %s: status %d", name, status)
		}
		return parse(name, body)
	}
	return nil, vendor.ErrNoConfig
}
