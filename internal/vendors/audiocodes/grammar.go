package audiocodes

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
)

// parameterName is path/name: system/ntp/gmt_offset.
var parameterName = regexp.MustCompile(`^[a-z][a-z0-9_]*(?:/[a-z0-9_]+)+$`)

// parse reads a .cfg file:
//
//	file = *( line LF )
//	line = "" / ";" *char / name "=" value
//
// A value runs to the end of its line and may be empty.
func parse(file string, body []byte) (*vendor.Config, error) {
	c := new(vendor.Config)
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%s is not UTF-8", file)
	}
	for line := range strings.SplitSeq(string(body), "\n") {
		c.Line++
		if err := read(c, strings.TrimSuffix(line, "\r")); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, c.Line, err)
		}
	}
	return c, nil
}

func read(c *vendor.Config, line string) error {
	if line == "" || line[0] == ';' {
		return nil
	}
	if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r == 0x7f }) {
		return errors.New("a control character")
	}
	param, value, found := strings.Cut(line, "=")
	switch {
	case !found:
		return errors.New("neither a comment nor parameter=value")
	case !parameterName.MatchString(param):
		return errors.New("this is no name of a parameter: words of small letters, digits and _, with / between them")
	}
	return c.Add(param, value)
}
