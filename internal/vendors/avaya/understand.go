package avaya

import (
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// firstKey is the place of key 1: the calls of the line have those before it (FP).
const (
	firstKey = 4
	maxKey   = 96
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("FORCE_WEB_ADMIN_PASSWORD"),
		ProvisioningURL: server(c),
		Clock:           clock(c),
		NTP:             list(c.Get("SNTPSRVR")),
		Codecs:          list(c.Get("CODEC_PRIORITY")),
		LLDP:            c.Get("LLDP_ENABLED") == "1",
		DirectoryURL:    c.Get("DOWNLOADABLE_DIRECTORY"),
		Background:      c.Get("BACKGROUND_IMAGE"),
		Keys:            keys(c),
	}
	switch c.Get("AUTOMATIC_UPDATE_POLICY") {
	case "1":
		s.PollMinutes = 24 * 60
	case "2":
		s.PollMinutes = 7 * 24 * 60
	}
	s.FirmwareURL = c.Get("APPNAME")
	if s.FirmwareURL != "" && !strings.Contains(s.FirmwareURL, "://") {
		s.FirmwareURL = s.ProvisioningURL + s.FirmwareURL
	}
	if c.Get("L2Q") == "1" {
		s.WANVLAN = vendor.VLAN{ID: vendor.Number(c.Get("L2QVLAN")), Priority: vendor.Number(c.Get("L2QAUD"))}
	}
	if id := vendor.Number(c.Get("PHY2VLAN")); id != 0 {
		s.PCVLAN = vendor.VLAN{ID: id, Priority: vendor.Number(c.Get("PHY2PRIO"))}
	}
	if c.Get("FORCE_SIP_EXTENSION") != "" {
		s.Accounts = []vendor.Account{account(c)}
	}
	return s
}

// server returns where the phone asks: by HTTPS if it is told a server for that.
func server(c *vendor.Config) string {
	for _, way := range []struct{ prefix, scheme, port string }{{"TLS", "https", "443"}, {"HTTP", "http", "80"}} {
		host := c.Get(way.prefix + "SRVR")
		if host == "" {
			continue
		}
		if port := c.Get(way.prefix + "PORT"); port != "" && port != way.port {
			host = net.JoinHostPort(host, port)
		}
		u := url.URL{Scheme: way.scheme, Host: host, Path: strings.TrimSuffix("/"+strings.Trim(c.Get(way.prefix+"DIR"), "/"), "/") + "/"}
		return u.String()
	}
	return ""
}

// controller is host:port;transport=tls.
var controller = regexp.MustCompile(`^(.+?)(?::([0-9]+))?(?:;transport=(udp|tcp|tls))?$`)

// account reads the one account. A controller that is not the domain is its proxy.
func account(c *vendor.Config) vendor.Account {
	a := vendor.Account{
		Index:       1,
		Label:       c.Get("PRIMARY_LINE_EXTENSION"),
		DisplayName: c.Get("DISPLAY_NAME"),
		User:        c.Get("FORCE_SIP_EXTENSION"),
		AuthName:    c.Get("FORCE_SIP_USERNAME"),
		Password:    c.Get("FORCE_SIP_PASSWORD"),
		Server:      c.Get("SIPDOMAIN"),
		Expires:     vendor.Number(c.Get("REGISTERWAIT")),
		SRTP:        strings.HasPrefix(c.Get("MEDIAENCRYPTION"), "1"),
		Voicemail:   c.Get("PSTN_VM_NUM"),
	}
	m := controller.FindStringSubmatch(c.Get("SIP_CONTROLLER_LIST"))
	if m == nil {
		return a
	}
	a.Transport = strings.ToUpper(m[3])
	if m[1] == a.Server {
		a.Port = vendor.Number(m[2])
	} else {
		a.OutboundProxy, a.OutboundPort = m[1], vendor.Number(m[2])
	}
	return a
}

func list(s string) []string {
	if s == "" {
		return nil
	}
	return strings.Split(s, ",")
}

// keys returns the keys that have a function: Key=4;Type=feature;Name=blf;attr1=…;Label=….
func keys(c *vendor.Config) []vendor.Key {
	var all []vendor.Key
	for n := firstKey; n <= maxKey; n++ {
		parts := make(map[string]string)
		for part := range strings.SplitSeq(c.Get("PHONEKEY."+strconv.Itoa(n)), ";") {
			field, value, _ := strings.Cut(part, "=")
			parts[strings.ToLower(field)] = value
		}
		k := vendor.Key{Slot: n - firstKey + 1, Account: 1, Label: parts["label"], Value: parts["attr1"]}
		switch parts["type"] + " " + parts["name"] {
		case "line primary":
			k.Kind, k.Value = "line", ""
		case "feature blf":
			k.Kind = "blf"
		case "autodial autodial":
			k.Kind = "speed_dial"
		default:
			continue
		}
		all = append(all, k)
	}
	return all
}

// clock reads the offset, +1:00, and the rule of summer time.
func clock(c *vendor.Config) *vendor.Clock {
	hours, minutes, ok := strings.Cut(c.Get("GMTOFFSET"), ":")
	if !ok {
		return nil
	}
	clock := &vendor.Clock{Offset: 60*vendor.Number(strings.TrimLeft(hours, "+-")) + vendor.Number(minutes)}
	if strings.HasPrefix(hours, "-") {
		clock.Offset = -clock.Offset
	}
	if c.Get("DAYLIGHT_SAVING_SETTING_MODE") != "2" {
		return clock
	}
	start, okStart := change(c.Get("DSTSTART"))
	end, okEnd := change(c.Get("DSTSTOP"))
	if !okStart || !okEnd {
		return nil
	}
	clock.Saving, clock.Start, clock.End = 60*vendor.Number(c.Get("DSTOFFSET")), start, end
	return clock
}

// day is odddmmmht: which, day of the week, month, hour and L for local time.
var day = regexp.MustCompile(`^([1-4L])(Sun|Mon|Tue|Wed|Thu|Fri|Sat)(Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec)([0-9])L$`)

func change(s string) (vendor.Change, bool) {
	m := day.FindStringSubmatch(s)
	if m == nil {
		return vendor.Change{}, false
	}
	week := 5
	if m[1] != "L" {
		week = vendor.Number(m[1])
	}
	return vendor.Change{
		Month: 1 + slices.Index(strings.Fields("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"), m[3]), Week: week,
		Weekday: slices.Index(strings.Fields("Sun Mon Tue Wed Thu Fri Sat"), m[2]), Hour: vendor.Number(m[4]),
	}, true
}
