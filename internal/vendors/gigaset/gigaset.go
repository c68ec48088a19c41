// Package gigaset is what Dialplane knows of Gigaset's desk phones: the Maxwell
// Basic, 2, 3 and 4, and the P710 to P855, which run Snom's firmware. Its DECT bases
// are recognised only.
//
// A Maxwell reads parameters of its own (<provisioning><nvm>). Below a folder it asks
// for provisioning.xml, which may send it on to %MACD.xml, its address in capitals. A
// P-series phone reads Snom's settings: below a folder Gigaset<model>.htm and
// Gigaset<model>-<MAC>.htm, or the one address that holds {mac}.
//
// Sources, by the marks used in this folder:
//
//   - WIKI: Gigaset's wiki, teamwork.gigaset.com/gigawiki/display/GPPPO and
//     pro-wiki.gigaset.com: "DHCP", "Configuration files", "FAQ Desktop", "Nested
//     profiles" of the FAQ Maxwell, "SIP Multicast", "FAQ Nx70 - User agent".
//   - TAN: Tancredi's templates gigaset-Maxwell and gigasetP, which serve real phones.
//   - WZ: Wazo's plugin for the DECT bases and its unfinished one for the Maxwell.
//
// Nobody has written down how a P-series phone calls itself. As the firmware is
// Snom's, with the phone's type in the place of Snom's in all that is known (file
// names, the Event of SIP settings), its User-Agent is taken to be Snom's likewise.
package gigaset

import (
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

const name = "Gigaset"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

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
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     settingsxml.Directory,
		// WIKI: SIP.Checksync.Simple of the Maxwell, checksync_action of the P series.
		Commands:  vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
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
