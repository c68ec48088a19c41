package template

import (
	"slices"
	"strings"
)

// pattern is the name of a file with what stands for the phone's own.
type pattern []patternPart

type patternPart struct {
	kind patternKind
	text string // literal, or the name of a <var>
}

type patternKind uint8

const (
	patternLiteral patternKind = iota
	patternMAC
	patternUpperMAC
	patternModel
	patternVar
)

const patternHelp = "; a name is made of letters, digits and . _ - + /, with {mac}, {MAC}, {model} and {<var>} for what differs from phone to phone"

// parsePattern reads a name. A problem is what is wrong with it.
func parsePattern(s string) (p pattern, problem string) {
	for rest := s; rest != ""; {
		text, after, braced := strings.Cut(rest, "{")
		if text != "" {
			p = append(p, patternPart{patternLiteral, text})
		}
		if !braced {
			break
		}
		name, after, closed := strings.Cut(after, "}")
		if !closed || name == "" {
			return nil, "a { of the name is not closed" + patternHelp
		}
		switch name {
		case "mac":
			p = append(p, patternPart{kind: patternMAC})
		case "MAC":
			p = append(p, patternPart{kind: patternUpperMAC})
		case "model":
			p = append(p, patternPart{kind: patternModel})
		default:
			p = append(p, patternPart{patternVar, name})
		}
		rest = after
	}
	return p, ""
}

func (p pattern) hasMAC() bool {
	for _, part := range p {
		if part.kind == patternMAC || part.kind == patternUpperMAC {
			return true
		}
	}
	return false
}

// fill is the name for a model; mac and upper stand for the MAC.
func (p pattern) fill(m *Model, mac, upper string) string {
	var b strings.Builder
	for _, part := range p {
		switch part.kind {
		case patternMAC:
			b.WriteString(mac)
		case patternUpperMAC:
			b.WriteString(upper)
		default:
			b.WriteString(part.own(m))
		}
	}
	return b.String()
}

// example is a name that the pattern may stand for, whatever the models.
func (p pattern) example() string {
	filled := slices.Clone(p)
	for i := range filled {
		if filled[i].kind == patternVar {
			filled[i] = patternPart{patternLiteral, filled[i].text}
		}
	}
	return filled.fill(&Model{Name: "model"}, "001565aabbcc", "001565AABBCC")
}

// own is the text of a part that is not a MAC.
func (part patternPart) own(m *Model) string {
	switch part.kind {
	case patternModel:
		return m.Name
	case patternVar:
		return m.Vars[part.text]
	}
	return part.text
}

// match reports whether name is the pattern's for the model and any MAC, the
// same wherever it stands. Case does not matter.
func (p pattern) match(m *Model, name string) bool {
	mac := ""
	for _, part := range p {
		want := 12
		if part.kind != patternMAC && part.kind != patternUpperMAC {
			text := part.own(m)
			if want = len(text); len(name) < want || !strings.EqualFold(name[:want], text) {
				return false
			}
		} else {
			if len(name) < want || !isHex(name[:want]) || mac != "" && !strings.EqualFold(mac, name[:want]) {
				return false
			}
			mac = name[:want]
		}
		name = name[want:]
	}
	return name == ""
}

func isHex(s string) bool {
	for i := range len(s) {
		c := s[i]
		if (c < '0' || '9' < c) && (c < 'a' || 'f' < c) && (c < 'A' || 'F' < c) {
			return false
		}
	}
	return true
}

// FilesFolder is where phones find uploaded files at their own address. No file of a
// template can be in it.
const FilesFolder = "files"

// vetName says what is wrong with a name as a phone asks for it, or "".
func vetName(name string) string {
	for i := range len(name) {
		if c := name[i]; !isNameByte(c) && c != '/' && c != '+' || c == ':' {
			return "the name " + clip(name) + " holds a character that phones cannot ask for" + patternHelp
		}
	}
	if folder, _, in := strings.Cut(name, "/"); in && strings.EqualFold(folder, FilesFolder) {
		return "the name " + clip(name) + " is where uploaded files are; choose another folder"
	}
	for part := range strings.SplitSeq(name, "/") {
		if part == "" || part == "." || part == ".." {
			return "the name " + clip(name) + " has an empty part, or one of dots" + patternHelp
		}
	}
	return ""
}
