package listquery

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Bounds of what Parse reads. They keep a query's cost near that of its list.
const (
	MaxTop    = 100 // also the default
	MaxSkip   = 1 << 30
	maxSearch = 256  // characters
	maxFilter = 2048 // bytes
	maxDepth  = 16   // of parentheses and nots
	maxTerms  = 64   // comparisons and functions in one filter
	maxOrder  = 8    // fields
)

// Error says which parameter of a list query is wrong, where and why. It is safe
// to show: it repeats no more of the query than a field's name.
type Error struct {
	Param    string // "filter"
	Position int    // character from 1, or 0 where the whole parameter is meant
	Message  string
}

func (e *Error) Error() string {
	if e.Position == 0 {
		return e.Param + ": " + e.Message
	}
	return fmt.Sprintf("%s: position %d: %s", e.Param, e.Position, e.Message)
}

// params are what Parse reads, each also with a leading $.
var params = []string{"top", "skip", "count", "orderby", "search", "filter"}

// Parse reads the parameters of a list request. Every parameter may be left out
// and may be spelled with a leading $; any other name is an error, as is a field
// that is not among fields or a literal of another type than its field's. All
// errors are of type *Error.
func Parse(v url.Values, fields Fields) (Query, error) {
	got := make(map[string]string, len(params))
	for _, name := range slices.Sorted(maps.Keys(v)) {
		values := v[name]
		param := strings.TrimPrefix(name, "$")
		if !slices.Contains(params, param) {
			return Query{}, &Error{Param: clip(name), Message: "there is no such list parameter; there are " + strings.Join(params, ", ")}
		}
		if _, twice := got[param]; twice || len(values) != 1 {
			return Query{}, &Error{Param: param, Message: "is given more than once"}
		}
		if !utf8.ValidString(values[0]) {
			return Query{}, &Error{Param: param, Message: "is not UTF-8 text"}
		}
		got[param] = values[0]
	}

	q := Query{Top: MaxTop}
	var err error
	if s, ok := got["top"]; ok {
		if q.Top, err = number("top", s, 1, MaxTop); err != nil {
			return Query{}, err
		}
	}
	if s, ok := got["skip"]; ok {
		if q.Skip, err = number("skip", s, 0, MaxSkip); err != nil {
			return Query{}, err
		}
	}
	switch s, ok := got["count"]; {
	case s == "true":
		q.Count = true
	case ok && s != "false":
		return Query{}, &Error{Param: "count", Message: "expected true or false"}
	}
	q.Search = strings.TrimSpace(got["search"])
	if utf8.RuneCountInString(q.Search) > maxSearch {
		return Query{}, &Error{Param: "search", Message: fmt.Sprintf("is longer than %d characters", maxSearch)}
	}
	if i := strings.IndexFunc(q.Search, unicode.IsControl); i >= 0 {
		return Query{}, &Error{Param: "search", Position: utf8.RuneCountInString(q.Search[:i]) + 1, Message: "control characters cannot be searched for"}
	}
	if q.Order, err = parseOrder(got["orderby"], fields); err != nil {
		return Query{}, err
	}
	if q.Filter, err = parseFilter(got["filter"], fields); err != nil {
		return Query{}, err
	}
	return q, nil
}

func number(param, s string, least, most int) (int, error) {
	n, err := strconv.Atoi(s)
	if err != nil || n < least || n > most || s[0] == '+' {
		return 0, &Error{Param: param, Message: fmt.Sprintf("expected a whole number from %d to %d", least, most)}
	}
	return n, nil
}

func parseOrder(s string, fields Fields) ([]Order, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	var orders []Order
	p := &parser{param: "orderby", text: s, fields: fields}
	for p.next(); ; p.next() {
		at := p.at
		name, _, err := p.field()
		if err != nil {
			return nil, err
		}
		if slices.ContainsFunc(orders, func(o Order) bool { return o.Field == name }) {
			return nil, p.failAt(at, "%s is listed twice", name)
		}
		if len(orders) == maxOrder {
			return nil, p.failAt(at, "at most %d fields can be sorted by", maxOrder)
		}
		o := Order{Field: name}
		if p.kind == word && (p.tok == "asc" || p.tok == "desc") {
			o.Desc = p.tok == "desc"
			p.next()
		}
		orders = append(orders, o)
		switch p.kind {
		case end:
			return orders, nil
		case comma:
		default:
			return nil, p.fail("expected asc, desc, a comma or the end")
		}
	}
}

func parseFilter(s string, fields Fields) (*Expr, error) {
	if strings.TrimSpace(s) == "" {
		return nil, nil
	}
	p := &parser{param: "filter", text: s, fields: fields}
	if len(s) > maxFilter {
		return nil, &Error{Param: p.param, Message: fmt.Sprintf("is longer than %d bytes", maxFilter)}
	}
	p.next()
	e, err := p.or(0)
	if err != nil {
		return nil, err
	}
	if p.kind != end {
		return nil, p.fail("expected and, or or the end")
	}
	return e, nil
}

// token is the kind of what the parser stands at.
type token int

const (
	end token = iota
	word
	text // a 'literal', unquoted
	integer
	open
	closing
	comma
	broken // a character that begins nothing
	unclosed
)

// parser is a recursive-descent parser over one parameter, one token ahead.
type parser struct {
	param  string
	text   string
	fields Fields
	terms  int

	off  int    // of the rest of text
	at   int    // of the token
	kind token  //
	tok  string // its text
}

func (p *parser) fail(format string, args ...any) error { return p.failAt(p.at, format, args...) }

func (p *parser) failAt(at int, format string, args ...any) error {
	return &Error{Param: p.param, Position: utf8.RuneCountInString(p.text[:at]) + 1, Message: fmt.Sprintf(format, args...)}
}

func isWord(c byte) bool {
	return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' || '0' <= c && c <= '9' || c == '_'
}

func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// next moves to the next token.
func (p *parser) next() {
	s := p.text
	for p.off < len(s) && s[p.off] == ' ' {
		p.off++
	}
	p.at = p.off
	if p.off == len(s) {
		p.kind, p.tok = end, ""
		return
	}
	i := p.off
	switch c := s[i]; {
	case c == '(':
		p.kind, i = open, i+1
	case c == ')':
		p.kind, i = closing, i+1
	case c == ',':
		p.kind, i = comma, i+1
	case c == '\'':
		var ok bool
		p.tok, i, ok = quoted(s, i+1)
		p.kind, p.off = text, i
		if !ok {
			p.kind = unclosed
		}
		return
	case isDigit(c) || c == '-' && i+1 < len(s) && isDigit(s[i+1]):
		p.kind = integer
		for i++; i < len(s) && isDigit(s[i]); i++ {
		}
		for ; i < len(s) && isWord(s[i]); i++ {
			p.kind = broken
		}
	case isWord(c):
		p.kind = word
		for ; i < len(s) && isWord(s[i]); i++ {
		}
	default:
		p.kind = broken
		i++
	}
	p.tok, p.off = s[p.off:i], i
}

// quoted reads a literal from after its first quote; two quotes stand for one.
func quoted(s string, i int) (unquoted string, after int, ok bool) {
	var b strings.Builder
	for i < len(s) {
		n := strings.IndexByte(s[i:], '\'')
		if n < 0 {
			break
		}
		b.WriteString(s[i : i+n])
		i += n + 1
		if i == len(s) || s[i] != '\'' {
			return b.String(), i, true
		}
		b.WriteByte('\'')
		i++
	}
	return "", len(s), false
}

func (p *parser) or(depth int) (*Expr, error) {
	return p.joined(Or, func() (*Expr, error) {
		return p.joined(And, func() (*Expr, error) { return p.term(depth) })
	})
}

// joined reads one or more terms with op between them.
func (p *parser) joined(op Op, term func() (*Expr, error)) (*Expr, error) {
	first, err := term()
	if err != nil || p.kind != word || p.tok != string(op) {
		return first, err
	}
	e := &Expr{Op: op, Args: []*Expr{first}}
	for p.kind == word && p.tok == string(op) {
		p.next()
		next, err := term()
		if err != nil {
			return nil, err
		}
		e.Args = append(e.Args, next)
	}
	return e, nil
}

// term reads a parenthesis, a negation, a function or a comparison.
func (p *parser) term(depth int) (*Expr, error) {
	if depth == maxDepth {
		return nil, p.fail("parentheses are nested more than %d deep", maxDepth)
	}
	if p.kind == open {
		p.next()
		e, err := p.or(depth + 1)
		if err != nil {
			return nil, err
		}
		return e, p.expect(closing, "and, or or a closing parenthesis")
	}
	if p.kind == word && p.tok == string(Not) {
		p.next()
		e, err := p.term(depth + 1)
		if err != nil {
			return nil, err
		}
		return &Expr{Op: Not, Args: []*Expr{e}}, nil
	}
	if p.terms++; p.terms > maxTerms {
		return nil, p.fail("there are more than %d comparisons", maxTerms)
	}
	if p.kind == word {
		switch op := Op(p.tok); op {
		case StartsWith, EndsWith, Contains:
			return p.function(op)
		}
	}
	return p.comparison()
}

func (p *parser) function(op Op) (*Expr, error) {
	p.next()
	if err := p.expect(open, "an opening parenthesis"); err != nil {
		return nil, err
	}
	at := p.at
	name, kind, err := p.field()
	if err != nil {
		return nil, err
	}
	if kind != Text {
		return nil, p.failAt(at, "%s takes a text field; %s is %s", op, name, kind)
	}
	if err := p.expect(comma, "a comma"); err != nil {
		return nil, err
	}
	e := &Expr{Op: op, Field: name, Value: Value{Kind: Text, Text: p.tok}}
	if err := p.expect(text, "a text in single quotes"); err != nil {
		return nil, err
	}
	return e, p.expect(closing, "a closing parenthesis")
}

func (p *parser) comparison() (*Expr, error) {
	name, kind, err := p.field()
	if err != nil {
		return nil, err
	}
	op := Op(p.tok)
	switch {
	case p.kind != word:
		return nil, p.fail("expected eq, ne, gt, ge, lt or le")
	case op == Eq || op == Ne:
	case op == Gt || op == Ge || op == Lt || op == Le:
		if kind == Bool {
			return nil, p.fail("expected eq or ne; %s is %s", name, kind)
		}
	default:
		return nil, p.fail("expected eq, ne, gt, ge, lt or le")
	}
	p.next()
	at := p.at
	v, err := p.literal()
	if err != nil {
		return nil, err
	}
	switch {
	case v.Kind == Null && op != Eq && op != Ne:
		return nil, p.failAt(at, "null can only be compared by eq and ne")
	case v.Kind != Null && v.Kind != kind:
		return nil, p.failAt(at, "expected %s, as %s is", kind, name)
	}
	return &Expr{Op: op, Field: name, Value: v}, nil
}

func (p *parser) literal() (Value, error) {
	v := Value{}
	switch {
	case p.kind == text:
		v = Value{Kind: Text, Text: p.tok}
	case p.kind == integer:
		n, err := strconv.ParseInt(p.tok, 10, 64)
		if err != nil {
			return v, p.fail("this number is too large")
		}
		v = Value{Kind: Number, Number: n}
	case p.kind == word && (p.tok == "true" || p.tok == "false"):
		v = Value{Kind: Bool, Bool: p.tok == "true"}
	case p.kind == word && p.tok == "null":
	default:
		return v, p.expect(text, "a text in single quotes, a whole number, true, false or null")
	}
	p.next()
	return v, nil
}

// field reads the name of a field.
func (p *parser) field() (string, Kind, error) {
	name := p.tok
	kind, ok := p.fields[name]
	if p.kind != word || !ok {
		return "", 0, p.fail("expected a field; there are %s", strings.Join(slices.Sorted(maps.Keys(p.fields)), ", "))
	}
	p.next()
	return name, kind, nil
}

// expect moves over a token of the kind, or fails saying what was wanted.
func (p *parser) expect(kind token, wanted string) error {
	if p.kind == unclosed {
		return p.fail("this text has no closing quote; write two quotes for one within a text")
	}
	if p.kind != kind {
		return p.fail("expected %s", wanted)
	}
	p.next()
	return nil
}

// String names the kind for messages.
func (k Kind) String() string {
	switch k {
	case Null:
		return "null"
	case Text:
		return "a text in single quotes"
	case Number:
		return "a whole number"
	case Bool:
		return "true or false"
	}
	return "Kind(" + strconv.Itoa(int(k)) + ")"
}

// clip makes a name from outside safe to repeat.
func clip(s string) string {
	s = strings.Map(func(r rune) rune {
		if r > ' ' && r < 0x7f {
			return r
		}
		return '?'
	}, s)
	if len(s) > 40 {
		s = s[:40] + "..."
	}
	return strconv.Quote(s)
}
