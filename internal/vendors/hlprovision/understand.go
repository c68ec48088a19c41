package hlprovision

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Understand says what a phone with these parameters does, P-values or names.
func Understand(c *vendor.Config) vendor.State {
	c = byName(c)
	s := vendor.State{
		AdminPassword:   c.Get("AdminPassword"),
		UserPassword:    c.Get("UserPassword"),
		ProvisioningURL: configServer(c),
		Language:        c.Get("Preference_LcdLanguage"),
		TimeZone:        c.Get("Preference_TimeZone"),
		Clock:           clock(c),
		LLDP:            c.Get("NW_LLDP_Active") == "1",
		WANVLAN:         vlan(c, "NW_Adv_Vlan_WANVlan", "NW_Adv_Layer2QoS_802_1Q_VLANTag", "NW_Adv_Layer2QoS_802_1pPriorityValue"),
		PCVLAN:          vlan(c, "NW_Adv_Vlan_PCVlan", "NW_Adv_DataVLANTag", ""),
		DirectoryURL:    c.Get("RemotePhoneBook1_Url"),
		Background:      c.Get("FirmwareUpGrade_WallpaperServerURL"),
		Keys:            keys(c),
	}
	if c.Get("FirmwareUpGrade_AutoUpgrade") == "1" {
		s.PollMinutes = vendor.Number(c.Get("FirmwareUpGrade_CheckUpgradeTimes"))
	}
	if folder := c.Get("FirmwareUpGrade_FirmwareServerPath"); folder != "" {
		s.FirmwareURL = strings.TrimSuffix(folder, "/") + "/"
	}
	if tone := c.Get("FirmwareUpGrade_RingUrl"); tone != "" {
		s.Ringtones = []string{tone}
	}
	for _, name := range []string{"NW_Adv_UrlOrIpAddress", "DT_BackUpNTPServer"} {
		if host := c.Get(name); host != "" {
			s.NTP = append(s.NTP, host)
		}
	}
	for i := 1; i <= maxAccounts; i++ {
		if c.Get(fmt.Sprintf("Account%d_Active", i)) != "1" {
			continue
		}
		a, profile := account(c, i)
		if i == 1 {
			s.Codecs = codecs(c, profile)
		}
		s.Accounts = append(s.Accounts, a)
	}
	return s
}

// account reads account i, from 1, and returns it and what the names of its profile
// begin with.
func account(c *vendor.Config, i int) (vendor.Account, string) {
	p, profile := fmt.Sprintf("Account%d_", i), fmt.Sprintf("Profile%d_", i)
	if n, err := strconv.Atoi(c.Get(p + "Profile")); err == nil {
		profile = fmt.Sprintf("Profile%d_", n+1)
	}
	a := vendor.Account{
		Index:       i,
		Label:       c.Get(p + "Label"),
		DisplayName: c.Get(p + "DispalyName"),
		User:        c.Get(p + "SipUserId"),
		AuthName:    c.Get(p + "AuthenticateID"),
		Password:    c.Get(p + "AuthenticatePassword"),
		Voicemail:   c.Get(p + "VoiceMailId"),
		Transport:   map[string]string{"0": "UDP", "1": "TCP", "2": "TLS"}[c.Get(profile+"SipTransport")],
		Expires:     60 * vendor.Number(c.Get(profile+"RegisterExpiration")),
		SRTP:        vendor.Number(c.Get(profile+"SRtpMode")) > 0,
	}
	a.Server, a.Port = vendor.HostPort(c.Get(profile + "Sipserver"))
	a.OutboundProxy, a.OutboundPort = vendor.HostPort(c.Get(profile + "OutboundProxy"))
	return a, profile
}

// codecs returns the codecs of a profile's six choices, each once: the templates fill
// the rest up with the first ones.
func codecs(c *vendor.Config, profile string) []string {
	var list []string
	for n := 1; n <= 6; n++ {
		if v := c.Get(profile + "Choice" + strconv.Itoa(n)); v != "" && !slices.Contains(list, v) {
			list = append(list, v)
		}
	}
	return list
}

// configServer returns the URL of the config server, whose path has a scheme of its
// own or goes by the mode, or "" if the file sets none that a browser would understand.
func configServer(c *vendor.Config) string {
	scheme, ok := map[string]string{"0": "tftp", "1": "http", "2": "ftp", "3": "https"}[c.Get("FirmwareUpGrade_UrgrateMode")]
	path := c.Get("FirmwareUpGrade_ConfigServerPath")
	if path == "" || !ok {
		return ""
	}
	if !strings.Contains(path, "://") {
		path = scheme + "://" + path
	}
	u, err := url.Parse(path)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.TrimSuffix(u.String(), "/") + "/"
}

func vlan(c *vendor.Config, active, id, priority string) vendor.VLAN {
	if c.Get(active) != "1" {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: vendor.Number(c.Get(id)), Priority: vendor.Number(c.Get(priority))}
}

// offsets are the minutes east of UTC of the numbers of zones, as WZ has them.
var offsets = map[string]int{
	"105": -660, "2": -600, "3": -540, "6": -480, "10": -420, "14": -360, "18": -300, "19": -270, "20": -240, "26": -210, "30": -180,
	"31": -120, "32": -60, "33": 0, "49": 60, "57": 120, "73": 180, "74": 210, "77": 240, "83": 300, "84": 330, "85": 360, "88": 420,
	"89": 480, "93": 540, "94": 570, "96": 600, "100": 630, "101": 660, "102": 720, "103": 765, "104": 780,
}

func clock(c *vendor.Config) *vendor.Clock {
	offset, ok := offsets[c.Get("Preference_TimeZone")]
	if !ok {
		return nil
	}
	clock := &vendor.Clock{Offset: offset}
	if c.Get("Preference_DaylightSavingTime") == "1" && c.Get("Preference_DaylightSavingTimeType") == "1" {
		clock.Saving = 60
		clock.Start, clock.End = change(c, "Preference_DSTStartWeek"), change(c, "Preference_DSTEndWeek")
	}
	return clock
}

// change reads a change of the clocks: month, week, day and hour.
func change(c *vendor.Config, p string) vendor.Change {
	return vendor.Change{
		Month: vendor.Number(c.Get(p + "Month")), Week: vendor.Number(c.Get(p + "num")), Weekday: vendor.Number(c.Get(p + "day")), Hour: vendor.Number(c.Get(p + "hour")),
	}
}

var kinds = map[string]string{"1": "line", "2": "speed_dial", "3": "blf", "8": "park", "10": "dtmf", "35": "url"}

// keys returns the keys of the phone that have a function, and those of its modules.
func keys(c *vendor.Config) []vendor.Key {
	var list []vendor.Key
	add := func(module, slot int, p, kind string) {
		k := vendor.Key{
			Module: module, Slot: slot, Kind: kinds[c.Get(p+kind)], Value: c.Get(p + "Value"), Label: c.Get(p + "Label"),
			Account: 1 + vendor.Number(c.Get(p+"Account")),
		}
		if k.Kind == "dtmf" || k.Kind == "url" {
			k.Account = 0
		}
		if k.Kind != "" {
			list = append(list, k)
		}
	}
	for k := 1; k <= lineKeys; k++ {
		add(0, k, lineKey(k), "Type")
	}
	for m := 1; m <= modules; m++ {
		for k := 1; k <= 2*pageKeys; k++ {
			add(m, k, moduleKey(m, k), "KeyType")
		}
	}
	return list
}
