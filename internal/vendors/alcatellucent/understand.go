package alcatellucent

import (
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Numbers of things that have ids.
const (
	maxAccounts = 20
	maxKeys     = 28
	modules     = 3
	moduleKeys  = 20
)

// understand says what a phone with these settings does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("DeviceSecurityAdminPwd"),
		UserPassword:    c.Get("DeviceSecurityUserPwd"),
		ProvisioningURL: folder(c.Get("DeviceProvisionServerUrl")),
		Language:        c.Get("SettingLanguage"),
		LLDP:            on(c, "DeviceNetworkLldpVlanEnable"),
		WANVLAN:         vlan(c, "DeviceNetworkLanVlan"),
		PCVLAN:          vlan(c, "DeviceNetworkPcVlan"),
		Background:      c.Get("SettingWallpaperUploadUrl"),
		Keys:            keys(c),
	}
	if on(c, "DeviceProvisionPollingByWeekdaysEnable") {
		s.PollMinutes = 7 * 24 * 60 / max(1, len(c.Get("DeviceProvisionPollingDayofWeek")))
	}
	if host := c.Get("SettingSntpServer"); host != "" {
		s.NTP = []string{host}
	}
	if place := c.Get("SettingTimeZoneLocation"); place != "" && c.Get("SettingDstEnable") == "2" {
		s.Clock = &vendor.Clock{Zone: place}
	}
	if on(c, "DeviceAutoUpgradeEnable") {
		s.FirmwareURL = folder(c.Get("DeviceFirmwareUpgradeUrl"))
	}
	if tone := c.Get("SettingRingtoneUploadUrl"); tone != "" {
		s.Ringtones = []string{tone}
	}
	for i := 1; i <= maxAccounts; i++ {
		p := "Account" + strconv.Itoa(i)
		if !on(c, p+"Enable") {
			continue
		}
		if list := c.Get(p + "AudioCodec"); i == 1 && list != "" {
			s.Codecs = strings.Split(list, ";")
		}
		s.Accounts = append(s.Accounts, account(c, i, p))
	}
	return s
}

func account(c *vendor.Config, i int, p string) vendor.Account {
	return vendor.Account{
		Index:         i,
		Label:         c.Get(p + "Label"),
		DisplayName:   c.Get(p + "DisplayName"),
		User:          c.Get(p + "UserName"),
		AuthName:      c.Get(p + "RegName"),
		Password:      c.Get(p + "Password"),
		Server:        c.Get(p + "Server1Address"),
		Port:          vendor.Number(c.Get(p + "Server1Port")),
		Transport:     map[string]string{"0": "UDP", "1": "TCP", "2": "TLS"}[c.Get(p+"Server1Transport")],
		OutboundProxy: c.Get(p + "OutboundProxy1Address"),
		OutboundPort:  vendor.Number(c.Get(p + "OutboundProxy1Port")),
		Expires:       vendor.Number(c.Get(p + "Server1Expire")),
		SRTP:          vendor.Number(c.Get(p+"SrtpWorkingMode")) > 0,
		Voicemail:     c.Get(p + "VmNumber"),
	}
}

// keys returns the keys of the phone that have a function, and those of its
// modules.
func keys(c *vendor.Config) []vendor.Key {
	var list []vendor.Key
	add := func(module, slot int, p string) {
		kind := map[string]string{"1": "speed_dial", "59": "blf"}[c.Get(p+"Type")]
		if kind == "" {
			return
		}
		list = append(list, vendor.Key{
			Module: module, Slot: slot, Kind: kind, Account: vendor.Number(c.Get(p + "Account")), Value: c.Get(p + "Value"), Label: c.Get(p + "Label"),
		})
	}
	for k := 1; k <= maxKeys; k++ {
		add(0, k, "ProgramKey"+strconv.Itoa(k))
	}
	for m := 1; m <= modules; m++ {
		for k := 1; k <= moduleKeys; k++ {
			add(m, k, "Aom"+strconv.Itoa(m)+"ProgramKey"+strconv.Itoa(k))
		}
	}
	return list
}

func vlan(c *vendor.Config, p string) vendor.VLAN {
	if !on(c, p+"Enable") {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: vendor.Number(c.Get(p + "Number"))}
}

func on(c *vendor.Config, id string) bool { return c.Get(id) == "true" }

// folder ends a URL with a slash, if there is one.
func folder(url string) string {
	if url == "" {
		return ""
	}
	return strings.TrimSuffix(url, "/") + "/"
}
