package panasonic

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
	s := Redirects()[0]
	redirecttest.Run(t, redirecttest.Subject{
		Service: s,
		New:     func(func() time.Time) redirecttest.Standin { return standins.NewPanasonic() },
		Devices: []redirect.Device{
			{MAC: mac.MustParse("bcc342aabb01"), Model: "KX-HDV130"},
			{MAC: mac.MustParse("bcc342aabb02"), Model: "KX-HDV230"},
			{MAC: mac.MustParse("0080f0aabb03"), Model: "KX-UT123"},
		},
		NoURLs:    "the list has MAC addresses alone",
		Clockless: "HTTP Basic knows no time",
		Phone:     askRedirect,
	})
	if long := "https://prov.example.org/" + strings.Repeat("x", 347) + "/"; s.CheckURL(long) != "" || s.CheckURL("x"+long) == "" {
		t.Errorf("the longest address is not the one of %d characters", len(long))
	}
}
