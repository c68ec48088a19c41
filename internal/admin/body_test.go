package admin_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"pgregory.net/rapid"
)

// withBody lists the operations that take a body, by path.
func withBody(a huma.API) []*huma.Operation {
	var ops []*huma.Operation
	operations(a, func(op *huma.Operation) {
		if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
			ops = append(ops, op)
		}
	})
	slices.SortFunc(ops, func(a, b *huma.Operation) int { return strings.Compare(a.Path, b.Path) })
	return ops
}

// TestBodies sends bodies made from the schemas, and bodies bent a little. None is
// a failure of the server's; none that the independent validator refuses succeeds.
func TestBodies(t *testing.T) {
	w := newWorld(t)
	ops := withBody(w.api)
	oracle := documentValidator(t)
	rapid.Check(t, func(rt *rapid.T) {
		op := rapid.SampledFrom(ops).Draw(rt, "operation")
		if strings.HasPrefix(op.Path, "/auth/") {
			rt.Skip("slow on purpose")
		}
		g := bender{schemas: w.api.OpenAPI().Components.Schemas, bends: rapid.IntRange(0, 3).Draw(rt, "bends")}
		body, err := json.Marshal(g.value(rt, op.RequestBody.Content["application/json"].Schema))
		if err != nil {
			rt.Fatal(err)
		}
		got := w.do(op.Method, fill(op.Path, w.ids), w.root, string(body))
		if got.status >= 500 {
			rt.Fatalf("%s %s: %d %s", op.Path, body, got.status, got.body)
		}
		r := request(op.Method, fill(op.Path, w.ids), w.root, string(body))
		r.Body = io.NopCloser(bytes.NewReader(body))
		oracle.mu.Lock()
		ok, errs := oracle.ValidateHttpRequestSync(r)
		oracle.mu.Unlock()
		if !ok && !onlyAnyCase(errs) && got.status < 400 {
			rt.Fatalf("%s took %s (%d), which is not as documented: %s", op.Path, body, got.status, explain(errs))
		}
		if ok && got.status == 400 {
			rt.Fatalf("%s calls %s malformed: %s", op.Path, body, got.body)
		}
	})
}

// bender makes values of a schema, and bends some.
type bender struct {
	schemas huma.Registry
	bends   int
}

func (g *bender) bend(t *rapid.T) bool {
	if g.bends > 0 && rapid.IntRange(0, 5).Draw(t, "bend") == 0 {
		g.bends--
		return true
	}
	return false
}

func (g *bender) value(t *rapid.T, s *huma.Schema) any {
	for s.Ref != "" {
		s = g.schemas.SchemaFromRef(s.Ref)
	}
	if g.bend(t) {
		return rapid.SampledFrom([]any{
			nil, true, 0, -1, 1.5, math.MaxInt64, 1e300, "", "x", strings.Repeat("x", 2000), "\x00", "\u202e", "\U0001f600", "a\r\nb", []any{}, []any{nil}, map[string]any{}, map[string]any{"": nil},
		}).Draw(t, "bent")
	}
	if s.Nullable && rapid.IntRange(0, 4).Draw(t, "null") == 0 {
		return nil
	}
	switch s.Type {
	case huma.TypeBoolean:
		return rapid.Bool().Draw(t, "bool")
	case huma.TypeInteger:
		least, most := math.MinInt32, math.MaxInt32
		if s.Minimum != nil {
			least = int(*s.Minimum)
		}
		if s.Maximum != nil {
			most = int(*s.Maximum)
		}
		return rapid.IntRange(least, most).Draw(t, "int")
	case huma.TypeArray:
		return rapid.SliceOfN(rapid.Custom(func(t *rapid.T) any { return g.value(t, s.Items) }), 0, 4).Draw(t, "list")
	case huma.TypeObject:
		o := map[string]any{}
		for name, p := range s.Properties {
			if g.bend(t) {
				continue
			}
			if slices.Contains(s.Required, name) || rapid.Bool().Draw(t, name) {
				o[name] = g.value(t, p)
			}
		}
		if g.bend(t) {
			o[rapid.SampledFrom([]string{"id", "tenant_id", "role", "MAC", "Password", "__proto__", "$where", "a.b", "a/b"}).Draw(t, "extra")] = 1
		}
		return o
	}
	switch {
	case s.Enum != nil:
		return rapid.SampledFrom(s.Enum).Draw(t, "enum")
	case len(s.Examples) > 0 && rapid.Bool().Draw(t, "example"):
		return s.Examples[0]
	case s.Pattern != "":
		return rapid.StringMatching(s.Pattern).Draw(t, "pattern")
	}
	return rapid.StringN(0, 20, -1).Draw(t, "text")
}

// FuzzBody sends any bytes as the body of any operation.
func FuzzBody(f *testing.F) {
	f.Add(uint8(0), []byte(`{"a":[{}],"b":"\ud800"}`))
	f.Add(uint8(1), []byte(userBody("103")))
	f.Add(uint8(9), []byte(`{"items":[{"extension_number":"101","ipui":null}]}`))
	var w *world
	f.Fuzz(func(t *testing.T, n uint8, body []byte) {
		if w == nil {
			w = newWorld(t)
			t.Cleanup(func() { w = nil })
		}
		ops := withBody(w.api)
		op := ops[int(n)%len(ops)]
		if strings.HasPrefix(op.Path, "/auth/") {
			return
		}
		got := w.do(op.Method, fill(op.Path, w.ids), w.root, string(body))
		if got.status >= 500 {
			t.Fatalf("%s %q: %d %s", op.Path, body, got.status, got.body)
		}
		if !json.Valid(body) && got.status < 400 {
			t.Fatalf("%s %q: %d", op.Path, body, got.status)
		}
	})
}

// FuzzRequest asks for any path and query.
func FuzzRequest(f *testing.F) {
	f.Add("GET", "/phones/001565000001?top=1")
	f.Add("POST", "/users/NzAw/phones/x/destroy?force=true")
	f.Add("GET", "/templates/phones/%2e%2e%2f?filter=filename%20eq%20'x'")
	f.Fuzz(func(t *testing.T, method, target string) {
		if method != "GET" && method != "POST" && method != "HEAD" && method != "PUT" {
			return
		}
		w := newWorld(t)
		r := request("GET", "/users", w.root, "")
		u, err := r.URL.Parse("/api" + target)
		if err != nil || !strings.HasPrefix(u.Path, "/api") {
			return
		}
		r.Method, r.URL = method, u
		if got := w.send(t, r); got.status >= 500 {
			t.Fatal(fmt.Sprint(method, " ", target, ": ", got.status, " ", got.body))
		}
	})
}
