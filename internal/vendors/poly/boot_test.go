package poly

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

var unit = vendor.Unit{MAC: mac.MustParse("0004f2aabbcc"), Model: "VVX450"}

const home = `<h device.set="1" device.dhcp.bootSrvUseOpt="Static" device.dhcp.bootSrvUseOpt.set="1" device.prov.serverName="a.example/p/x/" ` +
	`device.prov.serverName.set="1" device.prov.serverType="HTTPS" device.prov.serverType.set="1"/>`

// TestBootInTheEnrolmentWindow is a phone that finds its own address in the file
// that the shared master names, and starts again there.
func TestBootInTheEnrolmentWindow(t *testing.T) {
	t.Parallel()
	s := &vendortest.Server{Files: map[string]string{
		"000000000000.cfg":                             `<APPLICATION CONFIG_FILES="dialplane-[PHONE_MAC_ADDRESS].cfg"/>`,
		"dialplane-0004f2aabbcc.cfg":                   home,
		"https://a.example/p/x/0004f2aabbcc.cfg":       `<APPLICATION CONFIG_FILES="one.cfg, two.cfg"/>`,
		"https://a.example/p/x/one.cfg":                `<a reg.1.address="201"/>`,
		"https://a.example/p/x/two.cfg":                `<a reg.1.address="999" reg.1.label="Ada"/>`,
		"https://a.example/p/x/0004f2aabbcc-phone.cfg": `<a lcl.ml.lang="German_Germany"/>`,
	}}
	c, err := boot(unit, s.Get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Get("reg.1.address") != "201" || c.Get("reg.1.label") != "Ada" || c.Get("lcl.ml.lang") != "German_Germany" {
		t.Errorf("settings are %v", c.Settings())
	}
	const own = "https://a.example/p/x/0004f2aabbcc"
	want := []string{
		"0004f2aabbcc.cfg", "000000000000.cfg", "0004f2aabbcc-phone.cfg", "0004f2aabbcc-web.cfg", "dialplane-0004f2aabbcc.cfg",
		"0004f2aabbcc-license.cfg", "0004f2aabbcc-directory.xml",
		own + ".cfg", own + "-phone.cfg", own + "-web.cfg", "https://a.example/p/x/one.cfg", "https://a.example/p/x/two.cfg", own + "-license.cfg", own + "-directory.xml",
	}
	if diff := cmp.Diff(want, s.Asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

func TestBootFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route")
	for name, tt := range map[string]struct {
		get  vendor.Getter
		want string
	}{
		"no file":       {(&vendortest.Server{}).Get, vendor.ErrNoConfig.Error()},
		"master only":   {(&vendortest.Server{Files: map[string]string{"000000000000.cfg": `<APPLICATION CONFIG_FILES="x.cfg"/>`}}).Get, vendor.ErrNoConfig.Error()},
		"no answer":     {func(string) (int, []byte, error) { return 0, nil, broken }, "no route"},
		"server error":  {func(string) (int, []byte, error) { return 503, nil, nil }, "status 503"},
		"broken file":   {(&vendortest.Server{Files: map[string]string{"0004f2aabbcc.cfg": "<APPLICATION>"}}).Get, "0004f2aabbcc.cfg line 1: "},
		"too many":      {(&vendortest.Server{Files: map[string]string{"0004f2aabbcc.cfg": `<APPLICATION CONFIG_FILES="` + strings.Repeat("x.cfg,", 40) + `"/>`}}).Get, "more than 32"},
		"secret folder": {(&vendortest.Server{Files: map[string]string{"0004f2aabbcc.cfg": `<APPLICATION CONFIG_FILES="http://a/hunter2/x.cfg"/>`, "http://a/hunter2/x.cfg": "<x>"}}).Get, "x.cfg line 1: "},
	} {
		_, err := boot(unit, tt.get)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}
