package snom

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"dictionary": "not written yet", "clock": "not read yet",
		"firmware": "not written yet", "ringtones": "not written yet", "background": "not written yet",
		"ntp2": "ntp_server names one server",
	})
}
