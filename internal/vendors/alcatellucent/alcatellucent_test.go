package alcatellucent_test

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/alcatellucent"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, alcatellucent.Pack(), vendortest.Lacks{
		"tone":          "the values of SettingCountryTone are not documented",
		"ntp2":          "there is one SettingSntpServer",
		"vlan priority": "no id for it is documented",
		"directory":     "the format of a remote phone book is not documented",
	})
}
