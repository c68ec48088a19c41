// Package sraps speaks with the redirect services that are built alike: Snom's SRAPS
// and Gigaset's GRAPE.
//
// Calls are JSON, signed by the Hawk scheme. A key belongs to a company, the company
// has endpoints (the phones), and an endpoint has settings by their UUID, one of which
// is the address that the phone provisions from:
//
//	GET    tokens/<key id>                → {"links": {"company": <URL>}}
//	GET    <company>                      → {"links": {"endpoints": <URL>}}
//	GET    settings/?page_size=…          → [{"uuid": …, "param_name": …}], further pages by Link: <URL>; rel="next"
//	PUT    <endpoints>/<mac>              {"mac", "autoprovisioning_enabled", "settings_manager": {<uuid>: {"value", "attrs": {"perm": "RW"}}}}
//	GET    <endpoints>/<mac>              → the same; 404 for one that is unknown
//	DELETE <endpoints>/<mac>
//
// The reference lies behind the portals' login. What stands here is Snom's public
// page on the API (service.snom.com/display/wiki/REST+API: Hawk with SHA-256, nonce
// and time) and what three programs do that use it (Sipwise's panel, nethesis'
// falconieri for both services, and one of azrtydxb). Assumptions: that the list of
// endpoints is paged as that of settings is and shows the same as a single one, and
// that 403 or 409 is the answer for a phone of another company.
package sraps

import (
	"context"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
)

// Fields are what an account consists of. The portal is where the vendor shows them.
func Fields(portal string) []redirect.Field {
	return []redirect.Field{
		{Name: "key_id", Title: "Access Key ID (" + portal + ", API Keys; give the key a role)"},
		{Name: "key_secret", Title: "Access Key Secret (shown once, when the key is made)", Secret: true},
		{Name: "profile", Title: "Name of the provisioning profile that the phones get, where the service asks for one (" + portal + ", Provisioning Profiles)", Optional: true},
	}
}

// Open returns how clients are opened of a service where the setting of this name is
// the phones' provisioning address.
func Open(setting string) func(redirect.Account, *http.Client, func() time.Time) redirect.Client {
	return func(a redirect.Account, c *http.Client, now func() time.Time) redirect.Client {
		return &client{
			account: a, setting: setting,
			hawk: redirect.Hawk{Client: c, ID: a.Value("key_id"), Key: a.Value("key_secret"), Now: now},
		}
	}
}

type client struct {
	account redirect.Account
	setting string
	hawk    redirect.Hawk

	mu    sync.Mutex
	known *company
}

// company is what does not change from one call to the next.
type company struct {
	endpoints string // URL with a slash at its end
	setting   string // UUID of the setting that is the address
	profile   string // UUID, or ""
}

const (
	pageSize = "200"
	// maxPages bounds a list whose pages have no end.
	maxPages = 5000
)

func (c *client) Verify(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	found, err := c.find(ctx)
	c.known = found
	return err
}

func (c *client) Register(ctx context.Context, devices []redirect.Device) []error {
	at, err := c.company(ctx)
	if err != nil {
		return redirect.All(devices, err)
	}
	return redirect.Each(devices, func(d redirect.Device) error { return c.register(ctx, at, d) })
}

func (c *client) register(ctx context.Context, at *company, d redirect.Device) error {
	body, err := json.Marshal(endpoint{
		MAC: d.MAC.String(), Enabled: true, Profile: at.profile,
		Settings: map[string]any{at.setting: map[string]any{"value": d.URL.Reveal(), "attrs": map[string]string{"perm": "RW"}}},
	})
	if err != nil {
		return redirect.Errorf(redirect.Refused, "the device cannot be written as JSON")
	}
	status, _, answer, err := c.call(ctx, http.MethodPut, at.endpoints+d.MAC.String(), body)
	if err != nil {
		return err
	}
	switch {
	case status < 300:
	case status < 400:
		return failed(status)
	case status == http.StatusForbidden, status == http.StatusConflict:
		return redirect.Errorf(redirect.Foreign, "%s", c.says("the device is registered by somebody else, or the key's role may not register it", answer))
	default:
		return redirect.Errorf(redirect.Refused, "%s", c.says("the service does not take the device", answer))
	}
	if e, err := c.read(at, answer); err == nil && e.MAC == d.MAC && e.URL.Equal(d.URL) {
		return nil
	}
	// The answer does not show it; what is registered does.
	e, err := c.lookup(ctx, at, d.MAC)
	if err == nil && !e.URL.Equal(d.URL) {
		err = redirect.Errorf(redirect.BadAnswer, "the service says that it has registered the device, and has not")
	}
	return err
}

func (c *client) Remove(ctx context.Context, devices []redirect.Device) []error {
	at, err := c.company(ctx)
	if err != nil {
		return redirect.All(devices, err)
	}
	return redirect.Each(devices, func(d redirect.Device) error {
		status, _, answer, err := c.call(ctx, http.MethodDelete, at.endpoints+d.MAC.String(), nil)
		if err != nil {
			return err
		}
		switch {
		case status < 300 && len(answer) > 0 && !json.Valid(answer):
			return notJSON()
		case status < 300, status == http.StatusNotFound, status == http.StatusForbidden, status == http.StatusConflict:
			return nil
		case status < 400:
			return failed(status)
		}
		return redirect.Errorf(redirect.Refused, "%s", c.says("the service does not remove the device", answer))
	})
}

func (c *client) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	at, err := c.company(ctx)
	if err != nil {
		return redirect.Entry{}, err
	}
	return c.lookup(ctx, at, d.MAC)
}

func (c *client) lookup(ctx context.Context, at *company, m mac.Addr) (redirect.Entry, error) {
	status, _, answer, err := c.call(ctx, http.MethodGet, at.endpoints+m.String(), nil)
	if err != nil {
		return redirect.Entry{}, err
	}
	switch status {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusConflict:
		return redirect.Entry{MAC: m, Foreign: true}, nil
	case http.StatusNotFound:
		return redirect.Entry{}, redirect.Errorf(redirect.NotFound, "the service does not know the device")
	default:
		return redirect.Entry{}, failed(status)
	}
	e, err := c.read(at, answer)
	if err == nil && e.MAC != m {
		err = redirect.Errorf(redirect.BadAnswer, "the service answers with another device")
	}
	return e, err
}

func (c *client) List(ctx context.Context, f func([]redirect.Entry) error) error {
	at, err := c.company(ctx)
	if err != nil {
		return err
	}
	return c.pages(ctx, at.endpoints+"?page_size="+pageSize, func(items []json.RawMessage) error {
		page := make([]redirect.Entry, 0, len(items))
		for _, item := range items {
			e, err := c.read(at, item)
			if err != nil {
				return err
			}
			page = append(page, e)
		}
		if len(page) == 0 {
			return nil
		}
		return f(page)
	})
}

// endpoint is a phone as the service gets and gives it.
type endpoint struct {
	MAC      string         `json:"mac"`
	Enabled  bool           `json:"autoprovisioning_enabled"`
	Profile  string         `json:"provisioning_profile,omitempty"`
	Settings map[string]any `json:"settings_manager"`
}

// read reads an endpoint.
func (c *client) read(at *company, answer []byte) (redirect.Entry, error) {
	var e struct {
		MAC      string                     `json:"mac"`
		Settings map[string]json.RawMessage `json:"settings_manager"`
	}
	if json.Unmarshal(answer, &e) != nil {
		return redirect.Entry{}, notJSON()
	}
	m, err := mac.Parse(e.MAC)
	if err != nil {
		return redirect.Entry{}, redirect.Errorf(redirect.BadAnswer, "the service answers with a device that has no MAC address")
	}
	out := redirect.Entry{MAC: m}
	if raw, ok := e.Settings[at.setting]; ok {
		var s struct {
			Value string `json:"value"`
		}
		if json.Unmarshal(raw, &s) != nil {
			return redirect.Entry{}, redirect.Errorf(redirect.BadAnswer, "the service answers with an address that is no text")
		}
		out.URL = secret.New(s.Value)
	}
	return out, nil
}

func (c *client) company(ctx context.Context) (*company, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.known != nil {
		return c.known, nil
	}
	found, err := c.find(ctx)
	c.known = found
	return found, err
}

// find follows the links from the key to the company's endpoints, and finds the setting.
func (c *client) find(ctx context.Context) (*company, error) {
	owner, err := c.link(ctx, c.account.Endpoint+"/tokens/"+url.PathEscape(c.hawk.ID), "company")
	if err != nil {
		return nil, err
	}
	endpoints, err := c.link(ctx, owner, "endpoints")
	if err != nil {
		return nil, err
	}
	found := &company{endpoints: folder(endpoints)}
	if found.setting, err = c.uuid(ctx, c.account.Endpoint+"/settings/", "param_name", c.setting); err != nil {
		return nil, err
	}
	if found.setting == "" {
		return nil, redirect.Errorf(redirect.BadAnswer, "the service has no setting %s", c.setting)
	}
	if name := c.account.Value("profile"); name != "" {
		if found.profile, err = c.uuid(ctx, folder(owner)+"provisioning-profiles/", "name", name); err != nil {
			return nil, err
		}
		if found.profile == "" {
			return nil, redirect.Errorf(redirect.Denied, "the account has no provisioning profile of the name that is configured")
		}
	}
	return found, nil
}

func folder(at string) string { return strings.TrimSuffix(at, "/") + "/" }

// link returns the URL that an answer gives by a name.
func (c *client) link(ctx context.Context, address, name string) (string, error) {
	status, _, answer, err := c.call(ctx, http.MethodGet, address, nil)
	if err != nil {
		return "", err
	}
	switch status {
	case http.StatusOK:
	case http.StatusForbidden, http.StatusNotFound:
		return "", redirect.Errorf(redirect.Denied, "%s", c.says("the service does not know the key, or it has no role", answer))
	default:
		return "", failed(status)
	}
	var v struct {
		Links map[string]any `json:"links"`
	}
	if json.Unmarshal(answer, &v) != nil {
		return "", notJSON()
	}
	to, _ := v.Links[name].(string)
	return c.follow(address, to)
}

// follow returns the URL that an answer links to, which must be of the same host: the
// request to it is signed with the account's key.
func (c *client) follow(from, to string) (string, error) {
	base, err := url.Parse(from)
	if err != nil {
		return "", redirect.Errorf(redirect.BadAnswer, "the service links to no address")
	}
	u, err := base.Parse(to)
	if err != nil || to == "" || u.Scheme != base.Scheme || u.Host != base.Host || u.User != nil {
		return "", redirect.Errorf(redirect.BadAnswer, "the service links to another host, or to none")
	}
	return u.String(), nil
}

// uuid returns the UUID of the item in a list whose field has a value, or "".
func (c *client) uuid(ctx context.Context, list, field, value string) (found string, err error) {
	err = c.pages(ctx, list+"?page_size="+pageSize, func(items []json.RawMessage) error {
		for _, item := range items {
			var v map[string]json.RawMessage
			if json.Unmarshal(item, &v) != nil {
				return notJSON()
			}
			if found == "" && text(v[field]) == value {
				found = text(v["uuid"])
			}
		}
		return nil
	})
	return found, err
}

// text returns a JSON string, or "" for anything else.
func text(raw json.RawMessage) string {
	var s string
	if json.Unmarshal(raw, &s) != nil {
		return ""
	}
	return s
}

// pages calls f with the items of each page of a list.
func (c *client) pages(ctx context.Context, address string, f func([]json.RawMessage) error) error {
	for range maxPages {
		status, header, answer, err := c.call(ctx, http.MethodGet, address, nil)
		if err != nil {
			return err
		}
		if status == http.StatusForbidden {
			return redirect.Errorf(redirect.Denied, "%s", c.says("the key's role may not list", answer))
		}
		if status != http.StatusOK {
			return failed(status)
		}
		var items []json.RawMessage
		if json.Unmarshal(answer, &items) != nil {
			return notJSON()
		}
		if err := f(items); err != nil {
			return err
		}
		to := next(header)
		if to == "" {
			return nil
		}
		if address, err = c.follow(address, to); err != nil {
			return err
		}
	}
	return redirect.Errorf(redirect.BadAnswer, "the service's list has no end")
}

// next returns the target of the link whose relation is "next", or "" (RFC 8288).
func next(h http.Header) string {
	for _, links := range h.Values("Link") {
		for links != "" {
			_, link, found := strings.Cut(links, "<")
			if !found {
				break
			}
			target, params, found := strings.Cut(link, ">")
			if !found {
				break
			}
			params, links = cut(params, ',')
			for params != "" {
				var p string
				p, params = cut(params, ';')
				name, value, _ := strings.Cut(strings.TrimSpace(p), "=")
				if strings.EqualFold(name, "rel") && strings.EqualFold(strings.Trim(value, `"`), "next") {
					return target
				}
			}
		}
	}
	return ""
}

// cut cuts text at the first separator that is not quoted.
func cut(text string, separator byte) (before, after string) {
	quoted := false
	for i := range len(text) {
		switch {
		case text[i] == '"':
			quoted = !quoted
		case text[i] == separator && !quoted:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

// call makes a signed call. Of an answer that refuses the signature the error is of
// kind Denied.
func (c *client) call(ctx context.Context, method, address string, body []byte) (int, http.Header, []byte, error) {
	status, header, answer, err := c.hawk.Call(ctx, method, address, body)
	if err == nil && status == http.StatusUnauthorized {
		err = redirect.Errorf(redirect.Denied, "the service does not accept the account's key")
		if strings.Contains(strings.ToLower(header.Get("WWW-Authenticate")), "timestamp") {
			err = redirect.Errorf(redirect.Denied, "the service does not accept the time of the call: is this server's clock right?")
		}
	}
	return status, header, answer, err
}

// says adds the service's own words to ours.
func (c *client) says(ours string, answer []byte) string {
	var v map[string]json.RawMessage
	if json.Unmarshal(answer, &v) != nil {
		return ours
	}
	for _, field := range []string{"message", "error", "detail"} {
		if theirs := c.account.Quote(text(v[field])); theirs != "" {
			return ours + " (" + theirs + ")"
		}
	}
	return ours
}

func failed(status int) error {
	return redirect.Errorf(redirect.BadAnswer, "the service answers with the status %d", status)
}

func notJSON() error {
	return redirect.Errorf(redirect.BadAnswer, "the service's answer is not what its API answers")
}
