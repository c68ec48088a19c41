package hlprovision

import (
	"github.com/dialplane/dialplane/internal/vendors"
)

// Boot fetches as a phone does that starts up, for whose model there is modelFile, or
// "", and goes through an enrolment.
func Boot(u vendor.Unit, modelFile string, get vendor.Getter) (*vendor.Config, error) {
	return vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) { return provision(u, modelFile, base, get) }, Understand)
}

// provision asks for the phone's files below base, which is "" or ends in a slash,
// and stops at the first that it finds, as the strictest firmware does. The binary
// file is asked for and thrown away.
func provision(u vendor.Unit, modelFile, base string, get vendor.Getter) (*vendor.Config, error) {
	own := "cfg" + u.MAC.String()
	if modelFile != "" {
		if c, err := get.Fetch(base+modelFile, Parse); c != nil || err != nil {
			return c, err
		}
	}
	if _, _, err := get(base + own); err != nil {
		return nil, err
	}
	return get.Fetch(base+own+".xml", Parse)
}
