package mitel

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"account transport": "sip transport protocol is for all lines",
		"language":          "the phone reads languages from files that the server does not hold",
	}
	for _, family := range []string{"prgkeys", "softkeys", "6755i", "6757i", "6863i", "6867i"} {
		lacks["mitel-"+family+".xml: background"] = "documented for the 6739i alone"
	}
	for _, family := range []string{"prgkeys", "softkeys", "6755i", "6757i", "6739i"} {
		lacks["mitel-"+family+".xml: ringtones"] = "documented from release 4 on"
	}
	vendortest.Run(t, Pack(), lacks)
}
