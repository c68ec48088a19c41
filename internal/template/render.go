package template

import (
	"bytes"
	"fmt"
	"slices"
	"strconv"
	"strings"
)

const (
	maxSteps  = 1 << 20 // of one rendering
	maxOutput = 1 << 20 // bytes of one rendering
	// maxDirectory is maxOutput for a page of the directory.
	maxDirectory = 8 << 20
	maxText      = 64 << 10
	registers    = 64
)

type opcode uint8

const (
	opLiteral opcode = iota // append lit
	opText                  // append x, escaped
	opNumber                // append x
	opYesNo                 // append x as true or false
	opSet                   // registers[reg] = x
	opUnless                // go to `to` unless x
	opJump                  // go to `to`
	opLoop                  // begin a loop over x, its registers from reg on; go to `to` if it is empty
	opNext                  // take the next element or go to `to`
)

// op is one instruction.
type op struct {
	code opcode
	lit  string
	x    *expr
	to   int
	reg  int
	at   place
	// marks say where each piece of lit was written.
	marks []litMark
	// end of an opUnless is behind its last branch.
	end int
}

// place is a byte of a template file.
type place struct {
	src *source
	off int
}

func (p place) errorf(format string, args ...any) *Error {
	if p.src == nil {
		return &Error{Msg: fmt.Sprintf(format, args...)}
	}
	return p.src.errorf(p.off, format, args...)
}

// litMark says that lit[at:] was written in unit, from offset in its body on.
type litMark struct {
	at     int
	unit   *unit
	offset int
}

// program is the compiled body of a file: literals, slots, jumps and loops in a
// row. It is immutable, and any number of phones may be served from it at once.
type program struct {
	ops    []op
	syntax syntax
	most   int // bytes
}

// machine is one run of a program.
type machine struct {
	regs  [registers]value
	steps int
	fault string
	trace *trace // nil except for Explain
}

func (m *machine) step(n int) {
	if m.steps += n; m.steps > maxSteps {
		m.fail("the file takes too many steps; look for loops inside loops")
	}
}

// fail stops the machine. The first fault counts.
func (m *machine) fail(fault string) {
	if m.fault == "" {
		m.fault = fault
	}
}

// run renders into dst. On a fault it returns the op to blame.
func (p *program) run(m *machine, dst []byte, v *View) ([]byte, *op) {
	m.regs[0] = root(v)
	from := len(dst)
	for pc := 0; pc < len(p.ops); {
		o := &p.ops[pc]
		if m.trace != nil {
			m.trace.before(m, p, pc, len(dst)-from)
		}
		m.step(1)
		if m.fault != "" {
			return dst, o
		}
		pc++
		switch o.code {
		case opLiteral:
			dst = append(dst, o.lit...)
		case opText:
			s := m.text(o.x)
			if m.fault == "" {
				m.step(len(s) / 64)
				var problem string
				if dst, problem = p.syntax.escape(dst, s); problem != "" {
					m.fail(holds + problem + ", which a file of this kind cannot carry")
				}
			}
		case opNumber:
			dst = strconv.AppendInt(dst, int64(m.number(o.x)), 10)
		case opYesNo:
			dst = strconv.AppendBool(dst, m.truth(o.x))
		case opSet:
			m.regs[o.reg] = m.eval(o.x)
		case opUnless:
			if !m.truth(o.x) {
				pc = o.to
			}
		case opJump:
			pc = o.to
		case opLoop:
			m.regs[o.reg] = m.eval(o.x)
			m.regs[o.reg+1] = value{n: -1}
			if m.regs[o.reg].n == 0 {
				pc = o.to
			}
		case opNext:
			over, i := &m.regs[o.reg], m.regs[o.reg+1].n+1
			if i >= over.n {
				pc = o.to
				break
			}
			m.regs[o.reg+1].n = i
			m.regs[o.reg+2] = elem(over, i)
		}
		if len(dst)-from > p.most {
			m.fail(fmt.Sprintf("the file is larger than %d MiB; look for loops inside loops", p.most>>20))
		}
		if m.fault != "" {
			return dst, o
		}
	}
	if m.trace != nil {
		m.trace.before(m, p, len(p.ops), len(dst)-from)
	}
	if problem := p.syntax.check(dst[from:]); problem != "" {
		m.fail(problem)
		return dst, &p.ops[len(p.ops)-1]
	}
	return dst, nil
}

// Append renders the file for a phone behind dst. On an error, which is an
// *Error, it returns dst as it was: half a file never leaves. The error names
// the value to blame and does not show it.
func (f *File) Append(dst []byte, v *View) ([]byte, error) {
	var m machine
	out, blamed := f.program.run(&m, dst, v)
	if blamed == nil {
		if f.crlf {
			out = endWithBoth(out, len(dst))
		}
		return out, nil
	}
	return dst, f.blame(blamed, m.fault, v)
}

// endWithBoth puts a carriage return before every line feed of text from on.
func endWithBoth(text []byte, from int) []byte {
	lines := bytes.Count(text[from:], []byte("\n"))
	to := len(text) + lines
	text = slices.Grow(text, lines)[:to]
	for i := to - lines - 1; i >= from; i-- {
		to--
		text[to] = text[i]
		if text[i] == '\n' {
			to--
			text[to] = '\r'
		}
	}
	return text
}

// holds begins the fault of a value that cannot be escaped; blame puts the path
// of the value before it.
const holds = "holds "

// blame makes the error of a fault. It runs the program a second time to learn
// which of several accounts or keys was at fault.
func (f *File) blame(o *op, fault string, v *View) error {
	if o.code == opText && strings.HasPrefix(fault, holds) {
		m := machine{trace: &trace{}}
		if _, again := f.program.run(&m, nil, v); again == o {
			if paths := m.trace.paths(&m, o.x); len(paths) > 0 {
				fault = paths[0] + " " + fault
			} else {
				fault = "this text " + fault
			}
		}
	}
	return o.at.errorf("%s", fault)
}
