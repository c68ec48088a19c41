package fleet

import (
	"context"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// DectInput is what can be set of a DECT base. Nil fields are not given. The
// fields of the first group are required on create; MAC, Template, Vendor and
// Model are read on create alone. Its faults point at /name, /mac, /template,
// /vendor, /model, /password, /timezone, /language, /tone, /codecs/0, /interface,
// /preferred_transport, /user_password, /engineer_password, /region,
// /handset_language, /rps and /https.
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
}

// MemberInput is one member of a DECT base. Its faults point at
// /items/0/extension_number, /items/0/ipui and /items/0/handset_index.
type MemberInput struct {
	ExtensionNumber string
	IPUI            string // 10 hex digits, or "" for any handset
	HandsetIndex    string // a number from 1 to the base's lines, or "" for the next free
}

// DectPhones lists the DECT bases of the tenant.
func (f *Fleet) DectPhones(ctx context.Context, c Caller, q listquery.Query) ([]DectPhone, int, error) {
	panic("unwritten")
}

// CreateDectPhone makes a DECT base.
func (f *Fleet) CreateDectPhone(ctx context.Context, c Caller, in DectInput) (ID, error) {
	panic("unwritten")
}

// DectPhone returns a DECT base.
func (f *Fleet) DectPhone(ctx context.Context, c Caller, id ID) (DectPhone, error) {
	panic("unwritten")
}

// UpdateDectPhone changes a DECT base.
func (f *Fleet) UpdateDectPhone(ctx context.Context, c Caller, id ID, in DectInput) error {
	panic("unwritten")
}

// DeleteDectPhone removes a DECT base with its list of members.
func (f *Fleet) DeleteDectPhone(ctx context.Context, c Caller, id ID) error { panic("unwritten") }

// Members lists the members of a base by handset index.
func (f *Fleet) Members(ctx context.Context, c Caller, dect ID) ([]Member, error) {
	panic("unwritten")
}

// ReplaceMembers gives a base a new list of members, whole.
func (f *Fleet) ReplaceMembers(ctx context.Context, c Caller, dect ID, in []MemberInput) error {
	panic("unwritten")
}

// Member returns the member of a base that has the extension.
func (f *Fleet) Member(ctx context.Context, c Caller, dect ID, extension string) (Member, error) {
	panic("unwritten")
}
