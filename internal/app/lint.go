package app

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

type lintCmd struct {
	Files   []string `arg:"" optional:"" help:"Template files." type:"existingfile"`
	Builtin bool     `help:"Check the built-in templates too." env:"-"`
	Strict  bool     `help:"Fail on warnings as well." env:"-"`
}

func (c lintCmd) Run(streams Streams) error {
	if len(c.Files) == 0 && !c.Builtin {
		return errors.New("give template files, or --builtin")
	}
	l := newLoader(packs.Registry())
	checked, failed, warnings := 0, 0, 0
	say := func(kind string, what any) { _, _ = fmt.Fprintln(streams.Out, kind, what) }
	check := func(name string, src []byte, builtin bool) {
		checked++
		t, err := l.parse(name, src)
		if err != nil {
			failed++
			_, _ = fmt.Fprintln(streams.Out, err)
			return
		}
		for _, w := range t.Warnings {
			warnings++
			say("warning:", w)
		}
		wrong := l.faults(t)
		for _, w := range wrong {
			say("warning:", w)
		}
		if warnings += len(wrong); builtin && len(wrong) > 0 {
			failed++ // it is our own, and what the vendor does not document is our mistake
		}
		if note := zonesLeftOut(t); note != "" {
			say("note:", note)
		}
	}
	for _, file := range c.Files {
		src, err := os.ReadFile(file)
		if err != nil {
			return err
		}
		l.folder = filepath.Dir(file)
		check(filepath.Base(file), src, false)
	}
	l.folder = ""
	if c.Builtin {
		for _, name := range l.builtins() {
			src, err := l.load(name)
			if err != nil {
				return err
			}
			check(name, src, true)
		}
	}
	_, _ = fmt.Fprintf(streams.Out, "%d checked, %d refused, %d warnings\n", checked, failed, warnings)
	if failed > 0 || c.Strict && warnings > 0 {
		return errReported
	}
	return nil
}

// faults says what is wrong with the files that phones get, in the eyes of their
// vendor: what the grammar refuses, and what the dictionary does not know or knows to
// be out of range. Each fault is told once, with the first model that has it.
func (l *loader) faults(t *template.Template) []string {
	pack, ok := l.registry.Pack(t.Vendor)
	if !ok {
		return nil
	}
	var found []string
	seen := make(map[string]bool)
	for i := range t.Models {
		m := &t.Models[i]
		for _, v := range samples(t, m) {
			for _, f := range t.Files(m, template.Full) {
				for _, fault := range faultsOf(pack, f, f.Name(m, v.MAC), m, v) {
					if key := f.Pattern + " " + fault; !seen[key] {
						seen[key] = true
						found = append(found, fmt.Sprintf("%s (as the %s with every field set)", fault, m.Name))
					}
				}
			}
		}
	}
	return found
}

// samples are phones of a model with every field set: of a DECT base that can be in a
// multi-cell system, one that is alone, the data master and another base of a system.
func samples(t *template.Template, m *template.Model) []*template.View {
	all := []*template.View{template.Sample(t, m)}
	if m.Bases > 0 && m.SystemHandsets > 0 {
		all = append(all, template.SampleInSystem(t, m, 1))
	}
	if m.Bases > 0 {
		all = append(all, template.SampleInSystem(t, m, 2))
	}
	return all
}

func faultsOf(pack vendor.Pack, f *template.File, name string, m *template.Model, v *template.View) []string {
	origins, body, err := f.Explain(v)
	if err != nil {
		return []string{err.Error()}
	}
	config, err := pack.Parse(name, body)
	if err != nil {
		return []string{fmt.Sprintf("a phone refuses the file: %v", err)}
	}
	if pack.Parameters == nil {
		return nil
	}
	var faults []string
	for _, p := range pack.Parameters.Check(m.Name, config) {
		at := name
		if line := p.Setting.Line; 0 < line && line <= len(origins) {
			at = fmt.Sprintf("%s:%d", origins[line-1].File, origins[line-1].Line)
		}
		faults = append(faults, fmt.Sprintf("%s: %s", at, p))
	}
	return faults
}

// zonesLeftOut names the time zones that nobody can choose, since the phones cannot
// keep their time.
func zonesLeftOut(t *template.Template) string {
	list := t.Profile.Lists["time_zones"]
	if t.Abstract || list == nil {
		return ""
	}
	var missing []string
	for _, zone := range template.Zones() {
		if _, ok := list.Choose(zone); !ok {
			missing = append(missing, zone)
		}
	}
	if len(missing) == 0 {
		return ""
	}
	names := strings.Join(missing[:min(3, len(missing))], ", ")
	if len(missing) > 3 {
		names += ", …"
	}
	return fmt.Sprintf("%s: %d of the IANA time zones cannot be chosen: %s", t.Filename, len(missing), names)
}
