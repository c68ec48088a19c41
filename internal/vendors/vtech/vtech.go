// Package vtech is what Dialplane knows of VTech's desk phones of the VSP series and
// its conference phones of the VCS series.
//
// Of an address that ends in a slash a phone fetches <model>.cfg and then
// <model>_<MAC>.cfg; of another it fetches that alone. Later files win. It applies them
// after a minute without calls and restarts. One setting stands on a line, and a name
// begins with its module: a bad setting makes the phone drop its whole module, so
// nothing is written that no source shows.
//
// Sources, by the marks used in this folder:
//
//   - AG: VTech's VSP600 Administrator Guide (manualslib.com 868725, p. 54) on files.
//   - SARK: SARK's vtech.Common, which is a whole file of a VSP735A, with its
//     fragments for TLS, keys and accounts.
//   - FP: FusionPBX's template for the VCS754 and its phone book.
//
// The ET series runs Snom's software and is not here. Its DECT systems are not either.
package vtech

import (
	"cmp"
	"embed"
	"encoding/xml"
	"errors"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

const name = "VTech"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of VTech.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		OUIs:          []string{"00122a", "14aedb", "a4975c", "c468d0", "547068", "04072e", "000d14", "000908"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		VendorClass:   vendorClass,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// AG: a check-sync makes the phone look for files, and restart to apply them.
		Commands:  vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: discovery,
		Refuse:    func(string) string { return "" },
	}
}

func parse(file string, body []byte) (*vendor.Config, error) {
	return linefile.Grammar{Comment: "#", Name: parameterName}.Parse(file, body)
}

var parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z_]*(\.[A-Za-z0-9_]+)+$`)

// stem is what a model is called in names of files: SARK has VSP735A for the VSP735.
func stem(model string) string {
	if strings.HasPrefix(model, "VSP") {
		return model + "A"
	}
	return model
}

func firmware(u vendor.Unit) string { return cmp.Or(u.Firmware, "1.1.4.0-0") }

// httpUserAgent is what a phone was seen to say when it registers; FP knows it by its
// middle in HTTP.
func httpUserAgent(u vendor.Unit) string { return "Vtech Vesa " + u.Model + " " + firmware(u) }

// discovery: a phone has the setting provisioning.pnp_enable. In which words it asks
// is taken from its User-Agent.
func discovery(u vendor.Unit) []vendor.Discovery {
	return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC"+u.MAC.String(), httpUserAgent(u), name, u.Model, firmware(u))}}
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	file := stem(u.Model)
	return vendor.BootFiles(get, parse, understand, file+".cfg", file+"_"+u.MAC.Upper()+".cfg")
}

// Vtech Vesa VSP735 1.1.4.0-0
var agent = regexp.MustCompile(`^(?:(?i:VTech) )?Vesa (V(?:CS|SP)[0-9]{3})A? ([0-9]{1,3}(?:\.[0-9]{1,3}){2,3}(?:-[0-9]{1,4})?)$`)

func userAgent(ua string) (vendor.Identity, bool) {
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}, true
}

var class = regexp.MustCompile(`^(?i:VTech) Vesa (V(?:CS|SP)[0-9]{3})A?$`)

// vendorClass knows "Vtech Vesa VCS754", network.vendor_class_id of FP's file.
func vendorClass(c string) (vendor.Identity, bool) {
	m := class.FindStringSubmatch(c)
	if m == nil {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1]}, true
}

var file = regexp.MustCompile(`(?i)(?:^|/)(V(?:CS|SP)[0-9]{3})A?(?:_([0-9a-f]{12}))?\.cfg$`)

// path knows <model>.cfg and <model>_<mac>.cfg.
func path(p string) (vendor.Identity, bool) {
	m := file.FindStringSubmatch(p)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: strings.ToUpper(m[1])}
	id.MAC, _ = mac.Parse(m[2]) // may be missing
	return id, true
}

// directory reads the phone book (FP).
func directory(body []byte) ([]vendor.Contact, error) {
	var book struct {
		XMLName xml.Name `xml:"directory"`
		Entries []struct {
			First string `xml:"DIR_ENTRY_NAME_FIRST"`
			Last  string `xml:"DIR_ENTRY_NAME_LAST"`
			Work  string `xml:"DIR_ENTRY_NUMBER_WORK"`
		} `xml:"DIR_GROUP>DIR_ENTRY"`
	}
	if err := xml.Unmarshal(body, &book); err != nil {
		return nil, errors.New("the phone book is no <directory>")
	}
	var all []vendor.Contact
	for _, e := range book.Entries {
		all = append(all, vendor.Contact{Name: strings.TrimSpace(e.First + " " + e.Last), Number: e.Work})
	}
	return all, nil
}
