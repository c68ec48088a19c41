package digiumxml

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// MaxName bounds the User-Agents and file names that are looked at.
const MaxName = 256

// Sangoma P330/4.5.3 in HTTP, Sangoma P330 4_27_8 000FD3D0B030 and Digium D60 2_7_0 in
// SIP, and the softphone Sangoma Connect/1.0.1, which is no phone of ours.
var agent = regexp.MustCompile(`^(?:Sangoma|Digium) ([DPS][0-9]{2,3}|Connect)[ /]V?([0-9]+(?:[._][0-9]+){1,5})(?: ([0-9A-Fa-f]{2}(?::?[0-9A-Fa-f]{2}){5}))?$`)

// UserAgent understands the User-Agent of a phone, in HTTP or SIP, of either brand.
// Which of the two it is the model tells: the D-series is Digium's.
func UserAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > MaxName {
		return vendor.Identity{}, false
	}
	m := agent.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Model: m[1], Version: strings.ReplaceAll(m[2], "_", ".")}
	if m[3] == "" {
		return id, true
	}
	addr, err := mac.Parse(m[3])
	id.MAC = addr
	return id, err == nil
}

// deviceFile is 000fd3123456.cfg, its contacts and keys.
var deviceFile = regexp.MustCompile(`^([0-9a-f]{12})(?:-contacts|-smartblf|-directory)?\.(?:cfg|xml)$`)

// Path understands the names of the files that a phone asks for. Others have such names
// too, so the address must begin with one of ouis.
func Path(p string, ouis []string) (vendor.Identity, bool) {
	m := deviceFile.FindStringSubmatch(strings.ToLower(p[strings.LastIndexByte(p, '/')+1:]))
	if m == nil {
		return vendor.Identity{}, false
	}
	addr, err := mac.Parse(m[1])
	return vendor.Identity{MAC: addr}, err == nil && slices.Contains(ouis, addr.OUI())
}
