package gigaset

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

func isMaxwell(model string) bool { return strings.HasPrefix(model, "Maxwell") }

// firmware returns the version that a phone runs.
func firmware(u vendor.Unit) string {
	if isMaxwell(u.Model) {
		return cmp.Or(u.Firmware, "82.2.18.4")
	}
	return cmp.Or(u.Firmware, "10.1.184.15")
}

func httpUserAgent(u vendor.Unit) string {
	if isMaxwell(u.Model) {
		return spelled(u.Model) + "/" + firmware(u) + "-release;" + u.MAC.Upper()
	}
	return "Mozilla/4.0 (compatible; Gigaset" + u.Model + "-SIP " + firmware(u) + " " + u.MAC.Upper() + ")"
}

// discovery follows WIKI, "SIP Multicast", of a Maxwell 3: the address in capitals
// behind MAC%3A, and the product first in the User-Agent.
func discovery(u vendor.Unit) []vendor.Discovery {
	agent := httpUserAgent(u)
	if !isMaxwell(u.Model) {
		agent = name + u.Model + "/" + firmware(u)
	}
	return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC%3A"+u.MAC.Upper(), agent, name, u.Model, firmware(u))}}
}

// fileType is what a P-series phone calls its type in file names: WIKI shows P82x
// for the P820 and P825. P85x is by analogy, and that the others write themselves in
// full is from memory; once a phone is enrolled, it has an address that needs none.
func fileType(model string) string {
	switch model {
	case "P820", "P825":
		return "P82x"
	case "P850", "P855":
		return "P85x"
	}
	return model
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	if !isMaxwell(u.Model) {
		stem := name + fileType(u.Model)
		return settingsxml.Boot(u.MAC, settingsxml.Files{Common: stem + ".htm", Own: stem + "-" + u.MAC.Upper() + ".htm", Firmware: stem + "-firmware.htm"}, get)
	}
	b := booter{mac: u.MAC.Upper(), get: get, config: new(vendor.Config)}
	if err := b.fetch("provisioning.xml"); err != nil {
		return nil, err
	}
	return b.config, nil
}

// maxFiles bounds the files that the simulated phone fetches in one boot; a real one
// has some bound of its own.
const maxFiles = 8

// booter fetches what a Maxwell fetches: one file and those that each sends it on to.
type booter struct {
	mac     string
	get     vendor.Getter
	config  *vendor.Config
	fetched int
}

// addressPlace stands for the phone's MAC address.
const addressPlace = "%MACD"

func (b *booter) fetch(at string) error {
	if b.fetched++; b.fetched > maxFiles {
		return fmt.Errorf("the phone's files name more than %d others", maxFiles)
	}
	status, body, err := b.get(at)
	switch {
	case err != nil:
		return err
	case status == http.StatusNotFound && b.fetched == 1:
		return vendor.ErrNoConfig
	case status == http.StatusNotFound:
		return nil
	case status != http.StatusOK:
		return fmt.Errorf("the server answers %d to a request for a configuration file", status)
	}
	c, err := parse(at[strings.LastIndexByte(at, '/')+1:], body)
	if err != nil {
		return err
	}
	b.config.Merge(c)
	for _, next := range c.Includes {
		next, err := resolve(at, strings.ReplaceAll(next, addressPlace, b.mac))
		if err != nil {
			return err
		}
		if err := b.fetch(next); err != nil {
			return err
		}
	}
	return nil
}

// resolve returns the address of a file that another names: as it stands if it is
// absolute, else beside the other.
func resolve(from, to string) (string, error) {
	ref, err := url.Parse(to)
	if err != nil {
		return "", errors.New("a file sends the phone to an address that cannot be read")
	}
	if ref.IsAbs() {
		return to, nil
	}
	return from[:strings.LastIndexByte(from, '/')+1] + to, nil
}
