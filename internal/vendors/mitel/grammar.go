package mitel

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
)

// parse reads a .cfg file:
//
//	file    = *( line LF )
//	line    = "" / comment / [ "!" / "^" ] name ":" value [ comment ]
//	value   = *char / DQUOTE *char DQUOTE
//	comment = "#" *char
//
// Blanks around names and values mean nothing. A parameter behind ! is locked for
// the user; one behind ^ overrides what the user changed (AG 3.3.1 p. 2-16). A value
// may be empty. A # begins a comment, so that a value with one has to be in
// quotation marks, as AG writes dial plans and the numbers of directory files.
func parse(file string, body []byte) (*vendor.Config, error) {
	c := new(vendor.Config)
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%s is not UTF-8", file)
	}
	for line := range strings.SplitSeq(string(body), "\n") {
		c.Line++
		if err := read(c, strings.Trim(line, " \t\r")); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, c.Line, err)
		}
	}
	return c, nil
}

var parameterName = regexp.MustCompile(`^[A-Za-z][A-Za-z0-9.|\[\]-]*(?: [A-Za-z0-9.|\[\]-]+)*$`)

func read(c *vendor.Config, line string) error {
	if line == "" || line[0] == '#' {
		return nil
	}
	if strings.ContainsFunc(line, isControl) {
		return errors.New("a control character")
	}
	param, value, found := strings.Cut(line, ":")
	param = strings.TrimRight(strings.TrimLeft(param, "!^"), " \t")
	switch {
	case !found:
		return errors.New("neither a comment nor parameter: value")
	case !parameterName.MatchString(param):
		return errors.New("this is no name of a parameter: words of letters and digits")
	}
	value, err := cutComment(strings.TrimLeft(value, " \t"))
	if err != nil {
		return fmt.Errorf("%s: %w", param, err)
	}
	return c.Add(param, value)
}

// cutComment returns the value of a line, without the quotation marks around it.
func cutComment(s string) (string, error) {
	if rest, quoted := strings.CutPrefix(s, `"`); quoted {
		value, after, closed := strings.Cut(rest, `"`)
		switch after = strings.TrimLeft(after, " \t"); {
		case !closed:
			return "", errors.New("a quotation mark is not closed")
		case after != "" && after[0] != '#':
			return "", errors.New("text behind the closing quotation mark")
		}
		return value, nil
	}
	value, _, comment := strings.Cut(s, "#")
	switch {
	case strings.Contains(value, `"`):
		return "", errors.New("a quotation mark inside the value")
	case comment && value != "" && !strings.HasSuffix(value, " ") && !strings.HasSuffix(value, "\t"):
		return "", errors.New("a # inside the value begins a comment; put the value in quotation marks")
	}
	return strings.TrimRight(value, " \t"), nil
}

func isControl(r rune) bool { return r < ' ' && r != '\t' || 0x7f <= r && r <= 0x9f }

// directory reads the phone book, which is an AastraIPPhoneDirectory (XML 3.6).
func directory(body []byte) ([]vendor.Contact, error) {
	var book struct {
		XMLName xml.Name `xml:"AastraIPPhoneDirectory"`
		Items   []struct {
			Prompt string
			URI    string
		} `xml:"MenuItem"`
	}
	d := xml.NewDecoder(bytes.NewReader(body))
	if err := d.Decode(&book); err != nil {
		return nil, fmt.Errorf("the phone book: %w", err)
	}
	var contacts []vendor.Contact
	for _, item := range book.Items {
		if item.Prompt == "" || item.URI == "" {
			return nil, errors.New("the phone book: an item without Prompt or URI")
		}
		contacts = append(contacts, vendor.Contact{Name: item.Prompt, Number: item.URI})
	}
	return contacts, nil
}
