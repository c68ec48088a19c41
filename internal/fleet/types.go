package fleet

import (
	"net/netip"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// Interface names the address by which a phone reaches its PBX.
type Interface string

// The interfaces.
const (
	WebDomain   Interface = "WEB_DOMAIN"
	PublicIPv4  Interface = "PUBLIC_IPV4"
	PublicIPv6  Interface = "PUBLIC_IPV6"
	PrivateIPv4 Interface = "PRIVATE_IPV4"
	PrivateIPv6 Interface = "PRIVATE_IPV6"
	SBCDomain   Interface = "SBC_DOMAIN"
)

// Interfaces lists every interface in the order of the API's enum.
var Interfaces = []Interface{WebDomain, PublicIPv4, PublicIPv6, PrivateIPv4, PrivateIPv6, SBCDomain}

// Transport carries SIP.
type Transport string

// The transports.
const (
	UDP Transport = "UDP"
	TCP Transport = "TCP"
	TLS Transport = "TLS"
)

// Languages lists the neutral language names of the API.
var Languages = []string{
	"ENGLISH", "CHINESE", "DUTCH", "FRENCH", "GERMAN", "GREEK", "ITALIAN", "JAPANESE",
	"POLISH", "RUSSIAN", "SPANISH", "SWEDISH", "UKRAINIAN", "BULGARIAN",
}

// Transfers lists what a BLF key does during a call. The first is the default.
var Transfers = []string{"BLIND", "ATTENDED", "NEW_CALL"}

// Tenant is a customer: one SIP domain and everything in it.
type Tenant struct {
	ID     ID
	Name   string // unique
	Domain string // SIP domain: host part of every address of record; unique
	// Code is the unguessable-enough, not secret, name of the tenant in its
	// shared provisioning address. The installation's first tenant, reached at
	// the shared root, has "".
	Code string
	// Endpoints says for each interface where the registrar is. A phone's
	// outbound proxy is set where the host differs from Domain.
	Endpoints map[Interface]Endpoint

	NTP      []string // at most 2 hosts
	TimeZone string   // IANA, the default for its phones
	Language string
	Tone     string // ISO 3166-1 alpha-3, such as DEU

	ProvisioningURL string // base address for its phones; "" for the installation's
	PollMinutes     int    // how often phones look for a new configuration
	RegisterExpires int    // seconds
	VoicemailNumber string
	PickupCode      string

	// Notify is how its phones are told to fetch or to restart.
	Notify Notify

	// EnrolNetworks are where a phone may enrol from; empty for private ranges.
	EnrolNetworks []netip.Prefix
	// EnrolMinutes is how long the window stays open that assigning a phone
	// opens for it; 0 opens none.
	EnrolMinutes int

	CreatedAt, UpdatedAt time.Time
}

// Notify is the way by which SIP NOTIFYs reach a tenant's phones. Its zero value
// sends them through the registrar at the phone's own endpoint.
type Notify struct {
	Method NotifyMethod // "" means NotifyProxy
	// Address is host:port of the proxy, of Asterisk's manager interface or of
	// FreeSWITCH's event socket; "" for NotifyDirect and, at the phone's own
	// endpoint, for NotifyProxy.
	Address   string
	Transport Transport // to the proxy; "" means UDP
	User      string    // that answers the proxy's challenge, or signs in to Asterisk
	Password  secret.Secret
}

// NotifyMethod is who delivers a NOTIFY.
type NotifyMethod string

// The methods.
const (
	NotifyProxy      NotifyMethod = "proxy"      // to sip:extension@domain through the PBX or a proxy
	NotifyDirect     NotifyMethod = "direct"     // to the address the phone was seen at
	NotifyAsterisk   NotifyMethod = "asterisk"   // Asterisk's manager interface (AMI)
	NotifyFreeSWITCH NotifyMethod = "freeswitch" // FreeSWITCH's event socket
)

// NotifyMethods lists every method. The first is the default.
var NotifyMethods = []NotifyMethod{NotifyProxy, NotifyDirect, NotifyAsterisk, NotifyFreeSWITCH}

// Endpoint is a registrar's address.
type Endpoint struct {
	Host          string // name or IP address, no port
	UDP, TCP, TLS int    // ports; 0 where the transport is not offered
}

// User is an extension of the PBX.
type User struct {
	ID                   ID
	Tenant               ID
	ExtensionNumber      string // 3–64 digits, unique in the tenant
	DisplayName          string
	AuthName             string        // SIP authentication name; the extension number unless set
	Password             secret.Secret // SIP password
	VMPIN                secret.Secret // voicemail PIN
	Keys                 []Key         // at most 200
	CreatedAt, UpdatedAt time.Time
}

// KeyKind is what a programmable key does.
type KeyKind string

// The kinds of keys. A line key with a Value registers that extension of the
// tenant on the phone as a further account.
const (
	KeyNone      KeyKind = "none"
	KeyLine      KeyKind = "line"
	KeyBLF       KeyKind = "blf"
	KeySpeedDial KeyKind = "speed_dial"
	KeyPark      KeyKind = "park"
	KeyDTMF      KeyKind = "dtmf"
	KeyURL       KeyKind = "url"
)

// KeyKinds lists every kind.
var KeyKinds = []KeyKind{KeyNone, KeyLine, KeyBLF, KeySpeedDial, KeyPark, KeyDTMF, KeyURL}

// Key is one key of an extension's phones. The first key of a phone is its own
// line unless the list has a line key of its own; then places are as listed.
type Key struct {
	Kind  KeyKind
	Value string
	Label string
	// FirstName and LastName are kept for clients that set a key so; they make
	// the label where Label is empty.
	FirstName, LastName string
}

// DeviceSettings is what desk phones and DECT bases have in common.
type DeviceSettings struct {
	Password           secret.Secret // of the phone's own web page
	TimeZone           string
	Language           string
	Codecs             []string // best first
	Interface          Interface
	PreferredTransport Transport
	RPS                bool
	HTTPS              bool
	// Code is what is printed beside the MAC address, where a redirect service asks
	// for it; or "".
	Code string
	// DisabledAt is since when an admin has it disabled: it is answered as if
	// nobody knew it, and takes no orders. Zero while it is not.
	DisabledAt time.Time
}

// Disabled says whether an admin has disabled the device.
func (d *DeviceSettings) Disabled() bool { return !d.DisabledAt.IsZero() }

// Contact is an entry of the tenant's phone book that is no extension.
type Contact struct {
	ID, Tenant  ID
	DisplayName string
	Numbers     []ContactNumber // at least one, in the order that phones show

	CreatedAt, UpdatedAt time.Time
}

// ContactNumber is one of a contact's numbers.
type ContactNumber struct {
	Label  string // "Mobile", or ""
	Number string // what to dial
}

// Phone is a desk phone of an extension.
type Phone struct {
	ID       ID
	Tenant   ID
	User     ID
	MAC      mac.Addr // unique in the installation, DECT bases included
	Filename string   // of its template
	Vendor   string
	Model    string
	DeviceSettings
	Transfer         string
	Ringtone         string // neutral names of the template's profile; "" for its default
	QueueRingtone    string
	ExternalRingtone string
	DateFormat       string
	TimeFormat       string
	PowerLED         string
	Backlight        string
	Screensaver      string
	EnableLLDP       bool
	WANVLAN, PCVLAN  VLAN
	SerialNumber     string
	DoorPassword1    secret.Secret
	DoorPassword2    secret.Secret
	// Token is the secret part of the phone's own provisioning address: 32
	// base32 characters (160 bits), found by its SHA-256.
	Token                secret.Secret
	CreatedAt, UpdatedAt time.Time
}

// VLAN is the tag of one port.
type VLAN struct {
	Enabled  bool
	ID       int // 1–4094
	Priority int // 0–7
}

// DectPhone is a DECT base station.
type DectPhone struct {
	ID       ID
	Tenant   ID
	Name     string // 1–64 characters
	MAC      mac.Addr
	Template string // filename
	Vendor   string
	Model    string
	DeviceSettings
	Tone                 string
	UserPassword         secret.Secret
	EngineerPassword     secret.Secret
	Region               string
	HandsetLanguage      string
	Lines                int // of its model, at creation
	System               ID  // the multi-cell system that it is in, or 0; see DectSystem
	SerialNumber         string
	Token                secret.Secret
	CreatedAt, UpdatedAt time.Time
}

// DectSystem is several DECT bases that work as one: a multi-cell system. It has one
// list of members, which is that of its data master.
type DectSystem struct {
	ID, Tenant ID
	Name       string // 1–64 characters, unique in the tenant
	Number     int    // 1–512, unique in the tenant; never changes
	Lines      int    // members that it takes, by its data master's model
	Members    int    // that it has; not written
	// Bases are by rising Index, the data master first.
	Bases []SystemBase

	CreatedAt, UpdatedAt time.Time
}

// Master is the base that has the system's members.
func (s *DectSystem) Master() ID { return s.Bases[0].Dect }

// SystemBase is a base of a multi-cell system.
type SystemBase struct {
	Dect     ID
	Index    int // its place from 1, which is the data master's
	SyncFrom ID  // the base of the system that it takes its clock from; 0 for the root

	// What is the base's own, and not written with the system.
	MAC   mac.Addr
	Name  string
	Model string
}

// Member is an extension on a handset of a DECT base.
type Member struct {
	User            ID
	ExtensionNumber string
	DisplayName     string
	IPUI            string // 10 hex digits, or ""
	HandsetIndex    int    // from 1
}

// TemplateFile is a tenant's custom firmware template, byte for byte.
type TemplateFile struct {
	Tenant    ID
	Filename  string
	Content   string
	UpdatedAt time.Time
}

// Sighting is the last that was seen of a device.
type Sighting struct {
	MAC                 mac.Addr
	Tenant              ID // whose shared address it asked at, or whose phone it is
	Vendor              string
	Model               string
	Version             string // firmware
	IP                  netip.Addr
	UserAgent           string
	FirstSeen, LastSeen time.Time
	Rejected            bool
}

// PhoneRow is a line of the list of phones: a sighting, an assigned phone, or both.
type PhoneRow struct {
	MAC             mac.Addr
	ExtensionNumber string // "" while not assigned
	Name            string
	Vendor          string
	Model           string
	Version         string
	IP              string
	Password        secret.Secret
	VMPIN           secret.Secret
	Rejected        bool
}

// Fetch is one request of a phone for a file.
type Fetch struct {
	Time                   time.Time
	Tenant                 ID
	MAC                    mac.Addr
	File                   string // last part of the path, or "files/…" of an uploaded file; never the secret part
	Level                  string // "L0", "L1" or "L2"
	Status                 int
	Bytes                  int64
	IP                     netip.Addr
	UserAgent              string
	Vendor, Model, Version string
	ETag                   string // of the file that was served at L2, or ""
	Reason                 string // why it was refused, or ""
	// Severity is how much it matters, "" where that follows from the status, and
	// Doubt why it may not be the phone that has fetched, or "". The events have
	// these; a list of fetches does not.
	Severity Severity
	Doubt    string
}

// Enrolment is a window in which phones may enrol: each once.
type Enrolment struct {
	ID      ID
	Tenant  ID
	MAC     mac.Addr // the one phone; zero for every assigned phone of the tenant
	Opened  time.Time
	Expires time.Time
	// Used are the phones that have enrolled in it.
	Used []mac.Addr
}

// Account is a person or program that signs in with a password.
type Account struct {
	ID           ID
	Tenant       ID // 0 for an administrator of the installation
	Username     string
	PasswordHash string // argon2id in PHC form
	Role         Role
	User         ID // its extension, or 0
	Reveal       bool
	CreatedAt    time.Time
}

// TokenKind tells an access token from the refresh token issued with it.
type TokenKind string

// The kinds of tokens.
const (
	AccessToken  TokenKind = "access"
	RefreshToken TokenKind = "refresh"
)

// Token is a bearer credential. Its text is shown once and kept as a hash.
type Token struct {
	ID      ID
	Kind    TokenKind
	Hash    [32]byte // SHA-256 of the text
	Tenant  ID       // 0 for the installation
	Account ID       // that signed in, or 0 for a token made by hand
	User    ID
	Name    string
	Role    Role
	Reveal  bool
	Family  ID // tokens of one sign-in, ended together
	Created time.Time
	Expires time.Time // zero for never
	Used    time.Time // last, to the hour
}

// AuditRecord says who did what. It holds no secret.
type AuditRecord struct {
	Time    time.Time
	Tenant  ID
	Caller  string
	Address string
	Action  string // "phone.create", "secret.reveal" …
	Object  string // "phone 001565aabbcc"
}

// Port returns the port of a transport, or 0 where it is not offered.
func (e Endpoint) Port(t Transport) int {
	switch t {
	case UDP:
		return e.UDP
	case TCP:
		return e.TCP
	case TLS:
		return e.TLS
	}
	return 0
}

// Status is how it is with a phone.
type Status struct {
	Word  StatusWord
	Since time.Time // zero where it is not known
	Why   string    // in plain words, for people
	// Firmware is the version that the phone last named at its own address, or "".
	Firmware string
}

// StatusWord is a Status in one word.
type StatusWord string

// The words.
const (
	Discovered StatusWord = "discovered"  // seen, not assigned
	Waiting    StatusWord = "waiting"     // assigned, has not asked
	Enrolling  StatusWord = "enrolling"   // was given its secret address, has not fetched from there
	UpToDate   StatusWord = "up-to-date"  // has what it would get now
	OutOfDate  StatusWord = "out-of-date" // what it would get now differs from what it has
	Failing    StatusWord = "failing"     // cannot be given its configuration
	Rejected   StatusWord = "rejected"    // by an admin, before it was assigned
	Disabled   StatusWord = "disabled"    // by an admin, for as long as they like
)

// Served is a file that a phone has fetched at its secret address, by its hash.
type Served struct {
	MAC  mac.Addr
	File string // as the phone asked for it
	ETag string
	Time time.Time // when it first got these bytes
}

// FileKind is what an uploaded file is.
type FileKind string

// The kinds of files.
const (
	Firmware   FileKind = "firmware"
	Ringtone   FileKind = "ringtone"
	Background FileKind = "background"
)

// FileKinds lists every kind.
var FileKinds = []FileKind{Firmware, Ringtone, Background}

// File is an uploaded file: what is known of it. Its content is found by its SHA-256.
type File struct {
	ID, Tenant ID
	Kind       FileKind
	// Name is what phones ask for: letters, digits and . _ -, unique for a tenant's
	// kind, vendor and version, upper and lower case being the same.
	Name    string
	Vendor  string   // "" for every vendor
	Models  []string // empty for all of the vendor
	Version string   // of firmware, as the phones name it
	Bytes   int64
	SHA256  [32]byte

	CreatedAt time.Time
}

// FirmwarePolicy says which firmware phones of a vendor are to run, and by which way
// they get there. A policy that names a phone's model comes before one for all.
type FirmwarePolicy struct {
	ID, Tenant ID
	Vendor     string
	Models     []string // empty for all that no other policy names
	// From is the lowest version that may set out; "" for any.
	From string
	// Steps are the versions that a phone installs one after the other, rising: each
	// phone the lowest that is above its own. The last is the target.
	Steps []string
	// AllowDowngrade leads phones above the target back to it.
	AllowDowngrade bool
	// OfferUnknown has phones that name no version install the first step, even if
	// that should be a downgrade.
	OfferUnknown bool

	CreatedAt, UpdatedAt time.Time
}
