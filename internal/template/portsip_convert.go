package template

import (
	"errors"
	"fmt"
	"strings"
)

// ErrOwnLanguage is what Convert returns for a template that is in our own
// language already.
var ErrOwnLanguage = errors.New("the template is in Dialplane's own language already")

// Convert writes a template of the 3CX and PortSIP dialect in our own language, for
// some of its models or, with none, for all. The result renders the same bytes for
// the same View. What could not be carried over stands in a comment at its
// beginning, with the lines of src. The error is ErrOwnLanguage, that of Parse, or
// says that the result is too large; vendors is as for Parse.
func Convert(filename string, src []byte, vendors func(name string) bool, models []string) ([]byte, error) {
	t, err := Parse(filename, src, nil, vendors)
	if err != nil {
		return nil, err
	}
	s := newSource(filename, string(src))
	tree, fault := readXML(s)
	if fault != nil {
		return nil, fault
	}
	if !isDialect(tree) {
		return nil, ErrOwnLanguage
	}
	var faults faults
	r := &reading{&document{src: s}, &faults, 0}
	tree, d := r.translate(tree, vendors, models)
	if tree == nil {
		return nil, faults.err()
	}
	left := append(d.warnings, d.notes...)
	sortErrors(left)
	var b strings.Builder
	b.WriteString("<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n")
	fmt.Fprintf(&b, "<!--\n  Converted from %s, a template of the 3CX and PortSIP dialect.\n", plainComment(t.Filename))
	if len(left) > 0 {
		b.WriteString("  Not carried over, or to be looked at, by its lines:\n")
		for _, e := range left {
			fmt.Fprintf(&b, "  %d: %s\n", e.Line, plainComment(e.Msg))
		}
	}
	b.WriteString("-->\n")
	writeElement(&b, tree, "")
	if b.Len() > maxSource {
		return nil, fmt.Errorf("the result is %d KiB, more than the 256 KiB that a template may have; convert it for some of its models at a time", b.Len()>>10)
	}
	return []byte(b.String()), nil
}

// plainComment makes text fit into an XML comment.
func plainComment(s string) string {
	for strings.Contains(s, "--") {
		s = strings.ReplaceAll(s, "--", "- -")
	}
	return s
}

// writeElement prints an element and all inside it.
func writeElement(b *strings.Builder, e *element, indent string) {
	b.WriteString(indent + "<" + e.name)
	for _, a := range e.attrs {
		value, _ := xmlSyntax{}.escape(nil, a.value)
		fmt.Fprintf(b, " %s=\"%s\"", a.name, strings.ReplaceAll(string(value), "&apos;", "'"))
	}
	switch {
	case e.name == "file":
		body := e.text.text
		if !strings.HasPrefix(body, "\n") {
			body = "\n" + body // which readers drop
		}
		fmt.Fprintf(b, "><![CDATA[%s]]></file>\n", strings.ReplaceAll(body, "]]>", "]]]]><![CDATA[>"))
	case len(e.children) == 0:
		b.WriteString("/>\n")
	default:
		b.WriteString(">\n")
		for _, c := range e.children {
			writeElement(b, c, indent+"  ")
		}
		b.WriteString(indent + "</" + e.name + ">\n")
	}
}
