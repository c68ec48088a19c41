package avaya

import (
	"errors"
	"fmt"
	"net/http"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// maxSteps bounds the lines that a phone follows, and maxFiles the files.
const (
	maxSteps = 10_000
	maxFiles = 10
)

// boot fetches as a phone does that starts up, and goes through an enrolment.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.ThroughEnrolment(func(base string) (*vendor.Config, error) { return provision(u, base, get) }, understand)
}

// provision follows the scripts below base, which is "" or ends in a slash.
func provision(u vendor.Unit, base string, get vendor.Getter) (*vendor.Config, error) {
	r := &run{unit: u, base: base, get: get, config: new(vendor.Config)}
	found, err := r.file("J100Supgrade.txt")
	switch {
	case err != nil:
		return nil, err
	case !found:
		return nil, vendor.ErrNoConfig
	}
	return r.config, nil
}

// run is a phone that follows scripts.
type run struct {
	unit         vendor.Unit
	base         string
	get          vendor.Getter
	config       *vendor.Config
	steps, files int
}

// file follows one script, and says whether it was there.
func (r *run) file(name string) (bool, error) {
	if r.files++; r.files > maxFiles {
		return false, errors.New("the scripts get each other without end")
	}
	at := r.base + strings.ReplaceAll(name, "$MACADDR", r.unit.MAC.String())
	name = at[strings.LastIndexByte(at, '/')+1:] // the folder before it may be secret
	status, body, err := r.get(at)
	switch {
	case err != nil:
		return false, fmt.Errorf("fetching %s: %w", name, err)
	case status == http.StatusNotFound:
		return false, nil
	case status != http.StatusOK:
		return false, fmt.Errorf("fetching %s: status %d", name, status)
	}
	commands, err := script(name, body)
	if err != nil {
		return false, err
	}
	for i := 0; i < len(commands); i++ {
		if r.steps++; r.steps > maxSteps {
			return false, fmt.Errorf("%s never ends", name)
		}
		switch c := commands[i]; {
		case c.verb == "SET":
			r.config.Line = c.line
			r.config.Set(c.name, c.value)
		case c.verb == "GET":
			if found, err := r.file(c.to); found || err != nil {
				return true, err // it never comes back
			}
		case c.verb == "GOTO", c.verb == "IF" && c.name == "MODEL4" && c.value == r.unit.Model:
			if i, err = jump(commands, c.to); err != nil {
				return false, fmt.Errorf("%s, line %d: %w", name, c.line, err)
			}
		}
	}
	return true, nil
}

// jump returns where a label stands.
func jump(commands []command, to string) (int, error) {
	for i, c := range commands {
		if c.verb == "#" && c.to == to {
			return i, nil
		}
	}
	return 0, fmt.Errorf("there is no label # %s", to)
}
