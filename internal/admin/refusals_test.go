package admin_test

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/danielgtaylor/huma/v2"
)

func TestBadInput(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	user, dect := "/users/"+w.ids["user"], "/dect_phones/"+w.ids["dect"]
	phones := user + "/phones"
	long := func(n int) string { return strings.Repeat("x", n) }
	edit := func(body, old, instead string) string {
		t.Helper()
		if !strings.Contains(body, old) {
			t.Fatalf("%s is not in %s", old, body)
		}
		return strings.Replace(body, old, instead, 1)
	}
	good := phoneBody("001565000007")
	for _, c := range []struct {
		name, path, body string
		status           int
		want             []string
	}{
		{"no body", "/users", ``, 400, []string{"MALFORMED"}},
		{"not JSON", "/users", `{"extension_number":`, 400, []string{"MALFORMED"}},
		{"two values", "/users", `{} {}`, 400, []string{"MALFORMED"}},
		{"a trailing comma", "/users", `{"display_name":"a",}`, 400, []string{"MALFORMED"}},
		{"a comment", "/users", `{/* */}`, 400, []string{"MALFORMED"}},
		{"single quotes", "/users", `{'a':1}`, 400, []string{"MALFORMED"}},
		{"NaN", "/users", `{"a":NaN}`, 400, []string{"MALFORMED"}},
		{"a byte order mark", "/users", "\ufeff" + userBody("103"), 400, []string{"MALFORMED"}},
		{"UTF-16", "/users", "\xff\xfe{\x00}\x00", 400, []string{"MALFORMED"}},
		{"bytes that are no UTF-8", "/users", "{\"display_name\":\"\xc0\xaf\"}", 400, []string{"MALFORMED"}},
		{"nested deep", "/users", strings.Repeat(`{"a":`, 5000) + "1" + strings.Repeat("}", 5000), 400, []string{"MALFORMED"}},
		{"lists nested deep", "/users", strings.Repeat(`[`, 200_000), 400, []string{"MALFORMED"}},
		{"a list", "/users", `[]`, 422, []string{"VALIDATE_FAILED "}},
		{"null", "/users", `null`, 422, []string{"VALIDATE_FAILED "}},
		{"text", "/users", `"x"`, 422, []string{"VALIDATE_FAILED "}},
		{
			"nothing of what is required", phones, `{}`, 422,
			each("VALIDATE_FAILED ", "/mac", "/filename", "/vendor", "/model", "/password", "/language", "/transfer", "/timezone", "/codecs", "/interface", "/preferred_transport"),
		},
		{"null where required", "/users", `{"extension_number":null,"display_name":null,"password":null}`, 422, each("VALIDATE_FAILED ", "/extension_number", "/display_name", "/password")},
		{
			"every fault at once", phones, `{"mac":1,"filename":true,"vendor":[],"model":{},"password":"` + long(257) + `","language":"KLINGON","transfer":"blind","timezone":null,` +
				`"codecs":["a",2],"interface":"web","preferred_transport":"SCTP","rps":"yes","wan_port_id":4095,"pc_port_id":0,"wan_port_priority":1.5,"pc_port_priority":"1","door_password1":"12","url":"x","MAC":"x"}`, 422,
			each("VALIDATE_FAILED ", "/mac", "/filename", "/vendor", "/model", "/password", "/language", "/transfer", "/timezone", "/codecs/1", "/interface", "/preferred_transport",
				"/rps", "/wan_port_id", "/pc_port_id", "/wan_port_priority", "/pc_port_priority", "/door_password1", "/url", "/MAC"),
		},
		{"unknown fields", user, `{"tenant_id":"x","role":"admin","id":"x","a/b~c":1,"":2}`, 422, each("VALIDATE_FAILED ", "/tenant_id", "/role", "/id", "/a~1b~0c", "/")},
		{"a key twice", user, `{"display_name":"a","display_name":"b"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"a key in another case", user, `{"Display_Name":"a"}`, 422, each("VALIDATE_FAILED ", "/Display_Name")},
		{"a key with a Kelvin sign", user, `{"blfs":[],"\u212aeys":[]}`, 422, each("VALIDATE_FAILED ", "/\u212aeys")},
		{"keys within keys", user, `{"keys":[{"kind":"blf","kind":"blf"},{"Kind":"blf"},{"kind":"explode"},null,5]}`, 422, each("VALIDATE_FAILED ", "/keys/0/kind", "/keys/1/Kind", "/keys/2/kind", "/keys/3", "/keys/4")},
		{"too many keys", user, `{"keys":[` + strings.TrimSuffix(strings.Repeat("{},", 201), ",") + `]}`, 422, each("VALIDATE_FAILED ", "/keys")},
		{"keys and blfs", user, `{"keys":[],"blfs":[]}`, 422, nil},
		{"half a surrogate pair", user, `{"display_name":"\ud800"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"a NUL", user, `{"display_name":"a\u0000"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"CR LF", user, `{"display_name":"A\r\naccount.1.password = x"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"an override of direction", user, `{"display_name":"a\u202eb"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"a line separator", user, `{"display_name":"a\u2028b"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"a short extension", "/users", `{"extension_number":"10","display_name":"a","password":"abcdefgh"}`, 422, each("VALIDATE_FAILED ", "/extension_number")},
		{"an extension of other digits", "/users", `{"extension_number":"١٢٣","display_name":"a","password":"abcdefgh"}`, 422, each("VALIDATE_FAILED ", "/extension_number")},
		{"an extension with a newline", "/users", `{"extension_number":"101\n","display_name":"a","password":"abcdefgh"}`, 422, each("VALIDATE_FAILED ", "/extension_number")},
		{"an extension that exists", "/users", userBody("101"), 409, each("CONFLICT ", "/extension_number")},
		{"a long name", user, `{"display_name":"` + long(1025) + `"}`, 422, each("VALIDATE_FAILED ", "/display_name")},
		{"a number beyond all", user + "/phones/" + w.ids["phone"], `{"wan_port_id":1e400,"pc_port_id":99999999999999999999}`, 422, each("VALIDATE_FAILED ", "/wan_port_id", "/pc_port_id")},

		{"a MAC in another spelling", phones, phoneBody("00-15-65-00-00-01"), 409, each("CONFLICT ", "/mac")},
		{"another tenant's MAC", phones, phoneBody("0015.6500.0009"), 409, each("CONFLICT ", "/mac")},
		{"a base's MAC", phones, phoneBody("001565000002"), 409, each("CONFLICT ", "/mac")},
		{"a MAC of 8 bytes", phones, phoneBody("0015650000000007"), 422, each("VALIDATE_FAILED ", "/mac")},
		{"a multicast MAC", phones, phoneBody("010000000001"), 422, each("VALIDATE_FAILED ", "/mac")},
		{"no MAC at all", phones, phoneBody("000000000000"), 422, each("VALIDATE_FAILED ", "/mac")},
		{"a MAC of other digits", phones, phoneBody("００１５６５０００００７"), 422, each("VALIDATE_FAILED ", "/mac")},
		{"an unknown template", phones, edit(good, "acme.xml", "none.xml"), 422, each("VALIDATE_FAILED ", "/filename")},
		{"a template that is a path", phones, edit(good, "acme.xml", "../../etc/passwd"), 422, each("VALIDATE_FAILED ", "/filename")},
		{"an unknown model", phones, edit(good, `"A1"`, `"A9"`), 422, each("VALIDATE_FAILED ", "/model")},
		{"an unknown codec", phones, edit(good, `"G722"`, `"MP3"`), 422, each("VALIDATE_FAILED ", "/codecs/1")},
		{"an interface without endpoint", phones, edit(good, "WEB_DOMAIN", "SBC_DOMAIN"), 422, each("VALIDATE_FAILED ", "/interface")},
		{"what a phone never changes", phones + "/" + w.ids["phone"], `{"mac":"001565000008","filename":"acme.xml","vendor":"Acme","model":"A1"}`, 422, each("VALIDATE_FAILED ", "/mac", "/filename", "/vendor", "/model")},
		{"what a base never changes", dect, `{"mac":"001565000008","template":"acme-dect.xml","vendor":"Acme","model":"D20","lines":9}`, 422, each("VALIDATE_FAILED ", "/mac", "/template", "/vendor", "/model", "/lines")},

		{"an unknown member", dect + "/members", `{"items":[{"extension_number":"101"},{"extension_number":"999"}]}`, 422, each("VALIDATE_FAILED ", "/items/1/extension_number")},
		{"a member twice", dect + "/members", `{"items":[{"extension_number":"101"},{"extension_number":"101"}]}`, 422, each("VALIDATE_FAILED ", "/items/1/extension_number")},
		{"members without items", dect + "/members", `{}`, 422, each("VALIDATE_FAILED ", "/items")},
		{"members with what is read-only", dect + "/members", `{"items":[{"extension_number":"101","id":"x","display_name":"y"}]}`, 422, each("VALIDATE_FAILED ", "/items/0/id", "/items/0/display_name")},

		{"a template that does not compile", "/templates/phones", `{"filename":"a.xml","content":"<"}`, 422, each("VALIDATE_FAILED ", "/content")},
		{"a template named as a path", "/templates/phones", `{"filename":"../a.xml","content":"acme.xml"}`, 422, each("VALIDATE_FAILED ", "/filename")},
		{"a template named with a NUL", "/templates/phones", `{"filename":"a.xml\u0000.txt","content":"acme.xml"}`, 422, each("VALIDATE_FAILED ", "/filename")},
		{"a template too long", "/templates/phones", `{"filename":"a.xml","content":"` + long(512<<10+1) + `"}`, 422, each("VALIDATE_FAILED ", "/content")},
		{"a template there is", "/templates/phones", `{"filename":"mine.xml","content":"acme.xml"}`, 409, nil},
		{"destroying a built-in template", "/templates/phones/acme.xml/destroy", ``, 409, nil},
		{"a body for what takes none", "/phones/reprovision", `{"all":true}`, 400, []string{"MALFORMED"}},
		{"no MAC to reject", "/phones/nonsense/reject", ``, 400, []string{"MALFORMED"}},
		{"no MAC to accept", "/phones/nonsense/accept", ``, 400, []string{"MALFORMED"}},
		{"an unknown MAC to accept", "/phones/001565999999/accept", ``, 404, []string{"NOT_FOUND"}},
		{"an unknown MAC to reject", "/phones/001565999999/reject", ``, 404, []string{"NOT_FOUND"}},
		{"an endpoint at no interface", "/tenant", `{"endpoints":{"web_domain":{"host":"a"},"ELSEWHERE":{"host":"b"},"WEB_DOMAIN":{"udp":70000}}}`, 422, each("VALIDATE_FAILED ", "/endpoints/web_domain", "/endpoints/ELSEWHERE", "/endpoints/WEB_DOMAIN/udp", "/endpoints/WEB_DOMAIN/host")},
		{"more than the root's rights", "/tokens", `{"name":"a","role":"root"}`, 422, each("VALIDATE_FAILED ", "/role")},
		{"rights that one has not", "/tokens", `{"name":"a","role":"admin","reveal":true}`, 403, nil},
		{"an account in a long time", "/enrolments", `{"minutes":99999}`, 422, each("VALIDATE_FAILED ", "/minutes")},
	} {
		got := w.do("POST", c.path, w.admin, c.body)
		if got.status == 422 && c.status == 403 && strings.HasPrefix(c.path, "/tokens") {
			continue // either says so
		}
		if got.status != c.status {
			t.Errorf("%s: %d, want %d: %s", c.name, got.status, c.status, got.body)
			continue
		}
		faults := got.faults()
		slices.Sort(faults)
		slices.Sort(c.want)
		if c.want != nil && !slices.Equal(faults, c.want) {
			t.Errorf("%s:\n got %q\nwant %q\n%s", c.name, faults, c.want, got.body)
		}
	}

	// A template that phones use names how many.
	w.must(201, "POST", phones, w.admin, edit(good, "acme.xml", "mine.xml"))
	if got := w.must(409, "POST", "/templates/phones/mine.xml/destroy", w.admin, ""); !strings.Contains(got.body, "1") {
		t.Errorf("the conflict does not say how many phones use the template: %s", got.body)
	}
	// The many faults of a large body are not all told.
	if got := w.must(422, "POST", user, w.admin, "{"+strings.TrimSuffix(strings.Repeat(`"a":1,`, 100_000), ",")+"}"); len(got.body) > 20_000 {
		t.Errorf("the answer has %d bytes", len(got.body))
	}
}

func each(prefix string, words ...string) []string {
	for i := range words {
		words[i] = prefix + words[i]
	}
	return words
}

// TestAddresses asks for what is nowhere.
func TestAddresses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		method, path string
		status       int
	}{
		{"GET", "/nowhere", 404}, {"GET", "", 404}, {"GET", "/", 404}, {"GET", "/phones/", 404}, {"GET", "/phones//assignee", 404},
		{"GET", "/templates/phones/..%2f..%2fetc%2fpasswd", 404}, {"GET", "/templates/phones/%2e%2e%2fphones", 404}, {"GET", "/templates/phones/..", 404},
		{"GET", "/templates/phones/..%5c..%5cx", 404}, {"GET", "/templates/phones/%252e%252e%252f", 404}, {"GET", "/templates/phones/a%00b", 404},
		{"GET", "/templates/phones/a%0d%0ab", 404}, {"GET", "/templates/phones/%e2%80%ae", 404}, {"GET", "/templates/phones/%ff", 404},
		{"GET", "/templates/phones/C:%5cx", 404}, {"GET", "/templates/phones/CON", 404}, {"GET", "/templates/phones/" + strings.Repeat("a", 300), 404},
		{"GET", "/templates/phones/" + strings.Repeat("a", 3000), 404}, {"GET", "/templates/phones/%20", 404},
		{"GET", "/users/1", 404}, {"GET", "/users/NzAw=", 404}, {"GET", "/users/" + strings.Repeat("N", 3000), 404}, {"GET", "/users/%00", 404}, {"GET", "/users/LTE", 404},
		{"GET", "/users/" + w.ids["other_user"], 404}, {"GET", "/users/" + w.ids["phone"], 404}, {"GET", "/users/" + w.ids["user"] + "/phones/" + w.ids["other_phone"], 404},
		{"GET", "/users/" + w.ids["second"] + "/phones/" + w.ids["phone"], 404}, {"GET", "/phones/001565000009", 404}, {"GET", "/phones/zz", 400}, {"GET", "/phones/0015650000010000", 400},
		{"GET", "/dect_phones/" + w.ids["dect"] + "/members/999", 404}, {"GET", "/dect_phones/" + w.ids["dect"] + "/members/%27or%201", 404},
		{"GET", "/user/phones", 404}, // the admin's token belongs to no extension
		{"PUT", "/users/" + w.ids["user"], 405}, {"DELETE", "/users/" + w.ids["user"], 405}, {"PATCH", "/tenant", 405}, {"OPTIONS", "/users", 405}, {"POST", "/phones", 405},
		{"GET", "/users?top=0", 400}, {"GET", "/users?sort=name%3Bdrop", 400}, {"GET", "/users?filter[x]=1", 400}, {"GET", "/users?filter=password%20eq%20'x'", 400},
		{"GET", "/users?orderby=password", 400}, {"GET", "/users?top=%zz", 400}, {"GET", "/tenant?x=1", 400}, {"GET", "/users?top=1;skip=1", 400},
		{"POST", "/users/" + w.ids["user"] + "/destroy?force=yes", 400}, {"POST", "/users/" + w.ids["user"] + "/destroy?force=true&force=true", 400}, {"POST", "/users/" + w.ids["user"] + "/destroy?really=true", 400},
	} {
		got := w.do(c.method, c.path, w.admin, "")
		if got.status != c.status {
			t.Errorf("%s %s: %d, want %d: %s", c.method, c.path, got.status, c.status, got.body)
		}
		if got.status == 405 && got.header.Get("Allow") == "" {
			t.Errorf("%s %s: 405 without Allow", c.method, c.path)
		}
	}
	if got := w.do("HEAD", "/users", w.admin, ""); got.status != 200 {
		t.Errorf("HEAD: %d", got.status)
	}
}

func TestMedia(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, c := range []struct {
		header, value string
		status        int
	}{
		{"Content-Type", "application/json; charset=UTF-8", 200}, {"Content-Type", "", 200}, {"Content-Type", "APPLICATION/JSON", 200},
		{"Content-Type", "text/plain", 415}, {"Content-Type", "application/x-www-form-urlencoded", 415}, {"Content-Type", "application/json; charset=utf-16", 415},
		{"Content-Type", "multipart/form-data; boundary=x", 415}, {"Content-Type", "application/xml", 415}, {"Content-Type", ";", 415}, {"Content-Type", "planted-sip-secret", 415},
		{"Content-Encoding", "gzip", 415},
		{"Accept", "*/*", 200}, {"Accept", "text/html, application/*;q=0.5", 200}, {"Accept", "application/json;q=0.1", 200},
		{"Accept", "text/html", 406}, {"Accept", "application/json;q=0", 406}, {"Accept", "application/xml", 406}, {"Accept", "{}", 406},
	} {
		write := request("POST", "/users/"+w.ids["user"], w.admin, `{"display_name":"x"}`)
		read := request("GET", "/users/"+w.ids["user"], w.admin, "")
		for _, r := range []*http.Request{write, read} {
			r.Header.Set(c.header, c.value)
			want := c.status
			if want == 415 && r == read {
				want = 200
			}
			if got := w.send(t, r); got.status != want || strings.Contains(got.body, "planted") {
				t.Errorf("%s %s %q: %d, want %d: %s", r.Method, c.header, c.value, got.status, want, got.body)
			}
		}
	}
}

// TestLargeBodies sends more than is read, announced and not.
func TestLargeBodies(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	for name, body := range map[string]io.Reader{
		"announced": bytes.NewReader(make([]byte, 10<<20)),
		"chunked":   io.LimitReader(endless{}, 10<<20),
		"one over":  strings.NewReader(`"` + strings.Repeat("x", 1<<20-1) + `"`),
	} {
		r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, server.URL+"/api/users", body)
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+w.admin)
		r.Header.Set("Content-Type", "application/json")
		resp, err := server.Client().Do(r)
		if err != nil {
			if name == "one over" {
				t.Errorf("%s: %v", name, err)
			}
			continue // the server closed before all was sent
		}
		if resp.StatusCode != http.StatusRequestEntityTooLarge {
			t.Errorf("%s: %d", name, resp.StatusCode)
		}
		if err := resp.Body.Close(); err != nil {
			t.Error(err)
		}
	}
	r := httptest.NewRequest(http.MethodPost, "/api/users", io.MultiReader(strings.NewReader(`{"a`), iotest.ErrReader(io.ErrUnexpectedEOF)))
	r.Header.Set("Authorization", "Bearer "+w.admin)
	if got := w.send400(t, r); got != http.StatusBadRequest {
		t.Errorf("a body that ends early: %d", got)
	}
}

// send400 serves a request whose body cannot be read twice.
func (w *world) send400(t *testing.T, r *http.Request) int {
	t.Helper()
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	return rec.Code
}

type endless struct{}

func (endless) Read(p []byte) (int, error) {
	for i := range p {
		p[i] = ' '
	}
	return len(p), nil
}

// TestFailures breaks what is behind the API.
func TestFailures(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.store.fail(errors.New("disk on fire: planted-sip-secret"))
	got := w.must(500, "POST", "/users", w.admin, userBody("103"))
	if !slices.Equal(got.faults(), []string{"UNKNOWN"}) || strings.Contains(got.body, "fire") || strings.Contains(got.body, "planted") {
		t.Errorf("a failing store answers %s", got.body)
	}
	if !strings.Contains(w.log.String(), "disk on fire") {
		t.Error("the failure is not in the log")
	}
	for _, path := range []string{"/users", "/tenant", "/phones/001565000001"} {
		got := w.must(500, "GET", path, w.admin, "")
		if !slices.Equal(got.faults(), []string{"UNKNOWN"}) || strings.Contains(got.body, "fire") {
			t.Errorf("GET %s answers %s", path, got.body)
		}
	}
	w.store.fail(nil)

	w.catalog.panics = true
	operations(w.api, func(op *huma.Operation) {
		if op.Path != "/phone_models/{filename}" && op.Path != "/users/{id}/phones" {
			return
		}
		body := ""
		if op.Method == http.MethodPost {
			body = phoneBody("001565000007")
		} else if op.Path == "/users/{id}/phones" {
			return
		}
		got := w.must(500, op.Method, fill(op.Path, w.ids), w.admin, body)
		if !slices.Equal(got.faults(), []string{"UNKNOWN"}) || strings.Contains(got.body, "catalog") {
			t.Errorf("a panic answers %s", got.body)
		}
	})
	w.catalog.panics = false
	if !strings.Contains(w.log.String(), "panicked") {
		t.Error("the panic is not in the log")
	}
	w.must(200, "GET", "/phone_models/acme.xml", w.admin, "") // and life goes on
}

// TestForwardingHeadersAreIgnored: addresses in answers come from settings.
func TestForwardingHeadersAreIgnored(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := request("GET", "/users/"+w.ids["user"]+"/phones/"+w.ids["phone"], w.reveal, "")
	r.Host = "evil.example"
	r.Header.Set("X-Forwarded-Host", "evil.example")
	r.Header.Set("X-Forwarded-For", "203.0.113.66")
	r.Header.Set("Forwarded", "host=evil.example;for=203.0.113.66")
	if got := w.send(t, r); strings.Contains(got.body, "evil") || !strings.Contains(got.body, "https://phones.example/") {
		t.Errorf("the address is made of the request's headers: %s", got.body)
	}
	log, err := w.db.AuditLog(t.Context(), 0, 1000)
	if err != nil {
		t.Fatal(err)
	}
	for _, a := range log {
		if a.Address == "203.0.113.66" {
			t.Errorf("the audit record believes X-Forwarded-For: %+v", a)
		}
	}
}

// TestEveryFaultInOneAnswer sends a body that is wrong in many values, some against
// the document and some against the template and the tenant.
func TestEveryFaultInOneAnswer(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	r := w.do("POST", "/users/"+w.ids["user"]+"/phones", w.root, `{
		"mac":"0015650000zz", "filename":"acme.xml", "vendor":"Acme", "model":"A1", "password":"",
		"language":"KLINGON", "transfer":"SOMEHOW", "timezone":"Mars/Base", "codecs":["PCMA","XX"],
		"interface":"CARRIER_PIGEON", "preferred_transport":"IPOAC", "wan_port_id":9999, "pc_port_priority":8,
		"door_password1":"12"}`)
	if r.status != 422 {
		t.Fatalf("%d %s", r.status, r.body)
	}
	for _, pointer := range []string{
		"/mac", "/password", "/language", "/transfer", "/timezone", "/codecs/1", "/interface", "/preferred_transport",
		"/wan_port_id", "/pc_port_priority", "/door_password1",
	} {
		if !strings.Contains(r.body, `"detail":"`+pointer+`"`) {
			t.Errorf("the answer says nothing of %s", pointer)
		}
	}
	if t.Failed() {
		t.Logf("%s", r.body)
	}
}
