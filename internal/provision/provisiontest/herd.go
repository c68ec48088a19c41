// Package provisiontest makes fleets of any size for the tests and benchmarks of
// what serves phones, without a store.
package provisiontest

import (
	"context"
	"errors"
	"fmt"
	"strconv"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Herd streams a fleet that does not change: the default tenant, and for each of
// its extensions a Yealink T46U. Every phone has 16 accounts and 16 line keys:
// its own line and the 15 extensions that follow it. It implements
// provision.Source.
type Herd struct {
	Phones  int
	Windows []fleet.Enrolment
}

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
	for i := range h.Phones {
		u := fleet.User{
			ID: fleet.ID(i + 1), Tenant: Tenant, ExtensionNumber: extension(i), DisplayName: fmt.Sprint("Person ", i),
			Password: secret.New(SIPPassword(i)), VMPIN: secret.New("123456"), Keys: []fleet.Key{{Kind: fleet.KeyLine}},
		}
		for n := 1; n < 16; n++ {
			u.Keys = append(u.Keys, fleet.Key{Kind: fleet.KeyLine, Value: extension((i + n) % h.Phones)})
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

// EachDectPhone calls f for nothing.
func (Herd) EachDectPhone(context.Context, func(fleet.DectPhone, []fleet.Member) error) error {
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

// Read fails: a herd does not change.
func (Herd) Read(context.Context, func(fleet.Reader) error) error {
	return errors.New("provisiontest: a herd does not change")
}

// UseEnrolment lets every phone enrol.
func (Herd) UseEnrolment(context.Context, fleet.ID, mac.Addr) (bool, error) { return true, nil }

// Record forgets the fetch.
func (Herd) Record(fleet.Fetch) {}
