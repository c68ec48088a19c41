package alcatellucent

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialplane/dialplane/internal/vendors"
)

const file = "config.3c28a620089e.xml"

func settings(body string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<settings>\n" + body + "\n</settings>\n")
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(file, settings(`<!-- a note --><setting id="A1" value="a&lt;b&amp;&quot;c" override="true"/>
<setting value='"' id='B'></setting><setting id="C" value=""/>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{{Name: "A1", Value: `a<b&"c`, Line: 3}, {Name: "B", Value: `"`, Line: 4}, {Name: "C", Line: 4}}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		``:                                 "no <settings>",
		`<setting id="A" value="s3cret"/>`: "<setting> where <settings>",
		`<settings version="1"/>`:          "no attributes",
		`<settings/><settings/>`:           "behind </settings>",
		`<settings>s3cret</settings>`:      "text outside of a setting",
		`<settings><item id="A" value="s3cret"/></settings>`:                                    "<item> where <setting>",
		`<settings><setting value="s3cret"/></settings>`:                                        "the id",
		`<settings><setting id="A " value="s3cret"/></settings>`:                                "the id",
		`<settings><setting id="A"/></settings>`:                                                "A has no value",
		`<settings><setting id="A" value="s3cret" x="1"/></settings>`:                           "no attribute x",
		`<settings><setting id="A" id="A" value="s3cret"/></settings>`:                          "id twice",
		`<settings><setting id="A" value="s3cret" override="yes"/></settings>`:                  "true or false",
		`<settings><setting id="A" value="1">s3cret</setting></settings>`:                       "A holds text",
		`<settings><setting id="A" value="1"><setting/></setting></settings>`:                   "more than text",
		`<settings><setting id="A" value="s3cret"/><setting id="A" value="s3cret"/></settings>`: "A appears twice",
		`<settings><setting id="A" value="s3cret"`:                                              "not well-formed",
		`<settings><setting id="A" value=s3cret/></settings>`:                                   "not well-formed",
		`<settings><setting id="A" value="&s3cret;"/></settings>`:                               "not well-formed",
		`<!DOCTYPE settings><settings/>`:                                                        "a DTD",
		`<x:settings xmlns:x="y"/>`:                                                             "where <settings>",
	} {
		_, err := parse(file, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), file+" line ") {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(settings(`<setting id="Account1Enable" value="true"/><setting id="Account1AudioCodec" value="8;0" override="true"/>`))
	f.Add(settings(`<setting id="DeviceProvisionServerUrl" value="http://a/b"/>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(file, body)
		if err != nil {
			return
		}
		understand(c)
		var b bytes.Buffer
		for _, s := range c.Settings() {
			fmt.Fprintf(&b, "<setting id=%q value=\"", s.Name)
			if err := xml.EscapeText(&b, []byte(s.Value)); err != nil {
				t.Fatal(err)
			}
			b.WriteString("\"/>")
		}
		again, err := parse(file, settings(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), again.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
