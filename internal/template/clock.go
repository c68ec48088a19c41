package template

import (
	"fmt"
	"sort"
	"strconv"
	"time"
	_ "time/tzdata" // phones are told their time zone by hosts that have no zoneinfo
)

// Clock returns the clock of an IANA time zone in a year, without NTP servers.
//
// Phones take one rule for summer time, so the rule is chosen that holds for the
// year and, where there is one, for the next two as well. Summer is when clocks
// are ahead, also in Europe/Dublin, whose law has it the other way round; in the
// south it starts late in the year and ends early. A zone whose clocks do not
// change twice in a way that such a rule can tell, like Africa/Casablanca, which
// follows Ramadan, has no summer time here and the offset of most of the year.
func Clock(zone string, year int) (Time, error) {
	if year < 1970 || year > 2100 {
		return Time{}, fmt.Errorf("year %d is outside 1970–2100", year)
	}
	loc, err := time.LoadLocation(zone)
	if err != nil || zone == "" || zone == "Local" {
		return Time{}, fmt.Errorf("%q is no IANA time zone such as Europe/Berlin", zone)
	}
	c := Time{Zone: zone}
	var changes [lookAhead][]change
	for i := range changes {
		changes[i] = changesOf(loc, year+i)
	}
	start, end, regular := seasons(changes[:])
	if !regular {
		name, offset := prevailing(loc, year)
		c.Offset = offset / 60
		c.POSIX = posixName(name) + posixOffset(c.Offset)
		return c, nil
	}
	this := changes[0]
	winter, summer := this[0], this[1]
	if winter.after > summer.after {
		winter, summer = summer, winter
	}
	c.Offset, c.DST, c.DSTOffset = winter.after/60, true, (summer.after-winter.after)/60
	c.DSTStart, c.DSTEnd = start, end
	c.POSIX = posixName(winter.name) + posixOffset(c.Offset) + posixName(summer.name)
	if c.DSTOffset != 60 {
		c.POSIX += posixOffset(c.Offset + c.DSTOffset)
	}
	c.POSIX += "," + start.posix() + "," + end.posix()
	return c, nil
}

// lookAhead is how many years a rule is compared with; it has to be near in the
// first three, and the others decide between rules that fit those.
const lookAhead = 10

// change is a moment at which clocks are set.
type change struct {
	wall   time.Time // what they showed just before, as if in UTC
	before int       // seconds east of UTC
	after  int
	name   string // abbreviation afterwards
}

// changesOf returns the changes of a year, by local time. It looks at the clock
// once a week and does not ask time.Time.ZoneBounds, which names the end of leap
// years wrongly (go1.26, in the years behind a zone's table).
func changesOf(loc *time.Location, year int) []change {
	const week = 7 * 24 * 3600
	var list []change
	from := time.Date(year-1, 12, 25, 0, 0, 0, 0, time.UTC).Unix()
	until := time.Date(year+1, 1, 8, 0, 0, 0, 0, time.UTC).Unix()
	_, before := time.Unix(from, 0).In(loc).Zone()
	for ; from < until; from += week {
		name, after := time.Unix(from+week, 0).In(loc).Zone()
		if after == before {
			continue
		}
		at := from + 1 + int64(sort.Search(week-1, func(i int) bool {
			_, offset := time.Unix(from+1+int64(i), 0).In(loc).Zone()
			return offset == after
		}))
		wall := time.Unix(at+int64(before), 0).UTC()
		if wall.Year() == year {
			list = append(list, change{wall, before, after, name})
		}
		before = after
	}
	return list
}

// seasons finds the rules by which summer time starts and ends, from the changes
// of several years.
func seasons(years [][]change) (start, end Transition, regular bool) {
	for i, y := range years {
		if i < 3 && (len(y) != 2 || y[0].after != y[1].before || y[0].before != y[1].after || (y[0].after > y[0].before) != (years[0][0].after > years[0][0].before)) {
			return start, end, false
		}
	}
	first, ok1 := rule(years, 0)
	second, ok2 := rule(years, 1)
	if years[0][0].after > years[0][0].before {
		return first, second, ok1 && ok2
	}
	return second, first, ok1 && ok2
}

// rule returns the rule that tells best when the nth change of a year comes.
func rule(years [][]change, nth int) (Transition, bool) {
	at := years[0][nth].wall
	candidates := rulesFor(at)
	if at.Hour() == 0 && at.Minute() == 0 {
		// Midnight may be the end of the day before.
		for _, t := range rulesFor(at.AddDate(0, 0, -1)) {
			t.Hour = 24
			candidates = append(candidates, t)
		}
	}
	var best Transition
	most := -1
	for _, t := range candidates {
		score := 0
		for i, y := range years {
			if nth >= len(y) {
				break
			}
			off := y[nth].wall.Sub(t.in(y[nth].wall.Year())).Abs()
			if i < 3 && off > 8*24*time.Hour {
				return best, false
			}
			if off == 0 {
				score++
				if i < 3 {
					score += lookAhead
				}
			}
		}
		if score > most {
			best, most = t, score
		}
	}
	return best, true
}

// rulesFor returns the rules that mean the moment: the last weekday of its month,
// and the first to fourth.
func rulesFor(at time.Time) []Transition {
	t := Transition{Month: int(at.Month()), Weekday: int(at.Weekday()), Hour: at.Hour(), Minute: at.Minute()}
	var list []Transition
	if at.AddDate(0, 0, 7).Month() != at.Month() {
		t.Week = 5
		list = append(list, t)
	}
	if week := (at.Day()-1)/7 + 1; week < 5 {
		t.Week = week
		list = append(list, t)
	}
	return list
}

// in returns the moment that a rule means in a year, as if in UTC.
func (t Transition) in(year int) time.Time {
	first := time.Date(year, time.Month(t.Month), 1, t.Hour, t.Minute, 0, 0, time.UTC)
	weekday := int(time.Date(year, time.Month(t.Month), 1, 0, 0, 0, 0, time.UTC).Weekday())
	day := (t.Weekday - weekday + 7) % 7
	day += 7 * (t.Week - 1)
	last := time.Date(year, time.Month(t.Month)+1, 0, 0, 0, 0, 0, time.UTC).Day()
	for day >= last {
		day -= 7
	}
	return first.AddDate(0, 0, day)
}

// posix prints the rule as TZ has it: M3.5.0, M10.5.0/3.
func (t Transition) posix() string {
	s := fmt.Sprintf("M%d.%d.%d", t.Month, t.Week, t.Weekday)
	switch {
	case t.Minute != 0:
		s += fmt.Sprintf("/%d:%02d", t.Hour, t.Minute)
	case t.Hour != 2:
		s += "/" + strconv.Itoa(t.Hour)
	}
	return s
}

// prevailing returns the abbreviation and offset in seconds of most months of a
// year; of two that have as many, the earlier.
func prevailing(loc *time.Location, year int) (name string, offset int) {
	months := make(map[int]int)
	for m := time.January; m <= time.December; m++ {
		n, o := time.Date(year, m, 15, 12, 0, 0, 0, loc).Zone()
		if months[o]++; months[o] > months[offset] || m == time.January {
			name, offset = n, o
		}
	}
	return name, offset
}

func posixName(name string) string {
	for _, c := range name {
		if (c < 'A' || 'Z' < c) && (c < 'a' || 'z' < c) {
			return "<" + name + ">"
		}
	}
	return name
}

// posixOffset prints minutes east of UTC as TZ has them, which counts west.
func posixOffset(minutes int) string {
	sign := "-"
	if minutes <= 0 {
		sign, minutes = "", -minutes
	}
	s := sign + strconv.Itoa(minutes/60)
	if m := minutes % 60; m != 0 {
		s += fmt.Sprintf(":%02d", m)
	}
	return s
}
