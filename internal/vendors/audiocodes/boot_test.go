package audiocodes

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		image = "is440HD.img"
		mine  = "00908F602AAC.cfg"
		own   = "https://prov.example.net/s/1/"
		enrol = "provisioning/configuration/url=" + own + "<MAC>.cfg\n"
		full  = "voip/line/0/enabled=1\nvoip/line/0/id=201\n"
	)
	vendortest.Boots{
		Boot: boot, Unit: vendor.Unit{MAC: mac.MustParse("00908f602aac"), Model: "440HD"},
		Want: map[string]string{"voip/line/0/id": "201"},
	}.Run(t, map[string]vendortest.Start{
		"own file":                     {Files: map[string]string{mine: full}, Asked: []string{image, mine}},
		"firmware is thrown away":      {Files: map[string]string{image: "x", mine: full}, Asked: []string{image, mine}},
		"enrolment":                    {Files: map[string]string{mine: enrol, own + mine: full}, Asked: []string{image, mine, own + image, own + mine}},
		"enrolment that leads nowhere": {Files: map[string]string{mine: enrol}, Fails: vendor.ErrNoConfig},
		"nothing":                      {Fails: vendor.ErrNoConfig},
		"silence":                      {Files: map[string]string{image: "-"}, Fails: vendortest.ErrSilence},
		"silence later":                {Files: map[string]string{mine: "-"}, Fails: vendortest.ErrSilence},
		"out of order":                 {Files: map[string]string{mine: "503"}, Says: mine + ": status 503"},
		"refused":                      {Files: map[string]string{mine: "<x/>"}, Says: mine + ", line 1"},
	})
}
