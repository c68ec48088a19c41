package alcatellucent

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

// cloud is the mark of the edition that is sold without a PBX of the maker's.
const cloud = "-CE"

// M3, H3P, 8028s-GE, 300, 20h.
const modelRE = `(M[0-9]{1,2}|H[0-9][A-Z]?|80[0-9]{2}s?(?:-GE)?|[2-5]0{1,2}h?)`

var (
	// ALE M3-CE 2.11.01.1604 3c28a620089e
	currentUA = regexp.MustCompile(`^ALE ` + modelRE + `(?:` + cloud + `)? ([0-9]+(?:\.[0-9]+){1,5})(?: ([0-9A-Fa-f]{12}))?$`)
	// Alcatel IP Touch 4028/2.01.20
	legacyUA = regexp.MustCompile(`^Alcatel IP Touch (40[0-9]8)/([0-9]+(?:\.[0-9]+){1,5})$`)
)

// userAgent understands the User-Agent of a phone, in HTTP or SIP.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	if m := legacyUA.FindStringSubmatch(ua); m != nil {
		return vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}, true
	}
	m := currentUA.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}
	if m[3] == "" {
		return id, true
	}
	addr, err := mac.Parse(m[3])
	id.MAC = addr
	return id, err == nil
}

var (
	// config.3c28a620089e.xml, or sipconfig-00809f123456.txt of an IP Touch
	deviceFile = regexp.MustCompile(`^(?i:config\.([0-9a-f]{12})\.xml|sipconfig-([0-9a-f]{12})\.txt)$`)
	// config.M5.xml
	modelFile = regexp.MustCompile(`^(?i:config\.` + modelRE + `(?:` + cloud + `)?\.xml)$`)
)

// path understands the names of the files that only these phones ask for. Of
// config.xml nobody can tell whose it is.
func path(p string) (vendor.Identity, bool) {
	file := p[strings.LastIndexByte(p, '/')+1:]
	if len(file) > maxName {
		return vendor.Identity{}, false
	}
	if m := deviceFile.FindStringSubmatch(file); m != nil {
		addr, err := mac.Parse(m[1] + m[2])
		return vendor.Identity{Vendor: name, MAC: addr}, err == nil
	}
	if m := modelFile.FindStringSubmatch(file); m != nil {
		return vendor.Identity{Vendor: name, Model: spell(m[1])}, true
	}
	return vendor.Identity{}, false
}

// spell spells a model as data sheets do: letters in front and editions in upper
// case, the s and h behind a number in lower.
func spell(model string) string {
	if model[0] >= '0' && model[0] <= '9' {
		number, edition, _ := strings.Cut(strings.ToLower(model), "-")
		if edition != "" {
			number += "-" + strings.ToUpper(edition)
		}
		return number
	}
	return strings.ToUpper(model)
}
