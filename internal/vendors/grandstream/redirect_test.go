package grandstream

import (
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestRedirects(t *testing.T) {
	t.Parallel()
	devices := []redirect.Device{
		{MAC: mac.MustParse("c074ad8caa01"), Model: "GRP2614"},
		{MAC: mac.MustParse("c074ad8caa02"), Model: "HT801"},
		{MAC: mac.MustParse("000b82c0aa03"), Model: "GXP2170"},
	}
	papers := func(m mac.Addr) (serial, code string) { return "20EZ115N" + m.Upper()[4:], "" }
	for i := range devices {
		devices[i].Serial, _ = papers(devices[i].MAC)
	}
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: devices, Papers: papers, Phone: askRedirect}
		switch s.Name {
		case "grandstream-gdms":
			subject.New = func(now func() time.Time) redirecttest.Standin { return standins.NewGDMS(now) }
			subject.NoLookup = "GDMS has no call that shows what a phone was given"
			subject.NoOwners = "the codes of refusals are not public"
			subject.Keeps = "GDMS has no documented call that takes a device out of the account"
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}

// The guide has no example with its result, but the text that is hashed.
func TestSignature(t *testing.T) {
	t.Parallel()
	params := map[string]string{"timestamp": "1622241631000", "client_secret": "Secret_Key", "access_token": "13dac871-38c2-4261-a698-6481840617cc", "client_id": "API_ID"}
	const plain = "&access_token=13dac871-38c2-4261-a698-6481840617cc&client_id=API_ID&client_secret=Secret_Key&timestamp=1622241631000&"
	for hash, text := range map[string]string{"": plain, "abc123": plain + "abc123&"} {
		sum := sha256.Sum256([]byte(text))
		if got, want := signature(params, hash), hex.EncodeToString(sum[:]); got != want {
			t.Errorf("the signature with the body's hash %q is %s, want %s", hash, got, want)
		}
	}
}

func TestCheckURL(t *testing.T) {
	t.Parallel()
	for at, good := range map[string]bool{"https://prov.example.org/f/x/": true, "http://prov.example.org/f/x/": true, "https://" + strings.Repeat("x", 257) + "/": false} {
		if got := checkURL(at); (got == "") != good {
			t.Errorf("%s: %q", at, got)
		}
	}
}

// What is wrong with the account or the device is said by what the user can see.
func TestGDMSRefuses(t *testing.T) {
	t.Parallel()
	server := redirecttest.Start(t, standins.NewGDMS(func() time.Time { return redirecttest.Now }))
	for site, want := range map[string]string{"675285": "", "11": "", "4711": "no site", "Front desk": "not a number"} {
		err := server.Client(t, Redirects()[0], map[string]string{"site_id": site}).Verify(t.Context())
		if want == "" && err != nil || want != "" && (redirect.KindOf(err) != redirect.Denied || !strings.Contains(err.Error(), want)) {
			t.Errorf("Verify with the site %s: %v, want %q in it", site, err, want)
		}
	}
	d := redirect.Device{MAC: mac.MustParse("c074ad8caa01"), Serial: "20EZ115NAD8CAA02", URL: secret.New("https://prov.example.org/f/x/")}
	err := server.Client(t, Redirects()[0], nil).Register(t.Context(), []redirect.Device{d})[0]
	if redirect.KindOf(err) != redirect.Refused || !strings.Contains(err.Error(), "30010") || !strings.Contains(err.Error(), "serial number") {
		t.Errorf("Register with the serial number of another device: %v", err)
	}
}

// A token is used for an hour, and one that GDMS no longer takes is fetched anew.
func TestGDMSToken(t *testing.T) {
	t.Parallel()
	now := redirecttest.Now
	service := standins.NewGDMS(func() time.Time { return now })
	server := redirecttest.Start(t, service)
	s := Redirects()[0]
	open := s.Open
	s.Open = func(a redirect.Account, c *http.Client, _ func() time.Time) redirect.Client {
		return open(a, c, func() time.Time { return now })
	}
	c := server.Client(t, s, nil)
	for _, step := range []struct {
		name  string
		later time.Duration
		calls int
	}{{"the first", 0, 2}, {"the next", 58 * time.Minute, 1}, {"after an hour", 3 * time.Minute, 2}} {
		now = now.Add(step.later)
		before := server.Calls()
		if err := c.Verify(t.Context()); err != nil {
			t.Errorf("%s: %v", step.name, err)
		}
		if got := server.Calls() - before; got != step.calls {
			t.Errorf("%s takes %d calls, want %d", step.name, got, step.calls)
		}
	}
	service.Withdraw()
	before := server.Calls()
	if err := c.Verify(t.Context()); err != nil || server.Calls()-before != 3 {
		t.Errorf("after the token was withdrawn: %v in %d calls", err, server.Calls()-before)
	}
}
