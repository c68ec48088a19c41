package gigaset

import (
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
)

func TestRedirects(t *testing.T) {
	t.Parallel()
	devices := []redirect.Device{
		{MAC: mac.MustParse("7c2f80aabb01"), Model: "Maxwell-3-PRO"},
		{MAC: mac.MustParse("7c2f80aabb02"), Model: "N870-IP-PRO"},
		{MAC: mac.MustParse("000413e50003"), Model: "P850"},
	}
	papers := func(m mac.Addr) (serial, code string) { return "", strings.ToLower(standins.GigasetCode(m)) }
	for i := range devices {
		_, devices[i].Code = papers(devices[i].MAC)
	}
	devices[1].Code = devices[1].MAC.Upper() + "-" + devices[1].Code // as it is printed
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: devices, Papers: papers, Phone: askRedirect, At: func(url string) string { return url + "%MACD.xml" }}
		switch s.Name {
		case "gigaset-redirect":
			subject.New = func(func() time.Time) redirecttest.Standin { return standins.NewGigasetRedirect() }
			subject.NoLookup = "checkDevice says that a device is registered, and not where"
			subject.Clockless = "HTTP Basic knows no time"
		case "gigaset-grape":
			subject.New = func(now func() time.Time) redirecttest.Standin { return standins.NewGRAPE(now) }
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}

func TestCheckCode(t *testing.T) {
	t.Parallel()
	m := mac.MustParse("7c2f80aabb01")
	for code, want := range map[string]string{
		"7X9A": "", "7x9a": "", "7C2F80AABB01-7X9A": "", "7c2f80aabb01-7x9a": "",
		"": "four characters", "7X9": "four characters", "7X9AB": "four characters", "7X-9": "another device", "7X9%": "four characters",
		"7C2F80AABB02-7X9A": "another device", "7C2F80AABB01-": "four characters", "7C2F80AABB01": "four characters",
	} {
		if got := checkCode(m, code); (got == "") != (want == "") || !strings.Contains(got, want) {
			t.Errorf("the code %q: %q, want %q in it", code, got, want)
		}
	}
}
