package digiumxml

import (
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// maxAccounts bounds the index of an account, from 0 (KB).
const maxAccounts = 6

// maxKeys bounds the keys of a panel.
const maxKeys = 100

// Understand says what a phone with this configuration does.
func Understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("setting.login_password"),
		ProvisioningURL: c.Get("setting.config_server_url"),
		Language:        c.Get("setting.locale"),
		LLDP:            c.Get("setting.network_vlan_discovery_mode") == "LLDP",
		WANVLAN:         vlan(c, "setting.network_vlan_id", "setting.network_vlan_qos"),
		PCVLAN:          vlan(c, "setting.pc_vlan_id", "setting.pc_qos"),
		DirectoryURL:    c.Get("contacts.directory.url"),
		Background:      c.Get("setting.wallpaper_file.url"),
		Keys:            keys(c),
	}
	if zone := c.Get("setting.time_zone"); zone != "" {
		s.TimeZone, s.Clock = zone, &vendor.Clock{Zone: zone}
	}
	if host := c.Get("setting.ntp_server"); host != "" {
		s.NTP = []string{host}
	}
	for i := range maxAccounts {
		if p := "account." + strconv.Itoa(i) + "."; c.Get(p+"status") == "1" {
			s.Accounts = append(s.Accounts, account(c, i+1, p))
		}
	}
	for _, set := range c.Settings() {
		if strings.HasPrefix(set.Name, "firmware.") && strings.HasSuffix(set.Name, ".url") {
			s.FirmwareURL = set.Value
		}
	}
	return s
}

func account(c *vendor.Config, index int, p string) vendor.Account {
	user := c.Get(p + "username")
	return vendor.Account{
		Index:         index,
		Label:         c.Get(p + "line_label"),
		DisplayName:   strings.TrimSuffix(c.Get(p+"caller_id"), " <"+user+">"),
		User:          user,
		AuthName:      c.Get(p + "authname"),
		Password:      c.Get(p + "password"),
		Server:        c.Get(p + "host_primary.server"),
		Port:          number(c.Get(p + "host_primary.port")),
		Transport:     strings.ToUpper(c.Get(p + "host_primary.transport")),
		SRTP:          c.Get(p+"host_primary.media_encryption") == "sdes",
		Expires:       number(c.Get(p + "host_primary.reregister")),
		OutboundProxy: c.Get(p + "outbound_proxy"),
		OutboundPort:  number(c.Get(p + "outbound_port")),
		Voicemail:     c.Get(p + "voicemail"),
	}
}

// keys returns the keys that have a contact: one that is not subscribed to is a speed
// dial, and an action called Park makes it a parking place.
func keys(c *vendor.Config) []vendor.Key {
	var list []vendor.Key
	for _, panel := range []string{"main", "side"} {
		for i := range maxKeys {
			id := c.Get("blf_items.blf_item." + panel + "." + strconv.Itoa(i) + ".contact_id")
			p := "contacts.keys.contact." + id + "."
			dial := c.Get(p + "action.primary.dial")
			if id == "" || dial == "" {
				continue
			}
			k := vendor.Key{Slot: i + 1, Kind: "speed_dial", Value: dial, Label: c.Get(p + "last_name")}
			switch {
			case c.Get(p+"action.primary.label") == "Park":
				k.Kind = "park"
			case c.Get(p+"subscribe_to") != "":
				k.Kind = "blf"
			}
			list = append(list, k)
		}
	}
	return list
}

// vlan reads the tag of a port; 0 stands for none.
func vlan(c *vendor.Config, id, priority string) vendor.VLAN {
	if number(c.Get(id)) == 0 {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: number(c.Get(id)), Priority: number(c.Get(priority))}
}

// number reads a whole number; what is none counts as 0.
func number(s string) int {
	n, _ := strconv.Atoi(s)
	return n
}
