package akuvox

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

func grammar() linefile.Grammar {
	return linefile.Grammar{Comment: "#;", Name: parameterName}
}

var parameterName = regexp.MustCompile(`^Config(\.[A-Za-z0-9_-]+){2,3}$`)

func parse(file string, body []byte) (*vendor.Config, error) { return grammar().Parse(file, body) }

// Akuvox R20B 220.30.2.28, with an address behind it at most.
var agent = regexp.MustCompile(`^Akuvox ((?:SP-)?[A-Z][0-9]{2,3}[A-Z0-9-]{0,4}) ([0-9]{1,4}(?:\.[0-9]{1,5}){1,4})(?: ((?:[0-9A-Fa-f]{2}:?){5}[0-9A-Fa-f]{2}))?$`)

func userAgent(ua string) (vendor.Identity, bool) {
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: series(m[1]), Version: m[2]}
	id.MAC, _ = mac.Parse(m[3]) // may be missing
	return id, true
}

var door = regexp.MustCompile(`^([ER][0-9]{2}|[SX][0-9]{3})[A-Z-][A-Z0-9-]*$`)

// series takes the letters off a door phone's model that tell its cameras and readers:
// an R20B is an R20 to the templates. The E10R has none without.
func series(model string) string {
	if m := door.FindStringSubmatch(model); m != nil && model != "E10R" {
		return m[1]
	}
	return model
}

var ownFile = regexp.MustCompile(`(?i)(?:^|/)((?:0c1105|9c7514)[0-9a-f]{6})\.cfg$`)

// path knows <mac>.cfg of an address that is Akuvox' or Wildix'.
func path(p string) (vendor.Identity, bool) {
	m := ownFile.FindStringSubmatch(p)
	if m == nil {
		return vendor.Identity{}, false
	}
	a, err := mac.Parse(m[1])
	return vendor.Identity{Vendor: name, MAC: a}, err == nil
}

// firmware returns the version that a phone runs: it begins with the model's number.
func firmware(u vendor.Unit) string {
	number := strings.Trim(u.Model, "SPERX-G")
	return cmp.Or(u.Firmware, number+".30.10.128")
}

func httpUserAgent(u vendor.Unit) string { return name + " " + u.Model + " " + firmware(u) }

// discovery: R20 says that the phones ask by multicast, and not in which words.
func discovery(u vendor.Unit) []vendor.Discovery {
	return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC"+u.MAC.String(), httpUserAgent(u), name, u.Model, firmware(u))}}
}
