package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// cannotEnrol are the templates whose phones cannot be told their secret address by a
// file: Cisco's enterprise firmware fetches from wherever it found its first file.
var cannotEnrol = []string{"cisco-79xx.xml", "cisco-89xx.xml", "cisco-ata190.xml", "cisco-cp.xml"}

// TestEveryTemplateRegisters boots a phone of every built-in template of desk phones:
// it enrols, fetches what was rendered for it, and registers with the account in it.
func TestEveryTemplateRegisters(t *testing.T) {
	network(t)
	bin := build(t)
	s := serve(t, bin, station{address: host})
	pbx := startKamailio(t, station{address: host})
	s.must("POST", "/tenant", map[string]any{
		"domain": domain, "endpoints": map[string]any{"WEB_DOMAIN": map[string]any{"host": host, "udp": sipPort}},
		"timezone": "Europe/Berlin", "enrol_minutes": 15,
	}, 200, nil)
	vendors := make(map[string]bool)
	credentials := make(map[string]string)
	var phones strings.Builder
	for i, m := range s.firstModels() {
		if slices.Contains(cannotEnrol, m.filename) {
			continue
		}
		pack, ok := packs.Registry().Pack(m.vendor)
		if !ok {
			t.Fatalf("there is no vendor %s", m.vendor)
		}
		extension := fmt.Sprint(3000 + i)
		credentials[extension] = "s3cret" + extension + "Xy"
		var user struct{ ID string }
		s.must("POST", "/users", map[string]any{"extension_number": extension, "display_name": "Desk " + extension, "password": credentials[extension]}, 201, &user)
		address := fmt.Sprintf("%s%06x", pack.OUIs[0], 0x200000+i)
		s.must("POST", "/users/"+user.ID+"/phones", map[string]any{
			"mac": address, "filename": m.filename, "vendor": m.vendor, "model": m.model, "password": "Adm1nOf" + extension,
			"language": m.language, "transfer": "BLIND", "timezone": m.zone, "codecs": m.codecs, "interface": "WEB_DOMAIN", "preferred_transport": "UDP",
		}, 201, nil)
		fmt.Fprintf(&phones, "%s %s %s\n", address, m.vendor, m.model)
		vendors[m.vendor] = true
	}
	pbx.load(credentials)
	file := filepath.Join(t.TempDir(), "phones")
	if err := os.WriteFile(file, []byte(phones.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "simulate", s.provisioning, "--phones", file, "--register", "--parallel", "20").CombinedOutput()
	if err != nil {
		t.Errorf("simulate: %v\n%s", err, out)
	}
	registered := pbx.registered()
	for extension := range credentials {
		if !registered[extension] {
			t.Errorf("extension %s is not registered at the PBX", extension)
		}
	}
	t.Logf("%d templates of %d vendors", len(credentials), len(vendors))
	if len(vendors) < 20 {
		t.Errorf("only phones of %d vendors were tried", len(vendors))
	}
	log := s.stop()
	for _, password := range credentials {
		if strings.Contains(log, password) {
			t.Errorf("the log holds the secret %q", password)
		}
	}
}

// model is one that a template covers, with choices that the template has.
type model struct {
	vendor, model, filename, language, zone string
	codecs                                  []string
}

// firstModels asks the API for the first model of every template.
func (s *server) firstModels() []model {
	s.t.Helper()
	var all []model
	seen := make(map[string]bool)
	for skip := 0; ; skip += 100 {
		var rows struct {
			Items []struct {
				Filename, Model string
				DisplayName     string `json:"display_name"`
			}
		}
		s.must("GET", fmt.Sprintf("/phone_models?top=100&skip=%d", skip), nil, 200, &rows)
		for _, r := range rows.Items {
			if seen[r.Filename] {
				continue
			}
			seen[r.Filename] = true
			var profile struct {
				Languages, Codecs []string
				TimeZones         []string `json:"time_zones"`
			}
			s.must("GET", "/phone_models/"+r.Filename, nil, 200, &profile)
			vendor, _, _ := strings.Cut(r.DisplayName, " ")
			m := model{vendor: vendor, model: r.Model, filename: r.Filename, language: "ENGLISH", zone: "Europe/Berlin", codecs: profile.Codecs[:min(2, len(profile.Codecs))]}
			if len(profile.Languages) > 0 {
				m.language = profile.Languages[0]
			}
			if len(profile.TimeZones) > 0 && !slices.Contains(profile.TimeZones, m.zone) {
				m.zone = profile.TimeZones[0]
			}
			all = append(all, m)
		}
		if len(rows.Items) < 100 {
			return all
		}
	}
}
