package standins

import (
	"net/http"
	"net/url"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// XMLRPS is the XML-RPC interface redirect.* of Yealink, Htek and Akuvox: calls and
// texts of Htek's wiki (page 416448516) and, of checkDevice and addServer, those that a
// client of Yealink's tells apart. Assumed: that adding a server again with another
// address fails, with the text in errServerExists.
type XMLRPS struct {
	holdings
	path    string
	unique  bool // has registerDeviceWithUniqueUrl
	phones  func(*XMLRPS) http.Handler
	servers map[string]string
}

// NewYealinkXMLRPC returns Yealink's.
func NewYealinkXMLRPC() *XMLRPS {
	return &XMLRPS{hold(), "/xmlrpc", true, func(s *XMLRPS) http.Handler { return yealinkPhones(s.Registered) }, make(map[string]string)}
}

// NewHtek returns Htek's. Its phones ask for files below index.php/fn/g, and the names
// with cfg lead to the same below the registered address, which ends without a slash
// (wiki, pages 25661261 and 25661262).
func NewHtek() *XMLRPS {
	return &XMLRPS{hold(), "/index.php/xmlrpc", false, func(s *XMLRPS) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			file, ok := strings.CutPrefix(r.URL.Path, "/index.php/fn/g/cfg")
			m, err := mac.Parse(strings.TrimSuffix(file, ".xml"))
			at := s.Registered()[m]
			if !ok || err != nil || at == "" {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Location", at+"/cfg"+file)
			w.WriteHeader(http.StatusFound)
		})
	}, make(map[string]string)}
}

// NewAkuvox returns Akuvox'. How its phones ask is assumed: for <mac>.cfg, which leads
// to the same below the registered address.
func NewAkuvox() *XMLRPS {
	return &XMLRPS{hold(), "/fcgi/do?id=1", false, func(s *XMLRPS) http.Handler {
		return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			file := strings.TrimPrefix(r.URL.Path, "/")
			m, err := mac.Parse(strings.TrimSuffix(file, ".cfg"))
			at := s.Registered()[m]
			if err != nil || at == "" {
				http.NotFound(w, r)
				return
			}
			w.Header().Set("Location", at+file)
			w.WriteHeader(http.StatusFound)
		})
	}, make(map[string]string)}
}

const (
	xmlrpsUser      = "rps.ours"
	xmlrpsPassword  = "c0nfig-desk" //nolint:gosec // made up
	errServerExists = "Error:Server name existed"
	errServerName   = "Error:The server name can only contain 'A-z 0-9 - _ . '(include space)"
)

// serverNames are at most 20 of the characters that errServerName lists.
var serverNames = regexp.MustCompile(`^[A-Za-z0-9._ -]{1,20}$`)

// Account is the one that the stand-in accepts.
func (s *XMLRPS) Account() map[string]string {
	return map[string]string{"username": xmlrpsUser, "password": xmlrpsPassword}
}

// Phones answers phones.
func (s *XMLRPS) Phones() http.Handler { return s.phones(s) }

// API answers calls.
func (s *XMLRPS) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.URL.RequestURI() != s.path {
			http.NotFound(w, r)
			return
		}
		c, ok := readRPC(w, r, xmlrpsUser, xmlrpsPassword, s.revoked)
		if !ok {
			return
		}
		switch n := len(c.Args); {
		case c.Method == "redirect.addServer" && n == 2:
			s.addServer(w, c.Args[0], c.Args[1])
		case c.Method == "redirect.checkDevice" && n == 1:
			s.check(w, c.Args[0])
		case c.Method == "redirect.deRegisterDevice" && n == 1:
			m, err := mac.Parse(c.Args[0])
			if _, ours := s.urls[m]; err != nil || !ours {
				writeRPC(w, false, "Error:Invalid MAC(s):"+c.Args[0])
				return
			}
			delete(s.urls, m)
			writeRPC(w, true, "OK")
		case c.Method == "redirect.registerDevice" && (n == 2 || n == 3):
			s.register(w, c.Args[0], c.Args[1], s.servers[c.Args[1]], n == 3 && c.Args[2] == "1")
		case s.unique && c.Method == "redirect.registerDeviceWithUniqueUrl" && n == 4:
			s.register(w, c.Args[0], c.Args[1], c.Args[2], c.Args[3] == "1")
		default:
			faultRPC(w)
		}
	})
}

func (s *XMLRPS) addServer(w http.ResponseWriter, name, address string) {
	u, err := url.Parse(address)
	_, exists := s.servers[name]
	switch {
	case !serverNames.MatchString(name):
		writeRPC(w, false, errServerName)
	case err != nil || u.Host == "":
		writeRPC(w, false, "Error:Invalid URL")
	case exists:
		writeRPC(w, false, errServerExists)
	default:
		s.servers[name] = address
		writeRPC(w, true, "OK")
	}
}

func (s *XMLRPS) check(w http.ResponseWriter, text string) {
	m, err := mac.Parse(text)
	_, ours := s.urls[m]
	switch {
	case err != nil:
		writeRPC(w, false, "Error:Invalid MAC")
	case ours:
		writeRPC(w, true, "Registered")
	case s.foreign[m]:
		writeRPC(w, true, "Registered Elsewhere")
	case s.unmade[m]:
		writeRPC(w, true, "Unknown")
	default:
		writeRPC(w, true, "Unregistered")
	}
}

// register links a device with a server. The override takes it from whoever has it, so
// that a client which overrides without being asked by its owner steals devices.
func (s *XMLRPS) register(w http.ResponseWriter, text, server, address string, override bool) {
	m, err := mac.Parse(text)
	_, ours := s.urls[m]
	_, known := s.servers[server]
	switch {
	case err != nil || s.unmade[m]:
		writeRPC(w, false, "Error:Invalid MAC(s):"+text)
	case !known:
		writeRPC(w, false, "Error:Invalid Server")
	case ours && !override:
		writeRPC(w, false, "Existing MAC(s): "+text)
	case s.foreign[m] && !override:
		writeRPC(w, false, "Are you sure you want to override MAC addresses: "+text)
	default:
		delete(s.foreign, m)
		s.urls[m] = address
		writeRPC(w, true, "OK")
	}
}
