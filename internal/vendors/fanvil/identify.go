package fanvil

import (
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// A User-Agent is "Fanvil", the model, the firmware and, over HTTP, the MAC
// address, with single spaces between. The model is letters, digits and letters
// again (X6U, i10SV, H2U, W620W), and what came later is added with a space, a
// hyphen or nothing: "X6U Pro", "X5U-V2", "V62Pro". SIP leaves the address out;
// where only the product is named (DHCP option 60), the firmware is missing too.
var userAgentGrammar = regexp.MustCompile(
	`^Fanvil ([A-Za-z]{1,3}[0-9]{1,4}[A-Za-z]{0,3}?(?:[-_ ]?(?:V[0-9]|Pro|PRO|Lite))*)` +
		`(?: ([0-9]{1,5}(?:\.[0-9]{1,5}){1,6})(?: ([0-9A-Fa-f]{12}))?)?$`)

func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > 128 {
		return vendor.Identity{}, false
	}
	m := userAgentGrammar.FindStringSubmatch(ua)
	if m == nil {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: "Fanvil", Model: model(m[1]), Version: m[2]}
	if m[3] != "" {
		addr, err := mac.Parse(m[3])
		if err != nil {
			return vendor.Identity{}, false
		}
		id.MAC = addr
	}
	return id, true
}

// vendorClass understands a DHCP vendor class, which is the product alone: "Fanvil X3U"
// (export, FP).
func vendorClass(text string) (vendor.Identity, bool) {
	id, ok := userAgent(text)
	return id, ok && id.Version == ""
}

var suffixGrammar = regexp.MustCompile(`[-_ ]?(V[0-9]|Pro|PRO|Lite)`)

// model spells a model as the table does: one hyphen before what was added to
// it. Letters keep their case, which tells an i-series from a display.
func model(name string) string {
	at := strings.IndexAny(name, "0123456789")
	if at < 0 {
		return name
	}
	for at < len(name) && '0' <= name[at] && name[at] <= '9' {
		at++
	}
	return name[:at] + suffixGrammar.ReplaceAllStringFunc(name[at:], func(s string) string {
		s = strings.TrimLeft(s, "-_ ")
		if s == "PRO" {
			s = "Pro"
		}
		return "-" + s
	})
}

// The paths that only Fanvil's phones ask for:
//
//   - the common file of a model, either "F0V", the model in four places and
//     "00000" (F0V0V6500000.cfg), or the older f0X3shw1.100.cfg;
//   - news of a firmware: fanvil_x6u_pro_hwv1_0.txt (manual PA2S p. 29 gives
//     vendor_model_hw10.txt, with _ for blanks).
//
// Beside them <mac>.cfg, which many vendors share, is Fanvil's if the address is.
var (
	commonGrammar    = regexp.MustCompile(`^F0V[0-9A-Z]{8,10}$`)
	oldCommonGrammar = regexp.MustCompile(`^f0([a-z][0-9]{1,3}[a-z]{0,3})hw[0-9]\.[0-9]{3}\.cfg$`)
	firmwareGrammar  = regexp.MustCompile(`^fanvil_([a-z]{1,3}[0-9]{1,4}[a-z]{0,3}(?:_(?:v[0-9]|pro|lite))*)_hwv?[0-9]{1,2}(?:_[0-9]{1,2})?\.txt$`)
)

func path(p string) (vendor.Identity, bool) {
	name := p[strings.LastIndexByte(p, '/')+1:]
	if len(name) > 64 {
		return vendor.Identity{}, false
	}
	id := vendor.Identity{Vendor: "Fanvil"}
	lower := strings.ToLower(name)
	stem, isConfig := strings.CutSuffix(lower, ".cfg")
	if isConfig {
		upper := strings.ToUpper(stem)
		if _, odd := oddCommonFiles[upper]; odd || commonGrammar.MatchString(upper) {
			id.Model = commonModel(upper)
			return id, true
		}
	}
	for _, g := range []*regexp.Regexp{oldCommonGrammar, firmwareGrammar} {
		if m := g.FindStringSubmatch(lower); m != nil {
			id.Model = knownModel(strings.ReplaceAll(m[1], "_", "-"))
			return id, true
		}
	}
	if isConfig && len(stem) == 12 {
		if addr, err := mac.Parse(stem); err == nil && slices.Contains(ouis(), addr.OUI()) {
			id.MAC = addr
			return id, true
		}
	}
	return vendor.Identity{}, false
}

// commonModel returns the model whose common file has this name in capitals,
// without ".cfg", or "".
func commonModel(name string) string {
	if m, ok := oddCommonFiles[name]; ok {
		return m
	}
	place, ok := strings.CutPrefix(name, "F0V")
	if !ok {
		return ""
	}
	place, ok = strings.CutSuffix(place, "00000")
	if !ok || len(place) != 4 {
		return ""
	}
	return knownModel(strings.TrimLeft(place, "0"))
}

// knownModel returns the table's spelling of a model spelled in any case, or "".
func knownModel(name string) string {
	i := slices.IndexFunc(models, func(m string) bool { return strings.EqualFold(m, name) })
	if i < 0 {
		return ""
	}
	return models[i]
}
