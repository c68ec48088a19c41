package poly

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("a.cfg", []byte(`<?xml version="1.0"?>
<!-- any element, any depth -->
<PHONE_CONFIG>
  <ALL reg.1.address="201" tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth="1">
    <reg reg.1.label="A &amp; &quot;B&quot;"
      device.set="1"/>
  </ALL>
</PHONE_CONFIG>
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "reg.1.address", Value: "201", Line: 4},
		{Name: "tcpIpApp.sntp.daylightSavings.start.dayOfWeek.lastInMonth", Value: "1", Line: 4},
		{Name: "reg.1.label", Value: `A & "B"`, Line: 6},
		{Name: "device.set", Value: "1", Line: 6},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Error(diff)
	}
}

func TestParseMaster(t *testing.T) {
	t.Parallel()
	c, err := parse("000000000000.cfg", []byte(`<APPLICATION APP_FILE_PATH="sip.ld" CONFIG_FILES="a.cfg, https://x.example/[PHONE_MAC_ADDRESS].cfg ,">
<APPLICATION_VVX1500 APP_FILE_PATH_VVX1500="old.ld"/></APPLICATION>`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]string{"a.cfg", "https://x.example/[PHONE_MAC_ADDRESS].cfg"}, c.Includes); diff != "" {
		t.Error(diff)
	}
	if c.Get("APP_FILE_PATH") != "sip.ld" || c.Get("APP_FILE_PATH_VVX1500") != "old.ld" {
		t.Errorf("settings are %v", c.Settings())
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                                 "no element",
		"reg.1.address=\"1\"":              "outside of a setting",
		"<a>":                              "not well-formed",
		`<a reg.1.auth.password="hunter2>`: "not well-formed",
		`<a reg.1.x="1" reg.1.x="2"/>`:     "appears twice",
		`<a><b reg.1.x="1"/><c reg.1.x="1"/></a>`: "appears twice",
		`<a>text</a>`:                        "outside of a setting",
		`<a/><b/>`:                           "behind </a>",
		`<a reg="1"/>`:                       "no parameter",
		`<a x:reg.1.x="1"/>`:                 "no parameter",
		`<a 1.reg="1"/>`:                     "not well-formed",
		`<APPLICATION reg.1.address="1"/>`:   "no parameter",
		`<!DOCTYPE a [<!ENTITY x "y">]><a/>`: "a DTD",
		`<a><?php x?></a>`:                   "a processing instruction",
		"<a reg.1.x=\"\xff\"/>":              "not well-formed",
	} {
		c, err := parse("a.cfg", []byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || !strings.HasPrefix(err.Error(), "a.cfg line ") {
			t.Errorf("parse(%q) = %v, %v; want an error with %q", body, c, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("the message shows a secret: %v", err)
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	got, err := directory([]byte(`<directory><item_list><item><ln>Lovelace</ln><fn>Ada</fn><ct>201</ct><sd>1</sd></item><item><fn>Taxi</fn><ct>+49</ct></item></item_list></directory>`))
	if diff := cmp.Diff([]vendor.Contact{{Name: "Ada Lovelace", Number: "201"}, {Name: "Taxi", Number: "+49"}}, got); diff != "" || err != nil {
		t.Errorf("%v\n%s", err, diff)
	}
	for _, body := range []string{"", "<phonebook/>", "<directory><item_list><item><ln>x</ln></item></item_list></directory>", "<directory>"} {
		if got, err := directory([]byte(body)); err == nil {
			t.Errorf("directory(%q) = %v", body, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<a reg.1.address="1"><b device.set="1"/></a>`))
	f.Add([]byte(`<APPLICATION CONFIG_FILES="a.cfg,b.cfg"/>`))
	f.Add([]byte("<a reg.1.x='&#x0;'/>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse("a.cfg", body)
		if err != nil {
			return
		}
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if seen[s.Name] || s.Name == "" || strings.ContainsAny(s.Name, " \"=<>") {
				t.Errorf("setting %q", s.Name)
			}
			seen[s.Name] = true
		}
		understand(c)
	})
}
