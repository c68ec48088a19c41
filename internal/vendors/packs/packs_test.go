package packs_test

import (
	"bufio"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	vendor "github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// row is a string that a phone, or a stranger, really sent. A nil field is not
// known from the source.
type row struct {
	Kind    string
	UA      string
	Path    string
	Vendor  *string
	Model   *string
	Version *string
	MAC     *string
}

func rows(t testing.TB) []row {
	t.Helper()
	f, err := os.Open("testdata/user-agents.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []row
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var r row
		if err := json.Unmarshal(lines.Bytes(), &r); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

// apart are the rows that are left unrecognised on purpose.
var apart = map[string]string{
	"/desktop.ini":       "a stray file in a collection of templates, asked for by no phone",
	"/y000000000000.cfg": "asked for by phones of two vendors",
}

func TestEveryKnownStringIsRecognised(t *testing.T) {
	t.Parallel()
	registry := packs.Registry()
	recognised, strangers := 0, 0
	for _, r := range rows(t) {
		// A fragment is a part of a User-Agent; DHCP has its own evidence.
		if strings.Contains(r.Kind, "fragment") || strings.HasPrefix(r.Kind, "dhcp") {
			continue
		}
		if reason, ok := apart[r.Path]; ok && r.UA == "" {
			t.Logf("%s: %s", r.Path, reason)
			continue
		}
		found, known, err := registry.Identify(vendor.Evidence{UserAgent: r.UA, Path: r.Path})
		if err != nil {
			t.Errorf("%s %q %q: %v", r.Kind, r.UA, r.Path, err)
			continue
		}
		var pack vendor.Pack
		ours := false
		if r.Vendor != nil {
			pack, ours = registry.Pack(*r.Vendor)
		}
		if !ours {
			strangers++
			if known && !slices.Contains(found.By, "oui") {
				t.Errorf("%s %q %q is taken for a phone of %s", r.Kind, r.UA, r.Path, found.Vendor)
			}
			continue
		}
		recognised++
		if found.Vendor != pack.Name && owners[found.Vendor] != pack.Name || r.Model != nil && found.Model != "" && !strings.EqualFold(plain(found.Model), plain(*r.Model)) ||
			r.UA != "" && r.Model != nil && found.Model == "" || r.Version != nil && found.Version != *r.Version {
			t.Errorf("%s %q %q is understood as %+v", r.Kind, r.UA, r.Path, found)
		}
		if r.MAC != nil {
			if want, err := mac.Parse(*r.MAC); err == nil && found.MAC != want {
				t.Errorf("%s %q %q: MAC %v, want %v", r.Kind, r.UA, r.Path, found.MAC, want)
			}
		}
	}
	t.Logf("%d rows recognised, %d strangers refused", recognised, strangers)
	if recognised < 200 || recognised+strangers < 380 {
		t.Errorf("only %d rows of our vendors and %d strangers were tried", recognised, strangers)
	}
}

// owners are the vendors under whose name some of the sources file another's phones.
var owners = map[string]string{"Linksys": "Cisco"}

// plain drops what spellings of one model differ in: hyphens and the like, what
// Cisco's part numbers have before and behind the model, and what all of Panasonic's
// begin with.
func plain(model string) string {
	model = strings.NewReplacer("KX-", "", "-", "", "_", "", " ", "").Replace(strings.ToUpper(model))
	return strings.TrimSuffix(strings.TrimPrefix(model, "CP"), "3PCC")
}

func TestPacksAreWhole(t *testing.T) {
	t.Parallel()
	names := make(map[string]bool)
	for _, p := range packs.Registry().Packs() {
		if p.Name == "" || len(p.OUIs) == 0 || p.Templates == nil || p.UserAgent == nil || p.Path == nil || p.Parse == nil ||
			p.Understand == nil || p.HTTPUserAgent == nil || p.Boot == nil || p.Refuse == nil || p.Discovery == nil {
			t.Errorf("the pack %q lacks a field", p.Name)
		}
		if names[p.Name] {
			t.Errorf("two packs are called %s", p.Name)
		}
		names[p.Name] = true
		for _, oui := range p.OUIs {
			if _, err := mac.Parse(oui + "000001"); err != nil || oui != strings.ToLower(oui) {
				t.Errorf("%s: OUI %q: %v", p.Name, oui, err)
			}
		}
	}
}

func FuzzIdentify(f *testing.F) {
	for _, r := range rows(f) {
		f.Add(r.UA, r.Path)
	}
	registry := packs.Registry()
	f.Fuzz(func(t *testing.T, ua, path string) {
		found, known, err := registry.Identify(vendor.Evidence{UserAgent: ua, Path: path})
		if err == nil && known != (found.Vendor != "") {
			t.Errorf("known is %v, vendor %q", known, found.Vendor)
		}
		if len(found.Model) > 64 || len(found.Version) > 64 {
			t.Errorf("a request makes up a model of %d and a version of %d bytes", len(found.Model), len(found.Version))
		}
	})
}
