// Package fleet is the domain: tenants, their extensions (users), phones, DECT
// bases and members, firmware templates, sightings, enrolment windows and the
// credentials of those who administer them; and the rules that hold between them.
//
// Every use case takes a Caller, decides whether the caller may, checks the whole
// input and answers with every fault at once, then changes the store in one
// transaction together with its audit record. The package does no I/O of its own:
// it declares the interfaces it needs (store.go) and its callers wire them.
package fleet
