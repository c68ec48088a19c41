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

// query is a listquery.Query in SQL: what stands behind FROM.
type query struct {
	args  []any
	where strings.Builder
	order strings.Builder
	limit string
}

func (s *query) bind(v any) string {
	s.args = append(s.args, v)
	return "$" + strconv.Itoa(len(s.args))
}

// translateQuery makes SQL of q: conditions to go on after a WHERE that uses args,
// and an order that ties break by the column tie, so that pages neither repeat nor
// miss an object. Its meaning is that of listquery.Apply.
func translateQuery(q listquery.Query, cols columns, tie string, args ...any) (*query, error) {
	s := &query{args: args}
	if q.Filter != nil {
		s.where.WriteString(" AND ")
		if err := s.expr(q.Filter, cols); err != nil {
			return nil, err
		}
	}
	if q.Search != "" {
		pattern := s.bind("%" + escapeLike(fold(q.Search)) + "%")
		s.where.WriteString(" AND (")
		sep := ""
		for _, name := range slices.Sorted(maps.Keys(cols)) {
			if c := cols[name]; c.kind == textColumn {
				folded := c.folded
				if folded == "" {
					folded = "lower(" + c.expr + ")"
				}
				fmt.Fprintf(&s.where, `%s%s LIKE %s ESCAPE '\'`, sep, folded, pattern)
				sep = " OR "
			}
		}
		s.where.WriteString(")")
	}
	for _, o := range q.Order {
		c, ok := cols[o.Field]
		if !ok {
			return nil, noField(o.Field)
		}
		dir := "ASC NULLS FIRST"
		if o.Desc {
			dir = "DESC NULLS LAST"
		}
		fmt.Fprintf(&s.order, "%s %s, ", c.value(), dir)
	}
	s.order.WriteString(tie)
	if q.Top > 0 || q.Skip > 0 {
		top := int64(math.MaxInt64)
		if q.Top > 0 {
			top = int64(q.Top)
		}
		s.limit = " LIMIT " + strconv.FormatInt(top, 10) + " OFFSET " + strconv.Itoa(max(q.Skip, 0))
	}
	return s, nil
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
		s.where.WriteByte('(')
		for i, a := range e.Args {
			if i > 0 {
				s.where.WriteString(sep)
			}
			if err := s.expr(a, cols); err != nil {
				return err
			}
		}
		s.where.WriteByte(')')
		return nil
	case listquery.Not:
		s.where.WriteString("NOT ")
		return s.expr(e.Args[0], cols)
	}
	c, ok := cols[e.Field]
	if !ok {
		return noField(e.Field)
	}
	term, err := s.term(e, c)
	s.where.WriteString(term)
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

// listOf answers a list query: from is all from FROM to the end of a WHERE that
// uses args, tie the column that no two objects share.
func listOf[T any](ctx context.Context, c *conn, q listquery.Query, cols columns, tie string, scan func(scanner) (T, error), fields, from string, args ...any) ([]T, int, error) {
	s, err := translateQuery(q, cols, tie, args...)
	if err != nil {
		return nil, 0, err
	}
	from += s.where.String()
	var found []T
	err = c.rows(ctx, false, func(row scanner) error {
		v, err := scan(row)
		found = append(found, v)
		return err
	}, "SELECT "+fields+" "+from+" ORDER BY "+s.order.String()+s.limit, s.args...)
	if err != nil {
		return nil, 0, err
	}
	count := 0
	if q.Count {
		count = len(found)
		if s.limit != "" {
			err = c.rows(ctx, false, func(row scanner) error { return row.Scan(&count) }, "SELECT count(*) "+from, s.args...)
		}
	}
	return found, count, err
}
