package obihai

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// d230 is what a VVX D230 calls itself: with its version in SIP, and alone in HTTP.
const d230 = "VVXD230"

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 64

var (
	// OBIHAI/OBi202-3.2.2.5921, from OBIHAI/$DM-$FWV
	agent = regexp.MustCompile(`^OBIHAI/((?:OBi|ATA)[0-9]{3,4}[a-z]{0,2}|` + d230 + `)-([0-9]{1,5}(?:\.[0-9]{1,5}){1,4})$`)
	// OBi202.xml, from $DM.xml
	modelFile = regexp.MustCompile(`^obi([0-9]{3,4}[a-z]{0,2})\.xml$`)
	ownFile   = regexp.MustCompile(`^(9cadef[0-9a-f]{6})\.xml$`)
)

// userAgent understands what a device of Obihai's says of itself.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	if ua == d230 {
		return vendor.Identity{Vendor: name, Model: d230}, true
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}, true
}

// path understands the names that only devices of Obihai's ask for.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	id := vendor.Identity{Vendor: name}
	if len(file) > maxName {
		return vendor.Identity{}, false
	}
	if file == strings.ToLower(d230)+".xml" {
		id.Model = d230
		return id, true
	}
	if m := modelFile.FindStringSubmatch(file); m != nil {
		id.Model = "OBi" + m[1]
		return id, true
	}
	if m := ownFile.FindStringSubmatch(file); m != nil {
		addr, err := mac.Parse(m[1])
		id.MAC = addr
		return id, err == nil
	}
	return vendor.Identity{}, false
}
