package avaya

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"user password":              "the web page has one password",
		"tone":                       "the values of COUNTRY could not be read",
		"language":                   "languages other than English are files that the server does not hold",
		"semicolon in key label":     "semicolons divide the parts of a key",
		"proxied port":               "SIPDOMAIN has no port: that of the controller is the only one",
		"ringtones":                  "no source names a parameter",
		"avaya-mono.xml: background": "the display is in shades of grey",
	})
}
