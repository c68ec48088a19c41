// Package sangoma is what Dialplane knows of the SIP phones that Sangoma sells under its
// own name: the P-series, which is as Digium's D-series (package digiumxml), and the
// S-series, which Hanlong makes as it makes Htek's phones (package hlprovision).
//
// A phone of the S-series asks for cfg<mac>.xml, P-values in <hl_provision>.
//
// Sources, by the marks used in this folder, beside those of digiumxml:
//
//   - NT: nethesis/tancredi, data/templates/sangoma.tmpl and sangoma.macros, and the
//     models in data/scopes (S-series); FPS: FusionPBX's sangoma/s700, beside it.
//   - htek: Htek's phones have it so; see the package htek.
//   - memory: not verified; to be confirmed on a phone.
package sangoma

import (
	"cmp"
	"embed"
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/digiumxml"
	"github.com/dialplane/dialplane/internal/vendors/hlprovision"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Sangoma"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Sangoma.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name: name,
		// Digium's, which the P-series has as well, then the S-series's.
		OUIs:          ouis(),
		Templates:     digiumxml.Templates(name, vendor.Folder(templates, "templates")),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(digiumxml.Parameters() + parameters),
		Directory:     directory,
		// FP and WZ, where enable_check_sync allows it.
		Commands:  vendor.Commands{Reprovision: "check-sync"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil }, // the phones ask by mDNS (KB)
		Refuse:    xmlfile.Refuse,
	}
}

// httpUserAgent is what a phone sends when it fetches; that the S-series names itself
// as Htek's phones do is memory.
func httpUserAgent(u vendor.Unit) string {
	if madeByHanlong(u.Model) {
		return "Sangoma " + u.Model + " " + cmp.Or(u.Firmware, "2.0.4.58") + " " + u.MAC.Colons()
	}
	return "Sangoma " + u.Model + "/" + cmp.Or(u.Firmware, "4.5.3")
}

// madeByHanlong says whether a model is of the S-series.
func madeByHanlong(model string) bool { return strings.HasPrefix(model, "S") }

// ouis returns Sangoma's, of which Digium's is the first.
func ouis() []string { return []string{"000fd3", "005058"} }

// parse reads a file of a phone of either series.
func parse(file string, body []byte) (*vendor.Config, error) {
	if has(body, "hl_provision") {
		return hlprovision.Parse(file, body)
	}
	return digiumxml.Parse(file, body)
}

// directory reads the phone book of either series.
func directory(body []byte) ([]vendor.Contact, error) {
	if has(body, "PhoneDirectory") {
		return hlprovision.Directory(body)
	}
	return digiumxml.Directory(body)
}

// has says whether a file consists of an element of this name.
func has(body []byte, root string) bool {
	e, err := xmlfile.Walk(body, "setting").Root(root)
	return err == nil && e != nil
}

// pValue is a setting of the S-series.
var pValue = regexp.MustCompile(`^P[0-9]+$`)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	if slices.ContainsFunc(c.Settings(), func(s vendor.Setting) bool { return pValue.MatchString(s.Name) }) {
		return hlprovision.Understand(c)
	}
	return digiumxml.Understand(c)
}

// boot fetches as a phone does that starts up.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	if madeByHanlong(u.Model) {
		return hlprovision.Boot(u, "", get)
	}
	return digiumxml.Boot(u, get)
}

// userAgent understands what a phone of either series says of itself.
func userAgent(ua string) (vendor.Identity, bool) {
	id, ok := digiumxml.UserAgent(ua)
	id.Vendor = name
	return id, ok && !strings.HasPrefix(id.Model, "D")
}

// sFile is cfg005058123456.xml.
var sFile = regexp.MustCompile(`(?i)(?:^|/)cfg([0-9a-f]{12})\.xml$`)

// path understands the names of the files that the phones ask for: others have such
// names too, so the address must be Sangoma's.
func path(p string) (vendor.Identity, bool) {
	m := sFile.FindStringSubmatch(p)
	if m == nil {
		id, ok := digiumxml.Path(p, ouis())
		id.Vendor = name
		return id, ok
	}
	addr, err := mac.Parse(m[1])
	return vendor.Identity{Vendor: name, MAC: addr}, err == nil && slices.Contains(ouis(), addr.OUI())
}
