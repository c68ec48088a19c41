package template

import (
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/version"
)

// function is one that bodies may call. All are pure.
type function struct {
	name  string
	usage string
	// types returns the type of the result for arguments of these types, or nil
	// if they do not fit.
	types func(args []*typ) *typ
	call  func(m *machine, args []*expr) value
}

const (
	maxSeq   = 1000 // numbers of one seq
	maxWidth = 64   // digits of one pad
)

// signature is the check of a function with fixed arguments.
func signature(result *typ, kinds ...kind) func([]*typ) *typ {
	return func(args []*typ) *typ {
		if len(args) != len(kinds) {
			return nil
		}
		for i, a := range args {
			if a.kind != kinds[i] {
				return nil
			}
		}
		return result
	}
}

// texts is a function of one text and the texts before it.
func texts(name, usage string, n int, f func(s []string) string) function {
	kinds := slices.Repeat([]kind{text}, n)
	return function{name, usage, signature(textType, kinds...), func(m *machine, args []*expr) value {
		var s [3]string
		for i, a := range args {
			s[i] = m.text(a)
		}
		return m.made(f(s[:]))
	}}
}

// asks is a function of two texts that answers yes or no.
func asks(name, usage string, f func(a, b string) bool) function {
	return function{name, usage, signature(yesnoType, text, text), func(m *machine, args []*expr) value {
		a, b := m.text(args[0]), m.text(args[1])
		m.step((len(a) + len(b)) / 64)
		return boolean(f(a, b))
	}}
}

// compares is a function of two numbers that answers yes or no.
func compares(name string, f func(a, b int) bool) function {
	return function{name, name + " A B, both numbers", signature(yesnoType, number, number), func(m *machine, args []*expr) value {
		return boolean(f(m.number(args[0]), m.number(args[1])))
	}}
}

// calculates is a function of two or more numbers, taken from the left.
func calculates(name string, most int, f func(a, b int) (int, string)) function {
	usage := name + " A B, all numbers"
	return function{name, usage, func(args []*typ) *typ {
		if len(args) < 2 || len(args) > most || slices.ContainsFunc(args, func(t *typ) bool { return t.kind != number }) {
			return nil
		}
		return numberType
	}, func(m *machine, args []*expr) value {
		n := m.number(args[0])
		for _, a := range args[1:] {
			var problem string
			if n, problem = f(n, m.number(a)); problem != "" {
				m.fail(problem)
				return value{}
			}
		}
		return value{n: n}
	}}
}

const overflow = "a calculation leaves the range of whole numbers"

func plus(a, b int) (int, string) {
	if b > 0 && a > math.MaxInt-b || b < 0 && a < math.MinInt-b {
		return 0, overflow
	}
	return a + b, ""
}

func minus(a, b int) (int, string) {
	if b < 0 && a > math.MaxInt+b || b > 0 && a < math.MinInt+b {
		return 0, overflow
	}
	return a - b, ""
}

func times(a, b int) (int, string) {
	if a == 0 || b == 0 {
		return 0, ""
	}
	if a == -1 && b == math.MinInt || b == -1 && a == math.MinInt || (a*b)/b != a {
		return 0, overflow
	}
	return a * b, ""
}

func divide(a, b int) (int, string) {
	if b == 0 {
		return 0, "a division by 0"
	}
	if a == math.MinInt && b == -1 {
		return 0, overflow
	}
	return a / b, ""
}

func modulo(a, b int) (int, string) {
	if b == 0 {
		return 0, "a division by 0"
	}
	if b == -1 {
		return 0, ""
	}
	return a % b, ""
}

// functionList holds every function, in the order of the manual.
var functionList = []function{
	{"eq", "eq A B …, all of one kind: text, number or yes/no", comparable2, func(m *machine, args []*expr) value {
		a := m.eval(args[0])
		for _, x := range args[1:] {
			b := m.eval(x)
			m.step(len(b.s) / 64)
			if a.s == b.s && a.n == b.n {
				return boolean(true)
			}
		}
		return boolean(false)
	}},
	{"ne", "ne A B, both of one kind: text, number or yes/no", func(args []*typ) *typ {
		if len(args) != 2 {
			return nil
		}
		return comparable2(args)
	}, func(m *machine, args []*expr) value {
		a, b := m.eval(args[0]), m.eval(args[1])
		m.step(len(b.s) / 64)
		return boolean(a.s != b.s || a.n != b.n)
	}},
	compares("lt", func(a, b int) bool { return a < b }),
	compares("le", func(a, b int) bool { return a <= b }),
	compares("gt", func(a, b int) bool { return a > b }),
	compares("ge", func(a, b int) bool { return a >= b }),
	{"and", "and A B …", alternatives, func(m *machine, args []*expr) value { return either(m, args, false) }},
	{"or", "or A B …", alternatives, func(m *machine, args []*expr) value { return either(m, args, true) }},
	{"not", "not VALUE", func(args []*typ) *typ {
		if len(args) != 1 || !args[0].truthy() {
			return nil
		}
		return yesnoType
	}, func(m *machine, args []*expr) value {
		return boolean(!truth(m.eval(args[0]), args[0].typ))
	}},
	{"len", "len TEXT or len LIST", func(args []*typ) *typ {
		if len(args) != 1 || args[0].kind != text && args[0].kind != list {
			return nil
		}
		return numberType
	}, func(m *machine, args []*expr) value {
		v := m.eval(args[0])
		if args[0].typ.kind == list {
			return value{n: v.n}
		}
		m.step(len(v.s) / 64)
		return value{n: utf8.RuneCountInString(v.s)}
	}},
	{"index", "index LIST NUMBER, counted from 0", func(args []*typ) *typ {
		if len(args) != 2 || args[0].kind != list || args[1].kind != number {
			return nil
		}
		return args[0].elem
	}, func(m *machine, args []*expr) value {
		over, i := m.eval(args[0]), m.number(args[1])
		if m.fault == "" && (i < 0 || i >= over.n) {
			m.fail("index " + strconv.Itoa(i) + " of a list of " + strconv.Itoa(over.n) + "; the first is 0")
		}
		if m.fault != "" {
			return value{}
		}
		return elem(&over, i)
	}},
	texts("upper", "upper TEXT", 1, func(s []string) string { return strings.ToUpper(s[0]) }),
	texts("lower", "lower TEXT", 1, func(s []string) string { return strings.ToLower(s[0]) }),
	texts("trim", "trim TEXT", 1, func(s []string) string { return strings.TrimSpace(s[0]) }),
	{"replace", "replace OLD NEW TEXT", signature(textType, text, text, text), func(m *machine, args []*expr) value {
		old, with, s := m.text(args[0]), m.text(args[1]), m.text(args[2])
		if old == "" {
			return value{s: s}
		}
		m.step(len(s) / 16)
		if len(s)+strings.Count(s, old)*max(0, len(with)-len(old)) > maxText {
			m.fail("replace makes a text longer than 64 KiB")
			return value{}
		}
		return m.made(strings.ReplaceAll(s, old, with))
	}},
	texts("before", "before SEPARATOR TEXT", 2, func(s []string) string {
		head, _, _ := strings.Cut(s[1], s[0])
		return head
	}),
	texts("after", "after SEPARATOR TEXT", 2, func(s []string) string {
		_, tail, _ := strings.Cut(s[1], s[0])
		return tail
	}),
	{"join", "join SEPARATOR LIST, of choices (their values) or numbers", func(args []*typ) *typ {
		if len(args) != 2 || args[0].kind != text || args[1].kind != list || args[1].elem.choice == "" && args[1].elem.kind != number {
			return nil
		}
		return textType
	}, join},
	asks("contains", "contains PART TEXT", func(part, s string) bool { return strings.Contains(s, part) }),
	asks("has_prefix", "has_prefix PREFIX TEXT", func(prefix, s string) bool { return strings.HasPrefix(s, prefix) }),
	{"default", "default FALLBACK VALUE, both text or both numbers", func(args []*typ) *typ {
		if len(args) != 2 || args[0].kind != args[1].kind || args[0].kind != text && args[0].kind != number {
			return nil
		}
		return common(args)
	}, func(m *machine, args []*expr) value {
		if v := m.eval(args[1]); truth(v, args[1].typ) {
			return v
		}
		return m.eval(args[0])
	}},
	calculates("add", 8, plus),
	calculates("sub", 2, minus),
	calculates("mul", 8, times),
	calculates("div", 2, divide),
	calculates("mod", 2, modulo),
	{"seq", "seq FROM TO", signature(numbersType, number, number), func(m *machine, args []*expr) value {
		from, to := m.number(args[0]), m.number(args[1])
		n, problem := minus(to, from)
		if problem != "" || n >= maxSeq {
			m.fail("seq makes more than " + strconv.Itoa(maxSeq) + " numbers")
			return value{}
		}
		return value{m: from, n: max(0, n+1), t: numberType}
	}},
	{"pad", "pad WIDTH NUMBER", signature(digitsType, number, number), func(m *machine, args []*expr) value {
		width, n := m.number(args[0]), m.number(args[1])
		s := strconv.Itoa(n)
		switch {
		case n < 0:
			m.fail("pad takes no number below 0")
			return value{}
		case width > maxWidth:
			m.fail("pad makes more than " + strconv.Itoa(maxWidth) + " digits")
			return value{}
		case width > len(s):
			s = strings.Repeat("0", width-len(s)) + s
		}
		return value{s: s}
	}},
	{"colons", "colons MAC", signature(textType, text), func(m *machine, args []*expr) value {
		s := m.text(args[0])
		if m.fault == "" && len(s) != 12 {
			m.fail("colons takes a MAC address of 12 digits, such as .mac")
		}
		if m.fault != "" {
			return value{}
		}
		return value{s: s[0:2] + ":" + s[2:4] + ":" + s[4:6] + ":" + s[6:8] + ":" + s[8:10] + ":" + s[10:12]}
	}},
	asks("at_least", `at_least FIRMWARE "85.0"`, atLeast),
}

var functions = func() map[string]*function {
	m := make(map[string]*function, len(functionList))
	for i := range functionList {
		m[functionList[i].name] = &functionList[i]
	}
	return m
}()

func functionNames() []string {
	names := make([]string, len(functionList))
	for i, f := range functionList {
		names[i] = f.name
	}
	return names
}

// made is a text that a function made, within bounds.
func (m *machine) made(s string) value {
	m.step(len(s) / 16)
	if len(s) > maxText {
		m.fail("a function makes a text longer than 64 KiB")
		return value{}
	}
	return value{s: s}
}

// truthy reports whether a value of the type counts as yes or no.
func (t *typ) truthy() bool { return t.kind != object && t.kind != textMap }

// comparable2 is the check of eq and ne.
func comparable2(args []*typ) *typ {
	if len(args) < 2 || len(args) > 64 {
		return nil
	}
	k := args[0].kind
	if k != text && k != number && k != yesno || slices.ContainsFunc(args, func(t *typ) bool { return t.kind != k }) {
		return nil
	}
	return yesnoType
}

// common is the type of a value that is one of args, or nil.
func common(args []*typ) *typ {
	t := args[0]
	for _, a := range args[1:] {
		switch {
		case a == t:
		case a.kind == text && t.kind == text:
			t = textType
		default:
			return nil
		}
	}
	return t
}

// alternatives is the check of or, and of and: the result is one of the arguments
// if these are all text, all numbers or all yes/no, else it is yes/no.
func alternatives(args []*typ) *typ {
	if len(args) < 2 || len(args) > 64 || slices.ContainsFunc(args, func(t *typ) bool { return !t.truthy() }) {
		return nil
	}
	if t := common(args); t != nil && t.kind != list {
		return t
	}
	return yesnoType
}

// either returns the first argument whose truth is stop, or the last.
func either(m *machine, args []*expr, stop bool) value {
	same := true
	for _, a := range args[1:] {
		same = same && a.typ.kind == args[0].typ.kind
	}
	var v value
	for _, a := range args {
		v = m.eval(a)
		yes := truth(v, a.typ)
		if !same || a.typ.kind == list {
			v = boolean(yes)
		}
		if yes == stop {
			break
		}
	}
	return v
}

func join(m *machine, args []*expr) value {
	sep, over := m.text(args[0]), m.eval(args[1])
	var b []byte
	for i := range over.n {
		if i > 0 {
			b = append(b, sep...)
		}
		v := elem(&over, i)
		if t := args[1].typ.elem; t.kind == number {
			b = strconv.AppendInt(b, int64(v.n), 10)
		} else {
			f, _ := t.field("value")
			b = append(b, load(&v, t, f.off, f.typ).s...)
		}
		if m.step(1); m.fault != "" {
			return value{}
		}
		if len(b) > maxText {
			m.fail("join makes a text longer than 64 KiB")
			return value{}
		}
	}
	return m.made(string(b))
}

// atLeast compares versions. One that is not known is below all.
func atLeast(firmware, least string) bool {
	return firmware != "" && version.Compare(firmware, least) >= 0
}
