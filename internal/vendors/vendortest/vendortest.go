// Package vendortest is the suite that every vendor pack passes: each built-in
// template is rendered for each of its models, read back by the vendor's own
// grammar and compared with what was asked for; hostile values come back exactly
// or are refused; a phone boots against a server in memory; and golden files
// stand for every template.
package vendortest

import (
	"bytes"
	"flag"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

var update = flag.Bool("update", false, "rewrite the golden files")

// Lacks names what a vendor's phones cannot be told, and why. The suite then does
// not compare it. Keys: "account label", "key label", "key account", "url key",
// "dtmf key", "park key", "user password", "tone", "language", "voicemail",
// "poll", "ntp2", "srtp", "lldp", "vlan", "pc vlan", "vlan priority", "clock",
// "directory", "firmware", "ringtones", "background", "dictionary", and "account
// transport" and "account outbound proxy" where all accounts go by that of the first,
// "account server" where they also register at its server and through its proxy, "proxied
// port" where the proxy's port is the only one, "expires", "codec order" where one codec is
// preferred and the others are on, "spare codecs" where those not chosen come last instead
// of being switched off, "line key on a module", "admin password", "handset ipui", "handset
// name" and "handset language" of a DECT base's handsets, "handset place" where a base knows
// its handsets by what they are and not by numbers, "system" where no file says that the base
// belongs to a multi-cell system, "system master", "system number" and "system bases" where
// the files of its bases do not say that,
// "system bases of others" where only the data master's does, "system of others" where the
// others are told nothing of their system and the data master finds them, "system base itself" where
// a base's own address is not among those in its files, "settings of others" where
// all but the address of its files and its place comes to a system's other bases from the
// data master, "leaving a system" where a base has to be reset by hand, "semicolon in key label" where a comma is
// shown, and "own address" where the phone fetches from the shared address for ever. What
// only the phones of one template lack, or one model, has the name of that before it:
// "acme-old.xml: srtp", "A100: background".
type Lacks map[string]string

// Run runs the suite. Golden files are kept under testdata/golden.
func Run(t *testing.T, pack vendor.Pack, lacks Lacks) {
	templates := parseAll(t, pack)
	for _, tmpl := range templates {
		if tmpl.Abstract {
			continue
		}
		t.Run(tmpl.Filename, func(t *testing.T) {
			t.Parallel()
			for _, w := range tmpl.Warnings {
				t.Errorf("lint: %v", w)
			}
			for i := range tmpl.Models {
				m := &tmpl.Models[i]
				t.Run(m.Name, func(t *testing.T) {
					t.Parallel()
					if !strings.HasPrefix(m.DisplayName, pack.Name+" ") {
						t.Errorf("display name %q does not begin with %q", m.DisplayName, pack.Name)
					}
					suite := suite{pack: pack, tmpl: tmpl, model: m, lacks: lacks}
					suite.readsBack(t)
					suite.directory(t)
					suite.forgets(t)
					suite.inSystem(t)
					suite.boots(t)
					suite.discovered(t)
				})
			}
			t.Run("clock", func(t *testing.T) {
				t.Parallel()
				clocks(t, suite{pack: pack, tmpl: tmpl, model: &tmpl.Models[0], lacks: lacks})
			})
			for _, m := range tmpl.Showcases() {
				suite := suite{pack: pack, tmpl: tmpl, model: m, lacks: lacks}
				t.Run("golden/"+m.Name, func(t *testing.T) { t.Parallel(); suite.golden(t, m.Name, suite.sample()) })
				for _, o := range suite.occasions() {
					t.Run("golden/"+m.Name+" "+o.name, func(t *testing.T) { t.Parallel(); suite.golden(t, m.Name+", "+o.name, o.view) })
				}
				t.Run("values/"+m.Name, func(t *testing.T) { t.Parallel(); suite.carriesAnyValue(t) })
			}
		})
	}
}

// Address is the MAC address of the phone under test, with an OUI of the pack.
func Address(pack vendor.Pack) mac.Addr { return mac.MustParse(pack.OUIs[0] + "a1b2c3") }

func parseAll(t *testing.T, pack vendor.Pack) []*template.Template {
	t.Helper()
	load := func(name string) ([]byte, error) { return fs.ReadFile(pack.Templates, name) }
	known := func(name string) bool { return name == pack.Name }
	names, err := fs.Glob(pack.Templates, "*.xml")
	if err != nil || len(names) == 0 {
		t.Fatalf("templates of %s: %v, %v", pack.Name, names, err)
	}
	var all []*template.Template
	for _, name := range names {
		src, err := load(name)
		if err != nil {
			t.Fatal(err)
		}
		tmpl, err := template.Parse(name, src, load, known)
		if err != nil {
			t.Fatalf("%v", err)
		}
		all = append(all, tmpl)
	}
	return all
}

type suite struct {
	pack  vendor.Pack
	tmpl  *template.Template
	model *template.Model
	lacks Lacks
}

func (s *suite) sample() *template.View {
	return s.addressed(template.Sample(s.tmpl, s.model))
}

// addressed gives the phone of v an address of the pack's own.
func (s *suite) addressed(v *template.View) *template.View {
	v.MAC = Address(s.pack).String()
	for i := range v.System.Bases {
		if v.System.Bases[i].Self {
			v.System.Bases[i].MAC = v.MAC
		}
	}
	return v
}

type file struct {
	name string
	body []byte
}

func (s *suite) render(v *template.View, level template.Level) ([]file, error) {
	var files []file
	for _, f := range s.tmpl.Files(s.model, level) {
		body, err := f.Append(nil, v)
		if err != nil {
			return nil, err
		}
		files = append(files, file{f.Name(s.model, v.MAC), body})
	}
	return files, nil
}

func (s *suite) read(files []file) (*vendor.Config, error) {
	all := new(vendor.Config)
	for _, f := range files {
		c, err := s.pack.Parse(f.name, f.body)
		if err != nil {
			return nil, fmt.Errorf("the vendor's grammar refuses %s: %w", f.name, err)
		}
		all.Merge(c)
	}
	return all, nil
}

func (s *suite) readsBack(t *testing.T) {
	v := s.sample()
	files, err := s.render(v, template.Full)
	if err != nil {
		t.Fatal(err)
	}
	if len(files) == 0 {
		t.Fatal("the model has no files")
	}
	for _, level := range []template.Level{template.Bootstrap, template.Enrol} {
		early, err := s.render(v, level)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := s.read(early); err != nil {
			t.Errorf("level %v: %v", level, err)
		}
	}
	config, err := s.read(files)
	if err != nil {
		t.Fatal(err)
	}
	s.compare(t, s.expect(v), s.pack.Understand(config))
	if s.has("dictionary") {
		for _, p := range s.pack.Parameters.Check(s.model.Name, config) {
			t.Errorf("%s = %q: %s", p.Setting.Name, p.Setting.Value, p)
		}
	}

	again, err := s.render(s.sample(), template.Full)
	if err != nil {
		t.Fatal(err)
	}
	for i := range files {
		if !bytes.Equal(files[i].body, again[i].body) {
			t.Errorf("%s differs between two renderings of the same phone", files[i].name)
		}
	}
}

func (s *suite) has(fact string) bool {
	_, all := s.lacks[fact]
	_, these := s.lacks[s.tmpl.Filename+": "+fact]
	_, this := s.lacks[s.model.Name+": "+fact]
	return !all && !these && !this
}

// expect says what a phone configured from v does.
func (s *suite) expect(v *template.View) vendor.State {
	st := vendor.State{
		AdminPassword: v.Web.AdminPassword, UserPassword: v.Web.UserPassword,
		ProvisioningURL: v.Provisioning.URL, PollMinutes: v.Provisioning.PollMinutes,
		NTP: []string{v.Time.NTP1, v.Time.NTP2}, Language: v.Language.Value, TimeZone: v.TimeZone.Value, Tone: v.Tone.Value,
		LLDP:    v.Network.LLDP,
		WANVLAN: vlan(v.Network.WANVLAN), PCVLAN: vlan(v.Network.PCVLAN),
		DirectoryURL: v.Directory.URL, FirmwareURL: v.Update.URL,
	}
	for _, f := range v.Files {
		switch f.Kind {
		case "ringtone":
			st.Ringtones = append(st.Ringtones, f.URL)
		case "background":
			st.Background = f.URL
		}
	}
	if s.model.DECT() {
		st.Handsets, st.HandsetLanguage, st.System = s.handsets(v), handsetLanguage(v), system(v)
	}
	if v.TimeZone.Value == v.TimeZone.Name {
		st.TimeZone = ""
	}
	for _, c := range v.Codecs {
		st.Codecs = append(st.Codecs, c.Value)
	}
	if !s.has("spare codecs") {
		for _, c := range v.SpareCodecs {
			st.Codecs = append(st.Codecs, c.Value)
		}
	}
	for _, a := range v.Accounts {
		st.Accounts = append(st.Accounts, vendor.Account{
			Index: a.Index, Label: a.Label, DisplayName: a.DisplayName, User: a.User, AuthName: a.AuthName, Password: a.Password,
			Server: a.Server, Port: a.Port, Transport: a.Transport.Name, OutboundProxy: a.OutboundHost, OutboundPort: a.OutboundPort,
			Expires: a.Expires, SRTP: a.SRTP, Voicemail: a.Voicemail,
		})
	}
	for i := range st.Accounts {
		a, first := &st.Accounts[i], st.Accounts[0]
		if !s.has("account transport") {
			a.Transport = first.Transport
		}
		if !s.has("account server") {
			a.Server, a.Port, a.OutboundProxy, a.OutboundPort = first.Server, first.Port, first.OutboundProxy, first.OutboundPort
			a.Voicemail = first.Voicemail
		}
		if a.OutboundProxy != "" && !s.has("proxied port") {
			a.Port = 0
		}
	}
	for _, k := range v.Keys {
		if k.Kind == "none" || k.Kind == "url" && !s.has("url key") || k.Kind == "dtmf" && !s.has("dtmf key") || k.Kind == "park" && !s.has("park key") ||
			k.Kind == "line" && k.Module > 0 && !s.has("line key on a module") {
			continue
		}
		key := vendor.Key{Module: k.Module, Slot: k.Slot, Kind: k.Kind, Account: k.Account, Value: k.Value, Label: k.Label}
		if k.Kind == "url" || k.Kind == "dtmf" {
			key.Account = 0
		}
		st.Keys = append(st.Keys, key)
	}
	return st
}

func vlan(v template.VLAN) vendor.VLAN {
	if !v.Enabled {
		return vendor.VLAN{}
	}
	return vendor.VLAN{ID: v.ID, Priority: v.Priority}
}

// tester is a test, or a check of one.
type tester interface {
	Helper()
	Errorf(format string, args ...any)
	Fatal(args ...any)
}

// compare reports every difference but those in what the vendor lacks.
func (s *suite) compare(t tester, want, got vendor.State) {
	t.Helper()
	if strings.HasSuffix(got.FirmwareURL, "/") && strings.HasPrefix(want.FirmwareURL, got.FirmwareURL) {
		got.FirmwareURL = want.FirmwareURL // the phone adds the name itself
	}
	if want.TimeZone == "" { // the phone is told by rule
		got.TimeZone = ""
	}
	if len(want.Accounts) == 0 { // no account says which codecs it has
		want.Codecs, got.Codecs = nil, nil
	}
	s.dropSystem(&want, &got)
	if !s.has("handset place") {
		inOrder(&want)
	}
	for _, st := range []*vendor.State{&want, &got} {
		for i := range st.Accounts {
			a := &st.Accounts[i]
			drop(!s.has("account label"), &a.Label)
			drop(!s.has("voicemail"), &a.Voicemail)
			if !s.has("account outbound proxy") {
				a.OutboundProxy, a.OutboundPort = st.Accounts[0].OutboundProxy, st.Accounts[0].OutboundPort
			}
			a.SRTP = a.SRTP && s.has("srtp")
			a.Expires = (a.Expires + 59) / 60 * 60 // some vendors count in minutes
			if !s.has("expires") {
				a.Expires = 0
			}
		}
		for i := range st.Keys {
			k := &st.Keys[i]
			drop(!s.has("key label"), &k.Label)
			if !s.has("semicolon in key label") {
				k.Label = strings.ReplaceAll(k.Label, ";", ",")
			}
			if !s.has("key account") || k.Kind == "url" || k.Kind == "dtmf" {
				k.Account = 0
			}
		}
		s.dropHandsets(st)
		drop(!s.has("admin password"), &st.AdminPassword)
		drop(!s.has("user password"), &st.UserPassword)
		drop(!s.has("tone"), &st.Tone)
		drop(!s.has("language"), &st.Language)
		drop(want.DirectoryURL == "" || !s.has("directory"), &st.DirectoryURL)
		drop(!s.has("firmware"), &st.FirmwareURL)
		drop(!s.has("background"), &st.Background)
		drop(!s.has("own address"), &st.ProvisioningURL)
		if !s.has("codec order") && len(st.Codecs) > 0 {
			slices.Sort(st.Codecs[1:])
		}
		if !s.has("ringtones") {
			st.Ringtones = nil
		}
		st.Clock = nil // see clocks
		if !s.has("poll") {
			st.PollMinutes = 0
		}
		if !s.has("ntp2") {
			st.NTP = st.NTP[:min(1, len(st.NTP))]
		}
		st.LLDP = st.LLDP && s.has("lldp")
		if !s.has("pc vlan") {
			st.PCVLAN = vendor.VLAN{}
		}
		for _, v := range []*vendor.VLAN{&st.WANVLAN, &st.PCVLAN} {
			if !s.has("vlan priority") {
				v.Priority = 0
			}
			if !s.has("vlan") {
				*v = vendor.VLAN{}
			}
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("what the phone reads is not what was asked for (-asked +read):\n%s", diff)
	}
}

func drop(yes bool, s *string) {
	if yes {
		*s = ""
	}
}

// boots drives a phone from the shared address through an enrolment window to its
// full configuration, and again from its own address.
func (s *suite) boots(t *testing.T) {
	v := s.sample()
	shared, own := "http://prov.example.net/", "http://prov.example.net/p/aaaaaaaaaaaaaaaabbbbbbbbbbbbbbbb/"
	v.Provisioning.SharedURL = shared
	v.Provisioning.SetURL(own)
	if v.Directory.URL != "" {
		v.Directory.URL = own + v.Directory.Name
	}
	served := make(map[string][]byte)
	add := func(base string, level template.Level, once bool) {
		files, err := s.render(v, level)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			url := strings.ToLower(base + f.name)
			if _, ok := served[url]; !ok || !once {
				served[url] = f.body
			}
		}
	}
	add(shared, template.Enrol, false)
	add(shared, template.Bootstrap, true)
	add(own, template.Full, false)
	add(own, template.Bootstrap, true)
	starts := []string{shared, own}
	if !s.has("own address") {
		starts = starts[1:] // somebody brings the phone's own files to where it looks
	}
	for _, start := range starts {
		base, err := url.Parse(start)
		if err != nil {
			t.Fatal(err)
		}
		requests := 0
		config, err := s.pack.Boot(vendor.Unit{MAC: Address(s.pack), Model: s.model.Name}, func(name string) (int, []byte, error) {
			if requests++; requests > 50 {
				return 0, nil, fmt.Errorf("the phone asks without end: %s", name)
			}
			ref, err := url.Parse(name)
			if err != nil {
				return 0, nil, err
			}
			if body, ok := served[strings.ToLower(base.ResolveReference(ref).String())]; ok {
				return 200, body, nil
			}
			return 404, nil, nil
		})
		if err != nil {
			t.Errorf("boot from %s: %v", start, err)
			continue
		}
		s.compare(t, s.expect(v), s.pack.Understand(config))
	}
	if _, err := s.pack.Boot(vendor.Unit{MAC: Address(s.pack), Model: s.model.Name}, func(string) (int, []byte, error) { return 404, nil, nil }); err == nil {
		t.Error("a phone that finds no file at all boots without an error")
	}
	ua := s.pack.HTTPUserAgent(vendor.Unit{MAC: Address(s.pack), Model: s.model.Name})
	if id, ok := s.pack.UserAgent(ua); !ok || id.Model != s.model.Name || !id.MAC.IsZero() && id.MAC != Address(s.pack) {
		t.Errorf("User-Agent %q is understood as %+v, %v; want model %s", ua, id, ok, s.model.Name)
	}
}

var (
	subscription = regexp.MustCompile(`(?s)\ASUBSCRIBE sip:\S+ SIP/2\.0\n.*\nEvent: ua-profile;profile-type="device";vendor="[^"]+";model="[^"]+";version="[^"]+"\n.*\n\n\z`)
	subscriber   = regexp.MustCompile(`\ASUBSCRIBE sip:MAC(?:%3[aA]|[:=])?([0-9A-Fa-f]{12})@`)
	agentLine    = regexp.MustCompile(`\nUser-Agent: (.*)\n`)
)

// discovered checks that what a phone says of itself by SIP is understood too. A
// dialect may keep the model or the vendor to itself, the first may not. A pack whose
// phones do not ask by multicast has none.
func (s *suite) discovered(t *testing.T) {
	names := make(map[string]bool)
	for i, d := range s.pack.Discovery(vendor.Unit{MAC: Address(s.pack), Model: s.model.Name}) {
		if names[d.Dialect] || d.Dialect == "" || d.Port < 1024 || d.Port > 0xffff {
			t.Errorf("dialect %d has the name %q and the port %d", i, d.Dialect, d.Port)
		}
		names[d.Dialect] = true
		if !subscription.MatchString(d.Subscribe) {
			t.Errorf("dialect %s is no SUBSCRIBE for a profile:\n%s", d.Dialect, d.Subscribe)
		}
		if user := subscriber.FindStringSubmatch(d.Subscribe); user == nil || !strings.EqualFold(user[1], Address(s.pack).String()) {
			t.Errorf("dialect %s does not name the phone:\n%s", d.Dialect, d.Subscribe)
		}
		agent := agentLine.FindStringSubmatch(d.Subscribe)
		if agent == nil {
			if i == 0 {
				t.Errorf("dialect %s has no User-Agent", d.Dialect)
			}
			continue
		}
		if id, ok := s.pack.UserAgent(agent[1]); !ok || id.Model != s.model.Name || !strings.Contains(d.Subscribe, `;version="`+id.Version+`"`) {
			t.Errorf("dialect %s: SIP User-Agent %q is understood as %+v, %v; want model %s and the version of the Event", d.Dialect, agent[1], id, ok, s.model.Name)
		}
	}
	if s.pack.CommandsOf(s.model.Name).Reprovision == "" {
		t.Error("the model has no command to fetch again")
	}
}

func (s *suite) golden(t *testing.T, folder string, v *template.View) {
	dir := filepath.Join("testdata", "golden", strings.TrimSuffix(s.tmpl.Filename, ".xml"), folder)
	levels := template.Levels
	if folder != s.model.Name {
		levels = []template.Level{template.Full} // the others do not know the members
	}
	var names []string
	for _, level := range levels {
		files, err := s.render(v, level)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range files {
			name := level.String() + "." + f.name
			names = append(names, name)
			path := filepath.Join(dir, name)
			if *update {
				if err := os.MkdirAll(dir, 0o755); err != nil {
					t.Fatal(err)
				}
				if err := os.WriteFile(path, f.body, 0o644); err != nil {
					t.Fatal(err)
				}
			}
			want, err := os.ReadFile(path)
			if err != nil {
				t.Fatalf("%v; run the test with -update once and review the file", err)
			}
			if diff := cmp.Diff(string(want), string(f.body)); diff != "" {
				t.Errorf("%s (-golden +rendered):\n%s", path, diff)
			}
		}
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		if !slices.Contains(names, e.Name()) {
			t.Errorf("%s is not rendered any more; delete it", filepath.Join(dir, e.Name()))
		}
	}
}

// carriesAnyValue puts hostile text into one field after another. What the API
// would let in comes back exactly, and nothing else in the files changes.
func (s *suite) carriesAnyValue(t *testing.T) {
	names := func(c *vendor.Config) []string {
		var all []string
		for _, set := range c.Settings() {
			all = append(all, set.Name)
		}
		return all
	}
	files, err := s.render(s.sample(), template.Full)
	if err != nil {
		t.Fatal(err)
	}
	config, err := s.read(files)
	if err != nil {
		t.Fatal(err)
	}
	before := names(config)
	fields := map[string]func(*template.View) *string{
		"admin password": func(v *template.View) *string { return &v.Web.AdminPassword },
	}
	if len(s.sample().Accounts) > 0 {
		fields["display name"] = func(v *template.View) *string { return &v.Accounts[0].DisplayName }
		fields["auth name"] = func(v *template.View) *string { return &v.Accounts[0].AuthName }
		fields["password"] = func(v *template.View) *string { return &v.Accounts[0].Password }
		fields["last account label"] = func(v *template.View) *string { return &v.Accounts[len(v.Accounts)-1].Label }
	}
	for i, k := range s.sample().Keys {
		if k.Kind == "speed_dial" || k.Kind == "blf" {
			fields["label of key "+fmt.Sprint(i+1)] = func(v *template.View) *string { return &v.Keys[i].Label }
			if len(fields) > 9 {
				break
			}
		}
	}
	if len(s.sample().Handsets) > 0 {
		fields["handset name"] = func(v *template.View) *string { return &v.Handsets[0].DisplayName }
	}
	order := make([]string, 0, len(fields))
	for name := range fields {
		order = append(order, name)
	}
	slices.Sort(order)
	rapid.Check(t, func(rt *rapid.T) {
		field := rapid.SampledFrom(order).Draw(rt, "field")
		value := Value().Draw(rt, "value")
		if s.pack.Refuse(value) != "" {
			return
		}
		v := s.sample()
		*fields[field](v) = value
		files, err := s.render(v, template.Full)
		if !Acceptable(value) {
			// The API refuses it. Should it come this far all the same, the
			// template refuses it or carries it exactly; blanks at the ends, which
			// grammars drop, are the one exception.
			if err != nil || strings.TrimSpace(value) != value || value == "" {
				return
			}
		}
		if err != nil {
			rt.Fatalf("%s = %q: %v", field, value, err)
		}
		config, err := s.read(files)
		if err != nil {
			rt.Fatalf("%s = %q: %v", field, value, err)
		}
		s.compare(failer{rt}, s.expect(v), s.pack.Understand(config))
		if diff := cmp.Diff(before, names(config)); diff != "" {
			rt.Fatalf("%s = %q changes other parameters:\n%s", field, value, diff)
		}
	})
}

type failer struct{ *rapid.T }

func (f failer) Errorf(format string, args ...any) { f.Fatalf(format, args...) }

// Value draws text that tries to break out of a configuration file.
func Value() *rapid.Generator[string] {
	hostile := []string{
		`"`, `'`, `<`, `>`, `&`, `&amp;`, `]]>`, `<!--`, `-->`, "\r", "\n", "\r\n", "\t", "\x00", "{{", "}}", "{{.web.admin_password}}", "%%", "%NULL%",
		"\u202e", "\u200f", "\u2028", "\xff\xfe", "=", ":", ";", "#", "//", `\`, "$(reboot)", "`id`", "|", ",", "@", " ", "é", "电话", "😀", "]", "[", "</settings>", "<<END OF FILE>>",
		"\" perm=\"RW", "account.1.password = x", strings.Repeat("x", 1024),
	}
	return rapid.Custom(func(t *rapid.T) string {
		parts := rapid.SliceOfN(rapid.OneOf(rapid.SampledFrom(hostile), rapid.StringN(0, 12, 40)), 0, 5).Draw(t, "parts")
		return strings.Join(parts, "")
	})
}

// Acceptable says whether the API lets a text into a configuration at all: valid
// UTF-8 without control, bidirectional or line-breaking characters, and without
// blanks at its ends.
func Acceptable(s string) bool {
	if s == "" || strings.ToValidUTF8(s, "") != s || strings.TrimSpace(s) != s {
		return false
	}
	for _, r := range s {
		if unicode.IsControl(r) || unicode.In(r, unicode.Bidi_Control, unicode.Zl, unicode.Zp) || r == unicode.ReplacementChar || r&0xfffe == 0xfffe || r == '\ufeff' {
			return false
		}
	}
	return true
}
