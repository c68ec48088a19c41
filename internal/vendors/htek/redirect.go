package htek

import (
	"net/http"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/xmlrps"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Redirects returns Htek's redirect service. It names no limit of calls; ours is two
// devices a second, of two or three calls each.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "htek-rps", Vendor: name, Title: "Htek RPS",
		Source:  "Htek's wiki, page 416448516 (Htek XML API for RPS), of which the calls for one device could be read; the texts of checkDevice are those of Yealink's, which has the same interface",
		Regions: []redirect.Region{{Name: "worldwide", URL: "https://rps.htek.com"}},
		Fields:  xmlrps.Fields("the RPS account, which Htek or a distributor gives out"),
		Batch:   1, Rate: 2, Rest: time.Minute,
		Open: func(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
			// The document's example of an address ends without a slash, and the service
			// adds one before the file's name.
			return xmlrps.New(a, c, xmlrps.Dialect{Path: "/index.php/xmlrpc", MAC: mac.Addr.String, Address: func(u string) string { return strings.TrimSuffix(u, "/") }})
		},
	}}
}

// askRedirect asks for the phone's own file where a phone is set to look as it leaves
// the factory: the service redirects to the file at the registered address (Htek's wiki,
// pages 25661261 and 25661262).
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	file := "cfg" + u.MAC.String() + ".xml"
	return get.FolderOf("index.php/fn/g/"+file, file)
}
