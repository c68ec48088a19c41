// Package alcatellucent knows the SIP desk phones of Alcatel-Lucent Enterprise:
// the Myriad phones M3 to M8 and the Halo phones H2 to H6 have templates; the
// 80x8s DeskPhones and the old IP Touch phones are recognised by name.
//
// # What the phones fetch
//
// A Myriad phone asks for config.xml, config.$model.xml and config.$mac.xml in
// turn, each over the one before; the three names are settings themselves
// (DeviceProvisionFileFirst and so on). A Halo phone asks for config.xml and
// config.$mac.xml. It does so at start, by DHCP, by SIP PnP, when it is told by
// NOTIFY, and at the times of DeviceProvisionPolling….
//
// The files are <settings> with one <setting id="" value=""/> for each parameter.
// override="true" lets a value win over what the user has set at the phone.
//
// # Moving to another address
//
// The address is DeviceProvisionServerUrl. No manual says whether a new one counts
// at once; boot takes it to count at the next look, which the simulator does
// directly, and the enrolment file turns the daily look on.
//
// # Sources, by the marks used in this folder
//
//   - M: Administrator Guide of the M3, M5, M7 and M8 (easymanua.ls/alcatel-lucent/ale-m3
//     pages 34, 46, 75, 82, 94, 151 and 158; manualslib.com 2638086 page 79).
//   - H: guides of the Halo phones (easymanua.ls halo-h3p page 26, h6 page 107).
//     They confirm the files and their grammar. That the Halo phones have the ids
//     of the Myriad phones is memory, and one secondary source contradicts it.
//   - WZ: wazo-platform/wazo-provd-plugins, plugins wazo_alcatel for Myriad 2.11 and
//     8028s-GE 1.51.
//   - memory: not verified; to be confirmed on a phone.
//
// The 80x8s phones (8008, 8018, 8028s and so on) have ids of their own. Their one public
// template, WZ's for the 8028s-GE, has SIPServer1Address and, for its group,
// DeviceUri, AuthenticationName and AuthenticationPassword, but no id for the server's
// port or transport nor for switching an account off, SRTP by a switch whose values
// nothing explains, and keys without a kind (SIPUseDeviceKey1): an account behind a
// port other than 5060, or by TCP or TLS, would silently not register. The same holds
// for the ALE-20, 30, 300 and others, of which no file is public.
package alcatellucent

import (
	"cmp"
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Alcatel-Lucent"

//go:embed templates/*.xml
var files embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns what is known of Alcatel-Lucent Enterprise.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:    name,
		Aliases: []string{"Alcatel-Lucent Enterprise", "Alcatel", "ALE"},
		// The first three are on phones in WZ and in use; the others are the
		// company's in the IEEE registry.
		OUIs:          []string{"3c28a6", "487a55", "00809f", "7c2064", "0025ba", "24af4a", "a0f3e4", "6cbee9"},
		Templates:     vendor.Folder(files, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: func(u vendor.Unit) string { return sipUserAgent(u) + " " + u.MAC.String() },
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		// WZ sends check-sync; that reboot=true restarts the phone is memory.
		Commands: vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: func(u vendor.Unit) []vendor.Discovery {
			return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC%3a"+u.MAC.String(), sipUserAgent(u), "ALE", u.Model, firmware(u))}}
		},
		Refuse: xmlfile.Refuse,
	}
}

// sipUserAgent spells a Myriad phone with its edition, the cloud's.
func sipUserAgent(u vendor.Unit) string {
	model := u.Model
	if strings.HasPrefix(model, "M") {
		model += cloud
	}
	return "ALE " + model + " " + firmware(u)
}

func firmware(u vendor.Unit) string { return cmp.Or(u.Firmware, "2.11.01.1604") }
