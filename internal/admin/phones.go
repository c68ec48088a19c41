package admin

import (
	"context"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

type phone struct {
	ExtensionNumber blank    `json:"extension_number" example:"101" doc:"Null while the phone is not assigned."`
	Vendor          blank    `json:"vendor" example:"Yealink"`
	Model           blank    `json:"model" example:"T46U"`
	FwVer           blank    `json:"fwver" example:"108.86.0.45" doc:"Firmware version, as the phone last named it."`
	Name            blank    `json:"name" example:"Ann Example" doc:"Display name of the extension."`
	Password        password `json:"password" doc:"Of the phone's web page; null unless the credential may reveal secrets."`
	VMPIN           password `json:"vm_pin" doc:"Null unless the credential may reveal secrets."`
	IP              blank    `json:"ip" example:"192.0.2.17" doc:"Where the phone last asked from."`
	MAC             string   `json:"mac" example:"001565aabbcc" doc:"12 lower-case hex digits."`
	Rejected        bool     `json:"rejected" example:"false" doc:"Whether an administrator has rejected the phone."`

	Status       string     `json:"status" enum:"discovered,waiting,enrolling,up-to-date,out-of-date,failing,rejected,disabled" doc:"How it is with the phone, in one word."`
	StatusSince  *time.Time `json:"status_since" example:"2026-11-23T08:00:00Z" doc:"Null where it is not known."`
	StatusReason string     `json:"status_reason" example:"it has fetched what it would get now" doc:"Why, in plain words."`
}

type assignee struct {
	MAC             string `json:"mac" example:"001565aabbcc" doc:"12 lower-case hex digits."`
	ExtensionNumber blank  `json:"extension_number" example:"101"`
	Vendor          blank  `json:"vendor" example:"Yealink"`
	Model           blank  `json:"model" example:"T46U"`
}

// MACPath is the path of one phone in the list of all.
type MACPath struct {
	MAC string `path:"mac" example:"001565aabbcc" doc:"MAC address, in any usual spelling."`
}

// DeviceFields are what can be set of phones and DECT bases alike.
type DeviceFields struct {
	Password           *password `json:"password,omitempty" example:"tR5-kk2-Vbn" doc:"Of the phone's own web page. Weak ones and the vendor's default are refused."`
	TimeZone           *string   `json:"timezone,omitempty" maxLength:"256" example:"Europe/Berlin" doc:"One of the template's time_zones."`
	Language           *language `json:"language,omitempty" doc:"One of the template's languages, accepted in any case."`
	Codecs             *[]string `json:"codecs,omitempty" maxItems:"32" maxLength:"64" example:"PCMA,G722" doc:"The best first; each one of the template's codecs. Empty where the template offers none."`
	Interface          *string   `json:"interface,omitempty" enum:"WEB_DOMAIN,PUBLIC_IPV4,PUBLIC_IPV6,PRIVATE_IPV4,PRIVATE_IPV6,SBC_DOMAIN" doc:"Which of the tenant's endpoints the phone reaches its PBX at."`
	PreferredTransport *string   `json:"preferred_transport,omitempty" enum:"UDP,TCP,TLS" doc:"What carries SIP."`
	RPS                *bool     `json:"rps,omitempty" example:"false" doc:"Whether to enter the phone in its vendor's redirect service, which needs an account there (/rps_accounts)."`
	DeviceCode         *string   `json:"device_code,omitempty" maxLength:"64" example:"A1B2" doc:"What is printed beside the MAC address, where the redirect service asks for it: a check code, a PIN."`
	HTTPS              *bool     `json:"https,omitempty" example:"true" doc:"Whether the phone fetches its configuration over HTTPS."`
	Disabled           *bool     `json:"disabled,omitempty" example:"false" doc:"Whether it is answered like one that nobody knows, may not enrol and takes no orders. Its secret address is good again once it is enabled."`
}

// Device is what phones and DECT bases show alike.
type Device struct {
	ID                 string   `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw"`
	MAC                string   `json:"mac" example:"001565aabbcc" doc:"12 lower-case hex digits."`
	Vendor             string   `json:"vendor" example:"Yealink"`
	Model              string   `json:"model" example:"T46U"`
	Password           password `json:"password" doc:"Of the phone's own web page; null unless the credential may reveal secrets."`
	TimeZone           string   `json:"timezone" example:"Europe/Berlin"`
	Language           string   `json:"language" example:"ENGLISH"`
	Codecs             []string `json:"codecs" example:"PCMA,G722" doc:"The best first."`
	Interface          string   `json:"interface" enum:"WEB_DOMAIN,PUBLIC_IPV4,PUBLIC_IPV6,PRIVATE_IPV4,PRIVATE_IPV6,SBC_DOMAIN"`
	PreferredTransport string   `json:"preferred_transport" enum:"UDP,TCP,TLS"`
	RPS                bool     `json:"rps" example:"false"`
	HTTPS              bool     `json:"https" example:"true"`
	Disabled           bool     `json:"disabled" example:"false" doc:"Whether an administrator has disabled it."`
	DeviceCode         blank    `json:"device_code" example:"A1B2" doc:"What is printed beside the MAC address."`
	Redirected
	URL password `json:"url" doc:"The provisioning address, which is a secret; null unless the credential may reveal secrets."`
}

type userPhone struct {
	Device
	Filename          string   `json:"filename" example:"yealink.xml" doc:"The template."`
	FwVer             blank    `json:"fwver" example:"108.86.0.45" doc:"Firmware version, as the phone last named it; only where it is known."`
	Transfer          string   `json:"transfer" enum:"BLIND,ATTENDED,NEW_CALL"`
	Ringtone          blank    `json:"ringtone" example:"Ring1.wav"`
	QueueRingtone     blank    `json:"queue_ringtone" example:"Ring2.wav"`
	ExternalRingtone  blank    `json:"external_ringtone" example:"Ring3.wav"`
	DateFormat        blank    `json:"date_format" example:"DD MMM YYYY"`
	TimeFormat        blank    `json:"time_format" example:"24 hour clock"`
	PowerLED          blank    `json:"powerled" example:"Off"`
	Backlight         blank    `json:"backlight" example:"Always on"`
	Screensaver       blank    `json:"screensaver" example:"10 minutes"`
	EnableLLDP        bool     `json:"enable_lldp" example:"false"`
	EnableVLANWANPort bool     `json:"enable_vlan_wan_port" example:"false"`
	WANPortID         *int     `json:"wan_port_id" example:"100"`
	WANPortPriority   int      `json:"wan_port_priority" example:"0"`
	EnableVLANPCPort  bool     `json:"enable_vlan_pc_port" example:"false"`
	PCPortID          *int     `json:"pc_port_id" example:"200"`
	PCPortPriority    int      `json:"pc_port_priority" example:"0"`
	SerialNumber      blank    `json:"serial_number" example:"20EZ12345"`
	DoorPassword1     password `json:"door_password1" doc:"Null unless the credential may reveal secrets."`
	DoorPassword2     password `json:"door_password2" doc:"Null unless the credential may reveal secrets."`
}

// PhoneFields are what can be set of a user's phone.
type PhoneFields struct {
	DeviceFields
	Transfer          *string   `json:"transfer,omitempty" enum:"BLIND,ATTENDED,NEW_CALL" doc:"What a BLF key does during a call."`
	Ringtone          *string   `json:"ringtone,omitempty" maxLength:"256" example:"Ring1.wav" doc:"One of the template's ringtones; empty for its default."`
	QueueRingtone     *string   `json:"queue_ringtone,omitempty" maxLength:"256" example:"Ring2.wav" doc:"One of the template's queue_ringtones; empty for its default."`
	ExternalRingtone  *string   `json:"external_ringtone,omitempty" maxLength:"256" example:"Ring3.wav" doc:"One of the template's external_ringtone; empty for its default."`
	DateFormat        *string   `json:"date_format,omitempty" maxLength:"256" example:"DD MMM YYYY" doc:"One of the template's date_formats; empty for its default."`
	TimeFormat        *string   `json:"time_format,omitempty" maxLength:"256" example:"24 hour clock" doc:"One of the template's time_formats; empty for its default."`
	PowerLED          *string   `json:"powerled,omitempty" maxLength:"256" example:"Off" doc:"One of the template's powerleds; empty for its default."`
	Backlight         *string   `json:"backlight,omitempty" maxLength:"256" example:"Always on" doc:"One of the template's backlights; empty for its default."`
	Screensaver       *string   `json:"screensaver,omitempty" maxLength:"256" example:"10 minutes" doc:"One of the template's screensavers; empty for its default."`
	EnableLLDP        *bool     `json:"enable_lldp,omitempty" example:"false"`
	EnableVLANWANPort *bool     `json:"enable_vlan_wan_port,omitempty" example:"false" doc:"Whether the phone tags its own frames."`
	WANPortID         *int      `json:"wan_port_id,omitempty" minimum:"1" maximum:"4094" example:"100" doc:"VLAN of the phone."`
	WANPortPriority   *int      `json:"wan_port_priority,omitempty" minimum:"0" maximum:"7" example:"0"`
	EnableVLANPCPort  *bool     `json:"enable_vlan_pc_port,omitempty" example:"false" doc:"Whether the phone tags the frames of its PC port."`
	PCPortID          *int      `json:"pc_port_id,omitempty" minimum:"1" maximum:"4094" example:"200" doc:"VLAN of the PC port."`
	PCPortPriority    *int      `json:"pc_port_priority,omitempty" minimum:"0" maximum:"7" example:"0"`
	SerialNumber      *string   `json:"serial_number,omitempty" maxLength:"256" example:"20EZ12345" doc:"Some redirect services ask for it."`
	DoorPassword1     *password `json:"door_password1,omitempty" pattern:"^([0-9]{4,8})?$" patternDescription:"4 to 8 digits" example:"4711" doc:"Opens the first door of a door phone: 4 to 8 digits; empty for none."`
	DoorPassword2     *password `json:"door_password2,omitempty" pattern:"^([0-9]{4,8})?$" patternDescription:"4 to 8 digits" example:"4712" doc:"Opens the second door of a door phone: 4 to 8 digits; empty for none."`
}

// Identity is what never changes of a phone or base, beside its template.
type Identity struct {
	MAC    string `json:"mac" minLength:"1" maxLength:"32" example:"00:15:65:aa:bb:cc" doc:"MAC address, in any usual spelling; unique in the installation."`
	Vendor string `json:"vendor" minLength:"1" maxLength:"64" example:"Yealink" doc:"As the display_name of the model begins."`
	Model  string `json:"model" minLength:"1" maxLength:"128" example:"T46U" doc:"One of the template's models."`
}

type userPhoneCreate struct {
	Identity
	Filename string `json:"filename" minLength:"1" maxLength:"128" example:"yealink.xml" doc:"The template."`
	PhoneFields
}

// TransformSchema says which of the fields a create requires.
func (userPhoneCreate) TransformSchema(_ huma.Registry, s *huma.Schema) *huma.Schema {
	s.Required = []string{"mac", "filename", "vendor", "model", "password", "language", "transfer", "timezone", "codecs", "interface", "preferred_transport"}
	return s
}

type userPhoneUpdate struct{ PhoneFields }

// PhonePath is the path of one phone of a user.
type PhonePath struct {
	ObjectPath
	PhoneID objectID `path:"phone_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The phone's id."`
}

// OwnPhonePath is the path of one phone of the credential's own user.
type OwnPhonePath struct {
	PhoneID objectID `path:"phone_id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The phone's id."`
}

// inTime is said of orders to phones.
const inTime = "Success means that the order is taken; the job that the header names says what becomes of it."

func (s *server) registerPhones() {
	register(s, operation{
		method: http.MethodGet, path: "/phones", id: "listPhones", tag: tagPhones, status: http.StatusOK, role: fleet.Viewer, fields: fleet.PhoneRowFields,
		summary: "List phones, those assigned and those only seen",
	}, func(ctx context.Context, r request, _ *struct{}) (*output[listOf[phone]], error) {
		found, n, err := s.Fleet.PhoneRows(ctx, r.Caller, r.Query)
		return listed(r, found, n, s.phoneOf), err
	})
	register(s, operation{
		method: http.MethodPost, path: "/phones/reprovision", id: "reprovisionPhones", tag: tagPhones, status: http.StatusOK, role: fleet.Operator,
		summary: "Make every phone fetch its configuration",
		detail:  inTime,
	}, func(ctx context.Context, r request, _ *struct{}) (*ordered, error) {
		id, err := s.Fleet.ReprovisionAll(ctx, r.Caller)
		return &ordered{id.String()}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/phones/{mac}", id: "getPhone", tag: tagPhones, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a phone",
	}, func(ctx context.Context, r request, in *MACPath) (*output[phone], error) {
		p, err := s.Fleet.PhoneRow(ctx, r.Caller, in.MAC)
		return &output[phone]{s.phoneOf(p)}, err
	})
	register(s, operation{
		method: http.MethodGet, path: "/phones/{mac}/assignee", id: "getAssignee", tag: tagPhones, status: http.StatusOK, role: fleet.Viewer,
		summary: "Who a phone is assigned to",
	}, func(ctx context.Context, r request, in *MACPath) (*output[assignee], error) {
		p, err := s.Fleet.Assignee(ctx, r.Caller, in.MAC)
		return &output[assignee]{assignee{p.MAC.String(), blank(p.ExtensionNumber), blank(p.Vendor), blank(p.Model)}}, err
	})
	for _, verb := range []struct {
		name, id, summary string
		do                func(context.Context, fleet.Caller, string) (fleet.ID, error)
	}{
		{"reprovision", "reprovisionPhone", "Make a phone fetch its configuration", s.Fleet.Reprovision},
		{"reboot", "rebootPhone", "Make a phone restart", s.Fleet.Reboot},
	} {
		register(s, operation{
			method: http.MethodPost, path: "/phones/{mac}/" + verb.name, id: verb.id, tag: tagPhones, status: http.StatusOK, role: fleet.Operator,
			summary: verb.summary,
			detail:  inTime,
		}, func(ctx context.Context, r request, in *MACPath) (*ordered, error) {
			id, err := verb.do(ctx, r.Caller, in.MAC)
			return &ordered{id.String()}, err
		})
	}
	register(s, operation{
		method: http.MethodPost, path: "/phones/{mac}/reject", id: "rejectPhone", tag: tagPhones, status: http.StatusOK, role: fleet.Operator,
		summary: "Mark a phone that was seen as not wanted",
		detail:  "It is never given anything and stays listed as rejected until it is accepted or assigned.",
	}, func(ctx context.Context, r request, in *MACPath) (*empty, error) {
		return nothing(s.Fleet.Reject(ctx, r.Caller, in.MAC))
	})
	register(s, operation{
		method: http.MethodPost, path: "/phones/{mac}/accept", id: "acceptPhone", tag: tagPhones, status: http.StatusOK, role: fleet.Operator,
		summary: "Take back that a phone was rejected",
		detail:  "It is listed as discovered again and can be assigned. Assigning a rejected phone accepts it too.",
	}, func(ctx context.Context, r request, in *MACPath) (*empty, error) {
		return nothing(s.Fleet.Accept(ctx, r.Caller, in.MAC))
	})

	register(s, operation{
		method: http.MethodGet, path: "/users/{id}/phones", id: "listUserPhones", tag: tagUserPhones, status: http.StatusOK, role: fleet.Viewer, fields: fleet.PhoneFields,
		summary: "List the phones of an extension",
	}, func(ctx context.Context, r request, in *ObjectPath) (*output[listOf[userPhone]], error) {
		return s.listUserPhones(ctx, r, in.ID.ref())
	})
	register(s, operation{
		method: http.MethodPost, path: "/users/{id}/phones", id: "createUserPhone", tag: tagUserPhones, status: http.StatusCreated, role: fleet.Operator,
		summary: "Give a phone to an extension",
	}, func(ctx context.Context, r request, in *struct {
		ObjectPath
		Body userPhoneCreate
	},
	) (*output[created], error) {
		return createdAs(s.Fleet.CreatePhone(ctx, r.Caller, in.ID.ref(), in.Body.input()))
	})
	register(s, operation{
		method: http.MethodGet, path: "/users/{id}/phones/{phone_id}", id: "getUserPhone", tag: tagUserPhones, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a phone of an extension",
	}, func(ctx context.Context, r request, in *PhonePath) (*output[userPhone], error) {
		return s.getUserPhone(ctx, r, in.ID.ref(), in.PhoneID.ref())
	})
	register(s, operation{
		method: http.MethodPost, path: "/users/{id}/phones/{phone_id}", id: "updateUserPhone", tag: tagUserPhones, status: http.StatusOK, role: fleet.Operator,
		summary: "Change a phone of an extension",
		detail:  "All but mac, filename, vendor and model can change.",
	}, func(ctx context.Context, r request, in *struct {
		PhonePath
		Body userPhoneUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdatePhone(ctx, r.Caller, in.ID.ref(), in.PhoneID.ref(), in.Body.input()))
	})
	register(s, operation{
		method: http.MethodPost, path: "/users/{id}/phones/{phone_id}/destroy", id: "deleteUserPhone", tag: tagUserPhones, status: http.StatusNoContent, role: fleet.Operator,
		summary: "Take a phone from an extension",
	}, func(ctx context.Context, r request, in *PhonePath) (*empty, error) {
		return nothing(s.Fleet.DeletePhone(ctx, r.Caller, in.ID.ref(), in.PhoneID.ref()))
	})
	register(s, operation{
		method: http.MethodPost, path: "/users/{id}/phones/{phone_id}/rotate", id: "rotateUserPhone", tag: tagUserPhones, status: http.StatusOK, role: fleet.Operator,
		summary: "Give a phone a new secret provisioning address",
		detail:  "The old one is dead at once: the phone must enrol again, or be given the new one.",
	}, func(ctx context.Context, r request, in *PhonePath) (*empty, error) {
		return nothing(s.Fleet.RotatePhoneURL(ctx, r.Caller, in.ID.ref(), in.PhoneID.ref()))
	})

	register(s, operation{
		method: http.MethodGet, path: "/user/phones", id: "listOwnPhones", tag: tagUserPhones, status: http.StatusOK, role: fleet.Viewer, fields: fleet.PhoneFields,
		summary: "List the phones of the credential's own extension",
	}, own(func(ctx context.Context, r request, _ *struct{}) (*output[listOf[userPhone]], error) {
		return s.listUserPhones(ctx, r, r.User)
	}))
	register(s, operation{
		method: http.MethodPost, path: "/user/phones", id: "createOwnPhone", tag: tagUserPhones, status: http.StatusCreated, role: fleet.Operator,
		summary: "Give a phone to the credential's own extension",
	}, own(func(ctx context.Context, r request, in *input[userPhoneCreate]) (*output[created], error) {
		return createdAs(s.Fleet.CreatePhone(ctx, r.Caller, r.User, in.Body.input()))
	}))
	register(s, operation{
		method: http.MethodGet, path: "/user/phones/{phone_id}", id: "getOwnPhone", tag: tagUserPhones, status: http.StatusOK, role: fleet.Viewer,
		summary: "Get a phone of the credential's own extension",
	}, own(func(ctx context.Context, r request, in *OwnPhonePath) (*output[userPhone], error) {
		return s.getUserPhone(ctx, r, r.User, in.PhoneID.ref())
	}))
	register(s, operation{
		method: http.MethodPost, path: "/user/phones/{phone_id}", id: "updateOwnPhone", tag: tagUserPhones, status: http.StatusOK, role: fleet.Operator,
		summary: "Change a phone of the credential's own extension",
		detail:  "All but mac, filename, vendor and model can change.",
	}, own(func(ctx context.Context, r request, in *struct {
		OwnPhonePath
		Body userPhoneUpdate
	},
	) (*empty, error) {
		return nothing(s.Fleet.UpdatePhone(ctx, r.Caller, r.User, in.PhoneID.ref(), in.Body.input()))
	}))
	register(s, operation{
		method: http.MethodPost, path: "/user/phones/{phone_id}/destroy", id: "deleteOwnPhone", tag: tagUserPhones, status: http.StatusNoContent, role: fleet.Operator,
		summary: "Take a phone from the credential's own extension",
	}, own(func(ctx context.Context, r request, in *OwnPhonePath) (*empty, error) {
		return nothing(s.Fleet.DeletePhone(ctx, r.Caller, r.User, in.PhoneID.ref()))
	}))
}

// own wraps a handler for the credential's own extension, which not all have.
func own[I, O any](handle func(context.Context, request, *I) (*O, error)) func(context.Context, request, *I) (*O, error) {
	return func(ctx context.Context, r request, in *I) (*O, error) {
		if r.User == 0 {
			return nil, refuse(http.StatusNotFound, "your credential belongs to no extension; use /users/{id}/phones")
		}
		return handle(ctx, r, in)
	}
}

func (s *server) listUserPhones(ctx context.Context, r request, user fleet.ID) (*output[listOf[userPhone]], error) {
	found, n, err := s.Fleet.UserPhones(ctx, r.Caller, user, r.Query)
	if err != nil {
		return nil, err
	}
	state, err := redirected(ctx, s, r, found, func(p fleet.Phone) mac.Addr { return p.MAC })
	return listed(r, found, n, func(p fleet.Phone) userPhone { return s.userPhoneOf(p, state(p)) }), err
}

func (s *server) getUserPhone(ctx context.Context, r request, user, id fleet.ID) (*output[userPhone], error) {
	p, err := s.Fleet.Phone(ctx, r.Caller, user, id)
	if err != nil {
		return nil, err
	}
	state, err := redirected(ctx, s, r, []fleet.Phone{p}, func(p fleet.Phone) mac.Addr { return p.MAC })
	return &output[userPhone]{s.userPhoneOf(p, state(p))}, err
}

func (c userPhoneCreate) input() fleet.PhoneInput {
	in := c.PhoneFields.input()
	in.MAC, in.Filename, in.Vendor, in.Model = &c.MAC, &c.Filename, &c.Vendor, &c.Model
	return in
}

func (f PhoneFields) input() fleet.PhoneInput {
	return fleet.PhoneInput{
		Password: secretOf(f.Password), Language: maybe(f.Language, language.text), Transfer: f.Transfer, TimeZone: f.TimeZone,
		Codecs: f.Codecs, Interface: f.Interface, PreferredTransport: f.PreferredTransport,
		Ringtone: f.Ringtone, QueueRingtone: f.QueueRingtone, ExternalRingtone: f.ExternalRingtone,
		DateFormat: f.DateFormat, TimeFormat: f.TimeFormat, PowerLED: f.PowerLED, Backlight: f.Backlight, Screensaver: f.Screensaver,
		RPS: f.RPS, HTTPS: f.HTTPS, Disabled: f.Disabled, DeviceCode: f.DeviceCode, EnableLLDP: f.EnableLLDP,
		EnableVLANWANPort: f.EnableVLANWANPort, WANPortID: f.WANPortID, WANPortPriority: f.WANPortPriority,
		EnableVLANPCPort: f.EnableVLANPCPort, PCPortID: f.PCPortID, PCPortPriority: f.PCPortPriority,
		SerialNumber: f.SerialNumber, DoorPassword1: secretOf(f.DoorPassword1), DoorPassword2: secretOf(f.DoorPassword2),
	}
}

func (s *server) phoneOf(p fleet.PhoneRow) phone {
	status := s.Status(p.MAC)
	if p.Rejected {
		status.Word, status.Why = fleet.Rejected, "an admin rejected it"
	}
	return phone{
		Status: string(status.Word), StatusSince: moment(status.Since), StatusReason: status.Why,
		ExtensionNumber: blank(p.ExtensionNumber), Vendor: blank(p.Vendor), Model: blank(p.Model), FwVer: blank(p.Version), Name: blank(p.Name),
		Password: password{p.Password}, VMPIN: password{p.VMPIN}, IP: blank(p.IP), MAC: p.MAC.String(), Rejected: p.Rejected,
	}
}

func (s *server) userPhoneOf(p fleet.Phone, state Redirected) userPhone {
	out := userPhone{
		Device:   deviceOf(p.DeviceSettings),
		Filename: p.Filename, Transfer: p.Transfer,
		Ringtone: blank(p.Ringtone), QueueRingtone: blank(p.QueueRingtone), ExternalRingtone: blank(p.ExternalRingtone),
		DateFormat: blank(p.DateFormat), TimeFormat: blank(p.TimeFormat), PowerLED: blank(p.PowerLED),
		Backlight: blank(p.Backlight), Screensaver: blank(p.Screensaver), EnableLLDP: p.EnableLLDP,
		EnableVLANWANPort: p.WANVLAN.Enabled, WANPortID: nonZero(p.WANVLAN.ID), WANPortPriority: p.WANVLAN.Priority,
		EnableVLANPCPort: p.PCVLAN.Enabled, PCPortID: nonZero(p.PCVLAN.ID), PCPortPriority: p.PCVLAN.Priority,
		SerialNumber: blank(p.SerialNumber), DoorPassword1: password{p.DoorPassword1}, DoorPassword2: password{p.DoorPassword2},
	}
	out.Redirected = state
	out.ID, out.MAC, out.Vendor, out.Model = p.ID.String(), p.MAC.String(), p.Vendor, p.Model
	out.FwVer = blank(s.Status(p.MAC).Firmware)
	if !p.Token.Empty() {
		out.URL = password{secret.New(s.PhoneURL(p))}
	}
	return out
}

func deviceOf(d fleet.DeviceSettings) Device {
	return Device{
		Password: password{d.Password}, TimeZone: d.TimeZone, Language: d.Language, Codecs: orEmpty(d.Codecs),
		Interface: string(d.Interface), PreferredTransport: string(d.PreferredTransport), RPS: d.RPS, HTTPS: d.HTTPS, Disabled: d.Disabled(), DeviceCode: blank(d.Code),
	}
}
