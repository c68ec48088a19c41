package fleet

import (
	"context"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// SignIn is an attempt to sign in.
type SignIn struct {
	Username string
	Password secret.Secret
	Domain   string // the tenant's; "" for an administrator of the installation
	Address  string // network address, without port
}

// Grant is a pair of bearer tokens.
type Grant struct {
	TokenType string // "Bearer"
	Access    secret.Secret
	Refresh   secret.Secret
	ExpiresIn int // seconds until Access expires
}

// AccountInput is what can be set of an account. Nil fields are not given. Its
// faults point at /username, /password, /role, /user_id and /reveal.
type AccountInput struct {
	Username *string // required on create
	Password *secret.Secret
	Role     *string // required on create
	UserID   *string // of an extension, opaque; "" for none
	Reveal   *bool
}

// TokenInput makes a bearer token. Its faults point at /name, /role, /expires_in,
// /reveal and /user_id.
type TokenInput struct {
	Name      *string // required
	Role      *string // required
	ExpiresIn *int    // seconds; nil for never
	Reveal    *bool
	UserID    *string // of an extension, opaque; "" for none
}

// SignIn answers a user name and password with tokens. A failure is a CodeSignIn
// error that does not tell which of the two was wrong; too many of them are a
// CodeTooMany error.
func (f *Fleet) SignIn(ctx context.Context, in SignIn) (Grant, error) { panic("unwritten") }

// Refresh answers a refresh token with new tokens; the old ones end.
func (f *Fleet) Refresh(ctx context.Context, refresh secret.Secret, address string) (Grant, error) {
	panic("unwritten")
}

// SignOut ends the caller's token and those of the same sign-in.
func (f *Fleet) SignOut(ctx context.Context, c Caller) error { panic("unwritten") }

// Authenticate finds who a bearer token belongs to, else a CodeUnauthorized error.
// An administrator of the installation has no tenant until ActIn chooses one.
func (f *Fleet) Authenticate(ctx context.Context, bearer secret.Secret, address string) (Caller, error) {
	panic("unwritten")
}

// ActIn puts an administrator of the installation into a tenant, 0 for the default
// tenant. Any other caller may name only its own tenant, or 0 for it.
//
// Accounts and tokens of the installation itself are those that an administrator
// of the installation manages without ActIn.
func (f *Fleet) ActIn(ctx context.Context, c Caller, tenant ID) (Caller, error) {
	panic("unwritten")
}

// Accounts lists the accounts of the caller's tenant or, without one, of the
// installation. No password hash is returned.
func (f *Fleet) Accounts(ctx context.Context, c Caller, q listquery.Query) ([]Account, int, error) {
	panic("unwritten")
}

// CreateAccount makes an account with at most the caller's rights.
func (f *Fleet) CreateAccount(ctx context.Context, c Caller, in AccountInput) (ID, error) {
	panic("unwritten")
}

// Account returns an account.
func (f *Fleet) Account(ctx context.Context, c Caller, id ID) (Account, error) { panic("unwritten") }

// UpdateAccount changes an account.
func (f *Fleet) UpdateAccount(ctx context.Context, c Caller, id ID, in AccountInput) error {
	panic("unwritten")
}

// DeleteAccount removes an account and ends its tokens.
func (f *Fleet) DeleteAccount(ctx context.Context, c Caller, id ID) error { panic("unwritten") }

// Tokens lists access tokens. No hash is returned.
func (f *Fleet) Tokens(ctx context.Context, c Caller, q listquery.Query) ([]Token, int, error) {
	panic("unwritten")
}

// CreateToken makes a token with at most the caller's rights. Its text is returned
// here and never again.
func (f *Fleet) CreateToken(ctx context.Context, c Caller, in TokenInput) (ID, secret.Secret, error) {
	panic("unwritten")
}

// RevokeToken ends a token at once.
func (f *Fleet) RevokeToken(ctx context.Context, c Caller, id ID) error { panic("unwritten") }
