package avaya

import (
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// command is a line of a script.
type command struct {
	verb        string // SET, GET, IF, GOTO, or # for a label
	name, value string // of SET; of IF, the variable and what it must be
	to          string // label of GOTO, IF and #, or file of GET
	line        int
}

var (
	parameterName = regexp.MustCompile(`^[A-Z0-9][A-Z0-9_]*$`)
	fileName      = regexp.MustCompile(`^[A-Za-z0-9$][A-Za-z0-9$_.-]*$`)
	condition     = regexp.MustCompile(`^\$([A-Z0-9]+) SEQ ([A-Za-z0-9_.-]+) GOTO ([A-Za-z0-9_]+)$`)
	label         = regexp.MustCompile(`^[A-Za-z0-9_]+$`)
	phoneKey      = regexp.MustCompile(`^Key=([1-9][0-9]?);Type=`)
)

// script reads J100Supgrade.txt, 46xxsettings.txt and what they get:
//
//	file    = *( line LF )
//	line    = "" / "##" *char / "SET" SP name SP value / "GET" SP file
//	        / "IF" SP "$" name SP "SEQ" SP word SP "GOTO" SP label / "GOTO" SP label / "#" SP label
//	value   = *char / DQUOTE *char DQUOTE
func script(file string, body []byte) ([]command, error) {
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%s is not UTF-8", file)
	}
	var all []command
	n := 0
	for line := range strings.SplitSeq(string(body), "\n") {
		n++
		line = strings.TrimRight(line, " \r")
		if line == "" || strings.HasPrefix(line, "##") {
			continue
		}
		c, err := read(line)
		if err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, n, err)
		}
		c.line = n
		all = append(all, c)
	}
	return all, nil
}

func read(line string) (command, error) {
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return command{}, errors.New("a control character")
	}
	verb, rest, _ := strings.Cut(line, " ")
	c := command{verb: verb, to: rest}
	switch verb {
	case "SET":
		return assignment(rest)
	case "GET":
		if !fileName.MatchString(rest) {
			return c, errors.New("GET takes the name of a file")
		}
	case "IF":
		m := condition.FindStringSubmatch(rest)
		if m == nil {
			return c, errors.New("IF takes $NAME SEQ value GOTO label")
		}
		c.name, c.value, c.to = m[1], m[2], m[3]
	case "GOTO", "#":
		if !label.MatchString(rest) {
			return c, fmt.Errorf("%s takes a label", verb)
		}
	default:
		return c, errors.New("neither SET, GET, IF, GOTO, a label nor a comment, which begins with ##")
	}
	return c, nil
}

// assignment reads what stands behind SET. PHONEKEY may stand once for each key, and
// is called by its number here: PHONEKEY.4.
func assignment(rest string) (command, error) {
	param, value, found := strings.Cut(rest, " ")
	c := command{verb: "SET", name: param}
	if !found || !parameterName.MatchString(param) {
		return c, errors.New("SET takes a name of capitals, digits and _, and a value")
	}
	value = strings.TrimLeft(value, " ")
	if inner, quoted := strings.CutPrefix(value, `"`); quoted {
		if value, found = strings.CutSuffix(inner, `"`); !found {
			return c, fmt.Errorf("%s: a quotation mark is not closed", param)
		}
	}
	if strings.Contains(value, `"`) {
		return c, fmt.Errorf("%s: a quotation mark inside the value", param)
	}
	c.value = value
	if param == "PHONEKEY" {
		m := phoneKey.FindStringSubmatch(value)
		if m == nil {
			return c, errors.New("PHONEKEY takes Key=number;Type=…")
		}
		c.name += "." + m[1]
	}
	return c, nil
}

// parse reads all that a script sets, on whichever way.
func parse(file string, body []byte) (*vendor.Config, error) {
	commands, err := script(file, body)
	if err != nil {
		return nil, err
	}
	c := new(vendor.Config)
	for _, cmd := range commands {
		c.Line = cmd.line
		switch cmd.verb {
		case "SET":
			if err := c.Add(cmd.name, cmd.value); err != nil {
				return nil, fmt.Errorf("%s, line %d: %w", file, cmd.line, err)
			}
		case "GET":
			c.Includes = append(c.Includes, cmd.to)
		}
	}
	return c, nil
}

// directory reads a phone book, <IPPhoneDirectory> of <DirectoryEntry> (FP).
func directory(body []byte) ([]vendor.Contact, error) {
	w := xmlfile.Walk(body, "name or number")
	if _, err := w.Root("IPPhoneDirectory"); err != nil {
		return nil, w.At("phone book", err)
	}
	var all []vendor.Contact
	for {
		entry, err := w.Element("IPPhoneDirectory")
		if err == nil && entry == nil {
			err = w.End("", "IPPhoneDirectory")
			if err == nil {
				return all, nil
			}
		}
		if err != nil {
			return nil, w.At("phone book", err)
		}
		c, err := contact(w, entry)
		if err != nil {
			return nil, w.At("phone book", err)
		}
		all = append(all, c)
	}
}

// contact reads an entry: names, and the number inside <PhoneNumbers><Phone>.
func contact(w *xmlfile.Walker, entry *xml.StartElement) (vendor.Contact, error) {
	if entry.Name.Local != "DirectoryEntry" {
		return vendor.Contact{}, fmt.Errorf("<%s> where <DirectoryEntry> is expected", entry.Name.Local)
	}
	texts := make(map[string]string)
	open := []string{"DirectoryEntry"}
	for len(open) > 0 {
		e, err := w.Element(open[len(open)-1])
		if err != nil {
			return vendor.Contact{}, err
		}
		if e == nil {
			open = open[:len(open)-1]
			continue
		}
		switch e.Name.Local {
		case "PhoneNumbers", "Phone":
			open = append(open, e.Name.Local)
		case "FirstName", "LastName", "Number", "Type":
			if texts[e.Name.Local], err = w.Text(e.Name.Local); err != nil {
				return vendor.Contact{}, err
			}
		default:
			return vendor.Contact{}, fmt.Errorf("<%s> in a <DirectoryEntry>", e.Name.Local)
		}
	}
	return vendor.Contact{Name: strings.TrimSpace(texts["FirstName"] + " " + texts["LastName"]), Number: texts["Number"]}, nil
}
