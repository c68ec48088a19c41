package poly

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// The names of parameters and of the attributes of a master file.
var (
	parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]*(?:\.[A-Za-z0-9_]+)+$`)
	masterName    = regexp.MustCompile(`^[A-Z]+(?:_[A-Z0-9]+)+$`)
)

// master is the element that makes a file a master file. Those of single models,
// APPLICATION_VVX600, stand inside of it.
const master = "APPLICATION"

// parse reads a configuration file or a master file. Settings are named by their
// attribute. The files that a master names are its includes.
func parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{xmlfile.Walk(body, "setting"), new(vendor.Config)}
	if err := p.document(); err != nil {
		return nil, p.At(file, err)
	}
	c := p.config
	for name := range strings.SplitSeq(c.Get("CONFIG_FILES"), ",") {
		if name = strings.TrimSpace(name); name != "" {
			c.Includes = append(c.Includes, name)
		}
	}
	return c, nil
}

type parser struct {
	*xmlfile.Walker
	config *vendor.Config
}

func (p parser) document() error {
	e, err := p.Element("")
	if err != nil {
		return err
	}
	if e == nil {
		return errors.New("the file has no element")
	}
	known := parameterName
	if e.Name.Local == master {
		known = masterName
	}
	if err := p.settings(e, known); err != nil {
		return err
	}
	return p.End("", e.Name.Local)
}

// settings adds what an element and those inside of it set.
func (p parser) settings(e *xml.StartElement, known *regexp.Regexp) error {
	p.config.Line = p.Line()
	for _, a := range e.Attr {
		name := a.Name.Local
		if a.Name.Space != "" || !known.MatchString(name) {
			return fmt.Errorf("<%s> has the attribute %s, which is no parameter", e.Name.Local, name)
		}
		if err := p.config.Add(name, a.Value); err != nil {
			return err
		}
	}
	for {
		child, err := p.Element(e.Name.Local)
		if err != nil || child == nil {
			return err
		}
		if err := p.settings(child, known); err != nil {
			return err
		}
	}
}

// directory reads the phone book as the phone does: first and last name make the
// name that it shows.
func directory(body []byte) ([]vendor.Contact, error) {
	var book struct {
		XMLName xml.Name `xml:"directory"`
		Items   []struct {
			Last    string `xml:"ln"`
			First   string `xml:"fn"`
			Contact string `xml:"ct"`
		} `xml:"item_list>item"`
	}
	if err := xml.Unmarshal(body, &book); err != nil {
		return nil, errors.New("the phone book is no <directory> of Poly's")
	}
	var contacts []vendor.Contact
	for i, item := range book.Items {
		if item.Contact == "" {
			return nil, fmt.Errorf("entry %d of the phone book has no <ct>, the number", i+1)
		}
		contacts = append(contacts, vendor.Contact{Name: strings.TrimSpace(item.First + " " + item.Last), Number: item.Contact})
	}
	return contacts, nil
}
