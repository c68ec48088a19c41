package alcatellucent

import (
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"net/http"
	"slices"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
)

// Redirects returns the redirect services of Alcatel-Lucent Enterprise.
//
// EDS sends a phone where the server of its profile is. An address of a phone's own
// needs a server and a profile of its own, which are named by the address; the calls
// that are known do not delete them, so they stay when a phone goes elsewhere. Nor do
// the calls page: an account with more than some thousand servers no longer fits into
// an answer that we read.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "ale-eds", Vendor: name, Title: "ALE EDS (Easy Deployment Server)",
		Source:  "one program that uses it (Sipwise's panel); no document is public",
		Regions: []redirect.Region{{Name: "global", URL: "https://api.eds.al-enterprise.com/api"}},
		Fields: []redirect.Field{
			{Name: "access_key_id", Title: "API user name, or access key ID, of the business partner's EDS account"},
			{Name: "access_key_secret", Title: "API password, or access key secret, of the account", Secret: true},
		},
		Batch: 20, Rate: 2, Rest: time.Minute, // not public: for courtesy
		Lists: true, Open: openEDS,
	}}
}

// eds is an account at EDS.
type eds struct {
	account redirect.Account
	client  *http.Client

	mu    sync.Mutex
	token string
}

func openEDS(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
	return &eds{account: a, client: c}
}

func (e *eds) Verify(ctx context.Context) error {
	_, err := e.devices(ctx)
	return err
}

// lists are what the account has that a registration needs.
type lists struct {
	devices  map[mac.Addr]json.Number // device_id
	servers  map[string]json.Number   // server_id by server_url
	profiles map[json.Number]json.Number
}

func (e *eds) Register(ctx context.Context, devices []redirect.Device) []error {
	l, err := e.lists(ctx)
	if err != nil {
		return redirect.All(devices, err)
	}
	return redirect.Each(devices, func(d redirect.Device) error { return e.register(ctx, l, d) })
}

// register takes a phone out first that the account has: nothing says where it is sent
// now, and no call is known that changes it.
func (e *eds) register(ctx context.Context, l *lists, d redirect.Device) error {
	at := d.URL.Reveal()
	sum := sha256.Sum256([]byte(at))
	called := hex.EncodeToString(sum[:10]) // 20 characters, as the program has it
	var made struct {
		Server  json.Number `json:"server_id"`
		Profile json.Number `json:"profile_id"`
	}
	server, ok := l.servers[at]
	if !ok {
		if err := e.call(ctx, http.MethodPost, "/servers", map[string]any{"server_name": called, "server_url": at}, &made); err != nil {
			return err
		}
		if server = made.Server; server == "" {
			return malformed()
		}
		l.servers[at] = server
	}
	profile, ok := l.profiles[server]
	if !ok {
		if err := e.call(ctx, http.MethodPost, "/profiles", map[string]any{"profile_name": called, "server_id": server}, &made); err != nil {
			return err
		}
		if profile = made.Profile; profile == "" {
			return malformed()
		}
		l.profiles[server] = profile
	}
	if err := e.remove(ctx, l.devices, d); err != nil {
		return err
	}
	return e.call(ctx, http.MethodPost, "/devices", map[string]any{
		"macs": []any{map[string]string{"mac": d.MAC.Upper()}}, "profile_id": profile,
	}, nil)
}

func (e *eds) Remove(ctx context.Context, devices []redirect.Device) []error {
	known, err := e.devices(ctx)
	if err != nil {
		return redirect.All(devices, err)
	}
	return redirect.Each(devices, func(d redirect.Device) error { return e.remove(ctx, known, d) })
}

func (e *eds) remove(ctx context.Context, known map[mac.Addr]json.Number, d redirect.Device) error {
	id, ok := known[d.MAC]
	if !ok {
		return nil
	}
	if err := e.call(ctx, http.MethodDelete, "/devices/"+id.String(), nil, nil); err != nil {
		return err
	}
	delete(known, d.MAC)
	return nil
}

// Lookup says whether the account has the phone.
func (e *eds) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	known, err := e.devices(ctx)
	if err != nil {
		return redirect.Entry{}, err
	}
	if _, ok := known[d.MAC]; !ok {
		return redirect.Entry{}, redirect.Errorf(redirect.NotFound, "the EDS account has no such phone")
	}
	return redirect.Entry{MAC: d.MAC}, nil
}

func (e *eds) List(ctx context.Context, f func([]redirect.Entry) error) error {
	known, err := e.devices(ctx)
	if err != nil || len(known) == 0 {
		return err
	}
	page := make([]redirect.Entry, 0, len(known))
	for m := range known {
		page = append(page, redirect.Entry{MAC: m})
	}
	slices.SortFunc(page, func(a, b redirect.Entry) int { return bytes.Compare(a.MAC[:], b.MAC[:]) })
	return f(page)
}

// devices returns the IDs of the account's phones.
func (e *eds) devices(ctx context.Context) (map[mac.Addr]json.Number, error) {
	var data struct {
		Devices []struct {
			ID  json.Number `json:"device_id"`
			MAC string      `json:"mac"`
		} `json:"device_list"`
	}
	if err := e.call(ctx, http.MethodGet, "/devices", nil, &data); err != nil {
		return nil, err
	}
	known := make(map[mac.Addr]json.Number, len(data.Devices))
	for _, d := range data.Devices {
		m, err := mac.Parse(d.MAC)
		if err != nil || d.ID == "" {
			return nil, malformed()
		}
		known[m] = d.ID
	}
	return known, nil
}

func (e *eds) lists(ctx context.Context) (*lists, error) {
	l := &lists{servers: make(map[string]json.Number), profiles: make(map[json.Number]json.Number)}
	var err error
	if l.devices, err = e.devices(ctx); err != nil {
		return nil, err
	}
	var data struct {
		Servers []struct {
			ID  json.Number `json:"server_id"`
			URL string      `json:"server_url"`
		} `json:"server_list"`
		Profiles []struct {
			ID     json.Number `json:"profile_id"`
			Server json.Number `json:"server_id"`
		} `json:"profile_list"`
	}
	for _, list := range []string{"/servers", "/profiles"} {
		if err := e.call(ctx, http.MethodGet, list, nil, &data); err != nil {
			return nil, err
		}
	}
	for _, s := range data.Servers {
		l.servers[s.URL] = s.ID
	}
	for _, p := range data.Profiles {
		l.profiles[p.Server] = p.ID
	}
	return l, nil
}

// call makes a call and reads the data of its answer into result. A token that is no
// longer taken is fetched anew once.
func (e *eds) call(ctx context.Context, method, path string, body, result any) error {
	var text []byte
	if body != nil {
		var err error
		if text, err = json.Marshal(body); err != nil {
			return redirect.Errorf(redirect.Refused, "the phone cannot be written as JSON")
		}
	}
	for again := false; ; again = true {
		token, err := e.authorize(ctx, again)
		if err != nil {
			return err
		}
		status, answer, err := e.send(ctx, method, path, map[string]string{"token": token}, text)
		switch {
		case err != nil:
			return err
		case status == http.StatusUnauthorized && !again:
			continue
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			return redirect.Errorf(redirect.Denied, "EDS does not accept the account's token")
		}
		return e.read(answer, result)
	}
}

// authorize returns the account's token, a new one if anew is set.
func (e *eds) authorize(ctx context.Context, anew bool) (string, error) {
	e.mu.Lock()
	defer e.mu.Unlock()
	if e.token != "" && !anew {
		return e.token, nil
	}
	e.token = ""
	status, answer, err := e.send(ctx, http.MethodGet, "/bp_user/generate/token", map[string]string{
		"api_user_name": e.account.Value("access_key_id"), "api_password": e.account.Value("access_key_secret"),
	}, nil)
	if err != nil {
		return "", err
	}
	var data struct {
		Token string `json:"token"`
	}
	denied := redirect.Errorf(redirect.Denied, "EDS does not accept the account's access key")
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return "", denied
	}
	switch err := e.read(answer, &data); {
	case redirect.KindOf(err) == redirect.Refused:
		return "", denied
	case err != nil:
		return "", err
	case data.Token == "":
		return "", malformed()
	}
	e.token = data.Token
	return e.token, nil
}

func (e *eds) send(ctx context.Context, method, path string, header map[string]string, body []byte) (int, []byte, error) {
	r, err := http.NewRequestWithContext(ctx, method, e.account.Endpoint+path, bytes.NewReader(body))
	if err != nil {
		return 0, nil, redirect.Errorf(redirect.Unreachable, "the address of the service is not one")
	}
	r.Header.Set("Accept", "application/json")
	for name, value := range header {
		r.Header.Set(name, value)
	}
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	status, _, answer, err := redirect.Do(e.client, r)
	return status, answer, err
}

// read reads an answer: whether the call succeeded, and its data.
func (e *eds) read(answer []byte, result any) error {
	var v struct {
		Success *bool           `json:"success"`
		Message string          `json:"message"`
		Data    json.RawMessage `json:"data"`
	}
	if json.Unmarshal(answer, &v) != nil || v.Success == nil {
		return malformed()
	}
	if !*v.Success {
		return redirect.Errorf(redirect.Refused, "EDS does not take it, perhaps because another business partner has the phone (%s)", cmp.Or(e.account.Quote(v.Message), "it does not say why"))
	}
	if result != nil && json.Unmarshal(v.Data, result) != nil {
		return malformed()
	}
	return nil
}

func malformed() error {
	return redirect.Errorf(redirect.BadAnswer, "EDS's answer is not what its API answers")
}
