package fanvil

import (
	"errors"
	"net/http"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	ownFile = "0c383ea1b2c3.cfg"
	account = "<SIP CONFIG MODULE>\nSIP1 Phone Number :201\nSIP1 Enable Reg :1\n"
	enrol   = "<AUTOUPDATE CONFIG MODULE>\nFlash Server IP :prov.example.net\nFlash File Name :d/s/$mac.cfg\nFlash Protocol :5\n"
)

func config(body string) string { return head + body + "<<END OF FILE>>\n" }

func TestBoot(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route")
	for name, c := range map[string]struct {
		model  string
		files  map[string]string // "500" and the like are statuses, "!" is no answer
		asked  []string
		number string // of account 1
		err    string // part of the error, if one is expected
	}{
		"own file": {
			"V65", map[string]string{ownFile: config(account)},
			[]string{"F0V0V6500000.cfg", ownFile}, "201", "",
		},
		"own file over the common one": {
			"V65", map[string]string{
				"F0V0V6500000.cfg": config("<SIP CONFIG MODULE>\nSIP1 Phone Number :999\n"), ownFile: config(account),
			},
			[]string{"F0V0V6500000.cfg", ownFile}, "201", "",
		},
		"no common file known": {
			"X210-V2", map[string]string{ownFile: config(account)},
			[]string{ownFile}, "201", "",
		},
		"first platform": {
			"X3S", map[string]string{ownFile: config(account)},
			[]string{"f0X3shw1.100.cfg", ownFile}, "201", "",
		},
		"enrolment": {
			"X6U-Pro", map[string]string{ownFile: config(enrol), "https://prov.example.net/d/s/" + ownFile: config(account)},
			[]string{ownFile, "https://prov.example.net/d/s/" + ownFile}, "201", "",
		},
		"enrolment comes back": {
			"X6U-Pro", map[string]string{ownFile: config(enrol), "https://prov.example.net/d/s/" + ownFile: config(enrol)},
			[]string{ownFile, "https://prov.example.net/d/s/" + ownFile}, "", "",
		},
		"enrolled to nothing": {
			"X6U-Pro", map[string]string{ownFile: config(enrol)},
			[]string{ownFile, "https://prov.example.net/d/s/" + ownFile}, "", "",
		},
		"nothing": {
			"V65", nil, []string{"F0V0V6500000.cfg", ownFile}, "", vendor.ErrNoConfig.Error(),
		},
		"server in trouble": {
			"V65", map[string]string{"F0V0V6500000.cfg": "503"}, []string{"F0V0V6500000.cfg"}, "", "503",
		},
		"no answer": {
			"V65", map[string]string{ownFile: "!"}, []string{"F0V0V6500000.cfg", ownFile}, "", broken.Error(),
		},
		"a web page instead": {
			"V65", map[string]string{ownFile: "<html>"}, []string{"F0V0V6500000.cfg", ownFile}, "", ownFile + ":1:",
		},
		"cut off": {
			"V65", map[string]string{ownFile: head + account}, []string{"F0V0V6500000.cfg", ownFile}, "", "cut off",
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			unit := vendor.Unit{MAC: mac.MustParse("0c383ea1b2c3"), Model: c.model}
			got, err := boot(unit, func(name string) (int, []byte, error) {
				asked = append(asked, name)
				body, ok := c.files[name]
				switch {
				case !ok:
					return http.StatusNotFound, nil, nil
				case body == "!":
					return 0, nil, broken
				case body == "503":
					return http.StatusServiceUnavailable, nil, nil
				}
				return http.StatusOK, []byte(body), nil
			})
			if diff := cmp.Diff(c.asked, asked); diff != "" {
				t.Errorf("-want +asked:\n%s", diff)
			}
			if c.err != "" {
				if err == nil || !strings.Contains(err.Error(), c.err) {
					t.Errorf("error %v, want %q in it", err, c.err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			accounts := understand(got).Accounts
			if found := slices.ContainsFunc(accounts, func(a vendor.Account) bool { return a.User == c.number }); found != (c.number != "") {
				t.Errorf("accounts %+v, want %q", accounts, c.number)
			}
		})
	}
}
