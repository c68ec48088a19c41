package poly

import (
	"bytes"
	"cmp"
	"context"
	"crypto/rand"
	"encoding/json"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
)

// Redirects returns Poly's redirect services.
//
// Zero Touch sends a phone where its profile says, and a profile is made for many
// phones. An address of a phone's own needs a profile of its own: ours are named
// dialplane-<mac>-<random>, go with their phone, and can be left behind, with no phone,
// by a call whose answer does not come.
//
// The older interface in XML (ztpconsole.polycom.com/inboundservlet) assigns profiles
// and makes none, so it cannot carry such an address; Lens manages phones that are its
// own and redirects none.
func Redirects() []redirect.Service {
	return []redirect.Service{{
		Name: "poly-ztp", Vendor: "Poly", Title: "Poly Zero Touch (REST API)",
		Source:  "two programs that use it (FS PBX, a carrier's command line); the reference is behind Poly's login",
		Regions: []redirect.Region{{Name: "global", URL: "https://api.ztp.poly.com/v1"}},
		Fields:  []redirect.Field{{Name: "api_key", Title: "API key (ztpconsole.poly.com, Integrations, Zero Touch Partner API)", Secret: true}},
		Batch:   1, Rate: 2, Rest: time.Minute, // not public: for courtesy
		Lists: true, Open: openZTP,
	}}
}

// ztp is an account at Zero Touch.
type ztp struct {
	account redirect.Account
	client  *http.Client
}

func openZTP(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
	return ztp{a, c}
}

// profile is what phones are given.
type profile struct {
	ID       string `json:"id,omitempty"`
	Name     string `json:"name"`
	Enabled  bool   `json:"enabled"`
	Template struct {
		Provisioning struct {
			Server struct {
				Address string `json:"address"`
			} `json:"server"`
		} `json:"provisioning"`
	} `json:"template"`
}

// prefix begins the names of our profiles.
const prefix = "dialplane-"

func profileOf(d redirect.Device) profile {
	p := profile{Name: prefix + d.MAC.String() + "-" + strings.ToLower(rand.Text()[:8]), Enabled: true}
	p.Template.Provisioning.Server.Address = d.URL.Reveal()
	return p
}

// owns says whether a profile is one that we have made for a phone.
func (p profile) owns(m mac.Addr) bool { return strings.HasPrefix(p.Name, prefix+m.String()+"-") }

// enrolled is a phone as the service shows it. Its versions spell the profile in two ways.
type enrolled struct {
	ID        string `json:"id"`
	Profile   string `json:"profile"`
	ProfileID string `json:"profileid"` // profileId as well: case does not matter
}

func (d enrolled) profile() string { return cmp.Or(d.ProfileID, d.Profile) }

func (z ztp) Verify(ctx context.Context) error {
	var page struct {
		Results []profile `json:"results"`
	}
	status, answer, err := z.call(ctx, http.MethodGet, "/profiles?limit=1", nil, &page)
	if err == nil && status != http.StatusOK {
		err = z.refuse(redirect.BadAnswer, "Zero Touch does not list the account's profiles", answer)
	}
	return err
}

func (z ztp) Register(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		now, err := z.device(ctx, d.MAC)
		switch redirect.KindOf(err) {
		case redirect.NotFound:
			return z.add(ctx, d)
		case "":
		default:
			return err
		}
		p, err := z.profile(ctx, now.profile())
		if err != nil && redirect.KindOf(err) != redirect.NotFound {
			return err
		}
		if err != nil || !p.owns(d.MAC) { // the customer's, or one that has gone
			if err := z.forget(ctx, d.MAC); err != nil {
				return err
			}
			return z.add(ctx, d)
		}
		if p.Template.Provisioning.Server.Address == d.URL.Reveal() && p.Enabled {
			return nil
		}
		change := profileOf(d)
		change.Name = p.Name
		var changed profile
		status, answer, err := z.call(ctx, http.MethodPut, "/profiles/"+url.PathEscape(p.ID), change, &changed)
		if err == nil && status != http.StatusOK {
			err = z.refuse(redirect.Refused, "Zero Touch does not change the phone's profile", answer)
		}
		return err
	})
}

// add makes a profile for a phone, and gives it to the phone.
func (z ztp) add(ctx context.Context, d redirect.Device) error {
	var p profile
	status, answer, err := z.call(ctx, http.MethodPost, "/profiles", profileOf(d), &p)
	switch {
	case err != nil:
		return err
	case status != http.StatusOK && status != http.StatusCreated:
		return z.refuse(redirect.Refused, "Zero Touch makes no profile for the phone", answer)
	case p.ID == "":
		return redirect.Errorf(redirect.BadAnswer, "Zero Touch says nothing of the profile that it has made")
	}
	var made enrolled
	status, answer, err = z.call(ctx, http.MethodPost, "/devices", map[string]string{"id": d.MAC.String(), "profile": p.ID}, &made)
	switch {
	case err != nil:
		return err
	case status == http.StatusOK || status == http.StatusCreated:
		return nil
	}
	if err := z.drop(ctx, p.ID); err != nil {
		return err
	}
	if status == http.StatusConflict {
		return redirect.Errorf(redirect.Foreign, "the phone is registered with another Zero Touch account; it has to be released there first")
	}
	return z.refuse(redirect.Refused, "Zero Touch does not take the phone", answer)
}

func (z ztp) Remove(ctx context.Context, devices []redirect.Device) []error {
	return redirect.Each(devices, func(d redirect.Device) error {
		now, err := z.device(ctx, d.MAC)
		switch redirect.KindOf(err) {
		case redirect.NotFound, redirect.Foreign:
			return nil
		case "":
		default:
			return err
		}
		if err := z.forget(ctx, d.MAC); err != nil {
			return err
		}
		p, err := z.profile(ctx, now.profile())
		switch {
		case redirect.KindOf(err) == redirect.NotFound:
			return nil
		case err != nil || !p.owns(d.MAC):
			return err
		}
		return z.drop(ctx, p.ID)
	})
}

func (z ztp) Lookup(ctx context.Context, d redirect.Device) (redirect.Entry, error) {
	now, err := z.device(ctx, d.MAC)
	if redirect.KindOf(err) == redirect.Foreign {
		return redirect.Entry{MAC: d.MAC, Foreign: true}, nil
	}
	if err != nil {
		return redirect.Entry{}, err
	}
	p, err := z.profile(ctx, now.profile())
	if err != nil && redirect.KindOf(err) != redirect.NotFound {
		return redirect.Entry{}, err
	}
	return redirect.Entry{MAC: d.MAC, URL: secret.New(p.Template.Provisioning.Server.Address)}, nil
}

func (z ztp) List(ctx context.Context, f func([]redirect.Entry) error) error {
	at := make(map[string]string) // address by profile
	err := pages(ctx, z, "/profiles", func(page []profile) error {
		for _, p := range page {
			at[p.ID] = p.Template.Provisioning.Server.Address
		}
		return nil
	})
	if err != nil {
		return err
	}
	return pages(ctx, z, "/devices", func(page []enrolled) error {
		entries := make([]redirect.Entry, 0, len(page))
		for _, d := range page {
			m, err := mac.Parse(d.ID)
			if err != nil {
				return redirect.Errorf(redirect.BadAnswer, "Zero Touch lists a phone that has no MAC address")
			}
			entries = append(entries, redirect.Entry{MAC: m, URL: secret.New(at[d.profile()])})
		}
		if len(entries) == 0 {
			return nil
		}
		return f(entries)
	})
}

// maxPages bounds a list whose pages have no end.
const maxPages = 10000

// pages calls f with each page of a list.
func pages[T any](ctx context.Context, z ztp, list string, f func([]T) error) error {
	cursor := ""
	for range maxPages {
		var page struct {
			Results []T    `json:"results"`
			Next    string `json:"next"`
		}
		status, answer, err := z.call(ctx, http.MethodGet, list+"?limit=50&cursor="+url.QueryEscape(cursor), nil, &page)
		if err == nil && status != http.StatusOK {
			err = z.refuse(redirect.BadAnswer, "Zero Touch does not list what the account has", answer)
		}
		if err == nil {
			err = f(page.Results)
		}
		if err != nil || page.Next == "" {
			return err
		}
		if page.Next == cursor {
			break
		}
		cursor = page.Next
	}
	return redirect.Errorf(redirect.BadAnswer, "the list of Zero Touch has no end")
}

func (z ztp) device(ctx context.Context, m mac.Addr) (enrolled, error) {
	var d enrolled
	status, answer, err := z.call(ctx, http.MethodGet, "/devices/"+m.String(), nil, &d)
	if err != nil {
		return enrolled{}, err
	}
	switch status {
	case http.StatusOK:
	case http.StatusNotFound, http.StatusBadRequest:
		return enrolled{}, redirect.Errorf(redirect.NotFound, "the Zero Touch account has no such phone")
	case http.StatusConflict:
		return enrolled{}, redirect.Errorf(redirect.Foreign, "the phone is registered with another Zero Touch account; it has to be released there first")
	default:
		return enrolled{}, z.refuse(redirect.BadAnswer, "Zero Touch does not say what it has of the phone", answer)
	}
	if got, err := mac.Parse(d.ID); err != nil || got != m {
		return enrolled{}, redirect.Errorf(redirect.BadAnswer, "Zero Touch answers with another phone")
	}
	return d, nil
}

func (z ztp) profile(ctx context.Context, id string) (profile, error) {
	if id == "" {
		return profile{}, redirect.Errorf(redirect.NotFound, "the phone has no profile")
	}
	var p profile
	status, answer, err := z.call(ctx, http.MethodGet, "/profiles/"+url.PathEscape(id), nil, &p)
	switch {
	case err != nil:
	case status == http.StatusNotFound:
		err = redirect.Errorf(redirect.NotFound, "the account has no such profile")
	case status != http.StatusOK:
		err = z.refuse(redirect.BadAnswer, "Zero Touch does not show the phone's profile", answer)
	case p.ID != id:
		err = redirect.Errorf(redirect.BadAnswer, "Zero Touch answers with another profile")
	}
	return p, err
}

// forget takes a phone out of the account.
func (z ztp) forget(ctx context.Context, m mac.Addr) error {
	return z.remove(ctx, "/devices/"+m.String())
}

// drop deletes a profile.
func (z ztp) drop(ctx context.Context, id string) error {
	return z.remove(ctx, "/profiles/"+url.PathEscape(id))
}

func (z ztp) remove(ctx context.Context, path string) error {
	status, answer, err := z.call(ctx, http.MethodDelete, path, nil, nil)
	if err != nil {
		return err
	}
	switch status {
	case http.StatusOK, http.StatusNoContent, http.StatusNotFound, http.StatusConflict, http.StatusBadRequest:
		return nil
	}
	return z.refuse(redirect.Refused, "Zero Touch does not remove it", answer)
}

// call makes a call. Of a status of 2xx the answer is read into result, if there is one.
func (z ztp) call(ctx context.Context, method, path string, body, result any) (status int, answer []byte, err error) {
	var text []byte
	if body != nil {
		if text, err = json.Marshal(body); err != nil {
			return 0, nil, redirect.Errorf(redirect.Refused, "the phone cannot be written as JSON")
		}
	}
	r, err := http.NewRequestWithContext(ctx, method, z.account.Endpoint+path, bytes.NewReader(text))
	if err != nil {
		return 0, nil, redirect.Errorf(redirect.Unreachable, "the address of the service is not one")
	}
	r.Header.Set("API-KEY", z.account.Value("api_key"))
	if body != nil {
		r.Header.Set("Content-Type", "application/json")
	}
	status, _, answer, err = redirect.Do(z.client, r)
	switch {
	case err != nil:
	case status == http.StatusUnauthorized, status == http.StatusForbidden:
		err = redirect.Errorf(redirect.Denied, "Zero Touch does not accept the account's API key")
	case status < 300 && result != nil && json.Unmarshal(answer, result) != nil:
		err = redirect.Errorf(redirect.BadAnswer, "the answer of Zero Touch is not what its API answers")
	case status >= 300 && !json.Valid(answer):
		err = redirect.Errorf(redirect.BadAnswer, "Zero Touch answers with the status %d and no reason", status)
	}
	return status, answer, err
}

// refuse adds the service's own words to ours.
func (z ztp) refuse(kind redirect.Kind, ours string, answer []byte) error {
	var v struct{ Error, Message string }
	if json.Unmarshal(answer, &v) == nil {
		if theirs := z.account.Quote(cmp.Or(v.Error, v.Message)); theirs != "" {
			ours += " (" + theirs + ")"
		}
	}
	return redirect.Errorf(kind, "%s", ours)
}
