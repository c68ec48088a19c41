// Package cisco is what Dialplane knows of Cisco's telephones: the multiplatform
// phones (MPP) of the 6800, 7800, 8800 and 9800 series, the Small Business SPA3xx and
// SPA5xx, the analog adapters SPA1xx, SPA2xx, SPA8xxx and ATA 19x, and the phones with
// enterprise firmware in SIP mode (79xx, 89xx, 99xx and others, and the ATA 190).
//
// There are two worlds. The first reads the flat profile that package flatprofile
// knows. The second belongs to Cisco's call manager: a phone asks by TFTP, or by HTTP
// at port 6970, for SEP<MAC>.cnf.xml at the address that DHCP gives, and nothing in that
// file can send it elsewhere; see templates/cisco-enterprise-base.xml. Which of the two a
// phone is shows in its User-Agent: Cisco-CP-8841-3PCC/11.3 is the first, Cisco-CP8841/12.5
// the second, of the same telephone. Here the second is called CP-8841.
//
// Not here are the DECT bases IP DECT 110 and 210 (DBS-110, DBS-210), which RTX makes: no
// document that names the parameters of their files could be found, and what RTX's other
// bases read is no proof.
package cisco

import (
	"embed"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/flatprofile"
)

//go:embed templates/*.xml
var templateFiles embed.FS

//go:embed parameters.txt
var parameters string

const name = "Cisco"

// Pack returns the vendor pack of Cisco. It panics if its dictionary cannot be read,
// which its tests rule out.
func Pack() vendor.Pack {
	dictionary, err := vendor.ParseDictionary(parameters)
	if err != nil {
		panic(err)
	}
	return vendor.Pack{
		Name:          name,
		OUIs:          ouis(),
		Templates:     vendor.Folder(templateFiles, "templates"),
		UserAgent:     userAgent,
		VendorClass:   vendorClass,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    dictionary,
		Directory:     flatprofile.Directory,
		// Of the flat profile's phones. Phones with enterprise firmware listen to
		// service-control with a body alone.
		Commands:  vendor.Commands{Reprovision: "resync", Reboot: "reboot_now"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    flatprofile.Refuse,
	}
}

// ouis are seen on Cisco's SIP telephones (Wazo, sipwise, FusionPBX), of more than a
// thousand blocks that it has. Those of Linksys and Sipura are in their pack.
func ouis() []string {
	return []string{
		"00562b", "8843e1", "002699", "503de5", "00e16d", "00da55", "10bd18", "0002fd", "708105",
		"d0c789", "bc671c", "c47295", "547c69", "701f53", "001873", "002155", "30e4db", "68efbd", "a44c11",
	}
}

// enterprise says whether a model, as the templates spell it, runs Cisco's enterprise
// firmware.
func enterprise(model string) bool { return enterpriseModel.MatchString(model) }

var enterpriseModel = regexp.MustCompile(`^(?:CP-\d{4}|79\d\dG?|89(?:41|45|61)|99[57]1|8821|ATA190)$`)

func parse(file string, body []byte) (*vendor.Config, error) {
	if f := strings.ToLower(file); strings.HasSuffix(f, ".cnf.xml") || f == "dialplan.xml" {
		return parseDevice(file, body)
	}
	return flatprofile.Parse(file, body)
}

func understand(c *vendor.Config) vendor.State {
	if _, ok := c.Lookup("deviceProtocol"); ok {
		return understandDevice(c)
	}
	return flatprofile.Understand(c)
}

func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	if enterprise(u.Model) {
		return bootDevice(u, get)
	}
	return flatprofile.Boot(firstFile(u.Model), u, get)
}

// firstFile is what a phone of a model asks for out of the box, $PSN in its default
// Profile_Rule.
func firstFile(model string) string {
	switch {
	case strings.HasPrefix(model, "ATA"):
		return strings.ToLower(model) + ".cfg"
	case strings.HasPrefix(model, "SPA"):
		return "spa" + strings.TrimPrefix(model, "SPA") + ".cfg"
	case desk9800(model):
		return "DP-" + model + ".xml"
	}
	return model + "-3PCC.xml"
}

// desk9800 says whether a model is of the series that runs PhoneOS.
func desk9800(model string) bool { return strings.HasPrefix(model, "98") || model == "8875" }
