package storetest

import (
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"net/netip"
	"reflect"
	"strconv"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

var everything = listquery.Query{}

// start is a time with no fraction that a store would cut off.
var start = time.Date(2026, 11, 23, 8, 0, 0, 123_000_000, time.UTC)

// macOf makes a unicast MAC address of a number.
func macOf(n fleet.ID) mac.Addr {
	var b [8]byte
	binary.BigEndian.PutUint64(b[:], uint64(n))
	return mac.Addr{0x02, b[3], b[4], b[5], b[6], b[7]}
}

// filled fails the test if a field of v, or of what it holds, is empty: a sample
// without it would not prove that it is kept.
func filled(t *testing.T, v any) {
	t.Helper()
	var empty func(path string, v reflect.Value)
	empty = func(path string, v reflect.Value) {
		if v.IsZero() {
			t.Errorf("the sample's %s is empty", path)
		}
		switch v.Interface().(type) {
		case time.Time, mac.Addr, netip.Addr, netip.Prefix, secret.Secret:
			return
		}
		switch v.Kind() {
		case reflect.Struct:
			for i := range v.NumField() {
				empty(path+"."+v.Type().Field(i).Name, v.Field(i))
			}
		case reflect.Slice:
			for i := range v.Len() {
				empty(fmt.Sprintf("%s[%d]", path, i), v.Index(i))
			}
		case reflect.Map:
			for _, k := range v.MapKeys() {
				empty(fmt.Sprintf("%s[%v]", path, k), v.MapIndex(k))
			}
		}
	}
	empty(reflect.TypeOf(v).Name(), reflect.ValueOf(v))
}

func (s *store) aTenant() fleet.Tenant {
	id := s.NewID()
	t := fleet.Tenant{
		ID: id, Name: fmt.Sprintf("Tenant %d", id), Domain: fmt.Sprintf("Pbx%d.example", id), Code: fmt.Sprintf("c%d", id),
		Endpoints: map[fleet.Interface]fleet.Endpoint{
			fleet.WebDomain:  {Host: "sip.example", UDP: 5060, TCP: 5061, TLS: 5062},
			fleet.PublicIPv6: {Host: "2001:db8::1", UDP: 1, TCP: 2, TLS: 3},
		},
		NTP: []string{"ntp1.example", "ntp2.example"}, TimeZone: "Europe/Berlin", Language: "GERMAN", Tone: "DEU",
		ProvisioningURL: "https://prov.example/", PollMinutes: 60, RegisterExpires: 3600, VoicemailNumber: "*97", PickupCode: "*8",
		EnrolNetworks: []netip.Prefix{netip.MustParsePrefix("10.0.0.0/8"), netip.MustParsePrefix("2001:db8::/32")}, EnrolMinutes: 15,
		Notify:    fleet.Notify{Method: fleet.NotifyAsterisk, Address: "pbx.example:5038", Transport: fleet.TCP, User: "notify", Password: secret.New("of the manager")},
		CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, t)
	return t
}

func (s *store) newTenant() fleet.Tenant {
	s.t.Helper()
	t := s.aTenant()
	s.write(func(w fleet.Writer) error { return w.InsertTenant(s.t.Context(), t) })
	return t
}

func (s *store) aUser(tenant fleet.ID) fleet.User {
	id := s.NewID()
	u := fleet.User{
		ID: id, Tenant: tenant, ExtensionNumber: strconv.FormatInt(int64(id), 10), DisplayName: `Zoë "Z" O'Neill \ %_ 🐈`, AuthName: fmt.Sprintf("auth%d", id),
		Password: secret.New(fmt.Sprintf("password of %d", id)), VMPIN: secret.New("1234"),
		Keys: []fleet.Key{
			{Kind: fleet.KeyBLF, Value: "101", Label: "Ärger", FirstName: "Änne", LastName: "Öz"},
			{Kind: fleet.KeyURL, Value: "https://example/?a=b&c", Label: "<b>", FirstName: "x", LastName: "y"},
		},
		CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, u)
	return u
}

func (s *store) aContact(tenant fleet.ID) fleet.Contact {
	c := fleet.Contact{
		ID: s.NewID(), Tenant: tenant, DisplayName: `Zoë "Z" O'Neill \ %_ 🐈`,
		Numbers:   []fleet.ContactNumber{{Label: "Mobile", Number: "+49 30 <1>"}, {Label: "Ä", Number: "*2"}},
		CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, c)
	return c
}

func (s *store) aFile(tenant fleet.ID) fleet.File {
	id := s.NewID()
	f := fleet.File{
		ID: id, Tenant: tenant, Kind: fleet.Firmware, Name: fmt.Sprintf("T46U-%d.rom", id), Vendor: "Yealink", Models: []string{"T46U", "T48U"},
		Version: "108.86.0.90", Bytes: 1 << 40, SHA256: sha256.Sum256(strconv.AppendInt(nil, int64(id), 10)), CreatedAt: start,
	}
	filled(s.t, f)
	return f
}

func (s *store) aFirmwarePolicy(tenant fleet.ID) fleet.FirmwarePolicy {
	p := fleet.FirmwarePolicy{
		ID: s.NewID(), Tenant: tenant, Vendor: "Yealink", Models: []string{"T46U", "T48U"}, From: "66", Steps: []string{"80.1", "108.86.0.90"},
		AllowDowngrade: true, OfferUnknown: true, CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, p)
	return p
}

func (s *store) newUser(tenant fleet.ID) fleet.User {
	s.t.Helper()
	u := s.aUser(tenant)
	s.write(func(w fleet.Writer) error { return w.InsertUser(s.t.Context(), u) })
	return u
}

func someSettings(id fleet.ID) fleet.DeviceSettings {
	return fleet.DeviceSettings{
		Password: secret.New(fmt.Sprintf("web password of %d", id)), TimeZone: "Asia/Tokyo", Language: "JAPANESE", Codecs: []string{"OPUS", "G722"},
		Interface: fleet.PublicIPv6, PreferredTransport: fleet.TLS, RPS: true, HTTPS: true, Code: "4711", DisabledAt: start.Add(2 * time.Second),
	}
}

func (s *store) aPhone(tenant, user fleet.ID) fleet.Phone {
	id := s.NewID()
	p := fleet.Phone{
		ID: id, Tenant: tenant, User: user, MAC: macOf(id), Filename: "yealink.xml", Vendor: "Yealink", Model: "T54W", DeviceSettings: someSettings(id),
		Transfer: "ATTENDED", Ringtone: "r1", QueueRingtone: "r2", ExternalRingtone: "r3", DateFormat: "d", TimeFormat: "t",
		PowerLED: "p", Backlight: "b", Screensaver: "s", EnableLLDP: true,
		WANVLAN: fleet.VLAN{Enabled: true, ID: 100, Priority: 5}, PCVLAN: fleet.VLAN{Enabled: true, ID: 200, Priority: 3},
		SerialNumber: "SN1", DoorPassword1: secret.New("1111"), DoorPassword2: secret.New("22222"),
		Token: secret.New(fmt.Sprintf("token of %d", id)), CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, p)
	return p
}

func (s *store) newPhone(tenant, user fleet.ID) fleet.Phone {
	s.t.Helper()
	p := s.aPhone(tenant, user)
	p.DisabledAt = time.Time{}
	s.write(func(w fleet.Writer) error { return w.InsertPhone(s.t.Context(), p) })
	return p
}

func (s *store) aDectPhone(tenant fleet.ID) fleet.DectPhone {
	id := s.NewID()
	d := fleet.DectPhone{
		ID: id, Tenant: tenant, Name: "Hall", MAC: macOf(id), Template: "snom_m.xml", Vendor: "Snom", Model: "M700", DeviceSettings: someSettings(id),
		Tone: "DEU", UserPassword: secret.New("u"), EngineerPassword: secret.New("e"), Region: "EU", HandsetLanguage: "GERMAN", Lines: 30, System: 1, SerialNumber: "SN",
		Token: secret.New(fmt.Sprintf("token of %d", id)), CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, d)
	d.System = 0 // it is in none yet
	return d
}

func (s *store) newDectPhone(tenant fleet.ID) fleet.DectPhone {
	s.t.Helper()
	d := s.aDectPhone(tenant)
	d.DisabledAt = time.Time{}
	s.write(func(w fleet.Writer) error { return w.InsertDectPhone(s.t.Context(), d) })
	return d
}

func (s *store) anEnrolment(tenant fleet.ID) fleet.Enrolment {
	id := s.NewID()
	e := fleet.Enrolment{ID: id, Tenant: tenant, MAC: macOf(id), Opened: start, Expires: start.Add(time.Hour), Used: []mac.Addr{macOf(1), macOf(2)}}
	filled(s.t, e)
	return e
}

func (s *store) anAccount(tenant fleet.ID) fleet.Account {
	id := s.NewID()
	a := fleet.Account{ID: id, Tenant: tenant, Username: fmt.Sprintf("Anna%d", id), PasswordHash: "$argon2id$v=19$x", Role: fleet.Operator, User: 7, Reveal: true, CreatedAt: start}
	if tenant != 0 {
		filled(s.t, a)
	}
	return a
}

func (s *store) newAccount(tenant fleet.ID) fleet.Account {
	s.t.Helper()
	a := s.anAccount(tenant)
	s.write(func(w fleet.Writer) error { return w.InsertAccount(s.t.Context(), a) })
	return a
}

func (s *store) aToken(tenant fleet.ID) fleet.Token {
	id := s.NewID()
	k := fleet.Token{
		ID: id, Kind: fleet.AccessToken, Tenant: tenant, Account: 5, User: 6, Name: "Nightly ä", Role: fleet.Admin, Reveal: true, Family: id,
		Created: start, Expires: start.Add(time.Hour), Used: start.Add(time.Minute),
	}
	binary.BigEndian.PutUint64(k.Hash[:], uint64(id))
	for i := range k.Hash[8:] {
		k.Hash[8+i] = 0xff
	}
	if tenant != 0 {
		filled(s.t, k)
	}
	return k
}

func (s *store) newToken(tenant fleet.ID) fleet.Token {
	s.t.Helper()
	k := s.aToken(tenant)
	s.write(func(w fleet.Writer) error { return w.InsertToken(s.t.Context(), k) })
	return k
}

func aFetch(tenant fleet.ID, m mac.Addr, at time.Time) fleet.Fetch {
	return fleet.Fetch{
		Time: at, Tenant: tenant, MAC: m, File: m.String() + ".cfg", Level: "L2", Status: 200, Bytes: 10_700, IP: netip.MustParseAddr("192.0.2.7"),
		UserAgent: "Yealink SIP-T54W 96.86.0.70", Vendor: "Yealink", Model: "T54W", Version: "96.86.0.70", ETag: `"0123"`, Reason: "none",
	}
}
