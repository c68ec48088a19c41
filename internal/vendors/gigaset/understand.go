package gigaset

import (
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

// layouts are how the keys of the P series are numbered.
func layouts() []settingsxml.Layout {
	return []settingsxml.Layout{
		{Keys: 4, Modules: 3, ModuleKeys: 18},
		{Keys: 4, Modules: 3, ModuleKeys: 60},
		{Keys: 28, Modules: 3, ModuleKeys: 60},
		{Keys: 36, Modules: 3, ModuleKeys: 60},
	}
}

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	has := func(setting string) bool { _, ok := c.Lookup(setting); return ok }
	switch {
	case has("System.Provision.ProvisioningServer"):
		return understandMaxwell(c)
	case has("Provisioning.global.ProvisioningServer"):
		return understandBase(c)
	case has("MAC_ADDRESS"):
		return understandFrame(c)
	}
	return settingsxml.Understand(c, layouts())
}

func understandMaxwell(c *vendor.Config) vendor.State {
	r := reader{c}
	s := vendor.State{
		AdminPassword: c.Get("WebUI.AdminPassword"), UserPassword: c.Get("WebUI.UserPassword"),
		ProvisioningURL: strings.TrimSuffix(c.Get("System.Provision.ProvisioningServer"), addressPlace+".xml"),
		PollMinutes:     r.number("System.Provision.Period") / 60,
		Language:        c.Get("PhoneUI.Settings.Language"), Tone: c.Get("Telephony.ToneScheme"),
		TimeZone: c.Get("System.DateAndTime.TimeZone"), FirmwareURL: c.Get("firmware"),
	}
	if v := c.Get("System.DateAndTime.TimeServer"); v != "" {
		s.NTP = []string{v}
	}
	if _, zone, ok := strings.Cut(s.TimeZone, "."); ok {
		s.Clock = &vendor.Clock{Zone: zone} // the phone's list names places of the time zone database
	}
	if tagging := c.Get("NET.VLAN.Tagging"); tagging != "0" {
		s.WANVLAN = vendor.VLAN{ID: r.number("NET.VLAN.LAN.Identifier"), Priority: r.number("NET.VLAN.LAN.Priority")}
		if tagging == "2" {
			s.PCVLAN = vendor.VLAN{ID: r.number("NET.VLAN.PC.Identifier"), Priority: r.number("NET.VLAN.PC.Priority")}
		}
	}
	for i := range maxAccounts {
		if a, ok := r.account(i); ok {
			s.Accounts = append(s.Accounts, a)
		}
	}
	for i := range maxKeys {
		if k, ok := r.key(i); ok {
			s.Keys = append(s.Keys, k)
		}
	}
	return s
}

// Most that a Maxwell has.
const (
	maxAccounts = 4
	maxKeys     = 8
)

type reader struct{ *vendor.Config }

func (r reader) number(name string) int { return max(0, vendor.Number(r.Get(name))) }

// account returns the account at an index from 0.
func (r reader) account(i int) (vendor.Account, bool) {
	at := "SIP.Account." + strconv.Itoa(i) + "."
	a := vendor.Account{
		Index: i + 1, Label: r.Get(at + "AccountName"), DisplayName: r.Get(at + "DisplayName"),
		User: r.Get(at + "Username"), AuthName: r.Get(at + "AuthName"), Password: r.Get(at + "AuthPassword"),
		Server: r.Get(at + "RegistrationServer.Address"), Port: r.number(at + "RegistrationServer.Port"),
		Transport: "UDP", SRTP: r.Get("SIP.Security.SRTP") == "1",
	}
	if r.Get("SIP.TransportProtocol") == "2" {
		a.Transport = "TLS"
	}
	if r.Get(at+"OutboundProxy.Mode") == "0" {
		a.OutboundProxy, a.OutboundPort = r.Get(at+"OutboundProxy.Address"), r.number(at+"OutboundProxy.Port")
	}
	if r.Get(at+"VoiceMail.Active") == "1" {
		a.Voicemail = r.Get(at + "VoiceMail.Mailbox")
	}
	return a, r.Get(at+"Active") == "1"
}

// key returns the key at an index from 0.
func (r reader) key(i int) (vendor.Key, bool) {
	at := "PhoneUI.Keys.FunctionKeys." + strconv.Itoa(i) + "."
	k := vendor.Key{Slot: i + 1, Account: 1, Label: r.Get(at + "DisplayName")}
	switch r.Get(at + "Type") {
	case "0":
		k.Kind, k.Account = "line", r.number(at+"Connection")+1
	case "3":
		k.Kind, k.Value = "speed_dial", r.Get(at+"PhoneNumber")
	case "4":
		k.Kind, k.Value = "blf", r.Get(at+"PhoneNumber")
	case "7":
		k.Kind, k.Value = "dtmf", r.Get(at+"EnableCode")
	case "8":
		k.Kind, k.Value = "url", r.Get(at+"URL")
	}
	return k, k.Kind != ""
}
