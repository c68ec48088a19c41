package provision

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"maps"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Catalog holds the built-in templates and compiles tenants' own over them. It
// implements fleet.Catalog.
type Catalog struct {
	registry *vendor.Registry
	sources  map[string]string // built-in filename → content
	builtins *templateSet
	core     *Core // set by New: where a tenant's compiled templates are
	log      *slog.Logger
}

// templateSet is every template that one tenant's phones can use, compiled.
type templateSet struct {
	files map[string]*compiled
	// custom is the source of those that are the tenant's own.
	custom map[string]string
}

// compiled is one template made ready for look-ups.
type compiled struct {
	*template.Template
	models map[string]*model // by lower-case name
	lists  map[string]choices
}

// model is one model of a compiled template with its files by the name that a
// phone asks for: lower case, "{mac}" for the MAC address.
type model struct {
	*template.Model
	byName map[template.Level]map[string]*template.File
	book   *template.File // of level Directory, or nil
	// enrols is the model whose files it enrols with, if not with its own.
	enrols *model
}

// choices finds a profile's options by their neutral name as it is spelled or in
// lower case, and the default by "".
type choices map[string]template.Choice

// NewCatalog compiles every built-in template of the registry's packs. A built-in
// that fails to compile is an error: it is our bug.
func NewCatalog(registry *vendor.Registry, log *slog.Logger) (*Catalog, error) {
	c := &Catalog{registry: registry, sources: make(map[string]string), log: log}
	for _, p := range registry.Packs() {
		names, err := fs.Glob(p.Templates, "*.xml")
		if err != nil {
			return nil, fmt.Errorf("templates of %s: %w", p.Name, err)
		}
		for _, name := range names {
			b, err := fs.ReadFile(p.Templates, name)
			if err != nil {
				return nil, fmt.Errorf("templates of %s: %w", p.Name, err)
			}
			if _, twice := c.sources[name]; twice {
				return nil, fmt.Errorf("template %s is built in twice", name)
			}
			c.sources[name] = string(b)
		}
	}
	c.builtins = &templateSet{files: make(map[string]*compiled)}
	for name, content := range c.sources {
		t, err := c.parse(name, content, nil)
		if err != nil {
			return nil, fmt.Errorf("built-in template: %w", err)
		}
		c.builtins.files[name] = prepare(t)
	}
	return c, nil
}

func (c *Catalog) parse(filename, content string, custom map[string]string) (*template.Template, error) {
	load := func(name string) ([]byte, error) {
		if s, ok := custom[name]; ok {
			return []byte(s), nil
		}
		if s, ok := c.sources[name]; ok {
			return []byte(s), nil
		}
		return nil, fmt.Errorf("template %s: %w", name, fs.ErrNotExist)
	}
	known := func(name string) bool {
		_, ok := c.registry.Pack(name)
		return ok
	}
	return template.Parse(filename, []byte(content), load, known)
}

// compile makes the set of a tenant with these templates of its own. One that no
// longer compiles (since one that it extends has changed, say) is replaced by the
// version in last, so phones keep the last good one; failing that by the built-in
// of its name.
func (c *Catalog) compile(custom map[string]string, last *templateSet) *templateSet {
	if len(custom) == 0 {
		return c.builtins
	}
	set := &templateSet{files: make(map[string]*compiled), custom: custom}
	for _, name := range slices.Sorted(maps.Keys(custom)) {
		t, err := c.parse(name, custom[name], custom)
		if err == nil {
			set.files[name] = c.lend(prepare(t))
			continue
		}
		c.log.Error("custom template does not compile; phones keep the last good one", "template", name, "error", err)
		if last != nil && last.files[name] != nil {
			set.files[name] = last.files[name]
		} else if b := c.builtins.files[name]; b != nil {
			set.files[name] = b
		}
	}
	for name, b := range c.builtins.files {
		if set.files[name] != nil {
			continue
		}
		set.files[name] = b
		if !c.extendsCustom(b.Template, custom) {
			continue
		}
		t, err := c.parse(name, c.sources[name], custom)
		if err != nil {
			c.log.Error("built-in template does not compile over a custom one; phones keep the built-in", "template", name, "error", err)
			continue
		}
		set.files[name] = prepare(t)
	}
	return set
}

// lend gives the models of a template in a dialect that has no files to enrol by
// those of the built-in template for the same model, if there is one.
func (c *Catalog) lend(k *compiled) *compiled {
	pack, known := c.registry.Pack(k.Vendor)
	if !k.Dialect || !known {
		return k
	}
	for _, name := range c.Builtins() {
		b := c.builtins.files[name]
		if b.Vendor != pack.Name {
			continue
		}
		for key, m := range k.models {
			if own := b.models[key]; own != nil && m.enrols == nil {
				m.enrols = own
			}
		}
	}
	return k
}

// enrolment returns the file of that name by which phones of the model enrol, and
// the model that it is written for.
func (m *model) enrolment(key string) (*template.File, *model) {
	if m.enrols != nil {
		m = m.enrols
	}
	return m.byName[template.Enrol][key], m
}

// extendsCustom says whether any template that t extends is among custom.
func (c *Catalog) extendsCustom(t *template.Template, custom map[string]string) bool {
	for _, base := range t.Bases {
		if _, ok := custom[base]; ok {
			return true
		}
	}
	return false
}

func prepare(t *template.Template) *compiled {
	k := &compiled{Template: t, models: make(map[string]*model), lists: make(map[string]choices)}
	for i := range t.Models {
		m := &model{Model: &t.Models[i], byName: make(map[template.Level]map[string]*template.File)}
		for _, level := range template.Levels {
			m.byName[level] = make(map[string]*template.File)
			for _, f := range t.Files(m.Model, level) {
				m.byName[level][strings.ToLower(f.Name(m.Model, "{mac}"))] = f
			}
		}
		if books := t.Files(m.Model, template.Directory); len(books) > 0 {
			m.book = books[0]
		}
		k.models[strings.ToLower(m.Name)] = m
	}
	for name, list := range t.Profile.Lists {
		byName := make(choices, len(list.Options))
		for _, o := range list.Options {
			ch := o.Choice()
			byName[o.Name], byName[strings.ToLower(o.Name)] = ch, ch
		}
		if d := list.Defaults(); len(d) > 0 {
			byName[""] = d[0]
		}
		k.lists[name] = byName
	}
	return k
}

// choose finds an option by its neutral name, and the default by "". The zero
// Choice is not set.
func (k *compiled) choose(list, name string) template.Choice {
	ch, ok := k.lists[list][name]
	if !ok {
		ch = k.lists[list][strings.ToLower(name)]
	}
	return ch
}

// pick is choose for a model, which may lack a list that others of its template
// have.
func (m *model) pick(k *compiled, list, name string) template.Choice {
	if slices.Contains(m.Without, list) {
		return template.Choice{}
	}
	return k.choose(list, name)
}

// set returns the templates of a tenant.
func (c *Catalog) set(tenant fleet.ID) *templateSet {
	if c.core != nil {
		if slot, ok := c.core.snap.tenant(tenant); ok {
			return slot.templates.Load()
		}
	}
	return c.builtins
}

// Builtins lists the built-in templates that phones can use, by filename.
func (c *Catalog) Builtins() []string {
	var names []string
	for name, k := range c.builtins.files {
		if !k.Abstract {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// Builtin returns the source of a built-in template, bases included.
func (c *Catalog) Builtin(filename string) (string, bool) {
	s, ok := c.sources[filename]
	return s, ok
}

// Templates returns every usable built-in template by filename.
func (c *Catalog) Templates() []*template.Template {
	var all []*template.Template
	for _, name := range c.Builtins() {
		all = append(all, c.builtins.files[name].Template)
	}
	return all
}

// Models lists the models of every usable template of the tenant, by filename and
// in the template's order.
func (c *Catalog) Models(_ context.Context, tenant fleet.ID) ([]fleet.ModelRow, error) {
	set := c.set(tenant)
	var rows []fleet.ModelRow
	for _, name := range slices.Sorted(maps.Keys(set.files)) {
		if k := set.files[name]; !k.Abstract {
			rows = append(rows, modelRows(name, k)...)
		}
	}
	return rows, nil
}

func modelRows(filename string, k *compiled) []fleet.ModelRow {
	var rows []fleet.ModelRow
	for _, m := range k.Models {
		rows = append(rows, fleet.ModelRow{
			Filename: filename, Vendor: k.Vendor, Model: m.Name, DisplayName: m.DisplayName,
			Accounts: m.Accounts, Keys: m.LineKeys, Handsets: m.Handsets, Bases: m.Bases, SystemHandsets: m.SystemHandsets,
		})
	}
	return rows
}

// Describe returns what a template offers: neutral names, the default first.
func (c *Catalog) Describe(_ context.Context, tenant fleet.ID, filename string) (fleet.TemplateInfo, error) {
	k, ok := c.set(tenant).files[filename]
	if !ok || k.Abstract {
		return fleet.TemplateInfo{}, fleet.NotFound("template")
	}
	list := func(name string) []string { return offered(k.Profile.Lists[name]) }
	n := k.Profile.Network
	info := fleet.TemplateInfo{
		Filename: filename, Vendor: k.Vendor, Models: modelRows(filename, k),
		Languages: list("languages"), Tones: list("tones"), TimeZones: list("time_zones"),
		Ringtones: list("ringtones"), QueueRingtones: list("queue_ringtones"), ExternalRingtones: list("external_ringtones"),
		DateFormats: list("date_formats"), TimeFormats: list("time_formats"),
		PowerLEDs: list("powerleds"), Backlights: list("backlights"), Screensavers: list("screensavers"),
		Codecs: list("codecs"), Transports: list("transports"),
		EnableLLDP: n.LLDP,
		WANVLAN:    fleet.VLAN{Enabled: n.WANVLAN.Enabled, ID: n.WANVLAN.ID, Priority: n.WANVLAN.Priority},
		PCVLAN:     fleet.VLAN{Enabled: n.PCVLAN.Enabled, ID: n.PCVLAN.ID, Priority: n.PCVLAN.Priority},
	}
	for i := range k.Models {
		info.DECT = info.DECT || k.Models[i].DECT()
	}
	return info, nil
}

func offered(l *template.List) []string {
	if l == nil {
		return []string{}
	}
	names := make([]string, 0, len(l.Options))
	for _, d := range l.Defaults() {
		names = append(names, d.Name)
	}
	for _, o := range l.Options {
		if !slices.Contains(names, o.Name) {
			names = append(names, o.Name)
		}
	}
	return names
}

// Check compiles content as the tenant's filename would be, and everything that
// extends it, and returns the models that they have then, by filename. Its error is a
// CodeInvalid *fleet.Error with line and column.
func (c *Catalog) Check(_ context.Context, tenant fleet.ID, filename, content string) (models map[string][]string, err error) {
	custom := maps.Clone(c.set(tenant).custom)
	if custom == nil {
		custom = make(map[string]string)
	}
	custom[filename] = content
	models = make(map[string][]string)
	t, err := c.parse(filename, content, custom)
	if err != nil {
		return nil, refused(err)
	}
	models[filename] = modelNames(t)
	for _, name := range c.dependents(tenant, filename) {
		source, own := custom[name]
		if !own {
			source = c.sources[name]
		}
		t, err := c.parse(name, source, custom)
		if err != nil {
			return nil, refused(fmt.Errorf("%s extends this template and would no longer compile: %w", name, err))
		}
		models[name] = modelNames(t)
	}
	return models, nil
}

// modelNames lists the models that phones can be of.
func modelNames(t *template.Template) []string {
	if t.Abstract {
		return nil
	}
	names := make([]string, len(t.Models))
	for i, m := range t.Models {
		names[i] = m.Name
	}
	return names
}

// dependents lists the tenant's templates that extend filename.
func (c *Catalog) dependents(tenant fleet.ID, filename string) []string {
	var names []string
	for name, k := range c.set(tenant).files {
		if name != filename && slices.Contains(k.Bases, filename) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

func refused(err error) error {
	e := &fleet.Error{Code: fleet.CodeInvalid, Message: "the template was refused; the last good one stays in use"}
	for _, cause := range flatten(err) {
		e.Fields = append(e.Fields, fleet.Fault{Pointer: "/content", Message: cause.Error()})
	}
	return e
}

func flatten(err error) []error {
	var joined interface{ Unwrap() []error }
	if errors.As(err, &joined) {
		return joined.Unwrap()
	}
	return []error{err}
}

// CheckValue returns why the vendor's files cannot carry a value, or "".
func (c *Catalog) CheckValue(vendorName, value string) string {
	p, ok := c.registry.Pack(vendorName)
	if !ok {
		return ""
	}
	return p.Refuse(value)
}
