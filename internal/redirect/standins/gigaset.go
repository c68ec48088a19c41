package standins

import (
	"net/http"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// GigasetRedirect is Gigaset's redirect server, as its wiki ("Gigaset Redirect server")
// and the programs that use it show it (vendors-a, 6.3). How the four characters of a
// MAC-ID are made is not public: the stand-in wants those of GigasetCode.
type GigasetRedirect struct{ holdings }

// NewGigasetRedirect returns one.
func NewGigasetRedirect() *GigasetRedirect { return &GigasetRedirect{hold()} }

const (
	gigasetUser     = "ours@example.org"
	gigasetPassword = "Zk5-prov" //nolint:gosec // of the stand-in alone
)

// GigasetCode makes the characters that the stand-in wants behind a MAC address. The
// real ones are made in a way that Gigaset keeps to itself.
func GigasetCode(m mac.Addr) string {
	const digits = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var code [4]byte
	for i := range code {
		code[i] = digits[(int(m[i])+int(m[i+1])*7+int(m[i+2])*31)%len(digits)]
	}
	return string(code[:])
}

// Account is the one that the stand-in accepts.
func (g *GigasetRedirect) Account() map[string]string {
	return map[string]string{"username": gigasetUser, "password": gigasetPassword, "provider": "Ours"}
}

// Phones answers phones.
func (g *GigasetRedirect) Phones() http.Handler { return gigasetPhones(g.Registered) }

// API answers calls.
func (g *GigasetRedirect) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		g.mu.Lock()
		defer g.mu.Unlock()
		c, ok := readRPC(w, r, gigasetUser, gigasetPassword, g.revoked)
		if !ok {
			return
		}
		want := map[string]int{"autoprov.registerDevice": 3, "autoprov.deregisterDevice": 1, "autoprov.checkDevice": 1}
		if n, known := want[c.Method]; !known || n != len(c.Args) {
			faultRPC(w)
			return
		}
		digits, code, _ := strings.Cut(c.Args[0], "-")
		m, err := mac.Parse(digits)
		switch {
		case err != nil || digits != m.Upper():
			writeRPC(w, false, "mac_invalid:"+digits)
			return
		case code != GigasetCode(m):
			writeRPC(w, false, "mac_not_exist:"+digits)
			return
		case g.unmade[m]:
			writeRPC(w, false, "mac_not_exist:"+digits)
			return
		}
		_, registered := g.urls[m]
		switch c.Method {
		case "autoprov.registerDevice":
			u, err := url.Parse(strings.ReplaceAll(c.Args[1], "%MACD", digits))
			switch {
			case g.foreign[m] || registered:
				writeRPC(w, false, "mac_already_in_use:"+digits)
			case err != nil || u.Host == "":
				writeRPC(w, false, "url_invalid:"+c.Args[1])
			case c.Args[2] == "":
				writeRPC(w, false, "name_invalid:"+c.Args[2])
			default:
				g.urls[m] = c.Args[1]
				writeRPC(w, true, "ok")
			}
		case "autoprov.deregisterDevice":
			if !registered {
				writeRPC(w, false, "mac_not_found:"+digits)
				return
			}
			delete(g.urls, m)
			writeRPC(w, true, "ok")
		default:
			if !registered {
				writeRPC(w, false, "mac_not_found:"+digits)
				return
			}
			writeRPC(w, true, digits)
		}
	})
}
