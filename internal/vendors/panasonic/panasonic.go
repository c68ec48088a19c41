// Package panasonic knows Panasonic's SIP desk phones of the series KX-HDV and
// KX-UT and DECT bases KX-TGP, and recognises the maker's KX-UTG devices by name.
//
// # What the phones fetch
//
// SIP PnP, DHCP (options 160, 159, 66) or the maker's redirection give a new phone
// the URL of a file, by custom {MODEL}.cfg: KX-HDV130.cfg. That file, the same for
// all, names three others: CFG_MASTER_FILE_PATH, CFG_PRODUCT_FILE_PATH and
// CFG_STANDARD_FILE_PATH, in which the phone puts its MAC for {MAC} (upper case) or
// {mac}. It fetches those that are named, the standard file last and over the
// others, at boot, in cycles and when it is told by NOTIFY.
//
// The grammar is NAME="value", a line each, which end with CR and LF; the first line
// begins with 44 bytes that the phone compares, and an empty line ends the file. What
// breaks a rule makes the phone drop the line or the file: see grammar.go.
//
// # Moving to another address
//
// The enrolment file names the phone's own file as CFG_STANDARD_FILE_PATH and turns
// PnP and the DHCP options off, which would lead the phone back to the shared
// address. No manual says that a new path counts before the next look: the file has
// the phone look again within the hour.
//
// # Sources, by the marks used in this folder
//
//   - HDV: Administrator Guides of the KX-HDV100 (pages 34, 47, 49), KX-HDV230 (51 and
//     111) and KX-HDV430 (93).
//   - UT: Administrator Guides of the KX-UT123 (46, 251) and KX-UT670 (117).
//   - FP: fusionpbx/fusionpbx resources/templates/provision/panasonic (ut136, ut670);
//     WZ: wazo-platform/wazo-provd-plugins plugins/wazo_panasonic; SARK: its
//     fragments for the KX-HDV; ABS: a panel's keys of the KX-HDV230.
//   - memory: not verified; to be confirmed on a phone.
//
// The sources of the bases are named in panasonic-tgp.xml. The multi-cell KX-UDS124 is
// not served: of its files the grammar is public (Administrator Guide, page 160: the
// same, 2040 KB, a fourth file for the system), of its parameters only
// CFG_SYSTEM_FILE_PATH and LINE_ENABLE_, DISPLAY_NAME_, SIP_URI_ and SIP_PASS_PSn_1.
//
// Not written: the KX-UT670's clock goes by country, so that it has no template; the
// KX-UTG200 and 300 read another grammar, <PANASIPPhoneConfig>. The network phone book
// of the KX-HDV is a <ppxml> of at most 20 <Personnel>, names of 24 characters and
// numbers of digits, # and * (XML Application Developer's Guide 2.52, section 5.2.8).
// How the phone asks for those behind them, or for a name, stands in sections that
// could not be read, and XMLAPP_LDAP_URL, the address, in public code alone: a book
// that ends after 20 entries would be worse than none.
package panasonic

import (
	"cmp"
	"embed"
	"fmt"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "Panasonic"

//go:embed templates/*.xml
var files embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns what is known of Panasonic.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name: name,
		// The first three are on telephones; the others are Panasonic Connect's in the
		// IEEE registry.
		OUIs:          []string{"0080f0", "bcc342", "080023", "4c364e", "b8208e", "bc3e0b"},
		Templates:     vendor.Folder(files, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Redirect:      askRedirect,
		Parameters:    vendor.MustParseDictionary(parameters),
		// The templates set CFG_RESYNC_FROM_SIP; FP restarts with reboot=true.
		Commands: vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: func(u vendor.Unit) []vendor.Discovery {
			return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC%3a"+u.MAC.String(), httpUserAgent(u), name, u.Model, firmware(u))}}
		},
		Refuse: refuse,
	}
}

// httpUserAgent is the default of HTTP_USER_AGENT and of SIP_USER_AGENT.
func httpUserAgent(u vendor.Unit) string {
	return fmt.Sprintf("Panasonic_%s/%s (%s)", u.Model, firmware(u), u.MAC)
}

func firmware(u vendor.Unit) string { return cmp.Or(u.Firmware, "07.101") }
