package standins

import (
	"fmt"
	"html"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// Panasonic is Panasonic's redirection server, as public clients that work with it have
// it: the calls, their answers and the codes of faults. Assumed: the names of the fields
// that getPhone answers.
type Panasonic struct{ holdings }

// NewPanasonic returns one.
func NewPanasonic() *Panasonic { return &Panasonic{hold()} }

const (
	panasonicUser     = "reseller.ours"
	panasonicPassword = "r3d1rect-hdv"
)

// Account is the one that the stand-in accepts.
func (s *Panasonic) Account() map[string]string {
	return map[string]string{"username": panasonicUser, "password": panasonicPassword}
}

// Phones answers phones at their MAC address by a redirect. Both are assumed: that they
// ask by HTTP is all that the manuals say.
func (s *Panasonic) Phones() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := mac.Parse(strings.TrimPrefix(r.URL.Path, "/"))
		at := s.Registered()[m]
		if err != nil || at == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Location", at+panasonicFile)
		w.WriteHeader(http.StatusFound)
	})
}

// panasonicFile is the file that phones of all models are sent to.
const panasonicFile = "{MODEL}.cfg"

// API answers calls.
func (s *Panasonic) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.URL.Path != "/redirect/xmlrpc" {
			http.NotFound(w, r)
			return
		}
		c, ok := readRPC(w, r, panasonicUser, panasonicPassword, s.revoked)
		if !ok {
			return
		}
		method := strings.TrimPrefix(c.Method, "ipredirect.")
		want := map[string]int{"registerPhone": 2, "unregisterPhone": 1, "getPhone": 1, "checkPhones": 1, "listPhones": 0}
		if n, known := want[method]; !known || n != len(c.Args) || method == c.Method {
			faultRPC(w)
			return
		}
		if method == "listPhones" {
			list := []string{}
			for m := range s.urls {
				list = append(list, "<value><string>"+m.Upper()+"</string></value>")
			}
			slices.Sort(list)
			respond(w, "<array><data>"+strings.Join(list, "")+"</data></array>")
			return
		}
		m, err := mac.Parse(c.Args[0])
		at, ours := s.urls[m]
		code, text := 0, "OK"
		switch {
		case err != nil || s.unmade[m]:
			code, text = 200, "The MAC address is not valid"
		case s.foreign[m]:
			code, text = 202, "The phone is owned by someone else"
		case !ours && method != "registerPhone":
			code, text = 201, "The phone was not found"
		}
		switch {
		case method == "checkPhones":
			respond(w, "<array><data><value>"+panasonicFault(code, text)+"</value></data></array>")
		case code != 0:
			_, _ = io.WriteString(w, "<?xml version=\"1.0\"?><methodResponse><fault><value>"+panasonicFault(code, text)+"</value></fault></methodResponse>")
		case method == "getPhone":
			respond(w, fmt.Sprintf("<struct><member><name>mac</name><value><string>%s</string></value></member><member><name>url</name><value><string>%s</string></value></member><member><name>registered</name><value><dateTime.iso8601>20261126T08:00:00</dateTime.iso8601></value></member></struct>",
				m.Upper(), html.EscapeString(at+panasonicFile)))
		case method == "unregisterPhone":
			delete(s.urls, m)
			respond(w, "<boolean>1</boolean>")
		default:
			s.register(w, m, c.Args[1])
		}
	})
}

// register keeps the folder of the address of a file.
func (s *Panasonic) register(w http.ResponseWriter, m mac.Addr, at string) {
	u, err := url.Parse(at)
	folder, named := strings.CutSuffix(at, panasonicFile)
	if err != nil || u.Host == "" || !named || len(at) > 384 {
		_, _ = io.WriteString(w, "<?xml version=\"1.0\"?><methodResponse><fault><value>"+panasonicFault(100, "The URL is not valid")+"</value></fault></methodResponse>")
		return
	}
	s.urls[m] = folder
	respond(w, "<boolean>1</boolean>")
}

func panasonicFault(code int, text string) string {
	return fmt.Sprintf("<struct><member><name>faultCode</name><value><int>%d</int></value></member><member><name>faultString</name><value><string>%s</string></value></member></struct>", code, text)
}

// respond answers with one value.
func respond(w http.ResponseWriter, value string) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, "<?xml version=\"1.0\"?><methodResponse><params><param><value>"+value+"</value></param></params></methodResponse>")
}
