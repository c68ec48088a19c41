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
	slot := new(tenantSlot)
	for i := range others {
		u := &userSlot{id: others[i].ID}
		u.data.Store(&others[i])
		slot.extensions.Store(others[i].ExtensionNumber, u)
	}
	f := facts{tenant: &tenant, user: &user, phone: &unit{Phone: phone}, firmware: firmware}
	return f.preview(t, slot, urls, now)
}

// Seat is a member of a DECT base that is in no store.
type Seat struct {
	User         fleet.User
	HandsetIndex int    // from 1
	IPUI         string // 10 upper-case hex digits, or "" for any handset
}

// PreviewBase is Preview for a DECT base, whose members are by rising handset index. The
// system that it is in, if it is in one, has it among its bases.
func PreviewBase(t *template.Template, tenant fleet.Tenant, base fleet.DectPhone, seats []Seat, joint *fleet.DectSystem, firmware string, urls Addresses, now time.Time) (*template.View, *template.Model, error) {
	u := newBase(&base, nil, nil)
	for i := range seats {
		slot := new(userSlot)
		slot.data.Store(&seats[i].User)
		u.members = append(u.members, member{fleet.Member{
			ExtensionNumber: seats[i].User.ExtensionNumber, HandsetIndex: seats[i].HandsetIndex, IPUI: seats[i].IPUI,
		}, slot})
	}
	f := facts{tenant: &tenant, phone: u, firmware: firmware}
	if joint != nil {
		f.system = newSystem(joint)
	}
	return f.preview(t, new(tenantSlot), urls, now)
}

func (f *facts) preview(t *template.Template, slot *tenantSlot, urls Addresses, now time.Time) (*template.View, *template.Model, error) {
	f.template, f.year = prepare(t), now.UTC().Year()
	m := f.template.model(f.phone.Model)
	if m == nil {
		return nil, nil, fmt.Errorf("template %s has no model %q", t.Filename, f.phone.Model)
	}
	f.resolve(slot)
	clock, err := template.Clock(f.phone.TimeZone, f.year)
	if err != nil {
		return nil, nil, fmt.Errorf("time zone %q: %w", f.phone.TimeZone, err)
	}
	v := new(template.View)
	f.view(v, m, urls, clock)
	return v, m.Model, nil
}
