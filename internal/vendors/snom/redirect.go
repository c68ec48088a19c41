package snom

import (
	"cmp"
	"context"
	"fmt"
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/sraps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

// Redirects returns Snom's redirect services.
func Redirects() []redirect.Service {
	return []redirect.Service{
		{
			Name: "snom-sraps", Vendor: "Snom", Title: "Snom SRAPS (REST API)",
			Source:  "service.snom.com/display/wiki/REST+API (Hawk, codes); paths and fields from three programs that use it; answers for other companies' phones and pages of phones assumed",
			Regions: []redirect.Region{{Name: "global", URL: "https://api.sraps.snom.com/api/v1"}, {Name: "legacy", URL: "https://secure-provisioning.snom.com/api/v1"}},
			Fields:  sraps.Fields("sraps.snom.com"),
			// How much the service allows is not public: this is for courtesy.
			Batch: 1, Rate: 5, Rest: time.Minute,
			Lists: true, Open: sraps.Open("setting_server"),
		},
		{
			Name: "snom-xmlrpc", Vendor: "Snom", Title: "Snom redirection (XML-RPC, superseded by SRAPS)",
			Source:  "service.snom.com/display/wiki/XML-RPC+API, and Snom's own command line for it",
			Regions: []redirect.Region{{Name: "global", URL: "https://secure-provisioning.snom.com:8083/xmlrpc"}},
			Fields: []redirect.Field{
				{Name: "username", Title: "User name of the redirection account"},
				{Name: "password", Title: "Password of the redirection account", Secret: true},
			},
			Batch: 1, Rate: 5, Rest: time.Minute, // not public: for courtesy
			// It lists the MAC addresses of one model at a time, by names of its own.
			Lists: false, Open: openXMLRPC,
		},
	}
}

// xmlrpc is an account at the older service. Its methods answer with a list of whether
// it went well and what happened.
type xmlrpc struct {
	redirect.XMLRPC
	account redirect.Account
}

func openXMLRPC(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
	// The slash at the end is mandatory.
	return xmlrpc{redirect.XMLRPC{Client: c, URL: a.Endpoint + "/", User: a.Value("username"), Password: a.Value("password")}, a}
}

// nobodys is an address of Snom's that Verify asks about: there is no call that only
// says whether the account is good.
const nobodys = oui + "000000"

func (x xmlrpc) Verify(ctx context.Context) error {
	_, _, err := x.Verdict(ctx, "redirect.getPhoneRedirection", nobodys)
	return err
}

// Register looks first: a phone that is registered with another address has to be
// deregistered, as Snom's own command line does it.
func (x xmlrpc) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		now, err := x.Lookup(ctx, d)
		switch {
		case redirect.KindOf(err) == redirect.NotFound:
		case err != nil:
			return err
		case now.Foreign:
			return x.refusal("Error:owned_by_other_user")
		case now.URL.Equal(d.URL):
			return nil
		default:
			if err := x.remove(ctx, d); err != nil {
				return err
			}
		}
		ok, texts, err := x.Verdict(ctx, "redirect.registerPhone", d.MAC.Upper(), d.URL.Reveal())
		if err == nil && !ok {
			err = x.refusal(texts[0])
		}
		return err
	})
}

func (x xmlrpc) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error { return x.remove(ctx, d) })
}

func (x xmlrpc) remove(ctx context.Context, d redirect.Device) error {
	ok, texts, err := x.Verdict(ctx, "redirect.deregisterPhone", d.MAC.Upper())
	if err != nil || ok {
		return err
	}
	switch err := x.refusal(texts[0]); err.Kind {
	case redirect.NotFound, redirect.Foreign, redirect.Refused:
		return nil
	default:
		return err
	}
}

func (x xmlrpc) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	ok, texts, err := x.Verdict(ctx, "redirect.getPhoneRedirection", d.MAC.Upper())
	if err != nil {
		return redirect.Entry{}, err
	}
	if !ok {
		err := x.refusal(texts[0])
		if err.Kind == redirect.Foreign {
			return redirect.Entry{MAC: d.MAC, Foreign: true}, nil
		}
		if err.Kind == redirect.Refused { // what it refuses it has not
			err.Kind = redirect.NotFound
		}
		return redirect.Entry{}, err
	}
	// The company's name stands first, and did not in older versions.
	return redirect.Entry{MAC: d.MAC, URL: secret.New(texts[len(texts)-1])}, nil
}

func (x xmlrpc) List(context.Context, func([]redirect.Entry) error) error {
	return redirect.Errorf(redirect.Unsupported, "Snom's XML-RPC service lists phones by model only")
}

// refusal puts what the service says in our words.
func (x xmlrpc) refusal(text string) *redirect.Error {
	switch text {
	case "Error:owned_by_other_user":
		return redirect.Errorf(redirect.Foreign, "the phone is registered by another customer of Snom's; it has to be released there first")
	case "Error:no_such_mac":
		return redirect.Errorf(redirect.NotFound, "the service does not know the phone")
	case "Error:malformed_mac":
		return redirect.Errorf(redirect.Refused, "Snom says that the MAC address is none of its phones'")
	case "Error:malformed_url":
		return redirect.Errorf(redirect.Refused, "Snom does not take the address of this server")
	}
	return redirect.Errorf(redirect.Refused, "Snom refuses the phone: %s", cmp.Or(x.account.Quote(text), "without a reason"))
}

// askRedirect asks as Snom's phones ask provisioning.snom.com, where they turn when
// neither multicast nor DHCP names a server: for snom<model>/snom<model>.php?mac=<MAC>
// (Snom's pnpserv and PnP manual), which holds settings as any server's file does. That
// the newer secure-provisioning.snom.com is asked by the same name is an assumption;
// the certificate that it asks the phone for is left out.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	status, body, err := get(fmt.Sprintf("snom%[1]s/snom%[1]s.php?mac=%[2]s", u.Model, u.MAC.Upper()))
	switch {
	case err != nil:
		return "", err
	case status == http.StatusNotFound:
		return "", vendor.ErrNotRedirected
	case status != http.StatusOK:
		return "", fmt.Errorf("the redirect service answers a phone with the status %d", status)
	}
	c, err := settingsxml.Parse("snom.php", body)
	if err != nil {
		return "", err
	}
	at := c.Get("setting_server")
	if at == "" {
		return "", vendor.ErrNotRedirected
	}
	return at, nil
}
