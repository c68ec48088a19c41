package fleet_test

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

// newCell makes a multi-cell base, which is called as its model with the end of its
// address.
func (w *world) newCell(address, model string) fleet.ID {
	w.t.Helper()
	return must(w.CreateDectPhone(w.t.Context(), w.admin, dectInput(address, func(in *fleet.DectInput) {
		in.Template, in.Model, in.Name = new("acme-multi.xml"), &model, new(model+address[10:])
		if model == "B9" {
			in.Template, in.Vendor = new("bolt-multi.xml"), new("Bolt")
		}
	})))(w.t)
}

// basesOf is a list of bases, each with where it takes its clock from.
func basesOf(ids ...fleet.ID) *[]fleet.SystemBaseInput {
	list := make([]fleet.SystemBaseInput, 0, len(ids))
	for _, id := range ids {
		list = append(list, fleet.SystemBaseInput{Dect: id})
	}
	return &list
}

// laidOut prints where everything of a system is: "master>… base@place<source".
func laidOut(s fleet.DectSystem) string {
	name := make(map[fleet.ID]string)
	for _, b := range s.Bases {
		name[b.Dect] = b.Name
	}
	levels := s.SyncLevels()
	var out []string
	for i, b := range s.Bases {
		out = append(out, fmt.Sprintf("%s@%d<%s/%d", b.Name, b.Index, name[b.SyncFrom], levels[i]))
	}
	return strings.Join(out, " ")
}

func (w *world) seated(list []fleet.Member) string {
	var got []string
	for _, m := range list {
		got = append(got, fmt.Sprintf("%s:%d:%s", m.ExtensionNumber, m.HandsetIndex, m.IPUI))
	}
	return strings.Join(got, " ")
}

func TestDectSystemRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	for i := range 6 {
		must(w.CreateUser(ctx, w.admin, userInput(strconv.Itoa(103+i))))(t)
	}
	a, b, c := w.newCell("001565000030", "M5"), w.newCell("001565000031", "M5"), w.newCell("001565000032", "M9")
	slave, other, taken, own := w.newCell("001565000033", "M0"), w.newCell("001565000034", "B9"), w.newCell("001565000035", "M5"), w.newCell("001565000036", "M5")
	extra := w.newCell("001565000037", "M0")
	first := must(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new("First"), Bases: basesOf(taken)}))(t)
	id := must(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new("Works"), Bases: basesOf(a, b)}))(t)
	check(t, w.ReplaceMembers(ctx, w.admin, own, []fleet.MemberInput{{ExtensionNumber: "101"}}))
	check(t, w.ReplaceDectSystemMembers(ctx, w.admin, id, []fleet.MemberInput{
		{ExtensionNumber: "103", HandsetIndex: "5", IPUI: "0000000001"}, {ExtensionNumber: "104"}, {ExtensionNumber: "105"},
	}))
	check(t, w.ReplaceDectSystemMembers(ctx, w.admin, first, []fleet.MemberInput{{ExtensionNumber: "106", HandsetIndex: "5"}, {ExtensionNumber: "107"}, {ExtensionNumber: "108"}}))
	w.heard.take()

	from := func(list ...fleet.ID) *[]fleet.SystemBaseInput { // base, source, base, source …
		var in []fleet.SystemBaseInput
		for i := 0; i < len(list); i += 2 {
			in = append(in, fleet.SystemBaseInput{Dect: list[i], SyncFrom: list[i+1]})
		}
		return &in
	}
	create := func(bases *[]fleet.SystemBaseInput, edits ...func(*fleet.DectSystemInput)) func() error {
		return func() error {
			in := fleet.DectSystemInput{Name: new("New"), Bases: bases}
			for _, e := range edits {
				e(&in)
			}
			return second(w.CreateDectSystem(ctx, w.admin, in))
		}
	}
	led := func(by fleet.ID) func(*fleet.DectSystemInput) {
		return func(in *fleet.DectSystemInput) { in.Master = &by }
	}
	named := func(name string) func(*fleet.DectSystemInput) {
		return func(in *fleet.DectSystemInput) { in.Name = &name }
	}
	update := func(in fleet.DectSystemInput) func() error {
		return func() error { return w.UpdateDectSystem(ctx, w.admin, id, in) }
	}
	move := func(from, to fleet.DectPlace, extensions ...string) func() error {
		return func() error { return w.MoveMembers(ctx, w.admin, from, to, extensions) }
	}
	works, hall := fleet.DectPlace{System: id}, fleet.DectPlace{Dect: w.base}
	w.refuse([]refusal{
		{name: "nothing", do: func() error { return second(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{})) }, at: []string{"/bases", "/name"}},
		{name: "no bases", do: create(basesOf()), at: []string{"/bases"}},
		{name: "blank name", do: create(basesOf(c), named("")), at: []string{"/name"}},
		{name: "long name", do: create(basesOf(c), named(strings.Repeat("x", 65))), at: []string{"/name"}},
		{name: "reserved name", do: create(basesOf(c), named("%NULL%")), at: []string{"/name"}},
		{name: "taken name", do: create(basesOf(c), named("wORKS")), code: fleet.CodeConflict, at: []string{"/name"}, says: `"Works"`},
		{name: "no such base", do: create(basesOf(c, 1)), at: []string{"/bases/1/dect_phone_id"}},
		{name: "a phone", do: create(basesOf(w.phone)), at: []string{"/bases/0/dect_phone_id"}},
		{name: "a base twice", do: create(basesOf(c, c)), at: []string{"/bases/1/dect_phone_id"}},
		{name: "a base of another system", do: create(basesOf(own, taken)), code: fleet.CodeConflict, at: []string{"/bases/1/dect_phone_id"}, says: `"First"`},
		{name: "a base that works alone", do: create(basesOf(c, w.base)), at: []string{"/bases/1/dect_phone_id", "/bases/1/dect_phone_id", "/bases/1/dect_phone_id"}, says: "works alone"},
		{name: "another maker", do: create(basesOf(c, other)), at: []string{"/bases/1/dect_phone_id"}, says: "made by Bolt"},
		{name: "one that cannot lead", do: create(basesOf(slave, c)), at: []string{"/bases/0/dect_phone_id"}, says: "cannot be the data master"},
		{name: "one that cannot lead, by name", do: create(basesOf(c, slave), led(slave)), at: []string{"/master"}},
		{name: "master not among them", do: create(basesOf(c, slave), led(own)), at: []string{"/master"}},
		{name: "more bases than it leads", do: create(basesOf(c, slave, extra)), at: []string{"/bases"}, says: "at most 2"},
		{name: "members of one that joins", do: create(basesOf(c, own)), code: fleet.CodeConflict, at: []string{"/bases/1/dect_phone_id"}, says: "has 1 member (101)"},
		{name: "clock from outside", do: create(from(c, 0, slave, own)), at: []string{"/bases/1/sync_from"}},
		{name: "clock from itself", do: create(from(c, 0, slave, slave)), at: []string{"/bases/1/sync_from"}},
		{name: "clocks in a circle", do: update(fleet.DectSystemInput{Bases: from(a, 0, b, slave, slave, b)}), at: []string{"/bases/1/sync_from", "/bases/2/sync_from"}},
		{name: "clock from nothing that there is", do: create(from(c, 0, slave, -1)), at: []string{"/bases/1/sync_from"}},
		{name: "two roots", do: update(fleet.DectSystemInput{Bases: from(a, 0, b, 0, slave, a)}), at: []string{"/bases/1/sync_from"}, says: "item 0"},
		{
			name: "everything at once", do: create(from(c, 1, 1, 0, other, other, taken, 0), named("works"), led(2)),
			at: []string{"/bases/0/sync_from", "/bases/1/dect_phone_id", "/bases/2/sync_from", "/bases/3/dect_phone_id", "/master", "/name"},
		},
		{name: "update of none", do: func() error { return w.UpdateDectSystem(ctx, w.admin, a, fleet.DectSystemInput{}) }, code: fleet.CodeNotFound},
		{name: "the master taken off", do: update(fleet.DectSystemInput{Bases: basesOf(b)}), at: []string{"/master"}, says: `"M530"`},
		{name: "a master that is none of them", do: update(fleet.DectSystemInput{Master: &c}), at: []string{"/master"}},
		{name: "a base with members joins", do: update(fleet.DectSystemInput{Bases: basesOf(a, own)}), code: fleet.CodeConflict, at: []string{"/bases/1/dect_phone_id"}},
		{name: "and leads", do: update(fleet.DectSystemInput{Bases: basesOf(a, own), Master: &own}), code: fleet.CodeConflict, at: []string{"/bases/1/dect_phone_id"}},
		{name: "more members than it takes alone", do: func() error { return w.DeleteDectSystem(ctx, w.admin, id, false) }, code: fleet.CodeConflict, says: `"M530", a M5, takes 2 by itself`},
		{name: "destroying none", do: func() error { return w.DeleteDectSystem(ctx, w.admin, a, true) }, code: fleet.CodeNotFound},
		{name: "deleting the data master", do: func() error { return w.DeleteDectPhone(ctx, w.admin, a, true) }, code: fleet.CodeConflict, says: `data master of the DECT system "Works"`},
		{name: "deleting another base", do: func() error { return w.DeleteDectPhone(ctx, w.admin, b, false) }, code: fleet.CodeConflict, says: `in the DECT system "Works"`},
		{name: "more members than the system takes", do: func() error {
			return w.ReplaceMembers(ctx, w.admin, b, make([]fleet.MemberInput, 6))
		}, at: []string{"/items", "/items/0/extension_number", "/items/1/extension_number", "/items/2/extension_number", "/items/3/extension_number", "/items/4/extension_number", "/items/5/extension_number"}, says: `the DECT system "Works" takes at most 5`},
		{name: "members of one that has none alone", do: func() error {
			return w.ReplaceMembers(ctx, w.admin, slave, []fleet.MemberInput{{ExtensionNumber: "101"}})
		}, at: []string{"/items"}, says: "in a DECT system only"},

		{name: "moving from nowhere", do: move(fleet.DectPlace{System: a}, hall, "103"), code: fleet.CodeNotFound},
		{name: "moving nowhere", do: move(works, fleet.DectPlace{}, "103"), at: []string{"/to"}},
		{name: "moving to two", do: move(works, fleet.DectPlace{System: first, Dect: w.base}, "103"), at: []string{"/to"}},
		{name: "moving to none", do: move(works, fleet.DectPlace{Dect: 1}, "103"), at: []string{"/to"}},
		{name: "moving to itself", do: move(works, fleet.DectPlace{Dect: b}, "103"), at: []string{"/to"}},
		{name: "moving nobody", do: move(works, hall), at: []string{"/extension_numbers"}},
		{name: "moving too many", do: move(works, hall, "103", "104", "105"), at: []string{"/to"}, says: "would have 4 members; a D20 takes at most 3"},
		{name: "moving strangers", do: move(works, hall, "101", "999", "103", "103", "x"), at: []string{"/extension_numbers/0", "/extension_numbers/1", "/extension_numbers/3", "/extension_numbers/4"}},
		{name: "moving one that is there", do: func() error {
			return w.MoveMembers(ctx, w.admin, fleet.DectPlace{Dect: own}, fleet.DectPlace{Dect: own}, []string{"101"})
		}, at: []string{"/to"}},
	})

	// The data master gives its clock to all unless somebody says otherwise, and the
	// places stay.
	for _, step := range []struct {
		name    string
		do      func() error
		system  string
		members string
		heard   string
	}{
		{"as it was made", func() error { return nil }, "M530@1</1 M531@2<M530/2", "104:1: 105:2: 103:5:0000000001", ""},
		{"a third base, and a chain", update(fleet.DectSystemInput{Bases: from(a, 0, b, a, slave, b)}), "M530@1</1 M531@2<M530/2 M033@3<M531/3", "104:1: 105:2: 103:5:0000000001", "system [001565000033]"},
		{"another master", update(fleet.DectSystemInput{Master: &b}), "M531@1<M530/2 M530@2</1 M033@3<M531/3", "104:1: 105:2: 103:5:0000000001", "system [001565000030 001565000031]"},
		{"another name", update(fleet.DectSystemInput{Name: new("Mill")}), "M531@1<M530/2 M530@2</1 M033@3<M531/3", "104:1: 105:2: 103:5:0000000001", "system []"},
		{"one base less", update(fleet.DectSystemInput{Bases: basesOf(b, slave)}), "M531@1</1 M033@3<M531/2", "104:1: 105:2: 103:5:0000000001", "system [001565000030]"},
		{"the lowest free place", update(fleet.DectSystemInput{Bases: basesOf(slave, extra, b)}), "M531@1</1 M037@2<M531/2 M033@3<M531/2", "104:1: 105:2: 103:5:0000000001", "system [001565000037]"},
		{
			"a master with fewer places, which leads fewer", update(fleet.DectSystemInput{Bases: basesOf(slave, c), Master: &c}), "M932@1</1 M033@2<M932/2", "104:1: 105:2: 103:3:0000000001",
			"system [001565000031 001565000032 001565000037]",
		},
		{"a base deleted", func() error { return w.DeleteDectPhone(ctx, w.admin, slave, true) }, "M932@1</1", "104:1: 105:2: 103:3:0000000001", "phone 001565000033 enrolments system []"},
		{"a member moved", move(works, hall, "103", "104"), "M932@1</1", "105:2:", "phone 001565000032 phone 001565000002"},
		{"and back", move(hall, fleet.DectPlace{Dect: c}, "102", "103"), "M932@1</1", "102:1:030AB1EE28 105:2: 103:3:0000000001", "phone 001565000002 phone 001565000032"},
	} {
		if err := step.do(); err != nil {
			t.Fatalf("%s: %v", step.name, err)
		}
		y := must(w.DectSystem(ctx, w.admin, id))(t)
		if got := laidOut(y); got != step.system {
			t.Errorf("%s: the system is %s; want %s", step.name, got, step.system)
		}
		members := must(w.DectSystemMembers(ctx, w.admin, id))(t)
		if got := w.seated(members); got != step.members || y.Members != len(members) {
			t.Errorf("%s: the members are %s, %d of them; want %s", step.name, got, y.Members, step.members)
		}
		for _, b := range y.Bases { // each stands for the system
			if got := must(w.Members(ctx, w.admin, b.Dect))(t); !slices.Equal(got, members) {
				t.Errorf("%s: the members of %s are %v", step.name, b.Name, got)
			}
		}
		if heard := strings.Join(w.heard.take(), " "); heard != step.heard {
			t.Errorf("%s: heard %q, want %q", step.name, heard, step.heard)
		}
	}
	if y := must(w.DectSystem(ctx, w.admin, id))(t); y.Number != 2 || y.Lines != 4 {
		t.Errorf("%+v", y)
	}
	if got := w.audited(); got != "alice dect.move_members DECT base 001565000002 to DECT system 2: 102, 103" {
		t.Errorf("audited %q", got)
	}

	// Destroyed by force, a system leaves its data master as many members as that takes.
	check(t, w.DeleteDectSystem(ctx, w.admin, first, true))
	if got := w.seated(must(w.Members(ctx, w.admin, taken))(t)); got != "107:1: 108:2:" {
		t.Errorf("left are %s", got)
	}
	check(t, w.DeleteDectSystem(ctx, w.admin, id, false))
	if d := must(w.DectPhone(ctx, w.admin, c))(t); d.System != 0 {
		t.Errorf("%+v", d)
	}
	again := must(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new("Works"), Bases: basesOf(own)}))(t)
	if y := must(w.DectSystem(ctx, w.admin, again))(t); y.Number != 1 || y.Members != 1 {
		t.Errorf("the next system is %+v", y)
	}
	events, _, err := w.Events(ctx, w.admin, "001565000031", listquery.Query{})
	check(t, err)
	var texts []string
	for _, e := range events {
		if e.Kind == fleet.EventChanged {
			texts = append(texts, e.Text)
		}
	}
	want := []string{`left the DECT system "Mill"`, `changed: its place in the DECT system "Mill"`, `leads the DECT system "Works", with its members`, `joined the DECT system "Works" at place 2`}
	if diff := cmp.Diff(want, texts); diff != "" {
		t.Error(diff)
	}
}

// Those that took their clock from a base that is deleted take it from where it took its
// own, and from the first of them if it took it from none.
func TestClockOfADeletedBase(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	a, b, c := w.newCell("001565000030", "M5"), w.newCell("001565000031", "M0"), w.newCell("001565000032", "M0")
	id := must(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new("Works"), Bases: &[]fleet.SystemBaseInput{
		{Dect: a, SyncFrom: b}, {Dect: b}, {Dect: c, SyncFrom: b},
	}}))(t)
	laid := func(want string) {
		t.Helper()
		if got := laidOut(must(w.DectSystem(ctx, w.admin, id))(t)); got != want {
			t.Errorf("the system is %s; want %s", got, want)
		}
	}
	laid("M530@1<M031/2 M031@2</1 M032@3<M031/2")
	check(t, w.DeleteDectPhone(ctx, w.admin, b, true))
	laid("M530@1</1 M032@3<M530/2")
	d := w.newCell("001565000033", "M0")
	check(t, w.UpdateDectSystem(ctx, w.admin, id, fleet.DectSystemInput{Bases: &[]fleet.SystemBaseInput{{Dect: a}, {Dect: c, SyncFrom: a}, {Dect: d, SyncFrom: c}}}))
	laid("M530@1</1 M033@2<M032/3 M032@3<M530/2")
	check(t, w.DeleteDectPhone(ctx, w.admin, c, true))
	laid("M530@1</1 M033@2<M530/2")
}

func TestDectSystemOrders(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	a, b := w.newCell("001565000030", "M5"), w.newCell("001565000031", "M0")
	id := must(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new("Works"), Bases: basesOf(a, b)}))(t)
	job := must(w.ReprovisionDectSystem(ctx, w.admin, id))(t)
	if j := must(w.Job(ctx, w.admin, job))(t); j.Counts.Pending != 2 || j.System != id || !j.MAC.IsZero() {
		t.Errorf("%+v", j)
	}
	if again := must(w.ReprovisionDectSystem(ctx, w.admin, id))(t); again != job {
		t.Errorf("a second job %v", again)
	}
	check(t, w.PauseJob(ctx, w.admin, job))
	w.heard.take()
	w.refuse([]refusal{{name: "paused", do: func() error { return second(w.ReprovisionDectSystem(ctx, w.admin, id)) }, code: fleet.CodeConflict, says: "paused"}})
	check(t, w.UpdateDectPhone(ctx, w.admin, b, fleet.DectInput{Disabled: new(true)}))
	if j := must(w.Job(ctx, w.admin, must(w.RebootDectSystem(ctx, w.admin, id))(t)))(t); j.Counts.Pending != 1 {
		t.Errorf("%+v", j)
	}
	check(t, w.UpdateDectPhone(ctx, w.admin, a, fleet.DectInput{Disabled: new(true)}))
	w.heard.take()
	w.refuse([]refusal{{name: "all disabled", do: func() error { return second(w.RebootDectSystem(ctx, w.admin, id)) }, code: fleet.CodeConflict, says: "disabled"}})
}

// Whatever is done with systems and members in whatever order: who is not taken off by
// name is a member where he was or where he was sent, once, with his handset and at a
// place of his own.
func TestMembersAreNeitherLostNorDoubled(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	check(t, w.ReplaceMembers(ctx, w.admin, w.base, nil))
	var extensions []string
	for i := range 7 {
		extensions = append(extensions, strconv.Itoa(200+i))
		must(w.CreateUser(ctx, w.admin, userInput(extensions[i])))(t)
	}
	bases := []fleet.ID{w.base, w.newCell("001565000030", "M5"), w.newCell("001565000031", "M5"), w.newCell("001565000032", "M9"), w.newCell("001565000033", "M0"), w.newCell("001565000034", "M5")}
	systems := func() []fleet.DectSystem { return must2(w.DectSystems(ctx, w.admin, listquery.Query{}))(t) }
	rapid.Check(t, func(rt *rapid.T) {
		for _, y := range systems() {
			check(t, w.DeleteDectSystem(ctx, w.admin, y.ID, true))
		}
		for _, b := range bases {
			check(t, w.ReplaceMembers(ctx, w.admin, b, nil))
		}
		anyBase, some := rapid.SampledFrom(bases), rapid.SliceOfNDistinct(rapid.SampledFrom(bases), 1, 3, rapid.ID[fleet.ID])
		// An extension is a member in one place here, so that who is where can be told.
		who := rapid.SliceOfNDistinct(rapid.SampledFrom(extensions), 1, 4, rapid.ID[string])
		everybody := func() (all []string) {
			seen := make(map[fleet.ID]bool)
			for _, b := range bases {
				d := must(w.DectPhone(ctx, w.admin, b))(t)
				lines := d.Lines
				if d.System != 0 {
					y := must(w.DectSystem(ctx, w.admin, d.System))(t)
					if seen[y.ID] {
						continue
					}
					seen[y.ID], lines = true, y.Lines
					if y.Bases[0].Index != 1 {
						rt.Fatalf("%s has no data master", laidOut(y))
					}
				}
				places := make(map[int]bool)
				for _, m := range must(w.Members(ctx, w.admin, b))(t) {
					if places[m.HandsetIndex] || m.HandsetIndex < 1 || m.HandsetIndex > lines {
						rt.Fatalf("%s is at place %d of %d, which is taken: %v", m.ExtensionNumber, m.HandsetIndex, lines, places[m.HandsetIndex])
					}
					places[m.HandsetIndex] = true
					all = append(all, m.ExtensionNumber+":"+m.IPUI)
				}
			}
			slices.Sort(all)
			return all
		}
		place := func(label string) fleet.DectPlace {
			if list := systems(); len(list) > 0 && rapid.Bool().Draw(rt, label+" a system") {
				return fleet.DectPlace{System: rapid.SampledFrom(list).Draw(rt, label).ID}
			}
			return fleet.DectPlace{Dect: anyBase.Draw(rt, label)}
		}
		names := 0
		step := func(do func() error) {
			before := everybody()
			err := do()
			if code := fleet.CodeOf(err); err != nil && code != fleet.CodeConflict && code != fleet.CodeInvalid {
				rt.Fatal(err)
			}
			if after := everybody(); !slices.Equal(before, after) {
				rt.Fatalf("the members were %v and are %v (%v)", before, after, err)
			}
		}
		steps := map[string]func(){
			"create": func() {
				names++
				step(func() error {
					return second(w.CreateDectSystem(ctx, w.admin, fleet.DectSystemInput{Name: new(fmt.Sprint("System ", names)), Bases: basesOf(some.Draw(rt, "bases")...)}))
				})
			},
			"update": func() {
				list := systems()
				if len(list) == 0 {
					return
				}
				var in fleet.DectSystemInput
				if rapid.Bool().Draw(rt, "others") {
					in.Bases = basesOf(some.Draw(rt, "bases")...)
				}
				if y := rapid.SampledFrom(list).Draw(rt, "system"); rapid.Bool().Draw(rt, "another") {
					in.Master = new(rapid.SampledFrom(append([]fleet.SystemBase{{Dect: anyBase.Draw(rt, "any")}}, y.Bases...)).Draw(rt, "master").Dect)
					step(func() error { return w.UpdateDectSystem(ctx, w.admin, y.ID, in) })
				}
			},
			"destroy": func() {
				list := systems()
				if len(list) == 0 {
					return
				}
				step(func() error {
					return w.DeleteDectSystem(ctx, w.admin, rapid.SampledFrom(list).Draw(rt, "system").ID, false)
				})
			},
			"move": func() {
				from := place("from")
				step(func() error { return w.MoveMembers(ctx, w.admin, from, place("to"), who.Draw(rt, "who")) })
			},
			"replace": func() {
				at := anyBase.Draw(rt, "base")
				elsewhere := everybody()
				for _, m := range must(w.Members(ctx, w.admin, at))(t) {
					elsewhere = slices.DeleteFunc(elsewhere, func(s string) bool { return strings.HasPrefix(s, m.ExtensionNumber) })
				}
				var in []fleet.MemberInput
				want := slices.Clone(elsewhere)
				for _, e := range who.Draw(rt, "who") {
					if slices.ContainsFunc(elsewhere, func(s string) bool { return strings.HasPrefix(s, e) }) {
						continue
					}
					in = append(in, fleet.MemberInput{ExtensionNumber: e, IPUI: "0000000" + e})
					want = append(want, e+":0000000"+e)
				}
				slices.Sort(want)
				before := everybody()
				if err := w.ReplaceMembers(ctx, w.admin, at, in); err != nil {
					want = before
				}
				if after := everybody(); !slices.Equal(want, after) {
					rt.Fatalf("the members are %v; want %v", after, want)
				}
			},
		}
		for _, name := range rapid.SliceOfN(rapid.SampledFrom(slices.Sorted(maps.Keys(steps))), 1, 10).Draw(rt, "steps") {
			steps[name]()
		}
	})
}
