// Package template is the language in which Dialplane's firmware templates are
// written. A template is one XML file: the models of a family of phones, the
// choices that an admin has for them, and the files that the phones ask for.
//
// Parse reads such a file, together with those that it extends, and compiles
// each body once to a flat program of literals, slots, jumps and loops. Bodies
// have the syntax of text/template and nothing else of it: every expression has
// a static type, the only functions are those of this package, every value
// passes the escaper of the file's format, and where it may stand is proven when
// the template is compiled. What is left to fail while a phone waits is a value
// that the format cannot carry and a program that runs too long; both are errors
// and never half a file.
//
// The language is described for those who write templates in docs/templates.md.
package template

import (
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"strings"
	"text/template/parse"
)

// Loader returns the template of a filename for extends. Its error wraps
// fs.ErrNotExist if there is none.
type Loader func(filename string) ([]byte, error)

// Template is a compiled template. It is immutable and may be used by many
// goroutines at once.
type Template struct {
	Filename string
	Vendor   string
	Title    string
	Abstract bool     // a base for others; it has no models
	Dialect  bool     // written in the dialect of 3CX and PortSIP, which has no files to enrol by
	Bases    []string // filenames of all that it extends, nearest first
	Models   []Model  // in the order of the file
	Profile  Profile
	// Warnings are what is allowed and probably a mistake, by place.
	Warnings []*Error

	files []*File
}

// Model is one model of phone that a template covers.
type Model struct {
	Name        string // as the vendor's pack spells it
	DisplayName string // begins with the vendor's name
	Accounts    int    // SIP accounts, at least 1
	LineKeys    int    // programmable keys of the phone, all pages
	Modules     int    // expansion modules that it takes
	ModuleKeys  int    // keys of each module
	Handsets    int    // that a DECT base takes by itself; 0 for a desk phone
	// Bases is how many DECT bases a multi-cell system of the model has at most, its
	// data master among them; 0 for a desk phone and for a base that works alone.
	Bases int
	// SystemHandsets is how many handsets a system takes whose data master is of the
	// model; 0 where none of the model can be.
	SystemHandsets int
	Firmware       string // lowest that the template suits, or ""
	Without        []string
	// Basis says what is behind the row: the vendor's "manual", a "capture" of a
	// real phone's request, the "source" of another system that serves the model,
	// or "memory", which is to be confirmed.
	Basis string
	Vars  map[string]string
}

// DECT says whether the model is a DECT base, alone or in a multi-cell system.
func (m *Model) DECT() bool { return m.Handsets > 0 || m.Bases > 0 }

// Profile holds the choices that an admin has.
type Profile struct {
	// Lists by their names in the template: "languages", "time_zones", …
	Lists   map[string]*List
	Network NetworkDefaults
}

// NetworkDefaults are the settings of the Ethernet ports where nobody chooses.
type NetworkDefaults = Network

// builtinNetwork is what a template without <network> has.
var builtinNetwork = Network{LLDP: true, WANVLAN: VLAN{ID: 256}, PCVLAN: VLAN{ID: 254}}

// List is the options of one choice, in the order of the template.
type List struct{ Options []Option }

// Option is one option of a choice.
type Option struct {
	Name    string            // neutral, as an admin chooses it
	Value   string            // the vendor's own
	Items   map[string]string // further values
	Default bool              // marked as default
}

// Choice returns the option as a View holds it, with Index 0.
func (o *Option) Choice() Choice {
	return Choice{Set: true, Name: o.Name, Value: o.Value, Items: o.Items}
}

func (l *List) find(name string) (*Option, bool) {
	if l != nil {
		for i := range l.Options {
			if strings.EqualFold(l.Options[i].Name, name) {
				return &l.Options[i], true
			}
		}
	}
	return nil, false
}

// Choose returns the option of that name, in any case, as a View holds it, with
// Index 0. A nil list has none.
func (l *List) Choose(name string) (Choice, bool) {
	o, ok := l.find(name)
	if !ok {
		return Choice{}, false
	}
	return o.Choice(), true
}

// Defaults returns the options marked as default, with Index from 1, or else the
// first one. It is empty for a list without options.
func (l *List) Defaults() []Choice {
	var chosen []Choice
	if l == nil || len(l.Options) == 0 {
		return nil
	}
	for i := range l.Options {
		if l.Options[i].Default {
			chosen = append(chosen, l.Options[i].Choice())
		}
	}
	if chosen == nil {
		chosen = []Choice{l.Options[0].Choice()}
	}
	for i := range chosen {
		chosen[i].Index = i + 1
	}
	return chosen
}

// File is one file that phones ask for.
type File struct {
	Pattern string // its name: "{mac}.cfg"
	Type    string // media type
	Level   Level
	Escape  string   // line, xml or json
	Models  []string // the only models that have it; empty for all
	Page    int      // of level Directory: the most entries of one page, at least 1

	pattern pattern
	syntax  syntax
	program program
	crlf    bool // lines end with both characters
}

// Name returns the name that a phone of model m asks for. mac is 12 lower-case
// hex digits.
func (f *File) Name(m *Model, mac string) string {
	return f.pattern.fill(m, mac, strings.ToUpper(mac))
}

// Match reports whether a phone of model m, whatever its MAC, means this file by
// name. Case does not matter. It does not allocate.
func (f *File) Match(m *Model, name string) bool { return f.pattern.match(m, name) }

// suits reports whether phones of model m have the file.
func (f *File) suits(m *Model) bool {
	return len(f.Models) == 0 || slices.ContainsFunc(f.Models, func(name string) bool { return strings.EqualFold(name, m.Name) })
}

// Model returns the model of that name: as it is spelled, or else in any case.
func (t *Template) Model(name string) (*Model, bool) {
	for i := range t.Models {
		if t.Models[i].Name == name {
			return &t.Models[i], true
		}
	}
	for i := range t.Models {
		if strings.EqualFold(t.Models[i].Name, name) {
			return &t.Models[i], true
		}
	}
	return nil, false
}

// Showcases picks the models that stand for the template: its first, and the one with
// the most keys.
func (t *Template) Showcases() []*Model {
	if len(t.Models) == 0 {
		return nil
	}
	first, most := &t.Models[0], &t.Models[0]
	keys := func(m *Model) int { return m.LineKeys + m.Modules*m.ModuleKeys }
	for i := range t.Models {
		if keys(&t.Models[i]) > keys(most) {
			most = &t.Models[i]
		}
	}
	if first == most {
		return []*Model{first}
	}
	return []*Model{first, most}
}

// Files returns the files of a level that phones of model m ask for, in the
// order of the template.
func (t *Template) Files(m *Model, level Level) []*File {
	var files []*File
	for _, f := range t.files {
		if f.Level == level && f.suits(m) {
			files = append(files, f)
		}
	}
	return files
}

const maxExtends = 8 // templates that extend one another

// set is what all files of a template share while they are compiled.
type set struct {
	abstract bool
	models   []Model
	lists    map[string]*List
	blocks   []map[string]*unit // by depth
	// What bodies use, for the warnings.
	usedVars   map[string]bool
	usedLists  map[string]bool
	usedItems  map[string]bool // by list and name
	usedBlocks map[string]bool
}

// find returns the block that a body of unit means by name: that of the
// template nearest to the one being compiled, where {{define}} and {{block}}
// count as blocks of their own body.
func (s *set) find(name string, from *unit) (*unit, *parse.Tree) {
	for depth, blocks := range s.blocks {
		if depth == from.depth {
			if t := from.trees[name]; t != nil {
				return from, t
			}
		}
		if u := blocks[name]; u != nil {
			s.usedBlocks[name] = true
			return u, u.root
		}
	}
	return nil, nil
}

// use notes that a body uses a value of type t.
func (s *set) use(t *typ) {
	if t.kind == list {
		t = t.elem
	}
	if t.choice != "" {
		s.usedLists[t.choice] = true
	}
}

func (s *set) blockNames(from *unit) []string {
	var names []string
	for _, blocks := range s.blocks {
		for name := range blocks {
			names = append(names, name)
		}
	}
	for name := range from.trees {
		names = append(names, name)
	}
	slices.Sort(names)
	return slices.Compact(names)
}

// Parse reads a template and all that it extends, vets and compiles them.
// vendors reports whether a vendor is known; nil knows all. The error is an
// *Error, or several joined, each with the place to mend; only what load
// returns other than fs.ErrNotExist comes back as it is, wrapped.
func Parse(filename string, src []byte, load Loader, vendors func(name string) bool) (*Template, error) {
	var faults faults
	chain, err := readChain(filename, src, load, vendors, &faults)
	if err != nil {
		return nil, err
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	d := chain[0]
	t := &Template{
		Filename: filename, Vendor: d.vendor, Title: d.title, Abstract: d.abstract, Dialect: d.dialect, Models: d.models,
		Profile: Profile{Lists: make(map[string]*List)},
	}
	s := &set{
		abstract: d.abstract, models: t.Models, lists: t.Profile.Lists,
		usedVars: make(map[string]bool), usedLists: make(map[string]bool),
		usedItems: make(map[string]bool), usedBlocks: make(map[string]bool),
	}
	if vendors != nil && !vendors(d.vendor) {
		faults.add(d.src.errorf(d.vendorAt, "Dialplane does not know the vendor %s", clip(d.vendor)))
	}
	t.Profile.Network = builtinNetwork
	for i := len(chain) - 1; i >= 0; i-- {
		for name, l := range chain[i].lists {
			t.Profile.Lists[name] = l
		}
		if n := chain[i].network; n != nil {
			r := &reading{chain[i], &faults, i}
			t.Profile.Network = r.networkOf(n, t.Profile.Network)
		}
	}
	for i := range chain {
		s.blocks = append(s.blocks, chain[i].blocks)
		if i > 0 {
			t.Bases = append(t.Bases, chain[i].src.name)
		}
	}
	sources := inherit(chain)
	d.vetWhole(sources, s.usedVars, &faults)
	var b budget
	for _, fs := range sources {
		f := fs.file
		compileFile(&f, fs.unit, s, &faults, &b)
		t.files = append(t.files, &f)
	}
	if err := faults.err(); err != nil {
		return nil, err
	}
	t.Warnings = lint(d, s)
	return t, nil
}

// readChain reads a template and those that it extends, nearest first.
func readChain(filename string, src []byte, load Loader, vendors func(string) bool, faults *faults) ([]*document, error) {
	var chain []*document
	for {
		d := readDocument(newSource(filename, string(src)), len(chain), vendors, faults)
		if d == nil {
			return chain, nil
		}
		if len(chain) > 0 && d.vendor != chain[0].vendor {
			below := chain[len(chain)-1]
			faults.add(below.src.errorf(below.extends.valueAt, "%s is a template of %s, not of %s", clip(filename), clip(d.vendor), clip(chain[0].vendor)))
		}
		chain = append(chain, d)
		if d.extends == nil || len(faults.list) > 0 {
			return chain, nil
		}
		at := d.extends.valueAt
		filename = d.extends.value
		for _, below := range chain {
			if strings.EqualFold(below.src.name, filename) {
				faults.add(d.src.errorf(at, "%s extends itself in the end", clip(filename)))
				return chain, nil
			}
		}
		if len(chain) == maxExtends {
			faults.add(d.src.errorf(at, "more than %d templates extend one another", maxExtends))
			return chain, nil
		}
		if load == nil {
			faults.add(d.src.errorf(at, "no other template can be read here; leave extends out"))
			return chain, nil
		}
		var err error
		if src, err = load(filename); err != nil {
			if errors.Is(err, fs.ErrNotExist) {
				faults.add(d.src.errorf(at, "there is no template %s", clip(filename)))
				return chain, nil
			}
			return nil, fmt.Errorf("load %s, which %s extends: %w", filename, d.src.name, err)
		}
	}
}

// inherit returns the files of a chain: those of the furthest first, each in the
// place of the one that it replaces.
func inherit(chain []*document) []*fileSource {
	var files []*fileSource
	for i := len(chain) - 1; i >= 0; i-- {
		same := func(a, b *fileSource) bool {
			return strings.EqualFold(a.file.Pattern, b.file.Pattern) && a.file.Level == b.file.Level
		}
		var kept []*fileSource
		placed := make(map[*fileSource]bool)
		for _, old := range files {
			replaced := false
			for _, f := range chain[i].files {
				if same(old, f) {
					replaced = true
					if !placed[f] {
						placed[f] = true
						kept = append(kept, f)
					}
				}
			}
			if !replaced {
				kept = append(kept, old)
			}
		}
		for _, f := range chain[i].files {
			if !placed[f] {
				kept = append(kept, f)
			}
		}
		files = kept
	}
	return files
}

// vetWhole checks what can be seen only with everything inherited in place. It
// notes in used which <var>s the names of files take.
func (d *document) vetWhole(files []*fileSource, used map[string]bool, faults *faults) {
	fail := func(at int, format string, args ...any) { faults.add(d.src.errorf(at, format, args...)) }
	switch {
	case d.abstract && len(d.models) > 0:
		fail(d.modelAt[0], "an abstract template has no models; remove them, or abstract=\"true\"")
	case !d.abstract && len(d.models) == 0:
		fail(d.rootAt, "the template has no <model>; add one, or abstract=\"true\" if it is a base for others")
	case !d.abstract && len(files) == 0:
		fail(d.rootAt, "the template has no <file>, nor does it inherit one")
	}
	taken := make(map[string]bool)
	for _, f := range files {
		failFile := func(format string, args ...any) {
			if !faults.full() {
				faults.add(f.src.errorf(f.nameAt, format, args...))
			}
		}
		for _, name := range f.file.Models {
			if !d.abstract && f.src == d.src && !slices.ContainsFunc(d.models, func(m Model) bool { return strings.EqualFold(m.Name, name) }) {
				failFile("the file is for the model %s, which the template does not have", clip(name))
			}
		}
		for i := range d.models {
			m := &d.models[i]
			if !f.file.suits(m) {
				continue
			}
			for _, part := range f.file.pattern {
				if part.kind != patternVar {
					continue
				}
				if used[part.text] = true; m.Vars[part.text] == "" {
					failFile("the model %s has no <var name=%q>, which the name of the file takes", clip(m.Name), clip(part.text))
				}
			}
			name := f.file.pattern.fill(m, "001565aabbcc", "001565AABBCC")
			if problem := vetName(name); problem != "" {
				failFile("%s", problem)
			}
			name = m.Name + " " + f.file.Level.String() + " " + strings.ToLower(name)
			if taken[name] {
				failFile("the model %s has two files of this name and level", clip(m.Name))
			}
			taken[name] = true
		}
		if d.abstract {
			if problem := vetName(f.file.pattern.example()); problem != "" {
				failFile("%s", problem)
			}
		}
	}
}
