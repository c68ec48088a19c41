package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// UserInput is what can be set of a user. Nil fields are not given. Its faults
// point at /extension_number, /display_name, /auth_name, /password, /vm_pin,
// /keys/0/kind (or value, label, first_name, last_name) and /blfs/0/key (or value,
// first_name, last_name).
type UserInput struct {
	ExtensionNumber *string        // required on create
	DisplayName     *string        // required on create
	AuthName        *string        // "" for the extension number
	Password        *secret.Secret // required on create
	VMPIN           *secret.Secret
	Keys            *[]KeyInput // either these
	BLFs            *[]BLFInput // or these
}

// Users lists the extensions of the tenant.
func (f *Fleet) Users(ctx context.Context, c Caller, q listquery.Query) (list []User, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Users(ctx, c.Tenant, q)
		return err
	})
	if err == nil {
		err = f.discloseUsers(ctx, c, list)
	}
	if err != nil {
		return nil, 0, err
	}
	return list, count, nil
}

// User returns an extension.
func (f *Fleet) User(ctx context.Context, c Caller, id ID) (User, error) {
	if err := c.mayHere(Viewer); err != nil {
		return User{}, err
	}
	list := make([]User, 1)
	err := f.store.Read(ctx, func(r Reader) (err error) {
		list[0], err = r.User(ctx, c.Tenant, id)
		return err
	})
	if err == nil {
		err = f.discloseUsers(ctx, c, list)
	}
	if err != nil {
		return User{}, err
	}
	return list[0], nil
}

func (f *Fleet) discloseUsers(ctx context.Context, c Caller, list []User) error {
	return disclose(ctx, f, c, list, (*User).object, func(u *User) []*secret.Secret {
		return []*secret.Secret{&u.Password, &u.VMPIN}
	})
}

func (u *User) object() string { return "user " + u.ExtensionNumber }

// CreateUser makes an extension.
func (f *Fleet) CreateUser(ctx context.Context, c Caller, in UserInput) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	id := f.store.NewID()
	err := f.change(ctx, c, "user.create", func(w Writer) (string, error) {
		now := f.now()
		u := User{ID: id, Tenant: c.Tenant, CreatedAt: now, UpdatedAt: now}
		if err := in.read(ctx, w, f.carried(), true, &u); err != nil {
			return "", err
		}
		return u.object(), w.InsertUser(ctx, u)
	})
	if err != nil {
		return 0, err
	}
	return id, f.tell(ctx, f.userChanged(c.Tenant, id))
}

// UpdateUser changes an extension.
func (f *Fleet) UpdateUser(ctx context.Context, c Caller, id ID, in UserInput) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	err := f.change(ctx, c, "user.update", func(w Writer) (string, error) {
		u, err := w.User(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		vendors, err := vendorsOf(ctx, w, c.Tenant, id)
		if err != nil {
			return "", err
		}
		u.UpdatedAt = f.now()
		if err := in.read(ctx, w, f.carried(vendors...), false, &u); err != nil {
			return "", err
		}
		return u.object(), w.UpdateUser(ctx, u)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.userChanged(c.Tenant, id))
}

// DeleteUser removes an extension with its phones. A member of a DECT base is
// removed only with force; without, the CodeConflict error names the bases.
func (f *Fleet) DeleteUser(ctx context.Context, c Caller, id ID, force bool) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var phones []Phone
	var bases []DectPhone
	var forgotten redirectNews
	err := f.change(ctx, c, "user.delete", func(w Writer) (string, error) {
		u, err := w.User(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		if bases, err = w.MemberOf(ctx, c.Tenant, id); err != nil {
			return "", err
		}
		if len(bases) > 0 && !force {
			names := make([]string, len(bases))
			for i, b := range bases {
				names[i] = fmt.Sprintf("%q", b.Name)
			}
			return "", errorf(CodeConflict, "extension %s is a member of the DECT base %s; take it from there, or force", u.ExtensionNumber, strings.TrimPrefix(anyOf(names), "one of "))
		}
		if phones, _, err = w.PhonesOfUser(ctx, c.Tenant, id, listquery.Query{}); err != nil {
			return "", err
		}
		for _, p := range phones {
			if err := f.closeFor(ctx, w, c.Tenant, p.MAC); err != nil {
				return "", err
			}
			if err := f.note(ctx, w, c, p.MAC, EventDeleted, "deleted with extension "+u.ExtensionNumber); err != nil {
				return "", err
			}
			if err := f.forget(ctx, w, c, p.MAC, &forgotten); err != nil {
				return "", err
			}
		}
		for _, b := range bases {
			if err := f.note(ctx, w, c, b.MAC, EventChanged, "changed: members, as extension "+u.ExtensionNumber+" was deleted",
				EventDetails{Changes: []Change{{Field: "members"}}}); err != nil {
				return "", err
			}
		}
		return u.object(), w.DeleteUser(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	news := append(f.redirected(&forgotten, c.Tenant), f.userChanged(c.Tenant, id))
	for _, p := range phones {
		news = append(news, f.phoneChanged(c.Tenant, p.MAC), f.enrolmentsChanged(c.Tenant, p.MAC))
	}
	for _, b := range bases {
		news = append(news, f.phoneChanged(c.Tenant, b.MAC))
	}
	return f.tell(ctx, news...)
}

func (f *Fleet) userChanged(tenant, id ID) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.UserChanged(ctx, tenant, id) }
}

// vendorsOf lists the makers of the phones and bases that a user's values go to.
func vendorsOf(ctx context.Context, r Reader, tenant, user ID) ([]string, error) {
	phones, _, err := r.PhonesOfUser(ctx, tenant, user, listquery.Query{})
	if err != nil {
		return nil, err
	}
	bases, err := r.MemberOf(ctx, tenant, user)
	if err != nil {
		return nil, err
	}
	var vendors []string
	for _, p := range phones {
		vendors = append(vendors, p.Vendor)
	}
	for _, b := range bases {
		vendors = append(vendors, b.Vendor)
	}
	slices.Sort(vendors)
	return slices.Compact(vendors), nil
}

// read puts the input into u, or says what is wrong with it.
func (in UserInput) read(ctx context.Context, r Reader, carried rule[string], creating bool, u *User) error {
	v := form{creating: creating}
	old := u.ExtensionNumber
	need(&v, "/extension_number", in.ExtensionNumber, &u.ExtensionNumber, extensionNumber)
	if u.ExtensionNumber != old {
		switch other, err := r.UserByExtension(ctx, u.Tenant, u.ExtensionNumber); {
		case err == nil && other.ID != u.ID:
			v.conflict("/extension_number", "extension %s is there already", u.ExtensionNumber)
		case err != nil && CodeOf(err) != CodeNotFound:
			return err
		}
	}
	need(&v, "/display_name", in.DisplayName, &u.DisplayName, all(text(1, 1024), carried))
	ownName := u.AuthName != "" && u.AuthName != old
	set(&v, "/auth_name", in.AuthName, &u.AuthName, all(text(0, 256), carried))
	if in.AuthName == nil && !ownName || u.AuthName == "" {
		u.AuthName = u.ExtensionNumber
	}
	need(&v, "/password", in.Password, &u.Password, veiled(all(text(1, 256), carried)))
	set(&v, "/vm_pin", in.VMPIN, &u.VMPIN, veiled(blankOr(digits(1, 32))))

	if err := in.readKeys(ctx, r, &v, carried, u); err != nil {
		return err
	}
	return v.err()
}

// breaks says which value of the user's own account a rule refuses, and why.
func (u *User) breaks(r rule[string]) (what, wrong string) {
	for _, v := range []struct{ what, text string }{
		{"display name", u.DisplayName}, {"authentication name", u.AuthName}, {"password", u.Password.Reveal()},
	} {
		if wrong := r(v.text); wrong != "" {
			return v.what, wrong
		}
	}
	return "", ""
}
