package digiumxml

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
		mine  = "000fd3123456.cfg"
		all   = "000000000000.cfg"
		own   = "https://prov.example.net/s/1/"
		book  = own + "c.xml"
		enrol = `<config><setting id="config_server_url" value="` + own + `"/></config>`
		full  = `<config><accounts><account index="0" status="1" username="201"/></accounts><contacts id="keys" url="` + book + `"/></config>`
	)
	for name, tc := range map[string]struct {
		files  map[string]string // "503" for that status, "-" for silence
		asked  []string
		failed error
		says   string
	}{
		"own file":                     {files: map[string]string{mine: full, book: "<phonebooks/>"}, asked: []string{mine, book}},
		"no contacts":                  {files: map[string]string{mine: full}, asked: []string{mine, book}},
		"that of all":                  {files: map[string]string{all: full}, asked: []string{mine, all, book}},
		"enrolment":                    {files: map[string]string{mine: enrol, own + mine: full}, asked: []string{mine, own + mine, book}},
		"enrolment that leads nowhere": {files: map[string]string{mine: enrol}, failed: vendor.ErrNoConfig},
		"nothing":                      {failed: vendor.ErrNoConfig},
		"silence":                      {files: map[string]string{mine: "-"}, failed: errSilence},
		"out of order":                 {files: map[string]string{mine: "503"}, says: mine + ": status 503"},
		"contacts out of order":        {files: map[string]string{mine: full, book: "503"}, says: "c.xml: status 503"},
		"refused":                      {files: map[string]string{mine: "<x/>"}, says: mine + " line 1"},
	} {
		var asked []string
		c, err := Boot(vendor.Unit{MAC: mac.MustParse("000fd3123456"), Model: "D65"}, func(name string) (int, []byte, error) {
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
		if got := c.Get("account.0.username"); got != "201" {
			t.Errorf("%s: the user is %q", name, got)
		}
	}
}
