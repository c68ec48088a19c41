package template

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// small is the shortest template there is.
const small = `<template xmlns="urn:dialplane:template:1" vendor="Acme" title="T">
<models><model name="A1" display_name="Acme A1" accounts="1"/></models>
<profile></profile>
<files><file name="{mac}.cfg" type="text/plain" escape="line" level="full">a=1</file></files>
</template>`

func parse1(src string) (*Template, error) {
	return Parse("acme.xml", []byte(src), nil, func(name string) bool { return name == "Acme" })
}

func TestDocumentErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, old, with, want string }{
		{"empty", small, "", "1:1: the file is empty"},
		{"not XML", small, "hello", "1:1: text before the first element"},
		{"other root", small, "<config/>", "1:1: the first element is <config>; begin with <template>"},
		{"two roots", "</template>", "</template>\n<x/>", "6:1: something follows the end of <template>"},
		{"unclosed", "</template>", "", "1:1: <template> is not closed"},
		{"crossed", "</models>", "</profile>", "2:63: </profile> closes <models> of line 2; write </models>"},
		{"DTD", "<template", "<!DOCTYPE template [<!ENTITY a \"b\">]>\n<template", "1:1: a template may have no DTD"},
		{"entity", "a=1", "a=&nbsp;", "4:78: only &lt; &gt; &amp; &quot; &apos; and numbers"},
		{"ampersand", "a=1", "a=b & c", "4:80: only &lt;"},
		{"forbidden character", "a=1", "a=&#0;", "4:78: &#0; is no character that XML allows"},
		{"surrogate", "a=1", "a=&#xd800;", "4:78: &#xd800; is no character"},
		{"control character", "a=1", "a=\x01", "4:78: control character 0x01"},
		{"not UTF-8", "a=1", "a=\xff", "4:78: this byte is not UTF-8"},
		{"encoding", "<template", "<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?>\n<template", "1:31: encoding ISO-8859-1 is not supported"},
		{"version", "<template", "<?xml version=\"1.1\"?>\n<template", "1:16: XML version 1.1 is not supported"},
		{"late declaration", "<template", "\n<?xml version=\"1.0\"?>\n<template", "2:1: the XML declaration belongs at the very beginning"},
		{"comment", "<profile>", "<profile><!-- a -- b -->", "3:17: -- may not stand in a comment"},
		{"endless comment", "<profile>", "<profile><!-- a", "3:10: the comment does not end"},
		{"endless CDATA", "a=1", "<![CDATA[a=1", "4:76: the CDATA section does not end"},
		{"]]> in text", "a=1", "a=]]>", "4:78: ]]> may not stand in text"},
		{"attribute twice", `title="T"`, `title="T" title="U"`, "1:68: the attribute title is there twice"},
		{"attribute unquoted", `title="T"`, `title=T`, "1:64: the value of title is not quoted"},
		{"attribute without value", `title="T"`, `title`, "1:63: the attribute title has no value"},
		{"attribute glued", `title="T"`, `title="T"abstract="true"`, "1:67: a space is missing before the attribute abstract"},
		{"attribute with <", `title="T"`, `title="<"`, "1:65: < may not stand in an attribute"},
		{"unknown attribute", `title="T"`, `title="T" extend="x.xml"`, "1:68: <template> has no attribute extend; did you mean extends?"},
		{"prefix", `title="T"`, `title="T" xmlns:x="urn:x"`, "1:68: prefixes are not supported"},
		{"missing attribute", ` title="T"`, ``, "1:1: <template> needs the attribute title"},
		{"missing namespace", ` xmlns="urn:dialplane:template:1"`, ``, `1:1: <template> lacks its namespace; add xmlns="urn:dialplane:template:1"`},
		{"other namespace", `template:1"`, `template:2"`, `1:18: unknown namespace`},
		{"unknown element", "<profile>", "<profile><language/>", "3:10: <language> may not stand in <profile>; did you mean languages?"},
		{"misplaced element", "<profile>", "<block name=\"x\"/><profile>", "3:1: <block> may not stand in <template>; it belongs in <files>"},
		{"element twice", "<profile>", "<profile/><profile>", "3:11: <profile> is there twice"},
		{"text", "<profile>", "<profile> x", "3:11: <profile> holds no text"},
		{"element in a body", "a=1", "a=<b/>", "4:78: <file> holds text only"},
		{"unknown vendor", `vendor="Acme"`, `vendor="Acne"`, "1:52: Dialplane does not know the vendor Acne"},
		{"empty vendor", `vendor="Acme"`, `vendor=""`, "1:52: vendor is empty"},
		{"line break in an attribute", `title="T"`, `title="T&#10;U"`, "1:65: the value of title holds a line break"},

		{"no models", `<model name="A1" display_name="Acme A1" accounts="1"/>`, "", "1:1: the template has no <model>"},
		{"abstract with models", `title="T"`, `title="T" abstract="true"`, "2:9: an abstract template has no models"},
		{"bad flag", `title="T"`, `title="T" abstract="yes"`, "1:78: abstract is true or false"},
		{"accounts", `accounts="1"`, `accounts="0"`, "2:59: accounts is a whole number from 1 to 1000"},
		{"accounts with zero", `accounts="1"`, `accounts="01"`, "2:59: accounts is a whole number"},
		{"a system without bases", `accounts="1"`, `accounts="1" handsets="5" system_handsets="50"`, "2:9: the model A1 has system_handsets; say how many bases a system has"},
		{"a system of one base", `accounts="1"`, `accounts="1" handsets="5" bases="1"`, "bases is a whole number from 2 to 20000"},
		{"too many keys", `accounts="1"`, `accounts="1" line_keys="500" modules="20" module_keys="500"`, "2:9: the model A1 has more than 2000 keys"},
		{"modules without keys", `accounts="1"`, `accounts="1" modules="1"`, "2:9: the model A1 takes modules; say how many module_keys each has"},
		{"model with space", `name="A1"`, `name="A 1"`, "2:22: the name of a model has no spaces"},
		{"model twice", `</models>`, `<model name="a1" display_name="Acme A1" accounts="1"/></models>`, "2:76: the model a1 is there twice"},
		{"without", `accounts="1"`, `accounts="1" without="tunes"`, "2:71: without names lists of the profile, and tunes is none; did you mean tones?"},
		{"var name", `accounts="1"/>`, `accounts="1"><var name="a-b" value="1"/></model>`, `2:73: the name "a-b" is not letters, digits and _`},
		{"var twice", `accounts="1"/>`, `accounts="1"><var name="a" value="1"/><var name="a" value="1"/></model>`, `2:87: <var name="a"> is there twice`},

		{"option twice", "<profile>", `<profile><tones><option name="DEU" value="1"/><option name="deu" value="1"/></tones>`, "3:61: deu is there twice in <tones>"},
		{"two defaults", "<profile>", `<profile><tones><option name="DEU" value="1" default="1"/><option name="USA" value="1" default="1"/></tones>`, "3:88: <tones> has two defaults"},
		{"transport", "<profile>", `<profile><transports><option name="UDPP" value="1"/></transports>`, "3:36: UDPP is no name for <transports>; did you mean UDP?"},
		{"key type", "<profile>", `<profile><key_types><option name="speeddial" value="1"/></key_types>`, "3:35: speeddial is no name for <key_types>; did you mean speed_dial?"},
		{"item twice", "<profile>", `<profile><tones><option name="DEU" value="1"><item name="a" value="1"/><item name="a" value="1"/></option></tones>`, `3:72: <item name="a"> is there twice`},
		{"vlan", "<profile>", `<profile><network wan_vlan_id="4095"/>`, "3:32: wan_vlan_id is a whole number from 1 to 4094"},

		{"no files", `<file name="{mac}.cfg" type="text/plain" escape="line" level="full">a=1</file>`, "", "1:1: the template has no <file>"},
		{"file twice", "</files>", `<file name="{MAC}.cfg" type="text/plain" escape="line" level="full">a=1</file></files>`, "the file {MAC}.cfg of level full is there twice"},
		{"file with the same name in the end", "</files>", `<file name="{model}.cfg" type="text/plain" escape="line" level="full">a=1</file><file name="a1.cfg" type="text/plain" escape="line" level="full">a=1</file></files>`, "4:178: the model A1 has two files of this name and level"},
		{"media type", `type="text/plain"`, `type="text"`, "4:37: type is a media type"},
		{"escape", `escape="line"`, `escape="none"`, "4:57: escape is line, xml or json"},
		{"level", `level="full"`, `level="secret"`, "4:70: level is bootstrap, enrol, full or directory"},
		{"separator", `level="full"`, `level="full" separator=""`, "4:87: separator is 1 to 16 characters"},
		{"line ends", `level="full"`, `level="full" line_ends="cr"`, "line_ends is lf or crlf"},
		{"line ends of xml", `escape="line"`, `escape="xml" line_ends="crlf"`, `only files with escape="line" have line_ends`},
		{"separator of xml", `escape="line"`, `escape="xml" separator=":"`, `only files with escape="line" have a separator`},
		{"models", `level="full"`, `level="full" models="A2"`, "4:20: the file is for the model A2, which the template does not have"},
		{"empty models", `level="full"`, `level="full" models=" "`, "4:84: models is empty"},
		{"name var", `{mac}.cfg`, `{code}.cfg`, `4:20: the model A1 has no <var name="code">, which the name of the file takes`},
		{"name braces", `{mac}.cfg`, `{mac.cfg`, `4:20: a { of the name is not closed`},
		{"name climbs", `{mac}.cfg`, `../{mac}.cfg`, `has an empty part, or one of dots`},
		{"name from the root", `{mac}.cfg`, `/{mac}.cfg`, `has an empty part, or one of dots`},
		{"name with a space", `{mac}.cfg`, `a {mac}.cfg`, `holds a character that phones cannot ask for`},
		{"name with a question", `{mac}.cfg`, `{mac}.cfg?a`, `holds a character that phones cannot ask for`},
		{"block twice", "</files>", `<block name="a"/><block name="a"/></files>`, `the block "a" is there twice`},
		{"block body", "</files>", "<block name=\"a\">\n\n{{if}}</block></files>", `6:1: missing value for if`},
		{"extends nothing", `title="T"`, `title="T" extends="x.xml"`, "1:77: no other template can be read here"},
		{"extends a path", `title="T"`, `title="T" extends="../x.xml"`, "1:77: extends takes the filename of a template"},
		{"body behind entities", "a=1", "&#35;&lt;\r\na=&quot;{{.x}}", "5:11: there is no .x here"},
		{"body in several CDATA", "a=1", "a<![CDATA[=1\n]]>\nb=<!-- \n --><![CDATA[{{.x}}]]>", "7:16: there is no .x here"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			if !strings.Contains(small, test.old) {
				t.Fatalf("nothing to replace: %q", test.old)
			}
			_, err := parse1(strings.Replace(small, test.old, test.with, 1))
			if err == nil {
				t.Fatal("no error")
			}
			first, _, _ := strings.Cut(err.Error(), "\n")
			if !strings.Contains(first, test.want) || '1' <= test.want[0] && test.want[0] <= '9' && !strings.HasPrefix(first, "acme.xml:"+test.want) {
				t.Errorf("got  %s\nwant %s", first, test.want)
			}
			var e *Error
			if !errors.As(err, &e) {
				t.Errorf("%T holds no *Error", err)
			}
		})
	}
}

func TestSeveralErrorsAtOnce(t *testing.T) {
	t.Parallel()
	_, err := parse1(strings.NewReplacer("a=1", "a={{.x}}\n{{.mac}}=1\nb={{.y}}").Replace(small))
	if n := strings.Count(err.Error(), "\n") + 1; n != 3 {
		t.Errorf("%d errors, want 3:\n%v", n, err)
	}
	_, err = parse1(strings.NewReplacer("a=1", strings.Repeat("a={{.x}}\n", 1000)).Replace(small))
	if n := strings.Count(err.Error(), "\n") + 1; n != maxErrors {
		t.Errorf("%d errors, want %d", n, maxErrors)
	}
}

func TestSmallTemplate(t *testing.T) {
	t.Parallel()
	tmpl, err := parse1(small)
	if err != nil {
		t.Fatal(err)
	}
	if tmpl.Vendor != "Acme" || tmpl.Title != "T" || tmpl.Abstract || len(tmpl.Warnings) != 0 {
		t.Errorf("%+v", tmpl)
	}
	if diff := cmp.Diff(builtinNetwork, tmpl.Profile.Network); diff != "" {
		t.Error(diff)
	}
	for _, name := range []string{"A1", "a1"} {
		if m, ok := tmpl.Model(name); !ok || m.Name != "A1" {
			t.Errorf("Model(%s) = %v, %v", name, m, ok)
		}
	}
	if _, ok := tmpl.Model("A2"); ok {
		t.Error("found a model that is not there")
	}
}

// files is a Loader of templates by name.
type files map[string]string

func (f files) load(name string) ([]byte, error) {
	if s, ok := f[name]; ok {
		return []byte(s), nil
	}
	return nil, fmt.Errorf("open %s: %w", name, fs.ErrNotExist)
}

func head(name, attrs, models, profile, bodies string) string {
	return `<template xmlns="` + Namespace + `" vendor="Acme" title="` + name + `" ` + attrs + `>` +
		`<models>` + models + `</models><profile>` + profile + `</profile><files>` + bodies + `</files></template>`
}

func file(name, level, attrs, body string) string {
	return `<file name="` + name + `" type="text/plain" escape="line" level="` + level + `" ` + attrs + `><![CDATA[` + body + `]]></file>`
}

const oneModel = `<model name="A1" display_name="Acme A1" accounts="1"/>`

func TestExtends(t *testing.T) {
	t.Parallel()
	all := files{
		"base.xml": head("base", `abstract="true"`, "",
			`<languages><option name="ENGLISH" value="e"/></languages><tones><option name="DEU" value="d"/></tones><network lldp="false" pc_vlan_id="7"/>`,
			file("one.cfg", "full", "", `a=base {{template "who" .}}, {{define "local"}}base{{end}}{{template "local" .}} {{block "inner" .}}inner{{end}}`)+
				file("two.cfg", "full", "", "a=two")+file("two.cfg", "bootstrap", "", "a=boot")+
				`<block name="who">base</block><block name="other">base</block>`),
		"middle.xml": head("middle", `abstract="true" extends="base.xml"`, "",
			`<languages><option name="GERMAN" value="g"/></languages><network wan_vlan="true"/>`,
			file("TWO.cfg", "full", "", `a=middle {{template "other" .}}`)+`<block name="who">middle {{template "other" .}}</block>`),
		"top.xml": head("top", `extends="middle.xml"`, oneModel, "",
			file("three.cfg", "full", "", "a=three")+`<block name="other">top</block><block name="local">top</block><block name="inner">outer</block>`),
	}
	src, _ := all.load("top.xml")
	tmpl, err := Parse("top.xml", src, all.load, nil)
	if err != nil {
		t.Fatal(err)
	}
	m := &tmpl.Models[0]
	got := map[string]string{}
	var order []string
	for _, f := range tmpl.Files(m, Full) {
		out, err := f.Append(nil, &View{})
		if err != nil {
			t.Fatal(err)
		}
		got[f.Pattern] = string(out)
		order = append(order, f.Pattern)
	}
	if diff := cmp.Diff([]string{"one.cfg", "TWO.cfg", "three.cfg"}, order); diff != "" {
		t.Error(diff)
	}
	want := map[string]string{"one.cfg": "a=base middle top, top outer", "TWO.cfg": "a=middle top", "three.cfg": "a=three"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if boot := tmpl.Files(m, Bootstrap); len(boot) != 1 || boot[0].Pattern != "two.cfg" {
		t.Errorf("bootstrap files: %v", boot)
	}
	if l := tmpl.Profile.Lists["languages"]; len(l.Options) != 1 || l.Options[0].Name != "GERMAN" {
		t.Errorf("languages: %+v", l)
	}
	if tmpl.Profile.Lists["tones"] == nil {
		t.Error("tones are not inherited")
	}
	network := Network{WANVLAN: VLAN{Enabled: true, ID: 256}, PCVLAN: VLAN{ID: 7}}
	if diff := cmp.Diff(network, tmpl.Profile.Network); diff != "" {
		t.Error(diff)
	}
}

func TestExtendsErrors(t *testing.T) {
	t.Parallel()
	long := files{}
	for i := range 20 {
		long[fmt.Sprintf("t%d.xml", i)] = head("t", fmt.Sprintf(`extends="t%d.xml"`, i+1), oneModel, "", file("a", "full", "", "a"))
	}
	broken := errors.New("the disk is on fire")
	tests := []struct {
		name string
		src  string
		load Loader
		want string
	}{
		{"missing", head("t", `extends="no.xml"`, "", "", ""), files{}.load, "acme.xml:1:77: there is no template no.xml"},
		{"itself", head("t", `extends="Acme.xml"`, "", "", ""), files{}.load, "acme.xml:1:77: Acme.xml extends itself in the end"},
		{"circle", head("t", `extends="b.xml"`, "", "", ""), files{"b.xml": head("b", `extends="acme.xml"`, "", "", "")}.load, "b.xml:1:77: acme.xml extends itself in the end"},
		{"too deep", long["t0.xml"], long.load, "t7.xml:1:77: more than 8 templates extend one another"},
		{"other vendor", head("t", `extends="b.xml"`, "", "", ""), files{"b.xml": strings.Replace(head("b", "", "", "", ""), "Acme", "Other", 1)}.load, "acme.xml:1:77: b.xml is a template of Other, not of Acme"},
		{"error in the base", head("t", `extends="b.xml"`, oneModel, "", ""), files{"b.xml": head("b", "", "", "", file("a", "full", "", "a={{.x}}"))}.load, "b.xml:1:"},
		{"syntax error in the base", head("t", `extends="b.xml"`, oneModel, "", ""), files{"b.xml": "<x"}.load, "b.xml:1:1:"},
		{"load fails", head("t", `extends="b.xml"`, oneModel, "", ""), func(string) ([]byte, error) { return nil, broken }, "load b.xml, which acme.xml extends: the disk is on fire"},
		{"var of the base", head("t", `extends="b.xml"`, oneModel, "", ""), files{"b.xml": head("b", `abstract="true"`, "", "", file("a", "full", "", "a={{.model.var.x}}"))}.load, `the model A1 has no <var name="x">`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("acme.xml", []byte(test.src), test.load, nil)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			var e *Error
			if errors.As(err, &e) == (test.name == "load fails") || errors.Is(err, broken) != (test.name == "load fails") {
				t.Errorf("%v is of the wrong kind", err)
			}
		})
	}
}

func TestAbstractTemplate(t *testing.T) {
	t.Parallel()
	tmpl, err := parse1(head("base", `abstract="true"`, "", "", file("y{code}.cfg", "bootstrap", "", "a={{.model.var.code}}")))
	if err != nil || !tmpl.Abstract || len(tmpl.Models) != 0 {
		t.Errorf("%+v, %v", tmpl, err)
	}
	_, err = parse1(head("base", `abstract="true"`, "", "", file("y{code}.cfg", "bootstrap", "", "a={{.model.nam}}")))
	if err == nil {
		t.Error("an abstract template compiled with an error in its body")
	}
}

func TestModelsOfAFile(t *testing.T) {
	t.Parallel()
	models := `<model name="A1" display_name="Acme A1" accounts="1"><var name="x" value="1"/></model><model name="A2" display_name="Acme A2" accounts="1"/>`
	tmpl, err := parse1(head("t", "", models, "", file("a.cfg", "full", `models="a1"`, "a={{.model.var.x}}")+file("a.cfg", "full", `models="A2"`, "a=2")+file("b.cfg", "full", "", "b")))
	if err != nil {
		t.Fatal(err)
	}
	for i, want := range []string{"a1", "A2"} {
		got := tmpl.Files(&tmpl.Models[i], Full)
		if len(got) != 2 || got[0].Models[0] != want || got[1].Pattern != "b.cfg" {
			t.Errorf("%s: %v", want, got)
		}
	}
}

func TestNames(t *testing.T) {
	t.Parallel()
	m := &Model{Name: "D785", Vars: map[string]string{"code": "000000000108"}}
	tests := []struct{ pattern, name, match, not string }{
		{"{mac}.cfg", "001565aabbcc.cfg", "001565AABBCC.CFG", "001565aabbc.cfg 001565aabbccd.cfg 001565aabbcg.cfg 001565aabbcc.cfgx x001565aabbcc.cfg"},
		{"snom{model}-{MAC}.htm", "snomD785-001565AABBCC.htm", "SNOMd785-001565aabbcc.HTM", "snomD78-001565AABBCC.htm"},
		{"y{code}.cfg", "y000000000108.cfg", "Y000000000108.cfg", "y000000000109.cfg"},
		{"{mac}/{mac}.cfg", "001565aabbcc/001565aabbcc.cfg", "001565aabbcc/001565AABBCC.cfg", "001565aabbcc/001565aabbcd.cfg"},
		{"a.cfg", "a.cfg", "A.cfg", "a.cf a.cfgg"},
	}
	for _, test := range tests {
		p, problem := parsePattern(test.pattern)
		if problem != "" {
			t.Fatal(problem)
		}
		f := &File{pattern: p}
		if got := f.Name(m, "001565aabbcc"); got != test.name || !f.Match(m, got) {
			t.Errorf("%s: Name is %s", test.pattern, got)
		}
		if !f.Match(m, test.match) {
			t.Errorf("%s does not match %s", test.pattern, test.match)
		}
		for not := range strings.FieldsSeq(test.not + " .") {
			if f.Match(m, not) {
				t.Errorf("%s matches %s", test.pattern, not)
			}
		}
	}
}

func TestLists(t *testing.T) {
	t.Parallel()
	var none *List
	if _, ok := none.Choose("x"); ok || none.Defaults() != nil {
		t.Error("a nil list has options")
	}
	l := &List{Options: []Option{{Name: "PCMA", Value: "a"}, {Name: "PCMU", Value: "u"}, {Name: "G722", Value: "g"}}}
	if d := l.Defaults(); len(d) != 1 || d[0].Name != "PCMA" || !d[0].Set {
		t.Errorf("Defaults() = %v", d)
	}
	l.Options[2].Default, l.Options[1].Default = true, true
	if d := l.Defaults(); len(d) != 2 || d[0].Name != "PCMU" || d[1].Index != 2 {
		t.Errorf("Defaults() = %v", d)
	}
	if c, ok := l.Choose("g722"); !ok || c.Name != "G722" || c.Value != "g" || !c.Set || c.Index != 0 {
		t.Errorf("Choose = %v, %v", c, ok)
	}
}

func TestWarnings(t *testing.T) {
	t.Parallel()
	src := `<template xmlns="urn:dialplane:template:1" vendor="Acme" title="T">
<models><model name="A1" display_name="A1" accounts="1">
  <var name="x" value="1"/>
</model></models>
<profile>
  <languages><option name="KLINGON" value="1"/></languages>
  <tones><option name="Germany" value="1"><item name="y" value="1"/></option></tones>
  <time_zones><option name="Mars/Olympus" value="1"/></time_zones>
  <backlights/>
</profile>
<files><file name="a" type="text/plain" escape="line" level="full">a={{.language.value}}{{.tone.name}}{{.time_zone.value}}</file>
  <block name="b"/>
</files>
</template>`
	tmpl, err := parse1(src)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, w := range tmpl.Warnings {
		got = append(got, w.Error())
	}
	want := []string{
		`acme.xml:2:40: the display_name does not begin with the vendor; write "Acme A1"`,
		`acme.xml:3:3: no file uses <var name="x">`,
		`acme.xml:6:28: KLINGON is none of the API's languages, so nobody can choose it; …`,
		`acme.xml:7:24: Germany is no ISO 3166-1 alpha-3 country such as DEU`,
		`acme.xml:7:43: no file uses this <item>`,
		`acme.xml:8:29: Mars/Olympus is no IANA time zone, so its clock cannot be computed`,
		`acme.xml:9:3: <backlights> has no options, so nobody can choose one`,
		`acme.xml:12:16: no file uses the block "b"`,
	}
	if len(got) > 2 {
		got[2] = got[2][:strings.Index(got[2], "; ")] + "; …"
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
}

// TestSchema wants every name of the grammar in the XML schema, and no others.
func TestSchema(t *testing.T) {
	t.Parallel()
	ours := map[string]bool{}
	for name, s := range grammar {
		ours["element "+name] = true
		for _, a := range append(slices.Clone(s.required), s.optional...) {
			if a != "xmlns" {
				ours["attribute "+a] = true
			}
		}
	}
	theirs := map[string]bool{}
	d := xml.NewDecoder(strings.NewReader(string(XSD())))
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if e, ok := token.(xml.StartElement); ok && (e.Name.Local == "element" || e.Name.Local == "attribute") {
			theirs[e.Name.Local+" "+e.Attr[0].Value] = true
		}
	}
	if diff := cmp.Diff(ours, theirs); diff != "" {
		t.Error(diff)
	}
}

// TestSchemaValidates asks xmllint, where there is one, about what Parse takes.
func TestSchemaValidates(t *testing.T) {
	t.Parallel()
	xmllint, err := exec.LookPath("xmllint")
	if err != nil {
		t.Skip("xmllint is not installed: apt-get install libxml2-utils")
	}
	for name, src := range map[string]string{
		"small": small, "page": pageWith("json", "enrol", "{}"), "bench": benchPage(t),
		"base": head("b", `abstract="1" extends="a.xml"`, "", `<network lldp="0"/><key_types/>`, file("a", "bootstrap", `separator=":" models="A1"`, "a")),
	} {
		if _, err := parse1(strings.Replace(src, `extends="a.xml"`, "", 1)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		cmd := exec.CommandContext(t.Context(), xmllint, "--noout", "--schema", "template.xsd", "-")
		cmd.Stdin = strings.NewReader(src)
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Errorf("%s: %s", name, out)
		}
	}
}

func TestManualSample(t *testing.T) {
	t.Parallel()
	manual, err := os.ReadFile("../../docs/templates.md")
	if err != nil {
		t.Fatal(err)
	}
	_, sample, _ := strings.Cut(string(manual), "```xml\n")
	sample, _, ok := strings.Cut(sample, "```")
	if !ok {
		t.Fatal("the manual has no sample")
	}
	base := files{"yealink-base.xml": strings.Replace(head("base", `abstract="true"`, "", "", ""), "Acme", "Yealink", 1)}
	tmpl, err := Parse("sample.xml", []byte(sample), base.load, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := tmpl.Files(&tmpl.Models[0], Full)[0]
	out, err := f.Append(nil, &View{Accounts: []Account{{Index: 1, Password: "a"}, {Index: 2, Password: "b"}}})
	want := "#!version:1.0.0.1\naccount.1.password = a\naccount.2.password = b\n"
	if err != nil || string(out) != want {
		t.Errorf("got %q, %v", out, err)
	}
	for _, name := range listNames {
		if !strings.Contains(string(manual), "`"+name+"`") {
			t.Errorf("the manual does not name the list %s", name)
		}
	}
	for _, name := range functionNames() {
		if !strings.Contains(string(manual), name) {
			t.Errorf("the manual does not name the function %s", name)
		}
	}
}
