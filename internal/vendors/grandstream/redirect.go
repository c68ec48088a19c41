package grandstream

import (
	"bytes"
	"cmp"
	"context"
	"crypto/md5" //nolint:gosec // GDMS wants it of passwords and files
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Redirects returns Grandstream's redirect services.
//
// GDMS is a device management, and has no call that says where a phone is to go. It
// has one that gives a phone a configuration, which the phone takes when it calls in
// fresh from the shop: that is how it gets our address as its config server. A phone
// has to be in the account for it, which its serial number proves; there is no
// documented call to take it out again, so one that is removed is given the factory's
// config server and stays in the account.
//
// GAPS, the service before it, redirects to one address for each account, which does
// not do for addresses of each phone's own: it has no client.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "grandstream-gdms", Vendor: "Grandstream", Title: "Grandstream GDMS (API v1.0.0)",
		Source:  "GDMS API Guide (documentation.grandstream.com: token, signature, devices); device/config/xml and its signature from a program that runs against GDMS; the meaning of most codes is not public",
		Regions: []redirect.Region{{Name: "us", URL: "https://www.gdms.cloud"}, {Name: "eu", URL: "https://eu.gdms.cloud"}},
		Fields: []redirect.Field{
			{Name: "username", Title: "GDMS user name (not the e-mail address)"},
			{Name: "password", Title: "GDMS password", Secret: true},
			{Name: "client_id", Title: "API ID (GDMS, API Developer)"},
			{Name: "client_secret", Title: "Secret Key (GDMS, API Developer)", Secret: true},
			{Name: "site_id", Title: "ID of the site that the phones belong to (a number)"},
			{Name: "org_id", Title: "ID of the organization, if it is not the default one (a number)", Optional: true},
		},
		NeedsSerial: true, CheckURL: checkURL,
		Batch: 1, Rate: 2, Rest: time.Minute, // not public: for courtesy
		// Its list is of all the account's devices, and says nothing of where they go.
		Lists: false, Open: openGDMS,
	}}
}

// longest is what P237 takes.
const longest = 256

func checkURL(at string) string {
	if _, server := split(at); len(server) > longest {
		return fmt.Sprintf("must not be longer than %d characters", longest)
	}
	return ""
}

// split makes of a URL what P212 and P237 say: the protocol, by its number, and the
// server with the folder.
func split(at string) (protocol, server string) {
	scheme, server, _ := strings.Cut(at, "://")
	if protocol = "2"; scheme == "http" {
		protocol = "1"
	}
	return protocol, strings.TrimSuffix(server, "/")
}

// factory is the config server of a phone that nobody has given another.
const factory = "fm.grandstream.com/gs"

// gdms is an account at GDMS.
type gdms struct {
	account redirect.Account
	client  *http.Client
	now     func() time.Time
	site    json.Number
	org     json.Number // "" for the default one

	mu      sync.Mutex
	token   string
	expires time.Time
}

func openGDMS(a redirect.Account, c *http.Client, now func() time.Time) redirect.Client {
	return &gdms{account: a, client: c, now: now, site: json.Number(a.Value("site_id")), org: json.Number(a.Value("org_id"))}
}

// Verify sees whether the account's site is there.
func (g *gdms) Verify(ctx context.Context) error {
	if _, err := g.site.Int64(); err != nil {
		return redirect.Errorf(redirect.Denied, "the account's site_id is not a number")
	}
	const size = 100
	for page := 1; page <= 100; page++ {
		var sites struct {
			Result []site `json:"result"`
		}
		if err := g.call(ctx, "site/list", g.within(map[string]any{"pageNum": page, "pageSize": size}), &sites); err != nil {
			return err
		}
		if slices.ContainsFunc(sites.Result, func(s site) bool { return s.has(g.site) }) {
			return nil
		}
		if len(sites.Result) < size {
			break
		}
	}
	return redirect.Errorf(redirect.Denied, "the account has no site with the ID that is configured")
}

// site is a site and those below it.
type site struct {
	ID       json.Number `json:"id"`
	Children []site      `json:"children"`
}

func (s site) has(id json.Number) bool {
	return s.ID == id || slices.ContainsFunc(s.Children, func(c site) bool { return c.has(id) })
}

func (g *gdms) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		known, err := g.knows(ctx, d.MAC)
		if err == nil && !known {
			err = g.add(ctx, d)
		}
		if err != nil {
			return err
		}
		return g.configure(ctx, d.MAC, d.URL.Reveal())
	})
}

func (g *gdms) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		known, err := g.knows(ctx, d.MAC)
		if err != nil || !known {
			return err
		}
		return g.configure(ctx, d.MAC, "https://"+factory)
	})
}

// Lookup says whether the device is in the account.
func (g *gdms) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	known, err := g.knows(ctx, d.MAC)
	if err == nil && !known {
		err = redirect.Errorf(redirect.NotFound, "the GDMS account has no such device")
	}
	if err != nil {
		return redirect.Entry{}, err
	}
	return redirect.Entry{MAC: d.MAC}, nil
}

func (g *gdms) List(context.Context, func([]redirect.Entry) error) error {
	return redirect.Errorf(redirect.Unsupported, "GDMS lists all devices of the account, and not where it sends them")
}

// knows says whether a device is in the account.
func (g *gdms) knows(ctx context.Context, m mac.Addr) (bool, error) {
	var found struct {
		Result []struct {
			MAC string `json:"mac"`
		} `json:"result"`
	}
	if err := g.call(ctx, "device/list", g.within(map[string]any{"mac": colons(m), "pageNum": 1, "pageSize": 10}), &found); err != nil {
		return false, err
	}
	for _, d := range found.Result {
		if a, err := mac.Parse(d.MAC); err == nil && a == m {
			return true, nil
		}
	}
	return false, nil
}

// add puts a device into the account. A refusal stands in the answer's list, in a code
// of which one meaning is known: 30010, that the serial number is another device's.
func (g *gdms) add(ctx context.Context, d redirect.Device) error {
	var result struct {
		Failure int `json:"failure"`
		Refused []struct {
			Code string `json:"errorMsg"`
		} `json:"errorDeviceList"`
	}
	err := g.call(ctx, "device/add", []any{g.within(map[string]any{"mac": colons(d.MAC), "sn": d.Serial, "siteId": g.site})}, &result)
	if err != nil {
		return err
	}
	if result.Failure == 0 && len(result.Refused) == 0 {
		return nil
	}
	code := "no code"
	if len(result.Refused) > 0 {
		code = cmp.Or(g.account.Quote(result.Refused[0].Code), code)
	}
	return redirect.Errorf(redirect.Refused, "GDMS does not take the device (%s): is its serial number as printed, and is it in no other GDMS account?", code)
}

// configure gives a device a config server, an hourly look at it at least, and nothing
// else.
func (g *gdms) configure(ctx context.Context, m mac.Addr, at string) error {
	protocol, server := split(at)
	var file bytes.Buffer
	fmt.Fprintf(&file, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gs_provision version=\"1\">\n<mac>%s</mac>\n<config version=\"1\">\n<P212>%s</P212>\n<P237>", m, protocol)
	_ = xml.EscapeText(&file, []byte(server))
	file.WriteString("</P237>\n<P194>1</P194>\n<P193>60</P193>\n</config>\n</gs_provision>\n")
	sum := md5.Sum(file.Bytes()) //nolint:gosec // GDMS wants it
	signed := map[string]string{"mac": colons(m)}
	if g.org != "" {
		signed["orgId"] = g.org.String()
	}
	var body bytes.Buffer
	form := multipart.NewWriter(&body)
	for _, name := range slices.Sorted(maps.Keys(signed)) {
		_ = form.WriteField(name, signed[name])
	}
	part, err := form.CreateFormFile("xml", "cfg"+m.String()+".xml")
	if err == nil {
		_, err = part.Write(file.Bytes())
	}
	if err == nil {
		err = form.Close()
	}
	if err != nil {
		return redirect.Errorf(redirect.Refused, "the device's configuration cannot be written")
	}
	signed["xml"] = hex.EncodeToString(sum[:])
	return g.send(ctx, "device/config/xml", form.FormDataContentType(), body.Bytes(), signed, "", nil)
}

// within adds the organization to what a call says, if there is one.
func (g *gdms) within(call map[string]any) map[string]any {
	if g.org != "" {
		call["orgId"] = g.org
	}
	return call
}

// call makes a call in JSON.
func (g *gdms) call(ctx context.Context, api string, body, result any) error {
	text, err := json.Marshal(body)
	if err != nil {
		return redirect.Errorf(redirect.Denied, "an ID of the account is not a number")
	}
	sum := sha256.Sum256(text)
	return g.send(ctx, api, "application/json", text, nil, hex.EncodeToString(sum[:]), result)
}

// send makes a call and reads the data of its answer into result. The signature covers
// some fields of the body, or the hash of the whole of it.
func (g *gdms) send(ctx context.Context, api, kind string, body []byte, fields map[string]string, hash string, result any) error {
	for again := false; ; again = true {
		token, err := g.authorize(ctx)
		if err != nil {
			return err
		}
		timestamp := strconv.FormatInt(g.now().UnixMilli(), 10)
		signed := map[string]string{
			"access_token": token, "client_id": g.account.Value("client_id"), "client_secret": g.account.Value("client_secret"), "timestamp": timestamp,
		}
		maps.Copy(signed, fields)
		query := url.Values{"access_token": {token}, "timestamp": {timestamp}, "signature": {signature(signed, hash)}}
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.account.Endpoint+"/oapi/v1.0.0/"+api+"?"+query.Encode(), bytes.NewReader(body))
		if err != nil {
			return redirect.Errorf(redirect.Unreachable, "the address of the service is not one")
		}
		r.Header.Set("Content-Type", kind)
		status, _, answer, err := redirect.Do(g.client, r)
		switch {
		case err != nil:
			return err
		case status == http.StatusUnauthorized && !again:
			g.forget(token) // it may have been withdrawn before its time
			continue
		case status == http.StatusUnauthorized, status == http.StatusForbidden:
			return redirect.Errorf(redirect.Denied, "GDMS does not accept the account's token")
		case status != http.StatusOK:
			return redirect.Errorf(redirect.BadAnswer, "GDMS answers with the status %d", status)
		}
		return g.read(answer, result)
	}
}

// signature is the SHA-256 of the parameters by rising name, each behind a &, and the
// hash of the body, if there is one (GDMS API Guide, "Signature").
func signature(params map[string]string, hash string) string {
	var b strings.Builder
	for _, name := range slices.Sorted(maps.Keys(params)) {
		fmt.Fprintf(&b, "&%s=%s", name, params[name])
	}
	b.WriteString("&")
	if hash != "" {
		b.WriteString(hash + "&")
	}
	sum := sha256.Sum256([]byte(b.String()))
	return hex.EncodeToString(sum[:])
}

// read reads an answer: its code, which is 0 if all went well, and its data.
func (g *gdms) read(answer []byte, result any) error {
	var v struct {
		Code *int64          `json:"retCode"`
		Text string          `json:"msg"`
		Data json.RawMessage `json:"data"`
	}
	if json.Unmarshal(answer, &v) != nil || v.Code == nil {
		return redirect.Errorf(redirect.BadAnswer, "GDMS's answer is not what its API answers")
	}
	if *v.Code != 0 {
		kind, words := redirect.Refused, strings.ToLower(v.Text)
		if slices.ContainsFunc([]string{"token", "sign", "timestamp", "auth", "permission"}, func(w string) bool { return strings.Contains(words, w) }) {
			kind = redirect.Denied
		}
		return redirect.Errorf(kind, "GDMS refuses the call with the code %d (%s)", *v.Code, cmp.Or(g.account.Quote(v.Text), "it says no more"))
	}
	if result == nil || len(v.Data) == 0 || string(v.Data) == "null" || string(v.Data) == `""` {
		return nil
	}
	if json.Unmarshal(v.Data, result) != nil {
		return redirect.Errorf(redirect.BadAnswer, "GDMS's answer is not what its API answers")
	}
	return nil
}

// authorize returns an access token.
func (g *gdms) authorize(ctx context.Context) (string, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token != "" && g.now().Before(g.expires) {
		return g.token, nil
	}
	inner := md5.Sum([]byte(g.account.Value("password"))) //nolint:gosec // GDMS wants it
	outer := sha256.Sum256([]byte(hex.EncodeToString(inner[:])))
	form := url.Values{
		"grant_type": {"password"}, "username": {g.account.Value("username")}, "password": {hex.EncodeToString(outer[:])},
		"client_id": {g.account.Value("client_id")}, "client_secret": {g.account.Value("client_secret")},
	}
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, g.account.Endpoint+"/oapi/oauth/token", strings.NewReader(form.Encode()))
	if err != nil {
		return "", redirect.Errorf(redirect.Unreachable, "the address of the service is not one")
	}
	r.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	r.Header.Set("Accept", "application/json")
	status, _, answer, err := redirect.Do(g.client, r)
	if err != nil {
		return "", err
	}
	if status == http.StatusBadRequest || status == http.StatusUnauthorized || status == http.StatusForbidden {
		return "", redirect.Errorf(redirect.Denied, "GDMS does not accept the account's user name, password, API ID or secret key; is it the account's region?")
	}
	var v struct {
		Token   string `json:"access_token"`
		Seconds int64  `json:"expires_in"`
	}
	if status != http.StatusOK || json.Unmarshal(answer, &v) != nil || v.Token == "" {
		return "", redirect.Errorf(redirect.BadAnswer, "GDMS's answer holds no token")
	}
	// An hour where it does not say ("use refresh token each hour"), and not to the last.
	g.token, g.expires = v.Token, g.now().Add(time.Duration(min(max(cmp.Or(v.Seconds, 3600)-60, 0), 86400))*time.Second)
	return g.token, nil
}

func (g *gdms) forget(token string) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.token == token {
		g.token = ""
	}
}

// colons spells an address as GDMS does: XX:XX:XX:XX:XX:XX.
func colons(m mac.Addr) string { return strings.ToUpper(m.Colons()) }

// askRedirect asks as a phone asks that nobody has configured: its config server is
// fm.grandstream.com/gs, where it looks for its files. A phone that GDMS knows gets its
// configuration from GDMS itself, by a connection whose protocol is not public; the
// file is the same.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	c, err := provision(u, "gs/", get)
	if errors.Is(err, vendor.ErrNoConfig) {
		return "", vendor.ErrNotRedirected
	}
	if err != nil {
		return "", err
	}
	at := understand(c).ProvisioningURL
	if at == "" || strings.Contains(at, factory) {
		return "", vendor.ErrNotRedirected
	}
	return at, nil
}
