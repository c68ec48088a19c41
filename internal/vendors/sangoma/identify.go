package sangoma

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

// Sangoma P330/4.5.3 in HTTP, Sangoma P330 4_27_8 000FD3D0B030 and Digium D60 2_7_0 in
// SIP, and the softphone Sangoma Connect/1.0.1, which is no phone of ours.
var agent = regexp.MustCompile(`^(?:Sangoma|Digium) ([DPS][0-9]{2,3}|Connect)[ /]V?([0-9]+(?:[._][0-9]+){1,5})(?: ([0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){5}))?$`)

// userAgent understands the User-Agent of a phone, in HTTP or SIP.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: m[1], Version: strings.ReplaceAll(m[2], "_", ".")}
	if m[3] == "" {
		return id, true
	}
	addr, err := mac.Parse(m[3])
	id.MAC = addr
	return id, err == nil
}

// class is digium_D40_1_1_0_0_48178 (WZ).
var class = regexp.MustCompile(`^digium_(D[0-9]{2})_([0-9]+(?:_[0-9]+){1,5})$`)

// vendorClass understands the DHCP vendor class of the D-series.
func vendorClass(text string) (vendor.Identity, bool) {
	m := class.FindStringSubmatch(text)
	if m == nil || len(text) > maxName {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1], Version: strings.ReplaceAll(m[2], "_", ".")}, true
}

// deviceFile is 000fd3123456.cfg, its contacts and keys, or cfg005058123456.xml.
var deviceFile = regexp.MustCompile(`^(?:([0-9a-f]{12})(?:-contacts|-smartblf|-directory)?\.(?:cfg|xml)|cfg([0-9a-f]{12})\.xml)$`)

// path understands the names of the files that only these phones ask for: others have
// such names too, so the address must be Sangoma's.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	m := deviceFile.FindStringSubmatch(file)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[1] + m[2])
	return vendor.Identity{Vendor: name, MAC: addr}, err == nil && slices.Contains([]string{"000fd3", "005058"}, addr.OUI())
}
