package grandstream

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

const file = "cfg000b82123456.xml"

func provisionFile(body string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<gs_provision version=\"1\">\n" + body + "\n</gs_provision>\n")
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(file, provisionFile(`<!-- a note --><mac>00:0B:82:12:34:56</mac>
<config version="1">
  <P47>pbx.example.com:5060</P47>
  <P34>a&lt;b&amp;"c"<![CDATA[<d>]]></P34><P48/>
</config>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{{Name: "P47", Value: "pbx.example.com:5060", Line: 5}, {Name: "P34", Value: `a<b&"c"<d>`, Line: 6}, {Name: "P48", Line: 6}}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const secret = "s3cret"
	for name, tc := range map[string]struct{ body, problem string }{
		"nothing":           {"", "no <gs_provision>"},
		"text":              {secret, "text outside"},
		"other root":        {`<hl_provision version="1"/>`, "<hl_provision> where <gs_provision>"},
		"no version":        {`<gs_provision/>`, `needs version="1"`},
		"version 3":         {`<gs_provision version="1"><config version="3"/></gs_provision>`, "only version 1"},
		"value as item":     {`<gs_provision version="1"><config version="2"><P47>x</P47></config></gs_provision>`, "<item name="},
		"item as value":     {`<gs_provision version="1"><config version="1"><item name="a.b">x</item></config></gs_provision>`, "is no P-value"},
		"nameless item":     {`<gs_provision version="1"><config version="2"><item name="">x</item></config></gs_provision>`, "words joined by dots"},
		"item twice":        {`<gs_provision version="1"><config version="2"><item name="a.b">x</item><item name="a.b">y</item></config></gs_provision>`, "appears twice"},
		"no module":         {`<Device><P47>x</P47></Device>`, "<Module_"},
		"alias in a module": {`<Device><Module_A><item name="a.b">x</item></Module_A></Device>`, "is no P-value"},
		"another's module":  {`<Device><mac>000b82123457</mac></Device>`, "refuses this file"},
		"behind the device": {`<Device></Device><Device></Device>`, "behind </Device>"},
		"two attributes":    {`<gs_provision version="1" x="2"/>`, "no other attribute"},
		"no config":         {`<gs_provision version="1"/>`, "has no <config>"},
		"two configs":       {`<gs_provision version="1"><config version="1"/><config version="1"/></gs_provision>`, "behind </config>"},
		"mac behind":        {`<gs_provision version="1"><config version="1"/><mac>000b82123456</mac></gs_provision>`, "behind </config>"},
		"another's mac":     {`<gs_provision version="1"><mac>000b82123457</mac><config version="1"/></gs_provision>`, "refuses this file"},
		"no mac in it":      {`<gs_provision version="1"><mac>phone</mac><config version="1"/></gs_provision>`, "12 hex digits"},
		"mac attribute":     {`<gs_provision version="1"><mac x="1">000b82123456</mac><config version="1"/></gs_provision>`, "no attributes"},
		"two roots":         {`<gs_provision version="1"><config version="1"/></gs_provision><x/>`, "behind </gs_provision>"},
		"alias":             {`<gs_provision version="1"><config version="1"><item name="x">s3cret</item></config></gs_provision>`, "<item> is no P-value"},
		"P0":                {`<gs_provision version="1"><config version="1"><P047>1</P047></config></gs_provision>`, "<P047> is no P-value"},
		"attribute":         {`<gs_provision version="1"><config version="1"><P2 para="x">s3cret</P2></config></gs_provision>`, "<P2> has an attribute"},
		"element in value":  {`<gs_provision version="1"><config version="1"><P2>s3cret<b/></P2></config></gs_provision>`, "<P2> holds more than text"},
		"twice":             {`<gs_provision version="1"><config version="1"><P2>s3cret</P2><P2>s3cret</P2></config></gs_provision>`, "P2 appears twice"},
		"stray text":        {`<gs_provision version="1"><config version="1">s3cret<P2/></config></gs_provision>`, "text outside of a P-value"},
		"cut off":           {`<gs_provision version="1"><config version="1"><P2>s3cret`, "not well-formed"},
		"bad entity":        {`<gs_provision version="1"><config version="1"><P2>&s3cret;</P2></config></gs_provision>`, "not well-formed"},
		"wrong end":         {`<gs_provision version="1"><config version="1"><P2>s3cret</P3></config></gs_provision>`, "not well-formed"},
		"control character": {"<gs_provision version=\"1\"><config version=\"1\"><P2>s3cret\x01</P2></config></gs_provision>", "not well-formed"},
		"DTD":               {`<!DOCTYPE x [<!ENTITY e "s3cret">]><gs_provision version="1"><config version="1"/></gs_provision>`, "DTD"},
		"instruction":       {`<?php s3cret?><gs_provision version="1"><config version="1"/></gs_provision>`, "processing instruction"},
		"namespace":         {`<gs_provision version="1"><config version="1"><x:P2 xmlns:x="y">s3cret</x:P2></config></gs_provision>`, "no P-value"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			_, err := parse(file, []byte(tc.body))
			if err == nil || !strings.Contains(err.Error(), tc.problem) || !strings.HasPrefix(err.Error(), file+" line ") {
				t.Fatalf("error is %v, want one of %q", err, tc.problem)
			}
			if strings.Contains(err.Error(), secret) {
				t.Errorf("the error gives a value away: %v", err)
			}
		})
	}
}

func TestParseReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := rapid.MapOf(
			rapid.Custom(func(t *rapid.T) string { return pName(rapid.IntRange(1, 99999).Draw(t, "P")) }),
			rapid.StringMatching(`[ -~äß電]{0,20}`),
		).Draw(t, "settings")
		var b strings.Builder
		b.WriteString(`<config version="1">`)
		for name, value := range want {
			fmt.Fprintf(&b, "<%s>", name)
			if err := xml.EscapeText(&b, []byte(value)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "</%s>\n", name)
		}
		b.WriteString(`</config>`)
		c, err := parse("cfg.xml", provisionFile(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		got := make(map[string]string)
		for _, s := range c.Settings() {
			got[s.Name] = s.Value
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(provisionFile(`<mac>000b82123456</mac><config version="1"><P2>a&amp;b</P2></config>`))
	f.Add(provisionFile(`<config version="2"><item name="a.b">c</item></config>`))
	f.Add([]byte("<Device><mac>000b82123456</mac><Module_A><P1>x</P1></Module_A></Device>"))
	f.Add(provisionFile(`<config version="2"><item name="a"><part name="b">c</part></item></config>`))
	f.Add([]byte("\ufeff<gs_provision version='1'><config version='1'><P1><![CDATA[x]]></P1></config></gs_provision>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(file, body)
		if err != nil {
			return
		}
		understand(c)
		// What was read can be written and read again.
		var b bytes.Buffer
		version := "1"
		for _, s := range c.Settings() {
			start, end := "<"+s.Name+">", "</"+s.Name+">"
			if strings.Contains(s.Name, ".") {
				version, start, end = "2", `<item name="`+s.Name+`">`, "</item>"
			}
			b.WriteString(start)
			if err := xml.EscapeText(&b, []byte(s.Value)); err != nil {
				t.Fatal(err)
			}
			b.WriteString(end)
		}
		again, err := parse(file, provisionFile(`<config version="`+version+`">`+b.String()+`</config>`))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), again.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
