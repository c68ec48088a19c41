package snom

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
	devices := []redirect.Device{
		{MAC: mac.MustParse("000413aabb01"), Model: "D785"},
		{MAC: mac.MustParse("000413aabb02"), Model: "D735"},
		{MAC: mac.MustParse("000413aabb03"), Model: "D865"},
	}
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: devices, Phone: askRedirect}
		switch s.Name {
		case "snom-sraps":
			subject.New = func(now func() time.Time) redirecttest.Standin { return standins.NewSRAPS(now) }
		case "snom-xmlrpc":
			subject.New = func(func() time.Time) redirecttest.Standin { return standins.NewSnomXMLRPC() }
			subject.Clockless = "HTTP Basic knows no time"
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}
