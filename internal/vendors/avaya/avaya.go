// Package avaya is what Dialplane knows of Avaya's J100 phones in an open SIP
// environment (3PCC), without an Aura or IP Office behind them.
//
// # What the phones fetch
//
// A phone asks for J100Supgrade.txt, which is a script: SET lines and GET lines. A GET
// that finds its file goes on there and never comes back; one that does not goes on
// with the next line. So J100Supgrade.txt gets 46xxsettings.txt, which a phone that is
// told of new settings asks for alone, and that gets $MACADDR.txt, the phone's own,
// with the address in lower case.
//
// # Moving to another address
//
// HTTPSRVR, HTTPPORT and HTTPDIR, or TLSSRVR, TLSPORT and TLSDIR, are where the phone
// asks from its next start or look on; what a script sets wins over DHCP (IA p. 36).
// A phone looks at most once a day, so a restart hastens an enrolment.
//
// # Sources, by the marks used in this folder
//
//   - IA: Installing and Administering J100 Series IP Phones, 4.0 and 4.1 (easymanua.ls
//     jem24 1058005, j100 1267571; dev-docs.avaya.com installandadminj100seriesipphoner4-1-x0),
//     and in an Open SIP environment (easymanua.ls j100-series 272241, manualshive 3026820).
//   - SIP: administrator's guides of the 9601 and 9608 SIP (easymanua.ls 9601 619811,
//     9608 548971), for the clock.
//   - ST: comments of Avaya's 46xxsettings.txt, as quoted in public.
//   - WZ: wazo-platform/wazo-provd-plugins plugins/wazo_avaya.
//   - FP: fusionpbx/fusionpbx resources/templates/provision/avaya.
//   - memory: not verified; to be confirmed on a phone.
//
// The 12x0 speak another grammar and are recognised only.
package avaya

import (
	"cmp"
	"embed"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "Avaya"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Avaya.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:          name,
		OUIs:          ouis(),
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// WZ sends check-sync, FP check-sync;reboot=true; ENABLE_OOD_RESET_NOTIFY lets
		// the phone obey.
		Commands:  vendor.Commands{Reprovision: "check-sync", Reboot: "check-sync;reboot=true"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    refuse,
	}
}

func httpUserAgent(u vendor.Unit) string {
	return "Mozilla/4.0 (compatible; MSIE 6.0) AVAYA/" + u.Model + "-" + cmp.Or(u.Firmware, "4.1.3.0.6") + " (MAC:" + u.MAC.String() + ")"
}

// refuse knows the one character that has no spelling: values stand in quotation
// marks.
func refuse(value string) string {
	if strings.Contains(value, `"`) {
		return `a file of an Avaya phone cannot hold the character "; use ' instead`
	}
	return ""
}

// ouis are those blocks of Avaya's that FusionPBX takes for phones; the J100's first.
func ouis() []string {
	return strings.Fields(`c81fea 00040d 001b4f 00549f 048a15 10cdae 14612f 24b209 24d921 2cf4c5 3475c7 38bb3c 3c3a73 3cb15b 44322a
		506184 50cd22 581626 6049c1 646a52 64a7dd 64c354 6ca849 6cfa58 703018 7038ee 7052c5 707c69 801daa 848371 90fb5b a009ed a01290
		a051c6 a4251b a47886 b0adaa b4475e b4a95a b4b017 bcadab c057bc c4bed4 c8f406 ccf954 d47856 d4ea0e e45d52 f81547 f873a2 fc8399
		fca841`)
}
