package admin_test

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
)

// TestBadInputOfBases sends what a base, its members or a system cannot be. Nothing
// changes, and each answer names every offender at once.
func TestBadInputOfBases(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	var extensions []string
	for i := range 31 {
		extensions = append(extensions, strconv.Itoa(500+i))
		w.must(201, "POST", "/users", w.admin, userBody(extensions[i]))
	}
	edited := func(body string, edits ...string) string {
		t.Helper()
		for i := 0; i < len(edits); i += 2 {
			if !strings.Contains(body, edits[i]) {
				t.Fatalf("%s is not in %s", edits[i], body)
			}
		}
		return strings.NewReplacer(edits...).Replace(body)
	}
	big := "/dect_phones/" + w.must(201, "POST", "/dect_phones", w.admin, edited(cellBody("001565000010"), `"M5"`, `"D30"`)).id()
	alone := w.must(201, "POST", "/dect_phones", w.admin, cellBody("001565000011")).id()
	items := func(list ...string) string { return `{"items":[` + strings.Join(list, ",") + `]}` }
	item := func(extension, more string) string { return `{"extension_number":"` + extension + `"` + more + `}` }
	var all []string
	for _, e := range extensions {
		all = append(all, item(e, ""))
	}
	w.must(200, "POST", big+"/members", w.admin, items(all[:2]...))
	hall, works, phones := "/dect_phones/"+w.ids["dect"], "/dect_systems/"+w.ids["system"], "/users/"+w.ids["user"]+"/phones"
	fresh := dectBody("001565000012")

	for _, c := range []struct {
		name, path, body string
		status           int
		want             []string // pointers
		says             []string
	}{
		{"a name of 65 characters", "/dect_phones", edited(fresh, `"Hall"`, `"`+strings.Repeat("é", 65)+`"`), 422, []string{"/name"}, nil},
		{"a new name of 65 characters", hall, `{"name":"` + strings.Repeat("x", 65) + `"}`, 422, []string{"/name"}, nil},
		{"a time zone that the model lacks", "/dect_phones", edited(fresh, "Europe/Berlin", "Europe/Paris"), 422, []string{"/timezone"}, []string{"Europe/Berlin", "Etc/UTC"}},
		{"a new time zone that the model lacks", hall, `{"timezone":"Europe/Paris"}`, 422, []string{"/timezone"}, []string{"Europe/Berlin", "Etc/UTC"}},
		{"a codec that the model lacks", "/dect_phones", edited(fresh, `["PCMA"]`, `["PCMA","OPUS"]`), 422, []string{"/codecs/1"}, []string{"PCMU", "PCMA", "G722"}},
		{"new codecs that the model lacks", hall, `{"codecs":["G729","PCMA","OPUS"]}`, 422, []string{"/codecs/0", "/codecs/2"}, []string{"PCMU", "PCMA", "G722"}},
		{"the template of a desk phone", "/dect_phones", edited(fresh, "acme-dect.xml", "acme.xml", "D20", "A1"), 422, []string{"/template"}, []string{"DECT"}},
		{"a base's template for a desk phone", phones, edited(phoneBody("001565000012"), "acme.xml", "acme-dect.xml", `"A1"`, `"D20"`), 422, []string{"/filename"}, []string{"DECT"}},
		{"the address of a phone", "/dect_phones", edited(fresh, "001565000012", "00:15:65:00:00:01"), 409, []string{"/mac"}, []string{"001565000001"}},
		{"the address of a base for a phone", phones, phoneBody("001565000002"), 409, []string{"/mac"}, nil},
		{"31 members on a base of 30", big + "/members", items(all...), 422, []string{"/items"}, []string{"31", "30"}},
		{"two members with one index", big + "/members", items(item("500", `,"handset_index":"7"`), item("501", ""), item("502", `,"handset_index":"7"`)), 422, []string{"/items/2/handset_index"}, []string{"item 0"}},
		{"an IPUI of 9 digits", big + "/members", items(item("500", `,"ipui":"030AB1EE2"`)), 422, []string{"/items/0/ipui"}, nil},
		{"an unknown extension", big + "/members", items(item("500", ""), item("999", "")), 422, []string{"/items/1/extension_number"}, []string{"999"}},
		{"a handset of another base", big + "/members", items(item("500", `,"ipui":"030AB1EE28"`)), 409, []string{"/items/0/ipui"}, []string{"Hall"}},
		{
			"all of a base at once", "/dect_phones",
			edited(fresh, `"Hall"`, `"`+strings.Repeat("x", 65)+`"`, "Europe/Berlin", "Europe/Paris", `["PCMA"]`, `["OPUS"]`, "001565000012", "001565000001", `"DEU"`, `"FRA"`), 422,
			[]string{"/codecs/0", "/mac", "/name", "/timezone", "/tone"}, nil,
		},
		{
			"all of a list at once", big + "/members",
			items(append(slices.Clone(all[3:]), item("500", `,"ipui":"030AB1EE2","handset_index":"7"`), item("999", `,"handset_index":"7"`), item("500", `,"handset_index":"31"`))...), 422,
			[]string{"/items", "/items/28/ipui", "/items/29/extension_number", "/items/29/handset_index", "/items/30/extension_number", "/items/30/handset_index"}, nil,
		},

		{"a system's name of 65 characters", works, `{"name":"` + strings.Repeat("x", 65) + `"}`, 422, []string{"/name"}, nil},
		{"a system of nothing", "/dect_systems", `{"name":"New","bases":[]}`, 422, []string{"/bases"}, nil},
		{"a base of another system", "/dect_systems", `{"name":"New","bases":[{"dect_phone_id":"` + w.ids["cell"] + `"}]}`, 409, []string{"/bases/0/dect_phone_id"}, []string{"Works"}},
		{
			"all of a system at once", "/dect_systems",
			`{"name":"works","master":"nobody","bases":[{"dect_phone_id":"` + alone + `","sync_from":"` + alone + `"},{"dect_phone_id":"none"},{"dect_phone_id":"` + w.ids["dect"] + `"},{"dect_phone_id":"` + w.ids["cell"] + `"}]}`, 422,
			[]string{"/bases/0/sync_from", "/bases/1/dect_phone_id", "/bases/2/dect_phone_id", "/bases/2/dect_phone_id", "/bases/3/dect_phone_id", "/bases/3/sync_from", "/master", "/name"}, nil,
		},
		{
			"all of a move at once", hall + "/members/move", `{"to":{"dect_system_id":"` + w.ids["tenant"] + `"},"extension_numbers":["102","101","999","102"]}`, 422,
			[]string{"/extension_numbers/1", "/extension_numbers/2", "/extension_numbers/3", "/to"}, nil,
		},
	} {
		before := w.everything()
		status, faults, body := post(t, server, c.path, w.admin, c.body)
		slices.Sort(faults)
		if status != c.status || !slices.Equal(faults, c.want) {
			t.Errorf("%s: %d at %q; want %d at %q\n%s", c.name, status, faults, c.status, c.want, body)
		}
		for _, word := range c.says {
			if !strings.Contains(body, word) {
				t.Errorf("%s: the answer does not say %q: %s", c.name, word, body)
			}
		}
		if diff := cmp.Diff(before, w.everything()); diff != "" {
			t.Errorf("%s changes something:\n%s", c.name, diff)
		}
	}
	// What is right is taken: thirty members on a base of thirty.
	if status, _, body := post(t, server, big+"/members", w.admin, items(all[:30]...)); status != 200 {
		t.Errorf("30 members: %d %s", status, body)
	}
}

// post sends a request over TCP and returns the pointers of the faults.
func post(t *testing.T, server *httptest.Server, path, token, body string) (status int, faults []string, answer string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api"+path, strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Content-Type", "application/json")
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = resp.Body.Close() }()
	read, err := io.ReadAll(resp.Body)
	if err != nil {
		t.Fatal(err)
	}
	var p struct{ Errors []struct{ Detail string } }
	if len(read) > 0 {
		if err := json.Unmarshal(read, &p); err != nil {
			t.Fatalf("%v: %s", err, read)
		}
	}
	for _, e := range p.Errors {
		faults = append(faults, e.Detail)
	}
	return resp.StatusCode, faults, string(read)
}

// everything prints what is stored of the first tenant's phones, bases, members and
// systems, and who has done what.
func (w *world) everything() []string {
	w.t.Helper()
	ctx := w.t.Context()
	tenant, _ := fleet.ParseID(w.ids["tenant"])
	var out []string
	err := w.db.Read(ctx, func(r fleet.Reader) error {
		rows, _, err := r.PhoneRows(ctx, tenant, listquery.Query{})
		if err != nil {
			return err
		}
		systems, _, err := r.DectSystems(ctx, tenant, listquery.Query{})
		if err != nil {
			return err
		}
		bases, _, err := r.DectPhones(ctx, tenant, listquery.Query{})
		if err != nil {
			return err
		}
		for _, b := range bases {
			members, err := r.Members(ctx, tenant, b.ID)
			if err != nil {
				return err
			}
			out = append(out, fmt.Sprintf("%+v %+v", b, members))
		}
		out = append(out, fmt.Sprintf("%+v", rows), fmt.Sprintf("%+v", systems))
		return nil
	})
	if err != nil {
		w.t.Fatal(err)
	}
	log, err := w.db.AuditLog(ctx, tenant, 1000)
	if err != nil {
		w.t.Fatal(err)
	}
	return append(out, fmt.Sprint(len(log)))
}
