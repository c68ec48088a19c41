package grandstream

import (
	"testing"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		own     = "https://prov.example.net/s/1/"
		enrol   = `<config version="1"><P212>2</P212><P237>prov.example.net/s/1</P237><P194>1</P194></config>`
		full    = `<mac>000b82123456</mac><config version="1"><P271>1</P271><P35>201</P35><P194>2</P194></config>`
		waiting = `<config version="1"><P194>1</P194></config>`
		other   = `<mac>000b82123457</mac><config version="1"><P271>1</P271></config>`
	)
	vendortest.Boots{
		Boot: boot, Unit: vendor.Unit{MAC: mac.MustParse("000b82123456"), Model: "GRP2612W"},
		File: provisionFile,
	}.Run(t, map[string]vendortest.Start{
		"own file": {
			Files: map[string]string{"cfg000b82123456.xml": full, "cfg.xml": waiting},
			Asked: []string{"cfg000b82123456", "cfg000b82123456.xml"},
			Want:  map[string]string{"P35": "201", "P194": "2"},
		},
		"model's file": {
			Files: map[string]string{"cfg000b82123456": "not the maker's format", "cfg000b82123456.xml": "503", "cfggrp2612w.xml": waiting},
			Asked: []string{"cfg000b82123456", "cfg000b82123456.xml", "cfggrp2612w.xml"},
			Want:  map[string]string{"P194": "1"},
		},
		"another's file": {
			Files: map[string]string{"cfg000b82123456.xml": other, "cfg.xml": waiting},
			Asked: []string{"cfg000b82123456", "cfg000b82123456.xml", "cfggrp2612w.xml", "cfg.xml"},
			Want:  map[string]string{"P194": "1", "P271": ""},
		},
		"enrolment": {
			Files: map[string]string{"cfg000b82123456.xml": enrol, own + "cfg000b82123456.xml": full},
			Asked: []string{"cfg000b82123456", "cfg000b82123456.xml", own + "cfg000b82123456", own + "cfg000b82123456.xml"},
			Want:  map[string]string{"P35": "201", "P194": "2", "P237": "prov.example.net/s/1"},
		},
		"enrolment that leads nowhere": {
			Files: map[string]string{"cfg000b82123456.xml": enrol},
			Fails: vendor.ErrNoConfig,
		},
		"nothing":     {Fails: vendor.ErrNoConfig},
		"only refuse": {Files: map[string]string{"cfg.xml": other}, Says: "cfg.xml was refused"},
		"silence":     {Files: map[string]string{"cfg000b82123456": "-"}, Fails: vendortest.ErrSilence},
		"silence behind": {
			Files: map[string]string{"cfggrp2612w.xml": "-"},
			Fails: vendortest.ErrSilence,
		},
	})
}

func TestHTTPUserAgent(t *testing.T) {
	t.Parallel()
	addr := mac.MustParse("000b82123456")
	for want, u := range map[string]vendor.Unit{
		"Grandstream Model HW GXP1625 SW 1.0.7.81 DevId 000b82123456":   {MAC: addr, Model: "GXP1625"},
		"Grandstream Model HW GXP2170 SW 1.0.11.106 DevId 000b82123456": {MAC: addr, Model: "GXP2170"},
		"Grandstream Model HW GRP2601 SW 1.0.7.71 DevId 000b82123456":   {MAC: addr, Model: "GRP2601"},
		"Grandstream Model HW GRP2615 SW 1.0.15.19 DevId 000b82123456":  {MAC: addr, Model: "GRP2615"},
		"Grandstream Model HW GRP2615 SW 1.0.5.15 DevId 000b82123456":   {MAC: addr, Model: "GRP2615", Firmware: "1.0.5.15"},
	} {
		if got := httpUserAgent(u); got != want {
			t.Errorf("User-Agent is %q, want %q", got, want)
		}
	}
}
