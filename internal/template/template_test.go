package template

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// page is a template around one body, which begins in line 18, column 1.
const page = `<?xml version="1.0" encoding="UTF-8"?>
<template xmlns="urn:dialplane:template:1" vendor="Acme" title="Acme phones">
  <models>
    <model name="A1" display_name="Acme A1" accounts="2" line_keys="3" modules="1" module_keys="2">
      <var name="code" value="42"/>
    </model>
  </models>
  <profile>
    <languages><option name="ENGLISH" value="English"/><option name="GERMAN" value="Deutsch"/></languages>
    <time_zones>
      <option name="Europe/London" value="London"/>
      <option name="Europe/Berlin" value="Berlin"><item name="offset" value="+1"/></option>
    </time_zones>
    <codecs><option name="PCMA" value="pcma" default="1"/><option name="PCMU" value="pcmu" default="1"/><option name="OPUS" value="opus"/></codecs>
    <transports><option name="UDP" value="0"/><option name="TLS" value="2"/></transports>
  </profile>
  <files><file name="{mac}.cfg" type="text/plain" escape="ESCAPE" level="LEVEL"><![CDATA[
BODY]]></file></files>
</template>
`

func pageWith(escape, level, body string) string {
	return strings.NewReplacer("ESCAPE", escape, "LEVEL", level, "BODY", body).Replace(page)
}

// compile returns the only file of a page with a body.
func compile(t testing.TB, escape, body string) (*Template, *File) {
	t.Helper()
	return compileAt(t, "full", escape, body)
}

func compileAt(t testing.TB, level, escape, body string) (*Template, *File) {
	t.Helper()
	tmpl, err := Parse("acme.xml", []byte(pageWith(escape, level, body)), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	return tmpl, tmpl.files[0]
}

func sampleOf(t testing.TB, tmpl *Template) *View {
	t.Helper()
	if len(tmpl.Models) == 0 {
		t.Fatal("the template has no models")
	}
	return Sample(tmpl, &tmpl.Models[0])
}

func TestLanguage(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, body, want string }{
		{"text", "a = b\n", "a = b\n"},
		{"leading newline is dropped once", "\n\na\n", "\n\na\n"},
		{"field", "a={{.voicemail.number}}", "a=*97"},
		{"nested field", "a={{.time.dst_start.month}}", "a=3"},
		{"number in a name", "a.{{len .accounts}}.b=1", "a.2.b=1"},
		{"var", "a={{.model.var.code}}", "a=42"},
		{"item", "a={{.time_zone.item.offset}}", "a=+1"},
		{"comment", "a{{/* no */}}=b", "a=b"},
		{"trim", "a = \n {{- .voicemail.number -}} \n b", "a =*97b"},
		{"constant", "{{\"{{\"}}={{`}}`}}", "{{=}}"},
		{"if", "a={{if .network.lldp}}1{{else}}0{{end}}", "a=1"},
		{"if number", "a={{if .time.offset}}1{{else}}0{{end}}{{if 0}}2{{end}}", "a=1"},
		{"if text", `a={{if .voicemail.number}}1{{end}}{{if ""}}2{{end}}`, "a=1"},
		{"if list", "a={{if .spare_accounts}}1{{else}}0{{end}}", "a=0"},
		{"if choice", "a={{if .language}}1{{end}}{{if .tone}}2{{else}}0{{end}}", "a=10"},
		{"if without its line break", "{{if .tone}}a=1{{end}} \n{{if .language}}b={{.language.value}}{{end}}", " \nb=Deutsch"},
		{"else if", "a={{if .tone}}1{{else if .ringtone}}2{{else if .language}}3{{else}}4{{end}}", "a=3"},
		{"with", "a={{with .time_zone}}{{.value}} {{$.mac}}{{end}}", "a=Berlin 001565aabbcc"},
		{"with else", "a={{with .tone}}{{.value}}{{else}}none{{end}}", "a=none"},
		{"else with", "a={{with .tone}}1{{else with .language}}{{.value}}{{end}}", "a=Deutsch"},
		{"with group", "a={{with .time}}{{.zone}}{{end}}", "a=Europe/Berlin"},
		{"with variable", "a={{with $x := .language}}{{$x.value}}{{.name}}{{end}}", "a=DeutschGERMAN"},
		{"with text", "a={{with .voicemail.number}}{{.}}!{{end}}", "a=*97!"},
		{"if variable", "a={{if $x := .voicemail.number}}{{$x}}{{end}}", "a=*97"},
		{"range", "{{range .accounts}}a.{{.index}}={{.extension}}\n{{end}}", "a.1=201\na.2=202\n"},
		{"range element", "{{range $a := .accounts}}a={{$a.user}}\n{{end}}", "a=201\na=202\n"},
		{"range index", "{{range $i, $a := .accounts}}a.{{$i}}={{$a.user}} {{.user}}\n{{end}}", "a.0=201 201\na.1=202 202\n"},
		{"range else", "a={{range .spare_accounts}}{{.index}}{{else}}none{{end}}", "a=none"},
		{"range seq", "a={{range seq 3 5}}{{.}},{{end}}", "a=3,4,5,"},
		{"range seq index", "a={{range $i, $n := seq -1 1}}{{$i}}:{{$n}} {{end}}", "a=0:-1 1:0 2:1 "},
		{"range empty seq", "a={{range seq 2 1}}{{.}}{{else}}none{{end}}", "a=none"},
		{"break", "a={{range seq 1 9}}{{if gt . 3}}{{break}}{{end}}{{.}}{{end}}", "a=123"},
		{"break and else", "a={{range seq 1 9}}{{break}}{{else}}none{{end}}", "a="},
		{"continue", "a={{range seq 1 5}}{{if eq . 3}}{{continue}}{{end}}{{.}}{{end}}", "a=1245"},
		{"nested loops", "a={{range $i := seq 1 2}}{{range $j := seq 1 2}}{{$i}}{{$j}} {{end}}{{end}}", "a=11 12 21 22 "},
		{"continue in a nested loop", "a={{range seq 1 2}}{{range seq 1 3}}{{if eq . 2}}{{continue}}{{end}}{{.}}{{end}};{{end}}", "a=13;13;"},
		{"variable", "{{$x := .voicemail.number}}a={{$x}}", "a=*97"},
		{"assign", "{{$n := 0}}{{range .keys}}{{$n = add $n .slot}}{{end}}a={{$n}}", "a=9"},
		{"scope", "{{$x := 1}}{{if true}}{{$x := 2}}{{$x = 3}}{{end}}a={{$x}}", "a=1"},
		{"list variable", "{{$k := .keys}}a={{len $k}}", "a=5"},
		{"object variable", "{{$a := index .accounts 1}}a={{$a.user}}", "a=202"},
		{"define", "{{define \"x\"}}{{.index}}{{end}}a={{range .accounts}}{{template \"x\" .}},{{end}}", "a=1,2,"},
		{"block", "a={{block \"x\" .language}}{{.value}}{{end}}", "a=Deutsch"},
		{"dollar in a block", "{{define \"x\"}}{{$.user}}{{end}}a={{range .accounts}}{{template \"x\" .}} {{end}}", "a=201 202 "},
		{"break behind a block", "{{define \"x\"}}{{range seq 1 3}}{{break}}{{end}}{{.}}{{end}}a={{range seq 1 2}}{{template \"x\" .}}{{end}}", "a=12"},
		{"eq", `a={{if eq .web.user_password "x" "p3NcJx7Lb9Gs"}}1{{end}}{{if eq 1 2}}2{{end}}{{if eq true .network.lldp}}3{{end}}`, "a=13"},
		{"ne", `a={{if ne 1 2}}1{{end}}{{if ne "a" "a"}}2{{end}}`, "a=1"},
		{"order", `a={{if lt 1 2}}1{{end}}{{if le 2 2}}2{{end}}{{if gt 1 2}}3{{end}}{{if ge 2 2}}4{{end}}`, "a=124"},
		{"and or not", `a={{if and .language (not .tone)}}1{{end}}{{if or .tone .ringtone}}2{{end}}`, "a=1"},
		{"or text", `a={{or "" .voicemail.number "x"}} {{or "" ""}} {{and "x" .voicemail.number}}`, "a=*97  *97"},
		{"or number", `a={{or 0 7}}`, "a=7"},
		{"or stops", `a={{if or true (index .accounts 99).tls}}1{{end}}`, "a=1"},
		{"and stops", `a={{if and false (index .accounts 99).tls}}1{{end}}`, "a="},
		{"len", `a={{len "äöü"}}{{len .accounts}}`, "a=32"},
		{"index", `a={{(index .accounts 1).label}} {{index (seq 5 9) 2}}`, "a=Reception 202 7"},
		{"case", `a={{upper .mac}} {{lower "ABC"}} {{trim "  x "}}`, "a=001565AABBCC abc x"},
		{"replace", `a={{replace ":" "-" (colons .mac)}}{{replace "" "x" "y"}}`, "a=00-15-65-aa-bb-ccy"},
		{"pipe", `a={{.mac | colons | upper | replace ":" "."}}`, "a=00.15.65.AA.BB.CC"},
		{"join", `a={{join "," .codecs}} {{.accounts | len | seq 1 | join "-"}} {{join "," (seq 2 1)}}`, "a=opus,pcmu 1-2 "},
		{"contains", `a={{if contains "Lin" "Berlin"}}1{{end}}{{if contains "lin" .time.zone}}2{{end}}{{if has_prefix "Eu" .time.zone}}3{{end}}`, "a=23"},
		{"default", `a={{default "x" ""}}{{default "x" "y"}}{{default 7 0}}{{.tone.value | default "z"}}`, "a=xy7z"},
		{"calculate", `a={{add 1 2 3}} {{sub 1 3}} {{mul 2 3 4}} {{div 7 2}} {{mod 7 2}} {{div -7 2}}`, "a=6 -2 24 3 1 -3"},
		{"pad", `a{{pad 3 7}}={{pad 0 12}} {{pad 1 100}}`, "a007=12 100"},
		{"at_least", `a={{if at_least "86.10.0" "86.9"}}1{{end}}{{if at_least "86" "86.0.0"}}2{{end}}{{if at_least "" "0"}}3{{end}}{{if at_least "9.1" "10"}}4{{end}}{{if at_least "V2.12.16" "2.12.3"}}5{{end}}{{if at_least "1.2" "1.2.1"}}6{{end}}`, "a=125"},
		{"numbers", `a={{0x10}}{{-1}}{{1e2}}`, "a=16-1100"},
		{"char constant", `a={{'a'}}`, "a=97"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			tmpl, f := compile(t, "line", test.body)
			got, err := f.Append([]byte("before"), sampleOf(t, tmpl))
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff("before"+test.want, string(got)); diff != "" {
				t.Error(diff)
			}
		})
	}
}

func TestMissingItemIsEmpty(t *testing.T) {
	t.Parallel()
	tmpl, f := compile(t, "line", "a={{.time_zone.item.offset}}")
	v := sampleOf(t, tmpl)
	v.TimeZone, _ = tmpl.Profile.Lists["time_zones"].Choose("europe/LONDON")
	if got, err := f.Append(nil, v); err != nil || string(got) != "a=" {
		t.Errorf("got %q, %v", got, err)
	}
}

// TestBodyErrors wants each fault at its line and column in the XML file.
func TestBodyErrors(t *testing.T) {
	t.Parallel()
	tests := []struct{ name, escape, level, body, want string }{
		{"unknown field", "line", "full", "a={{.voicmail.number}}", `18:5: there is no .voicmail here; did you mean voicemail?`},
		{"unknown inner field", "line", "full", "a=b\nc={{.time.dst_start.mont}}", `19:20: there is no .mont here; did you mean month?`},
		{"phone's field in a loop", "line", "full", "{{range .accounts}}a={{.language.value}}\n{{end}}", `18:24: there is no .language here; write $.language for that of the phone`},
		{"field of a list", "line", "full", "a={{.accounts.user}}", `18:14: this is a list; go through it with {{range}}, or take one with (index LIST 0).user`},
		{"field of text", "line", "full", "a={{.mac.x}}", `18:9: text has no parts`},
		{"column counts characters", "line", "full", "aäö={{.x}}", `18:7: there is no .x here`},
		{"variable's field", "line", "full", "{{$a := .time}}a={{$a.x}}", `18:22: there is no .x here`},
		{"undefined variable", "line", "full", "a={{$x}}", `18:3: undefined variable "$x"`},
		{"variable out of scope", "line", "full", "{{if true}}{{$x := 1}}{{end}}\na={{$x}}", `19:3: undefined variable "$x"`},
		{"unknown function", "line", "full", "a={{uper .mac}}", `18:5: there is no function uper; did you mean upper?`},
		{"function of wrong kind", "line", "full", "a={{upper .time.offset}}", `18:5: upper does not take a number; write upper TEXT`},
		{"function without arguments", "line", "full", "a={{upper}}", `18:5: upper does not take nothing; write upper TEXT`},
		{"mixed comparison", "line", "full", "{{if eq .time.offset \"60\"}}{{end}}", `18:6: eq does not take a number, text; write eq A B …`},
		{"order of text", "line", "full", "{{if lt .firmware \"85\"}}{{end}}", `18:6: lt does not take text, text`},
		{"arguments to a value", "line", "full", "a={{.mac 1}}", `18:10: only functions take arguments`},
		{"pipe into a value", "line", "full", "a={{1 | .mac}}", `18:9: a value can be piped only into a function`},
		{"fraction", "line", "full", "a={{1.5}}", `18:5: 1.5 is no whole number`},
		{"nil", "line", "full", "a={{eq nil 1}}", `18:8: there is no nil`},
		{"list in a slot", "line", "full", "a={{.codecs}}", `18:5: this is a list`},
		{"choice in a slot", "line", "full", "a={{.language}}", `18:5: this is a choice; write .value`},
		{"group in a slot", "line", "full", "a={{.voicemail}}", `18:5: this is a group of values; write one of its values; known here: number`},
		{"map in a slot", "line", "full", "a={{.model.var}}", `18:15: name the value you mean: .model.var.name`},
		{"yes/no in a slot", "line", "full", "a={{.network.lldp}}", `18:5: yes/no has no spelling of its own`},
		{"condition of a group", "line", "full", "{{if .time}}{{end}}", `18:6: a group of values is neither yes nor no`},
		{"with group else", "line", "full", "{{with .time}}{{else}}{{end}}", `18:8: a group of values is always there`},
		{"range over a number", "line", "full", "{{range 3}}{{end}}", `18:9: {{range}} takes a list; write seq 1 …`},
		{"range over text", "line", "full", "{{range .mac}}{{end}}", `18:9: {{range}} takes a list, and this is text`},
		{"range assigns", "line", "full", "{{$x := 1}}{{range $x = seq 1 2}}{{end}}", `18:20: declare the variables of {{range}} with :=`},
		{"change of a counter", "line", "full", "{{range $i, $a := .accounts}}{{$i = 5}}{{end}}", `18:32: $i counts a {{range}}`},
		{"change of kind", "line", "full", "{{$x := 1}}{{$x = \"a\"}}", `18:14: $x is a number and cannot become text`},
		{"unknown var", "line", "full", "a={{.model.var.cod}}", `18:15: the model A1 has no <var name="cod">; did you mean code?`},
		{"unknown item", "line", "full", "a={{.time_zone.item.off}}", `18:20: no option of <time_zones> has an <item name="off">`},
		{"unknown block", "line", "full", "{{template \"x\" .}}", `18:12: there is no block "x"`},
		{"block without value", "line", "full", "{{define \"x\"}}{{end}}{{template \"x\"}}", `18:33: say what the block works on`},
		{"recursion", "line", "full", "{{define \"x\"}}{{template \"y\" .}}{{end}}{{define \"y\"}}{{template \"x\" .}}{{end}}{{template \"x\" .}}", `18:65: the block "x" calls itself`},
		{"unclosed if", "line", "full", "a\n{{if true}}\n{{range .keys}}{{end}}", `19:1: this {{if}} has no {{end}}`},
		{"unclosed action", "line", "full", "a\n b={{.mac", `19:4: unclosed action`},
		{"second action of a line", "line", "full", "\na={{.mac}} {{.mac ,}}{{.mac}}", `19:12: unexpected "," in operand`},
		{"end too much", "line", "full", "a\n{{if true}}{{end}}{{end}}", `19:19: unexpected {{end}}`},
		{"break outside", "line", "full", "{{break}}", `18:1: {{break}} outside {{range}}`},
		{"bad number", "line", "full", "a={{12x}}", `18:3: bad number syntax`},
		{"too many loops", "line", "full", strings.Repeat("{{range $.keys}}", 25) + strings.Repeat("{{end}}", 25), `too many variables and loops inside one another`},

		{"level: password in enrol", "line", "enrol", "a={{(index .accounts 0).password}}", `18:12: .accounts may stand only in files of level full; anyone may fetch this one, of level enrol`},
		{"level: condition in bootstrap", "line", "bootstrap", "{{if .voicemail.number}}{{end}}", `18:16: .number may stand only in files of level full`},
		{"level: url in bootstrap", "line", "bootstrap", "a={{.provisioning.url}}", `18:18: .url may stand only in files of level enrol`},
		{"level: url through with", "line", "bootstrap", "{{with .provisioning}}a={{.url}}{{end}}", `18:27: .url may stand only`},
		{"level: mac in bootstrap", "line", "bootstrap", "a={{.mac}}", `18:5: .mac may stand only in files of level enrol`},
		{"level: model in bootstrap with mac", "line", "bootstrap", "a={{.model.name}}", `18:11: .model may not stand in a bootstrap file whose name holds the MAC`},

		{"line: text as name", "line", "full", "{{.mac}}=1", `18:3: text may stand only behind the separator "=" of its line`},
		{"line: text in a name", "line", "full", "a.{{.mac}}=1", `18:5: text may stand only behind`},
		{"line: text in a comment", "line", "full", "x\n # {{.mac}}", `19:6: text may not stand in a comment`},
		{"line: text behind a line break", "line", "full", "a=1\n{{.mac}}", `19:3: text may stand only behind`},
		{"line: branches", "line", "full", "a{{if true}}=1{{end}}{{.mac}}", `18:24: the branches before this end in different places of the line`},
		{"line: loop glues lines", "line", "full", "{{range .keys}}a={{.value}}{{end}}", `18:9: one turn of this loop ends where the next cannot begin: one at the start of a line, the other in the value of a line`},
		{"line: break", "line", "full", "{{range .keys}}a={{.value}}{{if .label}}{{break}}{{end}}\n{{end}}x", `19:8: the branches before this`},
		{"line: glued", "line", "full", "{{if .tone}}a=1{{end}}\t\n{{if .tone}}a=1{{end}} b=2", `19:24: the branches before this end in different places of the line`},
		{"line: glued number", "line", "full", "{{if .tone}}a=1{{end}}{{len .keys}}", `18:25: the branches before this`},
		{"line: continue", "line", "full", "{{range .keys}}a={{.value}}{{if .label}}{{continue}}{{end}}\n{{end}}", `18:43: {{continue}} stands where the next turn cannot begin`},
		{"line: constant line break", "line", "full", `a={{"b\nc"}}`, `18:5: this text holds a line break`},

		{"xml: text in a name", "xml", "full", "<a{{.mac}}/>", `text may not stand in a name, only numbers`},
		{"xml: unquoted", "xml", "full", "<a b={{.mac}}/>", `the value of an attribute must be quoted`},
		{"xml: in a comment", "xml", "full", "<a><!-- {{.mac}} --></a>", `no value may stand in a comment`},
		{"xml: number in a comment", "xml", "full", "<a><!-- {{len .keys}} --></a>", `no value may stand in a comment`},
		{"xml: in PI", "xml", "full", "<?xml version=\"1.0\"?><?x {{len .keys}}?><a/>", `no value may stand in <?…?>`},
		{"xml: in an entity", "xml", "full", "<a>&#{{len .keys}};</a>", `no value may stand in an entity`},
		{"xml: in a tag", "xml", "full", "<a {{len .keys}}=\"1\"/>", `no value may stand here in a tag`},
		{"xml: outside", "xml", "full", "<a/>{{.mac}}", `no value may stand outside of the document's element`},
		{"xml: text outside", "xml", "full", "<a/>\n x", `19:2: text outside of the document's element`},
		{"xml: two roots", "xml", "full", "<a/><b/>", `18:6: an XML document has one element`},
		{"xml: crossed", "xml", "full", "<a><b></a></b>", `18:10: </a> stands where <b> is to be closed`},
		{"xml: unclosed", "xml", "full", "<a>\n<b/>", `19:5: <a> is not closed`},
		{"xml: closed too much", "xml", "full", "<a/></a>", `this end tag closes nothing`},
		{"xml: branch opens", "xml", "full", "<a>{{if true}}<b>{{end}}</a>", `18:9: the branches of this action end in different places: one inside <a <b, the other inside <a`},
		{"xml: loop opens", "xml", "full", "<a>{{range .keys}}<b>{{end}}</a>", `one turn of this loop ends`},
		{"xml: two quotes", "xml", "full", `<a b="{{if true}}"{{end}}/>`, `the branches of this action`},
		{"xml: number of another loop in a name", "xml", "full", "<a>{{range .keys}}<k{{.index}}></k{{.slot}}>{{end}}</a>", `</k{{.slot}}> stands where <k{{.index}}> is to be closed`},
		{"xml: entity", "xml", "full", "<a>&nbsp;</a>", `&nbsp; is not known to a phone`},
		{"xml: ampersand", "xml", "full", "<a>a & b, and so on;</a>", `this & begins no entity`},
		{"xml: doctype", "xml", "full", "<!DOCTYPE a><a/>", `only comments and CDATA may begin with <!`},
		{"xml: late declaration", "xml", "full", "\n<?xml version=\"1.0\"?><a/>", `the XML declaration belongs at the very beginning`},
		{"xml: encoding", "xml", "full", "<?xml version=\"1.0\" encoding=\"latin1\"?><a/>", `write the XML declaration as`},
		{"xml: empty", "xml", "full", "", `an XML file needs an element`},
		{"xml: slash", "xml", "full", "<a / >", `a > must follow this /`},
		{"xml: attribute without space", "xml", "full", `<a b="1"c="2"/>`, `this character may not stand here in a tag`},
		{"xml: attribute without value", "xml", "full", `<a b/>`, `an attribute needs a value`},
		{"xml: < in attribute", "xml", "full", `<a b="<"/>`, `< may not stand in an attribute`},
		{"xml: depth", "xml", "full", strings.Repeat("<abcdefgh>", 300), `elements are nested too deep`},

		{"json: text outside", "json", "full", `{"a": {{.mac}}}`, `18:9: text may stand only inside a string`},
		{"json: behind a backslash", "json", "full", `{"a": "\{{.mac}}"}`, `no value may follow \`},
		{"json: in an escape", "json", "full", `{"a": "\u00{{len .keys}}"}`, `no value may follow \`},
		{"json: bracket", "json", "full", `{"a": [1}`, `18:9: this bracket closes nothing that is open`},
		{"json: unclosed", "json", "full", `{"a": [1]`, `the file ends inside {`},
		{"json: string branch", "json", "full", `{"a": {{if true}}"{{end}}b"}`, `the branches of this action`},
		{"json: line break", "json", "full", "{\"a\n\": 1}", `a string ends on its own line`},
		{"json: bad escape", "json", "full", `{"a": "\x"}`, `JSON knows no such escape`},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("acme.xml", []byte(pageWith(test.escape, test.level, test.body)), nil, nil)
			if err == nil {
				t.Fatal("no error")
			}
			var e *Error
			if !errors.As(err, &e) || e.Line < 18 {
				t.Errorf("%v is no error of the body", err)
			}
			first, rest, _ := strings.Cut(err.Error(), "\n")
			if !strings.Contains(first, test.want) || '1' <= test.want[0] && test.want[0] <= '9' && !strings.HasPrefix(first, "acme.xml:"+test.want) {
				t.Errorf("got  %s\nwant %s", first, test.want)
			}
			if rest != "" {
				t.Errorf("further errors follow from the first:\n%s", rest)
			}
		})
	}
}
