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

// parse reads a configuration file: a Maxwell's or that of a newer base if its element
// is <provisioning>, an older base's if it is <ProviderFrame>, else the P series'.
func parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{dec: xml.NewDecoder(bytes.NewReader(body)), config: new(vendor.Config)}
	var document func() error
	switch root(body) {
	case "provisioning":
		document = p.provisioning
	case "ProviderFrame":
		document = p.frame
	default:
		return settingsxml.Parse(file, body)
	}
	if err := document(); err != nil {
		line, _ := p.dec.InputPos()
		var syntax *xml.SyntaxError
		if errors.As(err, &syntax) { // its text might quote a value
			err = errors.New("the XML is not well-formed")
		}
		return nil, fmt.Errorf("%s:%d: %w", file, line, err)
	}
	return p.config, nil
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

type parser struct {
	dec    *xml.Decoder
	config *vendor.Config

	handsets []string // of a base, as the file names them, in its order
	complete bool     // whether they are all that the base is to have
	begun    bool     // whether something of <nvm> has been read
}

// provisioning reads
//
//	<provisioning version="1.1" productID="e2">
//	  <firmware><file version="…" url="…"/></firmware>
//	  <nvm>
//	    <oper name="DeleteNotProvisionedHS"/>
//	    <param name="SipAccount.029e74a599.AuthName" value="1013"/>
//	    <oper name="add_hs" value="029e74a599"><param name="hs.RegStatus" value="ToReg"/></oper>
//	  </nvm>
//	  <custom><step type="Redirect" url="…"/><step type="UnlockAllFunctionKeys"/></custom>
//	</provisioning>
//
// each part at most once, in any order. The address of the firmware is kept as the
// setting "firmware"; a Redirect is an include; other steps are settings "step.…", and
// what an operation sets is "<name>.<value>.<parameter>". DeleteNotProvisionedHS takes
// every handset off the base that the file does not add, so that its value is those
// that stay, with blanks between them.
func (p *parser) provisioning() error {
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
			return p.each(name, p.nvm)
		case "custom":
			return p.each(name, p.step)
		}
		return fmt.Errorf("<%s> is no part of <provisioning>", name)
	})
	if err != nil {
		return err
	}
	if p.complete {
		p.config.Set(onlyHandsets, strings.Join(p.handsets, " "))
	}
	return p.end("provisioning")
}

// end makes sure that nothing follows the file's element.
func (p *parser) end(element string) error {
	again, err := p.child("the file")
	if err == nil && again != nil {
		err = fmt.Errorf("something follows </%s>", element)
	}
	return err
}

// What is done to the handsets of a base.
const (
	onlyHandsets = "DeleteNotProvisionedHS"
	addHandset   = "add_hs"
)

// nvm reads a child of <nvm>.
func (p *parser) nvm(e *xml.StartElement) error {
	first := !p.begun
	p.begun = true
	if e.Name.Local == "oper" {
		return p.oper(e, first)
	}
	return p.assign(e, paramName, "")
}

// handsetKey is how a base names a handset: by its IPUI, or by a number where any may
// register.
var handsetKey = regexp.MustCompile(`^(?:[0-9a-f]{10}|[0-9]{5})$`)

// oper reads an <oper>, which may be the first child of <nvm>.
func (p *parser) oper(e *xml.StartElement, first bool) error {
	attrs, err := attributes(e, "name", "value")
	if err != nil {
		return err
	}
	value, valued := attrs["value"]
	switch name := attrs["name"]; name {
	case onlyHandsets:
		switch {
		case valued:
			return errors.New(onlyHandsets + " takes no value")
		case !first:
			return errors.New(onlyHandsets + " stands before everything else in <nvm>")
		}
		p.complete = true
		return p.each("oper", func(*xml.StartElement) error { return errors.New(onlyHandsets + " holds nothing") })
	case addHandset:
		if !handsetKey.MatchString(value) {
			return errors.New("the value of " + addHandset + " is an IPUI of 10 lower-case hex digits, or a number of 5 digits")
		}
		p.handsets = append(p.handsets, value)
	case "update_dm":
		if value != "local" {
			return errors.New("the value of update_dm is local")
		}
	default:
		return errors.New("the name of an <oper> is " + onlyHandsets + ", " + addHandset + " or update_dm")
	}
	set := 0
	err = p.each("oper", func(param *xml.StartElement) error {
		set++
		return p.assign(param, operandName, attrs["name"]+"."+value+".")
	})
	if err == nil && set == 0 {
		err = errors.New(attrs["name"] + " sets nothing")
	}
	return err
}

func (p *parser) file(e *xml.StartElement) error {
	attrs, err := p.leaf(e, "file", "version", "url", "flags")
	if err != nil {
		return err
	}
	if attrs["url"] == "" {
		return errors.New("<file> names no url")
	}
	return p.config.Add("firmware", attrs["url"])
}

var (
	paramName   = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)+$`)
	operandName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_]*(?:\.[A-Za-z0-9_]+)*$`)
)

// assign reads a <param>, whose setting has its name behind at.
func (p *parser) assign(e *xml.StartElement, names *regexp.Regexp, at string) error {
	attrs, err := p.leaf(e, "param", "name", "value")
	if err != nil {
		return err
	}
	if !names.MatchString(attrs["name"]) {
		return errors.New("the name of a <param> is words joined by dots")
	}
	if _, ok := attrs["value"]; !ok {
		return fmt.Errorf("%s has no value", attrs["name"])
	}
	return p.config.Add(at+attrs["name"], attrs["value"])
}

func (p *parser) step(e *xml.StartElement) error {
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
func (p *parser) leaf(e *xml.StartElement, name string, allowed ...string) (map[string]string, error) {
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
func (p *parser) each(parent string, f func(*xml.StartElement) error) error {
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
