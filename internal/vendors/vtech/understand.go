package vtech

import (
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

// Most that any model has.
const (
	maxAccounts = 6
	maxKeys     = 32
	maxCodecs   = 5
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("profile.admin.access_password"),
		UserPassword:    c.Get("profile.user.access_password"),
		ProvisioningURL: c.Get("provisioning.server_address"),
		Language:        c.Get("user_pref.language"),
		TimeZone:        c.Get("time_date.selected_timezone"),
		LLDP:            c.Get("network.lldp_med.enable") == "1",
		WANVLAN:         vlan(c, "wan"),
		PCVLAN:          vlan(c, "pc"),
		DirectoryURL:    c.Get("file.contact.directory.overwrite"),
		FirmwareURL:     c.Get("provisioning.firmware_url"),
	}
	switch days := c.Get("provisioning.weekdays"); {
	case c.Get("provisioning.schedule_mode") == "weekday" && days == "0,1,2,3,4,5,6":
		s.PollMinutes = 24 * 60
	case c.Get("provisioning.schedule_mode") == "interval":
		s.PollMinutes = linefile.Number(c, "provisioning.resync_time")
	}
	if s.TimeZone != "" && c.Get("time_date.daylight_saving_auto_adjust") == "1" {
		s.Clock = &vendor.Clock{Zone: s.TimeZone}
	}
	if v := c.Get("time_date.ntp_server_addr"); v != "" && c.Get("time_date.ntp_server") == "1" {
		s.NTP = []string{v}
	}
	for i := range maxCodecs {
		if codec := c.Get("sip_account.1.codec_priority." + strconv.Itoa(i+1)); codec != "" {
			s.Codecs = append(s.Codecs, codec)
		}
	}
	for i := range maxAccounts {
		if a, ok := account(c, i+1); ok {
			s.Accounts = append(s.Accounts, a)
		}
	}
	for i := range maxKeys {
		if k, ok := key(c, i+1); ok {
			s.Keys = append(s.Keys, k)
		}
	}
	return s
}

func vlan(c *vendor.Config, port string) vendor.VLAN {
	at := "network.vlan." + port + "."
	return linefile.VLAN(c, at+"enable", at+"id", at+"priority")
}

func account(c *vendor.Config, index int) (vendor.Account, bool) {
	at := "sip_account." + strconv.Itoa(index) + "."
	a := vendor.Account{
		Index: index, Label: c.Get(at + "label"), DisplayName: c.Get(at + "display_name"), User: c.Get(at + "user_id"),
		AuthName: c.Get(at + "authentication_name"), Password: c.Get(at + "authentication_access_password"),
		Server: c.Get(at + "primary_registration_server_address"), Port: linefile.Number(c, at+"primary_registration_server_port"),
		Transport: strings.ToUpper(c.Get(at + "transport_mode")), Expires: linefile.Number(c, at+"primary_registration_expires"),
		SRTP: c.Get(at+"voice_encryption_enable") == "1", Voicemail: c.Get(at + "access_code_retrieve_voicemail"),
	}
	if proxy := c.Get(at + "primary_outbound_proxy_server_address"); proxy != "" {
		a.OutboundProxy, a.OutboundPort = proxy, linefile.Number(c, at+"primary_outbound_proxy_server_port")
	}
	return a, c.Get(at+"sip_account_enable") == "1"
}

// key returns a key. A quick dial without a number is a key without a function.
func key(c *vendor.Config, slot int) (vendor.Key, bool) {
	at := "pfk." + strconv.Itoa(slot) + "."
	k := vendor.Key{Slot: slot, Account: linefile.Number(c, at+"account")}
	switch c.Get(at + "feature") {
	case "line":
		k.Kind = "line"
	case "busy lamp field":
		k.Kind, k.Value = "blf", c.Get(at+"blf")
	case "quick dial":
		if k.Value = c.Get(at + "quick_dial"); k.Value != "" {
			k.Kind = "speed_dial"
		}
	}
	return k, k.Kind != ""
}
