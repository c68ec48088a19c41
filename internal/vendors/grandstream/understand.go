package grandstream

import (
	"net"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// understand says what a phone with these P-values does. It reads the key modes
// that the templates write: GXP21xx numbers the modes of fixed and of other
// virtual keys differently, and a file does not say which key is which.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("P2"),
		UserPassword:    c.Get("P196"),
		ProvisioningURL: configServer(c),
		PollMinutes:     pollMinutes(c),
		Language:        c.Get("P1362"),
		TimeZone:        c.Get("P64"),
		Tone:            c.Get("P343"),
		LLDP:            c.Get("P1684") == "1",
		WANVLAN:         vlan(c, "P51", "P87"),
		PCVLAN:          vlan(c, "P229", "P230"),
		Keys:            keys(c),
	}
	for _, name := range []string{"P30", "P8333"} {
		if host := c.Get(name); host != "" {
			s.NTP = append(s.NTP, host)
		}
	}
	for i := 1; i <= maxAccounts; i++ {
		p := accountValues(i)
		if c.Get(p.active) != "1" {
			continue
		}
		if i == 1 {
			s.Codecs = codecs(c, p.codecs)
		}
		s.Accounts = append(s.Accounts, account(c, i, p))
	}
	return s
}

const maxAccounts = 6

// accountP names the P-values of one account.
type accountP struct {
	active, name, server, outbound        string
	user, authName, password, displayName string
	voicemail, transport, expires, srtp   string
	codecs                                []string // best first
}

// accountValues returns the P-values of account i. Account 1 has its own; those
// of accounts 2–4 are in the four hundreds to six hundreds, those of 5 and 6 from
// 1700 and 1800 on.
func accountValues(i int) accountP {
	if i == 1 {
		return accountP{
			active: "P271", name: "P270", server: "P47", outbound: "P48",
			user: "P35", authName: "P36", password: "P34", displayName: "P3",
			voicemail: "P33", transport: "P130", expires: "P32", srtp: "P183",
			codecs: []string{"P57", "P58", "P59", "P60", "P61", "P62", "P46", "P98"},
		}
	}
	base := 200 + 100*i + 1000*(i/5)
	p := func(n int) string { return pName(base + n) }
	a := accountP{
		active: p(1), name: p(17), server: p(2), outbound: p(3),
		user: p(4), authName: p(5), password: p(6), displayName: p(7),
		voicemail: p(26), transport: p(48), expires: p(12), srtp: p(43),
	}
	for n := 51; n <= 58; n++ {
		a.codecs = append(a.codecs, p(n))
	}
	return a
}

func pName(n int) string { return "P" + strconv.Itoa(n) }

func account(c *vendor.Config, i int, p accountP) vendor.Account {
	a := vendor.Account{
		Index:       i,
		Label:       c.Get(p.name),
		DisplayName: c.Get(p.displayName),
		User:        c.Get(p.user),
		AuthName:    c.Get(p.authName),
		Password:    c.Get(p.password),
		Expires:     60 * number(c.Get(p.expires)),
		SRTP:        number(c.Get(p.srtp)) > 0,
		Voicemail:   c.Get(p.voicemail),
		Transport:   map[string]string{"0": "UDP", "1": "TCP", "2": "TLS"}[c.Get(p.transport)],
	}
	a.Server, a.Port = hostPort(c.Get(p.server))
	a.OutboundProxy, a.OutboundPort = hostPort(c.Get(p.outbound))
	return a
}

// hostPort takes a host and the port that may follow it apart. An IPv6 address
// with a port stands in brackets.
func hostPort(s string) (string, int) {
	host, port, err := net.SplitHostPort(s)
	if err != nil {
		return strings.TrimSuffix(strings.TrimPrefix(s, "["), "]"), 0
	}
	return host, number(port)
}

// number reads a whole number; what is none counts as 0.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}

// codecs returns the codecs of the choices, each once. Phones have no empty
// choice: the templates fill the rest up with the first codec.
func codecs(c *vendor.Config, choices []string) []string {
	var list []string
	seen := make(map[string]bool)
	for _, name := range choices {
		if v, ok := c.Lookup(name); ok && v != "" && !seen[v] {
			seen[v] = true
			list = append(list, v)
		}
	}
	return list
}

// configServer returns the URL of the config server, or "" if the file does not
// set one that a browser would understand.
func configServer(c *vendor.Config) string {
	path := c.Get("P237")
	scheme, ok := map[string]string{"0": "tftp", "1": "http", "2": "https", "3": "ftp", "4": "ftps"}[c.Get("P212")]
	if path == "" || !ok {
		return ""
	}
	u, err := url.Parse(scheme + "://" + path)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.TrimSuffix(u.String(), "/") + "/"
}

// pollMinutes reads the automatic upgrade: off, every so many minutes, daily or
// weekly.
func pollMinutes(c *vendor.Config) int {
	switch c.Get("P194") {
	case "1":
		return number(c.Get("P193"))
	case "2":
		return 24 * 60
	case "3":
		return 7 * 24 * 60
	}
	return 0
}

func vlan(c *vendor.Config, id, priority string) vendor.VLAN {
	v := vendor.VLAN{ID: number(c.Get(id))}
	if v.ID > 0 {
		v.Priority = number(c.Get(priority))
	}
	return v
}

// extensionKeys is how many keys a GXP2200EXT or GBX20 has on its two pages.
const (
	extensionKeys = 40
	extensions    = 4
)

// keyP names the P-values of one key.
type keyP struct{ mode, account, label, value string }

// virtualKey returns the P-values of virtual multi-purpose key n, from 1.
func virtualKey(n int) keyP {
	if n <= 6 {
		return keyP{pName(1361 + 2*n), pName(1362 + 2*n), pName(1463 + 2*n), pName(1464 + 2*n)}
	}
	return fourFrom(23800 + 4*(n-7))
}

// physicalKey returns the P-values of physical multi-purpose key n, from 1.
func physicalKey(n int) keyP {
	switch {
	case n <= 7:
		return keyP{pName(322 + n), pName(298 + 3*n), pName(299 + 3*n), pName(300 + 3*n)}
	case n <= 18:
		return fourFrom(353 + 4*(n-8))
	}
	return fourFrom(1440 + 4*(n-19))
}

// extensionKey returns the P-values of key n, from 1, over all modules.
func extensionKey(n int) keyP { return fourFrom(23000 + 5*(n-1)) }

func fourFrom(n int) keyP { return keyP{pName(n), pName(n + 1), pName(n + 2), pName(n + 3)} }

// Numbers of keys that have P-values.
const (
	virtualKeys  = 48
	physicalKeys = 24
)

// keys returns the keys of the phone, virtual ones before physical ones, and
// those of its modules.
func keys(c *vendor.Config) []vendor.Key {
	var list []vendor.Key
	add := func(module, slot int, p keyP, canBeLine bool) {
		k := vendor.Key{
			Module:  module,
			Slot:    slot,
			Account: 1 + number(c.Get(p.account)),
			Value:   c.Get(p.value),
			Label:   c.Get(p.label),
		}
		k.Kind = keyKind(c.Get(p.mode), k.Value, canBeLine)
		if k.Kind == "dtmf" {
			k.Account = 0
		}
		if k.Kind != "" {
			list = append(list, k)
		}
	}
	virtual := 0
	for n := 1; n <= virtualKeys; n++ {
		if p := virtualKey(n); c.Get(p.mode) != "" {
			add(0, n, p, true)
			virtual = n
		}
	}
	for n := 1; n <= physicalKeys; n++ {
		add(0, virtual+n, physicalKey(n), false)
	}
	for n := range extensionKeys * extensions {
		add(1+n/extensionKeys, 1+n%extensionKeys, extensionKey(n+1), false)
	}
	return list
}

// keyKind names the mode of a key, or returns "" for one without a function. All
// but lines need a value.
func keyKind(mode, value string, canBeLine bool) string {
	kind := map[string]string{
		"0": "speed_dial", "1": "blf", "5": "dtmf", "9": "park",
		"10": "speed_dial", "11": "blf", "15": "dtmf", "19": "park", // fixed keys of GXP
		"speeddial": "speed_dial", "blf": "blf", "dialdtmf": "dtmf", "callpark": "park",
	}[strings.ToLower(mode)]
	switch {
	case value != "":
		return kind
	case canBeLine && slices.Contains([]string{"0", "31", "line", "default"}, strings.ToLower(mode)):
		return "line"
	}
	return ""
}
