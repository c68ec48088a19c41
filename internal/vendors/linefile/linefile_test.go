package linefile

import (
	"fmt"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

func grammar() Grammar {
	return Grammar{Header: "#!version:1.0.0.1", Comment: "#;", Name: regexp.MustCompile(`^[a-z]+(\.[a-z0-9_]+)+$`)}
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := grammar().Parse("a.cfg", []byte("#!version:1.0.0.1\r\n# x\n;y = 1\n\n  account.1.password =  a = \"b\" # c \r\naccount.1.label=\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{{Name: "account.1.password", Value: `a = "b" # c`, Line: 5}, {Name: "account.1.label", Value: "", Line: 6}}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                                      "line 1: a phone refuses",
		"\n#!version:1.0.0.1":                   "line 1: a phone refuses",
		" #!version:1.0.0.1":                    "line 1: a phone refuses",
		"#!version:1.0.0.1\nhunter2":            "line 2: neither",
		"#!version:1.0.0.1\na b = hunter2":      "line 2: what stands before",
		"#!version:1.0.0.1\n= hunter2":          "line 2: what stands before",
		"#!version:1.0.0.1\na.b=1\na.b=hunter2": "line 3: parameter a.b appears twice",
		"#!version:1.0.0.1\na.b=\x00hunter2":    "line 2: a control",
		"#!version:1.0.0.1\na.b=\u0085hunter2":  "line 2: a control",
		"#!version:1.0.0.1\na.b=\xffhunter2":    "not UTF-8",
	} {
		_, err := grammar().Parse("a.cfg", []byte(body))
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[^\p{Cc}\x{fffd}]{0,20}`).Filter(func(s string) bool { return strings.Trim(s, " ") == s })
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(text, 0, 6).Draw(t, "values")
		var b strings.Builder
		b.WriteString(grammar().Header + "\n")
		for i, v := range values {
			fmt.Fprintf(&b, "account.%d.label = %s\n", i, v)
		}
		c, err := grammar().Parse("a.cfg", []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if got := c.Get(fmt.Sprintf("account.%d.label", i)); got != v {
				t.Errorf("%q, want %q", got, v)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("#!version:1.0.0.1\naccount.1.label = a\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := grammar().Parse("a.cfg", body)
		if err != nil {
			return
		}
		for _, s := range c.Settings() {
			if v, ok := c.Lookup(s.Name); !ok || v != s.Value || s.Line < 2 {
				t.Errorf("%q is %q on line %d", s.Name, v, s.Line)
			}
		}
	})
}

func TestNumber(t *testing.T) {
	t.Parallel()
	c := new(vendor.Config)
	c.Set("a.b", "12")
	c.Set("a.c", "-1")
	c.Set("a.d", "x")
	for name, want := range map[string]int{"a.b": 12, "a.c": 0, "a.d": 0, "a.e": 0} {
		if got := Number(c, name); got != want {
			t.Errorf("%s is %d", name, got)
		}
	}
}
