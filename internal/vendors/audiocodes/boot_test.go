package audiocodes

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
		image = "is440HD.img"
		mine  = "00908F602AAC.cfg"
		own   = "https://prov.example.net/s/1/"
		enrol = "provisioning/configuration/url=" + own + "<MAC>.cfg\n"
		full  = "voip/line/0/enabled=1\nvoip/line/0/id=201\n"
	)
	for name, tc := range map[string]struct {
		files  map[string]string // "503" for that status, "-" for silence
		asked  []string
		failed error
		says   string
	}{
		"own file":                     {files: map[string]string{mine: full}, asked: []string{image, mine}},
		"firmware is thrown away":      {files: map[string]string{image: "x", mine: full}, asked: []string{image, mine}},
		"enrolment":                    {files: map[string]string{mine: enrol, own + mine: full}, asked: []string{image, mine, own + image, own + mine}},
		"enrolment that leads nowhere": {files: map[string]string{mine: enrol}, failed: vendor.ErrNoConfig},
		"nothing":                      {failed: vendor.ErrNoConfig},
		"silence":                      {files: map[string]string{image: "-"}, failed: errSilence},
		"silence later":                {files: map[string]string{mine: "-"}, failed: errSilence},
		"out of order":                 {files: map[string]string{mine: "503"}, says: mine + ": status 503"},
		"refused":                      {files: map[string]string{mine: "<x/>"}, says: mine + ", line 1"},
	} {
		var asked []string
		c, err := boot(vendor.Unit{MAC: mac.MustParse("00908f602aac"), Model: "440HD"}, func(name string) (int, []byte, error) {
			asked = append(asked, name)
			switch body, ok := tc.files[name]; {
			case !ok:
				return 404, nil, nil
			case body == "503":
				return 503, nil, nil
			case body == "-":
				return 0, nil, errSilence
			default:
				return 200, []byte(body), nil
			}
		})
		if tc.failed != nil || tc.says != "" {
			if err == nil || tc.failed != nil && !errors.Is(err, tc.failed) || !strings.Contains(err.Error(), tc.says) {
				t.Errorf("%s: error is %v, want %v %q", name, err, tc.failed, tc.says)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if diff := cmp.Diff(tc.asked, asked); diff != "" {
			t.Errorf("%s: asked for (-want +got):\n%s", name, diff)
		}
		if got := c.Get("voip/line/0/id"); got != "201" {
			t.Errorf("%s: the user is %q", name, got)
		}
	}
}
