package yealink

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Most that any model has.
const (
	maxAccounts = 16
	maxLineKeys = 29
	maxModules  = 6
	maxKeys     = 60
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	r := reader{c}
	s := vendor.State{
		AdminPassword:   r.text(userPassword + "[admin]"),
		UserPassword:    r.text(userPassword + "[user]"),
		ProvisioningURL: r.static("auto_provision.server.url"),
		PollMinutes:     r.poll(),
		Language:        r.text("lang.gui"),
		TimeZone:        r.text("local_time.time_zone"),
		Tone:            r.text("voice.tone.country"),
		Codecs:          r.codecs(1),
		LLDP:            r.static("network.lldp.enable") == "1",
		WANVLAN:         r.vlan("internet_port"),
		PCVLAN:          r.vlan("pc_port"),
	}
	for _, server := range []string{"local_time.ntp_server1", "local_time.ntp_server2"} {
		if v := r.text(server); v != "" {
			s.NTP = append(s.NTP, v)
		}
	}
	for i := range maxAccounts {
		if a, ok := r.account(i + 1); ok {
			s.Accounts = append(s.Accounts, a)
		}
	}
	for i := range maxLineKeys {
		if k, ok := r.key("linekey." + strconv.Itoa(i+1)); ok {
			k.Slot = i + 1
			s.Keys = append(s.Keys, k)
		}
	}
	for m := range maxModules {
		for i := range maxKeys {
			if k, ok := r.key("expansion_module." + strconv.Itoa(m+1) + ".key." + strconv.Itoa(i+1)); ok {
				k.Module, k.Slot = m+1, i+1
				s.Keys = append(s.Keys, k)
			}
		}
	}
	return s
}

// reader reads values as a phone takes them.
type reader struct{ c *vendor.Config }

// text returns a value, or "" where the parameter has none of its own.
func (r reader) text(name string) string {
	switch v := r.c.Get(name); v {
	case unset, empty:
		return ""
	default:
		return v
	}
}

// static returns the value of a system parameter: V81 put "static." before names
// that earlier firmware had without.
func (r reader) static(name string) string {
	if v := r.text("static." + name); v != "" {
		return v
	}
	return r.text(name)
}

func (r reader) number(name string) int {
	n, err := strconv.Atoi(r.text(name))
	if err != nil || n < 0 {
		return 0
	}
	return n
}

// poll returns the minutes between two looks for a configuration: every so many
// minutes, or at one moment every so many days.
func (r reader) poll() int {
	switch {
	case r.static("auto_provision.repeat.enable") == "1":
		if n := r.number("static.auto_provision.repeat.minutes"); n > 0 {
			return n
		}
		return r.number("auto_provision.repeat.minutes")
	case r.static("auto_provision.flexible.enable") == "1":
		return r.number("static.auto_provision.flexible.interval") * 24 * 60
	}
	return 0
}

func (r reader) vlan(port string) vendor.VLAN {
	if r.static("network.vlan."+port+"_enable") != "1" {
		return vendor.VLAN{}
	}
	return vendor.VLAN{
		ID:       r.number("static.network.vlan." + port + "_vid"),
		Priority: r.number("static.network.vlan." + port + "_priority"),
	}
}

func (r reader) account(index int) (vendor.Account, bool) {
	at := "account." + strconv.Itoa(index) + "."
	if r.text(at+"enable") != "1" {
		return vendor.Account{}, false
	}
	a := vendor.Account{
		Index:       index,
		Label:       r.text(at + "label"),
		DisplayName: r.text(at + "display_name"),
		AuthName:    r.text(at + "auth_name"),
		Password:    r.text(at + "password"),
		Server:      r.text(at + "sip_server.1.address"),
		Port:        r.number(at + "sip_server.1.port"),
		Expires:     r.number(at + "sip_server.1.expires"),
		SRTP:        r.number(at+"srtp_encryption") > 0,
		Voicemail:   r.text("voice_mail.number." + strconv.Itoa(index)),
	}
	// A domain other than the server's name stands behind the user.
	a.User, _, _ = strings.Cut(r.text(at+"user_name"), "@")
	switch r.text(at + "sip_server.1.transport_type") {
	case "", "0":
		a.Transport = "UDP"
	case "1":
		a.Transport = "TCP"
	case "2":
		a.Transport = "TLS"
	}
	if r.text(at+"outbound_proxy_enable") == "1" {
		a.OutboundProxy = r.text(at + "outbound_proxy.1.address")
		a.OutboundPort = r.number(at + "outbound_proxy.1.port")
	}
	return a, true
}

// codecs returns the codecs of an account that are switched on, best first.
func (r reader) codecs(account int) []string {
	type ranked struct {
		name     string
		priority int
	}
	prefix := "account." + strconv.Itoa(account) + ".codec."
	var on []ranked
	for _, s := range r.c.Settings() {
		rest, ok := strings.CutPrefix(s.Name, prefix)
		if !ok || s.Value != "1" {
			continue
		}
		if codec, ok := strings.CutSuffix(rest, ".enable"); ok {
			on = append(on, ranked{codec, r.number(prefix + codec + ".priority")})
		}
	}
	slices.SortStableFunc(on, func(a, b ranked) int { return cmp.Compare(a.priority, b.priority) })
	var names []string
	for _, c := range on {
		names = append(names, c.name)
	}
	return names
}

func (r reader) key(at string) (vendor.Key, bool) {
	k := vendor.Key{Value: r.text(at + ".value"), Label: r.text(at + ".label")}
	switch r.text(at + ".type") {
	case "10":
		k.Kind = "park"
	case "11":
		k.Kind = "dtmf"
	case "13":
		k.Kind = "speed_dial"
	case "15":
		k.Kind, k.Value = "line", ""
	case "16":
		k.Kind = "blf"
	case "17":
		k.Kind = "url"
	default:
		return vendor.Key{}, false
	}
	if k.Kind != "dtmf" && k.Kind != "url" {
		k.Account = r.number(at + ".line")
	}
	return k, true
}
