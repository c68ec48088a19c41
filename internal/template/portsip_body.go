package template

import (
	"regexp"
	"slices"
	"sort"
	"strconv"
	"strings"
	"unicode"
)

// dialectTexts are the variables that the PBX itself defines, by lower-case name,
// in our syntax. The names are those that 3CX documents or its published
// templates use; PortSIP publishes none.
var dialectTexts = map[string]string{ //nolint:gosec // where passwords stand, not what they are
	"mac_address": "{{$.mac}}",

	"extension_number":     "{{(index $.accounts 0).extension}}",
	"extension_first_name": `{{before " " (index $.accounts 0).display_name}}`,
	"extension_last_name":  `{{after " " (index $.accounts 0).display_name}}`,
	"extension_full_name":  "{{(index $.accounts 0).display_name}}",
	"extension_auth_id":    "{{(index $.accounts 0).auth_name}}",
	"extension_auth_pw":    "{{(index $.accounts 0).password}}",
	"vm_number":            "{{(index $.accounts 0).voicemail}}",

	"deskphone_password": "{{$.web.admin_password}}",
	"phone_web_password": "{{$.web.admin_password}}",
	"device_password":    "{{$.web.admin_password}}",

	"pbx_ip":             "{{(index $.accounts 0).server}}",
	"param::pbxpublicip": "{{(index $.accounts 0).server}}",
	"param::sipport":     "{{(index $.accounts 0).port}}",
	"local_sbc_ip":       "{{(index $.accounts 0).outbound_host}}",
	"local_sbc_port":     "{{if (index $.accounts 0).outbound}}{{(index $.accounts 0).outbound_port}}{{end}}",

	"provlink":               "{{$.provisioning.url}}",
	"provlink.host":          provisioningHost,
	"provlink.port":          provisioningPort,
	"provlink.path":          "{{$.provisioning.path}}",
	"provlink.protocol":      "{{$.provisioning.scheme}}",
	"provlinklocal":          "{{$.provisioning.url}}",
	"provlinklocal.host":     provisioningHost,
	"provlinklocal.port":     provisioningPort,
	"provlinklocal.path":     "{{$.provisioning.path}}",
	"provlinklocal.protocol": "{{$.provisioning.scheme}}",

	"param::time_ntp_server": "{{$.time.ntp1}}",
	"pickupvalue":            "{{$.features.pickup_code}}",
	"param::pickup":          "{{$.features.pickup_code}}",
}

const firstAccount = "(index $.accounts 0)"

// The provisioning address names its port only if it is not the scheme's own.
const (
	provisioningHost = `{{if has_prefix "[" $.provisioning.host}}{{before "]" $.provisioning.host}}]{{else}}{{before ":" $.provisioning.host}}{{end}}`
	provisioningPort = `{{if has_prefix "[" $.provisioning.host}}{{with after "]:" $.provisioning.host}}{{.}}` + schemePort + `{{end}}` +
		`{{else}}{{with after ":" $.provisioning.host}}{{.}}` + schemePort + `{{end}}{{end}}`
	schemePort = `{{else}}{{if eq $.provisioning.scheme "https"}}443{{else}}80{{end}}`
)

// dialectMissing says of variables that 3CX documents why they are empty here.
var dialectMissing = map[string]string{
	"phone_ip":      "Dialplane does not write a phone's own IP address",
	"vmpin":         "Dialplane writes no voicemail PIN into files",
	"phonesipport":  "Dialplane leaves the phone's own SIP port to the phone",
	"rtp_port_min":  "Dialplane leaves the RTP ports to the phone",
	"rtp_port_max":  "Dialplane leaves the RTP ports to the phone",
	"firmware":      "Dialplane has no firmware for this template",
	"logo":          "Dialplane has no logo for this template",
	"logo_filename": "Dialplane has no logo for this template",
	"queueid":       "Dialplane has no queues",
}

const maxLineKeys = 1000

const variableBytes = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_:.-"

// isVariable reports whether name can stand between %% and %%.
func isVariable(name string) bool {
	return name != "" && len(name) <= 64 && strings.Trim(name, variableBytes) == ""
}

// nextVariable finds the first %%name%% in s.
func nextVariable(s string) (from, to int, name string, ok bool) {
	for i := 0; ; {
		n := strings.Index(s[i:], "%%")
		if n < 0 {
			return 0, 0, "", false
		}
		i += n
		length := strings.IndexFunc(s[i+2:], func(c rune) bool { return !strings.ContainsRune(variableBytes, c) })
		if length > 0 && isVariable(s[i+2:i+2+length]) && strings.HasPrefix(s[i+2+length:], "%%") {
			return i, i + length + 4, strings.ToLower(s[i+2 : i+2+length]), true
		}
		i++
	}
}

func holdsVariable(s string) bool {
	_, _, _, ok := nextVariable(s)
	return ok
}

// phrase is a piece of a body.
type phrase struct {
	from, to  int    // in the body
	variable  string // its name in lower case
	condition string // of an {IF}, which has branches
	yes, no   []*phrase
	isIf      bool
}

// scanner takes a body apart.
type scanner struct {
	d    *dialect
	body body
	open []*opened
	list []*phrase // of the branch being read
}

type opened struct {
	phrase *phrase
	outer  []*phrase
	other  bool // in its {ELSE}
}

var (
	dialectTag = regexp.MustCompile(`(?i)\{(if)(?:[ \t]+([^{}\r\n]*))?\}|\{(else|endif)[ \t]*\}`)
	brokenTag  = regexp.MustCompile(`(?i)\{(?:if[ \t][^}\n]*(?:\n|$)|else[ \t]?if\b|end[ \t]if\})`)
)

// scan returns the phrases of a body, or false after an error.
func (d *dialect) scan(b body) ([]*phrase, bool) {
	if m := brokenTag.FindStringIndex(b.text); m != nil {
		d.fail(b.offset(m[0]), "this is no tag of the dialect; there are {IF condition}, {ELSE} and {ENDIF}, each within a line")
		return nil, false
	}
	s := &scanner{d: d, body: b}
	at := 0
	for _, m := range dialectTag.FindAllStringSubmatchIndex(b.text, -1) {
		from, to := s.line(at, m[0], m[1])
		s.text(at, from)
		at = to
		var ok bool
		switch {
		case m[2] >= 0:
			condition := ""
			if m[4] >= 0 {
				condition = strings.TrimSpace(b.text[m[4]:m[5]])
			}
			ok = s.begin(m[0], m[1], condition)
		case strings.EqualFold(b.text[m[6]:m[7]], "else"):
			ok = s.other(m[0])
		default:
			ok = s.end(m[0])
		}
		if !ok {
			return nil, false
		}
	}
	s.text(at, len(b.text))
	if n := len(s.open); n > 0 {
		d.fail(b.offset(s.open[n-1].phrase.from), "this {IF} has no {ENDIF}")
		return nil, false
	}
	return s.list, true
}

// line widens a tag that stands alone in its line to the whole line.
func (s *scanner) line(least, from, to int) (int, int) {
	text := s.body.text
	begin := from
	for begin > least && (text[begin-1] == ' ' || text[begin-1] == '\t') {
		begin--
	}
	end := to
	for end < len(text) && (text[end] == ' ' || text[end] == '\t') {
		end++
	}
	switch {
	case begin > 0 && text[begin-1] != '\n':
		return from, to
	case end == len(text):
		return begin, end
	case text[end] != '\n':
		return from, to
	}
	return begin, end + 1
}

func (s *scanner) begin(from, to int, condition string) bool {
	at := s.body.offset(from)
	switch {
	case condition == "":
		s.d.fail(at, "this {IF} says no condition; write {IF ua=MODEL}, {IF blf1} or {IF network=SBC}")
		return false
	case len(s.open) == maxConditions:
		s.d.fail(at, "conditions are nested deeper than %d", maxConditions)
		return false
	}
	p := &phrase{from: from, to: to, isIf: true, condition: condition}
	s.list = append(s.list, p)
	s.open = append(s.open, &opened{phrase: p, outer: s.list})
	s.list = nil
	return true
}

func (s *scanner) other(from int) bool {
	n := len(s.open)
	if n == 0 || s.open[n-1].other {
		problem := "this {ELSE} belongs to no {IF}"
		if n > 0 {
			problem = "this {IF} has a second {ELSE}; close it with {ENDIF} first"
		}
		s.d.fail(s.body.offset(from), "%s", problem)
		return false
	}
	s.open[n-1].phrase.yes, s.open[n-1].other = s.list, true
	s.list = nil
	return true
}

func (s *scanner) end(from int) bool {
	n := len(s.open)
	if n == 0 {
		s.d.fail(s.body.offset(from), "this {ENDIF} closes no {IF}")
		return false
	}
	o := s.open[n-1]
	if o.other {
		o.phrase.no = s.list
	} else {
		o.phrase.yes = s.list
	}
	s.list, s.open = o.outer, s.open[:n-1]
	return true
}

// text takes apart what is between two tags.
func (s *scanner) text(from, to int) {
	for from < to {
		i, j, name, ok := nextVariable(s.body.text[from:to])
		if !ok {
			s.list = append(s.list, &phrase{from: from, to: to})
			return
		}
		if i > 0 {
			s.list = append(s.list, &phrase{from: from, to: from + i})
		}
		s.list = append(s.list, &phrase{from: from + i, to: from + j, variable: name})
		from += j
	}
}

// readFiles translates the files.
func (d *dialect) readFiles() *element {
	files := made("files", d.doc.at)
	number := 0
	d.devices(func(device *element) {
		device.every("deviceconfig", func(c *element) {
			if d.faults.full() || len(d.models) == 0 {
				return
			}
			if f := d.readFile(c, &number); f != nil {
				files.add(f)
			}
		})
	})
	if len(files.children) == 0 && len(d.faults.list) == 0 {
		d.fail(d.doc.at, "the template has no <data><device><deviceconfig> with a file in it")
	}
	return files
}

func fileVariable(n int) string {
	if n == 1 {
		return "file"
	}
	return "file" + strconv.Itoa(n)
}

func (d *dialect) readFile(c *element, number *int) *element {
	b := tidy(c.text)
	if b.text == "" {
		d.note(c.at, "this <deviceconfig> is empty")
		return nil
	}
	name := d.filename(c, number)
	escape, separator, media := d.format(b)
	phrases, ok := d.scan(b)
	if !ok || name == "" {
		return nil
	}
	w := &writing{d: d, body: b, escape: escape}
	w.reachable = make([]*dialectModel, len(d.models))
	for i := range d.models {
		w.reachable[i] = &d.models[i]
	}
	w.phrases(phrases)
	if w.broken {
		return nil
	}
	if d.written += len(w.out); d.written > maxTranslated {
		d.fail(c.at, "the files of the template grow too large; look for values inside values")
		return nil
	}
	at, _ := c.named("filename")
	f := made("file", c.at, "name", name, "type", media, "escape", escape, "level", "full")
	f.attrs[0].at, f.attrs[0].valueAt = at.at, at.valueAt
	if separator != "" && separator != "=" {
		f.attrs = append(f.attrs, attribute{"separator", separator, c.at, c.at})
	}
	f.text = body{string(w.out), w.marks}
	return f
}

// tidy leaves out the blanks around a body, but for its last line break.
func tidy(b body) body {
	text := strings.TrimLeftFunc(b.text, unicode.IsSpace)
	b = b.from(len(b.text) - len(text))
	trimmed := strings.TrimRightFunc(b.text, unicode.IsSpace)
	if rest := b.text[len(trimmed):]; strings.Contains(rest, "\n") {
		trimmed = b.text[:len(trimmed)+strings.Index(rest, "\n")+1]
	}
	b.text = trimmed
	return b
}

// filename translates the name of a file, or returns "" after an error.
func (d *dialect) filename(c *element, number *int) string {
	a, _ := c.named("filename")
	plain := strings.TrimLeft(strings.TrimSpace(a.value), "/")
	own := descend(c, "filename")
	if own == nil || descend(own, "model") == nil {
		if plain == "" {
			d.fail(c.at, "<deviceconfig> needs the attribute filename")
			return ""
		}
		return d.pattern(plain, a.valueAt)
	}
	*number++
	variable := fileVariable(*number)
	own.every("model", func(e *element) {
		model, _ := e.named("name")
		name, _ := e.named("filename")
		m := d.model(model.value)
		switch {
		case m == nil:
			d.warn(model.valueAt, "the template has no model %s; its filename is left out", clip(model.value))
		case holdsVariable(name.value) || strings.ContainsAny(name.value, "{}") || strings.TrimSpace(name.value) == "":
			d.fail(name.valueAt, "the filename of one model is a plain name such as y000000000108.cfg")
			m.files[variable] = plain
		default:
			m.files[variable] = strings.TrimLeft(strings.TrimSpace(name.value), "/")
		}
	})
	for i := range d.models {
		m := &d.models[i]
		if _, given := m.files[variable]; given {
			continue
		}
		if plain == "" || holdsVariable(plain) {
			d.fail(own.at, "the model %s has no filename here; add <model name=%q filename=\"…\"/>", clip(m.ua), clip(m.ua))
			return ""
		}
		m.files[variable] = plain
	}
	return "{" + variable + "}"
}

// pattern translates a filename with %%mac_address%% in it.
func (d *dialect) pattern(name string, at int) string {
	mac := "{mac}"
	if d.brand == "snom" {
		mac = "{MAC}"
	}
	if strings.ContainsAny(name, "{}") {
		d.fail(at, "a filename holds no braces; write %%%%mac_address%%%% for the MAC address")
		return ""
	}
	for {
		from, to, variable, ok := nextVariable(name)
		switch {
		case !ok:
			return name
		case variable != "mac_address":
			d.fail(at, "only %%%%mac_address%%%% may stand in a filename, not %%%%%s%%%%", variable)
			return ""
		}
		name = name[:from] + mac + name[to:]
	}
}

// format finds out how a file is written, and so how values in it are escaped.
func (d *dialect) format(b body) (escape, separator, media string) {
	text := strings.TrimSpace(dialectTag.ReplaceAllString(b.text, ""))
	switch {
	case strings.HasPrefix(text, "<?xml"), strings.HasPrefix(text, "<!--"), len(text) > 1 && text[0] == '<' && isNameStart(text[1]):
		return "xml", "", "text/xml"
	case strings.HasPrefix(text, "{") || strings.HasPrefix(text, "["):
		if rest := strings.TrimSpace(text[1:]); strings.HasPrefix(rest, `"`) || strings.HasPrefix(rest, "{") || strings.HasPrefix(rest, "}") {
			return "json", "", "application/json"
		}
	}
	votes := make(map[string]int)
	for line := range strings.SplitSeq(text, "\n") {
		line = strings.TrimSpace(line)
		from, _, _, ok := nextVariable(line)
		if !ok || line == "" || line[0] == '#' || line[0] == ';' {
			continue
		}
		before := line[:from]
		switch {
		case strings.Contains(before, "="):
			votes["="]++
		case strings.Contains(before, ":"):
			votes[":"]++
		case strings.ContainsAny(before, " "):
			votes[" "]++
		case strings.ContainsAny(before, "\t"):
			votes["\t"]++
		}
	}
	separator = "="
	for _, s := range []string{":", " ", "\t"} {
		if votes[s] > votes[separator] {
			separator = s
		}
	}
	return "line", separator, "text/plain"
}

// writing is one body while it is written in our syntax.
type writing struct {
	d      *dialect
	body   body
	escape string
	out    []byte
	marks  []mark

	key       int // whose key, from 1, is the dot; 0 for none
	reachable []*dialectModel
	inside    []string // variables being written out, one in the other
	broken    bool     // has been reported

	comment bool
	last    string // xml: the last three bytes of the author's text
	before  byte   // what the author wrote before the current phrase; 0 for a variable
}

// copy writes text of the body as it stands.
func (w *writing) copy(from, to int) {
	for i := from; i < to; {
		end := to
		next := sort.Search(len(w.body.marks), func(n int) bool { return w.body.marks[n].text > i })
		if next < len(w.body.marks) {
			end = min(end, w.body.marks[next].text)
		}
		at := w.body.offset(i)
		w.marks = append(w.marks, mark{text: len(w.out), src: at})
		for ; i < end; i++ {
			w.byte(w.body.text[i], w.body.offset(i))
		}
	}
	if to > from {
		w.before = w.body.text[to-1]
	}
}

// byte writes one byte of the author's. Two braces would begin an action.
func (w *writing) byte(c byte, at int) {
	if n := len(w.out); c == '{' && n > 0 && w.out[n-1] == '{' {
		w.out = w.out[:n-1]
		w.put(`{{"{{"}}`, at)
		w.marks = append(w.marks, mark{text: len(w.out), src: at + 1})
	} else {
		w.out = append(w.out, c)
	}
	switch w.escape {
	case "line":
		if c == '\n' {
			w.comment, w.last = false, ""
		} else if w.last == "" && c != ' ' && c != '\t' {
			w.comment, w.last = c == '#' || c == ';', "x"
		}
	case "xml":
		w.last += string([]byte{c})
		w.last = w.last[max(0, len(w.last)-4):]
		if w.last == "<!--" {
			w.comment = true
		} else if strings.HasSuffix(w.last, "-->") {
			w.comment = false
		}
	}
}

// put writes an action that stands for what is at a place of the file.
func (w *writing) put(action string, at int) {
	if n := len(w.out); n > 0 && w.out[n-1] == '{' {
		w.out = append(w.out[:n-1], `{{"{"}}`...)
	}
	w.marks = append(w.marks, mark{text: len(w.out), src: at, one: true})
	w.out = append(w.out, action...)
}

// literally writes text of a value where an action may stand.
func literally(s string) string {
	if strings.IndexFunc(s, func(c rune) bool {
		return (c < '0' || '9' < c) && (c < 'a' || 'z' < c) && (c < 'A' || 'Z' < c) && !strings.ContainsRune(" ._-+*#@/:=,;()", c)
	}) < 0 {
		return s
	}
	return "{{" + strconv.Quote(s) + "}}"
}

func (w *writing) fail(at int, format string, args ...any) {
	if !w.broken {
		w.broken = true
		w.d.fail(at, format, args...)
	}
}

func (w *writing) phrases(list []*phrase) {
	for i := 0; i < len(list) && !w.broken; i++ {
		p := list[i]
		at := w.body.offset(p.from)
		switch {
		case p.isIf:
			w.condition(p, at)
		case p.variable == "":
			w.copy(p.from, p.to)
		case w.comment:
			// A comment may hold no values, and needs none.
			w.copy(p.from, p.to)
		default:
			name := p.variable
			if full, taken := w.fullName(list[i:]); taken > 0 {
				name = full
				i += taken
			}
			w.variable(name, at)
			if i+1 < len(list) && endsWithSlash(name) {
				if next := list[i+1]; next.variable == "" && !next.isIf && next.to > next.from && w.body.text[next.from] == '/' {
					list[i+1] = &phrase{from: next.from + 1, to: next.to}
				}
			}
		}
		if w.overflows(at) {
			return
		}
	}
}

func (w *writing) overflows(at int) bool {
	if len(w.out) > maxTranslated {
		w.fail(at, "the file grows too large here; look for values inside values")
	}
	return w.broken
}

// endsWithSlash are the variables whose values here end in the slash that the
// dialect writes behind them.
func endsWithSlash(name string) bool {
	return name == "provlink" || name == "provlinklocal" || name == "provlink.path" || name == "provlinklocal.path"
}

// fullName reports whether a first name and a last name stand side by side, the
// two halves of one name here, and how many phrases follow that are part of it.
func (w *writing) fullName(list []*phrase) (name string, taken int) {
	first := list[0].variable
	if !strings.Contains(first, "first") {
		return "", 0
	}
	last := strings.Replace(first, "first", "last", 1)
	for i := 1; i < min(3, len(list)); i++ {
		switch p := list[i]; {
		case p.isIf:
			return "", 0
		case p.variable == last:
			return strings.Replace(first, "first", "full", 1), i
		case p.variable != "" || strings.Trim(w.body.text[p.from:p.to], " ") != "":
			return "", 0
		}
	}
	return "", 0
}

// condition writes {IF …}.
func (w *writing) condition(p *phrase, at int) {
	before, comment := w.reachable, w.comment
	branch := func(list []*phrase, models []*dialectModel) {
		w.reachable, w.comment = models, comment
		w.phrases(list)
		w.reachable = before
	}
	what, value, _ := strings.Cut(p.condition, "=")
	what, value = strings.ToLower(strings.TrimSpace(what)), strings.TrimSpace(value)
	switch {
	case what == "ua":
		var names []string
		var yes, no []*dialectModel
		meant := make(map[*dialectModel]bool)
		for name := range strings.SplitSeq(value, ",") {
			if m := w.d.model(name); m != nil {
				meant[m] = true
			} else if name = strings.TrimSpace(name); name != "" && !w.d.leftOut(name) {
				w.d.stray("ua="+strings.ToLower(name), at, "the template has no model "+clip(name))
			}
		}
		for _, m := range before {
			if meant[m] {
				yes, names = append(yes, m), append(names, m.name)
			} else {
				no = append(no, m)
			}
		}
		switch {
		case len(no) == 0:
			branch(p.yes, yes)
		case len(yes) == 0:
			branch(p.no, no)
		default:
			w.either(oneOfTexts("$.model.name", names), p, at, func() { branch(p.yes, yes) }, func() { branch(p.no, no) })
		}
	case strings.HasPrefix(what, "blf") && value == "":
		n, err := strconv.Atoi(what[len("blf"):])
		if err != nil || n < 1 || n > maxLineKeys {
			w.fail(at, "{IF %s} names no key; they are blf1 to blf%d", clip(p.condition), maxLineKeys)
			return
		}
		w.wants(n)
		key := w.key
		w.put("{{with index $.keys "+strconv.Itoa(n-1)+"}}", at)
		held := ".type"
		if len(w.d.kinds) == 0 {
			held = `ne .kind "none"`
		}
		w.either(held, p, at, func() {
			w.key = n
			branch(p.yes, before)
			w.key = key
		}, func() {
			w.key = -1
			branch(p.no, before)
			w.key = key
		})
		w.put("{{end}}", at)
	case what == "network":
		w.network(p, at, strings.ToUpper(value), branch, before)
	default:
		w.d.stray("{IF "+p.condition+"}", at, "{IF "+clip(p.condition)+"} is taken as not met: Dialplane does not know this condition")
		w.never(p, at, branch, before)
	}
}

// network writes a condition on the way to the PBX: by an outbound proxy (SBC) or
// without one.
func (w *writing) network(p *phrase, at int, way string, branch func([]*phrase, []*dialectModel), models []*dialectModel) {
	allowed := func(way string) bool { return w.d.networks == nil || w.d.networks[way] }
	direct := "LOCALLAN"
	if !allowed(direct) && allowed("REMOTESTUN") {
		direct = "REMOTESTUN"
	}
	outbound := firstAccount + ".outbound"
	if w.d.dect {
		outbound = "(and $.accounts " + outbound + ")"
	}
	yes, no := func() { branch(p.yes, models) }, func() { branch(p.no, models) }
	switch {
	case way == "SBC" && allowed(way):
		w.either(outbound, p, at, yes, no)
	case way == direct && allowed("SBC"):
		w.either("not "+outbound, p, at, yes, no)
	case way == direct:
		yes()
	default:
		w.d.note(at, "{IF network=%s} is never met: phones reach the PBX directly or by an outbound proxy", clip(way))
		w.never(p, at, branch, models)
	}
}

// never writes a condition that is not met.
func (w *writing) never(p *phrase, at int, branch func([]*phrase, []*dialectModel), models []*dialectModel) {
	w.put("{{/* "+commented("{IF "+p.condition+"}")+" is never met */}}", at)
	branch(p.no, models)
}

// commented makes text fit into a comment.
func commented(s string) string { return strings.ReplaceAll(clip(s), "*/", "* /") }

func (w *writing) either(condition string, p *phrase, at int, yes, no func()) {
	w.put("{{if "+condition+"}}", at)
	yes()
	if len(p.no) > 0 {
		w.put("{{else}}", at)
		no()
	}
	w.put("{{end}}", at)
}

// wants notes that a file asks for a key, so the models that get there have it.
func (w *writing) wants(key int) {
	for _, m := range w.reachable {
		m.keys = max(m.keys, key)
	}
}

// oneOfTexts is the condition that a text is one of several.
func oneOfTexts(path string, texts []string) string {
	const most = 60 // that eq takes at once
	var parts []string
	for chunk := range slices.Chunk(texts, most) {
		quoted := make([]string, len(chunk))
		for i, s := range chunk {
			quoted[i] = strconv.Quote(s)
		}
		parts = append(parts, "eq "+path+" "+strings.Join(quoted, " "))
	}
	if len(parts) == 1 {
		return parts[0]
	}
	return "or (" + strings.Join(parts, ") (") + ")"
}

var (
	handsetVariable = regexp.MustCompile(`^ext_(int_num|auth_id|auth_pw|first_name|last_name|full_name)_(\d{1,3})$|^ext_(\d{1,3})_enabled$`)
	numberedKey     = regexp.MustCompile(`^blf(firstname|lastname|fullname)?(\d{1,4})$`)
)

// variable writes what a variable stands for.
func (w *writing) variable(name string, at int) {
	d := w.d
	if slices.Contains(w.inside, name) {
		w.fail(at, "the value of %%%%%s%%%% refers to itself in the end", name)
		return
	}
	if len(w.inside) == maxExpansion {
		w.fail(at, "values refer to one another deeper than %d", maxExpansion)
		return
	}
	w.inside = append(w.inside, name)
	defer func() {
		w.inside = w.inside[:len(w.inside)-1]
		w.before = 0
	}()
	if w.key != 0 && w.ofKey(name, at) {
		return
	}
	if v := d.items[name]; v != nil {
		w.item(v, at)
		return
	}
	if text, ok := d.values[name]; ok {
		w.value(text, at)
		return
	}
	if m := handsetVariable.FindStringSubmatch(name); m != nil && w.handset(m, at) {
		return
	}
	if text, ok := d.texts[name]; ok {
		if strings.HasSuffix(name, ".path") && w.before == 0 && len(w.out) > 0 {
			w.put("/", at) // nothing stands between the host and the path
		}
		w.put(text, at)
		return
	}
	if m := numberedKey.FindStringSubmatch(name); m != nil {
		if n, _ := strconv.Atoi(m[2]); n >= 1 && n <= maxLineKeys {
			w.wants(n)
			key := "(index $.keys " + strconv.Itoa(n-1) + ")"
			w.put(keyText(m[1], key), at)
			return
		}
	}
	why, known := dialectMissing[name]
	if !known && strings.HasPrefix(name, "multicastrg") {
		why, known = "Dialplane sets up no multicast groups", true
	}
	if !known {
		why = "nothing defines it"
	}
	why = "%%" + name + "%% is left empty: " + why
	d.stray("%%"+name+"%%", at, why)
	w.put("{{/* "+commented("%%"+name+"%%")+" */}}", at)
}

// stray notes a variable or condition that stands for nothing.
func (d *dialect) stray(name string, at int, why string) {
	if s := d.unknown[name]; s != nil {
		s.times++
		return
	}
	if len(d.unknown) < maxWarnings {
		s := &strayName{name: name, at: at, times: 1, why: why}
		d.unknown[name] = s
		d.strays = append(d.strays, s)
	}
}

// value writes a value that may hold variables.
func (w *writing) value(text string, at int) {
	for !w.overflows(at) {
		from, to, name, ok := nextVariable(text)
		if !ok {
			break
		}
		w.plain(text[:from], at)
		if rest := strings.TrimLeft(text[to:], " "); strings.Contains(name, "first") && strings.HasPrefix(strings.ToLower(rest), "%%"+strings.Replace(name, "first", "last", 1)+"%%") {
			name = strings.Replace(name, "first", "full", 1)
			text = rest
			_, to, _, _ = nextVariable(text)
		}
		w.variable(name, at)
		if text = text[to:]; endsWithSlash(name) {
			text = strings.TrimPrefix(text, "/")
		}
	}
	w.plain(text, at)
}

func (w *writing) plain(text string, at int) {
	if text != "" {
		w.put(literally(text), at)
		w.before = text[len(text)-1]
	}
}

// item writes a variable of the option that was chosen.
func (w *writing) item(v *itemVariable, at int) {
	field := "{{" + v.path + ".item." + v.item + "}}"
	for i, text := range v.order {
		head := "{{else if "
		if i == 0 {
			head = "{{if "
		}
		w.put(head+oneOfTexts(v.path+".name", v.varied[text])+"}}", at)
		w.value(text, at)
	}
	if len(v.order) == 0 {
		w.put(field, at)
		return
	}
	w.put("{{else}}"+field+"{{end}}", at)
}

// handset writes a variable of one line of a gateway or DECT base.
func (w *writing) handset(m []string, at int) bool {
	n, _ := strconv.Atoi(m[2] + m[3])
	if n < 1 || n > maxLines {
		return false
	}
	d := w.d
	d.lines = max(d.lines, n)
	if m[1] == "" {
		text, ok := d.texts["ext_"+twoDigits(n)+"_enabled"]
		if !ok {
			text = "{{if gt (len $.accounts) " + strconv.Itoa(n-1) + "}}1{{else}}0{{end}}"
		}
		w.put(text, at)
		return true
	}
	account := "(index $.accounts " + strconv.Itoa(n-1) + ")"
	text := map[string]string{
		"int_num": account + ".extension", "auth_id": account + ".auth_name", "auth_pw": account + ".password",
		"first_name": `before " " ` + account + ".display_name", "last_name": `after " " ` + account + ".display_name",
		"full_name": account + ".display_name",
	}[m[1]]
	w.put("{{if gt (len $.accounts) "+strconv.Itoa(n-1)+"}}{{"+text+"}}{{end}}", at)
	return true
}

// keyText writes the number that a key is for, or what it is called.
func keyText(part, key string) string {
	switch part {
	case "firstname":
		return `{{before " " ` + key + ".label}}"
	case "lastname":
		return `{{after " " ` + key + ".label}}"
	case "fullname":
		return "{{" + key + ".label}}"
	}
	return "{{" + key + ".value}}"
}

// ofKey writes a variable of the key that the dot is, if it is one.
func (w *writing) ofKey(name string, at int) bool {
	switch name {
	case "blfno":
		w.put("{{.value}}", at)
		return true
	case "blffirstname":
		w.put(`{{before " " .label}}`, at)
		return true
	case "blflastname":
		w.put(`{{after " " .label}}`, at)
		return true
	case "blffullname":
		w.put("{{.label}}", at)
		return true
	}
	return w.field(name, at)
}

// field writes a field of <blftype>: by the kind of the key, where kinds differ.
func (w *writing) field(name string, at int) bool {
	type group struct {
		text  string
		kinds []string
	}
	var groups []group
	defined, varied := false, false
	for _, k := range w.d.kinds {
		text, ok := k.fields[name]
		defined, varied = defined || ok, varied || holdsVariable(text)
		i := slices.IndexFunc(groups, func(g group) bool { return g.text == text })
		if i < 0 {
			i = len(groups)
			groups = append(groups, group{text: text})
		}
		groups[i].kinds = append(groups[i].kinds, k.name)
	}
	switch {
	case !defined:
		return false
	case !varied && name == "type":
		w.put("{{.type.value}}", at)
		return true
	case !varied:
		for _, k := range w.d.kinds {
			k.used[name] = true
		}
		w.put("{{.type.item."+identifierOf(name)+"}}", at)
		return true
	case len(groups) == 1:
		w.value(groups[0].text, at)
		return true
	}
	for i, g := range groups {
		head := "{{else if "
		if i == 0 {
			head = "{{if "
		}
		w.put(head+oneOfTexts(".kind", g.kinds)+"}}", at)
		w.value(g.text, at)
	}
	w.put("{{end}}", at)
	return true
}
