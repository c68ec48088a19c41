package poly

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 160

// agent is the grammar of a User-Agent:
//
//	http    = "FileTransport " product [ " (SN:" mac ")" ] [ " Type/" stage ]
//	sip     = [ "Polycom/" version " " ] product [ "_" mac ]
//	product = maker [ family ] ( "-" / "/" ) model "-UA/" version
//	maker   = "Polycom" / "Poly"
//	stage   = "Application" / "Updater"
//
// The updater gives its own version, not that of the application.
var agent = regexp.MustCompile(`^(?:FileTransport |Polycom/[0-9.]{1,32} )?Poly(?:com)?([A-Za-z]{0,24})[-/]` +
	`((?:[A-Za-z]{2,6}_?)?[A-Za-z0-9]{1,8}\+?)-UA/([0-9]{1,5}(?:\.[0-9]{1,5}){1,4})` +
	`(?:_([0-9a-f]{12}))?(?: \(SN:([0-9A-Fa-f]{12})\))?(?: Type/(?:Application|Updater))?$`)

// userAgent understands what a phone of Poly's says of itself.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: strings.ReplaceAll(m[2], "_", ""), Version: m[3]}
	for _, digits := range m[4:6] {
		if digits == "" {
			continue
		}
		addr, err := mac.Parse(digits)
		if err != nil || !id.MAC.IsZero() && id.MAC != addr {
			return vendor.Identity{}, false
		}
		id.MAC = addr
	}
	return id, true
}

// class is the grammar of a DHCP vendor class: a product and model, or a User-Agent.
var class = regexp.MustCompile(`^Poly(?:com)?-((?:VVX|SPIP|SSIP|SSDuo|Trio|CCX|Edge)[A-Za-z0-9]{0,8})$`)

func vendorClass(text string) (vendor.Identity, bool) {
	if len(text) > maxName {
		return vendor.Identity{}, false
	}
	if m := class.FindStringSubmatch(text); m != nil {
		return vendor.Identity{Vendor: name, Model: m[1]}, true
	}
	return userAgent(text)
}

// product is how a phone names itself, without the version: PolycomVVX-VVX_450.
func product(model string) string {
	for _, f := range families {
		if rest, ok := strings.CutPrefix(model, f.prefix); ok {
			return f.product + "-" + strings.TrimSuffix(f.prefix+"_"+rest, "_")
		}
	}
	return "Polycom-" + model
}

// usualFirmware is the last known firmware of a model's family.
func usualFirmware(model string) string {
	for _, f := range families {
		if strings.HasPrefix(model, f.prefix) {
			return f.firmware
		}
	}
	return "4.0.15.1009"
}

// families are the phones' families: how their models' names begin, what the
// User-Agent has before it, and a firmware that has been seen.
var families = []struct{ prefix, product, firmware string }{
	{"SPIP", "PolycomSoundPointIP", "4.0.15.1009"},
	{"SSIP", "PolycomSoundStationIP", "4.0.9.1400"},
	{"SSDuo", "PolycomSoundStation", "4.0.9.1400"},
	{"VVX", "PolycomVVX", "6.4.6.2453"},
	{"Trio", "PolycomRealPresenceTrio", "7.2.2.1094"},
	{"CCX", "PolyCCX", "9.4.1.0508"},
	{"Edge", "PolyEdge", "8.0.0.15602"},
}

var (
	// what a phone asks for by its address, besides <mac>.cfg, which other makers'
	// phones ask for as well; names with _ are those of old deployments
	ownFile = regexp.MustCompile(`^([0-9a-f]{12})(?:-(?:phone|web|user|license|registration|directory|calls|now)\.(?:cfg|xml)|_reg\.cfg|-(?:boot|app)\.log)$`)
	// 3111-44500-001.sip.ld: the part number before the name that APP_FILE_PATH has
	software = regexp.MustCompile(`^(?:[0-9]{4}-[0-9]{5}-[0-9]{3}\.){0,2}(?:sip|bootrom|updater)\.ld$`)
)

// common are the names that the files of a deployment have by Polycom's own
// examples, and the master of phones that have none of their own.
var common = map[string]bool{
	"000000000000.cfg": true, "phone1.cfg": true, "custom.cfg": true,
}

// path understands the names that Poly's phones ask for.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	id := vendor.Identity{Vendor: name}
	if len(file) > maxName {
		return vendor.Identity{}, false
	}
	if m := ownFile.FindStringSubmatch(file); m != nil {
		if m[1] == strings.Repeat("0", 12) {
			return id, true
		}
		addr, err := mac.Parse(m[1])
		id.MAC = addr
		return id, err == nil
	}
	if common[file] || software.MatchString(file) {
		return id, true
	}
	return vendor.Identity{}, false
}
