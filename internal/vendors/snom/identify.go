package snom

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// The User-Agents of Snom's phones. A desk phone builds its own from
//
//	Mozilla/4.0 (compatible; $(firmware_version) $(uboot_version) $(mac) SXM:$(sxm_count) UXM:$(uxm_count))
//
// where firmware_version is "snomD785-SIP 10.1.25.0" and uboot_version may end in
// the date of its build. Older ones know less of themselves, down to the 6.5's
// rescue system, which gives no model. In SIP they are snomD785/10.1.25.0, with
// the MAC address behind it in newer firmware.
var userAgents = []*regexp.Regexp{
	// Desk phones from 7.x on: model, version, and the MAC address from 8.7 on.
	regexp.MustCompile(`^Mozilla/4\.0 \(compatible; snom` + modelRE + `-SIP ` + versionRE + `(?: ` + bootRE + `)??(?: ` + macRE + `)?(?: SXM:\d{1,3} UXM:\d{1,3}(?: UXMC:\d{1,3})?)?\)$`),
	// Desk phones with 6.x: the versions of the file system and the kernel follow.
	regexp.MustCompile(`^Mozilla/4\.0 \(compatible; snom` + modelRE + `-SIP ` + versionRE + `(?:; snom[0-9A-Za-z]{2,12} [0-9a-z]{1,12} v?[0-9.]{1,16}){0,4}\)$`),
	regexp.MustCompile(`^Mozilla/4\.0 \(compatible; snom lid \d{1,6}\)$`),
	// DECT: base stations of the M series, and the M9.
	regexp.MustCompile(`^Mozilla/4\.0 \(compatible; Snom ` + modelRE + ` ` + versionRE + `(?: ` + macRE + `)?\)$`),
	regexp.MustCompile(`^Mozilla/4\.0 \(compatible; snom ` + `(?P<model>m9)` + ` ` + versionRE + `\)$`),
	// SIP.
	regexp.MustCompile(`^snom` + modelRE + `(?:-SIP )` + versionRE + `$`),
	regexp.MustCompile(`^snom` + modelRE + `/` + versionRE + `(?: ` + macRE + `)?$`),
	regexp.MustCompile(`^snom` + modelRE + `/` + versionRE + ` \(MAC=` + macRE + `; SER= ?[0-9A-Za-z]{1,16}; HW=[0-9A-Za-z]{1,8}\)$`),
	// The m3: the build's date follows its version. From memory, such as
	// "snom-m3-SIP/02.11//18-Aug-10 15:36".
	regexp.MustCompile(`^snom-(?P<model>m3)-SIP/` + versionRE + `(?://[0-9A-Za-z][0-9A-Za-z :-]{0,31})?$`),
	regexp.MustCompile(`^Snom ` + modelRE + `$`),
}

const (
	modelRE   = `(?P<model>[0-9A-Za-z]{2,12})`
	versionRE = `(?P<version>[0-9][0-9A-Za-z.-]{0,31})`
	macRE     = `(?P<mac>[0-9A-Fa-f]{12})`
	// bootRE is a boot loader's name: up to four words, as few as will do, and a date.
	bootRE = `[0-9A-Za-z][0-9A-Za-z._+-]{0,47}(?: [0-9A-Za-z][0-9A-Za-z._+-]{0,31}){0,3}?(?: \([0-9A-Za-z :-]{1,48}\))?`
)

func userAgent(ua string) (vendor.Identity, bool) {
	if len(ua) > 512 {
		return vendor.Identity{}, false
	}
	for _, re := range userAgents {
		if m := re.FindStringSubmatch(ua); m != nil {
			return identity(re, m), true
		}
	}
	return vendor.Identity{}, false
}

// class is the grammar of a DHCP vendor class: Wazo's rules tell Snom's phones by its
// first word, which the model follows as in the file that the phone asks for.
var class = regexp.MustCompile(`^snom` + modelRE + `$`)

func vendorClass(text string) (vendor.Identity, bool) {
	m := class.FindStringSubmatch(text)
	if m == nil {
		return vendor.Identity{}, false
	}
	return identity(class, m), true
}

// identity reads the named groups of a match.
func identity(re *regexp.Regexp, m []string) vendor.Identity {
	id := vendor.Identity{Vendor: "Snom"}
	for i, name := range re.SubexpNames() {
		switch name {
		case "model":
			id.Model = canonicalModel(m[i])
		case "version":
			id.Version = m[i]
		case "mac":
			if a, err := mac.Parse(m[i]); err == nil {
				id.MAC = a
			}
		}
	}
	return id
}

// The paths that Snom's phones ask for, the last part of them. Of names that are
// nothing but a MAC address only those with Snom's OUI are taken; a Gigaset P7xx
// or P8xx of the same OUI cannot be told from a Snom by them, for the blocks said
// to be Gigaset's (such as 00:04:13:E5) are found on Snom's phones too.
var (
	folderPath = regexp.MustCompile(`(?i)^snom` + modelRE + `(?:-firmware|-` + macRE + `)?\.(?:htm|xml)$`)
	macPath    = regexp.MustCompile(`(?i)^(?:[0-9a-z_]{1,32}-)?(?P<mac>` + oui + `[0-9a-f]{6})\.(?:xml|htm|cfg)$`)
)

func identifyPath(path string) (vendor.Identity, bool) {
	name := path[strings.LastIndexByte(path, '/')+1:]
	if len(name) > 128 {
		return vendor.Identity{}, false
	}
	if m := folderPath.FindStringSubmatch(name); m != nil {
		return identity(folderPath, m), true
	}
	if m := macPath.FindStringSubmatch(name); m != nil {
		if !hasPrefixFold(name, "gigaset") {
			return identity(macPath, m), true
		}
	}
	return vendor.Identity{}, false
}

func hasPrefixFold(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

// httpUserAgent is what a desk phone of today sends, or a DECT base.
func httpUserAgent(u vendor.Unit) string {
	if isBase(u.Model) {
		return fmt.Sprintf("Mozilla/4.0 (compatible; Snom %s %s %s)", u.Model, firmware(u), u.MAC)
	}
	return fmt.Sprintf("Mozilla/4.0 (compatible; snom%s-SIP %s 2010.12-00004-g9ba52f5 %s SXM:0 UXM:0)", u.Model, firmware(u), u.MAC.Upper())
}

func firmware(u vendor.Unit) string {
	if isBase(u.Model) {
		return cmp.Or(u.Firmware, "05.20.0001")
	}
	return cmp.Or(u.Firmware, "10.1.184.15")
}

// discovery gives the dialects of Snom's phones. D120 is another project's test
// packet; OEM is the trace in the vendor's service portal ("SIP Plug & Play"): the
// domain is that of DHCP, maker and model are hidden, and there is neither branch nor
// User-Agent; M700 is that of the provisioning guide of the DECT bases (v1.04, page
// 6), whose From is a handset's.
func discovery(u vendor.Unit) []vendor.Discovery {
	dialect := func(name, form string) vendor.Discovery {
		return vendor.Discovery{Dialect: name, Port: 5060, Subscribe: fmt.Sprintf(form, u.MAC.Upper(), u.Model, firmware(u))}
	}
	m700 := dialect("M700", `SUBSCRIBE sip:MAC%%3a%[1]s@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP {ip}:{port};branch={branch}
Max-Forwards: 70
From: <sip:512@{ip}>;tag={tag}
To: <sip:MAC%%3a%[1]s@224.0.1.75>
Call-ID: {call}
CSeq: 20264 SUBSCRIBE
Contact: <sip:512@{ip}>
Accept: application/url
Allow: INVITE, CANCEL, BYE, ACK, REGISTER, OPTIONS, REFER, SUBSCRIBE, NOTIFY, MESSAGE, INFO, PRACK, UPDATE
Allow-Events: dialog,message-summary
Event: ua-profile;profile-type="device";vendor="snom";model="snom%[2]s";version="%[3]s"
Expires: 0
Supported: replaces,100rel
User-Agent: snom%[2]s/%[3]s (MAC=%[1]s; SER= 00000; HW=255)
Content-Length: 0

`)
	if isBase(u.Model) {
		return []vendor.Discovery{m700}
	}
	return []vendor.Discovery{
		dialect("D120", `SUBSCRIBE sip:MAC%%3a%[1]s@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP {ip}:{port};rport
From: <sip:MAC%%3a%[1]s@224.0.1.75>;tag={tag}
To: <sip:MAC%%3a%[1]s@224.0.1.75>
Call-ID: {call}
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="snom";model="snom%[2]s";version="%[3]s"
Expires: 0
Accept: application/url
Contact: <sip:{ip}:{port}>
User-Agent: snom%[2]s/%[3]s
Content-Length: 0

`),
		dialect("OEM", `SUBSCRIBE sip:MAC%%3a%[1]s@intern.example.com SIP/2.0
Via: SIP/2.0/UDP {ip}:{port};rport
From: <sip:MAC%%3a%[1]s@intern.example.com>;tag={tag}
To: <sip:MAC%%3a%[1]s@intern.example.com>
Call-ID: {call}
CSeq: 1 SUBSCRIBE
Event: ua-profile;profile-type="device";vendor="OEM";model="OEM";version="7.1.19"
Expires: 0
Accept: application/url
Contact: <sip:{ip}:{port}>
Content-Length: 0

`),
		m700,
	}
}
