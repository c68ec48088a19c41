package vendor_test

import (
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	vendor "github.com/dialplane/dialplane/internal/vendors"
)

// acme and bolt are vendors as small as the registry needs them.
func acme() vendor.Pack {
	return vendor.Pack{
		Name: "Acme", OUIs: []string{"0000a1", "0000c0"}, Templates: fstest.MapFS{},
		UserAgent: func(ua string) (vendor.Identity, bool) {
			rest, ok := strings.CutPrefix(ua, "Acme ")
			if !ok {
				return vendor.Identity{}, false
			}
			model, addr, _ := strings.Cut(rest, " ")
			a, _ := mac.Parse(addr)
			return vendor.Identity{Model: model, Version: "1.0", MAC: a}, true
		},
		Path: func(path string) (vendor.Identity, bool) {
			if strings.HasSuffix(path, "/acme-10.boot") {
				return vendor.Identity{Model: "10"}, true
			}
			return vendor.Identity{}, false
		},
	}
}

func bolt() vendor.Pack {
	return vendor.Pack{
		Name: "Bolt", OUIs: []string{"0000b0", "0000c0"}, Templates: fstest.MapFS{},
		UserAgent: func(string) (vendor.Identity, bool) { return vendor.Identity{}, false },
		Path: func(path string) (vendor.Identity, bool) {
			return vendor.Identity{}, strings.HasSuffix(path, ".bolt")
		},
	}
}

func TestIdentify(t *testing.T) {
	t.Parallel()
	r := vendor.NewRegistry(acme(), bolt())
	a := mac.MustParse("0000a1000001")
	for name, c := range map[string]struct {
		evidence vendor.Evidence
		want     vendor.Finding
		known    bool
	}{
		"nothing":  {},
		"stranger": {evidence: vendor.Evidence{UserAgent: "curl/8", Path: "/robots.txt"}},
		"user agent": {
			evidence: vendor.Evidence{UserAgent: "Acme 20 0000a1000001"},
			want:     vendor.Finding{Identity: vendor.Identity{Vendor: "Acme", Model: "20", Version: "1.0", MAC: a}, By: []string{"user-agent"}}, known: true,
		},
		"user agent and path agree": {
			evidence: vendor.Evidence{UserAgent: "Acme 20 0000a1000001", Path: "/x/0000A1000001.cfg"},
			want:     vendor.Finding{Identity: vendor.Identity{Vendor: "Acme", Model: "20", Version: "1.0", MAC: a}, By: []string{"user-agent", "path"}}, known: true,
		},
		"model from the path": {
			evidence: vendor.Evidence{Path: "/acme-10.boot"},
			want:     vendor.Finding{Identity: vendor.Identity{Vendor: "Acme", Model: "10"}, By: []string{"path"}}, known: true,
		},
		"the user agent decides over another vendor's path": {
			evidence: vendor.Evidence{UserAgent: "Acme 20", Path: "/0000a1000001.bolt"},
			want:     vendor.Finding{Identity: vendor.Identity{Vendor: "Acme", Model: "20", Version: "1.0", MAC: a}, By: []string{"user-agent"}}, known: true,
		},
		"vendor from the address": {
			evidence: vendor.Evidence{Path: "/0000a1000001.cfg"},
			want:     vendor.Finding{Identity: vendor.Identity{Vendor: "Acme", MAC: a}, By: []string{"path", "oui"}}, known: true,
		},
		"of two with one prefix the earlier": {
			evidence: vendor.Evidence{Path: "/0000c0000001.cfg"},
			want:     vendor.Finding{Identity: vendor.Identity{Vendor: "Acme", MAC: mac.MustParse("0000c0000001")}, By: []string{"path", "oui"}}, known: true,
		},
		"an address of nobody we know": {
			evidence: vendor.Evidence{Path: "/020000000001.cfg"},
			want:     vendor.Finding{Identity: vendor.Identity{MAC: mac.MustParse("020000000001")}, By: []string{"path"}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, known, err := r.Identify(c.evidence)
			if err != nil || known != c.known {
				t.Errorf("known %v, error %v", known, err)
			}
			if want := vendor.PathMAC(c.evidence.Path); got.PathMAC != want {
				t.Errorf("the path names %s, want %s", got.PathMAC, want)
			}
			got.PathMAC = mac.Addr{}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestIdentifyConflict(t *testing.T) {
	t.Parallel()
	_, _, err := vendor.NewRegistry(acme(), bolt()).Identify(vendor.Evidence{UserAgent: "Acme 20 0000a1000001", Path: "/0000a1000002.cfg"})
	var conflict *vendor.ConflictError
	if !errors.As(err, &conflict) || conflict.UserAgent != mac.MustParse("0000a1000001") || conflict.Path != mac.MustParse("0000a1000002") {
		t.Errorf("a User-Agent of one phone and a path of another: %v", err)
	}
}

func TestPathMAC(t *testing.T) {
	t.Parallel()
	const address = "001565aabbcc"
	for path, want := range map[string]string{
		"/001565aabbcc.cfg":                      address,
		"/001565AABBCC.xml":                      address,
		"/a/b/001565aabbcc.boot":                 address,
		"/00:15:65:aa:bb:cc.cfg":                 address,
		"/00-15-65-aa-bb-cc.cfg":                 address,
		"/cfg001565aabbcc":                       address,
		"/cfg001565aabbcc.xml":                   address,
		"/snomD785-001565AABBCC.htm":             address,
		"/001565aabbcc-local.cfg":                address,
		"/001565aabbcc-contact.xml":              address,
		"/001565aabbcc":                          address,
		"":                                       "",
		"/":                                      "",
		"/y000000000108.cfg":                     "",
		"/000000000000.cfg":                      "",
		"/01005e000001.cfg":                      "",
		"/x001565aabbcc.cfg":                     "",
		"/001565aabbccdd.cfg":                    "",
		"/001565aabbcc/":                         "",
		"/" + strings.Repeat("a", 500):           "",
		"/" + strings.Repeat("-", 200) + address: "",
	} {
		got := vendor.PathMAC(path)
		if want == "" && !got.IsZero() || want != "" && (got.IsZero() || got.String() != want) {
			t.Errorf("PathMAC(%.60q) = %v, want %q", path, got, want)
		}
	}
}

func TestConfig(t *testing.T) {
	t.Parallel()
	var c vendor.Config
	if err := c.Add("a", "1"); err != nil {
		t.Fatal(err)
	}
	if err := c.Add("a", "2"); err == nil {
		t.Error("a parameter that appears twice is taken")
	}
	c.Set("b", "2")
	var later vendor.Config
	later.Set("c", "3")
	later.Set("a", "4")
	c.Merge(&later)
	want := []vendor.Setting{{Name: "a", Value: "4"}, {Name: "b", Value: "2"}, {Name: "c", Value: "3"}}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if v, ok := c.Lookup("d"); ok || v != "" || c.Get("c") != "3" {
		t.Errorf("Lookup of a missing parameter: %q, %v", v, ok)
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("Acme 20 0000a1000001", "/0000a1000001.cfg")
	f.Add("", "/cfg0000a1000001.xml")
	r := vendor.NewRegistry(acme(), bolt())
	f.Fuzz(func(t *testing.T, ua, path string) {
		got, known, err := r.Identify(vendor.Evidence{UserAgent: ua, Path: path})
		if err == nil && known != (got.Vendor != "") {
			t.Errorf("known is %v with vendor %q", known, got.Vendor)
		}
	})
}

// A model that obeys other commands is told by those, and every other model by the
// vendor's usual ones.
func TestCommandsOf(t *testing.T) {
	t.Parallel()
	p := acme()
	p.Commands = vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"}
	p.Deviating = map[string]vendor.Commands{"10": {Reprovision: "check-sync"}}
	for model, want := range map[string]vendor.Commands{"10": {Reprovision: "check-sync"}, "20": p.Commands, "": p.Commands} {
		if got := p.CommandsOf(model); got != want {
			t.Errorf("model %q obeys %+v, want %+v", model, got, want)
		}
	}
}
