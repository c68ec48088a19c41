package admin_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/danielgtaylor/huma/v2"
	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/api/client"
	"github.com/dialplane/dialplane/internal/admin"
	"github.com/dialplane/dialplane/internal/fleet"
)

var update = flag.Bool("update", false, "rewrite api/openapi.yaml")

const golden = "../../api/openapi.yaml"

func theAPI() (http.Handler, huma.API) {
	return admin.New(admin.Options{Fleet: fleet.New(fleet.Config{}), Log: slog.New(slog.DiscardHandler), Version: "v1"})
}

func TestDocumentIsCommitted(t *testing.T) {
	t.Parallel()
	_, api := theAPI()
	got, err := admin.YAML(api.OpenAPI())
	if err != nil {
		t.Fatal(err)
	}
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s is not what the code says; run go test ./internal/admin -run TestDocumentIsCommitted -update, then go generate ./api:\n%s", golden, diff)
	}
}

func TestDocumentIsValid(t *testing.T) {
	t.Parallel()
	oracle := documentValidator(t)
	oracle.mu.Lock()
	defer oracle.mu.Unlock()
	if ok, errs := oracle.ValidateDocument(); !ok {
		t.Error(explain(errs))
	}
}

// TestDocumentIsComplete: every operation, parameter and field can be understood,
// and every example is one.
func TestDocumentIsComplete(t *testing.T) {
	t.Parallel()
	_, api := theAPI()
	oracle := documentValidator(t)
	ids := map[string]string{}
	for _, k := range []string{"user", "contact", "phone", "dect", "system", "account", "token", "enrolment", "tenant", "job", "file", "policy", "rps_account"} {
		ids[k] = fleet.ID(700551909773148160).String()
	}
	operations(api, func(op *huma.Operation) {
		if op.Summary == "" || op.OperationID == "" || len(op.Tags) != 1 {
			t.Errorf("%s %s says too little of itself", op.Method, op.Path)
		}
		for _, p := range op.Parameters {
			if p.Ref == "" && p.Description == "" {
				t.Errorf("%s %s: parameter %s is not described", op.Method, op.Path, p.Name)
			}
		}
		if op.RequestBody != nil && op.RequestBody.Content["application/json"] != nil {
			r := request(op.Method, fill(op.Path, ids), "x", exampleBody(t, op))
			oracle.mu.Lock()
			if ok, errs := oracle.ValidateHttpRequestSync(r); !ok {
				t.Errorf("%s %s: the example of the request is none: %s", op.Method, op.Path, explain(errs))
			}
			oracle.mu.Unlock()
		}
		for status, response := range op.Responses {
			media := response.Content["application/json"]
			if media == nil {
				continue
			}
			if media.Example == nil {
				t.Errorf("%s %s %s has no example", op.Method, op.Path, status)
			}
			text, err := json.Marshal(media.Example)
			if err != nil {
				t.Fatal(err)
			}
			code, err := strconv.Atoi(status)
			if err != nil {
				t.Fatal(err)
			}
			answer := &http.Response{StatusCode: code, Header: http.Header{"Content-Type": {"application/json"}}, Body: readCloser(text)}
			oracle.mu.Lock()
			if ok, errs := oracle.ValidateHttpResponse(request(op.Method, fill(op.Path, ids), "x", ""), answer); !ok {
				t.Errorf("%s %s %s: the example of the answer is none: %s\n%s", op.Method, op.Path, status, explain(errs), text)
			}
			oracle.mu.Unlock()
		}
	})
	for name, s := range api.OpenAPI().Components.Schemas.Map() {
		if s.Type != huma.TypeObject || s.AdditionalProperties != false {
			t.Errorf("the schema %s is not an object of known fields", name)
		}
	}
}

func readCloser(b []byte) *body { return &body{bytes.NewReader(b)} }

type body struct{ *bytes.Reader }

func (*body) Close() error { return nil }

// TestPages fetches the document and the page made from it, without a credential.
func TestPages(t *testing.T) {
	t.Parallel()
	handler, api := theAPI()
	get := func(path string) *httptest.ResponseRecorder {
		rec := httptest.NewRecorder()
		handler.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, path, nil))
		if rec.Code != http.StatusOK {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
		return rec
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got := get("/api/openapi.yaml"); !bytes.Equal(got.Body.Bytes(), want) {
		t.Error("the document that is served is not the one that is committed")
	}
	page := get("/api/docs")
	html := page.Body.String()
	operations(api, func(op *huma.Operation) {
		if !strings.Contains(html, `<section id="`+op.OperationID+`">`) || !strings.Contains(html, "<code>/api"+op.Path+"</code>") {
			t.Errorf("the page has no %s", op.OperationID)
		}
	})
	for name := range api.OpenAPI().Components.Schemas.Map() {
		if !strings.Contains(html, `id="schema-`+name+`"`) {
			t.Errorf("the page has no schema %s", name)
		}
	}
	for _, m := range regexp.MustCompile(`href="#([^"]*)"`).FindAllStringSubmatch(html, -1) {
		if !strings.Contains(html, `id="`+m[1]+`"`) {
			t.Errorf("the page links to #%s, which it has not", m[1])
		}
	}
	for _, never := range []string{"<script", " style=", " onclick", "src=", "@import", "url("} {
		if strings.Contains(html, never) {
			t.Errorf("the page has %s", never)
		}
	}
	policy := page.Header().Get("Content-Security-Policy")
	_, style, _ := strings.Cut(html, "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	if strings.Contains(policy, "unsafe") || !strings.Contains(policy, "style-src 'sha256-"+base64.StdEncoding.EncodeToString(sum[:])+"'") || !strings.Contains(policy, "default-src 'none'") {
		t.Errorf("the page's policy is %s", policy)
	}
}

// TestClientHasEveryOperation holds the generated client against the document.
func TestClientHasEveryOperation(t *testing.T) {
	t.Parallel()
	_, api := theAPI()
	var want, got []string
	operations(api, func(op *huma.Operation) {
		want = append(want, strings.ToUpper(op.OperationID[:1])+op.OperationID[1:])
	})
	methods := reflect.TypeFor[client.ClientWithResponsesInterface]()
	for m := range methods.Methods() {
		name := strings.TrimSuffix(strings.TrimSuffix(m.Name, "WithResponse"), "WithBody")
		if !slices.Contains(got, name) { // with a body that is a file, there is no other
			got = append(got, name)
		}
	}
	slices.Sort(want)
	slices.Sort(got)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the client is not of this document; run go generate ./api:\n%s", diff)
	}
}

// TestClientIsGenerated generates the client again, where the tool is at hand.
func TestClientIsGenerated(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("building the generator takes a minute the first time")
	}
	out := t.TempDir() + "/client.go"
	cmd := exec.CommandContext(t.Context(), "go", "tool", "-modfile=../tools/go.mod", "oapi-codegen", "-config", "oapi-codegen.yaml", "-o", out, "openapi.yaml")
	cmd.Dir = "../../api"
	if text, err := cmd.CombinedOutput(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%v: %s", err, text)
		}
		t.Skipf("the generator is not at hand: %v: %s", err, text)
	}
	want, err := os.ReadFile(out)
	if err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile("../../api/client/client.go")
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(want, got) {
		t.Error("api/client/client.go is not generated from this document; run go generate ./api")
	}
}

// TestClient uses the generated client against the API.
func TestClient(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := httptest.NewServer(w)
	defer server.Close()
	c, err := client.NewClientWithResponses(server.URL+"/api", client.WithRequestEditorFn(func(_ context.Context, r *http.Request) error {
		r.Header.Set("Authorization", "Bearer "+w.admin)
		return nil
	}))
	if err != nil {
		t.Fatal(err)
	}
	made, err := c.CreateUserWithResponse(t.Context(), nil, client.UserCreate{ExtensionNumber: "104", DisplayName: "Cy", Password: "long enough for SIP"})
	if err != nil || made.JSON201 == nil {
		t.Fatalf("%v: %s", err, made.Body)
	}
	top := 1
	filter := "extension_number eq '104'"
	list, err := c.ListUsersWithResponse(t.Context(), &client.ListUsersParams{Top: &top, Filter: &filter})
	if err != nil || list.JSON200 == nil || len(list.JSON200.Items) != 1 || list.JSON200.Items[0].ID != made.JSON201.ID {
		t.Fatalf("%v: %s", err, list.Body)
	}
	refused, err := c.CreateUserWithResponse(t.Context(), nil, client.UserCreate{ExtensionNumber: "104", DisplayName: "Cy", Password: "long enough for SIP"})
	if err != nil || refused.StatusCode() != 409 || refused.JSONDefault == nil || len(refused.JSONDefault.Errors) == 0 {
		t.Fatalf("%v: %s", err, refused.Body)
	}
}
