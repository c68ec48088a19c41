package admin

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
)

type user struct {
	ID              string     `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	ExtensionNumber string     `json:"extension_number" example:"101"`
	DisplayName     blank      `json:"display_name" example:"Ann Example"`
	AuthName        blank      `json:"auth_name" example:"101" doc:"SIP authentication name."`
	Password        password   `json:"password" doc:"SIP password; null unless the credential may reveal secrets."`
	VMPIN           password   `json:"vm_pin" doc:"Voicemail PIN; null unless the credential may reveal secrets."`
	Keys            []key      `json:"keys" doc:"Programmable keys in their order."`
	BLFs            []blf      `json:"blfs" doc:"The same keys as older clients know them."`
	CreatedAt       *time.Time `json:"created_at" example:"2026-11-23T08:00:00Z"`
	UpdatedAt       *time.Time `json:"updated_at" example:"2026-11-23T08:00:00Z"`
}

type key struct {
	Kind      string `json:"kind" enum:"none,line,blf,speed_dial,park,dtmf,url" example:"blf" doc:"What the key does."`
	Value     blank  `json:"value" example:"102" doc:"Number, park slot, digits or address; an extension of the tenant for a further line."`
	Label     blank  `json:"label" example:"Bob"`
	FirstName blank  `json:"first_name" example:"Bob"`
	LastName  blank  `json:"last_name" example:"Example"`
}

type blf struct {
	Key       blank `json:"key" example:"BLF" doc:"What the key does."`
	Value     blank `json:"value" example:"102"`
	FirstName blank `json:"first_name" example:"Bob"`
	LastName  blank `json:"last_name" example:"Example"`
}

type keyInput struct {
	Kind      *string `json:"kind,omitempty" enum:"none,line,blf,speed_dial,park,dtmf,url" example:"blf" doc:"What the key does; none leaves its place empty."`
	Value     *string `json:"value,omitempty" maxLength:"256" example:"102" doc:"Number, park slot, digits or address; an extension of the tenant for a further line."`
	Label     *string `json:"label,omitempty" maxLength:"256" example:"Bob" doc:"What the phone shows beside the key."`
	FirstName *string `json:"first_name,omitempty" maxLength:"256" example:"Bob"`
	LastName  *string `json:"last_name,omitempty" maxLength:"256" example:"Example"`
}

type blfInput struct {
	Key       *string `json:"key,omitempty" maxLength:"64" example:"BLF" doc:"BLF, LINE, SPEED_DIAL, CUSTOM_SPEED_DIAL, PARK, VISUAL_PARK, DTMF, URL or NONE, in any case."`
	Value     *string `json:"value,omitempty" maxLength:"256" example:"102"`
	FirstName *string `json:"first_name,omitempty" maxLength:"256" example:"Bob"`
	LastName  *string `json:"last_name,omitempty" maxLength:"256" example:"Example"`
}

// UserFields are what can be set of a user that a create does not require.
type UserFields struct {
	AuthName *string     `json:"auth_name,omitempty" maxLength:"256" example:"101" doc:"SIP authentication name; empty for the extension number."`
	VMPIN    *password   `json:"vm_pin,omitempty" example:"4711" doc:"Voicemail PIN."`
	Keys     *[]keyInput `json:"keys,omitempty" maxItems:"200" doc:"Programmable keys in their order; replaces all. Give either keys or blfs."`
	BLFs     *[]blfInput `json:"blfs,omitempty" maxItems:"200" doc:"The same as older clients know them; replaces all."`
}

type userCreate struct {
	ExtensionNumber string   `json:"extension_number" pattern:"^[0-9]{3,64}$" patternDescription:"3 to 64 digits" example:"101" doc:"Unique in the tenant."`
	DisplayName     string   `json:"display_name" maxLength:"1024" example:"Ann Example" doc:"What others see when this extension calls."`
	Password        password `json:"password" example:"kW4-tt9-Qzc" doc:"SIP password."`
	UserFields
}

type userUpdate struct {
	ExtensionNumber *string   `json:"extension_number,omitempty" pattern:"^[0-9]{3,64}$" patternDescription:"3 to 64 digits" example:"101" doc:"Unique in the tenant."`
	DisplayName     *string   `json:"display_name,omitempty" maxLength:"1024" example:"Ann Example" doc:"What others see when this extension calls."`
	Password        *password `json:"password,omitempty" example:"kW4-tt9-Qzc" doc:"SIP password."`
	UserFields
}

func (s *server) registerUsers() {
	register(s, operation{
		method: http.MethodGet, path: "/users", id: "listUsers", tag: tagUsers, status: http.StatusOK, role: fleet.Viewer, fields: fleet.UserFields,
		summary: "List extensions",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[user]], error) {
		found, n, err := s.Fleet.Users(ctx, r.Caller, r.Query)
		return listed(r, found, n, userOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/users", id: "createUser", tag: tagUsers, status: http.StatusCreated, role: fleet.Operator,
		summary: "Create an extension",
	}, func(ctx context.Context, r request, in *input[userCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreateUser(ctx, r.Caller, in.Body.input(&in.Body.ExtensionNumber, &in.Body.DisplayName, &in.Body.Password)))
	})
	register(s, operation{
		method: http.MethodGet, path: "/users/{id}", id: "getUser", tag: tagUsers, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get an extension",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[user], error) {
		u, err := s.Fleet.User(ctx, r.Caller, in.ID.ref())
		return &output[user]{userOf(u)}, err
	})
	register(s, operation{
		method: http.MethodPost, path: "/users/{id}", id: "updateUser", tag: tagUsers, status: http.StatusOK, role: fleet.Operator,
		summary: "Change an extension",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body userUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdateUser(ctx, r.Caller, in.ID.ref(), in.Body.input(in.Body.ExtensionNumber, in.Body.DisplayName, in.Body.Password)))
	})
	register(s, operation{
		method: http.MethodPost, path: "/users/{id}/destroy", id: "deleteUser", tag: tagUsers, status: http.StatusNoContent, role: fleet.Operator,
		flags:   map[string]string{"force": "Delete it even where it is a member of a DECT base, which it is then taken off."},
		summary: "Delete an extension and its phones",
		detail:  "A member of a DECT base is a conflict that names the bases, unless forced.",
	}, func(ctx context.Context, r request, in *ObjectPath) (*empty, error) {
		return nothing(s.Fleet.DeleteUser(ctx, r.Caller, in.ID.ref(), r.Flags["force"]))
	})
}

func (f UserFields) input(extension, name *string, pass *password) fleet.UserInput {
	return fleet.UserInput{
		ExtensionNumber: extension, DisplayName: name, AuthName: f.AuthName, Password: secretOf(pass), VMPIN: secretOf(f.VMPIN),
		Keys: maybe(f.Keys, each(func(k keyInput) fleet.KeyInput {
			return fleet.KeyInput{Kind: orZero(k.Kind), Value: orZero(k.Value), Label: orZero(k.Label), FirstName: orZero(k.FirstName), LastName: orZero(k.LastName)}
		})),
		BLFs: maybe(f.BLFs, each(func(b blfInput) fleet.BLFInput {
			return fleet.BLFInput{Key: orZero(b.Key), Value: orZero(b.Value), FirstName: orZero(b.FirstName), LastName: orZero(b.LastName)}
		})),
	}
}

func userOf(u fleet.User) user {
	return user{
		ID: u.ID.String(), ExtensionNumber: u.ExtensionNumber, DisplayName: blank(u.DisplayName), AuthName: blank(u.AuthName),
		Password: password{u.Password}, VMPIN: password{u.VMPIN},
		Keys: each(func(k fleet.Key) key {
			return key{string(k.Kind), blank(k.Value), blank(k.Label), blank(k.FirstName), blank(k.LastName)}
		})(u.Keys),
		BLFs: each(func(k fleet.Key) blf {
			return blf{blank(blfName(k.Kind)), blank(k.Value), blank(k.FirstName), blank(k.LastName)}
		})(u.Keys),
		CreatedAt: moment(u.CreatedAt), UpdatedAt: moment(u.UpdatedAt),
	}
}

// blfName is what older clients call a kind of key.
func blfName(kind fleet.KeyKind) string { return strings.ToUpper(string(kind)) }
