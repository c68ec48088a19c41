package htek

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
	redirecttest.Run(t, redirecttest.Subject{
		Service: Redirects()[0],
		New:     func(func() time.Time) redirecttest.Standin { return standins.NewHtek() },
		Devices: []redirect.Device{
			{MAC: mac.MustParse("001fc1aabb01"), Model: "UC926"},
			{MAC: mac.MustParse("001fc1aabb02"), Model: "UC924"},
			{MAC: mac.MustParse("001fc1aabb03"), Model: "UC912"},
		},
		NoLookup:  "checkDevice says whose it is alone",
		Clockless: "HTTP Basic knows no time",
		At:        func(url string) string { return strings.TrimSuffix(url, "/") },
		Phone:     askRedirect,
	})
}
