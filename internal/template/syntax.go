package template

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

// syntax is what the compiler knows of a format: where in it a value may stand.
// It follows the output from the first byte to the last along every way that a
// program can take, so what it allows is safe for all values.
type syntax interface {
	// literal goes through text that the template's author wrote. A problem
	// comes with the offset of the byte that caused it.
	literal(s state, text string) (next state, at int, problem string)
	// slot goes through a value. source is the expression as written.
	slot(s state, k slotKind, source string) (next state, problem string)
	// meet is the state where two ways come together, unless they may not.
	meet(a, b state) (state, bool)
	// end says what is wrong with an output that ends here, or "".
	end(s state) string
	// where describes a state: "inside <account>".
	where(s state) string
	// escape appends text as a value of the format. A problem is what the
	// format cannot carry.
	escape(dst []byte, text string) (out []byte, problem string)
	// check looks at a whole output.
	check(out []byte) string
}

// state is where in a format the output has come to. States are compared.
type state struct {
	mode  int    // of the format's own
	back  int    // mode to return to
	word  string // what of the current name or token has been read
	stack string // what is open
	begun bool   // xml: something has been written
	done  bool   // xml: the document's element has begun
	dead  bool   // no way leads here
}

type slotKind int

const (
	slotText slotKind = iota
	slotDigits
	slotYesNo
)

// maxStack bounds what a format remembers of open elements, in bytes.
const maxStack = 2048

func newSyntax(name, separator string) syntax {
	switch name {
	case "line":
		return lineSyntax{separator}
	case "xml":
		return xmlSyntax{}
	case "json":
		return jsonSyntax{}
	}
	return nil
}

const yesNoProblem = "yes/no has no spelling of its own in this file; write {{if …}}1{{else}}0{{end}}, with what the phone expects"

// lineSyntax is lines of a name, a separator and a value.
type lineSyntax struct{ separator string }

const (
	lineStart = iota
	lineName
	lineValue
	lineComment
	lineMixed // one of the others, by the way taken; the line has to end here
)

const mixedProblem = "the branches before this end in different places of the line: give each of them its line break, or begin a new line here"

func (l lineSyntax) literal(s state, text string) (state, int, string) {
	for i := range len(text) {
		c := text[i]
		switch {
		case c == '\n':
			s = state{}
			continue
		case s.mode == lineMixed && c != ' ' && c != '\t':
			return s, i, mixedProblem
		case s.mode == lineStart && (c == ' ' || c == '\t'):
			continue
		case s.mode == lineStart && (c == '#' || c == ';'):
			s.mode = lineComment
			continue
		case s.mode == lineStart:
			s.mode = lineName
		}
		if s.mode != lineName {
			continue
		}
		switch {
		case c == l.separator[len(s.word)]:
			s.word = l.separator[:len(s.word)+1]
		case c == l.separator[0]:
			s.word = l.separator[:1]
		default:
			s.word = ""
		}
		if s.word == l.separator {
			s = state{mode: lineValue}
		}
	}
	return s, 0, ""
}

func (l lineSyntax) slot(s state, k slotKind, _ string) (state, string) {
	switch {
	case k == slotYesNo:
		return s, yesNoProblem
	case s.mode == lineMixed:
		return s, mixedProblem
	case s.mode == lineValue:
		return s, ""
	case k == slotDigits:
		if s.mode == lineStart {
			s.mode = lineName
		}
		s.word = ""
		return s, ""
	case s.mode == lineComment:
		return s, "text may not stand in a comment; put it behind the separator of a line"
	}
	return s, "text may stand only behind the separator " + strconv.Quote(l.separator) + " of its line"
}

func (lineSyntax) meet(a, b state) (state, bool) {
	if a.mode != b.mode {
		return state{mode: lineMixed}, true
	}
	if a != b {
		a.word = ""
	}
	return a, true
}

func (lineSyntax) end(state) string { return "" }

func (lineSyntax) where(s state) string {
	switch s.mode {
	case lineStart:
		return "at the start of a line"
	case lineName:
		return "in the name of a line"
	case lineValue:
		return "in the value of a line"
	case lineMixed:
		return "in a line that its branches end in different places"
	}
	return "in a comment"
}

func (lineSyntax) escape(dst []byte, text string) ([]byte, string) {
	if problem := vetLine(text); problem != "" {
		return dst, problem
	}
	return append(dst, text...), ""
}

func (lineSyntax) check([]byte) string { return "" }

// vetLine says what keeps text from standing on one line, or "".
func vetLine(text string) string {
	for i := 0; i < len(text); i++ {
		if c := text[i]; c < ' ' || c >= 0x7f {
			if c == '\n' || c == '\r' {
				return "a line break"
			}
			if c < utf8.RuneSelf {
				return "a control character"
			}
			r, n := utf8.DecodeRuneInString(text[i:])
			if problem := vetRune(r, n); problem != "" {
				return problem
			}
			i += n - 1
		}
	}
	return ""
}

// vetRune says what is wrong with a character that is not ASCII and took n bytes.
func vetRune(r rune, n int) string {
	switch {
	case r == utf8.RuneError && n == 1:
		return "bytes that are not UTF-8"
	case r == 0x85, r == 0x2028, r == 0x2029:
		return "a line break"
	case r <= 0x9f:
		return "a control character"
	case r == 0xfffe, r == 0xffff:
		return "a character that XML does not allow"
	}
	return ""
}

// xmlSyntax is well-formed XML: elements are followed as they open and close.
type xmlSyntax struct{}

const (
	xmlText       = iota
	xmlOpen       // behind <
	xmlName       // in the name of a start tag
	xmlTag        // in a start tag, where space or the end may stand
	xmlTagSpace   // in a start tag behind space, where an attribute may begin
	xmlAttr       // in the name of an attribute
	xmlAttrSpace  // behind the name of an attribute
	xmlEquals     // behind its =
	xmlDouble     // in "…"
	xmlSingle     // in '…'
	xmlSlash      // behind the / of <a/
	xmlClose      // in the name of an end tag
	xmlCloseSpace // behind it
	xmlBang       // behind <!
	xmlComment
	xmlCDATA
	xmlPI
	xmlEntity
	xmlFirst // the state before was that of an empty file
)

func (x xmlSyntax) literal(s state, text string) (state, int, string) {
	for i := range len(text) {
		var problem string
		if s, problem = x.step(s, text[i]); problem != "" {
			return s, i, problem
		}
		s.begun = true
	}
	return s, 0, ""
}

// step goes through one byte.
func (x xmlSyntax) step(s state, c byte) (state, string) {
	space := isXMLSpace(c)
	if len(s.stack)+len(s.word) > maxStack {
		return s, "elements are nested too deep, or a name is too long"
	}
	switch s.mode {
	case xmlText:
		switch {
		case c == '<':
			s.mode, s.word = xmlOpen, ""
			if !s.begun {
				s.back = xmlFirst
			}
		case c == '&' && s.stack != "":
			s.mode, s.back, s.word = xmlEntity, xmlText, ""
		case s.stack == "" && !space && c != '<':
			return s, "text outside of the document's element"
		case c == '>' && s.word == "]]":
			return s, "]]> may not stand in text; write ]]&gt;"
		case c == ']' && len(s.word) < 2:
			s.word += "]"
		case c != ']':
			s.word = ""
		}
	case xmlOpen:
		first := s.back
		s.back = 0
		switch {
		case c == '/':
			if s.stack == "" {
				return s, "this end tag closes nothing"
			}
			s.mode = xmlClose
		case c == '!':
			s.mode = xmlBang
		case c == '?':
			s.mode, s.back = xmlPI, first
		case isNameStart(c):
			if s.stack == "" && s.done {
				return s, "an XML document has one element; put this one inside it"
			}
			s.mode, s.word = xmlName, string([]byte{c})
		default:
			return s, "this < begins no tag; write &lt;"
		}
	case xmlName:
		switch {
		case isNameByte(c):
			s.word += string([]byte{c})
		case space || c == '/' || c == '>':
			s.stack += "<" + s.word
			s.word, s.done = "", true
			s.mode = xmlTag
			return x.step(s, c)
		default:
			return s, "this character may not stand in the name of an element"
		}
	case xmlTag, xmlTagSpace:
		switch {
		case space:
			s.mode = xmlTagSpace
		case c == '>':
			s.mode = xmlText
		case c == '/':
			s.mode = xmlSlash
		case s.mode == xmlTagSpace && isNameStart(c):
			s.mode = xmlAttr
		default:
			return s, "this character may not stand here in a tag"
		}
	case xmlAttr, xmlAttrSpace:
		switch {
		case c == '=':
			s.mode = xmlEquals
		case space:
			s.mode = xmlAttrSpace
		case s.mode == xmlAttr && isNameByte(c):
		default:
			return s, "an attribute needs a value; write name=\"…\""
		}
	case xmlEquals:
		switch {
		case c == '"':
			s.mode = xmlDouble
		case c == '\'':
			s.mode = xmlSingle
		case !space:
			return s, "the value of an attribute must be quoted"
		}
	case xmlDouble, xmlSingle:
		switch {
		case c == '<':
			return s, "< may not stand in an attribute; write &lt;"
		case c == '&':
			s.mode, s.back, s.word = xmlEntity, s.mode, ""
		case c == '"' && s.mode == xmlDouble, c == '\'' && s.mode == xmlSingle:
			s.mode = xmlTag
		}
	case xmlSlash:
		if c != '>' {
			return s, "a > must follow this /"
		}
		s.mode, s.stack = xmlText, parent(s.stack)
	case xmlClose, xmlCloseSpace:
		switch {
		case space && s.word != "":
			s.mode = xmlCloseSpace
		case c == '>':
			if open := innermost(s.stack); s.word != open {
				return s, "</" + clip(s.word) + "> stands where <" + clip(open) + "> is to be closed"
			}
			s.mode, s.stack, s.word = xmlText, parent(s.stack), ""
		case s.mode == xmlClose && isNameByte(c):
			s.word += string([]byte{c})
		default:
			return s, "this character may not stand in an end tag"
		}
	case xmlBang:
		s.word += string([]byte{c})
		switch {
		case s.word == "--":
			s.mode, s.word = xmlComment, ""
		case s.word == "[CDATA[":
			if s.stack == "" {
				return s, "text outside of the document's element"
			}
			s.mode, s.word = xmlCDATA, ""
		case !strings.HasPrefix("--", s.word) && !strings.HasPrefix("[CDATA[", s.word):
			return s, "only comments and CDATA may begin with <!"
		}
	case xmlComment:
		switch {
		case s.word == "--" && c != '>':
			return s, "-- may not stand in a comment"
		case s.word == "--":
			s.mode, s.word = xmlText, ""
		case c == '-':
			s.word += "-"
		default:
			s.word = ""
		}
	case xmlCDATA:
		switch {
		case s.word == "]]" && c == '>':
			s.mode, s.word = xmlText, ""
		case c == ']' && len(s.word) < 2:
			s.word += "]"
		case c != ']':
			s.word = ""
		}
	case xmlPI:
		if c == '>' && strings.HasSuffix(s.word, "?") {
			problem := vetPI(strings.TrimSuffix(s.word, "?"), s.back != xmlFirst)
			s.mode, s.word, s.back = xmlText, "", 0
			return s, problem
		}
		if len(s.word) > 256 {
			return s, "the processing instruction is too long"
		}
		s.word += string([]byte{c})
	case xmlEntity:
		if c != ';' {
			if s.word += string([]byte{c}); len(s.word) > 10 {
				return s, "this & begins no entity; write &amp;"
			}
			return s, ""
		}
		if _, ok := entity(s.word); !ok {
			return s, "&" + clip(s.word) + "; is not known to a phone; there are &lt; &gt; &amp; &quot; &apos; and numbers"
		}
		s.mode, s.back, s.word = s.back, 0, ""
	}
	return s, ""
}

// vetPI looks at what is between <? and ?>.
func vetPI(text string, late bool) string {
	target, rest, _ := strings.Cut(text, " ")
	switch {
	case target == "" || !isNameStart(target[0]):
		return "a processing instruction has a name: <?name …?>"
	case !strings.EqualFold(target, "xml"):
		return ""
	case late:
		return "the XML declaration belongs at the very beginning of the file"
	}
	version := strings.Contains(rest, `version="1.0"`) || strings.Contains(rest, "version='1.0'")
	lower := strings.ToLower(rest)
	_, encoding, named := strings.Cut(lower, "encoding")
	encoding = strings.TrimLeft(encoding, " =\"'")
	if target != "xml" || !version || named && !strings.HasPrefix(encoding, "utf-8") {
		return `write the XML declaration as <?xml version="1.0" encoding="UTF-8"?>`
	}
	return ""
}

func isNameStart(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
}

func isNameByte(c byte) bool {
	return isNameStart(c) || '0' <= c && c <= '9' || c == '-' || c == '.' || c == ':'
}

func innermost(stack string) string { return stack[strings.LastIndexByte(stack, '<')+1:] }

func parent(stack string) string { return stack[:strings.LastIndexByte(stack, '<')] }

func (xmlSyntax) slot(s state, k slotKind, source string) (state, string) {
	switch s.mode {
	case xmlComment:
		return s, "no value may stand in a comment"
	case xmlCDATA:
		return s, "no value may stand in CDATA; write it as plain text, it is escaped anyway"
	case xmlPI:
		return s, "no value may stand in <?…?>"
	case xmlEntity:
		return s, "no value may stand in an entity"
	case xmlEquals:
		return s, "the value of an attribute must be quoted"
	case xmlText:
		if s.stack == "" {
			return s, "no value may stand outside of the document's element"
		}
		s.word = ""
	}
	if len(s.word) > maxStack {
		return s, "this name is too long"
	}
	inText := s.mode == xmlText || s.mode == xmlDouble || s.mode == xmlSingle
	inName := s.mode == xmlName || s.mode == xmlAttr || s.mode == xmlClose && s.word != ""
	switch {
	case k == slotYesNo:
		return s, yesNoProblem
	case inText:
		return s, ""
	case !inName:
		return s, "no value may stand here in a tag; values stand in text, in quoted attributes and, if numbers, in names"
	case k == slotText:
		return s, "text may not stand in a name, only numbers"
	}
	if s.mode != xmlAttr {
		s.word += "{{" + source + "}}"
	}
	return s, ""
}

func (xmlSyntax) meet(a, b state) (state, bool) {
	if a.mode == xmlText && b.mode == xmlText {
		// Of the ways here, one may have come closer to ]]> than the other.
		a.word = max(a.word, b.word)
		b.word = a.word
	}
	return a, a == b
}

func (x xmlSyntax) end(s state) string {
	switch {
	case s.mode != xmlText:
		return "the file ends " + x.where(s)
	case s.stack != "":
		return "<" + clip(innermost(s.stack)) + "> is not closed"
	case !s.done:
		return "an XML file needs an element"
	}
	return ""
}

func (xmlSyntax) where(s state) string {
	inside := "outside of every element"
	if s.stack != "" {
		inside = "inside " + clip(strings.ReplaceAll(s.stack, "<", " <")[1:])
	}
	switch s.mode {
	case xmlText:
		return inside
	case xmlDouble, xmlSingle, xmlEquals:
		return "in the value of an attribute, " + inside
	case xmlComment:
		return "in a comment, " + inside
	case xmlCDATA:
		return "in CDATA, " + inside
	case xmlEntity:
		return "in an entity, " + inside
	}
	return "in a tag, " + inside
}

func (xmlSyntax) escape(dst []byte, text string) ([]byte, string) {
	from := 0
	for i := 0; i < len(text); i++ {
		var entity string
		switch c := text[i]; {
		case c == '&':
			entity = "&amp;"
		case c == '<':
			entity = "&lt;"
		case c == '>':
			entity = "&gt;"
		case c == '"':
			entity = "&quot;"
		case c == '\'':
			entity = "&apos;"
		case c == '\n' || c == '\r':
			return dst, "a line break"
		case c < ' ' || c == 0x7f:
			return dst, "a control character"
		case c < utf8.RuneSelf:
			continue
		default:
			r, n := utf8.DecodeRuneInString(text[i:])
			if problem := vetRune(r, n); problem != "" {
				return dst, problem
			}
			i += n - 1
			continue
		}
		dst = append(dst, text[from:i]...)
		dst = append(dst, entity...)
		from = i + 1
	}
	return append(dst, text[from:]...), ""
}

func (xmlSyntax) check([]byte) string { return "" }
