package avaya

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		upgrade  = "J100Supgrade.txt"
		settings = "46xxsettings.txt"
		mine     = "c81fea83e85a.txt"
		own      = "https://prov.example.net/s/1/"
		getAll   = "GET 46xxsettings.txt\nSET FORCE_SIP_EXTENSION 999\n"
		getMine  = "GET $MACADDR.txt\nSET FORCE_SIP_EXTENSION 999\n"
		enrol    = "SET TLSSRVR prov.example.net\nSET TLSDIR /s/1\n"
		full     = "SET FORCE_SIP_EXTENSION 201\n"
	)
	vendortest.Boots{
		Boot: boot, Unit: vendor.Unit{MAC: mac.MustParse("c81fea83e85a"), Model: "J179"},
		Want: map[string]string{"FORCE_SIP_EXTENSION": "201"},
	}.Run(t, map[string]vendortest.Start{
		"own file": {Files: map[string]string{upgrade: getAll, settings: getMine, mine: full}, Asked: []string{upgrade, settings, mine}},
		"without a file of its own": {
			Files: map[string]string{upgrade: getAll, settings: "GET $MACADDR.txt\n" + full}, Asked: []string{upgrade, settings, mine},
		},
		"by model": {
			Files: map[string]string{upgrade: "IF $MODEL4 SEQ J129 GOTO A\nIF $MODEL4 SEQ J179 GOTO B\n# A\nSET FORCE_SIP_EXTENSION 999\nGOTO END\n# B\n" + full + "# END\n"},
			Asked: []string{upgrade},
		},
		"enrolment": {
			Files: map[string]string{upgrade: getMine, mine: enrol, own + upgrade: getMine, own + mine: full},
			Asked: []string{upgrade, mine, own + upgrade, own + mine},
		},
		"enrolment that leads nowhere": {Files: map[string]string{upgrade: getMine, mine: enrol}, Fails: vendor.ErrNoConfig},
		"nothing":                      {Fails: vendor.ErrNoConfig},
		"silence":                      {Files: map[string]string{upgrade: "-"}, Fails: vendortest.ErrSilence},
		"silence later":                {Files: map[string]string{upgrade: getMine, mine: "-"}, Fails: vendortest.ErrSilence},
		"out of order":                 {Files: map[string]string{upgrade: "503"}, Says: upgrade + ": status 503"},
		"refused":                      {Files: map[string]string{upgrade: getMine, mine: "<x/>"}, Says: mine + ", line 1"},
		"no such label":                {Files: map[string]string{upgrade: "GOTO A"}, Says: "no label # A"},
		"round and round":              {Files: map[string]string{upgrade: "# A\nGOTO A"}, Says: "never ends"},
		"getting itself":               {Files: map[string]string{upgrade: "GET J100Supgrade.txt"}, Says: "without end"},
	})
}
