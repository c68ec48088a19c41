package packs_test

import (
	"regexp"
	"testing"

	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// Every service says all of itself, under a name that no other has, and is its vendor's.
func TestRedirects(t *testing.T) {
	t.Parallel()
	vendors := make(map[string]bool)
	for _, p := range packs.Registry().Packs() {
		vendors[p.Name] = true
	}
	names := make(map[string]bool)
	for _, s := range packs.Redirects() {
		if names[s.Name] || !regexp.MustCompile(`^[a-z][a-z0-9-]+$`).MatchString(s.Name) {
			t.Errorf("the name %q is another's, or none", s.Name)
		}
		names[s.Name] = true
		if !vendors[s.Vendor] {
			t.Errorf("%s is of %q, of which there is no pack", s.Name, s.Vendor)
		}
		if s.Title == "" || s.Source == "" || s.Batch < 1 || s.Rate <= 0 || s.Rest <= 0 || s.Open == nil {
			t.Errorf("%s says too little of itself", s.Name)
		}
		if len(s.Regions) == 0 || len(s.Fields) == 0 {
			t.Errorf("%s is nowhere, or has accounts of nothing", s.Name)
		}
		for _, r := range s.Regions {
			if wrong := redirect.CheckEndpoint(r.URL); r.Name == "" || wrong != "" {
				t.Errorf("%s in the region %q %s", s.Name, r.Name, wrong)
			}
		}
		fields := make(map[string]bool)
		for _, f := range s.Fields {
			if fields[f.Name] || f.Title == "" || !regexp.MustCompile(`^[a-z][a-z0-9_]*$`).MatchString(f.Name) {
				t.Errorf("%s has the field %q twice, or without a title", s.Name, f.Name)
			}
			fields[f.Name] = true
		}
	}
}
