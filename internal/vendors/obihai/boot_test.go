package obihai

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

var unit = vendor.Unit{MAC: mac.MustParse("9cadefa1b2c3"), Model: "OBi202"}

// moveTo is a file that gives the device another address.
func moveTo(url string) string {
	return "<ParameterList><O><N>X_DeviceManagement.ITSPProvisioning.</N><P><N>ConfigURL</N><V>" + url + "</V></P></O></ParameterList>"
}

// service is a file with an account.
const service = `<ParameterList>
<O><N>VoiceService.1.VoiceProfile.1.SIP.</N><P><N>ProxyServer</N><V>pbx.example</V></P></O>
<O><N>VoiceService.1.VoiceProfile.1.Line.1.</N><P><N>Enable</N><V>true</V></P><P><N>X_RegisterEnable</N><V>true</V></P></O>
<O><N>VoiceService.1.VoiceProfile.1.Line.1.SIP.</N><P><N>AuthUserName</N><V>201</V></P></O>
</ParameterList>`

// TestBootInTheEnrolmentWindow is a device that knows its model's file only, then
// asks the shared folder for its own, and there finds its own address.
func TestBootInTheEnrolmentWindow(t *testing.T) {
	t.Parallel()
	files := map[string]string{
		"OBi202.xml":                               moveTo("https://a.example/p/$MAC.xml"),
		"https://a.example/p/9CADEFA1B2C3.xml":     moveTo("https://a.example/d/own/$MAC.xml"),
		"https://a.example/d/own/9CADEFA1B2C3.xml": service,
	}
	var asked []string
	c, err := boot(unit, func(name string) (int, []byte, error) {
		asked = append(asked, name)
		if body, ok := files[name]; ok {
			return 200, []byte(body), nil
		}
		return 404, nil, nil
	})
	if err != nil {
		t.Fatal(err)
	}
	if a := understand(c).Accounts; len(a) != 1 || a[0].User != "201" || a[0].Server != "pbx.example" {
		t.Errorf("accounts are %+v", a)
	}
	want := []string{"9CADEFA1B2C3.xml", "OBi202.xml", "https://a.example/p/9CADEFA1B2C3.xml", "https://a.example/d/own/9CADEFA1B2C3.xml"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

// TestBootEnds is a server that always gives another address.
func TestBootEnds(t *testing.T) {
	t.Parallel()
	asked := 0
	_, err := boot(unit, func(string) (int, []byte, error) {
		asked++
		return 200, []byte(moveTo(fmt.Sprintf("http://a.example/%d.xml", asked))), nil
	})
	if err != nil || asked != 1+maxMoves {
		t.Errorf("%d requests, %v", asked, err)
	}
}

func TestBootFails(t *testing.T) {
	t.Parallel()
	always := func(status int, body string, err error) vendor.Getter {
		return func(string) (int, []byte, error) { return status, []byte(body), err }
	}
	for name, tt := range map[string]struct {
		get  vendor.Getter
		want string
	}{
		"no file":      {always(404, "", nil), vendor.ErrNoConfig.Error()},
		"no answer":    {always(0, "", errors.New("no route")), "no route"},
		"server error": {always(503, "", nil), "status 503"},
		"broken file":  {always(200, "<ParameterList>", nil), "9CADEFA1B2C3.xml line 1: "},
		"no address":   {always(200, moveTo("hunter2/$MAC.xml"), nil), "no address"},
		"secret folder": {func(name string) (int, []byte, error) {
			if strings.HasPrefix(name, "http") {
				return 503, nil, nil
			}
			return 200, []byte(moveTo("http://a.example/hunter2/x.xml")), nil
		}, "fetching x.xml: status 503"},
	} {
		_, err := boot(unit, tt.get)
		if err == nil || !strings.Contains(err.Error(), tt.want) || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
	}
}
