package mitel

import (
	"io/fs"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"account transport": "sip transport protocol is for all lines",
	}
	for _, family := range []string{"prgkeys", "softkeys", "6755i", "6757i", "6863i", "6867i"} {
		lacks["mitel-"+family+".xml: background"] = "documented for the 6739i alone"
	}
	for _, family := range []string{"prgkeys", "softkeys", "6755i", "6757i", "6739i"} {
		lacks["mitel-"+family+".xml: ringtones"] = "documented from release 4 on"
	}
	vendortest.Run(t, Pack(), lacks)
}

// TestDirectoryPage: a phone takes no XML object of more than 10 000 bytes.
func TestDirectoryPage(t *testing.T) {
	t.Parallel()
	load := func(name string) ([]byte, error) { return fs.ReadFile(Pack().Templates, name) }
	src, err := load("mitel-6867i.xml")
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse("mitel-6867i.xml", src, load, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	m := &tmpl.Models[0]
	book := tmpl.Files(m, template.Directory)[0]
	v := template.Sample(tmpl, m)
	v.Directory.Entries = nil
	for i := range book.Page {
		v.Directory.Entries = append(v.Directory.Entries, template.Contact{Name: strings.Repeat("&", 64), Number: "+49301234567890123456", Index: i + 1})
	}
	body, err := book.Append(nil, v)
	if err != nil || len(body) > 10_000 {
		t.Errorf("a full page has %d bytes: %v", len(body), err)
	}
}
