package linksys

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func lacks(more vendortest.Lacks) vendortest.Lacks {
	all := vendortest.Lacks{
		"account label":          "a line is labelled by its key",
		"dtmf key":               "no function of a key",
		"vlan priority":          "not configurable",
		"lldp":                   "not known to these firmwares",
		"semicolon in key label": "divides the fields of a key's function",
		"voicemail":              "one number for the whole phone, Voice_Mail_Number",
		"srtp":                   "one switch for the whole phone, Secure_Call_Setting",
		"language":               "needs a dictionary file of the vendor's",
		"ringtones":              "no document says which parameter takes an address",
		"background":             "no document says which parameters select a picture",
		"directory":              "none is read",
		"line key on a module":   "a side-car has no lines",
	}
	for fact, why := range more {
		all[fact] = why
	}
	return all
}

func TestTelephones(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Of(Pack(), "linksys-spa*.xml"), lacks(nil))
}

func TestAdapters(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, vendortest.Of(Pack(), "linksys-ata.xml"), lacks(vendortest.Lacks{"vlan": "not configurable"}))
}
