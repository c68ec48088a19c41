package flyingvoice

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"user password": "no source says how the file sets it",
		"language":      "no source names the values",
		"tone":          "no source names the values",
		"ringtones":     "no source says how a phone fetches several",
		"background":    "no source names the parameter",
	})
}

// TestCorpus completes the beginnings of User-Agents that phones are known by.
func TestCorpus(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range vendortest.Rows[struct{ UA, Path, Model string }](t, "testdata/user-agents.jsonl") {
		if r.UA == "" {
			if id, ok := path(r.Path); ok { // the same name as Yealink's
				t.Errorf("%s is understood as %+v", r.Path, id)
			}
			continue
		}
		seen++
		if id, ok := userAgent(r.UA + " V0.6.24 00:21:F2:22:AE:F1"); !ok || !strings.EqualFold(id.Model, r.Model) || id.Version != "0.6.24" || id.MAC != mac.MustParse("0021f222aef1") {
			t.Errorf("%q is understood as %+v, %v", r.UA, id, ok)
		}
	}
	if seen != 4 {
		t.Errorf("the corpus has %d User-Agents", seen)
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	vendortest.Understands(t, userAgent, name, map[string]*vendor.Identity{
		"Flyingvoice FIP13G V0.6.24 00:21:F2:22:AE:F1": {Model: "FIP13G", Version: "0.6.24", MAC: mac.MustParse("0021f222aef1")},
		"FLYINGVOICE FIP16PLUS V0.5.15.4":              {Model: "FIP16Plus", Version: "0.5.15.4"},
	})
	vendortest.Strangers(t, userAgent, "", "Flyingvoice", "Flyingvoice FIP13G", "Flyingvoice FIP13G V0.6.24 00:21:F2:22:AE", " Flyingvoice FIP13G V0.6.24", "Flyingvoice FIP13G V0.6.24\n", "Yealink SIP-T46S 66.86.0.15 80:5e:c0:00:00:00")
	vendortest.Understands(t, path, name, map[string]*vendor.Identity{
		"/t/acme/0021f222aef1.cfg": {MAC: mac.MustParse("0021f222aef1")},
		"/789912AABBCC.boot":       {MAC: mac.MustParse("789912aabbcc")},
	})
	vendortest.Strangers(t, path, "", "/001565aabbcc.cfg", "/x0021f222aef1.cfg", "/0021f222aef1.xml", "/y000000000000.boot")
}

func FuzzIdentify(f *testing.F) {
	f.Add("Flyingvoice FIP13G V0.6.24 00:21:F2:22:AE:F1")
	f.Add("/0021f222aef1.cfg")
	f.Fuzz(func(t *testing.T, s string) {
		if id, ok := userAgent(s); ok && (id.Model == "" || id.Version == "") {
			t.Errorf("%q is understood as %+v", s, id)
		}
		if id, ok := path(s); ok && id.MAC.IsZero() {
			t.Errorf("%q is understood as %+v", s, id)
		}
	})
}

func TestBootFiles(t *testing.T) {
	t.Parallel()
	const header = "#!version:1.0.0.1\n"
	unit := vendor.Unit{MAC: mac.MustParse("0021f222aef1"), Model: "FIP13G"}
	for what, tt := range map[string]struct {
		files map[string]string
		asked string
		err   string
	}{
		"no boot file":   {map[string]string{"0021f222aef1.cfg": header + "account.1.enable = 1"}, "0021f222aef1.boot y000000000000.boot y000000000000.cfg 0021f222aef1.cfg", ""},
		"its own":        {map[string]string{"0021f222aef1.boot": header + "# x\ninclude:config \"a.cfg\"\ninclude:config <b.cfg>", "b.cfg": header}, "0021f222aef1.boot a.cfg b.cfg", ""},
		"the common one": {map[string]string{"y000000000000.boot": header + "include:config \"a.cfg\"", "a.cfg": header}, "0021f222aef1.boot y000000000000.boot a.cfg", ""},
		"no header":      {map[string]string{"y000000000000.boot": "include:config \"a.cfg\""}, "0021f222aef1.boot y000000000000.boot", "line 1"},
		"a stray line":   {map[string]string{"y000000000000.boot": header + "account.1.enable = 1"}, "0021f222aef1.boot y000000000000.boot", "line 2"},
		"nothing in it":  {map[string]string{"y000000000000.boot": header}, "0021f222aef1.boot y000000000000.boot", "includes no file"},
	} {
		var asked []string
		_, err := boot(unit, func(file string) (int, []byte, error) {
			asked = append(asked, file)
			if body, ok := tt.files[file]; ok {
				return 200, []byte(body), nil
			}
			return 404, nil, nil
		})
		if tt.err == "" && err != nil || tt.err != "" && (err == nil || !strings.Contains(err.Error(), tt.err)) {
			t.Errorf("%s: %v, want an error with %q", what, err, tt.err)
		}
		if diff := cmp.Diff(tt.asked, strings.Join(asked, " ")); diff != "" {
			t.Errorf("%s: requests (-want +got)\n%s", what, diff)
		}
	}
}
