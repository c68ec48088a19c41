package template

import (
	"regexp"
	"sort"
	"strconv"
	"strings"
	"text/template/parse"
)

// unit is one text in template syntax: the body of a file or of a block.
type unit struct {
	src   *source
	body  body
	depth int // 0 for the template itself, 1 for the one that it extends, …
	root  *parse.Tree
	trees map[string]*parse.Tree // {{define}} and {{block}}
}

func (u *unit) place(offset int) place { return place{u.src, u.body.offset(offset)} }

// bodyName is the name of the text itself among the trees of its unit.
const bodyName = "the body"

// parseUnit reads a body.
func parseUnit(src *source, b body, depth int) (*unit, *Error) {
	if strings.HasPrefix(b.text, "\n") {
		b = b.from(1)
	}
	u := &unit{src: src, body: b, depth: depth}
	if strings.Count(b.text, ":=") > 2000 {
		return nil, src.errorf(b.offset(0), "more than 2000 variables in one body")
	}
	t := parse.New(bodyName)
	t.Mode = parse.SkipFuncCheck
	u.trees = make(map[string]*parse.Tree)
	if _, err := t.Parse(b.text, "", "", u.trees); err != nil {
		return nil, u.syntaxError(err)
	}
	u.root = t
	delete(u.trees, bodyName)
	return u, nil
}

var (
	parseMessage = regexp.MustCompile(`(?s)^template: ` + bodyName + `:(\d+): (.*)$`)
	keyword      = regexp.MustCompile(`^\{\{(?:- )?\s*(if|range|with|block|define|end)\b`)
)

// syntaxError gives an error of text/template/parse, which knows the line only,
// its column.
func (u *unit) syntaxError(err error) *Error {
	parts := parseMessage.FindStringSubmatch(err.Error())
	if parts == nil {
		return u.src.errorf(u.body.offset(0), "%s", clip(err.Error()))
	}
	line, _ := strconv.Atoi(parts[1])
	message := strings.ReplaceAll(parts[2], bodyName+":", "line ")
	if strings.HasPrefix(message, "unexpected EOF") {
		at, word := u.unclosed()
		return u.src.errorf(u.body.offset(at), "this {{%s}} has no {{end}}", word)
	}
	// The action to blame is the first of the line up to which parsing fails in
	// another way than by ending too soon.
	start := 0
	for range line - 1 {
		start += 1 + strings.IndexByte(u.body.text[start:], '\n')
	}
	var opens, ends []int
	for i := start; ; {
		open := strings.Index(u.body.text[i:], "{{")
		if open < 0 {
			break
		}
		opens = append(opens, i+open)
		i = len(u.body.text)
		if n := strings.Index(u.body.text[opens[len(opens)-1]:], "}}"); n >= 0 {
			i = opens[len(opens)-1] + n + 2
		}
		ends = append(ends, i)
	}
	blamed := sort.Search(len(ends), func(i int) bool {
		t := parse.New(bodyName)
		t.Mode = parse.SkipFuncCheck
		_, err := t.Parse(u.body.text[:ends[i]], "", "", make(map[string]*parse.Tree))
		return err != nil && !strings.Contains(err.Error(), "unexpected EOF")
	})
	at := -1
	if blamed < len(opens) {
		at = opens[blamed]
	}
	if at < 0 {
		at = max(0, strings.LastIndex(u.body.text[:min(start+1, len(u.body.text))], "{{"))
	}
	return u.src.errorf(u.body.offset(at), "%s", message)
}

// unclosed finds the last action that needs an {{end}} and has none.
func (u *unit) unclosed() (at int, word string) {
	var open []int
	var words []string
	for i := 0; ; {
		n := strings.Index(u.body.text[i:], "{{")
		if n < 0 {
			break
		}
		i += n
		if m := keyword.FindStringSubmatch(u.body.text[i:]); m != nil {
			if m[1] != "end" {
				open, words = append(open, i), append(words, m[1])
			} else if len(open) > 0 {
				open, words = open[:len(open)-1], words[:len(words)-1]
			}
		}
		i += 2
	}
	if len(open) == 0 {
		return 0, "…"
	}
	return open[len(open)-1], words[len(words)-1]
}
