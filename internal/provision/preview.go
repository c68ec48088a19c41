package provision

import (
	"fmt"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/template"
)

// Preview makes the view of a phone that is in no store, for a template that may
// be in no catalog. Its line keys may name the extensions in others.
func Preview(t *template.Template, tenant fleet.Tenant, user fleet.User, others []fleet.User, phone fleet.Phone, firmware string, urls Addresses, now time.Time) (*template.View, *template.Model, error) {
	k := prepare(t)
	m := k.model(phone.Model)
	if m == nil {
		return nil, nil, fmt.Errorf("template %s has no model %q", t.Filename, phone.Model)
	}
	slot := new(tenantSlot)
	for i := range others {
		u := &userSlot{id: others[i].ID}
		u.data.Store(&others[i])
		slot.extensions.Store(others[i].ExtensionNumber, u)
	}
	f := facts{tenant: &tenant, user: &user, phone: &unit{Phone: phone}, template: k, firmware: firmware, year: now.UTC().Year()}
	f.resolve(slot)
	clock, err := template.Clock(phone.TimeZone, f.year)
	if err != nil {
		return nil, nil, fmt.Errorf("time zone %q: %w", phone.TimeZone, err)
	}
	v := new(template.View)
	f.view(v, m, urls, clock)
	return v, m.Model, nil
}
