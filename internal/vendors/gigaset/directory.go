package gigaset

import (
	"encoding/xml"
	"errors"
	"fmt"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

// Most that the phone book of an N670 or N870 has (WIKI, "FAQ Nx70 - Central phone
// book").
const (
	maxEntries = 2000
	maxBook    = 2 << 20 // bytes
)

// directory reads a phone book: a base's <list>, or a page of the P series' browser.
func directory(body []byte) ([]vendor.Contact, error) {
	if root(body) != "list" {
		return settingsxml.Directory(body)
	}
	if len(body) > maxBook {
		return nil, fmt.Errorf("a phone book has at most %d bytes", maxBook)
	}
	var book struct {
		XMLName xml.Name `xml:"list"`
		Entries []struct {
			Last   string `xml:"surname,attr"`
			First  string `xml:"name,attr"`
			Number string `xml:"office1,attr"`
		} `xml:"entry"`
	}
	if err := xml.Unmarshal(body, &book); err != nil {
		return nil, errors.New("the phone book is no well-formed XML")
	}
	if len(book.Entries) > maxEntries {
		return nil, fmt.Errorf("a phone book has at most %d entries", maxEntries)
	}
	contacts := make([]vendor.Contact, 0, len(book.Entries))
	for i, e := range book.Entries {
		if e.Number == "" || e.First+e.Last == "" {
			return nil, fmt.Errorf("entry %d of the phone book lacks a name or a number", i+1)
		}
		name := e.First
		if name != "" && e.Last != "" {
			name += " "
		}
		contacts = append(contacts, vendor.Contact{Name: name + e.Last, Number: e.Number})
	}
	return contacts, nil
}
