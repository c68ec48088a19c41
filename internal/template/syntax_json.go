package template

import (
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// jsonSyntax is JSON. Strings and brackets are followed by the compiler; the
// order of commas and names is checked in the finished output.
type jsonSyntax struct{}

const (
	jsonPlain = iota
	jsonString
	jsonEscape // behind \
	jsonHex    // in the digits of \u
)

func (jsonSyntax) literal(s state, text string) (state, int, string) {
	for i := range len(text) {
		c := text[i]
		switch s.mode {
		case jsonPlain:
			switch c {
			case '"':
				s.mode = jsonString
			case '{', '[':
				if len(s.stack) > maxStack {
					return s, i, "brackets are nested too deep"
				}
				s.stack += string([]byte{c})
			case '}', ']':
				open := strings.TrimSuffix(s.stack, "{")
				if c == ']' {
					open = strings.TrimSuffix(s.stack, "[")
				}
				if open == s.stack {
					return s, i, "this bracket closes nothing that is open"
				}
				s.stack = open
			}
		case jsonString:
			switch {
			case c == '"':
				s.mode = jsonPlain
			case c == '\\':
				s.mode = jsonEscape
			case c < ' ':
				return s, i, `a string ends on its own line; write \n for a line break and \t for a tab`
			}
		case jsonEscape:
			switch {
			case c == 'u':
				s.mode, s.word = jsonHex, ""
			case strings.IndexByte(`"\/bfnrt`, c) >= 0:
				s.mode = jsonString
			default:
				return s, i, `JSON knows no such escape; a plain \ is written \\`
			}
		case jsonHex:
			if !strings.ContainsRune("0123456789abcdefABCDEF", rune(c)) {
				return s, i, `\u needs four hex digits`
			}
			if s.word += "0"; len(s.word) == 4 {
				s.mode, s.word = jsonString, ""
			}
		}
	}
	return s, 0, ""
}

func (jsonSyntax) slot(s state, k slotKind, _ string) (state, string) {
	switch {
	case s.mode == jsonEscape || s.mode == jsonHex:
		return s, `no value may follow \`
	case s.mode == jsonPlain && k == slotText:
		return s, "text may stand only inside a string: \"{{…}}\""
	}
	return s, ""
}

func (jsonSyntax) meet(a, b state) (state, bool) { return a, a == b }

func (j jsonSyntax) end(s state) string {
	if s != (state{}) {
		return "the file ends " + j.where(s)
	}
	return ""
}

func (jsonSyntax) where(s state) string {
	inside := "outside of every bracket"
	if s.stack != "" {
		inside = "inside " + clip(s.stack)
	}
	if s.mode == jsonPlain {
		return inside
	}
	return "in a string, " + inside
}

func (jsonSyntax) escape(dst []byte, text string) ([]byte, string) {
	const hex = "0123456789abcdef"
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '"' || c == '\\':
			dst = append(dst, '\\', c)
		case c == '\n':
			dst = append(dst, `\n`...)
		case c == '\r':
			dst = append(dst, `\r`...)
		case c == '\t':
			dst = append(dst, `\t`...)
		case c < ' ':
			dst = append(dst, '\\', 'u', '0', '0', hex[c>>4], hex[c&15])
		case c < utf8.RuneSelf:
			dst = append(dst, c)
		default:
			r, n := utf8.DecodeRuneInString(text[i:])
			if r == utf8.RuneError && n == 1 {
				return dst, "bytes that are not UTF-8"
			}
			dst = append(dst, text[i:i+n]...)
			i += n - 1
		}
	}
	return dst, ""
}

func (jsonSyntax) check(out []byte) string {
	if !json.Valid(out) {
		return "the output is no valid JSON: look for a comma too many or missing"
	}
	return ""
}
