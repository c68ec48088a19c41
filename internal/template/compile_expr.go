package template

import (
	"math"
	"slices"
	"strings"
	"text/template/parse"
)

// truth makes a condition of a value, or nil with a fault.
func (c *compiler) truth(x *expr, offset int) *expr {
	switch {
	case x == unknown:
		return nil
	case x.typ.choice != "":
		return member(x, "set")
	case !x.typ.truthy():
		c.fail(offset, "%s is neither yes nor no; name one of its values", x.typ.name)
		return nil
	}
	return x
}

// member is a field of an object that is known to have it.
func member(x *expr, name string) *expr {
	f, _ := x.typ.field(name)
	return &expr{op: exprField, typ: f.typ, base: x, owner: x.typ, off: f.off, names: name}
}

// pipe compiles a pipeline. It returns nil after a fault.
func (c *compiler) pipe(p *parse.PipeNode) *expr {
	if c.nested++; c.nested > maxNesting {
		c.fail(int(p.Pos), "expressions are nested deeper than %d", maxNesting)
		c.nested--
		return nil
	}
	defer func() { c.nested-- }()
	if len(p.Cmds) > maxNesting {
		c.fail(int(p.Pos), "the pipeline is too long")
		return nil
	}
	var x *expr
	for i, cmd := range p.Cmds {
		if i > 0 {
			if x == nil {
				return nil
			}
			id, ok := cmd.Args[0].(*parse.IdentifierNode)
			if !ok {
				c.fail(int(cmd.Pos), "a value can be piped only into a function")
				return nil
			}
			x = c.function(id, cmd.Args[1:], x)
			continue
		}
		x = c.command(cmd)
	}
	return x
}

func (c *compiler) command(cmd *parse.CommandNode) *expr {
	if id, ok := cmd.Args[0].(*parse.IdentifierNode); ok {
		return c.function(id, cmd.Args[1:], nil)
	}
	if len(cmd.Args) > 1 {
		c.fail(int(cmd.Args[1].Position()), "only functions take arguments%s", suggest("", nil))
		return nil
	}
	return c.operand(cmd.Args[0])
}

// function compiles a call; piped, if not nil, is the last argument.
func (c *compiler) function(id *parse.IdentifierNode, nodes []parse.Node, piped *expr) *expr {
	offset := int(id.Pos)
	f := functions[id.Ident]
	if f == nil {
		c.fail(offset, "there is no function %s%s", clip(id.Ident), suggest(id.Ident, functionNames()))
		return nil
	}
	logic := f.name == "and" || f.name == "or" || f.name == "not"
	var args []*expr
	failed := false
	add := func(x *expr) {
		if x == nil || x == unknown {
			failed = true
			return
		}
		if logic && x.typ.choice != "" {
			x = member(x, "set")
		}
		args = append(args, x)
	}
	for _, n := range nodes {
		add(c.operand(n))
	}
	if piped != nil {
		add(piped)
	}
	if failed {
		return nil
	}
	types := make([]*typ, len(args))
	names := make([]string, len(args))
	for i, a := range args {
		types[i], names[i] = a.typ, a.typ.name
	}
	t := f.types(types)
	if t == nil {
		given := "nothing"
		if len(names) > 0 {
			given = strings.Join(names, ", ")
		}
		c.fail(offset, "%s does not take %s; write %s", f.name, clip(given), f.usage)
		return nil
	}
	return &expr{op: exprCall, typ: t, call: f.call, args: args, list: f.name == "index"}
}

// operand compiles a value. It returns nil after a fault.
func (c *compiler) operand(n parse.Node) *expr {
	offset := int(n.Position())
	switch n := n.(type) {
	case *parse.DotNode:
		return c.known(c.dot)
	case *parse.FieldNode:
		if len(n.Ident) > 1 {
			offset -= 1 + len(n.Ident[0])
		}
		return c.path(c.dot, n.Ident, offset)
	case *parse.VariableNode:
		if len(n.Ident) > 1 {
			offset -= len(n.Ident[0])
		}
		if n.Ident[0] == "$" {
			return c.path(c.top, n.Ident[1:], offset+1)
		}
		v := c.lookup(n.Ident[0])
		if v == nil {
			c.fail(offset, "the variable %s is not declared here", clip(n.Ident[0]))
			return nil
		}
		return c.path(v.x, n.Ident[1:], offset+len(n.Ident[0]))
	case *parse.ChainNode:
		x := c.operand(n.Node)
		if x == nil {
			return nil
		}
		return c.path(x, n.Field, offset)
	case *parse.PipeNode:
		if len(n.Decl) > 0 {
			c.fail(offset, "a variable cannot be declared inside parentheses")
			return nil
		}
		return c.pipe(n)
	case *parse.IdentifierNode:
		return c.function(n, nil, nil)
	case *parse.StringNode:
		return constant(textType, value{s: n.Text})
	case *parse.BoolNode:
		return constant(yesnoType, boolean(n.True))
	case *parse.NumberNode:
		if !n.IsInt || n.Int64 > math.MaxInt || n.Int64 < math.MinInt {
			c.fail(offset, "%s is no whole number; there are no others", clip(n.Text))
			return nil
		}
		return constant(numberType, value{n: int(n.Int64)})
	case *parse.NilNode:
		c.fail(offset, "there is no nil; every value is there")
		return nil
	}
	c.fail(offset, "templates have no %s", clip(n.String()))
	return nil
}

// known is x unless it stands for an earlier error.
func (c *compiler) known(x *expr) *expr {
	if x == nil || x == unknown {
		return nil
	}
	return x
}

// path compiles x.name.name…; offset is that of the first dot.
func (c *compiler) path(x *expr, names []string, offset int) *expr {
	if x = c.known(x); x == nil {
		return nil
	}
	for i, name := range names {
		f, ok := x.typ.field(name)
		switch {
		case x.typ.kind == textMap:
			// The last name is an entry of the map that x is.
			entry := *x
			entry.op, entry.typ, entry.entry = exprEntry, textType, name
			entry.names += "." + name
			if i < len(names)-1 {
				c.fail(offset+1+len(name), "text has no parts")
				return nil
			}
			return c.entry(&entry, x.typ.items, offset)
		case x.typ.kind == list:
			c.fail(offset, "this is a list; go through it with {{range}}, or take one with (index LIST 0).%s", clip(name))
			return nil
		case x.typ.kind != object:
			c.fail(offset, "%s has no parts", x.typ.name)
			return nil
		case !ok:
			what := "." + clip(name)
			hint := suggest(name, x.typ.names())
			if _, inView := viewType.field(name); inView && x.typ != viewType {
				hint = "; write $." + name + " for that of the phone"
			}
			c.fail(offset, "there is no %s here%s", what, hint)
			return nil
		case f.typ.kind != object && !c.allowed(x.typ, f, offset):
			return nil
		}
		c.set.use(f.typ)
		step := &expr{op: exprField, typ: f.typ, base: x, owner: x.typ, off: f.off, names: name}
		if x.op == exprField {
			// Objects inside objects lie in one piece of memory.
			step.base, step.owner = x.base, x.owner
			step.off += x.off
			step.names = x.names + "." + name
		}
		x = step
		offset += 1 + len(name)
	}
	if x.typ.kind == textMap {
		c.fail(offset, "name the value you mean: .%s.name", x.names)
		return nil
	}
	return x
}

// modelType is the type of .model.
var modelType = func() *typ {
	f, _ := viewType.field("model")
	return f.typ
}()

// allowed reports whether the file's level may use a field of owner.
func (c *compiler) allowed(owner *typ, f field, offset int) bool {
	switch {
	case f.level <= c.file.Level:
	case f.level == Directory:
		c.fail(offset, ".%s may stand only in files of level directory: it is of one answer to one question", f.name)
		return false
	default:
		c.fail(offset, ".%s may stand only in files of level %s; anyone may fetch this one, of level %s", f.name, f.level, c.file.Level)
		return false
	}
	if owner == modelType && c.file.Level == Bootstrap && c.file.pattern.hasMAC() {
		c.fail(offset, ".model may not stand in a bootstrap file whose name holds the MAC: it would tell a known phone from an unknown one")
		return false
	}
	return true
}

// entry checks a named value of the model or of a choice.
func (c *compiler) entry(x *expr, list string, offset int) *expr {
	if list == "" {
		return c.variableOf(x, offset)
	}
	return c.item(x, list, offset)
}

// variableOf checks .model.var.NAME.
func (c *compiler) variableOf(x *expr, offset int) *expr {
	c.set.usedVars[x.entry] = true
	if c.set.abstract {
		return x
	}
	for i := range c.set.models {
		m := &c.set.models[i]
		if _, ok := m.Vars[x.entry]; !ok && c.file.suits(m) {
			names := make([]string, 0, len(m.Vars))
			for name := range m.Vars {
				names = append(names, name)
			}
			slices.Sort(names)
			c.fail(offset, "the model %s has no <var name=%q>%s", clip(m.Name), clip(x.entry), suggest(x.entry, names))
			return nil
		}
	}
	return x
}

// item checks .item.NAME of a choice.
func (c *compiler) item(x *expr, list string, offset int) *expr {
	c.set.usedItems[list+" "+x.entry] = true
	l := c.set.lists[list]
	if l == nil || len(l.Options) == 0 {
		return x
	}
	var names []string
	for _, o := range l.Options {
		if _, ok := o.Items[x.entry]; ok {
			return x
		}
		for name := range o.Items {
			if !slices.Contains(names, name) {
				names = append(names, name)
			}
		}
	}
	slices.Sort(names)
	c.fail(offset, "no option of <%s> has an <item name=%q>%s", list, clip(x.entry), suggest(x.entry, names))
	return nil
}
