package admin

import (
	"fmt"
	"maps"
	"net/http"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/listquery"
)

// The version of the contract, which changes by its own rules and not with the
// program.
const contractVersion = "1.0.0"

// The tags, in the order of the document.
const (
	tagAccess     = "Signing in"
	tagTenants    = "Tenants"
	tagUsers      = "Users"
	tagContacts   = "Contacts"
	tagUserPhones = "Phones of a user"
	tagJobs       = "Jobs"
	tagRedirects  = "Redirect services"
	tagEvents     = "Events"
	tagPhones     = "Phones"
	tagDect       = "DECT"
	tagTemplates  = "Firmware templates"
	tagFiles      = "Files and firmware"
	tagModels     = "Models"
	tagEnrolments = "Enrolment"
	tagAccounts   = "Accounts and tokens"
)

const introduction = `Auto-provisioning of desk phones: firmware templates, phone models, phones and their
assignment to extensions, DECT bases and their members. Clients written for the provisioning API of
PortSIP PBX v22 work here unchanged.

**Verbs.** GET reads; POST creates, changes (` + "`POST /x/{id}`" + `) and deletes (` + "`POST /x/{id}/destroy`" + `). A change
names the fields that change; the others, and those that are null, stay.

**Bodies** are JSON objects in UTF-8, at most 1 MiB; only an uploaded file is its own body. A field that is not known, or is read-only, is refused.
In answers blank fields are present as null. Times are RFC 3339 in UTC.

**Secrets** (passwords, PINs, provisioning addresses) can be written by who may write; they are read back as
null unless the credential may reveal secrets, and each such reading is recorded.

**Lists** take ` + "`top`, `skip`, `count`, `orderby`, `search` and `filter`" + `, each also with a leading $.

**Errors** have the body Problem. It names every fault of a request at once, each with a JSON pointer to its
field where it has one, and never repeats what was sent.`

// refusals are the answers that are no success: status, name and an example.
var refusals = []struct {
	status  int
	name    string
	doc     string
	example fault
}{
	{400, "Malformed", "The request could not be read, or the sign-in failed.", fault{"MALFORMED", "filter: position 12: expected eq, ne, gt, ge, lt or le", nil}},
	{401, "Unauthorized", "The credential is missing, unknown or expired.", fault{"UNAUTHORIZED", "send your token in the header Authorization, as: Bearer <token>", nil}},
	{403, "Forbidden", "The credential's role may not do this.", fault{"FORBIDDEN", "this needs the role operator; your credential has the role viewer", nil}},
	{404, "NotFound", "There is no such object for this credential.", fault{"NOT_FOUND", "there is no such user", nil}},
	{406, "NotAcceptable", "The Accept header leaves out application/json.", fault{"NOT_ACCEPTABLE", "the answer is application/json, which the Accept header leaves out", nil}},
	{408, "RequestTimeout", "The body did not arrive in time.", fault{"REQUEST_TIMEOUT", "the body did not arrive in time", nil}},
	{409, "Conflict", "Another object is in the way.", fault{"CONFLICT", "a phone with this MAC address exists already", pointer("/mac")}},
	{413, "TooLarge", "The body is larger than 1 MiB, or a file than there is room for.", fault{"REQUEST_TOO_LARGE", "the body is larger than 1048576 bytes", nil}},
	{415, "UnsupportedMediaType", "The body is not declared as JSON.", fault{"UNSUPPORTED_MEDIA_TYPE", "send the body as application/json in UTF-8", nil}},
	{422, "ValidateFailed", "The request was read, understood and refused; nothing was changed.", fault{"VALIDATE_FAILED", "must be 3 to 64 digits", pointer("/extension_number")}},
	{429, "TooManyRequests", "Too many attempts; wait for Retry-After seconds.", fault{"TOO_MANY_REQUESTS", "too many failed attempts to sign in; try again later", nil}},
	{500, "Internal", "Something went wrong on the server's side, which its log tells.", fault{"UNKNOWN", "something went wrong on our side; the server's log says what", nil}},
	{503, "Unavailable", "Not possible now; try again after Retry-After seconds.", fault{"SERVICE_UNAVAILABLE", "phones cannot be reached at the moment", nil}},
}

func pointer(s string) *string { return &s }

// document returns the OpenAPI document without its operations.
func document() *huma.OpenAPI {
	schemas := huma.NewMapRegistry("#/components/schemas/", schemaName)
	body := schemas.Schema(reflect.TypeFor[problem](), true, "")
	tidier{schemas: schemas}.tidy(body, false)
	responses := map[string]*huma.Response{}
	for _, r := range refusals {
		headers := map[string]*huma.Param{}
		switch r.status {
		case http.StatusUnauthorized:
			headers["WWW-Authenticate"] = &huma.Param{Description: "How to authenticate.", Schema: &huma.Schema{Type: huma.TypeString}}
		case http.StatusTooManyRequests, http.StatusServiceUnavailable:
			headers["Retry-After"] = &huma.Param{Description: "Seconds to wait.", Schema: &huma.Schema{Type: huma.TypeInteger}}
		}
		responses[r.name] = &huma.Response{
			Description: r.doc,
			Headers:     headers,
			Content:     map[string]*huma.MediaType{"application/json": {Schema: body, Example: problem{Errors: []fault{r.example}}}},
		}
	}
	minimum, most := 0.0, float64(listquery.MaxTop)
	one := 1.0
	return &huma.OpenAPI{
		OpenAPI: "3.1.0",
		Info: &huma.Info{
			Title:       "Dialplane",
			Version:     contractVersion,
			Description: introduction,
		},
		Servers: []*huma.Server{{URL: Prefix}},
		Tags: []*huma.Tag{
			{Name: tagAccess}, {Name: tagTemplates}, {Name: tagFiles}, {Name: tagModels}, {Name: tagPhones}, {Name: tagJobs}, {Name: tagRedirects}, {Name: tagEvents}, {Name: tagUsers}, {Name: tagUserPhones}, {Name: tagContacts},
			{Name: tagDect}, {Name: tagEnrolments}, {Name: tagTenants}, {Name: tagAccounts},
		},
		Components: &huma.Components{
			Schemas:   schemas,
			Responses: responses,
			SecuritySchemes: map[string]*huma.SecurityScheme{
				"bearer": {Type: "http", Scheme: "bearer", Description: "An opaque token, from /auth/sign_in or made by hand at /tokens."},
			},
			Parameters: map[string]*huma.Param{
				"inTenant": {
					Name: tenantHeader, In: "header", Description: "The tenant to act in, for an administrator of the installation; the default tenant if not given.",
					Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{exampleID}},
				},
				"top":    {Name: "top", In: "query", Description: "At most so many items.", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &one, Maximum: &most, Default: listquery.MaxTop}},
				"skip":   {Name: "skip", In: "query", Description: "Leave out so many items first.", Schema: &huma.Schema{Type: huma.TypeInteger, Minimum: &minimum, Default: 0}},
				"count":  {Name: "count", In: "query", Description: "Whether to add how many items there are without top and skip.", Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false}},
				"search": {Name: "search", In: "query", Description: "Only items with this text in one of the text fields, whatever its case.", Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{"ann"}}},
			},
		},
	}
}

// schemaName names a schema for its Go type: phoneRow is PhoneRow, and
// list[phoneRow] is PhoneRowList.
func schemaName(t reflect.Type, hint string) string {
	name := huma.DefaultSchemaNamer(t, hint)
	if item, ok := strings.CutPrefix(name, "ListOf"); ok {
		return item + "List"
	}
	return name
}

func describe(op operation) string {
	needs := "Needs no credential."
	if op.role != "" {
		needs = fmt.Sprintf("Needs the role `%s`.", op.role)
	}
	return strings.TrimSpace(op.detail + "\n\n" + needs)
}

func security(op operation) []map[string][]string {
	if op.role == "" {
		return nil
	}
	return []map[string][]string{{"bearer": {}}}
}

func parameters(op operation) []*huma.Param {
	var ps []*huma.Param
	ref := func(name string) { ps = append(ps, &huma.Param{Ref: "#/components/parameters/" + name}) }
	if op.role != "" {
		ref("inTenant")
	}
	if op.fields != nil {
		fields := slices.Sorted(maps.Keys(op.fields))
		names := "`" + strings.Join(fields, "`, `") + "`"
		for _, name := range []string{"top", "skip", "count", "search"} {
			ref(name)
		}
		ps = append(ps,
			&huma.Param{
				Name: "orderby", In: "query", Description: "Fields to sort by, each with asc or desc. There are " + names + ".",
				Schema: &huma.Schema{Type: huma.TypeString, Examples: []any{fields[0] + " desc"}},
			},
			&huma.Param{
				Name: "filter", In: "query",
				Description: "Only items of which this is true: `eq ne gt ge lt le`, `and or not ( )`, `startswith(f,'x')`, `endswith`, `contains`; 'text', whole numbers, true, false, null. Fields are " + names + ".",
				Schema:      &huma.Schema{Type: huma.TypeString, Examples: []any{fields[0] + " ne null"}},
			})
	}
	for _, name := range slices.Sorted(maps.Keys(op.flags)) {
		ps = append(ps, &huma.Param{Name: name, In: "query", Description: op.flags[name], Schema: &huma.Schema{Type: huma.TypeBoolean, Default: false}})
	}
	return ps
}

// responses lists what an operation can answer beside its success.
func responses[I any](op operation) map[string]*huma.Response {
	_, body := reflect.TypeFor[I]().FieldByName("Body")
	post := op.method == http.MethodPost
	answers := map[int]bool{
		401: op.id != "signIn", // whose failure is a 400
		403: op.role != "",
		404: op.role != "", // the tenant that the header names, if no other object
		408: post, 409: post, 413: post,
		415: body || op.upload,
		422: post,
	}
	all := map[string]*huma.Response{}
	for _, r := range refusals {
		if may, limited := answers[r.status]; may || !limited {
			all[strconv.Itoa(r.status)] = &huma.Response{Ref: "#/components/responses/" + r.name}
		}
	}
	return all
}

// fileAnswer describes the answer of an operation that gives a file.
func fileAnswer(op operation) *huma.Response {
	return &huma.Response{
		Description: "The file.",
		Content:     map[string]*huma.MediaType{op.answer: {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}

// uploadBody describes the request of an operation that takes a file.
func uploadBody() *huma.RequestBody {
	return &huma.RequestBody{
		Description: "The file itself.", Required: true,
		Content: map[string]*huma.MediaType{"application/octet-stream": {Schema: &huma.Schema{Type: huma.TypeString, Format: "binary"}}},
	}
}

// complete finishes the description of an operation that huma has registered, and
// returns the schema of its request body.
func (s *server) complete(op operation) *huma.Schema {
	api := s.api.OpenAPI()
	d := api.Paths[op.path].Post
	if op.method == http.MethodGet {
		d = api.Paths[op.path].Get
	}
	t := tidier{schemas: api.Components.Schemas, patterns: s.patterns}
	success := d.Responses[strconv.Itoa(op.status)]
	for name, media := range success.Content {
		if name == op.answer {
			continue
		}
		t.tidy(media.Schema, false)
		media.Example = t.example(media.Schema)
	}
	if d.RequestBody == nil || op.upload {
		return nil
	}
	media := d.RequestBody.Content["application/json"]
	t.tidy(media.Schema, true)
	media.Example = t.example(media.Schema)
	return media.Schema
}

// finish drops what huma has added of its own.
func finish(api *huma.OpenAPI) {
	delete(api.Components.Schemas.Map(), "ErrorModel")
	delete(api.Components.Schemas.Map(), "ErrorDetail")
}

// tidier makes the schemas that huma derives from Go types say what this API
// means by them.
type tidier struct {
	schemas  huma.Registry
	patterns map[string]*regexp.Regexp
}

func (t tidier) resolve(s *huma.Schema) *huma.Schema {
	for s.Ref != "" {
		s = t.schemas.SchemaFromRef(s.Ref)
	}
	return s
}

// tidy: in a request exactly the fields that need not be given may be null, which
// is the same as not giving them; in an answer lists are never null.
func (t tidier) tidy(s *huma.Schema, request bool) {
	s = t.resolve(s)
	if s.Format == "int64" {
		s.Format = ""
	}
	if s.Pattern != "" {
		t.patterns[s.Pattern] = regexp.MustCompile(s.Pattern)
	}
	if s.Type == huma.TypeArray {
		s.Nullable = false
		t.tidy(s.Items, request)
	}
	for name, p := range s.Properties {
		t.tidy(p, request)
		if request && p.Ref == "" {
			p.Nullable = !slices.Contains(s.Required, name)
		}
		if p.Nullable && p.Enum != nil && !slices.Contains(p.Enum, nil) {
			p.Enum = append(p.Enum, nil)
		}
	}
}

// example makes an example of a schema from those of its parts.
func (t tidier) example(s *huma.Schema) any {
	s = t.resolve(s)
	switch {
	case len(s.Examples) > 0:
		return s.Examples[0]
	case s.Type == huma.TypeArray:
		return []any{t.example(s.Items)}
	case s.Type == huma.TypeObject:
		o := map[string]any{}
		for name, p := range s.Properties {
			o[name] = t.example(p)
		}
		return o
	case len(s.Enum) > 0:
		return s.Enum[0]
	}
	return nil
}
