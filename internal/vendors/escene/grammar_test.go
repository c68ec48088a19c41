package escene

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

const own = "00268b123456.xml"

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(own, []byte(`<?xml version="1.0" ?>
<all>
  <!-- as EX writes it, one long line -->
  <RouteTabs /><sipServers><sipserver P-Asserted-Identity="1"/></sipServers>
  <sipUsers>
    <sipUser id="0" Password="a&lt;b&amp;&quot;c"/><sipUser Password="" id="7"/>
  </sipUsers>
  <Extension6s><extension6 id="31" Type="1"/></Extension6s>
</all>
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "sipserver.P-Asserted-Identity", Value: "1", Line: 4},
		{Name: "sipUser.0.id", Value: "0", Line: 6}, {Name: "sipUser.0.Password", Value: `a<b&"c`, Line: 6},
		{Name: "sipUser.7.Password", Line: 6}, {Name: "sipUser.7.id", Value: "7", Line: 6},
		{Name: "extension6.31.id", Value: "31", Line: 8}, {Name: "extension6.31.Type", Value: "1", Line: 8},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		"":                     "no <all>",
		"<settings/>":          "where <all>",
		`<all x="s3cret"/>`:    "takes no attribute",
		`<all>s3cret</all>`:    "text outside",
		`<all/><x/>`:           "behind </all>",
		`<all><x/></all>`:      "<x> in <all>",
		`<!DOCTYPE x><all/>`:   "a DTD",
		`<all><lcds x="1"/>`:   "<lcds> in <all>, or with an attribute",
		`<all><lcds><dsp/>`:    "<dsp> in <lcds>",
		`<all><lcds><lcd><x/>`: "<x> in <lcd>",
		`<all><passwords><password Password="s3cret">`:                               "not well-formed",
		`<all><passwords><password Password="s3cret">s3cret</password>`:              "text outside",
		`<all><passwords><password Password="s3cret" Password="s3cret"/>`:            "password.Password appears twice",
		`<all><passwords><password Password="s3cret"/><password Password="s3cret"/>`: "password.Password appears twice",
		`<all><passwords><password x.y="s3cret"/>`:                                   "an attribute that is none",
		`<all><passwords><password xmlns:y="z" y:Password="s3cret"/>`:                "an attribute that is none",
		`<all><sipUsers><sipUser Password="s3cret"/>`:                                "a number as id",
		`<all><sipUsers><sipUser id="-1"/>`:                                          "a number as id",
		`<all><sipUsers><sipUser id="01"/>`:                                          "a number as id",
		`<all><sipUsers><sipUser id="1"/><sipUser id="1"/>`:                          "appears twice",
		`<all><x:lcds xmlns:x="y"/>`:                                                 "<lcds> in <all>",
	} {
		_, err := parse(own, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), own+" line ") {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

// What FP and EX write is understood where our templates write it otherwise.
func TestUnderstand(t *testing.T) {
	t.Parallel()
	c, err := parse(own, []byte(`<all>
<SipDSPs><dsp CodecType="4" CodecType1="0" CodecType2="255" enableCode0="G722" enableCode1="G711A" enableCode2="G711U" disableCode0="iLBC"/></SipDSPs>
<Privisions><privision AutoPrivisionFlag="1" protocol="0" Firmware="TFTP://192.0.2.1"/></Privisions>
<SysTimes><systime SNTPAddress="ntp.example.com" SNTPEnableFlag="1" TimeZoneType="13" DaylightSaveingFlag="0"/></SysTimes>
<VLANs><Vlan EnableVlan="0" LocalEnableVlan="1" LocalVID="7"/></VLANs>
<sipUsers>
<sipUser id="0" EnableAccount="1" DomainName="pbx.example.com" ProxyServerAddress="pbx.example.com" LinkUse="0" UserNumber="201"/>
<sipUser id="1" EnableAccount="1" DomainName="pbx.example.com" ProxyServerAddress="" LinkUse="1" UserNumber="202"/>
<sipUser id="2" EnableAccount="0" DomainName="pbx.example.com" UserNumber="203"/>
</sipUsers>
<hotlines><hotline id="0" SipAccounts="127" Type="5" HotlineNum="22456" Name="Taxi"/><hotline id="1" Type="11" HotlineNum="1"/></hotlines>
</all>`))
	if err != nil {
		t.Fatal(err)
	}
	want := vendor.State{
		TimeZone: "13", Codecs: []string{"G722", "G711A"},
		Accounts: []vendor.Account{
			{Index: 1, User: "201", Server: "pbx.example.com", Transport: "UDP"},
			{Index: 2, User: "202", Server: "pbx.example.com", Transport: "TCP"},
		},
		Keys: []vendor.Key{{Slot: 1, Kind: "speed_dial", Value: "22456", Label: "Taxi"}},
	}
	if diff := cmp.Diff(want, understand(c)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	got, err := directory([]byte(`<all><PhoneGroups><group id="0" name="x"/></PhoneGroups><PhoneBooks>
		<book FirstName="Ada" id="0" LastName="Lovelace" MobileNum="1" OfficeNum="201"/><book id="1" LastName="Taxi" OfficeNum="22456"/>
	</PhoneBooks></all>`))
	want := []vendor.Contact{{Name: "Ada Lovelace", Number: "201"}, {Name: "Taxi", Number: "22456"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := directory([]byte("<phonebook/>")); err == nil {
		t.Error("another vendor's phone book is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<all><Privisions><privision AutoPrivisionFlag="1" protocol="3" Firmware="a/b"/></Privisions><sipUsers><sipUser id="0" EnableAccount="1" ProxyServerAddress="[::1]:5060"/></sipUsers></all>`))
	f.Add([]byte(`<all><hotlines><hotline id="0" Type="1" HotlineNum="1" SipAccounts="999"/></hotlines><VLANs><Vlan EnableVlan="1" LocalEnableVlan="1" LocalVID="x"/></VLANs></all>`))
	f.Add([]byte(`<all><PhoneBooks><book id="0" FirstName="A"/></PhoneBooks></all>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(own, body)
		if err != nil {
			return
		}
		understand(c)
		if _, err := directory(body); err != nil {
			t.Errorf("read as a file and not as a phone book: %v", err)
		}
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if seen[s.Name] || s.Name == "" {
				t.Errorf("setting %q twice", s.Name)
			}
			seen[s.Name] = true
		}
	})
}
