package audiocodes

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"account transport": "the transport is for all lines",
		"account server":    "server, proxy and voicemail are for all lines",
		"srtp":              "no mode but that of no encryption could be read",
		"lldp":              "a phone that is told its VLAN does not ask for it",
		"pc vlan":           "no source names the parameters",
		"ringtones":         "no source says what a file of ring tones holds",
		"background":        "no source names a parameter",
	})
}
