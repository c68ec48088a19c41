package redirect

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestQuote(t *testing.T) {
	t.Parallel()
	a := Account{Values: map[string]secret.Secret{"password": secret.New("hunter2"), "short": secret.New("a")}}
	for said, want := range map[string]string{
		"Error:Invalid MAC(s):001565.":  "Error:Invalid MAC(s):001565",
		" two\r\nlines\x00and <b>bold":  "two lines and b bold",
		"not https://prov.example.org/": "",
		"no /f/abc/":                    "",
		"wrong password hunter2":        "",
		strings.Repeat("ä", 100):        strings.Repeat("ä", 60),
		"\xff\xfe":                      "",
		strings.Repeat("x", 119) + "ä":  strings.Repeat("x", 119),
	} {
		if got := a.Quote(said); got != want {
			t.Errorf("Quote(%q) = %q, want %q", said, got, want)
		}
	}
}

func TestEach(t *testing.T) {
	t.Parallel()
	devices := make([]Device, 4)
	for i := range devices {
		devices[i].MAC = mac.Addr{0, 0, 0, 0, 0, byte(i)}
	}
	for kind, want := range map[Kind][]Kind{
		Refused: {"", Refused, "", ""}, Foreign: {"", Foreign, "", ""},
		Denied: {"", Denied, Denied, Denied}, TooMany: {"", TooMany, TooMany, TooMany}, BadAnswer: {"", BadAnswer, BadAnswer, BadAnswer},
	} {
		var got []Kind
		for _, err := range Each(devices, func(d Device) error {
			if d.MAC[5] == 1 {
				return Errorf(kind, "because")
			}
			return nil
		}) {
			got = append(got, KindOf(err))
		}
		if !slices.Equal(got, want) {
			t.Errorf("after %s: %q, want %q", kind, got, want)
		}
	}
}
