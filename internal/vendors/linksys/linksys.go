// Package linksys is what Dialplane knows of Linksys's telephones and analog adapters:
// the SPA9xx series, the SPA841, the PAP2T, SPA2102 and SPA3102, which Sipura made and
// Cisco sold on. They read the flat profile, see package flatprofile. A phone names itself
// by its serial number and not by its address, which only the path of a request tells.
package linksys

import (
	"cmp"
	"embed"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/flatprofile"
)

//go:embed templates/*.xml
var templateFiles embed.FS

//go:embed parameters.txt
var parameters string

const name = "Linksys"

// Pack returns the vendor pack of Linksys. It panics if its dictionary cannot be read,
// which its tests rule out.
func Pack() vendor.Pack {
	dictionary, err := vendor.ParseDictionary(parameters)
	if err != nil {
		panic(err)
	}
	return vendor.Pack{
		Name:          name,
		Aliases:       []string{"Sipura"},
		OUIs:          ouis(),
		Templates:     vendor.Folder(templateFiles, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         flatprofile.Parse,
		Understand:    flatprofile.Understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    dictionary,
		Commands:      vendor.Commands{Reprovision: "resync", Reboot: "reboot_now"},
		Discovery:     func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:        flatprofile.Refuse,
	}
}

// ouis are those of Sipura, 00:0E:08, and of Linksys in the IEEE registry.
func ouis() []string {
	return []string{
		"000e08", "00045a", "000625", "000c41", "000f66", "001217", "001310", "0014bf", "0016b6", "001839", "0018f8",
		"001a70", "001c10", "001d7e", "001ee5", "002129", "00226b", "002369", "00259c", "20aa4b", "586d8f", "687f74",
	}
}

// agent is what the telephones call themselves. The number in brackets is a serial
// number, though it can look like an address.
var agent = regexp.MustCompile(`^(?:Linksys|Sipura)/(?P<kind>SPA|PAP|RTP|WRP)-?(?P<number>[0-9]{1,4}[A-Z]{0,2})-(?P<version>\d[0-9A-Za-z.]{0,23}(?:\([0-9A-Za-z]{1,6}\))?)(?: \([0-9A-Za-z]{3,16}\))?$`)

func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > 256 {
		return vendor.Identity{}, false
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1] + m[2], Version: m[3]}, true
}

var (
	modelFile = regexp.MustCompile(`(?i)^(?:(?P<pap>init)|spa(?P<number>841|9[0-9]{2}|1001|2002|2100|2102|3000|3102))\.cfg$`)
	ownFile   = regexp.MustCompile(`(?i)^(?P<mac>(?:` + strings.Join(ouis(), "|") + `)[0-9a-f]{6})\.(?:xml|cfg)$`)
)

func path(p string) (vendor.Identity, bool) {
	file := p[strings.LastIndexByte(p, '/')+1:]
	if m := modelFile.FindStringSubmatch(file); m != nil {
		if m[1] != "" {
			return vendor.Identity{Vendor: name, Model: "PAP2T"}, true
		}
		return vendor.Identity{Vendor: name, Model: "SPA" + m[2]}, true
	}
	if m := ownFile.FindStringSubmatch(file); m != nil {
		a, err := mac.Parse(m[1])
		return vendor.Identity{Vendor: name, MAC: a}, err == nil
	}
	return vendor.Identity{}, false
}

func httpUserAgent(u vendor.Unit) string {
	return "Linksys/" + u.Model + "-" + cmp.Or(u.Firmware, "6.1.5(a)") + " (88019FA42805)"
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	first := strings.ToLower(u.Model) + ".cfg"
	if u.Model == "PAP2T" {
		first = "init.cfg"
	}
	return flatprofile.Boot(first, u, get)
}
