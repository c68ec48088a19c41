package panasonic

import (
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up: the file of its model, then those that
// it names. A configuration without an account that names another file is that of an
// enrolment: the phone fetches that at its next look, and boot does so at once.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	c, err := get.Fetch(u.Model+".cfg", parse)
	if err != nil {
		return nil, err
	}
	if c == nil { // the phone knows its own file already
		c = new(vendor.Config)
		c.Set(standardPath, "Config{MAC}.cfg")
	}
	found := false
	for range 2 {
		before := c.Get(standardPath)
		for _, param := range []string{"CFG_MASTER_FILE_PATH", "CFG_PRODUCT_FILE_PATH", standardPath} {
			at := c.Get(param)
			if at == "" {
				continue
			}
			next, err := get.Fetch(fill(u, at), parse)
			if err != nil {
				return nil, err
			}
			if next != nil {
				c.Merge(next)
				found = true
			}
		}
		if fill(u, c.Get(standardPath)) == fill(u, before) || len(understand(c).Accounts) > 0 {
			break
		}
		found = false // the enrolment is no configuration yet
	}
	if !found {
		return nil, vendor.ErrNoConfig
	}
	return c, nil
}

// fill puts what the phone is in the place of the macros of a path.
func fill(u vendor.Unit, path string) string {
	return strings.NewReplacer("{MAC}", u.MAC.Upper(), "{mac}", u.MAC.String(), "{MODEL}", u.Model, "{fwver}", firmware(u)).Replace(path)
}
