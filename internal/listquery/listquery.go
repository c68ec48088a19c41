// Package listquery is the query language of the API's lists: top, skip, count,
// orderby, search and filter, the last an OData subset. It parses, and it answers
// for lists in memory; a store may translate the same Query to its own language.
package listquery

// Query is a parsed list query. Its zero value, with Top 0, asks for everything.
type Query struct {
	Top    int // at most so many; 0 for all
	Skip   int // leave out so many first
	Count  bool
	Order  []Order
	Search string // in any text field, without regard to case
	Filter *Expr  // nil for all
}

// Order sorts by one field.
type Order struct {
	Field string
	Desc  bool
}

// Op is what an Expr does.
type Op string

// The operations of the language.
const (
	And        Op = "and"
	Or         Op = "or"
	Not        Op = "not"
	Eq         Op = "eq"
	Ne         Op = "ne"
	Gt         Op = "gt"
	Ge         Op = "ge"
	Lt         Op = "lt"
	Le         Op = "le"
	StartsWith Op = "startswith"
	EndsWith   Op = "endswith"
	Contains   Op = "contains"
)

// Expr is a node of a filter. And, Or and Not have Args; the others compare Field
// with Value.
type Expr struct {
	Op    Op
	Args  []*Expr
	Field string
	Value Value
}

// Value is a literal: text, a whole number, true or false, or null.
type Value struct {
	Kind   Kind
	Text   string
	Number int64
	Bool   bool
}

// Kind is the type of a field or a literal.
type Kind int

// The kinds.
const (
	Null Kind = iota
	Text
	Number
	Bool
)

// Fields names the fields of a list and their types; only these can be sorted
// and filtered by.
type Fields map[string]Kind
