package panasonic_test

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/panasonic"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, panasonic.Pack(), vendortest.Lacks{
		"account label": "a line has none; its key has",
		"key account":   "a BLF or one-touch key calls over the phone's default line",
		"ntp2":          "there is one NTP_ADDR",
		"tone":          "tones are frequencies and cadences, and no list gives them for a country",
		"ringtones":     "no parameter that fetches one is documented",
		"background":    "no parameter that fetches one is documented",
	})
}
