package mac_test

import (
	"errors"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
)

func TestParseSpellings(t *testing.T) {
	t.Parallel()
	want := mac.Addr{0x00, 0x15, 0x65, 0xaa, 0xbb, 0xcc}
	for _, s := range []string{
		"001565aabbcc", "001565AABBCC", "00:15:65:aa:bb:cc", "00-15-65-AA-BB-CC",
		"0015.65aa.bbcc", "001565-aabbcc", "00.15.65.aa.bb.cc",
	} {
		got, err := mac.Parse(s)
		if err != nil || got != want {
			t.Errorf("Parse(%q) = %v, %v; want %v", s, got, err, want)
		}
	}
	if got := want.String() + " " + want.Upper() + " " + want.Colons() + " " + want.OUI(); got != "001565aabbcc 001565AABBCC 00:15:65:aa:bb:cc 001565" {
		t.Errorf("prints %s", got)
	}
}

func TestParseRefusals(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]error{
		"":                         mac.ErrSyntax,
		"001565aabbc":              mac.ErrSyntax,
		"001565aabbccd":            mac.ErrSyntax,
		"001565aabbcg":             mac.ErrSyntax,
		"00:15:65:aa:bb:cc:":       mac.ErrSyntax,
		":001565aabbcc":            mac.ErrSyntax,
		"00:15-65:aa:bb:cc":        mac.ErrSyntax,
		"00:1565:aa:bb:cc":         mac.ErrSyntax,
		"0:01565aabbcc":            mac.ErrSyntax,
		"001565aabbcc\n":           mac.ErrSyntax,
		"001565aabbcc%0a":          mac.ErrSyntax,
		"..":                       mac.ErrSyntax,
		"００１５６５ａａｂｂｃｃ":             mac.ErrSyntax,
		"00:15:65:aa:bb:cc:dd:ee":  mac.ErrEUI64,
		"001565aabbccddee":         mac.ErrEUI64,
		"01:00:5e:00:00:01":        mac.ErrMulticast,
		"ffffffffffff":             mac.ErrMulticast,
		"000000000000":             mac.ErrZero,
		strings.Repeat("0", 10000): mac.ErrSyntax,
	} {
		if got, err := mac.Parse(s); !errors.Is(err, want) {
			t.Errorf("Parse(%.40q) = %v, %v; want %v", s, got, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{"001565aabbcc", "00:15:65:aa:bb:cc", "0015.65aa.bbcc", "", ":", "0-"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		a, err := mac.Parse(s)
		if err != nil {
			return
		}
		for _, spelling := range []string{a.String(), a.Upper(), a.Colons()} {
			if b, err := mac.Parse(spelling); err != nil || b != a {
				t.Fatalf("%q parses to %v, and its spelling %q to %v, %v", s, a, spelling, b, err)
			}
		}
	})
}
