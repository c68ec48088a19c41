package poly

import (
	"slices"
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
		{MAC: mac.MustParse("64167faabb01"), Model: "VVX450"},
		{MAC: mac.MustParse("64167faabb02"), Model: "CCX500"},
		{MAC: mac.MustParse("482567aabb03"), Model: "EdgeE350"},
	}
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: devices}
		switch s.Name {
		case "poly-ztp":
			subject.New = func(func() time.Time) redirecttest.Standin { return standins.NewPolyZTP() }
			subject.Clockless = "an API key knows no time"
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}

// A phone has one profile of ours at most, none is left behind, and the customer's stay.
func TestProfiles(t *testing.T) {
	t.Parallel()
	service := standins.NewPolyZTP()
	server := redirecttest.Start(t, service)
	c := server.Client(t, Redirects()[0], nil)
	phone := redirect.Device{MAC: mac.MustParse("64167faabb01"), URL: secret.New("https://prov.example.org/f/one/")}
	foreign := redirect.Device{MAC: mac.MustParse("64167faabb02"), URL: phone.URL}
	service.Adopt(phone.MAC)
	service.Give(foreign.MAC)
	register := func(want redirect.Kind, d redirect.Device) {
		t.Helper()
		if got := redirect.KindOf(c.Register(t.Context(), []redirect.Device{d})[0]); got != want {
			t.Fatalf("Register: %q, want %q", got, want)
		}
	}
	register("", phone)
	phone.URL = secret.New("https://prov.example.org/f/two/")
	register("", phone)
	register(redirect.Foreign, foreign)
	names := service.Profiles()
	if len(names) != 2 || names[0] != "The customer's own" || !strings.HasPrefix(names[1], "dialplane-64167faabb01-") {
		t.Errorf("the profiles are %q", names)
	}
	if err := c.Remove(t.Context(), []redirect.Device{phone})[0]; err != nil {
		t.Fatal(err)
	}
	if names := service.Profiles(); !slices.Equal(names, []string{"The customer's own"}) {
		t.Errorf("the profiles are %q after all", names)
	}
}
