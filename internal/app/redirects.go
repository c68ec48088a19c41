package app

import (
	"context"
	"crypto/x509"
	"errors"
	"fmt"
	"log/slog"
	"net/netip"
	"os"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/rps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// redirectOptions are the options of 'serve' that concern the vendors' redirect services.
type redirectOptions struct {
	RPSAllow    []netip.Prefix `name:"rps-allow" help:"Network that redirect services may be reached in though it is not the internet, such as that of a proxy of your own; repeat for several." placeholder:"NETWORK"`
	RPSCA       string         `name:"rps-ca" help:"Certificate authorities to trust for redirect services, in PEM, in place of the system's." placeholder:"FILE"`
	FirstAccess time.Duration  `name:"first-access" help:"How long the address is good that a redirect service sends a phone to; one that was not used by then is made anew." default:"720h"`
}

func (o redirectOptions) validateRedirects() error {
	if o.FirstAccess < time.Hour {
		return fmt.Errorf("--first-access %s is below an hour", o.FirstAccess)
	}
	return nil
}

// worker returns what tells the redirect services, of an installation whose phones reach
// it at base.
func (o redirectOptions) worker(s *server, base string, log *slog.Logger) (*rps.Worker, error) {
	guard := redirect.Guard{Allow: o.RPSAllow}
	if o.RPSCA != "" {
		text, err := os.ReadFile(o.RPSCA)
		if err != nil {
			return nil, fmt.Errorf("--rps-ca: %w", err)
		}
		guard.Roots = x509.NewCertPool()
		if !guard.Roots.AppendCertsFromPEM(text) {
			return nil, errors.New("--rps-ca " + o.RPSCA + " holds no certificate in PEM")
		}
	}
	return rps.New(rps.Config{
		Store: s.store, Services: packs.Redirects(), Guard: guard, Log: log,
		Address: func(tenants string, token secret.Secret) secret.Secret {
			if tenants == "" {
				tenants = base
			}
			return secret.New(provision.FirstAccess(strings.TrimSuffix(tenants, "/")+"/", token))
		},
		Renew: func(ctx context.Context) (int, error) { return s.fleet.RenewPointers(ctx) },
	}), nil
}

// pointers keeps first-access addresses for the provisioning core.
type pointers struct{ server *server }

func (p pointers) UsePointer(ctx context.Context, tenant fleet.ID, m mac.Addr, hash [32]byte, at time.Time) (first bool, err error) {
	err = p.server.store.Write(ctx, func(w fleet.Writer) error {
		first, err = w.UsePointer(ctx, tenant, m, hash, at)
		return err
	})
	return first, err
}

func (p pointers) RotatePointer(ctx context.Context, tenant fleet.ID, m mac.Addr) error {
	return p.server.fleet.RotatePointer(ctx, tenant, m, "first access")
}
