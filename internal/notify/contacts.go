package notify

import (
	"cmp"
	"context"
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Registration is an extension with what it signs in to its registrar by.
type Registration struct {
	Extension string // as in Target
	Domain    string
	User      string // of the digest; the extension if empty
	Password  secret.Secret
}

// Contact is where somebody has registered from as an extension.
type Contact struct {
	URI      string // "sip:100@192.0.2.7:5062;line=x", without angle brackets
	Instance string // what +sip.instance names, as "urn:uuid:…", or "" (RFC 5626)
	// From is where the registration came from, if the registrar says so, or else the
	// address in the URI, if it is an IP address.
	From    netip.Addr
	Expires int // seconds; 0 if the registrar does not say
}

// maxContacts is how many contacts of an extension are looked at.
const maxContacts = 64

// Contacts asks the registrar for the contacts of an extension, as any client of the
// extension may: by a REGISTER that registers nothing (RFC 3261 section 10.2.3). An
// extension that is not registered has none. It returns retry and err as Notify does.
func (p *Proxy) Contacts(ctx context.Context, r Registration) (list []Contact, retry bool, err error) {
	if list, err = p.contacts(ctx, r); err != nil {
		retry, err = verdict(Target{Extension: r.Extension}, err)
		return nil, retry, err
	}
	return list, false, nil
}

func (p *Proxy) contacts(ctx context.Context, r Registration) ([]Contact, error) {
	if err := check(Target{Extension: r.Extension, Domain: r.Domain}, "check-sync"); err != nil {
		return nil, err
	}
	who := account{user: cmp.Or(r.User, r.Extension), password: r.Password}
	if r.Extension == "" || r.Domain == "" || strings.ContainsAny(who.user, `"\`) || oneLine("the user", who.user) != nil {
		return nil, fail(Broken, false, "the registrar %s can be asked only for an extension with a domain and a user without quotes", p.config.Address)
	}
	answer, err := p.converse(ctx, newQuery(r.Domain, "sip:"+r.Extension+"@"+r.Domain), who)
	switch {
	case err != nil:
		return nil, fmt.Errorf("the registrar %s: %w", p.config.Address, err)
	case answer.StatusCode == sip.StatusNotFound:
		return nil, nil
	}
	if err := judge(answer); err != nil {
		return nil, fmt.Errorf("the registrar %s: %w", p.config.Address, err)
	}
	return contacts(answer), nil
}

// contacts reads the Contact headers of an answer. Those that are no SIP addresses
// that can be written are left out.
func contacts(answer *sip.Response) (list []Contact) {
	for _, h := range answer.GetHeaders("Contact") {
		header, ok := h.(*sip.ContactHeader)
		if !ok || len(list) == maxContacts {
			continue
		}
		c := Contact{URI: header.Address.String()}
		if !contactSyntax.MatchString(c.URI) {
			continue
		}
		value := func(name string) string {
			for _, p := range header.Params {
				if strings.EqualFold(p.K, name) {
					return strings.Trim(p.V, `"<>`)
				}
			}
			return ""
		}
		c.Instance = value("+sip.instance")
		c.Expires, _ = strconv.Atoi(value("expires")) // 0 if it is no number
		if from, ok := hostIn(value("received")); ok {
			c.From = from
		} else if from, ok := hostIn(c.URI); ok {
			c.From = from
		}
		list = append(list, c)
	}
	return list
}

var uriHost = regexp.MustCompile(`^sips?:(?:[^@]*@)?(\[[0-9A-Fa-f:.]+\]|[0-9.]+)(?:[:;?]|$)`)

// hostIn returns the IP address that is the host of a SIP URI.
func hostIn(uri string) (netip.Addr, bool) {
	m := uriHost.FindStringSubmatch(uri)
	if m == nil {
		return netip.Addr{}, false
	}
	a, err := netip.ParseAddr(strings.Trim(m[1], "[]"))
	return a.Unmap(), err == nil
}

// Device is a phone as others than its registrar know it.
type Device struct {
	MAC  mac.Addr
	Host netip.Addr // that it last fetched from; not valid if it is not known
}

// Place finds the contact of one phone among those of its extension, which others
// register as well. A contact that names a phone's MAC address, as the UUID of
// +sip.instance or a parameter of the URI often does, is that phone's; any other is
// whose that last fetched from the same IP address, if that is one phone's alone.
// Where that leaves a doubt it is an error: better no phone is told than the wrong.
// It returns retry and err as Sender.Notify does.
func Place(list []Contact, phone Device, others []Device) (uri string, retry bool, err error) {
	if uri, err = place(list, phone, others); err != nil {
		retry, err = verdict(Target{MAC: phone.MAC}, err)
		return "", retry, err
	}
	return uri, false, nil
}

func place(list []Contact, phone Device, others []Device) (uri string, err error) {
	var named, near []Contact
	for _, c := range list {
		switch {
		case c.names(phone.MAC):
			named = append(named, c)
		case slices.ContainsFunc(others, func(d Device) bool { return c.names(d.MAC) }):
		case phone.Host.IsValid() && c.From == phone.Host.Unmap():
			near = append(near, c)
		}
	}
	if len(named) > 0 { // the others are left from before it restarted
		return slices.MaxFunc(named, func(a, b Contact) int { return cmp.Compare(a.Expires, b.Expires) }).URI, nil
	}
	const why = "other phones register as the extension too, and which contact is this one's is not known"
	switch {
	case len(list) == 0:
		return "", fail(Unreachable, true, "the phone is not registered: the extension has no contact")
	case !phone.Host.IsValid():
		return "", fail(Unreachable, true, "%s: it was never seen to fetch; restart it by hand", why)
	case len(near) == 0:
		return "", fail(Unreachable, true, "%s: of %d contacts none is at %s, where it last fetched from", why, len(list), phone.Host)
	case slices.ContainsFunc(others, func(d Device) bool { return d.Host.IsValid() && d.Host.Unmap() == phone.Host.Unmap() }):
		return "", fail(Unreachable, false, "%s: another of them last fetched from %s too; restart it by hand", why, phone.Host)
	case len(near) > 1:
		return "", fail(Unreachable, true, "%s: %d contacts are at %s, where it last fetched from; old ones end by themselves", why, len(near), phone.Host)
	}
	return near[0].URI, nil
}

// names says whether the contact holds the MAC address of a phone.
func (c Contact) names(m mac.Addr) bool {
	if m.IsZero() {
		return false
	}
	_, parameters, _ := strings.Cut(c.URI, ";")
	for _, s := range []string{c.Instance, parameters} {
		s = strings.ToLower(s)
		if strings.Contains(s, m.String()) || strings.Contains(s, m.Colons()) || strings.Contains(s, strings.ReplaceAll(m.Colons(), ":", "-")) {
			return true
		}
	}
	return false
}
