package fleet

import (
	"context"
	"fmt"

	"github.com/dialplane/dialplane/internal/listquery"
)

// ContactInput is what can be set of a contact. Nil fields are not given. Its faults
// point at /display_name, /numbers and /numbers/0/number (or label).
type ContactInput struct {
	DisplayName *string          // required on create
	Numbers     *[]ContactNumber // required on create; replaces all
}

// maxNumbers is how many numbers a contact has at most.
const maxNumbers = 10

// Contacts lists the entries of the phone book that are no extensions.
func (f *Fleet) Contacts(ctx context.Context, c Caller, q listquery.Query) (list []Contact, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Contacts(ctx, c.Tenant, q)
		return err
	})
	return list, count, err
}

// Contact returns an entry of the phone book.
func (f *Fleet) Contact(ctx context.Context, c Caller, id ID) (contact Contact, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return Contact{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		contact, err = r.Contact(ctx, c.Tenant, id)
		return err
	})
	return contact, err
}

// CreateContact adds an entry to the phone book.
func (f *Fleet) CreateContact(ctx context.Context, c Caller, in ContactInput) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	contact := Contact{ID: f.store.NewID(), Tenant: c.Tenant}
	err := f.change(ctx, c, "contact.create", func(w Writer) (string, error) {
		contact.CreatedAt = f.now()
		contact.UpdatedAt = contact.CreatedAt
		if err := in.read(true, &contact); err != nil {
			return "", err
		}
		return contact.object(), w.InsertContact(ctx, contact)
	})
	if err != nil {
		return 0, err
	}
	return contact.ID, f.tell(ctx, f.contactChanged(c.Tenant, contact.ID))
}

// UpdateContact changes an entry of the phone book.
func (f *Fleet) UpdateContact(ctx context.Context, c Caller, id ID, in ContactInput) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	err := f.change(ctx, c, "contact.update", func(w Writer) (string, error) {
		contact, err := w.Contact(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		contact.UpdatedAt = f.now()
		if err := in.read(false, &contact); err != nil {
			return "", err
		}
		return contact.object(), w.UpdateContact(ctx, contact)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.contactChanged(c.Tenant, id))
}

// DeleteContact removes an entry from the phone book.
func (f *Fleet) DeleteContact(ctx context.Context, c Caller, id ID) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	err := f.change(ctx, c, "contact.delete", func(w Writer) (string, error) {
		contact, err := w.Contact(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		return contact.object(), w.DeleteContact(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.contactChanged(c.Tenant, id))
}

func (f *Fleet) contactChanged(tenant, id ID) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.ContactChanged(ctx, tenant, id) }
}

func (c *Contact) object() string { return "contact " + c.ID.String() }

// read puts the input into c, or says what is wrong with it.
func (in ContactInput) read(creating bool, c *Contact) error {
	v := form{creating: creating}
	need(&v, "/display_name", in.DisplayName, &c.DisplayName, text(1, 256))
	switch {
	case in.Numbers == nil && creating:
		v.add("/numbers", "is required")
	case in.Numbers == nil:
	case len(*in.Numbers) == 0:
		v.add("/numbers", "must hold at least one number")
	case len(*in.Numbers) > maxNumbers:
		v.add("/numbers", "has %d numbers; at most %d are allowed", len(*in.Numbers), maxNumbers)
	default:
		c.Numbers = make([]ContactNumber, len(*in.Numbers))
		for i := range *in.Numbers {
			given, at := &(*in.Numbers)[i], fmt.Sprintf("/numbers/%d", i)
			set(&v, at+"/number", &given.Number, &c.Numbers[i].Number, text(1, 128))
			set(&v, at+"/label", &given.Label, &c.Numbers[i].Label, text(0, 64))
		}
	}
	return v.err()
}
