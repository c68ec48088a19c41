package gigaset

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"ntp2":                                   "the phones take one time server",
		"ringtones":                              "no source says how a phone fetches several",
		"gigaset-maxwell.xml: account transport": "SIP.TransportProtocol is for all accounts",
		"gigaset-maxwell.xml: srtp":              "SIP.Security.SRTP is for all accounts; see TestSRTP",
		"gigaset-maxwell.xml: expires":           "no source names the parameter",
		"gigaset-maxwell.xml: lldp":              "no source names the parameter",
		"gigaset-maxwell.xml: background":        "no source says which models take one",
	})
}
