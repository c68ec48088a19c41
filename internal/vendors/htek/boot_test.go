package htek

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		own    = "https://prov.example.net/s/1/"
		binary = "cfg001fc1123456"
		mine   = binary + ".xml"
		enrol  = `<P212>3</P212><P237>prov.example.net/s/1/</P237>`
		full   = `<P271>1</P271><P35>201</P35>`
	)
	vendortest.Boots{
		Boot: boot, Unit: vendor.Unit{MAC: mac.MustParse("001fc1123456")},
		File: func(body string) []byte {
			return []byte("<hl_provision version=\"1\">\n<config version=\"1\">\n\n" + body + "\n</config>\n</hl_provision>\n")
		},
		Want: map[string]string{"P35": "201"},
	}.Run(t, map[string]vendortest.Start{
		"own file":                     {Model: "UC926", Files: map[string]string{binary: "x", mine: full}, Asked: []string{"cfg0010.xml", binary, mine}},
		"the model's ends it":          {Model: "UC926", Files: map[string]string{"cfg0010.xml": full, mine: "503"}, Asked: []string{"cfg0010.xml"}},
		"enrolment":                    {Model: "UC862", Files: map[string]string{mine: enrol, own + mine: full}, Asked: []string{binary, mine, own + binary, own + mine}},
		"enrolment that leads nowhere": {Model: "UC862", Files: map[string]string{mine: enrol}, Fails: vendor.ErrNoConfig},
		"nothing":                      {Model: "UC862", Fails: vendor.ErrNoConfig},
		"silence":                      {Model: "UC862", Files: map[string]string{binary: "-"}, Fails: vendortest.ErrSilence},
		"out of order":                 {Model: "UC862", Files: map[string]string{mine: "503"}, Says: mine + ": status 503"},
		"refused":                      {Model: "UC862", Files: map[string]string{mine: "<x/>"}, Says: mine + " line 4"},
	})
}
