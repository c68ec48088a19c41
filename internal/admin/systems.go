package admin

import (
	"context"
	"net/http"

	"github.com/dialplane/dialplane/internal/fleet"
)

type dectSystem struct {
	ID           string       `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Name         string       `json:"name" example:"Works"`
	Number       int          `json:"number" example:"1" doc:"From 1 to 512, unique in the tenant; it never changes."`
	Lines        int          `json:"lines" example:"250" doc:"How many members the system takes."`
	MembersCount int          `json:"members_count" example:"60" doc:"How many it has."`
	Master       blank        `json:"master" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The base that is the data master, by its id."`
	Bases        []systemBase `json:"bases" doc:"By rising index."`
}

type systemBase struct {
	DectPhoneID string `json:"dect_phone_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	MAC         string `json:"mac" example:"001565aabbcc"`
	Name        string `json:"name" example:"Hall"`
	Model       string `json:"model" example:"W90DM"`
	Index       int    `json:"index" example:"1" doc:"Its place in the system, from 1, which is the data master's."`
	SyncFrom    blank  `json:"sync_from" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The base that it takes its radio clock from; null for the one that the others follow in the end."`
	SyncLevel   int    `json:"sync_level" example:"1" doc:"1 for that one, 2 for those that take their clock from it, and so on."`
}

type systemBaseInput struct {
	DectPhoneID string  `json:"dect_phone_id" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"A DECT base of the tenant that is in no other system."`
	SyncFrom    *string `json:"sync_from,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The base of the system that it takes its radio clock from; none for the one that the others follow in the end. If no base names one, all take it from the data master."`
}

type dectSystemCreate struct {
	Name   string            `json:"name" minLength:"1" maxLength:"64" example:"Works" doc:"Unique in the tenant."`
	Master *string           `json:"master,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The base that is the data master; none for the first of the bases."`
	Bases  []systemBaseInput `json:"bases" minItems:"1" maxItems:"1024" doc:"All of one maker and template. Members of the data master become those of the system; other bases must have none."`
}

type dectSystemUpdate struct {
	Name   *string            `json:"name,omitempty" minLength:"1" maxLength:"64" example:"Works" doc:"Unique in the tenant."`
	Master *string            `json:"master,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The base that is the data master. The members go to it."`
	Bases  *[]systemBaseInput `json:"bases,omitempty" minItems:"1" maxItems:"1024" doc:"The whole list: a base that is not in it is alone again."`
}

type membersMove struct {
	To               membersPlace `json:"to" doc:"Where to: one of the two."`
	ExtensionNumbers []string     `json:"extension_numbers" minItems:"1" maxItems:"1024" example:"101" doc:"The members that move."`
}

type membersPlace struct {
	DectSystemID *string `json:"dect_system_id,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	DectPhoneID  *string `json:"dect_phone_id,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"A base that is in a system stands for the system."`
}

// noObject is an ID that no object has.
const noObject fleet.ID = -1

// idOf reads an id in a body: 0 if there is none, noObject for what can be none.
func idOf(text string) fleet.ID {
	if text == "" {
		return 0
	}
	if id, ok := fleet.ParseID(text); ok {
		return id
	}
	return noObject
}

func (s *server) registerSystems() {
	register(s, operation{
		method: http.MethodGet, path: "/dect_systems", id: "listDectSystems", tag: tagDect, status: http.StatusOK, role: fleet.Viewer, fields: fleet.DectSystemFields,
		summary: "List multi-cell systems",
		detail:  "A system is several DECT bases that work as one: it has one list of members, which its data master keeps.",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[dectSystem]], error) {
		found, n, err := s.Fleet.DectSystems(ctx, r.Caller, r.Query)
		return listed(r, found, n, dectSystemOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_systems", id: "createDectSystem", tag: tagDect, status: http.StatusCreated, role: fleet.Operator,
		summary: "Make one system of DECT bases",
	}, func(ctx context.Context, r request, in *input[dectSystemCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreateDectSystem(ctx, r.Caller, dectSystemUpdate{&in.Body.Name, in.Body.Master, &in.Body.Bases}.input()))
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_systems/{id}", id: "getDectSystem", tag: tagDect, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a multi-cell system",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[dectSystem], error) {
		d, err := s.Fleet.DectSystem(ctx, r.Caller, in.ID.ref())
		return &output[dectSystem]{dectSystemOf(d)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_systems/{id}", id: "updateDectSystem", tag: tagDect, status: http.StatusOK, role: fleet.Operator,
		summary: "Change a multi-cell system",
		detail:  "Members keep their handset index when another base becomes the data master, if that one has the place.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body dectSystemUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateDectSystem(ctx, r.Caller, in.ID.ref(), in.Body.input()))
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_systems/{id}/destroy", id: "deleteDectSystem", tag: tagDect, status: http.StatusNoContent, role: fleet.Operator,
		flags:   map[string]string{"force": "Take the members at the highest places off where they are more than the data master takes by itself; their extensions stay."},
		summary: "Make bases of their own of a system's bases",
		detail:  "The bases stay, and the members with the data master. If they are more than it takes by itself, it is a conflict unless forced.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteDectSystem(ctx, r.Caller, in.ID.ref(), r.Flags["force"]))
	})
	register(s, operation{
		method: http.MethodGet, path: "/dect_systems/{id}/members", id: "listDectSystemMembers", tag: tagDect, status: http.StatusOK, role: fleet.Viewer, fields: memberFields(),
		summary: "List the members of a multi-cell system",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[listOf[member]], error) {
		all, err := s.Fleet.DectSystemMembers(ctx, r.Caller, in.ID.ref())
		return membersOf(r, all), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/dect_systems/{id}/members", id: "replaceDectSystemMembers", tag: tagDect, status: http.StatusOK, role: fleet.Operator,
		summary: "Replace the members of a multi-cell system",
		detail:  "The list replaces the old one whole, or nothing changes.",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body members
	},
	) (*empty, error) {
		return nothing(s.Fleet.ReplaceDectSystemMembers(ctx, r.Caller, in.ID.ref(), in.Body.input()))
	})
	for _, from := range []struct {
		path, id, what string
		place          func(fleet.ID) fleet.DectPlace
	}{
		{"/dect_systems", "moveDectSystemMembers", "a multi-cell system", func(id fleet.ID) fleet.DectPlace { return fleet.DectPlace{System: id} }},
		{"/dect_phones", "moveMembers", "a DECT base", func(id fleet.ID) fleet.DectPlace { return fleet.DectPlace{Dect: id} }},
	} {
		register(s, operation{
			method: http.MethodPost, path: from.path + "/{id}/members/move", id: from.id, tag: tagDect, status: http.StatusOK, role: fleet.Operator,
			summary: "Move members of " + from.what + " to another base or system",
			detail:  "All move, or nothing changes. The handset goes along, and each keeps its place if that is free, or else gets the next that is.",
		}, func(ctx context.Context, r request, in *struct {
			ObjectPath
			Body membersMove
		},
		) (*empty, error) {
			to := fleet.DectPlace{System: idOf(orZero(in.Body.To.DectSystemID)), Dect: idOf(orZero(in.Body.To.DectPhoneID))}
			return nothing(s.Fleet.MoveMembers(ctx, r.Caller, from.place(in.ID.ref()), to, in.Body.ExtensionNumbers))
		})
	}
	for _, verb := range []struct {
		name, summary string
		do            func(context.Context, fleet.Caller, fleet.ID) (fleet.ID, error)
	}{
		{"reprovision", "Make every base of a system fetch its configuration", s.Fleet.ReprovisionDectSystem},
		{"reboot", "Make every base of a system restart", s.Fleet.RebootDectSystem},
	} {
		register(s, operation{
			method: http.MethodPost, path: "/dect_systems/{id}/" + verb.name, id: verb.name + "DectSystem", tag: tagDect, status: http.StatusOK, role: fleet.Operator,
			summary: verb.summary,
			detail:  inTime + " Bases that are rejected or disabled are left out.",
		}, func(ctx context.Context, r request, in *ObjectPath) (*ordered, error) {
			id, err := verb.do(ctx, r.Caller, in.ID.ref())
			return &ordered{id.String()}, err
		})
	}
}

func (u dectSystemUpdate) input() fleet.DectSystemInput {
	return fleet.DectSystemInput{Name: u.Name, Master: maybe(u.Master, idOf), Bases: maybe(u.Bases, each(func(b systemBaseInput) fleet.SystemBaseInput {
		return fleet.SystemBaseInput{Dect: idOf(b.DectPhoneID), SyncFrom: idOf(orZero(b.SyncFrom))}
	}))}
}

func dectSystemOf(d fleet.DectSystem) dectSystem {
	out := dectSystem{ID: d.ID.String(), Name: d.Name, Number: d.Number, Lines: d.Lines, MembersCount: d.Members, Bases: []systemBase{}}
	levels := d.SyncLevels()
	for i, b := range d.Bases {
		if b.Index == 1 {
			out.Master = blank(b.Dect.String())
		}
		out.Bases = append(out.Bases, systemBase{
			DectPhoneID: b.Dect.String(), MAC: b.MAC.String(), Name: b.Name, Model: b.Model, Index: b.Index,
			SyncFrom: blank(b.SyncFrom.String()), SyncLevel: levels[i],
		})
	}
	return out
}
