package alcatellucent

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

var settingID = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9]{0,63}$`)

// parse reads <settings> with one <setting id="" value="" override=""/> for each
// parameter; override may be missing.
func parse(file string, body []byte) (*vendor.Config, error) {
	w := xmlfile.Walk(body, "setting")
	c, err := document(w)
	if err != nil {
		return nil, w.At(file, err)
	}
	return c, nil
}

func document(w *xmlfile.Walker) (*vendor.Config, error) {
	root, err := w.Root("settings")
	if err != nil {
		return nil, err
	}
	if len(root.Attr) > 0 {
		return nil, errors.New("<settings> has no attributes")
	}
	c := new(vendor.Config)
	for {
		e, err := w.Element("settings")
		if err != nil {
			return nil, err
		}
		if e == nil {
			return c, w.End("", "settings")
		}
		c.Line = w.Line()
		if err := setting(w, e, c); err != nil {
			return nil, err
		}
	}
}

// setting adds what a <setting> says.
func setting(w *xmlfile.Walker, e *xml.StartElement, c *vendor.Config) error {
	if e.Name.Space != "" || e.Name.Local != "setting" {
		return fmt.Errorf("<%s> where <setting> is expected", e.Name.Local)
	}
	given := make(map[string]string)
	for _, a := range e.Attr {
		key := a.Name.Local
		if a.Name.Space != "" || key != "id" && key != "value" && key != "override" {
			return fmt.Errorf("<setting> has no attribute %s", key)
		}
		if _, twice := given[key]; twice {
			return fmt.Errorf("<setting> has the attribute %s twice", key)
		}
		given[key] = a.Value
	}
	value, ok := given["value"]
	switch {
	case !settingID.MatchString(given["id"]):
		return errors.New("the id of a <setting> is a word of letters and digits")
	case !ok:
		return fmt.Errorf("the setting %s has no value", given["id"])
	case given["override"] != "" && given["override"] != "true" && given["override"] != "false":
		return fmt.Errorf("override of the setting %s is true or false", given["id"])
	}
	if text, err := w.Text("setting"); err != nil || text != "" {
		if err == nil {
			err = fmt.Errorf("the setting %s holds text; its value is an attribute", given["id"])
		}
		return err
	}
	return c.Add(given["id"], value)
}
