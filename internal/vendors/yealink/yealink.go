// Package yealink is what Dialplane knows of Yealink's SIP phones: how they name
// themselves, what they fetch at boot, the grammar of their configuration files,
// and templates for the desk phones from the T19P to the T88, DECT bases, conference phones,
// video phones and the Wi-Fi handsets AX83H and AX86R.
//
// A phone of firmware V81 or later asks for <mac>.boot, else for
// y000000000000.boot, and then for the files that the boot file includes. Without
// a boot file, and before V81, it asks for the common file of its model,
// y000000000XXX.cfg, and then for <mac>.cfg. Later files win. It remembers the
// MD5 of each file and does nothing about one that did not change, so that a file
// must have the same bytes until something does.
//
// Sources, by the marks used in this folder:
//
//   - AG84, AG85, AG86: Yealink's Administrator's Guides for SIP-T2/T3/T4/T5
//     phones, V84 to V86 (easymanua.ls/yealink/t21pe2, manualshive.com
//     sip-t5-series 3909785 and cp920 908503), and V80/V81 for the T2 and T4
//     series (easymanua.ls/yealink/sip-t2-series, sip-t48g).
//   - AP: Yealink's Auto Provisioning Guides (manualshive.com sip-cp-series
//     909112, easymanua.ls/yealink/sip-t40g 11518).
//   - T58: Administrator's Guide for SIP-T58V/T58A/T56A (easymanua.ls
//     sip-t58v-a, t5-series 730711).
//   - AP71: Auto Provisioning Guide for SIP-T4X, V71 (manual.yealink sip-t4x).
//   - Names that these pages show without their values are confirmed by the
//     templates of FusionPBX (FP), Wazo (WZ, by generation: WZ73) and Tancredi (TAN),
//     which serve real phones. "From memory" stands beside what none of them confirms.
package yealink

import (
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Yealink"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Yealink.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name: name,
		// The first four are Yealink's in the IEEE registry. 44dbd2 and c4fc22 are
		// seen on its phones; the others stand in Wazo's DHCP rules only.
		OUIs: []string{
			"001565", "249ad8", "805e0c", "805ec0",
			"44dbd2", "c4fc22",
			"3497d7", "644f56", "b061a9", "e434d7", "ec1da9", "f01653",
		},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		VendorClass:   vendorClass,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Redirect:      askRedirect,
		Parameters:    vendor.MustParseDictionary(parameters + "\n" + dectParameters),
		Directory:     directory,
		Commands:      vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Discovery:     discovery,
		Refuse:        refuse,
	}
}

// refuse knows the two words that a phone takes for something else: one puts a
// parameter back to its default, the other empties it.
func refuse(value string) string {
	switch strings.ToUpper(value) {
	case unset, empty:
		return value + " is a reserved word on Yealink phones; choose another value"
	}
	return ""
}

// directory reads a remote phone book.
func directory(body []byte) ([]vendor.Contact, error) {
	return xmlfile.Directory(body, "YealinkIPPhoneDirectory")
}
