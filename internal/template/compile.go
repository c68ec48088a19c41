package template

import (
	"slices"
	"text/template/parse"
)

const (
	maxNodes   = 200_000 // texts and actions of one template, all files and calls together
	maxInline  = 32      // blocks inside one another
	maxNesting = 200     // actions inside one another
	maxLiteral = 4 << 20 // bytes of all literals of one template
	// mergeBelow bounds the literals that are joined to one, so that joining
	// many takes no quadratic time.
	mergeBelow = 8 << 10
)

// budget bounds what all files of a template compile to.
type budget struct{ nodes, literal int }

// compiler compiles the body of one file.
type compiler struct {
	file   *File
	set    *set
	faults *faults
	budget *budget

	unit   *unit
	dot    *expr // what . is; nil in a block that was given nothing
	top    *expr // what $ is
	vars   []variable
	next   int  // first free register
	full   bool // there are not enough registers, which has been reported
	loops  []loop
	calls  []call // blocks being inlined
	nested int

	ops   []op
	fresh bool // the next op is the target of a jump
	state state
}

type variable struct {
	name string
	x    *expr
	loop bool // belongs to a range and may not be assigned
}

type loop struct {
	head   int // of its opNext
	entry  state
	exits  []state
	breaks []int // jumps to patch
}

type call struct {
	unit *unit
	name string
}

// compileFile makes the program of a file.
func compileFile(f *File, u *unit, s *set, faults *faults, b *budget) {
	c := &compiler{file: f, set: s, faults: faults, budget: b, unit: u, next: 1}
	c.top = &expr{op: exprRegister, typ: viewType, reg: 0}
	c.dot = c.top
	c.list(u.root.Root)
	if problem := f.syntax.end(c.state); problem != "" && !c.state.dead {
		c.fail(len(u.body.text), "%s", problem)
	}
	if len(c.ops) == 0 {
		c.emit(op{code: opLiteral}, 0)
	}
	f.program = program{ops: c.ops, syntax: f.syntax, most: maxOutput}
	if f.Level == Directory {
		f.program.most = maxDirectory
	}
}

func (c *compiler) fail(offset int, format string, args ...any) {
	if !c.faults.full() {
		c.faults.add(c.unit.place(offset).errorf(format, args...))
	}
}

func (c *compiler) emit(o op, offset int) int {
	o.at = c.unit.place(offset)
	c.fresh = false
	c.ops = append(c.ops, o)
	return len(c.ops) - 1
}

// here is the address of the next op, which is about to be jumped to.
func (c *compiler) here() int {
	c.fresh = true
	return len(c.ops)
}

func (c *compiler) register(offset, n int) int {
	r := c.next
	if r+n > registers {
		if !c.full {
			c.full = true
			c.fail(offset, "too many variables and loops inside one another")
		}
		return 0
	}
	c.next += n
	return r
}

func (c *compiler) list(l *parse.ListNode) {
	if l == nil {
		return
	}
	if c.nested++; c.nested > maxNesting {
		c.fail(int(l.Pos), "actions are nested deeper than %d", maxNesting)
		c.nested--
		return
	}
	for _, n := range l.Nodes {
		if c.faults.full() {
			break
		}
		if c.budget.nodes++; c.budget.nodes > maxNodes || c.budget.literal > maxLiteral {
			c.fail(int(n.Position()), "the template grows too large; look for blocks that call blocks many times")
			break
		}
		c.node(n)
	}
	c.nested--
}

func (c *compiler) node(n parse.Node) {
	switch n := n.(type) {
	case *parse.TextNode:
		c.literal(string(n.Text), int(n.Pos))
	case *parse.ActionNode:
		c.action(n.Pipe)
	case *parse.IfNode:
		c.branch(&n.BranchNode, false)
	case *parse.WithNode:
		c.branch(&n.BranchNode, true)
	case *parse.RangeNode:
		c.loop(n)
	case *parse.BreakNode:
		c.leave(int(n.Pos), true)
	case *parse.ContinueNode:
		c.leave(int(n.Pos), false)
	case *parse.TemplateNode:
		c.inline(n)
	case *parse.CommentNode:
	default:
		c.fail(int(n.Position()), "templates have no %s", clip(n.String()))
	}
}

func (c *compiler) literal(s string, offset int) {
	c.budget.literal += len(s)
	if !c.state.dead {
		next, at, problem := c.file.syntax.literal(c.state, s)
		if problem != "" {
			c.fail(offset+at, "%s", problem)
			next = c.lost()
		}
		c.state = next
	}
	c.append(s, offset)
}

// lost is a state after an error, from which no further errors follow.
func (c *compiler) lost() state { return state{dead: true} }

func (c *compiler) append(s string, offset int) {
	m := litMark{unit: c.unit, offset: offset}
	if n := len(c.ops); n > 0 && !c.fresh && c.ops[n-1].code == opLiteral && len(c.ops[n-1].lit) < mergeBelow {
		last := &c.ops[n-1]
		m.at = len(last.lit)
		last.lit += s
		last.marks = append(last.marks, m)
		return
	}
	c.emit(op{code: opLiteral, lit: s, marks: []litMark{m}}, offset)
}

func (c *compiler) action(p *parse.PipeNode) {
	x := c.pipe(p)
	if x == nil {
		if len(p.Decl) > 0 {
			c.declareUnknown(p)
		} else if next, problem := c.file.syntax.slot(c.state, slotDigits, "?"); problem == "" {
			c.state = next
		} else {
			c.state = c.lost()
		}
		return
	}
	if len(p.Decl) > 0 {
		c.assign(p, x)
		return
	}
	offset := int(p.Pos)
	k, code := slotText, opText
	switch {
	case x.typ.kind == number:
		k, code = slotDigits, opNumber
	case x.typ.kind == yesno:
		k, code = slotYesNo, opYesNo
	case x.typ.kind == text && x.typ.digits:
		k = slotDigits
	case x.typ.kind == text:
	case x.typ.choice != "":
		c.fail(offset, "this is a choice; write .value for what the vendor calls it, or .name")
		return
	case x.typ.kind == list:
		c.fail(offset, "this is a list; go through it with {{range}}, or write {{join \",\" …}}")
		return
	default:
		c.fail(offset, "this is %s; write one of its values%s", x.typ.name, suggest("", x.typ.names()))
		return
	}
	if x.op == exprConst && x.typ.kind == text {
		c.constant(x.value.s, offset)
		return
	}
	if !c.state.dead {
		next, problem := c.file.syntax.slot(c.state, k, p.String())
		if problem != "" {
			c.fail(offset, "%s", problem)
			next = c.lost()
		}
		c.state = next
	}
	c.emit(op{code: code, x: x}, offset)
}

// constant is text that the author wrote inside an action, such as {{"{{"}}. It
// is escaped as every value is, but may stand wherever text of the author may.
func (c *compiler) constant(s string, offset int) {
	escaped, problem := c.file.syntax.escape(nil, s)
	if problem != "" {
		c.fail(offset, "this text holds %s, which a file of this kind cannot carry", problem)
		return
	}
	if !c.state.dead {
		next, _, problem := c.file.syntax.literal(c.state, string(escaped))
		if problem != "" {
			c.fail(offset, "%s", problem)
			next = c.lost()
		}
		c.state = next
	}
	c.append(string(escaped), offset)
}

// assign declares a variable or gives it a new value.
func (c *compiler) assign(p *parse.PipeNode, x *expr) {
	offset, name := int(p.Pos), p.Decl[0].Ident[0]
	if !p.IsAssign {
		c.declare(name, x, offset)
		return
	}
	v := c.lookup(name)
	switch {
	case v == nil:
		c.fail(offset, "there is no variable %s; declare it with :=", name)
	case v.loop:
		c.fail(offset, "%s counts a {{range}} and cannot be changed; declare a variable of your own", name)
	case v.x == nil:
	case v.x.typ != widen(x.typ):
		c.fail(offset, "%s is %s and cannot become %s", name, v.x.typ.name, x.typ.name)
	default:
		c.emit(op{code: opSet, x: x, reg: v.x.reg}, offset)
	}
}

func (c *compiler) declare(name string, x *expr, offset int) *expr {
	if x.typ.kind == textMap {
		c.fail(offset, "this is %s; name the one you mean, as in .item.name", x.typ.name)
		c.vars = append(c.vars, variable{name: name})
		return nil
	}
	r := &expr{op: exprRegister, typ: widen(x.typ), reg: c.register(offset, 1)}
	c.emit(op{code: opSet, x: x, reg: r.reg}, offset)
	c.vars = append(c.vars, variable{name: name, x: r})
	return r
}

// declareUnknown declares variables whose expression is wrong, so that their
// uses are no further errors.
func (c *compiler) declareUnknown(p *parse.PipeNode) {
	if p.IsAssign {
		return
	}
	for _, d := range p.Decl {
		c.vars = append(c.vars, variable{name: d.Ident[0]})
	}
}

// widen is the type of a variable that holds a value of type t.
func widen(t *typ) *typ {
	if t.kind == text {
		return textType
	}
	return t
}

// lookup finds a variable by its name with the $.
func (c *compiler) lookup(name string) *variable {
	for i := len(c.vars) - 1; i >= 0; i-- {
		if c.vars[i].name == name {
			return &c.vars[i]
		}
	}
	return nil
}

// scope runs f and forgets the variables that it declared.
func (c *compiler) scope(f func()) {
	vars, next, dot := len(c.vars), c.next, c.dot
	f()
	c.vars, c.next, c.dot = c.vars[:vars], next, dot
}

// branch compiles {{if}} and {{with}}.
func (c *compiler) branch(b *parse.BranchNode, with bool) {
	offset := int(b.Pipe.Pos)
	c.scope(func() {
		x := c.pipe(b.Pipe)
		var cond *expr
		if x != nil {
			if len(b.Pipe.Decl) > 0 {
				if b.Pipe.IsAssign {
					c.fail(offset, "declare the variable with :=")
				}
				x = c.declare(b.Pipe.Decl[0].Ident[0], x, offset)
			} else if with && x.op != exprRegister {
				r := &expr{op: exprRegister, typ: x.typ, reg: c.register(offset, 1)}
				c.emit(op{code: opSet, x: x, reg: r.reg}, offset)
				x = r
			}
		} else {
			c.declareUnknown(b.Pipe)
		}
		if x != nil {
			always := with && x.typ.kind == object && x.typ.choice == ""
			if always && b.ElseList != nil {
				c.fail(offset, "%s is always there, so its {{else}} never comes to pass", x.typ.name)
			}
			if !always {
				cond = c.truth(x, offset)
			}
		}
		unless := -1
		if cond != nil {
			unless = c.emit(op{code: opUnless, x: cond}, offset)
		}
		before := c.state
		c.scope(func() {
			if with {
				c.dot = x
				if x == nil {
					c.dot = unknown
				}
			}
			c.list(b.List)
		})
		after := c.state
		c.state = before
		if b.ElseList != nil {
			over := c.emit(op{code: opJump}, offset)
			if unless >= 0 {
				c.ops[unless].to = c.here()
			}
			c.scope(func() { c.list(b.ElseList) })
			c.ops[over].to = c.here()
		} else if unless >= 0 {
			c.ops[unless].to = c.here()
		}
		if unless >= 0 {
			c.ops[unless].end = len(c.ops)
		}
		if cond == nil && b.ElseList == nil {
			c.state = after
			return
		}
		c.state = c.meet(offset, "the branches of this action end in different places", after, c.state)
	})
}

// unknown stands for a value whose expression was wrong; what is taken from it
// is no further error.
var unknown = &expr{typ: &typ{name: "unknown"}}

// meet is the state where several ways come together.
func (c *compiler) meet(offset int, problem string, states ...state) state {
	met := state{dead: true}
	for _, s := range states {
		if s.dead || met.dead {
			if met.dead {
				met = s
			}
			continue
		}
		both, ok := c.file.syntax.meet(met, s)
		if !ok {
			c.fail(offset, "%s: one %s, the other %s", problem, c.file.syntax.where(met), c.file.syntax.where(s))
			return c.lost()
		}
		met = both
	}
	return met
}

// repeats wants a turn of a loop that ends in state s to end where the next can
// begin.
func (c *compiler) repeats(offset int, problem string, entry, s state) {
	if !s.dead && !entry.dead && s != entry {
		c.fail(offset, "%s: one %s, the other %s", problem, c.file.syntax.where(entry), c.file.syntax.where(s))
	}
}

// loop compiles {{range}}.
func (c *compiler) loop(n *parse.RangeNode) {
	offset := int(n.Pipe.Pos)
	c.scope(func() {
		x := c.pipe(n.Pipe)
		switch {
		case x == nil:
		case x.typ.kind == number:
			c.fail(offset, "{{range}} takes a list; write seq 1 … for numbers")
			x = nil
		case x.typ.kind != list:
			c.fail(offset, "{{range}} takes a list, and this is %s", x.typ.name)
			x = nil
		case n.Pipe.IsAssign:
			c.fail(offset, "declare the variables of {{range}} with :=")
			x = nil
		}
		if x == nil {
			x = &expr{op: exprConst, typ: &typ{kind: list, elem: unknown.typ}}
		}
		r := c.register(offset, 3)
		counter := &expr{op: exprRegister, typ: numberType, reg: r + 1}
		element := &expr{op: exprRegister, typ: x.typ.elem, reg: r + 2}
		if x.typ.elem == unknown.typ {
			element = unknown
		}
		start := c.emit(op{code: opLoop, x: x, reg: r}, offset)
		c.here()
		head := c.emit(op{code: opNext, reg: r}, offset)
		c.loops = append(c.loops, loop{head: head, entry: c.state})
		c.scope(func() {
			for i, d := range n.Pipe.Decl {
				v := variable{name: d.Ident[0], x: element, loop: true}
				if i == 0 && len(n.Pipe.Decl) == 2 {
					v.x = counter
				}
				if v.x == unknown {
					v.x = nil
				}
				c.vars = append(c.vars, v)
			}
			c.dot = element
			c.list(n.List)
		})
		c.emit(op{code: opJump, to: head}, offset)
		l := c.loops[len(c.loops)-1]
		c.loops = c.loops[:len(c.loops)-1]
		c.repeats(offset, "one turn of this loop ends where the next cannot begin", l.entry, c.state)
		c.state = l.entry
		exits := append([]state{l.entry}, l.exits...)
		var over int
		if n.ElseList != nil {
			// The loop that ends by itself has to pass the {{else}}.
			c.ops[head].to = c.here()
			over = c.emit(op{code: opJump}, offset)
			c.ops[start].to = c.here()
			c.scope(func() { c.list(n.ElseList) })
			exits = append(exits, c.state)
			c.ops[over].to = c.here()
		} else {
			c.ops[head].to = c.here()
			c.ops[start].to = c.here()
		}
		for _, b := range l.breaks {
			c.ops[b].to = c.here()
		}
		c.state = c.meet(offset, "the ways out of this loop end in different places", exits...)
	})
}

// leave compiles {{break}} and {{continue}}.
func (c *compiler) leave(offset int, out bool) {
	l := &c.loops[len(c.loops)-1]
	if out {
		l.breaks = append(l.breaks, c.emit(op{code: opJump}, offset))
		l.exits = append(l.exits, c.state)
	} else {
		c.emit(op{code: opJump, to: l.head}, offset)
		c.repeats(offset, "{{continue}} stands where the next turn cannot begin", l.entry, c.state)
	}
	c.state = state{dead: true}
}

// inline compiles the block of a {{template}} or {{block}} in its place.
func (c *compiler) inline(n *parse.TemplateNode) {
	offset := int(n.Pos)
	unit, tree := c.set.find(n.Name, c.unit)
	if tree == nil {
		c.fail(offset, "there is no block %q%s", clip(n.Name), suggest(n.Name, c.set.blockNames(c.unit)))
		return
	}
	if n.Pipe == nil {
		c.fail(offset, "say what the block works on: {{template %q .}}", clip(n.Name))
		return
	}
	this := call{unit, n.Name}
	if slices.Contains(c.calls, this) {
		c.fail(offset, "the block %q calls itself", clip(n.Name))
		return
	}
	if len(c.calls) == maxInline {
		c.fail(offset, "blocks call blocks deeper than %d", maxInline)
		return
	}
	c.scope(func() {
		x := c.pipe(n.Pipe)
		if x == nil {
			x = unknown
		}
		if len(n.Pipe.Decl) > 0 {
			c.fail(offset, "a block takes a value, not a declaration")
		}
		if x.op != exprRegister && x != unknown {
			r := &expr{op: exprRegister, typ: x.typ, reg: c.register(offset, 1)}
			c.emit(op{code: opSet, x: x, reg: r.reg}, offset)
			x = r
		}
		caller, top, vars, loops := c.unit, c.top, c.vars, c.loops
		c.unit, c.dot, c.top, c.vars, c.loops = unit, x, x, nil, nil
		c.calls = append(c.calls, this)
		c.list(tree.Root)
		c.unit, c.top, c.vars, c.loops = caller, top, vars, loops
		c.calls = c.calls[:len(c.calls)-1]
	})
}
