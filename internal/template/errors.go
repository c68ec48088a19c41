package template

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"sort"
	"strings"
	"unicode/utf8"
)

// Error is a fault of a template at its place in the XML file. Line and Col
// count from 1; Col counts characters. Both are 0 where no place is to blame.
type Error struct {
	File      string
	Line, Col int
	Msg       string
}

// Error prints the place and the fault: "yealink.xml:12:5: …".
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.File + ": " + e.Msg
	}
	return fmt.Sprintf("%s:%d:%d: %s", e.File, e.Line, e.Col, e.Msg)
}

// maxErrors is how many faults of one template are reported at once.
const maxErrors = 20

// faults collects the errors of one template, each once.
type faults struct {
	list []*Error
	seen map[Error]bool
}

func (f *faults) add(e *Error) {
	if f.seen == nil {
		f.seen = make(map[Error]bool)
	}
	if !f.seen[*e] && !f.full() {
		f.seen[*e] = true
		f.list = append(f.list, e)
	}
}

// full reports whether no more faults are taken, so that looking for their
// places is of no use.
func (f *faults) full() bool { return len(f.list) >= maxErrors }

// err joins the faults in the order of their files and places.
func (f *faults) err() error {
	if len(f.list) == 0 {
		return nil
	}
	sortErrors(f.list)
	if len(f.list) == 1 {
		return f.list[0]
	}
	all := make([]error, len(f.list))
	for i, e := range f.list {
		all[i] = e
	}
	return errors.Join(all...)
}

func sortErrors(list []*Error) {
	slices.SortStableFunc(list, func(a, b *Error) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Col, b.Col))
	})
}

// source is the text of one template file. It knows the place of every byte.
type source struct {
	name   string
	text   string
	starts []int // offset of each line
}

func newSource(name, text string) *source {
	s := &source{name: name, text: text, starts: []int{0}}
	for i := range len(text) {
		if text[i] == '\n' {
			s.starts = append(s.starts, i+1)
		}
	}
	return s
}

// place returns the line and column of an offset.
func (s *source) place(off int) (line, col int) {
	off = max(0, min(off, len(s.text)))
	line = sort.SearchInts(s.starts, off+1)
	return line, 1 + utf8.RuneCountInString(s.text[s.starts[line-1]:off])
}

func (s *source) errorf(off int, format string, args ...any) *Error {
	line, col := s.place(off)
	return &Error{File: s.name, Line: line, Col: col, Msg: fmt.Sprintf(format, args...)}
}

// nearest returns the name in names that want was probably meant to be, or "".
func nearest(want string, names []string) string {
	best, least := "", 1+len(want)/3
	for _, n := range names {
		if d := distance(strings.ToLower(want), strings.ToLower(n)); d <= least && (best == "" || d < least) {
			best, least = n, d
		}
	}
	return best
}

// suggest is the end of a message about an unknown name.
func suggest(want string, names []string) string {
	if len(want) > 64 {
		return ""
	}
	if n := nearest(want, names); n != "" {
		return fmt.Sprintf("; did you mean %s?", n)
	}
	if len(names) > 0 && len(names) <= 24 {
		return "; known here: " + strings.Join(names, ", ")
	}
	return ""
}

// distance is the number of single letters to insert, delete or change.
func distance(a, b string) int {
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			d := diagonal
			if a[i] != b[j] {
				d++
			}
			diagonal = row[j+1]
			row[j+1] = min(d, row[j]+1, row[j+1]+1)
		}
	}
	return row[len(b)]
}

// clip shortens text from a template for a message.
func clip(s string) string {
	const most = 60
	if len(s) <= most {
		return s
	}
	cut := most
	for cut > 0 && !utf8.RuneStart(s[cut]) {
		cut--
	}
	return s[:cut] + "…"
}
