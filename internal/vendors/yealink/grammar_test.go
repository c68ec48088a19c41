package yealink

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("805ec0123456.cfg", []byte("#!version:1.0.0.1\r\n"+
		"# account.1.label = no\r\n"+
		"\r\n"+
		"  account.1.label=Front desk = #1 \r\n"+
		"account.1.codec.G722_1c_24kpbs.enable\t=\t1\n"+
		"static.network.802_1x.mode = 0\n"+
		"account.2.label = %NULL%\n"+
		"static.security.user_password = admin:a:b\n"+
		"static.security.user_password = user: c \n"+
		"security.user_password = var:d"))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "account.1.label", Value: "Front desk = #1", Line: 4},
		{Name: "account.1.codec.G722_1c_24kpbs.enable", Value: "1", Line: 5},
		{Name: "static.network.802_1x.mode", Value: "0", Line: 6},
		{Name: "account.2.label", Value: "%NULL%", Line: 7},
		{Name: "static.security.user_password[admin]", Value: "a:b", Line: 8},
		{Name: "static.security.user_password[user]", Value: " c", Line: 9},
		{Name: "security.user_password[var]", Value: "d", Line: 10},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Error(diff)
	}
}

func TestParseBoot(t *testing.T) {
	t.Parallel()
	c, err := parse("Y000000000000.BOOT", []byte("#!version:1.0.0.1\n## which files\ninclude:config \"805ec0123456.cfg\"\n"+
		"include:config <https://prov.example/p/x/sip.cfg>\n[T54W]include:config \"../t54w.cfg\"\noverwrite_mode = 1\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"805ec0123456.cfg", "https://prov.example/p/x/sip.cfg", "[T54W]../t54w.cfg"}
	if diff := cmp.Diff(want, c.Includes); diff != "" {
		t.Error(diff)
	}
	if got := c.Get(overwriteMode); got != "1" {
		t.Errorf("overwrite_mode is %q", got)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const h = "#!version:1.0.0.1\n"
	for _, x := range []struct{ file, body, why string }{
		{"a.cfg", "", "line 1"},
		{"a.cfg", "account.1.label = x\n", "line 1"},
		{"a.cfg", "\n" + h, "line 1"},
		{"a.cfg", "\ufeff" + h, "line 1"},
		{"a.cfg", " #!version:1.0.0.1\n", "line 1"},
		{"a.cfg", "#!version:1.0.0.1 x\n", "line 1"},
		{"a.boot", "include:config \"x.cfg\"\n", "line 1"},
		{"a.cfg", h + "\n\nnonsense\n", "line 4"},
		{"a.cfg", h + "= x\n", "line 2"},
		{"a.cfg", h + "label = x\n", "no name of a parameter"},
		{"a.cfg", h + "account..label = x\n", "no name of a parameter"},
		{"a.cfg", h + "account.1.label. = x\n", "no name of a parameter"},
		{"a.cfg", h + "account.1.la bel = x\n", "no name of a parameter"},
		{"a.cfg", h + "account.1.läbel = x\n", "no name of a parameter"},
		{"a.cfg", h + "account.1.label =\n", "%NULL%"},
		{"a.cfg", h + "account.1.label = \t \n", "%NULL%"},
		{"a.cfg", h + "account.1.label = x\naccount.1.label = x\n", "line 3: parameter account.1.label appears twice"},
		{"a.cfg", h + "static.security.user_password = admin\n", "user:password"},
		{"a.cfg", h + "static.security.user_password = :geheim\n", "user:password"},
		{"a.cfg", h + "static.security.user_password = admin:a\nstatic.security.user_password = admin:b\n", "twice"},
		{"a.cfg", h + "include:config \"x.cfg\"\n", "only a .boot file"},
		{"a.cfg", h + "overwrite_mode = 1\n", "no name of a parameter"},
		{"a.cfg", h + "account.1.label = a\x00b\n", "control character"},
		{"a.cfg", h + "account.1.label = a\u0085b\n", "control character"},
		{"a.cfg", h + "account.1.label = a\xff\n", "UTF-8"},
		{"a.boot", h + "account.1.label = x\n", "may only include"},
		{"a.boot", h + "overwrite_mode = 2\n", "0 or 1"},
		{"a.boot", h + "overwrite_mode =\n", "0 or 1"},
		{"a.boot", h + "overwrite_mode = 1\noverwrite_mode = 1\n", "twice"},
		{"a.boot", h + "include:config x.cfg\n", "include:config \"file.cfg\""},
		{"a.boot", h + "include:config \"x.cfg\n", "include:config \"file.cfg\""},
		{"a.boot", h + "include:config \"x.cfg>\n", "include:config \"file.cfg\""},
		{"a.boot", h + "include:config \"a\" \"b.cfg\"\n", "include:config \"file.cfg\""},
		{"a.boot", h + "include:config \"\"\n", "include:config \"file.cfg\""},
		{"a.boot", h + "include:config \"x.xml\"\n", ".cfg"},
		{"a.boot", h + "include:firmware \"x.cfg\"\n", "only include:config"},
		{"a.boot", h + "[t54w]include:config \"x.cfg\"\n", "[T54W]"},
		{"a.boot", h + "[T54W include:config \"x.cfg\"\n", "neither"},
	} {
		_, err := parse(x.file, []byte(x.body))
		if err == nil || !strings.Contains(err.Error(), x.why) {
			t.Errorf("%s %q: %v; want %q", x.file, x.body, err, x.why)
		}
		if err != nil && strings.Contains(err.Error(), "geheim") {
			t.Errorf("the error tells the password: %v", err)
		}
	}
}

// TestRoundTrip writes settings as a template would and reads them back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := new(vendor.Config)
		text := header + "\n"
		for i := range rapid.IntRange(0, 8).Draw(t, "settings") {
			param := fmt.Sprintf("account.%d.label", i+1)
			value := strings.Trim(rapid.StringMatching(`[^\pC\p{Zl}\p{Zp}]{1,20}`).Draw(t, "value"), " ")
			if value == "" {
				continue
			}
			want.Line = 1 + strings.Count(text, "\n")
			want.Set(param, value)
			text += param + " = " + value + "\n"
		}
		got, err := parse("x.cfg", []byte(text))
		if err != nil {
			t.Fatalf("%q: %v", text, err)
		}
		if diff := cmp.Diff(want.Settings(), got.Settings()); diff != "" {
			t.Fatal(diff)
		}
	})
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for _, value := range []string{"%NULL%", "%null%", "%EMPTY%"} {
		if refuse(value) == "" {
			t.Errorf("%q is let through", value)
		}
	}
	for _, value := range []string{"", "NULL", "%NULL", "50 %NULL% off", "#1", "a = b", `"quoted"`} {
		if why := refuse(value); why != "" {
			t.Errorf("%q is refused: %s", value, why)
		}
	}
}

func TestUnderstand(t *testing.T) {
	t.Parallel()
	c, err := parse("x.cfg", []byte(header+`
static.auto_provision.server.url = https://prov.example/p/x/
static.auto_provision.flexible.enable = 1
static.auto_provision.flexible.interval = 2
account.1.enable = 0
account.1.user_name = old
account.3.enable = 1
account.3.label = Front
account.3.user_name = 1001@pbx.example
account.3.auth_name = a1001
account.3.password = secret
account.3.sip_server.1.address = 192.0.2.1
account.3.sip_server.1.port = 5061
account.3.sip_server.1.transport_type = 2
account.3.sip_server.1.expires = 600
account.3.outbound_proxy_enable = 1
account.3.outbound_proxy.1.address = sbc.example
account.3.outbound_proxy.1.port = 5071
account.3.srtp_encryption = 1
voice_mail.number.3 = *97
account.1.codec.pcma.enable = 1
account.1.codec.pcma.priority = 2
account.1.codec.g722.enable = 1
account.1.codec.g722.priority = 1
account.1.codec.pcmu.enable = 0
account.1.codec.pcmu.priority = 0
linekey.1.type = 15
linekey.1.line = 3
linekey.1.value = ignored
linekey.2.type = 0
linekey.3.type = 17
linekey.3.line = 1
linekey.3.value = http://door.example/open
linekey.4.type = 5
expansion_module.2.key.60.type = 16
expansion_module.2.key.60.line = 3
expansion_module.2.key.60.value = 1002
expansion_module.2.key.60.label = %NULL%
static.network.lldp.enable = 1
static.network.vlan.internet_port_enable = 1
static.network.vlan.internet_port_vid = 256
static.network.vlan.internet_port_priority = 5
static.network.vlan.pc_port_enable = 0
static.network.vlan.pc_port_vid = 7
local_time.ntp_server1 = %NULL%
local_time.ntp_server2 = ntp.example
local_time.time_zone = +5:30
remote_phonebook.data.1.url = https://prov.example/p/x/directory.xml
static.firmware.url = https://prov.example/f/1.rom
ringtone.url = https://prov.example/f/a.wav
wallpaper_upload.url = https://prov.example/f/b.png
lang.gui = German
voice.tone.country = Germany
static.security.user_password = admin:pw
`))
	if err != nil {
		t.Fatal(err)
	}
	want := vendor.State{
		Accounts: []vendor.Account{{
			Index: 3, Label: "Front", User: "1001", AuthName: "a1001", Password: "secret", Server: "192.0.2.1", Port: 5061,
			Transport: "TLS", OutboundProxy: "sbc.example", OutboundPort: 5071, Expires: 600, SRTP: true, Voicemail: "*97",
		}},
		Keys: []vendor.Key{
			{Slot: 1, Kind: "line", Account: 3},
			{Slot: 3, Kind: "url", Value: "http://door.example/open"},
			{Module: 2, Slot: 60, Kind: "blf", Account: 3, Value: "1002"},
		},
		AdminPassword: "pw", ProvisioningURL: "https://prov.example/p/x/", PollMinutes: 2880,
		NTP: []string{"ntp.example"}, Language: "German", TimeZone: "+5:30", Clock: &vendor.Clock{Offset: 330}, Tone: "Germany", Codecs: []string{"g722", "pcma"},
		LLDP: true, WANVLAN: vendor.VLAN{ID: 256, Priority: 5},
		DirectoryURL: "https://prov.example/p/x/directory.xml", FirmwareURL: "https://prov.example/f/1.rom",
		Ringtones: []string{"https://prov.example/f/a.wav"}, Background: "https://prov.example/f/b.png",
	}
	if diff := cmp.Diff(want, understand(c)); diff != "" {
		t.Error(diff)
	}
	if diff := cmp.Diff(vendor.State{}, understand(new(vendor.Config))); diff != "" {
		t.Errorf("an empty configuration does something:\n%s", diff)
	}
}

// TestUnderstandOld reads the names of before V81.
func TestUnderstandOld(t *testing.T) {
	t.Parallel()
	c, err := parse("x.cfg", []byte(header+`
auto_provision.server.url = https://prov.example/p/x/
auto_provision.repeat.enable = 1
auto_provision.repeat.minutes = 90
account.1.enable = 1
account.1.label = Front
account.1.user_name = 1001
account.1.sip_server_host = 192.0.2.1
account.1.sip_server_port = 5062
account.1.transport = 1
account.1.expires = 300
account.1.outbound_proxy_enable = 1
account.1.outbound_host = sbc.example
account.1.outbound_port = 5071
account.1.codec.1.enable = 1
account.1.codec.1.payload_type = PCMA
account.1.codec.1.priority = 2
account.1.codec.6.enable = 1
account.1.codec.6.payload_type = G722
account.1.codec.6.priority = 1
linekey.1.type = 15
linekey.2.type = 0
memorykey.2.type = 16
memorykey.2.line = 1
memorykey.2.value = 1002
network.vlan.internet_port_enable = 1
network.vlan.internet_port_vid = 7
local_time.time_zone = -3:30
local_time.summer_time = 1
local_time.dst_time_type = 1
local_time.start_time = 3/2/7/2
local_time.end_time = 11/1/7/2
local_time.offset_time = 60
firmware.url = https://prov.example/f/1.rom
security.user_password = admin:pw
`))
	if err != nil {
		t.Fatal(err)
	}
	want := vendor.State{
		Accounts: []vendor.Account{{
			Index: 1, Label: "Front", User: "1001", Server: "192.0.2.1", Port: 5062, Transport: "TCP",
			OutboundProxy: "sbc.example", OutboundPort: 5071, Expires: 300,
		}},
		Keys: []vendor.Key{
			{Slot: 1, Kind: "line"},
			{Slot: 4, Kind: "blf", Account: 1, Value: "1002"},
		},
		AdminPassword: "pw", ProvisioningURL: "https://prov.example/p/x/", PollMinutes: 90,
		TimeZone: "-3:30", Codecs: []string{"G722", "PCMA"}, WANVLAN: vendor.VLAN{ID: 7}, FirmwareURL: "https://prov.example/f/1.rom",
		Clock: &vendor.Clock{
			Offset: -210, Saving: 60,
			Start: vendor.Change{Month: 3, Week: 2, Hour: 2}, End: vendor.Change{Month: 11, Week: 1, Hour: 2},
		},
	}
	if diff := cmp.Diff(want, understand(c)); diff != "" {
		t.Error(diff)
	}
}

func FuzzParse(f *testing.F) {
	f.Add("a.cfg", []byte(header+"\naccount.1.label = x\n"))
	f.Add("a.boot", []byte(header+"\ninclude:config \"x.cfg\"\noverwrite_mode = 0\n"))
	f.Add("a.boot", []byte(header+"\n[T54W]include:config <x.cfg>\n"))
	f.Add("a.cfg", []byte(header+"\nstatic.security.user_password = admin:x\n"))
	f.Fuzz(func(t *testing.T, file string, body []byte) {
		c, err := parse(file, body)
		if err != nil {
			return
		}
		understand(c)
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if s.Value == "" || seen[s.Name] || strings.ContainsAny(s.Name+s.Value, "\n\x00") {
				t.Errorf("setting %q = %q", s.Name, s.Value)
			}
			seen[s.Name] = true
		}
	})
}
