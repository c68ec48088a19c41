package audiocodes

import (
	"bytes"
	"encoding/json"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

func TestIdentifyObserved(t *testing.T) {
	t.Parallel()
	rows, err := os.ReadFile("testdata/user-agents.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	registry := vendor.NewRegistry(Pack())
	for row := range bytes.Lines(rows) {
		var o struct {
			UA, Path, Model, Version string
			MAC                      mac.Addr
		}
		if err := json.Unmarshal(row, &o); err != nil {
			t.Fatal(err)
		}
		got, ok, err := registry.Identify(vendor.Evidence{UserAgent: o.UA, Path: o.Path})
		want := vendor.Identity{Vendor: name, Model: o.Model, Version: o.Version, MAC: o.MAC}
		if diff := cmp.Diff(want, got.Identity); !ok || err != nil || diff != "" {
			t.Errorf("%q %q: %v %v (-want +got):\n%s", o.UA, o.Path, ok, err, diff)
		}
	}
}

func TestUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("00908f602aac")
	for ua, want := range map[string]*vendor.Identity{
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
	} {
		got, ok := userAgent(ua)
		if ok != (want != nil) {
			t.Errorf("%q: understood is %v", ua, ok)
		}
		if want == nil || !ok {
			continue
		}
		want.Vendor = name
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", ua, diff)
		}
	}
}

func TestPath(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("00908f602aac")
	for p, want := range map[string]*vendor.Identity{
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
	} {
		got, ok := path(p)
		if ok != (want != nil) {
			t.Errorf("%q: understood is %v", p, ok)
		}
		if want == nil || !ok {
			continue
		}
		want.Vendor = name
		if diff := cmp.Diff(*want, got); diff != "" {
			t.Errorf("%q (-want +got):\n%s", p, diff)
		}
	}
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
