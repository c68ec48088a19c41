package template

// exprOp is what an expression does.
type exprOp uint8

const (
	exprConst    exprOp = iota
	exprRegister        // the value of a register
	exprField           // a field of the object base
	exprEntry           // an entry of the map at a field of the object base
	exprCall            // a function of args
)

// expr is a compiled expression. It is immutable.
type expr struct {
	op  exprOp
	typ *typ

	value value // exprConst
	reg   int   // exprRegister

	base  *expr // exprField, exprEntry: the object
	owner *typ  // its type
	off   uintptr
	names string // the fields and the entry as written: "time.ntp1"
	entry string // exprEntry: the name in the map

	call func(m *machine, args []*expr) value // exprCall
	args []*expr
	list bool // exprCall: the result is an element of args[0], at args[1]
}

func constant(t *typ, v value) *expr { return &expr{op: exprConst, typ: t, value: v} }

// eval computes an expression. Of a fault it leaves word in the machine.
func (m *machine) eval(e *expr) value {
	switch e.op {
	case exprConst:
		return e.value
	case exprRegister:
		return m.regs[e.reg]
	case exprField:
		if e.base.op == exprRegister {
			return load(&m.regs[e.base.reg], e.owner, e.off, e.typ)
		}
		v := m.eval(e.base)
		if m.fault != "" {
			return value{}
		}
		return load(&v, e.owner, e.off, e.typ)
	case exprEntry:
		v := m.eval(e.base)
		if m.fault != "" {
			return value{}
		}
		return loadMap(&v, e.owner, e.off, e.entry)
	}
	m.step(1)
	if m.fault != "" {
		return value{}
	}
	return e.call(m, e.args)
}

// text, number and truth are eval for expressions of a known kind, with a short
// way for what slots and conditions mostly are: a field of a register.
func (m *machine) text(e *expr) string {
	if e.op == exprField && e.base.op == exprRegister {
		return loadText(&m.regs[e.base.reg], e.owner, e.off)
	}
	return m.eval(e).s
}

func (m *machine) number(e *expr) int {
	if e.op == exprField && e.base.op == exprRegister {
		return loadNumber(&m.regs[e.base.reg], e.owner, e.off)
	}
	return m.eval(e).n
}

func (m *machine) truth(e *expr) bool {
	if e.op == exprField && e.base.op == exprRegister && e.typ.kind == yesno {
		return loadYesNo(&m.regs[e.base.reg], e.owner, e.off)
	}
	return truth(m.eval(e), e.typ)
}

// truth reports whether a value counts as yes: text and lists that are not
// empty, numbers other than 0.
func truth(v value, t *typ) bool {
	if t.kind == text {
		return v.s != ""
	}
	return v.n != 0
}

func boolean(b bool) value {
	if b {
		return value{n: 1}
	}
	return value{}
}
