package template

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
)

// FuzzParse wants that no template makes Parse or a rendering panic, that every
// error has a place in the file, and that what compiles as xml renders as
// well-formed XML.
func FuzzParse(f *testing.F) {
	f.Add(small)
	f.Add(benchPage(f))
	for _, body := range []string{
		"{{range $i, $a := .accounts}}{{with $x := .transport}}a={{$x.value}}{{else}}{{break}}{{end}}\n{{end}}",
		"{{define \"x\"}}{{.index}}{{end}}{{$n := 0}}{{range .keys}}{{template \"x\" .}}{{$n = add $n 1}}{{end}}",
		"{{if and .tone (or .language .mac)}}a={{join \",\" .codecs | replace \"a\" \"b\" | upper}}{{else if lt 1 2}}{{end}}",
	} {
		f.Add(pageWith("line", "full", body))
	}
	f.Add(pageWith("xml", "full", `<?xml version="1.0"?><a b="{{.mac}}">{{range .keys}}<k{{.index}}>{{.label}}</k{{.index}}>{{end}}<![CDATA[ ]]]]>&gt;<![CDATA[</a>`))
	f.Add(pageWith("json", "full", `{"a": [{{range $i, $k := .keys}}{{if $i}},{{end}}"{{.label}}"{{end}}]}`))
	f.Add(pageWith("line", "bootstrap", "a={{.provisioning.shared_url}}"))
	f.Fuzz(tryTemplate)
}

// FuzzBody is FuzzParse for what stands in a body.
func FuzzBody(f *testing.F) {
	formats := []string{"line", "xml", "json"}
	levels := []string{"full", "enrol", "bootstrap"}
	f.Add("{{range $i, $a := .accounts}}{{with $x := .transport}}a={{$x.value}}{{else}}{{break}}{{end}}\n{{end}}", 0, 0)
	f.Add("{{define \"x\"}}{{.index}}{{end}}{{$n := 0}}{{range .keys}}{{template \"x\" .}}{{$n = add $n 1}}{{continue}}{{end}}{{/* c */ -}}", 0, 0)
	f.Add("{{if and .tone (or .language .mac)}}a={{join \",\" .codecs | replace \"a\" \"b\" | upper}}{{else if lt 1 2}}{{end}}", 0, 0)
	f.Add("{{block \"x\" index .accounts 0}}a={{$.transport.value}}{{pad 3 .port}}{{end}}\n{{if true}}x=1{{end}}", 0, 0)
	f.Add("<?xml version=\"1.0\"?><!-- c --><a b=\"{{.mac}}\" c='{{.time.zone}}'>{{range .keys}}<k{{.index}} x{{.slot}}=\"1\">{{.label}}&amp;</k{{.index}}>{{end}}<b/></a>", 1, 0)
	f.Add("{\"a\": [{{range $i, $k := .keys}}{{if $i}},{{end}}\"\\u00e9{{.label}}\", {{.index}}, {{.tls}}{{end}}]}", 2, 0)
	f.Add("a={{.provisioning.shared_url}}{{.provisioning.url}}{{colons .mac}}", 0, 1)
	f.Add("a={{.provisioning.shared_url}}", 0, 2)
	f.Fuzz(func(t *testing.T, body string, format, level int) {
		body = strings.ReplaceAll(body, "]]>", "]]>]]&gt;<![CDATA[")
		tryTemplate(t, pageWith(formats[uint(format)%3], levels[uint(level)%3], body))
	})
}

func tryTemplate(t *testing.T, src string) {
	tmpl, err := Parse("fuzz.xml", []byte(src), nil, nil)
	if err != nil {
		var e *Error
		if !errors.As(err, &e) || e.File != "fuzz.xml" || e.Line < 1 && len(src) <= maxSource {
			t.Errorf("an error without a place: %v", err)
		}
		return
	}
	for i := range min(3, len(tmpl.Models)) {
		m := &tmpl.Models[i]
		v := Sample(tmpl, m)
		for _, level := range []Level{Bootstrap, Enrol, Full} {
			for _, file := range tmpl.Files(m, level) {
				tryFile(t, file, m, v)
			}
		}
	}
}

func tryFile(t *testing.T, f *File, m *Model, v *View) {
	if name := f.Name(m, v.MAC); !f.Match(m, name) {
		t.Errorf("%s does not match itself", name)
	}
	out, err := f.Append(nil, v)
	origins, explained, err2 := f.Explain(v)
	if (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(out, explained) {
		t.Fatalf("Append gives %q, %v; Explain %q, %v", out, err, explained, err2)
	}
	if err != nil {
		return
	}
	if n := len(bytes.SplitAfter(out, []byte("\n"))); len(origins) != n && len(origins) != n-1 {
		t.Errorf("%d lines with %d origins", n, len(origins))
	}
	for _, o := range origins {
		if o.Line < 1 || o.File != "fuzz.xml" {
			t.Errorf("origin %+v of %q", o, out)
		}
	}
	if f.Escape == "xml" {
		wellFormed(t, out)
	}
	if f.Level != Full {
		// A file of a lower level says nothing of what it may not use.
		other := Sample(&Template{}, &Model{Name: m.Name, DisplayName: m.DisplayName, Accounts: m.Accounts, LineKeys: m.LineKeys, Modules: m.Modules, ModuleKeys: m.ModuleKeys, Vars: m.Vars})
		other.Provisioning = v.Provisioning
		other.MAC, other.Accounts, other.Keys = v.MAC, nil, nil
		if f.Level == Bootstrap {
			other.MAC = "00a859ffffff"
			other.Provisioning = Provisioning{SharedURL: v.Provisioning.SharedURL}
		}
		if again, err := f.Append(nil, other); err != nil || !bytes.Equal(again, out) {
			t.Errorf("a file of level %s tells phones apart: %q, %q, %v", f.Level, out, again, err)
		}
	}
}

func wellFormed(t *testing.T, out []byte) {
	t.Helper()
	d := xml.NewDecoder(bytes.NewReader(out))
	d.Entity = nil
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			t.Fatalf("%v in %q", err, out)
		}
		_ = token
	}
}

// FuzzReadXML compares our reader with encoding/xml: what ours takes, the other
// takes as well, with the same elements, attributes and text.
func FuzzReadXML(f *testing.F) {
	f.Add(small)
	f.Add("<?xml version='1.0'?><!-- a --><a b='c&lt;' d = \"\n\"> x<b/><![CDATA[<]]>&#10;\r\n</a >")
	f.Fuzz(func(t *testing.T, src string) {
		root, err := readXML(newSource("fuzz.xml", src))
		if err != nil {
			return
		}
		var ours strings.Builder
		write(&ours, root)
		var theirs strings.Builder
		d := xml.NewDecoder(strings.NewReader(strings.TrimPrefix(src, "\ufeff")))
		var texts []string
		for {
			token, err := d.RawToken()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("we take what encoding/xml refuses: %v\n%q", err, src)
			}
			switch token := token.(type) {
			case xml.StartElement:
				theirs.WriteString("<" + full(token.Name))
				for _, a := range token.Attr {
					theirs.WriteString(" " + full(a.Name) + "=" + strings.NewReplacer("\n", " ", "\t", " ").Replace(a.Value))
				}
				theirs.WriteString(">")
				texts = append(texts, "")
			case xml.CharData:
				if len(texts) > 0 {
					texts[len(texts)-1] += string(token)
				}
			case xml.EndElement:
				theirs.WriteString(texts[len(texts)-1] + "</>")
				texts = texts[:len(texts)-1]
			}
		}
		normal := strings.NewReplacer("\n", " ", "\t", " ", "\r", " ")
		if diff := cmp.Diff(normal.Replace(theirs.String()), normal.Replace(ours.String())); diff != "" {
			t.Fatalf("%q: %s", src, diff)
		}
	})
}

func full(n xml.Name) string {
	if n.Space != "" {
		return n.Space + ":" + n.Local
	}
	return n.Local
}

func write(b *strings.Builder, e *element) {
	b.WriteString("<" + e.name)
	for _, a := range e.attrs {
		b.WriteString(" " + a.name + "=" + a.value)
	}
	b.WriteString(">")
	for _, c := range e.children {
		write(b, c)
	}
	b.WriteString(e.text.text + "</>")
}

// FuzzRender puts two values into files of every format, in every place that
// takes text, and reads them back.
func FuzzRender(f *testing.F) {
	formats := map[string]*File{}
	for escape, body := range map[string]string{
		"line": "a = {{.web.user_password}}\nb = {{.web.admin_password}}",
		"xml":  `<x a="{{.web.user_password}}" b='{{.web.admin_password}}'>{{.web.user_password}}<y/>{{.web.admin_password}}</x>`,
		"json": `["{{.web.user_password}}", "{{.web.admin_password}}"]`,
	} {
		_, formats[escape] = compile(f, escape, body)
	}
	f.Add("", "")
	f.Add(`a"b'c<d>&e`, "]]>\\{{}}")
	f.Add("\u202e\u2028", "a\r\nb\xff")
	f.Fuzz(func(t *testing.T, a, b string) {
		v := &View{Web: Web{UserPassword: a, AdminPassword: b}}
		var x struct {
			A    string `xml:"a,attr"`
			B    string `xml:"b,attr"`
			Text string `xml:",chardata"`
		}
		bad := unprintable(a) || unprintable(b)
		for escape, file := range formats {
			out, err := file.Append(nil, v)
			if refuse := bad && escape != "json" || !utf8.ValidString(a+"\x00"+b); refuse != (err != nil) {
				t.Fatalf("%s: refuse %v, error %v", escape, refuse, err)
			}
			if err != nil {
				if len(out) > 0 {
					t.Fatalf("%s: %q and an error", escape, out)
				}
				continue
			}
			switch escape {
			case "line":
				if string(out) != "a = "+a+"\nb = "+b {
					t.Fatalf("%q", out)
				}
			case "xml":
				if err := xml.Unmarshal(out, &x); err != nil || x.A != a || x.B != b || x.Text != a+b {
					t.Fatalf("%q, %v", out, err)
				}
			case "json":
				wantJSON(t, out, a, b)
			}
		}
	})
}

func wantJSON(t *testing.T, out []byte, want ...string) {
	t.Helper()
	var got []string
	err := json.Unmarshal(out, &got)
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Fatalf("%q, %v", out, err)
	}
}
