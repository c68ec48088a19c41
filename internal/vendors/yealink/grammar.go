package yealink

import (
	"bytes"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/vendors"
)

const (
	header = "#!version:1.0.0.1"

	// unset as a value puts a parameter back to its default; empty, which phones
	// write when they export their configuration, makes it empty.
	unset = "%NULL%"
	empty = "%EMPTY%"

	// userPassword is the one parameter that a file sets several times, once for
	// each user. It is kept under its name and the user's in brackets.
	userPassword = "static.security.user_password"

	overwriteMode = "overwrite_mode"
)

// parse reads a .cfg or, by its name, a .boot file.
//
//	file     = header *( LF line )
//	line     = "" / "#" comment / setting / include / overwrite
//	setting  = name "=" value                     ; in a .cfg
//	include  = [ "[" model "]" ] "include:config" ( "<" url ">" / DQUOTE url DQUOTE )
//	overwrite = "overwrite_mode" "=" ( "0" / "1" ) ; both in a .boot
//
// Blanks around a name and a value mean nothing. A setting without a value is an
// error: by the overwrite mode a phone either ignores it or takes the default,
// which is what %NULL% says outright. An include keeps the model in brackets.
func parse(file string, body []byte) (*vendor.Config, error) {
	p := parser{file: file, boot: strings.HasSuffix(strings.ToLower(file), ".boot"), config: new(vendor.Config)}
	if !utf8.Valid(body) {
		return nil, fmt.Errorf("%s is not UTF-8", file)
	}
	if i := bytes.IndexFunc(body, isControl); i >= 0 {
		return nil, fmt.Errorf("%s, line %d: a control character", file, 1+bytes.Count(body[:i], []byte("\n")))
	}
	first, rest, _ := strings.Cut(string(body), "\n")
	if strings.TrimSuffix(first, "\r") != header {
		return nil, fmt.Errorf("%s, line 1: a phone refuses a file that does not begin with %s", file, header)
	}
	for p.line = 2; rest != ""; p.line++ {
		var line string
		line, rest, _ = strings.Cut(rest, "\n")
		line = strings.Trim(line, " \t\r")
		if line == "" || line[0] == '#' {
			continue
		}
		if err := p.read(line); err != nil {
			return nil, fmt.Errorf("%s, line %d: %w", file, p.line, err)
		}
	}
	return p.config, nil
}

func isControl(r rune) bool {
	return r < ' ' && r != '\t' && r != '\r' && r != '\n' || 0x7f <= r && r <= 0x9f
}

type parser struct {
	file   string
	boot   bool
	line   int
	config *vendor.Config
}

func (p *parser) read(line string) error {
	if isInclude(line) {
		if !p.boot {
			return errors.New("only a .boot file may include others")
		}
		return p.include(line)
	}
	param, value, found := strings.Cut(line, "=")
	param, value = strings.TrimRight(param, " \t"), strings.TrimLeft(value, " \t")
	switch {
	case !found:
		return errors.New("neither a comment nor parameter = value")
	case param == overwriteMode && p.boot:
		if value != "0" && value != "1" {
			return errors.New("overwrite_mode is 0 or 1")
		}
	case p.boot:
		return errors.New("a .boot file may only include .cfg files and set overwrite_mode")
	case !isParameter(param):
		return errors.New("this is no name of a parameter: words of letters, digits and _ joined by dots")
	case value == "":
		return fmt.Errorf("%s has no value; %s puts it back to its default", param, unset)
	case strings.TrimPrefix(param, "static.") == strings.TrimPrefix(userPassword, "static."):
		user, password, ok := strings.Cut(value, ":")
		if !ok || user == "" || password == "" {
			return fmt.Errorf("%s wants user:password", param)
		}
		param, value = param+"["+user+"]", password
	}
	p.config.Line = p.line
	return p.config.Add(param, value)
}

func isInclude(line string) bool {
	if strings.HasPrefix(line, "[") {
		_, line, _ = strings.Cut(line, "]")
	}
	return strings.HasPrefix(line, "include:")
}

func (p *parser) include(line string) error {
	model, url := "", line
	if strings.HasPrefix(line, "[") {
		end := strings.IndexByte(line, ']')
		if model = line[:end+1]; !isModel(line[1:end]) {
			return errors.New("the brackets before include:config hold a model, such as [T54W]")
		}
		url = line[end+1:]
	}
	url, ok := strings.CutPrefix(url, "include:config")
	if !ok {
		return errors.New("only include:config is known")
	}
	url = strings.TrimLeft(url, " \t")
	inner, quoted := cutQuotes(url, '"', '"')
	if !quoted {
		inner, quoted = cutQuotes(url, '<', '>')
	}
	if !quoted {
		return errors.New(`write include:config "file.cfg" or include:config <file.cfg>`)
	}
	if !strings.HasSuffix(strings.ToLower(inner), ".cfg") {
		return errors.New("an included file ends with .cfg")
	}
	p.config.Includes = append(p.config.Includes, model+inner)
	return nil
}

func cutQuotes(s string, open, shut byte) (string, bool) {
	if len(s) < 3 || s[0] != open || s[len(s)-1] != shut {
		return "", false
	}
	inner := s[1 : len(s)-1]
	return inner, !strings.ContainsAny(inner, `"<>`)
}

// isParameter reports whether s is spelled as a parameter's name is.
func isParameter(s string) bool {
	words := 0
	for word := range strings.SplitSeq(s, ".") {
		words++
		if rest, n := trim(word, isWord); rest != "" || n == 0 {
			return false
		}
	}
	return words > 1
}

func isWord(c byte) bool { return isUpper(c) || isDigit(c) || 'a' <= c && c <= 'z' || c == '_' }
