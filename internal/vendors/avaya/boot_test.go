package avaya

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
		upgrade  = "J100Supgrade.txt"
		settings = "46xxsettings.txt"
		mine     = "c81fea83e85a.txt"
		own      = "https://prov.example.net/s/1/"
		getAll   = "GET 46xxsettings.txt\nSET FORCE_SIP_EXTENSION 999\n"
		getMine  = "GET $MACADDR.txt\nSET FORCE_SIP_EXTENSION 999\n"
		enrol    = "SET TLSSRVR prov.example.net\nSET TLSDIR /s/1\n"
		full     = "SET FORCE_SIP_EXTENSION 201\n"
	)
	for name, tc := range map[string]struct {
		files  map[string]string // "503" for that status, "-" for silence
		asked  []string
		failed error
		says   string
	}{
		"own file": {files: map[string]string{upgrade: getAll, settings: getMine, mine: full}, asked: []string{upgrade, settings, mine}},
		"without a file of its own": {
			files: map[string]string{upgrade: getAll, settings: "GET $MACADDR.txt\n" + full}, asked: []string{upgrade, settings, mine},
		},
		"by model": {
			files: map[string]string{upgrade: "IF $MODEL4 SEQ J129 GOTO A\nIF $MODEL4 SEQ J179 GOTO B\n# A\nSET FORCE_SIP_EXTENSION 999\nGOTO END\n# B\n" + full + "# END\n"},
			asked: []string{upgrade},
		},
		"enrolment": {
			files: map[string]string{upgrade: getMine, mine: enrol, own + upgrade: getMine, own + mine: full},
			asked: []string{upgrade, mine, own + upgrade, own + mine},
		},
		"enrolment that leads nowhere": {files: map[string]string{upgrade: getMine, mine: enrol}, failed: vendor.ErrNoConfig},
		"nothing":                      {failed: vendor.ErrNoConfig},
		"silence":                      {files: map[string]string{upgrade: "-"}, failed: errSilence},
		"silence later":                {files: map[string]string{upgrade: getMine, mine: "-"}, failed: errSilence},
		"out of order":                 {files: map[string]string{upgrade: "503"}, says: upgrade + ": status 503"},
		"refused":                      {files: map[string]string{upgrade: getMine, mine: "<x/>"}, says: mine + ", line 1"},
		"no such label":                {files: map[string]string{upgrade: "GOTO A"}, says: "no label # A"},
		"round and round":              {files: map[string]string{upgrade: "# A\nGOTO A"}, says: "never ends"},
		"getting itself":               {files: map[string]string{upgrade: "GET J100Supgrade.txt"}, says: "without end"},
	} {
		var asked []string
		c, err := boot(vendor.Unit{MAC: mac.MustParse("c81fea83e85a"), Model: "J179"}, func(name string) (int, []byte, error) {
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
		if got := c.Get("FORCE_SIP_EXTENSION"); got != "201" {
			t.Errorf("%s: the extension is %q", name, got)
		}
	}
}
