// Package akuvox is what Dialplane knows of Akuvox' phones: the SP desk phones and the
// door phones.
//
// A phone asks for a file that is common to its model, whose name is in no public
// source, and then for <mac>.cfg. One setting stands on a line; names are words in
// order of place, Config.Account1.GENERAL.Label.
//
// Sources, by the marks used in this folder:
//
//   - NT: Tancredi's template akuvox with its macros, which serve real phones.
//   - EX: Elastix' template LXPx50, for phones that Akuvox made.
//   - RBT: a driver of access control systems for Akuvox door phones, which writes the
//     same settings through the phone's own interface.
//   - R20: Akuvox' manual of the R20B (easymanua.ls, p. 88), on multicast and updates.
//   - HA: a web service that door phones read their phone book from, after Akuvox'
//     Admin Guides of SP-R5x and R29.
//
// How a phone calls itself is known from SIP alone: "Akuvox R20B 220.30.2.28". It is
// taken to say the same in HTTP, where an admin can change it.
package akuvox

import (
	"embed"
	"encoding/xml"
	"errors"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "Akuvox"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Akuvox.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name: name,
		// The second is Wildix', whose WP410 and WP480 Akuvox made (NT).
		OUIs:          []string{"0c1105", "9c7514"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Redirect:      askRedirect,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// EX sends phones that Akuvox made what it sends Aastra's. That they restart
		// on the second is from memory.
		Commands:  vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: discovery,
		Refuse:    func(string) string { return "" },
	}
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.BootFiles(get, parse, understand, u.MAC.String()+".cfg")
}

// directory reads <Directory><Contact Name="…" Office="…"/></Directory> (HA).
func directory(body []byte) ([]vendor.Contact, error) {
	var book struct {
		XMLName  xml.Name `xml:"Directory"`
		Contacts []struct {
			Name   string `xml:",attr"`
			Office string `xml:",attr"`
		} `xml:"Contact"`
	}
	if err := xml.Unmarshal(body, &book); err != nil {
		return nil, errors.New("the phone book is no <Directory> of <Contact>s")
	}
	var all []vendor.Contact
	for _, c := range book.Contacts {
		all = append(all, vendor.Contact{Name: c.Name, Number: c.Office})
	}
	return all, nil
}
