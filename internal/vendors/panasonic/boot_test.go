package panasonic

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		model   = "KX-HDV130.cfg"
		mine    = "Config0080F0C8C381.cfg"
		shared  = "http://prov.example.net/"
		own     = "https://prov.example.net/s/1/"
		toMine  = `CFG_STANDARD_FILE_PATH="` + shared + `Config{MAC}.cfg"`
		toOwn   = `CFG_STANDARD_FILE_PATH="` + own + mine + `"`
		account = "LINE_ENABLE_1=\"Enabled\"\r\nSIP_URI_1=\"201\""
	)
	vendortest.Boots{
		Boot: boot, Unit: vendor.Unit{MAC: mac.MustParse("0080f0c8c381"), Model: "KX-HDV130"},
		File: func(body string) []byte {
			if body == "!" { // nonsense
				return []byte("<html>")
			}
			return config(body)
		},
		Want: map[string]string{"SIP_URI_1": "201"},
	}.Run(t, map[string]vendortest.Start{
		"by the model's file": {Files: map[string]string{model: toMine, shared + mine: account}, Asked: []string{model, shared + mine}},
		"without it":          {Files: map[string]string{mine: account}, Asked: []string{model, mine}},
		"three files": {
			Files: map[string]string{
				model:                toMine + "\r\nCFG_MASTER_FILE_PATH=\"m-{mac}.cfg\"\r\nCFG_PRODUCT_FILE_PATH=\"p-{MODEL}-{fwver}.cfg\"",
				"m-0080f0c8c381.cfg": `SIP_URI_1="1"`, "p-KX-HDV130-07.101.cfg": `SIP_URI_1="2"`, shared + mine: account,
			},
			Asked: []string{model, "m-0080f0c8c381.cfg", "p-KX-HDV130-07.101.cfg", shared + mine},
		},
		"enrolment": {
			Files: map[string]string{model: toMine, shared + mine: toOwn, own + mine: account},
			Asked: []string{model, shared + mine, own + mine},
		},
		"enrolment that leads nowhere": {Files: map[string]string{model: toMine, shared + mine: toOwn}, Fails: vendor.ErrNoConfig},
		"only the model's":             {Files: map[string]string{model: toMine}, Fails: vendor.ErrNoConfig},
		"nothing":                      {Fails: vendor.ErrNoConfig},
		"silence":                      {Files: map[string]string{model: "-"}, Fails: vendortest.ErrSilence},
		"silence behind":               {Files: map[string]string{model: toMine, shared + mine: "-"}, Fails: vendortest.ErrSilence},
		"out of order":                 {Files: map[string]string{model: toMine, shared + mine: "503"}, Says: "fetching " + mine + ": status 503"},
		"refused":                      {Files: map[string]string{model: "!"}, Says: model + " line 1"},
	})
}
