package gigaset

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

// parse reads a configuration file: a Maxwell's if its element is <provisioning>,
// else the P series'.
func parse(file string, body []byte) (*vendor.Config, error) {
	if root(body) == "provisioning" {
		return parseProvisioning(file, body)
	}
	return settingsxml.Parse(file, body)
}

// root returns the name of the first element.
func root(body []byte) string {
	d := xml.NewDecoder(bytes.NewReader(body))
	for {
		t, err := d.Token()
		if err != nil {
			return ""
		}
		if e, ok := t.(xml.StartElement); ok {
			return e.Name.Local
		}
	}
}

// parseProvisioning reads
//
//	<provisioning version="1.1">
//	  <firmware><file version="…" url="…"/></firmware>
//	  <nvm><param name="SIP.Account.0.Active" value="1"/>…</nvm>
//	  <custom><step type="Redirect" url="…"/><step type="UnlockAllFunctionKeys"/></custom>
//	</provisioning>
//
// each part at most once, in any order. The address of the firmware is kept as the
// setting "firmware"; a Redirect is an include; other steps are settings "step.…".
func parseProvisioning(file string, body []byte) (*vendor.Config, error) {
	p := parser{xml.NewDecoder(bytes.NewReader(body)), new(vendor.Config)}
	if err := p.document(); err != nil {
		line, _ := p.dec.InputPos()
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) { // its text might quote a value
			err = errors.New("the XML is not well-formed")
		}
		return nil, fmt.Errorf("%s:%d: %w", file, line, err)
	}
	return p.config, nil
}

type parser struct {
	dec    *xml.Decoder
	config *vendor.Config
}

func (p parser) document() error {
	e, err := p.child("the file")
	if err != nil {
		return err
	}
	attrs, err := attributes(e, "version", "productID")
	if err != nil {
		return err
	}
	if attrs["version"] != "1.1" {
		return errors.New(`<provisioning> needs version="1.1"`)
	}
	seen := make(map[string]bool)
	err = p.each("provisioning", func(part *xml.StartElement) error {
		name := part.Name.Local
		if seen[name] {
			return fmt.Errorf("<%s> is there twice", name)
		}
		seen[name] = true
		if _, err := attributes(part); err != nil {
			return err
		}
		switch name {
		case "firmware":
			return p.each(name, p.file)
		case "nvm":
			return p.each(name, p.param)
		case "custom":
			return p.each(name, p.step)
		}
		return fmt.Errorf("<%s> is no part of <provisioning>", name)
	})
	if err != nil {
		return err
	}
	again, err := p.child("the file")
	if err == nil && again != nil {
		err = errors.New("something follows </provisioning>")
	}
	return err
}

func (p parser) file(e *xml.StartElement) error {
	attrs, err := p.leaf(e, "file", "version", "url", "flags")
	if err != nil {
		return err
	}
	if attrs["url"] == "" {
		return errors.New("<file> names no url")
	}
	return p.config.Add("firmware", attrs["url"])
}

var paramName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+$`)

func (p parser) param(e *xml.StartElement) error {
	attrs, err := p.leaf(e, "param", "name", "value")
	if err != nil {
		return err
	}
	if !paramName.MatchString(attrs["name"]) {
		return errors.New("the name of a <param> is words joined by dots")
	}
	if _, ok := attrs["value"]; !ok {
		return fmt.Errorf("%s has no value", attrs["name"])
	}
	return p.config.Add(attrs["name"], attrs["value"])
}

func (p parser) step(e *xml.StartElement) error {
	attrs, err := p.leaf(e, "step", "type", "url")
	if err != nil {
		return err
	}
	switch kind := attrs["type"]; kind {
	case "Redirect":
		if attrs["url"] == "" {
			return errors.New("a Redirect names no url")
		}
		p.config.Includes = append(p.config.Includes, attrs["url"])
		return nil
	case "DownloadWallpaper", "UnlockAllFunctionKeys":
		return p.config.Add("step."+kind, attrs["url"])
	}
	return errors.New("the type of a <step> is Redirect, DownloadWallpaper or UnlockAllFunctionKeys")
}

// leaf reads an empty element to its end and returns its attributes.
func (p parser) leaf(e *xml.StartElement, name string, allowed ...string) (map[string]string, error) {
	if e.Name.Local != name {
		return nil, fmt.Errorf("<%s> where <%s> is expected", e.Name.Local, name)
	}
	p.config.Line, _ = p.dec.InputPos()
	attrs, err := attributes(e, allowed...)
	if err != nil {
		return nil, err
	}
	inner, err := p.child("<" + name + ">")
	if err == nil && inner != nil {
		err = fmt.Errorf("<%s> holds nothing", name)
	}
	return attrs, err
}

// attributes returns the attributes of e. It refuses those not allowed, and those
// that are there twice.
func attributes(e *xml.StartElement, allowed ...string) (map[string]string, error) {
	attrs := make(map[string]string, len(e.Attr))
	for _, a := range e.Attr {
		if _, twice := attrs[a.Name.Local]; twice {
			return nil, fmt.Errorf("<%s> has an attribute twice", e.Name.Local)
		}
		if a.Name.Space != "" || !strings.Contains(" "+strings.Join(allowed, " ")+" ", " "+a.Name.Local+" ") {
			return nil, fmt.Errorf("<%s> has no attribute %s", e.Name.Local, a.Name.Local)
		}
		attrs[a.Name.Local] = a.Value
	}
	return attrs, nil
}

// each calls f with every child of an element, and reads to the element's end.
func (p parser) each(parent string, f func(*xml.StartElement) error) error {
	for {
		e, err := p.child("<" + parent + ">")
		if err != nil || e == nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

// child returns the next element, or nil at the end of the parent.
func (p parser) child(parent string) (*xml.StartElement, error) {
	for {
		t, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
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
				return nil, fmt.Errorf("text in %s, where only elements belong", parent)
			}
		case xml.Directive:
			return nil, errors.New("a provisioning file has no DTD")
		}
	}
}
