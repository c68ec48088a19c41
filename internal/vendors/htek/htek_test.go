package htek_test

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/htek"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, htek.Pack(), vendortest.Lacks{
		"tone":          "no P-value for a country of tones is documented",
		"language":      "the numbers of the languages are not documented",
		"vlan priority": "there is one for the phone's own port (P87), none for the PC's",
	})
}
