package standins

import (
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
)

// ALEEDS is the Easy Deployment Server of Alcatel-Lucent Enterprise, as the one program
// shows it that uses its API in public (vendors-b, A.6). That it takes no two servers
// of one name, and its words where it refuses, are assumptions.
type ALEEDS struct {
	holdings
	tokens   int
	servers  []aleServer
	profiles []aleProfile
	devices  []aleDevice
	made     int // devices
}

type aleServer struct {
	ID   int    `json:"server_id"`
	Name string `json:"server_name"`
	URL  string `json:"server_url"`
}

type aleProfile struct {
	ID     int    `json:"profile_id"`
	Name   string `json:"profile_name"`
	Server int    `json:"server_id"`
}

type aleDevice struct {
	ID      int    `json:"device_id"`
	MAC     string `json:"mac"`
	profile int
}

// NewALEEDS returns one.
func NewALEEDS() *ALEEDS { return &ALEEDS{holdings: hold()} }

const (
	aleUser     = "bp-0042"
	alePassword = "Eas7-dep10yment"
)

// Account is the one that the stand-in accepts.
func (a *ALEEDS) Account() map[string]string {
	return map[string]string{"access_key_id": aleUser, "access_key_secret": alePassword}
}

// Phones is nil: how phones ask EDS is not public.
func (a *ALEEDS) Phones() http.Handler { return nil }

// Registered is where the server of each device's profile is.
func (a *ALEEDS) Registered() map[mac.Addr]string {
	a.mu.Lock()
	defer a.mu.Unlock()
	out := make(map[mac.Addr]string)
	for _, d := range a.devices {
		out[mac.MustParse(d.MAC)] = a.servers[a.profiles[d.profile-1].Server-1].URL
	}
	return out
}

// API answers calls.
func (a *ALEEDS) API() http.Handler {
	mux := http.NewServeMux()
	list := func(path, name string, of func() any) {
		mux.HandleFunc("GET "+path, func(w http.ResponseWriter, _ *http.Request) { success(w, map[string]any{name: of()}) })
	}
	list("/servers", "server_list", func() any { return append([]aleServer{}, a.servers...) })
	list("/profiles", "profile_list", func() any { return append([]aleProfile{}, a.profiles...) })
	list("/devices", "device_list", func() any { return append([]aleDevice{}, a.devices...) })
	mux.HandleFunc("POST /servers", func(w http.ResponseWriter, r *http.Request) {
		var s aleServer
		if json.NewDecoder(r.Body).Decode(&s) != nil || s.Name == "" || len(s.Name) > 20 || !strings.Contains(s.URL, "://") ||
			slices.ContainsFunc(a.servers, func(o aleServer) bool { return o.Name == s.Name }) {
			failure(w, "Invalid server.")
			return
		}
		s.ID = len(a.servers) + 1
		a.servers = append(a.servers, s)
		success(w, s)
	})
	mux.HandleFunc("POST /profiles", func(w http.ResponseWriter, r *http.Request) {
		var p aleProfile
		if json.NewDecoder(r.Body).Decode(&p) != nil || p.Name == "" || p.Server < 1 || p.Server > len(a.servers) {
			failure(w, "Invalid profile.")
			return
		}
		p.ID = len(a.profiles) + 1
		a.profiles = append(a.profiles, p)
		success(w, p)
	})
	mux.HandleFunc("POST /devices", func(w http.ResponseWriter, r *http.Request) {
		var in struct {
			MACs []struct {
				MAC string `json:"mac"`
			} `json:"macs"`
			Profile int `json:"profile_id"`
		}
		if json.NewDecoder(r.Body).Decode(&in) != nil || len(in.MACs) == 0 || in.Profile < 1 || in.Profile > len(a.profiles) {
			failure(w, "Invalid device.")
			return
		}
		for _, d := range in.MACs {
			m, err := mac.Parse(d.MAC)
			switch {
			case err != nil || a.unmade[m]:
				failure(w, "Invalid MAC address.")
				return
			case a.foreign[m] || slices.ContainsFunc(a.devices, func(o aleDevice) bool { return o.MAC == d.MAC }):
				failure(w, "The MAC address already exists.")
				return
			}
		}
		for _, d := range in.MACs {
			a.made++
			a.devices = append(a.devices, aleDevice{ID: a.made, MAC: d.MAC, profile: in.Profile})
		}
		success(w, nil)
	})
	mux.HandleFunc("DELETE /devices/{id}", func(w http.ResponseWriter, r *http.Request) {
		had := len(a.devices)
		a.devices = slices.DeleteFunc(a.devices, func(d aleDevice) bool { return strconv.Itoa(d.ID) == r.PathValue("id") })
		if len(a.devices) == had {
			failure(w, "No such device.")
			return
		}
		success(w, nil)
	})
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		a.mu.Lock()
		defer a.mu.Unlock()
		if r.URL.Path == "/bp_user/generate/token" && r.Method == http.MethodGet {
			if a.revoked || r.Header.Get("api_user_name") != aleUser || r.Header.Get("api_password") != alePassword {
				failure(w, "Wrong user name or password.")
				return
			}
			a.tokens++
			success(w, map[string]string{"token": "token-" + strconv.Itoa(a.tokens)})
			return
		}
		if a.revoked || a.tokens == 0 || r.Header.Get("token") != "token-"+strconv.Itoa(a.tokens) {
			writeJSON(w, http.StatusUnauthorized, map[string]any{"success": false, "message": "Invalid token."})
			return
		}
		mux.ServeHTTP(w, r)
	})
}

func success(w http.ResponseWriter, data any) {
	writeJSON(w, http.StatusOK, map[string]any{"success": true, "data": data})
}

func failure(w http.ResponseWriter, message string) {
	writeJSON(w, http.StatusOK, map[string]any{"success": false, "message": message})
}
