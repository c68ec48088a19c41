// Package xmlrps is the client of the XML-RPC interface redirect.* that several makers'
// redirect services have in common: Yealink's older one, Htek's and Akuvox' have the
// same calls and, as far as they are documented, the same texts; Fanvil's has the same
// kind of answers.
//
// A device is linked with a server, which has a name and an address. So each address
// has a server of its own here, whose name follows from the address; an interface that
// knows devices' own addresses (Dialect.UniqueURL) needs but one. No call is documented
// that deletes a server.
//
// Sources: Htek's wiki, page 416448516 (Htek XML API for RPS); Akuvox' wiki, "How to
// setup xml api for RPS"; and clients of Yealink's that work.
package xmlrps

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
)

// Dialect is what the services differ in.
type Dialect struct {
	Path string // of the service, below the endpoint
	// MAC spells an address.
	MAC func(mac.Addr) string
	// Address spells where a device is sent; as it is if nil.
	Address func(url string) string
	// UniqueURL says that there is a call registerDeviceWithUniqueUrl.
	UniqueURL bool
}

// Fields are what an account consists of.
func Fields(where string) []redirect.Field {
	return []redirect.Field{
		{Name: "username", Title: "User name of " + where},
		{Name: "password", Title: "Password of " + where, Secret: true},
	}
}

// Call makes a call whose answer is a list of a boolean and something else: whether the
// service did it, and its text or what was asked for. The error is a *redirect.Error.
func Call(ctx context.Context, x redirect.XMLRPC, method string, args ...any) (ok bool, said any, err error) {
	answer, err := x.Call(ctx, "redirect."+method, args...)
	if f, isFault := err.(*redirect.Fault); isFault { //nolint:errorlint // XMLRPC.Call promises it
		return false, f.Text, nil
	}
	if err != nil {
		return false, nil, err
	}
	list, isList := answer.([]any)
	if !isList || len(list) != 2 {
		return false, nil, redirect.Errorf(redirect.BadAnswer, "the answer of the service has not the form that is documented")
	}
	if ok, isList = list[0].(bool); !isList {
		return false, nil, redirect.Errorf(redirect.BadAnswer, "the answer of the service has not the form that is documented")
	}
	return ok, list[1], nil
}

// Client is an account at such a service.
type Client struct {
	account redirect.Account
	dialect Dialect
	rpc     redirect.XMLRPC
}

// New returns a client.
func New(a redirect.Account, c *http.Client, d Dialect) *Client {
	return &Client{a, d, redirect.XMLRPC{Client: c, URL: a.Endpoint + d.Path, User: a.Value("username"), Password: a.Value("password")}}
}

// call makes a call and returns the service's text.
func (c *Client) call(ctx context.Context, method string, args ...any) (ok bool, text string, err error) {
	ok, said, err := Call(ctx, c.rpc, method, args...)
	text, _ = said.(string)
	return ok, text, err
}

// Verify asks for a device that cannot be; the answer shows that the account may ask.
func (c *Client) Verify(ctx context.Context) error {
	_, _, err := c.call(ctx, "checkDevice", c.dialect.MAC(mac.Addr{}))
	return err
}

// Register makes the server that a device is to be sent to and links the device with it.
func (c *Client) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error { return c.register(ctx, d) })
}

func (c *Client) register(ctx context.Context, d redirect.Device) error {
	to := d.URL.Reveal()
	if c.dialect.Address != nil {
		to = c.dialect.Address(to)
	}
	method, server, args := "registerDevice", serverName(to), []any(nil)
	if c.dialect.UniqueURL {
		u, err := url.Parse(to)
		if err != nil {
			return redirect.Errorf(redirect.Refused, "the device's address is no URL")
		}
		root := u.Scheme + "://" + u.Host + "/"
		method, server, args, to = "registerDeviceWithUniqueUrl", serverName(c.rpc.User+"\x00"+root), []any{to}, root
	}
	// A server of this name has this address: whether it is there already, the next call shows.
	made, whyNot, err := c.call(ctx, "addServer", server, to)
	if err != nil {
		return err
	}
	link := func(override string) (bool, string, error) {
		return c.call(ctx, method, append(append([]any{c.dialect.MAC(d.MAC), server}, args...), override)...)
	}
	ok, said, err := link("0")
	if err == nil && !ok && is(said, "existing mac") { // "registered by yourself"
		ok, said, err = link("1")
	}
	if err == nil && !ok && is(said, "invalid server") && !made {
		said = whyNot
	}
	if err != nil || ok {
		return err
	}
	return c.refusal(said)
}

// Remove takes devices out of the account.
func (c *Client) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		ok, said, err := c.call(ctx, "deRegisterDevice", c.dialect.MAC(d.MAC))
		if err != nil || ok {
			return err
		}
		if e, gone := c.Lookup(ctx, d); redirect.KindOf(gone) == redirect.NotFound || e.Foreign {
			return nil
		}
		return c.refusal(said)
	})
}

// Lookup says whose a device is. Where it is sent, the service does not tell.
func (c *Client) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	_, said, err := c.call(ctx, "checkDevice", c.dialect.MAC(d.MAC))
	switch {
	case err != nil:
		return redirect.Entry{}, err
	case strings.EqualFold(said, "Registered"):
		return redirect.Entry{MAC: d.MAC}, nil
	case strings.EqualFold(said, "Registered Elsewhere"):
		return redirect.Entry{MAC: d.MAC, Foreign: true}, nil
	case strings.EqualFold(said, "Unregistered"), strings.EqualFold(said, "Unknown"):
		return redirect.Entry{}, redirect.Errorf(redirect.NotFound, "the service has not registered the device")
	}
	return redirect.Entry{}, c.refusal(said)
}

// List fails: there is a call listDevices, but what it answers is not public.
func (*Client) List(context.Context, func([]redirect.Entry) error) error {
	return redirect.Errorf(redirect.Unsupported, "what the service's list looks like is not public")
}

// serverName names the server of an address: at most 20 of the characters A-Z, a-z, 0-9,
// hyphen, underscore, full stop and space, unique among all accounts of the service.
func serverName(address string) string {
	sum := sha256.Sum256([]byte(address))
	return "dp-" + hex.EncodeToString(sum[:])[:17]
}

// is says whether a text begins with a word, behind the "Error:" that some begin with.
func is(text, word string) bool {
	text = strings.ToLower(strings.TrimSpace(text))
	return strings.HasPrefix(strings.TrimSpace(strings.TrimPrefix(text, "error:")), word)
}

// refusal puts a text of the service in plain words.
func (c *Client) refusal(said string) error {
	switch {
	case is(said, "are you sure you want to override"), is(said, "registered elsewhere"):
		return redirect.Errorf(redirect.Foreign, "another account of the service has the device; it must be removed there first")
	case is(said, "invalid mac"):
		return redirect.Errorf(redirect.Refused, "the service does not know such a MAC address")
	}
	return redirect.Errorf(redirect.Refused, "the service refuses: %s", c.account.Quote(said))
}
