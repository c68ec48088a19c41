package mitel

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// The User-Agents of the phones: when they fetch, when they speak SIP, and the
// 53xx's. The maker is Aastra or, in the 69xx and newer firmware, Mitel.
var userAgents = []*regexp.Regexp{
	regexp.MustCompile(`^(?:Aastra|Mitel)` + modelRE + ` MAC:(?P<mac>(?:[0-9A-F]{2}-){5}[0-9A-F]{2}) V:` + versionRE + `-SIP$`),
	regexp.MustCompile(`^(?:Aastra|Mitel) ` + modelRE + `/` + versionRE + `$`),
	regexp.MustCompile(`^Mitel-(?P<model>5[0-9]{3}e?)-SIP-Phone ` + versionRE + ` (?P<mac>[0-9A-Fa-f]{12})$`),
}

const (
	modelRE   = `(?P<model>[0-9]{2,4}(?:i(?:CT)?|[a-z])?)`
	versionRE = `(?P<version>[0-9]{1,5}(?:\.[0-9]{1,5}){1,5})`
)

func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > 128 {
		return vendor.Identity{}, false
	}
	for _, re := range userAgents {
		m := re.FindStringSubmatch(ua)
		if m == nil {
			continue
		}
		id := vendor.Identity{Vendor: name, Model: m[re.SubexpIndex("model")], Version: m[re.SubexpIndex("version")]}
		if known := modelOf(id.Model); known != "" {
			id.Model = known
		}
		if i := re.SubexpIndex("mac"); i > 0 {
			id.MAC, _ = mac.Parse(m[i]) // none where a phone makes one up
		}
		return id, true
	}
	return vendor.Identity{}, false
}

// ownPath is a phone's own file, plain or encrypted, and that of a 53xx.
var ownPath = regexp.MustCompile(`(?i)^(?:MN_)?([0-9a-f]{12})\.(?:cfg|tuz)$`)

// path knows the file names that nobody but Mitel's phones uses, in any case:
//
//	aastra.cfg, aastra.tuz         the file of all phones (startup.cfg says too little)
//	<model>.cfg, .tuz, .st         of a model, and its firmware
//	<mac>.cfg, .tuz                of a phone, if the address is Mitel's
//	MN_Generic.cfg, MN_<mac>.cfg   the 53xx's
func path(p string) (vendor.Identity, bool) {
	file := p[strings.LastIndexByte(p, '/')+1:]
	if len(file) > 64 {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name}
	switch strings.ToLower(file) {
	case "aastra.cfg", "aastra.tuz", "mn_generic.cfg":
		return id, true
	}
	if m := ownPath.FindStringSubmatch(file); m != nil {
		a, err := mac.Parse(m[1])
		if err != nil || len(file) == len("00085d123456.cfg") && !ours(a) {
			return vendor.Identity{}, false
		}
		id.MAC = a
		return id, true
	}
	stem, end, _ := strings.Cut(file, ".")
	switch strings.ToLower(end) {
	case "cfg", "tuz", "st":
		id.Model = modelOf(stem)
	}
	if id.Model == "" {
		return vendor.Identity{}, false
	}
	return id, true
}

func ours(a mac.Addr) bool {
	for _, oui := range Pack().OUIs {
		if a.OUI() == oui {
			return true
		}
	}
	return false
}
