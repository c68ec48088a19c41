package admin

import (
	"context"
	"maps"
	"net/http"
	"slices"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

type redirectService struct {
	Name        string           `json:"name" example:"yealink-rps" doc:"What an account names it by."`
	Vendor      string           `json:"vendor" example:"Yealink"`
	Title       string           `json:"title" example:"Yealink RPS (JSON API)"`
	Regions     []redirectRegion `json:"regions" doc:"Where it can be reached; the first is the default."`
	Fields      []redirectField  `json:"fields" doc:"What an account consists of."`
	NeedsSerial bool             `json:"needs_serial" example:"false" doc:"Whether it registers no device without its serial_number."`
	NeedsCode   bool             `json:"needs_code" example:"false" doc:"Whether it registers no device without its device_code."`
	Lists       bool             `json:"lists" example:"true" doc:"Whether it can say what is registered for an account."`
}

type redirectRegion struct {
	Name string `json:"name" example:"eu"`
	URL  string `json:"url" example:"https://eu.rps.example.com"`
}

type redirectField struct {
	Name     string `json:"name" example:"access_key_id"`
	Title    string `json:"title" example:"AccessKey ID, under System, Integration"`
	Secret   bool   `json:"secret" example:"false"`
	Required bool   `json:"required" example:"true"`
}

type redirectAccount struct {
	ID          string          `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Service     string          `json:"service" example:"yealink-rps"`
	Vendor      string          `json:"vendor" example:"Yealink"`
	Inherited   bool            `json:"inherited" example:"false" doc:"Whether it is the installation's, which the tenant's devices are registered by as it has none of its own. Then endpoint and values are not shown."`
	Endpoint    blank           `json:"endpoint" example:"https://eu.rps.example.com" doc:"Null for the service's own."`
	Values      []redirectValue `json:"values"`
	Created     *time.Time      `json:"created" example:"2026-11-23T08:00:00Z"`
	Updated     *time.Time      `json:"updated" example:"2026-11-23T08:00:00Z"`
	Verified    *time.Time      `json:"verified" example:"2026-11-23T08:00:00Z" doc:"When the service was last asked whether it takes the account; null for never."`
	VerifyError blank           `json:"verify_error" example:"the key is not accepted" doc:"Why it did not then."`
	HeldReason  blank           `json:"held_reason" example:"the service says that it is called too often" doc:"Why nothing is sent now; null while it is."`
	HeldUntil   *time.Time      `json:"held_until" example:"2026-11-23T08:01:00Z" doc:"When it is tried again; null if only changing or verifying the account can help."`
}

type redirectValue struct {
	Name  string `json:"name" example:"access_key_id"`
	Value blank  `json:"value" example:"5b3c9a" doc:"Null for what is secret."`
	Set   bool   `json:"set" example:"true"`
}

type redirectValueInput struct {
	Name  string   `json:"name" minLength:"1" maxLength:"64" example:"access_key_id" doc:"One of the service's fields."`
	Value longText `json:"value" example:"5b3c9a" doc:"Empty to take it away."`
}

// RedirectAccountFields are what can be set of an account.
type RedirectAccountFields struct {
	Endpoint *string               `json:"endpoint,omitempty" maxLength:"512" example:"eu" doc:"One of the service's regions, or an https URL; empty for the service's own."`
	Values   *[]redirectValueInput `json:"values,omitempty" maxItems:"32" doc:"Those that are not named stay as they are."`
}

type redirectAccountCreate struct {
	Service string `json:"service" minLength:"1" maxLength:"64" example:"yealink-rps" doc:"One of /rps_services."`
	RedirectAccountFields
}

type redirectAccountUpdate struct{ RedirectAccountFields }

type redirectSync struct {
	Repair  *bool     `json:"repair,omitempty" example:"false" doc:"Register anew what is missing, stale or was refused. Without, nothing is changed."`
	Foreign *[]string `json:"foreign,omitempty" maxItems:"500" maxLength:"32" example:"001565aabbcc" doc:"Devices that the service has for this account and this fleet has not: those named are removed there."`
}

type redirectDifference struct {
	Matched   int             `json:"matched" example:"120" doc:"Devices that the service has as they should be."`
	Missing   []string        `json:"missing" example:"001565aabbcc" doc:"Devices that it does not have."`
	Stale     []string        `json:"stale" example:"001565aabbcc" doc:"Devices that it sends elsewhere, or should have forgotten."`
	Taken     []string        `json:"taken" example:"001565aabbcc" doc:"Devices that are registered by somebody else."`
	Foreign   []string        `json:"foreign" example:"001565aabbcc" doc:"Devices that it has for this account and this fleet has not. They are left alone unless named."`
	Refused   []string        `json:"refused" example:"001565aabbcc" doc:"Devices that it would not have when it was told of them, or that were somebody else's."`
	Unchecked int             `json:"unchecked" example:"0" doc:"Devices that it was not asked about: it does not list what it has, and there are too many."`
	Repaired  int             `json:"repaired" example:"0" doc:"Devices that are to be registered anew; /jobs shows how far that is."`
	Forgotten []string        `json:"forgotten" example:"001565aabbcc" doc:"Foreign devices that were removed."`
	Kept      []redirectFault `json:"kept" doc:"Foreign devices that it would not remove."`
}

type redirectFault struct {
	MAC    string `json:"mac" example:"001565aabbcc"`
	Reason string `json:"reason" example:"the service is busy"`
}

type redirectDevice struct {
	MAC     string     `json:"mac" example:"001565aabbcc"`
	Vendor  string     `json:"vendor" example:"Yealink"`
	Model   string     `json:"model" example:"T46U"`
	Service string     `json:"service" example:"yealink-rps"`
	Account string     `json:"account" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"Id of the account."`
	Want    string     `json:"want" enum:"registered,removed" doc:"What it is to be at the service."`
	Status  string     `json:"status" enum:"pending,registered,refused,foreign,removed" doc:"How that stands."`
	Reason  blank      `json:"reason" example:"the MAC address is not one of ours" doc:"Why, in plain words."`
	Updated *time.Time `json:"updated_at" example:"2026-11-23T08:00:00Z"`
}

func (s *server) registerRedirects() {
	register(s, operation{
		method: http.MethodGet, path: "/rps_services", id: "listRPSServices", tag: tagRedirects, status: http.StatusOK, role: fleet.Viewer, installation: true,
		summary: "List the vendors' redirect services",
		detail:  "A phone fresh from the shop asks its vendor's service where its server is. Where an account there is configured, `rps: true` has a device registered with it.",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[redirectService]], error) {
		found, err := s.Fleet.RedirectServices(ctx, r.Caller)
		return listed(r, found, len(found), redirectServiceOf), err
	})
	register(s, operation{
		method: http.MethodGet, path: "/rps_accounts", id: "listRPSAccounts", tag: tagRedirects, status: http.StatusOK, role: fleet.Viewer, installation: true,
		summary: "List accounts at redirect services",
		detail:  "Those of the tenant and, of vendors that it has none with, the installation's; an administrator of the installation who names no tenant manages the installation's own. No secret is ever shown.",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[redirectAccount]], error) {
		found, err := s.Fleet.RedirectAccounts(ctx, r.Caller)
		return listed(r, found, len(found), redirectAccountOf(r)), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/rps_accounts", id: "createRPSAccount", tag: tagRedirects, status: http.StatusCreated, role: fleet.Admin, installation: true,
		summary: "Create an account at a redirect service",
		detail:  "One for each vendor. Devices that the installation's account has registered for the tenant move to its own.",
	}, func(ctx context.Context, r request, in *input[redirectAccountCreate]) (*output[created], error) {
		out := in.Body.input()
		out.Service = &in.Body.Service
		return createdAs(s.Fleet.CreateRedirectAccount(ctx, r.Caller, out))
	})
	register(s, operation{
		method: http.MethodGet, path: "/rps_accounts/{id}", id: "getRPSAccount", tag: tagRedirects, status: http.StatusOK, role: fleet.Viewer, installation: true,
		summary: "Get an account at a redirect service",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[redirectAccount], error) {
		a, err := s.Fleet.RedirectAccount(ctx, r.Caller, in.ID.ref())
		return &output[redirectAccount]{redirectAccountOf(r)(a)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/rps_accounts/{id}", id: "updateRPSAccount", tag: tagRedirects, status: http.StatusOK, role: fleet.Admin, installation: true,
		summary: "Change an account at a redirect service",
		detail:  "What was held for its sake is tried again. If its endpoint or a value that is not secret changes, all its devices are registered anew.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body redirectAccountUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateRedirectAccount(ctx, r.Caller, in.ID.ref(), in.Body.input()))
	})
	register(s, operation{
		method: http.MethodPost, path: "/rps_accounts/{id}/destroy", id: "deleteRPSAccount", tag: tagRedirects, status: http.StatusNoContent, role: fleet.Admin, installation: true,
		flags:   map[string]string{"force": "Delete it even where devices are registered for it: they stay registered there. They move to the installation's account if there is one, and have rps off otherwise."},
		summary: "Delete an account at a redirect service",
		detail:  "One that has devices registered is a conflict that says how many, unless forced.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteRedirectAccount(ctx, r.Caller, in.ID.ref(), r.Flags["force"]))
	})
	register(s, operation{
		method: http.MethodPost, path: "/rps_accounts/{id}/verify", id: "verifyRPSAccount", tag: tagRedirects, status: http.StatusOK, role: fleet.Admin, installation: true,
		summary: "Ask a redirect service whether it takes an account",
		detail:  "The answer is the account: verify_error is null if the service takes it.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[redirectAccount], error) {
		a, err := s.Fleet.VerifyRedirectAccount(ctx, r.Caller, in.ID.ref())
		return &output[redirectAccount]{redirectAccountOf(r)(a)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/rps_accounts/{id}/sync", id: "syncRPSAccount", tag: tagRedirects, status: http.StatusOK, role: fleet.Admin, installation: true,
		summary: "Compare what a redirect service has with what it should have",
		detail:  "Nothing is changed unless the request says so.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body redirectSync
	},
	) (*output[redirectDifference], error) {
		found, err := s.Fleet.SyncRedirectAccount(ctx, r.Caller, in.ID.ref(), fleet.RedirectSyncInput{Repair: orZero(in.Body.Repair), Foreign: orZero(in.Body.Foreign)})
		return &output[redirectDifference]{redirectDifferenceOf(found)}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/rps_devices", id: "listRPSDevices", tag: tagRedirects, status: http.StatusOK, role: fleet.Viewer, fields: fleet.RedirectionFields,
		summary: "List what devices are at their vendors' redirect services",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[redirectDevice]], error) {
		found, n, err := s.Fleet.Redirections(ctx, r.Caller, r.Query)
		return listed(r, found, n, redirectDeviceOf), err
	})
}

func (f RedirectAccountFields) input() fleet.RedirectAccountInput {
	in := fleet.RedirectAccountInput{Endpoint: f.Endpoint}
	if f.Values != nil {
		in.Values = make(map[string]secret.Secret, len(*f.Values))
		for _, v := range *f.Values {
			in.Values[v.Name] = v.Value.Secret
		}
	}
	return in
}

func redirectServiceOf(s fleet.RedirectService) redirectService {
	return redirectService{
		Name: s.Name, Vendor: s.Vendor, Title: s.Title, NeedsSerial: s.NeedsSerial, NeedsCode: s.NeedsCode, Lists: s.Lists,
		Regions: each(func(r fleet.RedirectRegion) redirectRegion { return redirectRegion(r) })(s.Regions),
		Fields: each(func(f fleet.RedirectField) redirectField {
			return redirectField{Name: f.Name, Title: f.Title, Secret: f.Secret, Required: !f.Optional}
		})(s.Fields),
	}
}

func redirectAccountOf(r request) func(fleet.RedirectAccount) redirectAccount {
	return func(a fleet.RedirectAccount) redirectAccount {
		out := redirectAccount{
			ID: a.ID.String(), Service: a.Service, Vendor: a.Vendor, Inherited: a.Tenant != r.Tenant, Endpoint: blank(a.Endpoint), Values: []redirectValue{},
			Created: moment(a.CreatedAt), Updated: moment(a.UpdatedAt), Verified: moment(a.VerifiedAt), VerifyError: blank(a.VerifyError),
			HeldReason: blank(a.HeldReason), HeldUntil: moment(a.HeldUntil),
		}
		for _, name := range slices.Sorted(maps.Keys(a.Values)) {
			out.Values = append(out.Values, redirectValue{Name: name, Value: blank(a.Values[name]), Set: true})
		}
		for _, name := range slices.Sorted(maps.Keys(a.Secrets)) {
			out.Values = append(out.Values, redirectValue{Name: name, Set: true})
		}
		return out
	}
}

func redirectDifferenceOf(d fleet.RedirectSync) redirectDifference {
	names := each(mac.Addr.String)
	return redirectDifference{
		Matched: d.Matched, Missing: names(d.Missing), Stale: names(d.Stale), Taken: names(d.Taken), Foreign: names(d.Foreign), Refused: names(d.Refused),
		Unchecked: d.Unchecked, Repaired: d.Repaired, Forgotten: names(d.Forgotten),
		Kept: each(func(f fleet.Fault) redirectFault { return redirectFault{f.Pointer, f.Message} })(d.Kept),
	}
}

func redirectDeviceOf(x fleet.Redirection) redirectDevice {
	return redirectDevice{
		MAC: x.MAC.String(), Vendor: x.Vendor, Model: x.Model, Service: x.Service, Account: x.Account.String(),
		Want: string(x.Want), Status: string(x.Status), Reason: blank(x.Reason), Updated: moment(x.UpdatedAt),
	}
}

// Redirected is how a device stands at its vendor's redirect service.
type Redirected struct {
	RPSStatus blank `json:"rps_status" example:"registered" doc:"How it stands at its vendor's redirect service: pending, registered, refused, foreign (registered by somebody else) or removed; null where the service has nothing to do with it."`
	RPSReason blank `json:"rps_reason" example:"the MAC address is not one of ours" doc:"Why, in plain words, and what people should know besides."`
}

// redirected looks up how devices of a list stand.
func redirected[D any](ctx context.Context, s *server, r request, list []D, address func(D) mac.Addr) (func(D) Redirected, error) {
	macs := each(address)(list)
	states, err := s.Fleet.RedirectStates(ctx, r.Caller, macs)
	return func(d D) Redirected {
		state := states[address(d)]
		return Redirected{RPSStatus: blank(state.Status), RPSReason: blank(state.Reason)}
	}, err
}
