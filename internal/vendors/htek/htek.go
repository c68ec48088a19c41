// Package htek knows Htek's desk phones of the series UC8xx and UC9xx.
//
// # What the phones fetch
//
// A phone asks for cfg<code>.xml, where the code is its model's, then for cfg<mac>
// (a binary format of the maker's own tool, which Dialplane never serves) and for
// cfg<mac>.xml, with the MAC in lower case (W). Of one firmware the maker says that
// it stops at the first file that it finds, of others that it takes all: so nothing
// is served by the code.
//
// The files are <hl_provision version="1"><config version="1"> with one element per
// parameter: a P-value, <P271 para="Account1_Active">, where para is for the reader
// alone, or in newer firmware the name itself, <Account1_Active>. There is no <mac>.
//
// # Moving to another address
//
// The config server is P212 (1 HTTP, 3 HTTPS) and P237, host and path. Nothing
// promises that a new one counts at once, so the enrolment file has the phone look
// again within the hour, the least that is known of P193.
//
// # Sources, by the marks used in this folder
//
//   - W: Htek's wiki, htekdesk.atlassian.net, page 25660908 (provisioning of UC900).
//   - FP: fusionpbx/fusionpbx resources/templates/provision/htek, uc926 (P-values
//     with para) and uc926u (names), and their copies with dots in para.
//   - WZ: wazo-platform/wazo-provd-plugins plugins/wazo_htek 2.0.4.4.58.
//   - AB: tables of an automation of Htek's phones (numbers of key types and accounts)
//     in public code, and a panel's table of P-values (P24053, P24054, P20052).
//   - memory: not verified; to be confirmed on a phone.
package htek

import (
	"cmp"
	"embed"
	"fmt"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/hlprovision"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Htek"

//go:embed templates/*.xml
var files embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns what is known of Htek.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		Aliases:       []string{"Hanlong"},
		OUIs:          []string{"001fc1"},
		Templates:     vendor.Folder(files, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         hlprovision.Parse,
		Understand:    hlprovision.Understand,
		HTTPUserAgent: func(u vendor.Unit) string { return fmt.Sprintf("Htek %s %s %s", u.Model, firmware(u), u.MAC.Colons()) },
		Boot:          boot,
		Redirect:      askRedirect,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     hlprovision.Directory,
		// WZ sends check-sync; that reboot=true restarts the phone is memory.
		Commands: vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: func(u vendor.Unit) []vendor.Discovery {
			return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC%3a"+u.MAC.String(), "Htek "+u.Model+" V"+firmware(u), name, u.Model, firmware(u))}}
		},
		Refuse: xmlfile.Refuse,
	}
}

func firmware(u vendor.Unit) string { return cmp.Or(u.Firmware, "2.0.4.4.58") }

// boot fetches as a phone of this model does.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	modelFile := ""
	for file, model := range modelFiles {
		if model == u.Model {
			modelFile = file
		}
	}
	return hlprovision.Boot(u, modelFile, get)
}
