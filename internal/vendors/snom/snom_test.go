package snom

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"dictionary": "not written yet",
		"firmware":   "not written yet", "ringtones": "not written yet", "background": "not written yet",
		"ntp2": "ntp_server names one server",
	})
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
