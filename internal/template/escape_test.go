package template

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"
)

// everything is a body that writes every text of a View, one per line, with
// write for how the format has it.
func everything(write func(name, slot string) string) string {
	var b strings.Builder
	var fields func(t *typ, path, name string)
	fields = func(t *typ, path, name string) {
		for _, f := range t.fields {
			at, as := path+"."+f.name, name+"."+f.name
			switch f.typ.kind {
			case text:
				b.WriteString(write(as, "{{"+at+"}}"))
			case object:
				fields(f.typ, at, as)
			case list:
				b.WriteString("{{range " + at + "}}")
				fields(f.typ.elem, "", as)
				b.WriteString("{{end}}")
			case textMap:
				key := "code"
				if f.name == "item" {
					key = "offset"
				}
				if f.typ.items == "" || f.typ.items == "time_zones" {
					b.WriteString(write(as+"."+key, "{{"+at+"."+key+"}}"))
				}
			}
		}
	}
	fields(viewType, "", "")
	return b.String()
}

// setTexts sets every text of v to what draw returns and lists them in the order
// of everything.
func setTexts(v reflect.Value, name string, draw func() string, add func(name, value string)) {
	t := v.Type()
	for i := range t.NumField() {
		tag, _, _ := strings.Cut(t.Field(i).Tag.Get("view"), ",")
		f, as := v.Field(i), name+"."+tag
		switch f.Kind() {
		case reflect.String:
			f.SetString(draw())
			add(as, f.String())
		case reflect.Struct:
			setTexts(f, as, draw, add)
		case reflect.Slice:
			for j := range f.Len() {
				setTexts(f.Index(j), as, draw, add)
			}
		case reflect.Map:
			m := map[string]string{}
			f.Set(reflect.ValueOf(m))
			if tag == "var" {
				m["code"] = draw()
				add(as+".code", m["code"])
			}
			if name == ".time_zone" {
				m["offset"] = draw()
				add(as+".offset", m["offset"])
			}
		}
	}
}

// nasty draws text of the kind that breaks files.
func nasty() *rapid.Generator[string] {
	piece := rapid.OneOf(
		rapid.SampledFrom([]string{
			"", `"`, "'", "<", ">", "&", "]]>", "<![CDATA[", "-->", "<!--", "?>", "&amp;", "&#10;", "{{", "}}", "{{.mac}}",
			"\\", `\n`, `\u0041`, "=", "#", ";", "//", " ", "\u202e", "\u200f", "\u00a0", "\ufeff", "ä", "漢", "😀",
			"account.1.password = x", "</settings>", `" onload="`, strings.Repeat("x", 1024),
		}),
		rapid.StringOf(rapid.Rune().Filter(func(c rune) bool { return !unprintable(string(c)) })),
	)
	return rapid.Custom(func(t *rapid.T) string {
		return strings.Join(rapid.SliceOfN(piece, 0, 4).Draw(t, "pieces"), "")
	})
}

// worse draws text that some format cannot carry.
func worse() *rapid.Generator[string] {
	return rapid.SampledFrom([]string{
		"\n", "\r", "\r\n", "\t", "\x00", "\x1b", "\x7f", "\u0085", "\u2028", "\u2029", "\ufffe", "\uffff", "\xff", "\xed\xa0\x80", "\xc0\x80", "a\xc3",
	})
}

// TestEscapeKeepsEveryValue renders random values in every text of the View and
// reads them back with a parser that is not ours.
func TestEscapeKeepsEveryValue(t *testing.T) {
	t.Parallel()
	type pair = [2]string
	formats := []struct {
		escape string
		body   string
		read   func(out []byte) ([]pair, error)
		// refuses reports whether the format cannot carry the value.
		refuses func(s string) bool
	}{
		{
			escape: "line",
			body:   everything(func(name, slot string) string { return name + " = " + slot + "\n" }),
			read: func(out []byte) (pairs []pair, err error) {
				for line := range strings.SplitSeq(strings.TrimSuffix(string(out), "\n"), "\n") {
					name, value, ok := strings.Cut(line, " = ")
					if !ok {
						return nil, fmt.Errorf("line %q", line)
					}
					pairs = append(pairs, pair{name, value})
				}
				return pairs, nil
			},
			refuses: unprintable,
		},
		{
			escape: "xml",
			body: "<all>\n" + everything(func(name, slot string) string {
				return `<v n="` + name + `" v="` + slot + `" w='` + slot + `'>` + slot + "</v>\n"
			}) + "</all>\n",
			read: func(out []byte) (pairs []pair, err error) {
				d := xml.NewDecoder(bytes.NewReader(out))
				d.Strict = true
				var all struct {
					V []struct {
						N    string `xml:"n,attr"`
						V    string `xml:"v,attr"`
						W    string `xml:"w,attr"`
						Text string `xml:",chardata"`
					} `xml:"v"`
				}
				if err := d.Decode(&all); err != nil {
					return nil, err
				}
				for _, v := range all.V {
					if v.V != v.Text || v.W != v.Text {
						return nil, fmt.Errorf("%s is %q in an attribute and %q in text", v.N, v.V, v.Text)
					}
					pairs = append(pairs, pair{v.N, v.Text})
				}
				return pairs, nil
			},
			refuses: unprintable,
		},
		{
			escape: "json",
			body: "[" + everything(func(name, slot string) string {
				return `["` + name + `", "` + slot + "\"],\n"
			}) + `["",""]]`,
			read: func(out []byte) (pairs []pair, err error) {
				if err := json.Unmarshal(out, &pairs); err != nil {
					return nil, err
				}
				return pairs[:len(pairs)-1], nil
			},
			refuses: func(s string) bool { return !utf8.ValidString(s) },
		},
	}
	for _, format := range formats {
		t.Run(format.escape, func(t *testing.T) {
			t.Parallel()
			tmpl, f := compileAt(t, "directory", format.escape, format.body)
			rendered := 0
			defer func() {
				if rendered < 20 {
					t.Errorf("only %d files were rendered", rendered)
				}
			}()
			rapid.Check(t, func(t *rapid.T) {
				v := Sample(tmpl, &tmpl.Models[0])
				values := nasty()
				var want []pair
				refused := false
				spoil := -1
				if rapid.Bool().Draw(t, "spoil") {
					spoil = rapid.IntRange(0, 60).Draw(t, "which")
				}
				draw := func() string {
					s := values.Draw(t, "value")
					if len(want) == spoil {
						s += worse().Draw(t, "worse")
					}
					return s
				}
				setTexts(reflect.ValueOf(v).Elem(), "", draw, func(name, value string) {
					want = append(want, pair{name, value})
					refused = refused || format.refuses(value)
				})
				out, err := f.Append([]byte("kept"), v)
				if refused {
					if err == nil {
						t.Fatalf("a value that cannot be carried came out as %q", out)
					}
					if string(out) != "kept" {
						t.Fatalf("on an error Append left %q", out)
					}
					return
				}
				if err != nil {
					t.Fatal(err)
				}
				rendered++
				got, err := format.read(out[len("kept"):])
				if err != nil {
					t.Fatalf("%v in\n%s", err, out)
				}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Fatal(diff)
				}
			})
		})
	}
}

// unprintable is written apart from vetLine, from what the manual promises.
func unprintable(s string) bool {
	for _, c := range s {
		if c < ' ' || c >= 0x7f && c < 0xa0 || c == 0x2028 || c == 0x2029 || c == 0xfffe || c == 0xffff {
			return true
		}
	}
	return !utf8.ValidString(s)
}

func TestRefusedValues(t *testing.T) {
	t.Parallel()
	body := map[string]string{
		"line": "{{range .accounts}}p = {{.password}}\n{{end}}",
		"xml":  "<a>{{range .accounts}}<p>{{.password}}</p>{{end}}</a>",
		"json": `[{{range $i, $a := .accounts}}{{if $i}},{{end}}"{{.password}}"{{end}}]`,
	}
	tests := []struct{ value, line, json string }{
		{"a\nb", "a line break", ""},
		{"a\rb", "a line break", ""},
		{"a\u2028b", "a line break", ""},
		{"a\u0085b", "a line break", ""},
		{"a\tb", "a control character", ""},
		{"a\x00b", "a control character", ""},
		{"a\x7fb", "a control character", ""},
		{"a\u009bb", "a control character", ""},
		{"a\xffb", "bytes that are not UTF-8", "bytes that are not UTF-8"},
		{"a\ufffeb", "a character that XML does not allow", ""},
		{"a\ufffdb", "", ""},
	}
	for escape, b := range body {
		tmpl, f := compile(t, escape, b)
		for _, test := range tests {
			v := sampleOf(t, tmpl)
			v.Accounts[1].Password = test.value
			want := test.line
			if escape == "json" {
				want = test.json
			}
			_, err := f.Append(nil, v)
			if want == "" {
				if err != nil {
					t.Errorf("%s refuses %q: %v", escape, test.value, err)
				}
				continue
			}
			var e *Error
			if !errors.As(err, &e) || e.Line != 18 || e.Msg != "accounts[1].password holds "+want+", which a file of this kind cannot carry" {
				t.Errorf("%s, %q: %v", escape, test.value, err)
			}
			if err != nil && strings.Contains(err.Error(), test.value) {
				t.Errorf("the error shows the value: %v", err)
			}
			if _, _, again := f.Explain(v); again == nil || again.Error() != err.Error() {
				t.Errorf("Explain says %v, Append %v", again, err)
			}
		}
	}
}

// TestXMLFiles wants what xmlSyntax accepts to be well-formed.
func TestXMLFiles(t *testing.T) {
	t.Parallel()
	bodies := []string{
		"<a/>",
		"<?xml version=\"1.0\" encoding=\"utf-8\"?>\n<!-- x - y -->\n<a b = 'c' d=\"e\"  />\n<!-- z -->\n",
		"<a>x &amp; y &#x41;&#10;<b c='&lt;\"'/><![CDATA[ <>&]] ]]]></a>",
		"<a>]] ]&gt; ]{{.mac}}]</a>",
		"<a>{{range .accounts}}<P{{.index}} v{{.index}}=\"{{.index}}\">{{.label}}</P{{.index}}>{{end}}</a>",
		"{{if .tone}}<a>{{else}}<a>{{end}}{{if .tls}}{{end}}</a>",
	}
	for _, body := range bodies {
		body = strings.Replace(body, "{{if .tls}}{{end}}", "", 1)
		tmpl, f := compileBody(t, "xml", body)
		out, err := f.Append(nil, sampleOf(t, tmpl))
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(bytes.NewReader(out))
		for {
			if _, err := d.Token(); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Errorf("%v in %s", err, out)
				break
			}
		}
	}
}

// compileBody is compile for bodies that CDATA cannot hold.
func compileBody(t testing.TB, escape, body string) (*Template, *File) {
	t.Helper()
	return compile(t, escape, strings.ReplaceAll(body, "]]>", "]]>]]&gt;<![CDATA["))
}

func TestJSONFiles(t *testing.T) {
	t.Parallel()
	tmpl, f := compile(t, "json", `{"n": {{len .accounts}}, "b": {{.network.lldp}}, "s": "\"\\\u00e9{{.mac}}{{.time.offset}}", "l": [{{range $i, $a := .accounts}}{{if $i}}, {{end}}{"x{{.index}}": "{{.label}}"}{{end}}]}`)
	out, err := f.Append(nil, sampleOf(t, tmpl))
	want := `{"n": 2, "b": true, "s": "\"\\\u00e9001565aabbcc60", "l": [{"x1": "Reception 201"}, {"x2": "Reception 202"}]}`
	if err != nil || string(out) != want {
		t.Errorf("got %s, %v", out, err)
	}
	tmpl, f = compile(t, "json", `[{{range .accounts}}{{.index}},{{end}}]`)
	if out, err := f.Append(nil, sampleOf(t, tmpl)); err == nil || len(out) != 0 || !strings.Contains(err.Error(), "no valid JSON") {
		t.Errorf("got %s, %v", out, err)
	}
}

func TestSeparators(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ separator, body, want string }{
		{":", "a :{{.mac}}", ""},
		{":", "a ={{.mac}}", `behind the separator ":"`},
		{" = ", "a = {{.mac}}", ""},
		{" = ", "a ={{.mac}}", `behind the separator " = "`},
		{"==", "a=b==c", ""},
		{"==", "a=={{.mac}}", ""},
		{"==", "a={{len .keys}}={{.mac}}", `behind the separator "=="`},
	} {
		src := strings.Replace(pageWith("line", "full", test.body), `escape="line"`, `escape="line" separator="`+test.separator+`"`, 1)
		_, err := Parse("acme.xml", []byte(src), nil, nil)
		if test.want == "" && err != nil || test.want != "" && (err == nil || !strings.Contains(err.Error(), test.want)) {
			t.Errorf("%q in %q: %v", test.separator, test.body, err)
		}
	}
}

func TestLineEnds(t *testing.T) {
	t.Parallel()
	for ends, want := range map[string]string{"lf": "before\na=1\n\nb=2", "crlf": "before\na=1\r\n\r\nb=2"} {
		src := strings.Replace(pageWith("line", "full", "a=1\n\nb=2"), `escape="line"`, `escape="line" line_ends="`+ends+`"`, 1)
		tmpl, err := Parse("acme.xml", []byte(src), nil, nil)
		if err != nil {
			t.Fatal(err)
		}
		m := &tmpl.Models[0]
		out, err := tmpl.Files(m, Full)[0].Append([]byte("before\n"), Sample(tmpl, m))
		if err != nil || string(out) != want {
			t.Errorf("%s: %q, %v", ends, out, err)
		}
		origins, explained, err := tmpl.Files(m, Full)[0].Explain(Sample(tmpl, m))
		if err != nil || "before\n"+string(explained) != want || len(origins) != 3 {
			t.Errorf("%s: explained as %q of %d lines, %v", ends, explained, len(origins), err)
		}
	}
}
