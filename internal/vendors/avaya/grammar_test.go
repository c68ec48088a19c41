package avaya

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialplane/dialplane/internal/vendors"
)

const file = "c81fea83e85a.txt"

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(file, []byte("## Phone firmware\r\nSET APPNAME \"FW S.bin\"\n\nSET SNTPSRVR a.example,b.example  \nSET OVERRIDE_USER_SELECTION \"\"\n"+
		"SET PHONEKEY \"Key=4;Type=line;Name=primary\"\nSET PHONEKEY \"Key=5;Type=line;Name=primary\"\n"+
		"IF $MODEL4 SEQ J179 GOTO END\nGET $MACADDR.txt\n# END\nGOTO END\n"))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "APPNAME", Value: "FW S.bin", Line: 2},
		{Name: "SNTPSRVR", Value: "a.example,b.example", Line: 4},
		{Name: "OVERRIDE_USER_SELECTION", Line: 5},
		{Name: "PHONEKEY.4", Value: "Key=4;Type=line;Name=primary", Line: 6},
		{Name: "PHONEKEY.5", Value: "Key=5;Type=line;Name=primary", Line: 7},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"$MACADDR.txt"}, c.Includes); diff != "" {
		t.Errorf("includes (-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		"password s3cret":                   "neither SET",
		"#s3cret":                           "neither SET",
		"set APPNAME s3cret":                "neither SET",
		"SET APPNAME":                       "takes a name",
		"SET appname s3cret":                "takes a name",
		`SET APPNAME "s3cret`:               "is not closed",
		`SET APPNAME "s3"cret"`:             "inside the value",
		`SET APPNAME s3"cret`:               "inside the value",
		"SET APPNAME s3\tcret":              "a control character",
		"SET APPNAME 1\nSET APPNAME s3cret": "APPNAME appears twice",
		`SET PHONEKEY "s3cret"`:             "PHONEKEY takes",
		"SET PHONEKEY Key=1;Type=x\nSET PHONEKEY Key=1;Type=s3cret": "PHONEKEY.1 appears twice",
		"GET ../s3cret":        "the name of a file",
		"GET":                  "the name of a file",
		"IF MODEL4 SEQ s3cret": "IF takes",
		"GOTO s3 cret":         "takes a label",
		"# ":                   "takes a label",
		"SET APPNAME \xff":     "not UTF-8",
	} {
		_, err := parse(file, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), file) {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

func TestDirectoryRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		"":                        "no <IPPhoneDirectory>",
		"<IPPhoneDirectory><x/>":  "where <DirectoryEntry>",
		"<IPPhoneDirectory/><x/>": "behind",
		"<IPPhoneDirectory><DirectoryEntry><Fax>1</Fax>":               "<Fax>",
		"<IPPhoneDirectory><DirectoryEntry><LastName>a<b/></LastName>": "more than text",
	} {
		if _, err := directory([]byte(body)); err == nil || !strings.Contains(err.Error(), problem) {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	const summer = "SET GMTOFFSET -5:00\nSET DAYLIGHT_SAVING_SETTING_MODE 2\nSET DSTOFFSET 1\nSET DSTSTART 2SunMar2L\nSET DSTSTOP "
	for body, want := range map[string]*vendor.Clock{
		summer + "1SunNov2L": {
			Offset: -300, Saving: 60,
			Start: vendor.Change{Month: 3, Week: 2, Hour: 2}, End: vendor.Change{Month: 11, Week: 1, Hour: 2},
		},
		summer + "1SunNov24L":     nil,
		summer + "5SunNov2L":      nil,
		"SET GMTOFFSET \"+5:45\"": {Offset: 345},
		"SET GMTOFFSET 5":         nil,
	} {
		c, err := parse(file, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(want, understand(c).Clock); diff != "" {
			t.Errorf("%q (-want +got):\n%s", body, diff)
		}
	}
}

func TestProvisioningURL(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"SET HTTPSRVR a.example\nSET HTTPPORT 8080\nSET HTTPDIR /p/x": "http://a.example:8080/p/x/",
		"SET HTTPSRVR a.example": "http://a.example/",
		"SET HTTPSRVR a.example\nSET TLSSRVR b.example\nSET TLSPORT 443\nSET TLSDIR p": "https://b.example/p/",
		"SET TLSSRVR \"\"\nSET TLSDIR p":                                               "",
	} {
		c, err := parse(file, []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := understand(c).ProvisioningURL; got != want {
			t.Errorf("%q leads to %q, want %q", body, got, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte("SET SIP_CONTROLLER_LIST a.example:5060;transport=udp\nSET SIPDOMAIN a.example\nSET FORCE_SIP_EXTENSION 1\n"))
	f.Add([]byte("SET GMTOFFSET -5:00\nSET DSTSTART 2SunMar2L\nSET PHONEKEY \"Key=4;Type=feature;Name=blf\"\n# A\nGOTO A\nIF $MODEL4 SEQ J179 GOTO A\nGET x\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(file, body)
		if err != nil {
			return
		}
		understand(c)
		var b strings.Builder
		for _, s := range c.Settings() {
			param, _, _ := strings.Cut(s.Name, ".")
			fmt.Fprintf(&b, "SET %s \"%s\"\n", param, s.Value)
		}
		again, err := parse(file, []byte(b.String()))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), again.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
