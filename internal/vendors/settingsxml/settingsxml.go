// Package settingsxml is the configuration of phones that run Snom's firmware, under
// its own name and under Gigaset's: XML of settings, each with a permission flag and
// some with an index. It reads the files, says what a phone so configured does, and
// boots one. Facts are from Snom's wiki (service.snom.com/display/wiki,
// wiki.snom.com) and Gigaset's (pro-wiki.gigaset.com, "Desktop IP PRO").
package settingsxml

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// Parse reads a configuration file. Settings are named as the phone names them,
// with the index in brackets: "user_pass[1]". A function key is "fkey[0]" with
// its attributes beside it: "fkey[0].context", "fkey[0].label". What a DECT base is
// told for one model of handsets has that in brackets: "pp_fwu_sw_version[M70]".
//
// Sections for which Dialplane has no use (the phone book, the dial plan,
// languages and the like) are skipped.
func Parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{dec: xml.NewDecoder(bytes.NewReader(body)), config: new(vendor.Config)}
	if err := p.document(); err != nil {
		line, _ := p.dec.InputPos()
		line -= p.behind
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) {
			return nil, fmt.Errorf("%s:%d: %s", file, syntax.Line, syntax.Msg)
		}
		return nil, fmt.Errorf("%s:%d: %w", file, line, err)
	}
	return p.config, nil
}

// Directory reads the page of the phone's browser that shows the phone book.
func Directory(body []byte) ([]vendor.Contact, error) {
	return xmlfile.Directory(body, "SnomIPPhoneDirectory", "Title", "Prompt", "SoftKeyItem")
}

type parser struct {
	dec    *xml.Decoder
	config *vendor.Config
	behind int // lines between what is wrong and where the decoder stands
}

func (p *parser) document() error {
	root, err := p.child("the file")
	if err != nil {
		return err
	}
	if root == nil {
		return errors.New("the file is empty; it needs <settings> or <setting-files>")
	}
	switch root.Name.Local {
	case "settings":
		err = p.each(root, p.section)
	case "setting-files":
		err = p.each(root, p.settingFile)
	default:
		err = p.section(root)
	}
	if err != nil {
		return err
	}
	if again, err := p.child("the file"); again != nil || err != nil {
		if err == nil {
			err = fmt.Errorf("<%s> follows the end of the file's one element", again.Name.Local)
		}
		return err
	}
	return nil
}

// settings are the sections that hold settings. A desk phone has the first two, a
// DECT base of the M series all.
var settings = map[string]bool{
	"phone-settings": true, "firmware-settings": true,
	"global": true, "server": true, "extension": true, "repeater": true, "multicell": true,
}

// skipped are the documented sections that hold nothing Dialplane sets.
var skipped = map[string]bool{
	"tbook": true, "dialplan": true, "ReplacementPlan": true, "certificates": true, "uploads": true,
	"gui-languages": true, "web-languages": true,
}

func (p *parser) section(e *xml.StartElement) error {
	switch name := e.Name.Local; {
	case settings[name]:
		if _, err := attributes(e, "e"); err != nil {
			return err
		}
		return p.each(e, p.setting)
	case name == "functionKeys" || name == "function-keys":
		if _, err := attributes(e, "e"); err != nil {
			return err
		}
		return p.each(e, p.key)
	case skipped[name]:
		return p.dec.Skip()
	default:
		return fmt.Errorf("<%s> is no section of a settings file", name)
	}
}

func (p *parser) settingFile(e *xml.StartElement) error {
	if e.Name.Local != "file" {
		return fmt.Errorf("<%s> has no place in <setting-files>; it holds <file url=\"…\"/>", e.Name.Local)
	}
	attrs, err := attributes(e, "url")
	if err != nil {
		return err
	}
	if attrs["url"] == "" {
		return errors.New("<file> names no url")
	}
	if text, err := p.text(e); err != nil || strings.TrimSpace(text) != "" {
		if err == nil {
			err = errors.New("text in <file>; the address belongs into its url attribute")
		}
		return err
	}
	p.config.Includes = append(p.config.Includes, attrs["url"])
	return nil
}

var settingName = regexp.MustCompile(`^[A-Za-z_][0-9A-Za-z_]{0,127}$`)

func (p *parser) setting(e *xml.StartElement) error {
	name := e.Name.Local
	if !settingName.MatchString(name) {
		return errors.New("a setting's name has letters, digits and _ only")
	}
	if name == "fkey" {
		return p.key(e)
	}
	attrs, err := attributes(e, "idx", "perm", "action", "type")
	if err != nil {
		return err
	}
	if idx, ok := attrs["idx"]; ok {
		n, err := index(name, idx)
		if err != nil {
			return err
		}
		name = fmt.Sprintf("%s[%d]", name, n)
	} else if model := attrs["type"]; model != "" { // of the handsets that it is for
		name += "[" + model + "]"
	}
	text, err := p.text(e)
	if err != nil {
		return err
	}
	p.config.Line, _ = p.dec.InputPos()
	return p.config.Add(name, text)
}

// keyAttributes are what a function key is made of besides its function.
var keyAttributes = []string{
	"context", "label", "short_label", "default_text", "short_default_text", "label_mode", "short_label_mode",
	"reg_label_mode", "icon_type", "ringer", "park_retrieve", "lp", "clp",
}

func (p *parser) key(e *xml.StartElement) error {
	if e.Name.Local != "fkey" {
		return fmt.Errorf("<%s> is no function key; write <fkey idx=\"…\">", e.Name.Local)
	}
	attrs, err := attributes(e, append([]string{"idx", "perm"}, keyAttributes...)...)
	if err != nil {
		return err
	}
	n, err := index("fkey", attrs["idx"])
	if err != nil {
		return err
	}
	name := fmt.Sprintf("fkey[%d]", n)
	text, err := p.text(e)
	if err != nil {
		return err
	}
	p.config.Line, _ = p.dec.InputPos()
	if err := p.config.Add(name, text); err != nil {
		return err
	}
	for _, a := range keyAttributes {
		if value, ok := attrs[a]; ok {
			if err := p.config.Add(name+"."+a, value); err != nil {
				return err
			}
		}
	}
	return nil
}

const maxIndex = 9999

func index(name, s string) (int, error) {
	n, err := strconv.ParseUint(s, 10, 16)
	if err != nil || n > maxIndex || len(s) > 1 && s[0] == '0' {
		return 0, fmt.Errorf("the idx of <%s> is a whole number from 0 to %d", name, maxIndex)
	}
	return int(n), nil
}

// attributes returns the attributes of e. It refuses those not allowed, those
// that are there twice, and permission flags that the phone does not know.
func attributes(e *xml.StartElement, allowed ...string) (map[string]string, error) {
	attrs := make(map[string]string, len(e.Attr))
next:
	for _, a := range e.Attr {
		name := a.Name.Local
		if _, twice := attrs[name]; twice {
			return nil, fmt.Errorf("<%s> has the attribute %s twice", e.Name.Local, name)
		}
		for _, ok := range allowed {
			if a.Name.Space == "" && name == ok {
				attrs[name] = a.Value
				continue next
			}
		}
		return nil, fmt.Errorf("<%s> has no attribute %s", e.Name.Local, name)
	}
	switch perm := attrs["perm"]; perm {
	case "", " ", "R", "RW", "!", "$", "&":
		return attrs, nil
	default:
		return nil, fmt.Errorf("the perm of <%s> is no permission flag; use R, RW, ! or nothing", e.Name.Local)
	}
}

// each calls f with every child of an element, and reads to the element's end.
func (p *parser) each(parent *xml.StartElement, f func(*xml.StartElement) error) error {
	for {
		e, err := p.child("<" + parent.Name.Local + ">")
		if e == nil || err != nil {
			return err
		}
		if err := f(e); err != nil {
			return err
		}
	}
}

// child returns the next element, or nil at the end of the parent.
func (p *parser) child(parent string) (*xml.StartElement, error) {
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
			if t.Name.Space != "" {
				return nil, fmt.Errorf("<%s> has a namespace; settings files know none", t.Name.Local)
			}
			return &t, nil
		case xml.EndElement:
			return nil, nil
		case xml.CharData:
			if text := bytes.TrimLeft(t, " \t\r\n"); len(text) > 0 {
				p.behind = bytes.Count(text, []byte("\n"))
				return nil, fmt.Errorf("text in %s, where only elements belong", parent)
			}
		case xml.Directive:
			return nil, errors.New("a settings file has no DTD")
		}
	}
}

// text returns the text of an element and reads to its end.
func (p *parser) text(e *xml.StartElement) (string, error) {
	var text strings.Builder
	for {
		t, err := p.dec.Token()
		if err != nil {
			return "", err
		}
		switch t := t.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.EndElement:
			return text.String(), nil
		case xml.StartElement:
			return "", fmt.Errorf("<%s> in <%s>, where only text belongs", t.Name.Local, e.Name.Local)
		}
	}
}
