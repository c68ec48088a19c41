// Package grandstream knows Grandstream's desk phones (GXP, GRP), video and
// conference phones (GXV, GAC), Wi-Fi handsets and hotel phones (WP, GHP), adapters
// (HT), door phones (GDS), speakers (GSC) and DECT bases (DP), and recognises the
// maker's other devices.
//
// # What the phones fetch
//
// A phone asks its config server for cfg<mac> (a binary format of the maker's
// own tool, which Dialplane never serves), then for cfg<mac>.xml; if that fails
// for cfg<model>.xml, and if that fails too for cfg.xml. All names are lower
// case, the MAC has no separators. It does so when it boots, at the interval of
// P193 or the hour of P285 if automatic upgrade (P194) is on, and when a SIP
// NOTIFY check-sync tells it to. (Grandstream, SIP Device Provisioning Guide,
// November 2023, documentation.grandstream.com.) A prefix (P234) and postfix
// (P235) may stand around the names.
//
// The files are <gs_provision version="1"><mac/><config version="1"> with one
// element per P-value. The phone refuses a file whose <mac> is another's; without
// <mac> it takes the file (HT801 guide, p. 68). Phones with Android since the
// GXV33xx, and the speakers, are documented by aliases instead: <config version="2">
// with <item name="account.1.name">. They take P-values as well, which is how all
// can be told the same while nothing is known of them. Door phones have an element of
// their own, <Device>, with one for each module.
//
// # Moving to another address
//
// The config server is P212 (0 TFTP, 1 HTTP, 2 HTTPS) and P237, host and path
// without the scheme. The provisioning guide promises that a path which the
// binary cfg<mac> changes counts at once, without reboot, for the XML file that
// follows. It promises nothing of a path changed by an XML file, and nothing of
// HTTP redirects: neither the guide nor the families' administration guides name
// a 3xx answer. So enrolment relies on neither: the enrol file writes P212 and
// P237 and turns the hourly look on (P194, P193 — 60 minutes is the least the
// phones take), and the new address counts at the phone's next look or boot,
// whichever is first. A phone that an admin sees waiting can be power-cycled.
//
// DHCP option 66 overrides P237 as long as P145 is on, which it is in a new
// phone; the enrol file and the full one turn it off, or the phone would go back
// to the shared address at every boot and never see its own again.
//
// Automatic upgrade looks for firmware along with configuration. The full file
// therefore skips the firmware check (P238): a daily poll must not turn into an
// upgrade that nobody asked for.
//
// # P-values
//
// Names and meanings are those of the maker's configuration templates
// (config-template.zip, grandstream.com/support/tools), read in the copies, with
// the maker's comments, that FusionPBX ships; parameters.txt names them one by one.
// FusionPBX's own account 5 of GRP26xx (P701) contradicts the newer template (GRP26xx
// 1.0.15.19) that others cite, and FusionPBX's own GRP2616 file: it is P1701, as on
// GXP21xx. P701 and P801 are those of GRP260x.
//
// The models GRP2614 and up take 12 or 16 accounts on current firmware. Of
// accounts 7–16 only five P-values could be found (P50601, 50602, 50604–50606
// and so on by hundreds), too few for an account with TLS or a proxy, so the
// templates stop at 6.
//
// DECT bases have accounts like the larger adapters: they share the server of a
// profile, whose P-values are not those of a phone's second account (its mailbox is
// P709, where a GRP's second account has P415). A handset is subscribed by hand: no
// template names one that may. Every base comes with the PIN 0000 (P27008, base.pin),
// which only four digits may replace, so that no password of ours does.
//
// The templates for adapters and for the GAC2500 number the modes of P194 daily 1,
// weekly 2, by minutes 3; those of the phones, and Wazo for an HT802V2, by minutes 1,
// daily 2, weekly 3. Theirs is therefore 1 with both the minutes and the hour.
package grandstream

import (
	"cmp"
	"embed"
	"fmt"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

//go:embed templates/*.xml
var files embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns what is known of Grandstream.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          "Grandstream",
		OUIs:          []string{"000b82", "c074ad", "ec74d7"},
		Templates:     vendor.Folder(files, "templates"),
		UserAgent:     userAgent,
		VendorClass:   vendorClass,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// check-sync is what Wazo sends; sys-control is in Asterisk's sample and
		// restarts the phone (the effect rests on memory).
		Commands:  vendor.Commands{Reprovision: "check-sync", Reboot: "sys-control"},
		Discovery: discovery,
		Redirect:  askRedirect,
		Refuse:    xmlfile.Refuse,
	}
}

func httpUserAgent(u vendor.Unit) string {
	firmware := u.Firmware
	if firmware == "" {
		firmware = usualFirmware(u.Model)
	}
	return fmt.Sprintf("Grandstream Model HW %s SW %s DevId %s", u.Model, firmware, u.MAC)
}

// discovery gives the one dialect of Grandstream's phones, by a packet of a GRP2612W
// in another project's test that looks captured.
func discovery(u vendor.Unit) []vendor.Discovery {
	return []vendor.Discovery{{Dialect: "GRP2612W", Port: 5080, Subscribe: fmt.Sprintf(subscribe, u.MAC.Upper(), u.Model, cmp.Or(u.Firmware, usualFirmware(u.Model)))}}
}

const subscribe = `SUBSCRIBE sip:MAC%%3A%[1]s@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP {ip}:{port};branch={branch};rport
From: <sip:MAC%%3A%[1]s@224.0.1.75>;tag={tag}
To: <sip:MAC%%3A%[1]s@224.0.1.75>
Call-ID: {call}
CSeq: 20000 SUBSCRIBE
Contact: <sip:{ip}:{port}>
Max-Forwards: 70
User-Agent: Grandstream %[2]s %[3]s
Expires: 0
Supported: replaces, path
Event: ua-profile;profile-type="device";vendor="Grandstream";model="%[2]s";version="%[3]s"
Accept: application/url
Allow: INVITE, ACK, OPTIONS, CANCEL, BYE, SUBSCRIBE, NOTIFY, INFO, REFER, UPDATE, MESSAGE
Content-Length: 0

`

// usualFirmware is a current firmware of a model's family.
func usualFirmware(model string) string {
	for _, f := range []struct{ prefix, firmware string }{
		{"GXP16", "1.0.7.81"},
		{"GXP21", "1.0.11.106"},
		{"GRP260", "1.0.7.71"},
		{"DP715", "1.0.0.33"},
		{"DP75", "1.0.3.37"},
	} {
		if strings.HasPrefix(model, f.prefix) {
			return f.firmware
		}
	}
	return "1.0.15.19"
}
