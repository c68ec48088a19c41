package brands

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

func find(t testing.TB, name string) vendor.Brand {
	t.Helper()
	for _, b := range List() {
		if b.Name == name {
			return b
		}
	}
	t.Fatalf("there is no brand %s", name)
	return vendor.Brand{}
}

func TestBrands(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		brand, userAgent, path string
		want                   vendor.Identity
	}{
		{"AVM", "AVM FRITZ!Box 7590 154.07.57 (Mar 02 2023)", "", vendor.Identity{Model: "FRITZ!Box 7590", Version: "154.07.57"}},
		{"Technicolor", "THOMSON ST2022 hw5 fw4.71 00-14-7F-E1-47-B3", "", vendor.Identity{Model: "ST2022", Version: "4.71", MAC: mac.MustParse("00147fe147b3")}},
		{"Linphone", "LinphoneAndroid/5.0.1 (Pixel) LinphoneSDK/5.2.0", "", vendor.Identity{Model: "LinphoneAndroid", Version: "5.0.1"}},
		{"Zenitel", "", "ipst_config_00_13_cb_04_05_ab.cfg", vendor.Identity{Model: "IP station", MAC: mac.MustParse("0013cb0405ab")}},
		{"Zenitel", "", "ipst_config_01_02_03_04_05_ab.cfg", vendor.Identity{Model: "IP station"}}, // a group's address is no phone's
		{"Atcom", "", "atc808287123456.cfg", vendor.Identity{MAC: mac.MustParse("808287123456")}},
		{"CyberData", "", "000000CD.xml", vendor.Identity{}},
		{"Swissvoice", "", "cp2505.CFG", vendor.Identity{Model: "cp2505"}},
	} {
		b := find(t, test.brand)
		got, ok := b.UserAgent(test.userAgent)
		if test.path != "" {
			got, ok = b.Path(test.path)
		}
		if !ok || got != test.want {
			t.Errorf("%s %q %q is %+v, %v", test.brand, test.userAgent, test.path, got, ok)
		}
	}
	for _, stranger := range []string{
		"", "AVM", "ES320VN2", "ESP8266 v1.0", "ES206 v1", "curl/8.0 Telephone 1.5.2", "Telephone 1.5.2 x", "Z 5", "Zultys", "THOMSON ST2030 hw5 fw2.74 00-14-7F-E1-47", "SmartNode (Model:SN4316)",
	} {
		for _, b := range List() {
			if id, ok := b.UserAgent(stranger); ok {
				t.Errorf("%q is taken for %s: %+v", stranger, b.Name, id)
			}
		}
	}
}
