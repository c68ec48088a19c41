package htek

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxName bounds the User-Agents and file names that are looked at.
const maxName = 256

// Htek UC903 2.0.4.2 00:1f:c1:1c:22:a9 in HTTP, Htek UC924E V3.0.4.5 in SIP.
var agent = regexp.MustCompile(`^Htek (UC[0-9]{3}[A-Z]{0,2}) V?([0-9]+(?:\.[0-9]+){1,5})(?: ([0-9A-Fa-f]{2}(?:[:-]?[0-9A-Fa-f]{2}){5}))?$`)

// userAgent understands the User-Agent of a phone, in HTTP or SIP.
func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > maxName {
		return vendor.Identity{}, false
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: name, Model: m[1], Version: m[2]}
	if m[3] == "" {
		return id, true
	}
	addr, err := mac.Parse(m[3])
	id.MAC = addr
	return id, err == nil
}

// oui is Htek's own: Grandstream's devices ask for cfg<mac>.xml as well, and others
// for <mac>.cfg.
const oui = "001fc1"

// deviceFile is cfg001fc1123456, .bin or .xml, or 001fc1123456.cfg.
var deviceFile = regexp.MustCompile(`^(?:cfg([0-9a-f]{12})(?:\.xml|\.bin)?|([0-9a-f]{12})\.cfg)$`)

// modelFiles are the files of the models' codes, as WZ has them.
var modelFiles = map[string]string{
	"cfg0010.xml": "UC926", "cfg0012.xml": "UC924", "cfg0013.xml": "UC923", "cfg0016.xml": "UC903", "cfg0017.xml": "UC902", "cfg0019.xml": "UC912",
}

// path understands the names of the files that only these phones ask for. The code
// of a model is that of its variants as well, UC926E: it is not taken for a model.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	if _, ok := modelFiles[file]; ok {
		return vendor.Identity{Vendor: name}, true
	}
	m := deviceFile.FindStringSubmatch(file)
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[1] + m[2])
	return vendor.Identity{Vendor: name, MAC: addr}, err == nil && addr.OUI() == oui
}
