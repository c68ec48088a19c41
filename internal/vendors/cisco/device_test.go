package cisco

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

func TestParseDevice(t *testing.T) {
	t.Parallel()
	c, err := parseDevice("SEP.cnf.xml", []byte(`<?xml version="1.0"?>
<device>
  <deviceProtocol>SIP</deviceProtocol>
  <devicePool><dateTimeSetting><ntps><ntp><name>a</name></ntp><ntp><name>b</name></ntp></ntps></dateTimeSetting></devicePool>
  <sipProfile><sipLines>
    <line button="2" lineIndex="1"><featureID>9</featureID><name> 201 </name></line>
    <line button="3"><featureID>21</featureID><featureLabel>x</featureLabel><speedDialNumber>301</speedDialNumber></line>
  </sipLines></sipProfile>
  <certHash/>
</device>`))
	if err != nil {
		t.Fatal(err)
	}
	got := make(map[string]string)
	for _, s := range c.Settings() {
		got[s.Name] = s.Value
	}
	want := map[string]string{
		"deviceProtocol": "SIP", "certHash": "",
		"devicePool/dateTimeSetting/ntps/ntp[1]/name": "a", "devicePool/dateTimeSetting/ntps/ntp[2]/name": "b",
		"sipProfile/sipLines/line[2]/@button": "2", "sipProfile/sipLines/line[2]/@lineIndex": "1",
		"sipProfile/sipLines/line[2]/featureID": "9", "sipProfile/sipLines/line[2]/name": "201",
		"sipProfile/sipLines/line[3]/@button": "3", "sipProfile/sipLines/line[3]/featureID": "21",
		"sipProfile/sipLines/line[3]/featureLabel": "x", "sipProfile/sipLines/line[3]/speedDialNumber": "301",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("settings (-want +got)\n%s", diff)
	}
	keys := []vendor.Key{{Slot: 2, Kind: "line", Account: 1}, {Slot: 3, Kind: "blf", Account: 1, Value: "301", Label: "x"}}
	if diff := cmp.Diff(keys, understand(c).Keys); diff != "" {
		t.Errorf("keys (-want +got)\n%s", diff)
	}
}

func TestParseDeviceRefuses(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ body, want string }{
		"nothing":              {"", "is empty"},
		"another root":         {"<flat-profile/>", "is no file of a phone"},
		"two roots":            {"<device/><device/>", "follows the end"},
		"text around":          {"<device/>x", "text outside"},
		"text beside":          {"<device>x<a>1</a></device>", "text beside"},
		"a setting twice":      {"<device><a>1</a><a>2</a></device>", "a appears twice"},
		"a button twice":       {`<device><line button="1"/><line button="1"/></device>`, "twice"},
		"a line without":       {"<device><line/></device>", "needs the number button"},
		"a button of letters":  {`<device><line button="x"/></device>`, "needs the number button"},
		"an unknown attribute": {`<device><a b="1"/></device>`, "no attribute b"},
		"a DTD":                {"<!DOCTYPE a><device/>", "no DTD"},
		"a depth":              {"<device>" + strings.Repeat("<a>", 20) + strings.Repeat("</a>", 20) + "</device>", "too deep"},
		"an open end":          {"<device>", "x:1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, err := parseDevice("x", []byte(tt.body)); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("parseDevice: %v, want an error with %q", err, tt.want)
			}
		})
	}
}

func TestBootDevice(t *testing.T) {
	t.Parallel()
	for model, own := range map[string]string{"7941G": "SEP8843E1AABBCC", "ATA190": "ATA8843E1AABBCC"} {
		unit := vendor.Unit{MAC: mac.MustParse("8843e1aabbcc"), Model: model}
		for _, file := range []string{own + ".cnf.xml", "XMLDefault.cnf.xml"} {
			var asked []string
			c, err := boot(unit, func(name string) (int, []byte, error) {
				asked = append(asked, name)
				if name == file {
					return 200, []byte("<device><fullConfig>true</fullConfig><sipProfile><dialTemplate>plan.xml</dialTemplate></sipProfile></device>"), nil
				}
				return 404, nil, nil
			})
			if err != nil || c.Get("fullConfig") != "true" {
				t.Errorf("%s with %s: %v", model, file, err)
			}
			want := []string{"CTL" + own + ".tlv", "ITL" + own + ".tlv", own + ".cnf.xml"}
			if file != want[2] {
				want = append(want, file)
			}
			if diff := cmp.Diff(append(want, "plan.xml"), asked); diff != "" {
				t.Errorf("%s: requests (-want +got)\n%s", model, diff)
			}
		}
		if _, err := boot(unit, func(string) (int, []byte, error) { return 404, nil, nil }); !errors.Is(err, vendor.ErrNoConfig) {
			t.Errorf("%s without files: %v", model, err)
		}
	}
}

func FuzzParseDevice(f *testing.F) {
	f.Add([]byte(`<device><a>1</a><line button="1" lineIndex="1"><featureID>9</featureID></line></device>`))
	f.Add([]byte(`<DIALTEMPLATE><TEMPLATE MATCH="*" Timeout="3"/></DIALTEMPLATE>`))
	f.Fuzz(func(t *testing.T, body []byte) {
		if c, err := parseDevice("x", body); err == nil {
			understandDevice(c)
		}
	})
}
