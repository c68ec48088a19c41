package akuvox

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
		New:     func(func() time.Time) redirecttest.Standin { return standins.NewAkuvox() },
		Devices: []redirect.Device{
			{MAC: mac.MustParse("0c1105aabb01"), Model: "SP-R50P"},
			{MAC: mac.MustParse("0c1105aabb02"), Model: "SP-R53P"},
			{MAC: mac.MustParse("0c1105aabb03"), Model: "R20B"},
		},
		NoLookup:  "checkDevice says whose it is alone",
		Clockless: "HTTP Basic knows no time",
		Phone:     askRedirect,
	})
}
