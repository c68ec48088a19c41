// Package xmlfile walks through the configuration files of vendors whose grammar
// is XML, strictly: elements that hold either elements or text, and nothing that a
// phone would skip.
package xmlfile

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"strings"
	"unicode/utf8"
)

// Walker is a place in a file.
type Walker struct {
	dec  *xml.Decoder
	what string // a setting, in the vendor's words
}

// Walk begins at the start of a file whose settings are called what in errors.
func Walk(body []byte, what string) *Walker {
	return &Walker{xml.NewDecoder(bytes.NewReader(bytes.TrimPrefix(body, []byte("\ufeff")))), what}
}

// Line is the line that has been read last, from 1.
func (w *Walker) Line() int { line, _ := w.dec.InputPos(); return line }

// At says where an error occurred. Those of encoding/xml itself are put into
// plain words: its own might quote a password.
func (w *Walker) At(file string, err error) error {
	if _, ok := errors.AsType[*xml.SyntaxError](err); ok {
		err = errors.New("the XML is not well-formed")
	}
	return fmt.Errorf("%s line %d: %w", file, w.Line(), err)
}

// Element moves to the next element inside parent, or returns nil at parent's
// end. The parent "" is the document.
func (w *Walker) Element(parent string) (*xml.StartElement, error) {
	for {
		t, err := w.dec.Token()
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
				return nil, fmt.Errorf("there is text outside of a %s%s", w.what, inside(parent))
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

// Root moves to the only element of the document, which has the name.
func (w *Walker) Root(name string) (*xml.StartElement, error) {
	e, err := w.Element("")
	switch {
	case err != nil:
		return nil, err
	case e == nil:
		return nil, fmt.Errorf("the file has no <%s>", name)
	case e.Name.Space != "" || e.Name.Local != name:
		return nil, fmt.Errorf("<%s> where <%s> is expected", e.Name.Local, name)
	}
	return e, nil
}

// End is an error if another element stands behind the last one of parent, which
// is called last.
func (w *Walker) End(parent, last string) error {
	e, err := w.Element(parent)
	if err == nil && e != nil {
		err = fmt.Errorf("<%s> stands behind </%s>", e.Name.Local, last)
	}
	return err
}

// Text reads the text of an element to its end.
func (w *Walker) Text(name string) (string, error) {
	var b strings.Builder
	for {
		t, err := w.dec.Token()
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

// VetVersion checks a start tag: its name, and version as its one attribute.
func VetVersion(e *xml.StartElement, name, version string) error {
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

// Refuse says why a value cannot stand in an XML file, or "".
func Refuse(value string) string {
	switch {
	case !utf8.ValidString(value):
		return "it is not UTF-8"
	case strings.ContainsAny(value, "\ufffe\uffff"):
		return "it contains a character that XML does not allow"
	}
	return ""
}
