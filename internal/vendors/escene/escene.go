// Package escene is what Dialplane knows of Escene's desk phones, the ES series.
//
// # What the phones fetch
//
// A phone asks for <mac>.xml, in lower case unless it was told otherwise, for
// <mac>_Extern.xml with its keys and for <mac>_Phonebook.xml, the last two if the first
// says so. All three are <all>, with a group of elements for each page of the phone's
// menu: settings are attributes.
//
// # Moving to another address
//
// <privision> has the protocol and, as Firmware, host and folder of the server; a phone
// looks there at its next start.
//
// # Sources, by the marks used in this folder
//
//   - FP: fusionpbx/fusionpbx resources/templates/provision/escene/e3xx, with what its
//     comments and timezones.txt say of the values, and the values of keys in
//     app/devices/resources/classes/escene.php.
//   - EX: xrobau/elastix apps/core/endpointconfig2: Escene_template.xml and
//     Escene_Extern_template.xml, whole files of an ES620, and Escene.py.
//   - RCA: RCA_template.xml beside it, a whole file of an IP115, which Escene makes and
//     which has the same settings.
//   - memory: not verified; to be confirmed on a phone.
//
// No source says how summer time, SRTP, languages and tones are told, in which words the
// phones ask by multicast, and where they expect their firmware.
package escene

import (
	"cmp"
	"embed"
	"regexp"
	"slices"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Escene"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Escene.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		OUIs:          ouis(),
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: func(u vendor.Unit) string { return u.Model + " v" + cmp.Or(u.Firmware, "4.0") },
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// EX, tried on an ES620; the phone fetches as it starts.
		Commands:  vendor.Commands{Reprovision: "check-sync;reboot=true", Reboot: "check-sync;reboot=true"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    xmlfile.Refuse,
	}
}

func ouis() []string { return []string{"00268b"} }

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	own := u.MAC.String()
	return vendor.BootFiles(get, parse, understand, own+".xml", own+"_Extern.xml", own+"_Phonebook.xml")
}

// agent is ES320VN2 v4.0 and ES206 v1.0 (FP): the model with its make, which is not told
// apart here, and the version. No source shows what stands behind it.
var agent = regexp.MustCompile(`^(ES[0-9]{3})[A-Z]{0,3}[0-9]? v([0-9]+(?:\.[0-9]+)+)(?: [ -~]{1,100})?$`)

// userAgent understands what a phone says of itself.
func userAgent(ua string) (vendor.Identity, bool) {
	m := agent.FindStringSubmatch(ua)
	if m == nil || len(ua) > maxName {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}, true
}

// maxName bounds the User-Agents that are looked at.
const maxName = 256

// file is 00268b123456.xml, its keys and its phone book.
var file = regexp.MustCompile(`(?i)(?:^|/)([0-9a-f]{12})(_extern|_phonebook)?\.xml$`)

// path understands the names of the files that a phone asks for. Others ask for <mac>.xml
// too, so its address must be Escene's.
func path(p string) (vendor.Identity, bool) {
	m := file.FindStringSubmatch(p)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[1])
	return vendor.Identity{Vendor: name, MAC: addr}, err == nil && (m[2] != "" || slices.Contains(ouis(), addr.OUI()))
}
