package xmlfile

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

func TestDirectory(t *testing.T) {
	t.Parallel()
	entry := func(fields string) string {
		return "<Book><DirectoryEntry>" + fields + "</DirectoryEntry></Book>"
	}
	for body, want := range map[string][]vendor.Contact{
		"<Book/>":                        nil,
		"<Book><Title>Hi</Title></Book>": nil,
		entry("<Name>Ada &amp; Co</Name><Telephone>201</Telephone><Telephone>202</Telephone>"): {{Name: "Ada & Co", Number: "201"}, {Name: "Ada & Co", Number: "202"}},
	} {
		if got, err := Directory([]byte(body), "Book", "Title"); err != nil || !cmp.Equal(want, got) {
			t.Errorf("%s: %v, %v; want %v", body, got, err, want)
		}
	}
	for _, body := range []string{
		"", "<Look/>", "<Book/><x/>", "<Book>x</Book>",
		"<Book><MenuItem/></Book>", entry(""), entry("<Name>Ada</Name>"), entry("<Telephone>201</Telephone>"),
		entry("<Name>Ada</Name><Telephone>201</Telephone><Mail/>"), entry("<Name><b/></Name><Telephone>201</Telephone>"),
		"<!DOCTYPE x><Book/>", "<Book>",
	} {
		if got, err := Directory([]byte(body), "Book", "Title"); err == nil {
			t.Errorf("%s is read as %v", body, got)
		}
	}
}

func FuzzDirectory(f *testing.F) {
	f.Add([]byte("<Book><DirectoryEntry><Name>Ada</Name><Telephone>201</Telephone></DirectoryEntry></Book>"))
	f.Fuzz(func(t *testing.T, body []byte) {
		contacts, err := Directory(body, "Book", "Title")
		for _, c := range contacts {
			if err != nil || c.Name == "" {
				t.Errorf("contact %+v, error %v", c, err)
			}
		}
	})
}
