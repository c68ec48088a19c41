package store

import (
	"context"
	"fmt"
	"maps"
	"math"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

// column is where a list keeps a field.
type column struct {
	// expr is the field's value in SQL. Blank text in it is null.
	expr string
	// folded is expr in lower case, if that is a column of its own.
	folded string
	kind   columnKind
	filled bool // never null, nor blank
}

type columnKind int

const (
	textColumn columnKind = iota
	numberColumn
	boolColumn
	idColumn   // a number that clients see as opaque text
	timeColumn // milliseconds that clients see as RFC 3339 text; 0 is null
)

// columns of a list, by the API's names of its fields.
type columns map[string]column

// filled is a column of text that is never blank.
func filled(expr string) column { return column{expr: expr, filled: true} }

// ownID is the column of the object's own ID.
func ownID(expr string) column { return column{expr: expr, kind: idColumn, filled: true} }

func timeValue(expr string) column { return column{expr: expr, kind: timeColumn} }

// source is where a list, or a part of it, comes from.
type source struct {
	fields string
	from   string // all from FROM to the end of a WHERE, to which conditions are added
	cols   columns
}

// query is a statement in the making.
type query struct {
	sql  strings.Builder
	args []any
}

func (s *query) bind(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// conditions writes what q wants of a list's columns, each condition after an AND.
func (s *query) conditions(q listquery.Query, cols columns) error {
	if q.Filter != nil {
		s.sql.WriteString(" AND ")
		if err := s.expr(q.Filter, cols); err != nil {
			return err
		}
	}
	if q.Search == "" {
		return nil
	}
	pattern := s.bind("%" + escapeLike(fold(q.Search)) + "%")
	s.sql.WriteString(" AND (")
	sep := ""
	for _, name := range slices.Sorted(maps.Keys(cols)) {
		if c := cols[name]; c.kind == textColumn {
			folded := c.folded
			if folded == "" {
				folded = "lower(" + c.expr + ")"
			}
			fmt.Fprintf(&s.sql, `%s%s LIKE %s ESCAPE '\'`, sep, folded, pattern)
			sep = " OR "
		}
	}
	s.sql.WriteString(")")
	return nil
}

// listOf answers a list query from sources that use args. It means what
// listquery.Apply does. The column tie differs between any two objects and breaks
// the ties of the order, so that pages neither repeat nor miss an object.
func listOf[T any](ctx context.Context, c *conn, q listquery.Query, tie string, scan func(scanner) (T, error), sources []source, args ...any) ([]T, int, error) {
	items, err := selectPage(q, tie, sources, args)
	if err != nil {
		return nil, 0, err
	}
	var found []T
	err = c.rows(ctx, false, func(row scanner) error {
		v, err := scan(orderedRow{row, len(q.Order)})
		found = append(found, v)
		return err
	}, items.sql.String(), items.args...)
	if err != nil || !q.Count {
		return found, 0, err
	}
	if q.Top == 0 && q.Skip == 0 {
		return found, len(found), nil
	}
	total, err := selectCount(q, sources, args)
	if err != nil {
		return nil, 0, err
	}
	var count int
	err = c.rows(ctx, false, func(row scanner) error { return row.Scan(&count) }, total.sql.String(), total.args...)
	return found, count, err
}

func selectPage(q listquery.Query, tie string, sources []source, args []any) (*query, error) {
	s := &query{args: slices.Clip(args)}
	for i, src := range sources {
		if i > 0 {
			s.sql.WriteString(" UNION ALL ")
		}
		s.sql.WriteString("SELECT " + src.fields)
		for j, o := range q.Order {
			c, ok := src.cols[o.Field]
			if !ok {
				return nil, noField(o.Field)
			}
			fmt.Fprintf(&s.sql, ", %s AS order%d", c.value(), j)
		}
		s.sql.WriteString(" " + src.from)
		if err := s.conditions(q, src.cols); err != nil {
			return nil, err
		}
	}
	s.sql.WriteString(" ORDER BY ")
	for j, o := range q.Order {
		dir := "ASC NULLS FIRST"
		if o.Desc {
			dir = "DESC NULLS LAST"
		}
		fmt.Fprintf(&s.sql, "order%d %s, ", j, dir)
	}
	s.sql.WriteString(tie)
	if q.Top > 0 || q.Skip > 0 {
		top := math.MaxInt64
		if q.Top > 0 {
			top = q.Top
		}
		fmt.Fprintf(&s.sql, " LIMIT %d OFFSET %d", top, max(q.Skip, 0))
	}
	return s, nil
}

func selectCount(q listquery.Query, sources []source, args []any) (*query, error) {
	s := &query{args: slices.Clip(args)}
	sep := "SELECT "
	for _, src := range sources {
		s.sql.WriteString(sep + "(SELECT count(*) " + src.from)
		if err := s.conditions(q, src.cols); err != nil {
			return nil, err
		}
		s.sql.WriteString(")")
		sep = " + "
	}
	return s, nil
}

// orderedRow is a row with the values that it was sorted by behind its fields.
type orderedRow struct {
	scanner
	orders int
}

func (r orderedRow) Scan(dest ...any) error {
	for range r.orders {
		dest = append(dest, scanFunc(func(any) error { return nil }))
	}
	return r.scanner.Scan(dest...)
}

func noField(name string) error {
	return &fleet.Error{Code: fleet.CodeMalformed, Message: fmt.Sprintf("this list cannot be sorted or filtered by %s", name)}
}

// value is the column's value with null for blank.
func (c column) value() string {
	switch {
	case c.filled:
		return c.expr
	case c.kind == textColumn:
		return "NULLIF(" + c.expr + ", '')"
	case c.kind == timeColumn, c.kind == idColumn:
		return "NULLIF(" + c.expr + ", 0)"
	}
	return c.expr
}

var comparisons = map[listquery.Op]string{
	listquery.Eq: "=", listquery.Ne: "<>",
	listquery.Gt: ">", listquery.Ge: ">=", listquery.Lt: "<", listquery.Le: "<=",
}

// expr writes a filter. What it writes is true or false, never null, so that NOT
// means what it does in listquery.
func (s *query) expr(e *listquery.Expr, cols columns) error {
	switch e.Op {
	case listquery.And, listquery.Or:
		sep := map[listquery.Op]string{listquery.And: " AND ", listquery.Or: " OR "}[e.Op]
		s.sql.WriteByte('(')
		for i, a := range e.Args {
			if i > 0 {
				s.sql.WriteString(sep)
			}
			if err := s.expr(a, cols); err != nil {
				return err
			}
		}
		s.sql.WriteByte(')')
		return nil
	case listquery.Not:
		s.sql.WriteString("NOT ")
		return s.expr(e.Args[0], cols)
	}
	c, ok := cols[e.Field]
	if !ok {
		return noField(e.Field)
	}
	term, err := s.term(e, c)
	s.sql.WriteString(term)
	return err
}

const never, always = "(1 = 0)", "(1 = 1)"

func (s *query) term(e *listquery.Expr, c column) (string, error) {
	value := c.value()
	blank := "(" + value + " IS NULL)"
	set := "(" + value + " IS NOT NULL)"
	if c.filled || c.kind == numberColumn || c.kind == boolColumn {
		blank, set = never, always
	}
	if v := e.Value; v.Kind == listquery.Null || v.Kind == listquery.Text && v.Text == "" {
		switch e.Op {
		case listquery.Eq:
			return blank, nil
		case listquery.Ne, listquery.StartsWith, listquery.EndsWith, listquery.Contains:
			return set, nil
		}
		return never, nil
	}
	switch e.Op {
	case listquery.StartsWith, listquery.EndsWith, listquery.Contains:
		if c.kind != textColumn {
			return "", &fleet.Error{Code: fleet.CodeMalformed, Message: fmt.Sprintf("%s is not text that %s can look into", e.Field, e.Op)}
		}
		pattern := escapeLike(e.Value.Text)
		if e.Op != listquery.EndsWith {
			pattern += "%"
		}
		if e.Op != listquery.StartsWith {
			pattern = "%" + pattern
		}
		return fmt.Sprintf(`(%s AND %s LIKE %s ESCAPE '\')`, set, c.expr, s.bind(pattern)), nil
	}
	literal, ok, err := c.literal(e)
	if err != nil {
		return "", err
	}
	if !ok {
		if e.Op == listquery.Ne {
			return always, nil
		}
		return never, nil
	}
	op, ok := comparisons[e.Op]
	if !ok {
		return "", &fleet.Error{Code: fleet.CodeMalformed, Message: fmt.Sprintf("a filter cannot have %q", e.Op)}
	}
	if e.Op == listquery.Ne {
		return fmt.Sprintf("(%s OR %s %s %s)", blank, value, op, s.bind(literal)), nil
	}
	// The column itself, not value: an index may serve it. Null and blank are
	// kept out by the first condition.
	return fmt.Sprintf("(%s AND %s %s %s)", set, c.expr, op, s.bind(literal)), nil
}

// literal is the value that a filter compares the column with, or false if nothing
// in the column can equal it.
func (c column) literal(e *listquery.Expr) (any, bool, error) {
	v := e.Value
	switch {
	case c.kind == textColumn && v.Kind == listquery.Text:
		return v.Text, true, nil
	case c.kind == numberColumn && v.Kind == listquery.Number:
		return v.Number, true, nil
	case c.kind == boolColumn && v.Kind == listquery.Bool:
		if e.Op != listquery.Eq && e.Op != listquery.Ne {
			return nil, false, &fleet.Error{Code: fleet.CodeMalformed, Message: fmt.Sprintf("%s is true or false: compare it with eq or ne", e.Field)}
		}
		return v.Bool, true, nil
	case c.kind == idColumn && v.Kind == listquery.Text:
		if e.Op != listquery.Eq && e.Op != listquery.Ne {
			return nil, false, &fleet.Error{Code: fleet.CodeMalformed, Message: fmt.Sprintf("%s has no order: compare it with eq or ne", e.Field)}
		}
		id, ok := fleet.ParseID(v.Text)
		return id, ok, nil
	case c.kind == timeColumn && v.Kind == listquery.Text:
		t, err := time.Parse(time.RFC3339, v.Text)
		if err != nil {
			return nil, false, &fleet.Error{Code: fleet.CodeMalformed, Message: fmt.Sprintf("%s is a time: compare it with one such as '2026-01-31T14:00:00Z'", e.Field)}
		}
		return t.UnixMilli(), true, nil
	}
	return nil, false, nil
}

func escapeLike(s string) string {
	return strings.NewReplacer(`\`, `\\`, `%`, `\%`, `_`, `\_`).Replace(s)
}
