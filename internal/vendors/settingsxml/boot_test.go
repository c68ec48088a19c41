package settingsxml

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// server is a provisioning server in memory. Names are those that the phone asks
// for; the first that begins with its base is taken for relative.
type server struct {
	files map[string]string
	asked []string
}

func (s *server) get(name string) (int, []byte, error) {
	s.asked = append(s.asked, name)
	if body, ok := s.files[name]; ok {
		return 200, []byte(body), nil
	}
	return 404, nil, nil
}

var address = mac.MustParse("000413aabbcc")

var files = Files{Common: "snomD785.htm", Own: "snomD785-000413AABBCC.htm", Firmware: "snomD785-firmware.htm"}

func phoneSettings(s string) string {
	return "<settings><phone-settings>" + s + "</phone-settings></settings>"
}

const account1 = `<user_active idx="1">on</user_active>`

func TestBootAtTheOwnAddress(t *testing.T) {
	t.Parallel()
	s := &server{files: map[string]string{
		"snomD785.htm":              phoneSettings("<language>English</language><timezone>GER+1</timezone>"),
		"snomD785-000413AABBCC.htm": phoneSettings("<language>Deutsch</language><setting_server>https://a.example/p/x/</setting_server>" + account1),
	}}
	c, err := Boot(address, files, s.get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Get("language") != "Deutsch" || c.Get("timezone") != "GER+1" {
		t.Errorf("settings are %v", c.Settings())
	}
	want := []string{"snomD785.htm", "snomD785-000413AABBCC.htm", "snomD785-firmware.htm"}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

func TestBootInTheEnrolmentWindow(t *testing.T) {
	t.Parallel()
	s := &server{files: map[string]string{
		"snomD785.htm":              phoneSettings(""),
		"snomD785-000413AABBCC.htm": `<setting-files><file url="https://a.example/p/x/snomD785-000413AABBCC.htm"/></setting-files>`,
		"https://a.example/p/x/snomD785-000413AABBCC.htm": phoneSettings("<setting_server>https://a.example/p/x/</setting_server>" + account1),
	}}
	c, err := Boot(address, files, s.get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Get("user_active[1]") != "on" {
		t.Errorf("settings are %v", c.Settings())
	}
	want := []string{"snomD785.htm", "snomD785-000413AABBCC.htm", "https://a.example/p/x/snomD785-000413AABBCC.htm", "snomD785-firmware.htm"}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

// TestBootMoves is a phone whose file gives it another address and nothing else.
func TestBootMoves(t *testing.T) {
	t.Parallel()
	s := &server{files: map[string]string{
		"snomD785-000413AABBCC.htm":                       phoneSettings("<setting_server>https://a.example/p/x</setting_server>"),
		"https://a.example/p/x/snomD785-000413AABBCC.htm": phoneSettings(account1),
	}}
	c, err := Boot(address, files, s.get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Get("user_active[1]") != "on" {
		t.Errorf("settings are %v", c.Settings())
	}
}

// TestBootAtAnAddressOfItsOwn is a phone whose provisioning URL holds {mac}.
func TestBootAtAnAddressOfItsOwn(t *testing.T) {
	t.Parallel()
	s := &server{files: map[string]string{
		"snomD785.htm":                                phoneSettings("<setting_server>https://a.example/p/x/{mac}.xml</setting_server>"),
		"https://a.example/p/x/000413AABBCC.xml":      phoneSettings(account1),
		"https://a.example/p/x/snomD785-firmware.htm": "<firmware-settings><firmware>https://a.example/f.bin</firmware></firmware-settings>",
	}}
	c, err := Boot(address, files, s.get)
	if err != nil {
		t.Fatal(err)
	}
	if c.Get("user_active[1]") != "on" || c.Get("firmware") != "https://a.example/f.bin" {
		t.Errorf("settings are %v", c.Settings())
	}
	want := []string{
		"snomD785.htm", "snomD785-000413AABBCC.htm", "snomD785-firmware.htm",
		"https://a.example/p/x/000413AABBCC.xml", "https://a.example/p/x/snomD785-firmware.htm",
	}
	if diff := cmp.Diff(want, s.asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

func TestBootRelativeInclude(t *testing.T) {
	t.Parallel()
	s := &server{files: map[string]string{
		"snomD785.htm":              `<setting-files><file url="https://a.example/b/c.xml"/></setting-files>`,
		"https://a.example/b/c.xml": `<setting-files><file url="d.xml"/><file url="/e.xml"/></setting-files>`,
		"https://a.example/b/d.xml": phoneSettings("<a>1</a>" + account1),
		"https://a.example/e.xml":   phoneSettings("<a>2</a>"),
	}}
	c, err := Boot(address, files, s.get)
	if err != nil || c.Get("a") != "2" {
		t.Errorf("boot: %v, asked %v", err, s.asked)
	}
}

func TestBootFails(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route")
	loop := make(map[string]string)
	for i := range 40 {
		loop[strings.Repeat("x", i)+"y"] = `<setting-files><file url="` + strings.Repeat("x", i+1) + `y"/></setting-files>`
	}
	loop["snomD785.htm"] = `<setting-files><file url="y"/></setting-files>`
	for name, tt := range map[string]struct {
		get  vendor.Getter
		want string
	}{
		"no file":       {(&server{}).get, vendor.ErrNoConfig.Error()},
		"no answer":     {func(string) (int, []byte, error) { return 0, nil, broken }, "no route"},
		"server error":  {func(string) (int, []byte, error) { return 503, nil, nil }, "answered 503"},
		"broken file":   {(&server{files: map[string]string{"snomD785.htm": "<settings>"}}).get, "snomD785.htm:1: "},
		"endless files": {(&server{files: loop}).get, "name more than"},
		"bad address":   {(&server{files: map[string]string{"snomD785.htm": `<setting-files><file url="http://[x/hunter2"/></setting-files>`}}).get, "cannot be read"},
		"broken file at a secret address": {(&server{files: map[string]string{
			"snomD785.htm":           `<setting-files><file url="http://a/hunter2/x.xml"/></setting-files>`,
			"http://a/hunter2/x.xml": "<x/>",
		}}).get, "x.xml:1: "},
	} {
		_, err := Boot(address, files, tt.get)
		if err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want an error with %q", name, err, tt.want)
		}
		if err != nil && strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: the message shows a secret: %v", name, err)
		}
	}
	// A file that names itself is fetched once.
	s := &server{files: map[string]string{"snomD785.htm": `<setting-files><file url="snomD785.htm"/></setting-files>`}}
	if _, err := Boot(address, files, s.get); err != nil || len(s.asked) != 3 {
		t.Errorf("a file that names itself: %v, asked %v", err, s.asked)
	}
}
