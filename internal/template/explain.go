package template

import (
	"bytes"
	"slices"
	"strconv"
	"strings"
)

// Origin says where a line of a rendered file comes from.
type Origin struct {
	// File and Line are the place in the template, or in one that it extends,
	// where the first character of the line was written. Line counts from 1.
	File string
	Line int
	// Values are the values that stand in the line, in order.
	Values []Source
	// Conditions are the values that decided that this was written and not
	// something else, outermost first.
	Conditions []Source
}

// Source is a value of the View.
type Source struct {
	Path string // accounts[0].password
	// Layer is who sets the value: "template", "model", "tenant", "extension",
	// "phone" or, where no phone has a say in it, "system". A choice of the
	// phone may have been taken from the tenant or from the template's default.
	Layer string
}

// trace records what a machine does.
type trace struct {
	from   [registers][]string // paths that made each register
	pieces []piece
	conds  []condition
}

// piece is output that one op wrote: output[at:] until the next piece.
type piece struct {
	at     int
	op     *op
	values []string
	conds  []string
}

// condition holds until the program is behind end.
type condition struct {
	end   int
	paths []string
}

// before is called before every op, and once after the last.
func (t *trace) before(m *machine, p *program, pc, at int) {
	for len(t.conds) > 0 && pc >= t.conds[len(t.conds)-1].end {
		t.conds = t.conds[:len(t.conds)-1]
	}
	if pc == len(p.ops) {
		return
	}
	switch o := &p.ops[pc]; o.code {
	case opLiteral, opText, opNumber, opYesNo:
		piece := piece{at: at, op: o}
		if o.x != nil {
			piece.values = t.paths(m, o.x)
		}
		for _, c := range t.conds {
			for _, path := range c.paths {
				if !slices.Contains(piece.conds, path) {
					piece.conds = append(piece.conds, path)
				}
			}
		}
		t.pieces = append(t.pieces, piece)
	case opSet:
		t.from[o.reg] = t.paths(m, o.x)
	case opUnless:
		t.conds = append(t.conds, condition{o.end, t.paths(m, o.x)})
	case opLoop:
		t.from[o.reg] = t.paths(m, o.x)
		t.from[o.reg+1] = t.from[o.reg]
	case opNext:
		t.from[o.reg+2] = nil
		for _, path := range t.from[o.reg] {
			t.from[o.reg+2] = append(t.from[o.reg+2], path+"["+strconv.Itoa(m.regs[o.reg+1].n+1)+"]")
		}
	}
}

// paths returns the paths of the values that an expression is made from.
func (t *trace) paths(m *machine, e *expr) []string {
	switch e.op {
	case exprRegister:
		return t.from[e.reg]
	case exprField, exprEntry:
		if e.base.op == exprRegister && e.base.reg == 0 {
			return []string{e.names}
		}
		var all []string
		for _, path := range t.paths(m, e.base) {
			all = append(all, strings.TrimPrefix(path+"."+e.names, "."))
		}
		return all
	case exprCall:
		var all []string
		for i, a := range e.args {
			for _, path := range t.paths(m, a) {
				if i == 0 && e.list {
					path += "[" + strconv.Itoa(m.eval(e.args[1]).n) + "]"
				}
				if !slices.Contains(all, path) {
					all = append(all, path)
				}
			}
		}
		return all
	}
	return nil
}

// Explain renders the file as Append does and says of each of its lines where
// it comes from: origins[i] belongs to line i of the output.
func (f *File) Explain(v *View) (origins []Origin, out []byte, err error) {
	m := machine{trace: &trace{}}
	out, blamed := f.program.run(&m, nil, v)
	if blamed != nil {
		return nil, nil, f.blame(blamed, m.fault, v)
	}
	lines := bytes.SplitAfter(out, []byte("\n"))
	if len(lines[len(lines)-1]) == 0 {
		lines = lines[:len(lines)-1]
	}
	origins = make([]Origin, len(lines))
	pieces := m.trace.pieces
	begin, next := 0, 0
	for i, line := range lines {
		end := begin + len(line)
		// Go back to the piece that the line begins in.
		for next > 0 && (next == len(pieces) || pieces[next].at > begin) {
			next--
		}
		for ; next < len(pieces) && pieces[next].at < end; next++ {
			p := pieces[next]
			if next+1 < len(pieces) && pieces[next+1].at <= begin {
				continue
			}
			o := &origins[i]
			if o.File == "" {
				at := p.op.within(begin - p.at)
				o.File = at.src.name
				o.Line, _ = at.src.place(at.off)
			}
			o.Values = appendSources(o.Values, p.values)
			o.Conditions = appendSources(o.Conditions, p.conds)
		}
		begin = end
	}
	if f.crlf {
		out = endWithBoth(out, 0)
	}
	return origins, out, nil
}

// within returns where the byte of the op's output was written.
func (o *op) within(offset int) place {
	for i := len(o.marks) - 1; i >= 0; i-- {
		if m := o.marks[i]; m.at <= offset {
			return m.unit.place(m.offset + offset - m.at)
		}
	}
	return o.at
}

func appendSources(list []Source, paths []string) []Source {
	for _, path := range paths {
		s := Source{path, layer(path)}
		if !slices.Contains(list, s) {
			list = append(list, s)
		}
	}
	return list
}

// layer says who sets the value at a path.
func layer(path string) string {
	first := path
	if i := strings.IndexAny(path, ".["); i >= 0 {
		first = path[:i]
	}
	_, field, _ := strings.Cut(path[len(first):], ".")
	switch first {
	case "model", "spare_accounts", "spare_codecs", "spare_handsets":
		return "model"
	case "handsets":
		if field == "extension" || field == "display_name" {
			return "extension"
		}
	case "accounts":
		return "extension"
	case "system":
		return "DECT system"
	case "voicemail", "features", "directory", "update", "files":
		return "tenant"
	case "provisioning":
		return "system"
	}
	if _, isChoice := choiceLists[first]; isChoice && (field == "value" || strings.HasPrefix(field, "item.")) {
		return "template"
	}
	return "phone"
}
