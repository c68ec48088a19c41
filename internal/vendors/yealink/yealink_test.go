package yealink

import (
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"yealink-v7x-memory.xml: key label": "memory keys have labels of paper",
		"yealink-t26p.xml: key label":       "memory keys have labels of paper",
	}
	wallpaper := strings.Fields("T29G T46G T46S T46U T48G T48S T48U T52S T54S T54W T57W T56A T58 T58W")
	for _, tmpl := range all(t) {
		for i := range tmpl.Models {
			if name := tmpl.Models[i].Name; !slices.Contains(wallpaper, name) {
				lacks[name+": background"] = "the guides list the model without wallpaper, or not at all"
			}
		}
	}
	vendortest.Run(t, Pack(), dectLacks(lacks))
}
