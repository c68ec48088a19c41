package vendortest

import (
	"slices"
	"testing"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

// occasion is a state of a DECT base that its files are kept for, besides that of the
// sample.
type occasion struct {
	name string
	view *template.View
}

// removals are the states of a base that has lost members.
var removals = []struct {
	name string
	has  func(index, places int) bool
}{
	{"one handset", func(index, _ int) bool { return index == 1 }},
	{"after a removal", func(index, places int) bool { return index != (places+1)/2 }},
}

// occasions lists the states of a base of the model.
func (s *suite) occasions() []occasion {
	var list []occasion
	if s.model.Handsets > 0 {
		for _, r := range removals {
			list = append(list, occasion{r.name, without(s.sample(), r.has)})
		}
	}
	return append(list, s.systems()...)
}

// systems lists the states of a base of the model in a multi-cell system.
func (s *suite) systems() []occasion {
	if s.model.Bases == 0 {
		return nil
	}
	list := []occasion{{"second base of a system", s.addressed(template.SampleInSystem(s.tmpl, s.model, 2))}}
	if s.model.SystemHandsets > 0 {
		some := func(index, _ int) bool { return index%2 == 1 && index <= 5 } // files to be read by people
		list = append(list, occasion{"data master of a system", without(s.addressed(template.SampleInSystem(s.tmpl, s.model, 1)), some)})
	}
	return list
}

// without returns a base with those members of v alone that are at a place which
// has returns true for.
func without(v *template.View, has func(index, places int) bool) *template.View {
	next := *v
	next.Accounts, next.Handsets, next.SpareHandsets = nil, nil, nil
	next.SpareAccounts = slices.Clone(v.SpareAccounts)
	for i, h := range v.Handsets {
		if has(h.Index, v.Base.Lines) {
			next.Handsets, next.Accounts = append(next.Handsets, h), append(next.Accounts, v.Accounts[i])
			continue
		}
		next.SpareHandsets = append(next.SpareHandsets, template.Spare{Index: h.Index})
		next.SpareAccounts = append(next.SpareAccounts, template.Spare{Index: h.Account})
	}
	slices.SortFunc(next.SpareAccounts, func(a, b template.Spare) int { return a.Index - b.Index })
	return &next
}

func nobody(int, int) bool { return false }

// forgets checks that a base that had a member at every place has those alone, after
// its next fetch, that are left: what it was told before stays where it is not taken
// back. Nobody may be left at all.
func (s *suite) forgets(t *testing.T) {
	if s.model.Handsets == 0 {
		return
	}
	full := s.sample()
	views := []*template.View{without(full, nobody)}
	for _, r := range removals {
		views = append(views, without(full, r.has))
	}
	for _, left := range views {
		s.follows(t, full, left)
	}
}

// inSystem checks that the bases of a multi-cell system know it and its members, that
// those taken off are gone from the data master, and that a base that has left works
// alone.
func (s *suite) inSystem(t tester) {
	for _, o := range s.systems() {
		s.follows(t, nil, o.view)
	}
	if s.model.SystemHandsets == 0 {
		return
	}
	full := s.addressed(template.SampleInSystem(s.tmpl, s.model, 1))
	s.follows(t, nil, full)
	s.follows(t, full, without(full, nobody))
	smaller := without(full, func(index, _ int) bool { return index%2 == 0 })
	last := len(full.System.Bases) - 1
	smaller.System.Bases = full.System.Bases[:last:last]
	smaller.System.SpareBases = append([]template.Spare{{Index: last + 1}}, full.System.SpareBases...)
	s.follows(t, full, smaller)
	if s.model.Handsets > 0 && s.has("leaving a system") {
		s.follows(t, s.addressed(template.SampleInSystem(s.tmpl, s.model, 2)), s.sample())
	}
}

// follows checks that a phone is configured as in v after it was as in before, unless
// that is nil.
func (s *suite) follows(t tester, before, v *template.View) {
	t.Helper()
	config := new(vendor.Config)
	for _, v := range []*template.View{before, v} {
		if v == nil {
			continue
		}
		files, err := s.render(v, template.Full)
		if err != nil {
			t.Fatal(err)
		}
		read, err := s.read(files)
		if err != nil {
			t.Fatal(err)
		}
		config.Merge(read)
	}
	s.compare(t, s.expect(v), s.pack.Understand(config))
}

func (s *suite) handsets(v *template.View) (list []vendor.Handset) {
	for _, h := range v.Handsets {
		list = append(list, vendor.Handset{Index: h.Index, IPUI: h.IPUI, Name: h.DisplayName, Account: h.Account})
	}
	return list
}

// handsetLanguage is the language of the handsets as the vendor calls it: the item
// "handset" of the option, or its value.
func handsetLanguage(v *template.View) string {
	if item, ok := v.Base.HandsetLanguage.Items["handset"]; ok {
		return item
	}
	return v.Base.HandsetLanguage.Value
}

func system(v *template.View) vendor.System {
	st := vendor.System{Set: v.System.Set, Master: v.System.Master, Number: v.System.Number}
	for _, b := range v.System.Bases {
		st.Bases = append(st.Bases, b.MAC)
	}
	return st
}

// dropHandsets leaves out what the vendor's handsets lack.
func (s *suite) dropHandsets(st *vendor.State) {
	for i := range st.Handsets {
		h := &st.Handsets[i]
		drop(!s.has("handset ipui"), &h.IPUI)
		drop(!s.has("handset name"), &h.Name)
	}
	drop(!s.has("handset language"), &st.HandsetLanguage)
}

// inOrder numbers handsets and their accounts in their order.
func inOrder(st *vendor.State) {
	for i := range st.Accounts {
		st.Accounts[i].Index = i + 1
	}
	for i := range st.Handsets {
		st.Handsets[i].Index, st.Handsets[i].Account = i+1, i+1
	}
}

// dropSystem leaves out what the vendor's bases are not told of their system.
func (s *suite) dropSystem(want, got *vendor.State) {
	other := want.System.Set && !want.System.Master
	for _, st := range []*vendor.State{want, got} {
		y := &st.System
		if other && !s.has("system of others") {
			*y = vendor.System{}
		}
		if !s.has("system base itself") {
			y.Bases = slices.DeleteFunc(y.Bases, func(a string) bool { return a == Address(s.pack).String() })
		}
		y.Master = y.Master && s.has("system master")
		if !s.has("system number") {
			y.Number = 0
		}
		if !s.has("system bases") || other && !s.has("system bases of others") {
			y.Bases = nil
		}
		if other && !s.has("settings of others") {
			*st = vendor.State{Accounts: st.Accounts, Handsets: st.Handsets, System: st.System, ProvisioningURL: st.ProvisioningURL}
		}
		if !s.has("system") {
			*y = vendor.System{}
		}
	}
}
