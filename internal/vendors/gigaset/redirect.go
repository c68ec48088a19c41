package gigaset

import (
	"cmp"
	"context"
	"net/http"
	"regexp"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/sraps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Redirects returns Gigaset's redirect services. A phone gets the address of its own
// file there, with its MAC address as %MACD, and not of a folder: so WIKI shows it
// ("Gigaset Redirect server").
func Redirects() []redirect.Service {
	return []redirect.Service{
		{
			Name: "gigaset-redirect", Vendor: name, Title: "Gigaset redirect server (XML-RPC)",
			Source:  "WIKI, Gigaset Redirect server (MAC-ID, addresses, the phone's digest); calls and texts from two programs that use it",
			Regions: []redirect.Region{{Name: "global", URL: "https://prov.gigaset.net/apxml/rpc.do"}},
			Fields: []redirect.Field{
				{Name: "username", Title: "User name that Gigaset has given for prov.gigaset.net"},
				{Name: "password", Title: "Password that Gigaset has given for prov.gigaset.net", Secret: true},
				{Name: "provider", Title: "Name of the provider that stands with each phone; Dialplane if it is not set", Optional: true},
			},
			NeedsCode: true, CheckCode: checkCode,
			Batch: 1, Rate: 5, Rest: time.Minute, // not public: for courtesy
			Lists: false, // the portal does, the interface is not known to
			Open:  openXMLRPC,
		},
		{
			Name: "gigaset-grape", Vendor: name, Title: "Gigaset GRAPE (REST API)",
			Source:  "a program that uses it; it speaks as Snom's SRAPS does, whose sources serve for the rest",
			Regions: []redirect.Region{{Name: "global", URL: "https://api.grape.gigaset.net/api/v1"}},
			Fields:  sraps.Fields("GRAPE portal"),
			Batch:   1, Rate: 5, Rest: time.Minute, // not public: for courtesy
			Lists: true,
			Open: func(a redirect.Account, c *http.Client, now func() time.Time) redirect.Client {
				return filed{sraps.Open("ProvisioningServer")(a, c, now)}
			},
		},
	}
}

// ownFile is the file that a phone is sent to below its folder.
const ownFile = addressPlace + ".xml"

// filed gives phones the address of their file where others get that of a folder.
type filed struct{ redirect.Client }

func (f filed) Register(ctx context.Context, devices []redirect.Device) []error {
	list := make([]redirect.Device, len(devices))
	for i, d := range devices {
		d.URL = secret.New(d.URL.Reveal() + ownFile)
		list[i] = d
	}
	return f.Client.Register(ctx, list)
}

func (f filed) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	e, err := f.Client.Lookup(ctx, d)
	e.URL = folderOf(e.URL)
	return e, err
}

func (f filed) List(ctx context.Context, each func([]redirect.Entry) error) error {
	return f.Client.List(ctx, func(page []redirect.Entry) error {
		for i := range page {
			page[i].URL = folderOf(page[i].URL)
		}
		return each(page)
	})
}

func folderOf(file secret.Secret) secret.Secret {
	return secret.New(strings.TrimSuffix(file.Reveal(), ownFile))
}

// codes is how the four characters look that follow the MAC address in a MAC-ID
// (XXXXXXXXXXXX-YYYY). Gigaset calls them a checksum and does not say how it is made,
// so no more can be checked; the service checks the rest.
var codes = regexp.MustCompile(`^[0-9A-Z]{4}$`)

// checkCode takes the four characters, or the whole MAC-ID as it is printed.
func checkCode(m mac.Addr, code string) string {
	printed, short, whole := strings.Cut(code, "-")
	if !whole {
		short = code
	} else if of, err := mac.Parse(printed); err != nil || of != m {
		return "is the MAC-ID of another device: it must begin with the MAC address " + m.Upper()
	}
	if !codes.MatchString(strings.ToUpper(short)) {
		return "must be the four characters behind the dash of the MAC-ID, which is printed on the device and its box (XXXXXXXXXXXX-YYYY)"
	}
	return ""
}

// macID is how the service wants a device named.
func macID(d redirect.Device) string {
	code := d.Code
	if _, short, whole := strings.Cut(code, "-"); whole {
		code = short
	}
	if code == "" {
		return d.MAC.Upper()
	}
	return d.MAC.Upper() + "-" + strings.ToUpper(code)
}

// xmlrpc is an account at the redirect server. Its methods answer with whether it went
// well and a text, which is "ok" or the reason and what was wrong, behind a colon.
type xmlrpc struct {
	redirect.XMLRPC
	account redirect.Account
}

func openXMLRPC(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
	return xmlrpc{redirect.XMLRPC{Client: c, URL: a.Endpoint, User: a.Value("username"), Password: a.Value("password")}, a}
}

// Verify asks about a device that is none: there is no call that only says whether the
// account is good.
func (x xmlrpc) Verify(ctx context.Context) error {
	_, err := x.call(ctx, "checkDevice", "7C2F80000000")
	return err
}

// Register deregisters a device that the account has already, as the programs do that
// use the service.
func (x xmlrpc) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		err := x.register(ctx, d)
		if redirect.KindOf(err) != redirect.Foreign {
			return err
		}
		if said, err := x.call(ctx, "deregisterDevice", macID(d)); err != nil || said != "ok" {
			return cmp.Or[error](err, x.refusal("mac_already_in_use"))
		}
		return x.register(ctx, d)
	})
}

func (x xmlrpc) register(ctx context.Context, d redirect.Device) error {
	said, err := x.call(ctx, "registerDevice", macID(d), d.URL.Reveal()+ownFile, cmp.Or(x.account.Value("provider"), "Dialplane"))
	if err != nil {
		return err
	}
	if said != "ok" {
		return x.refusal(said)
	}
	return nil
}

func (x xmlrpc) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		_, err := x.call(ctx, "deregisterDevice", macID(d)) // what it says is that it has none such
		return err
	})
}

// Lookup says whether a device is registered. Of one of somebody else's the service is
// not known to say more than that the account has none.
func (x xmlrpc) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	said, err := x.call(ctx, "checkDevice", macID(d))
	if err != nil {
		return redirect.Entry{}, err
	}
	if said != "ok" && said != d.MAC.String() {
		return redirect.Entry{}, redirect.Errorf(redirect.NotFound, "the service has no such device for the account")
	}
	return redirect.Entry{MAC: d.MAC}, nil
}

func (x xmlrpc) List(context.Context, func([]redirect.Entry) error) error {
	return redirect.Errorf(redirect.Unsupported, "Gigaset's redirect server lists devices in its portal only")
}

// call calls a method and returns what the service says in lower case: "ok" if it went
// well, whatever the text, or the reason without what follows its colon.
func (x xmlrpc) call(ctx context.Context, method string, args ...any) (said string, err error) {
	ok, texts, err := x.Verdict(ctx, "autoprov."+method, args...)
	if err != nil {
		return "", err
	}
	if len(texts) != 1 {
		return "", redirect.Errorf(redirect.BadAnswer, "the service's answer is not what its interface answers")
	}
	if ok {
		return "ok", nil
	}
	reason, _, _ := strings.Cut(strings.ToLower(texts[0]), ":")
	return reason, nil
}

// refusal puts the service's reason in our words.
func (x xmlrpc) refusal(reason string) *redirect.Error {
	switch reason {
	case "mac_already_in_use":
		return redirect.Errorf(redirect.Foreign, "the device is registered by another customer of Gigaset's; it has to be released there first")
	case "mac_not_exist", "mac_not_found", "mac_invalid":
		return redirect.Errorf(redirect.Refused, "Gigaset knows no device of this MAC-ID: are the MAC address and the four characters behind it as printed?")
	case "url_invalid":
		return redirect.Errorf(redirect.Refused, "Gigaset does not take the address of this server")
	case "name_invalid":
		return redirect.Errorf(redirect.Denied, "Gigaset does not take the provider name that is configured for the account")
	}
	return redirect.Errorf(redirect.Refused, "Gigaset refuses the device: %s", cmp.Or(x.account.Quote(reason), "without a reason"))
}

// askRedirect asks as a phone asks Gigaset's server, which is sent on to its file there.
// WIKI tells of the digest that the phone authenticates with (its MAC address and the
// MAC-ID), which is left out: a simulated phone has no MAC-ID. The name that it asks
// for is an assumption, and so is that it is sent on by a status of 302.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	file := u.MAC.Upper() + ".xml"
	return get.FolderOf(file, file)
}
