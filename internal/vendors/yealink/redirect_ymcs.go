package yealink

import (
	"context"
	"encoding/json"
	"net/http"
	"strconv"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
)

// ymcs is an account at YMCS: OAuth2 with client credentials. The library for it
// (golang.org/x/oauth2/clientcredentials) sends a form; this service wants JSON and
// headers that differ from call to call.
type ymcs struct {
	account redirect.Account
	http    *http.Client
	now     func() time.Time

	mu     sync.Mutex
	token  string
	expire time.Time
}

// The codes that the API documents.
const (
	codeExists   = "800003"
	codeForeign  = "800004"
	codeNotFound = "900404"
)

// ymcsError is what the service answers a call that it does not follow.
type ymcsError struct {
	Status  int    `json:"-"`
	Code    string `json:"code"`
	Message string `json:"message"`
}

func (e *ymcsError) Error() string { return "the service answers " + e.Code }

// Verify gets a token and lists one device, which an account without RPS may not.
func (c *ymcs) Verify(ctx context.Context) error {
	_, err := c.list(ctx, nil, 0, 1)
	return err
}

// counts are what the service answers a call for many devices.
type counts struct {
	Success *int `json:"successCount"`
	Failure int  `json:"failureCount"`
	Errors  []struct {
		MAC string `json:"mac"`
	} `json:"errors"`
}

// addition is a device to be added.
type addition struct {
	MAC    string `json:"mac"`
	Serial string `json:"sn"`
	URL    string `json:"uniqueServerUrl"`
}

func newAddition(d redirect.Device) addition {
	return addition{d.MAC.String(), d.Serial, d.URL.Reveal()}
}

// Register adds all devices in one call. That says of those it did not add only a
// sentence; so each of them is added by itself, for which there are codes.
func (c *ymcs) Register(ctx context.Context, devices []redirect.Device) []error {
	left := make(map[mac.Addr]bool)
	if len(devices) > 1 {
		list := make([]addition, len(devices))
		for i, d := range devices {
			list[i] = newAddition(d)
		}
		var n counts
		err := c.plain(c.call(ctx, http.MethodPost, "/v2/rps/addDevices", list, &n))
		if err == nil && n.Success == nil {
			err = redirect.Errorf(redirect.BadAnswer, "YMCS does not say how many devices it has added")
		}
		if redirect.KindOf(err).Temporary() {
			return redirect.All(devices, err)
		}
		for _, e := range n.Errors {
			if m, err := mac.Parse(e.MAC); err == nil {
				left[m] = true
			}
		}
		if err == nil && len(left) == n.Failure && *n.Success+n.Failure == len(devices) {
			return redirect.Each(devices, func(d redirect.Device) error {
				if !left[d.MAC] {
					return nil
				}
				return c.register(ctx, d)
			})
		}
	}
	return redirect.Each(devices, func(d redirect.Device) error { return c.register(ctx, d) })
}

func (c *ymcs) register(ctx context.Context, d redirect.Device) error {
	err := c.call(ctx, http.MethodPost, "/v2/rps/devices", newAddition(d), nil)
	if code(err) != codeExists {
		return c.plain(err)
	}
	ours, err := c.find(ctx, d)
	if redirect.KindOf(err) == redirect.NotFound {
		return redirect.Errorf(redirect.Refused, "YMCS has the MAC address or the serial number already, but not as a device of this account")
	}
	if err != nil {
		return err
	}
	return c.plain(c.call(ctx, http.MethodPatch, "/v2/rps/devices/"+escape(ours.ID), map[string]string{"uniqueServerUrl": d.URL.Reveal()}, nil))
}

// Remove deletes all devices in one call, and looks for each where that did not do all.
func (c *ymcs) Remove(ctx context.Context, devices []redirect.Device) []error {
	n, err := c.remove(ctx, devices)
	if k := redirect.KindOf(err); k.Temporary() || k == redirect.Denied {
		return redirect.All(devices, err)
	}
	if err == nil && n.Failure == 0 && *n.Success == len(devices) {
		return make([]error, len(devices))
	}
	return redirect.Each(devices, func(d redirect.Device) error {
		if _, err := c.find(ctx, d); redirect.KindOf(err) == redirect.NotFound {
			return nil
		} else if err != nil {
			return err
		}
		n, err := c.remove(ctx, []redirect.Device{d})
		if err == nil && n.Failure > 0 {
			err = redirect.Errorf(redirect.Refused, "YMCS does not delete the device")
		}
		return err
	})
}

func (c *ymcs) remove(ctx context.Context, devices []redirect.Device) (n counts, err error) {
	ids := make([]string, len(devices))
	for i, d := range devices {
		ids[i] = d.MAC.String()
	}
	err = c.plain(c.call(ctx, http.MethodPost, "/v2/rps/delDevices", map[string]any{"deviceIdType": "mac", "deviceIds": ids}, &n))
	if err == nil && n.Success == nil {
		err = redirect.Errorf(redirect.BadAnswer, "YMCS does not say how many devices it has deleted")
	}
	return n, err
}

// Lookup looks among the account's devices, the only ones that the API shows, and asks
// for the PIN that the phone may want to see.
func (c *ymcs) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	found, err := c.find(ctx, d)
	if err != nil {
		return redirect.Entry{}, err
	}
	e := found.entry(d.MAC)
	var pins []struct {
		MAC string `json:"mac"`
		PIN string `json:"pin"`
	}
	err = c.plain(c.call(ctx, http.MethodPost, "/v2/rps/listDevicePins", map[string]any{"macs": []string{d.MAC.String()}}, &pins))
	if redirect.KindOf(err).Temporary() {
		return redirect.Entry{}, err
	}
	for _, p := range pins { // an account that may not see them has none
		if m, err := mac.Parse(p.MAC); err == nil && m == d.MAC {
			e.PIN = secret.New(p.PIN)
		}
	}
	return e, nil
}

// List lists the account's devices.
func (c *ymcs) List(ctx context.Context, f func([]redirect.Entry) error) error {
	return each(func(skip int) (page, error) { return c.list(ctx, nil, skip, pageSize) }, f)
}

// find returns one of the account's devices, or an error of kind NotFound.
func (c *ymcs) find(ctx context.Context, d redirect.Device) (device, error) {
	p, err := c.list(ctx, map[string]string{"mac": d.MAC.String()}, 0, pageSize)
	if err != nil {
		return device{}, err
	}
	if found, ok := p.find(d.MAC); ok {
		return found, nil
	}
	return device{}, redirect.Errorf(redirect.NotFound, "YMCS has not registered the device in this account")
}

func (c *ymcs) list(ctx context.Context, filter map[string]string, skip, limit int) (p page, err error) {
	in := map[string]any{"skip": skip, "limit": limit, "autoCount": true}
	if filter != nil {
		in["filter"] = filter
	}
	return p, c.plain(c.call(ctx, http.MethodPost, "/v2/rps/listDevices", in, &p))
}

// call makes a call with a token, and once more with a new one if that is accepted no
// longer. The error is a *ymcsError or a *redirect.Error.
func (c *ymcs) call(ctx context.Context, method, path string, in, out any) error {
	refused := ""
	for {
		token, err := c.bearer(ctx, refused)
		if err != nil {
			return err
		}
		err = c.send(ctx, method, path, "Bearer "+token, in, out)
		if e, ok := err.(*ymcsError); ok && e.Status == http.StatusUnauthorized && refused == "" { //nolint:errorlint // send promises it
			refused = token
			continue
		}
		return err
	}
}

// bearer returns a token other than one that was refused, valid for a minute at least.
func (c *ymcs) bearer(ctx context.Context, refused string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.token != "" && c.token != refused && c.now().Before(c.expire) {
		return c.token, nil
	}
	c.token = ""
	basic := new(http.Request)
	basic.Header = make(http.Header)
	basic.SetBasicAuth(c.account.Value("client_id"), c.account.Value("client_secret"))
	var got struct {
		Token     string `json:"access_token"`
		ExpiresIn int    `json:"expires_in"`
	}
	err := c.send(ctx, http.MethodPost, "/v2/token", basic.Header.Get("Authorization"), map[string]string{"grant_type": "client_credentials"}, &got)
	switch {
	case err != nil:
		return "", c.plain(err)
	case got.Token == "":
		return "", redirect.Errorf(redirect.BadAnswer, "YMCS answers without a token")
	}
	c.token, c.expire = got.Token, c.now().Add(time.Duration(min(got.ExpiresIn, 86400))*time.Second-time.Minute)
	return c.token, nil
}

// send makes one call. The error is a *ymcsError or a *redirect.Error.
func (c *ymcs) send(ctx context.Context, method, path, authorization string, in, out any) error {
	r, _, err := request(ctx, method, c.account.Endpoint+path, in)
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", authorization)
	r.Header.Set("timestamp", strconv.FormatInt(c.now().UnixMilli(), 10))
	r.Header.Set("nonce", nonce())
	status, _, answer, err := redirect.Do(c.http, r)
	switch {
	case err != nil:
		return err
	case status >= 300:
		e := &ymcsError{Status: status}
		if json.Unmarshal(answer, e) != nil && status != http.StatusUnauthorized && status != http.StatusForbidden {
			return badAnswer(r)
		}
		return e
	case out == nil && status == http.StatusOK && !json.Valid(answer), out != nil && json.Unmarshal(answer, out) != nil:
		return badAnswer(r)
	}
	return nil
}

// code returns the service's code for why it does not follow a call, or "" if that is
// not what the error is.
func code(err error) string {
	if e, ok := err.(*ymcsError); ok { //nolint:errorlint // call promises it
		return e.Code
	}
	return ""
}

// plain puts an error of the service in plain words.
func (c *ymcs) plain(err error) error {
	e, ok := err.(*ymcsError) //nolint:errorlint // call promises it
	if !ok {
		return err
	}
	switch e.Code {
	case "800001":
		return redirect.Errorf(redirect.Refused, "YMCS does not know such a MAC address")
	case "800002":
		return redirect.Errorf(redirect.Refused, "YMCS does not accept the serial number; it is printed on the phone and its box")
	case codeForeign:
		return redirect.Errorf(redirect.Foreign, "another company has the device in its Yealink account; it must be removed there first")
	case "800005", "800200":
		return redirect.Errorf(redirect.Refused, "YMCS does not redirect devices of this type")
	case "800008":
		return redirect.Errorf(redirect.Refused, "the account has as many devices as YMCS allows it")
	case "500401":
		return redirect.Errorf(redirect.Denied, "YMCS does not accept how the call is signed; the clock of this server may be wrong")
	case "900401", "900440", "70011":
		return redirect.Errorf(redirect.Denied, "YMCS does not accept the account's AccessKey; it is of one region alone")
	case "900403":
		return redirect.Errorf(redirect.Denied, "YMCS does not allow this account to manage devices of the RPS")
	case codeNotFound:
		return redirect.Errorf(redirect.NotFound, "YMCS has not registered the device in this account")
	case "900429":
		return redirect.Errorf(redirect.TooMany, "YMCS says that it is called too often")
	case "900408", "900500", "900502", "900503", "900504", "900511", "900599":
		return redirect.Errorf(redirect.Busy, "YMCS is overloaded or has failed")
	}
	if e.Status == http.StatusUnauthorized || e.Status == http.StatusForbidden {
		return redirect.Errorf(redirect.Denied, "YMCS does not accept the account's AccessKey; it is of one region alone")
	}
	return redirect.Errorf(redirect.Refused, "YMCS refuses: %s", c.account.Quote(e.Message))
}
