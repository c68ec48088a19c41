package template

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestExplain(t *testing.T) {
	t.Parallel()
	tmpl, f := compile(t, "line", `#!version
{{- /* nothing */}}
lang = {{.language.value}}
{{range $i, $a := .accounts}}{{if .tls}}a.{{.index}}.password = {{upper .password}} {{$.mac}}
{{end}}{{end}}lldp = {{if .network.lldp}}1{{else}}0{{end}}
{{$code := .model.var.code}}{{with index .keys 1}}key = {{$code}}{{.label}}
{{end}}c = {{join "," .codecs}}{{range seq 1 2}}{{.}}{{end}}
last`)
	v := sampleOf(t, tmpl)
	origins, out, err := f.Explain(v)
	if err != nil {
		t.Fatal(err)
	}
	plain, _ := f.Append(nil, v)
	if !bytes.Equal(plain, out) {
		t.Errorf("Explain renders %q, Append %q", out, plain)
	}
	src := func(pairs ...string) (list []Source) {
		for i := 0; i < len(pairs); i += 2 {
			list = append(list, Source{pairs[i], pairs[i+1]})
		}
		return list
	}
	want := []Origin{
		{"acme.xml", 18, nil, nil},
		{"acme.xml", 20, src("language.value", "template"), nil},
		{"acme.xml", 21, src("accounts[0].index", "extension", "accounts[0].password", "extension", "mac", "phone"), src("accounts[0].tls", "extension")},
		{"acme.xml", 22, nil, src("network.lldp", "phone")},
		{"acme.xml", 23, src("model.var.code", "model", "keys[1].label", "phone"), src("keys[1]", "phone")},
		{"acme.xml", 24, src("codecs", "phone"), nil},
		{"acme.xml", 25, nil, nil},
	}
	want[4].Conditions = nil
	if diff := cmp.Diff(want, origins); diff != "" {
		t.Errorf("%s\n%s", diff, out)
	}
}

func TestExplainOfInheritedBlocks(t *testing.T) {
	t.Parallel()
	all := files{"base.xml": head("base", `abstract="true"`, "", "", "\n"+file("a", "full", "", "x = 1\n{{template \"b\" .}}y = 2\n{{template \"c\" .}}")+"<block name=\"c\">\nz={{.mac}}</block>")}
	tmpl, err := Parse("top.xml", []byte(head("top", `extends="base.xml"`, oneModel, "", "\n\n\n<block name=\"b\"><![CDATA[\n\nb = 1\nb = 2\n]]></block>")), all.load, nil)
	if err != nil {
		t.Fatal(err)
	}
	origins, out, err := tmpl.files[0].Explain(&View{MAC: "001565aabbcc"})
	if err != nil || string(out) != "x = 1\n\nb = 1\nb = 2\ny = 2\nz=001565aabbcc" {
		t.Fatalf("%q, %v", out, err)
	}
	var got []string
	for _, o := range origins {
		got = append(got, (&Error{File: o.File, Line: o.Line}).Error())
	}
	want := []string{"base.xml:2:0: ", "top.xml:5:0: ", "top.xml:6:0: ", "top.xml:7:0: ", "base.xml:3:0: ", "base.xml:5:0: "}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

func TestExplainOfNothing(t *testing.T) {
	t.Parallel()
	_, f := compile(t, "line", "{{if false}}x{{end}}")
	if origins, out, err := f.Explain(&View{}); err != nil || len(origins) != 0 || len(out) != 0 {
		t.Errorf("%v, %q, %v", origins, out, err)
	}
}

// TestSampleSetsEverything wants every field of the View set by a template that
// has everything, but for the accounts that no phone has to spare.
func TestSampleSetsEverything(t *testing.T) {
	t.Parallel()
	var lists strings.Builder
	for _, name := range listNames {
		names := closedLists[name]
		if names == nil {
			names = []string{"First", "Second"}
		}
		if name == "time_zones" {
			names = []string{"Europe/London", "America/New_York", "Asia/Tokyo"}
		}
		lists.WriteString("<" + name + ">")
		for _, n := range names {
			lists.WriteString(`<option name="` + n + `" value="v` + n + `"><item name="x" value="1"/></option>`)
		}
		lists.WriteString("</" + name + ">")
	}
	model := `<model name="A1" display_name="Acme A1" accounts="3" line_keys="12" modules="2" module_keys="5"><var name="x" value="1"/></model>`
	tmpl, err := parse1(head("t", "", model, lists.String(), file("a", "full", "", "a")+file("{mac}-d", "directory", "", "a")))
	if err != nil {
		t.Fatal(err)
	}
	v := Sample(tmpl, &tmpl.Models[0])
	if diff := cmp.Diff(v, Sample(tmpl, &tmpl.Models[0])); diff != "" {
		t.Error("two samples differ:", diff)
	}
	if len(v.Accounts) != 3 || len(v.Keys) != 22 || v.Keys[12].Module != 1 || v.Keys[12].Slot != 1 || v.Keys[21].Module != 2 || v.Keys[21].Slot != 5 {
		t.Errorf("accounts %d, keys %d: %+v", len(v.Accounts), len(v.Keys), v.Keys)
	}
	kinds := map[string]bool{}
	for i, k := range v.Keys {
		kinds[k.Kind] = true
		if k.Index != i+1 || k.Type.Name != k.Kind || k.Account < 1 || k.Account > 3 {
			t.Errorf("%+v", k)
		}
	}
	if len(kinds) != len(closedLists["key_types"]) {
		t.Errorf("kinds of keys: %v", kinds)
	}
	if v.TimeZone.Name != "America/New_York" || v.Time.Zone != v.TimeZone.Name || !v.Time.DST {
		t.Errorf("%+v %+v", v.TimeZone, v.Time)
	}
	if v.Language.Name != "Second" {
		t.Errorf("language is the default: %+v", v.Language)
	}
	// Fields that are 0 for a reason.
	may := map[string]bool{
		"SpareAccounts": true, "SpareHandsets": true, "Base": true, "System": true, "Handsets": true, "Index of Choice": true, "Weekday": true, "Minute": true, "Hour": true,
	}
	var unset func(v reflect.Value, path string, seen map[string]bool)
	unset = func(v reflect.Value, path string, seen map[string]bool) {
		for i := range v.NumField() {
			f, name := v.Field(i), v.Type().Field(i).Name
			switch {
			case may[name] || name == "Index" && v.Type() == reflect.TypeFor[Choice]():
			case f.Kind() == reflect.Struct:
				unset(f, path+"."+name, seen)
			case f.Kind() == reflect.Slice && f.Len() > 0:
				// Some element has each field set.
				all := map[string]bool{}
				for j := range f.Len() {
					one := map[string]bool{}
					unset(f.Index(j), path+"."+name, one)
					for p := range one {
						if j == 0 {
							all[p] = true
						}
					}
					for p := range all {
						if !one[p] {
							delete(all, p)
						}
					}
				}
				for p := range all {
					seen[p] = true
				}
			case f.IsZero() || f.Kind() == reflect.Map && f.Len() == 0:
				seen[path+"."+name] = true
			}
		}
	}
	seen := map[string]bool{}
	unset(reflect.ValueOf(v).Elem(), "", seen)
	for path := range seen {
		t.Errorf("%s is not set", path)
	}
	// A base has a member at every place, and one way to the server.
	dect := tmpl.Models[0]
	dect.Handsets, dect.Accounts = 3, 5
	base := Sample(tmpl, &dect)
	seen = map[string]bool{}
	unset(reflect.ValueOf(base.Base), ".Base", seen)
	for path := range seen {
		t.Errorf("%s is not set", path)
	}
	if len(base.Handsets) != 3 || len(base.Accounts) != 3 || len(base.SpareAccounts) != 2 || base.SpareAccounts[0].Index != 4 || base.Handsets[2].Account != 3 ||
		base.Accounts[0].OutboundPort != base.Accounts[2].OutboundPort || base.Handsets[0].IPUI != "030AB00001" || base.Handsets[0].IPEI != "1245900000016" {
		t.Errorf("a base of 3 handsets and 5 accounts: %+v, %+v, %+v", base.Handsets, base.Accounts, base.SpareAccounts)
	}
	// A model that works in a system only, and never leads it, is the second base of one.
	for _, in := range []struct {
		bases, members, place, spares int
	}{
		{5, 4, 1, 2},
		{2, 4, 1, 0},
		{5, 0, 2, 2},
	} {
		model := tmpl.Models[0]
		model.Bases, model.SystemHandsets, model.Accounts = in.bases, in.members, 5
		v := Sample(tmpl, &model)
		s := v.System
		if !s.Set || s.Index != in.place || s.Master != (in.place == 1) || len(s.Bases) != min(in.bases, 3) || len(s.SpareBases) != in.spares ||
			len(v.Handsets) != in.members || len(v.Accounts) != in.members || in.place == 2 && len(v.SpareAccounts)+len(v.SpareHandsets) > 0 {
			t.Errorf("a sample of %d bases with %d members: %+v, %d handsets", in.bases, in.members, s, len(v.Handsets))
		}
		seen = map[string]bool{}
		unset(reflect.ValueOf(SampleInSystem(tmpl, &model, 1).System), ".System", seen)
		for path := range seen {
			if path != ".System.SpareBases" {
				t.Errorf("%s is not set", path)
			}
		}
		if b := s.Bases[in.place-1]; !b.Self || b.MAC != v.MAC || b.Name != v.Base.Name || b.SyncIndex != in.place-1 || b.SyncLevel != in.place {
			t.Errorf("the base itself is %+v", b)
		}
	}
	// What a model lacks is left out.
	tmpl.Models[0].Without = []string{"languages", "codecs"}
	if v := Sample(tmpl, &tmpl.Models[0]); v.Language.Set || len(v.Codecs) != 0 {
		t.Errorf("a model without languages and codecs has %+v, %+v", v.Language, v.Codecs)
	}
}
