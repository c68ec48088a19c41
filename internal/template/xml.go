package template

import (
	"strconv"
	"strings"
	"unicode/utf8"
)

const (
	maxSource = 256 << 10 // bytes of one template file
	maxDepth  = 64        // elements inside one another
)

// element is one XML element. Offsets are those of the file.
type element struct {
	name     string
	at       int
	attrs    []attribute
	children []*element
	text     body // all character data between its tags
}

type attribute struct {
	name, value string
	at          int // of the name
	valueAt     int // of the first byte between the quotes
}

func (e *element) attr(name string) (attribute, bool) {
	for _, a := range e.attrs {
		if a.name == name {
			return a, true
		}
	}
	return attribute{}, false
}

// value returns the value of an attribute, or "".
func (e *element) value(name string) string {
	a, _ := e.attr(name)
	return a.value
}

// body is text taken from a file, with marks by which its bytes find their way
// back there through CDATA sections and entities.
type body struct {
	text  string
	marks []mark
}

// mark says that the text from offset text on was read from offset src on, or, if
// one is set, that it all stands for what is there.
type mark struct {
	text, src int
	one       bool
}

// offset returns where in the file the byte at i came from.
func (b body) offset(i int) int {
	lo, hi := 0, len(b.marks)
	for lo < hi {
		if mid := (lo + hi) / 2; b.marks[mid].text <= i {
			lo = mid + 1
		} else {
			hi = mid
		}
	}
	if lo == 0 {
		return 0
	}
	m := b.marks[lo-1]
	if m.one {
		return m.src
	}
	return m.src + i - m.text
}

// from returns the body without its first n bytes.
func (b body) from(n int) body {
	cut := body{text: b.text[n:], marks: []mark{{src: b.offset(n)}}}
	for _, m := range b.marks {
		if m.text <= n {
			cut.marks[0].one = m.one
			continue
		}
		m.text -= n
		cut.marks = append(cut.marks, m)
	}
	return cut
}

// xmlReader reads the part of XML 1.0 that a template needs and refuses the
// rest: no DTD, no entities beyond the five, no namespace prefixes.
type xmlReader struct {
	src *source
	pos int
}

// readXML returns the root element of a file.
func readXML(src *source) (*element, *Error) {
	if err := vetText(src); err != nil {
		return nil, err
	}
	r := &xmlReader{src: src}
	r.skip("\ufeff")
	if err := r.declaration(); err != nil {
		return nil, err
	}
	if err := r.misc(); err != nil {
		return nil, err
	}
	if r.pos == len(src.text) {
		return nil, src.errorf(r.pos, "the file is empty; begin with <template>")
	}
	if r.peek() != '<' {
		return nil, src.errorf(r.pos, "text before the first element; begin with <template>")
	}
	root, err := r.element(1)
	if err != nil {
		return nil, err
	}
	if err := r.misc(); err != nil {
		return nil, err
	}
	if r.pos < len(src.text) {
		return nil, src.errorf(r.pos, "something follows the end of <%s>; a template is one element", root.name)
	}
	return root, nil
}

// vetText refuses what no XML file may hold.
func vetText(src *source) *Error {
	if len(src.text) > maxSource {
		return &Error{File: src.name, Msg: "the template is larger than 256 KiB"}
	}
	for i := 0; i < len(src.text); {
		if c := src.text[i]; c < utf8.RuneSelf {
			if c < ' ' && c != '\t' && c != '\n' && c != '\r' || c == 0x7f {
				return src.errorf(i, "control character %#02x; remove it", c)
			}
			i++
			continue
		}
		c, n := utf8.DecodeRuneInString(src.text[i:])
		if c == utf8.RuneError && n == 1 {
			return src.errorf(i, "this byte is not UTF-8; save the template in UTF-8")
		}
		if c == 0xfffe || c == 0xffff {
			return src.errorf(i, "character %U is not allowed in XML; remove it", c)
		}
		i += n
	}
	return nil
}

func (r *xmlReader) rest() string { return r.src.text[r.pos:] }

func (r *xmlReader) peek() byte {
	if r.pos < len(r.src.text) {
		return r.src.text[r.pos]
	}
	return 0
}

func (r *xmlReader) skip(prefix string) bool {
	if strings.HasPrefix(r.rest(), prefix) {
		r.pos += len(prefix)
		return true
	}
	return false
}

func (r *xmlReader) space() bool {
	from := r.pos
	for isXMLSpace(r.peek()) {
		r.pos++
	}
	return r.pos > from
}

func isXMLSpace(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' }

// name reads a name. Templates have ASCII names only, and no prefixes.
func (r *xmlReader) name() string {
	from := r.pos
	for ; r.pos < len(r.src.text); r.pos++ {
		c := r.src.text[r.pos]
		letter := 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || c == '_'
		if !letter && (r.pos == from || c != '-' && c != '.' && c != ':' && (c < '0' || '9' < c)) {
			break
		}
	}
	return r.src.text[from:r.pos]
}

// through moves behind the next occurrence of end and returns what was before it.
func (r *xmlReader) through(end string) (string, bool) {
	before, _, found := strings.Cut(r.rest(), end)
	if found {
		r.pos += len(before) + len(end)
	}
	return before, found
}

func (r *xmlReader) declaration() *Error {
	at := r.pos
	if !strings.HasPrefix(r.rest(), "<?xml") || len(r.rest()) < 6 || !isXMLSpace(r.rest()[5]) {
		return nil
	}
	r.pos += len("<?xml")
	attrs, err := r.attributes()
	if err != nil {
		return err
	}
	if !r.skip("?>") {
		return r.src.errorf(at, "the XML declaration does not end; write <?xml version=\"1.0\" encoding=\"UTF-8\"?>")
	}
	for _, a := range attrs {
		switch {
		case a.name == "version" && a.value != "1.0":
			return r.src.errorf(a.valueAt, "XML version %s is not supported; write 1.0", clip(a.value))
		case a.name == "encoding" && !strings.EqualFold(a.value, "UTF-8"):
			return r.src.errorf(a.valueAt, "encoding %s is not supported; save the template in UTF-8 and write UTF-8", clip(a.value))
		}
	}
	return nil
}

// misc skips space, comments and processing instructions.
func (r *xmlReader) misc() *Error {
	for {
		r.space()
		skipped, err := r.aside()
		if err != nil || !skipped {
			return err
		}
	}
}

// aside skips one comment or processing instruction, and refuses a DTD.
func (r *xmlReader) aside() (bool, *Error) {
	at := r.pos
	switch {
	case r.skip("<!--"):
		text, found := r.through("-->")
		if !found {
			return false, r.src.errorf(at, "the comment does not end; close it with -->")
		}
		if i := strings.Index(text+"-", "--"); i >= 0 {
			return false, r.src.errorf(at+4+i, "-- may not stand in a comment")
		}
	case r.skip("<?"):
		if name := r.name(); name == "" || strings.EqualFold(name, "xml") {
			return false, r.src.errorf(at, "the XML declaration belongs at the very beginning of the file")
		}
		if _, found := r.through("?>"); !found {
			return false, r.src.errorf(at, "the processing instruction does not end; close it with ?>")
		}
	case strings.HasPrefix(r.rest(), "<!DOCTYPE"), strings.HasPrefix(r.rest(), "<!ENTITY"):
		return false, r.src.errorf(at, "a template may have no DTD; remove it")
	default:
		return false, nil
	}
	return true, nil
}

func (r *xmlReader) attributes() ([]attribute, *Error) {
	var attrs []attribute
	for {
		spaced := r.space()
		a := attribute{at: r.pos}
		if a.name = r.name(); a.name == "" {
			return attrs, nil
		}
		if !spaced {
			return nil, r.src.errorf(a.at, "a space is missing before the attribute %s", clip(a.name))
		}
		for _, b := range attrs {
			if a.name == b.name {
				return nil, r.src.errorf(a.at, "the attribute %s is there twice", clip(a.name))
			}
		}
		if len(attrs) == maxDepth {
			return nil, r.src.errorf(a.at, "too many attributes")
		}
		r.space()
		if !r.skip("=") {
			return nil, r.src.errorf(r.pos, "the attribute %s has no value; write %[1]s=\"…\"", clip(a.name))
		}
		r.space()
		quote := r.peek()
		if quote != '"' && quote != '\'' {
			return nil, r.src.errorf(r.pos, "the value of %s is not quoted; write %[1]s=\"…\"", clip(a.name))
		}
		r.pos++
		a.valueAt = r.pos
		var value strings.Builder
		for r.peek() != quote {
			switch c := r.peek(); {
			case r.pos == len(r.src.text):
				return nil, r.src.errorf(a.at, "the value of %s does not end; close it with %c", clip(a.name), quote)
			case c == '<':
				return nil, r.src.errorf(r.pos, "< may not stand in an attribute; write &lt;")
			case c == '&':
				text, err := r.reference()
				if err != nil {
					return nil, err
				}
				value.WriteString(text)
			case isXMLSpace(c):
				if !r.skip("\r\n") {
					r.pos++
				}
				value.WriteByte(' ')
			default:
				value.WriteByte(c)
				r.pos++
			}
		}
		r.pos++
		a.value = value.String()
		attrs = append(attrs, a)
	}
}

// reference reads &lt; and the like, and &#10; and the like.
func (r *xmlReader) reference() (string, *Error) {
	at := r.pos
	name, _, found := strings.Cut(r.rest()[1:], ";")
	if found && len(name) <= 10 {
		if c, ok := entity(name); ok {
			r.pos += len(name) + 2
			return c, nil
		}
		if strings.HasPrefix(name, "#") {
			return "", r.src.errorf(at, "&%s; is no character that XML allows", name)
		}
	}
	return "", r.src.errorf(at, "only &lt; &gt; &amp; &quot; &apos; and numbers such as &#10; are known; a plain & is written &amp;")
}

// entity returns what stands between & and ; for.
func entity(name string) (string, bool) {
	switch name {
	case "lt":
		return "<", true
	case "gt":
		return ">", true
	case "amp":
		return "&", true
	case "quot":
		return `"`, true
	case "apos":
		return "'", true
	}
	digits, numeric := strings.CutPrefix(name, "#")
	base := 10
	if hex, ok := strings.CutPrefix(digits, "x"); ok {
		digits, base = hex, 16
	}
	n, err := strconv.ParseUint(digits, base, 32)
	if !numeric || err != nil || n > utf8.MaxRune || !isXMLChar(rune(n)) {
		return "", false
	}
	return string(rune(n)), true
}

// isXMLChar reports whether a document may hold c: control characters other
// than tab and the line breaks are left out.
func isXMLChar(c rune) bool {
	switch {
	case c == '\t', c == '\n', c == '\r':
		return true
	case c < ' ', 0x7f <= c && c <= 0x9f, 0xd800 <= c && c <= 0xdfff, c == 0xfffe, c == 0xffff:
		return false
	}
	return c <= utf8.MaxRune
}

// element reads one element from its < on.
func (r *xmlReader) element(depth int) (*element, *Error) {
	e := &element{at: r.pos}
	if depth > maxDepth {
		return nil, r.src.errorf(e.at, "elements are nested deeper than %d", maxDepth)
	}
	r.pos++
	if e.name = r.name(); e.name == "" {
		return nil, r.src.errorf(e.at, "this < begins no element; write &lt;, or put the text into <![CDATA[ … ]]>")
	}
	var err *Error
	if e.attrs, err = r.attributes(); err != nil {
		return nil, err
	}
	if r.skip("/>") {
		return e, nil
	}
	if !r.skip(">") {
		if r.pos == len(r.src.text) {
			return nil, r.src.errorf(e.at, "the tag <%s does not end; close it with >", clip(e.name))
		}
		return nil, r.src.errorf(r.pos, "unexpected %q in the tag <%s>", firstRune(r.rest()), clip(e.name))
	}
	var text strings.Builder
	add := func(s string, at int) {
		if n := len(e.text.marks); n == 0 || e.text.marks[n-1].src+text.Len()-e.text.marks[n-1].text != at {
			e.text.marks = append(e.text.marks, mark{text: text.Len(), src: at})
		}
		text.WriteString(s)
	}
	// plain adds text as it stands, with line breaks as XML reads them.
	plain := func(s string, at int) {
		for {
			i := strings.IndexByte(s, '\r')
			if i < 0 {
				break
			}
			add(s[:i], at)
			s, at = s[i+1:], at+i+1
			if !strings.HasPrefix(s, "\n") {
				add("\n", at-1)
			}
		}
		if s != "" {
			add(s, at)
		}
	}
	for {
		at := r.pos
		if r.pos == len(r.src.text) {
			return nil, r.src.errorf(e.at, "<%s> is not closed; write </%[1]s>", clip(e.name))
		}
		switch {
		case r.skip("</"):
			if name := r.name(); name != e.name {
				line, _ := r.src.place(e.at)
				return nil, r.src.errorf(at, "</%s> closes <%s> of line %d; write </%[2]s>", clip(name), clip(e.name), line)
			}
			r.space()
			if !r.skip(">") {
				return nil, r.src.errorf(at, "the tag </%s does not end; close it with >", clip(e.name))
			}
			e.text.text = text.String()
			return e, nil
		case r.skip("<![CDATA["):
			s, found := r.through("]]>")
			if !found {
				return nil, r.src.errorf(at, "the CDATA section does not end; close it with ]]>")
			}
			plain(s, at+len("<![CDATA["))
		case r.peek() == '<':
			skipped, err := r.aside()
			if err != nil {
				return nil, err
			}
			if skipped {
				continue
			}
			child, err := r.element(depth + 1)
			if err != nil {
				return nil, err
			}
			e.children = append(e.children, child)
		case r.peek() == '&':
			s, err := r.reference()
			if err != nil {
				return nil, err
			}
			add(s, at)
			e.text.marks = append(e.text.marks, mark{text: text.Len(), src: r.pos})
		default:
			n := strings.IndexAny(r.rest(), "<&")
			if n < 0 {
				n = len(r.rest())
			}
			if i := strings.Index(r.rest()[:n], "]]>"); i >= 0 {
				return nil, r.src.errorf(r.pos+i, "]]> may not stand in text; write ]]&gt;")
			}
			plain(r.rest()[:n], at)
			r.pos += n
		}
	}
}

func firstRune(s string) rune {
	c, _ := utf8.DecodeRuneInString(s)
	return c
}
