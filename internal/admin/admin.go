// Package admin is the REST API: it translates requests to use cases of the fleet
// and their results back, and holds no rules of its own.
//
// Each operation is a row of register calls with a Go type for what comes in and
// what goes out; the OpenAPI document, the check of every request body and the
// readable page all come from those types, so they cannot disagree. A request
// passes, in this order: security headers and the catch for panics (http.go), the
// router, then the guard of its operation (operation.go) with the credential, the
// tenant, the query and the body (body.go), and last the handler. Whatever fails,
// the answer is a problem (problem.go), which never repeats what was sent.
package admin

import (
	"log/slog"
	"net/http"
	"regexp"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// Options is what the API works with. All fields are required.
type Options struct {
	Fleet *fleet.Fleet
	// PhoneURL and DectURL make the provisioning address of a phone or base from
	// its token. They are asked only where the use case returned the token.
	PhoneURL func(fleet.Phone) string
	DectURL  func(fleet.DectPhone) string
	// Status says how it is with a phone. It is asked for every phone of a list.
	Status  func(mac.Addr) fleet.Status
	Log     *slog.Logger
	Version string // of the program, as the document states it
}

// Prefix is the path that all operations are under.
const Prefix = "/api"

// server is the API with what it works with.
type server struct {
	Options
	api huma.API
	// patterns are those of the request schemas, compiled by register.
	patterns map[string]*regexp.Regexp
}

// New returns the handler of everything under Prefix, and the API that holds the
// OpenAPI document.
func New(o Options) (http.Handler, huma.API) {
	mux := http.NewServeMux()
	s := &server{Options: o, patterns: map[string]*regexp.Regexp{}}
	s.api = humago.NewWithPrefix(mux, Prefix, huma.Config{
		OpenAPI:       document(),
		Formats:       map[string]huma.Format{"application/json": huma.DefaultJSONFormat},
		DefaultFormat: "application/json",
		Transformers:  []huma.Transformer{s.translate},
	})
	s.registerAccess()
	s.registerTenants()
	s.registerUsers()
	s.registerContacts()
	s.registerPhones()
	s.registerJobs()
	s.registerEvents()
	s.registerDect()
	s.registerSystems()
	s.registerTemplates()
	s.registerFiles()
	s.registerEnrolments()
	s.registerRedirects()
	finish(s.api.OpenAPI())
	if err := s.serveDocument(mux); err != nil {
		panic(err) // made of constants of the program, which a test has made too
	}
	return s.outer(mux), s.api
}
