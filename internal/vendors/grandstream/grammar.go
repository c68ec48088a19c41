package grandstream

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

var pValue = regexp.MustCompile(`^P[1-9][0-9]{0,4}$`)

// parse reads a file of P-values. The <mac> of the file must be that of the
// device that its name is for; each setting is named by its element, "P47".
func parse(file string, body []byte) (*vendor.Config, error) {
	p := &parser{dec: xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff"))))}
	c, err := p.document(file)
	if err != nil {
		line, _ := p.dec.InputPos()
		if _, ok := errors.AsType[*xml.SyntaxError](err); ok {
			err = errors.New("the XML is not well-formed") // its own words might quote a password
		}
		return nil, fmt.Errorf("%s line %d: %w", file, line, err)
	}
	return c, nil
}

type parser struct{ dec *xml.Decoder }

func (p *parser) document(file string) (*vendor.Config, error) {
	root, err := p.element("")
	if err != nil {
		return nil, err
	}
	if root == nil {
		return nil, errors.New("the file has no <gs_provision>")
	}
	if err := vetTag(root, "gs_provision", "1"); err != nil {
		return nil, err
	}
	e, err := p.element(root.Name.Local)
	if err != nil {
		return nil, err
	}
	if e != nil && e.Name.Local == "mac" {
		if err := p.address(e, file); err != nil {
			return nil, err
		}
		if e, err = p.element(root.Name.Local); err != nil {
			return nil, err
		}
	}
	if e == nil {
		return nil, errors.New("<gs_provision> has no <config>")
	}
	if err := vetTag(e, "config", "1"); err != nil {
		return nil, err
	}
	c, err := p.settings()
	if err != nil {
		return nil, err
	}
	if e, err = p.element(root.Name.Local); err != nil {
		return nil, err
	}
	if e != nil {
		return nil, fmt.Errorf("<%s> stands behind </config>", e.Name.Local)
	}
	if e, err = p.element(""); err == nil && e != nil {
		err = fmt.Errorf("<%s> stands behind </gs_provision>", e.Name.Local)
	}
	return c, err
}

// address compares the <mac> of a file with the address that the file is named
// for.
func (p *parser) address(e *xml.StartElement, file string) error {
	if len(e.Attr) > 0 {
		return errors.New("<mac> has no attributes")
	}
	text, err := p.text("mac")
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

func (p *parser) settings() (*vendor.Config, error) {
	c := new(vendor.Config)
	for {
		e, err := p.element("config")
		if err != nil || e == nil {
			return c, err
		}
		name := e.Name.Local
		if e.Name.Space != "" || !pValue.MatchString(name) {
			return nil, fmt.Errorf("<%s> is no P-value", name)
		}
		if len(e.Attr) > 0 {
			return nil, fmt.Errorf("<%s> has an attribute; P-values have none", name)
		}
		value, err := p.text(name)
		if err != nil {
			return nil, err
		}
		if err := c.Add(name, value); err != nil {
			return nil, err
		}
	}
}

// element moves to the next element inside parent, or returns nil at parent's
// end. The parent "" is the document.
func (p *parser) element(parent string) (*xml.StartElement, error) {
	for {
		t, err := p.dec.Token()
		if errors.Is(err, io.EOF) && parent == "" {
			return nil, nil
		}
		if err != nil {
			return nil, err
		}
		switch t := t.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, fmt.Errorf("there is text outside of a P-value%s", inside(parent))
			}
		case xml.Directive:
			return nil, errors.New("there is a DTD")
		case xml.ProcInst:
			if t.Target != "xml" {
				return nil, errors.New("there is a processing instruction")
			}
		}
	}
}

func inside(parent string) string {
	if parent == "" {
		return ""
	}
	return ", in <" + parent + ">"
}

// text reads the text of an element to its end.
func (p *parser) text(name string) (string, error) {
	var b strings.Builder
	for {
		t, err := p.dec.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			b.Write(t)
		case xml.EndElement:
			return b.String(), nil
		case xml.Comment:
		default:
			return "", fmt.Errorf("<%s> holds more than text", name)
		}
	}
}

// vetTag checks a start tag: its name, and version as its one attribute.
func vetTag(e *xml.StartElement, name, version string) error {
	switch {
	case e.Name.Space != "" || e.Name.Local != name:
		return fmt.Errorf("<%s> where <%s> is expected", e.Name.Local, name)
	case len(e.Attr) != 1 || e.Attr[0].Name.Space != "" || e.Attr[0].Name.Local != "version":
		return fmt.Errorf("<%s> needs version=%q and no other attribute", name, version)
	case e.Attr[0].Value != version:
		return fmt.Errorf("<%s version=%q> is not understood, only version %s", name, e.Attr[0].Value, version)
	}
	return nil
}
