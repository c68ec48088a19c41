package audiocodes

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

// agents are AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC); the newer
// AUDC-IPPhone-445HD_UC_3.4.8/1.0, with AUDC/3.4.8 in front of it or not; that of a
// phone that asks by multicast, AUDC-IPPhone/2.2.2; and the adapters' MP202 B
// 2FXS/3.0.0_build_13. Model, version and address are the groups of those names.
var agents = []*regexp.Regexp{
	regexp.MustCompile(`^AUDC-IPPhone/(?P<version>[0-9]+(?:\.[0-9]+){1,5})(?: \((?P<model>C?[0-9]{3}HDG?|405)(?:-Rev[0-9A-Za-z]{1,8})?; (?P<mac>[0-9A-Fa-f]{12})\))?$`),
	regexp.MustCompile(`^(?:AUDC/[0-9.]{1,32} )?AUDC-IPPhone-(?P<model>C?[0-9]{3}HDG?|405)(?:_UC)?_(?P<version>[0-9]+(?:\.[0-9]+){1,5})/[0-9.]{1,16}$`),
	regexp.MustCompile(`^(?P<model>MP-?[0-9]{3}) [A-Z] [0-9]FX[SO]/(?P<version>[0-9]+(?:\.[0-9]+){1,5}(?:_build_[0-9]{1,6})?)$`),
}

// userAgent understands the User-Agent of a phone, in HTTP or SIP.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	for _, agent := range agents {
		m := agent.FindStringSubmatch(ua)
		if m == nil {
			continue
		}
		id := vendor.Identity{Vendor: name, Model: m[agent.SubexpIndex("model")], Version: m[agent.SubexpIndex("version")]}
		i := agent.SubexpIndex("mac")
		if i < 0 || m[i] == "" {
			return id, true
		}
		addr, err := mac.Parse(m[i])
		id.MAC = addr
		return id, err == nil
	}
	return vendor.Identity{}, false
}

var (
	// deviceFile is 00908F602AAC.cfg, encrypted or not, alone or behind the model.
	deviceFile = regexp.MustCompile(`^(?:c?[0-9]{3}hdg?_)?([0-9a-f]{12})(?:_conf)?\.cf[gx]$`)
	// firmwareFile is is440HD.img.
	firmwareFile = regexp.MustCompile(`^is(c?[0-9]{3}hdg?)\.img$`)
)

// path understands the names of the files that only these phones ask for: others have
// such names too, so the address must be AudioCodes'.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	if m := firmwareFile.FindStringSubmatch(file); m != nil {
		return vendor.Identity{Vendor: name, Model: strings.ToUpper(m[1])}, true
	}
	m := deviceFile.FindStringSubmatch(file)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[1])
	return vendor.Identity{Vendor: name, MAC: addr}, err == nil && slices.Contains([]string{"00908f", "001719", "0005e7"}, addr.OUI())
}
