package grandstream

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

var errSilence = errors.New("no answer")

func TestBoot(t *testing.T) {
	t.Parallel()
	const (
		own     = "https://prov.example.net/s/1/"
		enrol   = `<config version="1"><P212>2</P212><P237>prov.example.net/s/1</P237><P194>1</P194></config>`
		full    = `<mac>000b82123456</mac><config version="1"><P271>1</P271><P35>201</P35><P194>2</P194></config>`
		waiting = `<config version="1"><P194>1</P194></config>`
		other   = `<mac>000b82123457</mac><config version="1"><P271>1</P271></config>`
	)
	for name, tc := range map[string]struct {
		files  map[string]string // "503" for that status, "-" for silence
		asked  []string
		want   map[string]string
		failed error
		says   string
	}{
		"own file": {
			files: map[string]string{"cfg000b82123456.xml": full, "cfg.xml": waiting},
			asked: []string{"cfg000b82123456", "cfg000b82123456.xml"},
			want:  map[string]string{"P35": "201", "P194": "2"},
		},
		"model's file": {
			files: map[string]string{"cfg000b82123456": "not the maker's format", "cfg000b82123456.xml": "503", "cfggrp2612w.xml": waiting},
			asked: []string{"cfg000b82123456", "cfg000b82123456.xml", "cfggrp2612w.xml"},
			want:  map[string]string{"P194": "1"},
		},
		"another's file": {
			files: map[string]string{"cfg000b82123456.xml": other, "cfg.xml": waiting},
			asked: []string{"cfg000b82123456", "cfg000b82123456.xml", "cfggrp2612w.xml", "cfg.xml"},
			want:  map[string]string{"P194": "1", "P271": ""},
		},
		"enrolment": {
			files: map[string]string{"cfg000b82123456.xml": enrol, own + "cfg000b82123456.xml": full},
			asked: []string{"cfg000b82123456", "cfg000b82123456.xml", own + "cfg000b82123456", own + "cfg000b82123456.xml"},
			want:  map[string]string{"P35": "201", "P194": "2", "P237": "prov.example.net/s/1"},
		},
		"enrolment that leads nowhere": {
			files:  map[string]string{"cfg000b82123456.xml": enrol},
			failed: vendor.ErrNoConfig,
		},
		"nothing":     {failed: vendor.ErrNoConfig},
		"only refuse": {files: map[string]string{"cfg.xml": other}, says: "cfg.xml was refused"},
		"silence":     {files: map[string]string{"cfg000b82123456": "-"}, failed: errSilence},
		"silence behind": {
			files:  map[string]string{"cfggrp2612w.xml": "-"},
			failed: errSilence,
		},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			var asked []string
			get := func(name string) (int, []byte, error) {
				asked = append(asked, name)
				switch body, ok := tc.files[name]; {
				case !ok:
					return 404, nil, nil
				case body == "503":
					return 503, nil, nil
				case body == "-":
					return 0, nil, errSilence
				default:
					return 200, provisionFile(body), nil
				}
			}
			c, err := boot(vendor.Unit{MAC: mac.MustParse("000b82123456"), Model: "GRP2612W"}, get)
			if tc.failed != nil || tc.says != "" {
				if err == nil || tc.failed != nil && !errors.Is(err, tc.failed) || !strings.Contains(err.Error(), tc.says) {
					t.Fatalf("error is %v, want %v %q", err, tc.failed, tc.says)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(tc.asked, asked); diff != "" {
				t.Errorf("asked for (-want +got):\n%s", diff)
			}
			for name, want := range tc.want {
				if got := c.Get(name); got != want {
					t.Errorf("%s is %q, want %q", name, got, want)
				}
			}
		})
	}
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
