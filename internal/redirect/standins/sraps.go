package standins

import (
	"encoding/json"
	"fmt"
	"html"
	"io"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
)

// SRAPS is Snom's SRAPS or Gigaset's GRAPE, as Snom's page on the REST API and the
// programs that use it show it (vendors-a, 3.3 and 6.3). What it answers for a phone
// of another company, and that a list of phones is paged, are assumptions.
type SRAPS struct {
	holdings
	hawk    hawk
	setting string // the name of the setting that is the address
	phones  func(*SRAPS) http.Handler
	stored  map[mac.Addr]srapsEndpoint
}

// srapsEndpoint is a phone as it is put and got.
type srapsEndpoint struct {
	MAC      string `json:"mac"`
	Enabled  bool   `json:"autoprovisioning_enabled"`
	Profile  string `json:"provisioning_profile,omitempty"`
	Settings map[string]struct {
		Value string            `json:"value"`
		Attrs map[string]string `json:"attrs"`
	} `json:"settings_manager"`
}

// The UUIDs and the page size of the stand-in.
const (
	srapsCompany = "708eb208e44d412dacf5fcf5230ccf1d"
	srapsSetting = "50a40056e44d412dacf5fcf5230cc001"
	srapsProfile = "5a5a5a5ae44d412dacf5fcf5230cc002"
	srapsPage    = 100
)

// NewSRAPS returns Snom's.
func NewSRAPS(now func() time.Time) *SRAPS {
	return newSRAPS(now, "setting_server", func(s *SRAPS) http.Handler { return snomPhones(s.Registered) })
}

// NewGRAPE returns Gigaset's.
func NewGRAPE(now func() time.Time) *SRAPS {
	return newSRAPS(now, "ProvisioningServer", func(s *SRAPS) http.Handler { return gigasetPhones(s.Registered) })
}

func newSRAPS(now func() time.Time, setting string, phones func(*SRAPS) http.Handler) *SRAPS {
	return &SRAPS{
		holdings: hold(), setting: setting, phones: phones, stored: make(map[mac.Addr]srapsEndpoint),
		hawk: hawk{id: "ck_0f8d7c6b5a49", key: "c2VjcmV0IG9mIGEgc3RhbmQtaW4", now: now, seen: make(map[string]bool)},
	}
}

// Account is the one that the stand-in accepts.
func (s *SRAPS) Account() map[string]string {
	return map[string]string{"key_id": s.hawk.id, "key_secret": s.hawk.key, "profile": "Redirected by us"}
}

// Phones answers phones.
func (s *SRAPS) Phones() http.Handler { return s.phones(s) }

// API answers calls.
func (s *SRAPS) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /tokens/{id}", func(w http.ResponseWriter, r *http.Request) {
		if r.PathValue("id") != s.hawk.id {
			problem(w, http.StatusNotFound, "Not found.")
			return
		}
		writeJSON(w, http.StatusOK, map[string]any{"uuid": s.hawk.id, "links": map[string]string{"company": base(r) + "/companies/" + srapsCompany}})
	})
	mux.HandleFunc("GET /companies/"+srapsCompany, func(w http.ResponseWriter, r *http.Request) {
		writeJSON(w, http.StatusOK, map[string]any{"uuid": srapsCompany, "name": "Ours", "links": map[string]any{
			"endpoints": base(r) + "/companies/" + srapsCompany + "/endpoints/", "parent": nil,
		}})
	})
	mux.HandleFunc("GET /settings/", func(w http.ResponseWriter, r *http.Request) {
		var items []any
		for i := range 2*srapsPage + 1 {
			items = append(items, map[string]any{"uuid": fmt.Sprintf("%032x", i), "param_name": fmt.Sprintf("setting_%d", i), "default": 0})
		}
		page(w, r, append(items, map[string]any{"uuid": srapsSetting, "param_name": s.setting, "default": nil}))
	})
	mux.HandleFunc("GET /companies/"+srapsCompany+"/provisioning-profiles/", func(w http.ResponseWriter, r *http.Request) {
		page(w, r, []any{map[string]string{"uuid": srapsProfile, "name": "Redirected by us"}})
	})
	mux.HandleFunc("GET /companies/"+srapsCompany+"/endpoints/{$}", func(w http.ResponseWriter, r *http.Request) {
		var items []any
		for _, m := range slices.SortedFunc(maps.Keys(s.stored), func(a, b mac.Addr) int { return strings.Compare(a.String(), b.String()) }) {
			items = append(items, s.stored[m])
		}
		page(w, r, items)
	})
	mux.HandleFunc("/companies/"+srapsCompany+"/endpoints/{mac}", s.endpoint)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
		if err != nil {
			return
		}
		r.Body = io.NopCloser(strings.NewReader(string(body)))
		s.mu.Lock()
		defer s.mu.Unlock()
		if err := s.hawk.check(r, body); err != nil || s.revoked {
			w.Header().Set("WWW-Authenticate", `Hawk`)
			if err != nil {
				w.Header().Set("WWW-Authenticate", fmt.Sprintf(`Hawk error="%s"`, err))
			}
			problem(w, http.StatusUnauthorized, "Invalid credentials.")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (s *SRAPS) endpoint(w http.ResponseWriter, r *http.Request) {
	m, err := mac.Parse(r.PathValue("mac"))
	switch {
	case err != nil || r.PathValue("mac") != m.String():
		problem(w, http.StatusBadRequest, "mac: This is not a MAC address of 12 lower-case digits.")
		return
	case s.foreign[m]:
		problem(w, http.StatusForbidden, "This endpoint belongs to another company.")
		return
	}
	_, known := s.stored[m]
	switch r.Method {
	case http.MethodPut:
		s.put(w, r, m)
	case http.MethodGet:
		if !known {
			problem(w, http.StatusNotFound, "Not found.")
			return
		}
		writeJSON(w, http.StatusOK, s.stored[m])
	case http.MethodDelete:
		if !known {
			problem(w, http.StatusNotFound, "Not found.")
			return
		}
		delete(s.stored, m)
		delete(s.urls, m)
		w.WriteHeader(http.StatusNoContent)
	default:
		w.WriteHeader(http.StatusMethodNotAllowed)
	}
}

func (s *SRAPS) put(w http.ResponseWriter, r *http.Request, m mac.Addr) {
	var e srapsEndpoint
	d := json.NewDecoder(r.Body)
	d.DisallowUnknownFields()
	if err := d.Decode(&e); err != nil || e.MAC != m.String() {
		problem(w, http.StatusBadRequest, "The endpoint is malformed.")
		return
	}
	if s.unmade[m] {
		problem(w, http.StatusBadRequest, "mac: No product has <this> address.")
		return
	}
	if e.Profile != "" && e.Profile != srapsProfile {
		problem(w, http.StatusBadRequest, "provisioning_profile: does not exist.")
		return
	}
	s.stored[m] = e
	delete(s.urls, m)
	if at, ok := e.Settings[srapsSetting]; ok && e.Enabled {
		s.urls[m] = at.Value
	}
	writeJSON(w, http.StatusOK, s.stored[m])
}

// base is the URL of the API that a request came to.
func base(r *http.Request) string { return "https://" + r.Host }

func problem(w http.ResponseWriter, status int, message string) {
	writeJSON(w, status, map[string]string{"message": message})
}

// page answers with one page of a list and a link to the next (RFC 8288).
func page(w http.ResponseWriter, r *http.Request, items []any) {
	size, number := srapsPage, 1
	if n, err := strconv.Atoi(r.URL.Query().Get("page_size")); err == nil && n > 0 {
		size = min(n, srapsPage)
	}
	if n, err := strconv.Atoi(r.URL.Query().Get("page")); err == nil && n > 0 {
		number = n
	}
	from := min((number-1)*size, len(items))
	to := min(from+size, len(items))
	if to < len(items) {
		next := fmt.Sprintf(`<%s%s?page=%d&page_size=%d>; rel="next"`, base(r), r.URL.Path, number+1, size)
		w.Header().Set("Link", fmt.Sprintf(`<%s%s>; rel="first"; title="a, b", %s`, base(r), r.URL.Path, next))
	}
	if from == to {
		writeJSON(w, http.StatusOK, []any{})
		return
	}
	writeJSON(w, http.StatusOK, items[from:to])
}

// snomPhones answers as Snom's server does that a phone asks which has found no other
// (snom<model>/snom<model>.php?mac=<MAC>, as Snom's own pnpserv names it): with settings,
// of which setting_server is the address.
func snomPhones(registered func() map[mac.Addr]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		folder, file, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/")
		m, err := mac.Parse(r.URL.Query().Get("mac"))
		at := registered()[m]
		if err != nil || !strings.HasPrefix(folder, "snom") || file != folder+".php" || at == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Content-Type", "text/xml; charset=utf-8")
		_, _ = fmt.Fprintf(w, "<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<settings><phone-settings>\n<setting_server perm=\"RW\">%s</setting_server>\n</phone-settings></settings>\n", html.EscapeString(at))
	})
}

// gigasetPhones answers phones with a redirect to their address. That the real service
// asks them for HTTP digest first (the MAC address and the MAC-ID) is left out: a
// simulated phone has no MAC-ID. By which name a phone asks is not public; here it is
// the MAC address.
func gigasetPhones(registered func() map[mac.Addr]string) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		m, err := mac.Parse(strings.TrimSuffix(strings.TrimPrefix(r.URL.Path, "/"), ".xml"))
		at := registered()[m]
		if err != nil || at == "" {
			http.NotFound(w, r)
			return
		}
		w.Header().Set("Location", strings.ReplaceAll(at, "%MACD", m.Upper()))
		w.WriteHeader(http.StatusFound)
	})
}
