package panasonic

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	file  = "Config0080F0C8C381.cfg"
	first = header + " DO NOT CHANGE THIS LINE!"
)

// config ends the lines as the phone wants them.
func config(lines ...string) []byte {
	return []byte(strings.Join(append([]string{first}, lines...), "\r\n") + "\r\n\r\n")
}

// The guides count 44 bytes.
func TestHeader(t *testing.T) {
	t.Parallel()
	if header != "\x23\x20Panasonic\x20SIP\x20Phone\x20Standard\x20Format\x20File\x20\x23" || len(header) != 44 {
		t.Errorf("the header is %q of %d bytes", header, len(header))
	}
}

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(file, config(`# a note`, ``, `SIP_PASS_1="a=b #'é;\"`, `NTP_ADDR=""`))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{{Name: "SIP_PASS_1", Value: `a=b #'é;\`, Line: 4}, {Name: "NTP_ADDR", Line: 5}}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// A KX-TGP500's file begins with a line of its own.
func TestParseOfBase(t *testing.T) {
	t.Parallel()
	c, err := parse(file, []byte(baseHeader+" DO NOT CHANGE THIS LINE!\r\nNTP_ADDR=\"n\"\r\n\r\n"))
	if err != nil || c.Get("NTP_ADDR") != "n" {
		t.Errorf("%v, %v", c, err)
	}
}

// A handset is somebody's if the line that it calls by is in use and rings it.
func TestHandsets(t *testing.T) {
	t.Parallel()
	c, err := parse(file, config(
		`PHONE_NUMBER_1="201"`, `INCOMING_CALL_GROUP_1="0,1,1,0,0,0,0"`, `PHONE_NUMBER_2=""`, `INCOMING_CALL_GROUP_2="1,0,0,0,0,0,0"`, `INCOMING_CALL_GROUP_3=""`, `PHONE_NUMBER_3="203"`,
		`DEFAULT_LINE_SELECT_HS1="0,1,0"`, `DEFAULT_LINE_SELECT_HS2="1,0,0"`, `DEFAULT_LINE_SELECT_HS3="0,0,0"`, `DEFAULT_LINE_SELECT_HS4="1,0,0"`, `DEFAULT_LINE_SELECT_HS5="0,0,1"`, `DEFAULT_LINE_SELECT_HS6=""`))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]vendor.Handset{{Index: 2, Account: 1}}, understand(c).Handsets); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("x", 501)
	for body, problem := range map[string]string{
		"": "does not begin with",
		"# Panasonic SIP Phone Standard format File #\r\n\r\n":       "does not begin with",
		" " + first + "\r\n\r\n":                                     "does not begin with",
		"\ufeff" + first + "\r\n\r\n":                                "does not begin with",
		first + "\n\n":                                               "empty line",
		first + "\r\nSIP_PASS_1=\"s3cret\"\r\n":                      "empty line",
		first + "\r\nSIP_PASS_1=\"s3cret\"\nA=\"\"\r\n\r\n":          "control character",
		string(config("SIP_PASS_1=\"s3cret\t\"")):                    "control character",
		string(config(`SIP_PASS_1 = "s3cret"`)):                      `NAME="value"`,
		string(config(`sip_pass_1="s3cret"`)):                        `NAME="value"`,
		string(config(` SIP_PASS_1="s3cret"`)):                       `NAME="value"`,
		string(config(`s3cret`)):                                     `NAME="value"`,
		string(config(strings.Repeat("A", 33) + `="s3cret"`)):        `NAME="value"`,
		string(config(`SIP_PASS_1=s3cret`)):                          "in double quotes",
		string(config(`SIP_PASS_1="s3cret`)):                         "in double quotes",
		string(config(`SIP_PASS_1="`)):                               "in double quotes",
		string(config(`SIP_PASS_1="s3cret" `)):                       "in double quotes",
		string(config(`SIP_PASS_1="s3"cret"`)):                       "holds a double quote",
		string(config(`SIP_PASS_1="s3cret\"x"`)):                     "holds a double quote",
		string(config(`A="` + long + `"`)):                           "500 characters",
		string(config(`A="` + strings.Repeat("é", 300) + `"`)):       "537 bytes",
		string(config(`SIP_PASS_1="s3cret"`, `SIP_PASS_1="s3cret"`)): "SIP_PASS_1 appears twice",
		string(config("A=\"s3cret\xff\"")):                           "not UTF-8",
		string(config(strings.Repeat("#x\r\n", 40<<10))):             "120 KiB",
	} {
		_, err := parse(file, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), file+" ") {
			t.Errorf("%.80q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3") {
			t.Errorf("%.80q: the error gives a value away: %v", body, err)
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for value, refused := range map[string]bool{
		"": false, `a\b'#=é`: false, `a"b`: true, strings.Repeat("x", 500): false, strings.Repeat("x", 501): true, strings.Repeat("é", 252): true,
	} {
		if got := refuse(value); (got != "") != refused {
			t.Errorf("refuse(%.20q) = %q", value, got)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add(config(`LINE_ENABLE_1="Enabled"`, `CODEC_ENABLE1_1="Y"`, `TIME_ZONE="60"`, `FLEX_BUTTON_FACILITY_ACT1="X_PANASONIC_IPTEL_BLF"`))
	f.Add(config(`CFG_STANDARD_FILE_PATH="http://a/Config{MAC}.cfg"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(file, body)
		if err != nil {
			return
		}
		understand(c)
		var b bytes.Buffer
		b.WriteString(first + "\r\n")
		for _, s := range c.Settings() {
			if problem := refuse(s.Value); problem != "" && len(s.Value) <= 501 {
				t.Errorf("%q stands in a file, but %s", s.Value, problem)
			}
			fmt.Fprintf(&b, "%s=\"%s\"\r\n", s.Name, s.Value)
		}
		b.WriteString("\r\n")
		again, err := parse(file, b.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(c.Settings(), again.Settings(), cmpopts.IgnoreFields(vendor.Setting{}, "Line")); diff != "" {
			t.Errorf("(-first +again):\n%s", diff)
		}
	})
}
