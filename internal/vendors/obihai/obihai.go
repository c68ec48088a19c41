// Package obihai knows the telephone adapters and phones of Obihai, which became
// Poly's: OBi1x0, OBi2xx, OBi3xx, OBi50x and ATA 40x, the OBi1022, 1032 and 1062, and the
// DECT base VVX D230. Not here are Poly's Rove bases: no document or file shows what
// they read.
//
// # What the devices fetch
//
// A device fetches one file, that of X_DeviceManagement.ITSPProvisioning.ConfigURL,
// a little after it starts and then at an interval. In the address $MAC stands for
// its MAC address and $DM for its model; where nobody has set it, it is
// tftp://$DHCPOPT66/$DM.xml (from memory). So <model>.xml, which is the same for
// all, tells it to ask for its own file, and that one, once, where that file is.
//
// # Files
//
// A file is a <ParameterList> of objects, each with a name that ends in a dot and
// parameters with a name and a value, after TR-104 and with tags in full or of one
// letter (OBi1062 Administration Guide, p. 23). A value may be left to the factory's
// default with X_UseDefault="Yes" or X_UD="Y"; such a parameter is not set here.
//
// # Restarting
//
// The event resync makes a device restart, and so fetch, if X_AcceptResync lets it
// (OBi1062 guide p. 192, VVX D230 guide p. 82). No event is known that makes it fetch
// and go on.
package obihai

import (
	"cmp"
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

var (
	//go:embed templates/*.xml
	templates embed.FS
	//go:embed parameters.txt
	parameters string
)

const name = "Obihai"

// Pack returns what is known of Obihai.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		Aliases:       []string{"OBi"},
		OUIs:          []string{"9cadef"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Commands:      vendor.Commands{Reprovision: "resync", Reboot: "resync"},
		Discovery:     func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:        xmlfile.Refuse,
	}
}

// httpUserAgent is the form that has been seen in SIP; how a device names itself in
// HTTP (X_DeviceManagement.HTTPClient.UserAgent) is known of the VVX D230 alone: $DM.
func httpUserAgent(u vendor.Unit) string {
	if u.Model == d230 {
		return d230
	}
	usual := "3.2.2.5921"
	if strings.HasPrefix(u.Model, "OBi10") {
		usual = "5.1.11.4858"
	}
	return "OBIHAI/" + u.Model + "-" + cmp.Or(u.Firmware, usual)
}
