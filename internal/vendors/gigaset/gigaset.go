// Package gigaset is what Dialplane knows of Gigaset's phones: the Maxwell Basic, 2, 3
// and 4, the P710 to P855, which run Snom's firmware, and the DECT bases.
//
// A Maxwell reads parameters of its own (<provisioning><nvm>). Below a folder it asks
// for provisioning.xml, which may send it on to %MACD.xml, its address in capitals. A
// P-series phone reads Snom's settings: below a folder Gigaset<model>.htm and
// Gigaset<model>-<MAC>.htm, or the one address that holds {mac}.
//
// The N530 to N870 read files of a Maxwell's grammar with names of their own. Below a
// folder they ask for provisioning.xml and, if that is missing, for <MAC>.xml. The C610,
// N510 and N720 read another, <ProviderFrame>, from <MAC>.xml; told of a folder by DHCP
// option 114 or on the web page they want binary files instead, beginning with
// 42/2/master.bin, which Dialplane does not have.
//
// Sources, by the marks used in this folder:
//
//   - WIKI: Gigaset's wiki, teamwork.gigaset.com/gigawiki/display/GPPPO and
//     pro-wiki.gigaset.com: "DHCP", "Configuration files", "FAQ Desktop", "Nested
//     profiles" of the FAQ Maxwell, "SIP Multicast", "FAQ Nx70 - User agent".
//   - TAN: Tancredi's templates gigaset-Maxwell and gigasetP, which serve real phones.
//   - WZ: Wazo's plugins for the DECT bases and its unfinished one for the Maxwell.
//   - GS5: the PBX Gemeinschaft 5, which served C610 and N510.
//
// Nobody has written down how a P-series phone calls itself. As the firmware is
// Snom's, with the phone's type in the place of Snom's in all that is known (file
// names, the Event of SIP settings), its User-Agent is taken to be Snom's likewise.
package gigaset

import (
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "Gigaset"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

//go:embed parameters-dect.txt
var dectParameters string

// Pack returns everything known of Gigaset.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name: name,
		// Gigaset's, then those of Siemens before it, then two of which the P series has
		// blocks; the first of these is Snom's.
		OUIs:          []string{"7c2f80", "589ec6", "002104", "14b370", "0013a3", "000b23", "0018d1", "00acdc", "000413"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		VendorClass:   vendorClass,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters + dectParameters),
		Directory:     directory,
		// WIKI: SIP.Checksync.Simple of the Maxwell, checksync_action of the P series,
		// CheckSyncRebootEnabled of the bases, of which the older know no reboot.
		Commands: vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Deviating: map[string]vendor.Commands{
			"C610-IP": {Reprovision: "check-sync"}, "N510-IP-PRO": {Reprovision: "check-sync"}, "N720-DM-PRO": {Reprovision: "check-sync"},
		},
		Discovery: discovery,
		Redirect:  askRedirect,
		Refuse:    refuse,
	}
}

// refuse knows what phones compute instead of taking as it is.
func refuse(value string) string {
	if strings.Contains(value, "$(::)") {
		return "a Gigaset phone computes text that contains $(::) instead of showing it"
	}
	return ""
}
