package fleet

import (
	"context"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// TenantInput is what can be set of a tenant. Nil fields are not given. Its faults
// point at /name, /domain, /endpoints/WEB_DOMAIN/host (or udp, tcp, tls), /ntp/0,
// /timezone, /language, /tone, /provisioning_url, /poll_minutes, /register_expires,
// /voicemail_number, /pickup_code, /enrol_networks/0 and /enrol_minutes.
type TenantInput struct {
	Name            *string // required on create
	Domain          *string // required on create
	Endpoints       *map[Interface]EndpointInput
	NTP             *[]string
	TimeZone        *string
	Language        *string
	Tone            *string
	ProvisioningURL *string
	PollMinutes     *int
	RegisterExpires *int
	VoicemailNumber *string
	PickupCode      *string
	EnrolNetworks   *[]string // CIDR prefixes or single addresses
	EnrolMinutes    *int
}

// EndpointInput is a registrar's address: ports are 0 where a transport is not
// offered.
type EndpointInput struct {
	Host          string
	UDP, TCP, TLS int
}

// Bootstrap makes the default tenant and a token for the installation's
// administrator, if the store is new.
func (f *Fleet) Bootstrap(ctx context.Context, adminToken secret.Secret) (created bool, token secret.Secret, err error) {
	panic("unwritten")
}

// MyTenant returns the caller's tenant.
func (f *Fleet) MyTenant(ctx context.Context, c Caller) (Tenant, error) { panic("unwritten") }

// UpdateMyTenant changes the caller's tenant.
func (f *Fleet) UpdateMyTenant(ctx context.Context, c Caller, in TenantInput) error {
	panic("unwritten")
}

// Tenants lists the tenants of the installation.
func (f *Fleet) Tenants(ctx context.Context, c Caller, q listquery.Query) ([]Tenant, int, error) {
	panic("unwritten")
}

// CreateTenant makes a tenant.
func (f *Fleet) CreateTenant(ctx context.Context, c Caller, in TenantInput) (ID, error) {
	panic("unwritten")
}

// Tenant returns a tenant of the installation.
func (f *Fleet) Tenant(ctx context.Context, c Caller, id ID) (Tenant, error) { panic("unwritten") }

// UpdateTenant changes a tenant of the installation.
func (f *Fleet) UpdateTenant(ctx context.Context, c Caller, id ID, in TenantInput) error {
	panic("unwritten")
}

// DeleteTenant removes a tenant and everything in it.
func (f *Fleet) DeleteTenant(ctx context.Context, c Caller, id ID) error { panic("unwritten") }
