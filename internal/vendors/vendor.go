// Package vendor holds the contract between Dialplane and what it knows of each
// maker of phones, and the registry that asks every maker in turn.
//
// Everything known of one vendor lives in the folder internal/vendors/<name>: how
// its phones name themselves, what they ask for at boot, the grammar of their
// configuration files, their models and templates. That folder exports one
// function, Pack, and internal/vendors/packs lists it.
package vendor

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
)

// Pack is everything known of one vendor. Every field is required.
type Pack struct {
	// Name is the vendor as people write it: "Yealink". A template's vendor
	// attribute and the first word of its models' display names equal it.
	Name string
	// Aliases are other names that the vendor goes by, or went by: "Polycom". They
	// may be missing.
	Aliases []string
	// OUIs are the first three bytes of the vendor's MAC addresses, as six
	// lower-case hex digits.
	OUIs []string
	// Templates holds the built-in firmware templates, *.xml at its root.
	Templates fs.FS

	// UserAgent understands an HTTP or SIP User-Agent of this vendor's phones.
	// It matches from the first byte to the last: text before or behind what the
	// vendor writes makes it a stranger's. Model carries the table's spelling.
	UserAgent func(ua string) (Identity, bool)
	// Path understands a request path that only this vendor's phones ask for
	// (y000000000108.cfg, snomD785.htm, cfg001565aabbcc.xml). The path is clean,
	// without query, and may begin with folders.
	Path func(path string) (Identity, bool)

	// VendorClass understands a DHCP vendor class identifier (option 60) of this
	// vendor's phones; nil where none is documented.
	VendorClass func(class string) (Identity, bool)

	// Parse reads a configuration file by the vendor's grammar, strictly: what
	// a phone would refuse or silently skip is an error that names the line.
	Parse func(file string, body []byte) (*Config, error)
	// Understand says what a phone configured so does, in neutral terms.
	Understand func(*Config) State

	// HTTPUserAgent is what the phone sends when it fetches.
	HTTPUserAgent func(Unit) string
	// Boot does what the phone does between power-on and registering: it asks
	// for the vendor's files in their real order and spelling, relative to the
	// provisioning URL or absolute where a file names another, and returns the
	// configuration that it ends up with, later files over earlier ones. A file
	// that is missing is no error where the phone goes on without it.
	Boot func(Unit, Getter) (*Config, error)
	// Redirect asks the vendor's redirect service as a phone fresh from the shop does,
	// and returns where that sends it: a provisioning URL that ends in a slash. The
	// Getter is of the service's base and follows no redirect; of a status 30x it
	// returns the Location as the body. The error is ErrNotRedirected if the service
	// does not know the phone. It is nil where nothing is known of such a service.
	Redirect func(Unit, Getter) (url string, err error)

	// Parameters is the dictionary of what the templates write.
	Parameters *Dictionary
	// Directory reads a phone book as the phone does; nil where no template has one.
	Directory func(body []byte) ([]Contact, error)

	// Commands are the Event headers of a SIP NOTIFY that the phones obey.
	Commands Commands
	// Deviating are those of models that obey others, by the model as the templates
	// spell it. It may be missing; see CommandsOf.
	Deviating map[string]Commands
	// Discovery is how the phone asks for its server by multicast at boot: every
	// way that the vendor's phones are known to, the usual one first; none for a
	// phone that does not.
	Discovery func(Unit) []Discovery

	// Refuse returns why no configuration file of this vendor can carry value,
	// or "" if it can: a reserved word of the grammar, say. Control characters
	// and leading or trailing blanks have been refused already.
	Refuse func(value string) string
}

// CommandsOf returns what a model obeys: Commands, unless the model deviates.
func (p *Pack) CommandsOf(model string) Commands {
	if c, ok := p.Deviating[model]; ok {
		return c
	}
	return p.Commands
}

// Folder is a folder of embedded files, for Pack.Templates. It panics if the name
// is not valid.
func Folder(files fs.FS, name string) fs.FS {
	folder, err := fs.Sub(files, name)
	if err != nil {
		panic(err)
	}
	return folder
}

// Identity is what a request says of the phone that sent it. Any field may be
// empty. None of it is proof of anything.
type Identity struct {
	Vendor  string
	Model   string
	Version string
	MAC     mac.Addr
}

// Commands are Event headers, as configured by the vendor's templates.
type Commands struct {
	Reprovision string // fetch the configuration again, without a restart where the phone can
	Reboot      string // restart, which fetches as well; "" where no way is documented
}

// Discovery is one dialect of the SUBSCRIBE that phones send to 224.0.1.75:5060
// (RFC 6080).
type Discovery struct {
	Dialect string // what tells it from the vendor's others: a model, or a word
	Port    int    // that it is sent from, and answers are awaited at
	// Subscribe is the message as captured or documented, its lines ended by LF,
	// with {ip}, {port}, {branch}, {tag} and {call} where it says which phone it is
	// from and which conversation it begins.
	Subscribe string
}

// Unit is one physical phone, for the simulator.
type Unit struct {
	MAC      mac.Addr
	Model    string // as the pack's templates spell it
	Firmware string // as the User-Agent spells it; empty for a usual one
	Base     bool   // a DECT base, which may have no account
}

// Getter fetches one file: a name relative to the provisioning URL, or an
// absolute URL. A status other than 200 comes without an error; an error means
// that no answer came.
type Getter func(name string) (status int, body []byte, err error)

// ErrNoConfig is what Boot returns when the server answered but had no
// configuration for the phone.
var ErrNoConfig = errors.New("the server has no configuration for this phone")

// ErrNotRedirected is what Redirect returns when the vendor's service answered but
// sends the phone nowhere.
var ErrNotRedirected = errors.New("the vendor's redirect service does not know this phone")

// Setting is one parameter of a configuration file. Name is canonical for the
// vendor and unique within a file, index included: "account.1.password", "P34",
// "user_pass[1]".
type Setting struct {
	Name, Value string
	Line        int // of the file, from 1; 0 where the grammar does not keep it
}

// Contact is an entry of a phone book.
type Contact struct{ Name, Number string }

// Config is the content of a configuration file, or of several merged.
type Config struct {
	settings []Setting
	at       map[string]int
	// Includes are the further files that this one sends the phone to, in order.
	Includes []string
	// Line is where Add and Set say that a setting stands.
	Line int
}

// Add appends a setting. It returns an error if the name was there already:
// phones differ in which of two they take.
func (c *Config) Add(name, value string) error {
	if _, ok := c.at[name]; ok {
		return fmt.Errorf("parameter %s appears twice", name)
	}
	c.Set(name, value)
	return nil
}

// Set appends a setting or replaces its value.
func (c *Config) Set(name, value string) {
	if c.at == nil {
		c.at = make(map[string]int)
	}
	if i, ok := c.at[name]; ok {
		c.settings[i].Value, c.settings[i].Line = value, c.Line
		return
	}
	c.at[name] = len(c.settings)
	c.settings = append(c.settings, Setting{name, value, c.Line})
}

// Lookup returns the value of a setting and whether it is there.
func (c *Config) Lookup(name string) (string, bool) {
	i, ok := c.at[name]
	if !ok {
		return "", false
	}
	return c.settings[i].Value, true
}

// Get returns the value of a setting, or "".
func (c *Config) Get(name string) string {
	v, _ := c.Lookup(name)
	return v
}

// Settings returns the settings in the order of the file. The caller must not
// change them.
func (c *Config) Settings() []Setting { return c.settings }

// Merge sets all that other sets, as a phone does that reads other after c.
func (c *Config) Merge(other *Config) {
	for _, s := range other.settings {
		c.Set(s.Name, s.Value)
	}
}

// State is what a phone does once it has a configuration, in neutral terms. It
// is how tests compare what was asked for with what the vendor's phone reads.
type State struct {
	Accounts []Account // those switched on, by rising index
	Keys     []Key     // those with a function, modules after the phone's own

	Handsets []Handset // of a DECT base, by rising index
	// HandsetLanguage is what the handsets are told, the vendor's own value.
	HandsetLanguage string
	System          System // of a DECT base, where it belongs to one

	AdminPassword string
	UserPassword  string // "" where the vendor has none
	// ProvisioningURL is where the phone fetches next time, as far as the file
	// says: with a trailing slash if it is a folder.
	ProvisioningURL string
	PollMinutes     int // how often it fetches again; 0 for never

	NTP      []string
	Language string // the vendor's own value
	TimeZone string // the vendor's own value
	Tone     string // the vendor's own value
	// Clock is what the phone makes of its zone and rules.
	Clock  *Clock
	Codecs []string // account 1's enabled codecs, vendor's own values, best first

	LLDP    bool
	WANVLAN VLAN
	PCVLAN  VLAN

	DirectoryURL string
	// FirmwareURL is where it takes its firmware from: the file, or the folder with
	// its trailing slash where the phone itself adds the name.
	FirmwareURL string
	Ringtones   []string // URLs of those that it fetches
	Background  string   // URL
}

// Clock is how a phone's clock runs: as in a place that the phone knows, or by a
// rule that it was told.
type Clock struct {
	// Zone is the IANA name of a place whose clock the vendor documents for the
	// phone's own zone. The other fields are then 0.
	Zone string

	Offset     int // minutes east of UTC in winter
	Saving     int // minutes added in summer; 0 for no summer time
	Start, End Change
}

// Change is when summer time begins or ends, in the local time before it: the
// Week-th Weekday of a month, or a day of it.
type Change struct {
	Month        int // 1–12
	Week         int // 1–4, or 5 for the last of the month; 0 where Day counts
	Weekday      int // 0 Sunday – 6 Saturday
	Day          int // of the month; with Week 0 and a Weekday of -1
	Hour, Minute int // Hour is 0–24
}

// in returns the change in a year, as if local time were UTC.
func (c Change) in(year int) time.Time {
	first := time.Date(year, time.Month(c.Month), 1, c.Hour, c.Minute, 0, 0, time.UTC)
	if c.Week == 0 {
		return first.AddDate(0, 0, c.Day-1)
	}
	day := (c.Weekday-int(first.AddDate(0, 0, -c.Hour/24).Weekday())+7)%7 + 7*(c.Week-1)
	for last := time.Date(year, time.Month(c.Month)+1, 0, 0, 0, 0, 0, time.UTC).Day(); day >= last; {
		day -= 7
	}
	return first.AddDate(0, 0, day)
}

// At returns the offset in minutes east of UTC that the phone shows at a moment. It
// is an error if the clock's place is none.
func (c Clock) At(t time.Time) (int, error) {
	if c.Zone != "" {
		place, err := time.LoadLocation(c.Zone)
		if err != nil {
			return 0, fmt.Errorf("the clock of a phone runs as in %q: %w", c.Zone, err)
		}
		_, seconds := t.In(place).Zone()
		return seconds / 60, nil
	}
	if c.Saving == 0 {
		return c.Offset, nil
	}
	year := t.UTC().Add(time.Duration(c.Offset) * time.Minute).Year()
	start := c.Start.in(year).Add(-time.Duration(c.Offset) * time.Minute)
	end := c.End.in(year).Add(-time.Duration(c.Offset+c.Saving) * time.Minute)
	summer := !t.Before(start) && t.Before(end)
	if end.Before(start) {
		summer = !t.Before(start) || t.Before(end)
	}
	if summer {
		return c.Offset + c.Saving, nil
	}
	return c.Offset, nil
}

// VLAN is the tag of a port. A zero ID means that the port is not tagged.
type VLAN struct {
	ID       int // 1–4094
	Priority int // 0–7
}

// Account is a SIP account of a phone.
type Account struct {
	Index         int // from 1
	Label         string
	DisplayName   string
	User          string
	AuthName      string
	Password      string
	Server        string // host: the domain of the address of record
	Port          int    // 0 for the transport's own
	Transport     string // "UDP", "TCP" or "TLS"
	OutboundProxy string // host, or "" for none
	OutboundPort  int
	Expires       int  // seconds
	SRTP          bool // offered or demanded
	Voicemail     string
}

// Handset is a place on a DECT base that somebody has.
type Handset struct {
	Index   int    // from 1
	IPUI    string // 10 upper-case hex digits of the one that may register; "" for any
	Name    string
	Account int // index of the one that it calls by
}

// System is the multi-cell system that a DECT base belongs to, as far as its files say
// it. The zero System is that of a base that works alone.
type System struct {
	Set    bool
	Master bool // whether the base is the data master
	Number int  // 1–512
	// Bases are the addresses of its bases, 12 lower-case hex digits each, by their
	// places: the data master's first.
	Bases []string
}

// Key is a programmable key of a phone or of an expansion module. Kind is one of
// the neutral kinds of keys: "line", "blf", "speed_dial", "park", "dtmf", "url".
type Key struct {
	Module  int // 0 for the phone's own keys, else 1 for the first module
	Slot    int // from 1 within the phone or module
	Kind    string
	Account int // 0 where the kind has none
	Value   string
	Label   string
}

// Brand is a maker of SIP devices or programs that Dialplane can name and has no pack
// for.
type Brand struct {
	Name string
	// UserAgent and Path understand what the brand's products send, as those of a
	// Pack do; Path the last part of a path.
	UserAgent, Path func(string) (Identity, bool)
}

// Evidence is what a request shows of its sender.
type Evidence struct {
	UserAgent   string
	Path        string
	VendorClass string // DHCP option 60
}

// Finding is an Identity and where each part of it came from.
type Finding struct {
	Identity
	// By lists the kinds of evidence that agreed: "user-agent", "path",
	// "vendor-class", "oui".
	By []string
	// PathMAC is the address that the path names, as its vendor's phones spell it.
	PathMAC mac.Addr
}

// ConflictError reports a request whose User-Agent names one phone and whose
// path names another.
type ConflictError struct{ UserAgent, Path mac.Addr }

func (e *ConflictError) Error() string {
	return fmt.Sprintf("the User-Agent names the phone %s but the path names %s", e.UserAgent, e.Path)
}

// Registry asks every vendor pack in turn.
type Registry struct {
	packs  []Pack
	brands []Brand
	byName map[string]int
	byOUI  map[string]int
}

// NewRegistry makes a registry of packs. Of two packs with one OUI the earlier
// is taken when nothing but the OUI is known.
func NewRegistry(packs ...Pack) *Registry {
	r := &Registry{packs: packs, byName: make(map[string]int), byOUI: make(map[string]int)}
	for i, p := range packs {
		for _, name := range append([]string{p.Name}, p.Aliases...) {
			r.byName[strings.ToLower(name)] = i
		}
		for _, oui := range p.OUIs {
			if _, taken := r.byOUI[oui]; !taken {
				r.byOUI[oui] = i
			}
		}
	}
	return r
}

// Naming adds brands, which are asked when no pack knows a sender. It returns r.
func (r *Registry) Naming(brands ...Brand) *Registry {
	r.brands = append(r.brands, brands...)
	return r
}

// Packs returns every pack in order.
func (r *Registry) Packs() []Pack { return r.packs }

// Pack returns the pack of a vendor by its name or an alias, in any case.
func (r *Registry) Pack(name string) (Pack, bool) {
	i, ok := r.byName[strings.ToLower(name)]
	if !ok {
		return Pack{}, false
	}
	return r.packs[i], true
}

// Maker returns the pack of the vendor that an address was assigned to.
func (r *Registry) Maker(a mac.Addr) (Pack, bool) {
	i, ok := r.byOUI[a.OUI()]
	if !ok {
		return Pack{}, false
	}
	return r.packs[i], true
}

// Identify says what the evidence shows. The User-Agent decides over the path, both
// over the DHCP vendor class, and that over the OUI. It returns false for a stranger
// and a *ConflictError when User-Agent and path name different phones.
func (r *Registry) Identify(e Evidence) (Finding, bool, error) {
	var f Finding
	said := r.ask(e.UserAgent, func(p *Pack) func(string) (Identity, bool) { return p.UserAgent }, nil)
	if f.Identity = said; said.Vendor != "" {
		f.By = append(f.By, "user-agent")
	}
	path := r.identifyPath(e.Path, said.Vendor)
	f.PathMAC = path.MAC
	if !f.MAC.IsZero() && !path.MAC.IsZero() && f.MAC != path.MAC {
		return f, f.Vendor != "", &ConflictError{UserAgent: f.MAC, Path: path.MAC}
	}
	class := r.ask(e.VendorClass, func(p *Pack) func(string) (Identity, bool) { return p.VendorClass }, nil)
	if f.Vendor == "" && path.Vendor == "" && class.Vendor == "" {
		f.name(r.brands, e)
	}
	if path.Vendor != "" && (f.Vendor == "" || path.Vendor == f.Vendor) || path.Vendor == "" && !path.MAC.IsZero() {
		f.By = append(f.By, "path")
		f.fill(path)
	}
	if f.MAC.IsZero() {
		f.MAC = path.MAC
	}
	if class.Vendor != "" && (f.Vendor == "" || class.Vendor == f.Vendor) {
		f.By = append(f.By, "vendor-class")
		f.fill(class)
	}
	if f.Vendor == "" && !f.MAC.IsZero() {
		if i, ok := r.byOUI[f.MAC.OUI()]; ok {
			f.Vendor = r.packs[i].Name
			f.By = append(f.By, "oui")
		}
	}
	return f, f.Vendor != "", nil
}

// ask asks the packs first in turn, and then the others, what a text says; "" says
// nothing.
func (r *Registry) ask(text string, reader func(*Pack) func(string) (Identity, bool), first []int) Identity {
	if text == "" {
		return Identity{}
	}
	answer := func(i int) (Identity, bool) {
		read := reader(&r.packs[i])
		if read == nil {
			return Identity{}, false
		}
		id, ok := read(text)
		id.Vendor = r.packs[i].Name
		return id, ok
	}
	for _, i := range first {
		if id, ok := answer(i); ok {
			return id
		}
	}
	for i := range r.packs {
		if slices.Contains(first, i) {
			continue
		}
		if id, ok := answer(i); ok {
			return id
		}
	}
	return Identity{}
}

// name looks for a brand that sends such things.
func (f *Finding) name(brands []Brand, e Evidence) {
	file := e.Path[strings.LastIndexByte(e.Path, '/')+1:]
	for _, b := range brands {
		for _, from := range []struct {
			kind, text string
			read       func(string) (Identity, bool)
		}{{"user-agent", e.UserAgent, b.UserAgent}, {"path", file, b.Path}} {
			if from.text == "" {
				continue
			}
			if id, ok := from.read(from.text); ok {
				id.Vendor = b.Name
				f.Identity = id
				f.By = append(f.By, from.kind)
				return
			}
		}
	}
}

func (f *Finding) fill(id Identity) {
	if f.Vendor == "" {
		f.Vendor = id.Vendor
	}
	if f.Model == "" {
		f.Model = id.Model
	}
	if f.Version == "" {
		f.Version = id.Version
	}
	if f.MAC.IsZero() {
		f.MAC = id.MAC
	}
}

// identifyPath says what a path shows. Many vendors ask for <mac>.cfg, so that of the
// User-Agent is asked first, and then the maker of the address.
func (r *Registry) identifyPath(path, vendor string) Identity {
	addr := PathMAC(path)
	var first []int
	if i, ok := r.byName[strings.ToLower(vendor)]; ok && vendor != "" {
		first = append(first, i)
	}
	if i, ok := r.byOUI[addr.OUI()]; ok && !addr.IsZero() && !slices.Contains(first, i) {
		first = append(first, i)
	}
	id := r.ask(path, func(p *Pack) func(string) (Identity, bool) { return p.Path }, first)
	if id.MAC.IsZero() {
		id.MAC = addr
	}
	return id
}

// PathMAC finds the MAC address in the last part of a request path, as any
// vendor's phone spells it: 001565aabbcc.cfg, cfg001565aabbcc.xml,
// snomD785-001565AABBCC.htm, 00:15:65:aa:bb:cc.boot. It returns the zero address
// if there is none.
func PathMAC(path string) mac.Addr {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if len(name) > 128 {
		return mac.Addr{}
	}
	if dot := strings.IndexByte(name, '.'); dot >= 12 {
		name = name[:dot]
	}
	for _, suffix := range []string{"-local", "-contact", "-firmware"} {
		name = strings.TrimSuffix(name, suffix)
	}
	for _, width := range []int{17, 12} {
		if len(name) < width {
			continue
		}
		tail, before := name[len(name)-width:], name[:len(name)-width]
		if n := len(before); n > 0 && before[n-1] != '-' && before[n-1] != '_' && !strings.EqualFold(before, "cfg") {
			continue
		}
		if a, err := mac.Parse(tail); err == nil {
			return a
		}
	}
	return mac.Addr{}
}
