package flyingvoice

import (
	"cmp"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

func grammar() linefile.Grammar {
	return linefile.Grammar{Header: "#!version:1.0.0.1", Comment: "#", Name: parameterName}
}

var parameterName = regexp.MustCompile(`^[a-z][a-z0-9_]*(\.[a-z0-9_]+)+$`)

// parse reads a .cfg.
func parse(file string, body []byte) (*vendor.Config, error) {
	return grammar().Parse(file, body)
}

var include = regexp.MustCompile(`^include:config[ \t]*(?:"([^"<>]+\.cfg)"|<([^"<>]+\.cfg)>)$`)

// includes reads a .boot file: the names of the files that it includes.
func includes(file string, body []byte) ([]string, error) {
	var files []string
	for i, line := range strings.Split(string(body), "\n") {
		line = strings.TrimSpace(line)
		m := include.FindStringSubmatch(line)
		switch {
		case i == 0 && line != grammar().Header:
			return nil, fmt.Errorf("%s, line 1: a phone refuses a file that does not begin with %s", file, grammar().Header)
		case line == "" || line[0] == '#':
		case m == nil:
			return nil, fmt.Errorf(`%s, line %d: only comments and include:config "file.cfg" are known`, file, i+1)
		default:
			files = append(files, m[1]+m[2])
		}
	}
	if files == nil {
		return nil, errors.New(file + " includes no file")
	}
	return files, nil
}

// boot does what a phone does that starts. Boot files below the address that an
// enrolment gave are not looked for again, as Dialplane serves none.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	own := u.MAC.String()
	files := []string{"y000000000000.cfg", own + ".cfg"}
	for _, file := range []string{own + ".boot", "y000000000000.boot"} {
		status, body, err := get(file)
		if err != nil {
			return nil, fmt.Errorf("fetching %s: %w", file, err)
		}
		if status == http.StatusOK {
			if files, err = includes(file, body); err != nil {
				return nil, err
			}
			break
		}
		if status != http.StatusNotFound {
			return nil, fmt.Errorf("fetching %s: status %d", file, status)
		}
	}
	return vendor.BootFiles(get, parse, understand, files...)
}

func firmware(u vendor.Unit) string { return cmp.Or(u.Firmware, "0.6.24") }

func httpUserAgent(u vendor.Unit) string {
	return name + " " + u.Model + " V" + firmware(u) + " " + strings.ToUpper(u.MAC.Colons())
}

// discovery: APG says that the phones ask from port 5060 and take an address by
// application/url. How they name themselves there is taken from their User-Agent.
func discovery(u vendor.Unit) []vendor.Discovery {
	agent := name + " " + u.Model + " V" + firmware(u)
	return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC"+u.MAC.String(), agent, name, u.Model, firmware(u))}}
}
