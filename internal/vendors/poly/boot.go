package poly

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// maxFiles is how many configuration files the simulated phone fetches; a real
// one reads a CONFIG_FILES of 2047 characters at most.
const maxFiles = 32

// boot does what the application does after a start: it reads its master file and
// the files that this names, and asks for those that it needs besides. If it has
// been given another server, it restarts and does so there.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	b := booter{unit: u, get: get}
	c, err := b.provision("")
	if err != nil {
		return nil, err
	}
	home := understand(c).ProvisioningURL
	if home == "" || len(understand(c).Accounts) > 0 {
		return c, nil
	}
	return b.provision(home)
}

type booter struct {
	unit vendor.Unit
	get  vendor.Getter
}

// provision fetches the whole sequence below base, which is "" or ends in a slash.
func (b *booter) provision(base string) (*vendor.Config, error) {
	own := b.unit.MAC.String()
	m, err := b.fetch(base, own+".cfg")
	if m == nil && err == nil {
		m, err = b.fetch(base, "000000000000.cfg")
	}
	if err != nil {
		return nil, err
	}
	if m == nil {
		return nil, vendor.ErrNoConfig
	}
	if len(m.Includes) > maxFiles {
		return nil, fmt.Errorf("the master file names more than %d configuration files", maxFiles)
	}
	// Whoever comes first wins; what the phone itself has written is over all.
	files := append([]string{own + "-phone.cfg", own + "-web.cfg"}, m.Includes...)
	var read []*vendor.Config
	for _, file := range files {
		c, err := b.fetch(base, strings.ReplaceAll(file, "[PHONE_MAC_ADDRESS]", own))
		if err != nil {
			return nil, err
		}
		if c != nil {
			read = append(read, c)
		}
	}
	if len(read) == 0 {
		return nil, vendor.ErrNoConfig
	}
	for _, file := range []string{own + "-license.cfg", own + "-directory.xml"} {
		if _, _, err := b.get(base + file); err != nil {
			return nil, err
		}
	}
	all := new(vendor.Config)
	for i := len(read) - 1; i >= 0; i-- {
		all.Merge(read[i])
	}
	all.Merge(m)
	return all, nil
}

// fetch returns what a file says, or nil if it is missing.
func (b *booter) fetch(base, file string) (*vendor.Config, error) {
	at, err := resolve(base, file)
	if err != nil {
		return nil, err
	}
	return b.get.Fetch(at, parse)
}

// resolve returns where a file is that the master below base names.
func resolve(base, file string) (string, error) {
	if base == "" || strings.Contains(file, "://") {
		return file, nil
	}
	b, err := url.Parse(base)
	if err != nil {
		return "", errors.New("the address of the server in the configuration is none")
	}
	f, err := url.Parse(file)
	if err != nil {
		return "", errors.New("the master names a file by an address that cannot be read")
	}
	return b.ResolveReference(f).String(), nil
}
