package gigaset

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// The User-Agents, the same in HTTP and SIP but for the handsets that a DECT base
// adds to the first.
//
//	Gigaset N870 IP PRO/83.V2.43.0+build.5f0a106;7C2F80XXXXXX;Handset=50  (WIKI)
//	N510 IP PRO/42.245.00.000.000;7C2F804DF9A9                            (WZ)
//	Maxwell 3 PRO/82.2.18.4-release;7C2F80E61AF4                          (WZ)
//	Mozilla/4.0 (compatible; GigasetP820-SIP 10.1.1.0 … 000413E50000)     (inferred)
//	GigasetP820/10.1.1.0                                                  (inferred)
var userAgents = []*regexp.Regexp{
	regexp.MustCompile(`^(?:Gigaset )?(?P<model>(?:N|C|S|A|DE|DX)[0-9]{3}[AE]?[ -](?:IP|DM|VI)(?:[ -]PRO)?)/` + versionRE + `(?:;` + macRE + `)?(?:;Handset=[0-9]{1,6})?$`),
	regexp.MustCompile(`^(?:Gigaset )?(?P<model>Maxwell (?:Basic|B|[2-4]|10)(?: PRO)?)/` + versionRE + `(?:;` + macRE + `)?$`),
	regexp.MustCompile(`^Mozilla/4\.0 \(compatible; Gigaset(?P<model>P[78][0-9]{2})-SIP ` + versionRE + `(?: [0-9A-Za-z][0-9A-Za-z._+-]{0,47})??(?: ` + macRE + `)?(?: SXM:[0-9]{1,3} UXM:[0-9]{1,3})?\)$`),
	regexp.MustCompile(`^Gigaset(?P<model>P[78][0-9]{2})/` + versionRE + `(?: ` + macRE + `)?$`),
}

const (
	macRE = `(?P<mac>[0-9A-Fa-f]{12})`
	// versionRE ends before what is no part of a version: the build, and the zeros that
	// newer bases carry from the older ones' numbering.
	versionRE = `(?P<version>[0-9]{2,3}\.V[0-9]{1,3}\.[0-9]{1,4}\.[0-9]{1,4}|[0-9]{1,3}(?:\.[0-9]{1,5}){1,5})(?:\.00\.000\.000|[+-][0-9A-Za-z.-]{1,48})?`
)

func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > 256 {
		return vendor.Identity{}, false
	}
	for _, re := range userAgents {
		if m := re.FindStringSubmatch(ua); m != nil {
			id := vendor.Identity{Vendor: name, Model: modelOf(m[re.SubexpIndex("model")]), Version: m[re.SubexpIndex("version")]}
			id.MAC, _ = mac.Parse(m[re.SubexpIndex("mac")]) // may be missing
			return id, true
		}
	}
	return vendor.Identity{}, false
}

// class is the grammar of a DHCP vendor class: N510_IP_PRO, Gigaset_N720_IP_PRO, S675IP.
var class = regexp.MustCompile(`^(?:Gigaset_)?(?P<model>(?:N|C|S|A|DE|DX)[0-9]{3}[AE]?)_?(?P<kind>IP|DM|VI)(?P<pro>_PRO)?$`)

func vendorClass(text string) (vendor.Identity, bool) {
	m := class.FindStringSubmatch(text)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: modelOf(m[1] + " " + m[2] + strings.ReplaceAll(m[3], "_", " "))}, true
}

// modelOf spells a model as the templates do: in one word. The smallest Maxwell has
// been seen by two names in shops, and only its siblings are PRO everywhere.
func modelOf(spelled string) string {
	switch model := strings.TrimSuffix(strings.ReplaceAll(spelled, " ", "-"), "-PRO"); model {
	case "Maxwell-B", "Maxwell-Basic":
		return "Maxwell-Basic"
	case "Maxwell-2", "Maxwell-3", "Maxwell-4":
		return model + "-PRO"
	}
	return strings.ReplaceAll(spelled, " ", "-")
}

// spelled is how a phone writes its model.
func spelled(model string) string { return strings.ReplaceAll(model, "-", " ") }

var (
	folderPath = regexp.MustCompile(`(?i)^Gigaset(P[78][0-9][0-9x])(?:-firmware|-` + macRE + `)?\.htm$`)
	macPath    = regexp.MustCompile(`(?i)^` + macRE + `\.xml$`)
	binaryPath = regexp.MustCompile(`(?:^|/)42/(?P<number>[12])/(?:master|version)\.bin$`)
)

// path knows the file names that nobody but Gigaset's phones uses, in any case:
//
//	GigasetP820.htm, GigasetP820-<mac>.htm, GigasetP820-firmware.htm
//	<mac>.xml   if the address is Gigaset's alone
//	42/2/master.bin of the N510, 42/1/master.bin of the C610 and others
func path(p string) (vendor.Identity, bool) {
	if m := binaryPath.FindStringSubmatch(p); m != nil {
		id := vendor.Identity{Vendor: name}
		if m[1] == "2" {
			id.Model = "N510-IP-PRO"
		}
		return id, true
	}
	file := p[strings.LastIndexByte(p, '/')+1:]
	if len(file) > 64 {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name}
	if m := folderPath.FindStringSubmatch(file); m != nil {
		if model := strings.ToUpper(m[1]); !strings.HasSuffix(model, "X") {
			id.Model = model
		}
		id.MAC, _ = mac.Parse(m[2])
		return id, true
	}
	if m := macPath.FindStringSubmatch(file); m != nil {
		a, err := mac.Parse(m[1])
		if err != nil || !exclusive(a.OUI()) {
			return vendor.Identity{}, false
		}
		id.MAC = a
		return id, true
	}
	return vendor.Identity{}, false
}

// exclusive says whether an OUI is of Gigaset's phones and nobody else's.
func exclusive(oui string) bool {
	switch oui {
	case "7c2f80", "589ec6", "002104", "14b370", "0013a3", "000b23", "0018d1":
		return true
	}
	return false
}
