package escene

import (
	"net"
	"strconv"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

// Most that any model has (EX).
const (
	maxAccounts = 8
	maxKeys     = 32 // of the phone or of one module
	maxModules  = 6
	maxCodecs   = 9
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("password.Password"),
		UserPassword:    c.Get("password.UserPassword"),
		ProvisioningURL: server(c),
		TimeZone:        c.Get("systime.TimeZoneType"),
		LLDP:            c.Get("call.LLDP") == "1",
	}
	if c.Get("Vlan.EnableVlan") == "1" {
		s.WANVLAN, s.PCVLAN = vlan(c, "Local"), vlan(c, "PC")
	}
	if minutes, ok := zones()[s.TimeZone]; ok && c.Get("systime.DaylightSaveingFlag") == "0" {
		s.Clock = &vendor.Clock{Offset: minutes}
	}
	if c.Get("systime.SNTPEnableFlag") == "0" { // 0 is yes (FP)
		for _, host := range []string{c.Get("systime.SNTPAddress"), c.Get("systime.SNTPAddressBackup")} {
			if host != "" {
				s.NTP = append(s.NTP, host)
			}
		}
	}
	s.Codecs = codecs(c)
	for i := range maxAccounts {
		if p := "sipUser." + strconv.Itoa(i) + "."; c.Get(p+"EnableAccount") == "1" {
			s.Accounts = append(s.Accounts, account(c, i+1, p))
		}
	}
	for module := range maxModules + 1 {
		for slot := range maxKeys {
			if k, ok := key(c, module, slot+1); ok {
				s.Keys = append(s.Keys, k)
			}
		}
	}
	return s
}

// codecs returns those that are listed both by number and by name.
func codecs(c *vendor.Config) []string {
	numbers := map[string]string{"0": "G711A", "1": "G711U", "3": "G729A", "4": "G722"}
	var list []string
	for i := range maxCodecs {
		number, codec := "dsp.CodecType", c.Get("dsp.enableCode"+strconv.Itoa(i))
		if i > 0 {
			number += strconv.Itoa(i)
		}
		if codec != "" && numbers[c.Get(number)] == codec {
			list = append(list, codec)
		}
	}
	return list
}

// server is where the phone fetches from, by HTTP or HTTPS.
func server(c *vendor.Config) string {
	scheme := map[string]string{"1": "http://", "3": "https://"}[c.Get("privision.protocol")]
	folder := c.Get("privision.Firmware")
	if scheme == "" || folder == "" || c.Get("privision.AutoPrivisionFlag") != "1" {
		return ""
	}
	return scheme + folder + "/"
}

// account reads an account. It registers through ProxyServerAddress, which is the server
// itself where there is no proxy.
func account(c *vendor.Config, index int, p string) vendor.Account {
	a := vendor.Account{
		Index: index, Label: c.Get(p + "Describe"), DisplayName: c.Get(p + "UserName"), User: c.Get(p + "UserNumber"),
		AuthName: c.Get(p + "approveName"), Password: c.Get(p + "Password"), Server: c.Get(p + "DomainName"),
		Transport: map[string]string{"0": "UDP", "1": "TCP", "2": "TLS"}[c.Get(p+"LinkUse")],
		Expires:   linefile.Number(c, p+"RefreshTime"), Voicemail: c.Get(p + "CallLeaveMessageNum"),
	}
	host, port := c.Get(p+"ProxyServerAddress"), 0
	if h, digits, err := net.SplitHostPort(host); err == nil {
		host = h
		port, _ = strconv.Atoi(digits) // what is none is the transport's own
	}
	if host == "" || host == a.Server {
		a.Port = port
	} else {
		a.OutboundProxy, a.OutboundPort = host, port
	}
	return a
}

// key returns a key; one without a number has no function.
func key(c *vendor.Config, module, slot int) (vendor.Key, bool) {
	p := panel(module) + "." + strconv.Itoa(slot-1) + "."
	k := vendor.Key{
		Module: module, Slot: slot, Value: c.Get(p + "HotlineNum"), Label: c.Get(p + "Name"),
		Kind: map[string]string{"1": "blf", "4": "dtmf", "5": "speed_dial", "7": "park"}[c.Get(p+"Type")],
	}
	if n, err := strconv.Atoi(c.Get(p + "SipAccounts")); err == nil && 0 <= n && n < maxAccounts {
		k.Account = n + 1
	}
	return k, k.Kind != "" && k.Value != ""
}

func vlan(c *vendor.Config, port string) vendor.VLAN {
	if c.Get("Vlan."+port+"EnableVlan") != "1" {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: linefile.Number(c, "Vlan."+port+"VID"), Priority: linefile.Number(c, "Vlan."+port+"Priority")}
}

// zones are the minutes east of UTC of the phone's numbers for places (FP, timezones.txt).
// Those of places where the clocks change, or have changed for good since, are not here.
func zones() map[string]int {
	return map[string]int{
		"0": -720, "1": -660, "41": -660, "2": -600, "33": -600, "3": -540, "31": -420, "52": -420, "6": -360, "7": -300, "62": -240,
		"64": -180, "9": -180, "10": -120, "12": 0, "77": 60, "97": 120, "15": 180, "101": 180, "102": 180, "47": 210, "103": 240,
		"104": 240, "105": 240, "16": 240, "107": 240, "108": 270, "109": 300, "17": 300, "111": 300, "26": 330, "18": 360, "46": 390,
		"113": 420, "19": 420, "115": 480, "20": 480, "114": 480, "21": 540, "116": 540, "44": 570, "118": 600, "22": 600, "120": 660,
		"23": 660, "25": 780,
	}
}
