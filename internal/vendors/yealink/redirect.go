package yealink

import (
	"bytes"
	"context"
	"crypto/rand"
	"encoding/json"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/xmlrps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
)

// The rule of Yealink's open APIs: 50 calls a second, and after a 429 none for 30
// seconds at least, growing from there (developer.ylyun.com, document 6698).
const (
	callsPerSecond = 50
	rest           = 30 * time.Second
)

// Redirects returns Yealink's three redirect services, which lead to the same phones.
func Redirects() []redirect.Service {
	return []redirect.Service{
		{
			Name: "yealink-rps", Vendor: name, Title: "Yealink RPS (JSON API)",
			Source:  "Yealink Json API for RPS Management Platform, V3.6: its rules of signing with their examples, by way of clients that work; calls and errors as those have them",
			Regions: []redirect.Region{{Name: "worldwide", URL: "https://api-dm.yealink.com:8443"}},
			Fields: []redirect.Field{
				{Name: "access_key_id", Title: "AccessKey ID, in the RPS platform under System Management > API Service"},
				{Name: "access_key_secret", Title: "AccessKey Secret, shown beside the AccessKey ID", Secret: true},
			},
			Batch: 1, // one uniqueServerUrl a call
			Rate:  callsPerSecond, Rest: rest, Lists: true,
			Open: func(a redirect.Account, c *http.Client, now func() time.Time) redirect.Client { return &rps{a, c, now} },
		},
		{
			Name: "yealink-ymcs", Vendor: name, Title: "Yealink Management Cloud Service (API v2)",
			Source: "the part on RPS devices of Yealink's YMCS API v2, by way of clients that work",
			Regions: []redirect.Region{
				{Name: "eu", URL: "https://eu-api.ymcs.yealink.com"},
				{Name: "us", URL: "https://us-api.ymcs.yealink.com"},
			},
			Fields: []redirect.Field{
				{Name: "client_id", Title: "AccessKey ID, in YMCS under System > Integration > API, where the region's domain stands as well"},
				{Name: "client_secret", Title: "AccessKey Secret, shown beside the AccessKey ID", Secret: true},
			},
			NeedsSerial: true,
			Batch:       100, Rate: callsPerSecond, Rest: rest, Lists: true,
			Open: func(a redirect.Account, c *http.Client, now func() time.Time) redirect.Client {
				return &ymcs{account: a, http: c, now: now}
			},
		},
		{
			Name: "yealink-xmlrpc", Vendor: name, Title: "Yealink RPS (XML-RPC, older accounts)",
			Source:  "clients that work with it, after Yealink's XML API for RPS V1.3 and V1.6, of which only the contents could be read",
			Regions: []redirect.Region{{Name: "worldwide", URL: "https://api-dm.yealink.com:8443"}},
			Fields:  xmlrps.Fields("the RPS account, as it signs in at the RPS platform"),
			Batch:   1,
			Rate:    callsPerSecond, Rest: rest,
			Open: func(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
				return xmlrps.New(a, c, xmlrps.Dialect{Path: "/xmlrpc", MAC: mac.Addr.Upper, UniqueURL: true})
			},
		},
	}
}

// askRedirect asks as the firmware of desk phones does that is to be read in public
// code: service.do?method=redirect with the MAC in hyphens, which redirects. Newer
// firmware shows its certificate to the service as well.
func askRedirect(u vendor.Unit, get vendor.Getter) (string, error) {
	return get.Location("service.do?method=redirect&mac=" + strings.ToUpper(strings.ReplaceAll(u.MAC.Colons(), ":", "-")))
}

// device is one of the account's, as both JSON APIs list it.
type device struct {
	ID        string `json:"id"`
	MAC       string `json:"mac"`
	UniqueURL string `json:"uniqueServerUrl"`
	ServerURL string `json:"serverUrl"`
}

// entry returns where the phone is sent: to its own address, or else to that of the
// server that it is linked with.
func (d device) entry(m mac.Addr) redirect.Entry {
	if d.UniqueURL != "" {
		return redirect.Entry{MAC: m, URL: secret.New(d.UniqueURL)}
	}
	return redirect.Entry{MAC: m, URL: secret.New(d.ServerURL)}
}

// page is one of a list.
type page struct {
	Total int      `json:"total"`
	Data  []device `json:"data"`
}

// pageSize is what clients of both APIs ask for, so it is taken.
const pageSize = 100

// find looks for a device among those that a list found, whose key is a part of one.
func (p page) find(m mac.Addr) (device, bool) {
	for _, d := range p.Data {
		if a, err := mac.Parse(d.MAC); err == nil && a == m {
			return d, true
		}
	}
	return device{}, false
}

// each calls f with all pages that list returns. A list whose page comes again has no end.
func each(list func(skip int) (page, error), f func([]redirect.Entry) error) error {
	first := mac.Addr{}
	for skip := 0; ; {
		p, err := list(skip)
		if err != nil {
			return err
		}
		if len(p.Data) == 0 {
			return nil
		}
		entries := make([]redirect.Entry, 0, len(p.Data))
		for _, d := range p.Data {
			m, err := mac.Parse(d.MAC)
			if err != nil {
				return redirect.Errorf(redirect.BadAnswer, "the list has a device without a MAC address")
			}
			entries = append(entries, d.entry(m))
		}
		if skip > 0 && entries[0].MAC == first {
			return redirect.Errorf(redirect.BadAnswer, "the list of devices has no end")
		}
		first = entries[0].MAC
		if err := f(entries); err != nil {
			return err
		}
		if skip += len(p.Data); skip >= p.Total {
			return nil
		}
	}
}

// request makes a call with a body in JSON, or without one for nil.
func request(ctx context.Context, method, url string, in any) (r *http.Request, body []byte, err error) {
	var content io.Reader = http.NoBody
	if in != nil {
		if body, err = json.Marshal(in); err != nil {
			return nil, nil, redirect.Errorf(redirect.Refused, "the call cannot be written")
		}
		content = bytes.NewReader(body)
	}
	if r, err = http.NewRequestWithContext(ctx, method, url, content); err != nil {
		return nil, nil, redirect.Errorf(redirect.Unreachable, "the address of the service is not one")
	}
	r.Header.Set("Accept", "application/json")
	if in != nil {
		r.Header.Set("Content-Type", "application/json;charset=UTF-8")
	}
	return r, body, nil
}

// nonce is what both APIs want to see once.
func nonce() string { return strings.ToLower(rand.Text()) }

// badAnswer says that an answer is none of the service's.
func badAnswer(r *http.Request) *redirect.Error {
	return redirect.Errorf(redirect.BadAnswer, "the answer of %s is not the service's", r.URL.Hostname())
}

// escape puts an identifier that the service made into a path.
func escape(id string) string { return url.PathEscape(id) }
