package fleet

import (
	"context"
	"crypto/sha256"
	"slices"
	"strings"
	"time"

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

const (
	accessLife  = time.Hour
	refreshLife = 30 * 24 * time.Hour
	longestLife = 10 * 365 * 24 * time.Hour
	printable   = decimal + letters + "!\"#$%&'()*+,-./:;<=>?@[\\]^_`{|}~"
)

// newToken makes the text of a bearer token: 160 bits, and a prefix by which
// secret scanners know it.
func newToken() secret.Secret { return secret.New("dp_" + randomText(20)) }

func hashToken(t secret.Secret) [32]byte { return sha256.Sum256([]byte(t.Reveal())) }

// SignIn answers a user name and password with tokens. A failure is a CodeSignIn
// error that does not tell which of the two was wrong; too many of them are a
// CodeTooMany error.
func (f *Fleet) SignIn(ctx context.Context, in SignIn) (Grant, error) {
	name, domain := strings.ToLower(in.Username), strings.ToLower(in.Domain)
	try, err := f.gate.enter(f.now(), domain+"\x00"+name, in.Address)
	if err != nil {
		return Grant{}, err
	}
	var a Account
	err = f.store.Read(ctx, func(r Reader) error {
		var tenant ID
		if domain != "" {
			t, err := r.TenantByDomain(ctx, domain)
			if err != nil {
				return err
			}
			tenant = t.ID
		}
		a, err = r.AccountByName(ctx, tenant, name)
		return err
	})
	if err != nil && CodeOf(err) != CodeNotFound {
		return Grant{}, err
	}
	// Without an account the hash is blank, and the check takes as long and fails.
	right, err := f.gate.check(ctx, a.PasswordHash, in.Password)
	if err != nil {
		return Grant{}, err
	}
	if !right {
		f.log.WarnContext(ctx, "a sign-in failed", "address", in.Address)
		return Grant{}, wrongSignIn()
	}
	try.forgive()
	return f.grant(ctx, a.Tenant, a.ID, in.Address, f.store.NewID(), "sign_in", func(_ Writer, now Account) error {
		if now.PasswordHash != a.PasswordHash {
			return wrongSignIn()
		}
		return nil
	})
}

func wrongSignIn() error {
	return errorf(CodeSignIn, "the user name, password or domain is wrong")
}

// Refresh answers a refresh token with new tokens; the old ones end.
func (f *Fleet) Refresh(ctx context.Context, refresh secret.Secret, address string) (Grant, error) {
	var old Token
	if err := f.store.Read(ctx, func(r Reader) (err error) {
		old, err = r.Token(ctx, hashToken(refresh))
		return err
	}); err != nil {
		return Grant{}, unauthorized(err)
	}
	return f.grant(ctx, old.Tenant, old.Account, address, old.Family, "refresh_token", func(w Writer, _ Account) error {
		t, err := w.Token(ctx, hashToken(refresh)) // used meanwhile?
		if err != nil {
			return unauthorized(err)
		}
		if t.Kind != RefreshToken || f.expired(t) {
			return unauthorized(nil)
		}
		return w.DeleteFamily(ctx, t.Family)
	})
}

// grant makes the tokens of a family for an account, if allowed returns nil.
func (f *Fleet) grant(ctx context.Context, tenant, account ID, address string, family ID, action string, allowed func(Writer, Account) error) (Grant, error) {
	g := Grant{TokenType: "Bearer", Access: newToken(), Refresh: newToken(), ExpiresIn: int(accessLife / time.Second)}
	err := f.store.Write(ctx, func(w Writer) error {
		a, err := w.Account(ctx, tenant, account)
		if err != nil {
			return unauthorized(err)
		}
		if err := allowed(w, a); err != nil {
			return err
		}
		now := f.now()
		t := Token{
			Tenant: a.Tenant, Account: a.ID, User: a.User, Name: a.Username,
			Role: a.Role, Reveal: a.Reveal, Family: family, Created: now,
		}
		t.ID, t.Kind, t.Hash, t.Expires = f.store.NewID(), AccessToken, hashToken(g.Access), now.Add(accessLife)
		if err := w.InsertToken(ctx, t); err != nil {
			return err
		}
		t.ID, t.Kind, t.Hash, t.Expires = f.store.NewID(), RefreshToken, hashToken(g.Refresh), now.Add(refreshLife)
		if err := w.InsertToken(ctx, t); err != nil {
			return err
		}
		return w.Audit(ctx, AuditRecord{
			Time: now, Tenant: a.Tenant, Caller: a.Username, Address: address,
			Action: action, Object: "account " + a.Username,
		})
	})
	if err != nil {
		return Grant{}, err
	}
	return g, nil
}

// unauthorized is the one answer to every token that is not good. Errors other
// than CodeNotFound stay as they are.
func unauthorized(err error) error {
	if err != nil && CodeOf(err) != CodeNotFound {
		return err
	}
	return errorf(CodeUnauthorized, "the token is unknown, expired or revoked; sign in again")
}

func (f *Fleet) expired(t Token) bool { return !t.Expires.IsZero() && !f.now().Before(t.Expires) }

// SignOut ends the caller's token and those of the same sign-in.
func (f *Fleet) SignOut(ctx context.Context, c Caller) error {
	return f.change(ctx, c, "sign_out", func(w Writer) (string, error) {
		t, err := w.TokenByID(ctx, c.home(), c.Credential)
		if err != nil {
			return "", unauthorized(err)
		}
		return "token of " + t.Name, end(ctx, w, t)
	})
}

// end deletes a token and those of the same sign-in.
func end(ctx context.Context, w Writer, t Token) error {
	if t.Family != 0 {
		return w.DeleteFamily(ctx, t.Family)
	}
	return w.DeleteToken(ctx, t.Tenant, t.ID)
}

// Authenticate finds who a bearer token belongs to, else a CodeUnauthorized error.
// The rights are those that its account has now. An administrator of the
// installation has no tenant until ActIn chooses one.
func (f *Fleet) Authenticate(ctx context.Context, bearer secret.Secret, address string) (Caller, error) {
	var t Token
	var c Caller
	err := f.store.Read(ctx, func(r Reader) (err error) {
		if t, err = r.Token(ctx, hashToken(bearer)); err != nil {
			return err
		}
		if t.Kind != AccessToken || f.expired(t) {
			return NotFound("token")
		}
		if t.Account != 0 {
			a, err := r.Account(ctx, t.Tenant, t.Account)
			if err != nil {
				return err
			}
			t.Role, t.Reveal, t.User, t.Name = a.Role, a.Reveal, a.User, a.Username
		}
		c = Caller{
			Tenant: t.Tenant, Installation: t.Tenant == 0, Role: t.Role, Reveal: t.Reveal,
			User: t.User, Name: t.Name, Credential: t.ID, Address: address,
		}
		return nil
	})
	if err != nil {
		return Caller{}, unauthorized(err)
	}
	if hour := f.now().Truncate(time.Hour); hour.After(t.Used) {
		err := f.store.Write(ctx, func(w Writer) error { return w.TouchToken(ctx, t.ID, hour) })
		if err != nil { // a store that cannot write can still be read
			f.log.WarnContext(ctx, "the last use of a token was not noted", "error", err)
		}
	}
	return c, nil
}

// ActIn puts an administrator of the installation into a tenant, 0 for the default
// tenant. Any other caller may name only its own tenant, or 0 for it.
//
// Accounts and tokens of the installation itself are those that an administrator
// of the installation manages without ActIn.
func (f *Fleet) ActIn(ctx context.Context, c Caller, tenant ID) (Caller, error) {
	if !c.Installation {
		if tenant != 0 && tenant != c.Tenant {
			return Caller{}, NotFound("tenant")
		}
		return c, nil
	}
	f.mu.Lock()
	defaultTenant := f.defaultTenant
	f.mu.Unlock()
	if tenant == 0 && defaultTenant != 0 { // it is never deleted
		c.Tenant = defaultTenant
		return c, nil
	}
	err := f.store.Read(ctx, func(r Reader) error {
		if tenant != 0 {
			t, err := r.Tenant(ctx, tenant)
			c.Tenant = t.ID
			return err
		}
		all, _, err := r.Tenants(ctx, listquery.Query{})
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(t Tenant) bool { return t.Code == "" })
		if i < 0 {
			return NotFound("tenant")
		}
		c.Tenant = all[i].ID
		return nil
	})
	if err != nil {
		return Caller{}, err
	}
	if tenant == 0 {
		f.mu.Lock()
		f.defaultTenant = c.Tenant
		f.mu.Unlock()
	}
	return c, nil
}

// Accounts lists the accounts of the caller's tenant or, without one, of the
// installation. No password hash is returned.
func (f *Fleet) Accounts(ctx context.Context, c Caller, q listquery.Query) (list []Account, count int, err error) {
	if err := c.mayManage(); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Accounts(ctx, c.Tenant, q)
		return err
	})
	for i := range list {
		list[i].PasswordHash = ""
	}
	return list, count, err
}

// Account returns an account without its password hash.
func (f *Fleet) Account(ctx context.Context, c Caller, id ID) (a Account, err error) {
	if err := c.mayManage(); err != nil {
		return Account{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		a, err = r.Account(ctx, c.Tenant, id)
		return err
	})
	a.PasswordHash = ""
	return a, err
}

// CreateAccount makes an account with at most the caller's rights.
func (f *Fleet) CreateAccount(ctx context.Context, c Caller, in AccountInput) (ID, error) {
	if err := c.mayManage(); err != nil {
		return 0, err
	}
	hash, err := f.hashNew(ctx, in.Password)
	if err != nil {
		return 0, err
	}
	id := f.store.NewID()
	err = f.change(ctx, c, "account.create", func(w Writer) (string, error) {
		a := Account{ID: id, Tenant: c.Tenant, CreatedAt: f.now()}
		if err := in.read(ctx, w, c, hash, true, &a); err != nil {
			return "", err
		}
		return a.object(), w.InsertAccount(ctx, a)
	})
	if err != nil {
		return 0, err
	}
	return id, nil
}

// UpdateAccount changes an account. A new password ends its sign-ins.
func (f *Fleet) UpdateAccount(ctx context.Context, c Caller, id ID, in AccountInput) error {
	if err := c.mayManage(); err != nil {
		return err
	}
	hash, err := f.hashNew(ctx, in.Password)
	if err != nil {
		return err
	}
	return f.change(ctx, c, "account.update", func(w Writer) (string, error) {
		a, err := w.Account(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		if err := in.read(ctx, w, c, hash, false, &a); err != nil {
			return "", err
		}
		if in.Password == nil {
			return a.object(), w.UpdateAccount(ctx, a)
		}
		// To delete the account is what ends all its sign-ins.
		if err := w.DeleteAccount(ctx, c.Tenant, id); err != nil {
			return "", err
		}
		return a.object(), w.InsertAccount(ctx, a)
	})
}

// DeleteAccount removes an account and ends its tokens.
func (f *Fleet) DeleteAccount(ctx context.Context, c Caller, id ID) error {
	if err := c.mayManage(); err != nil {
		return err
	}
	return f.change(ctx, c, "account.delete", func(w Writer) (string, error) {
		a, err := w.Account(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		return a.object(), w.DeleteAccount(ctx, c.Tenant, id)
	})
}

func (a *Account) object() string { return "account " + a.Username }

// accountPassword allows a password that a person signs in with.
func accountPassword(s string) string { return text(10, 256)(s) }

// hashNew hashes a password that is about to be set, outside of a transaction; ""
// for one that will be refused.
func (f *Fleet) hashNew(ctx context.Context, password *secret.Secret) (string, error) {
	if password == nil || accountPassword(password.Reveal()) != "" {
		return "", nil
	}
	return f.gate.hash(ctx, *password)
}

// read puts the input into a, or says what is wrong with it.
func (in AccountInput) read(ctx context.Context, r Reader, c Caller, hash string, creating bool, a *Account) error {
	v := form{creating: creating}
	need(&v, "/username", lower(in.Username), &a.Username, made(decimal+letters+"._@+-", 1, 64, "1 to 64 of the letters, digits and . _ @ + -"))
	if in.Username != nil {
		switch other, err := r.AccountByName(ctx, c.Tenant, a.Username); {
		case err == nil && other.ID != a.ID:
			v.conflict("/username", "is another account's")
		case err != nil && CodeOf(err) != CodeNotFound:
			return err
		}
	}
	need(&v, "/password", in.Password, new(secret.Secret), veiled(all(accountPassword, func(s string) string {
		if a.Username != "" && strings.Contains(strings.ToLower(s), a.Username) {
			return "must not contain the user name"
		}
		if a.Reveal && !c.Reveal {
			return "is that of an account which may read secrets; you may not, so you cannot take it over"
		}
		return ""
	})))
	if in.Password != nil {
		a.PasswordHash = hash
	}
	need(&v, "/role", (*Role)(in.Role), &a.Role, grantable(c))
	set(&v, "/reveal", in.Reveal, &a.Reveal, revealable(c, a.Reveal))
	if err := readUser(ctx, r, &v, c, in.UserID, &a.User); err != nil {
		return err
	}
	return v.err()
}

// grantable allows the roles that a caller can give.
func grantable(c Caller) rule[Role] {
	return all(oneOf([]Role{Viewer, Operator, Admin}), func(r Role) string {
		if r.Rank() > c.Role.Rank() {
			return "is more than your own role"
		}
		return ""
	})
}

// revealable allows what a caller can give who may read secrets, or may not.
func revealable(c Caller, had bool) rule[bool] {
	return func(on bool) string {
		if on && !had && !c.Reveal {
			return "is a right that you do not have yourself"
		}
		return ""
	}
}

// readUser reads the extension that a credential belongs to.
func readUser(ctx context.Context, r Reader, v *form, c Caller, in *string, to *ID) error {
	switch {
	case in == nil:
		return nil
	case *in == "":
		*to = 0
		return nil
	case c.Tenant == 0:
		v.add("/user_id", "must be empty: the installation has no extensions")
		return nil
	}
	id, ok := ParseID(*in)
	if ok {
		_, err := r.User(ctx, c.Tenant, id)
		if err != nil && CodeOf(err) != CodeNotFound {
			return err
		}
		ok = err == nil
	}
	if !ok {
		v.add("/user_id", "there is no such user")
		return nil
	}
	*to = id
	return nil
}

// Tokens lists access tokens. No hash is returned.
func (f *Fleet) Tokens(ctx context.Context, c Caller, q listquery.Query) (list []Token, count int, err error) {
	if err := c.mayManage(); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Tokens(ctx, c.Tenant, q)
		return err
	})
	for i := range list {
		list[i].Hash = [32]byte{}
	}
	return list, count, err
}

// CreateToken makes a token with at most the caller's rights. Its text is returned
// here and never again.
func (f *Fleet) CreateToken(ctx context.Context, c Caller, in TokenInput) (ID, secret.Secret, error) {
	if err := c.mayManage(); err != nil {
		return 0, secret.Secret{}, err
	}
	id, token := f.store.NewID(), newToken()
	err := f.change(ctx, c, "token.create", func(w Writer) (string, error) {
		v := form{creating: true}
		t := Token{ID: id, Kind: AccessToken, Hash: hashToken(token), Tenant: c.Tenant, Created: f.now()}
		need(&v, "/name", in.Name, &t.Name, text(1, 64))
		need(&v, "/role", (*Role)(in.Role), &t.Role, grantable(c))
		var seconds int
		set(&v, "/expires_in", in.ExpiresIn, &seconds, between(60, int(longestLife/time.Second)))
		if seconds != 0 {
			t.Expires = t.Created.Add(time.Duration(seconds) * time.Second)
		}
		set(&v, "/reveal", in.Reveal, &t.Reveal, revealable(c, false))
		if err := readUser(ctx, w, &v, c, in.UserID, &t.User); err != nil {
			return "", err
		}
		if err := v.err(); err != nil {
			return "", err
		}
		return "token " + t.Name, w.InsertToken(ctx, t)
	})
	if err != nil {
		return 0, secret.Secret{}, err
	}
	return id, token, nil
}

// RevokeToken ends a token at once, and with it the sign-in that it is of.
func (f *Fleet) RevokeToken(ctx context.Context, c Caller, id ID) error {
	if err := c.mayManage(); err != nil {
		return err
	}
	return f.change(ctx, c, "token.revoke", func(w Writer) (string, error) {
		t, err := w.TokenByID(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		return "token " + t.Name, end(ctx, w, t)
	})
}
