package admin

import (
	"context"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

type dectPhone struct {
	Device
	Name             string   `json:"name" example:"Hall"`
	Template         string   `json:"template" example:"yealink-dect.xml" doc:"The template."`
	Lines            int      `json:"lines" example:"10" doc:"How many members the base takes by itself."`
	DectSystemID     blank    `json:"dect_system_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The multi-cell system that it is in."`
	Tone             blank    `json:"tone" example:"DEU"`
	UserPassword     password `json:"user_password" doc:"Null unless the credential may reveal secrets."`
	EngineerPassword password `json:"engineer_password" doc:"Null unless the credential may reveal secrets."`
	Region           blank    `json:"region" example:"DEU"`
	HandsetLanguage  blank    `json:"handset_language" example:"GERMAN"`
	SerialNumber     blank    `json:"serial_number" example:"20EZ12345"`
	FwVer            blank    `json:"fwver" example:"77.85.0.160" doc:"Firmware version, as the base last named it."`

	Status       string     `json:"status" enum:"discovered,waiting,enrolling,up-to-date,out-of-date,failing,rejected,disabled" doc:"How it is with the base, in one word."`
	StatusSince  *time.Time `json:"status_since" example:"2026-11-23T08:00:00Z" doc:"Null where it is not known."`
	StatusReason string     `json:"status_reason" example:"it has fetched what it would get now" doc:"Why, in plain words."`
}

// DectFields are what can be set of a DECT base.
type DectFields struct {
	DeviceFields
	Name             *string   `json:"name,omitempty" minLength:"1" maxLength:"64" example:"Hall" doc:"What people call the base."`
	Tone             *string   `json:"tone,omitempty" maxLength:"64" example:"DEU" doc:"One of the template's tones."`
	UserPassword     *password `json:"user_password,omitempty" example:"Gh7-pp3-Wxc" doc:"Of the user's login to the web page, where the base has one."`
	EngineerPassword *password `json:"engineer_password,omitempty" example:"Mn4-zz8-Qrt" doc:"Of the engineer's login to the web page, where the base has one."`
	Region           *string   `json:"region,omitempty" maxLength:"64" example:"DEU" doc:"Country or region, where the base has a choice."`
	HandsetLanguage  *language `json:"handset_language,omitempty" doc:"Language of the handsets, accepted in any case."`
	SerialNumber     *string   `json:"serial_number,omitempty" maxLength:"256" example:"20EZ12345" doc:"Some redirect services ask for it."`
}

type dectPhoneCreate struct {
	Identity
	Template string `json:"template" minLength:"1" maxLength:"128" example:"yealink-dect.xml" doc:"The template."`
	DectFields
}

// TransformSchema says which of the fields a create requires.
func (dectPhoneCreate) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = []string{"name", "mac", "template", "vendor", "model", "password", "timezone", "language", "tone", "codecs", "interface", "preferred_transport"}
	return s
}

type dectPhoneUpdate struct{ DectFields }

type member struct {
	ID              blank  `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The extension's id."`
	ExtensionNumber string `json:"extension_number" example:"101"`
	DisplayName     blank  `json:"display_name" example:"Ann Example"`
	IPUI            blank  `json:"ipui" example:"030AB1EE28" doc:"The one handset it is for; null for any."`
	HandsetIndex    string `json:"handset_index" example:"1" doc:"Place on the base, from 1."`
}

type memberInput struct {
	ExtensionNumber string  `json:"extension_number" pattern:"^[0-9]{3,64}$" patternDescription:"3 to 64 digits" example:"101" doc:"An extension of the tenant."`
	IPUI            *string `json:"ipui,omitempty" maxLength:"64" example:"030AB1EE28" doc:"The one handset it is for, by its IPUI of 10 hex digits or its IPEI of 13 digits with the check digit; none for any. A handset belongs to one base."`
	HandsetIndex    *string `json:"handset_index,omitempty" maxLength:"8" example:"1" doc:"Place on the base, from 1; none for the one that it has, or else the next free one."`
}

type members struct {
	Items []memberInput `json:"items" maxItems:"1024" doc:"The whole list: who is not in it is no member any more."`
}

// MemberPath is the path of one member of a base.
type MemberPath struct {
	ObjectPath
	ExtensionNumber string `path:"extension_number" example:"101" doc:"The member's extension number."`
}

// memberFields are what the list of members can be sorted and filtered by.
func memberFields() listquery.Fields {
	return listquery.Fields{
		"extension_number": listquery.Text, "display_name": listquery.Text, "ipui": listquery.Text, "handset_index": listquery.Number,
	}
}

func (s *server) registerDect() {
	register(s, operation{
		method: http.MethodGet, path: "/dect_phones", id: "listDectPhones", tag: tagDect, status: http.StatusOK, role: fleet.Viewer, fields: fleet.DectFields,
		summary: "List DECT bases",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[dectPhone]], error) {
		found, n, err := s.Fleet.DectPhones(ctx, r.Caller, r.Query)
		if err != nil {
			return nil, err
		}
		state, err := redirected(ctx, s, r, found, func(d fleet.DectPhone) mac.Addr { return d.MAC })
		return listed(r, found, n, func(d fleet.DectPhone) dectPhone { return s.dectPhoneOf(d, state(d)) }), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_phones", id: "createDectPhone", tag: tagDect, status: http.StatusCreated, role: fleet.Operator,
		summary: "Create a DECT base",
	}, func(ctx context.Context, r request, in *input[dectPhoneCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreateDectPhone(ctx, r.Caller, in.Body.input()))
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_phones/{id}", id: "getDectPhone", tag: tagDect, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a DECT base",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[dectPhone], error) {
		d, err := s.Fleet.DectPhone(ctx, r.Caller, in.ID.ref())
		if err != nil {
			return nil, err
		}
		state, err := redirected(ctx, s, r, []fleet.DectPhone{d}, func(d fleet.DectPhone) mac.Addr { return d.MAC })
		return &output[dectPhone]{s.dectPhoneOf(d, state(d))}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_phones/{id}", id: "updateDectPhone", tag: tagDect, status: http.StatusOK, role: fleet.Operator,
		summary: "Change a DECT base",
		detail:  "All but mac, template, vendor and model can change.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body dectPhoneUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateDectPhone(ctx, r.Caller, in.ID.ref(), in.Body.input()))
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_phones/{id}/destroy", id: "deleteDectPhone", tag: tagDect, status: http.StatusNoContent, role: fleet.Operator,
		flags:   map[string]string{"force": "Delete it even where it has members, which are taken off it while their extensions stay, or is in a multi-cell system, which it leaves."},
		summary: "Delete a DECT base",
		detail:  "A base with members, or in a system, is a conflict that names them, unless forced. The data master of a system cannot be deleted.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteDectPhone(ctx, r.Caller, in.ID.ref(), r.Flags["force"]))
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_phones/{id}/members", id: "listMembers", tag: tagDect, status: http.StatusOK, role: fleet.Viewer, fields: memberFields(),
		summary: "List the members of a DECT base",
		detail:  "Those of a base that is in a multi-cell system are the system's.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[listOf[member]], error) {
		all, err := s.Fleet.Members(ctx, r.Caller, in.ID.ref())
		return membersOf(r, all), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_phones/{id}/members", id: "replaceMembers", tag: tagDect, status: http.StatusOK, role: fleet.Operator,
		summary: "Replace the members of a DECT base",
		detail:  "The list replaces the old one whole, or nothing changes. Those of a base that is in a multi-cell system are the system's.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body members
	},
	) (*empty, error) {
		return nothing(s.Fleet.ReplaceMembers(ctx, r.Caller, in.ID.ref(), in.Body.input()))
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_phones/{id}/members/{extension_number}", id: "getMember", tag: tagDect, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a member of a DECT base",
	}, func(ctx context.Context, r request, in *MemberPath) (*output[member], error) {
		m, err := s.Fleet.Member(ctx, r.Caller, in.ID.ref(), in.ExtensionNumber)
		return &output[member]{memberOf(m)}, err
	})
}

func (m members) input() []fleet.MemberInput {
	return each(func(m memberInput) fleet.MemberInput {
		return fleet.MemberInput{ExtensionNumber: m.ExtensionNumber, IPUI: orZero(m.IPUI), HandsetIndex: orZero(m.HandsetIndex)}
	})(m.Items)
}

// membersOf answers a list of members, all of which are at hand.
func membersOf(r request, all []fleet.Member) *output[listOf[member]] {
	found, n := listquery.Apply(all, r.Query, memberFields(), func(m fleet.Member, field string) listquery.Value {
		switch field {
		case "extension_number":
			return listquery.TextValue(m.ExtensionNumber)
		case "display_name":
			return listquery.TextValue(m.DisplayName)
		case "ipui":
			return listquery.TextValue(m.IPUI)
		}
		return listquery.NumberValue(int64(m.HandsetIndex))
	})
	return listed(r, found, n, memberOf)
}

func (c dectPhoneCreate) input() fleet.DectInput {
	in := c.DectFields.input()
	in.MAC, in.Template, in.Vendor, in.Model = &c.MAC, &c.Template, &c.Vendor, &c.Model
	return in
}

func (f DectFields) input() fleet.DectInput {
	return fleet.DectInput{
		Name: f.Name, Password: secretOf(f.Password), TimeZone: f.TimeZone, Language: maybe(f.Language, language.text), Tone: f.Tone,
		Codecs: f.Codecs, Interface: f.Interface, PreferredTransport: f.PreferredTransport,
		UserPassword: secretOf(f.UserPassword), EngineerPassword: secretOf(f.EngineerPassword), Region: f.Region,
		HandsetLanguage: maybe(f.HandsetLanguage, language.text), RPS: f.RPS, HTTPS: f.HTTPS, Disabled: f.Disabled,
		SerialNumber: f.SerialNumber, DeviceCode: f.DeviceCode,
	}
}

func (s *server) dectPhoneOf(d fleet.DectPhone, state Redirected) dectPhone {
	out := dectPhone{
		Device: deviceOf(d.DeviceSettings),
		Name:   d.Name, Template: d.Template, Lines: d.Lines, DectSystemID: blank(d.System.String()), Tone: blank(d.Tone),
		UserPassword: password{d.UserPassword}, EngineerPassword: password{d.EngineerPassword},
		Region: blank(d.Region), HandsetLanguage: blank(d.HandsetLanguage), SerialNumber: blank(d.SerialNumber),
	}
	out.Redirected = state
	out.ID, out.MAC, out.Vendor, out.Model = d.ID.String(), d.MAC.String(), d.Vendor, d.Model
	status := s.Status(d.MAC)
	out.FwVer, out.Status, out.StatusSince, out.StatusReason = blank(status.Firmware), string(status.Word), moment(status.Since), status.Why
	if !d.Token.Empty() {
		out.URL = password{secret.New(s.DectURL(d))}
	}
	return out
}

func memberOf(m fleet.Member) member {
	return member{blank(m.User.String()), m.ExtensionNumber, blank(m.DisplayName), blank(m.IPUI), strconv.Itoa(m.HandsetIndex)}
}
