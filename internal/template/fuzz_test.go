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
	f.Fuzz(func(t *testing.T, src string) {
		tmpl, err := Parse("fuzz.xml", []byte(src), nil, nil)
		if err != nil {
			for line := range strings.SplitSeq(err.Error(), "\n") {
				if !strings.HasPrefix(line, "fuzz.xml:") {
					t.Errorf("an error without a place: %q", line)
				}
			}
			return
		}
		for i := range tmpl.Models {
			m := &tmpl.Models[i]
			v := Sample(tmpl, m)
			for _, level := range []Level{Bootstrap, Enrol, Full} {
				for _, file := range tmpl.Files(m, level) {
					if name := file.Name(m, v.MAC); !file.Match(m, name) {
						t.Errorf("%s does not match itself", name)
					}
					out, err := file.Append(nil, v)
					origins, explained, err2 := file.Explain(v)
					if (err == nil) != (err2 == nil) || err == nil && !bytes.Equal(out, explained) {
						t.Fatalf("Append gives %q, %v; Explain %q, %v", out, err, explained, err2)
					}
					if n := len(bytes.SplitAfter(out, []byte("\n"))); err == nil && len(origins) != n && len(origins) != n-1 {
						t.Errorf("%d lines with %d origins", n, len(origins))
					}
					for _, o := range origins {
						if o.Line < 1 || o.File != "fuzz.xml" {
							t.Errorf("origin %+v of %q", o, out)
						}
					}
					if err == nil && file.Escape == "xml" {
						wellFormed(t, out)
					}
				}
			}
			if i == 3 {
				return
			}
		}
	})
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
