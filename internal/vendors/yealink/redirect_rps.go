package yealink

import (
	"context"
	"crypto/hmac"
	"crypto/md5" //nolint:gosec // Content-MD5 is what the API asks for
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/redirect"
)

// rps is an account at the JSON API. A device is registered with its own address
// (uniqueServerUrl), which the phone asks before that of a server; so that no server is
// made, and none is a place that a phone falls back to.
type rps struct {
	account redirect.Account
	http    *http.Client
	now     func() time.Time
}

// The messages that clients of the API tell apart.
const (
	msgExists    = "device.mac.existed"
	msgForeign   = "device.mac.added.by.other"
	msgForbidden = "device.operate.forbidden"
	msgNotFound  = "device.not.found"
)

// refusal is what the service answers a call that it does not follow.
type refusal struct {
	Msg         string `json:"msg"`
	ErrorCode   int    `json:"errorCode"`
	FieldErrors []struct {
		Msg string `json:"msg"`
	} `json:"fieldErrors"`
}

func (e *refusal) Error() string { return "the service answers " + e.Msg }

// Verify asks for the first server, as the document's example does.
func (c *rps) Verify(ctx context.Context) error {
	return c.plain(c.call(ctx, http.MethodPost, "server/list", "", map[string]any{"key": "", "skip": 0, "limit": 1}, nil))
}

// Register adds each device; one that the account has already is edited.
func (c *rps) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error { return c.register(ctx, d) })
}

func (c *rps) register(ctx context.Context, d redirect.Device) error {
	err := c.call(ctx, http.MethodPost, "device/add", "", map[string]any{"macs": []string{d.MAC.String()}, "uniqueServerUrl": d.URL.Reveal()}, nil)
	if message(err) != msgExists {
		return c.plain(err)
	}
	ours, err := c.find(ctx, d)
	switch redirect.KindOf(err) {
	case "":
	case redirect.NotFound:
		if e, err := c.Lookup(ctx, d); err == nil && e.Foreign {
			return c.plain(&refusal{Msg: msgForeign})
		}
		return redirect.Errorf(redirect.BadAnswer, "Yealink says that it has the device already, but has it nowhere")
	default:
		return err
	}
	return c.plain(c.call(ctx, http.MethodPost, "device/edit", "", map[string]any{"id": ours.ID, "uniqueServerUrl": d.URL.Reveal()}, nil))
}

// Remove deletes each device; what is not in the account is gone.
func (c *rps) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		err := c.call(ctx, http.MethodPost, "device/delete", "", map[string]any{"macs": []string{d.MAC.String()}}, nil)
		if message(err) == "" {
			return c.plain(err)
		}
		if _, gone := c.find(ctx, d); redirect.KindOf(gone) == redirect.NotFound {
			return nil
		}
		return c.plain(err)
	})
}

// Lookup looks among the account's devices, and then whether somebody else has it.
func (c *rps) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	ours, err := c.find(ctx, d)
	switch redirect.KindOf(err) {
	case "":
		return ours.entry(d.MAC), nil
	case redirect.NotFound:
	default:
		return redirect.Entry{}, err
	}
	var known struct {
		Existed bool  `json:"existed"`
		Self    *bool `json:"self"`
	}
	if err := c.call(ctx, http.MethodGet, "device/checkMac", "mac="+d.MAC.String(), nil, &known); err != nil {
		return redirect.Entry{}, c.plain(err)
	}
	if known.Existed && known.Self != nil && !*known.Self {
		return redirect.Entry{MAC: d.MAC, Foreign: true}, nil
	}
	return redirect.Entry{}, redirect.Errorf(redirect.NotFound, "Yealink has not registered the device")
}

// List lists the account's devices.
func (c *rps) List(ctx context.Context, f func([]redirect.Entry) error) error {
	return each(func(skip int) (page, error) { return c.list(ctx, "", skip) }, f)
}

// find returns one of the account's devices, or an error of kind NotFound.
func (c *rps) find(ctx context.Context, d redirect.Device) (device, error) {
	p, err := c.list(ctx, d.MAC.String(), 0)
	if err != nil {
		return device{}, err
	}
	if found, ok := p.find(d.MAC); ok {
		return found, nil
	}
	return device{}, redirect.Errorf(redirect.NotFound, "Yealink has not registered the device in this account")
}

func (c *rps) list(ctx context.Context, key string, skip int) (p page, err error) {
	err = c.call(ctx, http.MethodPost, "device/list", "", map[string]any{"key": key, "skip": skip, "limit": pageSize, "autoCount": true}, &p)
	return p, c.plain(err)
}

// call signs a call and makes it. The error is a *refusal or a *redirect.Error.
func (c *rps) call(ctx context.Context, method, name, query string, in, out any) error {
	const api = "/api/open/v1/"
	address := c.account.Endpoint + api + name
	if query != "" {
		address += "?" + query
	}
	r, body, err := request(ctx, method, address, in)
	if err != nil {
		return err
	}
	signed := map[string]string{
		"X-Ca-Key": c.account.Value("access_key_id"), "X-Ca-Nonce": nonce(), "X-Ca-Timestamp": strconv.FormatInt(c.now().UnixMilli(), 10),
	}
	if body != nil {
		sum := md5.Sum(body) //nolint:gosec // Content-MD5 is what the API asks for
		signed["Content-MD5"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	for header, value := range signed {
		r.Header.Set(header, value)
	}
	r.Header.Set("X-Ca-Signature", signature(c.account.Value("access_key_secret"), method, api+name, query, signed))
	status, _, answer, err := redirect.Do(c.http, r)
	if err != nil {
		return err
	}
	if status == http.StatusUnauthorized || status == http.StatusForbidden {
		return denied()
	}
	var envelope struct {
		Ret    *int            `json:"ret"`
		Data   json.RawMessage `json:"data"`
		Error  *refusal        `json:"error"`
		Errors *refusal        `json:"errors"`
	}
	if json.Unmarshal(answer, &envelope) != nil || envelope.Ret == nil {
		return badAnswer(r)
	}
	refused := envelope.Error
	if refused == nil {
		refused = envelope.Errors
	}
	switch {
	case refused != nil && refused.Msg != "":
		return refused
	case *envelope.Ret < 0 || status != http.StatusOK:
		return badAnswer(r)
	case out != nil && json.Unmarshal(envelope.Data, out) != nil:
		return badAnswer(r)
	}
	return nil
}

// signature signs a call (section 1.3 of the document): HMAC-SHA256, in base64, of the
// method, the headers by name, the path without its first slash and, where there is
// one, the query by name, each on a line of its own.
func signature(secret, method, path, query string, headers map[string]string) string {
	var names []string
	for name := range headers {
		names = append(names, name)
	}
	slices.Sort(names)
	lines := []string{method}
	for _, name := range names {
		lines = append(lines, name+":"+headers[name])
	}
	lines = append(lines, strings.TrimPrefix(path, "/"))
	if query != "" {
		lines = append(lines, query)
	}
	h := hmac.New(sha256.New, []byte(secret))
	h.Write([]byte(strings.Join(lines, "\n")))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// message returns the service's word for why it does not follow a call, or "" if that
// is not what the error is.
func message(err error) string {
	if e, ok := err.(*refusal); ok { //nolint:errorlint // call promises it
		return e.Msg
	}
	return ""
}

func denied() *redirect.Error {
	return redirect.Errorf(redirect.Denied, "Yealink does not accept the account's AccessKey, or the clock of this server is wrong")
}

// plain puts a refusal in plain words.
func (c *rps) plain(err error) error {
	e, ok := err.(*refusal) //nolint:errorlint // call promises it
	if !ok {
		return err
	}
	switch e.Msg {
	case msgForeign, msgForbidden:
		return redirect.Errorf(redirect.Foreign, "another company has the device in its Yealink account; it must be removed there first")
	case msgNotFound:
		return redirect.Errorf(redirect.NotFound, "Yealink has not registered the device in this account")
	}
	switch {
	case e.ErrorCode == http.StatusUnauthorized || e.ErrorCode == http.StatusForbidden || strings.Contains(e.Msg, "unauthorized"):
		return denied()
	case e.ErrorCode == http.StatusTooManyRequests:
		return redirect.Errorf(redirect.TooMany, "Yealink says that it is called too often")
	case e.ErrorCode >= 500 && e.ErrorCode < 600:
		return redirect.Errorf(redirect.Busy, "Yealink's service has failed")
	}
	said := e.Msg
	if len(e.FieldErrors) > 0 && e.FieldErrors[0].Msg != "" {
		said = e.FieldErrors[0].Msg
	}
	return redirect.Errorf(redirect.Refused, "Yealink refuses the device: %s", c.account.Quote(said))
}
