package audiocodes

import (
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	vendortest.Observed(t, Pack(), "testdata/user-agents.jsonl")
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("00908f602aac")
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)":   {Model: "440HDG", Version: "2.2.8.61", MAC: addr},
		"AUDC-IPPhone/2.2.8.61 (405-Rev0; 00908F602AAC)":      {Model: "405", Version: "2.2.8.61", MAC: addr},
		"AUDC-IPPhone/2.2.2":                                  {Version: "2.2.2"},
		"AUDC-IPPhone-445HD_UC_3.4.8/1.0":                     {Model: "445HD", Version: "3.4.8"},
		"AUDC/3.4.6.604 AUDC-IPPhone-C450HD_UC_3.4.6.604/1":   {Model: "C450HD", Version: "3.4.6.604"},
		"MP202 B 2FXS/3.0.0_build_13":                         {Model: "MP202", Version: "3.0.0_build_13"},
		"AUDC-IPPhone":                                        nil,
		"AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602A)":     nil,
		"AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 000000000000)":   nil,
		"AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC) x": nil,
		"x AUDC-IPPhone-445HD_UC_3.4.8/1.0":                   nil,
		"AUDC-IPPhone-445HD_UC_3.4.8/1.0\n":                   nil,
		"audc-ipphone-445hd_uc_3.4.8/1.0":                     nil,
		"Audiocodes-Sip-Gateway/v.5.80A.008.002":              nil,
		"AUDC-IPPhone/2" + strings.Repeat(".1", 300):          nil,
	})
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("00908f602aac")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/00908F602AAC.cfg":            {MAC: addr},
		"/p/s/00908f602aac.cfg":        {MAC: addr},
		"/00908F602AAC.cfx":            {MAC: addr},
		"/440HD_00908F602AAC_conf.cfg": {MAC: addr},
		"/is440HD.img":                 {Model: "440HD"},
		"/isC450HD.img":                {Model: "C450HD"},
		"/001565aabbcc.cfg":            nil,
		"/00908F602AAC.xml":            nil,
		"/x00908F602AAC.cfg":           nil,
		"/00908F602AAC.cfg.old":        nil,
		"/440HD.img":                   nil,
		"/" + strings.Repeat("a", 300): nil,
		"":                             nil,
	})
}

func FuzzIdentify(f *testing.F) {
	for _, s := range []string{"AUDC-IPPhone/2.2.8.61 (440HDG-Rev0; 00908F602AAC)", "AUDC-IPPhone-445HD_UC_3.4.8/1.0", "MP202 B 2FXS/3.0.0_build_13", "/00908F602AAC.cfg", "/is440HD.img"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Version == "" || !strings.HasPrefix(s, "AUDC") && !strings.HasPrefix(s, "MP")) {
			t.Errorf("%q is taken for %+v", s, id)
		}
		if id, ok := path(s); ok && (id.Model == "") == id.MAC.IsZero() {
			t.Errorf("%q is taken for %+v", s, id)
		}
	})
}
