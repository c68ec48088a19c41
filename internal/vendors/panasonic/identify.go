package panasonic

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

// modelRE is a model and its country, which is left out: KX-HDV130NB, KX-TGP500B04.
const modelRE = `(KX-(?:HDV|UTG?|TGP|TPA)[0-9]{2,3})(?:[A-Z]{1,2}(?:[0-9]{2})?)?`

var (
	// Panasonic_KX-UT113/01.133 (0080f0c8c381)
	agent = regexp.MustCompile(`^Panasonic[_-]` + modelRE + `/([0-9]+(?:\.[0-9]+){1,3}) \(([0-9A-Fa-f]{12})\)$`)
	// Config0080F0C8C381.cfg
	deviceFile = regexp.MustCompile(`^(?i:config([0-9a-f]{12})\.cfg)$`)
	// KX-UT136.cfg
	modelFile = regexp.MustCompile(`^(?i:` + modelRE + `\.cfg)$`)
)

// userAgent understands the User-Agent of a phone, the same in HTTP and SIP.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[3])
	return vendor.Identity{Vendor: name, Model: m[1], Version: m[2], MAC: addr}, err == nil
}

// path understands the names of the files that only these phones ask for.
func path(p string) (vendor.Identity, bool) {
	file := p[strings.LastIndexByte(p, '/')+1:]
	if len(file) > maxName {
		return vendor.Identity{}, false
	}
	if m := deviceFile.FindStringSubmatch(file); m != nil {
		addr, err := mac.Parse(m[1])
		return vendor.Identity{Vendor: name, MAC: addr}, err == nil
	}
	if m := modelFile.FindStringSubmatch(file); m != nil {
		return vendor.Identity{Vendor: name, Model: strings.ToUpper(m[1])}, true
	}
	return vendor.Identity{}, false
}
