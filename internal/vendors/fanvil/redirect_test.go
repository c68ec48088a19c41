package fanvil

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
)

func TestRedirects(t *testing.T) {
	t.Parallel()
	redirecttest.Run(t, redirecttest.Subject{
		Service: Redirects()[0],
		New:     func(func() time.Time) redirecttest.Standin { return standins.NewFDPS() },
		Devices: []redirect.Device{
			{MAC: mac.MustParse("0c383eaabb01"), Model: "X4U"},
			{MAC: mac.MustParse("0c383eaabb02"), Model: "X3U"},
			{MAC: mac.MustParse("0c383eaabb03"), Model: "V62"},
		},
		NoLookup:  "the list has MAC addresses alone",
		NoURLs:    "the list has MAC addresses alone",
		Clockless: "HTTP Basic knows no time",
		At:        func(url string) string { return url + "$mac.cfg" },
		Phone:     askRedirect,
	})
}

// TestPasswordHash has what md5sum makes of a password twice.
func TestPasswordHash(t *testing.T) {
	t.Parallel()
	if got := twice("f4nvil-Pass"); got != "ea419d18015c1805ec99338620cc7c66" {
		t.Errorf("the hash is %s", got)
	}
}
