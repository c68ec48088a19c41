package akuvox

import (
	"cmp"
	"slices"
	"strconv"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

// Most that any model has.
const (
	maxAccounts = 6
	maxKeys     = 40
	maxCodecs   = 13
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("Config.Settings.WEB_LOGIN.Password"),
		UserPassword:    c.Get("Config.Settings.WEB_LOGIN.Password02"),
		ProvisioningURL: c.Get("Config.Autoprovision.GENERAL.Url"),
		Language:        c.Get("Config.Settings.LANGUAGE.Type"),
		TimeZone:        c.Get("Config.Settings.SNTP.Name"),
		Tone:            c.Get("Config.Voice.TONE.Country"),
		Codecs:          codecs(c),
		LLDP:            c.Get("Config.Network.LLDP.LLDPEnable") == "1",
		WANVLAN:         vlan(c, "Lan"),
		PCVLAN:          vlan(c, "Pc"),
		DirectoryURL:    c.Get("Config.RemotePhoneBook.REMOTE_PHONE_BOOK0.Url"),
		FirmwareURL:     c.Get("Config.Firmware.Url"),
	}
	if mode := c.Get("Config.Autoprovision.MODE.Mode"); (mode == "2" || mode == "3") && c.Get("Config.Autoprovision.SCHEDULE.DayOfWeek") == "7" {
		s.PollMinutes = 24 * 60
	}
	if zone := place(s.TimeZone); zone != "" {
		s.Clock = &vendor.Clock{Zone: zone}
	}
	for _, server := range []string{"Config.Settings.SNTP.NTPServer1", "Config.Settings.SNTP.NTPServer2"} {
		if v := c.Get(server); v != "" {
			s.NTP = append(s.NTP, v)
		}
	}
	for i := range maxAccounts {
		if a, ok := account(c, i+1); ok {
			s.Accounts = append(s.Accounts, a)
		}
	}
	for i := range maxKeys {
		if k, ok := key(c, i+1); ok {
			s.Keys = append(s.Keys, k)
		}
	}
	return s
}

func vlan(c *vendor.Config, port string) vendor.VLAN {
	at := "Config.Network.VLAN." + port
	return linefile.VLAN(c, at+"VlanEnable", at+"Vid", at+"Priority")
}

func account(c *vendor.Config, index int) (vendor.Account, bool) {
	at := "Config.Account" + strconv.Itoa(index) + "."
	a := vendor.Account{
		Index: index, Label: c.Get(at + "GENERAL.Label"), DisplayName: c.Get(at + "GENERAL.DisplayName"),
		User: c.Get(at + "GENERAL.UserName"), AuthName: c.Get(at + "GENERAL.AuthName"), Password: c.Get(at + "GENERAL.Pwd"),
		Server: c.Get(at + "SIP.Server"), Port: linefile.Number(c, at+"SIP.Port"), Expires: linefile.Number(c, at+"REG.Timeout"),
		SRTP: linefile.Number(c, at+"ENCRYPTION.SRTPEncryption") > 0, Voicemail: c.Get(at + "VOICEMSG.Number"),
	}
	switch c.Get(at + "SIP.TransType") {
	case "0":
		a.Transport = "UDP"
	case "1":
		a.Transport = "TCP"
	case "2":
		a.Transport = "TLS"
	}
	if c.Get(at+"OUTPROXY.Enable") == "1" {
		a.OutboundProxy, a.OutboundPort = c.Get(at+"OUTPROXY.Server"), linefile.Number(c, at+"OUTPROXY.Port")
	}
	return a, c.Get(at+"GENERAL.Enable") == "1"
}

// codecs returns those of the first account that are switched on: the highest priority
// is the best.
func codecs(c *vendor.Config) []string {
	type codec struct {
		name     string
		priority int
	}
	var on []codec
	for i := range maxCodecs {
		at := "Config.Account1.Audio" + strconv.Itoa(i) + "."
		if c.Get(at+"Enable") == "1" {
			on = append(on, codec{c.Get(at + "Name"), linefile.Number(c, at+"Priority")})
		}
	}
	slices.SortStableFunc(on, func(a, b codec) int { return cmp.Compare(b.priority, a.priority) })
	var names []string
	for _, o := range on {
		names = append(names, o.name)
	}
	return names
}

func key(c *vendor.Config, slot int) (vendor.Key, bool) {
	at := "Config.Programable.LINEKEY" + strconv.Itoa(slot) + "." //nolint:misspell // it is spelled so
	k := vendor.Key{Slot: slot, Account: linefile.Number(c, at+"Param2"), Value: c.Get(at + "Param1"), Label: c.Get(at + "Label")}
	switch c.Get(at + "Type") {
	case "10":
		k.Kind = "speed_dial"
	case "14":
		k.Kind = "line"
	case "16":
		k.Kind = "blf"
	case "22":
		k.Kind = "dtmf"
	case "28":
		k.Kind = "park"
	case "32":
		k.Kind = "url"
	}
	return k, k.Kind != ""
}
