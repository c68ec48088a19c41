package admin

import (
	"encoding/json"
	"reflect"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/secret"
)

// exampleID is the id in the document's examples.
const exampleID = "NzAwNTUxOTA5NzczMTQ4MTYw"

// blank is text of an answer that is null where there is none.
type blank string

// MarshalJSON prints null for nothing.
func (b blank) MarshalJSON() ([]byte, error) {
	if b == "" {
		return []byte("null"), nil
	}
	return json.Marshal(string(b))
}

// Schema describes it for the document.
func (blank) Schema(huma.Registry) *huma.Schema {
	return &huma.Schema{Type: huma.TypeString, Nullable: true}
}

// password is a secret on its way in or out. Printing it as JSON reveals it: only
// use cases decide whether there is one to print.
type password struct{ secret.Secret }

// MarshalJSON prints null for no secret.
func (p password) MarshalJSON() ([]byte, error) {
	if p.Empty() {
		return []byte("null"), nil
	}
	return json.Marshal(p.Reveal())
}

// UnmarshalJSON reads text.
func (p *password) UnmarshalJSON(b []byte) error {
	var s string
	if err := json.Unmarshal(b, &s); err != nil {
		return err
	}
	p.Secret = secret.New(s)
	return nil
}

// isSecret is the schema extension of a field that holds one.
const isSecret = "x-secret"

// Schema describes it for the document.
func (password) Schema(huma.Registry) *huma.Schema {
	most := 256
	return &huma.Schema{Type: huma.TypeString, Format: "password", Nullable: true, MaxLength: &most, Extensions: map[string]any{isSecret: true}}
}

// longText is a secret of a request that may be as long as a key is.
type longText struct{ password }

// Schema describes it for the document.
func (longText) Schema(schemas huma.Registry) *huma.Schema {
	s, most := password{}.Schema(schemas), 1024
	s.Nullable, s.MaxLength = false, &most
	return s
}

// secretOf turns a field of a request into one of an input.
func secretOf(p *password) *secret.Secret {
	if p == nil {
		return nil
	}
	return &p.Secret
}

// language is a language of a request, in any case.
type language string

// Schema describes it for the document.
func (language) Schema(huma.Registry) *huma.Schema {
	var names []any
	for _, l := range fleet.Languages {
		names = append(names, l)
	}
	return &huma.Schema{Type: huma.TypeString, Enum: names, Extensions: map[string]any{anyCase: true}, Description: "The language of the display. Accepted in any case, answered in capitals."}
}

func (l language) text() string { return string(l) }

// byInterface describes an object with one property for each interface.
func byInterface[T any](schemas huma.Registry) *huma.Schema {
	s := &huma.Schema{Type: huma.TypeObject, AdditionalProperties: false, Properties: map[string]*huma.Schema{}}
	for _, i := range fleet.Interfaces {
		s.Properties[string(i)] = schemas.Schema(reflect.TypeFor[T](), true, "")
	}
	return s
}

// listOf is the answer of a list.
type listOf[T any] struct {
	Items []T  `json:"items" doc:"The items, in the order asked for."`
	Count *int `json:"count,omitempty" example:"1" doc:"How many there are without top and skip. Only with count=true."`
}

// listed translates a page of results.
func listed[F, T any](r request, found []F, count int, translate func(F) T) *output[listOf[T]] {
	out := &output[listOf[T]]{listOf[T]{Items: each(translate)(found)}}
	if r.Query.Count {
		out.Body.Count = &count
	}
	return out
}

// created is the answer to a create.
type created struct {
	ID string `json:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The new object's id."`
}

func createdAs(id fleet.ID, err error) (*output[created], error) {
	return &output[created]{created{id.String()}}, err
}

// nothing answers an operation that tells no more than that it was done.
func nothing(err error) (*empty, error) { return &empty{}, err }

// moment prints a time, and null for none.
func moment(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC().Truncate(time.Second)
	return &t
}

// nonZero is null for 0.
func nonZero(n int) *int {
	if n == 0 {
		return nil
	}
	return &n
}

// orZero is what an optional field of a request is where it is not given.
func orZero[T any](p *T) T {
	if p == nil {
		var zero T
		return zero
	}
	return *p
}

// orEmpty makes no list an empty one, which JSON prints as such.
func orEmpty[T any](list []T) []T {
	if list == nil {
		return []T{}
	}
	return list
}

// each makes a translation of items one of lists.
func each[F, T any](translate func(F) T) func([]F) []T {
	return func(list []F) []T {
		out := make([]T, 0, len(list))
		for _, item := range list {
			out = append(out, translate(item))
		}
		return out
	}
}

// maybe translates an optional field.
func maybe[F, T any](in *F, translate func(F) T) *T {
	if in == nil {
		return nil
	}
	out := translate(*in)
	return &out
}
