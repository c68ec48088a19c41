package fleet_test

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestDectRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	const free = "001565000020"
	create := func(edits ...func(*fleet.DectInput)) func() error {
		return func() error {
			_, err := w.CreateDectPhone(ctx, w.admin, dectInput(free, edits...))
			return err
		}
	}
	update := func(in fleet.DectInput) func() error {
		return func() error { return w.UpdateDectPhone(ctx, w.admin, w.base, in) }
	}
	var cases []refusal
	for _, r := range []struct {
		name string
		edit func(*fleet.DectInput)
		at   string
	}{
		{"blank name", func(in *fleet.DectInput) { in.Name = new("") }, "/name"},
		{"long name", func(in *fleet.DectInput) { in.Name = new(strings.Repeat("x", 65)) }, "/name"},
		{"reserved name", func(in *fleet.DectInput) { in.Name = new("%NULL%") }, "/name"},
		{"no password", func(in *fleet.DectInput) { in.Password = new(secret.Secret{}) }, "/password"},
		{"factory password", func(in *fleet.DectInput) { in.UserPassword = new(secret.New("user")) }, "/user_password"},
		{"short password", func(in *fleet.DectInput) { in.EngineerPassword = new(secret.New("abc")) }, "/engineer_password"},
		{"time zone not offered", func(in *fleet.DectInput) { in.TimeZone = new("UTC") }, "/timezone"},
		{"language not offered", func(in *fleet.DectInput) { in.Language = new("DUTCH") }, "/language"},
		{"handset language not offered", func(in *fleet.DectInput) { in.HandsetLanguage = new("DUTCH") }, "/handset_language"},
		{"tone not offered", func(in *fleet.DectInput) { in.Tone = new("FRA") }, "/tone"},
		{"unknown codec", func(in *fleet.DectInput) { in.Codecs = &[]string{"X"} }, "/codecs/0"},
		{"interface without endpoint", func(in *fleet.DectInput) { in.Interface = new("PRIVATE_IPV4") }, "/interface"},
		{"unknown transport", func(in *fleet.DectInput) { in.PreferredTransport = new("") }, "/preferred_transport"},
		{"region", func(in *fleet.DectInput) { in.Region = new("a\u0085") }, "/region"},
		{"redirect service", func(in *fleet.DectInput) { in.RPS = new(true) }, "/rps"},
	} {
		var in fleet.DectInput
		r.edit(&in)
		cases = append(cases,
			refusal{name: "create/" + r.name, do: create(r.edit), at: []string{r.at}},
			refusal{name: "update/" + r.name, do: update(in), at: []string{r.at}})
	}
	cases = append(cases,
		refusal{name: "nothing given", do: func() error { _, err := w.CreateDectPhone(ctx, w.admin, fleet.DectInput{}); return err }, at: []string{
			"/name", "/mac", "/template", "/vendor", "/model", "/password", "/timezone", "/language", "/tone", "/codecs", "/interface", "/preferred_transport",
		}},
		refusal{name: "template of desk phones", do: create(func(in *fleet.DectInput) { in.Template, in.Model = new("acme-desk.xml"), new("A1") }), at: []string{"/template"}, says: "desk phones"},
		refusal{name: "no template", do: create(func(in *fleet.DectInput) { in.Template = new("none.xml") }), at: []string{"/template"}},
		refusal{name: "another model", do: create(func(in *fleet.DectInput) { in.Model = new("A1") }), at: []string{"/model"}, says: "must be D20"},
		refusal{name: "another vendor", do: create(func(in *fleet.DectInput) { in.Vendor = new("Bolt") }), at: []string{"/vendor"}},
		refusal{name: "address of a phone", do: create(func(in *fleet.DectInput) { in.MAC = &w.phoneMAC }), code: fleet.CodeConflict, at: []string{"/mac"}},
		refusal{name: "address of a base", do: create(func(in *fleet.DectInput) { in.MAC = new("00:15:65:00:00:02") }), code: fleet.CodeConflict, at: []string{"/mac"}},
		refusal{name: "what never changes", do: update(dectInput(w.baseMAC)), at: []string{"/mac", "/template", "/vendor", "/model"}},
		refusal{name: "reading none", do: func() error { _, err := w.DectPhone(ctx, w.admin, 1); return err }, code: fleet.CodeNotFound},
		refusal{name: "update of none", do: func() error { return w.UpdateDectPhone(ctx, w.admin, w.phone, fleet.DectInput{}) }, code: fleet.CodeNotFound},
		refusal{name: "delete of none", do: func() error { return w.DeleteDectPhone(ctx, w.admin, w.phone, true) }, code: fleet.CodeNotFound},
	)
	w.refuse(cases)

	id := must(w.CreateDectPhone(ctx, w.admin, dectInput("00-15-65-00-00-20", func(in *fleet.DectInput) {
		in.Region, in.HandsetLanguage, in.EngineerPassword = new("Europe"), new("english"), new(secret.Secret{})
	})))(t)
	d := must(w.DectPhone(ctx, w.admin, id))(t)
	if d.Lines != 3 || d.Region != "Europe" || d.HandsetLanguage != "ENGLISH" || len(d.Token.Reveal()) != 32 || !d.EngineerPassword.Empty() || d.UserPassword.Reveal() != plantedUser {
		t.Errorf("%+v", d)
	}
	check(t, w.UpdateDectPhone(ctx, w.admin, id, fleet.DectInput{Name: new("Cellar"), PreferredTransport: new("TLS"), UserPassword: new(secret.Secret{})}))
	if d := must(w.DectPhone(ctx, w.admin, id))(t); d.Name != "Cellar" || d.PreferredTransport != fleet.TLS || !d.UserPassword.Empty() || d.Tone != "DEU" {
		t.Errorf("%+v", d)
	}
	if list, _, err := w.DectPhones(ctx, w.admin, listquery.Query{}); err != nil || len(list) != 2 {
		t.Errorf("%d bases, %v", len(list), err)
	}
	w.heard.take()
	check(t, w.DeleteDectPhone(ctx, w.admin, id, false))
	if heard := w.heard.take(); !slices.Equal(heard, []string{"phone " + free, "enrolments"}) {
		t.Errorf("heard %q", heard)
	}
	if got := w.audited(); got != "alice dect_phone.delete DECT base "+free {
		t.Errorf("audited %q", got)
	}
}

func TestMemberRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	for i := range 3 {
		must(w.CreateUser(ctx, w.admin, userInput(strconv.Itoa(103+i))))(t)
	}
	second := must(w.CreateDectPhone(ctx, w.admin, dectInput("001565000020")))(t)
	must(w.CreateUser(ctx, w.other, userInput("777")))(t)
	w.heard.take()
	replace := func(in ...fleet.MemberInput) func() error {
		return func() error { return w.ReplaceMembers(ctx, w.admin, w.base, in) }
	}
	m := func(extension, ipui, index string) fleet.MemberInput {
		return fleet.MemberInput{ExtensionNumber: extension, IPUI: ipui, HandsetIndex: index}
	}
	w.refuse([]refusal{
		{name: "more than lines", do: replace(m("101", "", ""), m("102", "", ""), m("103", "", ""), m("104", "", "")), at: []string{"/items"}, says: "at most 3"},
		{name: "unknown extension", do: replace(m("101", "", ""), m("999", "", "")), at: []string{"/items/1/extension_number"}},
		{name: "extension of another tenant", do: replace(m("777", "", "")), at: []string{"/items/0/extension_number"}},
		{name: "no extension", do: replace(m("", "", "")), at: []string{"/items/0/extension_number"}},
		{name: "extension twice", do: replace(m("101", "", ""), m("101", "", "")), at: []string{"/items/1/extension_number"}, says: "item 0"},
		{name: "IPUI twice", do: replace(m("101", "0000000001", ""), m("102", "0000000001", "")), at: []string{"/items/1/ipui"}},
		{name: "IPUI twice in another case", do: replace(m("101", "00000000ab", ""), m("102", "00000000AB", "")), at: []string{"/items/1/ipui"}},
		{name: "short IPUI", do: replace(m("101", "030AB1EE2", "")), at: []string{"/items/0/ipui"}},
		{name: "IPUI of other letters", do: replace(m("101", "030AB1EE2G", "")), at: []string{"/items/0/ipui"}},
		{name: "IPEI", do: replace(m("101", "000770123456*", "")), at: []string{"/items/0/ipui"}},
		{name: "IPUI on another base", do: func() error {
			return w.ReplaceMembers(ctx, w.admin, second, []fleet.MemberInput{m("101", "030AB1EE28", "")})
		}, code: fleet.CodeConflict, at: []string{"/items/0/ipui"}, says: `that of a member of the DECT base "Hall"`},
		{name: "its IPEI", do: func() error {
			return w.ReplaceMembers(ctx, w.admin, second, []fleet.MemberInput{m("101", "12459 0126504 4", "")})
		}, code: fleet.CodeConflict, at: []string{"/items/0/ipui"}},
		{name: "IPUI and its IPEI", do: replace(m("101", "0DEADBEEF4", ""), m("102", "57005-0782068-7", "")), at: []string{"/items/1/ipui"}, says: "item 0"},
		{name: "IPEI with a slip", do: replace(m("101", "5700507820697", "")), at: []string{"/items/0/ipui"}, says: "last digit would be"},
		{name: "IPEI of no maker", do: replace(m("101", "6553600000010", "")), at: []string{"/items/0/ipui"}, says: "maker is at most 65535"},
		{name: "base with members", do: func() error { return w.DeleteDectPhone(ctx, w.admin, w.base, false) }, code: fleet.CodeConflict, says: "has 1 member (102)"},
		{
			name: "everything at once", do: replace(m("101", "030AB1EE2", "1"), m("101", "", "1"), m("999", "0000000001", "9"), m("103", "0000000001", "")),
			at: []string{"/items", "/items/0/ipui", "/items/1/extension_number", "/items/1/handset_index", "/items/2/extension_number", "/items/2/handset_index", "/items/3/ipui"},
		},
		{name: "index 0", do: replace(m("101", "", "0")), at: []string{"/items/0/handset_index"}},
		{name: "index above the lines", do: replace(m("101", "", "4")), at: []string{"/items/0/handset_index"}},
		{name: "index with a zero before it", do: replace(m("101", "", "01")), at: []string{"/items/0/handset_index"}},
		{name: "index of words", do: replace(m("101", "", "one")), at: []string{"/items/0/handset_index"}},
		{name: "index twice", do: replace(m("101", "", "2"), m("102", "", "2")), at: []string{"/items/1/handset_index"}},
		{name: "many faults at once", do: replace(m("101", "x", "9"), m("9", "", "1")), at: []string{"/items/0/ipui", "/items/0/handset_index", "/items/1/extension_number"}},
		{name: "of no base", do: func() error { return w.ReplaceMembers(ctx, w.admin, w.phone, nil) }, code: fleet.CodeNotFound},
		{name: "list of no base", do: func() error { _, err := w.Members(ctx, w.admin, 1); return err }, code: fleet.CodeNotFound},
		{name: "no such member", do: func() error { _, err := w.Member(ctx, w.admin, w.base, "101"); return err }, code: fleet.CodeNotFound},
	})

	for _, step := range []struct {
		name string
		in   []fleet.MemberInput
		want string // extension:index:IPUI, by index
	}{
		{"indexes given", []fleet.MemberInput{m("101", "", "3"), m("102", "030ab1ee28", "1")}, "102:1:030AB1EE28 101:3:"},
		{"kept when the list comes again", []fleet.MemberInput{m("101", "FFFFFFFFFF", ""), m("102", "030AB1EE28", "")}, "102:1:030AB1EE28 101:3:"},
		{"the next free", []fleet.MemberInput{m("103", "", ""), m("101", "ffffffffff", ""), m("102", "", "")}, "102:1: 103:2: 101:3:"},
		{"one that is asked for is not kept", []fleet.MemberInput{m("101", "", ""), m("104", "", "3"), m("102", "", "")}, "102:1: 101:2: 104:3:"},
		{"exchanged", []fleet.MemberInput{m("102", "", "2"), m("101", "", "1")}, "101:1: 102:2:"},
		{"all new", []fleet.MemberInput{m("105", "", ""), m("104", "", ""), m("103", "", "")}, "105:1: 104:2: 103:3:"},
		{"nobody", nil, ""},
	} {
		if err := w.ReplaceMembers(ctx, w.admin, w.base, step.in); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		var got []string
		for _, m := range must(w.Members(ctx, w.admin, w.base))(t) {
			got = append(got, fmt.Sprintf("%s:%d:%s", m.ExtensionNumber, m.HandsetIndex, m.IPUI))
		}
		if diff := cmp.Diff(step.want, strings.Join(got, " ")); diff != "" {
			t.Errorf("%s: %s", step.name, diff)
		}
		if heard := w.heard.take(); !slices.Equal(heard, []string{"phone " + w.baseMAC}) {
			t.Errorf("%s: heard %q", step.name, heard)
		}
	}
	// Now that the first base is empty its handset may move.
	check(t, w.ReplaceMembers(ctx, w.admin, second, []fleet.MemberInput{m("101", "030AB1EE28", "")}))
	got := must(w.Member(ctx, w.admin, second, "101"))(t)
	want := fleet.Member{User: w.user, ExtensionNumber: "101", DisplayName: "Extension 101", IPUI: "030AB1EE28", HandsetIndex: 1}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}
