// Package api holds the contract of the REST API: openapi.yaml, which a test of
// internal/admin compares with what the code says, and the client generated from it.
package api

import _ "embed"

//go:generate go tool -modfile=../tools/go.mod oapi-codegen -config oapi-codegen.yaml -o client/client.go openapi.yaml

// OpenAPI is the contract as an OpenAPI 3.1 document.
//
//go:embed openapi.yaml
var OpenAPI []byte
