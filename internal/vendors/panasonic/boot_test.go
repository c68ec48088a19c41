package panasonic

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
		model   = "KX-HDV130.cfg"
		mine    = "Config0080F0C8C381.cfg"
		shared  = "http://prov.example.net/"
		own     = "https://prov.example.net/s/1/"
		toMine  = `CFG_STANDARD_FILE_PATH="` + shared + `Config{MAC}.cfg"`
		toOwn   = `CFG_STANDARD_FILE_PATH="` + own + mine + `"`
		account = "LINE_ENABLE_1=\"Enabled\"\r\nSIP_URI_1=\"201\""
	)
	for name, tc := range map[string]struct {
		files  map[string]string // "503" for that status, "-" for silence, "!" for nonsense
		asked  []string
		failed error
		says   string
	}{
		"by the model's file": {files: map[string]string{model: toMine, shared + mine: account}, asked: []string{model, shared + mine}},
		"without it":          {files: map[string]string{mine: account}, asked: []string{model, mine}},
		"three files": {
			files: map[string]string{
				model:                toMine + "\r\nCFG_MASTER_FILE_PATH=\"m-{mac}.cfg\"\r\nCFG_PRODUCT_FILE_PATH=\"p-{MODEL}-{fwver}.cfg\"",
				"m-0080f0c8c381.cfg": `SIP_URI_1="1"`, "p-KX-HDV130-07.101.cfg": `SIP_URI_1="2"`, shared + mine: account,
			},
			asked: []string{model, "m-0080f0c8c381.cfg", "p-KX-HDV130-07.101.cfg", shared + mine},
		},
		"enrolment": {
			files: map[string]string{model: toMine, shared + mine: toOwn, own + mine: account},
			asked: []string{model, shared + mine, own + mine},
		},
		"enrolment that leads nowhere": {files: map[string]string{model: toMine, shared + mine: toOwn}, failed: vendor.ErrNoConfig},
		"only the model's":             {files: map[string]string{model: toMine}, failed: vendor.ErrNoConfig},
		"nothing":                      {failed: vendor.ErrNoConfig},
		"silence":                      {files: map[string]string{model: "-"}, failed: errSilence},
		"silence behind":               {files: map[string]string{model: toMine, shared + mine: "-"}, failed: errSilence},
		"out of order":                 {files: map[string]string{model: toMine, shared + mine: "503"}, says: "fetching " + mine + ": status 503"},
		"refused":                      {files: map[string]string{model: "!"}, says: model + " line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			c, err := boot(vendor.Unit{MAC: mac.MustParse("0080f0c8c381"), Model: "KX-HDV130"}, func(name string) (int, []byte, error) {
				asked = append(asked, name)
				switch body, ok := tc.files[name]; {
				case !ok:
					return 404, nil, nil
				case body == "503":
					return 503, nil, nil
				case body == "-":
					return 0, nil, errSilence
				case body == "!":
					return 200, []byte("<html>"), nil
				default:
					return 200, config(body), nil
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
			if got := c.Get("SIP_URI_1"); got != "201" {
				t.Errorf("the user is %q", got)
			}
		})
	}
}
