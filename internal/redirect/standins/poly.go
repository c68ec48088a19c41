package standins

import (
	"encoding/json"
	"fmt"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// PolyZTP is Poly's Zero Touch, as the programs that use its API show it. How it pages
// profiles, that GET of another account's phone is not found, and what it says where it
// refuses are assumptions.
type PolyZTP struct {
	holdings
	profiles map[string]map[string]any
	devices  map[mac.Addr]string // their profiles
	made     int
}

// NewPolyZTP returns one.
func NewPolyZTP() *PolyZTP {
	return &PolyZTP{
		holdings: hold(), devices: make(map[mac.Addr]string),
		profiles: map[string]map[string]any{"p0": {"id": "p0", "name": "The customer's own", "enabled": true, "template": map[string]any{}}},
	}
}

const polyKey = "K3yOfTheZer0TouchPartnerAPI"

// Account is the one that the stand-in accepts.
func (p *PolyZTP) Account() map[string]string { return map[string]string{"api_key": polyKey} }

// Phones is nil: how phones ask Zero Touch, with their certificates, is not public.
func (p *PolyZTP) Phones() http.Handler { return nil }

// Registered is where the profile of each device sends it.
func (p *PolyZTP) Registered() map[mac.Addr]string {
	p.mu.Lock()
	defer p.mu.Unlock()
	out := make(map[mac.Addr]string)
	for m, id := range p.devices {
		var of struct {
			Enabled  bool
			Template struct {
				Provisioning struct{ Server struct{ Address string } }
			}
		}
		text, err := json.Marshal(p.profiles[id])
		if err == nil && json.Unmarshal(text, &of) == nil && of.Enabled {
			out[m] = of.Template.Provisioning.Server.Address
		}
	}
	return out
}

// Adopt puts a device into the account with a profile of the customer's own.
func (p *PolyZTP) Adopt(m mac.Addr) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.devices[m] = "p0"
}

// Profiles are the names of the account's profiles.
func (p *PolyZTP) Profiles() []string {
	p.mu.Lock()
	defer p.mu.Unlock()
	var names []string
	for _, of := range p.profiles {
		names = append(names, fmt.Sprint(of["name"]))
	}
	slices.Sort(names)
	return names
}

// API answers calls.
func (p *PolyZTP) API() http.Handler {
	mux := http.NewServeMux()
	mux.HandleFunc("GET /profiles", func(w http.ResponseWriter, r *http.Request) {
		var items []any
		for _, id := range sortedKeys(p.profiles) {
			items = append(items, p.profiles[id])
		}
		results(w, r, items)
	})
	mux.HandleFunc("POST /profiles", func(w http.ResponseWriter, r *http.Request) {
		p.made++
		p.write(w, r, fmt.Sprintf("p%04d", p.made))
	})
	mux.HandleFunc("/profiles/{id}", func(w http.ResponseWriter, r *http.Request) {
		id := r.PathValue("id")
		switch {
		case p.profiles[id] == nil:
			problem(w, http.StatusNotFound, "Not Found")
		case r.Method == http.MethodGet:
			writeJSON(w, http.StatusOK, p.profiles[id])
		case r.Method == http.MethodPut:
			p.write(w, r, id)
		case r.Method == http.MethodDelete:
			delete(p.profiles, id)
			writeJSON(w, http.StatusOK, map[string]string{"id": id})
		}
	})
	mux.HandleFunc("GET /devices", func(w http.ResponseWriter, r *http.Request) {
		byName := make(map[string]string)
		for m, id := range p.devices {
			byName[m.String()] = id
		}
		var items []any
		for _, name := range sortedKeys(byName) {
			items = append(items, map[string]string{"id": name, "profileid": byName[name]})
		}
		results(w, r, items)
	})
	mux.HandleFunc("POST /devices", func(w http.ResponseWriter, r *http.Request) {
		var d struct{ ID, Profile string }
		malformed := json.NewDecoder(r.Body).Decode(&d)
		m, err := mac.Parse(d.ID)
		switch {
		case malformed != nil || err != nil || p.unmade[m]:
			problem(w, http.StatusBadRequest, "Invalid device ID.")
		case p.foreign[m] || p.devices[m] != "":
			problem(w, http.StatusConflict, "The device is already registered.")
		case p.profiles[d.Profile] == nil:
			problem(w, http.StatusBadRequest, "Invalid profile.")
		default:
			p.devices[m] = d.Profile
			writeJSON(w, http.StatusOK, map[string]string{"id": d.ID, "profileid": d.Profile})
		}
	})
	mux.HandleFunc("/devices/{id}", func(w http.ResponseWriter, r *http.Request) {
		m, err := mac.Parse(r.PathValue("id"))
		id := p.devices[m]
		switch {
		case err != nil:
			problem(w, http.StatusBadRequest, "Invalid device ID.")
		case r.Method == http.MethodDelete && p.foreign[m]:
			problem(w, http.StatusConflict, "The device is registered with a different account.")
		case id == "":
			problem(w, http.StatusNotFound, "Not Found")
		case r.Method == http.MethodGet:
			writeJSON(w, http.StatusOK, map[string]string{"id": strings.ToUpper(r.PathValue("id")), "profileid": id})
		case r.Method == http.MethodDelete:
			delete(p.devices, m)
			writeJSON(w, http.StatusOK, map[string]string{"id": r.PathValue("id")})
		}
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		p.mu.Lock()
		defer p.mu.Unlock()
		if p.revoked || r.Header.Get("API-KEY") != polyKey {
			problem(w, http.StatusUnauthorized, "Unauthorized")
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func (p *PolyZTP) write(w http.ResponseWriter, r *http.Request, id string) {
	var of map[string]any
	if json.NewDecoder(r.Body).Decode(&of) != nil || of["name"] == nil {
		problem(w, http.StatusBadRequest, "Invalid profile.")
		return
	}
	of["id"] = id
	p.profiles[id] = of
	writeJSON(w, http.StatusOK, of)
}

func sortedKeys[V any](m map[string]V) []string {
	var keys []string
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// results answers with the part of a list that begins at the cursor.
func results(w http.ResponseWriter, r *http.Request, items []any) {
	from, _ := strconv.Atoi(r.URL.Query().Get("cursor"))
	limit, err := strconv.Atoi(r.URL.Query().Get("limit"))
	if err != nil || limit < 1 || limit > 50 {
		limit = 20
	}
	from = min(max(from, 0), len(items))
	to := min(from+limit, len(items))
	out := map[string]any{"results": append([]any{}, items[from:to]...)}
	if to < len(items) {
		out["next"] = strconv.Itoa(to)
	}
	writeJSON(w, http.StatusOK, out)
}
