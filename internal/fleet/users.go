package fleet

import (
	"context"

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

// KeyInput is one programmable key.
type KeyInput struct {
	Kind      string // one of KeyKinds; "" for none
	Value     string
	Label     string
	FirstName string
	LastName  string
}

// BLFInput is one programmable key as the clients of the API we keep compatible
// with set it.
type BLFInput struct {
	Key       string // BLF, LINE, SPEED_DIAL, …; "" for none
	Value     string
	FirstName string
	LastName  string
}

// Users lists the extensions of the tenant.
func (f *Fleet) Users(ctx context.Context, c Caller, q listquery.Query) ([]User, int, error) {
	panic("unwritten")
}

// CreateUser makes an extension.
func (f *Fleet) CreateUser(ctx context.Context, c Caller, in UserInput) (ID, error) {
	panic("unwritten")
}

// User returns an extension.
func (f *Fleet) User(ctx context.Context, c Caller, id ID) (User, error) { panic("unwritten") }

// UpdateUser changes an extension.
func (f *Fleet) UpdateUser(ctx context.Context, c Caller, id ID, in UserInput) error {
	panic("unwritten")
}

// DeleteUser removes an extension with its phones. A member of a DECT base is
// removed only with force; without, the CodeConflict error names the bases.
func (f *Fleet) DeleteUser(ctx context.Context, c Caller, id ID, force bool) error {
	panic("unwritten")
}
