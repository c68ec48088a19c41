package vendortest

import (
	"fmt"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

// directory checks that the phone reads the phone book that it is served. Further files
// of the level are menus and forms that lead to it.
func (s *suite) directory(t *testing.T) {
	v := s.sample()
	files, err := s.render(v, template.Directory)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.name != v.Directory.Name {
			continue
		}
		if s.pack.Directory == nil {
			t.Fatalf("%s: the pack does not say how phones read their directory", f.name)
		}
		got, err := s.pack.Directory(f.body)
		if err != nil {
			t.Errorf("%s: %v", f.name, err)
			continue
		}
		var want []vendor.Contact
		for _, e := range v.Directory.Entries {
			want = append(want, vendor.Contact{Name: e.Name, Number: e.Number})
		}
		if fmt.Sprint(want) != fmt.Sprint(got) {
			t.Errorf("%s: the phone reads %q; want %q", f.name, got, want)
		}
	}
}

// years is how many years, from this one on, the clocks of phones must be right for.
const years = 3

// clocks compares, for every zone that the template offers, the clock of a phone
// with the time zone database. Zones that no rule can tell, since they follow the
// moon, are compared with the nearest rule.
func clocks(t *testing.T, s suite) {
	list := s.tmpl.Profile.Lists["time_zones"]
	if list == nil || !s.has("clock") {
		return
	}
	known := make(map[string]vendor.Clock)
	this := time.Now().UTC().Year()
	for year := this; year < this+years; year++ {
		for _, o := range list.Options {
			choice := o.Choice()
			rule, err := template.Clock(o.Name, year)
			if err != nil {
				t.Errorf("%s: %v", o.Name, err)
				continue
			}
			same := rule
			same.Zone = ""
			key := fmt.Sprint(year, same, choice.Items)
			if choice.Value != choice.Name {
				key += choice.Value
			}
			clock, seen := known[key]
			if !seen {
				read, err := s.clockOf(choice, rule)
				if err != nil {
					t.Errorf("%s: %v", o.Name, err)
					continue
				}
				if read == nil {
					t.Fatal("the pack does not say how the phone's clock runs")
				}
				clock = *read
				if clock.Zone == "" { // another place may have other rules in another year
					known[key] = clock
				}
			}
			if err := compareClock(o.Name, year, rule, clock); err != nil {
				t.Errorf("%s, %q, in %d: %v", o.Name, choice.Value, year, err)
			}
		}
	}
}

// clockOf configures a phone for a zone and reads how its clock runs. A base needs no
// members for that.
func (s *suite) clockOf(zone template.Choice, rule template.Time) (*vendor.Clock, error) {
	v := without(s.sample(), nobody)
	if !s.model.DECT() {
		v = s.sample()
	}
	rule.NTP1, rule.NTP2 = v.Time.NTP1, v.Time.NTP2
	v.TimeZone, v.Time = zone, rule
	files, err := s.render(v, template.Full)
	if err != nil {
		return nil, err
	}
	config, err := s.read(files)
	if err != nil {
		return nil, err
	}
	return s.pack.Understand(config).Clock, nil
}

// compareClock looks at noon of every day of a year, and just before and behind
// each change of the clocks.
func compareClock(zone string, year int, rule template.Time, got vendor.Clock) error {
	place, err := time.LoadLocation(zone)
	if err != nil {
		return err
	}
	if got.Zone == zone {
		return nil // the phone knows the place itself, moon and all
	}
	told := vendor.Clock{Offset: rule.Offset}
	if rule.DST {
		change := func(c template.Transition) vendor.Change {
			return vendor.Change{Month: c.Month, Week: c.Week, Weekday: c.Weekday, Hour: c.Hour, Minute: c.Minute}
		}
		told.Saving, told.Start, told.End = rule.DSTOffset, change(rule.DSTStart), change(rule.DSTEnd)
	}
	regular := rule.DST || !changes(place, year)
	want := func(at time.Time) int {
		if !regular {
			offset, _ := told.At(at)
			return offset
		}
		_, seconds := at.In(place).Zone()
		return seconds / 60
	}
	offsetAt := got.At
	if got.Zone != "" { // looked up once, not for each of a thousand moments
		there, err := time.LoadLocation(got.Zone)
		if err != nil {
			return err
		}
		offsetAt = func(at time.Time) (int, error) {
			_, seconds := at.In(there).Zone()
			return seconds / 60, nil
		}
	}
	var before int
	for day := time.Date(year, 1, 2, 12, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
		moments := []time.Time{day}
		now := want(day)
		if day.YearDay() > 2 && now != before {
			for at := day.Add(-24 * time.Hour); at.Before(day); at = at.Add(15 * time.Minute) {
				if want(at) != want(at.Add(15*time.Minute)) {
					moments = append(moments, at.Add(-time.Hour), at.Add(75*time.Minute))
				}
			}
		}
		before = now
		for _, at := range moments {
			offset, err := offsetAt(at)
			if err != nil {
				return err
			}
			if offset != want(at) {
				return fmt.Errorf("at %s the phone is %d minutes east of UTC, and the place %d", at.Format(time.RFC3339), offset, want(at))
			}
		}
	}
	return nil
}

// changes says whether the clocks of a place change in a year.
func changes(place *time.Location, year int) bool {
	_, first := time.Date(year, 1, 1, 0, 0, 0, 0, place).Zone()
	for day := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); day.Year() == year; day = day.AddDate(0, 0, 1) {
		if _, now := day.In(place).Zone(); now != first {
			return true
		}
	}
	return false
}
