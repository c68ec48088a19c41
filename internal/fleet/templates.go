package fleet

import (
	"context"
	"errors"
	"maps"
	"regexp"
	"slices"
	"strings"
)

// TemplateListing is a line of the list of templates.
type TemplateListing struct {
	Filename string
	IsCustom bool // the tenant's own, be it over a built-in or not
}

// TemplateSource is a template as it was uploaded or built in, byte for byte.
type TemplateSource struct {
	Filename string
	Content  string
	IsCustom bool
}

const maxTemplate = 256 << 10 // bytes

// Templates lists the built-in templates and the tenant's own by filename.
func (f *Fleet) Templates(ctx context.Context, c Caller) ([]TemplateListing, error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, err
	}
	var own []TemplateFile
	if err := f.store.Read(ctx, func(r Reader) (err error) {
		own, err = r.Templates(ctx, c.Tenant)
		return err
	}); err != nil {
		return nil, err
	}
	var list []TemplateListing
	for _, t := range own {
		list = append(list, TemplateListing{t.Filename, true})
	}
	for _, name := range f.catalog.Builtins() {
		if !slices.ContainsFunc(own, func(t TemplateFile) bool { return t.Filename == name }) {
			list = append(list, TemplateListing{name, false})
		}
	}
	slices.SortFunc(list, func(a, b TemplateListing) int { return strings.Compare(a.Filename, b.Filename) })
	return list, nil
}

// Template returns a template's source.
func (f *Fleet) Template(ctx context.Context, c Caller, filename string) (TemplateSource, error) {
	if err := c.mayHere(Viewer); err != nil {
		return TemplateSource{}, err
	}
	var own TemplateFile
	err := f.store.Read(ctx, func(r Reader) (err error) {
		own, err = r.Template(ctx, c.Tenant, filename)
		return err
	})
	if CodeOf(err) == CodeNotFound {
		if content, ok := f.catalog.Builtin(filename); ok {
			return TemplateSource{filename, content, false}, nil
		}
	}
	if err != nil {
		return TemplateSource{}, err
	}
	return TemplateSource{own.Filename, own.Content, true}, nil
}

// CreateTemplate adds a template of the tenant's own; one with the filename of a
// built-in takes its place. Faults point at /filename and /content.
func (f *Fleet) CreateTemplate(ctx context.Context, c Caller, filename, content string) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	var v form
	if wrong := templateName(filename); wrong != "" {
		v.add("/filename", "%s", wrong)
	}
	models, err := f.vetContent(ctx, &v, c.Tenant, filename, content)
	if err != nil {
		return err
	}
	return f.putTemplate(ctx, c, "template.create", filename, content, models, func(w Writer) error {
		switch _, err := w.Template(ctx, c.Tenant, filename); {
		case err == nil:
			var there form
			there.conflict("/filename", "is a custom template already; change that one")
			return there.err()
		case CodeOf(err) != CodeNotFound:
			return err
		}
		return nil
	})
}

// UpdateTemplate replaces the content of a template of the tenant's own. Faults
// point at /content; a model that it drops and phones are of is a CodeConflict there.
func (f *Fleet) UpdateTemplate(ctx context.Context, c Caller, filename, content string) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	own := func(r Reader) error {
		_, err := r.Template(ctx, c.Tenant, filename)
		return f.builtinStays(err, filename, "create a template of the same filename to take its place")
	}
	if err := f.store.Read(ctx, own); err != nil {
		return err
	}
	models, err := f.vetContent(ctx, &form{}, c.Tenant, filename, content)
	if err != nil {
		return err
	}
	return f.putTemplate(ctx, c, "template.update", filename, content, models, func(w Writer) error { return own(w) })
}

// vetContent returns all that is wrong with an upload, with what v has already, or
// the models that templates have with it.
func (f *Fleet) vetContent(ctx context.Context, v *form, tenant ID, filename, content string) (models map[string][]string, err error) {
	switch {
	case content == "":
		v.add("/content", "is empty")
	case len(content) > maxTemplate:
		v.add("/content", "has %d bytes; at most %d are allowed", len(content), maxTemplate)
	}
	if err := v.err(); err != nil {
		return nil, err
	}
	models, err = f.catalog.Check(ctx, tenant, filename, content)
	if e := (*Error)(nil); errors.As(err, &e) && e.Code == CodeInvalid && len(e.Fields) == 0 {
		v.add("/content", "%s", e.Message)
		return nil, v.err()
	}
	return models, err
}

// modelsStay refuses a change after which templates lack models that phones have:
// they could not be given a configuration. models are those that are left, by the
// template.
func modelsStay(ctx context.Context, r Reader, tenant ID, at string, models map[string][]string) error {
	var v form
	for _, filename := range slices.Sorted(maps.Keys(models)) {
		uses, err := r.ModelUses(ctx, tenant, filename)
		if err != nil {
			return err
		}
		for _, use := range uses {
			if !slices.ContainsFunc(models[filename], func(m string) bool { return strings.EqualFold(m, use.Model) }) {
				v.conflict(at, "%s would not have the model %s any more, which %s are of; keep it, or delete them first", filename, use.Model, use)
			}
		}
	}
	return v.err()
}

func (f *Fleet) putTemplate(ctx context.Context, c Caller, action, filename, content string, models map[string][]string, allowed func(Writer) error) error {
	err := f.change(ctx, c, action, func(w Writer) (string, error) {
		if err := allowed(w); err != nil {
			return "", err
		}
		if err := modelsStay(ctx, w, c.Tenant, "/content", models); err != nil {
			return "", err
		}
		return "template " + filename, w.PutTemplate(ctx, TemplateFile{
			Tenant: c.Tenant, Filename: filename, Content: content, UpdatedAt: f.now(),
		})
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.templateChanged(c.Tenant, filename))
}

// builtinStays explains a CodeNotFound where a built-in template has the name.
func (f *Fleet) builtinStays(err error, filename, remedy string) error {
	if CodeOf(err) != CodeNotFound {
		return err
	}
	if _, ok := f.catalog.Builtin(filename); ok {
		return errorf(CodeConflict, "%s is built in and stays as it is; %s", filename, remedy)
	}
	return err
}

// DeleteTemplate removes a template of the tenant's own. A built-in of the same
// filename is back then, which is a CodeConflict if phones are of models that it does
// not have; without one, a template that phones or other templates use is one.
func (f *Fleet) DeleteTemplate(ctx context.Context, c Caller, filename string) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	own := func(r Reader) error {
		_, err := r.Template(ctx, c.Tenant, filename)
		return f.builtinStays(err, filename, "only a custom template can be deleted")
	}
	err := f.store.Read(ctx, own)
	if err != nil {
		return err
	}
	builtin, covered := f.catalog.Builtin(filename)
	var models map[string][]string
	if covered {
		if models, err = f.catalog.Check(ctx, c.Tenant, filename, builtin); err != nil {
			return err
		}
	}
	err = f.change(ctx, c, "template.delete", func(w Writer) (string, error) {
		if err := own(w); err != nil {
			return "", err
		}
		if !covered {
			if err := unused(ctx, w, c.Tenant, filename); err != nil {
				return "", err
			}
		}
		if err := modelsStay(ctx, w, c.Tenant, "", models); err != nil {
			return "", err
		}
		return "template " + filename, w.DeleteTemplate(ctx, c.Tenant, filename)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.templateChanged(c.Tenant, filename))
}

// unused returns a CodeConflict error that says who needs the template.
func unused(ctx context.Context, r Reader, tenant ID, filename string) error {
	n, err := r.TemplateUses(ctx, tenant, filename)
	if err != nil {
		return err
	}
	if n > 0 {
		return errorf(CodeConflict, "%d of the tenant's phones and DECT bases use the template %s; delete them first", n, filename)
	}
	others, err := r.Templates(ctx, tenant)
	if err != nil {
		return err
	}
	extends := regexp.MustCompile(`\bextends\s*=\s*["']` + regexp.QuoteMeta(filename) + `["']`)
	for _, t := range others {
		if t.Filename != filename && extends.MatchString(t.Content) {
			return errorf(CodeConflict, "the template %s extends %s; delete that one first", t.Filename, filename)
		}
	}
	return nil
}

func (f *Fleet) templateChanged(tenant ID, filename string) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.TemplateChanged(ctx, tenant, filename) }
}

// PhoneModels lists the models of desk phones.
func (f *Fleet) PhoneModels(ctx context.Context, c Caller) ([]ModelRow, error) {
	return f.models(ctx, c, func(m ModelRow) bool { return !m.dect() })
}

// DectModels lists the models of DECT bases.
func (f *Fleet) DectModels(ctx context.Context, c Caller) ([]ModelRow, error) {
	return f.models(ctx, c, func(m ModelRow) bool { return m.dect() })
}

func (f *Fleet) models(ctx context.Context, c Caller, wanted func(ModelRow) bool) ([]ModelRow, error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, err
	}
	rows, err := f.catalog.Models(ctx, c.Tenant)
	if err != nil {
		return nil, err
	}
	var list []ModelRow
	for _, m := range rows {
		if wanted(m) {
			list = append(list, m)
		}
	}
	return list, nil
}

// PhoneModel returns what a template offers for its desk phones.
func (f *Fleet) PhoneModel(ctx context.Context, c Caller, filename string) (TemplateInfo, error) {
	return f.model(ctx, c, filename, false)
}

// DectModel returns what a template offers for its DECT bases.
func (f *Fleet) DectModel(ctx context.Context, c Caller, name string) (TemplateInfo, error) {
	return f.model(ctx, c, name, true)
}

func (f *Fleet) model(ctx context.Context, c Caller, filename string, dect bool) (TemplateInfo, error) {
	if err := c.mayHere(Viewer); err != nil {
		return TemplateInfo{}, err
	}
	info, err := f.describe(ctx, c.Tenant, &filename)
	if err != nil {
		return TemplateInfo{}, err
	}
	if info == nil || info.DECT != dect {
		return TemplateInfo{}, NotFound("template")
	}
	return *info, nil
}
