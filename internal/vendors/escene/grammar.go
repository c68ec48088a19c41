package escene

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// groups are the elements that a file may hold, with those inside each (EX, FP, RCA): one that
// ends in a star stands several times, and has a number, its id.
func groups() map[string][]string {
	all := map[string][]string{
		"SipDSPs": {"dsp"}, "pnps": {"pnp"}, "Privisions": {"privision"}, "Cwmps": {"cwmp"}, "Networks": {"network", "newTelnet"},
		"NATs": {"nat"}, "Proxys": {"proxy"}, "sipServers": {"sipserver"}, "syss": {"sys"}, "DTMEFs": {"DTMF"}, "calls": {"call"},
		"SysTimes": {"systime"}, "FunCodes": {"CallFun"}, "RouteGoals": {"route"}, "RouteTabs": {}, "BlackTabs": {}, "logs": {"log"},
		"hotlineBLFs": {"hotlineBLF"}, "lcds": {"lcd"}, "passwords": {"password"}, "HotLineFuns": {"HotLineFun"}, "LDAPs": {"ldap*"},
		"sipUsers": {"sipUser*"}, "SipEncrys": {"SipEncry*"}, "modes": {"mode"}, "VPNs": {"VPN"}, "VLANs": {"Vlan"},
		"hotlines": {"hotline*"}, "Programbuttons": {"Programbutton*"}, "ProgramKeys": {"ProgramKey*"},
		"Pagings": {"paging"}, "WhiteTabs": {}, "E8021xs": {"E8021x"}, "PhoneBooks": {"book*"}, "PhoneGroups": {"group*"},
	}
	for module := range maxModules {
		all["E"+panel(module + 1)[1:]+"s"] = []string{panel(module+1) + "*"}
	}
	return all
}

// panel is what the keys of a module are called, or of the phone, 0.
func panel(module int) string {
	switch module {
	case 0:
		return "hotline"
	case 1:
		return "extension"
	}
	return "extension" + strconv.Itoa(module)
}

// attribute is the name of one: P-Asserted-Identity, Privision.time.
var attribute = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9_-]{0,63}$`)

// parse reads a file of a phone, whichever it is. A setting is called as its element,
// with the number where it has one: sipUser.0.Password, systime.TimeZoneType.
func parse(file string, body []byte) (*vendor.Config, error) {
	w, c := xmlfile.Walk(body, "setting"), new(vendor.Config)
	if err := document(w, c); err != nil {
		return nil, w.At(file, err)
	}
	return c, nil
}

func document(w *xmlfile.Walker, c *vendor.Config) error {
	root, err := w.Root("all")
	if err != nil {
		return err
	}
	if len(root.Attr) > 0 {
		return errors.New("<all> takes no attribute")
	}
	known := groups()
	for {
		group, err := w.Element("all")
		if err != nil {
			return err
		}
		if group == nil {
			return w.End("", "all")
		}
		inside, ok := known[group.Name.Local]
		if !ok || group.Name.Space != "" || len(group.Attr) > 0 {
			return fmt.Errorf("<%s> in <all>, or with an attribute", group.Name.Local)
		}
		if err := members(w, c, group.Name.Local, inside); err != nil {
			return err
		}
	}
}

// members reads the elements of a group, to its end.
func members(w *xmlfile.Walker, c *vendor.Config, group string, known []string) error {
	for {
		e, err := w.Element(group)
		if err != nil || e == nil {
			return err
		}
		c.Line = w.Line()
		prefix := ""
		for _, k := range known {
			if e.Name.Space == "" && strings.TrimSuffix(k, "*") == e.Name.Local {
				prefix = k
			}
		}
		if prefix == "" {
			return fmt.Errorf("<%s> in <%s>", e.Name.Local, group)
		}
		if err := settings(c, e, strings.HasSuffix(prefix, "*")); err != nil {
			return err
		}
		inner, err := w.Element(e.Name.Local)
		if err != nil {
			return err
		}
		if inner != nil {
			return fmt.Errorf("<%s> in <%s>", inner.Name.Local, e.Name.Local)
		}
	}
}

// settings adds those of an element.
func settings(c *vendor.Config, e *xml.StartElement, numbered bool) error {
	prefix := e.Name.Local + "."
	if numbered {
		id := ""
		for _, a := range e.Attr {
			if a.Name.Local == "id" {
				id = a.Value
			}
		}
		if n, err := strconv.Atoi(id); err != nil || n < 0 || strconv.Itoa(n) != id {
			return fmt.Errorf("<%s> needs a number as id", e.Name.Local)
		}
		prefix += id + "."
	}
	for _, a := range e.Attr {
		if a.Name.Space != "" || !attribute.MatchString(a.Name.Local) {
			return fmt.Errorf("<%s> has an attribute that is none of a phone's", e.Name.Local)
		}
		if err := c.Add(prefix+a.Name.Local, a.Value); err != nil {
			return err
		}
	}
	return nil
}

// directory reads a phone book: the entries by name and the number at the office.
func directory(body []byte) ([]vendor.Contact, error) {
	c, err := parse("phone book", body)
	if err != nil {
		return nil, err
	}
	var list []vendor.Contact
	for _, s := range c.Settings() {
		id, field, _ := strings.Cut(strings.TrimPrefix(s.Name, "book."), ".")
		if field != "id" || !strings.HasPrefix(s.Name, "book.") {
			continue
		}
		p := "book." + id + "."
		list = append(list, vendor.Contact{Name: strings.TrimSpace(c.Get(p+"FirstName") + " " + c.Get(p+"LastName")), Number: c.Get(p + "OfficeNum")})
	}
	return list, nil
}
