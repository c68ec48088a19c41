// Package poly knows the phones of Poly, once Polycom, that run UC Software or the
// SIP software before it: SoundPoint IP, SoundStation IP, VVX, Trio, CCX and
// Edge E. Those of Obihai's line (OBi, VVX D230, Edge B, ATA 400) speak another
// dialect and are Obihai's.
//
// # What the phones fetch
//
// A phone asks for its master file, <mac>.cfg or, if there is none,
// 000000000000.cfg. That one names the firmware (APP_FILE_PATH) and the
// configuration files (CONFIG_FILES), in which the phone puts its address for
// [PHONE_MAC_ADDRESS]. Of two files that set a parameter the first wins. Over all
// of them lie <mac>-web.cfg and <mac>-phone.cfg, which the phone itself writes;
// <mac>-license.cfg and <mac>-directory.xml, the phone book, are asked for unasked.
// (Polycom, Administrator's Guide SIP 3.1, appendix A; Polycom community, "What
// files does my phone download or upload and why".)
//
// It does all that twice when it starts, first the updater and then the
// application. An enrolment, which a phone gets once, therefore does not stand in
// the master but in a configuration file, which only the application asks for:
// dialplane-<mac>.cfg. In it the phone finds another server (device.prov.*) and
// restarts.
//
// # Files
//
// Elements have any names; a parameter is an attribute. Those that begin with
// device. count only with their companion in .set="1", and all of them only with
// device.set="1".
package poly

import (
	"cmp"
	"embed"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

var (
	//go:embed templates/*.xml
	templates embed.FS
	//go:embed parameters.txt
	parameters string
)

const name = "Poly"

// Pack returns what is known of Poly.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:    name,
		Aliases: []string{"Polycom"},
		// F0:4E:A4 has been seen on an Edge E350; the others are registered to Polycom.
		OUIs:          []string{"0004f2", "64167f", "482567", "f04ea4"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		VendorClass:   vendorClass,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		Directory:     directory,
		// The phone fetches again and restarts by itself if it has to
		// (voIpProt.SIP.specialEvent.checkSync.alwaysReboot is 0); no event is
		// documented that restarts it in any case.
		Commands:  vendor.Commands{Reprovision: "check-sync"},
		Discovery: func(vendor.Unit) []vendor.Discovery { return nil },
		Refuse:    xmlfile.Refuse,
	}
}

// httpUserAgent is what the application sends once device.prov.tagSerialNo is set.
func httpUserAgent(u vendor.Unit) string {
	return "FileTransport " + product(u.Model) + "-UA/" + cmp.Or(u.Firmware, usualFirmware(u.Model)) +
		" (SN:" + u.MAC.String() + ") Type/Application"
}
