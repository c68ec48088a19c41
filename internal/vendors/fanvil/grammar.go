package fanvil

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
)

// The text file is lines, ended by LF or CRLF:
//
//	<<VOIP CONFIG FILE>>Version:2.0000000000        first, padded with blanks
//	<SIP CONFIG MODULE>                             begins a module
//	--SIP Line List--  :                            begins a part of it
//	SIP1 Phone Number       :201                    a name, a colon, the value
//	<<END OF FILE>>                                 last
//
// A name is padded with blanks up to its colon; the value is all that follows,
// further colons too. Nothing ends a module but the next one. There are no
// comments and no quotes, and nothing but a line break ends a value.
//
// A phone fetches by the version, if it is higher than before, or by a digest of
// the file, if that differs (manual). Templates write the version of an export,
// always the same: so do TAN, WZ and 3CX, whose changes arrive. Phones export
// CRLF; TAN serves LF.
const (
	fileEnd      = "<<END OF FILE>>"
	maxFileBytes = 1 << 20
)

var (
	headGrammar   = regexp.MustCompile(`^<<VOIP CONFIG FILE>>Version:2\.[0-9]{4,10} *$`)
	moduleGrammar = regexp.MustCompile(`^<([A-Za-z0-9]+(?: [A-Za-z0-9]+)* MODULE)>$`)
	partGrammar   = regexp.MustCompile(`^-- ?([A-Za-z0-9]+(?:[ -][A-Za-z0-9]+)*) ?--? *:$`)
	// Names as exports have them: "SIP  Port", "S.Timer Expire", "G726-16
	// Payload Type", "SIP1 Call-ID Format".
	nameGrammar = regexp.MustCompile(`^[A-Za-z0-9](?:[ ._-]{0,2}[A-Za-z0-9])*$`)
	// Parts that repeat the names of others: one for each page of keys.
	pageGrammar = regexp.MustCompile(`^(?:Sidekey|Dsskey|SoftDss) Config[0-9]*$`)
)

// moduleNames lists the modules of both dialects (export, TAN, FP). A phone skips a
// module that it does not know.
var moduleNames = []string{
	// Both.
	"SIP CONFIG MODULE", "MCAST CFG MODULE", "MMI CONFIG MODULE", "QOS CONFIG MODULE", "SIP Hotspot MODULE",
	"RECORD CONFIG MODULE", "AUTOUPDATE CONFIG MODULE", "VPN CONFIG MODULE", "DOT1X CONFIG MODULE", "TR069 CONFIG MODULE",
	// First platform.
	"GLOBAL CONFIG MODULE", "TELE CONFIG MODULE", "DSP CONFIG MODULE", "PPPoE CONFIG MODULE", "DEBUG CONFIG MODULE",
	"AAA CONFIG MODULE", "ACCESS CONFIG MODULE", "EGS CFG MODULE", "PHONE CONFIG MODULE", "SCREEN KEY CONFIG MODULE", "LAN CONFIG MODULE",
	// Later ones.
	"NET CONFIG MODULE", "MM CONFIG MODULE", "CALL FEATURE MODULE", "PHONE FEATURE MODULE", "DEVICE MANAGER MODULE",
	"VQM CONFIG MODULE", "CTI CONFIG MODULE", "ATE CONFIG MODULE", "DSSKEY CONFIG MODULE", "LOG CONFIG MODULE",
	"MAINTENANCE CONFIG MODULE", "FIRMWARE CHECK MODULE", "APP CONFIG MODULE", "UI DEFINED CONFIG MODULE",
	"UI MAINTAIN CONFIG MODULE",
}

// parse reads the text file. A setting is named by its module and its name,
// "SIP CONFIG MODULE/SIP1 Phone Number", and on a page of keys by the page too,
// "DSSKEY CONFIG MODULE/Sidekey Config1/Fkey1 Type". Values are never in errors.
func parse(file string, body []byte) (*vendor.Config, error) {
	fail := func(line int, format string, args ...any) error {
		return fmt.Errorf("%s:%d: %s", file, line, fmt.Sprintf(format, args...))
	}
	if len(body) > maxFileBytes {
		return nil, fail(1, "the file has more than %d bytes", maxFileBytes)
	}
	if !utf8.Valid(body) {
		return nil, fail(1, "the file is not UTF-8")
	}
	config := new(vendor.Config)
	module, page := "", ""
	number, ended := 0, false
	for rest := body; len(rest) > 0; {
		var raw []byte
		raw, rest, _ = bytes.Cut(rest, []byte("\n"))
		number++
		config.Line = number
		line := strings.TrimSuffix(string(raw), "\r")
		switch {
		case number == 1:
			if !headGrammar.MatchString(line) {
				return nil, fail(1, "a configuration begins with <<VOIP CONFIG FILE>>Version:2. and 4 to 10 digits")
			}
		case strings.TrimRight(line, " ") == "":
		case ended:
			return nil, fail(number, "a line behind %s", fileEnd)
		case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }):
			return nil, fail(number, "a control character")
		case line == fileEnd:
			ended = true
		case line[0] == '<':
			m := moduleGrammar.FindStringSubmatch(line)
			if m == nil || !slices.Contains(moduleNames, m[1]) {
				return nil, fail(number, "phones know no module of this name")
			}
			module, page = m[1], ""
		case module == "":
			return nil, fail(number, "a setting before the first module")
		case strings.HasPrefix(line, "--"):
			m := partGrammar.FindStringSubmatch(line)
			if m == nil {
				return nil, fail(number, "a part of a module is written --Name--:")
			}
			page = ""
			if pageGrammar.MatchString(m[1]) {
				page = m[1] + "/"
			}
		default:
			name, value, found := strings.Cut(line, ":")
			name = strings.TrimRight(name, " ")
			if !found || !nameGrammar.MatchString(name) {
				return nil, fail(number, "a setting is a name, blanks, a colon and the value")
			}
			if err := config.Add(module+"/"+page+name, value); err != nil {
				return nil, fail(number, "%v", err)
			}
		}
	}
	if !ended {
		return nil, fail(number, "the file does not end with %s; a phone takes it for cut off", fileEnd)
	}
	return config, nil
}

// refuse: a value ends with its line and nowhere else, so the text file carries
// every text that has no control character.
func refuse(string) string { return "" }

// settings reads one dialect or the other.
type settings struct{ *vendor.Config }

// first returns the value of the first of names that is there.
func (s settings) first(names ...string) string {
	for _, name := range names {
		if v, ok := s.Lookup(name); ok {
			return v
		}
	}
	return ""
}

func (s settings) number(names ...string) int { return vendor.Number(s.first(names...)) }

func (s settings) on(names ...string) bool { return s.first(names...) == "1" }

// understand says what a phone does with a configuration of either dialect. The
// label of an account is not in it: a phone shows the title of the line's key.
func understand(c *vendor.Config) vendor.State {
	s := settings{c}
	state := vendor.State{
		ProvisioningURL: provisioningURL(s),
		Language:        s.first("PHONE FEATURE MODULE/Default Language", "GLOBAL CONFIG MODULE/Language"),
		TimeZone:        s.first("PHONE FEATURE MODULE/Time Zone Name", "GLOBAL CONFIG MODULE/Time Zone Name"),
		Tone:            s.first("MM CONFIG MODULE/Select Your Tone", "DSP CONFIG MODULE/Signal Standard"),
		Clock:           clock(s),
		LLDP:            s.on("QOS CONFIG MODULE/LLDP Transmit"),
		DirectoryURL:    s.first("PHONE FEATURE MODULE/XML-PBook1 Addr", "PHONE CONFIG MODULE/XML-PBook1 Addr"),
		FirmwareURL:     s.first("AUTOUPDATE CONFIG MODULE/Auto Image Url"),
	}
	if s.first("AUTOUPDATE CONFIG MODULE/Flash Mode", "AUTOUPDATE CONFIG MODULE/Download Mode") == "2" {
		state.PollMinutes = 60 * s.number("AUTOUPDATE CONFIG MODULE/Flash Interval", "AUTOUPDATE CONFIG MODULE/Download Interval")
	}
	for i := 1; ; i++ {
		prefix := fmt.Sprintf("SIP CONFIG MODULE/SIP%d ", i)
		if _, ok := s.Lookup(prefix + "Enable Reg"); !ok {
			break
		}
		if s.on(prefix + "Enable Reg") {
			state.Accounts = append(state.Accounts, s.account(i, prefix))
		}
	}
	if codecs := s.first("SIP CONFIG MODULE/SIP1 VoiceCodecMap"); codecs != "" {
		state.Codecs = strings.Split(codecs, ",")
	}
	for i := 1; i <= 2; i++ {
		prefix := fmt.Sprintf("MMI CONFIG MODULE/Account%d ", i)
		switch s.first(prefix + "Level") {
		case "10":
			state.AdminPassword = s.first(prefix + "Password")
		case "5":
			state.UserPassword = s.first(prefix + "Password")
		}
	}
	for _, name := range []string{"SNTP Server", "Second SNTP Server"} {
		if v := s.first("PHONE FEATURE MODULE/"+name, "GLOBAL CONFIG MODULE/"+name); v != "" {
			state.NTP = append(state.NTP, v)
		}
	}
	if s.on("QOS CONFIG MODULE/Enable VLAN") {
		state.WANVLAN = vendor.VLAN{
			ID:       s.number("QOS CONFIG MODULE/VLAN ID"),
			Priority: s.number("QOS CONFIG MODULE/Signalling Priority"),
		}
	}
	if s.first("QOS CONFIG MODULE/Enable PVID") == pvidTagged {
		state.PCVLAN = vendor.VLAN{
			ID:       s.number("QOS CONFIG MODULE/PVID Value"),
			Priority: s.number("QOS CONFIG MODULE/LAN Port Priority"),
		}
	}
	state.Keys = keys(s)
	return state
}

// clock reads the offset in quarters of an hour and the rule of summer time: of
// one's own if its type is 2, by weeks if its mode is 0.
func clock(s settings) *vendor.Clock {
	module := "PHONE FEATURE MODULE/"
	if _, ok := s.Lookup(module + "Time Zone"); !ok {
		module = "GLOBAL CONFIG MODULE/"
	}
	if _, ok := s.Lookup(module + "Time Zone"); !ok {
		return nil
	}
	c := &vendor.Clock{Offset: 15 * s.number(module+"Time Zone")}
	if s.first(module+"DST Type", module+"Enable DST") == "2" {
		c.Saving = s.number(module + "DST Min Offset")
		change := func(which string) vendor.Change {
			at := module + "DST " + which + " "
			return vendor.Change{Month: s.number(at + "Mon"), Week: s.number(at + "Week"), Weekday: s.number(at + "Wday"), Hour: s.number(at + "Hour")}
		}
		c.Start, c.End = change("Start"), change("End")
	}
	return c
}

// pvidTagged is the value of Enable PVID for a PC port with a tag of its own; 0
// follows the WAN port and 1 leaves the port untagged (3CX; the meaning of 0 is
// memory).
const pvidTagged = "2"

func (s settings) account(index int, prefix string) vendor.Account {
	a := vendor.Account{
		Index:       index,
		DisplayName: s.first(prefix + "Display Name"),
		User:        s.first(prefix + "Phone Number"),
		AuthName:    s.first(prefix + "Register User"),
		Password:    s.first(prefix + "Register Pswd"),
		Server:      s.first(prefix + "Local Domain"),
		Port:        s.number(prefix + "Register Port"),
		Expires:     s.number(prefix + "Register TTL"),
		SRTP:        s.number(prefix+"Media Crypto") != 0,
		Voicemail:   s.first(prefix + "MWI Num"),
	}
	if a.Server == "" {
		a.Server = s.first(prefix + "Register Addr")
	}
	switch s.first(prefix + "Transport") {
	case "0":
		a.Transport = "UDP"
	case "1":
		a.Transport = "TCP"
	case "3":
		a.Transport = "TLS"
	}
	if a.OutboundProxy = s.first(prefix + "Proxy Addr"); a.OutboundProxy != "" {
		a.OutboundPort = s.number(prefix + "Proxy Port")
	}
	return a
}

// provisioningURL returns where the phone fetches next time, "" if the file does
// not say.
func provisioningURL(s settings) string {
	server := s.first("AUTOUPDATE CONFIG MODULE/Flash Server IP", "AUTOUPDATE CONFIG MODULE/Download Server IP")
	if server == "" {
		return ""
	}
	if !strings.Contains(server, "://") {
		scheme := map[string]string{"1": "ftp", "2": "tftp", "4": "http", "5": "https"}[s.first(
			"AUTOUPDATE CONFIG MODULE/Flash Protocol", "AUTOUPDATE CONFIG MODULE/Download Protocol")]
		if scheme == "" {
			return ""
		}
		server = scheme + "://" + server
	}
	server = strings.TrimSuffix(server, "/")
	file := s.first("AUTOUPDATE CONFIG MODULE/Flash File Name", "AUTOUPDATE CONFIG MODULE/Config File Name")
	return server + "/" + strings.TrimPrefix(file[:strings.LastIndexByte(file, '/')+1], "/")
}

// The types of a key, and what follows the line in the value of a memory key.
const (
	keyMemory = "1" // number@line/ and f: dial it, c: park there, ba bb bc bf: BLF
	keyLine   = "2" // SIP and the line
	keyDTMF   = "4"
	keyURL    = "7"
)

var (
	fkeyGrammar   = regexp.MustCompile(`^(?:DSSKEY CONFIG MODULE/(?:Side|Dss)key Config[0-9]+|PHONE CONFIG MODULE)/Fkey[0-9]+ Type$`)
	memoryGrammar = regexp.MustCompile(`^(.*)@([0-9]{1,2})/(f|c|b[abcf])([^@/]*)$`)
)

// keys returns the keys that have a function. A file of ours names every key of
// the phone, so the place of a key is its place in the file.
func keys(s settings) []vendor.Key {
	var found []vendor.Key
	slot := 0
	for _, setting := range s.Settings() {
		if !fkeyGrammar.MatchString(setting.Name) {
			continue
		}
		slot++
		prefix := strings.TrimSuffix(setting.Name, "Type")
		key := vendor.Key{Slot: slot, Label: s.Get(prefix + "Title")}
		value := s.Get(prefix + "Value")
		switch setting.Value {
		case keyLine:
			line, err := strconv.Atoi(strings.TrimPrefix(value, "SIP"))
			if err != nil {
				continue
			}
			key.Kind, key.Account = "line", line
		case keyDTMF:
			key.Kind, key.Value = "dtmf", value
		case keyURL:
			// The first platform wants the method before the address (TAN).
			key.Kind, key.Value = "url", strings.TrimPrefix(value, "get:")
		case keyMemory:
			m := memoryGrammar.FindStringSubmatch(value)
			if m == nil {
				continue
			}
			key.Value = m[1]
			key.Account, _ = strconv.Atoi(m[2])
			switch m[3] {
			case "f":
				key.Kind = "speed_dial"
			case "c":
				key.Kind = "park"
			default:
				key.Kind = "blf"
			}
		default:
			continue
		}
		found = append(found, key)
	}
	return found
}

// directory reads a phone book: a <FanvilIPPhoneDirectory> of entries with a name
// and a number (FP).
func directory(body []byte) ([]vendor.Contact, error) {
	var book struct {
		XMLName xml.Name `xml:"FanvilIPPhoneDirectory"`
		Entries []struct {
			Name      string
			Telephone string
		} `xml:"DirectoryEntry"`
	}
	if err := xml.Unmarshal(body, &book); err != nil {
		return nil, fmt.Errorf("the phone book: %w", err)
	}
	var contacts []vendor.Contact
	for _, e := range book.Entries {
		if e.Name == "" || e.Telephone == "" {
			return nil, errors.New("the phone book: an entry without Name or Telephone")
		}
		contacts = append(contacts, vendor.Contact{Name: e.Name, Number: e.Telephone})
	}
	return contacts, nil
}
