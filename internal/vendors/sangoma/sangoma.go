// Package sangoma is what Dialplane knows of the SIP phones that Sangoma sells: the
// P-series, the D-series that Digium sold before, which run one firmware, and the
// S-series, which Hanlong makes as it makes Htek's phones.
//
// # What the phones fetch
//
// A phone of the S-series asks for cfg<mac>.xml, P-values in <hl_provision>; all else
// that is said here is of the others. A phone asks for <mac>.cfg, in lower case, below the address that it was given, and
// for 000000000000.cfg if there is none (WZ serves both; the order is memory). The
// file is <config>, with a <setting id value> for each parameter and <accounts>; it
// names the further files that the phone fetches: contacts, <phonebooks>, and the keys
// that show them, <smart_blf>. A key is a contact that has its place there.
//
// # Moving to another address
//
// config_server_url is where the phone looks from then on, at its next start or when
// it is told to by check-sync.
//
// # Sources, by the marks used in this folder
//
//   - KB: Sangoma's knowledge base, sangomakb.atlassian.net: XML Configuration 2.9.22,
//     3.8.0, 4.13.0 and 4.26.0 (pages 24379408, 122683413, 17694755, 732790785; accounts: 16024177), Smart
//     BLF (24248648) and Contacts (21037279).
//   - DW: Digium's wiki, wiki.asterisk.org pages 37454951 and 30278863.
//   - FP: fusionpbx/fusionpbx resources/templates/provision/digium.
//   - WZ: wazo-platform/wazo-provd-plugins plugins/wazo_digium.
//   - NT: nethesis/tancredi, data/templates/sangoma.tmpl and sangoma.macros, and the
//     models in data/scopes (S-series); FPS: FusionPBX's sangoma/s700, beside it.
//   - htek: Htek's phones have it so; see the package htek.
//   - DPMA: options of Asterisk's module for these phones, as FreePBX's digium_phones
//     writes them.
//   - memory: not verified; to be confirmed on a phone.
package sangoma

import (
	"cmp"
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Sangoma"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Sangoma.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:    name,
		Aliases: []string{"Digium"},
		// Digium's, which the P-series has as well, then the S-series's.
		OUIs:          []string{"000fd3", "005058"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		VendorClass:   vendorClass,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// FP and WZ, where enable_check_sync allows it.
		Commands:  vendor.Commands{Reprovision: "check-sync"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil }, // the phones ask by mDNS (KB)
		Refuse:    xmlfile.Refuse,
	}
}

// httpUserAgent is what a phone sends when it fetches; that the S-series names itself
// as Htek's phones do is memory.
func httpUserAgent(u vendor.Unit) string {
	if madeByHanlong(u.Model) {
		return "Sangoma " + u.Model + " " + cmp.Or(u.Firmware, "2.0.4.58") + " " + u.MAC.Colons()
	}
	if strings.HasPrefix(u.Model, "D") {
		return "Digium " + u.Model + " " + strings.ReplaceAll(cmp.Or(u.Firmware, "2.7.0"), ".", "_")
	}
	return "Sangoma " + u.Model + "/" + cmp.Or(u.Firmware, "4.5.3")
}

// madeByHanlong says whether a model is of the S-series.
func madeByHanlong(model string) bool { return strings.HasPrefix(model, "S") }
