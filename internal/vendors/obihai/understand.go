package obihai

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	configURL   = "X_DeviceManagement.ITSPProvisioning.ConfigURL"
	maxServices = 9
	maxHandsets = 10
	maxKeys     = 24
	maxCodecs   = 10
)

// codecNames are the codecs of a codec profile by their place in it.
var codecNames = [maxCodecs + 1]string{1: "G711U", 2: "G711A", 3: "G729", 9: "G722", 10: "OPUS"}

// understand says what a device with this configuration does.
func understand(c *vendor.Config) vendor.State {
	const provisioning, server = "X_DeviceManagement.ITSPProvisioning.", "X_DeviceManagement.WebServer."
	s := vendor.State{
		Keys:          keys(c),
		Handsets:      handsets(c),
		AdminPassword: c.Get(server + "AdminPassword"),
		UserPassword:  c.Get(server + "UserPassword"),
		TimeZone:      c.Get("DeviceInfo.Time.LocalTimeZone"),
		Clock:         clock(c),
		Codecs:        codecs(c),
		LLDP:          c.Get("DeviceInfo.WAN.LLDP-MED") == "true",
		WANVLAN:       vlan(c, "DeviceInfo.WAN.VLAN", "DeviceInfo.WAN.VLANEnable"),
		PCVLAN:        vlan(c, "X_PCPortVLAN.VLAN", "X_PCPortVLAN.Enable"),
	}
	at := c.Get(configURL)
	s.ProvisioningURL = at[:strings.LastIndexByte(at, '/')+1]
	if c.Get(provisioning+"Method") == "Periodically" {
		s.PollMinutes = vendor.Number(c.Get(provisioning+"Interval")) / 60
	}
	if c.Get("X_DeviceManagement.FirmwareUpdate.Method") != "Disabled" {
		s.FirmwareURL = c.Get("X_DeviceManagement.FirmwareUpdate.FirmwareURL")
	}
	for _, n := range []string{"1", "2"} {
		if host := c.Get("DeviceInfo.Time.NTPServer" + n); host != "" {
			s.NTP = append(s.NTP, host)
		}
	}
	for i := 1; i <= maxServices; i++ {
		if a, on := account(c, i); on {
			s.Accounts = append(s.Accounts, a)
		}
	}
	return s
}

// account returns a service and whether it is on: it needs a proxy, a user and to
// be enabled (OBi1062 guide p. 51).
func account(c *vendor.Config, i int) (vendor.Account, bool) {
	line := func(name string) string {
		return c.Get(fmt.Sprintf("VoiceService.1.VoiceProfile.1.Line.%d.%s", i, name))
	}
	profile := strings.Index("ABCDEF", cmp.Or(line("X_ServProvProfile"), "A")) + 1
	sip := func(name string) string {
		return c.Get(fmt.Sprintf("VoiceService.1.VoiceProfile.%d.SIP.%s", profile, name))
	}
	a := vendor.Account{
		Index: i, Label: line("X_DisplayLabel"), DisplayName: line("CallingFeatures.CallerIDName"),
		User: line("SIP.URI"), AuthName: line("SIP.AuthUserName"), Password: line("SIP.AuthPassword"),
		Server: sip("ProxyServer"), Port: vendor.Number(sip("ProxyServerPort")), Transport: sip("ProxyServerTransport"),
		OutboundProxy: sip("OutboundProxy"), OutboundPort: vendor.Number(sip("OutboundProxyPort")),
		Expires: vendor.Number(sip("RegistrationPeriod")), SRTP: line("CallingFeatures.X_SRTP") == "Use SRTP Only",
		Voicemail: line("CallingFeatures.X_CheckVoiceMailNumber"),
	}
	a.User, _, _ = strings.Cut(cmp.Or(a.User, a.AuthName), "@")
	return a, line("Enable") == "true" && line("X_RegisterEnable") == "true" && a.AuthName != "" && a.Server != ""
}

// handsets returns those of a DECT base that are on, with the services that they call
// by unless the number says otherwise.
func handsets(c *vendor.Config) []vendor.Handset {
	var list []vendor.Handset
	for n := 1; n <= maxHandsets; n++ {
		get := func(name string) string { return c.Get(fmt.Sprintf("VoiceService.1.X_HS.%d.%s", n, name)) }
		if get("Enable") != "true" {
			continue
		}
		service := strings.TrimSuffix(strings.TrimPrefix(get("PrimaryLine"), "SP"), " Service")
		list = append(list, vendor.Handset{Index: n, Name: get("Name"), Account: vendor.Number(service)})
	}
	return list
}

// clock reads the zone's offset from its name. Summer time without rules of its own
// is that of the United States, the factory's.
func clock(c *vendor.Config) *vendor.Clock {
	zone, ok := strings.CutPrefix(c.Get("DeviceInfo.Time.LocalTimeZone"), "GMT")
	if !ok || len(zone) < len("-08:00") {
		return nil
	}
	k := &vendor.Clock{Offset: 60*vendor.Number(zone[1:3]) + vendor.Number(zone[4:6])}
	if zone[0] == '-' {
		k.Offset = -k.Offset
	}
	if c.Get("DeviceInfo.Time.DaylightSavingTimeEnable") == "true" {
		k.Saving = 60
		k.Start = vendor.Change{Month: 3, Week: 2, Hour: 2}
		k.End = vendor.Change{Month: 11, Week: 1, Hour: 2}
	}
	return k
}

// codecs returns those of profile A that are enabled, by their priority.
func codecs(c *vendor.Config) []string {
	type codec struct {
		name     string
		priority int
	}
	var list []codec
	for i, name := range codecNames {
		get := func(p string) string {
			return c.Get(fmt.Sprintf("VoiceService.1.VoiceProfile.1.Line.1.Codec.List.%d.%s", i, p))
		}
		if name != "" && get("Enable") == "true" {
			list = append(list, codec{name, vendor.Number(get("Priority"))})
		}
	}
	slices.SortStableFunc(list, func(a, b codec) int { return cmp.Compare(a.priority, b.priority) })
	var names []string
	for _, l := range list {
		names = append(names, l.name)
	}
	return names
}

func vlan(c *vendor.Config, prefix, enable string) vendor.VLAN {
	if c.Get(enable) != "true" {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: vendor.Number(c.Get(prefix + "ID")), Priority: vendor.Number(c.Get(prefix + "Priority"))}
}

func keys(c *vendor.Config) []vendor.Key {
	kinds := map[string]string{
		"Call Appearance": "line", "Busy Lamp Field": "blf", "Speed Dial": "speed_dial", "Call Park Monitor": "park",
	}
	var list []vendor.Key
	for n := 1; n <= maxKeys; n++ {
		get := func(name string) string { return c.Get(fmt.Sprintf("VoiceService.1.Phone.LineKey.%d.%s", n, name)) }
		if kind := kinds[get("Function")]; kind != "" {
			list = append(list, vendor.Key{
				Slot: n, Kind: kind, Account: vendor.Number(strings.TrimPrefix(get("Service"), "SP")), Value: get("Number"), Label: get("Name"),
			})
		}
	}
	return list
}
