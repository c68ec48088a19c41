package store

import (
	"context"
	"encoding/json"
	"errors"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

var tenantColumns = columns{
	"id":     ownID("id"),
	"name":   {expr: "name", folded: "name_folded"},
	"domain": {expr: "domain", folded: "domain_folded"},
}

const tenantFields = `id, name, domain, code, endpoints, ntp, timezone, language, tone, provisioning_url,
	poll_minutes, register_expires, voicemail_number, pickup_code, enrol_networks, enrol_minutes, notify, created_at, updated_at`

// endpoint is a fleet.Endpoint as it is kept.
type endpoint struct {
	Host string `json:"host"`
	UDP  int    `json:"udp,omitempty"`
	TCP  int    `json:"tcp,omitempty"`
	TLS  int    `json:"tls,omitempty"`
}

func (r *reader) scanTenant(row scanner) (fleet.Tenant, error) {
	var (
		t         fleet.Tenant
		endpoints map[fleet.Interface]endpoint
	)
	err := row.Scan(&t.ID, &t.Name, &t.Domain, &t.Code, asJSON(&endpoints), asJSON(&t.NTP), &t.TimeZone, &t.Language, &t.Tone, &t.ProvisioningURL,
		&t.PollMinutes, &t.RegisterExpires, &t.VoicemailNumber, &t.PickupCode, asJSON(&t.EnrolNetworks), &t.EnrolMinutes, r.notify(&t.Notify, &t.ID), asTime(&t.CreatedAt), asTime(&t.UpdatedAt))
	if endpoints != nil {
		t.Endpoints = make(map[fleet.Interface]fleet.Endpoint, len(endpoints))
		for name, e := range endpoints {
			t.Endpoints[name] = fleet.Endpoint(e)
		}
	}
	return t, err
}

// notify is a fleet.Notify as it is kept: sealed whole. No value is the zero
// Notify, which every tenant had before the column was there.
type notify struct {
	Method    fleet.NotifyMethod `json:"method"`
	Address   string             `json:"address,omitempty"`
	Transport fleet.Transport    `json:"transport,omitempty"`
	User      string             `json:"user,omitempty"`
	Password  string             `json:"password,omitempty"`
}

const tenantNotify = "tenants.notify"

func (r *reader) notify(n *fleet.Notify, tenant *fleet.ID) scanFunc {
	return func(src any) error {
		if src == nil {
			return nil
		}
		var (
			text secret.Secret
			kept notify
		)
		if err := r.sealed(&text, tenant, tenant, tenantNotify)(src); err != nil {
			return err
		}
		if err := json.Unmarshal([]byte(text.Reveal()), &kept); err != nil {
			return errors.New("the notify settings of a tenant are damaged")
		}
		*n = fleet.Notify{Method: kept.Method, Address: kept.Address, Transport: kept.Transport, User: kept.User, Password: secret.New(kept.Password)}
		return nil
	}
}

func (w *writer) sealNotify(t fleet.Tenant) []byte {
	n := t.Notify
	kept := notify{n.Method, n.Address, n.Transport, n.User, n.Password.Reveal()}
	return w.seal(secret.New(jsonText(kept)), t.ID, t.ID, tenantNotify)
}

func endpointsText(endpoints map[fleet.Interface]fleet.Endpoint) string {
	if endpoints == nil {
		return "null"
	}
	kept := make(map[fleet.Interface]endpoint, len(endpoints))
	for name, e := range endpoints {
		kept[name] = endpoint(e)
	}
	return jsonText(kept)
}

func (r *reader) Tenant(ctx context.Context, id fleet.ID) (fleet.Tenant, error) {
	return one(ctx, r.conn, "tenant", r.scanTenant, `SELECT `+tenantFields+` FROM tenants WHERE id = $1`, id)
}

func (r *reader) TenantByDomain(ctx context.Context, domain string) (fleet.Tenant, error) {
	return one(ctx, r.conn, "tenant", r.scanTenant, `SELECT `+tenantFields+` FROM tenants WHERE domain_folded = $1`, fold(domain))
}

func (r *reader) Tenants(ctx context.Context, q listquery.Query) ([]fleet.Tenant, int, error) {
	return listOf(ctx, r.conn, q, "id", r.scanTenant, []source{{tenantFields, `FROM tenants WHERE 1 = 1`, tenantColumns}})
}

func (w *writer) InsertTenant(ctx context.Context, t fleet.Tenant) error {
	return w.exec(ctx, `INSERT INTO tenants (id, name, name_folded, domain, domain_folded, code, endpoints, ntp, timezone, language,
			tone, provisioning_url, poll_minutes, register_expires, voicemail_number, pickup_code, enrol_networks, enrol_minutes, created_at, updated_at, notify)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21)`,
		t.ID, t.Name, fold(t.Name), t.Domain, fold(t.Domain), t.Code, endpointsText(t.Endpoints), jsonText(t.NTP), t.TimeZone, t.Language,
		t.Tone, t.ProvisioningURL, t.PollMinutes, t.RegisterExpires, t.VoicemailNumber, t.PickupCode, jsonText(t.EnrolNetworks), t.EnrolMinutes, millis(t.CreatedAt), millis(t.UpdatedAt), w.sealNotify(t))
}

func (w *writer) UpdateTenant(ctx context.Context, t fleet.Tenant) error {
	return w.change(ctx, "tenant", `UPDATE tenants SET name = $2, name_folded = $3, domain = $4, domain_folded = $5, code = $6, endpoints = $7, ntp = $8,
			timezone = $9, language = $10, tone = $11, provisioning_url = $12, poll_minutes = $13, register_expires = $14, voicemail_number = $15,
			pickup_code = $16, enrol_networks = $17, enrol_minutes = $18, updated_at = $19, notify = $20
		WHERE id = $1`,
		t.ID, t.Name, fold(t.Name), t.Domain, fold(t.Domain), t.Code, endpointsText(t.Endpoints), jsonText(t.NTP),
		t.TimeZone, t.Language, t.Tone, t.ProvisioningURL, t.PollMinutes, t.RegisterExpires, t.VoicemailNumber,
		t.PickupCode, jsonText(t.EnrolNetworks), t.EnrolMinutes, millis(t.UpdatedAt), w.sealNotify(t))
}

func (w *writer) DeleteTenant(ctx context.Context, id fleet.ID) error {
	if err := w.leaveRedirections(ctx, id); err != nil {
		return err
	}
	if err := w.change(ctx, "tenant", `DELETE FROM tenants WHERE id = $1`, id); err != nil {
		return err
	}
	if err := w.exec(ctx, `DELETE FROM tokens WHERE tenant = $1`, id); err != nil {
		return err
	}
	return w.exec(ctx, `DELETE FROM accounts WHERE tenant = $1`, id)
}
