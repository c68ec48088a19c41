package grandstream

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestZoneClock(t *testing.T) {
	t.Parallel()
	europe := func(offset, hour int) *vendor.Clock {
		return &vendor.Clock{
			Offset: offset, Saving: 60,
			Start: vendor.Change{Month: 3, Week: 5, Hour: hour}, End: vendor.Change{Month: 10, Week: 5, Hour: hour + 1},
		}
	}
	for zone, want := range map[string]*vendor.Clock{
		"": nil,
		"CET-1CEST-2,M3.5.0/02:00:00,M10.5.0/03:00:00":      europe(60, 2),
		"EET-2EEST,M3.5.0/3,M10.5.0/4":                      europe(120, 3),
		"LCL+0:00LDT-1:00,M3.5.0/01:00:00,M10.5.0/02:00:00": europe(0, 1),
		"TZT-5:30": {Offset: 330},
		"UTC+3":    {Offset: -180},
		"PST8PDT":  {Offset: -480, Saving: 60, Start: vendor.Change{Month: 3, Week: 2, Hour: 2}, End: vendor.Change{Month: 11, Week: 1, Hour: 2}},
		"LCL+3:30LDT+2:30,M3.2.6/24:00:00,M11.1.0/02:05:00": {
			Offset: -210, Saving: 60,
			Start: vendor.Change{Month: 3, Week: 2, Weekday: 6, Hour: 24}, End: vendor.Change{Month: 11, Week: 1, Hour: 2, Minute: 5},
		},
		"Europe/Berlin": {Zone: "Europe/Berlin"},
		"Etc/GMT+5":     {Zone: "Etc/GMT+5"},
	} {
		if diff := cmp.Diff(want, zoneClock(zone)); diff != "" {
			t.Errorf("%q (-want +got)\n%s", zone, diff)
		}
	}
	for _, zone := range []string{"auto", "CET-1CEST-2,J60,J300", "CET-1CEST-2,M3.6.0,M10.5.0", "CET-1CEST-2,M3.5.0,x"} {
		if got := posixClock(zone); got != nil {
			t.Errorf("%q is %+v", zone, got)
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":               "the phone book: EOF",
		"<PhoneBook/>":   "the phone book: expected element type <AddressBook> but have <PhoneBook>",
		"<AddressBook/>": "",
		"<AddressBook><Contact><FirstName>Ada</FirstName></Contact></AddressBook>":                                        "the phone book: a contact without name or number",
		"<AddressBook><Contact><Phone><phonenumber>1</phonenumber></Phone></Contact></AddressBook>":                       "the phone book: a contact without name or number",
		"<AddressBook><Contact><LastName>A</LastName><Phone></Phone></Contact></AddressBook>":                             "the phone book: a contact without name or number",
		"<AddressBook><Contact><LastName>A</LastName><Phone><phonenumber>1</phonenumber></Phone></Contact></AddressBook>": "",
	} {
		got := ""
		if _, err := directory([]byte(body)); err != nil {
			got = err.Error()
		}
		if got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}
