package grandstream

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// understand says what a phone with these settings does. It reads the key modes
// that the templates write: GXP21xx numbers the modes of fixed and of other
// virtual keys differently, and a file does not say which key is which.
func understand(c *vendor.Config) vendor.State {
	if all := c.Settings(); len(all) > 0 && strings.Contains(all[0].Name, ".") {
		return understandAliases(c)
	}
	s := vendor.State{
		AdminPassword:   c.Get("P2"),
		UserPassword:    c.Get("P196"),
		ProvisioningURL: address(schemes[c.Get("P212")], c.Get("P237")),
		PollMinutes:     pollMinutes(c),
		Language:        c.Get("P1362"),
		Tone:            dialTone(c),
		LLDP:            c.Get("P1684") == "1",
		WANVLAN:         vlan(c, "P51", "P87", "P5038"),
		PCVLAN:          vlan(c, "P229", "P230"),
		Keys:            keys(c),
		FirmwareURL:     address(schemes[cmp.Or(c.Get("P6767"), c.Get("P212"))], c.Get("P192")),
		Handsets:        handsets(c),
	}
	if zone := c.Get("P64"); zone == "customize" {
		s.Clock = posixClock(c.Get("P246"))
	} else {
		s.TimeZone, s.Clock = zone, posixClock(zone)
	}
	if book := address(map[string]string{"1": "http", "3": "https"}[c.Get("P330")], c.Get("P331")); book != "" {
		s.DirectoryURL = book + phoneBook
	}
	if c.Get("P2916") == "1" {
		s.Background = c.Get("P2917")
	}
	for _, name := range []string{"P30", "P8333"} {
		if host := c.Get(name); host != "" {
			s.NTP = append(s.NTP, host)
		}
	}
	for i, p := range accounts(c) {
		if c.Get(p.active) != "1" {
			continue
		}
		if i == 0 {
			s.Codecs = codecs(c, p.codecs)
		}
		s.Accounts = append(s.Accounts, account(c, i+1, p))
	}
	return s
}

// phoneBook is the name of the file that phones add to their phone book's address.
const phoneBook = "phonebook.xml"

// schemes are the numbers of protocols in P212 and P6767.
var schemes = map[string]string{"0": "tftp", "1": "http", "2": "https", "3": "ftp", "4": "ftps"}

const (
	maxAccounts = 6
	maxPorts    = 10
)

// accountP names the P-values of one account.
type accountP struct {
	active, name, server, outbound        string
	user, authName, password, displayName string
	voicemail, transport, expires, srtp   string
	codecs                                []string // best first
}

// accounts returns the P-values of all accounts that a device of this sort may
// have. A phone has up to six; a door phone one, as a phone's second; the ports of
// the smaller adapters have two accounts, those of the larger ones, and DECT bases, a
// profile and numbers of their own.
func accounts(c *vendor.Config) []accountP {
	switch {
	case has(c, "P4060"):
		var ports []accountP
		for i := range maxPorts {
			p := accountValues(1, 0)
			p.name, p.voicemail = "", "P27680"
			p.active, p.user, p.authName, p.password, p.displayName = pName(4595+i), pName(4060+i), pName(4090+i), pName(4120+i), pName(4180+i)
			ports = append(ports, p)
		}
		return ports
	case has(c, "P747"):
		return []accountP{accountValues(1, 0), {
			active: "P401", server: "P747", outbound: "P748",
			user: "P735", authName: "P736", password: "P734", displayName: "P703",
			transport: "P830", expires: "P732", srtp: "P443",
		}}
	case has(c, "P404") && !has(c, "P271"):
		p := accountValues(2, 0)
		p.active, p.srtp = "P5006", "P8443" // a door phone's account is always on, as its clock is
		p.codecs, p.voicemail = nil, ""
		return []accountP{p}
	}
	far := 1000
	if has(c, "P701") {
		far = 0
	}
	all := make([]accountP, 0, maxAccounts)
	for i := range maxAccounts {
		all = append(all, accountValues(i+1, far))
	}
	return all
}

// accountValues returns the P-values of account i. Account 1 has its own; those
// of accounts 2–4 are in the four hundreds to six hundreds, those of 5 and 6 in the
// seven and eight hundreds and far beyond them.
func accountValues(i, far int) accountP {
	if i == 1 {
		return accountP{
			active: "P271", name: "P270", server: "P47", outbound: "P48",
			user: "P35", authName: "P36", password: "P34", displayName: "P3",
			voicemail: "P33", transport: "P130", expires: "P32", srtp: "P183",
			codecs: []string{"P57", "P58", "P59", "P60", "P61", "P62", "P46", "P98"},
		}
	}
	base := 200 + 100*i + far*(i/5)
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
		Expires:     60 * vendor.Number(c.Get(p.expires)),
		SRTP:        vendor.Number(c.Get(p.srtp)) > 0,
		Voicemail:   c.Get(p.voicemail),
		Transport:   map[string]string{"0": "UDP", "1": "TCP", "2": "TLS"}[c.Get(p.transport)],
	}
	a.Server, a.Port = vendor.HostPort(c.Get(p.server))
	a.OutboundProxy, a.OutboundPort = vendor.HostPort(c.Get(p.outbound))
	return a
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

// address returns the URL of a folder that phones are told as a scheme and a path
// with the host, or "" if either is missing or a browser would not understand it.
func address(scheme, path string) string {
	if scheme == "" || path == "" {
		return ""
	}
	u, err := url.Parse(scheme + "://" + path)
	if err != nil || u.Host == "" {
		return ""
	}
	return strings.TrimSuffix(u.String(), "/") + "/"
}

// pollMinutes reads the automatic upgrade: off, every so many minutes, daily or
// weekly. The DP715 counts them otherwise.
func pollMinutes(c *vendor.Config) int {
	mode := c.Get("P194")
	if isDP715(c) {
		mode = map[string]string{"1": "2", "2": "3", "3": "1"}[mode]
	}
	switch mode {
	case "1":
		return vendor.Number(c.Get("P193"))
	case "2":
		return 24 * 60
	case "3":
		return 7 * 24 * 60
	}
	return 0
}

// vlan reads a tag, and its priority from the first name that is set.
func vlan(c *vendor.Config, id string, priorities ...string) vendor.VLAN {
	v := vendor.VLAN{ID: vendor.Number(c.Get(id))}
	for _, name := range priorities {
		if p, ok := c.Lookup(name); ok && v.ID > 0 {
			v.Priority = vendor.Number(p)
			break
		}
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
			Account: 1 + vendor.Number(c.Get(p.account)),
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
