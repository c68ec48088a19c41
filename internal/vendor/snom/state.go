package snom

import (
	"fmt"
	"net"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// maxIdentities is the number of accounts of the largest desk phone.
const maxIdentities = 12

// understand says what a phone does that has the configuration.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		Keys:            keys(c),
		AdminPassword:   c.Get("webserver_admin_password"),
		UserPassword:    c.Get("webserver_user_password"),
		ProvisioningURL: c.Get("setting_server"),
		PollMinutes:     pollMinutes(c),
		Language:        c.Get("language"),
		TimeZone:        c.Get("timezone"),
		Tone:            c.Get("tone_scheme"),
		LLDP:            c.Get("lldp_enable") == "on",
		WANVLAN:         vlan(c.Get("vlan_id"), c.Get("vlan_qos")),
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
	a.Server, a.Port = hostPort(get("user_host"))
	address, parameters, _ := strings.Cut(get("user_outbound"), ";")
	for parameter := range strings.SplitSeq(parameters, ";") {
		if transport, ok := strings.CutPrefix(parameter, "transport="); ok {
			a.Transport = strings.ToUpper(transport)
		}
	}
	if host, port := hostPort(address); strings.EqualFold(host, a.Server) {
		if a.Port == 0 {
			a.Port = port
		}
	} else {
		a.OutboundProxy, a.OutboundPort = host, port
	}
	if a.Port == 0 {
		a.Port = ownPort(a.Transport)
	}
	return a, get("user_active") == "on"
}

// ownPort is the port of a transport where none is given.
func ownPort(transport string) int {
	if transport == "TLS" {
		return 5061
	}
	return 5060
}

// hostPort divides an address; the port is 0 if there is none.
func hostPort(s string) (host string, port int) {
	s = strings.TrimPrefix(s, "sip:")
	host, p, err := net.SplitHostPort(s)
	if err != nil {
		return strings.Trim(s, "[]"), 0
	}
	return host, number(p)
}

// kinds are the neutral names of the functions of a key.
var kinds = map[string]string{
	"line": "line", "blf": "blf", "speed": "speed_dial", "orbit": "park", "dtmf": "dtmf", "url": "url",
}

func keys(c *vendor.Config) []vendor.Key {
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
	where := layoutOf(len(numbers), numbers[len(numbers)-1])
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

// number reads a whole number; what is none is 0.
func number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil || n < 0 {
		return 0
	}
	return n
}
