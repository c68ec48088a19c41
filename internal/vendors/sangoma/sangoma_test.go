package sangoma

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"tone":                         "the tones go by the locale; P-values for them are not known",
		"sangoma-p.xml: background":    "FP: the D6x alone take one",
		"sangoma-p.xml: user password": "there is one password, the administrator's",
		"sangoma-p.xml: ntp2":          "the phones take one time server",
		"sangoma-p.xml: poll":          "the settings of the config re-check could not be read",
		"sangoma-p.xml: lldp":          "a phone that is told its VLAN does not ask for it",
		"sangoma-p.xml: key account":   "a contact is dialled from the line in use",
		"sangoma-p.xml: ringtones":     "<ringtones> could not be read",
		"sangoma-s.xml: vlan priority": "there is one for the phone's own port (P87), none for the PC's",
	}
	vendortest.Run(t, Pack(), lacks)
}

// The S-series has a grammar of its own.
func TestParseSSeries(t *testing.T) {
	t.Parallel()
	c, err := parse("cfg005058123456.xml", []byte(`<hl_provision version="1"><config version="1"><P271 para="Account1.Active">1</P271><P35>201</P35>
<P47>pbx.example.com</P47><P130>0</P130><P23000>3</P23000><P23002>300</P23002><P23003>Desk</P23003><P8621>2</P8621></config></hl_provision>`))
	if err != nil {
		t.Fatal(err)
	}
	s := understand(c)
	if len(s.Accounts) != 1 || s.Accounts[0].User != "201" || s.Accounts[0].Transport != "UDP" || s.Language != "2" {
		t.Errorf("understood as %+v", s)
	}
	if diff := cmp.Diff([]vendor.Key{{Slot: 37, Kind: "blf", Account: 1, Value: "300", Label: "Desk"}}, s.Keys); diff != "" {
		t.Errorf("keys (-want +got):\n%s", diff)
	}
	if _, err := parse("cfg005058123456.xml", []byte(`<hl_provision version="2"/>`)); err == nil || !strings.Contains(err.Error(), "only version 1") {
		t.Errorf("a version of tomorrow: %v", err)
	}
	book, err := directory([]byte(`<PhoneDirectory><DirectoryEntry><Name>Taxi</Name><Telephone>22456</Telephone></DirectoryEntry></PhoneDirectory>`))
	if diff := cmp.Diff([]vendor.Contact{{Name: "Taxi", Number: "22456"}}, book); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}
