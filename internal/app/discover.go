package app

import (
	"context"
	"log/slog"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listen/pnp"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
)

// discoverer lets the provisioning core decide about phones that multicast.
type discoverer struct{ core *provision.Core }

func (d discoverer) Discover(ctx context.Context, p pnp.Discovery) pnp.Verdict {
	answer, url := d.core.Discover(ctx, provision.Discovery{
		MAC: p.MAC, Vendor: p.Vendor, Model: p.Model, Version: p.Version, UserAgent: p.UserAgent, IP: p.Source.Addr().Unmap(),
	})
	return pnp.Verdict{Answer: answer, URL: url}
}

// inviting passes changes on to the core, and gives phones that asked by multicast
// and are waiting their addresses once a window opens for them: when they are
// assigned, say.
type inviting struct {
	*provision.Core
	pnp *pnp.Server
}

func (i inviting) EnrolmentsChanged(ctx context.Context, tenant fleet.ID, m mac.Addr) error {
	if err := i.Core.EnrolmentsChanged(ctx, tenant, m); err != nil {
		return err
	}
	i.Invite(ctx, tenant, m, i.pnp.Assign)
	return nil
}

// listenPnP listens for phones that multicast, or says in the log why not: the
// rest of the server works without.
func (c serveCmd) listenPnP(core *provision.Core, log *slog.Logger) *pnp.Server {
	if !c.PnP {
		return nil
	}
	s, err := pnp.Listen(pnp.Options{Interfaces: c.PnPInterface, Core: discoverer{core}, Log: log})
	if err != nil {
		log.Warn("phones that ask by multicast are not heard", "error", err)
		return nil
	}
	return s
}
