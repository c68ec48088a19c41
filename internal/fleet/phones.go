package fleet

import (
	"context"
	"fmt"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// PhoneInput is what can be set of a phone. Nil fields are not given. The fields
// of the first group are required on create; MAC, Filename, Vendor and Model are
// read on create alone. Its faults point at /mac, /filename, /vendor, /model,
// /password, /language, /transfer, /timezone, /codecs/0, /interface,
// /preferred_transport, /ringtone, /queue_ringtone, /external_ringtone,
// /date_format, /time_format, /powerled, /backlight, /screensaver, /rps, /https,
// /enable_lldp, /enable_vlan_wan_port, /wan_port_id, /wan_port_priority,
// /enable_vlan_pc_port, /pc_port_id, /pc_port_priority, /serial_number, /device_code,
// /door_password1 and /door_password2.
type PhoneInput struct {
	MAC                *string
	Filename           *string
	Vendor             *string
	Model              *string
	Password           *secret.Secret
	Language           *string
	Transfer           *string
	TimeZone           *string
	Codecs             *[]string
	Interface          *string
	PreferredTransport *string

	Ringtone          *string // "" in these for the template's default
	QueueRingtone     *string
	ExternalRingtone  *string
	DateFormat        *string
	TimeFormat        *string
	PowerLED          *string
	Backlight         *string
	Screensaver       *string
	RPS               *bool
	HTTPS             *bool
	Disabled          *bool // whether it is answered like a phone that nobody knows
	EnableLLDP        *bool
	EnableVLANWANPort *bool
	WANPortID         *int
	WANPortPriority   *int
	EnableVLANPCPort  *bool
	PCPortID          *int
	PCPortPriority    *int
	SerialNumber      *string
	DeviceCode        *string // printed beside the MAC address, where its redirect service asks for it
	DoorPassword1     *secret.Secret
	DoorPassword2     *secret.Secret
}

// UserPhones lists the phones of an extension.
func (f *Fleet) UserPhones(ctx context.Context, c Caller, user ID, q listquery.Query) (list []Phone, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		if _, err := r.User(ctx, c.Tenant, user); err != nil {
			return err
		}
		list, count, err = r.PhonesOfUser(ctx, c.Tenant, user, q)
		return err
	})
	if err == nil {
		err = f.disclosePhones(ctx, c, list)
	}
	if err != nil {
		return nil, 0, err
	}
	return list, count, nil
}

// Phone returns a phone of an extension.
func (f *Fleet) Phone(ctx context.Context, c Caller, user, id ID) (Phone, error) {
	if err := c.mayHere(Viewer); err != nil {
		return Phone{}, err
	}
	list := make([]Phone, 1)
	err := f.store.Read(ctx, func(r Reader) (err error) {
		list[0], err = phoneOf(ctx, r, c.Tenant, user, id)
		return err
	})
	if err == nil {
		err = f.disclosePhones(ctx, c, list)
	}
	if err != nil {
		return Phone{}, err
	}
	return list[0], nil
}

// phoneOf reads a phone and sees that it is the user's.
func phoneOf(ctx context.Context, r Reader, tenant, user, id ID) (Phone, error) {
	p, err := r.Phone(ctx, tenant, id)
	if err != nil {
		return Phone{}, err
	}
	if p.User != user {
		return Phone{}, NotFound("phone")
	}
	return p, nil
}

func (f *Fleet) disclosePhones(ctx context.Context, c Caller, list []Phone) error {
	return disclose(ctx, f, c, list, (*Phone).object, func(p *Phone) []*secret.Secret {
		return []*secret.Secret{&p.Password, &p.DoorPassword1, &p.DoorPassword2, &p.Token}
	})
}

func (p *Phone) object() string { return "phone " + p.MAC.String() }

// CreatePhone gives a phone to an extension. If the tenant says so, an enrolment
// window opens for it.
func (f *Fleet) CreatePhone(ctx context.Context, c Caller, user ID, in PhoneInput) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	info, err := f.describe(ctx, c.Tenant, in.Filename)
	if err != nil {
		return 0, err
	}
	id, token := f.store.NewID(), newAddress()
	var (
		m    mac.Addr
		news redirectNews
	)
	err = f.change(ctx, c, "phone.create", func(w Writer) (string, error) {
		now := f.now()
		p := Phone{ID: id, Tenant: c.Tenant, User: user, Token: token, CreatedAt: now, UpdatedAt: now}
		t, err := w.Tenant(ctx, c.Tenant)
		if err != nil {
			return "", err
		}
		u, err := w.User(ctx, c.Tenant, user)
		if err != nil {
			return "", err
		}
		v := form{creating: true}
		kind, err := f.identify(ctx, w, &v, t.ID, identity{
			mac: in.MAC, filename: in.Filename, vendor: in.Vendor, model: in.Model, at: "/filename",
		}, info)
		if err != nil {
			return "", err
		}
		m = kind.mac
		p.MAC, p.Filename, p.Vendor, p.Model = kind.mac, kind.filename, kind.vendor, kind.model
		if info != nil {
			p.EnableLLDP, p.WANVLAN, p.PCVLAN = info.EnableLLDP, info.WANVLAN, info.PCVLAN
			if what, wrong, err := f.uncarried(ctx, w, &u, info.Vendor); err != nil {
				return "", err
			} else if wrong != "" {
				v.add("/vendor", "the %s of the extension %s; change it first", what, wrong)
			}
		}
		f.readPhone(&v, in, t, info, &p)
		redirected := p.redirected()
		if err := f.readRedirect(ctx, w, &v, &redirected); err != nil {
			return "", err
		}
		if err := v.err(); err != nil {
			return "", err
		}
		if err := w.InsertPhone(ctx, p); err != nil {
			return "", err
		}
		if err := f.redirect(ctx, w, c, redirectedDevice{}, redirected, &news); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, p.MAC, EventAssigned, "assigned to extension "+u.ExtensionNumber+" as "+p.Vendor+" "+p.Model); err != nil {
			return "", err
		}
		return p.object(), f.welcome(ctx, w, c, t, p.MAC, p.Disabled())
	})
	if err != nil {
		return 0, err
	}
	return id, f.tell(ctx, append(f.redirected(&news, c.Tenant), f.phoneChanged(c.Tenant, m), f.enrolmentsChanged(c.Tenant, m))...)
}

// UpdatePhone changes a phone of an extension.
func (f *Fleet) UpdatePhone(ctx context.Context, c Caller, user, id ID, in PhoneInput) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var (
		before   Phone
		disabled bool
		news     redirectNews
	)
	if err := f.store.Read(ctx, func(r Reader) (err error) {
		before, err = phoneOf(ctx, r, c.Tenant, user, id)
		return err
	}); err != nil {
		return err
	}
	info, err := f.describeUsed(ctx, c.Tenant, before.Filename)
	if err != nil {
		return err
	}
	err = f.change(ctx, c, "phone.update", func(w Writer) (string, error) {
		t, err := w.Tenant(ctx, c.Tenant)
		if err != nil {
			return "", err
		}
		p, err := phoneOf(ctx, w, c.Tenant, user, id)
		if err != nil {
			return "", err
		}
		p.UpdatedAt = f.now()
		var v form
		v.fixed(identity{mac: in.MAC, filename: in.Filename, vendor: in.Vendor, model: in.Model, at: "/filename"})
		was := p.redirected()
		f.readPhone(&v, in, t, info, &p)
		redirected := p.redirected()
		if err := f.readRedirect(ctx, w, &v, &redirected); err != nil {
			return "", err
		}
		if err := v.err(); err != nil {
			return "", err
		}
		if err := f.redirect(ctx, w, c, was, redirected, &news); err != nil {
			return "", err
		}
		disabled = p.Disabled()
		if err := f.settle(ctx, w, c, p.MAC, disabled, &v); err != nil {
			return "", err
		}
		return p.object(), w.UpdatePhone(ctx, p)
	})
	if err != nil {
		return err
	}
	return f.tellSettled(ctx, c.Tenant, before.MAC, disabled, f.redirected(&news, c.Tenant)...)
}

// DeletePhone takes a phone from its extension.
func (f *Fleet) DeletePhone(ctx context.Context, c Caller, user, id ID) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var (
		p    Phone
		news redirectNews
	)
	err := f.change(ctx, c, "phone.delete", func(w Writer) (_ string, err error) {
		if p, err = phoneOf(ctx, w, c.Tenant, user, id); err != nil {
			return "", err
		}
		if err := f.closeFor(ctx, w, c.Tenant, p.MAC); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, p.MAC, EventDeleted, "deleted"); err != nil {
			return "", err
		}
		if err := f.forget(ctx, w, c, p.MAC, &news); err != nil {
			return "", err
		}
		return p.object(), w.DeletePhone(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, append(f.redirected(&news, c.Tenant), f.phoneChanged(c.Tenant, p.MAC), f.enrolmentsChanged(c.Tenant, p.MAC))...)
}

// RotatePhoneURL gives a phone a new secret address; the old one is dead at once.
// The phone learns the new one by enrolling again.
func (f *Fleet) RotatePhoneURL(ctx context.Context, c Caller, user, id ID) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	token := newAddress()
	var p Phone
	err := f.change(ctx, c, "phone.rotate_url", func(w Writer) (_ string, err error) {
		if p, err = phoneOf(ctx, w, c.Tenant, user, id); err != nil {
			return "", err
		}
		p.Token, p.UpdatedAt = token, f.now()
		if err := f.note(ctx, w, c, p.MAC, EventRotated, "given a new secret address; the old one is dead"); err != nil {
			return "", err
		}
		return p.object(), w.UpdatePhone(ctx, p)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.phoneChanged(c.Tenant, p.MAC))
}

// newAddress makes the secret part of a phone's address: 160 bits.
func newAddress() secret.Secret { return secret.New(randomText(20)) }

func (f *Fleet) phoneChanged(tenant ID, m mac.Addr) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.PhoneChanged(ctx, tenant, m) }
}

// PhoneRows lists the phones of the tenant: those assigned and those only seen.
func (f *Fleet) PhoneRows(ctx context.Context, c Caller, q listquery.Query) (list []PhoneRow, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.PhoneRows(ctx, c.Tenant, q)
		return err
	})
	if err == nil {
		err = f.discloseRows(ctx, c, list)
	}
	if err != nil {
		return nil, 0, err
	}
	return list, count, nil
}

// PhoneRow returns one line of that list. The address is in any spelling; one that
// is none is a CodeMalformed error.
func (f *Fleet) PhoneRow(ctx context.Context, c Caller, address string) (PhoneRow, error) {
	list, err := f.phoneRow(ctx, c, address)
	if err == nil {
		err = f.discloseRows(ctx, c, list)
	}
	if err != nil {
		return PhoneRow{}, err
	}
	return list[0], nil
}

// Assignee returns the line of an assigned phone without its secrets, and
// CodeNotFound for one that is only seen.
func (f *Fleet) Assignee(ctx context.Context, c Caller, address string) (PhoneRow, error) {
	list, err := f.phoneRow(ctx, c, address)
	if err != nil {
		return PhoneRow{}, err
	}
	row := list[0]
	if row.ExtensionNumber == "" {
		return PhoneRow{}, errorf(CodeNotFound, "the phone is not assigned to an extension")
	}
	row.Password, row.VMPIN = secret.Secret{}, secret.Secret{}
	return row, nil
}

func (f *Fleet) phoneRow(ctx context.Context, c Caller, address string) ([]PhoneRow, error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, err
	}
	m, err := parseAddress(address)
	if err != nil {
		return nil, err
	}
	list := make([]PhoneRow, 1)
	err = f.store.Read(ctx, func(r Reader) (err error) {
		list[0], err = r.PhoneRow(ctx, c.Tenant, m)
		return err
	})
	return list, err
}

func (f *Fleet) discloseRows(ctx context.Context, c Caller, list []PhoneRow) error {
	return disclose(ctx, f, c, list, func(p *PhoneRow) string { return "phone " + p.MAC.String() }, func(p *PhoneRow) []*secret.Secret {
		return []*secret.Secret{&p.Password, &p.VMPIN}
	})
}

func parseAddress(s string) (mac.Addr, error) {
	m, err := mac.Parse(s)
	if err != nil {
		return mac.Addr{}, errorf(CodeMalformed, "%s", err)
	}
	return m, nil
}

// Reject marks a phone that was seen as not wanted. One that is assigned is a
// CodeConflict: delete it there, or disable it. Accept takes it back.
func (f *Fleet) Reject(ctx context.Context, c Caller, address string) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	m, err := parseAddress(address)
	if err != nil {
		return err
	}
	err = f.change(ctx, c, "phone.reject", func(w Writer) (string, error) {
		_, ours, err := w.MACTaken(ctx, c.Tenant, m)
		if err != nil {
			return "", err
		}
		if ours {
			return "", errorf(CodeConflict, "the phone is in use; delete it or disable it instead of rejecting it")
		}
		if _, err := w.PhoneRow(ctx, c.Tenant, m); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, m, EventRejected, "rejected"); err != nil {
			return "", err
		}
		return "phone " + m.String(), w.SetRejected(ctx, c.Tenant, m, true)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.phoneChanged(c.Tenant, m))
}

// Accept takes back that a phone was rejected: it is answered again, and can be
// given to an extension as any that was seen. A phone that is not rejected stays as
// it is; one that was never seen is a CodeNotFound.
func (f *Fleet) Accept(ctx context.Context, c Caller, address string) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	m, err := parseAddress(address)
	if err != nil {
		return err
	}
	err = f.change(ctx, c, "phone.accept", func(w Writer) (string, error) {
		row, err := w.PhoneRow(ctx, c.Tenant, m)
		if err != nil {
			return "", err
		}
		if row.Rejected {
			if err := f.note(ctx, w, c, m, EventUnrejected, "no longer rejected"); err != nil {
				return "", err
			}
		}
		return "phone " + m.String(), w.SetRejected(ctx, c.Tenant, m, false)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.phoneChanged(c.Tenant, m))
}

// uncarried says which value that a phone of the user needs cannot be written to
// the vendor's files, and why: of the user and of the lines on its keys.
func (f *Fleet) uncarried(ctx context.Context, r Reader, u *User, vendor string) (what, wrong string, err error) {
	carried := f.carried(vendor)
	if what, wrong = u.breaks(carried); wrong != "" {
		return what, wrong, nil
	}
	for i, k := range u.Keys {
		for _, s := range []string{k.Value, k.Label, k.FirstName, k.LastName} {
			if wrong = carried(s); wrong != "" {
				return fmt.Sprintf("key %d", i+1), wrong, nil
			}
		}
		if k.Kind != KeyLine || k.Value == "" {
			continue
		}
		other, err := r.UserByExtension(ctx, u.Tenant, k.Value)
		if CodeOf(err) == CodeNotFound {
			continue // deleted since; the line stays blank
		}
		if err != nil {
			return "", "", err
		}
		if what, wrong = other.breaks(carried); wrong != "" {
			return fmt.Sprintf("%s of extension %s, a line on key %d", what, k.Value, i+1), wrong, nil
		}
	}
	return "", "", nil
}

func (f *Fleet) readPhone(v *form, in PhoneInput, t Tenant, info *TemplateInfo, p *Phone) {
	f.readDevice(v, deviceInput{
		in.Password, in.Language, in.TimeZone, in.Codecs, in.Interface, in.PreferredTransport, in.RPS, in.HTTPS, in.Disabled, in.DeviceCode,
	}, t, info, p.MAC, &p.DeviceSettings)
	need(v, "/transfer", in.Transfer, &p.Transfer, oneOf(Transfers))
	for _, choice := range []struct {
		at      string
		in, out *string
		list    func(*TemplateInfo) []string
	}{
		{"/ringtone", in.Ringtone, &p.Ringtone, func(i *TemplateInfo) []string { return i.Ringtones }},
		{"/queue_ringtone", in.QueueRingtone, &p.QueueRingtone, func(i *TemplateInfo) []string { return i.QueueRingtones }},
		{"/external_ringtone", in.ExternalRingtone, &p.ExternalRingtone, func(i *TemplateInfo) []string { return i.ExternalRingtones }},
		{"/date_format", in.DateFormat, &p.DateFormat, func(i *TemplateInfo) []string { return i.DateFormats }},
		{"/time_format", in.TimeFormat, &p.TimeFormat, func(i *TemplateInfo) []string { return i.TimeFormats }},
		{"/powerled", in.PowerLED, &p.PowerLED, func(i *TemplateInfo) []string { return i.PowerLEDs }},
		{"/backlight", in.Backlight, &p.Backlight, func(i *TemplateInfo) []string { return i.Backlights }},
		{"/screensaver", in.Screensaver, &p.Screensaver, func(i *TemplateInfo) []string { return i.Screensavers }},
	} {
		set(v, choice.at, choice.in, choice.out, blankOr(offer(info, choice.list)))
	}
	set(v, "/enable_lldp", in.EnableLLDP, &p.EnableLLDP, anything)
	readVLAN(v, "wan", in.EnableVLANWANPort, in.WANPortID, in.WANPortPriority, &p.WANVLAN)
	readVLAN(v, "pc", in.EnableVLANPCPort, in.PCPortID, in.PCPortPriority, &p.PCVLAN)
	set(v, "/serial_number", in.SerialNumber, &p.SerialNumber, text(0, 64))
	door := veiled(func(s string) string {
		if s == "" || digits(4, 8)(s) == "" {
			return ""
		}
		return "must be 4 to 8 digits"
	})
	set(v, "/door_password1", in.DoorPassword1, &p.DoorPassword1, door)
	set(v, "/door_password2", in.DoorPassword2, &p.DoorPassword2, door)
}

func readVLAN(v *form, port string, enabled *bool, id, priority *int, to *VLAN) {
	set(v, "/enable_vlan_"+port+"_port", enabled, &to.Enabled, anything)
	set(v, "/"+port+"_port_id", id, &to.ID, between(1, 4094))
	set(v, "/"+port+"_port_priority", priority, &to.Priority, between(0, 7))
	if id == nil && to.Enabled && to.ID == 0 {
		v.add("/"+port+"_port_id", "is required where the port is tagged: a number from 1 to 4094")
	}
}
