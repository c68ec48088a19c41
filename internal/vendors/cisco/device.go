package cisco

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// parseDevice reads a file of the enterprise firmware: <device>, or <Default> or
// <DIALTEMPLATE>, whose settings have the root's name before theirs. A setting is named
// by the path to its element: "devicePool/dateTimeSetting/timeZone". A line is named by its
// button and a call manager by its priority, "sipProfile/sipLines/line[2]/name"; time
// servers are counted from 1. An attribute is the setting "…/line[2]/@lineIndex".
func parseDevice(file string, body []byte) (*vendor.Config, error) {
	p := deviceParser{dec: xml.NewDecoder(bytes.NewReader(body)), config: new(vendor.Config), counts: make(map[string]int)}
	err := p.document()
	if err == nil {
		return p.config, nil
	}
	line, _ := p.dec.InputPos()
	if _, ok := errors.AsType[*xml.SyntaxError](err); ok {
		err = errors.New("the XML is not well-formed") // its own words may quote a password
	}
	return nil, fmt.Errorf("%s:%d: %w", file, line, err)
}

type deviceParser struct {
	dec    *xml.Decoder
	config *vendor.Config
	counts map[string]int // of elements that are counted, by path
}

// maxDeviceDepth is how deep elements stand in each other.
const maxDeviceDepth = 12

func (p *deviceParser) document() error {
	for root := false; ; {
		t, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			if !root {
				return errors.New("the file is empty; it needs <device>")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			name := t.Name.Local
			if root {
				return fmt.Errorf("<%s> follows the end of the file's one element", name)
			}
			root = true
			switch name {
			case "device":
				name = ""
			case "Default", "DIALTEMPLATE":
			default:
				return fmt.Errorf("<%s> is no file of a phone; it is <device>, <Default> or <DIALTEMPLATE>", name)
			}
			if err := p.element(t, name, 0); err != nil {
				return err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text outside the file's one element")
			}
		case xml.Directive:
			return errors.New("a phone's file has no DTD")
		}
	}
}

var (
	deviceElement   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]{0,63}$`)
	deviceIndex     = regexp.MustCompile(`^\d{1,3}$`)
	deviceAttribute = []string{"button", "lineIndex", "priority", "idx", "useHTTPS", "type", "category", "MATCH", "Timeout", "User", "Rewrite"}
)

// element reads an element, whose path is known, to its end.
func (p *deviceParser) element(e xml.StartElement, path string, depth int) error {
	if e.Name.Space != "" || !deviceElement.MatchString(e.Name.Local) {
		return errors.New("an element's name has letters, digits and _ only")
	}
	p.config.Line, _ = p.dec.InputPos()
	for _, a := range e.Attr {
		if a.Name.Space != "" || !slices.Contains(deviceAttribute, a.Name.Local) {
			return fmt.Errorf("<%s> has no attribute %s", e.Name.Local, a.Name.Local)
		}
		if err := p.config.Add(path+"/@"+a.Name.Local, a.Value); err != nil {
			return err
		}
	}
	var text strings.Builder
	for leaf := true; ; {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			leaf = false
			if depth == maxDeviceDepth {
				return errors.New("elements stand too deep in each other")
			}
			inner, err := p.name(t)
			if err != nil {
				return err
			}
			if path != "" {
				inner = path + "/" + inner
			}
			if t.Name.Local == "ntp" || t.Name.Local == "TEMPLATE" || t.Name.Local == "phoneService" {
				p.counts[inner]++
				inner = fmt.Sprintf("%s[%d]", inner, p.counts[inner])
			}
			if err := p.element(t, inner, depth+1); err != nil {
				return err
			}
		case xml.EndElement:
			value := strings.Trim(text.String(), " \t\r\n")
			switch {
			case leaf && path != "" && len(e.Attr) == 0:
				return p.config.Add(path, value)
			case value != "":
				return fmt.Errorf("text beside the elements or attributes of <%s>", e.Name.Local)
			}
			return nil
		}
	}
}

// name returns the last part of an element's path.
func (p *deviceParser) name(e xml.StartElement) (string, error) {
	by := map[string]string{"line": "button", "member": "priority"}[e.Name.Local]
	if by == "" {
		return e.Name.Local, nil
	}
	for _, a := range e.Attr {
		if a.Name.Local == by && deviceIndex.MatchString(a.Value) {
			return e.Name.Local + "[" + a.Value + "]", nil
		}
	}
	return "", fmt.Errorf("<%s> needs the number %s", e.Name.Local, by)
}

// What a button does, as featureID says it.
const (
	featureLine      = "9"
	featureSpeedDial = "2"
	featureBLF       = "21"
)

// maxButtons is the number of the last button that is looked for: those of a phone and
// the places behind them for accounts that no button shows.
const maxButtons = 160

// menuChoice is where the first item of the menu at an address leads, which stands
// beside it.
func menuChoice(menu string) string {
	if folder, ok := strings.CutSuffix(menu, "directories.xml"); ok {
		return folder + "directory.xml"
	}
	return ""
}

// understandDevice says what a phone does that has the configuration.
func understandDevice(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword: c.Get("commonProfile/phonePassword"),
		TimeZone:      c.Get("devicePool/dateTimeSetting/timeZone"),
		LLDP:          c.Get("vendorConfig/enableLldpSwPort") == "1",
		DirectoryURL:  menuChoice(c.Get("directoryURL")),
	}
	if place, ok := zones()[s.TimeZone]; ok {
		s.Clock = &vendor.Clock{Zone: place}
	}
	for i := 1; ; i++ {
		server, ok := c.Lookup(fmt.Sprintf("devicePool/dateTimeSetting/ntps/ntp[%d]/name", i))
		if !ok {
			break
		}
		s.NTP = append(s.NTP, server)
	}
	s.Codecs = deviceCodecs(c)
	seen := make(map[int]bool)
	for button := 1; button <= maxButtons; button++ {
		get := func(name string) string { return c.Get(fmt.Sprintf("sipProfile/sipLines/line[%d]/%s", button, name)) }
		key := vendor.Key{Slot: button, Label: get("featureLabel"), Account: 1}
		switch get("featureID") {
		case featureLine:
			a := deviceAccount(c, get)
			if !seen[a.Index] {
				seen[a.Index] = true
				s.Accounts = append(s.Accounts, a)
			}
			key.Kind, key.Account = "line", a.Index
		case featureBLF:
			key.Kind, key.Value = "blf", get("speedDialNumber")
		case featureSpeedDial:
			key.Kind, key.Value = "speed_dial", get("speedDialNumber")
		default:
			continue
		}
		if button < unseen {
			s.Keys = append(s.Keys, key)
		}
	}
	slices.SortFunc(s.Accounts, func(a, b vendor.Account) int { return a.Index - b.Index })
	return s
}

// unseen is the first place behind the buttons of any phone.
const unseen = 101

func deviceAccount(c *vendor.Config, get func(string) string) vendor.Account {
	a := vendor.Account{
		Index: vendor.Number(get("@lineIndex")), DisplayName: get("displayName"), User: get("name"), AuthName: get("authName"), Password: get("authPassword"),
		Server: get("proxy"), Port: vendor.Number(get("port")), Transport: "UDP", Voicemail: get("messagesNumber"),
		OutboundProxy: c.Get("sipProfile/sipProxies/outboundProxy"), OutboundPort: vendor.Number(c.Get("sipProfile/sipProxies/outboundProxyPort")),
		Expires: vendor.Number(c.Get("sipProfile/sipStack/timerRegisterExpires")),
	}
	if c.Get("transportLayerProtocol") == "1" {
		a.Transport = "TCP"
	}
	return a
}

// deviceCodecs returns the one that is preferred and those that the phone always allows.
func deviceCodecs(c *vendor.Config) []string {
	all := []string{"g711ulaw", "g711alaw", "g729"}
	if c.Get("advertiseG722Codec") == "1" {
		all = append([]string{"g722"}, all...)
	}
	if i := slices.Index(all, c.Get("sipProfile/preferredCodec")); i > 0 {
		preferred := all[i]
		all = slices.Insert(slices.Delete(all, i, i+1), 0, preferred)
	}
	return all
}

// zones are the phones' names of time zones with a place that keeps that time today.
// They are those of an older Windows, which Cisco's call manager lists.
func zones() map[string]string {
	return map[string]string{
		"GMT Standard/Daylight Time":            "Europe/London",
		"Greenwich Standard Time":               "Etc/GMT",
		"W. Europe Standard/Daylight Time":      "Europe/Berlin",
		"Central Europe Standard/Daylight Time": "Europe/Paris",
		"GTB Standard/Daylight Time":            "Europe/Athens",
		"Saudi Arabia Standard Time":            "Asia/Riyadh",
		"Arabian Standard Time":                 "Asia/Dubai",
		"West Asia Standard Time":               "Asia/Karachi",
		"India Standard Time":                   "Asia/Kolkata",
		"SE Asia Standard Time":                 "Asia/Bangkok",
		"Taipei Standard Time":                  "Asia/Taipei",
		"Tokyo Standard Time":                   "Asia/Tokyo",
		"New Zealand Standard/Daylight Time":    "Pacific/Auckland",
		"Eastern Standard/Daylight Time":        "America/New_York",
		"Central Standard/Daylight Time":        "America/Chicago",
		"Mountain Standard/Daylight Time":       "America/Denver",
		"Pacific Standard/Daylight Time":        "America/Los_Angeles",
		"Atlantic Standard/Daylight Time":       "America/Halifax",
		"Newfoundland Standard/Daylight Time":   "America/St_Johns",
		"US Eastern Standard Time":              "America/Panama",
		"SA Western Standard Time":              "America/La_Paz",
		"SA Eastern Standard Time":              "America/Argentina/Buenos_Aires",
		"Cen. Australia Standard/Daylight Time": "Australia/Adelaide",
		"AUS Central Standard Time":             "Australia/Darwin",
		"E. Australia Standard Time":            "Australia/Brisbane",
		"Central Pacific Standard Time":         "Pacific/Guadalcanal",
	}
}

// bootDevice asks for what a phone without a certificate trust list asks for: the lists
// that name whom to trust, its own file, and the one for phones that have none.
func bootDevice(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	kind := "SEP"
	if u.Model == "ATA190" {
		kind = "ATA"
	}
	own := kind + u.MAC.Upper()
	for _, name := range []string{"CTL" + own + ".tlv", "ITL" + own + ".tlv"} {
		if _, _, err := get(name); err != nil {
			return nil, err
		}
	}
	for _, name := range []string{own + ".cnf.xml", "XMLDefault.cnf.xml"} {
		config, err := get.Fetch(name, parseDevice)
		if err != nil {
			return nil, err
		}
		if config == nil {
			continue
		}
		if plan := config.Get("sipProfile/dialTemplate"); plan != "" {
			if _, _, err := get(plan); err != nil {
				return nil, err
			}
		}
		return config, nil
	}
	return nil, vendor.ErrNoConfig
}
