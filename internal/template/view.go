package template

import (
	"strconv"
	"strings"
)

// View is what a template sees of one phone: plain values in the terms of a PBX
// admin, prepared before rendering. It holds nothing of the domain's own types,
// so a template can read what is documented here and nothing else. The names in
// a template are the lower-case words in the view tag: {{.time.ntp1}}.
//
// A file of level "bootstrap" sees Model.Vars and the fields marked bootstrap
// alone; a file of level "enrol" also sees those marked enrol. The compiler
// refuses the rest there, so a secret cannot reach a file that asks for no proof.
type View struct {
	MAC      string `view:"mac,enrol"` // 12 lower-case hex digits
	Firmware string `view:"firmware"`  // as the phone last named it, or ""

	Model ModelView `view:"model"`
	// Accounts has at least one for a desk phone, with Index rising from 1 without a
	// gap; for a DECT base, one for each member, with the Index of its handset.
	Accounts []Account `view:"accounts"`
	// SpareAccounts are the account positions of the model that this phone does
	// not use. Blank them, or an account taken away stays on the phone.
	SpareAccounts []Spare `view:"spare_accounts"`
	// Base is set for a DECT base. Handsets are its members by rising Index;
	// SpareHandsets are the other positions, up to Base.Lines. Blank them, or a
	// member taken off stays on the base.
	Base          Base      `view:"base"`
	Handsets      []Handset `view:"handsets"`
	SpareHandsets []Spare   `view:"spare_handsets"`
	// System is set for a base of a multi-cell system. Members are those of its data
	// master: the other bases have no accounts, no handsets and no spare ones.
	System System `view:"system"`
	// Keys has one entry for every key position of the phone and of all the
	// modules that the model takes, in order; those without a function have
	// Kind "none". Blank them, or a key taken away stays on the phone.
	Keys []Key `view:"keys"`

	// The choices of the profile. Each is not set where neither the phone nor
	// its tenant chooses.
	Language         Choice `view:"language"`
	Tone             Choice `view:"tone"`
	TimeZone         Choice `view:"time_zone"` // Name is the IANA zone
	DateFormat       Choice `view:"date_format"`
	TimeFormat       Choice `view:"time_format"`
	Ringtone         Choice `view:"ringtone"`
	QueueRingtone    Choice `view:"queue_ringtone"`
	ExternalRingtone Choice `view:"external_ringtone"`
	PowerLED         Choice `view:"powerled"`
	Backlight        Choice `view:"backlight"`
	Screensaver      Choice `view:"screensaver"`
	Transfer         Choice `view:"transfer"` // Name is BLIND, ATTENDED or NEW_CALL

	// Codecs are those chosen, best first; SpareCodecs the others that the
	// profile knows, to be switched off.
	Codecs      []Choice `view:"codecs"`
	SpareCodecs []Choice `view:"spare_codecs"`

	Time         Time         `view:"time"`
	Network      Network      `view:"network"`
	Provisioning Provisioning `view:"provisioning"`
	Web          Web          `view:"web"`
	Voicemail    Voicemail    `view:"voicemail"`
	Features     Features     `view:"features"`
	Door         Door         `view:"door"`

	Directory DirectoryView `view:"directory"`
	// Update is the firmware that the phone is to run, by the tenant's policy.
	Update Update `view:"update"`
	// Files are the tenant's uploaded ring tones and backgrounds for this model.
	Files []Upload `view:"files"`
}

// ModelView is the phone's model as the template's header describes it.
type ModelView struct {
	Name        string            `view:"name,bootstrap"`
	DisplayName string            `view:"display_name,bootstrap"`
	Accounts    int               `view:"accounts,bootstrap"`    // SIP accounts
	LineKeys    int               `view:"line_keys,bootstrap"`   // programmable keys, all pages
	Modules     int               `view:"modules,bootstrap"`     // expansion modules it takes
	ModuleKeys  int               `view:"module_keys,bootstrap"` // keys of one module, all pages
	Vars        map[string]string `view:"var,bootstrap"`         // <var> of the model: {{.model.var.code}}
}

// Account is one SIP account.
type Account struct {
	Index        int    `view:"index"`        // from 1
	Label        string `view:"label"`        // what the line key shows
	DisplayName  string `view:"display_name"` // the caller's name
	Extension    string `view:"extension"`    // digits
	User         string `view:"user"`         // user part of the address of record
	AuthName     string `view:"auth_name"`
	Password     string `view:"password"`
	Domain       string `view:"domain"`   // host part of the address of record
	Server       string `view:"server"`   // registrar: host name or IP address
	Port         int    `view:"port"`     // its port
	Outbound     bool   `view:"outbound"` // whether there is an outbound proxy
	OutboundHost string `view:"outbound_host"`
	OutboundPort int    `view:"outbound_port"`
	Transport    Choice `view:"transport"` // Name is UDP, TCP or TLS
	TLS          bool   `view:"tls"`
	SRTP         bool   `view:"srtp"`      // demanded; only with TLS
	Expires      int    `view:"expires"`   // seconds
	Voicemail    string `view:"voicemail"` // number to dial for messages, or ""
}

// Base is a DECT base, or a manager of several.
type Base struct {
	Name             string `view:"name"`              // what people call it
	Lines            int    `view:"lines"`             // handsets that it takes, those of its system on the data master; 0 on the system's others
	UserPassword     string `view:"user_password"`     // of the user's login to the web page, or ""; .web.user_password too
	EngineerPassword string `view:"engineer_password"` // of the engineer's login, or ""
	Region           string `view:"region"`            // as the admin writes it, or ""
	HandsetLanguage  Choice `view:"handset_language"`  // that of the base, unless the admin chose another
}

// System is the multi-cell system that a DECT base belongs to. Nothing is set for a
// base that works alone.
type System struct {
	Set    bool         `view:"set"`
	Name   string       `view:"name"`   // what people call it
	Number int          `view:"number"` // 1–512, unique in the tenant; never changes
	Master bool         `view:"master"` // whether this base is the data master
	Index  int          `view:"index"`  // this base's own place, 1 for the data master
	Bases  []SystemBase `view:"bases"`  // by rising Index, this one among them
	// SpareBases are the other places, up to the most that the data master's model
	// takes. Blank them, or a base taken off stays in the system.
	SpareBases []Spare `view:"spare_bases"`
}

// SystemBase is a base of a multi-cell system.
type SystemBase struct {
	Index  int    `view:"index"` // from 1, which is the data master's
	MAC    string `view:"mac"`   // 12 lower-case hex digits
	Name   string `view:"name"`  // what people call it
	Master bool   `view:"master"`
	Self   bool   `view:"self"` // whether it is the base that the file is for
	// SyncIndex is the Index of the base whose radio clock it follows, 0 for the one
	// that the others follow in the end; SyncLevel is how far from that it is, 1 for
	// that one itself.
	SyncIndex int `view:"sync_index"`
	SyncLevel int `view:"sync_level"`
}

// Handset is a member of a DECT base.
type Handset struct {
	Index       int    `view:"index"`   // from 1
	Account     int    `view:"account"` // Index of its account; the same
	Extension   string `view:"extension"`
	DisplayName string `view:"display_name"`
	// IPUI is the one handset that may register here, as 10 upper-case hex digits,
	// and IPEI the same as 13 characters (EEEEEPPPPPPPC); "" for any. IPEI is "" as
	// well where the IPUI is of a kind that has none.
	IPUI     string `view:"ipui"`
	IPEI     string `view:"ipei"`
	Language Choice `view:"language"`
}

// Spare is an unused position.
type Spare struct {
	Index int `view:"index"` // from 1
}

// Key is one programmable key.
type Key struct {
	Index  int `view:"index"`  // from 1 over the phone and its modules
	Module int `view:"module"` // 0 on the phone itself, else from 1
	Slot   int `view:"slot"`   // from 1 within the phone or the module
	// Kind is none, line, blf, speed_dial, park, dtmf or url. Type is the
	// profile's <key_types> value for it.
	Kind    string `view:"kind"`
	Type    Choice `view:"type"`
	Account int    `view:"account"` // index of the account that the key uses, 1 unless Kind is line
	Value   string `view:"value"`   // number, park slot, digits or URL; "" for a line
	Label   string `view:"label"`
	Pickup  string `view:"pickup"` // blf: what to dial to take the call, or ""
}

// Choice is a value of the profile: the neutral name and what the vendor calls it.
type Choice struct {
	Set   bool              `view:"set"`
	Name  string            `view:"name"`
	Value string            `view:"value"`
	Items map[string]string `view:"item"`  // further values of the option: {{.time_zone.item.name}}
	Index int               `view:"index"` // place in its list from 1 (codecs), else 0
}

// Time is the clock. The daylight-saving rule is that of the current year.
type Time struct {
	Zone      string     `view:"zone"`   // IANA
	Offset    int        `view:"offset"` // minutes east of UTC in winter
	DST       bool       `view:"dst"`
	DSTOffset int        `view:"dst_offset"` // minutes added in summer
	DSTStart  Transition `view:"dst_start"`
	DSTEnd    Transition `view:"dst_end"`
	POSIX     string     `view:"posix"` // as in TZ, such as CET-1CEST,M3.5.0,M10.5.0/3
	NTP1      string     `view:"ntp1"`
	NTP2      string     `view:"ntp2"`
}

// Transition is when summer time begins or ends, in local wall time before it.
type Transition struct {
	Month   int `view:"month"`   // 1–12
	Week    int `view:"week"`    // 1–4, or 5 for the last of the month
	Weekday int `view:"weekday"` // 0 Sunday – 6 Saturday
	Hour    int `view:"hour"`    // 0–24
	Minute  int `view:"minute"`
}

// Network is the phone's Ethernet ports.
type Network struct {
	LLDP    bool `view:"lldp"`
	WANVLAN VLAN `view:"wan_vlan"`
	PCVLAN  VLAN `view:"pc_vlan"`
}

// VLAN is the tag of one port.
type VLAN struct {
	Enabled  bool `view:"enabled"`
	ID       int  `view:"id"`       // 1–4094
	Priority int  `view:"priority"` // 0–7
}

// Provisioning is where and when the phone fetches its configuration again.
type Provisioning struct {
	// SharedURL is the address that every phone may know, with a trailing slash.
	SharedURL string `view:"shared_url,bootstrap"`
	// URL is this phone's own secret address, with a trailing slash; Scheme,
	// Host (with the port, if not the scheme's own) and Path (without the
	// leading slash, with the trailing one) are its parts. Hostname and Port are
	// those of Host, the port the scheme's own if need be, and Folder is the path
	// without slashes at its ends.
	URL      string `view:"url,enrol"`
	Scheme   string `view:"scheme,enrol"`
	Host     string `view:"host,enrol"`
	Path     string `view:"path,enrol"`
	Hostname string `view:"hostname,enrol"`
	Port     int    `view:"port,enrol"`
	Folder   string `view:"folder,enrol"`
	// PollMinutes is the time between two looks for a new configuration;
	// PollHour and PollMinute are this phone's own moment of the day (spread
	// over the night by its MAC); PollWindow is the width in minutes of the
	// random window for phones that draw themselves.
	PollMinutes int `view:"poll_minutes"`
	PollHour    int `view:"poll_hour"`
	PollMinute  int `view:"poll_minute"`
	PollWindow  int `view:"poll_window"`
}

// SetURL sets URL and its parts. A URL without a scheme has no parts.
func (p *Provisioning) SetURL(url string) {
	*p = Provisioning{
		SharedURL: p.SharedURL, URL: url,
		PollMinutes: p.PollMinutes, PollHour: p.PollHour, PollMinute: p.PollMinute, PollWindow: p.PollWindow,
	}
	scheme, rest, ok := strings.Cut(url, "://")
	if !ok {
		return
	}
	p.Scheme = scheme
	p.Host, p.Path, _ = strings.Cut(rest, "/")
	p.Folder = strings.Trim(p.Path, "/")
	p.Hostname, p.Port = p.Host, 80
	if scheme == "https" {
		p.Port = 443
	}
	// A colon inside brackets is one of an IPv6 address.
	if colon := strings.LastIndexByte(p.Host, ':'); colon > strings.LastIndexByte(p.Host, ']') {
		if n, err := strconv.Atoi(p.Host[colon+1:]); err == nil {
			p.Hostname, p.Port = p.Host[:colon], n
		}
	}
	p.Hostname = strings.Trim(p.Hostname, "[]")
}

// Web is the login to the phone's own web page.
type Web struct {
	AdminPassword string `view:"admin_password"`
	UserPassword  string `view:"user_password"`
}

// Voicemail is the tenant's voicemail.
type Voicemail struct {
	Number string `view:"number"` // to dial, or ""
}

// Features are the PBX's feature codes.
type Features struct {
	PickupCode string `view:"pickup_code"` // dialled before an extension to take its call, or ""
}

// DirectoryView is the tenant's phone book.
type DirectoryView struct {
	// URL is where this phone fetches it: its first page, at the phone's own
	// secret address. "" if the template has no file of level directory. Name is
	// the last part of it.
	URL  string `view:"url"`
	Name string `view:"name"`
	// The fields below are of one answer and stand in files of level directory only.
	Entries  []Contact `view:"entries,directory"`  // of this page, by name
	Search   string    `view:"search,directory"`   // what the phone looks for, or ""
	Page     int       `view:"page,directory"`     // from 1
	Pages    int       `view:"pages,directory"`    // at least 1
	NextURL  string    `view:"next_url,directory"` // of the page behind this one, or ""
	PriorURL string    `view:"prior_url,directory"`
}

// Contact is one entry of the phone book.
type Contact struct {
	Name   string `view:"name,directory"`   // never empty
	Number string `view:"number,directory"` // what to dial
	// First and Last are the parts of the name; of a name in one piece, Last is "".
	First string `view:"first,directory"`
	Last  string `view:"last,directory"`
	Group string `view:"group,directory"` // "extensions" or "contacts"
	Index int    `view:"index,directory"` // from 1 within the page
}

// Update is a firmware that the phone is to run. All is "" and no where the policy
// names none, or the phone runs it already.
type Update struct {
	Set     bool   `view:"set"`
	Version string `view:"version"`
	URL     string `view:"url"`    // of the file, at the phone's own secret address
	Folder  string `view:"folder"` // URL up to and with the last slash
	Name    string `view:"name"`   // of the file
	Bytes   int    `view:"bytes"`
	SHA256  string `view:"sha256"` // lower-case hex
}

// Upload is a file that phones fetch besides their configuration.
type Upload struct {
	Kind string `view:"kind"` // ringtone or background
	Name string `view:"name"` // of the file: "chime.wav"
	URL  string `view:"url"`
}

// Door holds the codes that open the doors of a door phone.
type Door struct {
	Password1 string `view:"password1"` // 4–8 digits, or ""
	Password2 string `view:"password2"`
}
