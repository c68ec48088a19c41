package cisco

import (
	"cmp"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	macRE = `(?P<mac>[0-9A-Fa-f]{12})`
	// numberRE is a version and, behind it, what a build adds to it.
	numberRE = `(?P<version>\d[0-9A-Za-z]{0,15}(?:\.[0-9A-Za-z]{1,15}){0,6})(?:-[A-Z]{2})?(?:\(\d{1,4}\)[a-z]?)?(?:-[a-z]{1,8})?`
	serialRE = `\([0-9A-Za-z]{3,16}\)`
)

// userAgents are what the telephones call themselves by HTTP and SIP, where an admin
// has not given them another name. An address may stand before a serial number; a serial
// number alone may look like an address and is none.
var userAgents = []*regexp.Regexp{
	regexp.MustCompile(`^Cisco-(?:CP|DP)-(?P<model>[0-9]{4})(?:NR)?(?:-3PCC)?/(?P<version>\d[0-9A-Za-z._-]{0,31})(?: \(` + macRE + `\))?$`),
	regexp.MustCompile(`^Cisco/(?P<model>SPA[0-9]{3}[A-Z]{0,2}[0-9]?|SPA8[08]00|SRP[0-9]{3}[A-Z]?)-` + numberRE + `(?: (?:\(` + macRE + `\))?` + serialRE + `)?$`),
	regexp.MustCompile(`^Cisco/(?P<model>ATA19[12])-(?P<version>MPP-\d[0-9A-Za-z._-]{0,31})(?: ` + serialRE + `)?$`),
	regexp.MustCompile(`^Cisco-(?P<model>ATA19[0-2])(?:-MPP)?/(?P<version>\d[0-9A-Za-z._()-]{0,31})$`),
	regexp.MustCompile(`^Cisco-CP(?P<enterprise>[0-9]{4}G?)(?:-GE)?/(?P<version>\d[0-9A-Za-z._()-]{0,31})$`),
}

func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > 256 {
		return vendor.Identity{}, false
	}
	return match(userAgents, ua)
}

// vendorClasses are what the telephones call themselves by DHCP; some end with a zero
// byte. Linksys is the older name of what Cisco sells on.
var vendorClasses = []*regexp.Regexp{
	regexp.MustCompile(`^Cisco Systems,? Inc\.? (?:IP|Wireless) Phone (?:CP-)?(?P<class>[0-9]{4}[A-Z]{0,3})\x00?$`),
	regexp.MustCompile(`^CP-(?P<model>[0-9]{4})-3PCC$`),
	regexp.MustCompile(`^(?i:cisco) (?P<model>ATA19[0-2])(?:-MPP)?$`),
	regexp.MustCompile(`^(?i:cisco|linksys) (?P<model>SPA[0-9]{3,4}[A-Z]{0,2}[0-9]?)$`),
}

// classNames are the models that a vendor class does not spell out.
var classNames = map[string]string{"7905": "7905G", "7912": "7912G"}

func vendorClass(class string) (vendor.Identity, bool) {
	if len(class) > 64 {
		return vendor.Identity{}, false
	}
	return match(vendorClasses, class)
}

// match returns what the first expression that fits says.
func match(all []*regexp.Regexp, s string) (vendor.Identity, bool) {
	for _, re := range all {
		m := re.FindStringSubmatch(s)
		if m == nil {
			continue
		}
		id := vendor.Identity{Vendor: name}
		for i, group := range re.SubexpNames() {
			if m[i] == "" {
				continue
			}
			switch group {
			case "model":
				id.Model = strings.ToUpper(m[i])
			case "spa":
				id.Model = "SPA" + strings.ToUpper(m[i])
			case "enterprise":
				id.Model = enterpriseName(m[i])
			case "class":
				id.Model = cmp.Or(classNames[m[i]], enterpriseName(m[i]))
			case "version":
				id.Version = m[i]
			case "mac":
				if a, err := mac.Parse(m[i]); err == nil {
					id.MAC = a
				}
			case "communicator":
				id.Model = "CIPC"
			case "ata190":
				id.Model = "ATA190"
			}
		}
		return id, true
	}
	return vendor.Identity{}, false
}

// enterpriseName tells the two firmwares of one telephone apart.
func enterpriseName(model string) string {
	switch model[:2] {
	case "68", "78", "98", "88":
		if model != "8821" {
			return "CP-" + model
		}
	}
	return model
}

// paths are the last part of what the telephones ask for. Of names that are nothing but
// an address those with Cisco's OUIs are taken.
var paths = []*regexp.Regexp{
	regexp.MustCompile(`(?i)^(?P<model>[0-9]{4})-3PCC\.xml$`),
	regexp.MustCompile(`(?i)^DP-(?P<model>98[0-9]{2}|8875)\.xml$`),
	regexp.MustCompile(`(?i)^spa(?P<spa>[1235][0-9]{2}(?:G2?|D)?|8[08]00)\.cfg$`),
	regexp.MustCompile(`(?i)^(?P<model>ATA19[0-2])\.cfg$`),
	regexp.MustCompile(`(?i)^spa` + macRE + `\.(?:cfg|xml)$`),
	regexp.MustCompile(`(?i)^(?:SEP|(?P<ata190>ATA))` + macRE + `\.cnf\.xml(?:\.sgn)?$`),
	regexp.MustCompile(`(?i)^SIP` + macRE + `\.cnf$`),
	regexp.MustCompile(`(?i)^(?:CTL|ITL)(?:SEP|ATA)` + macRE + `\.tlv$`),
	regexp.MustCompile(`(?i)^(?:CTLFile\.tlv|ITLFile\.tlv|XMLDefault\.cnf\.xml|SIPDefault\.cnf|OS79XX\.TXT|(?:distinctive)?ringlist(?:-wb)?\.xml|dialplan\.xml|directory_personal\.xml)$`),
	regexp.MustCompile(`(?i)^(?P<mac>(?:` + strings.Join(ouis(), "|") + `)[0-9a-f]{6})\.(?:xml|cfg)$`),
}

// folders are those whose place in a folder tells more than their name.
var folders = []*regexp.Regexp{
	regexp.MustCompile(`(?:^|/)Cisco/CP-(?P<model>[0-9]{4})-3PCC/` + macRE + `\.cfg$`),
	regexp.MustCompile(`^/?(?P<communicator>Communicator)[/\\]`),
}

func path(p string) (vendor.Identity, bool) {
	if len(p) > 512 {
		return vendor.Identity{}, false
	}
	if id, ok := match(folders, p); ok {
		return id, true
	}
	return match(paths, p[strings.LastIndexByte(p, '/')+1:])
}

// httpUserAgent is what a phone sends when it fetches. That the enterprise firmware
// calls itself by HTTP as it does by SIP is from memory.
func httpUserAgent(u vendor.Unit) string {
	switch {
	case u.Model == "ATA190":
		return "Cisco-ATA190/" + cmp.Or(u.Firmware, "1.2.2")
	case enterprise(u.Model):
		return "Cisco-CP" + strings.TrimPrefix(u.Model, "CP-") + "/" + cmp.Or(u.Firmware, "9.4.2")
	case strings.HasPrefix(u.Model, "ATA"):
		return "Cisco/" + u.Model + "-" + cmp.Or(u.Firmware, "MPP-11-1-0-MSR4") + " (FCH2443D9R4)"
	case strings.HasPrefix(u.Model, "SPA525"):
		return "Cisco/" + u.Model + "-" + cmp.Or(u.Firmware, "7.4.7") + " (CBT141900G7)"
	case strings.HasPrefix(u.Model, "SPA"):
		return "Cisco/" + u.Model + "-" + cmp.Or(u.Firmware, "7.5.5") + " (" + u.MAC.Upper() + ")(CBT141100HR)"
	case desk9800(u.Model):
		return "Cisco-DP-" + u.Model + "/" + cmp.Or(u.Firmware, "3.1.1") + " (" + u.MAC.String() + ")"
	}
	return "Cisco-CP-" + u.Model + "-3PCC/" + cmp.Or(u.Firmware, "12.0.7") + " (" + u.MAC.String() + ")"
}
