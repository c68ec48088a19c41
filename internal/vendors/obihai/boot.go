package obihai

import (
	"errors"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// maxMoves is how often the simulated device follows a new address.
const maxMoves = 4

// boot does what a device does that starts: it fetches the file of its address,
// and, when that file gives it another, restarts and fetches that one. Of a folder
// it asks for the file of its own, as an admin sets it ($MAC.xml), and then for that
// of its model, as the factory does ($DM.xml).
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	config, err := get.Fetch(u.MAC.Upper()+".xml", parse)
	if config == nil && err == nil {
		config, err = get.Fetch(u.Model+".xml", parse)
	}
	if err != nil {
		return nil, err
	}
	if config == nil {
		return nil, vendor.ErrNoConfig
	}
	last := ""
	for range maxMoves {
		next := strings.NewReplacer("$MAC", u.MAC.Upper(), "$DM", u.Model).Replace(config.Get(configURL))
		if next == "" || next == last || len(understand(config).Accounts) > 0 {
			break
		}
		if at, err := url.Parse(next); err != nil || !at.IsAbs() {
			return nil, errors.New("ConfigURL is no address")
		}
		last = next
		more, err := get.Fetch(next, parse)
		if err != nil {
			return nil, err
		}
		if more == nil {
			break
		}
		config.Merge(more)
	}
	return config, nil
}
