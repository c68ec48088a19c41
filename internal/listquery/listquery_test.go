package listquery

import (
	"errors"
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

var fields = Fields{"name": Text, "mac": Text, "lines": Number, "custom": Bool}

func TestParse(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]Query{
		"":                                 {Top: 100},
		"top=1&skip=20&count=true":         {Top: 1, Skip: 20, Count: true},
		"$top=100&$skip=0&$count=false":    {Top: 100},
		"search=+Ann+":                     {Top: 100, Search: "Ann"},
		"search=&filter=&orderby=":         {Top: 100},
		"orderby=name":                     {Top: 100, Order: []Order{{Field: "name"}}},
		"$orderby=name desc , lines asc":   {Top: 100, Order: []Order{{"name", true}, {"lines", false}}},
		"filter=name eq 'O''Neil'":         {Top: 100, Filter: &Expr{Op: Eq, Field: "name", Value: TextValue("O'Neil")}},
		"filter=name eq ''''":              {Top: 100, Filter: &Expr{Op: Eq, Field: "name", Value: TextValue("'")}},
		"$filter=lines ge -5":              {Top: 100, Filter: &Expr{Op: Ge, Field: "lines", Value: NumberValue(-5)}},
		"filter=(custom ne true)":          {Top: 100, Filter: &Expr{Op: Ne, Field: "custom", Value: BoolValue(true)}},
		"filter=mac eq null":               {Top: 100, Filter: &Expr{Op: Eq, Field: "mac"}},
		"filter=contains( name , 'a,b)' )": {Top: 100, Filter: &Expr{Op: Contains, Field: "name", Value: TextValue("a,b)")}},
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		got, err := Parse(v, fields)
		if err != nil {
			t.Errorf("%s: %v", query, err)
		} else if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", query, diff)
		}
	}
}

func TestParsePrecedence(t *testing.T) {
	t.Parallel()
	for filter, want := range map[string]string{
		"lines eq 1 or lines eq 2 and lines eq 3":      "(lines eq 1 or (lines eq 2 and lines eq 3))",
		"(lines eq 1 or lines eq 2) and lines eq 3":    "((lines eq 1 or lines eq 2) and lines eq 3)",
		"not lines eq 1 and lines eq 2":                "(not (lines eq 1) and lines eq 2)",
		"not (lines eq 1 and lines eq 2)":              "not ((lines eq 1 and lines eq 2))",
		"not not endswith(name,'x') or name eq 'and '": "(not (not (endswith(name,'x'))) or name eq 'and ')",
	} {
		q, err := Parse(url.Values{"filter": {filter}}, fields)
		if err != nil {
			t.Errorf("%s: %v", filter, err)
		} else if got := show(q.Filter); got != want {
			t.Errorf("%s: read as %s; want %s", filter, got, want)
		}
	}
}

func TestParseRefuses(t *testing.T) {
	t.Parallel()
	for query, want := range map[string]string{
		"limit=5":                               `"limit": there is no such list parameter; there are top, skip, count, orderby, search, filter`,
		"$$top=5":                               `"$$top": there is no such`,
		"TOP=5":                                 `"TOP": there is no such`,
		"filter[name]=x":                        `"filter[name]": there is no such`,
		"%00<script>=1":                         `"?<script>": there is no such`,
		strings.Repeat("a", 99) + "=1":          `"` + strings.Repeat("a", 40) + `...": there is no such`,
		"top=0":                                 "top: expected a whole number from 1 to 100",
		"top=101":                               "top: expected a whole",
		"top=-1":                                "top: expected a whole",
		"top=%2B1":                              "top: expected a whole",
		"top=":                                  "top: expected a whole",
		"top=1e1":                               "top: expected a whole",
		"top=99999999999999999999":              "top: expected a whole",
		"skip=-1":                               "skip: expected a whole number from 0",
		"skip=9999999999":                       "skip: expected a whole",
		"count=1":                               "count: expected true or false",
		"count=":                                "count: expected true or false",
		"top=1&top=2":                           "top: is given more than once",
		"top=1&$top=1":                          "top: is given more than once",
		"search=%ff":                            "search: is not UTF-8 text",
		"search=a%0ab":                          "search: position 2: control characters",
		"search=" + strings.Repeat("ä", 257):    "search: is longer than 256 characters",
		"orderby=nam":                           "orderby: position 1: expected a field; there are custom, lines, mac, name",
		"orderby=name;drop":                     "orderby: position 5: expected asc, desc, a comma or the end",
		"orderby=name up":                       "orderby: position 6: expected asc",
		"orderby=name,":                         "orderby: position 6: expected a field",
		"orderby=name,lines,name":               "orderby: position 12: name is listed twice",
		"orderby=name asc desc":                 "orderby: position 10: expected asc",
		"filter=name":                           "filter: position 5: expected eq, ne, gt, ge, lt or le",
		"filter=name like 'x'":                  "filter: position 6: expected eq",
		"filter=password eq 'x'":                "filter: position 1: expected a field",
		"filter=name eq x":                      "filter: position 9: expected a text in single quotes, a whole",
		"filter=name eq 5":                      "filter: position 9: expected a text in single quotes, as name is",
		"filter=lines eq '5'":                   "filter: position 10: expected a whole number, as lines is",
		"filter=lines eq 5x":                    "filter: position 10: expected a text",
		"filter=lines eq 1.5":                   "filter: position 11: expected and, or or the end",
		"filter=lines eq 99999999999999999999":  "filter: position 10: this number is too large",
		"filter=lines gt null":                  "filter: position 10: null can only",
		"filter=custom gt true":                 "filter: position 8: expected eq or ne; custom is true or false",
		"filter=name eq 'x":                     "filter: position 9: this text has no closing quote",
		"filter=name eq 'x''":                   "filter: position 9: this text has no closing quote",
		"filter=(name eq 'x'":                   "filter: position 13: expected and, or or a closing parenthesis",
		"filter=name eq 'x')":                   "filter: position 12: expected and, or or the end",
		"filter=name eq 'ä' and":                "filter: position 16: expected a field",
		"filter=name eq 'ä' AND name eq 'x'":    "filter: position 13: expected and, or or the end",
		"filter=contains(lines,'x')":            "filter: position 10: contains takes a text field; lines is a whole number",
		"filter=contains(name 'x')":             "filter: position 15: expected a comma",
		"filter=contains(name,5)":               "filter: position 15: expected a text in single quotes",
		"filter=contains name":                  "filter: position 10: expected an opening parenthesis",
		"filter=contains(name,'x'":              "filter: position 18: expected a closing parenthesis",
		"filter=length(name) eq 1":              "filter: position 1: expected a field",
		"filter=name\teq 'x'":                   "filter: position 5: expected eq",
		"filter=" + strings.Repeat("(", 17):     "filter: position 17: parentheses are nested more than 16 deep",
		"filter=" + strings.Repeat("not ", 100): "filter: position 65: parentheses",
		"filter=" + strings.Repeat("lines eq 1 or ", 65) + "lines eq 1": "filter: position 897: there are more than 64 comparisons",
		"filter=" + strings.Repeat(" ", 2049) + "lines eq 1":            "filter: is longer than 2048 bytes",
	} {
		v, err := url.ParseQuery(strings.ReplaceAll(query, ";", "%3B"))
		if err != nil {
			t.Fatal(err)
		}
		_, err = Parse(v, fields)
		var e *Error
		if !errors.As(err, &e) {
			t.Errorf("%s: error %v; want *Error %q", query, err, want)
		} else if !strings.HasPrefix(err.Error(), want) {
			t.Errorf("%s: %v; want %s", query, err, want)
		}
	}
}

func TestMatch(t *testing.T) {
	t.Parallel()
	ann := map[string]Value{"name": TextValue("Ann"), "mac": TextValue(""), "lines": NumberValue(4), "custom": BoolValue(true)}
	for filter, want := range map[string]bool{
		"name eq 'Ann'": true, "name eq 'ann'": false, "name ne 'Bob'": true, "name gt 'Alf'": true, "name le 'Ann'": true,
		"lines eq 4": true, "lines lt 10": true, "lines gt 4": false, "lines ge 4": true,
		"custom eq true": true, "custom ne true": false,
		"mac eq null": true, "mac eq ''": true, "mac ne null": false, "mac ne 'x'": true, "mac lt 'x'": false, "not mac lt 'x'": true,
		"name eq null": false, "name ne null": true, "lines ne null": true,
		"startswith(name,'An')": true, "startswith(name,'an')": false, "endswith(name,'nn')": true, "contains(name,'n')": true,
		"contains(name,'')": true, "contains(mac,'')": false, "startswith(mac,'0')": false,
		"name eq 'x' or lines eq 4 and custom eq true": true, "(name eq 'x' or lines eq 4) and custom eq false": false,
	} {
		q, err := Parse(url.Values{"filter": {filter}}, fields)
		if err != nil {
			t.Fatalf("%s: %v", filter, err)
		}
		if got := Match(q.Filter, func(f string) Value { return ann[f] }); got != want {
			t.Errorf("%s is %t of %v; want %t", filter, got, ann, want)
		}
	}
}

type item struct {
	name  string
	lines int64
}

func (i item) value(field string) Value {
	switch field {
	case "name":
		return TextValue(i.name)
	case "lines":
		return NumberValue(i.lines)
	}
	return Value{}
}

func TestApply(t *testing.T) {
	t.Parallel()
	items := []item{{"Zoë", 1}, {"", 3}, {"ann", 2}, {"Ann", 2}, {"Bob", 3}}
	for query, want := range map[string]string{
		"":                        "Zoë1 3 ann2 Ann2 Bob3 #0",
		"count=true&top=2":        "Zoë1 3 #5",
		"skip=4&count=true":       "Bob3 #5",
		"skip=9&count=true":       " #5",
		"orderby=name":            "3 Ann2 Bob3 Zoë1 ann2 #0",
		"orderby=lines desc,name": "3 Bob3 Ann2 ann2 Zoë1 #0",
		"orderby=lines":           "Zoë1 ann2 Ann2 3 Bob3 #0",
		"search=ANN&count=true":   "ann2 Ann2 #2",
		"search=ZOË":              "Zoë1 #0",
		"search=3":                " #0",
		"filter=lines eq 3 or name eq 'Ann'&orderby=name desc&top=2&skip=1&count=true": "Ann2 3 #3",
	} {
		v, err := url.ParseQuery(query)
		if err != nil {
			t.Fatal(err)
		}
		q, err := Parse(v, fields)
		if err != nil {
			t.Fatalf("%s: %v", query, err)
		}
		before := slices.Clone(items)
		got, count := Apply(items, q, fields, item.value)
		var names []string
		for _, i := range got {
			names = append(names, i.name+strconv.FormatInt(i.lines, 10))
		}
		if s := fmt.Sprintf("%s #%d", strings.Join(names, " "), count); s != want {
			t.Errorf("%s: %s; want %s", query, s, want)
		}
		if !slices.Equal(items, before) {
			t.Fatalf("%s: the given items were changed", query)
		}
	}
	if got, _ := Apply(items, Query{}, fields, item.value); len(got) != len(items) {
		t.Errorf("the zero Query gives %d of %d items", len(got), len(items))
	}
}

// show writes a filter so that Parse reads the same one.
func show(e *Expr) string {
	switch e.Op {
	case And, Or:
		var args []string
		for _, a := range e.Args {
			args = append(args, show(a))
		}
		return "(" + strings.Join(args, " "+string(e.Op)+" ") + ")"
	case Not:
		return "not (" + show(e.Args[0]) + ")"
	}
	var lit string
	switch e.Value.Kind {
	case Null:
		lit = "null"
	case Text:
		lit = "'" + strings.ReplaceAll(e.Value.Text, "'", "''") + "'"
	case Number:
		lit = strconv.FormatInt(e.Value.Number, 10)
	case Bool:
		lit = strconv.FormatBool(e.Value.Bool)
	}
	switch e.Op {
	case StartsWith, EndsWith, Contains:
		return fmt.Sprintf("%s(%s,%s)", e.Op, e.Field, lit)
	}
	return fmt.Sprintf("%s %s %s", e.Field, e.Op, lit)
}

func anExpr(depth int) *rapid.Generator[*Expr] {
	return rapid.Custom(func(t *rapid.T) *Expr {
		if depth > 0 {
			switch op := rapid.SampledFrom([]Op{And, Or, Not, Eq, Eq}).Draw(t, "op"); op {
			case And, Or:
				return &Expr{Op: op, Args: rapid.SliceOfN(anExpr(depth-1), 2, 3).Draw(t, "args")}
			case Not:
				return &Expr{Op: Not, Args: []*Expr{anExpr(depth-1).Draw(t, "arg")}}
			}
		}
		switch rapid.SampledFrom([]Kind{Null, Text, Number, Bool}).Draw(t, "kind") {
		case Text:
			return &Expr{
				Op:    rapid.SampledFrom([]Op{Eq, Ne, Gt, Ge, Lt, Le, StartsWith, EndsWith, Contains}).Draw(t, "op"),
				Field: "name", Value: TextValue(rapid.StringN(0, 8, 20).Draw(t, "text")),
			}
		case Number:
			return &Expr{
				Op:    rapid.SampledFrom([]Op{Eq, Ne, Gt, Ge, Lt, Le}).Draw(t, "op"),
				Field: "lines", Value: NumberValue(rapid.Int64().Draw(t, "number")),
			}
		case Bool:
			return &Expr{Op: Ne, Field: "custom", Value: BoolValue(rapid.Bool().Draw(t, "bool"))}
		}
		return &Expr{Op: Eq, Field: rapid.SampledFrom([]string{"name", "lines", "custom"}).Draw(t, "field")}
	})
}

func TestFilterReadsWhatIsWritten(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		want := anExpr(3).Draw(t, "filter")
		text := show(want)
		if len(text) > maxFilter {
			t.Skip("too long")
		}
		q, err := Parse(url.Values{"$filter": {text}}, fields)
		if err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		if got := show(q.Filter); got != text {
			t.Fatalf("%s was read as %s", text, got)
		}
	})
}

func FuzzParse(f *testing.F) {
	f.Add("top=5&skip=1&count=true&search=x&orderby=name desc,lines&filter=not (name eq 'a''b' or lines gt -1) and contains(mac,'x')")
	f.Add("filter=((((custom eq null))))&%00=1")
	f.Fuzz(func(t *testing.T, query string) {
		v, err := url.ParseQuery(query)
		if err != nil {
			return
		}
		q, err := Parse(v, fields)
		if err != nil {
			var e *Error
			if !errors.As(err, &e) || e.Param == "" || e.Message == "" {
				t.Fatalf("%q: error %#v says no place or reason", query, err)
			}
			return
		}
		if q.Top < 1 || q.Top > MaxTop || q.Skip < 0 {
			t.Fatalf("%q: top %d, skip %d", query, q.Top, q.Skip)
		}
		Apply([]item{{"a", 1}, {"b", 2}}, q, fields, item.value)
		if q.Filter == nil {
			return
		}
		text := show(q.Filter)
		if len(text) > maxFilter || strings.Count(text, "(") > maxDepth {
			return // as written back it may be longer than what was given
		}
		again, err := Parse(url.Values{"filter": {text}}, fields)
		if err != nil {
			t.Fatalf("%q reads as %s, which is refused: %v", query, text, err)
		}
		if diff := cmp.Diff(q.Filter, again.Filter); diff != "" {
			t.Fatalf("%q: %s", query, diff)
		}
	})
}
