package hlprovision

import (
	"fmt"
	"net/http"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Boot fetches as a phone does that starts up, for whose model there is modelFile, or
// "". A configuration without an account that names a config server is that of an
// enrolment: the phone fetches from there at its next look, and Boot does so at once.
func Boot(u vendor.Unit, modelFile string, get vendor.Getter) (*vendor.Config, error) {
	c, err := provision(u, modelFile, "", get)
	if err != nil {
		return nil, err
	}
	s := Understand(c)
	if s.ProvisioningURL == "" || len(s.Accounts) > 0 {
		return c, nil
	}
	next, err := provision(u, modelFile, s.ProvisioningURL, get)
	if err != nil {
		return nil, err
	}
	c.Merge(next)
	return c, nil
}

// provision asks for the phone's files below base, which is "" or ends in a slash,
// and stops at the first that it finds, as the strictest firmware does. The binary
// file is asked for and thrown away.
func provision(u vendor.Unit, modelFile, base string, get vendor.Getter) (*vendor.Config, error) {
	own := "cfg" + u.MAC.String()
	for _, name := range []string{modelFile, own, own + ".xml"} {
		if name == "" {
			continue
		}
		status, body, err := get(base + name)
		switch {
		case err != nil:
			return nil, err
		case name == own || status == http.StatusNotFound:
			continue
		case status != http.StatusOK:
			return nil, fmt.Errorf("fetching %s: status %d", name, status)
		}
		return Parse(name, body)
	}
	return nil, vendor.ErrNoConfig
}
