package snom

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), dectLacks(vendortest.Lacks{
		"ntp2":                    "ntp_server names one server",
		"snom-v8.xml: lldp":       "no source has it for firmware 8.7",
		"snom-v8.xml: pc vlan":    "no source has it for firmware 8.7",
		"snom-v8.xml: background": "no source has it for firmware 8.7",
	}))
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{
		"": false, "Ada": false, "a|b": false, "$(mac)": false, "$(reboot)": false, "<&>\"'": false, "😀": false,
		"!!$(::)!!$(mac)": true, "x $(::) y": true,
	} {
		if got := refuse(value) != ""; got != want {
			t.Errorf("refuse(%q) = %v", value, got)
		}
	}
}
