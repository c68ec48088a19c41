package fanvil

import (
	"context"
	"crypto/md5" //nolint:gosec // how the service wants the password
	"encoding/hex"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/xmlrps"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Redirects returns Fanvil's redirect service. Some of its clients call it over http,
// others over https; ours over https alone: the password goes as a hash, but the hash is
// what opens the account. The service names no limit of calls; ours is two devices a
// second, of four calls each.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "fanvil-fdps", Vendor: "Fanvil", Title: "Fanvil FDPS",
		Source:  "public clients that work with it (falconieri's, a plugin for Wazo) and the list of calls in one of Fanvil's own tests; Fanvil gives the document to its customers alone",
		Regions: []redirect.Region{{Name: "worldwide", URL: "https://fdps.fanvil.com"}},
		Fields:  xmlrps.Fields("the FDPS account, which Fanvil gives out"),
		Batch:   1, Rate: 2, Rest: time.Minute, Lists: true,
		Open: func(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
			return &fdps{a, redirect.XMLRPC{Client: c, URL: a.Endpoint + "/xmlrpc.php", User: a.Value("username"), Password: twice(a.Value("password"))}}
		},
	}}
}

// twice is the MD5 of the MD5 of a password, each in hex.
func twice(password string) string {
	for range 2 {
		sum := md5.Sum([]byte(password)) //nolint:gosec // how the service wants the password
		password = hex.EncodeToString(sum[:])
	}
	return password
}

// fdps is an account. A device is in a group, which has the settings of an address; so
// each device has a group of its own, named as its MAC address.
type fdps struct {
	account redirect.Account
	rpc     redirect.XMLRPC
}

// call makes a call and returns the service's text.
func (c *fdps) call(ctx context.Context, method string, args ...any) (ok bool, text string, err error) {
	ok, said, err := xmlrps.Call(ctx, c.rpc, method, args...)
	text, _ = said.(string)
	return ok, text, err
}

// gone makes a call that takes something away; that it was not there is no error.
func (c *fdps) gone(ctx context.Context, method, name string) error {
	ok, said, err := c.call(ctx, method, name)
	if err != nil || ok || strings.Contains(said, "not_exist") {
		return err
	}
	return c.refusal(said)
}

// Verify asks for the account's groups.
func (c *fdps) Verify(ctx context.Context) error {
	ok, said, err := c.call(ctx, "listServers")
	if err == nil && !ok {
		return redirect.Errorf(redirect.Denied, "FDPS does not let the account see its groups: %s", c.account.Quote(said))
	}
	return err
}

// Register takes each device out of its group, makes the group anew and puts the device
// into it: a group cannot be deleted while there is a device in it, and no call is known
// that changes one.
func (c *fdps) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error { return c.register(ctx, d) })
}

func (c *fdps) register(ctx context.Context, d redirect.Device) error {
	u, err := url.Parse(d.URL.Reveal())
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return redirect.Errorf(redirect.Refused, "the device's address is none that FDPS takes")
	}
	if err := c.forget(ctx, d); err != nil {
		return err
	}
	group := d.MAC.Upper()
	protocol := map[string]string{"http": "4", "https": "5"}[u.Scheme]
	ok, said, err := c.call(ctx, "addMaterialServer", []string{
		"cfgName=" + group,
		"cfgPfMode=1",                            // after a restart
		"cfgDhcpOpt=false", "cfgPnpEnable=false", // else these would lead it elsewhere first
		"cfgPfSrv=" + u.Host, "cfgPfProt=" + protocol, "cfgPfName=" + strings.TrimPrefix(u.EscapedPath(), "/") + "$mac.cfg", // as in the phones' own settings
	})
	if err != nil {
		return err
	}
	if !ok {
		return c.refusal(said)
	}
	ok, said, err = c.call(ctx, "registerDevice", group, group)
	switch {
	case err != nil || ok:
		return err
	case strings.Contains(said, "exist"):
		err = redirect.Errorf(redirect.Foreign, "another FDPS account has the device; it must be removed there first")
	default:
		err = c.refusal(said)
	}
	if tidy := c.gone(ctx, "deleteServer", group); redirect.KindOf(tidy).Temporary() {
		return tidy
	}
	return err
}

// forget takes a device out of its group, and deletes that.
func (c *fdps) forget(ctx context.Context, d redirect.Device) error {
	if err := c.gone(ctx, "deRegisterDevice", d.MAC.Upper()); err != nil {
		return err
	}
	return c.gone(ctx, "deleteServer", d.MAC.Upper())
}

// Remove takes each device out of its group, and deletes that.
func (c *fdps) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error { return c.forget(ctx, d) })
}

// Lookup looks for a device in the account's list: what checkDevice answers is not
// public. It does not say where a device is sent.
func (c *fdps) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	found := false
	err := c.List(ctx, func(list []redirect.Entry) error {
		for _, e := range list {
			found = found || e.MAC == d.MAC
		}
		return nil
	})
	switch {
	case err != nil:
		return redirect.Entry{}, err
	case !found:
		return redirect.Entry{}, redirect.Errorf(redirect.NotFound, "FDPS has not registered the device in this account")
	}
	return redirect.Entry{MAC: d.MAC}, nil
}

// List lists the account's MAC addresses, all in one answer.
func (c *fdps) List(ctx context.Context, f func([]redirect.Entry) error) error {
	ok, said, err := xmlrps.Call(ctx, c.rpc, "listDevices")
	if err != nil {
		return err
	}
	list, isList := said.([]any)
	if !ok || !isList && said != "" {
		return redirect.Errorf(redirect.BadAnswer, "FDPS answers with no list of devices")
	}
	entries := make([]redirect.Entry, 0, len(list))
	for _, one := range list {
		text, _ := one.(string)
		m, err := mac.Parse(text)
		if err != nil {
			return redirect.Errorf(redirect.BadAnswer, "the list has a device without a MAC address")
		}
		entries = append(entries, redirect.Entry{MAC: m})
	}
	if len(entries) == 0 {
		return nil
	}
	return f(entries)
}

func (c *fdps) refusal(said string) error {
	return redirect.Errorf(redirect.Refused, "FDPS refuses: %s", c.account.Quote(strings.TrimPrefix(said, "Error:")))
}

// askRedirect asks for <mac>.cfg and reads where the phone's server is from the settings
// in it. That is assumed: how Fanvil's phones ask FDPS is not public.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	c, err := get.Fetch(u.MAC.String()+".cfg", parse)
	switch {
	case err != nil:
		return "", err
	case c == nil:
		return "", vendor.ErrNotRedirected
	}
	at := understand(c).ProvisioningURL
	if at == "" {
		return "", fmt.Errorf("the redirect service's file for %s names no server", u.MAC)
	}
	return at, nil
}
