package template

import (
	"mime"
	"slices"
	"strconv"
	"strings"
	"time"
)

// Namespace is the XML namespace of templates.
const Namespace = "urn:dialplane:template:1"

// shape is what may stand in an element.
type shape struct {
	required []string // attributes
	optional []string
	children []string
	body     bool // holds text and no elements
}

// listNames are the lists of a profile, in the order of the manual.
var listNames = []string{
	"languages", "tones", "time_zones", "date_formats", "time_formats",
	"ringtones", "queue_ringtones", "external_ringtones",
	"powerleds", "backlights", "screensavers",
	"codecs", "transports", "transfers", "key_types",
}

// grammar holds the shape of every element.
var grammar = func() map[string]shape {
	g := map[string]shape{
		"template": {
			required: []string{"xmlns", "vendor", "title"},
			optional: []string{"extends", "abstract"},
			children: []string{"models", "profile", "files"},
		},
		"models": {children: []string{"model"}},
		"model": {
			required: []string{"name", "display_name", "accounts"},
			optional: []string{"line_keys", "modules", "module_keys", "handsets", "bases", "system_handsets", "firmware", "without", "basis"},
			children: []string{"var"},
		},
		"var":     {required: []string{"name", "value"}},
		"profile": {children: append(slices.Clone(listNames), "network")},
		"option":  {optional: []string{"name", "names", "value", "default"}, children: []string{"item"}},
		"item":    {required: []string{"name", "value"}},
		"network": {optional: []string{
			"lldp", "wan_vlan", "wan_vlan_id", "wan_vlan_priority", "pc_vlan", "pc_vlan_id", "pc_vlan_priority",
		}},
		"files": {children: []string{"file", "block"}},
		"file": {
			required: []string{"name", "type", "escape", "level"},
			optional: []string{"separator", "line_ends", "models", "page"},
			body:     true,
		},
		"block": {required: []string{"name"}, body: true},
	}
	for _, name := range listNames {
		g[name] = shape{children: []string{"option"}}
	}
	g["time_zones"] = shape{optional: []string{"rules", "except"}, children: []string{"option"}}
	return g
}()

// once are the elements that may stand only once in their parent.
func once(name string) bool {
	return name != "model" && name != "var" && name != "option" && name != "item" && name != "file" && name != "block"
}

// document is one template file, read and vetted for itself.
type document struct {
	src      *source
	vendor   string
	title    string
	extends  *attribute
	abstract bool
	dialect  bool
	models   []Model
	modelAt  []int // offsets of models
	lists    map[string]*List
	listAt   map[string]int
	implied  map[string]bool // lists that the file does not have
	network  *element        // <network>
	rootAt   int
	vendorAt int
	files    []*fileSource
	blocks   map[string]*unit
	blockAt  map[string]int
	varAt    map[string]int
	itemAt   map[string]int // by list and item name
	warnings []*Error
}

// fileSource is a <file>.
type fileSource struct {
	src    *source
	at     int
	nameAt int
	file   File
	unit   *unit
}

// reading is one run of readDocument.
type reading struct {
	*document
	faults *faults
	depth  int
}

// readDocument reads a template file. It returns nil if nothing can be made of
// it; what is wrong goes to faults. vendors is that of Parse.
func readDocument(src *source, depth int, vendors func(string) bool, faults *faults) *document {
	tree, err := readXML(src)
	if err != nil {
		faults.add(err)
		return nil
	}
	d := &document{
		src: src, lists: make(map[string]*List), listAt: make(map[string]int),
		blocks: make(map[string]*unit), blockAt: make(map[string]int),
		varAt: make(map[string]int), itemAt: make(map[string]int),
	}
	r := &reading{d, faults, depth}
	if d.dialect = isDialect(tree); d.dialect {
		if tree, _ = r.translate(tree, vendors, nil); tree == nil {
			return nil
		}
	}
	if tree.name != "template" {
		r.fail(tree.at, "the first element is <%s>; begin with <template>", clip(tree.name))
		return nil
	}
	if !r.vet(tree) {
		return nil
	}
	r.template(tree)
	return d
}

func (r *reading) fail(at int, format string, args ...any) {
	if r.faults.full() {
		return
	}
	r.faults.add(r.src.errorf(at, format, args...))
}

func (r *reading) warn(at int, format string, args ...any) {
	if len(r.warnings) >= maxWarnings {
		return
	}
	r.warnings = append(r.warnings, r.src.errorf(at, format, args...))
}

// vet checks the shape of an element and of all inside it.
func (r *reading) vet(e *element) bool {
	s := grammar[e.name]
	before := len(r.faults.list)
	known := append(slices.Clone(s.required), s.optional...)
	for _, a := range e.attrs {
		switch {
		case strings.HasPrefix(a.name, "xmlns:"), strings.HasPrefix(a.name, "xsi:"):
			r.fail(a.at, "prefixes are not supported; remove %s", clip(a.name))
		case !slices.Contains(known, a.name):
			r.fail(a.at, "<%s> has no attribute %s%s", e.name, clip(a.name), suggest(a.name, known))
		default:
			if problem := vetLine(a.value); problem != "" {
				r.fail(a.valueAt, "the value of %s holds %s; remove it", a.name, problem)
			}
		}
	}
	for _, name := range s.required {
		if _, ok := e.attr(name); ok {
			continue
		}
		if name == "xmlns" {
			r.fail(e.at, "<template> lacks its namespace; add xmlns=%q", Namespace)
			continue
		}
		r.fail(e.at, "<%s> needs the attribute %s", e.name, name)
	}
	if s.body {
		if len(e.children) > 0 {
			r.fail(e.children[0].at, "<%s> holds text only; put it into <![CDATA[ … ]]>, or write &lt; for <", e.name)
		}
		return len(r.faults.list) == before
	}
	if i := strings.IndexFunc(e.text.text, func(c rune) bool { return c > ' ' }); i >= 0 {
		r.fail(e.text.offset(i), "<%s> holds no text", e.name)
	}
	seen := make(map[string]bool)
	for _, child := range e.children {
		if r.faults.full() {
			break
		}
		switch {
		case !slices.Contains(s.children, child.name):
			r.fail(child.at, "<%s> may not stand in <%s>%s", clip(child.name), e.name, belongs(child.name, s.children))
			continue
		case once(child.name) && seen[child.name]:
			r.fail(child.at, "<%s> is there twice", child.name)
		}
		seen[child.name] = true
		r.vet(child)
	}
	return len(r.faults.list) == before
}

// belongs says where an element stands that may not stand among children.
func belongs(name string, children []string) string {
	var parents []string
	for parent, s := range grammar {
		if slices.Contains(s.children, name) {
			parents = append(parents, "<"+parent+">")
		}
	}
	if len(parents) == 1 {
		return "; it belongs in " + parents[0]
	}
	return suggest(name, children)
}

func (r *reading) template(e *element) {
	if a, _ := e.attr("xmlns"); a.value != Namespace {
		r.fail(a.valueAt, "unknown namespace; write xmlns=%q", Namespace)
	}
	vendor, _ := e.attr("vendor")
	r.rootAt, r.vendorAt = e.at, vendor.valueAt
	r.vendor, r.title = r.word(e, "vendor"), r.text(e, "title")
	r.abstract = r.flag(e, "abstract", false)
	if a, ok := e.attr("extends"); ok {
		r.extends = &a
		if !isFilename(a.value) {
			r.fail(a.valueAt, "extends takes the filename of a template, such as yealink-base.xml")
		}
	}
	for _, child := range e.children {
		switch child.name {
		case "models":
			if len(child.children) > maxModels {
				r.fail(child.children[maxModels].at, "more than %d models; put some into a template of their own", maxModels)
				continue
			}
			for _, m := range child.children {
				r.model(m)
			}
		case "profile":
			r.profile(child)
		case "files":
			if len(child.children) > maxFiles {
				r.fail(child.children[maxFiles].at, "more than %d files and blocks", maxFiles)
				continue
			}
			for _, f := range child.children {
				if f.name == "block" {
					r.block(f)
				} else {
					r.file(f)
				}
			}
		}
	}
}

// text returns an attribute that may not be blank.
func (r *reading) text(e *element, name string) string {
	a, ok := e.attr(name)
	if ok && strings.TrimSpace(a.value) == "" {
		r.fail(a.valueAt, "%s is empty", name)
	}
	if len(a.value) > 256 {
		r.fail(a.valueAt, "%s is longer than 256 bytes", name)
	}
	return a.value
}

// word returns a text without blanks at its ends.
func (r *reading) word(e *element, name string) string {
	s := r.text(e, name)
	if s != strings.TrimSpace(s) {
		a, _ := e.attr(name)
		r.fail(a.valueAt, "%s begins or ends with a space", name)
	}
	return s
}

// identifier returns a name that bodies can write.
func (r *reading) identifier(e *element) string {
	a, _ := e.attr("name")
	for i := range len(a.value) {
		c := a.value[i]
		if !isNameStart(c) && (i == 0 || c < '0' || '9' < c) {
			r.fail(a.valueAt, "the name %q is not letters, digits and _", clip(a.value))
			return a.value
		}
	}
	if a.value == "" || len(a.value) > 64 {
		r.fail(a.valueAt, "the name of <%s> is 1 to 64 letters, digits and _", e.name)
	}
	return a.value
}

func (r *reading) flag(e *element, name string, otherwise bool) bool {
	a, ok := e.attr(name)
	if !ok {
		return otherwise
	}
	switch a.value {
	case "true", "1":
		return true
	case "false", "0":
		return false
	}
	r.fail(a.valueAt, "%s is true or false", name)
	return false
}

func (r *reading) number(e *element, name string, least, most, otherwise int) int {
	a, ok := e.attr(name)
	if !ok {
		return otherwise
	}
	n, err := strconv.Atoi(a.value)
	if err != nil || n < least || n > most || strconv.Itoa(n) != a.value {
		r.fail(a.valueAt, "%s is a whole number from %d to %d", name, least, most)
		return otherwise
	}
	return n
}

const (
	maxWarnings = 100
	maxModels   = 200
	maxFiles    = 200
	maxKeys     = 2000   // of one phone and its modules
	maxPage     = 10_000 // entries of a directory
)

func (r *reading) model(e *element) {
	m := Model{
		Name:        r.word(e, "name"),
		DisplayName: r.word(e, "display_name"),
		Accounts:    r.number(e, "accounts", 1, 1000, 1),
		LineKeys:    r.number(e, "line_keys", 0, 1000, 0),
		Modules:     r.number(e, "modules", 0, 20, 0),
		ModuleKeys:  r.number(e, "module_keys", 0, 500, 0),
		Handsets:    r.number(e, "handsets", 0, 20000, 0),
		Bases:       r.number(e, "bases", 2, 20000, 0),
		Firmware:    e.value("firmware"),
		Without:     strings.Fields(e.value("without")),
		Basis:       r.basis(e),
		Vars:        make(map[string]string),
	}
	if m.SystemHandsets = r.number(e, "system_handsets", 1, 20000, 0); m.SystemHandsets == 0 && m.Bases > 0 {
		m.SystemHandsets = m.Handsets
	}
	at, _ := e.attr("name")
	if m.SystemHandsets > 0 && m.Bases == 0 {
		r.fail(e.at, "the model %s has system_handsets; say how many bases a system has", clip(m.Name))
	}
	if m.LineKeys+m.Modules*m.ModuleKeys > maxKeys {
		r.fail(e.at, "the model %s has more than %d keys with its modules", clip(m.Name), maxKeys)
	}
	if m.Modules > 0 && m.ModuleKeys == 0 {
		r.fail(e.at, "the model %s takes modules; say how many module_keys each has", clip(m.Name))
	}
	if strings.ContainsAny(m.Name, " \t") {
		r.fail(at.valueAt, "the name of a model has no spaces; display_name may have them")
	}
	for _, other := range r.models {
		if strings.EqualFold(other.Name, m.Name) {
			r.fail(at.valueAt, "the model %s is there twice", clip(m.Name))
		}
	}
	for _, name := range m.Without {
		if !slices.Contains(listNames, name) {
			a, _ := e.attr("without")
			r.fail(a.valueAt, "without names lists of the profile, and %s is none%s", clip(name), suggest(name, listNames))
		}
	}
	if r.vendor != "" && !strings.HasPrefix(m.DisplayName, r.vendor+" ") {
		a, _ := e.attr("display_name")
		r.warn(a.valueAt, "the display_name does not begin with the vendor; write %q", clip(r.vendor+" "+m.Name))
	}
	for _, v := range e.children {
		name := r.identifier(v)
		if _, twice := m.Vars[name]; twice {
			r.fail(v.at, "<var name=%q> is there twice", clip(name))
		}
		if _, known := r.varAt[name]; !known {
			r.varAt[name] = v.at
		}
		m.Vars[name] = v.value("value")
	}
	r.models = append(r.models, m)
	r.modelAt = append(r.modelAt, e.at)
}

// bases are what a row of the table of models may rest on.
var bases = []string{"manual", "capture", "source", "memory"}

// basis reads what the facts about a model rest on.
func (r *reading) basis(e *element) string {
	a, ok := e.attr("basis")
	if ok && !slices.Contains(bases, a.value) {
		r.fail(a.valueAt, "basis is manual, capture, source or memory%s", suggest(a.value, bases))
	}
	if !ok {
		return "source"
	}
	return a.value
}

// languages are the 14 of the API.
var languages = []string{
	"ENGLISH", "CHINESE", "DUTCH", "FRENCH", "GERMAN", "GREEK", "ITALIAN", "JAPANESE",
	"POLISH", "RUSSIAN", "SPANISH", "SWEDISH", "UKRAINIAN", "BULGARIAN",
}

// closedLists are the lists whose names Dialplane itself acts on.
var closedLists = map[string][]string{
	"transports": {"UDP", "TCP", "TLS"},
	"transfers":  {"BLIND", "ATTENDED", "NEW_CALL"},
	"key_types":  {"none", "line", "blf", "speed_dial", "park", "dtmf", "url"},
}

func (r *reading) profile(e *element) {
	for _, child := range e.children {
		if child.name == "network" {
			r.network = child
			r.networkOf(child, Network{})
			continue
		}
		l := &List{}
		rules, byRules := child.attr("rules")
		defaults := 0
		for _, o := range child.children {
			if o.name != "option" {
				continue
			}
			option := Option{Value: r.optionValue(o, byRules), Default: r.flag(o, "default", false)}
			if option.Default {
				if defaults++; defaults > 1 && child.name != "codecs" {
					a, _ := o.attr("default")
					r.fail(a.at, "<%s> has two defaults", child.name)
				}
			}
			for _, i := range o.children {
				name := r.identifier(i)
				if _, twice := option.Items[name]; twice {
					r.fail(i.at, "<item name=%q> is there twice", clip(name))
				}
				if option.Items == nil {
					option.Items = make(map[string]string)
				}
				option.Items[name] = i.value("value")
				if key := child.name + " " + name; r.itemAt[key] == 0 {
					r.itemAt[key] = i.at
				}
			}
			names, at := r.optionNames(o)
			for i, name := range names {
				if _, twice := l.find(name); twice {
					r.fail(at, "%s is there twice in <%s>", clip(name), child.name)
				}
				r.vetOption(child.name, name, at)
				next := option
				next.Name, next.Default = name, option.Default && i == 0
				if next.Value == "" && byRules {
					next.Value = name
				}
				l.Options = append(l.Options, next)
			}
		}
		except, excepted := child.attr("except")
		if excepted && !byRules {
			r.fail(except.at, "except takes zones out of those of rules, which is missing")
		}
		if byRules {
			r.zonesByRule(l, rules, except)
		}
		r.lists[child.name], r.listAt[child.name] = l, child.at
	}
}

// optionNames returns the neutral names of an option: its name, or its names.
func (r *reading) optionNames(o *element) ([]string, int) {
	one, single := o.attr("name")
	many, several := o.attr("names")
	switch {
	case single == several:
		r.fail(o.at, "<option> needs one of the attributes name and names")
		return nil, o.at
	case single:
		return []string{r.word(o, "name")}, one.valueAt
	}
	names := strings.Fields(many.value)
	if len(names) == 0 {
		r.fail(many.valueAt, "names is empty")
	}
	return names, many.valueAt
}

// optionValue returns the vendor's own value of an option. Zones that are told by
// rule need none.
func (r *reading) optionValue(o *element, byRules bool) string {
	a, ok := o.attr("value")
	if !ok && !byRules {
		r.fail(o.at, "<option> needs the attribute value")
	}
	return a.value
}

// zonesByRule adds every IANA zone whose offset is a multiple of the minutes in
// rules, that except does not name and that the list does not name itself. UTC
// comes first.
func (r *reading) zonesByRule(l *List, rules, except attribute) {
	unit, err := strconv.Atoi(rules.value)
	if err != nil || !slices.Contains([]int{1, 15, 30, 60}, unit) {
		r.fail(rules.valueAt, "rules is 1, 15, 30 or 60: the phone's unit of offsets in minutes")
		return
	}
	named := make(map[string]bool, len(l.Options))
	for _, o := range l.Options {
		named[strings.ToLower(o.Name)] = true
	}
	without := strings.Fields(except.value)
	for _, z := range zones() {
		if i := slices.Index(without, z.name); i >= 0 {
			without = slices.Delete(without, i, i+1)
			continue
		}
		if !named[strings.ToLower(z.name)] && z.offset%unit == 0 {
			l.Options = append(l.Options, Option{Name: z.name, Value: z.name})
		}
	}
	if len(without) > 0 {
		r.fail(except.valueAt, "except names %s, which is no IANA time zone such as Europe/Berlin", clip(without[0]))
	}
}

// vetOption looks at the neutral name of an option.
func (r *reading) vetOption(list, name string, at int) {
	if names := closedLists[list]; names != nil && !slices.Contains(names, name) {
		r.fail(at, "%s is no name for <%s>%s", clip(name), list, suggest(name, names))
		return
	}
	switch list {
	case "languages":
		if !slices.Contains(languages, name) {
			r.warn(at, "%s is none of the API's languages, so nobody can choose it%s", clip(name), suggest(name, languages))
		}
	case "time_zones":
		if _, err := time.LoadLocation(name); err != nil || name == "Local" {
			r.warn(at, "%s is no IANA time zone, so its clock cannot be computed", clip(name))
		}
	case "tones":
		if len(name) != 3 || strings.ToUpper(name) != name {
			r.warn(at, "%s is no ISO 3166-1 alpha-3 country such as DEU", clip(name))
		}
	}
}

// networkOf reads the attributes of <network> over those of before.
func (r *reading) networkOf(e *element, before Network) Network {
	return Network{
		LLDP: r.flag(e, "lldp", before.LLDP),
		WANVLAN: VLAN{
			Enabled:  r.flag(e, "wan_vlan", before.WANVLAN.Enabled),
			ID:       r.number(e, "wan_vlan_id", 1, 4094, before.WANVLAN.ID),
			Priority: r.number(e, "wan_vlan_priority", 0, 7, before.WANVLAN.Priority),
		},
		PCVLAN: VLAN{
			Enabled:  r.flag(e, "pc_vlan", before.PCVLAN.Enabled),
			ID:       r.number(e, "pc_vlan_id", 1, 4094, before.PCVLAN.ID),
			Priority: r.number(e, "pc_vlan_priority", 0, 7, before.PCVLAN.Priority),
		},
	}
}

func (r *reading) file(e *element) {
	nameAt, _ := e.attr("name")
	fs := &fileSource{src: r.src, at: e.at, nameAt: nameAt.valueAt}
	f := &fs.file
	f.Pattern, f.Type = r.word(e, "name"), e.value("type")
	f.Escape = e.value("escape")
	f.Models = strings.Fields(e.value("models"))
	var problem string
	if f.pattern, problem = parsePattern(f.Pattern); problem != "" {
		r.fail(nameAt.valueAt, "%s", problem)
	}
	if _, _, err := mime.ParseMediaType(f.Type); err != nil || !strings.Contains(f.Type, "/") {
		a, _ := e.attr("type")
		r.fail(a.valueAt, "type is a media type such as text/plain")
	}
	var ok bool
	if f.Level, ok = parseLevel(e.value("level")); !ok {
		a, _ := e.attr("level")
		r.fail(a.valueAt, "level is bootstrap, enrol, full or directory")
	}
	separator, separated := e.attr("separator")
	switch {
	case !separated:
		separator.value = "="
	case f.Escape != "line":
		r.fail(separator.at, "only files with escape=\"line\" have a separator")
	case separator.value == "" || len(separator.value) > 16:
		r.fail(separator.valueAt, "separator is 1 to 16 characters")
	}
	if a, given := e.attr("line_ends"); given {
		f.crlf = a.value == "crlf"
		switch {
		case f.Escape != "line":
			r.fail(a.at, "only files with escape=\"line\" have line_ends")
		case !f.crlf && a.value != "lf":
			r.fail(a.valueAt, "line_ends is lf or crlf")
		}
	}
	if f.syntax = newSyntax(f.Escape, separator.value); f.syntax == nil {
		a, _ := e.attr("escape")
		r.fail(a.valueAt, "escape is line, xml or json")
	}
	f.Page = r.number(e, "page", 1, maxPage, maxPage)
	if a, given := e.attr("page"); given && f.Level != Directory {
		r.fail(a.at, "only files of level directory have pages")
	}
	if a, given := e.attr("models"); given && len(f.Models) == 0 {
		r.fail(a.valueAt, "models is empty; leave it out for all models")
	}
	for _, other := range r.files {
		if strings.EqualFold(other.file.Pattern, f.Pattern) && other.file.Level == f.Level && overlap(other.file.Models, f.Models) {
			r.fail(nameAt.valueAt, "the file %s of level %s is there twice", clip(f.Pattern), f.Level)
		}
	}
	r.files = append(r.files, fs)
	unit, err := parseUnit(r.src, e.text, r.depth)
	if err != nil {
		r.faults.add(err)
		return
	}
	fs.unit = unit
}

// overlap reports whether two lists of models, empty for all, have one in common.
func overlap(a, b []string) bool {
	return len(a) == 0 || len(b) == 0 || slices.ContainsFunc(a, func(name string) bool { return slices.Contains(b, name) })
}

func (r *reading) block(e *element) {
	name := r.word(e, "name")
	at, _ := e.attr("name")
	if _, twice := r.blockAt[name]; twice {
		r.fail(at.valueAt, "the block %q is there twice", clip(name))
	}
	r.blockAt[name] = at.valueAt
	unit, err := parseUnit(r.src, e.text, r.depth)
	if err != nil {
		r.faults.add(err)
		return
	}
	r.blocks[name] = unit
}

// isFilename reports whether name is a plain filename of a template.
func isFilename(name string) bool {
	if len(name) > 128 || !strings.HasSuffix(name, ".xml") || strings.HasPrefix(name, ".") {
		return false
	}
	for i := range len(name) {
		if !isNameByte(name[i]) || name[i] == ':' {
			return false
		}
	}
	return true
}
