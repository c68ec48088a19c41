package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
)

type contact struct {
	ID          string          `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	DisplayName blank           `json:"display_name" example:"Taxi"`
	Numbers     []contactNumber `json:"numbers" doc:"In the order that phones show."`
	CreatedAt   *time.Time      `json:"created_at" example:"2026-11-23T08:00:00Z"`
	UpdatedAt   *time.Time      `json:"updated_at" example:"2026-11-23T08:00:00Z"`
}

type contactNumber struct {
	Label  blank `json:"label" example:"Mobile"`
	Number blank `json:"number" example:"+4930123456"`
}

type contactNumberInput struct {
	Label  *string `json:"label,omitempty" maxLength:"64" example:"Mobile" doc:"Shown behind the name, to tell several numbers apart."`
	Number string  `json:"number" maxLength:"128" example:"+4930123456" doc:"What phones dial."`
}

type contactCreate struct {
	DisplayName string               `json:"display_name" maxLength:"256" example:"Taxi"`
	Numbers     []contactNumberInput `json:"numbers" minItems:"1" maxItems:"10" doc:"In the order that phones show."`
}

type contactUpdate struct {
	DisplayName *string               `json:"display_name,omitempty" maxLength:"256" example:"Taxi"`
	Numbers     *[]contactNumberInput `json:"numbers,omitempty" minItems:"1" maxItems:"10" doc:"Replaces all."`
}

func (s *server) registerContacts() {
	register(s, operation{
		method: http.MethodGet, path: "/contacts", id: "listContacts", tag: tagContacts, status: http.StatusOK, role: fleet.Viewer, fields: fleet.ContactFields,
		summary: "List contacts",
		detail:  "The phone book that phones fetch has every extension of the tenant, and these besides.",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[contact]], error) {
		found, n, err := s.Fleet.Contacts(ctx, r.Caller, r.Query)
		return listed(r, found, n, contactOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/contacts", id: "createContact", tag: tagContacts, status: http.StatusCreated, role: fleet.Operator,
		summary: "Create a contact",
	}, func(ctx context.Context, r request, in *input[contactCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreateContact(ctx, r.Caller, contactInput(&in.Body.DisplayName, &in.Body.Numbers)))
	})
	register(s, operation{
		method: http.MethodGet, path: "/contacts/{id}", id: "getContact", tag: tagContacts, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a contact",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[contact], error) {
		c, err := s.Fleet.Contact(ctx, r.Caller, in.ID.ref())
		return &output[contact]{contactOf(c)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/contacts/{id}", id: "updateContact", tag: tagContacts, status: http.StatusOK, role: fleet.Operator,
		summary: "Change a contact",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body contactUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateContact(ctx, r.Caller, in.ID.ref(), contactInput(in.Body.DisplayName, in.Body.Numbers)))
	})
	register(s, operation{
		method: http.MethodPost, path: "/contacts/{id}/destroy", id: "deleteContact", tag: tagContacts, status: http.StatusNoContent, role: fleet.Operator,
		summary: "Delete a contact",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteContact(ctx, r.Caller, in.ID.ref()))
	})
}

func contactInput(name *string, numbers *[]contactNumberInput) fleet.ContactInput {
	return fleet.ContactInput{DisplayName: name, Numbers: maybe(numbers, each(func(n contactNumberInput) fleet.ContactNumber {
		return fleet.ContactNumber{Label: orZero(n.Label), Number: n.Number}
	}))}
}

func contactOf(c fleet.Contact) contact {
	return contact{
		ID: c.ID.String(), DisplayName: blank(c.DisplayName),
		Numbers:   each(func(n fleet.ContactNumber) contactNumber { return contactNumber{blank(n.Label), blank(n.Number)} })(c.Numbers),
		CreatedAt: moment(c.CreatedAt), UpdatedAt: moment(c.UpdatedAt),
	}
}
