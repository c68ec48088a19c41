// Package linefile reads the configuration files of vendors whose grammar is one
// setting a line, name = value.
package linefile

import (
	"bytes"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Grammar is what one vendor's files look like. Blanks around names and values mean
// nothing, and a value may be missing.
type Grammar struct {
	Header  string         // the first line, without which a phone refuses the file; "" for none
	Comment string         // the characters that begin a line of comment
	Name    *regexp.Regexp // what a name is, anchored
}

// Parse reads a file. An error names its line, and never a value.
func (g Grammar) Parse(file string, body []byte) (*vendor.Config, error) {
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%s is not UTF-8", file)
	}
	if i := bytes.IndexFunc(body, isControl); i >= 0 {
		return nil, fmt.Errorf("%s, line %d: a control character", file, 1+bytes.Count(body[:i], []byte("\n")))
	}
	config, number := new(vendor.Config), 0
	for line := range strings.SplitSeq(string(body), "\n") {
		number++
		config.Line = number
		if err := g.read(config, strings.TrimRight(line, "\r")); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, number, err)
		}
	}
	return config, nil
}

func (g Grammar) read(config *vendor.Config, line string) error {
	if config.Line == 1 && g.Header != "" {
		if line != g.Header {
			return fmt.Errorf("a phone refuses a file that does not begin with %s", g.Header)
		}
		return nil
	}
	line = strings.Trim(line, " \t")
	if line == "" || strings.IndexByte(g.Comment, line[0]) >= 0 {
		return nil
	}
	name, value, found := strings.Cut(line, "=")
	if name = strings.TrimRight(name, " \t"); !found {
		return errors.New("neither a comment nor name = value")
	}
	if !g.Name.MatchString(name) {
		return errors.New("what stands before = is no name of a parameter")
	}
	return config.Add(name, strings.TrimLeft(value, " \t"))
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\r' && r != '\n' || 0x7f <= r && r <= 0x9f
}

// Number returns a setting that is a number from 0 up, or 0.
func Number(c *vendor.Config, name string) int { return max(0, vendor.Number(c.Get(name))) }

// VLAN returns the tag of a port that three settings tell, the first of which is 1 where
// it is tagged.
func VLAN(c *vendor.Config, enable, id, priority string) vendor.VLAN {
	if c.Get(enable) != "1" {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: Number(c, id), Priority: Number(c, priority)}
}
