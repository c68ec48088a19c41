package audiocodes

import (
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	maxLines  = 8
	maxCodecs = 6
)

// understand says what a phone with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword:   c.Get("system/password"),
		UserPassword:    c.Get("system/web_user_password"),
		ProvisioningURL: strings.TrimSuffix(c.Get("provisioning/configuration/url"), "<MAC>.cfg"),
		PollMinutes:     poll(c),
		Language:        c.Get("personal_settings/language"),
		Tone:            c.Get("voip/regional_settings/selected_country"),
		Clock:           clock(c),
		LLDP:            c.Get("network/lan/vlan/mode") == "LLDP",
		FirmwareURL:     c.Get("provisioning/firmware/url"),
	}
	for _, p := range []string{"system/ntp/primary_server_address", "system/ntp/secondary_server_address"} {
		if host := c.Get(p); host != "" {
			s.NTP = append(s.NTP, host)
		}
	}
	for i := range maxLines {
		if p := "voip/line/" + strconv.Itoa(i) + "/"; c.Get(p+"enabled") == "1" {
			s.Accounts = append(s.Accounts, account(c, i+1, p))
		}
	}
	for i := range maxCodecs {
		p := "voip/codec/codec_info/" + strconv.Itoa(i) + "/"
		if c.Get(p+"enabled") == "1" {
			s.Codecs = append(s.Codecs, c.Get(p+"name"))
		}
	}
	if c.Get("network/lan/vlan/mode") == "Manual" {
		s.WANVLAN = vendor.VLAN{ID: vendor.Number(c.Get("network/lan/vlan/id")), Priority: vendor.Number(c.Get("network/lan/vlan/priority"))}
	}
	return s
}

// account reads a line; server and proxy are those of all lines.
func account(c *vendor.Config, index int, p string) vendor.Account {
	const sip = "voip/signalling/sip/"
	a := vendor.Account{
		Index:       index,
		Label:       c.Get(p + "extension_display"),
		DisplayName: c.Get(p + "description"),
		User:        c.Get(p + "id"),
		AuthName:    c.Get(p + "auth_name"),
		Password:    c.Get(p + "auth_password"),
		Server:      c.Get(sip + "proxy_address"),
		Port:        vendor.Number(c.Get(sip + "proxy_port")),
		Transport:   c.Get(sip + "transport_protocol"),
		Expires:     vendor.Number(c.Get(sip + "proxy_timeout")),
		Voicemail:   c.Get("voip/services/msg_waiting_ind/voice_mail_number"),
	}
	if c.Get(sip+"sip_outbound_proxy/enabled") == "1" {
		a.OutboundProxy, a.OutboundPort = c.Get(sip+"sip_outbound_proxy/addr"), vendor.Number(c.Get(sip+"sip_outbound_proxy/port"))
	}
	return a
}

// poll returns the minutes between two looks; 0 where the phone looks only when it
// starts.
func poll(c *vendor.Config) int {
	switch c.Get("provisioning/period/type") {
	case "every5minutes":
		return 5
	case "every15minutes":
		return 15
	case "hourly":
		return 60 * vendor.Number(c.Get("provisioning/period/hourly/hours_interval"))
	case "daily":
		return 24 * 60
	}
	return 0
}

// clock reads the offset, +02:00, and the rule of summer time, which knows the hours 0
// to 23.
func clock(c *vendor.Config) *vendor.Clock {
	hours, minutes, ok := strings.Cut(c.Get("system/ntp/gmt_offset"), ":")
	if !ok {
		return nil
	}
	clock := &vendor.Clock{Offset: 60*vendor.Number(strings.TrimLeft(hours, "+-")) + vendor.Number(minutes)}
	if strings.HasPrefix(hours, "-") {
		clock.Offset = -clock.Offset
	}
	if c.Get("system/daylight_saving/activate") == "ENABLE" && c.Get("system/daylight_saving/mode") == "DayOfWeek" {
		clock.Saving = vendor.Number(c.Get("system/daylight_saving/offset"))
		clock.Start, clock.End = change(c, "start_date"), change(c, "end_date")
		if clock.Start.Hour > 23 || clock.End.Hour > 23 {
			return nil
		}
	}
	return clock
}

var weekdays = []string{"SUNDAY", "MONDAY", "TUESDAY", "WEDNESDAY", "THURSDAY", "FRIDAY", "SATURDAY"}

func change(c *vendor.Config, which string) vendor.Change {
	p := "system/daylight_saving/" + which + "/"
	return vendor.Change{
		Month: vendor.Number(c.Get(p + "month")), Week: vendor.Number(c.Get(p + "week")), Weekday: slices.Index(weekdays, c.Get(p+"day_of_week")),
		Hour: vendor.Number(c.Get(p + "hour")), Minute: vendor.Number(c.Get(p + "minute")),
	}
}
