package panasonic

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/xmlrps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
)

// anyModel is what a phone is sent to below its address: the service gives out the
// address of a file, and the phone puts its model in (UT, HDV).
const anyModel = "{MODEL}.cfg"

// maxURL is how long an address may be (HDV, UT).
const maxURL = 384

// Redirects returns Panasonic's redirect service. It names no limit of calls; ours is
// five devices a second, of one call each.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "panasonic-redirect", Vendor: name, Title: "Panasonic redirection server",
		Source:  "public clients that work with it (ngcp-panel's, peoplefone's, a Ruby library); Panasonic gives the document to its partners alone",
		Regions: []redirect.Region{{Name: "worldwide", URL: "https://provisioning.e-connecting.net"}},
		Fields:  xmlrps.Fields("the account of the redirection server, which Panasonic gives its partners"),
		CheckURL: func(url string) string {
			if len(url)+len(anyModel) > maxURL {
				return fmt.Sprintf("must have at most %d characters, as Panasonic's phones read no more", maxURL-len(anyModel))
			}
			return ""
		},
		Batch: 1, Rate: 5, Rest: time.Minute, Lists: true,
		Open: func(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
			return &ipredirect{a, redirect.XMLRPC{Client: c, URL: a.Endpoint + "/redirect/xmlrpc", User: a.Value("username"), Password: a.Value("password")}}
		},
	}}
}

// ipredirect is an account.
type ipredirect struct {
	account redirect.Account
	rpc     redirect.XMLRPC
}

// The codes of faults that clients tell apart.
const (
	badURL    = 100
	badMAC    = 200
	notFound  = 201 // the service does not know it, or not in this account
	isForeign = 202
)

// call makes a call and puts a fault in plain words.
func (c *ipredirect) call(ctx context.Context, method string, args ...any) (any, error) {
	v, err := c.rpc.Call(ctx, "ipredirect."+method, args...)
	if f, ok := err.(*redirect.Fault); ok { //nolint:errorlint // XMLRPC.Call promises it
		return nil, c.plain(f.Code, f.Text)
	}
	return v, err
}

func (c *ipredirect) plain(code int64, text string) error {
	switch code {
	case badURL:
		return redirect.Errorf(redirect.Refused, "Panasonic's redirection server does not take the address that the phone is to be sent to")
	case badMAC:
		return redirect.Errorf(redirect.Refused, "Panasonic's redirection server does not know such a MAC address")
	case notFound:
		return redirect.Errorf(redirect.NotFound, "Panasonic's redirection server has not registered the phone in this account")
	case isForeign:
		return redirect.Errorf(redirect.Foreign, "another account of Panasonic's redirection server has the phone; it must be removed there first")
	}
	return redirect.Errorf(redirect.Refused, "Panasonic's redirection server refuses with the code %d: %s", code, c.account.Quote(text))
}

// done makes a call whose answer is true.
func (c *ipredirect) done(ctx context.Context, method string, args ...any) error {
	v, err := c.call(ctx, method, args...)
	if err == nil && v != true {
		err = redirect.Errorf(redirect.BadAnswer, "Panasonic's redirection server does not say that it has done what it was asked")
	}
	return err
}

// Verify asks for a phone that cannot be; the answer shows that the account may ask.
func (c *ipredirect) Verify(ctx context.Context) error {
	_, err := c.call(ctx, "checkPhones", mac.Addr{}.Upper())
	switch redirect.KindOf(err) {
	case redirect.NotFound, redirect.Refused, redirect.Foreign:
		return nil
	}
	return err
}

// Register registers each phone with its address, over what the account has for it.
func (c *ipredirect) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		err := c.done(ctx, "registerPhone", d.MAC.Upper(), d.URL.Reveal()+anyModel)
		if redirect.KindOf(err) == redirect.NotFound {
			return c.plain(badMAC, "")
		}
		return err
	})
}

// Remove makes the service forget each phone.
func (c *ipredirect) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		err := c.done(ctx, "unregisterPhone", d.MAC.Upper())
		switch redirect.KindOf(err) {
		case redirect.NotFound, redirect.Foreign:
			return nil
		case redirect.Refused: // one that it does not know at all
			if _, gone := c.Lookup(ctx, d); redirect.KindOf(gone) == redirect.NotFound {
				return nil
			}
		}
		return err
	})
}

// Lookup reads what is registered for a phone. Which of the fields is the address is not
// public: it is the one that looks like an address.
func (c *ipredirect) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	v, err := c.call(ctx, "getPhone", d.MAC.Upper())
	switch redirect.KindOf(err) {
	case "":
	case redirect.Foreign:
		return redirect.Entry{MAC: d.MAC, Foreign: true}, nil
	case redirect.Refused:
		return redirect.Entry{}, c.plain(notFound, "")
	default:
		return redirect.Entry{}, err
	}
	record, ok := v.(map[string]any)
	if !ok {
		return redirect.Entry{}, redirect.Errorf(redirect.BadAnswer, "Panasonic's redirection server answers with no phone")
	}
	e := redirect.Entry{MAC: d.MAC}
	for _, field := range record {
		if at, ok := field.(string); ok && strings.Contains(at, "://") {
			e.URL = secret.New(strings.TrimSuffix(at, anyModel))
		}
	}
	return e, nil
}

// List lists the account's MAC addresses, all in one answer.
func (c *ipredirect) List(ctx context.Context, f func([]redirect.Entry) error) error {
	v, err := c.call(ctx, "listPhones")
	if err != nil {
		return err
	}
	list, ok := v.([]any)
	if !ok {
		return redirect.Errorf(redirect.BadAnswer, "Panasonic's redirection server answers with no list of phones")
	}
	entries := make([]redirect.Entry, 0, len(list))
	for _, one := range list {
		text, _ := one.(string)
		m, err := mac.Parse(text)
		if err != nil {
			return redirect.Errorf(redirect.BadAnswer, "the list has a phone without a MAC address")
		}
		entries = append(entries, redirect.Entry{MAC: m})
	}
	if len(entries) == 0 {
		return nil
	}
	return f(entries)
}

// askRedirect asks over HTTP, last of all ways (UTG's Administrator Guide, section
// 2.2.1.4), and goes where it is sent. That it asks for its MAC address and is answered
// by a redirect is assumed.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	at, err := get.Location(u.MAC.Upper())
	return at[:strings.LastIndexByte(at, '/')+1], err
}
