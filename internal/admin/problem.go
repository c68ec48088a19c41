package admin

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

// problem is an answer that is no success: the body of every 4xx and 5xx.
type problem struct {
	Errors []fault `json:"errors" minItems:"1" doc:"Everything that is wrong, one entry each."`

	status int
	retry  time.Duration // 0 for not known
}

// fault is one thing that is wrong.
type fault struct {
	Code    string  `json:"code" example:"VALIDATE_FAILED" doc:"What kind of fault, in CAPITALS. Treat one that you do not know as UNKNOWN."`
	Message string  `json:"message" example:"must be 3 to 64 digits" doc:"What is wrong and what would be right, for people."`
	Detail  *string `json:"detail" example:"/extension_number" doc:"JSON pointer to the field of the request body that is meant, or null."`
}

// statusOf says with which status each code of the fleet is answered.
func statusOf(code fleet.Code) int {
	switch code {
	case fleet.CodeMalformed, fleet.CodeSignIn:
		return http.StatusBadRequest
	case fleet.CodeUnauthorized:
		return http.StatusUnauthorized
	case fleet.CodeForbidden:
		return http.StatusForbidden
	case fleet.CodeNotFound:
		return http.StatusNotFound
	case fleet.CodeConflict:
		return http.StatusConflict
	case fleet.CodeTooLarge:
		return http.StatusRequestEntityTooLarge
	case fleet.CodeInvalid:
		return http.StatusUnprocessableEntity
	case fleet.CodeTooMany:
		return http.StatusTooManyRequests
	case fleet.CodeUnavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

// refuse makes a problem of the transport's own. The code is derived from the
// status.
func refuse(status int, format string, args ...any) *problem {
	code := string(fleet.CodeMalformed)
	switch status {
	case http.StatusUnauthorized:
		code = string(fleet.CodeUnauthorized)
	case http.StatusNotFound:
		code = string(fleet.CodeNotFound)
	case http.StatusMethodNotAllowed:
		code = "METHOD_NOT_ALLOWED"
	case http.StatusNotAcceptable:
		code = "NOT_ACCEPTABLE"
	case http.StatusRequestTimeout:
		code = "REQUEST_TIMEOUT"
	case http.StatusRequestEntityTooLarge:
		code = "REQUEST_TOO_LARGE"
	case http.StatusUnsupportedMediaType:
		code = "UNSUPPORTED_MEDIA_TYPE"
	case http.StatusUnprocessableEntity:
		code = string(fleet.CodeInvalid)
	case http.StatusInternalServerError, http.StatusServiceUnavailable:
		code = "UNKNOWN"
	}
	return &problem{status: status, Errors: []fault{{Code: code, Message: fmt.Sprintf(format, args...)}}}
}

// problemOf translates an error of a use case. One that is not the fleet's own
// says nothing of what went wrong, for its text may hold anything: that is logged.
func (s *server) problemOf(ctx context.Context, operation string, err error) *problem {
	var (
		p *problem
		q *listquery.Error
		e *fleet.Error
	)
	switch {
	case errors.As(err, &p):
		return p
	case errors.As(err, &q):
		return refuse(http.StatusBadRequest, "%s", q.Error())
	case errors.As(err, &e) && statusOf(e.Code) != http.StatusInternalServerError:
		p := &problem{status: statusOf(e.Code), retry: e.Retry}
		code := string(e.Code)
		if e.Code == fleet.CodeSignIn {
			code = string(fleet.CodeUnauthorized)
		}
		for _, f := range e.Fields {
			p.Errors = append(p.Errors, fault{code, f.Message, &f.Pointer})
		}
		if len(e.Fields) == 0 {
			p.Errors = []fault{{Code: code, Message: e.Message}}
		}
		return p
	case errors.Is(err, context.DeadlineExceeded), errors.Is(err, context.Canceled):
		s.Log.WarnContext(ctx, "an operation of the API was cut short", "operation", operation, "error", err)
		return refuse(http.StatusServiceUnavailable, "this took too long; please try again")
	}
	s.Log.ErrorContext(ctx, "an operation of the API failed", "operation", operation, "error", err)
	return refuse(http.StatusInternalServerError, "something went wrong on our side; the server's log says what")
}

// problem is an error, for handlers to return.
func (p *problem) Error() string { return p.Errors[0].Message }

// GetStatus tells huma the status.
func (p *problem) GetStatus() int { return p.status }

// GetHeaders tells huma the headers.
func (p *problem) GetHeaders() http.Header {
	h := http.Header{}
	switch p.status {
	case http.StatusUnauthorized:
		h.Set("WWW-Authenticate", `Bearer realm="dialplane"`)
	case http.StatusTooManyRequests, http.StatusServiceUnavailable:
		seconds := 30
		if p.retry > 0 {
			seconds = int(math.Ceil(p.retry.Seconds()))
		}
		h.Set("Retry-After", strconv.Itoa(seconds))
	}
	return h
}

// write answers with the problem, outside of huma.
func (p *problem) write(w http.ResponseWriter, log *slog.Logger) {
	for name, values := range p.GetHeaders() {
		w.Header()[name] = values
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(p.status)
	if err := huma.DefaultJSONFormat.Marshal(w, p); err != nil {
		log.Warn("an answer of the API could not be sent", "error", err)
	}
}

// translate replaces huma's own errors, which repeat what was sent.
func (s *server) translate(ctx huma.Context, _ string, v any) (any, error) {
	e, ok := v.(*huma.ErrorModel)
	if !ok {
		return v, nil
	}
	ctx.SetHeader("Content-Type", "application/json")
	s.Log.ErrorContext(ctx.Context(), "a request passed the guard but not the framework", "operation", ctx.Operation().OperationID, "status", e.Status)
	if e.Status >= 500 {
		return refuse(e.Status, "something went wrong on our side; the server's log says what"), nil
	}
	return refuse(e.Status, "the request could not be read"), nil
}
