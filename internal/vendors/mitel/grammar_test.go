package mitel

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("00085D123456.cfg", []byte("# A comment: with a colon\r\n"+
		"\r\n"+
		"sip line1 user name: 101\n"+
		"!admin password:22222\n"+
		"^sip line1 password : \"a#b c\"   # a comment\n"+
		"time zone minutes: -60 # east\n"+
		"dst [start|end] relative date: 1\n"+
		"https server: [2001:db8::1]\n"+
		"sip line1 vmail:\n"+
		"tos priority map: (26,3)(46,5)"))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "sip line1 user name", Value: "101", Line: 3},
		{Name: "admin password", Value: "22222", Line: 4},
		{Name: "sip line1 password", Value: "a#b c", Line: 5},
		{Name: "time zone minutes", Value: "-60", Line: 6},
		{Name: "dst [start|end] relative date", Value: "1", Line: 7},
		{Name: "https server", Value: "[2001:db8::1]", Line: 8},
		{Name: "sip line1 vmail", Value: "", Line: 9},
		{Name: "tos priority map", Value: "(26,3)(46,5)", Line: 10},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"sip line1 password":                         "neither a comment",
		"\nadmin password = hunter2":                 "line 2: neither a comment",
		": hunter2":                                  "no name",
		"admin  password: hunter2":                   "no name",
		"admin_password: hunter2":                    "no name",
		"admin password: \"hunter2":                  "not closed",
		"admin password: \"hunter2\" x":              "behind the closing",
		"admin password: hunt\"er2":                  "inside the value",
		"admin password: hunter2#3":                  "begins a comment",
		"admin password: a\nadmin password: hunter2": "appears twice",
		"admin password: hunter2\x00":                "control character",
		"admin password: \xff":                       "not UTF-8",
	} {
		_, err := parse("x.cfg", []byte(body))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the message shows a secret: %v", body, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.RuneFrom([]rune("ab #:;,'é\\"))).Filter(func(s string) bool { return strings.TrimSpace(s) == s })
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(text, 0, 6).Draw(t, "values")
		var b strings.Builder
		for i, v := range values {
			fmt.Fprintf(&b, "prgkey%d label: \"%s\"\n", i+1, v)
		}
		c, err := parse("x.cfg", []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if got := c.Get(fmt.Sprintf("prgkey%d label", i+1)); got != v {
				t.Errorf("%q, want %q", got, v)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("sip line1 user name: 101 # x\n!admin password: \"a#b\"\n^prgkey1 type: blf\n"))
	f.Add([]byte("time zone name: Custom\ndst config: 3\ndst [start|end] relative date: 1\ndst start week: -9\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse("x.cfg", body)
		if err != nil {
			return
		}
		understand(c)
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if s.Name == "" || seen[s.Name] || s.Line < 1 {
				t.Errorf("the setting %+v is there twice, nameless or nowhere", s)
			}
			seen[s.Name] = true
		}
	})
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                         "EOF",
		"<PhoneDirectory/>":        "AastraIPPhoneDirectory",
		"<AastraIPPhoneDirectory>": "EOF",
		"<AastraIPPhoneDirectory><MenuItem><Prompt>Ada</Prompt></MenuItem></AastraIPPhoneDirectory>": "without Prompt or URI",
	} {
		if _, err := directory([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
	}
}
