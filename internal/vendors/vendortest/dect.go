package vendortest

import (
	"slices"
	"testing"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

// occasions are the states of a DECT base that its files are kept for, besides the
// one in which every place is taken.
var occasions = []struct {
	name string
	has  func(index, places int) bool
}{
	{"one handset", func(index, _ int) bool { return index == 1 }},
	{"after a removal", func(index, places int) bool { return index != (places+1)/2 }},
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

// forgets checks that a base that had a member at every place has those alone, after
// its next fetch, that are left: what it was told before stays where it is not taken
// back. Nobody may be left at all.
func (s *suite) forgets(t *testing.T) {
	if s.model.Handsets == 0 {
		return
	}
	full := s.sample()
	nobody := func(int, int) bool { return false }
	views := []*template.View{without(full, nobody)}
	for _, o := range occasions {
		views = append(views, without(full, o.has))
	}
	for _, left := range views {
		config := new(vendor.Config)
		for _, v := range []*template.View{full, left} {
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
		want, got := s.expect(left), s.pack.Understand(config)
		if len(left.Accounts) == 0 { // no account says what it is
			want.Codecs, got.Codecs = nil, nil
		}
		s.compare(t, want, got)
	}
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

// dropHandsets leaves out what the vendor's handsets lack.
func (s *suite) dropHandsets(st *vendor.State) {
	for i := range st.Handsets {
		h := &st.Handsets[i]
		drop(!s.has("handset ipui"), &h.IPUI)
		drop(!s.has("handset name"), &h.Name)
	}
	drop(!s.has("handset language"), &st.HandsetLanguage)
}
