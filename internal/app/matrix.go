package app

import (
	"cmp"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

type matrixCmd struct{}

// Run prints docs/models.md: every model that the built-in templates cover, what it
// can do, and what is behind the row.
func (matrixCmd) Run(streams Streams, log *slog.Logger) error {
	registry := packs.Registry()
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		return err
	}
	_, err = streams.Out.Write([]byte(matrix(registry, catalog.Templates())))
	return err
}

const matrixHead = `# Models

%d models of %d vendors. This page is written by ` + "`dialplane template matrix`" + ` from the built-in templates and vendor packs; don't edit it.

- *Accounts*: SIP accounts. *Keys*: programmable keys with their pages. *Modules*: expansion modules, and the keys of each.
- *Handsets*: how many a DECT base takes by itself; a dash for one that works in a system alone. *Bases*: how many a multi-cell system of it may have, its data master included. *In all*: how many
  handsets such a system takes where this base is its data master.
- *Languages*: how many of the API's 14 the phone can be told. *TLS*: whether SIP over TLS can be chosen.
- *Fetch again*, *Restart*: the Event of the SIP NOTIFY; a dash where no way is documented.
- *Rests on*: **manual**, the vendor's own document; **capture**, a real phone's request; **source**, what other systems that serve the model know of it; **memory**, to be confirmed.
  **golden** besides: the whole configuration of this very model is kept and compared in every build. All are read back by the vendor's grammar, checked against the vendor's
  dictionary of parameters and compared with what was asked for. None was tried on hardware.
`

func matrix(registry *vendor.Registry, templates []*template.Template) string {
	byVendor := make(map[string][]*template.Template)
	models := 0
	for _, t := range templates {
		byVendor[t.Vendor] = append(byVendor[t.Vendor], t)
		models += len(t.Models)
	}
	names := make([]string, 0, len(byVendor))
	for name := range byVendor {
		names = append(names, name)
	}
	slices.SortFunc(names, func(a, b string) int { return cmp.Compare(strings.ToLower(a), strings.ToLower(b)) })
	var out strings.Builder
	fmt.Fprintf(&out, matrixHead, models, len(names))
	for _, name := range names {
		pack, _ := registry.Pack(name)
		fmt.Fprintf(&out, "\n## %s\n\n%s%s\n", name, commands(pack.Commands), deviating(pack))
		table(&out, byVendor[name], "| model | accounts | keys | modules |", "--: | --: | --- |", func(m *template.Model) string {
			if isBase(m) {
				return ""
			}
			modules := "–"
			if m.Modules > 0 {
				modules = fmt.Sprintf("%d × %d", m.Modules, m.ModuleKeys)
			}
			return fmt.Sprintf("%d | %s | %s", m.Accounts, orDash(m.LineKeys), modules)
		})
		table(&out, byVendor[name], "| DECT base | handsets | bases | in all |", "--: | --: | --: |", func(m *template.Model) string {
			switch {
			case !isBase(m):
				return ""
			case m.Bases == 0:
				return fmt.Sprintf("%s | – | –", orDash(m.Handsets))
			}
			return fmt.Sprintf("%s | %d | %s", orDash(m.Handsets), m.Bases, orDash(max(m.Handsets, m.SystemHandsets)))
		})
	}
	return out.String()
}

func isBase(m *template.Model) bool { return m.Handsets > 0 || m.Bases > 0 }

// table writes a vendor's models that size says something of.
func table(out *strings.Builder, templates []*template.Template, head, ruler string, size func(*template.Model) string) {
	var rows strings.Builder
	for _, t := range templates {
		for i := range t.Models {
			if m := &t.Models[i]; size(m) != "" {
				rows.WriteString(matrixRow(t, m, size(m)))
			}
		}
	}
	if rows.Len() > 0 {
		fmt.Fprintf(out, "\n%s codecs | languages | transports | TLS | rests on | template |\n| --- | %s --- | --: | --- | --- | --- | --- |\n%s", head, ruler, rows.String())
	}
}

func matrixRow(t *template.Template, m *template.Model, size string) string {
	transports := offered(t, m, "transports")
	tls := "–"
	if slices.Contains(transports, "TLS") {
		tls = "yes"
	}
	basis := m.Basis
	if slices.Contains(t.Showcases(), m) {
		basis += ", golden"
	}
	return fmt.Sprintf("| %s | %s | %s | %d | %s | %s | %s | %s |\n",
		strings.TrimPrefix(m.DisplayName, t.Vendor+" "), size, strings.Join(offered(t, m, "codecs"), " "),
		len(offered(t, m, "languages")), strings.Join(transports, " "), tls, basis, strings.TrimSuffix(t.Filename, ".xml"))
}

func offered(t *template.Template, m *template.Model, list string) []string {
	l := t.Profile.Lists[list]
	if l == nil || slices.Contains(m.Without, list) {
		return nil
	}
	names := make([]string, len(l.Options))
	for i, o := range l.Options {
		names[i] = o.Name
	}
	return names
}

// commands says how phones are told to fetch again and to restart.
func commands(c vendor.Commands) string {
	return "Fetch again: " + event(c.Reprovision) + ". Restart: " + event(c.Reboot) + "."
}

// deviating says so of the models that obey other commands than the vendor's usual.
func deviating(p vendor.Pack) string {
	models := make(map[vendor.Commands][]string)
	for _, model := range slices.Sorted(maps.Keys(p.Deviating)) {
		models[p.Deviating[model]] = append(models[p.Deviating[model]], model)
	}
	var lines []string
	for c, of := range models {
		lines = append(lines, "\n\n"+strings.Join(of, ", ")+": "+commands(c))
	}
	slices.Sort(lines)
	return strings.Join(lines, "")
}

func event(e string) string {
	if e == "" {
		return "–"
	}
	return "`" + e + "`"
}

func orDash(n int) string {
	if n == 0 {
		return "–"
	}
	return strconv.Itoa(n)
}
