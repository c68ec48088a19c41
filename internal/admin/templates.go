package admin

import (
	"context"
	"net/http"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

type templateRow struct {
	Filename string `json:"filename" example:"yealink.xml"`
	IsCustom bool   `json:"is_custom" example:"false" doc:"Whether it is the tenant's own, be it over a built-in one or not."`
}

type firmwareTemplate struct {
	Filename string `json:"filename" example:"yealink.xml"`
	Content  string `json:"content" example:"<template version=\"1\"/>" doc:"Byte for byte as it was uploaded or built in."`
	IsCustom bool   `json:"is_custom" example:"false" doc:"Whether it is the tenant's own, be it over a built-in one or not."`
}

type templateCreate struct {
	Filename string `json:"filename" pattern:"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$" patternDescription:"letters, digits, dots, hyphens and underscores, at most 128, the first a letter or digit" example:"yealink.xml" doc:"That of a built-in template overrides it for the tenant."`
	Content  string `json:"content" minLength:"1" maxLength:"524288" example:"<template version=\"1\"/>" doc:"The template, which must compile."`
}

type templateUpdate struct {
	Content string `json:"content" minLength:"1" maxLength:"524288" example:"<template version=\"1\"/>" doc:"The template, which must compile."`
}

type templateCreated struct {
	Filename string `json:"filename" example:"yealink.xml"`
}

type phoneModelRow struct {
	Filename    string `json:"filename" example:"yealink.xml" doc:"The template."`
	Model       string `json:"model" example:"T46U"`
	DisplayName string `json:"display_name" example:"Yealink T46U" doc:"Begins with the vendor's name."`
}

type dectModelRow struct {
	Filename    string `json:"filename" example:"yealink-dect.xml" doc:"The template."`
	Model       string `json:"model" example:"W70B"`
	Lines       int    `json:"lines" example:"10" doc:"How many members the base takes by itself."`
	Bases       int    `json:"bases" example:"0" doc:"How many bases a multi-cell system has at most that it leads; 0 for a base that works alone."`
	SystemLines int    `json:"system_lines" example:"0" doc:"How many members such a system takes; 0 for a base that leads none."`
	DisplayName string `json:"display_name" example:"Yealink W70B" doc:"Begins with the vendor's name."`
}

type phoneModel struct {
	Filename          string   `json:"filename" example:"yealink.xml" doc:"The template."`
	Languages         []string `json:"languages" example:"ENGLISH,GERMAN" doc:"The default first, as in every list here."`
	Ringtones         []string `json:"ringtones" example:"Ring1.wav"`
	QueueRingtones    []string `json:"queue_ringtones" example:"Ring2.wav"`
	ExternalRingtone  []string `json:"external_ringtone" example:"Ring3.wav"`
	DateFormats       []string `json:"date_formats" example:"DD MMM YYYY"`
	TimeFormats       []string `json:"time_formats" example:"24 hour clock"`
	PowerLEDs         []string `json:"powerleds" example:"Off"`
	Backlights        []string `json:"backlights" example:"Always on"`
	Screensavers      []string `json:"screensavers" example:"10 minutes"`
	TimeZones         []string `json:"time_zones" example:"Europe/Berlin"`
	Codecs            []string `json:"codecs" example:"PCMA,G722"`
	EnableLLDP        bool     `json:"enable_lldp" example:"false"`
	EnableVLANWANPort bool     `json:"enable_vlan_wan_port" example:"false"`
	WANPortID         *int     `json:"wan_port_id" minimum:"1" maximum:"4094" example:"1"`
	WANPortPriority   int      `json:"wan_port_priority" minimum:"0" maximum:"7" example:"0"`
	EnableVLANPCPort  bool     `json:"enable_vlan_pc_port" example:"false"`
	PCPortID          *int     `json:"pc_port_id" minimum:"1" maximum:"4094" example:"1"`
	PCPortPriority    int      `json:"pc_port_priority" minimum:"0" maximum:"7" example:"0"`
}

type dectModel struct {
	Template  string   `json:"template" example:"yealink-dect.xml"`
	Languages []string `json:"languages" example:"ENGLISH,GERMAN" doc:"The default first, as in every list here."`
	Tones     []string `json:"tones" example:"DEU"`
	TimeZones []string `json:"time_zones" example:"Europe/Berlin"`
	Codecs    []string `json:"codecs" example:"PCMA,G722"`
	Lines     int      `json:"lines" example:"10" doc:"How many members the largest of its models takes."`
}

// FilePath is the path of one template.
type FilePath struct {
	Filename string `path:"filename" example:"yealink.xml" doc:"The template's filename."`
}

// NamePath is the path of one DECT template, under the name the contract gives it.
type NamePath struct {
	Name string `path:"name" example:"yealink-dect.xml" doc:"The template's filename."`
}

func templateFields() listquery.Fields {
	return listquery.Fields{"filename": listquery.Text, "is_custom": listquery.Bool}
}

func phoneModelFields() listquery.Fields {
	return listquery.Fields{"filename": listquery.Text, "model": listquery.Text, "display_name": listquery.Text}
}

func dectModelFields() listquery.Fields {
	return listquery.Fields{"filename": listquery.Text, "model": listquery.Text, "display_name": listquery.Text, "lines": listquery.Number}
}

func modelValue(m fleet.ModelRow, field string) listquery.Value {
	switch field {
	case "filename":
		return listquery.TextValue(m.Filename)
	case "model":
		return listquery.TextValue(m.Model)
	case "display_name":
		return listquery.TextValue(m.DisplayName)
	}
	return listquery.NumberValue(int64(m.Handsets))
}

func (s *server) registerTemplates() {
	register(s, operation{
		method: http.MethodGet, path: "/templates/phones", id: "listTemplates", tag: tagTemplates, status: http.StatusOK, role: fleet.Viewer, fields: templateFields(),
		summary: "List firmware templates, built in and the tenant's own",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[templateRow]], error) {
		all, err := s.Fleet.Templates(ctx, r.Caller)
		found, n := listquery.Apply(all, r.Query, templateFields(), func(t fleet.TemplateListing, field string) listquery.Value {
			if field == "filename" {
				return listquery.TextValue(t.Filename)
			}
			return listquery.BoolValue(t.IsCustom)
		})
		return listed(r, found, n, func(t fleet.TemplateListing) templateRow { return templateRow(t) }), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/templates/phones", id: "createTemplate", tag: tagTemplates, status: http.StatusCreated, role: fleet.Admin,
		summary: "Upload a template",
		detail:  "With a built-in template's filename it overrides that one for the tenant, until it is destroyed.",
	}, func(ctx context.Context, r request, in *input[templateCreate]) (*output[templateCreated], error) {
		err := s.Fleet.CreateTemplate(ctx, r.Caller, in.Body.Filename, in.Body.Content)
		return &output[templateCreated]{templateCreated{in.Body.Filename}}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/templates/phones/{filename}", id: "getTemplate", tag: tagTemplates, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a template",
	}, func(ctx context.Context, r request, in *FilePath) (*output[firmwareTemplate], error) {
		t, err := s.Fleet.Template(ctx, r.Caller, in.Filename)
		return &output[firmwareTemplate]{firmwareTemplate(t)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/templates/phones/{filename}", id: "updateTemplate", tag: tagTemplates, status: http.StatusOK, role: fleet.Admin,
		summary: "Replace a template of the tenant's own",
	}, func(ctx context.Context, r request, in *struct {
		FilePath
		Body templateUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateTemplate(ctx, r.Caller, in.Filename, in.Body.Content))
	})
	register(s, operation{
		method: http.MethodPost, path: "/templates/phones/{filename}/destroy", id: "deleteTemplate", tag: tagTemplates, status: http.StatusNoContent, role: fleet.Admin,
		summary: "Delete a template of the tenant's own",
		detail:  "One that phones use is a conflict that names how many. A built-in one that it overrides comes back.",
	}, func(ctx context.Context, r request, in *FilePath) (*empty, error) {
		return nothing(s.Fleet.DeleteTemplate(ctx, r.Caller, in.Filename))
	})

	register(s, operation{
		method: http.MethodGet, path: "/phone_models", id: "listPhoneModels", tag: tagModels, status: http.StatusOK, role: fleet.Viewer, fields: phoneModelFields(),
		summary: "List the models of desk phones, one row for each that a template covers",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[phoneModelRow]], error) {
		all, err := s.Fleet.PhoneModels(ctx, r.Caller)
		found, n := listquery.Apply(all, r.Query, phoneModelFields(), modelValue)
		return listed(r, found, n, func(m fleet.ModelRow) phoneModelRow { return phoneModelRow{m.Filename, m.Model, m.DisplayName} }), err
	})
	register(s, operation{
		method: http.MethodGet, path: "/phone_models/{filename}", id: "getPhoneModel", tag: tagModels, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get what a template offers for its phones",
	}, func(ctx context.Context, r request, in *FilePath) (*output[phoneModel], error) {
		t, err := s.Fleet.PhoneModel(ctx, r.Caller, in.Filename)
		return &output[phoneModel]{phoneModel{
			Filename: t.Filename, Languages: orEmpty(t.Languages), Ringtones: orEmpty(t.Ringtones),
			QueueRingtones: orEmpty(t.QueueRingtones), ExternalRingtone: orEmpty(t.ExternalRingtones),
			DateFormats: orEmpty(t.DateFormats), TimeFormats: orEmpty(t.TimeFormats), PowerLEDs: orEmpty(t.PowerLEDs),
			Backlights: orEmpty(t.Backlights), Screensavers: orEmpty(t.Screensavers), TimeZones: orEmpty(t.TimeZones), Codecs: orEmpty(t.Codecs),
			EnableLLDP: t.EnableLLDP, EnableVLANWANPort: t.WANVLAN.Enabled, WANPortID: nonZero(t.WANVLAN.ID), WANPortPriority: t.WANVLAN.Priority,
			EnableVLANPCPort: t.PCVLAN.Enabled, PCPortID: nonZero(t.PCVLAN.ID), PCPortPriority: t.PCVLAN.Priority,
		}}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_phone_models", id: "listDectModels", tag: tagModels, status: http.StatusOK, role: fleet.Viewer, fields: dectModelFields(),
		summary: "List the models of DECT bases",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[dectModelRow]], error) {
		all, err := s.Fleet.DectModels(ctx, r.Caller)
		found, n := listquery.Apply(all, r.Query, dectModelFields(), modelValue)
		return listed(r, found, n, func(m fleet.ModelRow) dectModelRow {
			return dectModelRow{m.Filename, m.Model, m.Handsets, m.Bases, m.SystemHandsets, m.DisplayName}
		}), err
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_phone_models/{name}", id: "getDectModel", tag: tagModels, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get what a template offers for its DECT bases",
	}, func(ctx context.Context, r request, in *NamePath) (*output[dectModel], error) {
		t, err := s.Fleet.DectModel(ctx, r.Caller, in.Name)
		lines := 0
		for _, m := range t.Models {
			lines = max(lines, m.Handsets)
		}
		return &output[dectModel]{dectModel{
			Template: t.Filename, Languages: orEmpty(t.Languages), Tones: orEmpty(t.Tones), TimeZones: orEmpty(t.TimeZones), Codecs: orEmpty(t.Codecs), Lines: lines,
		}}, err
	})
}
