package fanvil

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

const head = "<<VOIP CONFIG FILE>>Version:2.0000000000                      \n"

// An X3U's export, cut to what shows every rule of the grammar.
const exported = head + `
<NET CONFIG MODULE>
DHCP Option 100-101:1
Vendor Class ID    :Fanvil X3U

<SIP CONFIG MODULE>
SIP  Port          :5060
--SIP Line List--  :
SIP1 Phone Number       :201
SIP1 Register User      :
SIP1 Record Start       :Record:on
-- Agent Config--  :
Agent Username     :
--Time Plan List--  :
TimePlan1 Start Time          :0:0

<MM CONFIG MODULE>
G726-16 Payload Type:103

<DSSKEY CONFIG MODULE>
--Sidekey Config1--:
Fkey1 Type               :2
Fkey1 Value              :SIP1
--Dsskey Config1--:
Fkey1 Type               :1
Fkey1 Value              :1002@1/bc*8
--SoftDss Config-- :
Fkey1 Type               :0
<<END OF FILE>>
`

func TestParse(t *testing.T) {
	t.Parallel()
	for _, body := range []string{exported, strings.ReplaceAll(exported, "\n", "\r\n")} {
		c, err := parse("export.txt", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		want := []vendor.Setting{
			{Name: "NET CONFIG MODULE/DHCP Option 100-101", Value: "1", Line: 4},
			{Name: "NET CONFIG MODULE/Vendor Class ID", Value: "Fanvil X3U", Line: 5},
			{Name: "SIP CONFIG MODULE/SIP  Port", Value: "5060", Line: 8},
			{Name: "SIP CONFIG MODULE/SIP1 Phone Number", Value: "201", Line: 10},
			{Name: "SIP CONFIG MODULE/SIP1 Register User", Value: "", Line: 11},
			{Name: "SIP CONFIG MODULE/SIP1 Record Start", Value: "Record:on", Line: 12},
			{Name: "SIP CONFIG MODULE/Agent Username", Value: "", Line: 14},
			{Name: "SIP CONFIG MODULE/TimePlan1 Start Time", Value: "0:0", Line: 16},
			{Name: "MM CONFIG MODULE/G726-16 Payload Type", Value: "103", Line: 19},
			{Name: "DSSKEY CONFIG MODULE/Sidekey Config1/Fkey1 Type", Value: "2", Line: 23},
			{Name: "DSSKEY CONFIG MODULE/Sidekey Config1/Fkey1 Value", Value: "SIP1", Line: 24},
			{Name: "DSSKEY CONFIG MODULE/Dsskey Config1/Fkey1 Type", Value: "1", Line: 26},
			{Name: "DSSKEY CONFIG MODULE/Dsskey Config1/Fkey1 Value", Value: "1002@1/bc*8", Line: 27},
			{Name: "DSSKEY CONFIG MODULE/SoftDss Config/Fkey1 Type", Value: "0", Line: 29},
		}
		if diff := cmp.Diff(want, c.Settings()); diff != "" {
			t.Errorf("-want +read:\n%s", diff)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const module, end = "<SIP CONFIG MODULE>\n", "<<END OF FILE>>\n"
	for name, c := range map[string]struct{ body, where string }{
		"nothing":              {"", "x.cfg:0:"},
		"XML":                  {"<?xml version=\"1.0\"?><sysConf/>\n", "x.cfg:1:"},
		"a web page":           {"<html>404</html>", "x.cfg:1:"},
		"no version":           {"<<VOIP CONFIG FILE>>\n" + end, "x.cfg:1:"},
		"version of letters":   {"<<VOIP CONFIG FILE>>Version:2.x\n" + end, "x.cfg:1:"},
		"blank first line":     {"\n" + head + end, "x.cfg:1:"},
		"cut off":              {head + module + "Notify Reboot      :0\n", "x.cfg:3:"},
		"end without brackets": {head + "END OF FILE\n", "x.cfg:2:"},
		"more behind the end":  {head + end + module, "x.cfg:3:"},
		"unknown module":       {head + "<SIPP CONFIG MODULE>\n" + end, "x.cfg:2:"},
		"closed module":        {head + module + "</SIP CONFIG MODULE>\n" + end, "x.cfg:3:"},
		"module with a blank":  {head + " <SIP CONFIG MODULE>\n" + end, "x.cfg:2:"},
		"setting too early":    {head + "Notify Reboot      :0\n" + end, "x.cfg:2:"},
		"no colon":             {head + module + "Notify Reboot 0\n" + end, "x.cfg:3:"},
		"no name":              {head + module + ":0\n" + end, "x.cfg:3:"},
		"indented":             {head + module + " Notify Reboot :0\n" + end, "x.cfg:3:"},
		"comment":              {head + module + "# Notify Reboot :0\n" + end, "x.cfg:3:"},
		"masked":               {head + module + "###Register Pswd :0\n" + end, "x.cfg:3:"},
		"tab":                  {head + module + "Notify Reboot\t:0\n" + end, "x.cfg:3:"},
		"lone CR":              {head + module + "Notify Reboot :0\rNotify Reboot :1\n" + end, "x.cfg:3:"},
		"NUL":                  {head + module + "Notify Reboot :\x00\n" + end, "x.cfg:3:"},
		"not UTF-8":            {head + module + "LCD Title :\xff\n" + end, "x.cfg:1:"},
		"twice":                {head + module + "Notify Reboot :0\nNotify Reboot      :0\n" + end, "x.cfg:4:"},
		"key twice on a page":  {head + "<DSSKEY CONFIG MODULE>\n--Dsskey Config1--:\nFkey1 Type :0\nFkey1 Type :0\n" + end, "x.cfg:5:"},
		"bad part":             {head + module + "--SIP Line List\n" + end, "x.cfg:3:"},
		"too long":             {head + strings.Repeat("\n", 1<<20) + end, "x.cfg:1:"},
	} {
		got, err := parse("x.cfg", []byte(c.body))
		if err == nil {
			t.Errorf("%s: read as %+v", name, got.Settings())
		} else if !strings.HasPrefix(err.Error(), c.where) {
			t.Errorf("%s: %v, want it at %s", name, err, c.where)
		}
	}
}

func TestErrorsHoldNoValues(t *testing.T) {
	t.Parallel()
	for _, line := range []string{
		"SIP1 Register Pswd      :hush\n" + "SIP1 Register Pswd      :hush",
		"SIP1 Register Pswd!:hush", "SIP1\tRegister Pswd:hush", "hush", "<hush>", "--hush", "SIP1 Register Pswd:hush\x01",
	} {
		_, err := parse("x.cfg", []byte(head+"<SIP CONFIG MODULE>\n"+line+"\n<<END OF FILE>>\n"))
		if err == nil || strings.Contains(err.Error(), "hush") {
			t.Errorf("%q: %v", line, err)
		}
	}
}

// text writes a configuration as a phone exports it.
func text(c *vendor.Config) string {
	var b strings.Builder
	b.WriteString(head)
	module, page := "", ""
	for _, s := range c.Settings() {
		parts := strings.SplitN(s.Name, "/", 3)
		name := parts[len(parts)-1]
		if parts[0] != module {
			module, page = parts[0], ""
			fmt.Fprintf(&b, "\n<%s>\n", module)
		}
		switch {
		case len(parts) == 3 && parts[1] != page:
			page = parts[1]
			fmt.Fprintf(&b, "--%s--:\n", page)
		case len(parts) == 2 && page != "":
			page = ""
			b.WriteString("--Line List--:\n")
		}
		fmt.Fprintf(&b, "%-24s:%s\n", name, s.Value)
	}
	b.WriteString(fileEnd + "\n")
	return b.String()
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	value := rapid.StringMatching(`[^\x00-\x1f\x7f]{0,40}`)
	rapid.Check(t, func(t *rapid.T) {
		c := new(vendor.Config)
		for i := range rapid.IntRange(0, 20).Draw(t, "settings") {
			name := rapid.StringMatching(`[A-Za-z0-9]{1,6}( [A-Za-z0-9]{1,6}){0,2}`).Draw(t, "name") + fmt.Sprint(i)
			module := rapid.SampledFrom(moduleNames).Draw(t, "module")
			if rapid.Bool().Draw(t, "paged") {
				module += fmt.Sprintf("/Dsskey Config%d", i)
			}
			c.Set(module+"/"+name, value.Draw(t, "value"))
		}
		got, err := parse("x.cfg", []byte(text(c)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), got.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Fatalf("-written +read:\n%s", diff)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(exported))
	for _, name := range []string{"fanvil-x/X1S/full.0c383ea1b2c3.cfg", "fanvil-x-first/X4/full.0c383ea1b2c3.cfg"} {
		body, err := os.ReadFile("testdata/golden/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse("x.cfg", body)
		if err != nil {
			return
		}
		again, err := parse("x.cfg", []byte(text(c)))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), again.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Errorf("-read +read again:\n%s", diff)
		}
		if diff := cmp.Diff(understand(c), understand(again)); diff != "" {
			t.Errorf("-understood +understood again:\n%s", diff)
		}
	})
}

func TestProvisioningURL(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ server, file, protocol, want string }{
		{"prov.example.net", "d/secret/$mac.cfg", "5", "https://prov.example.net/d/secret/"},
		{"prov.example.net:8080", "$mac.cfg", "4", "http://prov.example.net:8080/"},
		{"prov.example.net", "/d/$mac.cfg", "4", "http://prov.example.net/d/"},
		{"https://prov.example.net/p/", "$mac.cfg", "4", "https://prov.example.net/p/"},
		{"https://prov.example.net/p", "", "5", "https://prov.example.net/p/"},
		{"192.0.2.7", "", "2", "tftp://192.0.2.7/"},
		{"192.0.2.7", "", "1", "ftp://192.0.2.7/"},
		{"192.0.2.7", "", "9", ""},
		{"", "$mac.cfg", "5", ""},
	} {
		for _, names := range [][3]string{
			{"Flash Server IP", "Flash File Name", "Flash Protocol"},
			{"Download Server IP", "Config File Name", "Download Protocol"},
		} {
			config := new(vendor.Config)
			for i, v := range []string{c.server, c.file, c.protocol} {
				config.Set("AUTOUPDATE CONFIG MODULE/"+names[i], v)
			}
			if got := understand(config).ProvisioningURL; got != c.want {
				t.Errorf("%+v: %q", c, got)
			}
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	config := new(vendor.Config)
	for i, k := range []struct{ kind, value string }{
		{"0", ""},
		{"2", "SIP3"},
		{"2", "AUTO"},
		{"1", "1002@1/bc*81002"},
		{"1", "1002@2/ba"},
		{"1", "*98@1/f"},
		{"1", "alice@example.com@1/f"},
		{"1", "701@1/c"},
		{"1", "702@1/i"},
		{"1", "703"},
		{"4", "12#"},
		{"7", "http://door/open?a=1@1/f"},
		{"3", "F_MWI"},
	} {
		prefix := fmt.Sprintf("DSSKEY CONFIG MODULE/Dsskey Config1/Fkey%d ", i+1)
		config.Set(prefix+"Type", k.kind)
		config.Set(prefix+"Value", k.value)
		config.Set(prefix+"Title", fmt.Sprint("key ", i+1))
	}
	config.Set("DSSKEY CONFIG MODULE/SoftDss Config/Fkey1 Type", "2")
	config.Set("DSSKEY CONFIG MODULE/SoftDss Config/Fkey1 Value", "SIP1")
	want := []vendor.Key{
		{Slot: 2, Kind: "line", Account: 3, Label: "key 2"},
		{Slot: 4, Kind: "blf", Account: 1, Value: "1002", Label: "key 4"},
		{Slot: 5, Kind: "blf", Account: 2, Value: "1002", Label: "key 5"},
		{Slot: 6, Kind: "speed_dial", Account: 1, Value: "*98", Label: "key 6"},
		{Slot: 7, Kind: "speed_dial", Account: 1, Value: "alice@example.com", Label: "key 7"},
		{Slot: 8, Kind: "park", Account: 1, Value: "701", Label: "key 8"},
		{Slot: 11, Kind: "dtmf", Value: "12#", Label: "key 11"},
		{Slot: 12, Kind: "url", Value: "http://door/open?a=1@1/f", Label: "key 12"},
	}
	if diff := cmp.Diff(want, understand(config).Keys); diff != "" {
		t.Errorf("-want +read:\n%s", diff)
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"":                           "EOF",
		"<YealinkIPPhoneDirectory/>": "FanvilIPPhoneDirectory",
		"<FanvilIPPhoneDirectory><DirectoryEntry><Name>Ada</Name></DirectoryEntry></FanvilIPPhoneDirectory>": "without Name or Telephone",
	} {
		if _, err := directory([]byte(body)); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
	}
}
