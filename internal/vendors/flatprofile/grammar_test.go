package flatprofile

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/vendors"
)

func profile(s string) []byte { return []byte("<flat-profile>" + s + "</flat-profile>") }

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse("x.xml", []byte(`<?xml version="1.0"?>
<!-- A comment. -->
<flat-profile>
  <Resync_On_Reset> Yes
  </Resync_On_Reset>
  <Proxy_1_ ua="na">a&amp;b&lt;&gt;&quot;&apos;&#65;</Proxy_1_>
  <Syslog_Server group="System/Optional"/>
  <GPP_A></GPP_A>
  <Enable_LLDP-MED>No</Enable_LLDP-MED>
  <router-configuration>
    <WAN_VLAN_Setting><WAN_VLAN_ID>3</WAN_VLAN_ID></WAN_VLAN_Setting>
    <Router_Mode>1</Router_Mode>
  </router-configuration>
</flat-profile>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "Resync_On_Reset", Value: "Yes", Line: 4},
		{Name: "Proxy_1_", Value: `a&b<>"'A`, Line: 6},
		{Name: "GPP_A", Value: "", Line: 8},
		{Name: "Enable_LLDP-MED", Value: "No", Line: 9},
		{Name: "router-configuration/WAN_VLAN_Setting/WAN_VLAN_ID", Value: "3", Line: 11},
		{Name: "router-configuration/Router_Mode", Value: "1", Line: 12},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("settings (-want +got)\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":              {"", "is empty"},
		"no profile":           {"<settings/>", "is not the plain <flat-profile>"},
		"an attribute of all":  {`<flat-profile ua="na"/>`, "is not the plain"},
		"two profiles":         {"<flat-profile/><flat-profile/>", "a second <flat-profile>"},
		"text behind":          {"<flat-profile/>x", "text outside"},
		"text between":         {"<flat-profile>x</flat-profile>", "text between"},
		"a setting twice":      {"<flat-profile><A>1</A><A>2</A></flat-profile>", "A appears twice"},
		"an unknown attribute": {`<flat-profile><A perm="R">1</A></flat-profile>`, "has an attribute perm"},
		"an attribute twice":   {`<flat-profile><A ua="na" ua="ro">1</A></flat-profile>`, "twice"},
		"an unknown access":    {`<flat-profile><A ua="ua">1</A></flat-profile>`, "na, ro or rw"},
		"elements in a value":  {"<flat-profile><A><B>1</B></A></flat-profile>", "<B> in <A>"},
		"a name with a colon":  {"<flat-profile><a:A>1</a:A></flat-profile>", "letters, digits"},
		"a name with an é":     {"<flat-profile><é>1</é></flat-profile>", "letters, digits"},
		"a DTD":                {`<!DOCTYPE x [<!ENTITY a "b">]><flat-profile/>`, "no DTD"},
		"an entity":            {"<flat-profile><A>&a;</A></flat-profile>", "not well-formed"},
		"an open end":          {"<flat-profile><A>1</A>", "x.xml:1"},
		"the wrong end":        {"<flat-profile><A>1</B></flat-profile>", "x.xml:1"},
		"a depth":              {"<flat-profile><router-configuration><a><b><c><d><e>1</e></d></c></b></a></router-configuration></flat-profile>", "only text belongs"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := Parse("x.xml", []byte(tt.body)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("Parse: %v, want an error with %q", err, tt.want)
			}
		})
	}
}

// TestParseKeepsSecrets proves that no message repeats a value.
func TestParseKeepsSecrets(t *testing.T) {
	t.Parallel()
	for _, body := range []string{
		"<Password_1_>hunter2</Password_1_><Password_1_>hunter2</Password_1_>", "hunter2",
		"<Password_1_>hunter2<b/></Password_1_>", `<Password_1_ ua="hunter2">x</Password_1_>`, "<Password_1_>&hunter2;</Password_1_>",
	} {
		if _, err := Parse("x.xml", profile(body)); err == nil || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", body, err)
		}
	}
}

func TestKeys(t *testing.T) {
	t.Parallel()
	c, err := Parse("x.xml", profile(`<Extension_1_>2</Extension_1_><Short_Name_1_>Front</Short_Name_1_>
<Extension_2_>Disabled</Extension_2_><Extended_Function_2_>fnc=blf+sd+cp;sub=301@$PROXY;ext=301@$PROXY;nme=Ada</Extended_Function_2_>
<Extended_Function_3_>fnc=sd;ext=+4930@$PROXY;nme=Taxi=a</Extended_Function_3_>
<Extended_Function_4_>fnc=xml;url=http://a.example/?b=c;nme=Door</Extended_Function_4_>
<Extended_Function_5_>fnc=dnd</Extended_Function_5_>
<Unit_1_Key_2>fnc=blf+sd;sub=302@$PROXY;nme=x</Unit_1_Key_2><Unit_2_Key_1_>fnc=sd+blf;sub=701@$PROXY</Unit_2_Key_1_>
<Unit_2_Extension_3_>1</Unit_2_Extension_3_><Unit_2_Short_Name_3_>y</Unit_2_Short_Name_3_>`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Key{
		{Slot: 1, Kind: "line", Account: 2, Label: "Front"},
		{Slot: 2, Kind: "blf", Account: 1, Value: "301", Label: "Ada"},
		{Slot: 3, Kind: "speed_dial", Account: 1, Value: "+4930", Label: "Taxi=a"},
		{Slot: 4, Kind: "url", Account: 1, Value: "http://a.example/?b=c", Label: "Door"},
		{Module: 1, Slot: 2, Kind: "blf", Account: 1, Value: "302", Label: "x"},
		{Module: 2, Slot: 1, Kind: "park", Account: 1, Value: "701"},
		{Module: 2, Slot: 3, Kind: "line", Account: 1, Label: "y"},
	}
	if diff := cmp.Diff(want, Understand(c).Keys); diff != "" {
		t.Errorf("keys (-want +got)\n%s", diff)
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	last := vendor.Change{Month: 3, Week: 5, Hour: 2}
	for body, want := range map[string]*vendor.Clock{
		"<Time_Zone>GMT</Time_Zone>":                                            {},
		"<Time_Zone>GMT-03:30</Time_Zone>":                                      {Offset: -210},
		"<Time_Zone>GMT+05:45</Time_Zone>":                                      {Offset: 345},
		"<Time_Zone>Berlin</Time_Zone>":                                         nil,
		"<Daylight_Saving_Time_Rule>start=3/-1/7/2</Daylight_Saving_Time_Rule>": nil,
		`<Time_Zone>GMT+01:00</Time_Zone><Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable>
<Daylight_Saving_Time_Rule>start=3/-1/7/2;end=10/8/1/3:30:0;save=1</Daylight_Saving_Time_Rule>`: {
			Offset: 60, Saving: 60, Start: last, End: vendor.Change{Month: 10, Week: 2, Weekday: 1, Hour: 3, Minute: 30},
		},
	} {
		c, err := Parse("x.xml", profile(body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, Understand(c).Clock); diff != "" {
			t.Errorf("%s (-want +got)\n%s", body, diff)
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	got, err := Directory([]byte(`<CiscoIPPhoneDirectory><Title>x</Title><DirectoryEntry><Name>A &amp; B</Name><Telephone>1</Telephone></DirectoryEntry></CiscoIPPhoneDirectory>`))
	if diff := cmp.Diff([]vendor.Contact{{Name: "A & B", Number: "1"}}, got); diff != "" || err != nil {
		t.Errorf("%v (-want +got)\n%s", err, diff)
	}
	if _, err := Directory([]byte(`<YealinkIPPhoneDirectory/>`)); err == nil {
		t.Error("another vendor's directory is read")
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for value, refused := range map[string]bool{"$USER": true, "a $proxy": true, "$US ER": false, "a;b": false, `<"&'>`: false, "": false} {
		if got := Refuse(value) != ""; got != refused {
			t.Errorf("Refuse(%q) is %v", value, got)
		}
	}
}

// TestRoundTrip writes values as XML does and reads them back.
func TestRoundTrip(t *testing.T) {
	t.Parallel()
	escape := strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;")
	rapid.Check(t, func(t *rapid.T) {
		value := rapid.StringOf(rapid.Rune().Filter(func(r rune) bool { return r > ' ' && r != 0xfffd && r&0xfffe != 0xfffe && (r < 0x7f || r >= 0xa0) })).Draw(t, "value")
		c, err := Parse("x.xml", profile("<A>"+escape.Replace(value)+"</A>"))
		if err != nil {
			t.Fatal(err)
		}
		if got, ok := c.Lookup("A"); got != value || !ok {
			t.Errorf("%q comes back as %q", value, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add(profile(`<Profile_Rule ua="na">http://a/$MA.xml</Profile_Rule><Extension_1_>1</Extension_1_>`))
	f.Add(profile(`<router-configuration><a><b>1</b></a></router-configuration><A/><B></B>`))
	f.Add(profile(`<Time_Zone>GMT+01:00</Time_Zone><Daylight_Saving_Time_Enable>Yes</Daylight_Saving_Time_Enable><Daylight_Saving_Time_Rule>start=3/-1/7/2;end=//;save=</Daylight_Saving_Time_Rule>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Parse("x.xml", body)
		if err != nil {
			return
		}
		Understand(c)
		seen := make(map[string]bool)
		for _, s := range c.Settings() {
			if s.Name == "" || seen[s.Name] {
				t.Errorf("the setting %q is there twice, or nameless", s.Name)
			}
			seen[s.Name] = true
		}
	})
}
