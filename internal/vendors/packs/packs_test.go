package packs_test

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	vendor "github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
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

// apart are the rows that are left unrecognised on purpose.
var apart = map[string]string{
	"/desktop.ini":       "a stray file in a collection of templates, asked for by no phone",
	"/y000000000000.cfg": "asked for by phones of two vendors",
}

// TestEveryKnownStringIsRecognised measures what the registry makes of real strings:
// HTTP and SIP User-Agents, paths, and DHCP vendor classes. Whoever no source names is
// a stranger and stays one.
func TestEveryKnownStringIsRecognised(t *testing.T) {
	t.Parallel()
	registry := packs.Registry()
	var vendors, models, versions, addresses score
	strangers := 0
	for _, r := range vendortest.Rows[row](t, "testdata/user-agents.jsonl") {
		if strings.Contains(r.Kind, "fragment") { // a part of a User-Agent only
			continue
		}
		if reason, ok := apart[r.Path]; ok && r.UA == "" {
			t.Logf("%s: %s", r.Path, reason)
			continue
		}
		e := vendor.Evidence{UserAgent: r.UA, Path: r.Path}
		if strings.HasPrefix(r.Kind, "dhcp") {
			e = vendor.Evidence{VendorClass: r.UA}
		}
		found, known, err := registry.Identify(e)
		if err != nil {
			t.Errorf("%s %q %q: %v", r.Kind, r.UA, r.Path, err)
			continue
		}
		if r.Vendor == nil {
			strangers++
			if known && !slices.Contains(found.By, "oui") {
				t.Errorf("%s %q %q is taken for a phone of %s", r.Kind, r.UA, r.Path, found.Vendor)
			}
			continue
		}
		whole := true
		count := func(s *score, right bool) {
			s.count(right)
			whole = whole && right
		}
		name := *r.Vendor
		if pack, ok := registry.Pack(name); ok { // by an alias, maybe
			name = pack.Name
		}
		count(&vendors, found.Vendor == name || owners[found.Vendor] == name)
		if r.Model != nil && (r.UA != "" || found.Model != "") { // a path need not name the model
			count(&models, strings.EqualFold(plain(found.Model), plain(*r.Model)))
		}
		if r.Version != nil {
			count(&versions, found.Version == *r.Version)
		}
		if r.MAC != nil {
			if want, err := mac.Parse(*r.MAC); err == nil {
				count(&addresses, found.MAC == want)
			}
		}
		if !whole {
			t.Logf("%s %q %q is understood as %+v; want %s", r.Kind, r.UA, r.Path, found.Identity, r)
		}
	}
	for _, goal := range []struct {
		what  string
		score score
		least float64 // percent
	}{{"vendors", vendors, 98}, {"models", models, 97}, {"versions", versions, 97}, {"addresses", addresses, 98}} {
		percent := 100 * float64(goal.score.right) / float64(goal.score.all)
		t.Logf("%s: %d of %d, %.1f %%", goal.what, goal.score.right, goal.score.all, percent)
		if percent < goal.least || goal.score.all < 50 {
			t.Errorf("of %d %s only %.1f %% are recognised; the goal is %.0f %%", goal.score.all, goal.what, percent, goal.least)
		}
	}
	if strangers < 6 {
		t.Errorf("only %d strangers were tried", strangers)
	}
}

type score struct{ right, all int }

func (s *score) count(right bool) {
	if s.all++; right {
		s.right++
	}
}

func (r row) String() string {
	var parts []string
	for _, p := range []*string{r.Vendor, r.Model, r.Version, r.MAC} {
		if p == nil {
			parts = append(parts, "-")
		} else {
			parts = append(parts, *p)
		}
	}
	return strings.Join(parts, " ")
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
	for _, r := range vendortest.Rows[row](f, "testdata/user-agents.jsonl") {
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

// TestPrefixes holds the packs' MAC prefixes against those that other systems and the
// IEEE's registry give their vendors.
func TestPrefixes(t *testing.T) {
	t.Parallel()
	registry := packs.Registry()
	owners := make(map[string][]string) // by prefix: the vendors that the sources name
	for _, r := range vendortest.Rows[struct{ OUI, Vendor string }](t, "testdata/oui_vendor.jsonl") {
		if p, ok := registry.Pack(r.Vendor); ok && r.OUI != "00907a" { // SpectraLink's handsets, sold as Polycom's for a while
			owners[r.OUI] = append(owners[r.OUI], p.Name)
		}
	}
	for oui, names := range owners {
		addr, err := mac.Parse(oui + "000001")
		if err != nil {
			continue
		}
		p, ok := registry.Maker(addr)
		if !ok || !slices.Contains(names, p.Name) {
			t.Errorf("%s is a prefix of %s, and of %q here", oui, strings.Join(names, " and "), p.Name)
		}
	}
	if len(owners) < 38 {
		t.Errorf("only %d prefixes were compared", len(owners))
	}
}

// TestSharedPrefix: Sangoma's P-series has Digium's addresses and asks for the same
// files, but says which of the two it is.
func TestSharedPrefix(t *testing.T) {
	t.Parallel()
	registry := packs.Registry()
	addr := mac.MustParse("000fd3123456")
	for ua, want := range map[string]vendor.Identity{
		"Sangoma P330/4.5.3": {Vendor: "Sangoma", Model: "P330", Version: "4.5.3", MAC: addr},
		"Digium D65 2_8_0":   {Vendor: "Digium", Model: "D65", Version: "2.8.0", MAC: addr},
		"":                   {Vendor: "Digium", MAC: addr},
	} {
		found, known, err := registry.Identify(vendor.Evidence{UserAgent: ua, Path: "/p/000fd3123456.cfg"})
		if !known || err != nil || found.Identity != want {
			t.Errorf("%q: %+v, %v, %v; want %+v", ua, found.Identity, known, err, want)
		}
	}
}
