package audiocodes

import (
	"fmt"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up, and goes through an enrolment.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) { return provision(u, base, get) }, understand)
}

// provision asks below base, which is "" or ends in a slash, for firmware, which it
// throws away, and for the phone's file.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	if _, _, err := get(base + "is" + u.Model + ".img"); err != nil {
		return nil, fmt.Errorf("fetching the firmware: %w", err)
	}
	return get.Fetch(base+u.MAC.Upper()+".cfg", parse)
}
