package hlprovision

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialplane/dialplane/internal/vendors"
)

const file = "cfg001fc1123456.xml"

func config(body string) []byte {
	return []byte("<?xml version=\"1.0\" encoding=\"UTF-8\" ?>\n<hl_provision version=\"1\">\n<config version=\"1\">\n" + body + "\n</config>\n</hl_provision>\n")
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse(file, config(`<!--Account1/Basic--><P271 para="Account1_Active">1</P271>
<P34>a&lt;b&amp;"c"</P34><P48 para="Account1.OutboundProxy" />
<Account1_SipUserId>201</Account1_SipUserId><AdminPassword>x</AdminPassword>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "P271", Value: "1", Line: 4}, {Name: "P34", Value: `a<b&"c"`, Line: 5}, {Name: "P48", Line: 5},
		{Name: "Account1_SipUserId", Value: "201", Line: 6}, {Name: "AdminPassword", Value: "x", Line: 6},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	const head, tail = `<hl_provision version="1"><config version="1">`, `</config></hl_provision>`
	for body, problem := range map[string]string{
		"":                            "no <hl_provision>",
		`<gs_provision version="1"/>`: "where <hl_provision>",
		`<hl_provision/>`:             `needs version="1"`,
		`<hl_provision version="1"/>`: "has no <config>",
		`<hl_provision version="1"><config version="2"/>`:      "only version 1",
		`<hl_provision version="1"><mac>001fc1123456</mac>`:    "<mac> where <config>",
		head + `<item>s3cret</item>` + tail:                    "<item> is no parameter",
		head + `<P047>s3cret</P047>` + tail:                    "<P047> is no parameter",
		head + `<P2 x="1">s3cret</P2>` + tail:                  "other than para",
		head + `<P2 para="a" x="1">s3cret</P2>` + tail:         "other than para",
		head + `<P2>s3cret</P2><P2>s3cret</P2>` + tail:         "P2 appears twice",
		head + `<P2>s3cret<b/></P2>` + tail:                    "more than text",
		head + `s3cret` + tail:                                 "text outside of a parameter",
		head + `<P2>s3cret`:                                    "not well-formed",
		head + `<P2>&s3cret;</P2>` + tail:                      "not well-formed",
		head + `</config><config version="1"/></hl_provision>`: "behind </config>",
		head + tail + `<x/>`:                                   "behind </hl_provision>",
		`<!DOCTYPE x>` + head + tail:                           "a DTD",
		head + `<x:P2 xmlns:x="y">s3cret</x:P2>` + tail:        "is no parameter",
	} {
		_, err := Parse(file, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), file+" line ") {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

func TestDirectoryRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		``:                     "no <PhoneDirectory>",
		`<PhoneDirectory><x/>`: "where <DirectoryEntry>",
		`<PhoneDirectory><DirectoryEntry><Fax>1</Fax></DirectoryEntry></PhoneDirectory>`: "<Fax>",
		`<PhoneDirectory/><x/>`:                       "behind",
		`<PhoneDirectory><DirectoryEntry><Name>a<b/>`: "more than text",
	} {
		if _, err := Directory([]byte(body)); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		}
	}
}

// An account may use another's profile, as Wazo's accounts do.
func TestProfileOfAnother(t *testing.T) {
	t.Parallel()
	c, err := Parse(file, config(`<P47>pbx.example.com:5062</P47><P130>1</P130><P401>1</P401><P735>202</P735><P24083>0</P24083><P747>other.example.com</P747>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Account{{Index: 2, User: "202", Server: "pbx.example.com", Port: 5062, Transport: "TCP"}}
	if diff := cmp.Diff(want, Understand(c).Accounts); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A P-value and its name mean the same.
func TestNamesAndPValues(t *testing.T) {
	t.Parallel()
	byNumber, err := Parse(file, config(`<P271>1</P271><P35>201</P35><P47>pbx.example.com:5060</P47><P57>8</P57><P20200>3</P20200><P20201>300</P20201><P60100>2</P60100><P60101>1</P60101>
<P64>49</P64><P212>3</P212><P237>a/b/</P237>`))
	if err != nil {
		t.Fatal(err)
	}
	byWord, err := Parse(file, config(`<Account1_Active>1</Account1_Active><Account1_SipUserId>201</Account1_SipUserId>
<Profile1_Sipserver>pbx.example.com:5060</Profile1_Sipserver><Profile1_Choice1>8</Profile1_Choice1>
<LineKey5_Type>3</LineKey5_Type><LineKey5_Value>300</LineKey5_Value><Exp1_2_1_KeyType>2</Exp1_2_1_KeyType><Exp1_2_1_Value>1</Exp1_2_1_Value>
<Preference_TimeZone>49</Preference_TimeZone><FirmwareUpGrade_UrgrateMode>3</FirmwareUpGrade_UrgrateMode>
<FirmwareUpGrade_ConfigServerPath>a/b/</FirmwareUpGrade_ConfigServerPath>`))
	if err != nil {
		t.Fatal(err)
	}
	want := vendor.State{
		Accounts: []vendor.Account{{Index: 1, User: "201", Server: "pbx.example.com", Port: 5060}}, Codecs: []string{"8"},
		Keys:            []vendor.Key{{Slot: 5, Kind: "blf", Account: 1, Value: "300"}, {Module: 1, Slot: 21, Kind: "speed_dial", Account: 1, Value: "1"}},
		ProvisioningURL: "https://a/b/", TimeZone: "49", Clock: &vendor.Clock{Offset: 60},
	}
	for _, c := range []*vendor.Config{byNumber, byWord} {
		if diff := cmp.Diff(want, Understand(c)); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(config(`<P271 para="Account1_Active">1</P271><P24082>7</P24082><P57>8</P57><P64>49</P64><P75>1</P75><P23117>1</P23117>`))
	f.Add(config(`<Account16_Active>1</Account16_Active><Account16_Profile>3</Account16_Profile><Exp6_2_20_KeyType>1</Exp6_2_20_KeyType>`))
	f.Add(config(`<P212>3</P212><P237>a/b</P237><P41200>3</P41200>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Parse(file, body)
		if err != nil {
			return
		}
		Understand(c)
		var b bytes.Buffer
		for _, s := range c.Settings() {
			fmt.Fprintf(&b, "<%s>", s.Name)
			if err := xml.EscapeText(&b, []byte(s.Value)); err != nil {
				t.Fatal(err)
			}
			fmt.Fprintf(&b, "</%s>", s.Name)
		}
		again, err := Parse(file, config(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), again.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
