package gigaset

import (
	"bytes"
	"encoding/xml"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse("7C2F80E61AF4.xml", []byte(`<?xml version="1.0" encoding="UTF-8"?>
<provisioning version="1.1" productID="mx3b">
  <!-- a comment -->
  <firmware><file version="2.22.4" url="https://a.example/f?a=1&amp;b=2"/></firmware>
  <nvm>
    <param name="SIP.Account.0.AuthPassword" value=" &quot;&lt;x&gt; "/>
    <param name="PhoneUI.Keys.FunctionKeys.7.Type" value="-1"></param>
    <param name="WebUI.Language" value=""/>
  </nvm>
  <custom><step type="Redirect" url="%MACD.xml"/><step type="UnlockAllFunctionKeys"/></custom>
</provisioning>
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "firmware", Value: "https://a.example/f?a=1&b=2", Line: 4},
		{Name: "SIP.Account.0.AuthPassword", Value: ` "<x> `, Line: 6},
		{Name: "PhoneUI.Keys.FunctionKeys.7.Type", Value: "-1", Line: 7},
		{Name: "WebUI.Language", Value: "", Line: 8},
		{Name: "step.UnlockAllFunctionKeys", Value: "", Line: 10},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if diff := cmp.Diff([]string{"%MACD.xml"}, c.Includes); diff != "" {
		t.Errorf("includes (-want +got)\n%s", diff)
	}
	// The P series' files are Snom's.
	if c, err := parse("x.xml", []byte("<settings><phone-settings><language>English</language></phone-settings></settings>")); err != nil || c.Get("language") != "English" {
		t.Errorf("settings: %v", err)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	nvm := func(s string) string { return `<provisioning version="1.1"><nvm>` + s + "</nvm></provisioning>" }
	for body, want := range map[string]string{
		"":                                    "the file is empty",
		"hunter2":                             "text in the file",
		"<provisioning/>":                     `needs version="1.1"`,
		`<provisioning version="2.0"/>`:       `needs version="1.1"`,
		`<provisioning version="1.1" x="1"/>`: "no attribute x",
		`<provisioning version="1.1"><nvm/><nvm/></provisioning>`:                             "<nvm> is there twice",
		`<provisioning version="1.1"><vnm/></provisioning>`:                                   "no part of <provisioning>",
		`<provisioning version="1.1"/><provisioning version="1.1"/>`:                          "follows",
		`<provisioning version="1.1"><nvm>hunter2</nvm></provisioning>`:                       "text in <nvm>",
		`<!DOCTYPE provisioning [<!ENTITY a "b">]><provisioning version="1.1"/>`:              "no DTD",
		nvm(`<param name="A.B" value="1"/><param name="A.B" value="hunter2"/>`):               "appears twice",
		nvm(`<param name="A.B"/>`):                                                            "has no value",
		nvm(`<param name="A B" value="hunter2"/>`):                                            "words joined by dots",
		nvm(`<param value="hunter2"/>`):                                                       "words joined by dots",
		nvm(`<param name="A.B" value="1" value="2"/>`):                                        "attribute twice",
		nvm(`<param name="A.B" value="1">hunter2</param>`):                                    "text in <param>",
		nvm(`<param name="A.B" value="1"><b/></param>`):                                       "holds nothing",
		nvm(`<oper name="A.B" value="1"/>`):                                                   "the name of an <oper> is",
		nvm(`<param name="A.B" value="&hunter2;"/>`):                                          "not well-formed",
		`<provisioning version="1.1"><custom><step type="Boom"/></custom></provisioning>`:     "type of a <step>",
		`<provisioning version="1.1"><custom><step type="Redirect"/></custom></provisioning>`: "names no url",
		`<provisioning version="1.1"><firmware><file/></firmware></provisioning>`:             "names no url",
		`<provisioning version="1.1"><nvm>`:                                                   "",
	} {
		_, err := parse("x.xml", []byte(body))
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: %v, want an error with %q", body, err, want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%q: the message shows a secret: %v", body, err)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	t.Parallel()
	text := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r >= ' ' && r != 0xfffd && r&0xfffe != 0xfffe }))
	rapid.Check(t, func(t *rapid.T) {
		values := rapid.SliceOfN(text, 0, 6).Draw(t, "values")
		var b bytes.Buffer
		b.WriteString(`<provisioning version="1.1"><nvm>`)
		for i, v := range values {
			fmt.Fprintf(&b, `<param name="SIP.Account.%d.DisplayName" value="`, i)
			_ = xml.EscapeText(&b, []byte(v))
			b.WriteString(`"/>`)
		}
		b.WriteString("</nvm></provisioning>")
		c, err := parse("x.xml", b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		for i, v := range values {
			if got := c.Get(fmt.Sprintf("SIP.Account.%d.DisplayName", i)); got != v {
				t.Errorf("%q, want %q", got, v)
			}
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<provisioning version="1.1"><firmware><file url="a"/></firmware><nvm><param name="SIP.Account.0.Active" value="1"/></nvm><custom><step type="Redirect" url="a"/></custom></provisioning>`))
	f.Add([]byte(`<provisioning version="1.1"><nvm><param name="System.Provision.ProvisioningServer" value=""/></nvm></provisioning>`))
	f.Add([]byte(`<provisioning version="1.1"><nvm><oper name="DeleteNotProvisionedHS"/><oper name="add_hs" value="029e74a599"><param name="hs.RegStatus" value="ToReg"/></oper></nvm></provisioning>`))
	f.Add([]byte(frameHead + `<SYMB_ITEM ID="BS_IP_Data1.ucB_SIP_ACCOUNT_IS_ACTIVE_1" class="symb_item" value="1"/></Provider></ProviderFrame>`))
	f.Add([]byte(`<settings><phone-settings e="2"><user_pass idx="1" perm="R">a</user_pass></phone-settings></settings>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse("x.xml", body)
		if err != nil {
			return
		}
		understand(c)
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if s.Name == "" || seen[s.Name] {
				t.Errorf("the setting %q is there twice, or nameless", s.Name)
			}
			seen[s.Name] = true
		}
	})
}
