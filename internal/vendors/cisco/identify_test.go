package cisco

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// row is a line of testdata/user-agents.jsonl: what public sources say of requests. A
// source that files Linksys's phones under Cisco is told apart by the text.
type row struct {
	Kind, UA, Path, Vendor, Model, Version, MAC string
}

func TestIdentifiesEveryRowOfItsOwn(t *testing.T) {
	t.Parallel()
	seen := 0
	for _, r := range vendortest.Rows[row](t, "testdata/user-agents.jsonl") {
		if r.Kind == "http-fragment" || r.Kind == "dhcp60" || strings.HasPrefix(r.UA, "Linksys") {
			continue // a part of a text; not by HTTP or SIP; its own pack's
		}
		if r.Path == "/000e08123456.xml" {
			continue // an address of Sipura's
		}
		seen++
		id, ok := userAgent(r.UA)
		if r.UA == "" {
			id, ok = path(r.Path)
		}
		want := vendor.Identity{Vendor: name, Model: strings.ToUpper(r.Model), Version: r.Version}
		want.Model = strings.TrimSuffix(strings.TrimPrefix(want.Model, "CP-"), "-3PCC")
		if want.Model == "79X1" {
			want.Model = "" // a family of a peer's
		}
		if r.MAC != "" {
			want.MAC = mac.MustParse(r.MAC)
		}
		if !ok {
			t.Errorf("%s %q %q is not recognised", r.Kind, r.UA, r.Path)
		}
		if diff := cmp.Diff(want, id); diff != "" {
			t.Errorf("%s %q %q (-want +got)\n%s", r.Kind, r.UA, r.Path, diff)
		}
	}
	if seen != 27 {
		t.Errorf("%d rows were tried, want 27", seen)
	}
}

func TestUserAgents(t *testing.T) {
	t.Parallel()
	for ua, want := range map[string][3]string{
		"Cisco-CP-7832-3PCC/11.0.1 (00562b043615)":        {"7832", "11.0.1", "00562b043615"},
		"Cisco-CP-8865NR-3PCC/12.0.3":                     {"8865", "12.0.3", ""},
		"Cisco-DP-9861/3.1.1 (00562b043615)":              {"9861", "3.1.1", "00562b043615"},
		"Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)": {"SPA501G", "7.4.4", "8843e157ddcc"},
		"Cisco/SPA525G2-7.5.5 (88019FA42805)":             {"SPA525G2", "7.5.5", ""}, // a serial number
		"Cisco/SPA8000-6.1.11":                            {"SPA8000", "6.1.11", ""},
		"Cisco/SPA232D-1.4.1(002)":                        {"SPA232D", "1.4.1", ""},
		"Cisco-CP7941G/9.3.1":                             {"7941G", "9.3.1", ""},
		"Cisco-CP7961G-GE/8.5.4":                          {"7961G", "8.5.4", ""},
		"Cisco-CP9951/9.4.2":                              {"9951", "9.4.2", ""},
		"Cisco-CP8841/12.8.1":                             {"CP-8841", "12.8.1", ""},
		"Cisco-CP8821/11.0.5":                             {"8821", "11.0.5", ""},
		"Cisco-ATA190/1.2.2":                              {"ATA190", "1.2.2", ""},
	} {
		id, ok := userAgent(ua)
		got := [3]string{id.Model, id.Version, ""}
		if !id.MAC.IsZero() {
			got[2] = id.MAC.String()
		}
		if !ok || got != want {
			t.Errorf("userAgent(%q) = %v, %v; want %v", ua, got, ok, want)
		}
	}
	vendortest.Strangers(t, userAgent,
		"", "Cisco", "Cisco/", "Cisco-CP-7832-3PCC", "Cisco-CP-7832-3PCC/", "xCisco-CP-7832-3PCC/11.0.1", "Cisco-CP-7832-3PCC/11.0.1 (00562b04361)",
		"Cisco-CP-7832-3PCC/11.0.1 (00562b043615) x", "Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)\n", "Cisco/SPA501G-7.4.4 (8843E157DDCC) (CBT141100HR)",
		"Cisco-SIPGateway/IOS-15.4", "Cisco/IOS-12.x", "Linksys/SPA942-5.1.8", "Cisco-CP-8841-3PCC/1<script>", "Cisco/SPA501G-"+strings.Repeat("7.", 200),
	)
}

func TestPaths(t *testing.T) {
	t.Parallel()
	for p, want := range map[string][2]string{
		"/7841-3PCC.xml":                       {"7841", ""},
		"/p/x/DP-9861.xml":                     {"9861", ""},
		"/spa504G.cfg":                         {"SPA504G", ""},
		"/SPA525g2.CFG":                        {"SPA525G2", ""},
		"/spa232D.cfg":                         {"SPA232D", ""},
		"/ata192.cfg":                          {"ATA192", ""},
		"/spa8843e1aabbcc.xml":                 {"", "8843e1aabbcc"},
		"/8843E1AABBCC.xml":                    {"", "8843e1aabbcc"},
		"SEP8843E1AABBCC.cnf.xml":              {"", "8843e1aabbcc"},
		"ATA8843E1AABBCC.cnf.xml":              {"ATA190", "8843e1aabbcc"},
		"ITLSEP8843E1AABBCC.tlv":               {"", "8843e1aabbcc"},
		"XMLDefault.cnf.xml":                   {"", ""},
		"/Cisco/CP-7841-3PCC/00562b043615.cfg": {"7841", "00562b043615"},
		"Communicator/x":                       {"CIPC", ""},
	} {
		id, ok := path(p)
		got := [2]string{id.Model, ""}
		if !id.MAC.IsZero() {
			got[1] = id.MAC.String()
		}
		if !ok || got != want {
			t.Errorf("path(%q) = %v, %v; want %v", p, got, ok, want)
		}
	}
	vendortest.Strangers(t, path,
		"", "/", "/001565aabbcc.xml", "/7841.xml", "/spa942.cfg", "/spa.cfg", "/init.cfg", "/SEP8843E1AABBC.cnf.xml", "/xSEP8843E1AABBCC.cnf.xml",
		"/SEP8843E1AABBCC.cnf.xml.bak", "/x/Communicator", "/"+strings.Repeat("a", 600)+"/spa504G.cfg",
	)
}

func TestEnterpriseModels(t *testing.T) {
	t.Parallel()
	for model, want := range map[string]bool{
		"7941G": true, "8961": true, "9971": true, "8821": true, "CP-8841": true, "ATA190": true,
		"8841": false, "7841": false, "9861": false, "SPA504G": false, "ATA191": false, "9841": false,
	} {
		if enterprise(model) != want {
			t.Errorf("enterprise(%q) is %v", model, !want)
		}
	}
}

func FuzzIdentify(f *testing.F) {
	f.Add("Cisco/SPA501G-7.4.4 (8843E157DDCC)(CBT141100HR)", "/Cisco/CP-7841-3PCC/00562b043615.cfg")
	f.Add("Cisco-CP-7832-3PCC/11.0.1 (00562b043615)", "ITLSEP8843E1AABBCC.tlv")
	f.Fuzz(func(t *testing.T, ua, p string) {
		id, ok := userAgent(ua)
		if !ok && id != (vendor.Identity{}) {
			t.Errorf("userAgent(%q) returns %+v for a stranger", ua, id)
		}
		if len(id.Model) > 16 || len(id.Version) > 128 || strings.ContainsAny(id.Version, " \n<") {
			t.Errorf("userAgent(%q) gives %+v", ua, id)
		}
		if id, ok := path(p); !ok && id != (vendor.Identity{}) {
			t.Errorf("path(%q) returns %+v for a stranger", p, id)
		}
	})
}
