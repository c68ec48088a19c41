package admin

import (
	"bytes"
	"context"
	"errors"
	"io"
	"maps"
	"mime"
	"net"
	"net/http"
	"net/url"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

const (
	maxBody     = 1 << 20
	bodyTimeout = 10 * time.Second
	// tenantHeader is how an administrator of the installation names the tenant
	// to act in.
	tenantHeader = "Dialplane-Tenant"
)

// operation describes one operation to register.
type operation struct {
	method, path string
	id           string // operationId
	tag          string
	summary      string
	detail       string            // Markdown, or ""
	status       int               // of success
	role         fleet.Role        // that it needs, for the document: the fleet decides; "" for none
	installation bool              // is not within a tenant unless the header names one
	fields       listquery.Fields  // of a list
	flags        map[string]string // query parameters that are true or false, and what they do
	stream       bool              // answers with text/event-stream
	answer       string            // media type of an answer that is neither JSON nor a stream, or ""
	upload       bool              // takes a file as application/octet-stream, which the handler reads
	texts        []string          // query parameters that its input takes, found by register
}

// request is what a handler knows of its request beside path and body.
type request struct {
	fleet.Caller
	Query   listquery.Query
	Flags   map[string]bool
	Address string // of the client, without port
}

type requestKey struct{}

// output is an answer with a body; empty is one without.
type (
	output[T any] struct{ Body T }
	empty         struct{}
)

// input is a request with a body.
type input[T any] struct{ Body T }

// register adds an operation to the router and the document.
func register[I, O any](s *server, op operation, handle func(context.Context, request, *I) (*O, error)) {
	op.texts = queryNames[I]()
	described := huma.Operation{
		OperationID:        op.id,
		Method:             op.method,
		Path:               op.path,
		Tags:               []string{op.tag},
		Summary:            op.summary,
		Description:        describe(op),
		Parameters:         parameters(op),
		Responses:          responses[I](op),
		Security:           security(op),
		DefaultStatus:      op.status,
		SkipValidateParams: true,
		SkipValidateBody:   true,
		MaxBodyBytes:       -1, // the guard has counted
		BodyReadTimeout:    -1, // and has read
	}
	if op.stream {
		described.Responses[strconv.Itoa(op.status)] = s.streamed()
	}
	if op.answer != "" {
		described.Responses[strconv.Itoa(op.status)] = fileAnswer(op)
	}
	if op.upload {
		described.RequestBody = uploadBody()
	}
	var body *huma.Schema // known once huma has made it
	described.Middlewares = huma.Middlewares{func(ctx huma.Context, next func(huma.Context)) {
		ctx, p := s.guard(ctx, op, body)
		if p != nil {
			_, w := humago.Unwrap(ctx)
			p.write(w, s.Log)
			return
		}
		next(ctx)
	}}
	huma.Register(s.api, described, func(ctx context.Context, in *I) (*O, error) {
		r, ok := ctx.Value(requestKey{}).(request)
		if !ok {
			return nil, s.problemOf(ctx, op.id, errors.New("an operation was reached around its guard"))
		}
		out, err := handle(ctx, r, in)
		if err != nil {
			return nil, s.problemOf(ctx, op.id, err)
		}
		return out, nil
	})
	body = s.complete(op)
}

// guard decides whether a request reaches its handler: what it accepts, its
// credential, tenant, query and body. It puts what it learns into the context.
func (s *server) guard(ctx huma.Context, op operation, schema *huma.Schema) (huma.Context, *problem) {
	r, w := humago.Unwrap(ctx)
	answer := "application/json"
	switch {
	case op.stream:
		answer = "text/event-stream"
	case op.answer != "":
		answer = op.answer
	}
	if !accepts(r.Header.Values("Accept"), answer) {
		return ctx, refuse(http.StatusNotAcceptable, "the answer is %s, which the Accept header leaves out", answer)
	}
	known := request{Address: addressOf(r)}
	if op.role != "" {
		caller, err := s.caller(r, op, known.Address)
		if err != nil {
			return ctx, s.problemOf(r.Context(), op.id, err)
		}
		known.Caller = caller
	}
	for _, name := range []string{"id", "phone_id"} {
		if id := r.PathValue(name); id != "" {
			if _, ok := fleet.ParseID(id); !ok {
				return ctx, refuse(http.StatusNotFound, "there is no such object")
			}
		}
	}
	if err := known.readQuery(r.URL.RawQuery, op); err != nil {
		return ctx, s.problemOf(r.Context(), op.id, err)
	}
	switch {
	case op.upload:
		if p := checkUpload(r); p != nil {
			return ctx, p
		}
	case r.Method == http.MethodPost:
		body, p := readBody(w, r)
		if p != nil {
			return ctx, p
		}
		if schema != nil {
			p = s.checkBody(schema, body)
		} else if t := bytes.TrimSpace(body); len(t) > 0 && string(t) != "{}" {
			p = refuse(http.StatusBadRequest, "this operation takes no body")
		}
		if p != nil {
			return ctx, p
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
	}
	// What has been decided here is not to be decided again.
	if !op.upload {
		r.Header.Set("Content-Type", "application/json")
	}
	r.Header.Del("Accept")
	return huma.WithValue(ctx, requestKey{}, known), nil
}

// caller finds out who asks, and for which tenant.
func (s *server) caller(r *http.Request, op operation, address string) (fleet.Caller, error) {
	bearer, ok := bearerOf(r.Header.Values("Authorization"))
	if !ok {
		return fleet.Caller{}, refuse(http.StatusUnauthorized, "send your token in the header Authorization, as: Bearer <token>")
	}
	c, err := s.Fleet.Authenticate(r.Context(), bearer, address)
	if err != nil {
		return fleet.Caller{}, err
	}
	var tenant fleet.ID
	switch named := r.Header.Values(tenantHeader); {
	case len(named) > 1:
		return fleet.Caller{}, refuse(http.StatusBadRequest, "the header %s is given more than once", tenantHeader)
	case len(named) == 1:
		if tenant, ok = fleet.ParseID(named[0]); !ok {
			return fleet.Caller{}, refuse(http.StatusBadRequest, "the header %s holds no id of a tenant", tenantHeader)
		}
	case op.installation:
		return c, nil
	}
	return s.Fleet.ActIn(r.Context(), c, tenant)
}

// bearerOf reads the one Authorization header.
func bearerOf(headers []string) (secret.Secret, bool) {
	if len(headers) != 1 {
		return secret.Secret{}, false
	}
	scheme, token, _ := strings.Cut(headers[0], " ")
	token = strings.TrimSpace(token)
	if !strings.EqualFold(scheme, "Bearer") || token == "" || len(token) > 512 {
		return secret.Secret{}, false
	}
	return secret.New(token), true
}

// addressOf is the client's address as the connection has it: forwarding headers
// are anyone's to write.
func addressOf(r *http.Request) string {
	host, _, err := net.SplitHostPort(r.RemoteAddr)
	if err != nil {
		return r.RemoteAddr
	}
	return host
}

// readQuery reads the query of a list, or the flags of another operation. What
// the operation does not know is refused.
func (q *request) readQuery(raw string, op operation) error {
	if raw == "" && op.fields == nil {
		return nil
	}
	values, err := url.ParseQuery(raw)
	if err != nil {
		return refuse(http.StatusBadRequest, "the query could not be read; percent-encode its values")
	}
	if op.fields != nil {
		q.Query, err = listquery.Parse(values, op.fields)
		return err
	}
	q.Flags = map[string]bool{}
	for name, given := range values {
		if slices.Contains(op.texts, name) {
			if len(given) != 1 {
				return refuse(http.StatusBadRequest, "the query parameter %s is given more than once", name)
			}
			continue
		}
		if _, ok := op.flags[name]; !ok {
			if len(op.flags)+len(op.texts) == 0 {
				return refuse(http.StatusBadRequest, "this operation takes no query parameters")
			}
			return refuse(http.StatusBadRequest, "of query parameters this operation takes only %s", strings.Join(slices.Sorted(slices.Values(append(slices.Collect(maps.Keys(op.flags)), op.texts...))), ", "))
		}
		if len(given) != 1 || given[0] != "true" && given[0] != "false" {
			return refuse(http.StatusBadRequest, "the query parameter %s must be true or false", name)
		}
		q.Flags[name] = given[0] == "true"
	}
	return nil
}

// queryNames lists the query parameters of an input.
func queryNames[I any]() (names []string) {
	t := reflect.TypeFor[I]()
	for i := range t.NumField() {
		if name := t.Field(i).Tag.Get("query"); name != "" {
			names = append(names, name)
		}
	}
	return names
}

// checkUpload looks at what is declared of a body that is a file.
func checkUpload(r *http.Request) *problem {
	if media, _, err := mime.ParseMediaType(r.Header.Get("Content-Type")); err != nil || media != "application/octet-stream" {
		return refuse(http.StatusUnsupportedMediaType, "send the file itself as application/octet-stream")
	}
	if r.Header.Get("Content-Encoding") != "" {
		return refuse(http.StatusUnsupportedMediaType, "send the file without a Content-Encoding")
	}
	return nil
}

// readBody reads a body of bounded size in bounded time.
func readBody(w http.ResponseWriter, r *http.Request) ([]byte, *problem) {
	if r.Body == nil || r.Body == http.NoBody {
		return nil, nil
	}
	tooLarge := refuse(http.StatusRequestEntityTooLarge, "the body is larger than %d bytes", maxBody)
	if r.ContentLength > maxBody {
		return nil, tooLarge
	}
	if ct := r.Header.Get("Content-Type"); ct != "" {
		media, params, err := mime.ParseMediaType(ct)
		if charset := params["charset"]; err != nil || media != "application/json" || charset != "" && !strings.EqualFold(charset, "utf-8") {
			return nil, refuse(http.StatusUnsupportedMediaType, "send the body as application/json in UTF-8")
		}
	}
	if r.Header.Get("Content-Encoding") != "" {
		return nil, refuse(http.StatusUnsupportedMediaType, "send the body without a Content-Encoding")
	}
	// A writer without deadlines is a test's. The deadline goes with the body: one
	// that passes while the handler works would end the request.
	connection := http.NewResponseController(w)
	_ = connection.SetReadDeadline(time.Now().Add(bodyTimeout))
	body, err := io.ReadAll(http.MaxBytesReader(w, r.Body, maxBody))
	_ = connection.SetReadDeadline(time.Time{})
	var large *http.MaxBytesError
	var network net.Error
	switch {
	case errors.As(err, &large):
		return nil, tooLarge
	case errors.As(err, &network) && network.Timeout():
		return nil, refuse(http.StatusRequestTimeout, "the body did not arrive in time")
	case err != nil:
		return nil, refuse(http.StatusBadRequest, "the body ended early")
	}
	return body, nil
}

// accepts reports whether an Accept header lets the answer be of a media type.
func accepts(headers []string, answer string) bool {
	kind, _, _ := strings.Cut(answer, "/")
	ranges := strings.Split(strings.Join(headers, ","), ",")
	if strings.TrimSpace(strings.Join(ranges, "")) == "" {
		return true
	}
	return slices.ContainsFunc(ranges, func(r string) bool {
		media, params, err := mime.ParseMediaType(r)
		if err != nil || media != "*/*" && media != kind+"/*" && media != answer {
			return false
		}
		q, err := strconv.ParseFloat(params["q"], 64)
		return params["q"] == "" || err == nil && q > 0
	})
}

// objectID is an id in a path. The guard has seen that it can be one.
type objectID string

func (o objectID) ref() fleet.ID {
	id, _ := fleet.ParseID(string(o))
	return id
}

// ObjectPath is the path of one object.
type ObjectPath struct {
	ID objectID `path:"id" example:"NzAwNTUxOTA5NzczMTQ4MTYw" doc:"The object's id."`
}
