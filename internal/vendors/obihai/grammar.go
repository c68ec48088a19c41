package obihai

import (
	"errors"
	"fmt"
	"regexp"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// short are the tags and the attribute in full and of one letter.
var short = map[string]string{
	"Object": "O", "Name": "N", "ParameterValueStruct": "P", "Value": "V",
	"O": "O", "N": "N", "P": "P", "V": "V",
}

var (
	objectName    = regexp.MustCompile(`^(?:[A-Za-z][A-Za-z0-9_]*|[0-9]+)(?:\.(?:[A-Za-z][A-Za-z0-9_]*|[0-9]+))*\.$`)
	parameterName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9_-]*$`)
)

// parse reads a file. A setting is named by its object and its parameter:
// "VoiceService.1.VoiceProfile.1.Line.1.Enable". Parameters that are left to the
// factory's default are none.
func parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{xmlfile.Walk(body, "name or value"), new(vendor.Config)}
	if err := p.document(); err != nil {
		return nil, p.At(file, err)
	}
	return p.config, nil
}

type parser struct {
	*xmlfile.Walker
	config *vendor.Config
}

func (p parser) document() error {
	root, err := p.Root("ParameterList")
	if err != nil {
		return err
	}
	if len(root.Attr) > 0 {
		return errors.New("<ParameterList> has an attribute")
	}
	for {
		e, err := p.Element("ParameterList")
		if err != nil {
			return err
		}
		if e == nil {
			break
		}
		if short[e.Name.Local] != "O" || len(e.Attr) > 0 {
			return fmt.Errorf("<%s> where an <Object> or <O> is expected", e.Name.Local)
		}
		if err := p.object(e.Name.Local); err != nil {
			return err
		}
	}
	return p.End("", "ParameterList")
}

// object reads an object: its name and then its parameters.
func (p parser) object(tag string) error {
	object, _, err := p.field(tag, "N")
	if err != nil {
		return err
	}
	if !objectName.MatchString(object) {
		return errors.New("an object's name is words and numbers with a dot behind each")
	}
	for {
		e, err := p.Element(tag)
		if err != nil || e == nil {
			return err
		}
		if short[e.Name.Local] != "P" || len(e.Attr) > 0 {
			return fmt.Errorf("<%s> where a <ParameterValueStruct> or <P> is expected", e.Name.Local)
		}
		p.config.Line = p.Line()
		parameter, _, err := p.field(e.Name.Local, "N")
		if err != nil {
			return err
		}
		if !parameterName.MatchString(parameter) {
			return errors.New("a parameter's name has letters, digits, - and _ only")
		}
		value, isDefault, err := p.field(e.Name.Local, "V")
		if err != nil {
			return err
		}
		if err := p.End(e.Name.Local, parameter); err != nil {
			return err
		}
		if isDefault {
			continue
		}
		if err := p.config.Add(object+parameter, value); err != nil {
			return err
		}
	}
}

// field reads an element that holds text, and says whether it leaves its value to
// the factory.
func (p parser) field(parent, want string) (text string, isDefault bool, err error) {
	e, err := p.Element(parent)
	if err != nil {
		return "", false, err
	}
	if e == nil || short[e.Name.Local] != want {
		return "", false, fmt.Errorf("<%s> lacks its <%s>", parent, want)
	}
	for _, a := range e.Attr {
		yes := a.Name.Local == "X_UseDefault" && a.Value == "Yes" || a.Name.Local == "X_UD" && a.Value == "Y"
		if want != "V" || a.Name.Space != "" || !yes {
			return "", false, fmt.Errorf("<%s> has an attribute that is none of X_UseDefault=\"Yes\" and X_UD=\"Y\"", e.Name.Local)
		}
		isDefault = true
	}
	text, err = p.Text(e.Name.Local)
	if isDefault && text != "" {
		return "", false, errors.New("a value that is left to the factory holds text")
	}
	return text, isDefault, err
}
