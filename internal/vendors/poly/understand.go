package poly

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	maxAccounts = 34 // registrations of the largest phone
	maxKeys     = 268
	maxSounds   = 24
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		Keys:            keys(c),
		AdminPassword:   device(c, "device.auth.localAdminPassword"),
		UserPassword:    device(c, "device.auth.localUserPassword"),
		ProvisioningURL: server(c),
		PollMinutes:     pollMinutes(c),
		Language:        c.Get("lcl.ml.lang"),
		Clock:           clock(c),
		Codecs:          codecs(c),
		LLDP:            device(c, "device.net.lldpEnabled") == "1",
		WANVLAN: vendor.VLAN{
			ID: vendor.Number(device(c, "device.net.vlanId")), Priority: vendor.Number(c.Get("qos.ethernet.callControl.user_priority")),
		},
		FirmwareURL: c.Get("APP_FILE_PATH"),
	}
	if s.WANVLAN.ID == 0 {
		s.WANVLAN.Priority = 0
	}
	// The phone puts its part number before the last part.
	s.FirmwareURL = s.FirmwareURL[:strings.LastIndexByte(s.FirmwareURL, '/')+1]
	if host := c.Get("tcpIpApp.sntp.address"); host != "" && c.Get("tcpIpApp.sntp.address.overrideDHCP") == "1" {
		s.NTP = []string{host}
	}
	for i := 1; i <= maxAccounts; i++ {
		if c.Get(fmt.Sprintf("reg.%d.address", i)) != "" {
			s.Accounts = append(s.Accounts, account(c, i))
		}
	}
	for i := 1; i <= maxSounds; i++ {
		if at := c.Get(fmt.Sprintf("saf.%d", i)); at != "" {
			s.Ringtones = append(s.Ringtones, at)
		}
	}
	if c.Get("bg.color.selection") == "2,1" {
		s.Background = c.Get("bg.color.bm.1.name")
	}
	return s
}

// device returns a parameter of the phone's flash, or "" if its companions do not
// let the phone take it.
func device(c *vendor.Config, name string) string {
	if c.Get("device.set") != "1" || c.Get(name+".set") != "1" {
		return ""
	}
	return c.Get(name)
}

// server returns the folder that the phone fetches from.
func server(c *vendor.Config) string {
	name, scheme := device(c, "device.prov.serverName"), device(c, "device.prov.serverType")
	if name == "" || device(c, "device.dhcp.bootSrvUseOpt") != "Static" {
		return ""
	}
	if !strings.HasSuffix(name, "/") {
		name += "/"
	}
	return strings.ToLower(scheme) + "://" + name
}

func pollMinutes(c *vendor.Config) int {
	if c.Get("prov.polling.enabled") != "1" {
		return 0
	}
	return vendor.Number(c.Get("prov.polling.period")) / 60
}

// clock reads the rule of the phone. Summer time is an hour, and begins and ends at
// whole hours.
func clock(c *vendor.Config) *vendor.Clock {
	const sntp = "tcpIpApp.sntp."
	if c.Get(sntp+"gmtOffset.overrideDHCP") != "1" {
		return nil
	}
	k := &vendor.Clock{Offset: vendor.Number(c.Get(sntp+"gmtOffset")) / 60}
	if c.Get(sntp+"daylightSavings.enable") != "1" {
		return k
	}
	k.Saving = 60
	change := func(which string) vendor.Change {
		get := func(name string) string { return c.Get(sntp + "daylightSavings." + which + "." + name) }
		at := vendor.Change{Month: vendor.Number(get("month")), Hour: vendor.Number(get("time"))}
		if c.Get(sntp+"daylightSavings.fixedDayEnable") == "1" {
			at.Day, at.Weekday = vendor.Number(get("date")), -1
			return at
		}
		at.Weekday = vendor.Number(get("dayOfWeek")) - 1
		at.Week = (vendor.Number(get("date"))-1)/7 + 1
		if get("dayOfWeek.lastInMonth") == "1" {
			at.Week = 5
		}
		return at
	}
	k.Start, k.End = change("start"), change("stop")
	return k
}

// codecs returns those that have a place, by their place.
func codecs(c *vendor.Config) []string {
	type codec struct {
		name  string
		place int
	}
	var list []codec
	for _, s := range c.Settings() {
		if name, ok := strings.CutPrefix(s.Name, "voice.codecPref."); ok && vendor.Number(s.Value) > 0 {
			list = append(list, codec{name, vendor.Number(s.Value)})
		}
	}
	slices.SortStableFunc(list, func(a, b codec) int { return cmp.Compare(a.place, b.place) })
	var names []string
	for _, l := range list {
		names = append(names, l.name)
	}
	return names
}

func account(c *vendor.Config, i int) vendor.Account {
	get := func(name string) string { return c.Get(fmt.Sprintf("reg.%d.%s", i, name)) }
	a := vendor.Account{
		Index: i, Label: get("label"), DisplayName: get("displayName"),
		AuthName: get("auth.userId"), Password: get("auth.password"),
		Server: get("server.1.address"), Port: vendor.Number(get("server.1.port")), Expires: vendor.Number(get("server.1.expires")),
		OutboundProxy: get("outboundProxy.address"), OutboundPort: vendor.Number(get("outboundProxy.port")),
		SRTP: get("srtp.enable") == "1" && get("srtp.offer") == "1",
	}
	a.User, _, _ = strings.Cut(get("address"), "@")
	switch strings.ToLower(get("server.1.transport")) {
	case "udponly":
		a.Transport = "UDP"
	case "tcponly":
		a.Transport = "TCP"
	case "tls":
		a.Transport = "TLS"
	}
	if c.Get(fmt.Sprintf("msg.mwi.%d.callBackMode", i)) == "contact" {
		a.Voicemail = c.Get(fmt.Sprintf("msg.mwi.%d.callBack", i))
	}
	return a
}

// layout is how many keys a phone and its modules have. A file does not say which
// phone it is for, but ours set every key that there is.
type layout struct{ keys, modules, moduleKeys int }

// layouts are those of the phones that take modules.
var layouts = []layout{
	{6, 3, 14}, // SoundPoint IP 650 and 670
	{6, 3, 40}, {12, 3, 40}, {16, 3, 40},
	{12, 3, 30}, // VVX 450
}

func layoutOf(count int) layout {
	for _, l := range layouts {
		if l.keys+l.modules*l.moduleKeys == count {
			return l
		}
	}
	return layout{keys: count}
}

// place says where the nth key, from 1, is.
func (l layout) place(n int) (module, slot int) {
	if n <= l.keys || l.moduleKeys == 0 {
		return 0, n
	}
	n -= l.keys + 1
	return n/l.moduleKeys + 1, n%l.moduleKeys + 1
}

// keys reads the line keys. Those that watch somebody take the entries of the
// resource list in turn.
func keys(c *vendor.Config) []vendor.Key {
	if c.Get("lineKey.reassignment.enabled") != "1" {
		return nil
	}
	count := 0
	for n := 1; n <= maxKeys; n++ {
		if _, ok := c.Lookup(fmt.Sprintf("lineKey.%d.category", n)); ok {
			count = n
		}
	}
	l := layoutOf(count)
	var list []vendor.Key
	watched := 0
	for n := 1; n <= count; n++ {
		k := vendor.Key{}
		k.Module, k.Slot = l.place(n)
		index := c.Get(fmt.Sprintf("lineKey.%d.index", n))
		switch c.Get(fmt.Sprintf("lineKey.%d.category", n)) {
		case "Line":
			k.Kind, k.Account = "line", vendor.Number(index)
		case "BLF":
			watched++
			get := func(name string) string { return c.Get(fmt.Sprintf("attendant.resourceList.%d.%s", watched, name)) }
			k.Kind, k.Account, k.Value, k.Label = "blf", vendor.Number(c.Get("attendant.reg")), get("address"), get("label")
			if get("type") == "automata" {
				k.Kind = "park"
			}
		case "EFK":
			get := func(name string) string { return c.Get("efk.efklist." + index + "." + name) }
			if c.Get("feature.EFKLineKey.enabled") != "1" || c.Get("feature.enhancedFeatureKeys.enabled") != "1" || get("status") != "1" {
				continue
			}
			k.Kind, k.Account, k.Label = "speed_dial", 1, get("label")
			action := get("action.string")
			if digits, ok := strings.CutSuffix(action, "$Tdtmf$"); ok {
				k.Kind, k.Value = "dtmf", digits
			} else {
				k.Value = strings.TrimSuffix(action, "$Tinvite$")
			}
		default:
			continue
		}
		list = append(list, k)
	}
	return list
}
