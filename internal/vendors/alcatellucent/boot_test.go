package alcatellucent

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

var errSilence = errors.New("no answer")

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		own     = "https://prov.example.net/s/1/"
		mine    = "config.3c28a620089e.xml"
		enrol   = `<setting id="DeviceProvisionServerUrl" value="https://prov.example.net/s/1"/>`
		full    = `<setting id="Account1Enable" value="true"/><setting id="Account1UserName" value="201"/>`
		another = `<setting id="Account1UserName" value="999"/><setting id="SettingLanguage" value="2"/>`
	)
	for name, tc := range map[string]struct {
		model  string
		files  map[string]string // "503" for that status, "-" for silence
		asked  []string
		failed error
		says   string
	}{
		"later files win": {
			model: "M5", files: map[string]string{"config.xml": another, "config.M5.xml": another, mine: full},
			asked: []string{"config.xml", "config.M5.xml", mine},
		},
		"enrolment": {
			model: "H6", files: map[string]string{mine: enrol, own + mine: full},
			asked: []string{"config.xml", mine, own + "config.xml", own + mine},
		},
		"enrolment that leads nowhere": {model: "M5", files: map[string]string{mine: enrol}, failed: vendor.ErrNoConfig},
		"nothing":                      {model: "M5", failed: vendor.ErrNoConfig},
		"silence":                      {model: "M5", files: map[string]string{"config.M5.xml": "-"}, failed: errSilence},
		"out of order":                 {model: "M5", files: map[string]string{mine: "503"}, says: mine + ": status 503"},
		"refused":                      {model: "M5", files: map[string]string{mine: "<x/>"}, says: mine + " line 3"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			c, err := boot(vendor.Unit{MAC: mac.MustParse("3c28a620089e"), Model: tc.model}, func(name string) (int, []byte, error) {
				asked = append(asked, name)
				switch body, ok := tc.files[name]; {
				case !ok:
					return 404, nil, nil
				case body == "503":
					return 503, nil, nil
				case body == "-":
					return 0, nil, errSilence
				default:
					return 200, settings(body), nil
				}
			})
			if tc.failed != nil || tc.says != "" {
				if err == nil || tc.failed != nil && !errors.Is(err, tc.failed) || !strings.Contains(err.Error(), tc.says) {
					t.Fatalf("error is %v, want %v %q", err, tc.failed, tc.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if got := c.Get("Account1UserName"); got != "201" {
				t.Errorf("the user is %q", got)
			}
		})
	}
}

func TestHTTPUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("3c28a620089e")
	for want, u := range map[string]vendor.Unit{
		"ALE M3-CE 2.11.01.1604 3c28a620089e": {MAC: addr, Model: "M3"},
		"ALE H6W 1.2.3 3c28a620089e":          {MAC: addr, Model: "H6W", Firmware: "1.2.3"},
	} {
		if got := Pack().HTTPUserAgent(u); got != want {
			t.Errorf("User-Agent is %q, want %q", got, want)
		}
	}
}
