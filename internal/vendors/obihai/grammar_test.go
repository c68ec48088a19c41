package obihai

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("a.xml", []byte("\ufeff"+`<?xml version="1.0"?>
<ParameterList>
  <!-- in full -->
  <Object><Name>DeviceInfo.Time.</Name>
    <ParameterValueStruct><Name>NTPServer1</Name><Value>a.example</Value></ParameterValueStruct>
    <ParameterValueStruct><Name>NTPServer2</Name><Value X_UseDefault="Yes"/></ParameterValueStruct>
  </Object>
  <O><N>DeviceInfo.WAN.</N>
    <P><N>LLDP-MED</N><V>true</V></P>
    <P><N>VLANID</N><V X_UD="Y"></V></P>
    <P><N>HostName</N><V>A &amp; <!-- and -->"B"</V></P>
  </O>
</ParameterList>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "DeviceInfo.Time.NTPServer1", Value: "a.example", Line: 5},
		{Name: "DeviceInfo.WAN.LLDP-MED", Value: "true", Line: 9},
		{Name: "DeviceInfo.WAN.HostName", Value: `A & "B"`, Line: 11},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Error(diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	in := func(body string) string {
		return "<ParameterList><O><N>A.1.</N>" + body + "</O></ParameterList>"
	}
	for body, want := range map[string]string{
		"":                                                   "no <ParameterList>",
		"<parameters/>":                                      "where <ParameterList>",
		`<ParameterList version="1"/>`:                       "has an attribute",
		"<ParameterList>":                                    "not well-formed",
		"<ParameterList/><x/>":                               "behind </ParameterList>",
		"<ParameterList><P/></ParameterList>":                "where an <Object>",
		"<ParameterList><O/></ParameterList>":                "<O> lacks its <N>",
		"<ParameterList>hunter2</ParameterList>":             "text outside",
		"<!DOCTYPE x><ParameterList/>":                       "a DTD",
		"<ParameterList><?php x?></ParameterList>":           "a processing instruction",
		"<ParameterList><O><N>A.1</N></O></ParameterList>":   "a dot behind each",
		"<ParameterList><O><N>A b.</N></O></ParameterList>":  "a dot behind each",
		in("<O/>"):                                           "where a <ParameterValueStruct>",
		in("<P><N>X</N></P>"):                                "<P> lacks its <V>",
		in("<P><V>hunter2</V><N>X</N></P>"):                  "<P> lacks its <N>",
		in("<P><N>a.b</N><V/></P>"):                          "parameter's name",
		in("<P><N>X</N><V>hunter2<b/></V></P>"):              "more than text",
		in("<P><N>X</N><V>hunter2</P>"):                      "not well-formed",
		in("<P><N>X</N><V>1</V><V>2</V></P>"):                "behind </X>",
		in("<P><N>X</N><V>1</V></P><P><N>X</N><V>1</V></P>"): "twice",
		in(`<P><N>X</N><V X_UD="N"/></P>`):                   "has an attribute",
		in(`<P><N X_UD="Y">X</N><V/></P>`):                   "has an attribute",
		in(`<P><N>X</N><V X_UD="Y">hunter2</V></P>`):         "left to the factory",
		in(`<P x="1"><N>X</N><V/></P>`):                      "where a <ParameterValueStruct>",
	} {
		c, err := parse("a.xml", []byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "a.xml line ") {
			t.Errorf("parse(%q) = %v, %v; want an error with %q", body, c, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message shows a secret: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(service))
	f.Add([]byte(`<ParameterList><Object><Name>A.</Name><ParameterValueStruct><Name>B</Name><Value X_UseDefault="Yes"/></ParameterValueStruct></Object></ParameterList>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse("a.xml", body)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if seen[s.Name] || !parameterName.MatchString(s.Name[strings.LastIndexByte(s.Name, '.')+1:]) {
				t.Errorf("setting %q", s.Name)
			}
			seen[s.Name] = true
		}
		understand(c)
	})
}
