// Package snom is all that Dialplane knows of Snom's desk phones: the D1xx, D3xx,
// D7xx and D8xx, the older 3xx, 7xx and 8xx, the MeetingPoint and the PA1; and of the
// DECT bases M300, M400, M700 and M900, which RTX makes. The C520 and C620 and the
// bases M100, M200 and M500, whose firmware is VTech's, are recognised only.
//
// A Snom phone reads XML. Its provisioning URL comes in three styles; ours ends
// in a slash, and then the phone asks for snom<model>.htm, snom<model>-<MAC>.htm
// and snom<model>-firmware.htm, the MAC address in capitals. A file holds either
// settings, each with a permission flag and some with an index, or the addresses
// of further files, which the phone fetches at once; that is how a phone in its
// enrolment window reaches its own secret address without a reboot. A DECT base asks
// for files of the same names, but is given its own address as a setting.
//
// Facts are from Snom's wiki (service.snom.com/display/wiki, wiki.snom.com), the
// manuals of the D7 and D7C, Gigaset's wiki on the desk phones that run the same
// firmware (pro-wiki.gigaset.com), and, where Snom's text could not be had, from
// settings that a D785 stores itself and from other provisioning servers (Wazo's,
// Tancredi, FusionPBX, nethvoice); what rests on less says so where it stands.
//
// The OUI 00:04:13 is shared: Gigaset's P7xx and P8xx carry blocks of it.
package snom

import (
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

//go:embed templates/*.xml
var templateFiles embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns the vendor pack of Snom.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          "Snom",
		OUIs:          []string{oui},
		Templates:     vendor.Folder(templateFiles, "templates"),
		UserAgent:     userAgent,
		Path:          identifyPath,
		VendorClass:   vendorClass,
		Parse:         settingsxml.Parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters + "\n" + dectParameters),
		Directory:     directory,
		Commands:      vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Discovery:     discovery,
		Redirect:      askRedirect,
		Refuse:        refuse,
	}
}

const oui = "000413"

func understand(c *vendor.Config) vendor.State {
	if _, base := c.Lookup("auto_dect_register"); base {
		return understandBase(c)
	}
	return settingsxml.Understand(c, layouts)
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	stem := "snom" + u.Model
	return settingsxml.Boot(u.MAC, settingsxml.Files{Common: stem + ".htm", Own: stem + "-" + u.MAC.Upper() + ".htm", Firmware: stem + "-firmware.htm"}, get)
}

// refuse returns why a value cannot stand in a Snom file. XML carries all text;
// but a phone computes what begins like the values that it stores for its own
// User-Agent, "!!$(::)!!snom $(mac)".
func refuse(value string) string {
	if strings.Contains(value, "$(::)") {
		return "a Snom phone computes text that contains $(::) instead of showing it"
	}
	return ""
}
