package admin_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"net/netip"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/pb33f/libopenapi"
	validator "github.com/pb33f/libopenapi-validator"
	validation "github.com/pb33f/libopenapi-validator/errors"

	"github.com/dialplane/dialplane/api"
	"github.com/dialplane/dialplane/internal/admin"
	"github.com/dialplane/dialplane/internal/blob"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

// Secrets that stand in the world. No answer may have them but those to the
// credential that may reveal, and no log at all.
var planted = []string{"planted-sip-secret", "90210377", "planted-web-secret", "planted-user-secret", "planted-engineer-secret", "73310842", "planted-token-of-mallory", "planted-rps-key"}

// world is the API over a real fleet and a real store with two tenants. The first
// is the default tenant, with the extensions 101 and 102, a phone of 101, a DECT
// base of which 102 is a member, a DECT system of one base, a custom template, an enrolment window, an
// account and a token; the second has an extension and a phone of its own.
type world struct {
	http.Handler
	t       *testing.T
	api     huma.API
	fleet   *fleet.Fleet
	db      *store.DB
	store   *faultyStore
	catalog *catalog
	log     *buffer
	files   string // the directory of uploaded files
	clock   *clock

	root                           string // token of the installation's administrator
	admin, operator, viewer, owner string // of the first tenant; owner belongs to 101
	reveal                         string // an admin's that may reveal
	expired                        string
	mallory                        string // of the second tenant's admin

	// ids has a value for each name in a path that is good in the first tenant.
	ids map[string]string

	visited map[string]int // "GET /users" → successes
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, catalog: &catalog{}, log: &buffer{}, visited: map[string]int{}, ids: map[string]string{}, clock: &clock{now: time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)}}
	log := slog.New(slog.NewJSONHandler(w.log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	db, err := store.Open(t.Context(), t.TempDir(), log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := db.Close(); err != nil {
			t.Error(err)
		}
	})
	w.db, w.store, w.files = db, &faultyStore{Store: db}, t.TempDir()
	contents, err := blob.Open(w.files)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := contents.Close(); err != nil {
			t.Error(err)
		}
	})
	w.fleet = fleet.New(fleet.Config{Store: w.store, Changes: deaf{}, Catalog: w.catalog, Jobs: deaf{}, Now: w.clock.Now, Log: log, Contents: contents, Limits: fleet.FileLimits{File: 1 << 20, Tenant: 2 << 20}, Redirects: redirects{}, Base: "https://phones.example.com/"})
	_, token, err := w.fleet.Bootstrap(t.Context(), secret.Secret{})
	if err != nil {
		t.Fatal(err)
	}
	w.root = token.Reveal()
	w.Handler, w.api = admin.New(admin.Options{
		Fleet:    w.fleet,
		PhoneURL: func(p fleet.Phone) string { return "https://phones.example/" + p.Token.Reveal() + "/" },
		DectURL:  func(d fleet.DectPhone) string { return "https://phones.example/" + d.Token.Reveal() + "/" },
		Status:   func(mac.Addr) fleet.Status { return fleet.Status{Word: fleet.Waiting, Why: "it has not asked"} },
		Log:      log, Version: "test",
	})

	w.must(200, "POST", "/tenant", w.root, `{"domain":"one.example","endpoints":{"WEB_DOMAIN":{"host":"pbx.one.example","udp":5060,"tls":5061}}}`)
	w.ids["user"] = w.must(201, "POST", "/users", w.root, userBody("101")).id()
	w.ids["second"] = w.must(201, "POST", "/users", w.root, userBody("102")).id()
	w.ids["contact"] = w.must(201, "POST", "/contacts", w.root, `{"display_name":"Taxi","numbers":[{"number":"030 123"}]}`).id()
	w.ids["phone"] = w.must(201, "POST", "/users/"+w.ids["user"]+"/phones", w.root, phoneBody("001565000001")).id()
	w.ids["dect"] = w.must(201, "POST", "/dect_phones", w.root, dectBody("001565000002")).id()
	w.must(200, "POST", "/dect_phones/"+w.ids["dect"]+"/members", w.root, `{"items":[{"extension_number":"102","ipui":"030ab1ee28","handset_index":"1"}]}`)
	w.ids["cell"] = w.must(201, "POST", "/dect_phones", w.root, cellBody("001565000003")).id()
	w.ids["system"] = w.must(201, "POST", "/dect_systems", w.root, `{"name":"Works","bases":[{"dect_phone_id":"`+w.ids["cell"]+`"}]}`).id()
	w.must(201, "POST", "/templates/phones", w.root, `{"filename":"mine.xml","content":"acme.xml"}`)
	w.ids["file"] = w.must(201, "POST", uploadPath, w.root, "the firmware").id()
	w.ids["policy"] = w.must(201, "POST", "/firmware_policies", w.root, `{"vendor":"acme","steps":["2.0"]}`).id()
	w.ids["rps_account"] = w.mustWith(http.Header{"Dialplane-Tenant": {w.must(200, "GET", "/tenant", w.root, "").id()}}, 201, "POST", "/rps_accounts", w.root,
		`{"service":"acme-rps","values":[{"name":"user","value":"u"},{"name":"key","value":"planted-rps-key"}]}`).id()
	w.ids["enrolment"] = w.must(201, "POST", "/enrolments", w.root, `{"mac":"00:15:65:00:00:01"}`).id()
	inDefault := http.Header{"Dialplane-Tenant": {w.must(200, "GET", "/tenant", w.root, "").id()}}
	w.ids["tenant"] = inDefault.Get("Dialplane-Tenant")
	w.ids["account"] = w.mustWith(inDefault, 201, "POST", "/accounts", w.root, `{"username":"anna","role":"operator","password":"correct horse battery"}`).id()
	tokenFor := func(header http.Header, body string) string {
		r := w.mustWith(header, 201, "POST", "/tokens", w.root, body)
		w.ids["token"] = r.id()
		return r.field("token")
	}
	w.viewer = tokenFor(inDefault, `{"name":"viewer","role":"viewer","user_id":"`+w.ids["user"]+`"}`)
	w.operator = tokenFor(inDefault, `{"name":"operator","role":"operator","user_id":"`+w.ids["user"]+`"}`)
	w.admin = tokenFor(inDefault, `{"name":"admin","role":"admin"}`)
	w.owner = tokenFor(inDefault, `{"name":"owner","role":"operator","user_id":"`+w.ids["user"]+`"}`)
	w.reveal = tokenFor(inDefault, `{"name":"reveal","role":"admin","reveal":true}`)
	w.expired = tokenFor(inDefault, `{"name":"expired","role":"admin","expires_in":60}`)

	other := w.must(201, "POST", "/tenants", w.root, `{"name":"Other","domain":"other.example","endpoints":{"WEB_DOMAIN":{"host":"pbx.other.example","tls":5061}}}`).id()
	w.ids["other_tenant"] = other
	inOther := http.Header{"Dialplane-Tenant": {other}}
	w.mallory = tokenFor(inOther, `{"name":"mallory","role":"admin","reveal":true}`)
	w.ids["other_user"] = w.must(201, "POST", "/users", w.mallory, `{"extension_number":"101","display_name":"Mallory","password":"planted-token-of-mallory"}`).id()
	w.ids["other_phone"] = w.must(201, "POST", "/users/"+w.ids["other_user"]+"/phones", w.mallory, phoneBody("001565000009")).id()
	w.ids["job"] = w.must(200, "POST", "/phones/001565000001/reboot", w.admin, "").header.Get("Dialplane-Job")
	w.ids["token"] = w.mustWith(inDefault, 201, "POST", "/tokens", w.root, `{"name":"spare","role":"viewer"}`).id()
	w.clock.advance(2 * time.Minute)
	tenant, _ := fleet.ParseID(w.ids["tenant"])
	if err := db.RecordFetches(t.Context(), []fleet.Fetch{{
		Time: w.clock.Now(), Tenant: tenant, MAC: mac.MustParse("001565000077"), File: "001565000077.cfg", Level: "L0", Status: 200,
		IP: netip.MustParseAddr("192.0.2.77"), UserAgent: "Acme A2 1.0", Vendor: "Acme", Model: "A2", Version: "1.0",
	}}); err != nil {
		t.Fatal(err)
	}
	return w
}

// uploadPath is where the world's firmware is uploaded.
const uploadPath = "/files?name=A1.rom&kind=firmware&vendor=acme&models=a1&version=2.0"

func userBody(extension string) string {
	return `{"extension_number":"` + extension + `","display_name":"Extension ` + extension + `","password":"planted-sip-secret","vm_pin":"90210377",
		"blfs":[{"key":"BLF","value":"102","first_name":"Bob","last_name":"B"}]}`
}

func phoneBody(address string) string {
	return `{"mac":"` + address + `","filename":"acme.xml","vendor":"Acme","model":"A1","password":"planted-web-secret","language":"English",
		"transfer":"BLIND","timezone":"Europe/Berlin","codecs":["PCMA","G722"],"interface":"WEB_DOMAIN","preferred_transport":"TLS","door_password1":"73310842"}`
}

func dectBody(address string) string {
	return `{"name":"Hall","mac":"` + address + `","template":"acme-dect.xml","vendor":"Acme","model":"D20","password":"planted-web-secret",
		"user_password":"planted-user-secret","engineer_password":"planted-engineer-secret","timezone":"Europe/Berlin","language":"GERMAN","tone":"DEU",
		"codecs":["PCMA"],"interface":"WEB_DOMAIN","preferred_transport":"UDP"}`
}

// cellBody is a base that may be in a system.
func cellBody(address string) string {
	return strings.NewReplacer("acme-dect.xml", "acme-multi.xml", "D20", "M5", "Hall", "Cell "+address[10:]).Replace(dectBody(address))
}

// reply is an answer that has been held against the document.
type reply struct {
	t      *testing.T
	status int
	header http.Header
	body   string
}

func (r reply) id() string { return r.field("id") }

func (r reply) field(name string) string {
	r.t.Helper()
	var o map[string]any
	if err := json.Unmarshal([]byte(r.body), &o); err != nil {
		r.t.Fatalf("%v: %s", err, r.body)
	}
	s, _ := o[name].(string)
	return s
}

// faults returns code and pointer of each error.
func (r reply) faults() []string {
	r.t.Helper()
	var p struct {
		Errors []struct {
			Code, Message string
			Detail        *string
		}
	}
	if err := json.Unmarshal([]byte(r.body), &p); err != nil || len(p.Errors) == 0 {
		r.t.Fatalf("%d without errors (%v): %s", r.status, err, r.body)
	}
	var out []string
	for _, e := range p.Errors {
		if e.Code == "" || e.Message == "" {
			r.t.Errorf("an error says nothing: %s", r.body)
		}
		s := e.Code
		if e.Detail != nil {
			s += " " + *e.Detail
		}
		out = append(out, s)
	}
	return out
}

func (w *world) do(method, path, token, body string) reply {
	w.t.Helper()
	return w.send(w.t, request(method, path, token, body))
}

func (w *world) must(status int, method, path, token, body string) reply {
	w.t.Helper()
	return w.mustWith(nil, status, method, path, token, body)
}

func (w *world) mustWith(header http.Header, status int, method, path, token, body string) reply {
	w.t.Helper()
	r := request(method, path, token, body)
	for k, v := range header {
		r.Header[k] = v
	}
	got := w.send(w.t, r)
	if got.status != status {
		w.t.Fatalf("%s %s: %d, want %d: %s", method, path, got.status, status, got.body)
	}
	return got
}

func request(method, path, token, body string) *http.Request {
	var in io.Reader
	if body != "" {
		in = strings.NewReader(body)
	}
	r := httptest.NewRequest(method, "/api"+path, in)
	if body != "" {
		r.Header.Set("Content-Type", "application/json")
	}
	if method == http.MethodPost && (path == "/files" || strings.HasPrefix(path, "/files?")) {
		r.Header.Set("Content-Type", "application/octet-stream")
	}
	if token != "" {
		r.Header.Set("Authorization", "Bearer "+token)
	}
	return r
}

// send serves a request and holds the answer, and the request if it was a success,
// against the document.
func (w *world) send(t *testing.T, r *http.Request) reply {
	t.Helper()
	var sent []byte
	if r.Body != nil {
		var err error
		if sent, err = io.ReadAll(r.Body); err != nil {
			t.Fatal(err)
		}
		r.Body = io.NopCloser(bytes.NewReader(sent))
	}
	rec := httptest.NewRecorder()
	w.ServeHTTP(rec, r)
	got := reply{t, rec.Code, rec.Header(), rec.Body.String()}
	where := fmt.Sprintf("%s %s: %d %s", r.Method, r.URL.Path, got.status, got.body)

	for _, h := range []string{"X-Content-Type-Options", "Content-Security-Policy", "Cache-Control", "Referrer-Policy"} {
		if got.header.Get(h) == "" {
			t.Errorf("%s: without %s", where, h)
		}
	}
	if got.header.Get("Access-Control-Allow-Origin") != "" {
		t.Errorf("%s: allows other origins", where)
	}
	if got.status >= 500 {
		t.Logf("%s\n%s", where, w.log)
	}
	if got.status >= 400 {
		got.faults()
		if ct := got.header.Get("Content-Type"); ct != "application/json" {
			t.Errorf("%s: Content-Type %q", where, ct)
		}
	}
	if r.Method == http.MethodHead || got.status == 404 && !w.documented(r) || got.status == 405 || got.status == 413 || strings.HasPrefix(r.URL.Path, "/api/docs") || strings.HasPrefix(r.URL.Path, "/api/openapi") {
		return got // not of an operation, or like one of them
	}
	oracle := documentValidator(t)
	oracle.mu.Lock()
	defer oracle.mu.Unlock()
	r.Body = io.NopCloser(bytes.NewReader(sent))
	if ok, errs := oracle.ValidateHttpResponse(r, rec.Result()); !ok {
		t.Errorf("%s: the answer is not as documented: %s", where, explain(errs))
	}
	if got.status < 300 && (len(sent) == 0 || r.Header.Get("Content-Type") != "") {
		r.Body = io.NopCloser(bytes.NewReader(sent))
		if ok, errs := oracle.ValidateHttpRequestSync(r); !ok && !onlyAnyCase(errs) {
			t.Errorf("%s: a request that is not as documented succeeded: %s: %s", where, sent, explain(errs))
		}
	}
	if got.status < 300 {
		w.visit(r)
	}
	return got
}

// visit notes a success by the operation's path in the document.
func (w *world) visit(r *http.Request) {
	for pattern := range w.api.OpenAPI().Paths {
		if matches(pattern, strings.TrimPrefix(r.URL.Path, "/api")) {
			w.visited[r.Method+" "+pattern]++
		}
	}
}

// documented reports whether a path is plainly that of an operation.
func (w *world) documented(r *http.Request) bool {
	path := strings.TrimPrefix(r.URL.Path, "/api")
	if strings.Trim(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_/") != "" || strings.HasSuffix(path, "/") || strings.Contains(path, "//") {
		return false
	}
	for pattern := range w.api.OpenAPI().Paths {
		if matches(pattern, path) {
			return true
		}
	}
	return false
}

// matches reports whether a path is of a pattern; a literal wins over a name.
func matches(pattern, path string) bool {
	if path == "/phones/reprovision" {
		return pattern == path
	}
	a, b := strings.Split(pattern, "/"), strings.Split(path, "/")
	return slices.EqualFunc(a, b, func(a, b string) bool { return a == b || strings.HasPrefix(a, "{") })
}

// onlyAnyCase: the document lists languages in capitals, and says that any case is
// accepted.
func onlyAnyCase(errs []*validation.ValidationError) bool {
	for _, e := range errs {
		for _, s := range e.SchemaValidationErrors {
			if !strings.Contains(s.FieldPath+s.KeywordLocation, "language") {
				return false
			}
		}
		if len(e.SchemaValidationErrors) == 0 {
			return false
		}
	}
	return true
}

func explain(errs []*validation.ValidationError) string {
	var b strings.Builder
	for _, e := range errs {
		fmt.Fprintf(&b, "%s: %s", e.Message, e.Reason)
		for _, s := range e.SchemaValidationErrors {
			fmt.Fprintf(&b, "; %s at %s", s.Reason, s.FieldPath)
		}
		b.WriteString("\n")
	}
	return b.String()
}

// oracle is an OpenAPI validator that shares no code with the server.
type oracle struct {
	validator.Validator
	mu sync.Mutex
}

var theOracle = sync.OnceValues(func() (*oracle, error) {
	doc, err := libopenapi.NewDocument(api.OpenAPI)
	if err != nil {
		return nil, err
	}
	v, errs := validator.NewValidator(doc)
	return &oracle{Validator: v}, errors.Join(errs...)
})

func documentValidator(t *testing.T) *oracle {
	t.Helper()
	o, err := theOracle()
	if err != nil {
		t.Fatal(err)
	}
	return o
}

// operations calls f for each operation of the document.
func operations(a huma.API, f func(op *huma.Operation)) {
	for _, item := range a.OpenAPI().Paths {
		for _, op := range []*huma.Operation{item.Get, item.Post} {
			if op != nil {
				f(op)
			}
		}
	}
}

type clock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *clock) advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

func (b *buffer) String() string {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.String()
}

// deaf is told of changes and phones and does nothing.
type deaf struct{}

func (deaf) TenantChanged(context.Context, fleet.ID) error                           { return nil }
func (deaf) UserChanged(context.Context, fleet.ID, fleet.ID) error                   { return nil }
func (deaf) ContactChanged(context.Context, fleet.ID, fleet.ID) error                { return nil }
func (deaf) PhoneChanged(context.Context, fleet.ID, mac.Addr) error                  { return nil }
func (deaf) DectSystemChanged(context.Context, fleet.ID, fleet.ID, []mac.Addr) error { return nil }
func (deaf) TemplateChanged(context.Context, fleet.ID, string) error                 { return nil }
func (deaf) FilesChanged(context.Context, fleet.ID) error                            { return nil }
func (deaf) EnrolmentsChanged(context.Context, fleet.ID, mac.Addr) error             { return nil }
func (deaf) RedirectionChanged(context.Context, fleet.ID, mac.Addr) error            { return nil }
func (deaf) Wake()                                                                   {}

// redirects is a service that has one device which nobody here knows.
type redirects struct{ deaf }

func (redirects) Services() []fleet.RedirectService {
	return []fleet.RedirectService{{
		Name: "acme-rps", Vendor: "Acme", Title: "Acme RPS", Regions: []fleet.RedirectRegion{{Name: "eu", URL: "https://eu.acme.example"}}, Batch: 1, Rate: 1, Lists: true,
		Fields: []fleet.RedirectField{{Name: "user", Title: "the user"}, {Name: "key", Title: "the key", Secret: true}},
	}}
}

func (redirects) CheckEndpoint(url string) string {
	if !strings.HasPrefix(url, "https://") {
		return "must begin with https://"
	}
	return ""
}

func (redirects) Verify(context.Context, fleet.RedirectAccount) error {
	return errors.New("the key is not accepted")
}
func (redirects) Pace(fleet.ID) float64 { return 0 }

func (redirects) Compare(context.Context, fleet.RedirectAccount, []fleet.RedirectErrand) (fleet.RedirectDifference, error) {
	return fleet.RedirectDifference{Foreign: []mac.Addr{mac.MustParse("001565999999")}}, nil
}

func (redirects) Forget(_ context.Context, _ fleet.RedirectAccount, macs []mac.Addr) []error {
	return make([]error, len(macs))
}

// faultyStore can be told to fail.
type faultyStore struct {
	fleet.Store
	mu  sync.Mutex
	err error
}

func (f *faultyStore) fail(err error) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.err = err
}

func (f *faultyStore) failure() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.err
}

func (f *faultyStore) Read(ctx context.Context, do func(fleet.Reader) error) error {
	if err := f.failure(); err != nil {
		return err
	}
	return f.Store.Read(ctx, do)
}

func (f *faultyStore) Write(ctx context.Context, do func(fleet.Writer) error) error {
	if err := f.failure(); err != nil {
		return err
	}
	return f.Store.Write(ctx, do)
}

// catalog has a desk template and a DECT template. A custom template describes
// what its content names. It panics where its panic is set.
type catalog struct {
	mu     sync.Mutex
	custom map[string]string
	panics bool
}

func (*catalog) Builtins() []string { return []string{"acme-dect.xml", "acme-multi.xml", "acme.xml"} }

func (c *catalog) Builtin(filename string) (string, bool) {
	return "<built-in/>", slices.Contains(c.Builtins(), filename)
}

func (c *catalog) Models(ctx context.Context, tenant fleet.ID) ([]fleet.ModelRow, error) {
	var rows []fleet.ModelRow
	for _, name := range c.Builtins() {
		t, err := c.Describe(ctx, tenant, name)
		if err != nil {
			return nil, err
		}
		rows = append(rows, t.Models...)
	}
	return rows, nil
}

func (c *catalog) Describe(_ context.Context, _ fleet.ID, filename string) (fleet.TemplateInfo, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.panics {
		panic("the catalog is on fire, and says planted-sip-secret")
	}
	info := fleet.TemplateInfo{
		Filename: filename, Vendor: "Acme", Languages: []string{"ENGLISH", "GERMAN"}, Tones: []string{"USA", "DEU"},
		TimeZones: []string{"Europe/Berlin", "Etc/UTC"}, Ringtones: []string{"Ring1.wav"}, QueueRingtones: []string{"Ring2.wav"}, ExternalRingtones: []string{"Ring3.wav"},
		DateFormats: []string{"DD MMM YYYY"}, TimeFormats: []string{"24 hour clock"}, PowerLEDs: []string{"Off"},
		Codecs: []string{"PCMU", "PCMA", "G722"}, Transports: []string{"UDP", "TCP", "TLS"}, PCVLAN: fleet.VLAN{ID: 254, Priority: 1},
	}
	if c.custom[filename] != "" {
		filename = c.custom[filename]
	}
	switch filename {
	case "acme.xml":
		info.Models = []fleet.ModelRow{{Filename: info.Filename, Vendor: "Acme", Model: "A1", DisplayName: "Acme A1", Accounts: 2, Keys: 10}}
	case "acme-dect.xml":
		info.DECT = true
		info.Models = []fleet.ModelRow{{Filename: info.Filename, Vendor: "Acme", Model: "D20", DisplayName: "Acme D20", Handsets: 3}}
	case "acme-multi.xml":
		info.DECT = true
		info.Models = []fleet.ModelRow{
			{Filename: info.Filename, Vendor: "Acme", Model: "M5", DisplayName: "Acme M5", Handsets: 2, Bases: 3, SystemHandsets: 5},
			{Filename: info.Filename, Vendor: "Acme", Model: "M0", DisplayName: "Acme M0", Bases: 3},
			{Filename: info.Filename, Vendor: "Acme", Model: "D30", DisplayName: "Acme D30", Handsets: 30},
		}
	default:
		return fleet.TemplateInfo{}, fleet.NotFound("template")
	}
	return info, nil
}

func (c *catalog) Check(_ context.Context, _ fleet.ID, filename, content string) (map[string][]string, error) {
	if !slices.Contains(c.Builtins(), content) {
		return nil, &fleet.Error{Code: fleet.CodeInvalid, Message: "line 1, column 3: this is no template", Fields: []fleet.Fault{{Pointer: "/content", Message: "line 1, column 3: this is no template"}}}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.custom == nil {
		c.custom = map[string]string{}
	}
	c.custom[filename] = content
	return nil, nil
}

func (*catalog) CheckValue(_, value string) string {
	if value == "%NULL%" {
		return "%NULL% is how the files write an empty value"
	}
	return ""
}
