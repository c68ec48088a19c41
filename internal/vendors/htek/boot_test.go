package htek

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
		own    = "https://prov.example.net/s/1/"
		binary = "cfg001fc1123456"
		mine   = binary + ".xml"
		enrol  = `<P212>3</P212><P237>prov.example.net/s/1/</P237>`
		full   = `<P271>1</P271><P35>201</P35>`
	)
	for name, tc := range map[string]struct {
		model  string
		files  map[string]string // "503" for that status, "-" for silence
		asked  []string
		failed error
		says   string
	}{
		"own file":                     {model: "UC926", files: map[string]string{binary: "x", mine: full}, asked: []string{"cfg0010.xml", binary, mine}},
		"the model's ends it":          {model: "UC926", files: map[string]string{"cfg0010.xml": full, mine: "503"}, asked: []string{"cfg0010.xml"}},
		"enrolment":                    {model: "UC862", files: map[string]string{mine: enrol, own + mine: full}, asked: []string{binary, mine, own + binary, own + mine}},
		"enrolment that leads nowhere": {model: "UC862", files: map[string]string{mine: enrol}, failed: vendor.ErrNoConfig},
		"nothing":                      {model: "UC862", failed: vendor.ErrNoConfig},
		"silence":                      {model: "UC862", files: map[string]string{binary: "-"}, failed: errSilence},
		"out of order":                 {model: "UC862", files: map[string]string{mine: "503"}, says: mine + ": status 503"},
		"refused":                      {model: "UC862", files: map[string]string{mine: "<x/>"}, says: mine + " line 4"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			c, err := boot(vendor.Unit{MAC: mac.MustParse("001fc1123456"), Model: tc.model}, func(name string) (int, []byte, error) {
				asked = append(asked, name)
				switch body, ok := tc.files[name]; {
				case !ok:
					return 404, nil, nil
				case body == "503":
					return 503, nil, nil
				case body == "-":
					return 0, nil, errSilence
				default:
					return 200, []byte("<hl_provision version=\"1\">\n<config version=\"1\">\n\n" + body + "\n</config>\n</hl_provision>\n"), nil
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
			if got := c.Get("P35"); got != "201" {
				t.Errorf("the user is %q", got)
			}
		})
	}
}
