package app

import (
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strings"

	"github.com/alecthomas/kong"
	"go.yaml.in/yaml/v3"
)

// yamlOptions reads a YAML file whose keys are flags' names.
func yamlOptions(r io.Reader) (kong.Resolver, error) {
	values := make(map[string]any)
	if err := yaml.NewDecoder(r).Decode(&values); err != nil && !errors.Is(err, io.EOF) {
		return nil, fmt.Errorf("the configuration file is not YAML of the form 'flag: value': %w", err)
	}
	return yamlResolver(values), nil
}

type yamlResolver map[string]any

// Validate refuses keys that are no flag of any command.
func (y yamlResolver) Validate(app *kong.Application) error {
	known := make(map[string]bool)
	var visit func(n *kong.Node)
	visit = func(n *kong.Node) {
		for _, f := range n.Flags {
			known[f.Name] = true
		}
		for _, child := range n.Children {
			visit(child)
		}
	}
	visit(app.Node)
	var unknown []string
	for _, key := range slices.Sorted(maps.Keys(y)) {
		if !known[key] {
			unknown = append(unknown, key)
		}
	}
	if len(unknown) > 0 {
		return fmt.Errorf("the configuration file has unknown keys: %s; keys are the flags' names without dashes in front", strings.Join(unknown, ", "))
	}
	return nil
}

// Resolve returns the value of a flag, or nil.
func (y yamlResolver) Resolve(_ *kong.Context, _ *kong.Path, flag *kong.Flag) (any, error) {
	v, ok := y[flag.Name]
	if !ok {
		return nil, nil
	}
	return v, nil
}
