// Package mitel is what Dialplane knows of the SIP phones that Mitel sells and
// that Aastra sold before: the 9xxxi and 67xxi, the 68xxi and the 69xx.
//
// A phone reads lines of "name: value". At boot it asks for the file of all phones
// (startup.cfg; aastra.cfg before release 4), for <model>.cfg and for <MAC>.cfg,
// the address in capitals, and takes the last value of each parameter. What users
// change on the phone or its web page wins over all three. Parameters that are in
// no file any more are back at their defaults after the next boot (from memory;
// what matters is written out).
//
// Sources, by the marks used in this folder:
//
//   - AG: Administrator's Guides, by release: 3.2.2 (manualsdir.com 253368), 3.3.1
//     SP3 (41-001343-02 REV04; manualsdump.com 257308, manualsbrain.com 989382),
//     4.0 (41-001561-00) and 4.2 for the 6800 series (manualslib.com 1040000).
//   - XML: the XML API guides 3.3.1 SP4 (PA-001011-03-04) and 5.0 (58015045).
//   - WZ: Wazo's plugin wazo_aastra, which serves the 6700i to 6900 up to 8.2.
//   - FP: FusionPBX's templates aastra/686x and mitel.
//
// The 53xx in SIP mode speak another grammar and have no templates here; they are
// recognised only.
package mitel

import (
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "Mitel"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Mitel.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:    name,
		Aliases: []string{"Aastra"},
		// Aastra's two, then Mitel's.
		OUIs:          []string{"00085d", "0010bc", "1400e9", "08000f"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// WZ. FP sends check-sync;reboot=true for both; that a phone restarts without
		// a change of its files is not documented.
		Commands:  vendor.Commands{Reprovision: "check-sync"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    refuse,
	}
}

// refuse knows the one character that has no spelling: values are put in quotation
// marks, and nothing stands for one inside.
func refuse(value string) string {
	if strings.Contains(value, `"`) {
		return `a file of a Mitel phone cannot hold the character "; use ' instead`
	}
	return ""
}
