package grandstream

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

var pValue = regexp.MustCompile(`^P[1-9][0-9]{0,4}$`)

// alias is the maker's name of a setting: account.1.sip.server.1.address.
var alias = regexp.MustCompile(`^[A-Za-z0-9]+(?:\.[A-Za-z0-9]+)+$`)

// parse reads a file of P-values, of a door phone's modules of P-values, or of
// aliases:
//
//	<gs_provision version="1"><mac/><config version="1"><P47>…</P47></config></gs_provision>
//	<gs_provision version="1"><mac/><config version="2"><item name="…">…</item></config></gs_provision>
//	<Device><mac/><Module_Upgrade><P237>…</P237></Module_Upgrade></Device>
//
// The <mac> of the file, which may be missing, must be that of the device that its
// name is for. A setting is named by its element, "P47", or its alias.
func parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{xmlfile.Walk(body, "P-value"), new(vendor.Config)}
	if err := p.document(file); err != nil {
		return nil, p.At(file, err)
	}
	return p.config, nil
}

type parser struct {
	*xmlfile.Walker
	config *vendor.Config
}

func (p parser) document(file string) error {
	root, err := p.Element("")
	switch {
	case err != nil:
		return err
	case root == nil:
		return errors.New("the file has no <gs_provision>")
	case root.Name.Space == "" && root.Name.Local == "Device" && len(root.Attr) == 0:
		if err := p.modules(file); err != nil {
			return err
		}
		return p.End("", "Device")
	}
	if err := xmlfile.VetVersion(root, "gs_provision", "1"); err != nil {
		return err
	}
	e, err := p.behindAddress("gs_provision", file)
	if err != nil {
		return err
	}
	if e == nil {
		return errors.New("<gs_provision> has no <config>")
	}
	if aliases := xmlfile.VetVersion(e, "config", "2") == nil; aliases {
		err = p.aliases()
	} else if err = xmlfile.VetVersion(e, "config", "1"); err == nil {
		err = p.settings("config")
	}
	if err != nil {
		return err
	}
	if err := p.End("gs_provision", "config"); err != nil {
		return err
	}
	return p.End("", "gs_provision")
}

// behindAddress reads the <mac> that may come first in parent, and returns the
// element that follows, or nil if none does.
func (p parser) behindAddress(parent, file string) (*xml.StartElement, error) {
	e, err := p.Element(parent)
	if err != nil || e == nil || e.Name.Local != "mac" {
		return e, err
	}
	if err := p.address(e, file); err != nil {
		return nil, err
	}
	return p.Element(parent)
}

// modules reads the inside of a <Device>.
func (p parser) modules(file string) error {
	e, err := p.behindAddress("Device", file)
	for ; err == nil && e != nil; e, err = p.Element("Device") {
		name := e.Name.Local
		if e.Name.Space != "" || !strings.HasPrefix(name, "Module_") || len(e.Attr) > 0 {
			return fmt.Errorf("<%s> where <Module_…> is expected", name)
		}
		if err := p.settings(name); err != nil {
			return err
		}
	}
	return err
}

// address compares the <mac> of a file with the address that the file is named
// for.
func (p parser) address(e *xml.StartElement, file string) error {
	if len(e.Attr) > 0 {
		return errors.New("<mac> has no attributes")
	}
	text, err := p.Text("mac")
	if err != nil {
		return err
	}
	addr, err := mac.Parse(strings.TrimSpace(text))
	if err != nil {
		return fmt.Errorf("<mac>: %w", err)
	}
	if id, ok := path(file); ok && !id.MAC.IsZero() && id.MAC != addr {
		return fmt.Errorf("<mac> is %s: the phone %s refuses this file", addr, id.MAC)
	}
	return nil
}

// settings reads P-values to the end of parent.
func (p parser) settings(parent string) error {
	for {
		e, err := p.Element(parent)
		if err != nil || e == nil {
			return err
		}
		name := e.Name.Local
		if e.Name.Space != "" || !pValue.MatchString(name) {
			return fmt.Errorf("<%s> is no P-value", name)
		}
		if len(e.Attr) > 0 {
			return fmt.Errorf("<%s> has an attribute; P-values have none", name)
		}
		if err := p.add(name, name); err != nil {
			return err
		}
	}
}

// aliases reads items to the end of <config>.
func (p parser) aliases() error {
	for {
		e, err := p.Element("config")
		if err != nil || e == nil {
			return err
		}
		if e.Name.Space != "" || e.Name.Local != "item" || len(e.Attr) != 1 || e.Attr[0].Name.Local != "name" {
			return fmt.Errorf("<%s> where <item name=\"…\"> is expected", e.Name.Local)
		}
		name := e.Attr[0].Value
		if !alias.MatchString(name) {
			return errors.New("the name of an <item> is words joined by dots")
		}
		if err := p.add(name, "item"); err != nil {
			return err
		}
	}
}

// add reads the value of a setting to the end of its element.
func (p parser) add(name, element string) error {
	p.config.Line = p.Line()
	value, err := p.Text(element)
	if err != nil {
		return err
	}
	return p.config.Add(name, value)
}

// directory reads a phone book: an <AddressBook> of contacts with two names and at
// least one number (XML Phonebook Guide).
func directory(body []byte) ([]vendor.Contact, error) {
	var book struct {
		XMLName  xml.Name `xml:"AddressBook"`
		Contacts []struct {
			LastName, FirstName string
			Phones              []struct {
				Number string `xml:"phonenumber"`
			} `xml:"Phone"`
		} `xml:"Contact"`
	}
	if err := xml.Unmarshal(body, &book); err != nil {
		return nil, fmt.Errorf("the phone book: %w", err)
	}
	var contacts []vendor.Contact
	for _, c := range book.Contacts {
		name := strings.TrimSpace(c.FirstName + " " + c.LastName)
		if name == "" || len(c.Phones) == 0 || c.Phones[0].Number == "" {
			return nil, errors.New("the phone book: a contact without name or number")
		}
		contacts = append(contacts, vendor.Contact{Name: name, Number: c.Phones[0].Number})
	}
	return contacts, nil
}
