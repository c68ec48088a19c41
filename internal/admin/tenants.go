package admin

import (
	"cmp"
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/fleet"
)

type tenant struct {
	ID              string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Name            string     `json:"name" example:"Example Ltd"`
	Domain          string     `json:"domain" example:"example.com" doc:"SIP domain: the host part of every address of record."`
	Endpoints       endpoints  `json:"endpoints" doc:"Where phones reach the PBX, for each interface that a phone can be told to use."`
	NTP             []string   `json:"ntp" example:"pool.ntp.org" doc:"Time servers."`
	TimeZone        string     `json:"timezone" example:"Europe/Berlin" doc:"IANA time zone, the default for phones."`
	Language        string     `json:"language" example:"ENGLISH" doc:"The default for phones."`
	Tone            blank      `json:"tone" example:"DEU" doc:"Country of the call-progress tones, ISO 3166-1 alpha-3."`
	ProvisioningURL blank      `json:"provisioning_url" example:"https://phones.example.com" doc:"Base of the addresses of its phones; null for the installation's."`
	PollMinutes     int        `json:"poll_minutes" example:"1440" doc:"How often phones look for a new configuration."`
	RegisterExpires int        `json:"register_expires" example:"3600" doc:"Seconds between registrations."`
	VoicemailNumber blank      `json:"voicemail_number" example:"*98"`
	PickupCode      blank      `json:"pickup_code" example:"*8" doc:"Dialled before an extension to take its call."`
	EnrolNetworks   []string   `json:"enrol_networks" example:"192.0.2.0/24" doc:"Where phones may enrol from; empty for private networks."`
	EnrolMinutes    int        `json:"enrol_minutes" example:"15" doc:"How long a newly assigned phone may enrol; 0 for not by itself."`
	Notify          notify     `json:"notify" doc:"How its phones are told to fetch their configuration or to restart."`
	CreatedAt       *time.Time `json:"created_at" example:"2026-11-23T08:00:00Z"`
	UpdatedAt       *time.Time `json:"updated_at" example:"2026-11-23T08:00:00Z"`
}

// notify is the way of SIP NOTIFYs to the phones. Its password is written, never
// read.
type notify struct {
	Method    string `json:"method" enum:"proxy,direct,asterisk,freeswitch" example:"proxy" doc:"proxy: to sip:extension@domain through the PBX or a proxy. direct: to the address the phone was seen at. asterisk: by its manager interface. freeswitch: by its event socket."`
	Address   blank  `json:"address" example:"pbx.example.com:5060" doc:"host:port of the proxy, manager interface or event socket; null for the endpoint of the phone's interface."`
	Transport blank  `json:"transport" example:"UDP" doc:"To the proxy: UDP, TCP or TLS; null for UDP."`
	User      blank  `json:"user" example:"dialplane" doc:"That answers the proxy's challenge or signs in to Asterisk."`
}

type notifyInput struct {
	Method    string    `json:"method" enum:"proxy,direct,asterisk,freeswitch" example:"asterisk" doc:"See the tenant."`
	Address   string    `json:"address,omitempty" maxLength:"260" example:"pbx.example.com:5038" doc:"host:port of the proxy, manager interface or event socket."`
	Transport string    `json:"transport,omitempty" enum:"UDP,TCP,TLS" example:"UDP" doc:"To the proxy."`
	User      string    `json:"user,omitempty" maxLength:"128" example:"dialplane" doc:"That answers the proxy's challenge or signs in to Asterisk."`
	Password  *password `json:"password,omitempty" maxLength:"256" example:"a password" doc:"Kept as it is where it is left out; never shown."`
}

// endpoint is where an interface's registrar is.
type endpoint struct {
	Host string `json:"host" example:"pbx.example.com" doc:"Name or IP address, without port."`
	UDP  *int   `json:"udp" example:"5060" doc:"Port for SIP over UDP; null where it is not offered."`
	TCP  *int   `json:"tcp" example:"5060"`
	TLS  *int   `json:"tls" example:"5061"`
}

type endpointInput struct {
	Host string `json:"host" minLength:"1" maxLength:"253" example:"pbx.example.com" doc:"Name or IP address, without port."`
	UDP  *int   `json:"udp,omitempty" minimum:"0" maximum:"65535" example:"5060" doc:"Port for SIP over UDP; null or 0 where it is not offered."`
	TCP  *int   `json:"tcp,omitempty" minimum:"0" maximum:"65535" example:"5060"`
	TLS  *int   `json:"tls,omitempty" minimum:"0" maximum:"65535" example:"5061"`
}

type (
	endpoints      map[fleet.Interface]endpoint
	endpointInputs map[fleet.Interface]endpointInput
)

// Schema names the interfaces.
func (endpoints) Schema(r huma.Registry) *huma.Schema { return byInterface[endpoint](r) }

// Schema names the interfaces.
func (endpointInputs) Schema(r huma.Registry) *huma.Schema { return byInterface[endpointInput](r) }

// TenantFields are what can be set of a tenant beside its name and domain.
type TenantFields struct {
	Endpoints       *endpointInputs `json:"endpoints,omitempty" doc:"Where phones reach the PBX, for each interface; replaces all of them."`
	NTP             *[]string       `json:"ntp,omitempty" maxItems:"2" maxLength:"253" example:"pool.ntp.org" doc:"At most 2 time servers."`
	TimeZone        *string         `json:"timezone,omitempty" maxLength:"64" example:"Europe/Berlin" doc:"IANA time zone, the default for phones."`
	Language        *language       `json:"language,omitempty" doc:"The default for phones, accepted in any case."`
	Tone            *string         `json:"tone,omitempty" maxLength:"64" example:"DEU" doc:"Country of the call-progress tones, ISO 3166-1 alpha-3."`
	ProvisioningURL *string         `json:"provisioning_url,omitempty" maxLength:"256" example:"https://phones.example.com" doc:"Base of the addresses of its phones; empty for the installation's."`
	PollMinutes     *int            `json:"poll_minutes,omitempty" minimum:"1" maximum:"525600" example:"1440" doc:"How often phones look for a new configuration."`
	RegisterExpires *int            `json:"register_expires,omitempty" minimum:"1" maximum:"604800" example:"3600" doc:"Seconds between registrations."`
	VoicemailNumber *string         `json:"voicemail_number,omitempty" maxLength:"64" example:"*98"`
	PickupCode      *string         `json:"pickup_code,omitempty" maxLength:"64" example:"*8" doc:"Dialled before an extension to take its call."`
	EnrolNetworks   *[]string       `json:"enrol_networks,omitempty" maxItems:"64" maxLength:"64" example:"192.0.2.0/24" doc:"Where phones may enrol from; empty for private networks."`
	EnrolMinutes    *int            `json:"enrol_minutes,omitempty" minimum:"0" maximum:"1440" example:"15" doc:"How long a newly assigned phone may enrol; 0 for not by itself."`
	Notify          *notifyInput    `json:"notify,omitempty" doc:"How its phones are told to fetch or to restart; replaces all of it but a password that is left out."`
}

type tenantCreate struct {
	Name   string `json:"name" minLength:"1" maxLength:"256" example:"Example Ltd" doc:"Unique in the installation."`
	Domain string `json:"domain" minLength:"1" maxLength:"253" example:"example.com" doc:"SIP domain; unique in the installation."`
	TenantFields
}

type tenantUpdate struct {
	Name   *string `json:"name,omitempty" minLength:"1" maxLength:"256" example:"Example Ltd" doc:"Unique in the installation."`
	Domain *string `json:"domain,omitempty" minLength:"1" maxLength:"253" example:"example.com" doc:"SIP domain; unique in the installation."`
	TenantFields
}

func (s *server) registerTenants() {
	register(s, operation{
		method: http.MethodGet, path: "/tenant", id: "getMyTenant", tag: tagTenants, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get the tenant of the credential",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[tenant], error) {
		t, err := s.Fleet.MyTenant(ctx, r.Caller)
		return &output[tenant]{tenantOf(t)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/tenant", id: "updateMyTenant", tag: tagTenants, status: http.StatusOK, role: fleet.Admin,
		summary: "Change the tenant of the credential",
	}, func(ctx context.Context, r request, in *input[tenantUpdate]) (*empty, error) {
		return nothing(s.Fleet.UpdateMyTenant(ctx, r.Caller, in.Body.input(in.Body.Name, in.Body.Domain)))
	})
	register(s, operation{
		method: http.MethodGet, path: "/tenants", id: "listTenants", tag: tagTenants, status: http.StatusOK, role: fleet.Viewer, installation: true, fields: fleet.TenantFields,
		summary: "List the tenants of the installation",
		detail:  "For administrators of the installation.",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[tenant]], error) {
		found, n, err := s.Fleet.Tenants(ctx, r.Caller, r.Query)
		return listed(r, found, n, tenantOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/tenants", id: "createTenant", tag: tagTenants, status: http.StatusCreated, role: fleet.Admin, installation: true,
		summary: "Create a tenant",
		detail:  "For administrators of the installation.",
	}, func(ctx context.Context, r request, in *input[tenantCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreateTenant(ctx, r.Caller, in.Body.input(&in.Body.Name, &in.Body.Domain)))
	})
	register(s, operation{
		method: http.MethodGet, path: "/tenants/{id}", id: "getTenant", tag: tagTenants, status: http.StatusOK, role: fleet.Viewer, installation: true,
		summary: "Get a tenant",
		detail:  "For administrators of the installation.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[tenant], error) {
		t, err := s.Fleet.Tenant(ctx, r.Caller, in.ID.ref())
		return &output[tenant]{tenantOf(t)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/tenants/{id}", id: "updateTenant", tag: tagTenants, status: http.StatusOK, role: fleet.Admin, installation: true,
		summary: "Change a tenant",
		detail:  "For administrators of the installation.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body tenantUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateTenant(ctx, r.Caller, in.ID.ref(), in.Body.input(in.Body.Name, in.Body.Domain)))
	})
	register(s, operation{
		method: http.MethodPost, path: "/tenants/{id}/destroy", id: "deleteTenant", tag: tagTenants, status: http.StatusNoContent, role: fleet.Admin, installation: true,
		flags:   map[string]string{"force": "Delete it even where devices are registered for accounts of its own at redirect services: they stay registered there."},
		summary: "Delete a tenant and everything in it",
		detail:  "For administrators of the installation. The first tenant cannot be deleted.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteTenant(ctx, r.Caller, in.ID.ref(), r.Flags["force"]))
	})
}

func (t TenantFields) input(name, domain *string) fleet.TenantInput {
	return fleet.TenantInput{
		Name: name, Domain: domain,
		Endpoints: maybe(t.Endpoints, func(in endpointInputs) map[fleet.Interface]fleet.EndpointInput {
			out := make(map[fleet.Interface]fleet.EndpointInput, len(in))
			for i, e := range in {
				out[i] = fleet.EndpointInput{Host: e.Host, UDP: orZero(e.UDP), TCP: orZero(e.TCP), TLS: orZero(e.TLS)}
			}
			return out
		}),
		NTP: t.NTP, TimeZone: t.TimeZone, Language: maybe(t.Language, language.text), Tone: t.Tone, ProvisioningURL: t.ProvisioningURL,
		PollMinutes: t.PollMinutes, RegisterExpires: t.RegisterExpires, VoicemailNumber: t.VoicemailNumber, PickupCode: t.PickupCode,
		EnrolNetworks: t.EnrolNetworks, EnrolMinutes: t.EnrolMinutes,
		Notify: maybe(t.Notify, func(n notifyInput) fleet.NotifyInput {
			return fleet.NotifyInput{Method: n.Method, Address: n.Address, Transport: n.Transport, User: n.User, Password: secretOf(n.Password)}
		}),
	}
}

func tenantOf(t fleet.Tenant) tenant {
	out := tenant{
		ID: t.ID.String(), Name: t.Name, Domain: t.Domain, Endpoints: endpoints{}, NTP: orEmpty(t.NTP),
		TimeZone: t.TimeZone, Language: t.Language, Tone: blank(t.Tone), ProvisioningURL: blank(t.ProvisioningURL),
		PollMinutes: t.PollMinutes, RegisterExpires: t.RegisterExpires,
		VoicemailNumber: blank(t.VoicemailNumber), PickupCode: blank(t.PickupCode),
		EnrolNetworks: []string{}, EnrolMinutes: t.EnrolMinutes,
		Notify: notify{
			Method:  string(cmp.Or(t.Notify.Method, fleet.NotifyProxy)),
			Address: blank(t.Notify.Address), Transport: blank(t.Notify.Transport), User: blank(t.Notify.User),
		},
		CreatedAt: moment(t.CreatedAt), UpdatedAt: moment(t.UpdatedAt),
	}
	for i, e := range t.Endpoints {
		out.Endpoints[i] = endpoint{Host: e.Host, UDP: nonZero(e.UDP), TCP: nonZero(e.TCP), TLS: nonZero(e.TLS)}
	}
	for _, n := range t.EnrolNetworks {
		out.EnrolNetworks = append(out.EnrolNetworks, n.String())
	}
	return out
}
