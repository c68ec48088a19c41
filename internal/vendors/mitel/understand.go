package mitel

import (
	"fmt"
	"net"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Most that any model has.
const (
	maxAccounts  = 24
	maxKeys      = 84 // of a kind
	maxModules   = 3
	maxRingtones = 8
)

// off is the address that switches a server off.
const off = "0.0.0.0"

// untagged is the VLAN of a port whose frames carry no tag.
const untagged = 4095

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	r := reader{c}
	s := vendor.State{
		AdminPassword: c.Get("admin password"), UserPassword: c.Get("user password"),
		ProvisioningURL: r.server(), PollMinutes: r.poll(),
		Language: c.Get("language"), Tone: c.Get("tone set"), Clock: r.clock(), Codecs: r.codecs(),
		LLDP:         c.Get("lldp") == "1",
		DirectoryURL: c.Get("directory script"), FirmwareURL: c.Get("firmware server"), Background: c.Get("background image"),
		Keys: r.keys(),
	}
	if c.Get("tagging enabled") == "1" {
		s.WANVLAN = r.vlan("vlan id", "priority non-ip")
		s.PCVLAN = r.vlan("vlan id port 1", "QoS eth port 1 priority")
	}
	if c.Get("time server disabled") == "0" {
		for _, name := range []string{"time server1", "time server2", "time server3"} {
			if v := c.Get(name); v != "" {
				s.NTP = append(s.NTP, v)
			}
		}
	}
	for i := range maxAccounts {
		if a, ok := r.account(i + 1); ok {
			s.Accounts = append(s.Accounts, a)
		}
	}
	for i := range maxRingtones {
		if v := c.Get("custom ringtone " + strconv.Itoa(i+1)); v != "" {
			s.Ringtones = append(s.Ringtones, v)
		}
	}
	return s
}

type reader struct{ *vendor.Config }

func (r reader) number(name string) int { return vendor.Number(r.Get(name)) }

// server returns the address of the configuration server with a trailing slash.
func (r reader) server() string {
	scheme := strings.ToLower(r.Get("download protocol"))
	usual := map[string]int{"http": 80, "https": 443}[scheme]
	host := r.Get(scheme + " server")
	if usual == 0 || host == "" {
		return ""
	}
	if port := r.number(scheme + " port"); port != 0 && port != usual {
		host = net.JoinHostPort(host, strconv.Itoa(port))
	}
	folder := strings.Trim(r.Get(scheme+" path"), "/")
	if folder != "" {
		folder += "/"
	}
	return scheme + "://" + host + "/" + folder
}

// poll returns the minutes between two looks: one a day, or one every so many days.
func (r reader) poll() int {
	if mode := r.Get("auto resync mode"); mode != "1" && mode != "3" {
		return 0
	}
	return max(1, r.number("auto resync days")) * 24 * 60
}

func (r reader) vlan(id, priority string) vendor.VLAN {
	if n := r.number(id); n != 0 && n != untagged {
		return vendor.VLAN{ID: n, Priority: r.number(priority)}
	}
	return vendor.VLAN{}
}

// clock reads a zone of the phone's own making; minutes count west of UTC.
func (r reader) clock() *vendor.Clock {
	if r.Get("time zone name") != "Custom" {
		return nil
	}
	clock := &vendor.Clock{Offset: -r.number("time zone minutes")}
	if r.Get("dst config") == "3" && r.Get("dst [start|end] relative date") == "1" {
		clock.Saving = r.number("dst minutes")
		clock.Start, clock.End = r.change("start"), r.change("end")
	}
	return clock
}

func (r reader) change(which string) vendor.Change {
	at := "dst " + which + " "
	c := vendor.Change{Month: r.number(at + "month"), Week: r.number(at + "week"), Weekday: r.number(at+"day") - 1, Hour: r.number(at + "hour")}
	if c.Week == -1 {
		c.Week = 5
	}
	return c
}

func (r reader) account(n int) (vendor.Account, bool) {
	at := "sip line" + strconv.Itoa(n) + " "
	server := func(name string) string {
		if v := r.Get(at + name); v != off {
			return v
		}
		return ""
	}
	a := vendor.Account{
		Index: n, Label: r.Get(at + "screen name"), DisplayName: r.Get(at + "display name"),
		User: r.Get(at + "user name"), AuthName: r.Get(at + "auth name"), Password: r.Get(at + "password"),
		Server: server("registrar ip"), Port: r.number(at + "registrar port"),
		OutboundProxy: server("outbound proxy"), OutboundPort: r.number(at + "outbound proxy port"),
		Expires: r.number(at + "registration period"), SRTP: r.number(at+"srtp mode") > 0, Voicemail: r.Get(at + "vmail"),
		Transport: map[string]string{"": "UDP", "1": "UDP", "2": "TCP", "4": "TLS"}[r.Get("sip transport protocol")],
	}
	return a, a.User != "" && a.Server != ""
}

// codecs returns the payloads of the preference list, best first.
func (r reader) codecs() []string {
	var payloads []string
	for codec := range strings.SplitSeq(r.Get("sip customized codec"), ",") {
		for attribute := range strings.SplitSeq(codec, ";") {
			if payload, ok := strings.CutPrefix(attribute, "payload="); ok {
				payloads = append(payloads, payload)
			}
		}
	}
	return payloads
}

// kinds are the neutral names of the types of a key.
var kinds = map[string]string{"line": "line", "blf": "blf", "speeddial": "speed_dial", "park": "park", "xml": "url"}

// keys returns the keys: programmable ones first, then the softkeys at the top,
// then those at the bottom, then the modules'. A file of ours names every key that
// there is, so that the count of one sort says where the next begins.
func (r reader) keys() []vendor.Key {
	var keys []vendor.Key
	slot := 0
	for _, sort := range []string{"prgkey", "topsoftkey", "softkey"} {
		for i := range maxKeys {
			at := sort + strconv.Itoa(i+1)
			if _, there := r.Lookup(at + " type"); !there {
				break
			}
			slot++
			keys = r.key(keys, at, 0, slot)
		}
	}
	for m := range maxModules {
		for i := range maxKeys {
			keys = r.key(keys, fmt.Sprintf("expmod%d key%d", m+1, i+1), m+1, i+1)
		}
	}
	return keys
}

// key appends the key at a name, if it has a function.
func (r reader) key(keys []vendor.Key, at string, module, slot int) []vendor.Key {
	kind := kinds[r.Get(at+" type")]
	if kind == "" {
		return keys
	}
	k := vendor.Key{Module: module, Slot: slot, Kind: kind, Account: r.number(at + " line"), Label: r.Get(at + " label")}
	if kind != "line" {
		k.Value = strings.TrimPrefix(r.Get(at+" value"), "asterisk;")
	}
	return append(keys, k)
}
