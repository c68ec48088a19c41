package flatprofile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// router is the one element that holds others: the network side of the adapters.
const router = "router-configuration"

// maxDepth is how deep elements stand below <router-configuration>.
const maxDepth = 4

// Parse reads a profile. A setting is named as its element; one below
// <router-configuration> is named with its path: "router-configuration/Time_Setup/Time_Server".
//
// An element that closes itself leaves its parameter as it is, and so is no setting; one
// with an end tag and nothing inside empties it. Blanks at the ends of a value are dropped.
// Where a phone takes the last of two equal elements, Parse refuses the second.
func Parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{body: body, dec: xml.NewDecoder(bytes.NewReader(body)), config: new(vendor.Config)}
	err := p.document()
	if err == nil {
		return p.config, nil
	}
	line, _ := p.dec.InputPos()
	if _, ok := errors.AsType[*xml.SyntaxError](err); ok {
		err = errors.New("the XML is not well-formed") // its own words may quote a password
	}
	return nil, fmt.Errorf("%s:%d: %w", file, line, err)
}

type parser struct {
	body   []byte
	dec    *xml.Decoder
	config *vendor.Config
}

func (p *parser) document() error {
	seen := false
	for {
		t, err := p.dec.Token()
		if errors.Is(err, io.EOF) {
			if !seen {
				return errors.New("the file is empty; it needs <flat-profile>")
			}
			return nil
		}
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if t.Name.Local != "flat-profile" || t.Name.Space != "" || len(t.Attr) > 0 {
				return fmt.Errorf("<%s> is not the plain <flat-profile> that a profile is", t.Name.Local)
			}
			if seen {
				return errors.New("a second <flat-profile> follows the first")
			}
			seen = true
			if err := p.children("", 0); err != nil {
				return err
			}
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text outside <flat-profile>")
			}
		case xml.Directive:
			return errors.New("a profile has no DTD")
		}
	}
}

// children reads the elements of a parent up to its end.
func (p *parser) children(path string, depth int) error {
	for {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.StartElement:
			if err := p.element(t, path, depth); err != nil {
				return err
			}
		case xml.EndElement:
			return nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return errors.New("text between elements")
			}
		case xml.Directive:
			return errors.New("a profile has no DTD")
		}
	}
}

var elementName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_.-]{0,95}$`)

func (p *parser) element(e xml.StartElement, path string, depth int) error {
	name := e.Name.Local
	if e.Name.Space != "" || !elementName.MatchString(name) {
		return errors.New("an element's name has letters, digits and _ . - only")
	}
	if err := attributes(e); err != nil {
		return err
	}
	p.config.Line, _ = p.dec.InputPos()
	itself := bytes.HasSuffix(p.body[:p.dec.InputOffset()], []byte("/>"))
	if depth == 0 && name == router {
		return p.children(router+"/", 1)
	}
	var text strings.Builder
	for {
		t, err := p.dec.Token()
		if err != nil {
			return err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			if itself {
				return nil
			}
			return p.config.Add(path+name, strings.Trim(text.String(), " \t\r\n"))
		case xml.StartElement:
			if depth == 0 || depth == maxDepth || strings.TrimSpace(text.String()) != "" {
				return fmt.Errorf("<%s> in <%s>, where only text belongs", t.Name.Local, name)
			}
			if err := p.element(t, path+name+"/", depth+1); err != nil {
				return err
			}
			return p.children(path+name+"/", depth+1)
		}
	}
}

// attributes refuses all but the access of the user and the page of the field.
func attributes(e xml.StartElement) error {
	seen := make(map[string]bool, len(e.Attr))
	for _, a := range e.Attr {
		name := a.Name.Local
		switch {
		case a.Name.Space != "" || name != "ua" && name != "group":
			return fmt.Errorf("<%s> has an attribute %s; only ua and group are known", e.Name.Local, name)
		case seen[name]:
			return fmt.Errorf("<%s> has the attribute %s twice", e.Name.Local, name)
		case name == "ua" && a.Value != "na" && a.Value != "ro" && a.Value != "rw":
			return fmt.Errorf("the ua of <%s> is na, ro or rw", e.Name.Local)
		}
		seen[name] = true
	}
	return nil
}

// Directory reads the menu that a phone shows of an XML directory.
func Directory(body []byte) ([]vendor.Contact, error) {
	var menu struct {
		XMLName xml.Name `xml:"CiscoIPPhoneDirectory"`
		Entries []struct {
			Name      string `xml:"Name"`
			Telephone string `xml:"Telephone"`
		} `xml:"DirectoryEntry"`
	}
	if err := xml.Unmarshal(body, &menu); err != nil {
		return nil, fmt.Errorf("a directory is a <CiscoIPPhoneDirectory>: %w", err)
	}
	var contacts []vendor.Contact
	for _, e := range menu.Entries {
		contacts = append(contacts, vendor.Contact{Name: e.Name, Number: e.Telephone})
	}
	return contacts, nil
}
