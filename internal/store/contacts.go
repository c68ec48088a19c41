package store

import (
	"context"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

var contactColumns = columns{
	"id":           ownID("id"),
	"display_name": {expr: "display_name", folded: "display_name_folded"},
}

const contactFields = `id, tenant, display_name, numbers, created_at, updated_at`

// contactNumber is a fleet.ContactNumber as it is kept.
type contactNumber struct {
	Label  string `json:"label,omitempty"`
	Number string `json:"number"`
}

func numbersText(numbers []fleet.ContactNumber) string {
	kept := make([]contactNumber, len(numbers))
	for i, n := range numbers {
		kept[i] = contactNumber(n)
	}
	return jsonText(kept)
}

func scanContact(row scanner) (fleet.Contact, error) {
	var (
		c       fleet.Contact
		numbers []contactNumber
	)
	err := row.Scan(&c.ID, &c.Tenant, &c.DisplayName, asJSON(&numbers), asTime(&c.CreatedAt), asTime(&c.UpdatedAt))
	for _, n := range numbers {
		c.Numbers = append(c.Numbers, fleet.ContactNumber(n))
	}
	return c, err
}

func (r *reader) Contact(ctx context.Context, tenant, id fleet.ID) (fleet.Contact, error) {
	return one(ctx, r.conn, "contact", scanContact, `SELECT `+contactFields+` FROM contacts WHERE tenant = $1 AND id = $2`, tenant, id)
}

func (r *reader) Contacts(ctx context.Context, tenant fleet.ID, q listquery.Query) ([]fleet.Contact, int, error) {
	return listOf(ctx, r.conn, q, "id", scanContact, []source{{contactFields, `FROM contacts WHERE tenant = $1`, contactColumns}}, tenant)
}

func (w *writer) InsertContact(ctx context.Context, c fleet.Contact) error {
	return w.exec(ctx, `INSERT INTO contacts (id, tenant, display_name, display_name_folded, numbers, created_at, updated_at)
		VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		c.ID, c.Tenant, c.DisplayName, fold(c.DisplayName), numbersText(c.Numbers), millis(c.CreatedAt), millis(c.UpdatedAt))
}

func (w *writer) UpdateContact(ctx context.Context, c fleet.Contact) error {
	return w.change(ctx, "contact", `UPDATE contacts SET display_name = $3, display_name_folded = $4, numbers = $5, updated_at = $6
		WHERE tenant = $1 AND id = $2`,
		c.Tenant, c.ID, c.DisplayName, fold(c.DisplayName), numbersText(c.Numbers), millis(c.UpdatedAt))
}

func (w *writer) DeleteContact(ctx context.Context, tenant, id fleet.ID) error {
	return w.change(ctx, "contact", `DELETE FROM contacts WHERE tenant = $1 AND id = $2`, tenant, id)
}
