package avaya

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

var (
	// agent is Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/J179-4.1.3.0.6 (MAC:c81fea83e85a).
	agent = regexp.MustCompile(`^(?:Mozilla/4\.0 \(compatible; MSIE 6\.0\) )?AVAYA/(J1[0-9]{2})-([0-9]+(?:\.[0-9]+){1,5}) \(MAC:([0-9A-Fa-f]{12})\)$`)
	// oldAgent is that of a 1220 or 1230, with a byte that means nothing known.
	oldAgent = regexp.MustCompile(`(?s)^AVAYA/SIP12x0./([0-9]+(?:\.[0-9]+){1,5})$`)
)

// userAgent understands the User-Agent of a phone.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	if m := oldAgent.FindStringSubmatch(ua); m != nil {
		return vendor.Identity{Vendor: name, Version: m[1]}, true
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[3])
	return vendor.Identity{Vendor: name, Model: m[1], Version: m[2], MAC: addr}, err == nil
}

// deviceFile is c81fea123456.txt, FusionPBX's and Wazo's .cfg, or a 12x0's SIPC81FEA123456.cfg.
var deviceFile = regexp.MustCompile(`^(?:sip)?([0-9a-f]{12})\.(?:txt|cfg)$`)

// path understands the names of the files that only these phones ask for: others have
// such names with an address too, which must be Avaya's.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	switch file {
	case "j100supgrade.txt", "46xxsettings.txt":
		return vendor.Identity{Vendor: name}, true
	}
	m := deviceFile.FindStringSubmatch(file)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[1])
	return vendor.Identity{Vendor: name, MAC: addr}, err == nil && slices.Contains(ouis(), addr.OUI())
}
