package app

import (
	"bytes"
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
)

// phoneFile is a phone or a DECT base in YAML, for 'template render --phone'. Its keys
// are those of the API. Only mac and tenant.domain are required, and of a phone
// extension.extension_number.
type phoneFile struct {
	MAC      string `yaml:"mac"`
	Firmware string `yaml:"firmware"`

	Tenant struct {
		Domain          string         `yaml:"domain"`
		Host            string         `yaml:"host"` // of the registrar; the domain unless given
		Ports           map[string]int `yaml:"ports"`
		NTP             []string       `yaml:"ntp"`
		Tone            string         `yaml:"tone"`
		VoicemailNumber string         `yaml:"voicemail_number"`
		PickupCode      string         `yaml:"pickup_code"`
		PollMinutes     int            `yaml:"poll_minutes"`
		RegisterExpires int            `yaml:"register_expires"`
	} `yaml:"tenant"`

	// Those of a DECT base.
	Members []struct {
		extensionFile `yaml:",inline"`
		IPUI          string `yaml:"ipui"`
		HandsetIndex  int    `yaml:"handset_index"` // the next one unless given
	} `yaml:"members"`
	Name             string `yaml:"name"`
	Tone             string `yaml:"tone"`
	UserPassword     string `yaml:"user_password"`
	EngineerPassword string `yaml:"engineer_password"`
	Region           string `yaml:"region"`
	HandsetLanguage  string `yaml:"handset_language"`
	// System is the multi-cell system that it is in: the data master first, and the base
	// itself among them. Without any sync_from all follow the data master.
	System *struct {
		Name   string `yaml:"name"`
		Number int    `yaml:"number"` // 1 unless given
		Bases  []struct {
			MAC      string `yaml:"mac"`
			Name     string `yaml:"name"`
			SyncFrom string `yaml:"sync_from"` // MAC address of another
		} `yaml:"bases"`
	} `yaml:"system"`

	// Those of a desk phone.
	Extension extensionFile   `yaml:"extension"`
	Others    []extensionFile `yaml:"other_extensions"`

	ProvisioningURL    string   `yaml:"provisioning_url"` // base address; a made-up one unless given
	Password           string   `yaml:"password"`
	Language           string   `yaml:"language"`
	TimeZone           string   `yaml:"timezone"`
	Codecs             []string `yaml:"codecs"`
	PreferredTransport string   `yaml:"preferred_transport"`
	Transfer           string   `yaml:"transfer"`
	Ringtone           string   `yaml:"ringtone"`
	QueueRingtone      string   `yaml:"queue_ringtone"`
	ExternalRingtone   string   `yaml:"external_ringtone"`
	DateFormat         string   `yaml:"date_format"`
	TimeFormat         string   `yaml:"time_format"`
	PowerLED           string   `yaml:"powerled"`
	Backlight          string   `yaml:"backlight"`
	Screensaver        string   `yaml:"screensaver"`
	EnableLLDP         bool     `yaml:"enable_lldp"`
	EnableVLANWANPort  bool     `yaml:"enable_vlan_wan_port"`
	WANPortID          int      `yaml:"wan_port_id"`
	WANPortPriority    int      `yaml:"wan_port_priority"`
	EnableVLANPCPort   bool     `yaml:"enable_vlan_pc_port"`
	PCPortID           int      `yaml:"pc_port_id"`
	PCPortPriority     int      `yaml:"pc_port_priority"`
	DoorPassword1      string   `yaml:"door_password1"`
	DoorPassword2      string   `yaml:"door_password2"`
}

type extensionFile struct {
	ExtensionNumber string `yaml:"extension_number"`
	DisplayName     string `yaml:"display_name"`
	AuthName        string `yaml:"auth_name"`
	Password        string `yaml:"password"`
	Keys            []struct {
		Kind  string `yaml:"kind"`
		Value string `yaml:"value"`
		Label string `yaml:"label"`
	} `yaml:"keys"`
}

func readPhoneFile(file string) (*phoneFile, error) {
	b, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	p := new(phoneFile)
	d := yaml.NewDecoder(bytes.NewReader(b))
	d.KnownFields(true)
	if err := d.Decode(p); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	return p, nil
}

// previewToken stands where a phone's secret would be.
const previewToken = "preview-preview-preview-preview-"

func (p *phoneFile) preview(t *template.Template, m *template.Model, now time.Time) (*template.View, *template.Model, error) {
	address, err := mac.Parse(p.MAC)
	if err != nil {
		return nil, nil, fmt.Errorf("mac: %w", err)
	}
	if p.Tenant.Domain == "" {
		return nil, nil, fmt.Errorf("tenant.domain is missing: the SIP domain that the phone registers at")
	}
	if p.Extension.ExtensionNumber == "" && !m.DECT() {
		return nil, nil, fmt.Errorf("extension.extension_number is missing")
	}
	transport := fleet.Transport(cmp.Or(p.PreferredTransport, string(fleet.UDP)))
	endpoint := fleet.Endpoint{Host: cmp.Or(p.Tenant.Host, p.Tenant.Domain), UDP: 5060, TCP: 5060, TLS: 5061}
	for name, port := range map[string]*int{"UDP": &endpoint.UDP, "TCP": &endpoint.TCP, "TLS": &endpoint.TLS} {
		if n, ok := p.Tenant.Ports[name]; ok {
			*port = n
		}
	}
	tenant := fleet.Tenant{
		Domain: p.Tenant.Domain, Endpoints: map[fleet.Interface]fleet.Endpoint{fleet.WebDomain: endpoint},
		NTP: p.Tenant.NTP, Tone: p.Tenant.Tone, VoicemailNumber: p.Tenant.VoicemailNumber, PickupCode: p.Tenant.PickupCode,
		PollMinutes: cmp.Or(p.Tenant.PollMinutes, 1440), RegisterExpires: cmp.Or(p.Tenant.RegisterExpires, 3600),
	}
	phone := fleet.Phone{
		MAC: address, Filename: t.Filename, Vendor: t.Vendor, Model: m.Name,
		DeviceSettings: fleet.DeviceSettings{
			Password: secret.New(p.Password), TimeZone: cmp.Or(p.TimeZone, "Etc/UTC"), Language: p.Language, Codecs: p.Codecs,
			Interface: fleet.WebDomain, PreferredTransport: transport,
		},
		Transfer: cmp.Or(p.Transfer, fleet.Transfers[0]), Ringtone: p.Ringtone, QueueRingtone: p.QueueRingtone, ExternalRingtone: p.ExternalRingtone,
		DateFormat: p.DateFormat, TimeFormat: p.TimeFormat, PowerLED: p.PowerLED, Backlight: p.Backlight, Screensaver: p.Screensaver,
		EnableLLDP:    p.EnableLLDP,
		WANVLAN:       fleet.VLAN{Enabled: p.EnableVLANWANPort, ID: p.WANPortID, Priority: p.WANPortPriority},
		PCVLAN:        fleet.VLAN{Enabled: p.EnableVLANPCPort, ID: p.PCPortID, Priority: p.PCPortPriority},
		DoorPassword1: secret.New(p.DoorPassword1), DoorPassword2: secret.New(p.DoorPassword2),
		Token: secret.New(previewToken),
	}
	if len(phone.Codecs) == 0 {
		for _, d := range t.Profile.Lists["codecs"].Defaults() {
			phone.Codecs = append(phone.Codecs, d.Name)
		}
	}
	urls := provision.Addresses{Base: cmp.Or(p.ProvisioningURL, "http://provisioning.example.net/")}
	if m.DECT() {
		base := fleet.DectPhone{
			Name: p.Name, MAC: address, Template: t.Filename, Vendor: t.Vendor, Model: m.Name, DeviceSettings: phone.DeviceSettings, Token: phone.Token,
			Tone: cmp.Or(p.Tone, p.Tenant.Tone), UserPassword: secret.New(p.UserPassword), EngineerPassword: secret.New(p.EngineerPassword),
			Region: p.Region, HandsetLanguage: p.HandsetLanguage,
		}
		joint, err := p.system(address, m.Name)
		if err != nil {
			return nil, nil, err
		}
		return provision.PreviewBase(t, tenant, base, p.seats(), joint, p.Firmware, urls, now)
	}
	var others []fleet.User
	for _, o := range p.Others {
		others = append(others, o.user())
	}
	return provision.Preview(t, tenant, p.Extension.user(), others, phone, p.Firmware, urls, now)
}

// system is the multi-cell system of the base with that address, or nil. All bases are
// of its model.
func (p *phoneFile) system(self mac.Addr, model string) (*fleet.DectSystem, error) {
	if p.System == nil {
		return nil, nil
	}
	s := &fleet.DectSystem{Name: p.System.Name, Number: cmp.Or(p.System.Number, 1)}
	at, star := make(map[mac.Addr]fleet.ID), true
	for i, b := range p.System.Bases {
		m, err := mac.Parse(b.MAC)
		if err != nil {
			return nil, fmt.Errorf("system.bases[%d].mac: %w", i, err)
		}
		id := fleet.ID(i + 1)
		s.Bases = append(s.Bases, fleet.SystemBase{Dect: id, Index: i + 1, MAC: m, Name: b.Name, Model: model})
		at[m], star = id, star && b.SyncFrom == ""
	}
	if at[self] == 0 {
		return nil, fmt.Errorf("system.bases has none with the mac %s, which is the base's own", self)
	}
	for i, b := range p.System.Bases {
		if star && i > 0 {
			s.Bases[i].SyncFrom = s.Master()
		}
		if b.SyncFrom == "" {
			continue
		}
		m, err := mac.Parse(b.SyncFrom)
		if err == nil && at[m] == 0 {
			err = errors.New("is none of the system's bases")
		}
		if err != nil {
			return nil, fmt.Errorf("system.bases[%d].sync_from: %w", i, err)
		}
		s.Bases[i].SyncFrom = at[m]
	}
	return s, nil
}

// seats are the members by rising handset index.
func (p *phoneFile) seats() []provision.Seat {
	var seats []provision.Seat
	next := 1
	for _, m := range p.Members {
		s := provision.Seat{User: m.user(), HandsetIndex: cmp.Or(m.HandsetIndex, next), IPUI: strings.ToUpper(m.IPUI)}
		seats, next = append(seats, s), s.HandsetIndex+1
	}
	slices.SortStableFunc(seats, func(a, b provision.Seat) int { return a.HandsetIndex - b.HandsetIndex })
	return seats
}

func (e extensionFile) user() fleet.User {
	u := fleet.User{ExtensionNumber: e.ExtensionNumber, DisplayName: e.DisplayName, AuthName: e.AuthName, Password: secret.New(e.Password)}
	for _, k := range e.Keys {
		u.Keys = append(u.Keys, fleet.Key{Kind: fleet.KeyKind(k.Kind), Value: k.Value, Label: k.Label})
	}
	return u
}
