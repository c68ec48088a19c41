package settingsxml

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// maxIdentities is the number of accounts of the largest desk phone.
const maxIdentities = 12

// Understand says what a phone does that has the configuration. Layouts are those
// of the models that the file may be for.
func Understand(c *vendor.Config, layouts []Layout) vendor.State {
	s := vendor.State{
		Keys:            keys(c, layouts),
		AdminPassword:   c.Get("webserver_admin_password"),
		UserPassword:    c.Get("webserver_user_password"),
		ProvisioningURL: strings.TrimSuffix(c.Get("setting_server"), macPlace+".xml"),
		PollMinutes:     pollMinutes(c),
		Language:        c.Get("language"),
		TimeZone:        c.Get("timezone"),
		Tone:            c.Get("tone_scheme"),
		LLDP:            c.Get("lldp_enable") == "on",
		WANVLAN:         vlan(c.Get("vlan_id"), c.Get("vlan_qos")),
		Clock:           clock(c),
		FirmwareURL:     c.Get("firmware"),
		Background:      c.Get("custom_bg_image_url"),
	}
	if page, ok := strings.CutPrefix(c.Get("dkey_directory"), "url "); ok {
		s.DirectoryURL = page
	}
	if melody := c.Get("user_custom[1]"); melody != "" {
		s.Ringtones = []string{melody}
	}
	if s.AdminPassword == "" {
		s.AdminPassword = c.Get("http_pass")
	}
	if ntp := c.Get("ntp_server"); ntp != "" {
		s.NTP = []string{ntp}
	}
	if c.Get("vlan_port_tagging") == "on" {
		s.PCVLAN = vlan(c.Get("vlan_pc_id"), c.Get("vlan_pc_priority"))
	}
	for _, codec := range strings.Split(c.Get("codec_priority_list[1]"), ",") {
		if codec = strings.TrimSpace(codec); codec != "" && codec != "telephone-event" {
			s.Codecs = append(s.Codecs, codec)
		}
	}
	for i := 1; i <= maxIdentities; i++ {
		if a, on := account(c, i); on {
			s.Accounts = append(s.Accounts, a)
		}
	}
	return s
}

// clock reads utc_offset, in seconds, and dst: the seconds that summer time adds,
// and the month, week (5 for the last), weekday (7 is Sunday) and time of the two
// changes, such as "3600 03.05.07 02:00:00 10.05.07 03:00:00". It returns nil if
// the phone has only its own code of a zone.
func clock(c *vendor.Config) *vendor.Clock {
	seconds, err := strconv.Atoi(c.Get("utc_offset"))
	if err != nil {
		return nil
	}
	told := &vendor.Clock{Offset: seconds / 60}
	var saving int
	var changes [2][6]int
	_, err = fmt.Sscanf(c.Get("dst"), "%d %d.%d.%d %d:%d:%d %d.%d.%d %d:%d:%d", &saving,
		&changes[0][0], &changes[0][1], &changes[0][2], &changes[0][3], &changes[0][4], &changes[0][5],
		&changes[1][0], &changes[1][1], &changes[1][2], &changes[1][3], &changes[1][4], &changes[1][5])
	if err != nil {
		return told
	}
	told.Saving = saving / 60
	for i, change := range []*vendor.Change{&told.Start, &told.End} {
		n := changes[i]
		*change = vendor.Change{Month: n[0], Week: n[1], Weekday: n[2] % 7, Hour: n[3], Minute: n[4]}
	}
	return told
}

// account returns an identity and whether it is switched on. The phone sends to
// user_outbound, which is the registrar itself unless it names another host.
func account(c *vendor.Config, i int) (vendor.Account, bool) {
	get := func(name string) string { return c.Get(fmt.Sprintf("%s[%d]", name, i)) }
	a := vendor.Account{
		Index: i, Label: get("user_idle_text"), DisplayName: get("user_realname"),
		User: get("user_name"), AuthName: get("user_pname"), Password: get("user_pass"),
		Transport: "UDP", Expires: number(get("user_expiry")), Voicemail: get("user_mailbox"),
		SRTP: get("user_srtp") == "on" && get("user_savp") != "off",
	}
	if a.AuthName == "" {
		a.AuthName = a.User
	}
	a.Server, a.Port = vendor.HostPort(strings.TrimPrefix(get("user_host"), "sip:"))
	address, parameters, _ := strings.Cut(get("user_outbound"), ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		if transport, ok := strings.CutPrefix(parameter, "transport="); ok {
			a.Transport = strings.ToUpper(transport)
		}
	}
	if host, port := vendor.HostPort(strings.TrimPrefix(address, "sip:")); strings.EqualFold(host, a.Server) {
		if a.Port == 0 {
			a.Port = port
		}
	} else {
		a.OutboundProxy, a.OutboundPort = host, port
	}
	if a.Port == 0 {
		a.Port = vendor.OwnPort(a.Transport)
	}
	return a, get("user_active") == "on"
}

// kinds are the neutral names of the functions of a key.
var kinds = map[string]string{
	"line": "line", "blf": "blf", "speed": "speed_dial", "orbit": "park", "dtmf": "dtmf", "url": "url",
}

func keys(c *vendor.Config, layouts []Layout) []vendor.Key {
	var numbers []int
	for _, setting := range c.Settings() {
		if name, ok := strings.CutPrefix(setting.Name, "fkey["); ok {
			if n, err := strconv.Atoi(strings.TrimSuffix(name, "]")); err == nil {
				numbers = append(numbers, n)
			}
		}
	}
	if len(numbers) == 0 {
		return nil
	}
	slices.Sort(numbers)
	where := LayoutOf(layouts, len(numbers), numbers[len(numbers)-1])
	var found []vendor.Key
	for _, n := range numbers {
		name := fmt.Sprintf("fkey[%d]", n)
		function, value, _ := strings.Cut(strings.TrimSpace(c.Get(name)), " ")
		kind, ok := kinds[function]
		if !ok {
			continue
		}
		k := vendor.Key{Kind: kind, Value: value, Label: c.Get(name + ".label"), Account: number(c.Get(name + ".context"))}
		if kind == "blf" {
			k.Value, _, _ = strings.Cut(value, "|")
		}
		k.Module, k.Slot = where.place(n)
		found = append(found, k)
	}
	return found
}

func pollMinutes(c *vendor.Config) int {
	seconds := number(c.Get("settings_refresh_timer"))
	if c.Get("prov_polling_enabled") == "on" {
		switch c.Get("prov_polling_mode") {
		case "rel", "random":
			seconds = number(c.Get("prov_polling_period"))
		default: // at a fixed time of the day
			return 24 * 60
		}
	}
	return seconds / 60
}

func vlan(id, priority string) vendor.VLAN {
	return vendor.VLAN{ID: number(id), Priority: number(priority)}
}

// number reads a number from 0 up; what is none is 0.
func number(s string) int { return max(0, vendor.Number(s)) }

// Layout is how the keys of a phone and its modules are numbered: the phone's own
// from 0, those of the modules behind them, after gap numbers that no key has.
type Layout struct{ Keys, Gap, Modules, ModuleKeys int }

// LayoutOf finds the layout of a configuration that sets count keys, the last of
// which is number last. A file does not say which phone it is for; but ours set
// every key that there is. Keys of an unknown layout are all the phone's own.
func LayoutOf(layouts []Layout, count, last int) Layout {
	for _, l := range layouts {
		n := l.Keys + l.Modules*l.ModuleKeys
		if n == count && n+l.Gap == last+1 {
			return l
		}
	}
	return Layout{Keys: last + 1}
}

// place says where key number idx is: the module, 0 for the phone itself, and the
// slot from 1.
func (l Layout) place(idx int) (module, slot int) {
	n := idx - l.Keys - l.Gap
	if n < 0 || l.ModuleKeys == 0 {
		return 0, idx + 1
	}
	return n/l.ModuleKeys + 1, n%l.ModuleKeys + 1
}
