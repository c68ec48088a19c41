package template

import (
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// TestBombs wants templates that would take forever, or all memory, refused or
// stopped soon.
func TestBombs(t *testing.T) {
	t.Parallel()
	repeat := strings.Repeat
	doubling := func(first string) string {
		var b strings.Builder
		for i := range 30 {
			n, next := strconv.Itoa(i), strconv.Itoa(i+1)
			b.WriteString(`{{define "x` + n + `"}}{{template "x` + next + `" .}}{{template "x` + next + `" .}}{{end}}`)
		}
		return b.String() + `{{define "x30"}}` + first + `{{end}}a={{template "x0" .}}`
	}
	tests := []struct{ name, escape, body, want string }{
		{"nested loops", "line", repeat("{{range seq 1 1000}}", 8) + repeat("{{end}}", 8), "too many steps"},
		{"nested loops over keys", "line", repeat("{{range $.keys}}", 15) + repeat("{{end}}", 15), "too many steps"},
		{"large output", "line", "a={{range seq 1 1000}}{{range seq 1 1000}}" + repeat("x", 100) + "{{end}}{{end}}", "larger than 1 MiB"},
		{"large seq", "line", "a={{range seq 1 1001}}{{end}}", "seq makes more than 1000 numbers"},
		{"large seq of extremes", "line", "a={{range seq -9223372036854775808 9223372036854775807}}{{end}}", "seq makes more"},
		{"doubling variable", "line", "{{$x := \"ab\"}}{{range seq 1 100}}{{$x = replace \"a\" \"aa\" $x}}{{$x = replace \"b\" $x $x}}{{end}}a={{$x}}", "longer than 64 KiB"},
		{"join of a long separator", "line", `{{$s := "x"}}{{range seq 1 15}}{{$s = replace "x" "xx" $s}}{{end}}a={{join $s (seq 1 1000)}}`, "longer than 64 KiB"},
		{"long text many times", "line", `{{$s := "x"}}{{range seq 1 15}}{{$s = replace "x" "xx" $s}}{{end}}{{range seq 1 1000}}{{range seq 1 1000}}{{if contains "y" $s}}{{end}}{{end}}{{end}}`, "too many steps"},
		{"pad", "line", "a={{pad 1000000000 1}}", "more than 64 digits"},
		{"pad below 0", "line", "a={{pad 3 -1}}", "no number below 0"},
		{"division by 0", "line", "a={{div 1 .model.modules | mod 1}}{{div 1 0}}", "a division by 0"},
		{"overflow", "line", "{{$x := 2}}{{range seq 1 100}}{{$x = mul $x $x}}{{end}}a={{$x}}", "the range of whole numbers"},
		{"overflow of extremes", "line", "a={{mul -9223372036854775808 -1}}", "the range of whole numbers"},
		{"index outside", "line", "a={{(index .accounts 5).user}}", "index 5 of a list of 2; the first is 0"},
		{"index below", "line", "a={{(index .accounts -1).user}}", "index -1 of a list of 2"},
		{"colons", "line", "a={{colons .time.zone}}", "colons takes a MAC address"},

		{"blocks that double", "line", doubling("x"), "the template grows too large"},
		{"empty blocks that double", "line", doubling(""), "the template grows too large"},
		{"blocks that double with errors", "line", doubling("{{.x}}{{if .x}}{{end}}"), ""},
		{"long blocks that double", "line", doubling(repeat("x", 100000)), "the template grows too large"},
		{"nested ifs", "line", repeat("{{if 1}}", 15000) + repeat("{{end}}", 15000), "actions are nested deeper than 200"},
		{"nested else ifs", "line", "{{if 1}}" + repeat("{{else if 1}}", 15000) + "{{end}}", "actions are nested deeper than 200"},
		{"nested parentheses", "line", "a={{" + repeat("(", 9000) + "1" + repeat(")", 9000) + "}}", "nested deeper than 200"},
		{"more nested parentheses", "line", "a={{" + repeat("(", 100000) + "1" + repeat(")", 100000) + "}}", "max expression depth exceeded"},
		{"long pipeline", "line", "a={{1" + repeat("|not", 50000) + "}}", "the pipeline is too long"},
		{"many arguments", "line", "{{if or" + repeat(" 1", 50000) + "}}{{end}}", "or does not take"},
		{"many variables", "line", repeat("{{$x:=1}}", 20000), "more than 2000 variables"},
		{"many variables at once", "line", repeat("{{$x:=1}}", 1000), "too many variables"},
		{"many actions with errors", "line", repeat("{{.x}}", 40000), ""},
		{"many syntax errors", "line", repeat("{{if}}", 40000), "missing value for if"},
		{"many unclosed", "line", repeat("{{if 1}}", 30000), "has no {{end}}"},
		{"a late syntax error", "line", repeat("{{1}}", 45000) + "{{|}}", `18:225001: unexpected "|" in command`},
		{"nested elements", "xml", repeat("<a>", 80000), "nested too deep"},
		{"nested brackets", "json", repeat("[", 200000), "nested too deep"},
		{"long name", "xml", "<" + repeat("a", 200000) + "/>", "a name is too long"},
		{"name of numbers", "xml", "<a" + repeat("{{len .keys}}", 10000) + "/>", "too long"},
		{"long PI", "xml", "<?" + repeat("a", 200000) + "?><a/>", "too long"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			tmpl, err := Parse("acme.xml", []byte(pageWith(test.escape, "full", test.body)), nil, nil)
			if err == nil {
				var out []byte
				if out, err = tmpl.files[0].Append(nil, sampleOf(t, tmpl)); len(out) > 0 {
					t.Errorf("%d bytes came out", len(out))
				}
			}
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("got  %v\nwant %s", err, test.want)
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			} else if d > 300*time.Millisecond {
				t.Logf("took %v", d)
			}
		})
	}
}

func TestDocumentBombs(t *testing.T) {
	t.Parallel()
	repeat := strings.Repeat
	for name, src := range map[string]string{
		"5 MiB":           repeat("x", 5<<20),
		"deep":            repeat("<a>", 80000),
		"many attributes": "<template " + repeat(`a="" `, 40000) + "/>",
		"many names": "<template " + func() string {
			var b strings.Builder
			for i := range 20000 {
				b.WriteString("a" + strconv.Itoa(i) + `="" `)
			}
			return b.String()
		}() + "/>",
		"unknown elements":  "<template>" + repeat("<a/>", 60000) + "</template>",
		"comments":          repeat("<!-- -->", 30000),
		"PIs":               repeat("<?a?>", 50000),
		"open comments":     repeat("<!--", 60000),
		"open CDATA":        "<template>" + repeat("<![CDATA[", 25000),
		"entities":          "<template>" + repeat("&lt;", 60000),
		"carriage returns":  "<template>" + repeat("\r", 250000),
		"long name":         "<" + repeat("a", 250000) + "/>",
		"nested open tags":  repeat("<a ", 80000),
		"only a bracket":    "<",
		"ends in attribute": `<a b="`,
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			start := time.Now()
			_, err := Parse("acme.xml", []byte(src), nil, nil)
			if err == nil {
				t.Error("no error")
			} else if len(err.Error()) > 10000 {
				t.Errorf("an error of %d bytes", len(err.Error()))
			}
			if d := time.Since(start); d > 20*time.Second {
				t.Errorf("took %v", d)
			}
		})
	}
	options := repeat(`<option name="DEU" value="1"/>`, 8000)
	if _, err := parse1(strings.Replace(small, "<profile>", "<profile><tones>"+options+"</tones>", 1)); err == nil {
		t.Error("8000 equal options are taken")
	}
	many := func(n int, each func(i string) string) string {
		var b strings.Builder
		for i := range n {
			b.WriteString(each(strconv.Itoa(i)))
		}
		return b.String()
	}
	start := time.Now()
	_, err := parse1(head("t", "", many(maxModels, func(i string) string {
		return `<model name="A` + i + `" display_name="Acme" accounts="1"/>`
	}), "", many(maxFiles, func(i string) string { return file("a"+i+"{mac}", "full", "", "a={{.model.name}}") })))
	if err != nil {
		t.Error(err)
	}
	if d := time.Since(start); d > 20*time.Second {
		t.Errorf("many models and files took %v", d)
	}
	for what, src := range map[string]string{
		"more than 200 models": head("t", "", repeat(oneModel, 201), "", ""),
		"more than 200 files":  head("t", "", oneModel, "", repeat(file("a", "full", "", "a"), 201)),
	} {
		if _, err := parse1(src); err == nil || !strings.Contains(err.Error(), what) {
			t.Errorf("got %v, want %s", err, what)
		}
	}
}

// TestConcurrentAppend renders one file from many goroutines, each with its own
// View.
func TestConcurrentAppend(t *testing.T) {
	t.Parallel()
	tmpl, err := Parse("bench.xml", []byte(benchPage(t)), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	f := tmpl.files[0]
	var all sync.WaitGroup
	for i := range 16 {
		all.Go(func() {
			v := Sample(tmpl, &tmpl.Models[0])
			v.Web.AdminPassword = "password" + strconv.Itoa(i)
			var before string
			for range 50 {
				out, err := f.Append(nil, v)
				if err != nil {
					t.Error(err)
					return
				}
				if n := strings.Count(string(out), v.Web.AdminPassword+"\n"); n != 1 || before != "" && before != string(out) {
					t.Errorf("goroutine %d: the files differ", i)
					return
				}
				before = string(out)
			}
		})
	}
	all.Wait()
}

func TestAppendAllocates(t *testing.T) { //nolint:paralleltest // allocations are counted
	tmpl, err := Parse("bench.xml", []byte(benchPage(t)), nil, nil)
	if err != nil {
		t.Fatal(err)
	}
	v := sampleOf(t, tmpl)
	dst := make([]byte, 0, 64<<10)
	if n := testing.AllocsPerRun(20, func() { dst, _ = tmpl.files[0].Append(dst[:0], v) }); n > 2 {
		t.Errorf("Append allocates %v times", n)
	}
}
