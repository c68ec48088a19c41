// Package brands names the SIP devices and programs that Dialplane has no pack for,
// so that an admin who meets one in the list of what was seen knows what it is. The
// strings are those that the devices were seen to send; the grammar of each is the
// narrowest that its captures allow.
package brands

import (
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// List returns every brand.
func List() []vendor.Brand {
	return []vendor.Brand{
		brand("Atcom", ``, `(?i:atc(?P<mac>[0-9a-f]{12})\.cfg)`),
		// "AVM FRITZ!Box Fon 5124 56.04.77 (Feb 14 2014)"
		brand("AVM", `AVM (?P<model>(?:FRITZ!|Multibox )\S+(?: [A-Za-z0-9()]+)*?) (?P<version>\d+\.\d\d\.\d\d)(?: [A-Z]+)? \([A-Z][a-z]{2} [ \d]\d \d{4}\)`, ``),
		// "Bria Mobile iOS release 6.23.5 stamp 54641.54641"
		brand("CounterPath", `(?P<model>(?:Bria|X-Lite|eyeBeam)[A-Za-z ]*?) release (?P<version>\d+(?:\.\d+)*) stamp \d+(?:\.\d+)*`, ``),
		// The last name that a device asks for, behind that of its own file.
		brand("CyberData", ``, `(?i:000000cd\.xml)`),
		// "LANCOM 1781VA (over ISDN) / 9.04.0184 / 23.03.2015"
		brand("LANCOM", `LANCOM (?P<model>\d{3,4}[A-Za-z0-9+-]*(?: \([a-zA-Z ]+\))?) / (?P<version>\d+\.\d+\.\d+) / \d\d\.\d\d\.\d{4}`, ``),
		// "LinphoneiOS/4.3.0 (Bob's iPhone) LinphoneSDK/4.4.0",
		// "Linphone Desktop/4.2.5 (macOS 10.15, Qt 5.15.2) LinphoneCore/4.4.19"
		brand("Linphone", `(?:(?P<model>Linphone(?:iOS|Android))|Linphone (?P<model2>Desktop))/(?P<version>\d+(?:\.\d+)+)(?: \([^()]{1,80}\))? Linphone(?:SDK|Core)/\S{1,40}`, ``),
		// "Nortel IP Phone 1210 (SIP12x0.45.02.05.00)"; firmware numbers begin at 02.
		brand("Nortel", `Nortel IP Phone (?P<model>12\d\d) \(SIP12x0\.(?P<version>(?:0[2-9]|[1-8]\d)(?:\.\d\d){3})\)`, ``),
		// "SmartNode (Model:SN4316/JS; Serial:00A0BA0BA9A5; Software Version:R6.9 2016-07-05 H323 SIP FXS FXO; …)"
		brand("Patton", `SmartNode \(Model:(?P<model>SN[A-Z0-9]+)[A-Z0-9/]*; Serial:(?P<mac>[0-9A-F]{12}); Software Version:R(?P<version>\d+(?:\.\d+)+)[ A-Za-z0-9-]*; Hardware Version:[\d.]+\)`, ``),
		brand("Swissvoice", ``, `(?i:(?P<model>CP\d{4})\.cfg)`),
		// "THOMSON ST2030 hw5 fw2.74 00-14-7F-E1-47-B3"
		brand("Technicolor", `(?i:thomson) (?P<model>(?:ST|TB)\d+[A-Z]*) hw\d+ fw(?P<version>\d+(?:\.\d+)+) (?P<mac>(?:[0-9A-F]{2}-){5}[0-9A-F]{2})`, ``),
		brand("Telephone", `(?P<model>Telephone) (?P<version>\d+(?:\.\d+)+)`, ``),
		brand("Zenitel", ``, `(?:ipst_config(?:_(?P<mac>(?:[0-9a-f]{2}_){5}[0-9a-f]{2}))?)\.cfg`),
		// "Z 5.6.13 v2.10.20.14"
		brand("Zoiper", `Z (?P<version>\d+(?:\.\d+)+) v\d+(?:\.\d+)+`, ``),
		brand("Zultys", `Zultys (?P<model>ZIP\d+[A-Z]*) (?P<version>\d+(?:\.\d+)+)`, ``),
	}
}

// fixed are models that a brand's strings do not spell out.
var fixed = map[string]string{"Zenitel": "IP station", "Zoiper": "Zoiper"}

// brand makes a brand of patterns for its User-Agents and for the last part of its
// paths; "" for none. Their groups are called model, version and mac.
func brand(name, userAgent, path string) vendor.Brand {
	return vendor.Brand{Name: name, UserAgent: reader(name, userAgent), Path: reader(name, path)}
}

func reader(name, pattern string) func(string) (vendor.Identity, bool) {
	if pattern == "" {
		return func(string) (vendor.Identity, bool) { return vendor.Identity{}, false }
	}
	re := regexp.MustCompile(`^(?:` + pattern + `)$`)
	return func(s string) (vendor.Identity, bool) {
		found := re.FindStringSubmatch(s)
		if found == nil || len(s) > 256 {
			return vendor.Identity{}, false
		}
		id := vendor.Identity{Model: fixed[name]}
		for i, group := range re.SubexpNames() {
			switch {
			case found[i] == "":
			case group == "model" || group == "model2":
				id.Model = found[i]
			case group == "version":
				id.Version = found[i]
			case group == "mac":
				id.MAC, _ = mac.Parse(strings.ReplaceAll(found[i], "_", "-")) // what is none is not said
			}
		}
		return id, true
	}
}
