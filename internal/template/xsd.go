package template

import (
	_ "embed"
	"slices"
)

//go:embed template.xsd
var xsd []byte

// XSD returns the XML schema of templates.
func XSD() []byte { return slices.Clone(xsd) }
