package provision

import (
	"maps"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/template"
)

// bootstraps finds the bootstrap files (L0) of the built-in templates by the name
// that is asked for. They are made of nothing but the shared address and, where
// the name tells it, the model, so known and unknown phones get the same bytes.
// Several vendors' phones ask for files of one name, and so do several families of one
// vendor: whoever says what it is gets its own model's, or its own vendor's if the
// model is not known, or none.
type bootstraps struct {
	byModel  map[modelKey]map[string]bootstrap // names, "{mac}" for the MAC
	byVendor map[string]map[string]bootstrap
	byName   map[string]bootstrap // names without a MAC, for who says nothing
}

type modelKey struct{ vendor, model string } // the model in lower case

type bootstrap struct {
	file  *template.File
	model *model
}

func newBootstraps(set *templateSet) bootstraps {
	b := bootstraps{byModel: make(map[modelKey]map[string]bootstrap), byVendor: make(map[string]map[string]bootstrap), byName: make(map[string]bootstrap)}
	for _, filename := range slices.Sorted(maps.Keys(set.files)) {
		k := set.files[filename]
		for i := range k.Models {
			key := modelKey{k.Vendor, strings.ToLower(k.Template.Models[i].Name)}
			m := k.models[key.model]
			if b.byModel[key] == nil {
				b.byModel[key] = make(map[string]bootstrap)
			}
			if b.byVendor[k.Vendor] == nil {
				b.byVendor[k.Vendor] = make(map[string]bootstrap)
			}
			for name, f := range m.byName[template.Bootstrap] {
				put(b.byModel[key], name, bootstrap{f, m})
				put(b.byVendor[k.Vendor], name, bootstrap{f, m})
				if !strings.Contains(name, "{mac}") {
					put(b.byName, name, bootstrap{f, m})
				}
			}
		}
	}
	return b
}

// put keeps the first of a name.
func put(into map[string]bootstrap, name string, f bootstrap) {
	if _, ok := into[name]; !ok {
		into[name] = f
	}
}

// answer renders the bootstrap file of a name for who says to be of a vendor and
// model, either of which may be empty, and begins at url. It returns false if there is
// none.
func (b bootstraps) answer(c *Core, vendor, model, name string, at mac.Addr, url string) (Answer, bool) {
	key := strings.ToLower(name)
	if !at.IsZero() {
		key = fileKey(name, at)
	}
	own, known := b.byModel[modelKey{vendor, strings.ToLower(model)}]
	if !known {
		own, known = b.byVendor[vendor]
	}
	f, ok := own[key]
	if !known {
		f, ok = b.byName[key]
	}
	if !ok {
		return Answer{}, false
	}
	v := &template.View{
		Model:        f.model.view(),
		Provisioning: template.Provisioning{SharedURL: url},
	}
	body, err := f.file.Append(nil, v)
	if err != nil {
		c.log.Error("a bootstrap file could not be rendered", "file", f.file.Pattern, "error", err)
		return unavailable, true
	}
	return answer(f.file.Type, body), true
}
