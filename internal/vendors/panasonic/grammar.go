package panasonic

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	// header is how a file begins, baseHeader that of a KX-TGP500; the phone refuses one
	// that does not.
	header     = "# Panasonic SIP Phone Standard Format File #"
	baseHeader = "# PCC Standard Format File #"

	maxFile  = 120 << 10 // bytes; UT page 251
	maxLine  = 537       // bytes, without its end; longer ones are passed over
	maxValue = 500       // characters
)

var parameter = regexp.MustCompile(`^[A-Z][A-Z0-9_]{0,31}$`)

// parse reads a file:
//
//	file    = header text CRLF *( line CRLF ) CRLF
//	line    = "" / "#" text / name "=" DQUOTE value DQUOTE
//
// No blanks stand around the equals sign, and nothing escapes a quote.
func parse(file string, body []byte) (*vendor.Config, error) {
	switch {
	case len(body) > maxFile:
		return nil, fmt.Errorf("%s is longer than the 120 KiB that a phone reads", file)
	case !utf8.Valid(body):
		return nil, fmt.Errorf("%s is not UTF-8", file)
	case !strings.HasPrefix(string(body), header) && !strings.HasPrefix(string(body), baseHeader):
		return nil, fmt.Errorf("%s line 1: a phone refuses a file that does not begin with %s", file, header)
	}
	rest, ended := strings.CutSuffix(string(body), "\r\n\r\n")
	if !ended {
		return nil, fmt.Errorf("%s does not end with an empty line", file)
	}
	c := new(vendor.Config)
	for line := range strings.SplitSeq(rest, "\r\n") {
		c.Line++
		if err := read(c, line); err != nil {
			return nil, fmt.Errorf("%s line %d: %w", file, c.Line, err)
		}
	}
	return c, nil
}

func read(c *vendor.Config, line string) error {
	switch {
	case strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }):
		return errors.New("a control character; lines end with CR and LF")
	case len(line) > maxLine:
		return errors.New("the line is longer than 537 bytes")
	case line == "" || line[0] == '#':
		return nil
	}
	name, quoted, ok := strings.Cut(line, "=")
	if !ok || !parameter.MatchString(name) {
		return errors.New(`this is no NAME="value"`)
	}
	value, opened := strings.CutPrefix(quoted, `"`)
	value, closed := strings.CutSuffix(value, `"`)
	switch {
	case !opened || !closed:
		return fmt.Errorf("the value of %s does not stand in double quotes", name)
	case strings.Contains(value, `"`):
		return fmt.Errorf("the value of %s holds a double quote", name)
	case utf8.RuneCountInString(value) > maxValue:
		return fmt.Errorf("the value of %s is longer than 500 characters", name)
	}
	return c.Add(name, value)
}

// refuse says why a value cannot stand in a file, or "".
func refuse(value string) string {
	switch {
	case strings.Contains(value, `"`):
		return "it contains a double quote, which Panasonic's files cannot hold"
	case utf8.RuneCountInString(value) > maxValue || len(value) > maxLine-len(`=""`)-32:
		return "it is longer than Panasonic's files can hold"
	}
	return ""
}
