package digiumxml

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

const file = "000fd3123456.cfg"

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := Parse(file, []byte(`<?xml version="1.0" ?>
<config>
  <!-- Not D80 -->
  <setting id="login_password" value="a&lt;b&amp;&quot;c" />
  <setting id="logo_file" value="user" path="/x.png"/>
  <accounts><account index="1" status="1"><host_primary server="a.example" port="5060"/><permission id="use_voicemail" value="1"/></account></accounts>
  <contacts url="http://a.example/c.xml" id="internal"/>
  <smart_blf><blf_items url="k.xml"/></smart_blf>
  <firmwares><firmware model="D65" version="2_8_0" url="http://a.example/f.eff"/></firmwares>
</config>
`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "setting.login_password", Value: `a<b&"c`, Line: 4},
		{Name: "setting.logo_file", Value: "user", Line: 5}, {Name: "setting.logo_file.path", Value: "/x.png", Line: 5},
		{Name: "account.1.status", Value: "1", Line: 6}, {Name: "account.1.host_primary.server", Value: "a.example", Line: 6},
		{Name: "account.1.host_primary.port", Value: "5060", Line: 6}, {Name: "account.1.permission.use_voicemail", Value: "1", Line: 6},
		{Name: "contacts.internal.url", Value: "http://a.example/c.xml", Line: 7}, {Name: "blf_items.url", Value: "k.xml", Line: 8},
		{Name: "firmware.D65.version", Value: "2_8_0", Line: 9}, {Name: "firmware.D65.url", Value: "http://a.example/f.eff", Line: 9},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"http://a.example/c.xml", "k.xml"}, c.Includes); diff != "" {
		t.Errorf("includes (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		"":                      "no <config>",
		"<settings/>":           "where <config>",
		`<config x="s3cret"/>`:  "takes no attribute",
		`<config><x/></config>`: "<x> in <config>",
		`<config><setting value="s3cret"/></config>`:                                        "needs id",
		`<config><setting id="s3cret pass" value="1"/></config>`:                            "needs id, of letters",
		`<config><setting id="a" other="s3cret"/></config>`:                                 "an attribute other",
		`<config><setting id="a" value="s3cret"/><setting id="a" value="s3cret"/></config>`: "setting.a appears twice",
		`<config><setting id="a" value="1" value="s3cret"/></config>`:                       "an attribute value",
		`<config><setting id="a" value="1">s3cret</setting></config>`:                       "text outside",
		`<config>s3cret</config>`:                                                           "text outside",
		`<config><accounts/><accounts/></config>`:                                           "stands twice",
		`<config><setting id="a" value="s3cret">`:                                           "not well-formed",
		`<config><setting id="a" value="&s3cret;"/></config>`:                               "not well-formed",
		`<config/><x/>`:         "behind </config>",
		`<!DOCTYPE x><config/>`: "a DTD",
		`<config><x:setting xmlns:x="y" id="s3cret"/></config>`:           "<setting> in <config>",
		`<phonebooks><contacts><contact id="1"/></contacts></phonebooks>`: "<contacts> needs id",
	} {
		_, err := Parse(file, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), file+" line ") {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

func TestDirectory(t *testing.T) {
	t.Parallel()
	got, err := Directory([]byte(`<phonebooks><contacts group_name="Default" id="0">
		<contact id="0" first_name="Ada" second_name="" last_name="Lovelace"><actions><action id="send_to_vm" dial="*99201"/><action id="primary" dial="201"/></actions></contact>
		<contact id="1" last_name="Taxi"><actions><action id="primary" dial="22456"/></actions></contact>
	</contacts></phonebooks>`))
	want := []vendor.Contact{{Name: "Ada Lovelace", Number: "201"}, {Name: "Taxi", Number: "22456"}}
	if diff := cmp.Diff(want, got); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if _, err := Directory([]byte("<phonebook/>")); err == nil {
		t.Error("another vendor's phone book is read")
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`<config><setting id="time_zone" value="Europe/Berlin"/><accounts><account index="0" status="1" caller_id="A &lt;1&gt;"/></accounts></config>`))
	f.Add([]byte(`<config><smart_blf><blf_items><blf_item location="side" index="0" contact_id="k"><behaviors><behavior phone_state="idle"/></behaviors></blf_item></blf_items></smart_blf></config>`))
	f.Add([]byte(`<phonebooks><contacts id="keys"><contact id="k"><actions><action id="primary" dial="1"/></actions></contact></contacts></phonebooks>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := Parse(file, body)
		if err != nil {
			return
		}
		Understand(c)
		if _, err := Directory(body); err != nil {
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
