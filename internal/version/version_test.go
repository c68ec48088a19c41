package version_test

import (
	"testing"

	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/version"
)

func TestCompare(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		a, b string
		want int
	}{
		{"85.9", "85.10", -1},
		{"108.86.0.45", "108.86.0.45", 0},
		{"108.86.0.045", "108.86.0.45", 0},
		{"85", "85.0", 0},
		{"85", "85.0.1", -1},
		{"12.0.1SR2", "12.0.1SR1", 1},
		{"sip.12-0-1", "sip.11-99-9", 1},
		{"", "", 0},
		{"", "0.0", 0},
		{"unknown", "1", -1},
		{"99999999999999999999999", "100000000000000000000000", -1},
	} {
		if got := version.Compare(tt.a, tt.b); got != tt.want {
			t.Errorf("Compare(%q, %q) = %d, want %d", tt.a, tt.b, got, tt.want)
		}
	}
}

// TestOrder: versions are in one order, whatever phones write.
func TestOrder(t *testing.T) {
	t.Parallel()
	text := rapid.StringMatching(`[0-9.a-z-]{0,12}`)
	rapid.Check(t, func(t *rapid.T) {
		a, b, c := text.Draw(t, "a"), text.Draw(t, "b"), text.Draw(t, "c")
		if version.Compare(a, b) != -version.Compare(b, a) {
			t.Error("not the other way round")
		}
		if version.Compare(a, b) <= 0 && version.Compare(b, c) <= 0 && version.Compare(a, c) > 0 {
			t.Error("a <= b <= c, and a > c")
		}
	})
}
