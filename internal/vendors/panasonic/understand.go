package panasonic

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// standardPath is where the phone finds its own file.
const standardPath = "CFG_STANDARD_FILE_PATH"

// Numbers of things that have parameters.
const (
	maxAccounts = 16
	maxHandsets = 8
	maxKeys     = 24
	moduleKeys  = 40
)

// understand says what a phone with these parameters does.
func understand(c *vendor.Config) vendor.State {
	path := c.Get(standardPath)
	s := vendor.State{
		AdminPassword:   c.Get("ADMIN_PASS"),
		UserPassword:    c.Get("USER_PASS"),
		ProvisioningURL: path[:strings.LastIndexByte(path, '/')+1],
		PollMinutes:     pollMinutes(c),
		Language:        c.Get("DEFAULT_LANGUAGE"),
		Clock:           clock(c),
		LLDP:            on(c, "LLDP_ENABLE"),
		WANVLAN:         vlan(c, "IP_PHONE"),
		PCVLAN:          vlan(c, "PC"),
		Keys:            keys(c),
		Handsets:        handsets(c),
	}
	if host := c.Get("NTP_ADDR"); host != "" {
		s.NTP = []string{host}
	}
	if on(c, "FIRM_UPGRADE_ENABLE") {
		s.FirmwareURL = c.Get("FIRM_FILE_PATH")
	}
	for i := 1; i <= maxAccounts; i++ {
		n := "_" + strconv.Itoa(i)
		if !enabled(c, n) {
			continue
		}
		if i == 1 {
			s.Codecs = codecs(c, n)
		}
		s.Accounts = append(s.Accounts, account(c, i, n))
	}
	return s
}

// enabled says whether a line is in use: on a base, where it has a number.
func enabled(c *vendor.Config, n string) bool {
	if word, ok := c.Lookup("LINE_ENABLE" + n); ok {
		return word == "Enabled"
	}
	return c.Get("PHONE_NUMBER"+n) != ""
}

// handsets returns the handsets of a base that call by a line in use which rings them.
func handsets(c *vendor.Config) []vendor.Handset {
	var list []vendor.Handset
	for h := 1; h <= maxHandsets; h++ {
		lines := strings.Split(c.Get("DEFAULT_LINE_SELECT_HS"+strconv.Itoa(h)), ",")
		line := 1 + slices.Index(lines, "1")
		n := "_" + strconv.Itoa(line)
		if rings := strings.Split(c.Get("INCOMING_CALL_GROUP"+n), ","); line > 0 && enabled(c, n) && h <= len(rings) && rings[h-1] == "1" {
			list = append(list, vendor.Handset{Index: h, Account: line})
		}
	}
	return list
}

func account(c *vendor.Config, i int, n string) vendor.Account {
	a := vendor.Account{
		Index:         i,
		DisplayName:   c.Get("DISPLAY_NAME" + n),
		User:          cmp.Or(c.Get("SIP_URI"+n), c.Get("PHONE_NUMBER"+n)),
		AuthName:      c.Get("SIP_AUTHID" + n),
		Password:      c.Get("SIP_PASS" + n),
		Server:        c.Get("SIP_RGSTR_ADDR" + n),
		Port:          vendor.Number(c.Get("SIP_RGSTR_PORT" + n)),
		Transport:     map[string]string{"0": "UDP", "1": "TCP", "2": "TLS"}[c.Get("SIP_TRANSPORT"+n)],
		OutboundProxy: c.Get("SIP_OUTPROXY_ADDR" + n),
		Expires:       vendor.Number(c.Get("REG_EXPIRE_TIME" + n)),
		SRTP:          c.Get("SRTP_CONNECT_MODE"+n) == "0",
		Voicemail:     c.Get("VM_NUMBER" + n),
	}
	if a.OutboundProxy != "" {
		a.OutboundPort = vendor.Number(c.Get("SIP_OUTPROXY_PORT" + n))
	}
	return a
}

// codecs returns the numbers of an account's codecs that are on, by priority, or the
// names of a base's in its order.
func codecs(c *vendor.Config, n string) []string {
	var list []string
	for x := range 5 {
		if name := c.Get(fmt.Sprintf("SDP_CODEC%d%s", x, n)); name != "" {
			list = append(list, name)
		}
	}
	if len(list) > 0 {
		return list
	}
	priority := make(map[string]int)
	for _, x := range []string{"0", "1", "3", "4"} {
		if on(c, "CODEC_ENABLE"+x+n) {
			list = append(list, x)
			priority[x] = vendor.Number(c.Get("CODEC_PRIORITY" + x + n))
		}
	}
	slices.SortStableFunc(list, func(a, b string) int { return priority[a] - priority[b] })
	return list
}

// pollMinutes reads how often the phone fetches: once a day at a time of its own, or
// in cycles.
func pollMinutes(c *vendor.Config) int {
	switch {
	case c.Get("CFG_RESYNC_TIME") != "":
		return 24 * 60
	case on(c, "CFG_CYCLIC"):
		return vendor.Number(c.Get("CFG_CYCLIC_INTVL"))
	}
	return 0
}

func clock(c *vendor.Config) *vendor.Clock {
	zone, ok := c.Lookup("TIME_ZONE")
	if !ok {
		return nil
	}
	clock := &vendor.Clock{Offset: vendor.Number(zone)}
	if on(c, "DST_ENABLE") {
		clock.Saving = vendor.Number(c.Get("DST_OFFSET"))
		clock.Start, clock.End = change(c, "DST_START_"), change(c, "DST_STOP_")
	}
	return clock
}

func change(c *vendor.Config, p string) vendor.Change {
	minutes := vendor.Number(c.Get(p + "TIME"))
	return vendor.Change{
		Month: vendor.Number(c.Get(p + "MONTH")), Week: vendor.Number(c.Get(p + "ORDINAL_DAY")), Weekday: vendor.Number(c.Get(p + "DAY_OF_WEEK")),
		Hour: minutes / 60, Minute: minutes % 60,
	}
}

// vlan reads the tag of a port. One of 1 for the PC is the default of a phone that
// tags its own frames only.
func vlan(c *vendor.Config, port string) vendor.VLAN {
	id := vendor.Number(c.Get("VLAN_ID_" + port))
	if !on(c, "VLAN_ENABLE") || port == "PC" && id == 1 {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: id, Priority: vendor.Number(c.Get("VLAN_PRI_" + port))}
}

// kinds are the functions of a key, in the words of KX-HDV and KX-UT.
var kinds = map[string]string{
	"X_PANASONIC_IPTEL_LINE": "line", "X_PANASONIC_IPTEL_DN": "line",
	"X_PANASONIC_IPTEL_BLF": "blf", "X_PANASONIC_IPTEL_CONTACT": "blf",
	"X_PANASONIC_IPTEL_ONETOUCH": "speed_dial",
}

// keys returns the keys of the phone that have a function, and those of its module.
func keys(c *vendor.Config) []vendor.Key {
	var list []vendor.Key
	for module, p := range []string{"FLEX_BUTTON_", "DSS_BUTTON_"} {
		for slot := 1; slot <= max(maxKeys, module*moduleKeys); slot++ {
			n := strconv.Itoa(slot)
			k := vendor.Key{Module: module, Slot: slot, Kind: kinds[c.Get(p+"FACILITY_ACT"+n)], Label: c.Get(p + "LABEL" + n)}
			switch k.Kind {
			case "":
				continue
			case "line":
				k.Account = vendor.Number(c.Get(p + "FACILITY_ARG" + n))
			case "blf":
				k.Value = c.Get(p + "FACILITY_ARG" + n)
			case "speed_dial":
				k.Value = c.Get(p + "QUICK_DIAL" + n)
			}
			list = append(list, k)
		}
	}
	return list
}

func on(c *vendor.Config, param string) bool { return c.Get(param) == "Y" }
