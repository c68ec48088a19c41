package template

import (
	"bytes"
	"os"
	"regexp"
	"strings"
	"testing"
	gotemplate "text/template"
)

// benchPage is a template of a phone with 16 accounts and 27 keys.
func benchPage(t testing.TB) string {
	t.Helper()
	body, err := os.ReadFile("testdata/bench.body")
	if err != nil {
		t.Fatal(err)
	}
	return strings.NewReplacer(
		`accounts="2" line_keys="3" modules="1" module_keys="2"`, `accounts="16" line_keys="27"`,
	).Replace(pageWith("line", "full", string(body)))
}

func BenchmarkAppend(b *testing.B) {
	tmpl, err := Parse("bench.xml", []byte(benchPage(b)), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	f, v := tmpl.files[0], sampleOf(b, tmpl)
	out, err := f.Append(nil, v)
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(int64(len(out)))
	b.ReportAllocs()
	for b.Loop() {
		if out, err = f.Append(out[:0], v); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkParse(b *testing.B) {
	src := []byte(benchPage(b))
	b.SetBytes(int64(len(src)))
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("bench.xml", src, nil, nil); err != nil {
			b.Fatal(err)
		}
	}
}

var action = regexp.MustCompile(`\{\{[^}]*\}\}`)

// goBody spells the names of a body as text/template finds them in a View.
func goBody(body string) string {
	fields := strings.NewReplacer(
		".accounts", ".Accounts", ".keys", ".Keys", ".codecs", ".Codecs", ".index", ".Index", ".label", ".Label",
		".display_name", ".DisplayName", ".user", ".User", ".auth_name", ".AuthName", ".password", ".Password",
		".server", ".Server", ".port", ".Port", ".outbound_host", ".OutboundHost", ".outbound_port", ".OutboundPort",
		".outbound", ".Outbound", ".transport", ".Transport", ".value", ".Value", ".expires", ".Expires",
		".srtp", ".SRTP", ".voicemail", ".Voicemail", ".kind", ".Kind", ".account", ".Account", ".slot", ".Slot",
		".pickup", ".Pickup", ".language", ".Language", ".time", ".Time", ".zone", ".Zone", ".ntp1", ".NTP1", ".ntp2", ".NTP2",
		".network", ".Network", ".lldp", ".LLDP", ".wan_vlan", ".WANVLAN", ".enabled", ".Enabled", ".id", ".ID", ".priority", ".Priority",
		".provisioning", ".Provisioning", ".url", ".URL", ".web", ".Web", ".admin_password", ".AdminPassword",
	)
	return action.ReplaceAllStringFunc(body, fields.Replace)
}

func BenchmarkTextTemplate(b *testing.B) {
	body, err := os.ReadFile("testdata/bench.body")
	if err != nil {
		b.Fatal(err)
	}
	g, err := gotemplate.New("").Parse(goBody(string(body)))
	if err != nil {
		b.Fatal(err)
	}
	tmpl, err := Parse("bench.xml", []byte(benchPage(b)), nil, nil)
	if err != nil {
		b.Fatal(err)
	}
	v := sampleOf(b, tmpl)
	var out bytes.Buffer
	b.ReportAllocs()
	for b.Loop() {
		out.Reset()
		if err := g.Execute(&out, v); err != nil {
			b.Fatal(err)
		}
	}
	b.SetBytes(int64(out.Len()))
}

// TestTextTemplateAgrees renders the same body with text/template.
func TestTextTemplateAgrees(t *testing.T) {
	t.Parallel()
	tmpl, err := Parse("bench.xml", []byte(benchPage(t)), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := sampleOf(t, tmpl)
	ours, err := tmpl.files[0].Append(nil, v)
	if err != nil {
		t.Fatal(err)
	}
	body, _ := os.ReadFile("testdata/bench.body")
	g, err := gotemplate.New("").Parse(goBody(string(body)))
	if err != nil {
		t.Fatal(err)
	}
	var theirs bytes.Buffer
	if err := g.Execute(&theirs, v); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(ours, theirs.Bytes()) {
		t.Errorf("ours:\n%s\ntheirs:\n%s", ours, &theirs)
	}
}
