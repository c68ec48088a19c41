package admin

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"html/template"
	"maps"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"go.yaml.in/yaml/v3"
)

//go:embed docs.html
var docsHTML string

//go:embed docs.css
var docsCSS string

// serveDocument serves the OpenAPI document and the page made from it. Both are
// made once, here: they are constants of the program.
func (s *server) serveDocument(mux *http.ServeMux) error {
	document, err := YAML(s.api.OpenAPI())
	if err != nil {
		return err
	}
	page, err := docsPage(s.api.OpenAPI(), s.Version)
	if err != nil {
		return err
	}
	style := sha256.Sum256([]byte(docsCSS))
	policy := "default-src 'none'; style-src 'sha256-" + base64.StdEncoding.EncodeToString(style[:]) + "'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
	serve := func(path, media, csp string, content []byte) {
		mux.HandleFunc("GET "+Prefix+path, func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Type", media)
			w.Header().Set("Content-Security-Policy", csp)
			if _, err := w.Write(content); err != nil {
				s.Log.Debug("the document could not be sent", "error", err)
			}
		})
	}
	serve("/openapi.yaml", "application/yaml", "default-src 'none'", document)
	serve("/docs", "text/html; charset=utf-8", policy, page)
	return nil
}

// YAML prints the document with its parts in the order of the specification.
func YAML(api *huma.OpenAPI) ([]byte, error) {
	text, err := json.Marshal(api)
	if err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	var node yaml.Node
	if err := yaml.Unmarshal(text, &node); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	block(&node)
	var b bytes.Buffer
	enc := yaml.NewEncoder(&b)
	enc.SetIndent(2)
	if err := enc.Encode(&node); err != nil {
		return nil, fmt.Errorf("the OpenAPI document: %w", err)
	}
	return b.Bytes(), enc.Close()
}

// first are the keys that stand before the others, which stand by their names.
var first = []string{
	"openapi", "info", "servers", "tags", "paths", "components",
	"$ref", "operationId", "name", "in", "title", "type", "format", "summary", "description", "required", "properties", "schema",
}

// block undoes the style that JSON has, and puts keys into the order in which
// people read them.
func block(n *yaml.Node) {
	n.Style = 0
	if n.Kind == yaml.ScalarNode && n.Tag == "!!str" && strings.Contains(n.Value, "\n") {
		n.Style = yaml.LiteralStyle
	}
	for _, c := range n.Content {
		block(c)
	}
	if n.Kind != yaml.MappingNode {
		return
	}
	rank := func(pair []*yaml.Node) int {
		if i := slices.Index(first, pair[0].Value); i >= 0 {
			return i
		}
		return len(first)
	}
	pairs := slices.Collect(slices.Chunk(n.Content, 2))
	slices.SortStableFunc(pairs, func(a, b []*yaml.Node) int { return rank(a) - rank(b) })
	n.Content = slices.Concat(pairs...)
}

// The page is made of these.
type (
	docPage struct {
		Title, Program, Contract, Intro string
		Style                           template.CSS
		Groups                          []docGroup
		Schemas                         []docSchema
		Problems                        []docAnswer
	}
	docGroup struct {
		Name       string
		Operations []docOperation
	}
	docOperation struct {
		ID, Method, Path, Summary, Detail string
		Parameters                        []docField
		Request                           *docBody
		Status                            string
		Answer                            *docBody
		Problems                          []string // statuses
	}
	docBody struct {
		Schema  string // its name
		Example string
	}
	docSchema struct {
		Name   string
		Fields []docField
	}
	docAnswer struct {
		Status, Description, Example string
	}
	docField struct {
		Name, In, Type, Ref, Doc string
		Required                 bool
	}
)

func docsPage(api *huma.OpenAPI, program string) ([]byte, error) {
	p := docPage{Title: api.Info.Title, Program: program, Contract: api.Info.Version, Intro: api.Info.Description, Style: template.CSS(docsCSS)} //nolint:gosec // a constant of ours
	for _, tag := range api.Tags {
		g := docGroup{Name: tag.Name}
		for _, path := range slices.Sorted(maps.Keys(api.Paths)) {
			for _, op := range []*huma.Operation{api.Paths[path].Get, api.Paths[path].Post} {
				if op != nil && slices.Contains(op.Tags, tag.Name) {
					g.Operations = append(g.Operations, docOperationOf(api, op))
				}
			}
		}
		p.Groups = append(p.Groups, g)
	}
	schemas := api.Components.Schemas.Map()
	for _, name := range slices.Sorted(maps.Keys(schemas)) {
		s := docSchema{Name: name}
		for _, field := range slices.Sorted(maps.Keys(schemas[name].Properties)) {
			f := docFieldOf(schemas[name].Properties[field])
			f.Name, f.Required = field, slices.Contains(schemas[name].Required, field)
			s.Fields = append(s.Fields, f)
		}
		p.Schemas = append(p.Schemas, s)
	}
	for _, r := range refusals {
		p.Problems = append(p.Problems, docAnswer{strconv.Itoa(r.status), r.doc, indented(problem{Errors: []fault{r.example}})})
	}
	t, err := template.New("docs").Funcs(template.FuncMap{"prose": prose}).Parse(docsHTML)
	if err != nil {
		return nil, fmt.Errorf("docs.html: %w", err)
	}
	var b bytes.Buffer
	if err := t.Execute(&b, p); err != nil {
		return nil, fmt.Errorf("docs.html: %w", err)
	}
	return b.Bytes(), nil
}

func docOperationOf(api *huma.OpenAPI, op *huma.Operation) docOperation {
	d := docOperation{ID: op.OperationID, Method: op.Method, Path: Prefix + op.Path, Summary: op.Summary, Detail: op.Description}
	for _, param := range op.Parameters {
		if name, ok := strings.CutPrefix(param.Ref, "#/components/parameters/"); ok {
			param = api.Components.Parameters[name]
		}
		f := docFieldOf(param.Schema)
		f.Name, f.In, f.Doc, f.Required = param.Name, param.In, param.Description, param.Required
		d.Parameters = append(d.Parameters, f)
	}
	if op.RequestBody != nil {
		d.Request = docBodyOf(op.RequestBody.Content)
	}
	for _, status := range slices.Sorted(maps.Keys(op.Responses)) {
		if status < "400" {
			d.Status, d.Answer = status, docBodyOf(op.Responses[status].Content)
			continue
		}
		d.Problems = append(d.Problems, status)
	}
	return d
}

func docBodyOf(content map[string]*huma.MediaType) *docBody {
	media, ok := content["application/json"]
	if !ok {
		return nil
	}
	return &docBody{refName(media.Schema), indented(media.Example)}
}

func refName(s *huma.Schema) string { return s.Ref[strings.LastIndex(s.Ref, "/")+1:] }

// docFieldOf puts a schema into a few words.
func docFieldOf(s *huma.Schema) docField {
	f := docField{Type: s.Type, Doc: s.Description}
	item := s
	if s.Type == huma.TypeArray {
		f.Type, item = "list of "+s.Items.Type, s.Items
	}
	if item.Ref != "" {
		f.Ref = refName(item)
		f.Type = strings.TrimSuffix(f.Type, item.Type)
	}
	var rules []string
	rule := func(format string, args ...any) { rules = append(rules, fmt.Sprintf(format, args...)) }
	if len(item.Enum) > 0 {
		rule("one of %s", list(item.Enum))
	}
	if item.PatternDescription != "" {
		rule("%s", item.PatternDescription)
	}
	if item.Minimum != nil && item.Maximum != nil {
		rule("%v to %v", *item.Minimum, *item.Maximum)
	}
	if item.MaxLength != nil {
		rule("at most %d characters", *item.MaxLength)
	}
	if s.MaxItems != nil {
		rule("at most %d entries", *s.MaxItems)
	}
	if s.Nullable {
		rule("or null")
	}
	if len(rules) > 0 {
		f.Type += " (" + strings.Join(rules, "; ") + ")"
	}
	return f
}

func indented(v any) string {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		return err.Error()
	}
	return strings.TrimSpace(b.String())
}

// prose turns the little Markdown that descriptions use into HTML: paragraphs,
// **strong** and `code`.
func prose(text string) template.HTML {
	html := template.HTMLEscapeString(text)
	html = regexp.MustCompile("`([^`]+)`").ReplaceAllString(html, "<code>$1</code>")
	html = regexp.MustCompile(`\*\*([^*]+)\*\*`).ReplaceAllString(html, "<strong>$1</strong>")
	return template.HTML("<p>" + strings.ReplaceAll(html, "\n\n", "</p><p>") + "</p>") //nolint:gosec // escaped above
}
