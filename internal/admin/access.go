package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
)

type signIn struct {
	Username string   `json:"username" minLength:"1" maxLength:"256" example:"admin" doc:"The account's name."`
	Password password `json:"password" example:"correct horse battery staple" doc:"The account's password."`
	Domain   *string  `json:"domain,omitempty" maxLength:"253" example:"example.com" doc:"SIP domain of the account's tenant; none for an administrator of the installation."`
}

type refreshToken struct {
	RefreshToken password `json:"refresh_token" example:"dprt_4x5q..." doc:"The refresh token of the last answer. It is good for one use."`
}

type grant struct {
	TokenType    string   `json:"token_type" example:"Bearer" doc:"How to send the access token."`
	AccessToken  password `json:"access_token" nullable:"false" example:"dpat_k2m7..." doc:"The token to send as Authorization: Bearer."`
	RefreshToken password `json:"refresh_token" nullable:"false" example:"dprt_4x5q..." doc:"The token to send to /auth/refresh_token when the access token has expired."`
	ExpiresIn    int      `json:"expires_in" example:"1800" doc:"Seconds until the access token expires."`
}

type whoAmI struct {
	Username     string `json:"username" example:"admin" doc:"Name of the account or token."`
	Role         string `json:"role" enum:"viewer,operator,admin" doc:"What the credential may do."`
	Installation bool   `json:"installation" example:"false" doc:"Whether it administers the installation and so every tenant."`
	TenantID     blank  `json:"tenant_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The tenant it acts in."`
	UserID       blank  `json:"user_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The extension it belongs to."`
	Reveal       bool   `json:"reveal" example:"false" doc:"Whether it may read stored secrets."`
}

type account struct {
	ID       string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Username string     `json:"username" example:"anna"`
	Role     string     `json:"role" enum:"viewer,operator,admin"`
	UserID   blank      `json:"user_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The extension it belongs to."`
	Reveal   bool       `json:"reveal" example:"false" doc:"Whether it may read stored secrets."`
	Created  *time.Time `json:"created" example:"2026-11-23T08:00:00Z"`
}

// AccountFields are what can be set of an account.
type AccountFields struct {
	Password *password `json:"password,omitempty" example:"correct horse battery staple" doc:"At least 10 characters."`
	UserID   *string   `json:"user_id,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The extension that the account belongs to; empty for none."`
	Reveal   *bool     `json:"reveal,omitempty" example:"false" doc:"Whether it may read stored secrets."`
}

type accountCreate struct {
	Username string `json:"username" minLength:"1" maxLength:"256" example:"anna" doc:"The name to sign in with."`
	Role     string `json:"role" enum:"viewer,operator,admin" doc:"viewer reads; operator also changes users, phones, DECT bases and enrolments; admin also changes templates, the tenant and credentials."`
	AccountFields
}

type accountUpdate struct {
	Username *string `json:"username,omitempty" minLength:"1" maxLength:"256" example:"anna" doc:"The name to sign in with."`
	Role     *string `json:"role,omitempty" enum:"viewer,operator,admin" doc:"What the account may do."`
	AccountFields
}

func (a AccountFields) input(username, role *string) fleet.AccountInput {
	return fleet.AccountInput{Username: username, Password: secretOf(a.Password), Role: role, UserID: a.UserID, Reveal: a.Reveal}
}

type token struct {
	ID      string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	Name    string     `json:"name" example:"nightly import"`
	Role    string     `json:"role" enum:"viewer,operator,admin"`
	UserID  blank      `json:"user_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The extension it belongs to."`
	Reveal  bool       `json:"reveal" example:"false" doc:"Whether it may read stored secrets."`
	Created *time.Time `json:"created" example:"2026-11-23T08:00:00Z"`
	Expires *time.Time `json:"expires" example:"2027-11-23T08:00:00Z" doc:"Null for never."`
	Used    *time.Time `json:"used" example:"2026-11-23T09:00:00Z" doc:"The last time, to the hour."`
}

type tokenCreate struct {
	Name      string  `json:"name" minLength:"1" maxLength:"256" example:"nightly import" doc:"What it is for."`
	Role      string  `json:"role" enum:"viewer,operator,admin" doc:"What it may do: at most what you may."`
	ExpiresIn *int    `json:"expires_in,omitempty" minimum:"1" maximum:"315360000" example:"31536000" doc:"Seconds until it expires; never if not given."`
	Reveal    *bool   `json:"reveal,omitempty" example:"false" doc:"Whether it may read stored secrets."`
	UserID    *string `json:"user_id,omitempty" maxLength:"32" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The extension that it belongs to; empty for none."`
}

type tokenCreated struct {
	ID    string   `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The token's id."`
	Token password `json:"token" nullable:"false" example:"dpat_k2m7..." doc:"The token itself. It is never shown again."`
}

func (s *server) registerAccess() {
	register(s, operation{
		method: http.MethodPost, path: "/auth/sign_in", id: "signIn", tag: tagAccess, status: http.StatusOK,
		summary: "Sign in with a name and a password",
		detail:  "A failure is a 400 with the code UNAUTHORIZED; it does not say which of the two was wrong. Attempts are limited by account and by address.",
	}, func(ctx context.Context, r request, in *input[signIn]) (*output[grant], error) {
		attempt := fleet.SignIn{Username: in.Body.Username, Password: in.Body.Password.Secret, Address: r.Address}
		if in.Body.Domain != nil {
			attempt.Domain = *in.Body.Domain
		}
		return granted(s.Fleet.SignIn(ctx, attempt))
	})
	register(s, operation{
		method: http.MethodPost, path: "/auth/refresh_token", id: "refreshToken", tag: tagAccess, status: http.StatusOK,
		summary: "Exchange a refresh token for new tokens",
	}, func(ctx context.Context, r request, in *input[refreshToken]) (*output[grant], error) {
		return granted(s.Fleet.Refresh(ctx, in.Body.RefreshToken.Secret, r.Address))
	})
	register(s, operation{
		method: http.MethodPost, path: "/auth/sign_out", id: "signOut", tag: tagAccess, status: http.StatusOK, role: fleet.Viewer, installation: true,
		summary: "End the tokens of this sign-in",
	}, func(ctx context.Context, r request, _ *struct{}) (*empty, error) {
		return nothing(s.Fleet.SignOut(ctx, r.Caller))
	})
	register(s, operation{
		method: http.MethodGet, path: "/auth/user", id: "getCaller", tag: tagAccess, status: http.StatusOK, role: fleet.Viewer,
		summary: "Who the credential belongs to",
	}, func(_ context.Context, r request, _ *struct{}) (*output[whoAmI], error) {
		return &output[whoAmI]{whoAmI{
			Username: r.Name, Role: string(r.Role), Installation: r.Installation,
			TenantID: blank(r.Tenant.String()), UserID: blank(r.User.String()), Reveal: r.Reveal,
		}}, nil
	})

	register(s, operation{
		method: http.MethodGet, path: "/accounts", id: "listAccounts", tag: tagAccounts, status: http.StatusOK, role: fleet.Admin, installation: true, fields: fleet.AccountFields,
		summary: "List accounts",
		detail:  "Those of the tenant; an administrator of the installation who names no tenant manages the installation's own.",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[account]], error) {
		found, n, err := s.Fleet.Accounts(ctx, r.Caller, r.Query)
		return listed(r, found, n, accountOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/accounts", id: "createAccount", tag: tagAccounts, status: http.StatusCreated, role: fleet.Admin, installation: true,
		summary: "Create an account",
	}, func(ctx context.Context, r request, in *input[accountCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreateAccount(ctx, r.Caller, in.Body.input(&in.Body.Username, &in.Body.Role)))
	})
	register(s, operation{
		method: http.MethodGet, path: "/accounts/{id}", id: "getAccount", tag: tagAccounts, status: http.StatusOK, role: fleet.Admin, installation: true,
		summary: "Get an account",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[account], error) {
		a, err := s.Fleet.Account(ctx, r.Caller, in.ID.ref())
		return &output[account]{accountOf(a)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/accounts/{id}", id: "updateAccount", tag: tagAccounts, status: http.StatusOK, role: fleet.Admin, installation: true,
		summary: "Change an account",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body accountUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateAccount(ctx, r.Caller, in.ID.ref(), in.Body.input(in.Body.Username, in.Body.Role)))
	})
	register(s, operation{
		method: http.MethodPost, path: "/accounts/{id}/destroy", id: "deleteAccount", tag: tagAccounts, status: http.StatusNoContent, role: fleet.Admin, installation: true,
		summary: "Delete an account and end its tokens",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteAccount(ctx, r.Caller, in.ID.ref()))
	})

	register(s, operation{
		method: http.MethodGet, path: "/tokens", id: "listTokens", tag: tagAccounts, status: http.StatusOK, role: fleet.Admin, installation: true, fields: fleet.TokenFields,
		summary: "List access tokens",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[token]], error) {
		found, n, err := s.Fleet.Tokens(ctx, r.Caller, r.Query)
		return listed(r, found, n, tokenOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/tokens", id: "createToken", tag: tagAccounts, status: http.StatusCreated, role: fleet.Admin, installation: true,
		summary: "Create an access token",
		detail:  "The token itself is in the answer and nowhere else, ever.",
	}, func(ctx context.Context, r request, in *input[tokenCreate]) (*output[tokenCreated], error) {
		id, text, err := s.Fleet.CreateToken(ctx, r.Caller, fleet.TokenInput{
			Name: &in.Body.Name, Role: &in.Body.Role, ExpiresIn: in.Body.ExpiresIn, Reveal: in.Body.Reveal, UserID: in.Body.UserID,
		})
		return &output[tokenCreated]{tokenCreated{ID: id.String(), Token: password{text}}}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/tokens/{id}/destroy", id: "revokeToken", tag: tagAccounts, status: http.StatusNoContent, role: fleet.Admin, installation: true,
		summary: "End an access token at once",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.RevokeToken(ctx, r.Caller, in.ID.ref()))
	})
}

func granted(g fleet.Grant, err error) (*output[grant], error) {
	return &output[grant]{grant{
		TokenType: g.TokenType, AccessToken: password{g.Access}, RefreshToken: password{g.Refresh}, ExpiresIn: g.ExpiresIn,
	}}, err
}

func accountOf(a fleet.Account) account {
	return account{
		ID: a.ID.String(), Username: a.Username, Role: string(a.Role), UserID: blank(a.User.String()), Reveal: a.Reveal, Created: moment(a.CreatedAt),
	}
}

func tokenOf(t fleet.Token) token {
	return token{
		ID: t.ID.String(), Name: t.Name, Role: string(t.Role), UserID: blank(t.User.String()), Reveal: t.Reveal,
		Created: moment(t.Created), Expires: moment(t.Expires), Used: moment(t.Used),
	}
}
