package audiocodes

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/dialplane/dialplane/internal/vendors"
)

const file = "00908F602AAC.cfg"

func TestParse(t *testing.T) {
	t.Parallel()
	c, err := parse(file, []byte(";UC_3.4.8.808\r\nvoip/line/0/auth_password=a=b;c \"d\"\r\n\nsystem/ntp/gmt_offset=+02:00\nvoip/line/1/id="))
	if err != nil {
		t.Fatal(err)
	}
	want := []vendor.Setting{
		{Name: "voip/line/0/auth_password", Value: `a=b;c "d"`, Line: 2},
		{Name: "system/ntp/gmt_offset", Value: "+02:00", Line: 4},
		{Name: "voip/line/1/id", Line: 5},
	}
	if diff := cmp.Diff(want, c.Settings()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for body, problem := range map[string]string{
		"voip/line/0/auth_password":               "neither a comment nor",
		"# s3cret":                                "neither a comment nor",
		"password=s3cret":                         "no name of a parameter",
		" voip/line/0/id=s3cret":                  "no name of a parameter",
		"voip/line/0/id =s3cret":                  "no name of a parameter",
		"VOIP/line/0/id=s3cret":                   "no name of a parameter",
		"voip//id=s3cret":                         "no name of a parameter",
		"=s3cret":                                 "no name of a parameter",
		"voip/line/0/id=s3\tcret":                 "a control character",
		"voip/line/0/id=s3\rcret":                 "a control character",
		"voip/line/0/id=1\nvoip/line/0/id=s3cret": "voip/line/0/id appears twice",
		"voip/line/0/id=\xff":                     "not UTF-8",
	} {
		_, err := parse(file, []byte(body))
		if err == nil || !strings.Contains(err.Error(), problem) || !strings.HasPrefix(err.Error(), file) {
			t.Errorf("%q: error is %v, want one of %q", body, err, problem)
		} else if strings.Contains(err.Error(), "s3") {
			t.Errorf("%q: the error gives a value away: %v", body, err)
		}
	}
}

func TestClock(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]*vendor.Clock{
		"system/ntp/gmt_offset=-03:30": {Offset: -210},
		"system/ntp/gmt_offset=+05:45": {Offset: 345},
		"system/ntp/gmt_offset=2":      nil,
		"":                             nil,
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

func FuzzParse(f *testing.F) {
	f.Add([]byte("voip/line/0/enabled=1\nvoip/line/0/id=201\nsystem/ntp/gmt_offset=+02:00\n"))
	f.Add([]byte(";x\r\nprovisioning/period/type=hourly\nprovisioning/period/hourly/hours_interval=24\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, err := parse(file, body)
		if err != nil {
			return
		}
		understand(c)
		var b strings.Builder
		for _, s := range c.Settings() {
			fmt.Fprintf(&b, "%s=%s\n", s.Name, s.Value)
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
