package grandstream

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Most that a device with aliases has.
const (
	maxAliasAccounts = 20
	maxAliasKeys     = 160
	maxAliasCodecs   = 8
)

// understandAliases is understand for a file of aliases.
func understandAliases(c *vendor.Config) vendor.State {
	scheme := func(name string) string { return strings.ToLower(c.Get(name)) }
	s := vendor.State{
		AdminPassword:   c.Get("users.admin.password"),
		UserPassword:    c.Get("users.user.password"),
		ProvisioningURL: address(scheme("provisioning.config.protocol"), c.Get("provisioning.config.serverPath")),
		FirmwareURL:     address(scheme("provisioning.firmware.protocol"), c.Get("provisioning.firmware.serverPath")),
		Language:        c.Get("language.gui"),
		LLDP:            c.Get("network.lldp.enable") == "Yes",
		WANVLAN:         vlan(c, "network.port.eth.1.vlan.tag", "network.port.eth.1.vlan.priority"),
		PCVLAN:          vlan(c, "network.port.pc.vlan.tag", "network.port.pc.vlan.priority"),
		Handsets:        aliasedHandsets(c),
	}
	if zone := c.Get("dateTime.timezone"); zone == "customize" {
		s.Clock = posixClock(c.Get("dateTime.timezone.custom"))
	} else {
		s.TimeZone, s.Clock = zone, zoneClock(zone)
	}
	switch c.Get("provisioning.auto.mode") {
	case "YesUpgradeMin", "CheckbyPeriod":
		s.PollMinutes = vendor.Number(c.Get("provisioning.auto.minute"))
	case "YesUpgradeHourOfDay", "CheckEveryDay":
		s.PollMinutes = 24 * 60
	}
	if c.Get("lcd.wallpaper.source") == "Download" {
		s.Background = c.Get("lcd.wallpaper.serverPath")
	}
	books := map[string]string{"EnabledUseHTTP": "http", "EnabledUseHTTPS": "https"}
	if book := address(books[c.Get("phonebook.download.mode")], c.Get("phonebook.download.server")); book != "" {
		s.DirectoryURL = book + phoneBook
	}
	for _, name := range []string{"dateTime.ntp.server.1", "dateTime.ntp.server.2"} {
		if host := c.Get(name); host != "" {
			s.NTP = append(s.NTP, host)
		}
	}
	for i := 1; i <= maxAliasAccounts; i++ {
		at := fmt.Sprintf("account.%d.", i)
		if c.Get(at+"enable") != "Yes" {
			continue
		}
		if i == 1 {
			var choices []string
			for n := 1; n <= maxAliasCodecs; n++ {
				choices = append(choices, fmt.Sprintf("%scodec.choice.%d", at, n))
			}
			s.Codecs = codecs(c, choices)
		}
		s.Accounts = append(s.Accounts, aliasAccount(c, i, at))
	}
	for n := 1; n <= maxAliasKeys; n++ {
		at := fmt.Sprintf("pks.mpk.%d.", n)
		k := vendor.Key{Slot: n, Account: 1 + vendor.Number(c.Get(at+"account")), Value: c.Get(at + "value"), Label: c.Get(at + "description")}
		k.Kind = map[string]string{"BLF": "blf", "SpeedDial": "speed_dial", "CallPark": "park", "DialDTMF": "dtmf"}[c.Get(at+"mode")]
		if k.Kind != "" && k.Value != "" {
			s.Keys = append(s.Keys, k)
		}
	}
	return s
}

func aliasAccount(c *vendor.Config, i int, at string) vendor.Account {
	a := vendor.Account{
		Index:       i,
		Label:       c.Get(at + "name"),
		DisplayName: c.Get(at + "sip.subscriber.name"),
		User:        c.Get(at + "sip.userid"),
		AuthName:    cmp.Or(c.Get(at+"sip.subscriber.userId"), c.Get(at+"sip.subscriber.userid")),
		Password:    c.Get(at + "sip.subscriber.password"),
		Expires:     60 * vendor.Number(cmp.Or(c.Get(at+"sip.registerExpiration"), c.Get(at+"sip.registerexpiration"))),
		SRTP:        strings.HasPrefix(c.Get(at+"audio.srtpMode"), "Enabled"),
		Voicemail:   c.Get(at + "sip.voicemail.number"),
		Transport:   map[string]string{"UDP": "UDP", "TCP": "TCP", "TlsOrTcp": "TLS", "Tls Or Tcp": "TLS"}[c.Get(at+"sip.transport")],
	}
	a.Server, a.Port = vendor.HostPort(c.Get(at + "sip.server.1.address"))
	a.OutboundProxy, a.OutboundPort = vendor.HostPort(c.Get(at + "sip.outboundProxy.1.address"))
	return a
}
