package admin_test

import (
	"encoding/json"
	"net/http"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"

	"github.com/dialplane/dialplane/internal/fleet"
)

// exampleBody is the document's own example of a request, or nothing.
func exampleBody(t *testing.T, op *huma.Operation) string {
	t.Helper()
	if op.RequestBody == nil || op.RequestBody.Content["application/json"] == nil {
		return ""
	}
	b, err := json.Marshal(op.RequestBody.Content["application/json"].Example)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

var needs = regexp.MustCompile("Needs the role `([a-z]+)`")

// TestCredentials walks every operation with every kind of credential.
func TestCredentials(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	public := 0
	operations(w.api, func(op *huma.Operation) {
		path, body := fill(op.Path, w.ids), exampleBody(t, op)
		try := func(name, token string, want int) {
			t.Helper()
			got := w.do(op.Method, path, token, body)
			if got.status != want {
				t.Errorf("%s %s with %s: %d, want %d: %s", op.Method, op.Path, name, got.status, want, got.body)
			}
		}
		role := needs.FindStringSubmatch(op.Description)
		if role == nil {
			public++
			if op.Security != nil {
				t.Errorf("%s %s asks for a credential and says it needs none", op.Method, op.Path)
			}
			return
		}

		for name, header := range map[string][]string{
			"no credential": nil, "an empty one": {""}, "another scheme": {"Basic " + w.admin}, "no scheme": {w.admin}, "a bare scheme": {"Bearer"},
			"two": {"Bearer " + w.admin, "Bearer " + w.admin}, "a long one": {"Bearer " + strings.Repeat("x", 10_000)},
			"an unknown one": {"Bearer dp_unknown"}, "an expired one": {"Bearer " + w.expired}, "one with a tail": {"Bearer " + w.admin + "x"},
		} {
			r := request(op.Method, path, "", body)
			r.Header["Authorization"] = header
			got := w.send(t, r)
			if got.status != 401 || got.header.Get("WWW-Authenticate") == "" {
				t.Errorf("%s %s with %s: %d %s", op.Method, op.Path, name, got.status, got.body)
			}
		}
		for _, query := range []string{"?access_token=", "?token=", "?authorization=Bearer%20"} {
			if got := w.do(op.Method, path+query+w.admin, "", body); got.status != 401 {
				t.Errorf("%s %s took a token from the query: %d", op.Method, op.Path, got.status)
			}
		}

		if role[1] != string(fleet.Viewer) {
			try("a viewer", w.viewer, 403)
		}
		if role[1] == string(fleet.Admin) {
			try("an operator", w.operator, 403)
		}
		if strings.HasPrefix(op.Path, "/tenants") {
			try("an admin of a tenant", w.admin, 403)
		}

		if op.OperationID == "signOut" {
			return // and would be signed out
		}
		// The other tenant's admin may do everything, but finds nothing of ours.
		got := w.do(op.Method, path, w.mallory, body)
		named := strings.Contains(op.Path, "{id}") || strings.Contains(op.Path, "{mac}") || strings.Contains(op.Path, "{phone_id}")
		switch {
		case named && got.status != 404 && got.status != 403:
			t.Errorf("%s %s: another tenant's admin gets %d: %s", op.Method, op.Path, got.status, got.body)
		case got.status < 300:
			for _, ours := range []string{"001565000001", "001565000002", w.ids["user"], w.ids["dect"], "one.example", "mine.xml", "anna"} {
				if strings.Contains(got.body, ours) {
					t.Errorf("%s %s: another tenant's admin sees %s: %s", op.Method, op.Path, ours, got.body)
				}
			}
		}
		if !strings.HasPrefix(op.Path, "/tenants") { // nor by naming our tenant
			r := request(op.Method, path, w.mallory, body)
			r.Header.Set("Dialplane-Tenant", w.ids["tenant"])
			if got := w.send(t, r); got.status != 404 {
				t.Errorf("%s %s: another tenant's admin who names ours gets %d: %s", op.Method, op.Path, got.status, got.body)
			}
		}
	})
	if public != 2 {
		t.Errorf("%d operations need no credential; there are 2: sign_in and refresh_token", public)
	}
	// Nothing of all that has changed anything of ours.
	w.must(200, "GET", "/users/"+w.ids["user"]+"/phones/"+w.ids["phone"], w.viewer, "")
	w.must(200, "GET", "/dect_phones/"+w.ids["dect"]+"/members/102", w.viewer, "")
	w.must(200, "GET", "/templates/phones/mine.xml", w.viewer, "")
}

func TestTenantHeader(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		token  string
		header []string
		want   int
	}{
		"the root in a tenant":           {w.root, []string{w.ids["other_tenant"]}, 200},
		"the root in none":               {w.root, nil, 200},
		"a tenant's admin in its own":    {w.admin, []string{w.ids["tenant"]}, 200},
		"a tenant's admin in another":    {w.admin, []string{w.ids["other_tenant"]}, 404},
		"an unknown tenant":              {w.root, []string{fleet.ID(5).String()}, 404},
		"no id":                          {w.root, []string{"../1"}, 400},
		"nothing":                        {w.root, []string{""}, 400},
		"two":                            {w.root, []string{w.ids["tenant"], w.ids["other_tenant"]}, 400},
		"a tenant's admin with nonsense": {w.admin, []string{"\x00"}, 400},
	} {
		r := request("GET", "/tenant", c.token, "")
		if c.header != nil {
			r.Header["Dialplane-Tenant"] = c.header
		}
		if got := w.send(t, r); got.status != c.want {
			t.Errorf("%s: %d, want %d: %s", name, got.status, c.want, got.body)
		}
	}
	if got := w.mustWith(http.Header{"Dialplane-Tenant": {w.ids["other_tenant"]}}, 200, "GET", "/users", w.root, ""); !strings.Contains(got.body, "Mallory") {
		t.Errorf("the root acts in the wrong tenant: %s", got.body)
	}
}

func TestSignIn(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	var texts []string
	for _, body := range []string{
		`{"username":"anna","password":"wrong-but-long-enough","domain":"one.example"}`,
		`{"username":"nobody","password":"wrong-but-long-enough","domain":"one.example"}`,
		`{"username":"anna","password":"correct horse battery","domain":"other.example"}`,
		`{"username":"anna","password":"correct horse battery","domain":"none.example"}`,
		`{"username":"anna","password":"correct horse battery"}`,
	} {
		got := w.must(400, "POST", "/auth/sign_in", "", body)
		if f := got.faults(); !slices.Equal(f, []string{"UNAUTHORIZED"}) {
			t.Errorf("%s: %q", body, f)
		}
		texts = append(texts, got.body)
	}
	if len(slices.Compact(texts)) != 1 {
		t.Errorf("failed sign-ins can be told apart: %q", texts)
	}
	w.must(401, "POST", "/auth/refresh_token", "", `{"refresh_token":"dp_unknown"}`)
	var last reply
	for range 40 {
		if last = w.do("POST", "/auth/sign_in", "", `{"username":"anna","password":"wrong-but-long-enough","domain":"one.example"}`); last.status != 400 {
			break
		}
	}
	if last.status != 429 || last.header.Get("Retry-After") == "" {
		t.Errorf("guessing ends with %d and Retry-After %q: %s", last.status, last.header.Get("Retry-After"), last.body)
	}
}

// TestSecrets looks for planted secrets in every answer and in the log.
func TestSecrets(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	leaks := func(where, text string) {
		t.Helper()
		for _, s := range planted {
			if strings.Contains(text, s) {
				t.Errorf("%s shows %s", where, s)
			}
		}
	}
	reads := 0
	operations(w.api, func(op *huma.Operation) {
		if op.Method != http.MethodGet {
			return
		}
		path := fill(op.Path, w.ids)
		for _, token := range []string{w.viewer, w.operator, w.admin} {
			got := w.do("GET", path, token, "")
			leaks("GET "+op.Path, got.body)
			if strings.Contains(got.body, "https://phones.example") {
				t.Errorf("GET %s shows a secret address: %s", op.Path, got.body)
			}
			reads++
		}
	})
	if reads < 60 {
		t.Errorf("only %d reads were tried", reads)
	}
	for path, want := range map[string][]string{
		"/users/" + w.ids["user"]:                               {"planted-sip-secret", "90210377"},
		"/users/" + w.ids["user"] + "/phones/" + w.ids["phone"]: {"planted-web-secret", "73310842", "https://phones.example/"},
		"/dect_phones/" + w.ids["dect"]:                         {"planted-web-secret", "planted-user-secret", "planted-engineer-secret", "https://phones.example/"},
		"/phones/001565000001":                                  {"planted-web-secret", "90210377"},
	} {
		got := w.must(200, "GET", path, w.reveal, "").body
		for _, s := range want {
			if !strings.Contains(got, s) {
				t.Errorf("%s does not reveal %s to who may see it: %s", path, s, got)
			}
		}
	}

	// What is refused does not come back either, whatever is wrong with it.
	for _, c := range []struct{ path, body string }{
		{"/users", `{"extension_number":"1","display_name":5,"password":"planted-sip-secret","planted-web-secret-2":1}`},
		{"/users", `{"password":"planted-sip-secret"`},
		{"/users", `planted-sip-secret`},
		{"/users", `["planted-sip-secret"]`},
		{"/users", `{"password":["planted-sip-secret"],"vm_pin":{"a":"90210377"}}`},
		{"/users", `{"extension_number":"103","display_name":"x","password":"planted-sip-secret\u0000","vm_pin":"90210377 "}`},
		{"/users/" + w.ids["user"] + "/phones", strings.ReplaceAll(phoneBody("001565000007"), `"A1"`, `"planted-sip-secret"`)},
		{"/users/" + w.ids["user"] + "/phones", strings.ReplaceAll(phoneBody("planted-sip-secret"), `"73310842"`, `"73310842x"`)},
		{"/dect_phones", strings.ReplaceAll(dectBody("001565000007"), `"PCMA"`, `"planted-user-secret"`)},
		{"/templates/phones", `{"filename":"planted-sip-secret/../x","content":"planted-web-secret"}`},
		{"/tokens", `{"name":"planted-sip-secret","role":"planted-web-secret","expires_in":"90210377"}`},
		{"/auth/sign_in", `{"username":"planted-sip-secret","password":"planted-web-secret","domain":"73310842"}`},
		{"/auth/refresh_token", `{"refresh_token":"planted-sip-secret"}`},
		{"/users?filter=display_name%20eq%20'planted-sip-secret", ""},
		{"/users?top=planted-sip-secret", ""},
	} {
		method := "POST"
		if c.body == "" {
			method = "GET"
		}
		got := w.do(method, c.path, w.admin, c.body)
		if got.status < 400 || got.status >= 500 {
			t.Errorf("%s %s: %d", c.path, c.body, got.status)
		}
		text := got.body
		if strings.Contains(c.body, "planted-web-secret-2") { // a name of a field is named
			text = strings.ReplaceAll(text, "/planted-web-secret-2", "")
		}
		leaks("POST "+c.path, text)
	}
	leaks("the log", w.log.String())
	for _, token := range []string{w.root, w.admin, w.reveal, w.mallory} {
		if strings.Contains(w.log.String(), token) {
			t.Error("the log shows a bearer token")
		}
	}
}
