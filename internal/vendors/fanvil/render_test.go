package fanvil

import (
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	vendortest.Run(t, Pack(), vendortest.Lacks{
		"account label": "a phone shows the title of the line's key",
	})
}
