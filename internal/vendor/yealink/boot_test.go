package yealink

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// server answers from memory and keeps what was asked for. A body that begins
// with a digit is a status.
type server struct {
	files map[string]string
	asked []string
}

func (s *server) get(name string) (int, []byte, error) {
	s.asked = append(s.asked, name)
	switch body, ok := s.files[name]; {
	case !ok:
		return 404, nil, nil
	case body == "503":
		return 503, nil, nil
	case body == "down":
		return 0, nil, errors.New("connection refused")
	default:
		return 200, []byte(header + "\n" + body), nil
	}
}

func TestBoot(t *testing.T) {
	t.Parallel()
	a := mac.MustParse("805ec0123456")
	const own = "https://prov.example/p/secret/"
	account := "account.1.enable = 1\naccount.1.user_name = 1001\n"
	for _, x := range []struct {
		name  string
		unit  vendor.Unit
		files map[string]string
		asked []string
		user  string // of account 1
		err   string
	}{
		{
			name:  "own boot file",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"805ec0123456.boot": "include:config \"a.cfg\"\ninclude:config \"b.cfg\"\n", "a.cfg": account, "b.cfg": "account.1.user_name = 1002\n"},
			asked: []string{"805ec0123456.boot", "a.cfg", "b.cfg"},
			user:  "1002",
		},
		{
			name: "common boot file, for some models",
			unit: vendor.Unit{Model: "T54W", Firmware: "96.86.0.45"},
			files: map[string]string{
				"y000000000000.boot": "include:config <missing.cfg>\n[T54W]include:config \"w.cfg\"\n[T57W]include:config \"v.cfg\"\n",
				"w.cfg":              account,
			},
			asked: []string{"805ec0123456.boot", "y000000000000.boot", "missing.cfg", "w.cfg"},
			user:  "1001",
		},
		{
			name:  "no boot file",
			unit:  vendor.Unit{Model: "T31G"},
			files: map[string]string{"y000000000123.cfg": account, "805ec0123456.cfg": "account.1.user_name = 1002\n"},
			asked: []string{"805ec0123456.boot", "y000000000000.boot", "y000000000123.cfg", "805ec0123456.cfg"},
			user:  "1002",
		},
		{
			name:  "before V81",
			unit:  vendor.Unit{Model: "T46G", Firmware: "28.80.0.95"},
			files: map[string]string{"805ec0123456.boot": "include:config \"a.cfg\"\n", "a.cfg": account, "805ec0123456.cfg": "account.1.enable = 1\naccount.1.user_name = 1003\n"},
			asked: []string{"y000000000028.cfg", "805ec0123456.cfg"},
			user:  "1003",
		},
		{
			name:  "nothing there",
			unit:  vendor.Unit{Model: "T46G", Firmware: "28.80.0.95"},
			asked: []string{"y000000000028.cfg", "805ec0123456.cfg"},
			err:   vendor.ErrNoConfig.Error(),
		},
		{
			name:  "boot file that includes nothing",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"805ec0123456.boot": "overwrite_mode = 0\n"},
			asked: []string{"805ec0123456.boot"},
			err:   vendor.ErrNoConfig.Error(),
		},
		{
			name:  "enrolment in the same boot",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"805ec0123456.boot": "include:config \"" + own + "805ec0123456.cfg\"\n", own + "805ec0123456.cfg": account + "static.auto_provision.server.url = " + own + "\n"},
			asked: []string{"805ec0123456.boot", own + "805ec0123456.cfg"},
			user:  "1001",
		},
		{
			name: "enrolment before V81",
			unit: vendor.Unit{Model: "T46G", Firmware: "28.73.0.50"},
			files: map[string]string{
				"y000000000028.cfg": "", "805ec0123456.cfg": "auto_provision.server.url = " + own + "\n",
				own + "805ec0123456.cfg": account,
			},
			asked: []string{"y000000000028.cfg", "805ec0123456.cfg", own + "y000000000028.cfg", own + "805ec0123456.cfg"},
			user:  "1001",
		},
		{
			name: "includes relative to an absolute boot file",
			unit: vendor.Unit{Model: "T46U"},
			files: map[string]string{
				"805ec0123456.cfg": "static.auto_provision.server.url = " + own + "\n", own + "805ec0123456.boot": "include:config \"../x/a.cfg\"\n",
				"https://prov.example/p/x/a.cfg": account,
			},
			asked: []string{
				"805ec0123456.boot", "y000000000000.boot", "y000000000108.cfg", "805ec0123456.cfg",
				own + "805ec0123456.boot", "https://prov.example/p/x/a.cfg",
			},
			user: "1001",
		},
		{
			name:  "overload is not a missing file",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"805ec0123456.boot": "503", "y000000000000.boot": "include:config \"a.cfg\"\n", "a.cfg": account},
			asked: []string{"805ec0123456.boot"},
			err:   "fetching 805ec0123456.boot: status 503",
		},
		{
			name:  "no answer from the secret address",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"805ec0123456.boot": "include:config \"" + own + "805ec0123456.cfg\"\n", own + "805ec0123456.cfg": "down"},
			asked: []string{"805ec0123456.boot", own + "805ec0123456.cfg"},
			err:   "fetching 805ec0123456.cfg: connection refused",
		},
		{
			name:  "a file that the phone refuses",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"805ec0123456.boot": "include:config \"" + own + "805ec0123456.cfg\"\n", own + "805ec0123456.cfg": "nonsense\n"},
			asked: []string{"805ec0123456.boot", own + "805ec0123456.cfg"},
			err:   "805ec0123456.cfg, line 2: neither a comment nor parameter = value",
		},
		{
			name:  "a provisioning URL that is none",
			unit:  vendor.Unit{Model: "T46U"},
			files: map[string]string{"y000000000000.boot": "include:config \"a.cfg\"\n", "a.cfg": "static.auto_provision.server.url = http://[secret/\n"},
			asked: []string{"805ec0123456.boot", "y000000000000.boot", "a.cfg"},
			err:   "the provisioning URL in the configuration is no URL",
		},
	} {
		t.Run(x.name, func(t *testing.T) {
			t.Parallel()
			s := server{files: x.files}
			x.unit.MAC = a
			c, err := boot(x.unit, s.get)
			if diff := cmp.Diff(x.asked, s.asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			if x.err != "" {
				if err == nil || err.Error() != x.err {
					t.Errorf("error %v; want %s", err, x.err)
				}
				if err != nil && strings.Contains(err.Error(), "secret") {
					t.Errorf("the error tells the secret address: %v", err)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if got := c.Get("account.1.user_name"); got != x.user {
				t.Errorf("account 1 is %q; want %q", got, x.user)
			}
		})
	}
}

func TestHTTPUserAgent(t *testing.T) {
	t.Parallel()
	a := mac.MustParse("805ec0123456")
	for want, u := range map[string]vendor.Unit{
		"Yealink SIP-T46U 108.86.0.45 80:5e:c0:12:34:56":   {MAC: a, Model: "T46U"},
		"Yealink SIP-T46G 28.80.0.95 80:5e:c0:12:34:56":    {MAC: a, Model: "T46G", Firmware: "28.80.0.95"},
		"Yealink SIP-T58 58.85.0.5 80:5e:c0:12:34:56":      {MAC: a, Model: "T58V"},
		"Yealink W70B 146.87.0.15 80:5e:c0:12:34:56":       {MAC: a, Model: "W70B"},
		"Yealink SIP VP-T49G 51.80.0.10 80:5e:c0:12:34:56": {MAC: a, Model: "T49G", Firmware: "51.80.0.10"},
	} {
		if got := httpUserAgent(u); got != want {
			t.Errorf("%+v sends %q; want %q", u, got, want)
		}
	}
}

func TestGeneration(t *testing.T) {
	t.Parallel()
	for firmware, want := range map[string]int{"108.86.0.45": 86, "2.60.0.110": 60, "91.283.0.30": 283, "": 0, "x": 0, "1.x.2": 0} {
		if got := generation(firmware); got != want {
			t.Errorf("%q is V%d; want V%d", firmware, got, want)
		}
	}
}
