package template

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// TestClock compares with the rules at the end of the zones' files in the IANA
// time zone database 2025b, but for those that Clock says it renders otherwise.
func TestClock(t *testing.T) {
	t.Parallel()
	tests := []struct {
		zone       string
		offset     int
		dst        int // minutes, 0 for none
		start, end Transition
		posix      string
	}{
		{"Europe/Berlin", 60, 60, Transition{3, 5, 0, 2, 0}, Transition{10, 5, 0, 3, 0}, "CET-1CEST,M3.5.0,M10.5.0/3"},
		{"Europe/London", 0, 60, Transition{3, 5, 0, 1, 0}, Transition{10, 5, 0, 2, 0}, "GMT0BST,M3.5.0/1,M10.5.0"},
		{"Europe/Dublin", 0, 60, Transition{3, 5, 0, 1, 0}, Transition{10, 5, 0, 2, 0}, "GMT0IST,M3.5.0/1,M10.5.0"},
		{"Europe/Athens", 120, 60, Transition{3, 5, 0, 3, 0}, Transition{10, 5, 0, 4, 0}, "EET-2EEST,M3.5.0/3,M10.5.0/4"},
		{"Atlantic/Azores", -60, 60, Transition{3, 5, 0, 0, 0}, Transition{10, 5, 0, 1, 0}, "<-01>1<+00>,M3.5.0/0,M10.5.0/1"},
		{"America/New_York", -300, 60, Transition{3, 2, 0, 2, 0}, Transition{11, 1, 0, 2, 0}, "EST5EDT,M3.2.0,M11.1.0"},
		{"America/St_Johns", -210, 60, Transition{3, 2, 0, 2, 0}, Transition{11, 1, 0, 2, 0}, "NST3:30NDT,M3.2.0,M11.1.0"},
		{"America/Havana", -300, 60, Transition{3, 2, 0, 0, 0}, Transition{11, 1, 0, 1, 0}, "CST5CDT,M3.2.0/0,M11.1.0/1"},
		{"America/Santiago", -240, 60, Transition{9, 1, 6, 24, 0}, Transition{4, 1, 6, 24, 0}, "<-04>4<-03>,M9.1.6/24,M4.1.6/24"},
		{"Australia/Sydney", 600, 60, Transition{10, 1, 0, 2, 0}, Transition{4, 1, 0, 3, 0}, "AEST-10AEDT,M10.1.0,M4.1.0/3"},
		{"Australia/Lord_Howe", 630, 30, Transition{10, 1, 0, 2, 0}, Transition{4, 1, 0, 2, 0}, "<+1030>-10:30<+11>-11,M10.1.0,M4.1.0"},
		{"Pacific/Auckland", 720, 60, Transition{9, 5, 0, 2, 0}, Transition{4, 1, 0, 3, 0}, "NZST-12NZDT,M9.5.0,M4.1.0/3"},
		{"Pacific/Chatham", 765, 60, Transition{9, 5, 0, 2, 45}, Transition{4, 1, 0, 3, 45}, "<+1245>-12:45<+1345>,M9.5.0/2:45,M4.1.0/3:45"},
		{"Antarctica/Troll", 0, 120, Transition{3, 5, 0, 1, 0}, Transition{10, 5, 0, 3, 0}, "<+00>0<+02>-2,M3.5.0/1,M10.5.0/3"},
		{"Africa/Cairo", 120, 60, Transition{4, 5, 5, 0, 0}, Transition{10, 5, 4, 24, 0}, "EET-2EEST,M4.5.5/0,M10.5.4/24"},
		{"Asia/Beirut", 120, 60, Transition{3, 5, 0, 0, 0}, Transition{10, 5, 0, 0, 0}, "EET-2EEST,M3.5.0/0,M10.5.0/0"},
		// The database has M3.4.4/26: the fourth Thursday, 26 o'clock.
		{"Asia/Jerusalem", 120, 60, Transition{3, 4, 5, 2, 0}, Transition{10, 5, 0, 2, 0}, "IST-2IDT,M3.4.5,M10.5.0"},

		{"UTC", 0, 0, Transition{}, Transition{}, "UTC0"},
		{"Asia/Tokyo", 540, 0, Transition{}, Transition{}, "JST-9"},
		{"Asia/Kolkata", 330, 0, Transition{}, Transition{}, "IST-5:30"},
		{"Asia/Kathmandu", 345, 0, Transition{}, Transition{}, "<+0545>-5:45"},
		{"America/Sao_Paulo", -180, 0, Transition{}, Transition{}, "<-03>3"},
		{"America/Phoenix", -420, 0, Transition{}, Transition{}, "MST7"},
		{"Pacific/Marquesas", -570, 0, Transition{}, Transition{}, "<-0930>9:30"},
		// Clocks go back in Ramadan, which no rule of a phone can tell.
		{"Africa/Casablanca", 60, 0, Transition{}, Transition{}, "<+01>-1"},
	}
	for _, test := range tests {
		got, err := Clock(test.zone, 2026)
		if err != nil {
			t.Errorf("%s: %v", test.zone, err)
			continue
		}
		want := Time{Zone: test.zone, Offset: test.offset, DST: test.dst != 0, DSTOffset: test.dst, DSTStart: test.start, DSTEnd: test.end, POSIX: test.posix}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s: %s", test.zone, diff)
		}
	}
}

// TestClockTells wants the rule of a year to mean the moments at which clocks
// change in that year, for every zone that has summer time.
func TestClockTells(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{
		"Europe/Berlin", "Europe/Dublin", "Europe/Chisinau", "America/New_York", "America/Santiago", "America/Nuuk", "America/Havana",
		"Australia/Sydney", "Australia/Lord_Howe", "Pacific/Auckland", "Pacific/Chatham", "Africa/Cairo", "Asia/Beirut", "Asia/Jerusalem", "Antarctica/Troll",
	} {
		loc, err := time.LoadLocation(zone)
		if err != nil {
			t.Fatal(err)
		}
		for year := 2024; year < 2036; year++ {
			c, err := Clock(zone, year)
			if err != nil || !c.DST {
				t.Errorf("%s %d: %+v, %v", zone, year, c, err)
				continue
			}
			winter, summer := c.Offset*60, (c.Offset+c.DSTOffset)*60
			for _, half := range []struct {
				rule          Transition
				before, after int
			}{{c.DSTStart, winter, summer}, {c.DSTEnd, summer, winter}} {
				at := half.rule.in(year).Add(-time.Duration(half.before) * time.Second)
				_, before := at.Add(-time.Second).In(loc).Zone()
				_, after := at.In(loc).Zone()
				if before != half.before || after != half.after {
					t.Errorf("%s %d: %+v is %v, where clocks go from %d to %d, not from %d to %d", zone, year, half.rule, at, before, after, half.before, half.after)
				}
			}
		}
	}
}

func TestClockErrors(t *testing.T) {
	t.Parallel()
	for _, zone := range []string{"", "Local", "Europe/Berlinn", "../etc/passwd", "CET-1CEST"} {
		if _, err := Clock(zone, 2026); err == nil {
			t.Errorf("%q is taken for a zone", zone)
		}
	}
	for _, year := range []int{0, 1969, 2101, -5} {
		if _, err := Clock("Europe/Berlin", year); err == nil {
			t.Errorf("year %d is taken", year)
		}
	}
	for year := 1970; year <= 2100; year++ {
		for _, zone := range []string{"Europe/Berlin", "Africa/Casablanca", "Asia/Gaza", "America/Caracas", "Pacific/Apia", "Asia/Pyongyang", "Africa/Monrovia", "Antarctica/Casey"} {
			c, err := Clock(zone, year)
			if err != nil || c.POSIX == "" || c.DST != (c.DSTOffset > 0) {
				t.Errorf("%s %d: %+v, %v", zone, year, c, err)
			}
		}
	}
}
