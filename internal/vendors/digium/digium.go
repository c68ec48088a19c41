// Package digium is what Dialplane knows of Digium's desk phones, the D-series, which
// Sangoma sold on. What they share with Sangoma's P-series, and the marks of the sources,
// are those of the package digiumxml.
package digium

import (
	"cmp"
	"embed"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/digiumxml"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

const name = "Digium"

//go:embed templates/*.xml
var templates embed.FS

// Pack returns everything known of Digium.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		OUIs:          ouis(),
		Templates:     digiumxml.Templates(name, vendor.Folder(templates, "templates")),
		UserAgent:     userAgent,
		Path:          path,
		VendorClass:   vendorClass,
		Parse:         digiumxml.Parse,
		Understand:    digiumxml.Understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          digiumxml.Boot,
		Parameters:    vendor.MustParseDictionary(digiumxml.Parameters()),
		Directory:     digiumxml.Directory,
		// FP and WZ, where enable_check_sync allows it.
		Commands:  vendor.Commands{Reprovision: "check-sync"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil }, // the phones ask by mDNS (KB)
		Refuse:    xmlfile.Refuse,
	}
}

func ouis() []string { return []string{"000fd3"} }

// httpUserAgent is what a phone sends in SIP; that it does so when it fetches is memory.
func httpUserAgent(u vendor.Unit) string {
	return name + " " + u.Model + " " + strings.ReplaceAll(cmp.Or(u.Firmware, "2.7.0"), ".", "_")
}

// userAgent understands what a phone of the D-series says of itself, by either brand.
func userAgent(ua string) (vendor.Identity, bool) {
	id, ok := digiumxml.UserAgent(ua)
	id.Vendor = name
	return id, ok && strings.HasPrefix(id.Model, "D")
}

// path understands the names of the files that a phone asks for.
func path(p string) (vendor.Identity, bool) {
	id, ok := digiumxml.Path(p, ouis())
	id.Vendor = name
	return id, ok
}

// class is digium_D40_1_1_0_0_48178 (WZ).
var class = regexp.MustCompile(`^digium_(D[0-9]{2})_([0-9]+(?:_[0-9]+){1,5})$`)

// vendorClass understands the DHCP vendor class of a phone.
func vendorClass(text string) (vendor.Identity, bool) {
	m := class.FindStringSubmatch(text)
	if m == nil || len(text) > digiumxml.MaxName {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name, Model: m[1], Version: strings.ReplaceAll(m[2], "_", ".")}, true
}
