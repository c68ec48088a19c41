package escene

import (
	"errors"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		keys   = "00268b123456_Extern.xml"
		book   = "00268b123456_Phonebook.xml"
		secret = "https://prov.example.net/s/1/"
		enrol  = `<all><Privisions><privision AutoPrivisionFlag="1" protocol="3" Firmware="prov.example.net/s/1"/></Privisions></all>`
		full   = `<all><sipUsers><sipUser id="0" EnableAccount="1" UserNumber="201"/></sipUsers></all>`
	)
	for name, tc := range map[string]struct {
		files  map[string]string
		asked  []string
		failed error
	}{
		"own files": {files: map[string]string{own: full, keys: "<all/>"}, asked: []string{own, keys, book}},
		"enrolment": {files: map[string]string{own: enrol, secret + own: full}, asked: []string{own, keys, book, secret + own, secret + keys, secret + book}},
		"nothing":   {failed: vendor.ErrNoConfig},
	} {
		var asked []string
		c, err := boot(vendor.Unit{MAC: mac.MustParse("00268b123456"), Model: "ES620"}, func(name string) (int, []byte, error) {
			asked = append(asked, name)
			body, ok := tc.files[name]
			if !ok {
				return 404, nil, nil
			}
			return 200, []byte(body), nil
		})
		if !errors.Is(err, tc.failed) {
			t.Errorf("%s: error is %v, want %v", name, err, tc.failed)
		}
		if err != nil {
			continue
		}
		if diff := cmp.Diff(tc.asked, asked); diff != "" {
			t.Errorf("%s: asked for (-want +got):\n%s", name, diff)
		}
		if got := c.Get("sipUser.0.UserNumber"); got != "201" {
			t.Errorf("%s: the user is %q", name, got)
		}
	}
}
