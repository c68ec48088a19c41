// Package arch holds the house rules on who may import whom; docs/architecture.md
// says why.
package arch

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/dialplane/dialplane/"

// allowed lists for each room the rooms that it may import. A room that ends in
// "/..." stands for all below it.
var allowed = map[string][]string{
	"cmd/dialplane":                    {"internal/app"},
	"internal/mac":                     {},
	"internal/secret":                  {},
	"internal/listquery":               {},
	"internal/version":                 {},
	"internal/blob":                    {},
	"internal/redirect":                {"internal/mac", "internal/secret"},
	"internal/redirect/redirecttest":   {"internal/mac", "internal/redirect", "internal/secret"},
	"internal/redirect/standins":       {"internal/mac", "internal/redirect/redirecttest"},
	"internal/rps":                     {"internal/fleet", "internal/mac", "internal/redirect", "internal/secret"},
	"internal/template":                {"internal/version"},
	"internal/vendors":                 {"internal/mac"},
	"internal/vendors/packs":           {"internal/redirect", "internal/vendors/..."},
	"internal/vendors/vendortest":      {"internal/mac", "internal/template", "internal/vendors"},
	"internal/vendors/settingsxml":     {"internal/mac", "internal/vendors", "internal/vendors/xmlfile"},
	"internal/vendors/xmlfile":         {"internal/vendors"},
	"internal/fleet":                   {"internal/mac", "internal/secret", "internal/listquery", "internal/version"},
	"internal/provision":               {"internal/fleet", "internal/listquery", "internal/mac", "internal/secret", "internal/template", "internal/vendors"},
	"internal/provision/provisiontest": {"internal/fleet", "internal/mac", "internal/secret"},
	"internal/listen/http":             {"internal/provision"},
	"internal/listen/pnp":              {"internal/mac"},
	"internal/notify":                  {"internal/mac", "internal/secret"},
	"internal/jobs":                    {"internal/fleet", "internal/mac"},
	"internal/store":                   {"internal/fleet", "internal/listquery", "internal/mac", "internal/secret"},
	"internal/store/storetest":         {"internal/fleet", "internal/listquery", "internal/mac", "internal/secret"},
	"internal/admin":                   {"api", "internal/fleet", "internal/listquery", "internal/mac", "internal/secret"},
	"internal/simulate":                {"internal/mac", "internal/vendors"},
	"internal/app":                     {"api/...", "internal/..."},
	"api":                              {},
	"api/client":                       {},
	"test/e2e":                         {},
	"test/arch":                        {},
}

// grammars are the rooms below internal/vendors that hold what several vendors'
// files have in common.
var grammars = []string{"digiumxml", "flatprofile", "hlprovision", "linefile", "settingsxml", "xmlfile"}

// mayImport returns what a room may import. A vendor's own room, of which there are
// many, may import what every vendor may.
func mayImport(room string) (rooms []string, known bool) {
	if rooms, known = allowed[room]; known {
		return rooms, true
	}
	if name, ok := strings.CutPrefix(room, "internal/vendors/"); ok && !strings.Contains(name, "/") {
		rooms = []string{"internal/mac", "internal/redirect", "internal/secret", "internal/vendors"}
		for _, g := range grammars {
			rooms = append(rooms, "internal/vendors/"+g)
		}
		return rooms, true
	}
	return nil, false
}

// forbidden are packages from outside that a room must not touch: the domain
// knows neither SQL nor HTTP nor SIP.
var forbidden = map[string][]string{
	"internal/fleet":     {"database/sql", "net/http", "github.com/emiago/sipgo", "os"},
	"internal/provision": {"database/sql", "net/http", "github.com/emiago/sipgo", "os"},
	"internal/template":  {"database/sql", "net/http", "net", "os"},
	"internal/vendors":   {"database/sql", "net/http", "github.com/emiago/sipgo", "os"},
}

type pkg struct {
	ImportPath string
	Imports    []string
}

func TestImportDirections(t *testing.T) {
	t.Parallel()
	out, err := exec.Command("go", "list", "-json=ImportPath,Imports", module+"...").Output()
	if err != nil {
		var exit *exec.ExitError
		if errors.As(err, &exit) {
			t.Fatalf("go list: %v\n%s", err, exit.Stderr)
		}
		t.Fatal(err)
	}
	seen := 0
	for d := json.NewDecoder(bytes.NewReader(out)); ; {
		var p pkg
		if err := d.Decode(&p); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
		room, ours := strings.CutPrefix(p.ImportPath, module)
		if !ours {
			continue
		}
		seen++
		may, known := mayImport(room)
		if !known {
			t.Errorf("%s is a new room: say in this table, and in docs/architecture.md, what it may import", room)
			continue
		}
		for _, path := range p.Imports {
			if to, ours := strings.CutPrefix(path, module); ours && !slices.ContainsFunc(may, func(m string) bool {
				below, all := strings.CutSuffix(m, "/...")
				return m == to || all && (to == below || strings.HasPrefix(to, below+"/"))
			}) {
				t.Errorf("%s must not import %s", room, to)
			}
			if slices.Contains(forbidden[room], path) {
				t.Errorf("%s must not import %s", room, path)
			}
		}
	}
	if seen < 15 {
		t.Errorf("go list found %d packages of the project", seen)
	}
}
