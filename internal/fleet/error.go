package fleet

import (
	"errors"
	"fmt"
	"strings"
	"time"
)

// Code classes an Error. Transports translate it; the domain knows no statuses.
type Code string

// The codes and what a transport makes of them.
const (
	CodeMalformed    Code = "MALFORMED"           // 400: could not be read
	CodeUnauthorized Code = "UNAUTHORIZED"        // 401: no or bad credentials
	CodeSignIn       Code = "SIGN_IN_FAILED"      // 400 with the code UNAUTHORIZED: a failed sign-in
	CodeForbidden    Code = "FORBIDDEN"           // 403: the caller's role may not
	CodeNotFound     Code = "NOT_FOUND"           // 404: no such object for this caller
	CodeConflict     Code = "CONFLICT"            // 409: another object is in the way
	CodeTooLarge     Code = "REQUEST_TOO_LARGE"   // 413
	CodeInvalid      Code = "VALIDATE_FAILED"     // 422: read, understood and refused
	CodeTooMany      Code = "TOO_MANY_REQUESTS"   // 429
	CodeUnavailable  Code = "SERVICE_UNAVAILABLE" // 503: try again later
)

// Error is what a use case returns when it refuses. Its texts are safe to show:
// they name fields and remedies, never secrets.
type Error struct {
	Code    Code
	Message string
	// Fields holds one entry for each fault of the input, in its order.
	Fields []Fault
	// Retry is how long to wait after CodeTooMany or CodeUnavailable; 0 if not known.
	Retry time.Duration
}

// Fault is one thing wrong with an input.
type Fault struct {
	Pointer string // JSON pointer into the request body: "/codecs/2"
	Message string // what is wrong and what would be right
}

func (e *Error) Error() string {
	if len(e.Fields) == 0 {
		return e.Message
	}
	var b strings.Builder
	b.WriteString(e.Message)
	for _, f := range e.Fields {
		fmt.Fprintf(&b, "; %s: %s", f.Pointer, f.Message)
	}
	return b.String()
}

// CodeOf returns the code of the Error that err wraps, or "" for any other error,
// whose text is not for the caller's eyes.
func CodeOf(err error) Code {
	var e *Error
	if errors.As(err, &e) {
		return e.Code
	}
	return ""
}

func errorf(code Code, format string, args ...any) *Error {
	return &Error{Code: code, Message: fmt.Sprintf(format, args...)}
}

// NotFound is the error for an object that the caller cannot see.
func NotFound(kind string) error { return errorf(CodeNotFound, "there is no such %s", kind) }

// faults collects what is wrong with an input.
type faults struct {
	list    []Fault
	refused bool // at least one is not merely a conflict
}

func (f *faults) add(pointer, format string, args ...any) {
	f.list = append(f.list, Fault{pointer, fmt.Sprintf(format, args...)})
	f.refused = true
}

// conflict adds a fault that another object is the cause of.
func (f *faults) conflict(pointer, format string, args ...any) {
	f.list = append(f.list, Fault{pointer, fmt.Sprintf(format, args...)})
}

func (f *faults) err() error {
	switch {
	case len(f.list) == 0:
		return nil
	case f.refused:
		return &Error{Code: CodeInvalid, Message: "the request was refused; nothing was changed", Fields: f.list}
	}
	return &Error{Code: CodeConflict, Message: "another object is in the way; nothing was changed", Fields: f.list}
}
