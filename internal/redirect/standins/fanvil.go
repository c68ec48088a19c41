package standins

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// FDPS is Fanvil's redirect service, as public clients that work with it have it: the
// calls, the answers of a boolean and a text, a list of addresses or JSON; that a group
// with a device in it cannot be deleted, nor one made that is there; the texts
// device_not_exist, server_not_exist and server_had_existed. Assumed: the other texts,
// and that a device of somebody else's does not exist for those who deregister it.
type FDPS struct {
	holdings
	groups map[string]map[string]string // settings by name
	member map[mac.Addr]string
}

// NewFDPS returns one.
func NewFDPS() *FDPS {
	return &FDPS{hold(), make(map[string]map[string]string), make(map[mac.Addr]string)}
}

const (
	fdpsUser     = "fdps.ours"
	fdpsPassword = "f4nvil-Pass"
	fdpsHash     = "ea419d18015c1805ec99338620cc7c66" // md5sum of the hex that md5sum makes of it
)

// Account is the one that the stand-in accepts.
func (s *FDPS) Account() map[string]string {
	return map[string]string{"username": fdpsUser, "password": fdpsPassword}
}

// Phones answers phones with settings for <mac>.cfg; how they really ask is not public.
func (s *FDPS) Phones() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		m, err := mac.Parse(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".cfg"))
		set := s.groups[s.member[m]]
		if err != nil || set == nil {
			http.NotFound(w, r)
			return
		}
		_, _ = fmt.Fprintf(w, "<<VOIP CONFIG FILE>>Version:2.0000000000                      \n<AUTOUPDATE CONFIG MODULE>\nFlash Server IP    :%s\nFlash File Name    :%s\nFlash Protocol     :%s\nFlash Mode         :%s\n<<END OF FILE>>\n",
			set["cfgPfSrv"], set["cfgPfName"], set["cfgPfProt"], set["cfgPfMode"])
	})
}

// API answers calls.
func (s *FDPS) API() http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		if r.URL.Path != "/xmlrpc.php" {
			http.NotFound(w, r)
			return
		}
		var whole bytes.Buffer
		r.Body = io.NopCloser(io.TeeReader(r.Body, &whole))
		c, ok := readRPC(w, r, fdpsUser, fdpsHash, s.revoked)
		if !ok {
			return
		}
		switch n := len(c.Args); {
		case c.Method == "redirect.addMaterialServer":
			var list struct {
				Settings []string `xml:"params>param>value>array>data>value>string"`
			}
			_ = xml.Unmarshal(whole.Bytes(), &list)
			s.addGroup(w, list.Settings)
		case c.Method == "redirect.deleteServer" && n == 1:
			s.deleteGroup(w, c.Args[0])
		case c.Method == "redirect.deRegisterDevice" && n == 1:
			m, err := mac.Parse(c.Args[0])
			if _, ours := s.urls[m]; err != nil || !ours {
				s.say(w, false, "Error:device_not_exist")
				return
			}
			delete(s.urls, m)
			delete(s.member, m)
			s.say(w, true, "Ok")
		case c.Method == "redirect.registerDevice" && n == 2:
			s.register(w, c.Args[0], c.Args[1])
		case c.Method == "redirect.listDevices" && n == 0:
			s.list(w)
		case c.Method == "redirect.listServers" && n == 0:
			names := []string{}
			for name := range s.groups {
				names = append(names, name)
			}
			text, _ := json.Marshal(names)
			s.say(w, true, strings.ReplaceAll(string(text), `"`, "&#34;"))
		default:
			faultRPC(w)
		}
	})
}

func (s *FDPS) addGroup(w http.ResponseWriter, settings []string) {
	known := []string{"cfgName", "cfgPfMode", "cfgDhcpOpt", "cfgPnpEnable", "cfgPfSrv", "cfgPfName", "cfgPfProt"}
	set := make(map[string]string)
	for _, one := range settings {
		name, value, ok := strings.Cut(one, "=")
		if !ok || !slices.Contains(known, name) || set[name] != "" {
			s.say(w, false, "Error:parameter_error")
			return
		}
		set[name] = value
	}
	switch {
	case set["cfgName"] == "" || set["cfgPfSrv"] == "" || strings.Contains(set["cfgPfSrv"], "/") || strings.HasPrefix(set["cfgPfName"], "/") || !slices.Contains([]string{"1", "2", "4", "5"}, set["cfgPfProt"]):
		s.say(w, false, "Error:parameter_error")
	case s.groups[set["cfgName"]] != nil:
		s.say(w, false, "Error:server_had_existed")
	default:
		s.groups[set["cfgName"]] = set
		s.say(w, true, "Ok")
	}
}

func (s *FDPS) deleteGroup(w http.ResponseWriter, name string) {
	for _, group := range s.member {
		if group == name {
			s.say(w, false, "Error:server_in_use")
			return
		}
	}
	if s.groups[name] == nil {
		s.say(w, false, "Error:server_not_exist")
		return
	}
	delete(s.groups, name)
	s.say(w, true, "Ok")
}

func (s *FDPS) register(w http.ResponseWriter, text, group string) {
	m, err := mac.Parse(text)
	_, ours := s.urls[m]
	set := s.groups[group]
	switch {
	case err != nil || s.unmade[m]:
		s.say(w, false, "Error:invalid_mac")
	case set == nil:
		s.say(w, false, "Error:server_not_exist")
	case ours || s.foreign[m]:
		s.say(w, false, "Error:device_had_existed")
	default:
		s.member[m] = group
		s.urls[m] = map[string]string{"4": "http", "5": "https"}[set["cfgPfProt"]] + "://" + set["cfgPfSrv"] + "/" + set["cfgPfName"]
		s.say(w, true, "Ok")
	}
}

func (s *FDPS) list(w http.ResponseWriter) {
	_, _ = io.WriteString(w, "<?xml version=\"1.0\"?><methodResponse><params><param><value><array><data><value><boolean>1</boolean></value><value><array><data>")
	for m := range s.urls {
		_, _ = fmt.Fprintf(w, "<value><string>%s</string></value>", m.Upper())
	}
	_, _ = io.WriteString(w, "</data></array></value></data></array></value></param></params></methodResponse>")
}

func (s *FDPS) say(w http.ResponseWriter, ok bool, text string) {
	_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\"?><methodResponse><params><param><value><array><data><value><boolean>%d</boolean></value><value><string>%s</string></value></data></array></value></param></params></methodResponse>",
		map[bool]int{true: 1}[ok], html.EscapeString(text))
}
