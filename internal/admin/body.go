package admin

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/danielgtaylor/huma/v2"
)

// Bounds of a request body beside its size.
const (
	maxNesting = 16
	maxFaults  = 100
)

// checker holds a request body against its schema and collects every fault. It
// is stricter than a JSON decoder: a key given twice, or spelled in another case,
// is a fault.
type checker struct {
	schemas  huma.Registry
	patterns map[string]*regexp.Regexp
	dec      *json.Decoder
	faults   []fault
	// shape is set if a fault is one of shape, not of a value: the body cannot be
	// handed on.
	shape bool
}

// anyCase is the schema extension of an enum whose values may be in any case.
const anyCase = "x-any-case"

// checkBody returns a problem that names everything wrong with the body, or nil.
func (s *server) checkBody(schema *huma.Schema, body []byte) *problem {
	if len(body) == 0 {
		return refuse(http.StatusBadRequest, "the request has no body; this operation takes a JSON object")
	}
	if !utf8.Valid(body) {
		return refuse(http.StatusBadRequest, "the body is not UTF-8 text")
	}
	var raw json.RawMessage
	if err := json.Unmarshal(body, &raw); err != nil {
		var syntax *json.SyntaxError
		if errors.As(err, &syntax) {
			return refuse(http.StatusBadRequest, "the body is not JSON: see byte %d", syntax.Offset)
		}
		return refuse(http.StatusBadRequest, "the body is not JSON")
	}
	c := &checker{schemas: s.api.OpenAPI().Components.Schemas, patterns: s.patterns, dec: json.NewDecoder(bytes.NewReader(body))}
	c.dec.UseNumber()
	if !c.value(schema, "", 0) {
		return refuse(http.StatusBadRequest, "the body is nested more than %d deep", maxNesting)
	}
	// The fleet judges values, and says what else is wrong with them.
	if c.shape {
		return &problem{status: http.StatusUnprocessableEntity, Errors: c.faults}
	}
	return nil
}

// fault adds a fault of shape.
func (c *checker) fault(pointer, format string, args ...any) {
	c.shape = true
	c.valueFault(pointer, format, args...)
}

// valueFault adds a fault of a value.
func (c *checker) valueFault(pointer, format string, args ...any) {
	if len(c.faults) < maxFaults {
		c.faults = append(c.faults, fault{"VALIDATE_FAILED", fmt.Sprintf(format, args...), &pointer})
	}
}

// token returns the next token of a body that is known to be JSON.
func (c *checker) token() json.Token {
	t, err := c.dec.Token()
	if err != nil {
		panic(err)
	}
	return t
}

// value checks one value; a nil schema takes any. It returns false where the
// nesting is too deep to go on.
func (c *checker) value(s *huma.Schema, at string, depth int) bool {
	for s != nil && s.Ref != "" {
		s = c.schemas.SchemaFromRef(s.Ref)
	}
	switch t := c.token().(type) {
	case json.Delim:
		if depth == maxNesting {
			return false
		}
		if t == '[' {
			return c.array(s, at, depth+1)
		}
		return c.object(s, at, depth+1)
	case nil:
		if s != nil && s.Type != "" && !s.Nullable {
			c.fault(at, "must not be null; it takes %s", kindOf(s))
		}
	case bool:
		c.is(s, at, huma.TypeBoolean)
	case json.Number:
		if c.is(s, at, huma.TypeInteger) {
			c.number(s, at, t.String())
		}
	case string:
		if c.is(s, at, huma.TypeString) {
			c.text(s, at, t)
		}
	}
	return true
}

// is reports whether the schema wants the type, and adds a fault if not.
func (c *checker) is(s *huma.Schema, at, typ string) bool {
	if s == nil || s.Type == typ {
		return s != nil
	}
	c.fault(at, "must be %s", kindOf(s))
	return false
}

func kindOf(s *huma.Schema) string {
	switch s.Type {
	case huma.TypeBoolean:
		return "true or false"
	case huma.TypeInteger:
		return "a whole number"
	case huma.TypeArray:
		return "a list"
	case huma.TypeObject:
		return "an object"
	}
	return "text"
}

func (c *checker) number(s *huma.Schema, at, literal string) {
	n, err := strconv.ParseInt(literal, 10, 64)
	switch {
	case err != nil:
		c.fault(at, "must be a whole number, written in digits")
	case s.Minimum != nil && float64(n) < *s.Minimum, s.Maximum != nil && float64(n) > *s.Maximum:
		if s.Maximum == nil {
			c.valueFault(at, "must be at least %v", *s.Minimum)
			return
		}
		c.valueFault(at, "must be from %v to %v", *s.Minimum, *s.Maximum)
	}
}

func (c *checker) text(s *huma.Schema, at, v string) {
	if strings.ContainsRune(v, utf8.RuneError) {
		c.fault(at, "holds half of a surrogate pair or U+FFFD, which are no text")
		return
	}
	n := utf8.RuneCountInString(v)
	switch {
	case s.Enum != nil:
		given := v
		if s.Extensions[anyCase] == true {
			given = strings.ToUpper(v)
		}
		if !slices.Contains(s.Enum, any(given)) {
			c.valueFault(at, "must be one of %s", list(s.Enum))
		}
	case s.MaxLength != nil && n > *s.MaxLength:
		c.valueFault(at, "is longer than %d characters", *s.MaxLength)
	case s.MinLength != nil && n < *s.MinLength:
		c.valueFault(at, "must have at least %d characters", *s.MinLength)
	case s.Pattern != "" && !c.patterns[s.Pattern].MatchString(v):
		c.valueFault(at, "must be %s", s.PatternDescription)
	}
}

func (c *checker) array(s *huma.Schema, at string, depth int) bool {
	var items *huma.Schema
	if c.is(s, at, huma.TypeArray) {
		items = s.Items
	}
	n := 0
	for ; c.dec.More(); n++ {
		if !c.value(items, at+"/"+strconv.Itoa(n), depth) {
			return false
		}
	}
	c.token()
	switch {
	case items == nil:
	case s.MaxItems != nil && n > *s.MaxItems:
		c.valueFault(at, "has %d entries; at most %d are allowed", n, *s.MaxItems)
	case s.MinItems != nil && n < *s.MinItems:
		c.valueFault(at, "must have at least %d entries", *s.MinItems)
	}
	return true
}

func (c *checker) object(s *huma.Schema, at string, depth int) bool {
	known := c.is(s, at, huma.TypeObject)
	seen := map[string]bool{}
	for c.dec.More() {
		key := c.token().(string)
		field := at + "/" + escapePointer(key)
		var property *huma.Schema
		switch {
		case seen[key]:
			c.fault(field, "is given twice")
		case known:
			property = s.Properties[key]
			if property == nil {
				c.unknown(s, key, field)
			}
		}
		seen[key] = true
		if !c.value(property, field, depth) {
			return false
		}
	}
	c.token()
	if known {
		for _, name := range s.Required {
			if !seen[name] {
				c.fault(at+"/"+name, "is required")
			}
		}
	}
	return true
}

// unknown adds the fault for a key that the schema lacks.
func (c *checker) unknown(s *huma.Schema, key, field string) {
	for name := range s.Properties {
		if strings.EqualFold(name, key) {
			c.fault(field, "is not a field here; did you mean %s?", name)
			return
		}
	}
	c.fault(field, "is not a field of this request")
}

// escapePointer makes a key part of a JSON pointer, and a short one.
func escapePointer(key string) string {
	if len(key) > 64 {
		key = strings.ToValidUTF8(key[:64], "") + "..."
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

func list(values []any) string {
	words := make([]string, 0, len(values))
	for _, v := range values {
		if v != nil {
			words = append(words, fmt.Sprint(v))
		}
	}
	return strings.Join(words, ", ")
}
