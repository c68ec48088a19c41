package flyingvoice

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Flyingvoice FIP13G V0.6.24 00:21:F2:22:AE:F1 (FP). The address may be missing.
var agent = regexp.MustCompile(`^(?i:Flyingvoice) ([A-Za-z][A-Za-z0-9]{1,15}) V?([0-9]{1,4}(?:\.[0-9]{1,5}){1,5})(?: ((?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}))?$`)

func userAgent(ua string) (vendor.Identity, bool) {
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: spelled(m[1]), Version: m[2]}
	id.MAC, _ = mac.Parse(m[3]) // may be missing
	return id, true
}

// spelled spells a model as the templates do: in capitals, but for one.
func spelled(model string) string {
	if strings.EqualFold(model, "FIP16Plus") {
		return "FIP16Plus"
	}
	return strings.ToUpper(model)
}

var ownFile = regexp.MustCompile(`(?i)(?:^|/)([0-9a-f]{12})\.(?:cfg|boot)$`)

// path knows <mac>.cfg and <mac>.boot of an address that is Flyingvoice's. The files
// that are common to all phones have the names of Yealink's.
func path(p string) (vendor.Identity, bool) {
	m := ownFile.FindStringSubmatch(p)
	if m == nil {
		return vendor.Identity{}, false
	}
	a, err := mac.Parse(m[1])
	if err != nil || a.OUI() != "0021f2" && a.OUI() != "789912" {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, MAC: a}, true
}
