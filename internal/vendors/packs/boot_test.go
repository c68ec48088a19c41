package packs_test

import (
	"cmp"
	"crypto/tls"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/simulate"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// TestRedirectedBoot registers a phone at its vendor's service and boots it: all that it
// asks for is below the address that it was registered with.
func TestRedirectedBoot(t *testing.T) {
	t.Parallel()
	now := func() time.Time { return redirecttest.Now }
	for service, phone := range map[string]struct {
		standin redirecttest.Standin
		model   string
		serial  string
	}{
		"yealink-rps":        {standins.NewYealinkRPS(now), "T46U", ""},
		"yealink-ymcs":       {standins.NewYealinkYMCS(now), "T54W", ""},
		"yealink-xmlrpc":     {standins.NewYealinkXMLRPC(), "T31P", ""},
		"htek-rps":           {standins.NewHtek(), "UC926", ""},
		"fanvil-fdps":        {standins.NewFDPS(), "X4U", ""},
		"panasonic-redirect": {standins.NewPanasonic(), "KX-HDV130", ""},
		"akuvox-rps":         {standins.NewAkuvox(), "SP-R50P", ""},
		"snom-sraps":         {standins.NewSRAPS(now), "D785", ""},
		"snom-xmlrpc":        {standins.NewSnomXMLRPC(), "D335", ""},
		"gigaset-redirect":   {standins.NewGigasetRedirect(), "Maxwell-3-PRO", ""},
		"gigaset-grape":      {standins.NewGRAPE(now), "P850", ""},
		"grandstream-gdms":   {standins.NewGDMS(now), "GRP2614", "20EZ115N82AABB01"},
	} {
		t.Run(service, func(t *testing.T) {
			t.Parallel()
			at := slices.IndexFunc(packs.Redirects(), func(s redirect.Service) bool { return s.Name == service })
			if at < 0 {
				t.Fatal("there is no such service")
			}
			s := packs.Redirects()[at]
			pack, _ := packs.Registry().Pack(s.Vendor)
			unit := vendor.Unit{MAC: mac.MustParse(pack.OUIs[0] + "aabb01"), Model: phone.model}

			var mu sync.Mutex
			var asked []string
			files := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				defer mu.Unlock()
				asked = append(asked, r.URL.Path)
				http.NotFound(w, r)
			}))
			t.Cleanup(files.Close)
			server := redirecttest.Start(t, phone.standin)
			if err := server.Client(t, s, nil).Register(t.Context(), []redirect.Device{{
				MAC: unit.MAC, Model: unit.Model, Serial: cmp.Or(phone.serial, "001106312113402001"), Code: standins.GigasetCode(unit.MAC),
				URL: secret.New(files.URL + "/f/t0ken/"),
			}})[0]; err != nil {
				t.Fatal(err)
			}
			ask, err := url.Parse(server.URL + "/phones/")
			if err != nil {
				t.Fatal(err)
			}
			report := simulate.Run(t.Context(), simulate.Options{
				Phones:   []simulate.Phone{{Pack: pack, Unit: unit}},
				Redirect: map[string]*url.URL{pack.Name: ask},
				Timeout:  10 * time.Second, TLS: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: server.Roots},
			})
			if r := report.Results[0]; r.Cause != simulate.NoConfig {
				t.Errorf("the phone does not come as far as its server: %v", r.Err)
			}
			mu.Lock()
			defer mu.Unlock()
			if len(asked) == 0 || slices.ContainsFunc(asked, func(path string) bool { return !strings.HasPrefix(path, "/f/t0ken/") }) {
				t.Errorf("the phone asks for %q", asked)
			}
		})
	}
}
