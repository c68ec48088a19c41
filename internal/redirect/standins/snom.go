package standins

import (
	"net/http"
	"net/url"

	"github.com/dialplane/dialplane/internal/mac"
)

// SnomXMLRPC is Snom's redirect service as its page on the XML-RPC API describes it
// (service.snom.com/display/wiki/XML-RPC+API). That a registered phone must be
// deregistered before it can go elsewhere is how Snom's own command line treats it.
type SnomXMLRPC struct{ holdings }

// NewSnomXMLRPC returns one.
func NewSnomXMLRPC() *SnomXMLRPC { return &SnomXMLRPC{hold()} }

const (
	snomUser     = "rds.ours"
	snomPassword = "t0uch-les5"
)

// Account is the one that the stand-in accepts.
func (s *SnomXMLRPC) Account() map[string]string {
	return map[string]string{"username": snomUser, "password": snomPassword}
}

// Phones answers phones.
func (s *SnomXMLRPC) Phones() http.Handler { return snomPhones(s.Registered) }

// API answers calls.
func (s *SnomXMLRPC) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.URL.Path != "/" { // "the trailing slash is mandatory"
			http.NotFound(w, r)
			return
		}
		c, ok := readRPC(w, r, snomUser, snomPassword, s.revoked)
		if !ok {
			return
		}
		want := map[string]int{"redirect.registerPhone": 2, "redirect.deregisterPhone": 1, "redirect.getPhoneRedirection": 1, "redirect.checkPhone": 1}
		if n, known := want[c.Method]; !known || n != len(c.Args) {
			faultRPC(w)
			return
		}
		m, err := mac.Parse(c.Args[0])
		at, registered := s.urls[m]
		switch {
		case err != nil || s.unmade[m]:
			writeRPC(w, false, "Error:malformed_mac")
		case s.foreign[m]:
			writeRPC(w, false, "Error:owned_by_other_user")
		case c.Method == "redirect.registerPhone":
			u, err := url.Parse(c.Args[1])
			switch {
			case err != nil || u.Host == "":
				writeRPC(w, false, "Error:malformed_url")
			case registered:
				writeRPC(w, false, "Error:already_registered")
			default:
				s.urls[m] = c.Args[1]
				writeRPC(w, true, "Ok")
			}
		case !registered:
			writeRPC(w, false, "Error:no_such_mac")
		case c.Method == "redirect.deregisterPhone":
			delete(s.urls, m)
			writeRPC(w, true, "Ok")
		case c.Method == "redirect.getPhoneRedirection":
			writeRPC(w, true, "Ours & Co", at)
		default:
			writeRPC(w, true, "Ok")
		}
	})
}
