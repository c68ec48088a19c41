// Package standins holds, for tests, each redirect service's other side. They are
// written from the vendors' documents, or from what others' clients of the services
// show, and not from our clients; what neither says is marked as assumed. Each stand-in
// has its own state.
package standins
