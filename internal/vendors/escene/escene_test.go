package escene

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"poll":         "in which units a phone counts is not known",
		"srtp":         "what RTPEncryption may hold is not known",
		"proxied port": "the port stands with the proxy",
		"directory":    "the phone asks for <mac>_Phonebook.xml by itself",
		"firmware":     "what the file must be called is not known",
		"ringtones":    "where they are fetched from is not known",
		"background":   "where it is fetched from is not known",
	})
}
