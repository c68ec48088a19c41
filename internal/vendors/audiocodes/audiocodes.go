// Package audiocodes is what Dialplane knows of AudioCodes' desk phones with generic
// SIP firmware: the 3xxHD, the 4xxHD and the C4xxHD.
//
// # What the phones fetch
//
// Below an address that ends in a slash a phone asks for its firmware, is<model>.img,
// and for <MAC>.cfg, with the address in capitals (M p. 48; the wild agrees). The
// firmware is never served under that name: a configuration names the one to run.
//
// The file has a parameter a line, path/name=value; a line that begins with ; is a
// comment. Lines count from 0 in names, and all of them share one server and proxy.
//
// # Moving to another address
//
// provisioning/method=STATIC makes a phone keep provisioning/configuration/url, where
// <MAC> stands for its own address, and drop what DHCP says. It looks there at its
// next start or look, which the enrolment file has it take within five minutes.
//
// # What is left out
//
// How the keys beside the display are written in a file is in no source that could be
// read, so the models have none; likewise the names of the modes of SRTP other than
// off. The MP-1xx and MP-2xx adapters speak another grammar and are recognised only.
//
// # Sources, by the marks used in this folder
//
//   - M: Administrator's Manuals of the 400HD series: 2.2.8, LTRT-11950 (easymanua.ls
//     audiocodes/420hd 138368), 3.4.3, LTRT-11973 (easymanua.ls 405hd 240349, 445hd
//     32706, 450hd 6718), and of the 310HD and 320HD, LTRT-09910.
//   - VD: VoIP-Domain/voipdomain, equipments-audiocodes (405HD and 450HD, 3.4.8).
//   - EX: elastix endpointconfig2, template of the 320HD.
//   - BR: a generator of files for a hosted PBX, in public code (message waiting,
//     outbound proxy).
//   - memory: not verified; to be confirmed on a phone.
package audiocodes

import (
	"cmp"
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "AudioCodes"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of AudioCodes.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		OUIs:          []string{"00908f", "001719", "0005e7"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		// FreePBX and VD send it; what restarts a phone without a change is not documented.
		Commands: vendor.Commands{Reprovision: "check-sync"},
		// The phones do ask by multicast (M 3.4.3 p. 41), but without their address:
		// nobody can tell which of them asks.
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    func(string) string { return "" },
	}
}

// httpUserAgent is what a phone sends when it fetches: in generations that call
// themselves UC in another form.
func httpUserAgent(u vendor.Unit) string {
	if newer(u.Model) {
		v := cmp.Or(u.Firmware, "3.4.8")
		return "AUDC/" + v + " AUDC-IPPhone-" + u.Model + "_UC_" + v + "/1"
	}
	return "AUDC-IPPhone/" + cmp.Or(u.Firmware, "2.2.8.61") + " (" + u.Model + "-Rev0; " + u.MAC.Upper() + ")"
}

// newer says whether a model is of those with firmware 3.
func newer(model string) bool {
	return strings.HasPrefix(model, "C") || model == "425HD" || model == "445HD" || model == "450HD"
}
