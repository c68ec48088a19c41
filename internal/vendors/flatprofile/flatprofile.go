// Package flatprofile is what Cisco's and Linksys's telephones have in common
// since Sipura made the first of them: the SPA phones and adapters of both names and
// Cisco's multiplatform phones (6800, 7800, 8800, 9800 and the ATA 191 and 192).
//
// They read an open profile: <flat-profile> with an element for each parameter, named
// as the field of the phone's web page with _ for what an element's name cannot hold,
// and with the number of the line or key between two of them: <Proxy_1_>. They keep
// what a profile does not name, so that what is to vanish has to be emptied.
//
// A phone fetches what its Profile_Rule says; out of the box that is a file named for
// its model on the server that DHCP gives. See Boot.
//
// Sources: Cisco's Provisioning Guides for the 6800 series (easymanua.ls/cisco/6800-series
// p. 18–19), the SPA 100 and 200 series (easymanua.ls/cisco/spa100-series p. 16) and the
// Small Business telephones (studylib.net 14406629), and Linksys's SPA Provisioning
// Guide 3.0 (manualowl.com SPA2102-AU p. 30).
package flatprofile

import (
	"strings"

	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// Refuse returns why no profile can carry a value, or "". XML carries nearly all
// text; but a phone writes its own user or proxy in place of two words.
func Refuse(value string) string {
	for _, word := range []string{"$USER", "$PROXY"} {
		if strings.Contains(strings.ToUpper(value), word) {
			return "the phone writes its own data in place of " + word
		}
	}
	return xmlfile.Refuse(value)
}
