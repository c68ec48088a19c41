// Package provisiontest makes fleets of any size for the tests and benchmarks of
// what serves phones, without a store.
package provisiontest

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"sync/atomic"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Herd streams a fleet: the default tenant, and for each of its extensions a Yealink
// T46U. Every phone has 16 accounts and 16 line keys: its own line and the 15
// extensions that follow it. There may be DECT bases besides, and systems of three: the
// bases that are alone come first, and then each system's, its data master before the
// others. It implements provision.Source.
type Herd struct {
	Phones  int
	Bases   int // Yealink W90DM that are alone
	Systems int // of a W90DM and two W90B
	Members int // of each base and system: extensions of its own
	Windows []fleet.Enrolment
	// Changes counts how often a base was read again; each time the last of its members
	// is gone or there again. Nil for a herd that does not change.
	Changes *atomic.Int64
}

// systemBases is how many bases a system has.
const systemBases = 3

// users is how many extensions there are.
func (h Herd) users() int { return max(h.Phones, h.Members*(h.Bases+h.Systems)) }

// BaseMAC is the address of DECT base i.
func BaseMAC(i int) mac.Addr { return mac.MustParse(fmt.Sprintf("805ec0%06x", i)) }

// BaseToken is the secret part of the provisioning address of DECT base i.
func BaseToken(i int) string { return fmt.Sprintf("b%031d", i) }

// BaseUserAgent is what DECT base i says of itself.
func BaseUserAgent(i int) string { return "Yealink W90DM 130.85.0.15 " + BaseMAC(i).Colons() }

// Tenant is the ID of a herd's tenant.
const Tenant fleet.ID = 1

// MAC is the address of phone i.
func MAC(i int) mac.Addr { return mac.MustParse(fmt.Sprintf("001565%06x", i)) }

// Token is the secret part of the provisioning address of phone i.
func Token(i int) string { return fmt.Sprintf("%032d", i) }

// SIPPassword is the password of extension i.
func SIPPassword(i int) string { return fmt.Sprintf("sip-password-%08d", i) }

// UserAgent is what phone i says of itself.
func UserAgent(i int) string { return "Yealink SIP-T46U 108.86.0.45 " + MAC(i).Colons() }

// EachTenant calls f for the tenant.
func (h Herd) EachTenant(_ context.Context, f func(fleet.Tenant) error) error {
	return f(fleet.Tenant{
		ID: Tenant, Domain: "example.com", NTP: []string{"pool.ntp.org"}, Tone: "DEU", PollMinutes: 1440, RegisterExpires: 3600, VoicemailNumber: "*97",
		Endpoints: map[fleet.Interface]fleet.Endpoint{fleet.WebDomain: {Host: "sip.example.com", UDP: 5060, TCP: 5060, TLS: 5061}},
	})
}

// EachUser calls f for every extension.
func (h Herd) EachUser(_ context.Context, f func(fleet.User) error) error {
	for i := range h.users() {
		u := fleet.User{
			ID: fleet.ID(i + 1), Tenant: Tenant, ExtensionNumber: extension(i), DisplayName: fmt.Sprint("Person ", i),
			Password: secret.New(SIPPassword(i)), VMPIN: secret.New("123456"), Keys: []fleet.Key{{Kind: fleet.KeyLine}},
		}
		for n := 1; n < 16; n++ {
			u.Keys = append(u.Keys, fleet.Key{Kind: fleet.KeyLine, Value: extension((i + n) % h.users())})
		}
		if err := f(u); err != nil {
			return err
		}
	}
	return nil
}

func extension(i int) string { return strconv.Itoa(100_000 + i) }

// EachPhone calls f for every phone.
func (h Herd) EachPhone(_ context.Context, f func(fleet.Phone) error) error {
	for i := range h.Phones {
		err := f(fleet.Phone{
			ID: fleet.ID(i + 1), Tenant: Tenant, User: fleet.ID(i + 1), MAC: MAC(i), Filename: "yealink-t4xu.xml", Vendor: "Yealink", Model: "T46U",
			DeviceSettings: fleet.DeviceSettings{
				Password: secret.New(fmt.Sprintf("web-password-%08d", i)), TimeZone: "Europe/Berlin", Language: "GERMAN",
				Codecs: []string{"G722", "PCMA", "PCMU"}, Interface: fleet.WebDomain, PreferredTransport: fleet.TLS,
			},
			Transfer: "BLIND", EnableLLDP: true, Token: secret.New(Token(i)),
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// EachDectPhone calls f for every DECT base.
func (h Herd) EachDectPhone(_ context.Context, f func(fleet.DectPhone, []fleet.Member) error) error {
	for i := range h.Bases + systemBases*h.Systems {
		if err := f(h.base(i), h.members(i, h.Members)); err != nil {
			return err
		}
	}
	return nil
}

// firstBase and firstSystem are the IDs of the first of each.
const firstBase, firstSystem fleet.ID = 1 << 40, 1 << 41

func (h Herd) base(i int) fleet.DectPhone {
	d := fleet.DectPhone{
		ID: firstBase + fleet.ID(i), Tenant: Tenant, MAC: BaseMAC(i), Name: fmt.Sprint("Hall ", i), Template: "yealink-w8x.xml", Vendor: "Yealink", Model: "W90DM",
		DeviceSettings: fleet.DeviceSettings{
			Password: secret.New(fmt.Sprintf("web-password-%08d", i)), TimeZone: "Europe/Berlin", Language: "GERMAN",
			Codecs: []string{"G722", "PCMA"}, Interface: fleet.WebDomain, PreferredTransport: fleet.TLS,
		},
		Tone: "DEU", Lines: 250, Token: secret.New(BaseToken(i)),
	}
	if at := i - h.Bases; at >= 0 {
		if d.System = firstSystem + fleet.ID(at/systemBases); at%systemBases > 0 {
			d.Model, d.Lines = "W90B", 0
		}
	}
	return d
}

// members are the first so many of a base.
func (h Herd) members(i, many int) (list []fleet.Member) {
	group := i
	if at := i - h.Bases; at >= 0 {
		if group = h.Bases + at/systemBases; at%systemBases > 0 {
			return nil // the data master has them
		}
	}
	for n := range many {
		u := group*h.Members + n
		list = append(list, fleet.Member{User: fleet.ID(u + 1), ExtensionNumber: extension(u), DisplayName: fmt.Sprint("Person ", u), IPUI: fmt.Sprintf("%010X", u+1), HandsetIndex: n + 1})
	}
	return list
}

// EachDectSystem calls f for every system.
func (h Herd) EachDectSystem(_ context.Context, f func(fleet.DectSystem) error) error {
	for i := range h.Systems {
		s := fleet.DectSystem{ID: firstSystem + fleet.ID(i), Tenant: Tenant, Name: fmt.Sprint("Works ", i), Number: i + 1, Lines: 250}
		for n := range systemBases {
			d := h.base(h.Bases + systemBases*i + n)
			b := fleet.SystemBase{Dect: d.ID, Index: n + 1, MAC: d.MAC, Name: d.Name, Model: d.Model}
			if n > 0 {
				b.SyncFrom = s.Master()
			}
			s.Bases = append(s.Bases, b)
		}
		if err := f(s); err != nil {
			return err
		}
	}
	return nil
}

// EachContact calls f for nothing.
func (Herd) EachContact(context.Context, func(fleet.Contact) error) error { return nil }

// EachFile calls f for nothing.
func (Herd) EachFile(context.Context, func(fleet.File) error) error { return nil }

// EachFirmwarePolicy calls f for nothing.
func (Herd) EachFirmwarePolicy(context.Context, func(fleet.FirmwarePolicy) error) error { return nil }

// EachEnrolment calls f for every window.
func (h Herd) EachEnrolment(_ context.Context, f func(fleet.Enrolment) error) error {
	for _, e := range h.Windows {
		if err := f(e); err != nil {
			return err
		}
	}
	return nil
}

// EachTemplate calls f for nothing.
func (Herd) EachTemplate(context.Context, func(fleet.TemplateFile) error) error { return nil }

// EachServed calls f for nothing.
func (Herd) EachServed(context.Context, func(fleet.Served) error) error { return nil }

// EachPointer calls f for nothing.
func (Herd) EachPointer(context.Context, func(fleet.Pointer) error) error { return nil }

// EachSighting calls f for nothing.
func (Herd) EachSighting(context.Context, func(fleet.Sighting) error) error { return nil }

// Read gives what is read of a DECT base when it changes, and fails if the herd does
// not change.
func (h Herd) Read(_ context.Context, f func(fleet.Reader) error) error {
	if h.Changes == nil {
		return errors.New("provisiontest: a herd does not change")
	}
	return f(reader{herd: h})
}

// reader reads DECT bases alone.
type reader struct {
	fleet.Reader
	herd Herd
}

func (reader) PhoneByMAC(context.Context, fleet.ID, mac.Addr) (fleet.Phone, error) {
	return fleet.Phone{}, fleet.NotFound("phone")
}

func (r reader) DectPhoneByMAC(_ context.Context, _ fleet.ID, m mac.Addr) (fleet.DectPhone, error) {
	return r.herd.base(int(m[3])<<16 | int(m[4])<<8 | int(m[5])), nil
}

func (r reader) Members(_ context.Context, _, dect fleet.ID) ([]fleet.Member, error) {
	gone := int(r.herd.Changes.Add(1) % 2)
	return r.herd.members(int(dect-firstBase), r.herd.Members-gone), nil
}

func (reader) Sighting(context.Context, mac.Addr) (fleet.Sighting, error) {
	return fleet.Sighting{}, fleet.NotFound("sighting")
}

// UseEnrolment lets every phone enrol.
func (Herd) UseEnrolment(context.Context, fleet.ID, mac.Addr) (bool, error) { return true, nil }

// Record forgets the fetch.
func (Herd) Record(fleet.Fetch) {}
