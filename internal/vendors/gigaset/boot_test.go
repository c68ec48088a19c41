package gigaset

import (
	"errors"
	"io/fs"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

var (
	maxwell = vendor.Unit{MAC: mac.MustParse("7c2f80aabbcc"), Model: "Maxwell-3-PRO"}
	desktop = vendor.Unit{MAC: mac.MustParse("000413e5bbcc"), Model: "P825"}
	n870    = vendor.Unit{MAC: mac.MustParse("7c2f80aabbcc"), Model: "N870-IP-PRO"}
	n510    = vendor.Unit{MAC: mac.MustParse("7c2f80aabbcc"), Model: "N510-IP-PRO"}
)

func nvm(params string) string {
	return `<provisioning version="1.1"><nvm>` + params + "</nvm></provisioning>"
}

func redirectTo(to string) string {
	return `<provisioning version="1.1"><custom><step type="Redirect" url="` + to + `"/></custom></provisioning>`
}

func TestBoot(t *testing.T) {
	t.Parallel()
	const active = `<param name="System.Provision.ProvisioningServer" value=""/><param name="SIP.Account.0.Active" value="1"/>`
	const member = `<param name="Provisioning.global.ProvisioningServer" value="https://a.example/p/x/%MACD.xml"/><oper name="add_hs" value="00001"><param name="hs.RegStatus" value="ToReg"/></oper>`
	const moved = `<ProviderFrame><Provider><MAC_ADDRESS value="7C2F80AABBCC"/><S_CONFIGFILE_URL class="string" value='"a.example/p/x/7C2F80AABBCC.xml"'/>`
	const line = `<SYMB_ITEM ID="BS_IP_Data1.ucB_SIP_ACCOUNT_IS_ACTIVE_1" value="1"/><SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiSendMask" value="1"/><SYMB_ITEM ID="BS_Accounts.astAccounts[0].uiReceiveMask" value="1"/>`
	const identity = `<settings><phone-settings><user_active idx="1">on</user_active></phone-settings></settings>`
	for name, tt := range map[string]struct {
		unit  vendor.Unit
		files map[string]string
		want  []string
	}{
		"a Maxwell": {maxwell, map[string]string{"provisioning.xml": redirectTo("%MACD.xml"), "7C2F80AABBCC.xml": nvm(active)}, []string{"provisioning.xml", "7C2F80AABBCC.xml"}},
		"a Maxwell in its window": {maxwell, map[string]string{
			"provisioning.xml": redirectTo("%MACD.xml"), "7C2F80AABBCC.xml": redirectTo("https://a.example/p/x/%MACD.xml"), "https://a.example/p/x/7C2F80AABBCC.xml": nvm(active),
		}, []string{"provisioning.xml", "7C2F80AABBCC.xml", "https://a.example/p/x/7C2F80AABBCC.xml"}},
		"an N870":                    {n870, map[string]string{"7C2F80AABBCC.xml": nvm(member)}, []string{"provisioning.xml", "7C2F80AABBCC.xml"}},
		"an N870 with a common file": {n870, map[string]string{"provisioning.xml": nvm(member)}, []string{"provisioning.xml"}},
		"an N870 in its window": {n870, map[string]string{
			"7C2F80AABBCC.xml":                       nvm(`<param name="Provisioning.global.ProvisioningServer" value="https://a.example/p/x/%MACD.xml"/>`),
			"https://a.example/p/x/7C2F80AABBCC.xml": nvm(member),
		}, []string{"provisioning.xml", "7C2F80AABBCC.xml", "https://a.example/p/x/provisioning.xml", "https://a.example/p/x/7C2F80AABBCC.xml"}},
		"an N510": {n510, map[string]string{"7C2F80AABBCC.xml": moved + line + "</Provider></ProviderFrame>"}, []string{"7C2F80AABBCC.xml"}},
		"an N510 in its window": {n510, map[string]string{
			"7C2F80AABBCC.xml":                      moved + "</Provider></ProviderFrame>",
			"http://a.example/p/x/7C2F80AABBCC.xml": moved + line + "</Provider></ProviderFrame>",
		}, []string{"7C2F80AABBCC.xml", "http://a.example/p/x/7C2F80AABBCC.xml"}},
		"a P825": {desktop, map[string]string{"GigasetP82x-000413E5BBCC.htm": identity}, []string{"GigasetP82x.htm", "GigasetP82x-000413E5BBCC.htm", "GigasetP82x-firmware.htm"}},
		"a P825 in its window": {desktop, map[string]string{
			"GigasetP82x-000413E5BBCC.htm":           `<setting-files><file url="https://a.example/p/x/000413E5BBCC.xml"/></setting-files>`,
			"https://a.example/p/x/000413E5BBCC.xml": identity,
		}, []string{"GigasetP82x.htm", "GigasetP82x-000413E5BBCC.htm", "https://a.example/p/x/000413E5BBCC.xml", "GigasetP82x-firmware.htm"}},
	} {
		s := &vendortest.Server{Files: tt.files}
		c, err := boot(tt.unit, s.Get)
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if accounts := understand(c).Accounts; len(accounts) != 1 {
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
		"server error": {func(string) (int, []byte, error) { return 503, nil, nil }, "answers 503"},
		"broken file":  {(&vendortest.Server{Files: map[string]string{"provisioning.xml": "<provisioning>"}}).Get, "provisioning.xml:1: "},
		"endless":      {(&vendortest.Server{Files: map[string]string{"provisioning.xml": redirectTo("provisioning.xml")}}).Get, "more than"},
		"bad address":  {(&vendortest.Server{Files: map[string]string{"provisioning.xml": redirectTo("http://[x/hunter2")}}).Get, "cannot be read"},
	} {
		_, err := boot(maxwell, tt.get)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}

// TestSRTP: a Maxwell has one switch for all accounts, that of the first.
func TestSRTP(t *testing.T) {
	t.Parallel()
	src, err := fs.ReadFile(Pack().Templates, "gigaset-maxwell.xml")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse("gigaset-maxwell.xml", src, nil, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	m := &tmpl.Models[0]
	for _, on := range []bool{true, false} {
		v := template.Sample(tmpl, m)
		v.Accounts[0].SRTP = on
		body, err := tmpl.Files(m, template.Full)[0].Append(nil, v)
		if err != nil {
			t.Fatal(err)
		}
		c, err := parse("x.xml", body)
		if err != nil {
			t.Fatal(err)
		}
		for _, a := range understand(c).Accounts {
			if a.SRTP != on {
				t.Errorf("SRTP of the first account is %v, that of account %d %v", on, a.Index, a.SRTP)
			}
		}
	}
}

func TestRefuse(t *testing.T) {
	t.Parallel()
	for value, want := range map[string]bool{"": false, "Ada": false, "$(mac)": false, "%MACD": false, "!!$(::)!!$(mac)": true} {
		if got := refuse(value) != ""; got != want {
			t.Errorf("refuse(%q) = %v", value, got)
		}
	}
}
