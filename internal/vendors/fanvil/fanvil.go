// Package fanvil holds what Dialplane knows of Fanvil's phones: the X and V desk
// phones, the H, i, W (Linkvil) and C devices, which have templates, and the A and PA
// devices, which are recognised by name.
//
// # Configuration files
//
// Fanvil's firmware reads three spellings of one tree of parameters: a text file
// in modules, <VOIP_CONFIG_FILE> and <sysConf>. The templates write the text
// file, for three reasons: it is what every phone exports itself ("save
// configurations in txt format"), so that each parameter name can be checked
// against a phone; no firmware is known to refuse it, while V phones with
// firmware 2.12 ignore <sysConf> (fusionpbx/fusionpbx pull request 7973); and
// Tancredi provisions all of X1S–X7C and V50–V67 with it.
//
// The text file has two dialects. Phones of the first platform (X1, X2, X3S,
// X3SP, X3G, X4, X4G; firmware 1.x and 2.10) have modules GLOBAL, TELE, DSP and
// PHONE CONFIG, and cut names to 19 columns: "SIP1 Backup Transpo". All later
// ones have NET, MM, CALL FEATURE, PHONE FEATURE and DSSKEY, and write long
// names out. See grammar.go for the rules that both share.
//
// # Sources
//
// Parameter names and values, by the mark that templates put beside them:
//
//   - export: an X3U's own export, in the public code of a Bosnian operator
//     (createFanvil_X3U_Cfg), and an X5U's in the SARK PBX.
//   - TAN: nethesis/tancredi data/templates/fanvil-{X3,X5,V67}.tmpl,
//     fanvil.macros and data/scopes/fanvil-*.ini.
//   - WZ: wazo-platform/wazo-provd-plugins plugins/wazo_fanvil.
//   - FP: fusionpbx/fusionpbx resources/templates/provision/fanvil.
//   - 3CX: the 3CX template in abelmferreira/3cx-fanvil-custom-template.
//   - manual: Fanvil C56 manual p. 39, i23 p. 47, PA2S p. 29 and "Fanvil VoIP
//     Auto Provision Standard".
//   - memory: not verified; to be confirmed on a phone.
package fanvil

import (
	"embed"

	"github.com/dialplane/dialplane/internal/vendors"
)

//go:embed templates/*.xml
var files embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns what is known of Fanvil.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          "Fanvil",
		OUIs:          ouis(),
		Templates:     vendor.Folder(files, "templates"),
		UserAgent:     userAgent,
		VendorClass:   vendorClass,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Redirect:      askRedirect,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// As 3CX's Fanvil template has them.
		Commands:  vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Discovery: discovery,
		Refuse:    refuse,
	}
}

// ouis: 0c383e is Fanvil's entry at the IEEE; 00a859 is in use (WZ, TAN).
func ouis() []string { return []string{"0c383e", "00a859"} }
