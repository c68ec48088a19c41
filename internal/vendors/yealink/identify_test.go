package yealink

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// row is one line of testdata/user-agents.jsonl: strings that real phones and
// other projects' tests send, of all makers.
type row struct {
	Kind, UA, Path, Vendor, Model, Version, MAC string
}

func rows(t testing.TB) []row {
	t.Helper()
	src, err := os.ReadFile("testdata/user-agents.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	var all []row
	for line := range bytes.Lines(src) {
		var r row
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		all = append(all, r)
	}
	if len(all) < 400 {
		t.Fatalf("only %d rows", len(all))
	}
	return all
}

func TestUserAgents(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range rows(t) {
		if r.Vendor != name || r.UA == "" {
			continue
		}
		seen++
		ua := r.UA
		if r.Kind == "http-fragment" {
			// A part of a User-Agent and the template it leads to in FusionPBX, where
			// of two that share a template's name the last one wins: the model is the
			// one in the fragment.
			ua += " 28.83.0.120 00:15:65:4a:a9:37"
			_, r.Model, _ = strings.Cut(r.UA, "SIP-")
			r.Version, r.MAC = "28.83.0.120", "0015654aa937"
		}
		got, ok := userAgent(ua)
		if !ok {
			t.Errorf("%s %q: not recognised", r.Kind, ua)
			continue
		}
		if got.Model != r.Model || got.Version != r.Version {
			t.Errorf("%q: model %q, version %q; want %q, %q", ua, got.Model, got.Version, r.Model, r.Version)
		}
		// The MAC of some rows stands in the path only.
		inUA := strings.Contains(strings.ToLower(strings.NewReplacer(":", "", "-", "").Replace(ua)), r.MAC)
		if r.MAC != "" && inUA && got.MAC.String() != r.MAC || (r.MAC == "" || !inUA) && !got.MAC.IsZero() {
			t.Errorf("%q: MAC %s; want %s", ua, got.MAC, r.MAC)
		}
	}
	if seen < 140 {
		t.Errorf("only %d rows with a User-Agent", seen)
	}
}

func TestStrangers(t *testing.T) {
	t.Parallel()
	for _, r := range rows(t) {
		if r.Vendor == name {
			continue
		}
		if id, ok := userAgent(r.UA); ok {
			t.Errorf("User-Agent %q of %q is taken for %+v", r.UA, r.Vendor, id)
		}
		if id, ok := path(r.Path); ok {
			t.Errorf("path %q of %q is taken for %+v", r.Path, r.Vendor, id)
		}
	}
}

func TestUserAgentForms(t *testing.T) {
	t.Parallel()
	a := mac.MustParse("805ec0123456")
	good := map[string]vendor.Identity{
		"Yealink SIP-T46G":                                 {Vendor: name, Model: "T46G"},
		"Yealink SIP-T46G 28.83.0.120":                     {Vendor: name, Model: "T46G", Version: "28.83.0.120"},
		"Yealink SIP-T46G 28.83.0.120 80:5E:C0:12:34:56":   {Vendor: name, Model: "T46G", Version: "28.83.0.120", MAC: a},
		"Yealink  SIP-T46G  28.83.0.120   805ec0123456":    {Vendor: name, Model: "T46G", Version: "28.83.0.120", MAC: a},
		"Yealink-T46G 28.71.0.81 28.1.0.128.0.0.0":         {Vendor: name, Model: "T46G", Version: "28.71.0.81"},
		"Yealink SIP VP-T49G 51.80.0.10 80:5e:c0:12:34:56": {Vendor: name, Model: "T49G", Version: "51.80.0.10", MAC: a},
		"Yealink SIP-T21P_E2 52.84.0.15 80:5e:c0:12:34:56": {Vendor: name, Model: "T21P_E2", Version: "52.84.0.15", MAC: a},
		"W52P 25.30.0.2 80:5e:c0:12:34:56":                 {Vendor: name, Model: "W52P", Version: "25.30.0.2", MAC: a},
		"Yealink W90DM 130.87.0.10 80:5e:c0:12:34:56":      {Vendor: name, Model: "W90DM", Version: "130.87.0.10", MAC: a},
		// A MAC that lost a colon, all zeros, or a group's: the phone is Yealink's,
		// but which one it does not say.
		"Yealink SIP-T20P 9.72.0.30 00:15:6525ef16a7c": {Vendor: name, Model: "T20P", Version: "9.72.0.30"},
		"Yealink SIP-T20P 9.72.0.30 00:00:00:00:00:00": {Vendor: name, Model: "T20P", Version: "9.72.0.30"},
		"Yealink SIP-T20P 9.72.0.30 01:15:65:00:00:01": {Vendor: name, Model: "T20P", Version: "9.72.0.30"},
	}
	for ua, want := range good {
		if got, ok := userAgent(ua); !ok || got != want {
			t.Errorf("%q is %+v, %v; want %+v", ua, got, ok, want)
		}
	}
	for _, ua := range []string{
		"", " ", "Yealink", "Yealink ", "yealink-", "YEALINK SIP-T46G 28.83.0.120", "YealinkSIP-T46G 28.83.0.120",
		"curl/8.5.0 Yealink SIP-T33G 124.86.0.118 24:9a:d8:1e:83:fa",
		" Yealink SIP-T33G 124.86.0.118", "Yealink SIP-T33G 124.86.0.118 ", "Yealink SIP-T33G ",
		"Yealink SIP-T33G 124.86.0.118 24:9a:d8:1e:83:fa x", "Yealink SIP-T33G 124.86.0.118 24:9a:d8:1e:83:fa\n",
		"Yealink SIP-T33G 124.86.0.118\x0024:9a:d8:1e:83:fa", "Yealink\tSIP-T33G 124.86.0.118",
		"Yealink SIP-T33G 124.86.0", "Yealink SIP-T33G 124.86.0.118.1", "Yealink SIP-T33G 124..0.118", "Yealink SIP-T33G v124.86.0.118",
		"Yealink SIP-t33g 124.86.0.118", "Yealink SIP- 124.86.0.118", "Yealink SIP-T33G<script> 124.86.0.118", "Yealink ../../T33G 1.2.3.4",
		"Yealink SIP-T 124.86.0.118", "Yealink SIP-33 124.86.0.118", "Yealink SIP-ABCD33 124.86.0.118", "Yealink SIP-T33GGG 124.86.0.118",
		"SIP-T46G 28.83.0.120 80:5e:c0:12:34:56", "T46G 28.83.0.120 80:5e:c0:12:34:56", "W52P", "W52P 25.30.0.2",
		"Yealink SIP-T33G 124.86.0.118 " + strings.Repeat("0", 200), "Yealink SIP-T33G 124.86.0.118 24:9a:d8:1e:83:fg",
		"Yealink SIP-T33G １24.86.0.118",
	} {
		if id, ok := userAgent(ua); ok {
			t.Errorf("%q is taken for %+v", ua, id)
		}
	}
}

func TestPaths(t *testing.T) {
	t.Parallel()
	registry := vendor.NewRegistry(Pack())
	for _, r := range rows(t) {
		if r.Vendor != name || r.Path == "" {
			continue
		}
		// Through the registry, because <mac>.cfg is anybody's: the address decides.
		f, ok, err := registry.Identify(vendor.Evidence{UserAgent: r.UA, Path: r.Path})
		if err != nil || !ok || f.Vendor != name {
			t.Errorf("%q %q: %+v, %v, %v", r.UA, r.Path, f, ok, err)
		}
		if r.MAC != "" && f.MAC.String() != r.MAC {
			t.Errorf("%q %q: MAC %s; want %s", r.UA, r.Path, f.MAC, r.MAC)
		}
		// The row of code 175 says "w80", which is no model, and of a code that
		// Wazo gives to the W75.
		if want := strings.ToUpper(r.Model); want != "" && want != "W80" && f.Model != want {
			t.Errorf("%q %q: model %q; want %q", r.UA, r.Path, f.Model, want)
		}
	}
}

func TestCommonFiles(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/common_files.json")
	if err != nil {
		t.Fatal(err)
	}
	var files map[string][]string
	if err := json.Unmarshal(src, &files); err != nil {
		t.Fatal(err)
	}
	// What other sources know better than the folder names that this file is made
	// of, by the file's own claim.
	better := map[string]string{
		"y000000000052.cfg": "T21P_E2", // not the T21P, which runs 34.x
		"y000000000053.cfg": "T19P_E2", // not the T19P
		"y000000000051.cfg": "T49G",
		"y000000000123.cfg": "", // T31 and T31P ask for it as well as the T31G
		"y000000000124.cfg": "", // T33P as well as T33G
		"y000000000175.cfg": "", // W75B and W75DM; the folder is called w80
	}
	for file, models := range files {
		id, ok := path("/some/folder/" + file)
		if file == "y000000000000.cfg" { // Flyingvoice's as well as the T28P's
			if ok {
				t.Errorf("%s is taken for Yealink's alone", file)
			}
			continue
		}
		want := ""
		if len(models) == 1 {
			want = strings.ToUpper(models[0])
		}
		if b, ok := better[file]; ok {
			want = b
		}
		if !ok || id.Vendor != name || id.Model != want || !id.MAC.IsZero() {
			t.Errorf("%s is %+v, %v; want model %q", file, id, ok, want)
		}
		if upper, _ := path(strings.ToUpper(file)); upper != id {
			t.Errorf("%s in capitals is %+v; want %+v", file, upper, id)
		}
		for _, m := range models {
			if !slices.ContainsFunc(products[:], func(p product) bool { return "y000000000"+p.code+".cfg" == file }) {
				t.Errorf("no product has the code of %s (%s)", file, m)
			}
		}
	}
	if len(files) != 61 {
		t.Errorf("%d files", len(files))
	}
}

func TestPathForms(t *testing.T) {
	t.Parallel()
	a := mac.MustParse("805ec0123456")
	for p, want := range map[string]vendor.Identity{
		"805ec0123456.boot":           {Vendor: name, MAC: a},
		"/yealink/805EC0123456.BOOT":  {Vendor: name, MAC: a},
		"/x/805ec0123456-local.cfg":   {Vendor: name, MAC: a},
		"/x/805ec0123456-contact.xml": {Vendor: name, MAC: a},
		"/y000000000000.boot":         {Vendor: name},
		"/p/s/y000000000108.cfg":      {Vendor: name, Model: "T46U"},
		"y000000000066.cfg":           {Vendor: name, Model: "T46S"}, // T41S, T42S and T48S run 66.x, but ask for others
		"y000000000999.cfg":           {Vendor: name},
	} {
		if got, ok := path(p); !ok || got != want {
			t.Errorf("%q is %+v, %v; want %+v", p, got, ok, want)
		}
	}
	for _, p := range []string{
		"", "/", "y000000000000.cfg", "805ec0123456.cfg", "y00000000010.cfg", "y0000000001080.cfg", "y000000000108.cfg/", "y000000000108.cfg.bak",
		"xy000000000108.cfg", "y00000000010a.cfg", "y000000000108.boot", "y900000000108.cfg", "z805ec0123456.boot", "805ec012345.boot", "805ec012345g.boot",
		"000000000000.boot", "015ec0123456.boot", "80-5e-c0-12-34-56.boot", "805ec0123456-local.xml", "y000000000108.cfg?x=1", "y000000000１08.cfg",
	} {
		if id, ok := path(p); ok {
			t.Errorf("%q is taken for %+v", p, id)
		}
	}
}

func TestOUIs(t *testing.T) {
	t.Parallel()
	src, err := os.ReadFile("testdata/oui_vendor.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	ouis := Pack().OUIs
	for line := range bytes.Lines(src) {
		var r struct{ OUI, Vendor string }
		if err := json.Unmarshal(line, &r); err != nil {
			t.Fatal(err)
		}
		if got := slices.Contains(ouis, r.OUI); got != (r.Vendor == "yealink") {
			t.Errorf("%s of %s: ours %v", r.OUI, r.Vendor, got)
		}
	}
}

// TestProducts compares the one table with what is made of it.
func TestProducts(t *testing.T) {
	t.Parallel()
	seen := make(map[string]bool)
	for _, p := range products {
		if seen[p.model] {
			t.Errorf("%s is there twice", p.model)
		}
		seen[p.model] = true
		if !isModel(p.model) || len(p.code) != 3 || !isFirmware(p.firmware) {
			t.Errorf("%+v is misspelled", p)
		}
		u := vendor.Unit{MAC: mac.MustParse("805ec0123456"), Model: p.model}
		id, ok := userAgent(httpUserAgent(u))
		want := p.model
		if p.ua == "SIP-T58" {
			want = "T58" // as the T58A and the T58V say
		}
		if !ok || id.Model != want || id.Version != p.firmware || id.MAC != u.MAC {
			t.Errorf("%q is %+v, %v", httpUserAgent(u), id, ok)
		}
	}
}

func FuzzUserAgent(f *testing.F) {
	for _, r := range rows(f) {
		f.Add(r.UA)
	}
	f.Fuzz(func(t *testing.T, ua string) {
		id, ok := userAgent(ua)
		if !ok {
			if id != (vendor.Identity{}) {
				t.Errorf("%q: an identity of nobody: %+v", ua, id)
			}
			return
		}
		if !isModel(id.Model) || !strings.Contains(ua, id.Model) || !strings.Contains(ua, id.Version) {
			t.Errorf("%q: %+v", ua, id)
		}
		for _, bad := range []string{"x" + ua, ua + " x", ua + "\n", " " + ua} {
			if id, ok := userAgent(bad); ok && !strings.HasPrefix(ua, "W") && !strings.HasPrefix(ua, "VP") {
				t.Errorf("%q is taken for %+v", bad, id)
			}
		}
	})
}

func FuzzPath(f *testing.F) {
	for _, r := range rows(f) {
		f.Add(r.Path)
	}
	f.Fuzz(func(t *testing.T, p string) {
		id, ok := path(p)
		if ok != (id.Vendor == name) || !ok && id != (vendor.Identity{}) {
			t.Errorf("%q: %+v, %v", p, id, ok)
		}
	})
}

func TestVendorClass(t *testing.T) {
	t.Parallel()
	if id, ok := vendorClass("yealink"); !ok || id.Vendor != name || id.Model != "" {
		t.Errorf("%+v, %v", id, ok)
	}
	for _, class := range []string{"", "yealink ", "yealinks", "snom320", "Cisco Systems, Inc. IP Phone"} {
		if id, ok := vendorClass(class); ok {
			t.Errorf("%q is taken for %+v", class, id)
		}
	}
}
