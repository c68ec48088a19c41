package e2e

import (
	"errors"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// installation is DECT bases that have one list of members.
type installation struct {
	name    string
	vendor  string
	models  []string // of its bases, the data master first
	members int

	macs    []string
	ids     []string // of the bases
	list    string   // path of the list of members
	present []string // extensions of the members by handset index
}

// TestBasesRegister boots DECT bases and multi-cell systems, whose handsets all
// register. Then half of each one's members are others, and after a re-provision
// exactly these are registered.
func TestBasesRegister(t *testing.T) {
	network(t)
	bin := build(t)
	s := serve(t, bin, station{address: host})
	pbx := startKamailio(t, station{address: host})
	s.must("POST", "/tenant", map[string]any{
		"domain": domain, "endpoints": map[string]any{"WEB_DOMAIN": map[string]any{"host": host, "udp": sipPort}},
		"timezone": "Europe/Berlin", "enrol_minutes": 15,
	}, 200, nil)

	all := []*installation{
		{name: "Works", vendor: "Yealink", models: []string{"W90DM", "W90B", "W90B"}, members: 60},
		{name: "Clinic", vendor: "Snom", models: []string{"M900", "M900", "M900", "M900"}, members: 100},
		{name: "School", vendor: "Gigaset", models: []string{"N870-IP-PRO"}, members: 50},
		{name: "Shop", vendor: "Grandstream", models: []string{"DP752"}, members: 5},
		{name: "Office", vendor: "Panasonic", models: []string{"KX-TGP600"}, members: 8},
		{name: "Barn", vendor: "Yealink", models: []string{"W60B"}, members: 8},
	}
	var bases strings.Builder
	credentials, next := make(map[string]string), 2000
	for n, in := range all {
		pack, ok := packs.Registry().Pack(in.vendor)
		if !ok {
			t.Fatalf("there is no vendor %s", in.vendor)
		}
		for i, model := range in.models {
			m := s.base(in.vendor, model)
			address := fmt.Sprintf("%s%06x", pack.OUIs[0], 0x300000+n*16+i)
			var made struct{ ID string }
			s.must("POST", "/dect_phones", map[string]any{
				"name": fmt.Sprint(in.name, " ", i+1), "mac": address, "template": m.filename, "vendor": in.vendor, "model": model, "password": "Adm1nOf" + address,
				"timezone": m.zone, "language": m.language, "tone": m.tone, "codecs": m.codecs, "interface": "WEB_DOMAIN", "preferred_transport": "UDP",
			}, 201, &made)
			in.macs, in.ids = append(in.macs, address), append(in.ids, made.ID)
			fmt.Fprintf(&bases, "%s %s %s\n", address, in.vendor, model)
		}
		in.list = "/dect_phones/" + in.ids[0]
		if len(in.ids) > 1 {
			var list []map[string]any
			for _, id := range in.ids {
				list = append(list, map[string]any{"dect_phone_id": id})
			}
			var made struct{ ID string }
			s.must("POST", "/dect_systems", map[string]any{"name": in.name, "bases": list}, 201, &made)
			in.list = "/dect_systems/" + made.ID
		}
		// As many extensions again as half the members, for the swap.
		for range in.members + in.members/2 {
			extension := strconv.Itoa(next)
			next++
			credentials[extension] = "s3cret-" + extension + "-xY"
			s.must("POST", "/users", map[string]any{"extension_number": extension, "display_name": "Hand " + extension, "password": credentials[extension]}, 201, nil)
			in.present = append(in.present, extension)
		}
	}
	pbx.load(credentials)
	spare := make(map[*installation][]string)
	for _, in := range all {
		spare[in], in.present = in.present[in.members:], in.present[:in.members]
		s.replace(in)
	}

	file := filepath.Join(t.TempDir(), "bases")
	if err := os.WriteFile(file, []byte(bases.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	simulation := exec.Command(bin, "simulate", s.provisioning, "--phones", file, "--register", "--parallel", "20", "--stay", "3m")
	var out lockedBuffer
	simulation.Stdout, simulation.Stderr = &out, &out
	if err := simulation.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = simulation.Process.Kill(); _ = simulation.Wait() })
	waitFor(t, "the bases", func() error { return s.exactly(pbx, all, out.String()) })
	for _, in := range all {
		waitFor(t, in.name, func() error { return is(s.baseStatus(in.ids[0]), "up-to-date") })
	}

	for _, in := range all {
		for i := range spare[in] { // every other place, the first among them
			in.present[2*i] = spare[in][i]
		}
		s.replace(in)
		if err := is(s.baseStatus(in.ids[0]), "out-of-date"); err != nil {
			t.Errorf("%s: %v", in.name, err)
		}
		order := "/phones/" + in.macs[0]
		if strings.HasPrefix(in.list, "/dect_systems/") {
			order = in.list
		}
		job := s.order(order + "/reprovision")
		waitFor(t, in.name+"'s job", func() error {
			if n := s.counts(job); n["confirmed"] < 1 {
				return fmt.Errorf("%v\n%s", n, s.items(job))
			}
			return nil
		})
		if err := is(s.baseStatus(in.ids[0]), "up-to-date"); err != nil {
			t.Errorf("%s: %v", in.name, err)
		}
	}
	waitFor(t, "the members that are others now", func() error { return s.exactly(pbx, all, out.String()) })

	if err := simulation.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	if err := simulation.Wait(); err != nil {
		t.Errorf("simulate: %v\n%s", err, out.String())
	}
	log := s.stop()
	for _, password := range credentials {
		if strings.Contains(log, password) {
			t.Errorf("the log holds the secret %q", password)
		}
	}
}

// replace gives an installation its members: the first by IPUI, the others any handset.
func (s *server) replace(in *installation) {
	s.t.Helper()
	var items []map[string]any
	for i, extension := range in.present {
		item := map[string]any{"extension_number": extension, "ipui": "FFFFFFFFFF", "handset_index": strconv.Itoa(i + 1)}
		if i == 0 {
			item["ipui"] = fmt.Sprintf("02%s", in.macs[0][4:])
		}
		items = append(items, item)
	}
	s.must("POST", in.list+"/members", map[string]any{"items": items}, 200, nil)
}

// exactly says whether the members and nobody else are registered.
func (s *server) exactly(pbx *kamailio, all []*installation, out string) error {
	want := make(map[string]bool)
	for _, in := range all {
		for _, extension := range in.present {
			want[extension] = true
		}
	}
	got := pbx.registered()
	if maps.Equal(got, want) {
		return nil
	}
	var missing, more []string
	for _, extension := range slices.Sorted(maps.Keys(want)) {
		if !got[extension] {
			missing = append(missing, extension)
		}
	}
	for _, extension := range slices.Sorted(maps.Keys(got)) {
		if !want[extension] {
			more = append(more, extension)
		}
	}
	return errors.New("not registered: " + strings.Join(missing, " ") + "; registered and no members: " + strings.Join(more, " ") + "\n" + out)
}

func (s *server) baseStatus(id string) string {
	s.t.Helper()
	var b struct{ Status string }
	s.must("GET", "/dect_phones/"+id, nil, 200, &b)
	return b.Status
}

// items prints how far a job has come with each phone.
func (s *server) items(job string) string {
	s.t.Helper()
	var list struct {
		Items []struct{ MAC, State, Reason string }
	}
	s.must("GET", "/jobs/"+job+"/items", nil, 200, &list)
	return fmt.Sprintf("%+v", list.Items)
}

// dectModel is a model of bases, with choices that its template has.
type dectModel struct {
	filename, zone, language, tone string
	codecs                         []string
}

func (s *server) base(vendor, model string) dectModel {
	s.t.Helper()
	var rows struct {
		Items []struct {
			Filename, Model string
			DisplayName     string `json:"display_name"`
		}
	}
	s.must("GET", "/dect_phone_models?top=100", nil, 200, &rows)
	for _, r := range rows.Items {
		if r.Model != model || !strings.HasPrefix(r.DisplayName, vendor) {
			continue
		}
		var profile struct {
			Languages, Tones, Codecs []string
			TimeZones                []string `json:"time_zones"`
		}
		s.must("GET", "/dect_phone_models/"+r.Filename, nil, 200, &profile)
		m := dectModel{filename: r.Filename, zone: "Europe/Berlin", language: "ENGLISH", tone: "DEU", codecs: profile.Codecs[:min(2, len(profile.Codecs))]}
		first := func(to *string, offered []string) {
			if len(offered) > 0 && !slices.Contains(offered, *to) {
				*to = offered[0]
			}
		}
		first(&m.zone, profile.TimeZones)
		first(&m.language, profile.Languages)
		first(&m.tone, profile.Tones)
		return m
	}
	s.t.Fatalf("no template has the base %s %s", vendor, model)
	return dectModel{}
}
