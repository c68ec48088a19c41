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

// parse reads a file of P-values. The <mac> of the file must be that of the
// device that its name is for; each setting is named by its element, "P47".
func parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{xmlfile.Walk(body, "P-value")}
	c, err := p.document(file)
	if err != nil {
		return nil, p.At(file, err)
	}
	return c, nil
}

type parser struct{ *xmlfile.Walker }

func (p parser) document(file string) (*vendor.Config, error) {
	root, err := p.Root("gs_provision")
	if err != nil {
		return nil, err
	}
	if err := xmlfile.VetVersion(root, "gs_provision", "1"); err != nil {
		return nil, err
	}
	e, err := p.Element("gs_provision")
	if err != nil {
		return nil, err
	}
	if e != nil && e.Name.Local == "mac" {
		if err := p.address(e, file); err != nil {
			return nil, err
		}
		if e, err = p.Element("gs_provision"); err != nil {
			return nil, err
		}
	}
	if e == nil {
		return nil, errors.New("<gs_provision> has no <config>")
	}
	if err := xmlfile.VetVersion(e, "config", "1"); err != nil {
		return nil, err
	}
	c, err := p.settings()
	if err != nil {
		return nil, err
	}
	if err := p.End("gs_provision", "config"); err != nil {
		return nil, err
	}
	return c, p.End("", "gs_provision")
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

func (p parser) settings() (*vendor.Config, error) {
	c := new(vendor.Config)
	for {
		e, err := p.Element("config")
		if err != nil || e == nil {
			return c, err
		}
		c.Line = p.Line()
		name := e.Name.Local
		if e.Name.Space != "" || !pValue.MatchString(name) {
			return nil, fmt.Errorf("<%s> is no P-value", name)
		}
		if len(e.Attr) > 0 {
			return nil, fmt.Errorf("<%s> has an attribute; P-values have none", name)
		}
		value, err := p.Text(name)
		if err != nil {
			return nil, err
		}
		if err := c.Add(name, value); err != nil {
			return nil, err
		}
	}
}
