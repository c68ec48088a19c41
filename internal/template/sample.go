package template

import (
	"fmt"
	"slices"
	"strconv"
)

// Sample returns the View of a phone of model m that uses all that the model and
// the profile have: every account (so that none is spare), every key of the phone
// and its modules with every kind in turn, the last option of every choice, summer
// time, VLANs, door codes. The first account has every field set; the others
// leave out now this, now that. It is the same at every call. A DECT base is one that
// works alone; of a model that does not, it is that of a system, the data master if
// the model can be.
func Sample(t *Template, m *Model) *View {
	switch {
	case m.Handsets > 0 || m.Bases == 0:
		return sample(t, m, m.Handsets, System{})
	case m.SystemHandsets > 0:
		return SampleInSystem(t, m, 1)
	}
	return SampleInSystem(t, m, 2)
}

// sampleBases is how many bases the system of a sample has, if the model can have so
// many.
const sampleBases = 3

// SampleInSystem is Sample for the base at a place, 1 or 2, of a multi-cell system. The
// first is the data master with a member at every place, and each of the others takes
// its clock from the one before it. The model must have Bases.
func SampleInSystem(t *Template, m *Model, place int) *View {
	system := System{Set: true, Name: "Works & Yard", Number: 7, Master: place == 1, Index: place}
	for i := 1; i <= m.Bases; i++ {
		if i > sampleBases {
			system.SpareBases = append(system.SpareBases, Spare{Index: i})
			continue
		}
		base := SystemBase{
			Index: i, MAC: fmt.Sprintf("001565aabb%02x", i), Name: fmt.Sprintf("Hall %d", i),
			Master: i == 1, Self: i == place, SyncIndex: i - 1, SyncLevel: i,
		}
		if base.Self {
			base.MAC, base.Name = sampleMAC, sampleBaseName
		}
		system.Bases = append(system.Bases, base)
	}
	places := 0
	if system.Master {
		places = m.SystemHandsets
	}
	return sample(t, m, places, system)
}

const (
	sampleMAC      = "001565aabbcc"
	sampleBaseName = "Hall & Gallery"
)

// sample makes the view of a phone or, with places for handsets or a system, of a base.
func sample(t *Template, m *Model, places int, system System) *View {
	s := sampler{t, m, places}
	v := &View{
		MAC: sampleMAC, Firmware: m.Firmware,
		Model: ModelView{
			Name: m.Name, DisplayName: m.DisplayName, Accounts: m.Accounts, LineKeys: m.LineKeys,
			Modules: m.Modules, ModuleKeys: m.ModuleKeys, Vars: m.Vars,
		},
		Accounts: s.accounts(), Keys: s.keys(), System: system,
		Language: s.last("languages"), Tone: s.last("tones"),
		DateFormat: s.last("date_formats"), TimeFormat: s.last("time_formats"),
		Ringtone: s.last("ringtones"), QueueRingtone: s.last("queue_ringtones"), ExternalRingtone: s.last("external_ringtones"),
		PowerLED: s.last("powerleds"), Backlight: s.last("backlights"), Screensaver: s.last("screensavers"),
		Transfer: s.last("transfers"),
		Network: Network{
			LLDP:    true,
			WANVLAN: VLAN{Enabled: true, ID: 120, Priority: 5},
			PCVLAN:  VLAN{Enabled: true, ID: 30, Priority: 2},
		},
		Provisioning: Provisioning{
			SharedURL:   "https://phones.example.com/p/",
			PollMinutes: 1440, PollHour: 3, PollMinute: 27, PollWindow: 120,
		},
		Web:       Web{AdminPassword: "Vd8rKq2mWz5T", UserPassword: "p3NcJx7Lb9Gs"}, //nolint:gosec // made up
		Voicemail: Voicemail{Number: "*97"},
		Features:  Features{PickupCode: "*8"},
		Door:      Door{Password1: "4711", Password2: "081516"},
	}
	v.Provisioning.SetURL("https://phones.example.com/d/q7Xw2LkN9sVt4BzR8mHcYp/")
	if v.Firmware == "" {
		v.Firmware = "10.2.3.4"
	}
	v.Directory = DirectoryView{URL: v.Provisioning.URL + "directory.xml", Name: "directory.xml"}
	v.Update = Update{
		Set: true, Version: "11.2.3.4", Name: "firmware-11.2.3.4.bin", Bytes: 12_345_678,
		Folder: v.Provisioning.URL + "files/", URL: v.Provisioning.URL + "files/firmware-11.2.3.4.bin",
		SHA256: "9f86d081884c7d659a2feaa0c55ad015a3bf4f1b2b0b822cd15d6c15b0f00a08",
	}
	v.Files = []Upload{
		{Kind: "ringtone", Name: "chime.wav", URL: v.Provisioning.URL + "files/chime.wav"},
		{Kind: "background", Name: "logo.png", URL: v.Provisioning.URL + "files/logo.png"},
	}
	if d := t.Files(m, Directory); len(d) > 0 {
		v.Directory.Name = d[0].Name(m, v.MAC)
		v.Directory.URL = v.Provisioning.URL + v.Directory.Name
		v.Directory.Search, v.Directory.Page, v.Directory.Pages = "a", 2, 3
		v.Directory.PriorURL, v.Directory.NextURL = v.Directory.URL+"?search=a&page=1", v.Directory.URL+"?search=a&page=3"
		v.Directory.Entries = []Contact{
			{Name: "Ada Lovelace", First: "Ada", Last: "Lovelace", Number: "201", Group: "extensions", Index: 1},
			{Name: "Front & Back <desk>", First: "Front & Back <desk>", Number: "202", Group: "extensions", Index: 2},
			{Name: "Taxi", First: "Taxi", Number: "+4930123456", Group: "contacts", Index: 3},
		}
	} else {
		v.Directory = DirectoryView{}
	}
	if m.DECT() {
		s.base(v)
	}
	s.clock(v)
	codecs := s.options("codecs")
	for i, c := range codecs {
		c.Index = i + 1
		if i == 0 && len(codecs) > 1 {
			c.Index = len(codecs)
			v.SpareCodecs = append(v.SpareCodecs, c)
			continue
		}
		v.Codecs = append(v.Codecs, c)
	}
	slices.Reverse(v.Codecs)
	for i := range v.Codecs {
		v.Codecs[i].Index = i + 1
	}
	return v
}

type sampler struct {
	t      *Template
	m      *Model
	places int // of handsets
}

// options returns the options of a list that the model does not lack.
func (s sampler) options(list string) []Choice {
	l := s.t.Profile.Lists[list]
	if l == nil || slices.Contains(s.m.Without, list) {
		return nil
	}
	choices := make([]Choice, len(l.Options))
	for i := range l.Options {
		choices[i] = l.Options[i].Choice()
	}
	return choices
}

// last returns the last option of a list that is not its default.
func (s sampler) last(list string) Choice {
	all := s.options(list)
	if len(all) == 0 {
		return Choice{}
	}
	last := all[len(all)-1]
	if len(all) > 1 && s.t.Profile.Lists[list].Defaults()[0].Name == last.Name {
		return all[len(all)-2]
	}
	return last
}

// sampleYear is that of all samples, so that they stay the same.
const sampleYear = 2026

// clock chooses the last time zone that has summer time.
func (s sampler) clock(v *View) {
	zones := s.options("time_zones")
	v.TimeZone = s.last("time_zones")
	for i := len(zones) - 1; i > 0; i-- {
		if c, err := Clock(zones[i].Name, sampleYear); err == nil && c.DST {
			v.TimeZone = zones[i]
			break
		}
	}
	zone := v.TimeZone.Name
	if _, err := Clock(zone, sampleYear); err != nil {
		zone = "Europe/Berlin"
	}
	v.Time, _ = Clock(zone, sampleYear)
	v.Time.NTP1, v.Time.NTP2 = "ntp1.example.com", "ntp2.example.com"
}

func (s sampler) accounts() []Account {
	transports := s.options("transports")
	slices.Reverse(transports)
	n := s.m.Accounts
	if s.m.DECT() {
		n = s.places
	}
	accounts := make([]Account, n)
	for i := range accounts {
		n := i + 1
		extension := strconv.Itoa(200 + n)
		a := Account{
			Index: n, Label: "Reception " + extension, DisplayName: fmt.Sprintf("Ada Lovelace %d", n),
			Extension: extension, User: extension, AuthName: "auth" + extension,
			Password: fmt.Sprintf("k9Tz-Wq4_Rm%02d", n),
			Domain:   "pbx.example.com", Server: "pbx.example.com", Port: 5060,
			Outbound: i%2 == 0, Expires: 600, Voicemail: "*97",
		}
		way := i // to the server: a base has one for all
		if s.m.DECT() {
			way, a.Outbound = 0, true
		}
		if a.Outbound {
			a.OutboundHost, a.OutboundPort = "sbc.example.com", 5070
		} else {
			a.Voicemail = ""
		}
		if len(transports) > 0 {
			a.Transport = transports[way%len(transports)]
		}
		if a.Transport.Name == "TLS" {
			a.TLS, a.SRTP, a.Port = true, way%2 == 0, 5061
			if a.Outbound {
				a.OutboundPort = 5061
			}
		}
		accounts[i] = a
	}
	return accounts
}

// base makes v that of a DECT base on which every handset is a member; every fifth
// place is for any handset.
func (s sampler) base(v *View) {
	v.Base = Base{ //nolint:gosec // made up
		Name: sampleBaseName, Lines: s.places, UserPassword: v.Web.UserPassword, EngineerPassword: "t6RvMh2Yq8Zd", Region: "DEU",
		HandsetLanguage: s.last("languages"),
	}
	v.Handsets = make([]Handset, s.places)
	for i, a := range v.Accounts {
		h := Handset{Index: a.Index, Account: a.Index, Extension: a.Extension, DisplayName: a.DisplayName, Language: v.Base.HandsetLanguage}
		if a.Index%5 != 0 {
			h.IPUI, h.IPEI = sampleHandset(a.Index)
		}
		v.Handsets[i] = h
	}
	if s.places == 0 {
		return // the data master has the members
	}
	for at := s.places + 1; at <= s.m.Accounts; at++ {
		v.SpareAccounts = append(v.SpareAccounts, Spare{Index: at})
	}
}

// sampleHandset returns the IPUI of a handset and its IPEI, whose check digit is the
// sum of its digits times their places modulo 11, "*" for 10.
func sampleHandset(serial int) (ipui, ipei string) {
	const maker = 0x30ab
	ipei = fmt.Sprintf("%05d%07d", maker, serial)
	sum := 0
	for i := range len(ipei) {
		sum += (i + 1) * int(ipei[i]-'0')
	}
	return fmt.Sprintf("0%04X%05X", maker, serial), ipei + "0123456789*"[sum%11:sum%11+1]
}

func (s sampler) keys() []Key {
	types := s.options("key_types")
	if len(types) == 0 {
		for _, kind := range closedLists["key_types"] {
			types = append(types, Choice{Name: kind})
		}
	}
	keys := make([]Key, s.m.LineKeys+s.m.Modules*s.m.ModuleKeys)
	for i := range keys {
		n := i + 1
		k := Key{Index: n, Slot: n, Account: 1, Type: types[i%len(types)]}
		if i >= s.m.LineKeys {
			k.Module, k.Slot = 1+(i-s.m.LineKeys)/s.m.ModuleKeys, 1+(i-s.m.LineKeys)%s.m.ModuleKeys
		}
		k.Kind = k.Type.Name
		switch k.Kind {
		case "none":
		case "line":
			k.Account = 1 + i/len(types)%s.m.Accounts
			k.Label = fmt.Sprintf("Line %d", n)
		case "blf":
			k.Value, k.Label, k.Pickup = strconv.Itoa(300+n), fmt.Sprintf("Desk %d", n), fmt.Sprintf("*8%d", 300+n)
		case "speed_dial":
			k.Value, k.Label = fmt.Sprintf("+493012345%03d", n), fmt.Sprintf("Taxi %d", n)
		case "park":
			k.Value, k.Label = strconv.Itoa(700+n), fmt.Sprintf("Park %d", n)
		case "dtmf":
			k.Value, k.Label = fmt.Sprintf("*2%d#", n), fmt.Sprintf("Tones %d", n)
		case "url":
			k.Value, k.Label = fmt.Sprintf("https://door.example.com/open?n=%d", n), fmt.Sprintf("Door %d", n)
		}
		keys[i] = k
	}
	return keys
}
