package fleet

import (
	"context"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// PhoneInput is what can be set of a phone. Nil fields are not given. The fields
// of the first group are required on create; MAC, Filename, Vendor and Model are
// read on create alone. Its faults point at /mac, /filename, /vendor, /model,
// /password, /language, /transfer, /timezone, /codecs/0, /interface,
// /preferred_transport, /ringtone, /queue_ringtone, /external_ringtone,
// /date_format, /time_format, /powerled, /backlight, /screensaver, /rps, /https,
// /enable_lldp, /enable_vlan_wan_port, /wan_port_id, /wan_port_priority,
// /enable_vlan_pc_port, /pc_port_id, /pc_port_priority, /serial_number,
// /door_password1 and /door_password2.
type PhoneInput struct {
	MAC                *string
	Filename           *string
	Vendor             *string
	Model              *string
	Password           *secret.Secret
	Language           *string
	Transfer           *string
	TimeZone           *string
	Codecs             *[]string
	Interface          *string
	PreferredTransport *string

	Ringtone          *string // "" in these for the template's default
	QueueRingtone     *string
	ExternalRingtone  *string
	DateFormat        *string
	TimeFormat        *string
	PowerLED          *string
	Backlight         *string
	Screensaver       *string
	RPS               *bool
	HTTPS             *bool
	EnableLLDP        *bool
	EnableVLANWANPort *bool
	WANPortID         *int
	WANPortPriority   *int
	EnableVLANPCPort  *bool
	PCPortID          *int
	PCPortPriority    *int
	SerialNumber      *string
	DoorPassword1     *secret.Secret
	DoorPassword2     *secret.Secret
}

// Pusher tells phones that something is to be done at once. Nil means that the
// message is on its way, not that the phone has obeyed.
type Pusher interface {
	Reprovision(ctx context.Context, tenant ID, m mac.Addr) error
	ReprovisionAll(ctx context.Context, tenant ID) error
	Reboot(ctx context.Context, tenant ID, m mac.Addr) error
}

// UserPhones lists the phones of an extension.
func (f *Fleet) UserPhones(ctx context.Context, c Caller, user ID, q listquery.Query) ([]Phone, int, error) {
	panic("unwritten")
}

// CreatePhone gives a phone to an extension.
func (f *Fleet) CreatePhone(ctx context.Context, c Caller, user ID, in PhoneInput) (ID, error) {
	panic("unwritten")
}

// Phone returns a phone of an extension.
func (f *Fleet) Phone(ctx context.Context, c Caller, user, id ID) (Phone, error) {
	panic("unwritten")
}

// UpdatePhone changes a phone of an extension.
func (f *Fleet) UpdatePhone(ctx context.Context, c Caller, user, id ID, in PhoneInput) error {
	panic("unwritten")
}

// DeletePhone takes a phone from its extension.
func (f *Fleet) DeletePhone(ctx context.Context, c Caller, user, id ID) error { panic("unwritten") }

// RotatePhoneURL gives a phone a new secret address; the old one is dead at once.
func (f *Fleet) RotatePhoneURL(ctx context.Context, c Caller, user, id ID) error {
	panic("unwritten")
}

// PhoneRows lists the phones of the tenant: those assigned and those only seen.
func (f *Fleet) PhoneRows(ctx context.Context, c Caller, q listquery.Query) ([]PhoneRow, int, error) {
	panic("unwritten")
}

// PhoneRow returns one line of that list. The address is in any spelling; one that
// is none is a CodeMalformed error.
func (f *Fleet) PhoneRow(ctx context.Context, c Caller, address string) (PhoneRow, error) {
	panic("unwritten")
}

// Assignee returns the line of an assigned phone, and CodeNotFound for one that is
// only seen.
func (f *Fleet) Assignee(ctx context.Context, c Caller, address string) (PhoneRow, error) {
	panic("unwritten")
}

// ReprovisionAll makes every phone of the tenant fetch its configuration.
func (f *Fleet) ReprovisionAll(ctx context.Context, c Caller) error { panic("unwritten") }

// Reprovision makes one phone fetch its configuration.
func (f *Fleet) Reprovision(ctx context.Context, c Caller, address string) error {
	panic("unwritten")
}

// Reboot makes one phone restart.
func (f *Fleet) Reboot(ctx context.Context, c Caller, address string) error { panic("unwritten") }

// Reject marks a phone that was seen as not wanted.
func (f *Fleet) Reject(ctx context.Context, c Caller, address string) error { panic("unwritten") }
