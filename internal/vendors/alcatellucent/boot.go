package alcatellucent

import (
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up, and goes through an enrolment.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	files := []string{"config.xml", "config." + u.Model + ".xml", "config." + u.MAC.String() + ".xml"}
	if strings.HasPrefix(u.Model, "H") {
		files = []string{files[0], files[2]}
	}
	return vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) { return get.FetchAll(base, files, parse) }, understand)
}
