package vendor_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"

	vendor "github.com/dialplane/dialplane/internal/vendors"
)

// parse reads lines of name = value.
func parse(file string, body []byte) (*vendor.Config, error) {
	c := new(vendor.Config)
	for i, line := range strings.Split(string(body), "\n") {
		name, value, ok := strings.Cut(line, " = ")
		if !ok {
			return nil, fmt.Errorf("%s, line %d: no setting", file, i+1)
		}
		c.Set(name, value)
	}
	return c, nil
}

// understand is that of a phone with one account and one address.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{ProvisioningURL: c.Get("prov.url")}
	if user := c.Get("account.user"); user != "" {
		s.Accounts = []vendor.Account{{User: user}}
	}
	return s
}

func TestBootFiles(t *testing.T) {
	t.Parallel()
	broken := errors.New("no route")
	for name, tt := range map[string]struct {
		files map[string]string
		asked string
		user  string
		err   string
	}{
		"its own address":      {map[string]string{"c.cfg": "account.user = a", "m.cfg": "account.user = b\nprov.url = https://a.example/p/"}, "c.cfg m.cfg", "b", ""},
		"enrolled":             {map[string]string{"m.cfg": "prov.url = https://a.example/p/", "https://a.example/p/m.cfg": "account.user = b"}, "c.cfg m.cfg https://a.example/p/c.cfg https://a.example/p/m.cfg", "b", ""},
		"enrolled to nothing":  {map[string]string{"m.cfg": "prov.url = https://a.example/p/"}, "c.cfg m.cfg https://a.example/p/c.cfg https://a.example/p/m.cfg", "", ""},
		"a secret folder":      {map[string]string{"m.cfg": "prov.url = https://a.example/hunter2/", "https://a.example/hunter2/c.cfg": "503"}, "c.cfg m.cfg https://a.example/hunter2/c.cfg", "", "fetching c.cfg: status 503"},
		"a secret's file":      {map[string]string{"m.cfg": "prov.url = https://a.example/hunter2/", "https://a.example/hunter2/c.cfg": "x"}, "c.cfg m.cfg https://a.example/hunter2/c.cfg", "", "c.cfg, line 1"},
		"nothing":              {nil, "c.cfg m.cfg", "", vendor.ErrNoConfig.Error()},
		"a broken file":        {map[string]string{"m.cfg": "x"}, "c.cfg m.cfg", "", "m.cfg, line 1"},
		"a server that is ill": {map[string]string{"c.cfg": "503"}, "c.cfg", "", "fetching c.cfg: status 503"},
		"no server":            {map[string]string{"c.cfg": "gone"}, "c.cfg", "", "fetching c.cfg: no route"},
	} {
		var asked []string
		get := func(file string) (int, []byte, error) {
			asked = append(asked, file)
			body, ok := tt.files[file]
			switch {
			case body == "503":
				return 503, nil, nil
			case body == "gone":
				return 0, nil, broken
			case !ok:
				return 404, nil, nil
			}
			return 200, []byte(body), nil
		}
		c, err := vendor.BootFiles(get, parse, understand, "c.cfg", "m.cfg")
		if got := strings.Join(asked, " "); got != tt.asked {
			t.Errorf("%s: asked for %s, want %s", name, got, tt.asked)
		}
		if tt.err != "" {
			if err == nil || !strings.Contains(err.Error(), tt.err) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: %v, want an error with %q", name, err, tt.err)
			}
			continue
		}
		if err != nil || c.Get("account.user") != tt.user {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// TestThroughEnrolment: a phone without files anywhere has no configuration.
func TestThroughEnrolment(t *testing.T) {
	t.Parallel()
	for _, from := range []string{"", "https://a.example/p/"} {
		var asked []string
		_, err := vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) {
			asked = append(asked, base)
			if base == from {
				return nil, nil
			}
			return parse("a.cfg", []byte("prov.url = https://a.example/p/"))
		}, understand)
		if !errors.Is(err, vendor.ErrNoConfig) || asked[len(asked)-1] != from {
			t.Errorf("nothing below %q: %v, asked %q", from, err, asked)
		}
	}
}

func TestLocation(t *testing.T) {
	t.Parallel()
	const own = "https://prov.example.org/f/t/a.cfg"
	for name, tt := range map[string]struct {
		status         int
		to             string
		at, folder     string
		missing, fails bool
	}{
		"sent on":        {status: 302, to: own, at: own, folder: "https://prov.example.org/f/t/"},
		"to another":     {status: 302, to: own + "x", at: own + "x", fails: true},
		"nowhere":        {status: 302, fails: true},
		"unknown":        {status: 404, missing: true, fails: true},
		"another status": {status: 200, to: own, fails: true},
	} {
		get := vendor.Getter(func(asked string) (int, []byte, error) {
			if asked != "ask/a.cfg" {
				t.Errorf("%s: asked for %s", name, asked)
			}
			return tt.status, []byte(tt.to), nil
		})
		at, err := get.Location("ask/a.cfg")
		if at != tt.at || (err != nil) != (tt.at == "") || errors.Is(err, vendor.ErrNotRedirected) != tt.missing {
			t.Errorf("%s: Location %q, %v", name, at, err)
		}
		folder, err := get.FolderOf("ask/a.cfg", "a.cfg")
		if folder != tt.folder || (err != nil) != tt.fails || errors.Is(err, vendor.ErrNotRedirected) != tt.missing {
			t.Errorf("%s: FolderOf %q, %v", name, folder, err)
		}
	}
}
