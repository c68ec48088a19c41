package mitel

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

var unit = vendor.Unit{MAC: mac.MustParse("00085daabbcc"), Model: "6867i"}

const account = "sip line1 user name: 101\nsip line1 registrar ip: pbx.example.com\n"

func TestBoot(t *testing.T) {
	t.Parallel()
	moves := "download protocol: HTTPS\nhttps server: a.example\nhttps port: 8443\nhttps path: p/x\n"
	for name, tt := range map[string]struct {
		unit  vendor.Unit
		files map[string]string
		want  []string
	}{
		"at its own address": {unit, map[string]string{"startup.cfg": "sip line1 user name: 1\n", "00085DAABBCC.cfg": account}, []string{"startup.cfg", "6867i.cfg", "00085DAABBCC.cfg"}},
		"an older one":       {vendor.Unit{MAC: unit.MAC, Model: "57iCT"}, map[string]string{"57iCT.cfg": account}, []string{"aastra.cfg", "57iCT.cfg", "00085DAABBCC.cfg"}},
		"in its window": {unit, map[string]string{"00085DAABBCC.cfg": moves, "https://a.example:8443/p/x/00085DAABBCC.cfg": account}, []string{
			"startup.cfg", "6867i.cfg", "00085DAABBCC.cfg",
			"https://a.example:8443/p/x/startup.cfg", "https://a.example:8443/p/x/6867i.cfg", "https://a.example:8443/p/x/00085DAABBCC.cfg",
		}},
	} {
		s := &vendortest.Server{Files: tt.files}
		c, err := boot(tt.unit, s.Get)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if accounts := understand(c).Accounts; len(accounts) != 1 || accounts[0].User != "101" {
			t.Errorf("%s: accounts are %+v", name, accounts)
		}
		if diff := cmp.Diff(tt.want, s.Asked); diff != "" {
			t.Errorf("%s: requests (-want +got)\n%s", name, diff)
		}
	}
}

func TestBootFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route")
	for name, tt := range map[string]struct {
		get  vendor.Getter
		want string
	}{
		"no file":      {(&vendortest.Server{}).Get, vendor.ErrNoConfig.Error()},
		"no answer":    {func(string) (int, []byte, error) { return 0, nil, broken }, "no route"},
		"server error": {func(string) (int, []byte, error) { return 503, nil, nil }, "status 503"},
		"broken file":  {(&vendortest.Server{Files: map[string]string{"startup.cfg": "x"}}).Get, "startup.cfg, line 1: "},
	} {
		if _, err := boot(unit, tt.get); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}

func TestServer(t *testing.T) {
	t.Parallel()
	for body, want := range map[string]string{
		"download protocol: HTTP\nhttp server: a.example\nhttp path: /x/y/\n":              "http://a.example/x/y/",
		"download protocol: HTTP\nhttp server: a.example\nhttp port: 8080\n":               "http://a.example:8080/",
		"download protocol: HTTPS\nhttps server: a.example\nhttps port: 443\nhttp path: x": "https://a.example/",
		"download protocol: TFTP\ntftp server: a.example\n":                                "",
		"http server: a.example\n": "",
	} {
		c, err := parse("x.cfg", []byte(body))
		if err != nil {
			t.Fatal(err)
		}
		if got := understand(c).ProvisioningURL; got != want {
			t.Errorf("%q: %q, want %q", body, got, want)
		}
	}
}
