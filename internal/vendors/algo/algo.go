// Package algo is what Dialplane knows of Algo's SIP endpoints: speakers, horns,
// strobes, paging adapters and door stations.
//
// A device asks for the file of its model, algop<model>.conf, and then for its own,
// algom<MAC>.conf. Later files win. One setting stands on a line, name = value.
//
// Sources, by the marks used in this folder:
//
//   - FP: FusionPBX's templates for the 8103, 8180, 8186, 8188, 8189, 8196 and 8301,
//     which are whole files as devices write them, with real values.
//   - PG: Algo's "Provisioning of Algo SIP Endpoints" 1.6 (pdfslide.us) and "Central
//     Provisioning of Algo IP Endpoints" (docs.algosolutions.com).
//
// How a device calls itself is known from SIP alone: "Algo-8201/5.2". It is taken to
// say the same in HTTP.
package algo

import (
	"cmp"
	"embed"
	"regexp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

const name = "Algo"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Algo.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		OUIs:          []string{"0022ee"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		// FP sends these; the second restarts a device by sip.interop.checksync.
		Commands:  vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    func(string) string { return "" },
	}
}

func grammar() linefile.Grammar {
	return linefile.Grammar{Comment: "#", Name: parameterName}
}

var parameterName = regexp.MustCompile(`^[a-z][a-z0-9]*(\.[a-z0-9]*)+$`)

func parse(file string, body []byte) (*vendor.Config, error) { return grammar().Parse(file, body) }

func httpUserAgent(u vendor.Unit) string {
	return name + "-" + u.Model + "/" + cmp.Or(u.Firmware, "5.2")
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.BootFiles(get, parse, understand, "algop"+u.Model+".conf", "algom"+u.MAC.Upper()+".conf")
}

var agent = regexp.MustCompile(`^Algo-([0-9]{4}[A-Z]{0,4})/([0-9]{1,3}(?:\.[0-9]{1,4}){1,4})$`)

func userAgent(ua string) (vendor.Identity, bool) {
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}, true
}

var (
	modelFile = regexp.MustCompile(`(?i)(?:^|/)algop([0-9]{4}[a-z]{0,4})\.conf$`)
	ownFile   = regexp.MustCompile(`(?i)(?:^|/)algom?([0-9a-f]{12})\.conf$`)
)

// path knows algop<model>.conf, algom<mac>.conf and, of old firmware, algo<mac>.conf.
func path(p string) (vendor.Identity, bool) {
	if m := modelFile.FindStringSubmatch(p); m != nil {
		return vendor.Identity{Vendor: name, Model: m[1]}, true
	}
	m := ownFile.FindStringSubmatch(p)
	if m == nil {
		return vendor.Identity{}, false
	}
	a, err := mac.Parse(m[1])
	return vendor.Identity{Vendor: name, MAC: a}, err == nil
}
