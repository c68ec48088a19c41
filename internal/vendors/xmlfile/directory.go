package xmlfile

import (
	"errors"
	"fmt"
	"slices"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Directory reads the phone book that phones of several vendors have in common but
// for the name of its root:
//
//	<YealinkIPPhoneDirectory>
//	  <DirectoryEntry><Name>Ada</Name><Telephone>201</Telephone></DirectoryEntry>
//	</YealinkIPPhoneDirectory>
//
// An entry may have several numbers, and each of them becomes a contact. Beside are
// the elements that may stand between the entries; they are passed over.
func Directory(body []byte, root string, beside ...string) ([]vendor.Contact, error) {
	w := Walk(body, "contact")
	contacts, err := w.entries(root, beside)
	if err != nil {
		return nil, w.At("the directory,", err)
	}
	return contacts, nil
}

func (w *Walker) entries(root string, beside []string) ([]vendor.Contact, error) {
	if _, err := w.Root(root); err != nil {
		return nil, err
	}
	var all []vendor.Contact
	for {
		e, err := w.Element(root)
		switch {
		case err != nil:
			return nil, err
		case e == nil:
			return all, w.End("", root)
		case slices.Contains(beside, e.Name.Local):
			err = w.dec.Skip()
		case e.Name.Local == "DirectoryEntry":
			all, err = w.entry(all)
		default:
			err = fmt.Errorf("<%s> where <DirectoryEntry> is expected", e.Name.Local)
		}
		if err != nil {
			return nil, err
		}
	}
}

// entry appends a contact for each number of an entry.
func (w *Walker) entry(all []vendor.Contact) ([]vendor.Contact, error) {
	name, numbers := "", []string(nil)
	for {
		e, err := w.Element("DirectoryEntry")
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		text, err := w.Text(e.Name.Local)
		switch {
		case err != nil:
			return nil, err
		case e.Name.Local == "Name":
			name = text
		case e.Name.Local == "Telephone":
			numbers = append(numbers, text)
		default:
			return nil, fmt.Errorf("<%s> is no part of a <DirectoryEntry>", e.Name.Local)
		}
	}
	if name == "" || len(numbers) == 0 {
		return nil, errors.New("a <DirectoryEntry> needs <Name> and <Telephone>")
	}
	for _, number := range numbers {
		all = append(all, vendor.Contact{Name: name, Number: number})
	}
	return all, nil
}
