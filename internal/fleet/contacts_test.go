package fleet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

var taxi = fleet.ContactInput{
	DisplayName: new("Taxi"),
	Numbers:     &[]fleet.ContactNumber{{Number: "030 123"}, {Label: "Night", Number: "*9"}},
}

func TestContacts(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	numbers := func(n ...fleet.ContactNumber) *[]fleet.ContactNumber { return &n }
	id := must(w.CreateContact(ctx, w.admin, taxi))(t)
	if heard := w.heard.take(); fmt.Sprint(heard) != fmt.Sprintf("[contact %d]", id) {
		t.Errorf("heard %q", heard)
	}
	create := func(in fleet.ContactInput) func() error {
		return func() error { _, err := w.CreateContact(ctx, w.admin, in); return err }
	}
	w.refuse([]refusal{
		{name: "nothing", do: create(fleet.ContactInput{}), at: []string{"/display_name", "/numbers"}},
		{name: "blank", do: create(fleet.ContactInput{DisplayName: new(""), Numbers: numbers()}), at: []string{"/display_name", "/numbers"}},
		{name: "too many", do: create(fleet.ContactInput{DisplayName: new("x"), Numbers: numbers(make([]fleet.ContactNumber, 11)...)}), at: []string{"/numbers"}, says: "at most 10"},
		{name: "values", do: create(fleet.ContactInput{
			DisplayName: new(strings.Repeat("x", 257)),
			Numbers:     numbers(fleet.ContactNumber{}, fleet.ContactNumber{Number: "1\n2", Label: " x"}),
		}), at: []string{"/display_name", "/numbers/0/number", "/numbers/1/number", "/numbers/1/label"}},
		{name: "update of none", do: func() error { return w.UpdateContact(ctx, w.admin, 1, taxi) }, code: fleet.CodeNotFound},
		{name: "update of another tenant's", do: func() error { return w.UpdateContact(ctx, w.other, id, taxi) }, code: fleet.CodeNotFound},
		{name: "delete of another tenant's", do: func() error { return w.DeleteContact(ctx, w.other, id) }, code: fleet.CodeNotFound},
		{name: "reading another tenant's", do: func() error { _, err := w.Contact(ctx, w.other, id); return err }, code: fleet.CodeNotFound},
	})
	check(t, w.UpdateContact(ctx, w.admin, id, fleet.ContactInput{DisplayName: new("Cab")}))
	got := must(w.Contact(ctx, w.admin, id))(t)
	if got.DisplayName != "Cab" || !cmp.Equal(got.Numbers, *taxi.Numbers) {
		t.Errorf("%+v", got)
	}
	if list, n, err := w.Contacts(ctx, w.other, listquery.Query{Count: true}); err != nil || n != 0 || len(list) != 0 {
		t.Errorf("another tenant has %v, %d, %v", list, n, err)
	}
	check(t, w.DeleteContact(ctx, w.admin, id))
	if list, n, err := w.Contacts(ctx, w.admin, listquery.Query{Count: true}); err != nil || n != 0 || len(list) != 0 {
		t.Errorf("after the deletion: %v, %d, %v", list, n, err)
	}
}
