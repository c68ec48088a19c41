package vendor

import (
	"errors"
	"fmt"
	"maps"
	"net"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// Dictionary is what a vendor's documents say of each parameter that our templates
// write: its name, what it may hold, for which models, and where that stands.
type Dictionary struct {
	parameters []Parameter
	byName     map[string][]int // by name, or by shape where the name has indexes
}

// Parameter is one row of a dictionary.
type Parameter struct {
	Name   string // as Setting has it, with ranges of numbers in braces: "account.{1-16}.label"
	Type   string // as the dictionary spells it
	Source string // manual and page, table or section
	Models []string

	ranges [][]span
	allows []func(value string) bool
}

type span struct{ from, to int }

// Problem is a setting that the dictionary does not bear out.
type Problem struct {
	Setting Setting
	Why     string // in plain words, without the value
	Nearest string // the nearest name that is known, or ""
}

func (p Problem) String() string {
	s := p.Setting.Name + " " + p.Why
	if p.Nearest != "" {
		s += "; did you mean " + p.Nearest + "?"
	}
	return s
}

// ParseDictionary reads a dictionary. Each line has a name, a tab and a type; what
// stands on the lines before says where it is from and for whom:
//
//	# Comment.
//	source	Administrator's Guide V86, "Accounts"
//	models	T4* T5*
//	account.{1-16}.enable	0|1
//	account.{1-16}.label	text 99
//	account.{1-16}.sip_server.{1,2}.port	int 0..65535 or %NULL%
//
// The types are text (with the most characters, if there is a bound), int LEAST..MOST,
// words divided by | (an empty one for nothing), host, url, and match with a regular
// expression for the whole value; "or" adds one more word. A word * of a name, between
// dots, stands for any other: the address of a handset, say. A source holds until the
// next; models, space-separated with * for any letters, until the next source.
// A parameter may stand several times, for different models.
func ParseDictionary(text string) (*Dictionary, error) {
	d := &Dictionary{byName: make(map[string][]int)}
	source, models := "", []string(nil)
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimRight(line, " \t\r")
		if line == "" || strings.HasPrefix(line, "#") {
			continue
		}
		name, rest, ok := strings.Cut(line, "\t")
		rest = strings.TrimSpace(rest)
		switch {
		case !ok || rest == "":
			return nil, fmt.Errorf("line %d: %q has no type behind a tab", i+1, name)
		case name == "source":
			source, models = rest, nil
			continue
		case name == "models":
			models = strings.Fields(rest)
			continue
		case source == "":
			return nil, fmt.Errorf("line %d: %s comes before any source", i+1, name)
		}
		p := Parameter{Name: name, Type: rest, Source: source, Models: models}
		shape, err := p.readName()
		if err == nil {
			err = p.readType()
		}
		if err != nil {
			return nil, fmt.Errorf("line %d: %s: %w", i+1, name, err)
		}
		d.byName[shape] = append(d.byName[shape], len(d.parameters))
		d.parameters = append(d.parameters, p)
	}
	return d, nil
}

// MustParseDictionary is ParseDictionary for an embedded file, for
// Pack.Parameters. It panics if the file is not valid.
func MustParseDictionary(text string) *Dictionary {
	d, err := ParseDictionary(text)
	if err != nil {
		panic(err)
	}
	return d
}

// Parameters returns every row in the order of the file.
func (d *Dictionary) Parameters() []Parameter { return d.parameters }

// readName reads the ranges in a name and returns its shape: # for each of them.
func (p *Parameter) readName() (shape string, err error) {
	rest := p.Name
	for {
		before, after, ok := strings.Cut(rest, "{")
		shape += numbers.ReplaceAllString(before, "#")
		for _, n := range numbers.FindAllString(before, -1) {
			v, _ := strconv.Atoi(n)
			p.ranges = append(p.ranges, []span{{v, v}})
		}
		if !ok {
			return shape, nil
		}
		inside, behind, ok := strings.Cut(after, "}")
		if !ok {
			return "", errors.New("a { has no }")
		}
		var spans []span
		for part := range strings.SplitSeq(inside, ",") {
			from, to, isRange := strings.Cut(part, "-")
			if !isRange {
				to = from
			}
			a, errFrom := strconv.Atoi(from)
			b, errTo := strconv.Atoi(to)
			if errFrom != nil || errTo != nil || a > b {
				return "", fmt.Errorf("{%s} is no list of numbers and ranges such as {1-4,8}", inside)
			}
			spans = append(spans, span{a, b})
		}
		p.ranges = append(p.ranges, spans)
		shape += "#"
		rest = behind
	}
}

var numbers = regexp.MustCompile(`\d+`)

func (p *Parameter) readType() error {
	main, words, _ := strings.Cut(p.Type, " or ")
	if words != "" {
		for word := range strings.SplitSeq(words, " or ") {
			p.allows = append(p.allows, func(v string) bool { return v == word })
		}
	}
	kind, rest, _ := strings.Cut(main, " ")
	switch kind {
	case "text":
		most := 0
		if rest != "" {
			n, err := strconv.Atoi(rest)
			if err != nil || n < 1 {
				return fmt.Errorf("text takes the most characters as a number, not %q", rest)
			}
			most = n
		}
		p.allows = append(p.allows, func(v string) bool { return most == 0 || utf8.RuneCountInString(v) <= most })
	case "int":
		from, to, ok := strings.Cut(rest, "..")
		least, errLeast := strconv.Atoi(from)
		most, errMost := strconv.Atoi(to)
		if !ok || errLeast != nil || errMost != nil || least > most {
			return fmt.Errorf("int takes a range such as 0..65535, not %q", rest)
		}
		p.allows = append(p.allows, func(v string) bool {
			n, err := strconv.Atoi(v)
			return err == nil && least <= n && n <= most
		})
	case "host":
		p.allows = append(p.allows, isHost)
	case "url":
		p.allows = append(p.allows, func(v string) bool {
			u, err := url.Parse(v)
			return v == "" || err == nil && u.Scheme != "" && u.Host != ""
		})
	case "match":
		re, err := regexp.Compile(`^(?:` + rest + `)$`)
		if err != nil {
			return err
		}
		p.allows = append(p.allows, re.MatchString)
	default:
		if !strings.Contains(main, "|") {
			return fmt.Errorf("unknown type %q; text, int, host, url, match, or words divided by |", main)
		}
		list := strings.Split(main, "|")
		p.allows = append(p.allows, func(v string) bool { return slices.Contains(list, v) })
	}
	return nil
}

// isHost says whether v is a host name or an address, with or without a port, or
// nothing.
func isHost(v string) bool {
	if v == "" {
		return true
	}
	if host, port, err := net.SplitHostPort(v); err == nil {
		if n, err := strconv.Atoi(port); err != nil || n < 0 || n > 65535 {
			return false
		}
		v = host
	}
	if net.ParseIP(strings.Trim(v, "[]")) != nil {
		return true
	}
	return hostName.MatchString(v)
}

var hostName = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// Check returns what the dictionary does not know of a configuration for a model,
// or knows to be out of range.
func (d *Dictionary) Check(model string, c *Config) []Problem {
	var problems []Problem
	for _, s := range c.Settings() {
		rows := d.rows(s.Name)
		if len(rows) == 0 {
			problems = append(problems, Problem{s, "is no parameter that the vendor documents", d.nearest(s.Name)})
			continue
		}
		rows = slices.DeleteFunc(rows, func(p *Parameter) bool { return !p.suits(model) })
		if len(rows) == 0 {
			problems = append(problems, Problem{Setting: s, Why: "is no parameter of the " + model})
			continue
		}
		if !slices.ContainsFunc(rows, func(p *Parameter) bool {
			return slices.ContainsFunc(p.allows, func(allows func(string) bool) bool { return allows(s.Value) })
		}) {
			problems = append(problems, Problem{Setting: s, Why: "takes " + rows[0].Type})
		}
	}
	return problems
}

// rows returns the rows for a name: those that spell it, or else those with * for one
// of its words.
func (d *Dictionary) rows(name string) []*Parameter {
	found := d.spelled(name)
	words := strings.Split(name, ".")
	for i := 0; i < len(words) && len(found) == 0; i++ {
		word := words[i]
		words[i] = "*"
		found = d.spelled(strings.Join(words, "."))
		words[i] = word
	}
	return found
}

func (d *Dictionary) spelled(name string) []*Parameter {
	var found []*Parameter
	shape := numbers.ReplaceAllString(name, "#")
	indexes := numbers.FindAllString(name, -1)
	for _, i := range d.byName[shape] {
		if p := &d.parameters[i]; p.has(indexes) {
			found = append(found, p)
		}
	}
	return found
}

// has says whether the numbers in a name lie in the ranges of the row.
func (p *Parameter) has(indexes []string) bool {
	if len(indexes) != len(p.ranges) {
		return false
	}
	for i, index := range indexes {
		n, err := strconv.Atoi(index)
		if err != nil || !slices.ContainsFunc(p.ranges[i], func(s span) bool { return s.from <= n && n <= s.to }) {
			return false
		}
	}
	return true
}

func (p *Parameter) suits(model string) bool {
	return len(p.Models) == 0 || slices.ContainsFunc(p.Models, func(glob string) bool { return matches(strings.ToLower(glob), strings.ToLower(model)) })
}

// matches says whether a text is what a glob, in which * stands for any letters, means.
func matches(glob, s string) bool {
	first, rest, more := strings.Cut(glob, "*")
	if !more {
		return glob == s
	}
	s, ok := strings.CutPrefix(s, first)
	if !ok {
		return false
	}
	for i := 0; i <= len(s); i++ {
		if matches(rest, s[i:]) {
			return true
		}
	}
	return false
}

// nearest returns the known name that is spelled most like name, or "".
func (d *Dictionary) nearest(name string) string {
	shape := numbers.ReplaceAllString(name, "#")
	best, least := "", len(name)/3+1
	for _, known := range slices.Sorted(maps.Keys(d.byName)) {
		if distance := edits(shape, known, least); distance < least {
			best, least = d.parameters[d.byName[known][0]].Name, distance
		}
	}
	return best
}

// edits counts the letters to change, add or drop to make b of a; it stops at most.
func edits(a, b string, most int) int {
	if d := len(a) - len(b); d >= most || -d >= most {
		return most
	}
	row := make([]int, len(b)+1)
	for j := range row {
		row[j] = j
	}
	for i := range len(a) {
		diagonal := row[0]
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			diagonal, row[j+1] = row[j+1], min(row[j+1]+1, row[j]+1, diagonal+cost)
		}
	}
	return min(row[len(b)], most)
}
