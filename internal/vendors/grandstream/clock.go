package grandstream

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// A zone as POSIX's TZ spells it, minutes and seconds as they come:
// CET-1CEST-2,M3.5.0/02:00:00,M10.5.0/03:00:00. Hours count west of Greenwich.
var (
	posixZone   = regexp.MustCompile(`^[A-Za-z]+([-+]?[0-9:]+)(?:[A-Za-z]+([-+]?[0-9:]+)?(?:,([^,]+),([^,]+))?)?$`)
	posixChange = regexp.MustCompile(`^M([0-9]{1,2})\.([1-5])\.([0-6])(?:/([0-9:]+))?$`)
	posixSummer = regexp.MustCompile(`^[A-Za-z]+[-+]?[0-9:]+[A-Za-z]`)
)

// zoneClock returns the clock of a zone: a place, or POSIX's TZ.
func zoneClock(zone string) *vendor.Clock {
	if zone == "" {
		return nil
	}
	if clock := posixClock(zone); clock != nil {
		return clock
	}
	return &vendor.Clock{Zone: zone}
}

// posixClock returns the clock of a zone as POSIX's TZ spells it, or nil if it is
// none. One with summer time but without dates has those of the United States.
func posixClock(zone string) *vendor.Clock {
	m := posixZone.FindStringSubmatch(zone)
	if m == nil {
		return nil
	}
	clock := &vendor.Clock{Offset: -minutes(m[1])}
	if !posixSummer.MatchString(zone) {
		return clock
	}
	clock.Saving = 60
	if m[2] != "" {
		clock.Saving = -minutes(m[2]) - clock.Offset
	}
	start, end := m[3], m[4]
	if start == "" {
		start, end = "M3.2.0", "M11.1.0"
	}
	var ok bool
	if clock.Start, ok = change(start); !ok {
		return nil
	}
	if clock.End, ok = change(end); !ok {
		return nil
	}
	return clock
}

// change reads when summer time begins or ends: at two, if the hour is left out.
func change(s string) (vendor.Change, bool) {
	m := posixChange.FindStringSubmatch(s)
	if m == nil {
		return vendor.Change{}, false
	}
	at := 120
	if m[4] != "" {
		at = minutes(m[4])
	}
	return vendor.Change{Month: vendor.Number(m[1]), Week: vendor.Number(m[2]), Weekday: vendor.Number(m[3]), Hour: at / 60, Minute: at % 60}, true
}

// minutes reads hours and minutes: 2, +3:30, -01:00:00.
func minutes(s string) int {
	hours, rest, _ := strings.Cut(strings.TrimLeft(s, "+-"), ":")
	m, _, _ := strings.Cut(rest, ":")
	n := 60*vendor.Number(hours) + vendor.Number(m)
	if strings.HasPrefix(s, "-") {
		return -n
	}
	return n
}
