package alcatellucent

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
		{MAC: mac.MustParse("3c28a6aabb01"), Model: "M5"},
		{MAC: mac.MustParse("3c28a6aabb02"), Model: "M3"},
		{MAC: mac.MustParse("3c28a6aabb03"), Model: "H6"},
	}
	for _, s := range Redirects() {
		subject := redirecttest.Subject{Service: s, Devices: devices}
		switch s.Name {
		case "ale-eds":
			subject.New = func(func() time.Time) redirecttest.Standin { return standins.NewALEEDS() }
			subject.Clockless = "an access key knows no time"
			subject.NoLookup = "that the list of devices shows their profiles is not known"
			subject.NoURLs = subject.NoLookup
			subject.NoOwners = "what EDS says of another's phone is not known"
		default:
			t.Errorf("the service %s is not tested", s.Name)
			continue
		}
		t.Run(s.Name, func(t *testing.T) { t.Parallel(); redirecttest.Run(t, subject) })
	}
}
