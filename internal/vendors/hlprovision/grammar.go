// Package hlprovision holds what the phones that Hanlong makes have in common, under
// the names of Htek and Sangoma: the grammar of their files, what they do with it, and
// how they boot. The marks of sources are those of the package htek; the keys behind the
// 36th are from nethesis/tancredi, data/templates/sangoma.macros.
package hlprovision

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// parameter is the name of one: P271 or Account1_Active.
var parameter = regexp.MustCompile(`^(?:P[1-9][0-9]{0,4}|[A-Z][A-Za-z0-9]*(?:_[A-Za-z0-9]+)+|(?:Admin|User)Password)$`)

// Parse reads <hl_provision version="1"><config version="1"> with an element for
// each parameter. A P-value may have its name beside it, as para.
func Parse(file string, body []byte) (*vendor.Config, error) {
	w := xmlfile.Walk(body, "parameter")
	c, err := document(w)
	if err != nil {
		return nil, w.At(file, err)
	}
	return c, nil
}

func document(w *xmlfile.Walker) (*vendor.Config, error) {
	root, err := w.Root("hl_provision")
	if err != nil {
		return nil, err
	}
	if err := xmlfile.VetVersion(root, "hl_provision", "1"); err != nil {
		return nil, err
	}
	e, err := w.Element("hl_provision")
	if err != nil {
		return nil, err
	}
	if e == nil {
		return nil, errors.New("<hl_provision> has no <config>")
	}
	if err := xmlfile.VetVersion(e, "config", "1"); err != nil {
		return nil, err
	}
	c := new(vendor.Config)
	for {
		e, err := w.Element("config")
		if err != nil {
			return nil, err
		}
		if e == nil {
			break
		}
		c.Line = w.Line()
		if err := vet(e); err != nil {
			return nil, err
		}
		value, err := w.Text(e.Name.Local)
		if err != nil {
			return nil, err
		}
		if err := c.Add(e.Name.Local, value); err != nil {
			return nil, err
		}
	}
	if err := w.End("hl_provision", "config"); err != nil {
		return nil, err
	}
	return c, w.End("", "hl_provision")
}

// vet checks the start tag of a parameter.
func vet(e *xml.StartElement) error {
	name := e.Name.Local
	if e.Name.Space != "" || !parameter.MatchString(name) {
		return fmt.Errorf("<%s> is no parameter", name)
	}
	if len(e.Attr) > 1 || len(e.Attr) == 1 && (e.Attr[0].Name.Space != "" || e.Attr[0].Name.Local != "para") {
		return fmt.Errorf("<%s> has an attribute other than para", name)
	}
	return nil
}

// Directory reads a phone book, <PhoneDirectory> of <DirectoryEntry>.
func Directory(body []byte) ([]vendor.Contact, error) {
	return xmlfile.Directory(body, "PhoneDirectory")
}
