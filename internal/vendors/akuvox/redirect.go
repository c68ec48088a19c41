package akuvox

import (
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/xmlrps"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Redirects returns Akuvox' redirect service. Its document has the address over http
// alone, and an account's password is not sent so: whether it answers over TLS, and by
// what name, Akuvox tells its customers. It names no limit of calls; ours is two devices
// a second, of two or three calls each.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "akuvox-rps", Vendor: name, Title: "Akuvox RPS",
		Source:  "Akuvox' wiki, How to setup xml api for RPS, of which registerDevice could be read; the other calls are those of Htek's interface, which is the same",
		Regions: []redirect.Region{{Name: "documented", URL: "https://58.96.188.87"}},
		Fields:  xmlrps.Fields("the RPS account, which Akuvox gives out (techsupport@akuvox.com)"),
		Batch:   1, Rate: 2, Rest: time.Minute,
		Open: func(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
			return xmlrps.New(a, c, xmlrps.Dialect{Path: "/fcgi/do?id=1", MAC: mac.Addr.Upper})
		},
	}}
}

// askRedirect asks for the phone's own file and is redirected to it. That is assumed:
// how Akuvox' phones ask is not public.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	file := u.MAC.String() + ".cfg"
	return get.FolderOf(file, file)
}
