package template

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var update = flag.Bool("update", false, "rewrite the files under testdata/portsip/golden")

// dialectTemplates are templates of the dialect, of our own writing, that use all
// of it between them.
var dialectTemplates = []string{"acme-line.ph.xml", "acme-snom.ph.xml", "acme-pvalues.xml", "acme-dect.fxs.xml"}

func knownVendors(name string) bool {
	return slices.ContainsFunc([]string{"Yealink", "Snom", "Grandstream", "Fanvil"}, func(v string) bool { return strings.EqualFold(v, name) })
}

func dialectSource(t testing.TB, name string) []byte {
	t.Helper()
	src, err := os.ReadFile(filepath.Join("testdata", "portsip", name))
	if err != nil {
		t.Fatal(err)
	}
	return src
}

func parseDialect(t testing.TB, name string) *Template {
	t.Helper()
	tmpl, err := Parse(name, dialectSource(t, name), nil, knownVendors)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// bare is a phone that has as little as a phone can have.
func bare(t *Template, m *Model) *View {
	v := Sample(t, m)
	if v.Accounts = v.Accounts[:1]; m.Handsets > 0 {
		v.Accounts = nil
	} else {
		a := &v.Accounts[0]
		a.DisplayName, a.Outbound, a.OutboundHost, a.OutboundPort, a.Voicemail = "101", false, "", 0, ""
	}
	for i := range v.Keys {
		v.Keys[i] = Key{Index: i + 1, Slot: i + 1, Kind: "none", Account: 1}
	}
	v.Codecs = v.Codecs[:1]
	v.Ringtone, v.Transfer, v.TimeZone, v.Time = Choice{}, Choice{}, Choice{}, Time{NTP1: "192.0.2.1"}
	v.Network = Network{WANVLAN: VLAN{ID: 1}, PCVLAN: VLAN{ID: 2}}
	v.Provisioning.Scheme, v.Provisioning.Host = "http", "[2001:db8::1]:8080"
	return v
}

func golden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", "portsip", "golden", name)
	if *update {
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what comes out; if that is right, run go test ./internal/template -run %s -update:\n%s", path, t.Name(), diff)
	}
}

func TestDialectGolden(t *testing.T) {
	t.Parallel()
	for _, name := range dialectTemplates {
		tmpl := parseDialect(t, name)
		var all bytes.Buffer
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			for kind, v := range map[string]*View{"sample": Sample(tmpl, m), "bare": bare(tmpl, m)} {
				for _, f := range tmpl.Files(m, Full) {
					out, err := f.Append(nil, v)
					if err != nil {
						t.Fatal(err)
					}
					golden(t, fmt.Sprintf("%s/%s-%s/%s", strings.SplitN(name, ".", 2)[0], m.Name, kind, f.Name(m, v.MAC)), out)
				}
			}
		}
		for _, w := range tmpl.Warnings {
			fmt.Fprintln(&all, w)
		}
		golden(t, strings.SplitN(name, ".", 2)[0]+"/warnings", all.Bytes())
		converted, err := Convert(name, dialectSource(t, name), knownVendors, nil)
		if err != nil {
			t.Fatal(err)
		}
		golden(t, strings.SplitN(name, ".", 2)[0]+"/converted.xml", converted)
	}
}

// TestDialectProfile wants the models and the choices of a template as the API
// shows them.
func TestDialectProfile(t *testing.T) {
	t.Parallel()
	tmpl := parseDialect(t, "acme-line.ph.xml")
	if tmpl.Vendor != "Yealink" || tmpl.Title != "Yealink desk phones of the head office" {
		t.Errorf("vendor %q, title %q", tmpl.Vendor, tmpl.Title)
	}
	var models []string
	for _, m := range tmpl.Models {
		models = append(models, fmt.Sprintf("%s|%s|%d|%d|%d", m.Name, m.DisplayName, m.Accounts, m.LineKeys, m.Handsets))
	}
	wantModels := []string{"T43U|Yealink T43U|1|3|0", "T46U|Yealink T46U|1|4|0", "T57W|Yealink T57W|1|3|0"}
	if diff := cmp.Diff(wantModels, models); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{
		"languages": "ENGLISH GERMAN CHINESE", "ringtones": "Ring 1|House tone|Silent", "queue_ringtones": "Ring 5|Ring 6",
		"date_formats": "15 JAN MON|DD/MM/YYYY", "time_formats": "24-hour clock|12-hour clock (AM/PM)",
		"powerleds": "Both (Voicemail and Missed calls)|Voicemails only", "backlights": "30 seconds|Always Off", "screensavers": "10 minutes",
		"time_zones": "America/New_York|Etc/UTC|Europe/Vienna|Europe/Berlin|Asia/Shanghai|Etc/GMT-11",
		"codecs":     "G722|PCMA|PCMU|G729", "transports": "UDP TCP TLS", "transfers": "BLIND ATTENDED", "key_types": "line blf speed_dial park",
	}
	for list, names := range want {
		var got []string
		for _, o := range tmpl.Profile.Lists[list].Options {
			got = append(got, o.Name)
		}
		if strings.Join(got, "|") != names && strings.Join(got, " ") != names {
			t.Errorf("%s: %q, want %q", list, got, names)
		}
	}
	var codecs, queue []string
	for _, c := range tmpl.Profile.Lists["codecs"].Defaults() {
		codecs = append(codecs, c.Name)
	}
	for _, c := range tmpl.Profile.Lists["queue_ringtones"].Defaults() {
		queue = append(queue, c.Name)
	}
	if diff := cmp.Diff([]string{"G722", "PCMA", "PCMU"}, codecs); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff([]string{"Ring 6"}, queue); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(Network{LLDP: true, WANVLAN: VLAN{ID: 256, Priority: 3}, PCVLAN: VLAN{Enabled: true, ID: 254}}, tmpl.Profile.Network); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"acme-snom.ph.xml", "acme-dect.fxs.xml"} {
		tmpl := parseDialect(t, name)
		for _, m := range tmpl.Models {
			if !strings.HasPrefix(m.DisplayName, tmpl.Vendor+" ") {
				t.Errorf("%q does not begin with %s", m.DisplayName, tmpl.Vendor)
			}
			if dect := m.Handsets == 3 && m.Accounts == 3; dect != (name == "acme-dect.fxs.xml") {
				t.Errorf("%s: %+v", name, m)
			}
		}
	}
}

// TestConvertRendersTheSame wants that a converted template compiles and renders
// the same bytes for phones of all kinds.
func TestConvertRendersTheSame(t *testing.T) {
	t.Parallel()
	for _, name := range dialectTemplates {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			tmpl := parseDialect(t, name)
			converted, err := Convert(name, dialectSource(t, name), knownVendors, nil)
			if err != nil {
				t.Fatal(err)
			}
			ours, err := Parse("ours.xml", converted, nil, knownVendors)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tmpl.Models, ours.Models); diff != "" {
				t.Fatal(diff)
			}
			if diff := cmp.Diff(tmpl.Profile, ours.Profile); diff != "" {
				t.Fatal(diff)
			}
			rapid.Check(t, func(r *rapid.T) {
				m := &tmpl.Models[rapid.IntRange(0, len(tmpl.Models)-1).Draw(r, "model")]
				v := drawView(r, tmpl, m)
				theirs, converted := tmpl.Files(m, Full), ours.Files(m, Full)
				if len(theirs) != len(converted) {
					r.Fatalf("%d files, and %d converted", len(theirs), len(converted))
				}
				for i, f := range theirs {
					want, err := f.Append(nil, v)
					got, err2 := converted[i].Append(nil, v)
					if (err == nil) != (err2 == nil) || !bytes.Equal(want, got) || f.Name(m, v.MAC) != converted[i].Name(m, v.MAC) {
						r.Fatalf("%s: %v, %v\n%s", f.Pattern, err, err2, cmp.Diff(string(want), string(got)))
					}
				}
			})
			if _, err := Convert("ours.xml", converted, knownVendors, nil); !errors.Is(err, ErrOwnLanguage) {
				t.Errorf("a second time: %v", err)
			}
		})
	}
}

// TestConvertForOneModel wants that a template converted for one of its models
// renders for that what it renders for all, and is no longer.
func TestConvertForOneModel(t *testing.T) {
	t.Parallel()
	for _, name := range dialectTemplates {
		tmpl := parseDialect(t, name)
		whole, err := Convert(name, dialectSource(t, name), knownVendors, nil)
		if err != nil {
			t.Fatal(err)
		}
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			part, err := Convert(name, dialectSource(t, name), knownVendors, []string{m.Name})
			if err != nil {
				t.Fatal(err)
			}
			ours, err := Parse("ours.xml", part, nil, knownVendors)
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff([]Model{*m}, ours.Models); diff != "" || len(part) > len(whole) {
				t.Errorf("%s: %d bytes of %d: %s", m.Name, len(part), len(whole), diff)
			}
			for _, v := range []*View{Sample(tmpl, m), bare(tmpl, m)} {
				for j, f := range tmpl.Files(m, Full) {
					want, err := f.Append(nil, v)
					got, err2 := ours.Files(m, Full)[j].Append(nil, v)
					if err != nil || err2 != nil || !bytes.Equal(want, got) {
						t.Errorf("%s: %v, %v\n%s", m.Name, err, err2, cmp.Diff(string(want), string(got)))
					}
				}
			}
		}
	}
	if _, err := Convert("acme-line.ph.xml", dialectSource(t, "acme-line.ph.xml"), knownVendors, []string{"T99"}); err == nil || !strings.Contains(err.Error(), "has no model T99") {
		t.Errorf("a model that is not there: %v", err)
	}
}

// drawView draws a phone.
func drawView(r *rapid.T, t *Template, m *Model) *View {
	text := rapid.StringMatching(`[ -~äé€"&<>{}%]{0,12}`)
	v := Sample(t, m)
	v.Accounts = v.Accounts[:rapid.IntRange(1, len(v.Accounts)).Draw(r, "accounts")]
	for i := range v.Accounts {
		a := &v.Accounts[i]
		a.Outbound = rapid.Bool().Draw(r, "outbound")
		a.DisplayName, a.Password = text.Draw(r, "name"), text.Draw(r, "password")
	}
	for i := range v.Keys {
		k := &v.Keys[i]
		k.Kind = rapid.SampledFrom(closedLists["key_types"]).Draw(r, "kind")
		k.Type, _ = t.Profile.Lists["key_types"].Choose(k.Kind)
		k.Value, k.Label = text.Draw(r, "value"), text.Draw(r, "label")
	}
	choose := func(list string) Choice {
		l := t.Profile.Lists[list]
		if l == nil || rapid.IntRange(0, 4).Draw(r, "unset") == 0 {
			return Choice{}
		}
		c, _ := l.Choose(l.Options[rapid.IntRange(0, len(l.Options)-1).Draw(r, list)].Name)
		return c
	}
	v.Language, v.Ringtone, v.ExternalRingtone, v.TimeZone, v.Transfer = choose("languages"), choose("ringtones"), choose("external_ringtones"), choose("time_zones"), choose("transfers")
	v.Codecs = v.Codecs[:rapid.IntRange(0, len(v.Codecs)).Draw(r, "codecs")]
	v.Network.LLDP, v.Network.WANVLAN.Enabled, v.Time.DST = rapid.Bool().Draw(r, "lldp"), rapid.Bool().Draw(r, "vlan"), rapid.Bool().Draw(r, "dst")
	v.Provisioning.Host = rapid.SampledFrom([]string{"a.example", "a.example:81", "[2001:db8::1]", "[2001:db8::1]:82"}).Draw(r, "host")
	return v
}

// smallDialect is the shortest template of the dialect there is; its body begins in line 4.
const smallDialect = `<doc><header><type>phone-template</type><name>Acme</name>
<models><model ua="A1">Acme A1</model></models></header>
<data><device><deviceconfig filename="%%mac_address%%.cfg"><![CDATA[
a=1
]]></deviceconfig></device></data></doc>`

func TestDialectErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, with, want string }{
		{"DTD", "<doc>", "<!DOCTYPE doc [<!ENTITY a \"b\">]>\n<doc>", "1:1: a template may have no DTD"},
		{"no header", smallDialect, "<doc/>", "1:1: <doc> has no <header>"},
		{"deep", "<name>", strings.Repeat("<a>", 70) + strings.Repeat("</a>", 70) + "<name>", "elements are nested deeper than 64"},
		{"no models", `<model ua="A1">Acme A1</model>`, "", `1:6: <header> has no <models> with a <model ua="…">`},
		{"model without ua", ` ua="A1"`, "", "2:9: <model> needs the attribute ua"},
		{"model twice", "</models>", "<model ua=\"a1\"/></models>", "2:50: the model a1 is there twice"},
		{"stranger", "Acme", "Nokia", "2:1: Dialplane knows no vendor by the names of these models"},
		{"no file", `<deviceconfig filename="%%mac_address%%.cfg"><![CDATA[
a=1
]]></deviceconfig>`, "", "1:1: the template has no <data><device><deviceconfig>"},
		{"no filename", ` filename="%%mac_address%%.cfg"`, "", "3:15: <deviceconfig> needs the attribute filename"},
		{"variable in a filename", "%%mac_address%%", "%%extension_number%%", "3:39: only %%mac_address%% may stand in a filename, not %%extension_number%%"},
		{"braces in a filename", "%%mac_address%%", "{mac}", "3:39: a filename holds no braces"},
		{"filename that climbs", "%%mac_address%%", "../x", "3:39: the name ../x.cfg has an empty part, or one of dots"},
		{"file twice", "</device>", "<deviceconfig filename=\"%%MAC_Address%%.CFG\">a=1</deviceconfig></device>", "the file {mac}.CFG of level full is there twice"},
		{"map without a model", "<![CDATA[", `<filename><model name="A9" filename="x"/></filename><![CDATA[`, `3:60: the model A1 has no filename here; add <model name="A1"`},
		{"map with a variable", "<![CDATA[", `<filename><model name="A1" filename="%%mac_address%%"/></filename><![CDATA[`, "3:97: the filename of one model is a plain name"},
		{"option without value", "<models>", "<ringtones><option/></ringtones><models>", "2:12: <option> needs the attribute value"},
		{"item without name", "<models>", `<ringtones><option value="a"><item>1</item></option></ringtones><models>`, "2:30: <item> needs the attribute name"},
		{"list twice", "<models>", "<ringtones/><ringtones/><ringtones><option value=\"a\"/></ringtones><RingTones><option value=\"a\"/></RingTones><models>", "2:67: <RingTones> is there twice"},
		{"vlan", "<models>", `<vlan><vlanwanid type="int" default="5000" param="x"/></vlan><models>`, "2:38: the default of <vlanwanid> is a whole number from 1 to 4094"},
		{"transport", "<models>", `<transports><option value="SCTP"/></transports><models>`, "2:13: SCTP is no name for <transports>"},
		{"handsets", "<device>", `<device><field name="NumberOfExtensions">many</field>`, "3:15: NumberOfExtensions is a whole number from 1 to 20000"},

		{"unclosed", "a=1", "{IF ua=A1}\na=1", "4:1: this {IF} has no {ENDIF}"},
		{"unclosed inner", "a=1", "{IF blf1}\n b=1\n  {if ua=A1}\n{ENDIF}", "4:1: this {IF} has no {ENDIF}"},
		{"endif", "a=1", "a=1\n {ENDIF}", "5:2: this {ENDIF} closes no {IF}"},
		{"else", "a=1", "{ELSE}", "4:1: this {ELSE} belongs to no {IF}"},
		{"else twice", "a=1", "{IF blf1}{ELSE}\n{else}{ENDIF}", "5:1: this {IF} has a second {ELSE}"},
		{"no condition", "a=1", "{IF}a=1{ENDIF}", "4:1: this {IF} says no condition"},
		{"broken tag", "a=1", "{IF ua=A1\na=1{ENDIF}", "4:1: this is no tag of the dialect"},
		{"elseif", "a=1", "{IF ua=A1}{ELSEIF blf1}{ENDIF}", "4:11: this is no tag of the dialect"},
		{"nested", "a=1", strings.Repeat("{IF ua=A1}", 65) + strings.Repeat("{ENDIF}", 65), "4:641: conditions are nested deeper than 64"},
		{"key", "a=1", "{IF blf1001}{ENDIF}", "4:1: {IF blf1001} names no key; they are blf1 to blf1000"},
		{"value before the separator", "a=1", "\n%%extension_number%%=1", `5:1: text may stand only behind the separator "="`},
		{"branches", "a=1", "<x>{IF blf1}<y>{ENDIF}</y></x>", "4:4: the branches of this action end in different places"},
		{"not well-formed", "a=1", "<x>{IF blf1}%%extension_number%%{ENDIF}</y>", "4:43: </y> stands where <x> is to be closed"},
		{"value in a name", "a=1", "<x><P%%extension_number%%/></x>", "4:6: text may not stand in a name"},
		{"recursion", "<models>", `<ringtones><option value="a"><item name="b">%%c%%</item><item name="c">%%B%%</item></option></ringtones><models>`, ""},
		{"deep values", "<models>", "<ringtones><option value=\"a\">" + chain(12) + "</option></ringtones><models>", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(smallDialect, test.old) {
				t.Fatalf("nothing to replace: %q", test.old)
			}
			src := strings.ReplaceAll(smallDialect, test.old, test.with)
			if test.want == "" {
				src = strings.Replace(src, "a=1", "a=%%b%%", 1)
				test.want = "4:3: "
			}
			_, err := Parse("acme.ph.xml", []byte(src), nil, func(name string) bool { return name == "Acme" })
			if err == nil {
				t.Fatal("no error")
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if !strings.Contains(first, test.want) || '1' <= test.want[0] && test.want[0] <= '9' && !strings.HasPrefix(first, "acme.ph.xml:"+test.want) {
				t.Errorf("got  %s\nwant %s", first, test.want)
			}
		})
	}
}

// chain is items of which each refers to the next: b to v1 to v2 …
func chain(n int) string {
	var s strings.Builder
	s.WriteString(`<item name="b">%%v1%%</item>`)
	for i := 1; i <= n; i++ {
		fmt.Fprintf(&s, `<item name="v%d">x%%%%v%d%%%%</item>`, i, i+1)
	}
	return s.String()
}

// TestDialectBounds wants that templates made to grow are refused soon.
func TestDialectBounds(t *testing.T) {
	t.Parallel()
	bomb := strings.Builder{}
	for i := range 7 {
		fmt.Fprintf(&bomb, `<item name="v%d">%s</item>`, i, strings.Repeat("%%v"+strconv.Itoa(i+1)+"%%", 40))
	}
	for name, src := range map[string]string{
		"values that double": strings.NewReplacer("<models>", `<ringtones><option value="a">`+bomb.String()+"</option></ringtones><models>", "a=1", "a=%%v0%%").Replace(smallDialect),
		"long conditions":    strings.Replace(smallDialect, "a=1", strings.Repeat("{IF blf9}{IF blf8}a=%%blffirstname%%%%PROVLINK.HOST%%\n{ENDIF}{ENDIF}", 1000), 1),
	} {
		_, err := Parse("acme.ph.xml", []byte(src), nil, nil)
		var e *Error
		if name == "long conditions" {
			if err != nil {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if !errors.As(err, &e) || e.Line == 0 || !strings.Contains(e.Msg, "grows too large") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestDialectEscapes wants that what users type is escaped by the format of the
// file, and that what a format cannot carry is an error.
func TestDialectEscapes(t *testing.T) {
	t.Parallel()
	const hostile = `a"b'c<d>&e]]>%%mac_address%%{{$.mac}}`
	for body, want := range map[string]string{
		"a=%%extension_auth_pw%%":        "a=" + hostile,
		`<a b="%%extension_auth_pw%%"/>`: `<a b="a&quot;b&apos;c&lt;d&gt;&amp;e]]&gt;%%mac_address%%{{$.mac}}"/>`,
		`{"a": "%%extension_auth_pw%%"}`: ``,
		"a={{%%extension_auth_pw%%":      "a={{" + hostile,
	} {
		tmpl, err := Parse("acme.ph.xml", []byte(strings.Replace(smallDialect, "a=1\n]]>", strings.ReplaceAll(body, "]]>", "")+"]]>", 1)), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		v := Sample(tmpl, &tmpl.Models[0])
		v.Accounts[0].Password = hostile
		out, err := tmpl.files[0].Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		if want != "" && string(out) != want {
			t.Errorf("%s: got %s", body, out)
		}
		if tmpl.files[0].Escape == "json" {
			wantJSONObject(t, out, hostile)
		}
		v.Accounts[0].Password = "a\nb = c"
		if _, err := tmpl.files[0].Append(nil, v); strings.Contains(body, "auth_pw") && tmpl.files[0].Escape != "json" && err == nil {
			t.Errorf("%s: a line break went through", body)
		}
	}
}

func wantJSONObject(t *testing.T, out []byte, want string) {
	t.Helper()
	wantJSON(t, []byte("["+strings.TrimSuffix(strings.SplitN(string(out), ":", 2)[1], "}")+"]"), want)
}

func TestNeutralZones(t *testing.T) {
	t.Parallel()
	for label, want := range map[string]string{
		"GMT-5:00 US Eastern Time, New York":          "America/New_York",
		"GMT+8 China(Beijing)":                        "Asia/Shanghai",
		"-5 United States - Eastern Time":             "America/New_York",
		"(UTC-11:00) Pacific/Midway":                  "Pacific/Midway",
		"GMT+1 Amsterdam, Stockholm":                  "Europe/Amsterdam Europe/Stockholm",
		"GMT-7:00 United States-MST no DST":           "America/Phoenix",
		"GMT-3:30 Canada-New Foundland(St.Johns)":     "America/St_Johns",
		"0 United Kingdom(London)":                    "Europe/London",
		"GMT":                                         "Etc/UTC",
		"GMT+9:30 Adelaide":                           "Australia/Adelaide",
		"GMT+10 Australia(Sydney,Melbourne,Canberra)": "Australia/Sydney Australia/Melbourne",
		"GMT-12:00 International Date Line West":      "Etc/GMT+12",
		"GMT+14 Line Islands":                         "Etc/GMT-14",
		"GMT+3:30 Nowhere":                            "",
		"GMT+2 Berlin":                                "Etc/GMT-2", // not Berlin's offset
		"Europe/Berlin":                               "Europe/Berlin",
		"Berliner Weisse":                             "",
	} {
		if got := strings.Join(neutralZones(label), " "); got != want {
			t.Errorf("%s: %q, want %q", label, got, want)
		}
	}
	for _, p := range zonePhrases {
		if _, ok := zoneOffsets[p.zone]; !ok {
			t.Errorf("%s is no IANA zone", p.zone)
		}
		if p.phrase != strings.ToLower(p.phrase) {
			t.Errorf("%s is not lower case", p.phrase)
		}
	}
}

// TestDialectNames wants that conditions and maps of filenames find their model
// in every spelling, and that the vendor's name is one that people write.
func TestDialectNames(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ ua, display, model, shown string }{
		{"SIP-W70B", "Yealink W70B", "W70B", "Yealink W70B"},
		{"Yealink T46U", "yealink T46U custom", "T46U", "Yealink T46U custom"},
		{"snomD785", "snom D785", "D785", "Snom D785"},
		{"GXP2170", "GRANDSTREAM GXP2170", "GXP2170", "Grandstream GXP2170"},
		{"Fanvil X3SG Lite", "", "X3SG-Lite", "Fanvil X3SG Lite"},
	} {
		src := `<doc><header><models><model ua="` + test.ua + `">` + test.display + `</model></models></header>
<data><device><deviceconfig filename="a.cfg"><filename><model name="` + test.shown + `" filename="b.cfg"/></filename>{IF ua=` + test.ua + `}
a=1
{ENDIF}
{IF ua=` + test.model + `}
b=2
{ENDIF}
</deviceconfig></device></data></doc>`
		tmpl, err := Parse("acme.ph.xml", []byte(src), nil, knownVendors)
		if err != nil {
			t.Fatal(err)
		}
		m := &tmpl.Models[0]
		out, err := tmpl.files[0].Append(nil, Sample(tmpl, m))
		if m.Name != test.model || m.DisplayName != test.shown || string(out) != "a=1\nb=2\n" || err != nil {
			t.Errorf("%s: model %q, shown as %q, file %q, %v", test.ua, m.Name, m.DisplayName, out, err)
		}
		if name := tmpl.files[0].Name(m, "001565aabbcc"); name != "b.cfg" {
			t.Errorf("%s: the file is %s", test.ua, name)
		}
	}
}

// TestDialectExplain wants the line of the template and the layer of every value.
func TestDialectExplain(t *testing.T) {
	t.Parallel()
	src := strings.Replace(smallDialect, "a=1", "a=1\n{IF network=SBC}\nb=%%extension_number%% %%mac_address%%\n{ENDIF}", 1)
	tmpl, err := Parse("acme.ph.xml", []byte(src), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	origins, out, err := tmpl.files[0].Explain(Sample(tmpl, &tmpl.Models[0]))
	if err != nil || string(out) != "a=1\nb=201 001565aabbcc\n" {
		t.Fatalf("%q, %v", out, err)
	}
	want := []Origin{
		{File: "acme.ph.xml", Line: 4},
		{File: "acme.ph.xml", Line: 6, Values: []Source{{"accounts[0].extension", "extension"}, {"mac", "phone"}}, Conditions: []Source{{"accounts[0].outbound", "extension"}}},
	}
	if diff := cmp.Diff(want, origins); diff != "" {
		t.Error(diff)
	}
}

// FuzzDialect is FuzzParse for templates of the dialect; what compiles also
// converts, compiles again, and renders the same.
func FuzzDialect(f *testing.F) {
	for _, name := range dialectTemplates {
		f.Add(string(dialectSource(f, name)))
	}
	f.Add(smallDialect)
	f.Add(strings.Replace(smallDialect, "a=1", "{IF ua=A1}{IF blf2}a={{%%Value%%}}{ELSE}{ENDIF}\n{ENDIF}%%blf1%%", 1))
	f.Add(strings.Replace(smallDialect, "a=1", "<a>]{IF network=SBC}]%%PROVLINK%%/x{ENDIF}<!-- %%a%% --></a>", 1))
	f.Fuzz(func(t *testing.T, src string) {
		if !strings.Contains(src, "<doc") {
			return
		}
		tryTemplate(t, src)
		tmpl, err := Parse("fuzz.xml", []byte(src), nil, nil)
		if err != nil {
			return
		}
		converted, err := Convert("fuzz.xml", []byte(src), nil, nil)
		if errors.Is(err, ErrOwnLanguage) || len(converted) > maxSource {
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		ours, err := Parse("fuzz.xml", converted, nil, nil)
		if err != nil {
			t.Fatalf("%v\n%s", err, converted)
		}
		for i := range min(3, len(tmpl.Models)) {
			m := &tmpl.Models[i]
			v := Sample(tmpl, m)
			for j, file := range tmpl.Files(m, Full) {
				want, err := file.Append(nil, v)
				got, err2 := ours.Files(m, Full)[j].Append(nil, v)
				if (err == nil) != (err2 == nil) || !bytes.Equal(want, got) {
					t.Fatalf("%q, %v; converted %q, %v\n%s", want, err, got, err2, converted)
				}
			}
		}
	})
}
