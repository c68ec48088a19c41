package vendor

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"
)

const words = `# A dictionary.
source	Guide V1, "Accounts"
account.{1-16}.enable	0|1
account.{1-16}.label	text 5
account.{1-16}.server.{1,3}.port	int -1..65535 or %NULL%
host	host
url	url
P{41200,41300-41302}	|on|off
time	match \d\d:\d\d
handset.*.name	text 5
handset.*.line.{1-2}	0|1

source	Guide V2
models	T4* X1
screen	text
source	Guide V3
screen	0|1
`

func TestDictionary(t *testing.T) {
	t.Parallel()
	d, err := ParseDictionary(words)
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct{ model, name, value, want string }{
		{"A", "account.1.enable", "1", ""},
		{"A", "account.16.enable", "0", ""},
		{"A", "account.1.enable", "yes", "account.1.enable takes 0|1"},
		{"A", "account.17.enable", "1", "account.17.enable is no parameter that the vendor documents; did you mean account.{1-16}.enable?"},
		{"A", "account.1.enabel", "1", "account.1.enabel is no parameter that the vendor documents; did you mean account.{1-16}.enable?"},
		{"A", "something.else.entirely", "1", "something.else.entirely is no parameter that the vendor documents"},
		{"A", "account.2.label", "ünïcö", ""},
		{"A", "account.2.label", "longer", "account.2.label takes text 5"},
		{"A", "account.2.server.3.port", "-1", ""},
		{"A", "account.2.server.3.port", "%NULL%", ""},
		{"A", "account.2.server.3.port", "65536", "account.2.server.3.port takes int -1..65535 or %NULL%"},
		{"A", "account.2.server.2.port", "1", "account.2.server.2.port is no parameter that the vendor documents; did you mean account.{1-16}.server.{1,3}.port?"},
		{"A", "host", "pbx.example.com", ""},
		{"A", "host", "[2001:db8::1]:5060", ""},
		{"A", "host", "192.0.2.1:99999", "host takes host"},
		{"A", "host", "a b", "host takes host"},
		{"A", "url", "https://a/b", ""},
		{"A", "url", "a/b", "url takes url"},
		{"A", "P41301", "", ""},
		{"A", "P41301", "on", ""},
		{"A", "P41303", "on", "P41303 is no parameter that the vendor documents; did you mean P{41200,41300-41302}?"},
		{"A", "time", "12:30", ""},
		{"A", "time", "12:305", `time takes match \d\d:\d\d`},
		{"A", "handset.029e74a599.name", "Ada", ""},
		{"A", "handset.00001.name", "longer", "handset.00001.name takes text 5"},
		{"A", "handset.x.line.2", "1", ""},
		{"A", "handset.x.line.3", "1", "handset.x.line.3 is no parameter that the vendor documents; did you mean handset.*.line.{1-2}?"},
		{"A", "handset.a.b.name", "Ada", "handset.a.b.name is no parameter that the vendor documents; did you mean handset.*.name?"},
		{"T46U", "screen", "free", ""},
		{"X1", "screen", "free", ""},
		{"X12", "screen", "free", "screen takes 0|1"},
	}
	for _, test := range tests {
		var c Config
		c.Set(test.name, test.value)
		got := ""
		for _, p := range d.Check(test.model, &c) {
			got += p.String()
		}
		if got != test.want {
			t.Errorf("%s = %q on %s: %q, want %q", test.name, test.value, test.model, got, test.want)
		}
	}
	i := slices.IndexFunc(d.Parameters(), func(p Parameter) bool { return p.Name == "time" })
	if p := d.Parameters()[i]; p.Source != `Guide V1, "Accounts"` || p.Models != nil {
		t.Errorf("%+v", p)
	}
}

func TestDictionaryOfOneFamily(t *testing.T) {
	t.Parallel()
	d, err := ParseDictionary("source\tGuide\nmodels\tT4*\nscreen\t0|1\n")
	if err != nil {
		t.Fatal(err)
	}
	var c Config
	c.Set("screen", "1")
	if got := fmt.Sprint(d.Check("T58W", &c)); got != "[screen is no parameter of the T58W]" {
		t.Error(got)
	}
}

func TestDictionaryRefuses(t *testing.T) {
	t.Parallel()
	for text, want := range map[string]string{
		"a\t0|1":                    "line 1: a comes before any source",
		"source\tG\na":              `line 2: "a" has no type behind a tab`,
		"source\tG\na\tnumber":      `line 2: a: unknown type "number"`,
		"source\tG\na\tint 5":       `line 2: a: int takes a range such as 0..65535, not "5"`,
		"source\tG\na\tint 5..1":    `line 2: a: int takes a range`,
		"source\tG\na\ttext x":      "line 2: a: text takes the most characters",
		"source\tG\na\tmatch (":     "line 2: a: error parsing regexp",
		"source\tG\na.{1-}\ttext":   "line 2: a.{1-}: {1-} is no list of numbers",
		"source\tG\na.{1-2\ttext":   "line 2: a.{1-2: a { has no }",
		"source\tG\na.{9-2}.b\t0|1": "line 2: a.{9-2}.b: {9-2} is no list",
	} {
		if _, err := ParseDictionary(text); err == nil || !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%q: %v, want %s", text, err, want)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	berlin := Clock{Offset: 60, Saving: 60, Start: Change{Month: 3, Week: 5, Hour: 2}, End: Change{Month: 10, Week: 5, Hour: 3}}
	sydney := Clock{Offset: 600, Saving: 60, Start: Change{Month: 10, Week: 1, Hour: 2}, End: Change{Month: 4, Week: 1, Hour: 3}}
	dated := Clock{Offset: 60, Saving: 60, Start: Change{Month: 3, Day: 29, Hour: 2}, End: Change{Month: 10, Day: 25, Hour: 3}}
	midnight := Clock{Offset: -240, Saving: 60, Start: Change{Month: 9, Week: 1, Weekday: 6, Hour: 24}, End: Change{Month: 4, Week: 1, Weekday: 6, Hour: 24}}
	for _, test := range []struct {
		clock Clock
		at    string
		want  int
	}{
		{Clock{Zone: "Asia/Kathmandu"}, "2026-01-01T00:00:00Z", 345},
		{Clock{Offset: -210}, "2026-07-01T00:00:00Z", -210},
		{berlin, "2026-03-29T00:59:59Z", 60},
		{berlin, "2026-03-29T01:00:00Z", 120},
		{berlin, "2026-10-25T00:59:59Z", 120},
		{berlin, "2026-10-25T01:00:00Z", 60},
		{dated, "2026-03-29T01:00:00Z", 120},
		{dated, "2026-10-25T01:00:00Z", 60},
		{sydney, "2026-04-04T15:59:59Z", 660},
		{sydney, "2026-04-04T16:00:00Z", 600},
		{sydney, "2026-10-03T16:00:00Z", 660},
		{sydney, "2026-12-31T20:00:00Z", 660},
		{midnight, "2026-09-06T03:59:59Z", -240},
		{midnight, "2026-09-06T04:00:00Z", -180},
		{midnight, "2026-04-05T02:59:59Z", -180},
		{midnight, "2026-04-05T03:00:00Z", -240},
	} {
		at, err := time.Parse(time.RFC3339, test.at)
		if err != nil {
			t.Fatal(err)
		}
		if got, err := test.clock.At(at); err != nil || got != test.want {
			t.Errorf("%+v at %s: %d, %v; want %d", test.clock, test.at, got, err, test.want)
		}
	}
	if _, err := (Clock{Zone: "Middle/Earth"}).At(time.Time{}); err == nil {
		t.Error("a place that is none has a clock")
	}
}
