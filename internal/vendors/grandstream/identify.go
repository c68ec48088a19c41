package grandstream

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

// The pieces of the maker's grammar. A model is a family of letters and a
// number, with the letters of its variant: GXP2170, HT-502, GRP2612W, HT802V2.
const (
	modelRE    = `([A-Za-z]{2,4}-?[0-9]{2,5}[A-Za-z]{0,3}(?:[Vv][0-9])?)`
	hardwareRE = `(?: +V[0-9]+(?:\.[0-9]+)*[A-Za-z]?)?`
	versionRE  = `([0-9]+(?:\.[0-9]+){1,5})`
	macRE      = `([0-9A-Fa-f]{12}|[0-9A-Fa-f]{2}(?:[:-][0-9A-Fa-f]{2}){5})`
)

var (
	// Grandstream Model HW GXV3240 V1.6B SW 1.0.1.27 DevId 000b82632815
	httpUA = regexp.MustCompile(`^(?i:Grandstream) +Model +HW +` + modelRE + hardwareRE + ` +SW +` + versionRE + `(?: +DevId +` + macRE + `)?$`)
	// Grandstream GXP2000 (gxp2000e.bin:1.2.5.3/boot55e.bin:1.1.6.9) DevId 000b822726c8
	legacyUA = regexp.MustCompile(`^(?i:Grandstream) +` + modelRE + ` +\([^():/ ]+:[0-9.]+/[^():/ ]+:` + versionRE + `\)(?: +DevId +` + macRE + `)?$`)
	// Grandstream GXP2170 1.0.11.84 c074adf9e559, in SIP
	sipUA = regexp.MustCompile(`^(?i:Grandstream) +` + modelRE + `(?:` + hardwareRE + ` +` + versionRE + `(?: +` + macRE + `)?)?$`)
)

// userAgent understands the User-Agent of a Grandstream device, in HTTP or SIP.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	for _, re := range []*regexp.Regexp{httpUA, legacyUA, sipUA} {
		m := re.FindStringSubmatch(ua)
		if m == nil {
			continue
		}
		id := vendor.Identity{Vendor: "Grandstream", Model: spellModel(m[1]), Version: m[2]}
		if m[3] == "" {
			return id, true
		}
		addr, err := mac.Parse(m[3])
		id.MAC = addr
		return id, err == nil
	}
	return vendor.Identity{}, false
}

// class is a DHCP vendor class: Grandstream GSC3516; of an adapter HT802 alone, and of
// DECT bases DP7XX, whichever it is, as P148 holds them.
var class = regexp.MustCompile(`^(?:Grandstream ` + modelRE + `|(HT[0-9]{3}(?:V[0-9])?)|DP7XX)$`)

func vendorClass(text string) (vendor.Identity, bool) {
	m := class.FindStringSubmatch(text)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: "Grandstream", Model: spellModel(m[1] + m[2])}, true
}

// spellModel spells a model as the data sheets do: the SIP stack of some writes
// HT-502 for the HT502, and files are named in lower case.
func spellModel(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "-", "")) }

var (
	// cfg000b82123456, .bin or .xml, between a prefix (P234) and a postfix (P235)
	deviceFile = regexp.MustCompile(`^(?:[0-9a-z._-]*[._-])?cfg([0-9a-f]{12})(?:\.xml|\.bin)?(?:[._-][0-9a-z._-]*)?$`)
	// cfggrp2614.xml
	modelFile = regexp.MustCompile(`^(?:[0-9a-z._-]*[._-])?cfg([a-z]{2,4}[0-9]{2,5}[a-z]{0,3}(?:v[0-9])?)\.xml(?:[._-][0-9a-z._-]*)?$`)
)

// htekOUI is that of Htek, whose phones ask for cfg<mac>.xml as well.
const htekOUI = "001fc1"

// path understands the names of the files that Grandstream devices ask for.
func path(p string) (vendor.Identity, bool) {
	name := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	if len(name) > maxName {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: "Grandstream"}
	if m := deviceFile.FindStringSubmatch(name); m != nil {
		addr, err := mac.Parse(m[1])
		id.MAC = addr
		return id, err == nil && addr.OUI() != htekOUI
	}
	if m := modelFile.FindStringSubmatch(name); m != nil {
		id.Model = spellModel(m[1])
		return id, true
	}
	return id, name == "cfg.xml"
}
