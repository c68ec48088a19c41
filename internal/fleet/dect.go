package fleet

import (
	"context"
	"fmt"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// DectInput is what can be set of a DECT base. Nil fields are not given. The
// fields of the first group are required on create; MAC, Template, Vendor and
// Model are read on create alone. Its faults point at /name, /mac, /template,
// /vendor, /model, /password, /timezone, /language, /tone, /codecs/0, /interface,
// /preferred_transport, /user_password, /engineer_password, /region,
// /handset_language, /rps, /https, /serial_number and /device_code.
type DectInput struct {
	Name               *string
	MAC                *string
	Template           *string
	Vendor             *string
	Model              *string
	Password           *secret.Secret
	TimeZone           *string
	Language           *string
	Tone               *string
	Codecs             *[]string
	Interface          *string
	PreferredTransport *string

	UserPassword     *secret.Secret
	EngineerPassword *secret.Secret
	Region           *string
	HandsetLanguage  *string
	RPS              *bool
	HTTPS            *bool
	Disabled         *bool // whether it is answered like a base that nobody knows
	SerialNumber     *string
	DeviceCode       *string // printed beside the MAC address, where its redirect service asks for it
}

// MemberInput is one member of a DECT base. Its faults point at
// /items/0/extension_number, /items/0/ipui and /items/0/handset_index.
type MemberInput struct {
	ExtensionNumber string
	IPUI            string // 10 hex digits, an IPEI, or "" or FFFFFFFFFF for any handset
	HandsetIndex    string // a number from 1 to the base's lines, or "" for the one it has or the next free
}

// DectPhones lists the DECT bases of the tenant.
func (f *Fleet) DectPhones(ctx context.Context, c Caller, q listquery.Query) (list []DectPhone, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.DectPhones(ctx, c.Tenant, q)
		return err
	})
	if err == nil {
		err = f.discloseBases(ctx, c, list)
	}
	if err != nil {
		return nil, 0, err
	}
	return list, count, nil
}

// DectPhone returns a DECT base.
func (f *Fleet) DectPhone(ctx context.Context, c Caller, id ID) (DectPhone, error) {
	if err := c.mayHere(Viewer); err != nil {
		return DectPhone{}, err
	}
	list := make([]DectPhone, 1)
	err := f.store.Read(ctx, func(r Reader) (err error) {
		list[0], err = r.DectPhone(ctx, c.Tenant, id)
		return err
	})
	if err == nil {
		err = f.discloseBases(ctx, c, list)
	}
	if err != nil {
		return DectPhone{}, err
	}
	return list[0], nil
}

func (f *Fleet) discloseBases(ctx context.Context, c Caller, list []DectPhone) error {
	return disclose(ctx, f, c, list, (*DectPhone).object, func(d *DectPhone) []*secret.Secret {
		return []*secret.Secret{&d.Password, &d.UserPassword, &d.EngineerPassword, &d.Token}
	})
}

func (d *DectPhone) object() string { return "DECT base " + d.MAC.String() }

// CreateDectPhone makes a DECT base. If the tenant says so, an enrolment window
// opens for it.
func (f *Fleet) CreateDectPhone(ctx context.Context, c Caller, in DectInput) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	info, err := f.describe(ctx, c.Tenant, in.Template)
	if err != nil {
		return 0, err
	}
	id, token := f.store.NewID(), newAddress()
	var (
		d    DectPhone
		news redirectNews
	)
	err = f.change(ctx, c, "dect_phone.create", func(w Writer) (string, error) {
		now := f.now()
		d = DectPhone{ID: id, Tenant: c.Tenant, Token: token, CreatedAt: now, UpdatedAt: now}
		t, err := w.Tenant(ctx, c.Tenant)
		if err != nil {
			return "", err
		}
		v := form{creating: true}
		kind, err := f.identify(ctx, w, &v, t.ID, identity{
			mac: in.MAC, filename: in.Template, vendor: in.Vendor, model: in.Model, at: "/template", dect: true,
		}, info)
		if err != nil {
			return "", err
		}
		d.MAC, d.Template, d.Vendor, d.Model, d.Lines = kind.mac, kind.filename, kind.vendor, kind.model, kind.handsets
		f.readDect(&v, in, t, info, &d)
		redirected := d.redirected()
		if err := f.readRedirect(ctx, w, &v, &redirected); err != nil {
			return "", err
		}
		if err := v.err(); err != nil {
			return "", err
		}
		if err := w.InsertDectPhone(ctx, d); err != nil {
			return "", err
		}
		if err := f.redirect(ctx, w, c, redirectedDevice{}, redirected, &news); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, d.MAC, EventAssigned, "made the DECT base "+d.Name+", a "+d.Vendor+" "+d.Model); err != nil {
			return "", err
		}
		return d.object(), f.welcome(ctx, w, c, t, d.MAC, d.Disabled())
	})
	if err != nil {
		return 0, err
	}
	return id, f.tell(ctx, append(f.redirected(&news, c.Tenant), f.phoneChanged(c.Tenant, d.MAC), f.enrolmentsChanged(c.Tenant, d.MAC))...)
}

// UpdateDectPhone changes a DECT base.
func (f *Fleet) UpdateDectPhone(ctx context.Context, c Caller, id ID, in DectInput) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var (
		before   DectPhone
		disabled bool
		system   ID
		news     redirectNews
	)
	if err := f.store.Read(ctx, func(r Reader) (err error) {
		before, err = r.DectPhone(ctx, c.Tenant, id)
		return err
	}); err != nil {
		return err
	}
	info, err := f.describeUsed(ctx, c.Tenant, before.Template)
	if err != nil {
		return err
	}
	err = f.change(ctx, c, "dect_phone.update", func(w Writer) (string, error) {
		t, err := w.Tenant(ctx, c.Tenant)
		if err != nil {
			return "", err
		}
		d, err := w.DectPhone(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		d.UpdatedAt = f.now()
		var v form
		v.fixed(identity{mac: in.MAC, filename: in.Template, vendor: in.Vendor, model: in.Model, at: "/template"})
		was := d.redirected()
		f.readDect(&v, in, t, info, &d)
		redirected := d.redirected()
		if err := f.readRedirect(ctx, w, &v, &redirected); err != nil {
			return "", err
		}
		if err := v.err(); err != nil {
			return "", err
		}
		if err := f.redirect(ctx, w, c, was, redirected, &news); err != nil {
			return "", err
		}
		disabled, system = d.Disabled(), d.System
		if err := f.settle(ctx, w, c, d.MAC, disabled, &v); err != nil {
			return "", err
		}
		return d.object(), w.UpdateDectPhone(ctx, d)
	})
	if err != nil {
		return err
	}
	told := f.redirected(&news, c.Tenant)
	if system != 0 {
		told = append(told, f.systemChanged(c.Tenant, system, nil)) // which knows its bases' names
	}
	return f.tellSettled(ctx, c.Tenant, before.MAC, disabled, told...)
}

// DeleteDectPhone removes a DECT base. One that has members is removed with force
// only, which takes them off it and leaves their extensions, and one that is in a system
// with force only, which takes it from there; without, the CodeConflict error names what
// is in the way. The data master of a system is not removed.
func (f *Fleet) DeleteDectPhone(ctx context.Context, c Caller, id ID, force bool) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var (
		d    DectPhone
		news redirectNews
	)
	err := f.change(ctx, c, "dect_phone.delete", func(w Writer) (_ string, err error) {
		if d, err = w.DectPhone(ctx, c.Tenant, id); err != nil {
			return "", err
		}
		if d.System != 0 {
			if err := f.leave(ctx, w, d, force); err != nil {
				return "", err
			}
		}
		members, err := w.Members(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		if len(members) > 0 && !force {
			return "", errorf(CodeConflict, "the DECT base %q has %s; take them off, or force", d.Name, countOf(members))
		}
		if err := f.closeFor(ctx, w, c.Tenant, d.MAC); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, d.MAC, EventDeleted, "deleted"); err != nil {
			return "", err
		}
		if err := f.forget(ctx, w, c, d.MAC, &news); err != nil {
			return "", err
		}
		return d.object(), w.DeleteDectPhone(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	told := append(f.redirected(&news, c.Tenant), f.phoneChanged(c.Tenant, d.MAC), f.enrolmentsChanged(c.Tenant, d.MAC))
	if d.System != 0 {
		told = append(told, f.systemChanged(c.Tenant, d.System, nil))
	}
	return f.tell(ctx, told...)
}

// countOf counts members and names the first few: "12 members (101, 102, 103, …)".
func countOf(members []Member) string {
	var names []string
	for _, m := range members[:min(len(members), 3)] {
		names = append(names, m.ExtensionNumber)
	}
	if len(members) > len(names) {
		names = append(names, "…")
	}
	what := "members"
	if len(members) == 1 {
		what = "member"
	}
	return fmt.Sprintf("%d %s (%s)", len(members), what, strings.Join(names, ", "))
}

func (f *Fleet) readDect(v *form, in DectInput, t Tenant, info *TemplateInfo, d *DectPhone) {
	var vendors []string
	if info != nil {
		vendors = []string{info.Vendor}
	}
	carried := f.carried(vendors...)
	need(v, "/name", in.Name, &d.Name, all(text(1, 64), carried))
	f.readDevice(v, deviceInput{
		in.Password, in.Language, in.TimeZone, in.Codecs, in.Interface, in.PreferredTransport, in.RPS, in.HTTPS, in.Disabled, in.DeviceCode,
	}, t, info, d.MAC, &d.DeviceSettings)
	if info != nil && len(info.Tones) == 0 { // the base is not told
		set(v, "/tone", upper(in.Tone), &d.Tone, blankOr(country))
	} else {
		need(v, "/tone", in.Tone, &d.Tone, offer(info, func(i *TemplateInfo) []string { return i.Tones }))
	}
	login := veiled(blankOr(all(webPassword(d.MAC), carried)))
	set(v, "/user_password", in.UserPassword, &d.UserPassword, login)
	set(v, "/engineer_password", in.EngineerPassword, &d.EngineerPassword, login)
	set(v, "/serial_number", in.SerialNumber, &d.SerialNumber, text(0, 64))
	set(v, "/region", in.Region, &d.Region, all(text(0, 64), carried))
	set(v, "/handset_language", upper(in.HandsetLanguage), &d.HandsetLanguage,
		blankOr(offer(info, func(i *TemplateInfo) []string { return i.Languages })))
}

// Members lists the members of a base by handset index, or those of the system that it
// is in.
func (f *Fleet) Members(ctx context.Context, c Caller, dect ID) (list []Member, err error) {
	return f.membersOf(ctx, c, DectPlace{Dect: dect})
}

func (f *Fleet) membersOf(ctx context.Context, c Caller, at DectPlace) (list []Member, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		s, err := at.find(ctx, r, c.Tenant)
		if err != nil {
			return err
		}
		list, err = r.Members(ctx, c.Tenant, s.base.ID)
		return err
	})
	return list, err
}

// Member returns the member of a base that has the extension.
func (f *Fleet) Member(ctx context.Context, c Caller, dect ID, extension string) (Member, error) {
	list, err := f.Members(ctx, c, dect)
	if err != nil {
		return Member{}, err
	}
	for _, m := range list {
		if m.ExtensionNumber == extension {
			return m, nil
		}
	}
	return Member{}, NotFound("member of the DECT base")
}

// ReplaceMembers gives a base a new list of members, whole. A member that names no
// handset index keeps the one it has, or gets the lowest that is free. An IPUI is that
// of one handset and belongs to one base of the installation. A base that is in a system
// stands for the system.
func (f *Fleet) ReplaceMembers(ctx context.Context, c Caller, dect ID, in []MemberInput) error {
	return f.replaceMembers(ctx, c, DectPlace{Dect: dect}, in)
}

func (f *Fleet) replaceMembers(ctx context.Context, c Caller, at DectPlace, in []MemberInput) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var d DectPhone
	err := f.change(ctx, c, "dect_phone.members", func(w Writer) (string, error) {
		s, err := at.find(ctx, w, c.Tenant)
		if err != nil {
			return "", err
		}
		before, err := w.Members(ctx, c.Tenant, s.base.ID)
		if err != nil {
			return "", err
		}
		members, err := f.readMembers(ctx, w, s, before, in)
		if err != nil {
			return "", err
		}
		d = s.base
		d.UpdatedAt = f.now()
		if err := w.UpdateDectPhone(ctx, d); err != nil {
			return "", err
		}
		if err := f.note(ctx, w, c, d.MAC, EventChanged, "changed: members", EventDetails{Changes: []Change{{Field: "members"}}}); err != nil {
			return "", err
		}
		return s.object(), w.ReplaceMembers(ctx, c.Tenant, d.ID, members)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.phoneChanged(c.Tenant, d.MAC))
}

func (f *Fleet) readMembers(ctx context.Context, r Reader, s seats, before []Member, in []MemberInput) ([]Member, error) {
	var v form
	d := s.base
	if len(in) > s.lines {
		v.add("/items", "has %d members; %s", len(in), s.takes())
	}
	carried := f.carried(d.Vendor)
	out := make([]Member, len(in))
	extensionAt, ipuiAt, indexAt := make(map[string]int), make(map[string]int), make(map[int]int)
	for i, m := range in {
		at := fmt.Sprintf("/items/%d", i)
		if first, twice := extensionAt[m.ExtensionNumber]; twice {
			v.add(at+"/extension_number", "is that of item %d as well", first)
		} else {
			extensionAt[m.ExtensionNumber] = i
			u, err := userOf(ctx, r, &v, at+"/extension_number", d.Tenant, m.ExtensionNumber)
			if err != nil {
				return nil, err
			}
			if what, wrong := u.breaks(carried); wrong != "" {
				v.add(at+"/extension_number", "the %s of extension %s %s", what, u.ExtensionNumber, wrong)
			}
			out[i].User, out[i].ExtensionNumber, out[i].DisplayName = u.ID, u.ExtensionNumber, u.DisplayName
		}
		ipui, wrong := parseIPUI(m.IPUI)
		if first, twice := ipuiAt[ipui]; wrong != "" {
			v.add(at+"/ipui", "%s", wrong)
		} else if twice {
			v.add(at+"/ipui", "is that of item %d as well", first)
		} else if ipui != "" {
			ipuiAt[ipui], out[i].IPUI = i, ipui
			if err := freeHandset(ctx, r, &v, at, d, ipui); err != nil {
				return nil, err
			}
		}
		if m.HandsetIndex == "" {
			continue
		}
		n, err := strconv.Atoi(m.HandsetIndex)
		if err != nil || strconv.Itoa(n) != m.HandsetIndex || n < 1 || n > s.lines {
			v.add(at+"/handset_index", "must be a number from 1 to %d, or empty", s.lines)
			continue
		}
		if first, twice := indexAt[n]; twice {
			v.add(at+"/handset_index", "is that of item %d as well", first)
		}
		indexAt[n], out[i].HandsetIndex = i, n
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	placeHandsets(out, before, indexAt)
	return out, nil
}

// userOf finds the user of an extension, or adds a fault.
func userOf(ctx context.Context, r Reader, v *form, at string, tenant ID, extension string) (User, error) {
	if wrong := extensionNumber(extension); wrong != "" {
		v.add(at, "%s", wrong)
		return User{}, nil
	}
	u, err := r.UserByExtension(ctx, tenant, extension)
	if CodeOf(err) == CodeNotFound {
		v.add(at, "there is no extension %s", extension)
		return User{}, nil
	}
	return u, err
}

// freeHandset adds a conflict if a handset belongs to another base.
func freeHandset(ctx context.Context, r Reader, v *form, at string, d DectPhone, ipui string) error {
	tenant, base, err := r.DectOfHandset(ctx, ipui)
	switch {
	case CodeOf(err) == CodeNotFound || err == nil && base == d.ID:
		return nil
	case err != nil:
		return err
	case tenant != d.Tenant:
		v.conflict(at+"/ipui", "the handset %s is in use outside this tenant", ipui)
		return nil
	}
	other, err := r.DectPhone(ctx, tenant, base)
	if err == nil {
		v.conflict(at+"/ipui", "the handset %s is that of a member of the DECT base %q; take it from there first", ipui, other.Name)
	}
	return err
}

// placeHandsets gives an index to those that have none: the one they had before,
// else the lowest that is free.
func placeHandsets(members, before []Member, taken map[int]int) {
	had := make(map[ID]int, len(before))
	for _, m := range before {
		had[m.User] = m.HandsetIndex
	}
	for i := range members {
		m := &members[i]
		if n := had[m.User]; m.HandsetIndex == 0 && n != 0 {
			if _, gone := taken[n]; !gone {
				m.HandsetIndex, taken[n] = n, i
			}
		}
	}
	free := 1
	for i := range members {
		if members[i].HandsetIndex != 0 {
			continue
		}
		for {
			if _, gone := taken[free]; !gone {
				break
			}
			free++
		}
		members[i].HandsetIndex, taken[free] = free, i
	}
}
