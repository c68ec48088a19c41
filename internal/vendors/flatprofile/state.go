package flatprofile

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// The most of each that any phone has.
const (
	maxLines   = 16
	maxKeys    = 40
	maxModules = 3
)

// Understand says what a phone does that has the configuration.
func Understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   first(c, "Admin_Password", "Admin_Passwd", router+"/Web_Login_Admin_Password"),
		UserPassword:    first(c, "User_Password", router+"/Web_Login_Guest_Password"),
		ProvisioningURL: strings.TrimSuffix(c.Get("Profile_Rule"), "$MA.xml"),
		PollMinutes:     number(c.Get("Resync_Periodic")) / 60,
		Language:        first(c, "Phone_Language"),
		Tone:            c.Get("Dial_Tone"),
		TimeZone:        c.Get("Time_Zone"),
		Clock:           clock(c),
		LLDP:            first(c, "Enable_LLDP-MED", router+"/CLDP_Setting/LLDP_ENABLE") == "Yes" || c.Get(router+"/CLDP_Setting/LLDP_ENABLE") == "1",
		DirectoryURL:    c.Get("XML_Directory_Service_URL"),
		FirmwareURL:     c.Get("Upgrade_Rule"),
		Keys:            keys(c),
	}
	if at := c.Get("Resync_At__HHmm_"); at != "" {
		s.PollMinutes = 24 * 60 // Resync_Periodic is then ignored
	}
	for _, name := range []string{"Primary_NTP_Server", "Secondary_NTP_Server", router + "/Time_Setup/Time_Server"} {
		if server := c.Get(name); server != "" {
			s.NTP = append(s.NTP, server)
		}
	}
	vlans(c, &s)
	if c.Get("Phone_Background") == "Download Picture" {
		s.Background = c.Get("Picture_Download_URL")
	}
	if c.Get("Select_Background_Picture") == "BMP Picture" {
		s.Background = c.Get("BMP_Picture_Download_URL")
	}
	s.Codecs = codecs(c)
	for n := 1; n <= maxLines; n++ {
		if c.Get(line("Line_Enable", n)) == "Yes" {
			s.Accounts = append(s.Accounts, account(c, n))
		}
	}
	return s
}

func line(name string, n int) string { return fmt.Sprintf("%s_%d_", name, n) }

// first returns the first of several settings that is there and not empty.
func first(c *vendor.Config, names ...string) string {
	for _, name := range names {
		if v := c.Get(name); v != "" {
			return v
		}
	}
	return ""
}

func account(c *vendor.Config, n int) vendor.Account {
	get := func(name string) string { return c.Get(line(name, n)) }
	a := vendor.Account{
		Index: n, DisplayName: get("Display_Name"), User: get("User_ID"), AuthName: get("Auth_ID"), Password: get("Password"),
		Transport: get("SIP_Transport"), Expires: number(get("Register_Expires")), SRTP: get("Secure_Call_Option") == "Required",
	}
	if a.AuthName == "" || get("Use_Auth_ID") == "No" {
		a.AuthName = a.User
	}
	if a.Transport == "" {
		a.Transport = "UDP"
	}
	a.Server, a.Port = vendor.HostPort(get("Proxy"))
	if get("Use_Outbound_Proxy") != "No" {
		a.OutboundProxy, a.OutboundPort = vendor.HostPort(get("Outbound_Proxy"))
	}
	if a.Port == 0 {
		a.Port = vendor.OwnPort(a.Transport)
	}
	return a
}

// codecs returns account 1's: the three that are preferred, then those that are
// allowed as well. The phones of SPA make allow G.711 always.
func codecs(c *vendor.Config) []string {
	var all []string
	seen := map[string]bool{"": true, "Unspecified": true}
	add := func(codec string) {
		if !seen[codec] {
			seen[codec] = true
			all = append(all, codec)
		}
	}
	for _, rank := range []string{"Preferred_Codec_1_", "Second_Preferred_Codec_1_", "Third_Preferred_Codec_1_"} {
		add(c.Get(rank))
	}
	if len(all) == 0 {
		return nil
	}
	for _, codec := range []string{"iLBC", "OPUS", "G723", "G726-32", "G729a", "G711u", "G711a", "G722"} {
		enabled, told := c.Lookup(codec + "_Enable_1_")
		if enabled == "Yes" || !told && strings.HasPrefix(codec, "G711") {
			add(codec)
		}
	}
	return all
}

func vlans(c *vendor.Config, s *vendor.State) {
	tagged, told := c.Lookup("Enable_VLAN")
	if id := number(c.Get("VLAN_ID")); tagged == "Yes" || !told && id > 1 {
		s.WANVLAN.ID = id
	}
	tagged, told = c.Lookup("Enable_PC_Port_VLAN_Tagging")
	if id := number(c.Get("PC_Port_VLAN_ID")); tagged == "Yes" || !told && id > 1 {
		s.PCVLAN.ID = id
	}
	if c.Get(router+"/WAN_VLAN_Setting/WAN_VLAN_Enable") == "1" {
		s.WANVLAN.ID = number(c.Get(router + "/WAN_VLAN_Setting/WAN_VLAN_ID"))
	}
}

func keys(c *vendor.Config) []vendor.Key {
	var found []vendor.Key
	for slot := 1; slot <= maxKeys; slot++ {
		if k, ok := key(c.Get(line("Extension", slot)), c.Get(line("Extended_Function", slot)), c.Get(line("Short_Name", slot))); ok {
			k.Slot = slot
			found = append(found, k)
		}
	}
	for module := 1; module <= maxModules; module++ {
		for slot := 1; slot <= maxKeys; slot++ {
			unit := func(what, end string) string { return c.Get(fmt.Sprintf("Unit_%d_%s_%d%s", module, what, slot, end)) }
			function := unit("Key", "_")
			if function == "" {
				function = unit("Key", "") // SPA phones
			}
			if k, ok := key(unit("Extension", "_"), function, unit("Short_Name", "_")); ok {
				k.Module, k.Slot = module, slot
				found = append(found, k)
			}
		}
	}
	return found
}

// key reads the extension and the extended function of a key. Ours put sd before blf
// where the number is a place to park calls at.
func key(extension, function, label string) (vendor.Key, bool) {
	if n := number(extension); n > 0 {
		return vendor.Key{Kind: "line", Account: n, Label: label}, true
	}
	fields := make(map[string]string)
	for field := range strings.SplitSeq(function, ";") {
		name, value, _ := strings.Cut(field, "=")
		fields[name] = value
	}
	k := vendor.Key{Account: 1, Label: fields["nme"]}
	number := func(field string) string { return strings.TrimSuffix(fields[field], "@$PROXY") }
	switch fields["fnc"] {
	case "sd":
		k.Kind, k.Value = "speed_dial", number("ext")
	case "blf+sd", "blf+sd+cp":
		k.Kind, k.Value = "blf", number("sub")
	case "sd+blf":
		k.Kind, k.Value = "park", number("sub")
	case "xml":
		k.Kind, k.Value = "url", fields["url"]
	default:
		return vendor.Key{}, false
	}
	return k, true
}

var zone = regexp.MustCompile(`^GMT(?:([+-])(\d\d):(\d\d))?$`)

// clock reads the time zone and the rule of summer time; it returns nil where there
// is none that the phones understand.
func clock(c *vendor.Config) *vendor.Clock {
	m := zone.FindStringSubmatch(c.Get("Time_Zone"))
	if m == nil {
		return nil
	}
	k := &vendor.Clock{Offset: 60*number(m[2]) + number(m[3])}
	if m[1] == "-" {
		k.Offset = -k.Offset
	}
	if c.Get("Daylight_Saving_Time_Enable") != "Yes" {
		return k
	}
	for field := range strings.SplitSeq(c.Get("Daylight_Saving_Time_Rule"), ";") {
		name, value, _ := strings.Cut(field, "=")
		switch name {
		case "start":
			k.Start = change(value)
		case "end":
			k.End = change(value)
		case "save":
			hours, minutes, _ := strings.Cut(value, ":")
			minutes, _, _ = strings.Cut(minutes, ":")
			k.Saving = 60*number(hours) + number(minutes)
		}
	}
	return k
}

// change reads month/day/weekday/h:m:s: the weekday, 1 for Monday, on or after the
// day, or the last one of the month for day -1.
func change(s string) vendor.Change {
	parts := strings.SplitN(s, "/", 4)
	if len(parts) < 4 {
		return vendor.Change{}
	}
	t := strings.Split(parts[3]+":0:0", ":")
	c := vendor.Change{Month: number(parts[0]), Weekday: number(parts[2]) % 7, Hour: number(t[0]), Minute: number(t[1])}
	c.Week = 5
	if day := number(parts[1]); day > 0 {
		c.Week = (day-1)/7 + 1
	}
	return c
}

// number reads a number from 0 up; what is none is 0.
func number(s string) int { return max(0, vendor.Number(s)) }
