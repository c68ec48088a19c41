package provision

import (
	"cmp"
	"encoding/binary"
	"hash/fnv"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
)

// facts is what one rendering is made of. Each is immutable; a cached file is
// current as long as each is still the one in the snapshot.
type facts struct {
	tenant   *fleet.Tenant
	user     *fleet.User // nil for a DECT base
	phone    *unit
	template *compiled
	firmware string
	year     int // whose daylight-saving rules apply
	// lines are the further extensions that the phone registers, in key order, or
	// those of the base's members, by rising handset index.
	lines   []line
	library *library // nil where nothing was uploaded
	system  *system  // that a base is in, or nil
}

// line is a further extension that a line key names, or that of a member.
type line struct {
	extension string
	slot      *userSlot // nil if the tenant has no such extension
	user      *fleet.User
}

// account is the extension that the phone belongs to, or nil for a DECT base.
func (d *device) account() *fleet.User {
	if d.user == nil {
		return nil
	}
	return d.user.data.Load()
}

// gather reads what the phone's files are made of now. It returns false when the
// phone cannot be rendered: its extension, its template or an extension that one
// of its keys names, or that is a member of it, is gone or could not be read.
func (c *Core) gather(d *device, year int) (facts, *model, bool) {
	f := facts{
		year:   year,
		tenant: d.tenant.data.Load(),
		user:   d.account(),
		phone:  d.data.Load(), library: d.tenant.library.Load(),
	}
	f.template = d.tenant.templates.Load().files[f.phone.Filename]
	if f.user == nil && d.user != nil || f.template == nil {
		return f, nil, false
	}
	if s := d.seen.Load(); s != nil {
		f.firmware = s.Version
	}
	if f.system = f.phone.inSystem(); f.phone.system != nil && !f.system.has(f.phone.MAC) {
		return f, nil, false // it joins or leaves just now
	}
	f.resolve(d.tenant)
	unread := func(l line) bool { return l.slot == nil || f.phone.base != nil && l.user == nil }
	if c.snap.incomplete && slices.ContainsFunc(f.lines, unread) {
		return f, nil, false
	}
	m := f.template.model(f.phone.Model)
	return f, m, m != nil
}

// inSystem returns the system that a base is in, or nil.
func (u *unit) inSystem() *system {
	if u.system == nil {
		return nil
	}
	return u.system.data.Load()
}

// has says whether a base is in the system. There may be none.
func (y *system) has(m mac.Addr) bool {
	return y != nil && y.bases[m]
}

func (k *compiled) model(name string) *model {
	if m, ok := k.models[name]; ok {
		return m
	}
	return k.models[strings.ToLower(name)]
}

// resolve finds the extensions that the user's line keys name, or the members'.
func (f *facts) resolve(tenant *tenantSlot) {
	if f.phone.base != nil {
		f.lines = make([]line, len(f.phone.members))
		for i, m := range f.phone.members {
			f.lines[i] = line{m.ExtensionNumber, m.slot, m.slot.data.Load()}
		}
		return
	}
	for _, k := range f.user.Keys {
		if k.Kind != fleet.KeyLine || k.Value == "" || k.Value == f.user.ExtensionNumber || f.accountOf(k.Value) > 0 {
			continue
		}
		if f.lines == nil {
			f.lines = make([]line, 0, min(len(f.user.Keys), 16))
		}
		l := line{extension: k.Value}
		if v, ok := tenant.extensions.Load(k.Value); ok {
			l.slot = v.(*userSlot)
			l.user = l.slot.data.Load()
		}
		f.lines = append(f.lines, l)
	}
}

// accountOf returns the account index of a further extension, or 0.
func (f *facts) accountOf(extension string) int {
	n := 1
	for _, l := range f.lines {
		if l.user == nil {
			continue
		}
		n++
		if l.extension == extension {
			return n
		}
	}
	return 0
}

// current says whether the facts are still those of the snapshot.
func (f *facts) current(d *device, year int) bool {
	if f.year != year || f.tenant != d.tenant.data.Load() || f.user != d.account() || f.phone != d.data.Load() || f.library != d.tenant.library.Load() ||
		f.system != f.phone.inSystem() ||
		f.template != d.tenant.templates.Load().files[f.phone.Filename] {
		return false
	}
	if s := d.seen.Load(); s != nil && s.Version != f.firmware {
		return false
	}
	for _, l := range f.lines {
		if l.slot == nil {
			if _, ok := d.tenant.extensions.Load(l.extension); ok {
				return false
			}
		} else if l.slot.data.Load() != l.user {
			return false
		}
	}
	return true
}

// view fills v for the phone. All but the slices of v is overwritten, and those
// are reused, so a pooled View costs no allocation.
func (f *facts) view(v *template.View, m *model, urls Addresses, clock template.Time) {
	p, t, k := f.phone, f.tenant, f.template
	*v = template.View{
		MAC: p.MAC.String(), Firmware: f.firmware,
		Model:    m.view(),
		Accounts: v.Accounts[:0], SpareAccounts: v.SpareAccounts[:0], Keys: v.Keys[:0],
		Codecs: v.Codecs[:0], SpareCodecs: v.SpareCodecs[:0], Files: v.Files[:0],
		Handsets: v.Handsets[:0], SpareHandsets: v.SpareHandsets[:0],
		System: template.System{Bases: v.System.Bases[:0], SpareBases: v.System.SpareBases[:0]},

		Language:         m.pick(k, "languages", p.Language),
		Tone:             m.pick(k, "tones", t.Tone),
		TimeZone:         m.pick(k, "time_zones", p.TimeZone),
		DateFormat:       m.pick(k, "date_formats", p.DateFormat),
		TimeFormat:       m.pick(k, "time_formats", p.TimeFormat),
		Ringtone:         m.pick(k, "ringtones", p.Ringtone),
		QueueRingtone:    m.pick(k, "queue_ringtones", p.QueueRingtone),
		ExternalRingtone: m.pick(k, "external_ringtones", p.ExternalRingtone),
		PowerLED:         m.pick(k, "powerleds", p.PowerLED),
		Backlight:        m.pick(k, "backlights", p.Backlight),
		Screensaver:      m.pick(k, "screensavers", p.Screensaver),
		Transfer:         m.pick(k, "transfers", p.Transfer),

		Network: template.Network{
			LLDP:    p.EnableLLDP,
			WANVLAN: template.VLAN{Enabled: p.WANVLAN.Enabled, ID: p.WANVLAN.ID, Priority: p.WANVLAN.Priority},
			PCVLAN:  template.VLAN{Enabled: p.PCVLAN.Enabled, ID: p.PCVLAN.ID, Priority: p.PCVLAN.Priority},
		},
		Provisioning: provisioning(t, &p.Phone, urls),
		Web:          template.Web{AdminPassword: p.Password.Reveal()},
		Voicemail:    template.Voicemail{Number: t.VoicemailNumber},
		Features:     template.Features{PickupCode: t.PickupCode},
		Door:         template.Door{Password1: p.DoorPassword1.Reveal(), Password2: p.DoorPassword2.Reveal()},
	}
	if m.book != nil {
		v.Directory.Name = m.book.Name(m.Model, v.MAC)
		v.Directory.URL = v.Provisioning.URL + v.Directory.Name
	}
	v.Time = clock
	if len(t.NTP) > 0 {
		v.Time.NTP1 = t.NTP[0]
	}
	if len(t.NTP) > 1 {
		v.Time.NTP2 = t.NTP[1]
	}
	f.codecs(v)
	f.uploads(v, m)
	if p.base != nil {
		f.base(v, m)
		return
	}
	f.accounts(v, m)
	for i, n := 1, len(v.Accounts); i <= m.Accounts-n; i++ {
		v.SpareAccounts = append(v.SpareAccounts, template.Spare{Index: n + i})
	}
	f.keys(v, m)
}

// base fills in what a DECT base has and a phone has not. An extension that has just
// been deleted is no member any more.
func (f *facts) base(v *template.View, m *model) {
	b, k := f.phone.base, f.template
	v.Tone = m.pick(k, "tones", b.Tone)
	v.Network = k.Profile.Network // the API has none to choose
	v.Web.UserPassword = b.UserPassword.Reveal()
	lines := m.Handsets
	if f.system != nil {
		lines = f.joined(&v.System, m)
	}
	v.Base = template.Base{
		Name: b.Name, Lines: lines, Region: b.Region,
		UserPassword: b.UserPassword.Reveal(), EngineerPassword: b.EngineerPassword.Reveal(),
		HandsetLanguage: m.pick(k, "languages", cmp.Or(b.HandsetLanguage, b.Language)),
	}
	if f.system != nil && !v.System.Master {
		return // the members are the data master's
	}
	next := 0
	for at := 1; at <= max(lines, m.Accounts); at++ {
		for next < len(f.lines) && (f.phone.members[next].HandsetIndex < at || f.lines[next].user == nil) {
			next++
		}
		if next == len(f.lines) || f.phone.members[next].HandsetIndex != at || at > lines {
			v.SpareAccounts = append(v.SpareAccounts, template.Spare{Index: at})
			if at <= lines {
				v.SpareHandsets = append(v.SpareHandsets, template.Spare{Index: at})
			}
			continue
		}
		account := f.account(at, f.lines[next].user)
		v.Accounts = append(v.Accounts, account)
		ipui := f.phone.members[next].IPUI
		v.Handsets = append(v.Handsets, template.Handset{
			Index: at, Account: at, Extension: account.Extension, DisplayName: account.DisplayName,
			IPUI: ipui, IPEI: fleet.IPEI(ipui), Language: v.Base.HandsetLanguage,
		})
	}
}

// joined fills in the system that the base is in, and returns how many members it has
// here: those of the system on the data master, and none on the others.
func (f *facts) joined(v *template.System, m *model) (lines int) {
	y := f.system
	v.Set, v.Name, v.Number = true, y.Name, y.Number
	most, lead := m.Bases, m
	next := 1
	for i, b := range y.Bases {
		base := template.SystemBase{
			Index: b.Index, MAC: b.MAC.String(), Name: b.Name, Master: b.Index == 1, Self: b.MAC == f.phone.MAC,
			SyncIndex: y.place[b.SyncFrom], SyncLevel: y.levels[i],
		}
		if base.Self {
			v.Index, v.Master = base.Index, base.Master
		}
		if base.Master {
			if of := f.template.model(b.Model); of != nil {
				most, lead = of.Bases, of
			}
		}
		v.Bases = append(v.Bases, base)
		for ; next < b.Index; next++ {
			v.SpareBases = append(v.SpareBases, template.Spare{Index: next})
		}
		next = b.Index + 1
	}
	for ; next <= most; next++ {
		v.SpareBases = append(v.SpareBases, template.Spare{Index: next})
	}
	if v.Master {
		lines = lead.SystemHandsets
	}
	return lines
}

// view is what templates see of the model.
func (m *model) view() template.ModelView {
	return template.ModelView{
		Name: m.Name, DisplayName: m.DisplayName, Accounts: m.Accounts, LineKeys: m.LineKeys,
		Modules: m.Modules, ModuleKeys: m.ModuleKeys, Vars: m.Vars,
	}
}

func (f *facts) accounts(v *template.View, m *model) {
	v.Accounts = append(v.Accounts, f.account(1, f.user))
	for _, l := range f.lines {
		if l.user != nil && len(v.Accounts) < m.Accounts {
			v.Accounts = append(v.Accounts, f.account(len(v.Accounts)+1, l.user))
		}
	}
}

func (f *facts) account(index int, u *fleet.User) template.Account {
	t, p := f.tenant, f.phone
	e := t.Endpoints[p.Interface]
	auth := u.AuthName
	if auth == "" {
		auth = u.ExtensionNumber
	}
	name := u.DisplayName
	if name == "" {
		name = u.ExtensionNumber
	}
	a := template.Account{
		Index: index, Label: u.ExtensionNumber, DisplayName: name, Extension: u.ExtensionNumber,
		User: u.ExtensionNumber, AuthName: auth, Password: u.Password.Reveal(),
		Domain: t.Domain, Server: t.Domain, Port: e.Port(p.PreferredTransport),
		Transport: f.template.choose("transports", string(p.PreferredTransport)),
		TLS:       p.PreferredTransport == fleet.TLS, SRTP: p.PreferredTransport == fleet.TLS,
		Expires: t.RegisterExpires, Voicemail: t.VoicemailNumber,
	}
	if e.Host != "" && !strings.EqualFold(e.Host, t.Domain) {
		a.Outbound, a.OutboundHost, a.OutboundPort = true, e.Host, a.Port
	}
	return a
}

func (f *facts) codecs(v *template.View) {
	for _, name := range f.phone.Codecs {
		if ch := f.template.choose("codecs", name); ch.Set {
			ch.Index = len(v.Codecs) + 1
			v.Codecs = append(v.Codecs, ch)
		}
	}
	list := f.template.Profile.Lists["codecs"]
	if list == nil {
		return
	}
spare:
	for i := range list.Options {
		ch := f.template.choose("codecs", list.Options[i].Name)
		for j := range v.Codecs {
			if v.Codecs[j].Name == ch.Name {
				continue spare
			}
		}
		ch.Index = len(v.Codecs) + len(v.SpareCodecs) + 1
		v.SpareCodecs = append(v.SpareCodecs, ch)
	}
}

// keys lays the user's keys out over the phone and its modules. Without a line
// key among them the phone's own line comes first.
func (f *facts) keys(v *template.View, m *model) {
	shift := 1
	for _, k := range f.user.Keys {
		if k.Kind == fleet.KeyLine {
			shift = 0
			break
		}
	}
	total := m.LineKeys + m.Modules*m.ModuleKeys
	for i := range total {
		key := template.Key{Index: i + 1, Slot: i + 1, Kind: string(fleet.KeyNone), Account: 1}
		if i >= m.LineKeys {
			key.Module = (i-m.LineKeys)/m.ModuleKeys + 1
			key.Slot = (i-m.LineKeys)%m.ModuleKeys + 1
		}
		switch n := i - shift; {
		case n < 0:
			key.Kind, key.Label = string(fleet.KeyLine), f.user.ExtensionNumber
		case n < len(f.user.Keys):
			f.key(&key, f.user.Keys[n], len(v.Accounts))
		}
		key.Type = f.template.choose("key_types", key.Kind)
		v.Keys = append(v.Keys, key)
	}
}

func (f *facts) key(key *template.Key, k fleet.Key, accounts int) {
	key.Kind, key.Value, key.Label = string(k.Kind), k.Value, k.Label
	if key.Label == "" {
		key.Label = strings.TrimSpace(k.FirstName + " " + k.LastName)
	}
	switch k.Kind {
	case fleet.KeyBLF:
		if f.tenant.PickupCode != "" {
			key.Pickup = f.tenant.PickupCode + k.Value
		}
	case fleet.KeyLine:
		if n := f.accountOf(k.Value); n > 0 && n <= accounts {
			key.Account = n
		} else if k.Value != "" && k.Value != f.user.ExtensionNumber {
			// The extension is gone or the model has no account left for it.
			*key = template.Key{Index: key.Index, Module: key.Module, Slot: key.Slot, Kind: string(fleet.KeyNone), Account: 1}
			return
		}
		if key.Label == "" {
			key.Label = k.Value
		}
		if key.Label == "" {
			key.Label = f.user.ExtensionNumber
		}
		key.Value = ""
	case fleet.KeyNone:
		key.Value, key.Label = "", ""
		return
	}
	if key.Label == "" {
		key.Label = k.Value
	}
}

// provisioning says where the phone fetches and when it looks again: once every
// PollMinutes, at a moment of the night that its MAC address picks, so that a
// fleet does not come all at once.
func provisioning(t *fleet.Tenant, p *fleet.Phone, urls Addresses) template.Provisioning {
	h := fnv.New32a()
	_, _ = h.Write(p.MAC[:])
	minute := int(binary.BigEndian.Uint32(h.Sum(nil)) % (pollWindow))
	v := template.Provisioning{
		SharedURL:   urls.Shared(t),
		PollMinutes: t.PollMinutes, PollHour: pollFrom + minute/60, PollMinute: minute % 60, PollWindow: pollWindow,
	}
	v.SetURL(urls.Phone(t, p.Token))
	return v
}

// Phones that look once a day do so between 1 and 5 at night.
const (
	pollFrom   = 1   // hour
	pollWindow = 240 // minutes
)

// Addresses makes the addresses that phones are given.
type Addresses struct {
	// Base is the installation's public address of the device listener, with a
	// trailing slash.
	Base string
}

func (a Addresses) base(t *fleet.Tenant) string {
	if t.ProvisioningURL != "" {
		return strings.TrimSuffix(t.ProvisioningURL, "/") + "/"
	}
	return a.Base
}

// Shared is the address that every phone of the tenant may know.
func (a Addresses) Shared(t *fleet.Tenant) string {
	if t.Code == "" {
		return a.base(t)
	}
	return a.base(t) + tenantPrefix + t.Code + "/"
}

// Phone is the secret address of one phone.
func (a Addresses) Phone(t *fleet.Tenant, token secret.Secret) string {
	return a.base(t) + phonePrefix + token.Reveal() + "/"
}

// First is the address of one phone that its vendor's redirect service knows.
func (a Addresses) First(t *fleet.Tenant, token secret.Secret) string {
	return FirstAccess(a.base(t), token)
}

// FirstAccess is First at a base address, which ends with a slash.
func FirstAccess(base string, token secret.Secret) string {
	return base + firstPrefix + token.Reveal() + "/"
}

// The first path segments of the device listener.
const (
	phonePrefix  = "p/"
	firstPrefix  = "f/"
	tenantPrefix = "t/"
)
