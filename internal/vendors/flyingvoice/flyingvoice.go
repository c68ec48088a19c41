// Package flyingvoice is what Dialplane knows of Flyingvoice's desk phones: the FIP
// series and the P series.
//
// A phone asks for <mac>.boot, then for y000000000000.boot, and then for the files that
// it includes; without one for y000000000000.cfg and <mac>.cfg, in small letters. Later
// files win. Their grammar is one setting a line, and most names are Yealink's.
//
// Sources, by the marks used in this folder:
//
//   - FP: FusionPBX's templates for 33 models and its table of their settings
//     (app/flyingvoice/app_config.php), which serve real phones.
//   - APG: the facts of Flyingvoice's "Phones Auto Provisioning Guide" 1.0 and "User
//     Guide of Action URL and Active URI" that another project's table of vendors
//     gives: the order of files, multicast, check-sync.
//
// The older telephone adapters (FTA, G50x) have a grammar of their own that nobody has
// written down in public, and are not here.
package flyingvoice

import (
	"embed"

	"github.com/dialplane/dialplane/internal/vendors"
)

const name = "Flyingvoice"

//go:embed templates/*.xml
var templates embed.FS

//go:embed parameters.txt
var parameters string

// Pack returns everything known of Flyingvoice.
func Pack() vendor.Pack {
	return vendor.Pack{
		Name:    name,
		Aliases: []string{"Flying Voice"},
		// Flyingvoice's own, and Easy3Call's, which its older phones have.
		OUIs:          []string{"0021f2", "789912"},
		Templates:     vendor.Folder(templates, "templates"),
		UserAgent:     userAgent,
		Path:          path,
		Parse:         parse,
		Understand:    understand,
		HTTPUserAgent: httpUserAgent,
		Boot:          boot,
		Parameters:    vendor.MustParseDictionary(parameters),
		// APG documents the second. That the first spares the restart is from memory.
		Commands:  vendor.Commands{Reprovision: "check-sync;reboot=false", Reboot: "check-sync;reboot=true"},
		Discovery: discovery,
		Refuse:    func(string) string { return "" },
	}
}
