package listquery

import (
	"cmp"
	"slices"
	"strings"
)

// TextValue makes the value of a text field.
func TextValue(s string) Value { return Value{Kind: Text, Text: s} }

// NumberValue makes the value of a number field.
func NumberValue(n int64) Value { return Value{Kind: Number, Number: n} }

// BoolValue makes the value of a true-or-false field.
func BoolValue(b bool) Value { return Value{Kind: Bool, Bool: b} }

func (v Value) blank() bool { return v.Kind == Null || v.Kind == Text && v.Text == "" }

// Match reports whether an object with the field values that get returns passes
// the filter. A nil filter passes everything.
//
// Blank text is null, as in the API's answers. Only eq and ne can be true of a
// null field; the other comparisons and the functions are false of it. Text
// compares by its bytes, with regard to case.
func Match(e *Expr, get func(field string) Value) bool {
	if e == nil {
		return true
	}
	switch e.Op {
	case And:
		return !slices.ContainsFunc(e.Args, func(a *Expr) bool { return !Match(a, get) })
	case Or:
		return slices.ContainsFunc(e.Args, func(a *Expr) bool { return Match(a, get) })
	case Not:
		return !Match(e.Args[0], get)
	}
	v, lit := get(e.Field), e.Value
	if v.blank() || lit.blank() {
		switch e.Op {
		case Eq:
			return v.blank() == lit.blank()
		case Ne:
			return v.blank() != lit.blank()
		case StartsWith, EndsWith, Contains:
			return !v.blank()
		}
		return false
	}
	if v.Kind != lit.Kind {
		return e.Op == Ne
	}
	switch e.Op {
	case Eq:
		return v == lit
	case Ne:
		return v != lit
	case Gt:
		return compare(v, lit) > 0
	case Ge:
		return compare(v, lit) >= 0
	case Lt:
		return compare(v, lit) < 0
	case Le:
		return compare(v, lit) <= 0
	case StartsWith:
		return strings.HasPrefix(v.Text, lit.Text)
	case EndsWith:
		return strings.HasSuffix(v.Text, lit.Text)
	case Contains:
		return strings.Contains(v.Text, lit.Text)
	}
	return false
}

// Apply answers a query for a list in memory: it filters, searches in the text
// fields, sorts (stably, null first) and cuts. The second result is the number of
// items that match without Top and Skip, if the query asks for the count, else 0.
// The items given are left as they are.
func Apply[T any](items []T, q Query, fields Fields, get func(item T, field string) Value) ([]T, int) {
	search := strings.ToLower(q.Search)
	found := make([]T, 0, len(items))
	for _, item := range items {
		of := func(field string) Value { return get(item, field) }
		if Match(q.Filter, of) && (search == "" || mentions(fields, of, search)) {
			found = append(found, item)
		}
	}
	slices.SortStableFunc(found, func(a, b T) int {
		for _, o := range q.Order {
			c := compare(get(a, o.Field), get(b, o.Field))
			if o.Desc {
				c = -c
			}
			if c != 0 {
				return c
			}
		}
		return 0
	})
	count := 0
	if q.Count {
		count = len(found)
	}
	found = found[min(max(q.Skip, 0), len(found)):]
	if q.Top > 0 {
		found = found[:min(q.Top, len(found))]
	}
	return found, count
}

func mentions(fields Fields, get func(string) Value, search string) bool {
	for name, kind := range fields {
		if kind == Text && strings.Contains(strings.ToLower(get(name).Text), search) {
			return true
		}
	}
	return false
}

// compare orders two values of one field: null, then the kind's own order.
func compare(a, b Value) int {
	if a.blank() || b.blank() {
		switch {
		case a.blank() && b.blank():
			return 0
		case a.blank():
			return -1
		}
		return 1
	}
	if c := cmp.Compare(a.Kind, b.Kind); c != 0 {
		return c
	}
	switch a.Kind {
	case Text:
		return cmp.Compare(a.Text, b.Text)
	case Number:
		return cmp.Compare(a.Number, b.Number)
	case Bool:
		switch {
		case a.Bool == b.Bool:
			return 0
		case b.Bool:
			return -1
		}
		return 1
	}
	return 0
}
