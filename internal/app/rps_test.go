package app_test

import (
	"context"
	"errors"
	"log/slog"
	"net/http/httptest"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/dialplane/dialplane/internal/admin"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// acme is a redirect service that takes no account and has a device of nobody's.
type acme struct{}

func (acme) Services() []fleet.RedirectService {
	return []fleet.RedirectService{{
		Name: "acme-rps", Vendor: "Acme", Title: "Acme RPS", Batch: 1, Rate: 1, Lists: true,
		Regions: []fleet.RedirectRegion{{Name: "eu", URL: "https://eu.acme.example"}, {Name: "us", URL: "https://us.acme.example"}},
		Fields:  []fleet.RedirectField{{Name: "user", Title: "the user"}, {Name: "key", Title: "the key", Secret: true}, {Name: "group", Title: "the group", Optional: true}},
	}}
}

func (acme) CheckEndpoint(string) string { return "" }
func (acme) Pace(fleet.ID) float64       { return 0 }
func (acme) Wake()                       {}

func (acme) Verify(context.Context, fleet.RedirectAccount) error {
	return errors.New("the key is not accepted")
}

func (acme) Compare(context.Context, fleet.RedirectAccount, []fleet.RedirectErrand) (fleet.RedirectDifference, error) {
	return fleet.RedirectDifference{Foreign: []mac.Addr{mac.MustParse("001565999999")}}, nil
}

func (acme) Forget(_ context.Context, _ fleet.RedirectAccount, macs []mac.Addr) []error {
	return make([]error, len(macs))
}

// TestRPSCommands runs the scripts under testdata/rps against the API at $API, whose
// administrator's token is $TOKEN and whose tenant $TENANT. The command 'field FILE NAME
// VARIABLE' sets a variable to a field of a file.
func TestRPSCommands(t *testing.T) {
	t.Parallel()
	ctx, log := t.Context(), slog.New(slog.DiscardHandler)
	db, err := store.Open(ctx, t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = db.Close() })
	registry := packs.Registry()
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		t.Fatal(err)
	}
	core, err := provision.New(ctx, provision.Config{Registry: registry, Catalog: catalog, Source: db, Enroller: nobody{}, Recorder: nobody{}, Log: log})
	if err != nil {
		t.Fatal(err)
	}
	f := fleet.New(fleet.Config{Store: db, Changes: core, Catalog: catalog, Now: time.Now, Log: log, Redirects: acme{}, Base: "https://phones.example.com/"})
	_, token, err := f.Bootstrap(ctx, secret.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	root, err := f.Authenticate(ctx, token, "")
	if err != nil {
		t.Fatal(err)
	}
	in, err := f.ActIn(ctx, root, 0)
	if err != nil {
		t.Fatal(err)
	}
	handler, _ := admin.New(admin.Options{Fleet: f, PhoneURL: core.PhoneURL, DectURL: core.DectURL, Status: core.Status, Log: log, Version: "test"})
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	testscript.Run(t, testscript.Params{
		Dir: "testdata/rps",
		Setup: func(e *testscript.Env) error {
			e.Setenv("API", server.URL)
			e.Setenv("TOKEN", token.Reveal())
			e.Setenv("TENANT", in.Tenant.String())
			return nil
		},
		Cmds: map[string]func(ts *testscript.TestScript, neg bool, args []string){
			"field": func(ts *testscript.TestScript, _ bool, args []string) {
				found := regexp.MustCompile(`"` + args[1] + `":"([^"]*)"`).FindStringSubmatch(ts.ReadFile(args[0]))
				if found == nil {
					ts.Fatalf("%s has no %s: %s", args[0], args[1], strings.TrimSpace(ts.ReadFile(args[0])))
				}
				ts.Setenv(args[2], found[1])
			},
		},
	})
}
