package admin

import (
	"errors"
	"fmt"
	"net/http"
	"path"
	"runtime/debug"
	"strings"
	"unicode"
)

// outer wraps the router: headers for every answer, problems instead of the
// router's plain texts, and the catch for panics.
func (s *server) outer(mux *http.ServeMux) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Cache-Control", "no-store")
		h.Set("Content-Security-Policy", "default-src 'none'; frame-ancestors 'none'")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")

		out := &answer{ResponseWriter: w}
		defer func() {
			if cause := recover(); cause != nil {
				s.apologise(out, r, cause)
			}
		}()

		if !clean(r.URL.Path) {
			refuse(http.StatusNotFound, "there is nothing at this address").write(out, s.Log)
			return
		}
		handler, pattern := mux.Handler(r)
		if pattern != "" {
			mux.ServeHTTP(out, r)
			return
		}
		// The router's own answer tells a wrong path from a wrong method.
		verdict := &verdict{header: http.Header{}}
		handler.ServeHTTP(verdict, r)
		if verdict.status == http.StatusMethodNotAllowed {
			h.Set("Allow", verdict.header.Get("Allow"))
			refuse(http.StatusMethodNotAllowed, "this address takes %s", verdict.header.Get("Allow")).write(out, s.Log)
			return
		}
		refuse(http.StatusNotFound, "there is nothing at this address").write(out, s.Log)
	})
}

// apologise answers a request whose handler panicked.
func (s *server) apologise(w *answer, r *http.Request, cause any) {
	if err, ok := cause.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(cause)
	}
	s.Log.ErrorContext(r.Context(), "a handler of the API panicked", "method", r.Method, "cause", fmt.Sprint(cause), "stack", string(debug.Stack()))
	if w.begun {
		panic(http.ErrAbortHandler) // too late to say so
	}
	refuse(http.StatusInternalServerError, "something went wrong on our side; the server's log says what").write(w, s.Log)
}

// clean reports whether a decoded path is one that the router would neither
// rewrite nor hand on with a separator or control character inside.
func clean(p string) bool {
	return len(p) <= 1024 && strings.HasPrefix(p, "/") && path.Clean(p) == p &&
		!strings.ContainsRune(p, '\\') && !strings.ContainsFunc(p, func(r rune) bool {
		return unicode.IsControl(r) || r == unicode.ReplacementChar
	})
}

// answer notes whether anything has been sent.
type answer struct {
	http.ResponseWriter
	begun bool
}

func (a *answer) WriteHeader(status int) {
	a.begun = true
	a.ResponseWriter.WriteHeader(status)
}

func (a *answer) Write(b []byte) (int, error) {
	a.begun = true
	return a.ResponseWriter.Write(b)
}

// Unwrap lets http.ResponseController reach the connection.
func (a *answer) Unwrap() http.ResponseWriter { return a.ResponseWriter }

// verdict takes in the router's answer to a request it has no handler for.
type verdict struct {
	header http.Header
	status int
}

func (v *verdict) Header() http.Header         { return v.header }
func (v *verdict) WriteHeader(status int)      { v.status = status }
func (v *verdict) Write(b []byte) (int, error) { return len(b), nil }
