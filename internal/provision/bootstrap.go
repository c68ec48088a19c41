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
type bootstraps struct {
	byName   map[string]bootstrap            // names without a MAC
	byVendor map[string]map[string]bootstrap // vendor → names with "{mac}"
}

type bootstrap struct {
	file  *template.File
	model *model
}

func newBootstraps(set *templateSet) bootstraps {
	b := bootstraps{byName: make(map[string]bootstrap), byVendor: make(map[string]map[string]bootstrap)}
	for _, filename := range slices.Sorted(maps.Keys(set.files)) {
		k := set.files[filename]
		for i := range k.Models {
			m := k.models[strings.ToLower(k.Template.Models[i].Name)]
			for name, f := range m.byName[template.Bootstrap] {
				into := b.byName
				if strings.Contains(name, "{mac}") {
					if b.byVendor[k.Vendor] == nil {
						b.byVendor[k.Vendor] = make(map[string]bootstrap)
					}
					into = b.byVendor[k.Vendor]
				}
				if _, ok := into[name]; !ok {
					into[name] = bootstrap{f, m}
				}
			}
		}
	}
	return b
}

// answer renders the bootstrap file of a name. It returns false if there is none.
func (b bootstraps) answer(c *Core, tenant *tenantSlot, vendor, name string, at mac.Addr) (Answer, bool) {
	var f bootstrap
	var ok bool
	if at.IsZero() {
		f, ok = b.byName[strings.ToLower(name)]
	} else {
		f, ok = b.byVendor[vendor][fileKey(name, at)]
	}
	if !ok {
		return Answer{}, false
	}
	v := &template.View{
		Model:        f.model.view(),
		Provisioning: template.Provisioning{SharedURL: c.addresses.Shared(tenant.data.Load())},
	}
	body, err := f.file.Append(nil, v)
	if err != nil {
		c.log.Error("a bootstrap file could not be rendered", "file", f.file.Pattern, "error", err)
		return unavailable, true
	}
	return answer(f.file.Type, body), true
}
