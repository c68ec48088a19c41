package admin_test

import (
	"bufio"
	"encoding/json"
	"net/http"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
)

// TestEveryOperation uses each operation of the document with success. The world
// holds every request and answer against the document.
func TestEveryOperation(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user, phone, dect := "/users/"+w.ids["user"], "/phones/"+w.ids["phone"], "/dect_phones/"+w.ids["dect"]

	for _, list := range []string{
		"/templates/phones", "/phone_models", "/dect_phone_models", "/phones", "/users", "/contacts", "/files", "/firmware_policies", user + "/phones", "/dect_phones", dect + "/members", "/dect_systems", "/dect_systems/" + w.ids["system"] + "/members",
		"/enrolments", "/accounts", "/tokens", "/jobs", "/jobs/" + w.ids["job"] + "/items", "/phones/001565000001/history", "/rps_devices",
	} {
		plain := w.must(200, "GET", list, w.admin, "")
		if strings.Contains(plain.body, `"count"`) {
			t.Errorf("%s counts without being asked: %s", list, plain.body)
		}
		if counted := w.must(200, "GET", list+"?$count=true&$top=1&skip=0", w.admin, ""); !strings.Contains(counted.body, `"count"`) {
			t.Errorf("%s does not count: %s", list, counted.body)
		}
	}
	operations(w.api, func(op *huma.Operation) { // every field of every list can be used
		if op.Method != http.MethodGet || len(op.Parameters) < 6 {
			return
		}
		for _, p := range op.Parameters {
			if p.Name != "filter" {
				continue
			}
			_, names, _ := strings.Cut(p.Description, "Fields are ")
			for name := range strings.SplitSeq(strings.TrimSuffix(names, "."), ", ") {
				field := strings.Trim(name, "`")
				path := fill(op.Path, w.ids) + "?orderby=" + field + "%20desc&search=a&filter=" + field + "%20ne%20null"
				token := w.root
				if strings.HasPrefix(path, "/user/") {
					token = w.owner
				}
				w.must(200, "GET", path, token, "")
			}
		}
	})

	w.must(200, "GET", "/templates/phones/mine.xml", w.viewer, "")
	w.must(200, "POST", "/templates/phones/mine.xml", w.admin, `{"content":"acme-dect.xml"}`)
	w.must(204, "POST", "/templates/phones/mine.xml/destroy", w.admin, "")
	w.must(200, "GET", "/files/"+w.ids["file"], w.viewer, "")
	if got := w.must(200, "GET", "/files/"+w.ids["file"]+"/content", w.viewer, ""); got.body != "the firmware" || got.header.Get("Content-Type") != "application/octet-stream" {
		t.Errorf("the content is %s", got.body)
	}
	policy := "/firmware_policies/" + w.ids["policy"]
	w.must(200, "GET", policy, w.viewer, "")
	w.must(200, "POST", policy, w.admin, `{"models":["A1"],"from":"1.0","allow_downgrade":true}`)
	w.must(409, "POST", "/files/"+w.ids["file"]+"/destroy", w.admin, "")
	w.must(204, "POST", policy+"/destroy", w.admin, "")
	w.must(204, "POST", "/files/"+w.ids["file"]+"/destroy", w.admin, "")
	w.must(200, "GET", "/phone_models/acme.xml", w.viewer, "")
	w.must(200, "GET", "/dect_phone_models/acme-dect.xml", w.viewer, "")

	w.must(200, "GET", "/phones/00-15-65-00-00-01", w.viewer, "")
	w.must(200, "GET", "/phones/0015.6500.0001/assignee", w.viewer, "")
	w.must(200, "GET", "/events", w.viewer, "") // ends at once: the world has no feed
	all := w.must(200, "POST", "/phones/reprovision", w.operator, "")
	if job := w.must(200, "GET", "/jobs/"+all.header.Get("Dialplane-Job"), w.viewer, ""); !strings.Contains(job.body, `"pending":3`) {
		t.Errorf("the job for all phones is %s", job.body)
	}
	w.must(200, "POST", "/jobs/"+w.ids["job"]+"/pause", w.operator, "")
	w.must(200, "POST", "/jobs/"+w.ids["job"]+"/resume", w.operator, "")
	w.must(200, "POST", "/jobs/"+w.ids["job"]+"/cancel", w.operator, "")
	w.must(409, "POST", "/jobs/"+w.ids["job"]+"/resume", w.operator, "")
	w.must(200, "POST", "/phones/001565000001/reprovision", w.operator, "{}")
	w.must(200, "POST", "/phones/001565000001/reboot", w.operator, "")
	w.must(200, "POST", "/phones/00:15:65:00:00:77/reject", w.operator, "")
	w.must(200, "POST", "/phones/00:15:65:00:00:77/accept", w.operator, "")

	w.must(200, "GET", "/enrolments/"+w.ids["enrolment"], w.viewer, "")
	w.must(204, "POST", "/enrolments/"+w.ids["enrolment"]+"/destroy", w.operator, "")

	w.must(200, "GET", user, w.viewer, "")
	w.must(200, "POST", user, w.operator, `{"display_name":"Ann","vm_pin":null,"keys":[{"kind":"line"},{"kind":"speed_dial","value":"0123","label":"Home"},{}]}`)
	contact := "/contacts/" + w.ids["contact"]
	w.must(200, "GET", contact, w.viewer, "")
	w.must(200, "POST", contact, w.operator, `{"numbers":[{"label":"Mobile","number":"0170"},{"number":"030"}]}`)
	w.must(204, "POST", contact+"/destroy", w.operator, "")
	w.must(200, "GET", user+phone, w.viewer, "")
	for _, at := range []string{user + phone, dect} {
		for _, disabled := range []string{"true", "false"} {
			w.must(200, "POST", at, w.operator, `{"disabled":`+disabled+`}`)
			if got := w.must(200, "GET", at, w.viewer, ""); !strings.Contains(got.body, `"disabled":`+disabled) {
				t.Errorf("disabled %s: %s", disabled, got.body)
			}
			if disabled == "true" {
				w.must(409, "POST", "/phones/"+strings.Split(w.must(200, "GET", at, w.viewer, "").body, `"mac":"`)[1][:12]+"/reboot", w.operator, "")
			}
		}
	}
	w.must(200, "POST", user+phone, w.operator, `{"language":"german","wan_port_id":12,"enable_vlan_wan_port":true,"ringtone":"","serial_number":null}`)
	w.must(200, "POST", user+phone+"/rotate", w.operator, "")
	w.must(200, "GET", "/user/phones", w.owner, "")
	own := w.must(201, "POST", "/user/phones", w.owner, phoneBody("00:15:65:00:00:05")).id()
	w.must(200, "GET", "/user/phones/"+own, w.owner, "")
	w.must(200, "POST", "/user/phones/"+own, w.owner, `{"codecs":["PCMU"]}`)
	w.must(204, "POST", "/user/phones/"+own+"/destroy", w.owner, "")
	w.must(422, "POST", user+phone, w.operator, `{"device_code":"`+strings.Repeat("x", 65)+`"}`)
	w.must(200, "POST", user+phone, w.operator, `{"rps":true,"device_code":"A1B2"}`)
	for at, want := range map[string]string{user + phone: `"rps_status":"pending"`, "/rps_devices": `"status":"pending"`, dect: `"rps_status":null`, "/jobs?filter=kind%20eq%20'rps'": `"estimated_seconds":1`} {
		if got := w.must(200, "GET", at, w.viewer, ""); !strings.Contains(got.body, want) {
			t.Errorf("%s has no %s: %s", at, want, got.body)
		}
	}
	w.must(204, "POST", user+phone+"/destroy", w.operator, "")

	system, cell := "/dect_systems/"+w.ids["system"], w.ids["cell"]
	yard := w.must(201, "POST", "/dect_phones", w.operator, strings.Replace(cellBody("001565000004"), "M5", "M0", 1)).id()
	w.must(200, "POST", system, w.operator, `{"name":"Mill","master":"`+cell+`","bases":[{"dect_phone_id":"`+yard+`","sync_from":"`+cell+`"},{"dect_phone_id":"`+cell+`","sync_from":null}]}`)
	mill := `{"id":"` + w.ids["system"] + `","name":"Mill","number":1,"lines":5,"members_count":0,"master":"` + cell + `","bases":[` +
		`{"dect_phone_id":"` + cell + `","mac":"001565000003","name":"Cell 03","model":"M5","index":1,"sync_from":null,"sync_level":1},` +
		`{"dect_phone_id":"` + yard + `","mac":"001565000004","name":"Cell 04","model":"M0","index":2,"sync_from":"` + cell + `","sync_level":2}]}`
	if got := w.must(200, "GET", system, w.viewer, "").body; strings.TrimSpace(got) != mill {
		t.Errorf("the system is %s; want %s", got, mill)
	}
	if got := w.must(200, "GET", "/dect_phones/"+yard, w.viewer, "").body; !strings.Contains(got, `"dect_system_id":"`+w.ids["system"]+`"`) {
		t.Errorf("the base is %s", got)
	}
	w.must(200, "POST", system+"/members", w.operator, `{"items":[{"extension_number":"101","handset_index":"3"}]}`)
	w.must(200, "POST", dect+"/members/move", w.operator, `{"to":{"dect_system_id":"`+w.ids["system"]+`"},"extension_numbers":["102"]}`)
	w.must(200, "POST", system+"/members/move", w.operator, `{"to":{"dect_phone_id":"`+w.ids["dect"]+`"},"extension_numbers":["102"]}`)
	if got := w.must(200, "GET", "/dect_phones/"+yard+"/members", w.viewer, "").body; !strings.Contains(got, `"extension_number":"101"`) || strings.Contains(got, `"102"`) {
		t.Errorf("the members of the system's base are %s", got)
	}
	ordered := w.must(200, "POST", system+"/reboot", w.operator, "").header.Get("Dialplane-Job")
	if got := w.must(200, "GET", "/jobs/"+ordered, w.viewer, "").body; !strings.Contains(got, `"pending":2`) || !strings.Contains(got, `"dect_system_id":"`+w.ids["system"]+`"`) {
		t.Errorf("the job of the system is %s", got)
	}
	w.must(200, "POST", system+"/reprovision", w.operator, "")
	w.must(409, "POST", "/dect_phones/"+cell+"/destroy?force=true", w.operator, "")
	w.must(409, "POST", "/dect_phones/"+yard+"/destroy", w.operator, "")
	w.must(204, "POST", "/dect_phones/"+yard+"/destroy?force=true", w.operator, "")
	w.must(204, "POST", system+"/destroy?force=false", w.operator, "")
	w.must(200, "POST", "/dect_phones/"+cell+"/members", w.operator, `{"items":[]}`)

	w.must(200, "GET", "/rps_services", w.viewer, "")
	rps := "/rps_accounts/" + w.ids["rps_account"]
	if got := w.must(200, "GET", "/rps_accounts", w.viewer, ""); !strings.Contains(got.body, `"values":[{"name":"user","value":"u","set":true},{"name":"key","value":null,"set":true}]`) {
		t.Errorf("the accounts are %s", got.body)
	}
	if got := w.must(200, "GET", "/rps_accounts", w.mallory, ""); strings.TrimSpace(got.body) != `{"items":[]}` {
		t.Errorf("another tenant's accounts are %s", got.body)
	}
	w.must(201, "POST", "/rps_accounts", w.root, `{"service":"acme-rps","values":[{"name":"key","value":"planted-rps-key-of-root"},{"name":"user","value":"of-root"}]}`)
	if got := w.must(200, "GET", "/rps_accounts", w.mallory, ""); !strings.Contains(got.body, `"inherited":true`) || strings.Contains(got.body, "of-root") {
		t.Errorf("what another tenant inherits is %s", got.body)
	}
	w.must(200, "GET", rps, w.viewer, "")
	w.must(200, "POST", rps, w.admin, `{"endpoint":"eu","values":[{"name":"key","value":"planted-rps-key"}]}`)
	w.must(422, "POST", rps, w.admin, `{"endpoint":"http://10.0.0.1"}`)
	w.must(200, "POST", rps+"/verify", w.admin, "")
	w.must(200, "POST", rps+"/sync", w.admin, `{"repair":true,"foreign":["00:15:65:99:99:99"]}`)
	w.must(204, "POST", rps+"/destroy?force=true", w.admin, "")

	w.must(200, "GET", dect, w.viewer, "")
	w.must(200, "POST", dect, w.operator, `{"name":"Hall 2","handset_language":"German"}`)
	w.must(200, "GET", dect+"/members/102", w.viewer, "")
	w.must(409, "POST", "/users/"+w.ids["second"]+"/destroy", w.operator, "")
	w.must(204, "POST", "/users/"+w.ids["second"]+"/destroy?force=true", w.operator, "")
	w.must(200, "POST", dect+"/members", w.operator, `{"items":[{"extension_number":"101","ipui":"57005 0782068 7"}]}`)
	w.must(409, "POST", dect+"/destroy", w.operator, "")
	w.must(204, "POST", dect+"/destroy?force=true", w.operator, "")

	w.must(200, "GET", "/tenant", w.viewer, "")
	w.must(200, "GET", "/tenants", w.root, "")
	w.must(200, "GET", "/tenants/"+w.ids["other_tenant"], w.root, "")
	w.must(200, "POST", "/tenants/"+w.ids["other_tenant"], w.root, `{"ntp":["a.example","b.example"],"enrol_networks":["192.0.2.0/24"],"voicemail_number":"*98"}`)
	w.must(204, "POST", "/tenants/"+w.ids["other_tenant"]+"/destroy", w.root, "")

	w.must(200, "GET", "/accounts/"+w.ids["account"], w.admin, "")
	grant := w.must(200, "POST", "/auth/sign_in", "", `{"username":"anna","password":"correct horse battery","domain":"one.example"}`)
	w.must(200, "GET", "/auth/user", grant.field("access_token"), "")
	again := w.must(200, "POST", "/auth/refresh_token", "", `{"refresh_token":"`+grant.field("refresh_token")+`"}`)
	w.must(401, "GET", "/auth/user", grant.field("access_token"), "")
	w.must(200, "POST", "/auth/sign_out", again.field("access_token"), "")
	w.must(401, "GET", "/auth/user", again.field("access_token"), "")
	w.must(200, "POST", "/accounts/"+w.ids["account"], w.admin, `{"role":"viewer"}`)
	w.must(204, "POST", "/accounts/"+w.ids["account"]+"/destroy", w.admin, "")
	w.must(204, "POST", "/tokens/"+w.ids["token"]+"/destroy", w.admin, "")
	w.must(204, "POST", user+"/destroy", w.operator, "")

	operations(w.api, func(op *huma.Operation) {
		if w.visited[op.Method+" "+op.Path] == 0 {
			t.Errorf("%s %s was never used with success", op.Method, op.Path)
		}
	})
}

// fill puts values that are good in the first tenant into a path.
func fill(path string, ids map[string]string) string {
	kinds := map[string]string{
		"/users/": "user", "/contacts/": "contact", "/dect_phones/": "dect", "/dect_systems/": "system", "/accounts/": "account", "/tokens/": "token",
		"/jobs/": "job", "/enrolments/": "enrolment", "/tenants/": "tenant", "/files/": "file", "/firmware_policies/": "policy",
		"/rps_accounts/": "rps_account",
	}
	for prefix, kind := range kinds {
		if strings.HasPrefix(path, prefix) {
			path = strings.Replace(path, "{id}", ids[kind], 1)
		}
	}
	return strings.NewReplacer("{phone_id}", ids["phone"], "{mac}", "001565000001", "{filename}", "acme.xml", "{name}", "acme-dect.xml", "{extension_number}", "102").Replace(path)
}

// TestContract holds the document against the contract's rows, which are written
// from the contract and not from the code.
func TestContract(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	file, err := os.Open("testdata/contract.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	rows := 0
	for lines := bufio.NewScanner(file); lines.Scan(); {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		rows++
		cells := strings.Split(line, "|")
		call := strings.Fields(cells[0])
		if len(cells) != 3 || len(call) != 3 {
			t.Fatalf("not a row: %s", line)
		}
		item := w.api.OpenAPI().Paths[call[1]]
		if item == nil || call[0] == "GET" && item.Get == nil || call[0] == "POST" && item.Post == nil {
			t.Errorf("%s: there is no such operation", line)
			continue
		}
		op := item.Get
		if call[0] == "POST" {
			op = item.Post
		}
		success := op.Responses[call[2]]
		if success == nil {
			t.Errorf("%s: does not answer %s", line, call[2])
			continue
		}
		schemas := w.api.OpenAPI().Components.Schemas
		var required, accepted []string
		if op.RequestBody != nil {
			s := schemas.SchemaFromRef(op.RequestBody.Content["application/json"].Schema.Ref)
			if items := s.Properties["items"]; items != nil {
				s = schemas.SchemaFromRef(items.Items.Ref)
			}
			required = slices.Clone(s.Required)
			for name := range s.Properties {
				accepted = append(accepted, name)
			}
		}
		want, optional, _ := strings.Cut(cells[1], "+")
		if got := sorted(required); got != sorted(strings.Fields(want)) {
			t.Errorf("%s:\nrequires %s\nwant     %s", line, got, sorted(strings.Fields(want)))
		}
		for _, name := range strings.Fields(optional) {
			if !slices.Contains(accepted, name) {
				t.Errorf("%s: does not accept %s", line, name)
			}
		}
		answer := strings.Fields(cells[2])
		if len(answer) == 0 {
			if success.Content != nil {
				t.Errorf("%s: answers with a body", line)
			}
			continue
		}
		s := schemas.SchemaFromRef(success.Content["application/json"].Schema.Ref)
		if answer[0] == "items:" {
			s, answer = schemas.SchemaFromRef(s.Properties["items"].Items.Ref), answer[1:]
		}
		for _, name := range answer {
			if s.Properties[name] == nil || !slices.Contains(s.Required, name) {
				t.Errorf("%s: the answer does not always have %s", line, name)
			}
		}
	}
	if rows < 45 {
		t.Errorf("the contract has only %d rows", rows)
	}
}

func sorted(words []string) string {
	words = slices.Clone(words)
	slices.Sort(words)
	return strings.Join(words, " ")
}

// TestAnswers looks at what a few answers say, beyond their shape.
func TestAnswers(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for path, want := range map[string]string{
		"/phones/00:15:65:00:00:01":          `{"extension_number":"101","vendor":"Acme","model":"A1","fwver":null,"name":"Extension 101","password":null,"vm_pin":null,"ip":null,"mac":"001565000001","rejected":false,"status":"waiting","status_since":null,"status_reason":"it has not asked"}`,
		"/phones/001565000077":               `{"extension_number":null,"vendor":"Acme","model":"A2","fwver":"1.0","name":null,"password":null,"vm_pin":null,"ip":"192.0.2.77","mac":"001565000077","rejected":false,"status":"waiting","status_since":null,"status_reason":"it has not asked"}`,
		"/phones/00:15:65:00:00:01/assignee": `{"mac":"001565000001","extension_number":"101","vendor":"Acme","model":"A1"}`,
		"/templates/phones":                  `{"items":[{"filename":"acme-dect.xml","is_custom":false},{"filename":"acme-multi.xml","is_custom":false},{"filename":"acme.xml","is_custom":false},{"filename":"mine.xml","is_custom":true}]}`,
		"/templates/phones/mine.xml":         `{"filename":"mine.xml","content":"acme.xml","is_custom":true}`,
		"/phone_models?count=true":           `{"items":[{"filename":"acme.xml","model":"A1","display_name":"Acme A1"}],"count":1}`,
		"/dect_phone_models": `{"items":[{"filename":"acme-dect.xml","model":"D20","lines":3,"bases":0,"system_lines":0,"display_name":"Acme D20"},` +
			`{"filename":"acme-multi.xml","model":"M5","lines":2,"bases":3,"system_lines":5,"display_name":"Acme M5"},{"filename":"acme-multi.xml","model":"M0","lines":0,"bases":3,"system_lines":0,"display_name":"Acme M0"},` +
			`{"filename":"acme-multi.xml","model":"D30","lines":30,"bases":0,"system_lines":0,"display_name":"Acme D30"}]}`,
		"/dect_phone_models/acme-dect.xml": `{"template":"acme-dect.xml","languages":["ENGLISH","GERMAN"],"tones":["USA","DEU"],"time_zones":["Europe/Berlin","Etc/UTC"],"codecs":["PCMU","PCMA","G722"],"lines":3}`,
		"/phone_models/acme.xml": `{"filename":"acme.xml","languages":["ENGLISH","GERMAN"],"ringtones":["Ring1.wav"],"queue_ringtones":["Ring2.wav"],"external_ringtone":["Ring3.wav"],` +
			`"date_formats":["DD MMM YYYY"],"time_formats":["24 hour clock"],"powerleds":["Off"],"backlights":[],"screensavers":[],"time_zones":["Europe/Berlin","Etc/UTC"],"codecs":["PCMU","PCMA","G722"],` +
			`"enable_lldp":false,"enable_vlan_wan_port":false,"wan_port_id":null,"wan_port_priority":0,"enable_vlan_pc_port":false,"pc_port_id":254,"pc_port_priority":1}`,
		"/dect_phones/" + w.ids["dect"] + "/members/102":       `{"id":"` + w.ids["second"] + `","extension_number":"102","display_name":"Extension 102","ipui":"030AB1EE28","handset_index":"1"}`,
		"/users?filter=extension_number%20eq%20'x'&count=true": `{"items":[],"count":0}`,
	} {
		if got := strings.TrimSpace(w.must(200, "GET", path, w.viewer, "").body); got != want {
			t.Errorf("%s:\n got %s\nwant %s", path, got, want)
		}
	}
	var phone map[string]any
	got := w.must(200, "GET", "/users/"+w.ids["user"]+"/phones/"+w.ids["phone"], w.viewer, "").body
	if err := json.Unmarshal([]byte(got), &phone); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]any{"language": "ENGLISH", "mac": "001565000001", "url": nil, "password": nil, "door_password1": nil, "ringtone": nil, "rps": false, "filename": "acme.xml"} {
		if phone[name] != want {
			t.Errorf("the phone's %s is %v; want %v", name, phone[name], want)
		}
	}
	if got := w.must(200, "GET", "/users/"+w.ids["user"], w.viewer, "").body; !strings.Contains(got, `"created_at":"2026-03-01T12:00:00Z"`) ||
		!strings.Contains(got, `"blfs":[{"key":"BLF","value":"102","first_name":"Bob","last_name":"B"}]`) {
		t.Errorf("the user is %s", got)
	}
}
