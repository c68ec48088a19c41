package grandstream

import (
	"fmt"
	"net/http"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// boot fetches as a phone does that starts up, and goes through an enrolment.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) { return provision(u, base, get) }, understand)
}

// provision asks for the phone's files below base, which is "" or ends in a
// slash, and takes the first that it understands. The binary file is asked for
// and thrown away: nobody but the maker's tool writes it.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	device := "cfg" + u.MAC.String()
	if _, _, err := get(base + device); err != nil {
		return nil, err
	}
	refused := vendor.ErrNoConfig
	for _, name := range []string{device + ".xml", "cfg" + strings.ToLower(u.Model) + ".xml", "cfg.xml"} {
		status, body, err := get(base + name)
		if err != nil {
			return nil, err
		}
		if status != http.StatusOK {
			continue
		}
		c, err := parse(device+".xml", body)
		if err == nil {
			return c, nil
		}
		refused = fmt.Errorf("%s was refused: %w", name, err)
	}
	return nil, refused
}
