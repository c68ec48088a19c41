package app

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

type templateCmd struct {
	Lint   lintCmd   `cmd:"" help:"Compile templates and report everything wrong with them."`
	List   listCmd   `cmd:"" help:"List the built-in templates and their models."`
	Render renderCmd `cmd:"" help:"Print the files that a phone would fetch."`

	Matrix matrixCmd `cmd:"" help:"Print the table of models, docs/models.md."`

	Convert convertCmd `cmd:"" help:"Write a template of PortSIP or 3CX in Dialplane's own language."`
}

// loader finds templates by filename: in a folder first, then built in.
type loader struct {
	registry *vendor.Registry
	folder   string
}

func newLoader(r *vendor.Registry) *loader { return &loader{registry: r} }

func (l *loader) load(name string) ([]byte, error) {
	if l.folder != "" && filepath.Base(name) == name {
		b, err := os.ReadFile(filepath.Join(l.folder, name))
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	for _, p := range l.registry.Packs() {
		b, err := fs.ReadFile(p.Templates, name)
		if err == nil || !errors.Is(err, fs.ErrNotExist) {
			return b, err
		}
	}
	return nil, fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
}

func (l *loader) builtins() []string {
	var names []string
	for _, p := range l.registry.Packs() {
		found, err := fs.Glob(p.Templates, "*.xml")
		if err == nil {
			names = append(names, found...)
		}
	}
	return names
}

func (l *loader) parse(name string, src []byte) (*template.Template, error) {
	return template.Parse(name, src, l.load, l.known)
}

func (l *loader) known(vendorName string) bool {
	_, ok := l.registry.Pack(vendorName)
	return ok
}

// open reads a template from a file, or the built-in of that name.
func (l *loader) open(name string) (*template.Template, error) {
	src, err := os.ReadFile(name)
	switch {
	case err == nil:
		l.folder = filepath.Dir(name)
	case errors.Is(err, fs.ErrNotExist) && filepath.Base(name) == name:
		if src, err = l.load(name); err != nil {
			return nil, fmt.Errorf("there is neither a file nor a built-in template %s; see 'dialplane template list'", name)
		}
	default:
		return nil, err
	}
	return l.parse(filepath.Base(name), src)
}

type convertCmd struct {
	File  string   `arg:"" help:"Template file, *.ph.xml or *.fxs.xml." type:"existingfile"`
	Model []string `help:"Only for these models, which makes it shorter." env:"-"`
	Out   string   `help:"Write to this file instead of printing." placeholder:"FILE" env:"-"`
}

func (c convertCmd) Run(streams Streams) error {
	src, err := os.ReadFile(c.File)
	if err != nil {
		return err
	}
	converted, err := template.Convert(filepath.Base(c.File), src, newLoader(packs.Registry()).known, c.Model)
	if errors.Is(err, template.ErrOwnLanguage) {
		return fmt.Errorf("%s: %w", c.File, err)
	}
	if err != nil {
		return err // names the file itself
	}
	if c.Out == "" {
		_, err = streams.Out.Write(converted)
		return err
	}
	return os.WriteFile(c.Out, converted, 0o644) //nolint:gosec // the file is the admin's own
}

type listCmd struct {
	JSON bool `help:"Print JSON." env:"-"`
}

type listed struct {
	Filename string   `json:"filename"`
	Vendor   string   `json:"vendor"`
	Title    string   `json:"title"`
	Models   []string `json:"models"`
}

func (c listCmd) Run(streams Streams, log *slog.Logger) error {
	catalog, err := provision.NewCatalog(packs.Registry(), log)
	if err != nil {
		return err
	}
	rows := []listed{}
	for _, t := range catalog.Templates() {
		row := listed{Filename: t.Filename, Vendor: t.Vendor, Title: t.Title, Models: []string{}}
		for _, m := range t.Models {
			row.Models = append(row.Models, m.Name)
		}
		rows = append(rows, row)
	}
	if c.JSON {
		e := json.NewEncoder(streams.Out)
		e.SetIndent("", "  ")
		return e.Encode(rows)
	}
	for _, r := range rows {
		if _, err := fmt.Fprintf(streams.Out, "%-28s %-12s %s\n", r.Filename, r.Vendor, strings.Join(r.Models, " ")); err != nil {
			return err
		}
	}
	return nil
}

type renderCmd struct {
	File    string `arg:"" help:"Template file, or the filename of a built-in one."`
	Model   string `required:"" help:"Model of the phone." env:"-"`
	Phone   string `help:"YAML file with the phone (see docs/templates.md)." xor:"phone" required:"" placeholder:"FILE" env:"-"`
	Sample  bool   `help:"Use a phone with every field set that the model has." xor:"phone" required:"" env:"-"`
	Level   string `help:"Which files: bootstrap, enrol or full." enum:"bootstrap,enrol,full" default:"full" env:"-"`
	Out     string `help:"Write the files into this directory instead of printing them." placeholder:"DIR" env:"-"`
	Explain bool   `help:"Say behind each line where it came from." env:"-"`
}

func (c renderCmd) Run(streams Streams) error {
	t, err := newLoader(packs.Registry()).open(c.File)
	if err != nil {
		return err
	}
	view, m, err := c.view(t)
	if err != nil {
		return err
	}
	files := t.Files(m, levelOf(c.Level))
	if len(files) == 0 {
		return fmt.Errorf("model %s has no files of level %s", m.Name, c.Level)
	}
	for _, f := range files {
		name := f.Name(m, view.MAC)
		if c.Explain {
			if err := explain(streams.Out, f, name, view); err != nil {
				return err
			}
			continue
		}
		body, err := f.Append(nil, view)
		if err != nil {
			return fmt.Errorf("%s: %w", name, err)
		}
		if err := c.write(streams.Out, name, body); err != nil {
			return err
		}
	}
	return nil
}

func (c renderCmd) view(t *template.Template) (*template.View, *template.Model, error) {
	m, ok := t.Model(c.Model)
	if !ok {
		names := make([]string, len(t.Models))
		for i := range t.Models {
			names[i] = t.Models[i].Name
		}
		return nil, nil, fmt.Errorf("template %s has no model %q; it has %s", t.Filename, c.Model, strings.Join(names, ", "))
	}
	if c.Sample {
		return template.Sample(t, m), m, nil
	}
	p, err := readPhoneFile(c.Phone)
	if err != nil {
		return nil, nil, err
	}
	return p.preview(t, m, time.Now())
}

func (c renderCmd) write(w io.Writer, name string, body []byte) error {
	if c.Out == "" {
		_, err := fmt.Fprintf(w, "==> %s <==\n%s\n", name, body)
		return err
	}
	root, err := openDir(c.Out)
	if err != nil {
		return err
	}
	defer func() { _ = root.Close() }()
	f, err := root.Create(name)
	if err != nil {
		return fmt.Errorf("write %s: %w", name, err)
	}
	if _, err := f.Write(body); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}

// openDir makes the directory if need be. Names cannot lead out of it.
func openDir(dir string) (*os.Root, error) {
	if err := os.MkdirAll(dir, 0o755); err != nil { //nolint:gosec // the files are the admin's own
		return nil, err
	}
	return os.OpenRoot(dir)
}

func levelOf(name string) template.Level {
	for _, l := range []template.Level{template.Bootstrap, template.Enrol} {
		if l.String() == name {
			return l
		}
	}
	return template.Full
}

// explain prints each line with the template line and the values that made it.
func explain(w io.Writer, f *template.File, name string, view *template.View) error {
	origins, body, err := f.Explain(view)
	if err != nil {
		return fmt.Errorf("%s: %w", name, err)
	}
	var b strings.Builder
	fmt.Fprintf(&b, "==> %s <==\n", name)
	lines := strings.SplitAfter(string(body), "\n")
	for i, o := range origins {
		if i < len(lines) {
			fmt.Fprintf(&b, "%s\t# %s\n", strings.TrimRight(lines[i], "\r\n"), origin(o))
		}
	}
	_, err = io.WriteString(w, b.String())
	return err
}

// origin writes where a line came from: its place, then the values in it and the
// conditions on it, each with the layer that sets it.
func origin(o template.Origin) string {
	var b strings.Builder
	fmt.Fprintf(&b, "%s:%d", o.File, o.Line)
	for _, v := range o.Values {
		fmt.Fprintf(&b, " %s (%s)", v.Path, v.Layer)
	}
	for _, c := range o.Conditions {
		fmt.Fprintf(&b, " if %s (%s)", c.Path, c.Layer)
	}
	return b.String()
}
