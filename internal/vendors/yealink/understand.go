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
	maxAccounts = maxHandsets
	maxLineKeys = 84
	maxMemory   = 10
	maxModules  = 6
	maxKeys     = 78
	maxCodecs   = 13 // numbers of codecs, before V81
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	r := reader{c}
	s := vendor.State{
		AdminPassword:   r.static("security.user_password[admin]"),
		UserPassword:    r.static("security.user_password[user]"),
		ProvisioningURL: r.static("auto_provision.server.url"),
		PollMinutes:     r.poll(),
		Language:        cmp.Or(r.text("lang.gui"), r.text("lang.wui")),
		TimeZone:        r.text("local_time.time_zone"),
		Clock:           r.clock(),
		Tone:            r.text("voice.tone.country"),
		Codecs:          r.codecs(1),
		LLDP:            r.static("network.lldp.enable") == "1",
		WANVLAN:         r.vlan("internet_port"),
		PCVLAN:          r.vlan("pc_port"),
		DirectoryURL:    r.text("remote_phonebook.data.1.url"),
		FirmwareURL:     r.static("firmware.url"),
		Background:      r.text("wallpaper_upload.url"),
	}
	if v := r.text("ringtone.url"); v != "" {
		s.Ringtones = []string{v}
	}
	for _, server := range []string{"local_time.ntp_server1", "local_time.ntp_server2"} {
		if v := r.text(server); v != "" {
			s.NTP = append(s.NTP, v)
		}
	}
	for i := range maxAccounts {
		if a, ok := r.account(i + 1); ok {
			s.Accounts = append(s.Accounts, r.served(a))
		}
	}
	s.Handsets, s.HandsetLanguage = r.handsets(), r.text("custom.handset.language")
	s.System = r.system()
	s.Keys = r.keys()
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

// either returns the value of the first of several names for one thing.
func (r reader) either(names ...string) string {
	for _, name := range names {
		if v := r.text(name); v != "" {
			return v
		}
	}
	return ""
}

func (r reader) number(names ...string) int {
	n, err := strconv.Atoi(r.either(names...))
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
		return r.number("static.auto_provision.repeat.minutes", "auto_provision.repeat.minutes")
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
		ID:       r.number("static.network.vlan."+port+"_vid", "network.vlan."+port+"_vid"),
		Priority: r.number("static.network.vlan."+port+"_priority", "network.vlan."+port+"_priority"),
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
		Server:      r.either(at+"sip_server.1.address", at+"sip_server_host"),
		Port:        r.number(at+"sip_server.1.port", at+"sip_server_port"),
		Expires:     r.number(at+"sip_server.1.expires", at+"expires"),
		SRTP:        r.number(at+"srtp_encryption") > 0,
		Voicemail:   r.text("voice_mail.number." + strconv.Itoa(index)),
	}
	// A domain other than the server's name stands behind the user.
	a.User, _, _ = strings.Cut(r.text(at+"user_name"), "@")
	switch r.either(at+"sip_server.1.transport_type", at+"transport") {
	case "", "0":
		a.Transport = "UDP"
	case "1":
		a.Transport = "TCP"
	case "2":
		a.Transport = "TLS"
	}
	if r.text(at+"outbound_proxy_enable") == "1" {
		a.OutboundProxy = r.either(at+"outbound_proxy.1.address", at+"outbound_host")
		a.OutboundPort = r.number(at+"outbound_proxy.1.port", at+"outbound_port")
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
			name := codec
			if n, err := strconv.Atoi(codec); err == nil && n <= maxCodecs { // before V81
				name = r.text(prefix + codec + ".payload_type")
			}
			on = append(on, ranked{name, r.number(prefix + codec + ".priority")})
		}
	}
	slices.SortStableFunc(on, func(a, b ranked) int { return cmp.Compare(a.priority, b.priority) })
	var names []string
	for _, c := range on {
		names = append(names, c.name)
	}
	return names
}

// clock reads the offset and the rule of summer time.
func (r reader) clock() *vendor.Clock {
	offset, ok := minutes(r.text("local_time.time_zone"))
	if !ok {
		return nil
	}
	c := &vendor.Clock{Offset: offset}
	if r.text("local_time.summer_time") == "1" && r.text("local_time.dst_time_type") == "1" {
		c.Saving = r.number("local_time.offset_time")
		c.Start, c.End = change(r.text("local_time.start_time")), change(r.text("local_time.end_time"))
	}
	return c
}

// minutes reads an offset such as +5:30, -3 or 0.
func minutes(s string) (int, bool) {
	hours, rest, _ := strings.Cut(strings.TrimLeft(s, "+-"), ":")
	h, err := strconv.Atoi(hours)
	m, errRest := strconv.Atoi(cmp.Or(rest, "0"))
	if err != nil || errRest != nil {
		return 0, false
	}
	if strings.HasPrefix(s, "-") {
		return -(60*h + m), true
	}
	return 60*h + m, true
}

// change reads month/week/weekday/hour, where weekday 7 is Sunday.
func change(s string) vendor.Change {
	var n [4]int
	for i, word := range strings.Split(s, "/") {
		if i < len(n) {
			n[i], _ = strconv.Atoi(word)
		}
	}
	return vendor.Change{Month: n[0], Week: n[1], Weekday: n[2] % 7, Hour: n[3]}
}

// keys returns the line keys, the memory keys behind them and the keys of modules. A
// file of ours names every key that there is, so that the count of line keys says
// which slot the first memory key has.
func (r reader) keys() []vendor.Key {
	var keys []vendor.Key
	lines := 0
	for i := range maxLineKeys {
		at := "linekey." + strconv.Itoa(i+1)
		if _, there := r.c.Lookup(at + ".type"); there {
			lines = i + 1
		}
		keys = r.key(keys, at, 0, i+1)
	}
	for i := range maxMemory {
		keys = r.key(keys, "memorykey."+strconv.Itoa(i+1), 0, lines+i+1)
	}
	for m := range maxModules {
		for i := range maxKeys {
			keys = r.key(keys, "expansion_module."+strconv.Itoa(m+1)+".key."+strconv.Itoa(i+1), m+1, i+1)
		}
	}
	return keys
}

// key appends the key at a name, if it has a function.
func (r reader) key(keys []vendor.Key, at string, module, slot int) []vendor.Key {
	k := vendor.Key{Module: module, Slot: slot, Value: r.text(at + ".value"), Label: r.text(at + ".label")}
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
		return keys
	}
	if k.Kind != "dtmf" && k.Kind != "url" {
		k.Account = r.number(at + ".line")
	}
	return append(keys, k)
}
