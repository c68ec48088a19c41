package yealink

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
	"github.com/dialplane/dialplane/internal/secret"
)

func redirectDevices() []redirect.Device {
	return []redirect.Device{
		{MAC: mac.MustParse("001565aabb01"), Model: "T46U", Serial: "001106312113402001"},
		{MAC: mac.MustParse("001565aabb02"), Model: "T54W", Serial: "001106312113402002"},
		{MAC: mac.MustParse("805ec0aabb03"), Model: "W70B", Serial: "001106312113402003"},
	}
}

func TestRedirects(t *testing.T) {
	t.Parallel()
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: redirectDevices(), Phone: askRedirect}
		switch s.Name {
		case "yealink-rps":
			subject.New = func(now func() time.Time) redirecttest.Standin { return standins.NewYealinkRPS(now) }
		case "yealink-ymcs":
			subject.New = func(now func() time.Time) redirecttest.Standin { return standins.NewYealinkYMCS(now) }
		case "yealink-xmlrpc":
			subject.New = func(func() time.Time) redirecttest.Standin { return standins.NewYealinkXMLRPC() }
			subject.NoLookup = "checkDevice says whose it is alone"
			subject.Clockless = "HTTP Basic knows no time"
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}

// The worked examples of the document's section 1.3.4, whose results openssl has as well:
// openssl dgst -sha256 -hmac <secret> -binary | base64.
func TestSignature(t *testing.T) {
	t.Parallel()
	const key, secret = "2df23f2d9c255e7138dc603b3847b58a", "d4a4be460a8d43609d8e8a5e7d0d4ad1"
	if got := signature(secret, "POST", "/api/open/v1/server/list", "", map[string]string{
		"X-Ca-Key": key, "X-Ca-Nonce": "b681e77450a04d22aaffc914a3379561", "X-Ca-Timestamp": "1544008291631", "Content-MD5": "SsPhq3/DEuS3yHj3kYOV9w==",
	}); got != "JVPj8C4CVKbFJW6A33yZcdSsde7Hfxy9EoJiE0epeKM=" {
		t.Errorf("the signature of a body is %s", got)
	}
	if got := signature(secret, "GET", "/api/open/v1/device/checkMac", "mac=001565123123", map[string]string{
		"X-Ca-Key": key, "X-Ca-Nonce": "9e730a223b48433785494801fb016d39", "X-Ca-Timestamp": "1544094691000",
	}); got != "+speRmYv89rutzPc9u5Ij1JrtnrUw7nhJnqQfD1h5AU=" {
		t.Errorf("the signature of a query is %s", got)
	}
}

// TestYMCSToken: one token for many calls, a new one when it ends before its time, and
// the PIN that a phone asks for.
func TestYMCSToken(t *testing.T) {
	t.Parallel()
	standin := standins.NewYealinkYMCS(func() time.Time { return redirecttest.Now })
	server := redirecttest.Start(t, standin)
	c := server.Client(t, Redirects()[1], nil)
	for i := range 3 {
		if err := c.Verify(t.Context()); err != nil {
			t.Fatal(err)
		}
		if n := server.Calls(); n != i+2 {
			t.Errorf("%d calls have been made for %d verifications", n, i+1)
		}
	}
	standin.Expire()
	d := redirectDevices()[0]
	d.URL = secret.New("https://prov.example.org/f/x/")
	if errs := c.Register(t.Context(), []redirect.Device{d}); errs[0] != nil {
		t.Fatalf("Register when the token has ended: %v", errs[0])
	}
	if e, err := c.Lookup(t.Context(), d); err != nil || e.PIN.Reveal() != standin.PIN(d.MAC) {
		t.Errorf("Lookup: %v, the PIN %q", err, e.PIN.Reveal())
	}
}

// TestEndlessList: a service that pays no heed to the page it is asked for.
func TestEndlessList(t *testing.T) {
	t.Parallel()
	pages := 0
	err := each(func(int) (page, error) {
		return page{Total: 1 << 30, Data: []device{{MAC: "001565aabb01"}}}, nil
	}, func([]redirect.Entry) error { pages++; return nil })
	if redirect.KindOf(err) != redirect.BadAnswer || pages != 1 {
		t.Errorf("after %d pages: %v, want the kind %s", pages, err, redirect.BadAnswer)
	}
}
