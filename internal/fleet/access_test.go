package fleet_test

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// Every use case × role. Those that are allowed to change something are stopped at
// their audit record, which shows that they got that far and are undone by it.
func TestAuthorisation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.furnish()
	cases := w.useCases()
	public := []string{"Bootstrap", "SignIn", "Refresh", "SignOut", "Authenticate", "ActIn", "SweepContents", "RotatePointer", "RenewPointers"}
	for m := range reflect.TypeFor[*fleet.Fleet]().Methods() {
		if _, ok := cases[m.Name]; !ok && !slices.Contains(public, m.Name) {
			t.Errorf("%s is in no test of who may", m.Name)
		}
	}
	noAudit := errors.New("the audit log is full")
	w.faulty.fail(noAudit, nil)
	before := w.state()
	with := func(c fleet.Caller, r fleet.Role) fleet.Caller { c.Role, c.Reveal = r, false; return c }
	for name, u := range cases {
		forbidden := func(who string, c, root fleet.Caller) {
			t.Helper()
			if err := u.do(t.Context(), c, root); fleet.CodeOf(err) != fleet.CodeForbidden {
				t.Errorf("%s by %s: %v", name, who, err)
			}
		}
		for _, role := range []fleet.Role{"", "owner", fleet.Viewer, fleet.Operator, fleet.Admin} {
			if role.Rank() < u.role.Rank() {
				forbidden(string(role), with(w.admin, role), with(w.root, role))
				continue
			}
			err := u.do(t.Context(), with(w.admin, role), with(w.root, role))
			if u.changes && !errors.Is(err, noAudit) || !u.changes && err != nil {
				t.Errorf("%s by %s: %v", name, role, err)
			}
		}
		if u.rule {
			forbidden("a tenant's administrator", w.admin, w.admin)
		} else if !strings.Contains(name, "Account") && !strings.Contains(name, "Token") && name != "RedirectServices" {
			forbidden("an administrator in no tenant", w.root, w.root)
		} else {
			forbidden("nobody's administrator", fleet.Caller{Role: fleet.Admin}, fleet.Caller{})
		}
	}
	w.heard.take()
	if diff := cmp.Diff(before, w.state()); diff != "" {
		t.Errorf("something was changed without an audit record:\n%s", diff)
	}
	if n := w.waker.woken.Load() + w.redirects.woken.Load(); n > 0 {
		t.Errorf("woken %d times", n)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	good := fleet.SignIn{Username: "Bob", Password: secret.New("long enough 1"), Domain: "DEFAULT.invalid", Address: "192.0.2.1"}
	signIn := func(edit func(*fleet.SignIn)) func() error {
		return func() error {
			in := good
			edit(&in)
			_, err := w.SignIn(ctx, in)
			return err
		}
	}
	const says = "the user name, password or domain is wrong"
	w.refuse([]refusal{
		{name: "password", do: signIn(func(in *fleet.SignIn) { in.Password = secret.New("long enough 2") }), code: fleet.CodeSignIn, says: says},
		{name: "no password", do: signIn(func(in *fleet.SignIn) { in.Password = secret.Secret{} }), code: fleet.CodeSignIn, says: says},
		{name: "user", do: signIn(func(in *fleet.SignIn) { in.Username = "rob" }), code: fleet.CodeSignIn, says: says},
		{name: "domain", do: signIn(func(in *fleet.SignIn) { in.Domain = "none.example.com" }), code: fleet.CodeSignIn, says: says},
		{name: "domain of another", do: signIn(func(in *fleet.SignIn) { in.Domain = "other.example.com" }), code: fleet.CodeSignIn, says: says},
		{name: "installation", do: signIn(func(in *fleet.SignIn) { in.Domain = "" }), code: fleet.CodeSignIn, says: says},
	})
	first := must(w.SignIn(ctx, good))(t)
	if first.TokenType != "Bearer" || first.ExpiresIn != 3600 || len(first.Access.Reveal()) != 35 || first.Access.Equal(first.Refresh) {
		t.Errorf("%+v", first)
	}
	c := must(w.Authenticate(ctx, first.Access, "192.0.2.2"))(t)
	want := fleet.Caller{Tenant: w.admin.Tenant, Role: fleet.Viewer, Name: "bob", Credential: c.Credential, Address: "192.0.2.2"}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	unauthorized := func(what string, s secret.Secret) {
		t.Helper()
		if _, err := w.Authenticate(ctx, s, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
			t.Errorf("%s: %v", what, err)
		}
	}
	unauthorized("nothing", secret.Secret{})
	unauthorized("a refresh token", first.Refresh)
	unauthorized("upper case", secret.New(strings.ToUpper(first.Access.Reveal())))
	if _, err := w.Refresh(ctx, first.Access, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("an access token refreshes: %v", err)
	}
	// The rights are those of the account, at once.
	check(t, w.UpdateAccount(ctx, w.admin, w.account, fleet.AccountInput{Role: new("operator"), Reveal: new(true), UserID: new(w.user.String())}))
	if c := must(w.Authenticate(ctx, first.Access, ""))(t); c.Role != fleet.Operator || !c.Reveal || c.User != w.user {
		t.Errorf("%+v", c)
	}

	second := must(w.Refresh(ctx, first.Refresh, "192.0.2.1"))(t)
	unauthorized("an access token from before", first.Access)
	if _, err := w.Refresh(ctx, first.Refresh, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("a refresh token works twice: %v", err)
	}
	must(w.Authenticate(ctx, second.Access, ""))(t)
	w.clock.advance(time.Hour)
	unauthorized("an expired token", second.Access)
	third := must(w.Refresh(ctx, second.Refresh, ""))(t)
	w.clock.advance(30 * 24 * time.Hour)
	if _, err := w.Refresh(ctx, third.Refresh, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("an expired refresh token works: %v", err)
	}

	// Signing out ends one sign-in alone.
	here, there := must(w.SignIn(ctx, good))(t), must(w.SignIn(ctx, good))(t)
	c = must(w.Authenticate(ctx, here.Access, ""))(t)
	check(t, w.SignOut(ctx, c))
	unauthorized("a token signed out", here.Access)
	if _, err := w.Refresh(ctx, here.Refresh, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("a refresh token outlives its sign-in: %v", err)
	}
	if err := w.SignOut(ctx, c); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("signed out twice: %v", err)
	}
	must(w.Authenticate(ctx, there.Access, ""))(t)

	// A new password ends all, even where only the refresh token is left.
	w.clock.advance(26 * time.Hour)
	late := must(w.SignIn(ctx, good))(t) // the store forgets old access tokens here
	check(t, w.UpdateAccount(ctx, w.admin, w.account, fleet.AccountInput{Password: new(secret.New("another one 3"))}))
	unauthorized("a token of the old password", late.Access)
	for _, g := range []fleet.Grant{late, there} {
		if _, err := w.Refresh(ctx, g.Refresh, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
			t.Errorf("a refresh token outlives its password: %v", err)
		}
	}
	if a := must(w.Account(ctx, w.admin, w.account))(t); a.Role != fleet.Operator || a.Username != "bob" || a.PasswordHash != "" || a.User != w.user {
		t.Errorf("%+v", a)
	}
	good.Password = secret.New("another one 3")
	last := must(w.SignIn(ctx, good))(t)
	check(t, w.DeleteAccount(ctx, w.admin, w.account))
	unauthorized("a token of no account", last.Access)
	if _, err := w.Refresh(ctx, last.Refresh, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Error(err)
	}
}

func TestRefreshInParallel(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	g := must(w.SignIn(ctx, fleet.SignIn{Username: "bob", Password: secret.New("long enough 1"), Domain: "default.invalid"}))(t)
	var wg sync.WaitGroup
	errs := make([]error, 8)
	for i := range errs {
		wg.Go(func() { _, errs[i] = w.Refresh(ctx, g.Refresh, "") })
	}
	wg.Wait()
	good := 0
	for _, err := range errs {
		if err == nil {
			good++
		} else if fleet.CodeOf(err) != fleet.CodeUnauthorized {
			t.Error(err)
		}
	}
	if good != 1 {
		t.Errorf("one refresh token worked %d times", good)
	}
}

func TestSignInLimits(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	try := func(user, password, address string) fleet.Code {
		_, err := w.SignIn(ctx, fleet.SignIn{Username: user, Password: secret.New(password), Domain: "default.invalid", Address: address})
		var e *fleet.Error
		if errors.As(err, &e) && e.Code == fleet.CodeTooMany && e.Retry <= 0 {
			t.Errorf("no time to retry at: %+v", e)
		}
		return fleet.CodeOf(err)
	}
	var wg sync.WaitGroup
	var mu sync.Mutex
	got := make(map[fleet.Code]int)
	for i := range 40 {
		wg.Go(func() {
			code := try([]string{"bob", "BOB"}[i%2], "wrong", []string{"192.0.2.1", "192.0.2.2"}[i%2])
			mu.Lock()
			defer mu.Unlock()
			got[code]++
		})
	}
	wg.Wait()
	if got[fleet.CodeSignIn] != 10 || got[fleet.CodeTooMany] != 30 {
		t.Errorf("of 40 guesses at one account: %v", got)
	}
	if code := try("bob", "long enough 1", "192.0.2.3"); code != fleet.CodeTooMany {
		t.Errorf("the right password after them: %q", code)
	}
	w.clock.advance(30 * time.Second)
	if code := try("bob", "long enough 1", "192.0.2.3"); code != "" {
		t.Errorf("half a minute later: %q", code)
	}
	for range 20 { // being right costs nothing
		if code := try("bob", "long enough 1", "192.0.2.3"); code != "" {
			t.Fatalf("%q", code)
		}
	}
	w.clock.advance(-24 * time.Hour) // a clock that is set back locks nobody out
	if code := try("bob", "long enough 1", "192.0.2.3"); code != "" {
		t.Errorf("after the clock was set back: %q", code)
	}

	got = make(map[fleet.Code]int)
	for i := range 35 { // one IPv6 network guessing at many accounts
		got[try(string(rune('a'+i%26))+strings.Repeat("x", i), "wrong", "2001:db8::"+string("0123456789abcdef"[i%16]))]++
	}
	if got[fleet.CodeSignIn] != 30 || got[fleet.CodeTooMany] != 5 {
		t.Errorf("of 35 guesses from one network: %v", got)
	}
	if code := try("bob", "long enough 1", "2001:db8:0:1::1"); code != "" {
		t.Errorf("from another network: %q", code)
	}
}

func TestAccountRules(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	blind := w.admin
	blind.Reveal = false
	powerful := must(w.CreateAccount(ctx, w.admin, fleet.AccountInput{Username: new("power"), Password: new(secret.New("long enough 5")), Role: new("admin"), Reveal: new(true)}))(t)
	create := func(c fleet.Caller, edit func(*fleet.AccountInput)) func() error {
		return func() error {
			in := fleet.AccountInput{Username: new("carol"), Password: new(secret.New("long enough 4")), Role: new("operator")}
			edit(&in)
			_, err := w.CreateAccount(ctx, c, in)
			return err
		}
	}
	token := func(c fleet.Caller, edit func(*fleet.TokenInput)) func() error {
		return func() error {
			in := fleet.TokenInput{Name: new("t"), Role: new("operator")}
			edit(&in)
			_, text, err := w.CreateToken(ctx, c, in)
			if err != nil && !text.Empty() {
				t.Error("a refused token has a text")
			}
			return err
		}
	}
	w.refuse([]refusal{
		{name: "nothing given", do: func() error { _, err := w.CreateAccount(ctx, w.admin, fleet.AccountInput{}); return err }, at: []string{"/username", "/password", "/role"}},
		{name: "user name with a blank", do: create(w.admin, func(in *fleet.AccountInput) { in.Username = new("a b") }), at: []string{"/username"}},
		{name: "long user name", do: create(w.admin, func(in *fleet.AccountInput) { in.Username = new(strings.Repeat("x", 65)) }), at: []string{"/username"}},
		{name: "user name taken", do: create(w.admin, func(in *fleet.AccountInput) { in.Username = new("BOB") }), code: fleet.CodeConflict, at: []string{"/username"}},
		{name: "user name taken by an update", do: func() error {
			return w.UpdateAccount(ctx, w.admin, w.account, fleet.AccountInput{Username: new("power")})
		}, code: fleet.CodeConflict, at: []string{"/username"}},
		{name: "short password", do: create(w.admin, func(in *fleet.AccountInput) { in.Password = new(secret.New("123456789")) }), at: []string{"/password"}},
		{name: "password with the user name", do: create(w.admin, func(in *fleet.AccountInput) { in.Password = new(secret.New("i am Carol!")) }), at: []string{"/password"}},
		{name: "unknown role", do: create(w.admin, func(in *fleet.AccountInput) { in.Role = new("root") }), at: []string{"/role"}, says: "viewer, operator, admin"},
		{name: "user of another tenant", do: create(w.admin, func(in *fleet.AccountInput) { in.UserID = new(w.otherUser.String()) }), at: []string{"/user_id"}},
		{name: "user that is no id", do: create(w.admin, func(in *fleet.AccountInput) { in.UserID = new("101") }), at: []string{"/user_id"}},
		{name: "user of the installation", do: create(w.root, func(in *fleet.AccountInput) { in.UserID = new(w.user.String()) }), at: []string{"/user_id"}},
		{name: "to reveal by one who may not", do: create(blind, func(in *fleet.AccountInput) { in.Reveal = new(true) }), at: []string{"/reveal"}},
		{name: "to reveal by an update", do: func() error {
			return w.UpdateAccount(ctx, blind, w.account, fleet.AccountInput{Reveal: new(true)})
		}, at: []string{"/reveal"}},
		{name: "taking over who may reveal", do: func() error {
			return w.UpdateAccount(ctx, blind, powerful, fleet.AccountInput{Password: new(secret.New("long enough 6"))})
		}, at: []string{"/password"}},
		{name: "many faults at once", do: create(blind, func(in *fleet.AccountInput) {
			in.Username, in.Password, in.Role, in.Reveal, in.UserID = new(""), new(secret.New("x")), new(""), new(true), new("x")
		}), at: []string{"/username", "/password", "/role", "/reveal", "/user_id"}},
		{name: "update of none", do: func() error { return w.UpdateAccount(ctx, w.admin, 1, fleet.AccountInput{}) }, code: fleet.CodeNotFound},
		{name: "delete of none", do: func() error { return w.DeleteAccount(ctx, w.admin, 1) }, code: fleet.CodeNotFound},

		{name: "no token", do: func() error { _, _, err := w.CreateToken(ctx, w.admin, fleet.TokenInput{}); return err }, at: []string{"/name", "/role"}},
		{name: "token name", do: token(w.admin, func(in *fleet.TokenInput) { in.Name = new("a\n") }), at: []string{"/name"}},
		{name: "token of a minute less a second", do: token(w.admin, func(in *fleet.TokenInput) { in.ExpiresIn = new(59) }), at: []string{"/expires_in"}},
		{name: "token for ever and a day", do: token(w.admin, func(in *fleet.TokenInput) { in.ExpiresIn = new(1 << 40) }), at: []string{"/expires_in"}},
		{name: "token to reveal", do: token(blind, func(in *fleet.TokenInput) { in.Reveal = new(true) }), at: []string{"/reveal"}},
		{name: "token for no user", do: token(w.admin, func(in *fleet.TokenInput) { in.UserID = new(w.phone.String()) }), at: []string{"/user_id"}},
		{name: "revoking none", do: func() error { return w.RevokeToken(ctx, w.admin, 1) }, code: fleet.CodeNotFound},
	})

	// The right that the account has already is not granted anew.
	check(t, w.UpdateAccount(ctx, blind, powerful, fleet.AccountInput{Reveal: new(true), Role: new("operator")}))
	check(t, w.UpdateAccount(ctx, blind, powerful, fleet.AccountInput{Reveal: new(false)}))

	id, text, err := w.CreateToken(ctx, w.admin, fleet.TokenInput{Name: new("ci"), Role: new("operator"), ExpiresIn: new(60), Reveal: new(true), UserID: new(w.user.String())})
	check(t, err)
	c := must(w.Authenticate(ctx, text, "192.0.2.1"))(t)
	want := fleet.Caller{Tenant: w.admin.Tenant, Role: fleet.Operator, Reveal: true, User: w.user, Name: "ci", Credential: id, Address: "192.0.2.1"}
	if diff := cmp.Diff(want, c); diff != "" {
		t.Error(diff)
	}
	list := must2(w.Tokens(ctx, w.admin, listquery.Query{}))(t)
	i := slices.IndexFunc(list, func(t fleet.Token) bool { return t.ID == id })
	if i < 0 || !list[i].Used.Equal(w.clock.Now().Truncate(time.Hour)) || list[i].Hash != [32]byte{} {
		t.Errorf("%+v", list)
	}
	check(t, w.RevokeToken(ctx, w.admin, id))
	if _, err := w.Authenticate(ctx, text, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("a revoked token works: %v", err)
	}
	_, text, err = w.CreateToken(ctx, w.admin, fleet.TokenInput{Name: new("ci"), Role: new("viewer"), ExpiresIn: new(60)})
	check(t, err)
	w.clock.advance(time.Minute)
	if _, err := w.Authenticate(ctx, text, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Errorf("an expired token works: %v", err)
	}
	for _, a := range must2(w.Accounts(ctx, w.admin, listquery.Query{}))(t) {
		if a.PasswordHash != "" {
			t.Errorf("%s: a password hash got out", a.Username)
		}
	}

	// The installation has accounts of its own, which sign in without a domain.
	must(w.CreateAccount(ctx, w.root, fleet.AccountInput{Username: new("chief"), Password: new(secret.New("long enough 7")), Role: new("admin")}))(t)
	g := must(w.SignIn(ctx, fleet.SignIn{Username: "chief", Password: secret.New("long enough 7")}))(t)
	chief := must(w.Authenticate(ctx, g.Access, ""))(t)
	if !chief.Installation || chief.Tenant != 0 {
		t.Errorf("%+v", chief)
	}
	for tenant, want := range map[fleet.ID]fleet.ID{0: w.admin.Tenant, w.otherTenant: w.otherTenant} {
		acting := must(w.ActIn(ctx, chief, tenant))(t)
		if acting.Tenant != want || !acting.Installation {
			t.Errorf("%+v", acting)
		}
	}
	acting := must(w.ActIn(ctx, chief, w.otherTenant))(t)
	must(w.CreateAccount(ctx, acting, fleet.AccountInput{Username: new("bob"), Password: new(secret.New("long enough 8")), Role: new("viewer")}))(t)
	if list := must2(w.Accounts(ctx, w.other, listquery.Query{}))(t); len(list) != 1 {
		t.Errorf("%+v", list)
	}
	check(t, w.SignOut(ctx, acting))
	if _, err := w.Authenticate(ctx, g.Access, ""); fleet.CodeOf(err) != fleet.CodeUnauthorized {
		t.Error(err)
	}
}

// A store that is read-only for a while does not lock administrators out.
func TestAuthenticateWithoutWriting(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.clock.advance(2 * time.Hour)
	readOnly := fleet.New(fleet.Config{Store: readOnlyStore{w.db}, Changes: w.heard, Catalog: w.catalog, Now: w.clock.Now, Log: w.logger()})
	must(readOnly.Authenticate(t.Context(), w.adminToken, ""))(t)
	if !strings.Contains(w.log.String(), "not noted") {
		t.Error("the log does not say that the token's use was not noted")
	}
}
