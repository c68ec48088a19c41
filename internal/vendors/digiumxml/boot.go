package digiumxml

import (
	"github.com/dialplane/dialplane/internal/vendors"
)

// Boot fetches as a phone does that starts up, and goes through an enrolment.
func Boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) { return provision(u, base, get) }, Understand)
}

// provision asks for the phone's file below base, which is "" or ends in a slash, and
// for those that it names.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	var c *vendor.Config
	for _, name := range []string{u.MAC.String() + ".cfg", "000000000000.cfg"} {
		var err error
		if c, err = get.Fetch(base+name, Parse); err != nil {
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
		more, err := get.Fetch(name, Parse)
		if err != nil {
			return nil, err
		}
		if more != nil {
			c.Merge(more)
		}
	}
	return c, nil
}
