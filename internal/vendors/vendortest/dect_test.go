package vendortest

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

// recorder is a test that may fail.
type recorder struct{ faults []string }

func (r *recorder) Helper() {}

func (r *recorder) Errorf(format string, args ...any) {
	r.faults = append(r.faults, fmt.Sprintf(format, args...))
}

func (r *recorder) Fatal(args ...any) { r.Errorf("%s", fmt.Sprint(args...)) }

// TestInSystem checks that the suite finds what the bases of a multi-cell system are
// told wrongly or not at all.
func TestInSystem(t *testing.T) {
	t.Parallel()
	const good = `system.set = {{if .system.set}}1{{else}}0{{end}}
system.master = {{if .system.master}}1{{else}}0{{end}}
system.number = {{.system.number}}
{{range .system.bases}}base.{{.index}} = {{.mac}}
{{end}}{{range .system.spare_bases}}base.{{.index}} =
{{end}}{{range .handsets}}handset.{{.index}} = 1
{{end}}{{range .spare_handsets}}handset.{{.index}} = 0
{{end}}`
	for name, c := range map[string]struct {
		old, new string
		lacks    Lacks
		want     string
	}{
		"all well":                      {},
		"members of others":             {old: "{{if .system.master}}1{{else}}0{{end}}", new: "1", want: "Master"},
		"no master is told":             {old: "system.master = {{if .system.master}}1{{else}}0{{end}}", lacks: Lacks{"system master": "x"}},
		"a base taken off stays":        {old: "{{range .system.spare_bases}}base.{{.index}} =\n{{end}}", want: "Bases"},
		"a member taken off stays":      {old: "{{range .spare_handsets}}handset.{{.index}} = 0\n{{end}}", want: "Handsets"},
		"one that has left is not told": {old: "{{if .system.set}}1{{else}}0{{end}}", new: "1", want: "Set"},
		"the number":                    {old: "system.number = {{.system.number}}", new: "system.number = 3", want: "Number"},
		"the number is not told":        {old: "system.number = {{.system.number}}", lacks: Lacks{"system number": "x"}},
		"the bases are not told":        {old: "{{range .system.bases}}base.{{.index}} = {{.mac}}\n{{end}}", lacks: Lacks{"system bases": "x"}},
		"the others list nobody":        {old: "{{range .system.bases}}", new: "{{range .system.bases}}{{if not $.system.master}}{{break}}{{end}}", want: "Bases"},
		"the master lists all":          {old: "{{range .system.bases}}", new: "{{range .system.bases}}{{if not $.system.master}}{{break}}{{end}}", lacks: Lacks{"system bases of others": "x"}},
		"the others know nothing":       {old: "system.set = {{if .system.set}}", new: "system.set = {{if .system.master}}", lacks: Lacks{"system of others": "x"}},
		"nobody knows a system":         {old: "system.set = {{if .system.set}}1{{else}}0{{end}}", new: "system.set = 0", lacks: Lacks{"system of others": "x"}, want: "Master"},
		"no file has its own address":   {old: "{{range .system.bases}}base.{{.index}} = {{.mac}}\n{{end}}", new: "{{range .system.bases}}{{if not .self}}base.{{.index}} = {{.mac}}\n{{end}}{{end}}", lacks: Lacks{"system base itself": "x"}},
		"another address is missing":    {old: "{{range .system.bases}}base.{{.index}} = {{.mac}}\n{{end}}", new: "{{range .system.bases}}{{if .self}}base.{{.index}} = {{.mac}}\n{{end}}{{end}}", lacks: Lacks{"system base itself": "x"}, want: "Bases"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			s := baseOf(t, strings.Replace(good, c.old, c.new, 1), c.lacks)
			var got recorder
			s.inSystem(&got)
			if all := strings.Join(got.faults, "\n"); c.want == "" && all != "" || !strings.Contains(all, c.want) {
				t.Errorf("the suite finds %q; want %q", all, c.want)
			}
		})
	}
}

// baseOf is the suite for a base that can be told of handsets and its system, and does
// all else as it should.
func baseOf(t *testing.T, body string, lacks Lacks) *suite {
	t.Helper()
	src := `<template xmlns="urn:dialplane:template:1" vendor="Acme" title="Acme D"><models>
<model name="D20" display_name="Acme D20" accounts="12" handsets="3" bases="4" system_handsets="6"/></models><files>
<file name="{mac}.cfg" type="text/plain" escape="line" level="full"><![CDATA[` + body + `]]></file></files></template>`
	tmpl, err := template.Parse("acme-dect.xml", []byte(src), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	s := &suite{tmpl: tmpl, model: &tmpl.Models[0], lacks: lacks}
	full := s
	s.pack = vendor.Pack{
		Name: "Acme", OUIs: []string{"001565"},
		Parse: linefile.Grammar{Name: regexp.MustCompile(`^[a-z0-9.]+$`)}.Parse,
		Understand: func(c *vendor.Config) vendor.State {
			all := full.expect(template.SampleInSystem(tmpl, full.model, 1))
			st := all
			st.Accounts, st.Handsets = nil, nil
			for i, h := range all.Handsets {
				if c.Get("handset."+strconv.Itoa(h.Index)) == "1" {
					st.Handsets, st.Accounts = append(st.Handsets, h), append(st.Accounts, all.Accounts[i])
				}
			}
			st.System = vendor.System{}
			if c.Get("system.set") != "1" {
				return st
			}
			st.System.Set, st.System.Master = true, c.Get("system.master") == "1"
			st.System.Number, _ = strconv.Atoi(c.Get("system.number"))
			for i := range full.model.Bases {
				if at := c.Get("base." + strconv.Itoa(i+1)); at != "" {
					st.System.Bases = append(st.System.Bases, at)
				}
			}
			return st
		},
	}
	return s
}
