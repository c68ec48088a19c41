package flyingvoice

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

// Most that any model has.
const (
	maxAccounts = 16
	maxKeys     = 74
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		ProvisioningURL: c.Get("static.auto_provision.server.url"),
		TimeZone:        c.Get("local_time.time_zone"),
		Codecs:          codecs(c),
		LLDP:            c.Get("static.network.lldp.enable") == "1",
		WANVLAN:         vlan(c, "internet"),
		PCVLAN:          vlan(c, "pc"),
		FirmwareURL:     c.Get("static.firmware.url"),
	}
	if user, password, ok := strings.Cut(c.Get("static.security.user_password"), ":"); ok && user == cmp.Or(c.Get("static.security.user_name.admin"), "admin") {
		s.AdminPassword = password
	}
	if c.Get("static.auto_provision.repeat.enable") == "1" {
		s.PollMinutes = linefile.Number(c, "static.auto_provision.repeat.minutes")
	}
	if hours, err := strconv.Atoi(s.TimeZone); err == nil {
		s.Clock = &vendor.Clock{Offset: 60 * hours}
	}
	for _, server := range []string{"local_time.ntp_server1", "local_time.ntp_server2"} {
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
	at := "static.network.vlan." + port + "_port_"
	return linefile.VLAN(c, at+"enable", at+"vid", at+"priority")
}

func account(c *vendor.Config, index int) (vendor.Account, bool) {
	at := "account." + strconv.Itoa(index) + "."
	a := vendor.Account{
		Index: index, Label: c.Get(at + "label"), DisplayName: c.Get(at + "display_name"),
		AuthName: c.Get(at + "auth_name"), Password: c.Get(at + "password"),
		Server: c.Get(at + "sip_server.1.address"), Port: linefile.Number(c, at+"sip_server.1.port"),
		Expires: linefile.Number(c, at+"sip_server.1.expires"), SRTP: linefile.Number(c, at+"srtp_encryption") > 0,
		Voicemail: c.Get("voice_mail.number." + strconv.Itoa(index)),
	}
	// A domain other than the server's name stands behind the user.
	a.User, _, _ = strings.Cut(c.Get(at+"user_name"), "@")
	switch c.Get(at + "sip_server.1.transport_type") {
	case "0":
		a.Transport = "UDP"
	case "1":
		a.Transport = "TCP"
	case "2":
		a.Transport = "TLS"
	}
	if c.Get(at+"outbound_proxy_enable") == "1" {
		a.OutboundProxy, a.OutboundPort = c.Get(at+"outbound_proxy.1.address"), linefile.Number(c, at+"outbound_proxy.1.port")
	}
	return a, c.Get(at+"enable") == "1"
}

// codecs returns those of the first account that are switched on, best first.
func codecs(c *vendor.Config) []string {
	const prefix = "account.1.codec."
	var on []string
	for _, s := range c.Settings() {
		if rest, ok := strings.CutPrefix(s.Name, prefix); ok && s.Value == "1" {
			if codec, ok := strings.CutSuffix(rest, ".enable"); ok {
				on = append(on, codec)
			}
		}
	}
	rank := func(codec string) int { return linefile.Number(c, prefix+codec+".priority") }
	slices.SortStableFunc(on, func(a, b string) int { return cmp.Compare(rank(a), rank(b)) })
	return on
}

func key(c *vendor.Config, slot int) (vendor.Key, bool) {
	at := "linekey." + strconv.Itoa(slot) + "."
	k := vendor.Key{Slot: slot, Account: linefile.Number(c, at+"line"), Value: c.Get(at + "value"), Label: c.Get(at + "label")}
	switch c.Get(at + "type") {
	case "10":
		k.Kind = "park"
	case "11":
		k.Kind = "dtmf"
	case "13":
		k.Kind = "speed_dial"
	case "15":
		k.Kind = "line"
	case "16":
		k.Kind = "blf"
	case "17":
		k.Kind = "url"
	}
	return k, k.Kind != ""
}
