package snom

import (
	_ "embed" // parameters-dect.txt
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

//go:embed parameters-dect.txt
var dectParameters string

// bases are the DECT bases that have a template.
var bases = []string{"M300", "M400", "M700", "M900"}

func isBase(model string) bool { return slices.Contains(bases, model) }

// maxExtensions is the most that a multi-cell system has.
const maxExtensions = 1000

// chains is what Dialplane adds to the number of a multi-cell system to make the id
// of its chain, which must be no extension.
const chains = 64000

// understandBase says what a DECT base does that has the configuration.
func understandBase(c *vendor.Config) vendor.State {
	s := vendor.State{
		HandsetLanguage: c.Get("language"), Language: c.Get("web_language"),
		AdminPassword: c.Get("http_pass"), UserPassword: c.Get("http_basic_pass"),
		ProvisioningURL: folder(c.Get("setting_server")),
		TimeZone:        c.Get("timezone"), Tone: c.Get("tone_scheme"),
	}
	if c.Get("auto_resync_polling") == "enabled" {
		s.PollMinutes = vendor.Number(c.Get("auto_resync_period"))
	}
	if ntp := c.Get("ntp_server"); ntp != "" {
		s.NTP = []string{ntp}
	}
	if zone, ok := codes[s.TimeZone]; ok && c.Get("timezone_by_country_region") == "off" {
		s.Clock = &vendor.Clock{Zone: zone}
	}
	if id := vendor.Number(c.Get("vlan_id")); id > 0 {
		s.WANVLAN = vendor.VLAN{ID: id, Priority: vendor.Number(c.Get("vlan_qos"))}
	}
	if c.Get("phonebook_server_location") == "0" && c.Get("phonebook_filename") != "" {
		s.DirectoryURL = c.Get("phonebook_location") + c.Get("phonebook_filename")
	}
	if at := c.Get("firmware"); at != "" {
		s.FirmwareURL = strings.TrimSuffix(at, "/") + "/"
	}
	for codec := range strings.SplitSeq(c.Get("codec_priority_list[1]"), ",") {
		if codec = strings.TrimSpace(codec); codec != "" {
			s.Codecs = append(s.Codecs, codec)
		}
	}
	for i := 1; i <= maxExtensions; i++ {
		if c.Get(at("user_active", i)) != "on" {
			continue
		}
		s.Accounts = append(s.Accounts, extension(c, i))
		h := vendor.Handset{Index: vendor.Number(c.Get(at("subscr_sip_hs_idx", i))), Account: i, Name: c.Get(at("user_realname", i))}
		if ipui := strings.TrimPrefix(c.Get(at("subscr_dect_ipui", i)), "0x"); ipui != anyHandset {
			h.IPUI = strings.ToUpper(ipui)
		}
		s.Handsets = append(s.Handsets, h)
	}
	if c.Get("network_sync_enable") == "on" {
		_, members := c.Lookup(at("user_active", 1))
		s.System = vendor.System{Set: true, Master: members, Number: vendor.Number(c.Get("network_sync_chain_id")) - chains}
	}
	return s
}

// anyHandset is the IPUI of a place in which any handset may register.
const anyHandset = "FFFFFFFFFF"

func at(name string, index int) string { return fmt.Sprintf("%s[%d]", name, index) }

// folder returns the folder of the address that a base fetches from.
func folder(address string) string {
	if address == "" {
		return ""
	}
	return strings.TrimSuffix(address, path.Base(address))
}

// extension returns an account of a base, which registers at the server that it names.
func extension(c *vendor.Config, i int) vendor.Account {
	a := vendor.Account{
		Index: i, DisplayName: c.Get(at("user_realname", i)), User: c.Get(at("user_name", i)),
		AuthName: c.Get(at("user_pname", i)), Password: c.Get(at("user_pass", i)), Voicemail: c.Get(at("user_mailnumber", i)),
	}
	server := func(name string) string {
		return c.Get(at(name, vendor.Number(c.Get(at("subscr_sip_ua_data_server_id", i)))))
	}
	a.Transport = strings.ToUpper(server("srv_sip_transport"))
	a.Expires = vendor.Number(server("user_expiry"))
	a.SRTP = slices.Contains([]string{"optional", "mandatory"}, server("user_srtp"))
	a.Server, a.Port = vendor.HostPort(server("user_host"))
	switch host, port := vendor.HostPort(server("user_outbound")); {
	case host == "":
	case !strings.EqualFold(host, a.Server):
		a.OutboundProxy, a.OutboundPort = host, port
	case a.Port == 0:
		a.Port = port
	}
	if a.Port == 0 {
		a.Port = vendor.OwnPort(a.Transport)
	}
	return a
}

// codes are those of the bases' time zones, each with a place whose clock is meant.
var codes = map[string]string{
	"USA-10": "Pacific/Honolulu", "USA-9": "America/Anchorage", "CAN-8": "America/Vancouver", "USA-8": "America/Los_Angeles", "CAN-7": "America/Edmonton",
	"USA-7": "America/Denver", "CAN-6": "America/Winnipeg", "USA-6": "America/Chicago", "BHS-5": "America/Nassau", "CAN-5": "America/Toronto",
	"USA-5": "America/New_York", "BMU-4": "Atlantic/Bermuda", "CAN-4": "America/Halifax", "TTB-4": "America/Port_of_Spain", "CAN-3.5": "America/St_Johns",
	"PRT-1": "Atlantic/Azores", "ESP-0": "Atlantic/Canary", "FRO-0": "Atlantic/Faroe", "GBR-0": "Europe/London", "IRL-0": "Europe/Dublin",
	"PRT-0": "Europe/Lisbon", "ALB+1": "Europe/Tirane", "AUT+1": "Europe/Vienna", "BEL+1": "Europe/Brussels", "CHE+1": "Europe/Zurich",
	"CZE+1": "Europe/Prague", "DNK+1": "Europe/Copenhagen", "ESP+1": "Europe/Madrid", "FRA+1": "Europe/Paris", "GER+1": "Europe/Berlin",
	"GIB+1": "Europe/Gibraltar", "HRV+1": "Europe/Zagreb", "HUN+1": "Europe/Budapest", "ITA+1": "Europe/Rome", "LUX+1": "Europe/Luxembourg",
	"MAK+1": "Europe/Skopje", "NLD+1": "Europe/Amsterdam", "NOR+1": "Europe/Oslo", "POL+1": "Europe/Warsaw", "SVK+1": "Europe/Bratislava",
	"SWE+1": "Europe/Stockholm", "YUG+1": "Europe/Belgrade", "BGR+2": "Europe/Sofia", "CYP+2": "Asia/Nicosia", "EST+2": "Europe/Tallinn",
	"FIN+2": "Europe/Helsinki", "GRC+2": "Europe/Athens", "ISR+2": "Asia/Jerusalem", "LVA+2": "Europe/Riga", "ROU+2": "Europe/Bucharest",
	"UKR+2": "Europe/Kyiv", "IND+5.5": "Asia/Kolkata", "THA+7": "Asia/Bangkok", "SGP+8": "Asia/Singapore", "JPN+9": "Asia/Tokyo",
	"AUS+9.5": "Australia/Adelaide", "AUS+10": "Australia/Sydney", "AUS2+10": "Australia/Brisbane", "AUS3+10": "Australia/Hobart",
	"NZL+12": "Pacific/Auckland", "NZL+12.75": "Pacific/Chatham",
}

// tbook reads the phone book that a base fetches:
//
//	<settings>
//	  <tbook complete="true">
//	    <item context="active" type="none" index="1"><name>Ada</name><number>201</number></item>
//	  </tbook>
//	</settings>
func tbook(body []byte) ([]vendor.Contact, error) {
	w := xmlfile.Walk(body, "contact")
	contacts, err := items(w)
	if err != nil {
		return nil, w.At("the directory,", err)
	}
	return contacts, nil
}

func items(w *xmlfile.Walker) ([]vendor.Contact, error) {
	if _, err := w.Root("settings"); err != nil {
		return nil, err
	}
	e, err := w.Element("settings")
	if err != nil {
		return nil, err
	}
	if e == nil || e.Name.Local != "tbook" {
		return nil, errors.New("<settings> needs <tbook>")
	}
	var all []vendor.Contact
	for {
		e, err := w.Element("tbook")
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		if e.Name.Local != "item" {
			return nil, fmt.Errorf("<%s> where <item> is expected", e.Name.Local)
		}
		c, err := item(w)
		if err != nil {
			return nil, err
		}
		all = append(all, c)
	}
	if err := w.End("settings", "tbook"); err != nil {
		return nil, err
	}
	return all, w.End("", "settings")
}

func item(w *xmlfile.Walker) (c vendor.Contact, err error) {
	for {
		e, err := w.Element("item")
		if err != nil {
			return c, err
		}
		if e == nil {
			break
		}
		text, err := w.Text(e.Name.Local)
		if err != nil {
			return c, err
		}
		switch e.Name.Local {
		case "name":
			c.Name = text
		case "number":
			c.Number = text
		case "number_type":
		default:
			return c, fmt.Errorf("<%s> is no part of an <item>", e.Name.Local)
		}
	}
	if c.Name == "" || c.Number == "" {
		return c, errors.New("an <item> needs <name> and <number>")
	}
	return c, nil
}

// directory reads the page of a desk phone's browser or the phone book of a base.
func directory(body []byte) ([]vendor.Contact, error) {
	if strings.Contains(string(body[:min(len(body), 512)]), "<settings") {
		return tbook(body)
	}
	return settingsxml.Directory(body)
}
