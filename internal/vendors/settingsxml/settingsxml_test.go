package settingsxml

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

const declaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse("snomD785-000413AABBCC.htm", []byte(declaration+`<settings>
  <!-- a comment -->
  <phone-settings e="2">
    <language perm="">Français &amp; &#x41f;</language>
    <user_pass idx="1" perm="R"> a&lt;b </user_pass>
    <user_pass idx="12" perm="RW"><![CDATA[<&>]]></user_pass>
    <timezone/>
  </phone-settings>
  <functionKeys e="2">
    <fkey idx="0" context="1" label="&quot;Line&quot;" perm="">line</fkey>
    <fkey idx="130" context="active" label="" short_label="x" perm="!">blf 123|*8</fkey>
  </functionKeys>
  <tbook e="2" complete="true"><item context="active"><name>Ada</name></item></tbook>
</settings>
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "language", Value: "Français & П", Line: 5},
		{Name: "user_pass[1]", Value: " a<b ", Line: 6},
		{Name: "user_pass[12]", Value: "<&>", Line: 7},
		{Name: "timezone", Value: "", Line: 8},
		{Name: "fkey[0]", Value: "line", Line: 11},
		{Name: "fkey[0].context", Value: "1", Line: 11},
		{Name: "fkey[0].label", Value: `"Line"`, Line: 11},
		{Name: "fkey[130]", Value: "blf 123|*8", Line: 12},
		{Name: "fkey[130].context", Value: "active", Line: 12},
		{Name: "fkey[130].label", Value: "", Line: 12},
		{Name: "fkey[130].short_label", Value: "x", Line: 12},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestParseBase reads the sections of a DECT base.
func TestParseBase(t *testing.T) {
	t.Parallel()
	c, err := Parse("snomM900-000413AABBCC.htm", []byte(declaration+`<settings>
  <global><ac_code>0000</ac_code></global>
  <server><user_host idx="1">a</user_host></server>
  <extension><user_host idx="2">b</user_host></extension>
  <repeater/>
  <multicell><network_sync_enable>on</network_sync_enable></multicell>
  <firmware-settings><pp_fwu_sw_version type="M65">0650</pp_fwu_sw_version><pp_fwu_sw_version type="M70">0651</pp_fwu_sw_version></firmware-settings>
</settings>
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "ac_code", Value: "0000", Line: 3},
		{Name: "user_host[1]", Value: "a", Line: 4},
		{Name: "user_host[2]", Value: "b", Line: 5},
		{Name: "network_sync_enable", Value: "on", Line: 7},
		{Name: "pp_fwu_sw_version[M65]", Value: "0650", Line: 8},
		{Name: "pp_fwu_sw_version[M70]", Value: "0651", Line: 8},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseSettingFiles(t *testing.T) {
	t.Parallel()
	c, err := Parse("snomD785.htm", []byte(declaration+`<setting-files>
  <file url="https://a.example/p/x/1.htm?a=1&amp;b=2"/>
  <file url="2.htm"></file>
</setting-files>`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"https://a.example/p/x/1.htm?a=1&b=2", "2.htm"}, c.Includes); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// TestParseSection reads files that are one section.
func TestParseSection(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		`<phone-settings e="2"><language>English</language></phone-settings>`:             "language",
		`<functionKeys><fkey idx="3" context="1">line</fkey></functionKeys>`:              "fkey[3]",
		`<function-keys><fkey idx="3" context="1">line</fkey></function-keys>`:            "fkey[3]",
		`<firmware-settings><firmware>https://a.example/f</firmware></firmware-settings>`: "firmware",
		`<phone-settings><fkey idx="4" context="1">line</fkey></phone-settings>`:          "fkey[4]",
	} {
		c, err := Parse("x.xml", []byte(body))
		if err != nil {
			t.Errorf("%s: %v", body, err)
		} else if _, ok := c.Lookup(want); !ok {
			t.Errorf("%s: no %s", body, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	settings := func(s string) string {
		return declaration + "<settings>\n<phone-settings>\n" + s + "\n</phone-settings>\n</settings>"
	}
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":              {"", "x.htm:1: the file is empty"},
		"a declaration alone":  {declaration, "x.htm:2: the file is empty"},
		"the text format":      {"language: English", "text in the file"},
		"HTML":                 {"<html><pre>language: English</pre></html>", "<html> is no section"},
		"a byte order mark":    {"\ufeff" + settings(""), "text in the file"},
		"a DTD":                {declaration + "<!DOCTYPE settings [<!ENTITY a \"b\">]>\n<settings/>", "no DTD"},
		"an entity":            {settings("<language>&a;</language>"), "x.htm:4: invalid character entity &a;"},
		"another encoding":     {`<?xml version="1.0" encoding="iso-8859-1"?><settings/>`, "encoding"},
		"invalid UTF-8":        {settings("<language>\xff</language>"), "x.htm:4: invalid UTF-8"},
		"a control character":  {settings("<language>\x01</language>"), "illegal character code"},
		"an open element":      {declaration + "<settings><phone-settings>", "unexpected EOF"},
		"a wrong end":          {settings("<language>English</web_language>"), "x.htm:4: "},
		"two roots":            {"<settings/><settings/>", "<settings> follows the end"},
		"text behind the root": {"<settings/>x", "text in the file"},
		"an unknown section":   {"<settings><phone-setting/></settings>", "<phone-setting> is no section"},
		"files among settings": {"<settings><setting-files/></settings>", "<setting-files> is no section"},
		"settings among files": {"<setting-files><phone-settings/></setting-files>", "no place in <setting-files>"},
		"a file without url":   {"<setting-files><file/></setting-files>", "names no url"},
		"a url as text":        {"<setting-files><file url=\"a\">b</file></setting-files>", "text in <file>"},
		"loose text":           {settings("English"), "x.htm:4: text in <phone-settings>"},
		"a setting in another": {settings("<language><b>English</b></language>"), "<b> in <language>"},
		"a setting twice":      {settings("<language>a</language>\n<language>b</language>"), "x.htm:5"},
		"an index twice":       {settings("<a idx=\"1\">a</a><a idx=\"1\">b</a>"), "parameter a[1] appears twice"},
		"an attribute twice":   {settings(`<language perm="" perm="R">a</language>`), "attribute perm twice"},
		"an unknown attribute": {settings(`<language index="1">a</language>`), "has no attribute index"},
		"a key's attribute":    {settings(`<language label="1">a</language>`), "has no attribute label"},
		"an unknown flag":      {settings(`<language perm="RO">a</language>`), "no permission flag"},
		"a word as index":      {settings(`<a idx="one">a</a>`), "idx of <a> is a whole number"},
		"a negative index":     {settings(`<a idx="-1">a</a>`), "idx of <a> is a whole number"},
		"a signed index":       {settings(`<a idx="+1">a</a>`), "idx of <a> is a whole number"},
		"an index with zero":   {settings(`<a idx="01">a</a>`), "idx of <a> is a whole number"},
		"a huge index":         {settings(`<a idx="10000">a</a>`), "idx of <a> is a whole number"},
		"an empty index":       {settings(`<a idx="">a</a>`), "idx of <a> is a whole number"},
		"a name with a hyphen": {settings(`<a-b>a</a-b>`), "letters, digits and _"},
		"a namespace":          {`<settings xmlns="urn:x"/>`, "namespace"},
		"a key without index":  {`<functionKeys><fkey context="1">line</fkey></functionKeys>`, "idx of <fkey>"},
		"a key twice":          {`<functionKeys><fkey idx="1">line</fkey><fkey idx="1">line</fkey></functionKeys>`, "fkey[1] appears twice"},
		"no key":               {`<functionKeys><key idx="1">line</key></functionKeys>`, "<key> is no function key"},
		"a key of elements":    {`<functionKeys><fkey idx="1"><action/></fkey></functionKeys>`, "<action> in <fkey>"},
		"an attribute of all":  {`<settings><phone-settings f="2"/></settings>`, "has no attribute f"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := Parse("x.htm", []byte(tt.body))
			if err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestParseKeepsSecrets proves that no message repeats a value.
func TestParseKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		`<settings><phone-settings><user_pass idx="1">hunter2</user_pass><user_pass idx="1">hunter2</user_pass></phone-settings></settings>`,
		`<settings><phone-settings>hunter2</phone-settings></settings>`,
		`<settings><phone-settings><user_pass idx="hunter2">x</user_pass></phone-settings></settings>`,
		`<settings><phone-settings><user_pass perm="hunter2">x</user_pass></phone-settings></settings>`,
	} {
		if _, err := Parse("x.htm", []byte(body)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

// write makes a file of settings, as XML writes text.
func write(settings map[string]string, labels []string) []byte {
	var b bytes.Buffer
	escape := func(s string) string {
		var e bytes.Buffer
		_ = xml.EscapeText(&e, []byte(s))
		return e.String()
	}
	b.WriteString(declaration + "<settings><phone-settings e=\"2\">")
	for name, value := range settings {
		fmt.Fprintf(&b, "<%s perm=\"\">%s</%[1]s>", name, escape(value))
	}
	b.WriteString("</phone-settings><functionKeys>")
	for i, label := range labels {
		fmt.Fprintf(&b, `<fkey idx="%d" context="1" label="%s" perm="">line</fkey>`, i, escape(label))
	}
	b.WriteString("</functionKeys></settings>")
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r >= ' ' && r != 0xfffd && r&0xfffe != 0xfffe }))
	rapid.Check(t, func(t *rapid.T) {
		settings := rapid.MapOfN(rapid.StringMatching(`[a-z_][a-z0-9_]{0,12}`).Filter(func(s string) bool { return s != "fkey" }), text, 0, 6).Draw(t, "settings")
		labels := rapid.SliceOfN(text, 0, 4).Draw(t, "labels")
		c, err := Parse("x.htm", write(settings, labels))
		if err != nil {
			t.Fatal(err)
		}
		for name, value := range settings {
			if got := c.Get(name); got != value {
				t.Errorf("%s = %q, want %q", name, got, value)
			}
		}
		for i, label := range labels {
			if got := c.Get(fmt.Sprintf("fkey[%d].label", i)); got != label {
				t.Errorf("label %d = %q, want %q", i, got, label)
			}
		}
		if want := len(settings) + 3*len(labels); len(c.Settings()) != want {
			t.Errorf("%d settings, want %d", len(c.Settings()), want)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(declaration + `<settings><phone-settings e="2"><user_pass idx="1" perm="R">a</user_pass></phone-settings></settings>`))
	f.Add([]byte(`<setting-files><file url="a"/></setting-files>`))
	f.Add([]byte(`<functionKeys><fkey idx="0" context="1" label="x">blf 1|*8</fkey></functionKeys>`))
	f.Add(write(map[string]string{"a": "<>&\"'"}, []string{"\n"}))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Parse("x.htm", body)
		if err != nil {
			return
		}
		Understand(c, nil)
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if s.Name == "" || seen[s.Name] {
				t.Errorf("the setting %q is there twice, or nameless", s.Name)
			}
			seen[s.Name] = true
		}
	})
}
