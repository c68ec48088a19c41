package fleet

import "context"

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

// Templates lists the built-in templates and the tenant's own by filename.
func (f *Fleet) Templates(ctx context.Context, c Caller) ([]TemplateListing, error) {
	panic("unwritten")
}

// CreateTemplate adds a template of the tenant's own. Faults point at /filename
// and /content.
func (f *Fleet) CreateTemplate(ctx context.Context, c Caller, filename, content string) error {
	panic("unwritten")
}

// Template returns a template's source.
func (f *Fleet) Template(ctx context.Context, c Caller, filename string) (TemplateSource, error) {
	panic("unwritten")
}

// UpdateTemplate replaces the content of a template of the tenant's own.
func (f *Fleet) UpdateTemplate(ctx context.Context, c Caller, filename, content string) error {
	panic("unwritten")
}

// DeleteTemplate removes a template of the tenant's own.
func (f *Fleet) DeleteTemplate(ctx context.Context, c Caller, filename string) error {
	panic("unwritten")
}

// PhoneModels lists the models of desk phones.
func (f *Fleet) PhoneModels(ctx context.Context, c Caller) ([]ModelRow, error) { panic("unwritten") }

// PhoneModel returns what a template offers for its desk phones.
func (f *Fleet) PhoneModel(ctx context.Context, c Caller, filename string) (TemplateInfo, error) {
	panic("unwritten")
}

// DectModels lists the models of DECT bases.
func (f *Fleet) DectModels(ctx context.Context, c Caller) ([]ModelRow, error) { panic("unwritten") }

// DectModel returns what a template offers for its DECT bases.
func (f *Fleet) DectModel(ctx context.Context, c Caller, name string) (TemplateInfo, error) {
	panic("unwritten")
}
