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

// family is what models have alike that speak to servers in one way.
type family int

const (
	pSeries family = iota // the P series
	maxwells
	bases       // the N530 to N870
	singleCells // the C610 and N510
	managers    // the N720
)

func familyOf(model string) family {
	switch {
	case strings.HasPrefix(model, "Maxwell"):
		return maxwells
	case model == "C610-IP" || model == "N510-IP-PRO":
		return singleCells
	case model == "N720-DM-PRO":
		return managers
	case strings.HasPrefix(model, "N"):
		return bases
	}
	return pSeries
}

// firmware returns the version that a phone or base runs.
func firmware(u vendor.Unit) string {
	return cmp.Or(u.Firmware, map[family]string{
		pSeries: "10.1.184.15", maxwells: "82.2.18.4", bases: "83.V2.65.0", singleCells: "42.258.00.000.000", managers: "70.117.00.000.000",
	}[familyOf(u.Model)])
}

// httpUserAgent follows WIKI, "FAQ Nx70 - User agent", and what WZ has seen.
func httpUserAgent(u vendor.Unit) string {
	said := spelled(u.Model) + "/" + firmware(u)
	switch familyOf(u.Model) {
	case maxwells:
		return said + "-release;" + u.MAC.Upper()
	case bases:
		return name + " " + said + "+build.d1d6a22;" + u.MAC.Upper()
	case singleCells:
		return said + ";" + u.MAC.Upper()
	case managers:
		return name + " " + said + ";" + u.MAC.Upper()
	}
	return "Mozilla/4.0 (compatible; Gigaset" + u.Model + "-SIP " + firmware(u) + " " + u.MAC.Upper() + ")"
}

// discovery follows WIKI, "SIP Multicast", of a Maxwell 3: the address in capitals
// behind MAC%3A, and the product first in the User-Agent.
func discovery(u vendor.Unit) []vendor.Discovery {
	agent := httpUserAgent(u)
	if familyOf(u.Model) == pSeries {
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
	own := u.MAC.Upper() + ".xml"
	switch familyOf(u.Model) {
	case pSeries:
		stem := name + fileType(u.Model)
		return settingsxml.Boot(u.MAC, settingsxml.Files{Common: stem + ".htm", Own: stem + "-" + u.MAC.Upper() + ".htm", Firmware: stem + "-firmware.htm"}, get)
	case bases:
		return vendor.ThroughEnrolment(func(folder string) (*vendor.Config, error) {
			if c, err := get.Fetch(folder+"provisioning.xml", parse); c != nil || err != nil {
				return c, err
			}
			return get.Fetch(folder+own, parse)
		}, understand)
	case singleCells, managers:
		return vendor.BootFiles(get, parse, understand, own)
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
