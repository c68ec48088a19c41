package template

import (
	"cmp"
	"slices"
	"strconv"
	"strings"
)

// The template dialect of 3CX and PortSIP PBX: *.ph.xml for phones, *.fxs.xml for
// gateways and DECT bases. Such a file is a <doc> whose <header> names models and
// options, whose options define variables by their <item>s, and whose
// <deviceconfig>s are the files, with %%variable%% and {IF …}{ELSE}{ENDIF}.
//
// It is not interpreted: it is translated into the elements of our own language,
// each of which remembers its place in the file, and these are read, vetted and
// compiled like any other template. What the vendors do not document and we infer
// is said in docs/templates.md.

// dialect is one template while it is translated.
type dialect struct {
	*reading
	vendors func(string) bool
	doc     *element

	vendor string
	brand  string // <original_brand>, in lower case
	dect   bool   // a gateway or a DECT base
	lines  int    // that it takes
	models []dialectModel
	only   []string       // models to translate for; empty for all
	others []dialectModel // those left out

	lists    map[string]*element // of our profile, by name
	network  *element
	codecs   []codecPlace
	kinds    []keyKind
	networks map[string]bool // LOCALLAN, REMOTESTUN, SBC: whether allowed

	// What variables stand for, by lower-case name. Those that the template
	// defines come before ours.
	items   map[string]*itemVariable
	spelled map[string]bool   // lists with their items, as bodies write them
	values  map[string]string // one value, which may hold variables itself
	texts   map[string]string // in our syntax
	unknown map[string]*strayName
	strays  []*strayName // unknown, in the order of the file
	written int          // bytes of all bodies
	notes   []*Error     // what was not carried over and is no warning
}

// dialectModel is a <model>.
type dialectModel struct {
	ua, name, display string
	at                int
	keys              int               // the highest key that a file asks for
	files             map[string]string // names that the model has for itself, by <var>
}

// codecPlace is a <Codecspriority>: one place in the order of codecs.
type codecPlace struct {
	variable, payload string
	priority          int
	at                int
}

// keyKind is what <blftype> says of one kind of key.
type keyKind struct {
	name   string // ours
	at     int
	fields map[string]string // by lower-case name; they may hold variables
	used   map[string]bool   // fields that have to be there as <item>
}

// itemVariable is a variable that the options of a list define.
type itemVariable struct {
	list, item string
	path       string // of the choice: "$.language"
	// varied are the texts that hold variables, with the options that have them.
	varied map[string][]string
	order  []string // their texts, as they come
}

// strayName is a variable that nobody defines.
type strayName struct {
	name  string
	at    int
	times int
	why   string
}

const (
	maxTranslated = 4 << 20 // bytes of all bodies
	maxExpansion  = 8       // values inside values
	maxConditions = 64      // {IF} inside one another
	maxLines      = 100     // of a gateway or DECT base that are written out
)

// isDialect reports whether the root element is that of the dialect.
func isDialect(root *element) bool { return strings.EqualFold(root.name, "doc") }

// translate returns a template of the dialect as one of ours, for some of its
// models or, with none, for all. It returns nil after an error.
func (r *reading) translate(doc *element, vendors func(string) bool, only []string) (*element, *dialect) {
	d := &dialect{
		reading: r, vendors: vendors, doc: doc, only: only,
		lists: make(map[string]*element), items: make(map[string]*itemVariable), values: make(map[string]string),
		texts: make(map[string]string), unknown: make(map[string]*strayName), spelled: make(map[string]bool),
	}
	r.implied = make(map[string]bool)
	before := len(r.faults.list)
	header := descend(doc, "header")
	if header == nil {
		r.fail(doc.at, "<doc> has no <header>; a template of 3CX or PortSIP names its models there")
		return nil, d
	}
	d.readDevice(header)
	for name, text := range dialectTexts {
		if d.dect && strings.Contains(text, firstAccount) {
			text = "{{if $.accounts}}" + text + "{{end}}" // a base may have no members
		}
		d.texts[name] = text
	}
	d.readModels(header)
	d.readHeader(header)
	for _, e := range doc.children {
		if strings.EqualFold(e.name, "blftype") {
			d.readKinds(e)
		} else if e != header && !strings.EqualFold(e.name, "data") {
			d.readSettings(e)
		}
	}
	files := d.readFiles()
	d.complete(header)
	root := d.root(header, files)
	for _, s := range d.strays {
		more := ""
		if s.times > 1 {
			more = " (" + strconv.Itoa(s.times) + " places)"
		}
		r.warn(s.at, "%s%s", s.why, more)
	}
	if len(r.faults.list) > before {
		return nil, d
	}
	return root, d
}

// made is an element of ours that stands for what is at a place of the file.
func made(name string, at int, attrs ...string) *element {
	e := &element{name: name, at: at}
	for i := 0; i < len(attrs); i += 2 {
		e.attrs = append(e.attrs, attribute{attrs[i], attrs[i+1], at, at}) //nolint:gosec // pairs of constants' names and values
	}
	return e
}

func (e *element) add(children ...*element) { e.children = append(e.children, children...) }

// descend follows names, in any case, from an element down to the first of each.
func descend(e *element, names ...string) *element {
	for _, name := range names {
		i := slices.IndexFunc(e.children, func(c *element) bool { return strings.EqualFold(c.name, name) })
		if i < 0 {
			return nil
		}
		e = e.children[i]
	}
	return e
}

// every calls f for the children of that name.
func (e *element) every(name string, f func(*element)) {
	for _, c := range e.children {
		if strings.EqualFold(c.name, name) {
			f(c)
		}
	}
}

// content is the text of an element without the blanks around it.
func (e *element) content() string { return strings.TrimSpace(e.text.text) }

// contentOf is the text of the first child of that name, or "".
func (e *element) contentOf(name string) string {
	if c := descend(e, name); c != nil {
		return c.content()
	}
	return ""
}

// named returns an attribute, its name in any case.
func (e *element) named(name string) (attribute, bool) {
	for _, a := range e.attrs {
		if strings.EqualFold(a.name, name) {
			return a, true
		}
	}
	return attribute{at: e.at, valueAt: e.at}, false
}

func (d *dialect) note(at int, format string, args ...any) {
	if len(d.notes) < maxWarnings {
		d.notes = append(d.notes, d.src.errorf(at, format, args...))
	}
}

// devices calls f for every <device> of every <data>.
func (d *dialect) devices(f func(*element)) {
	d.doc.every("data", func(data *element) { data.every("device", f) })
}

// readDevice finds out what kind of device the template is for.
func (d *dialect) readDevice(header *element) {
	d.brand = strings.ToLower(header.contentOf("original_brand"))
	kind := header.contentOf("type")
	d.dect = strings.EqualFold(kind, "fxs-template") ||
		!strings.EqualFold(kind, "phone-template") && strings.HasSuffix(strings.ToLower(d.src.name), ".fxs.xml")
	d.devices(func(device *element) {
		device.every("field", func(f *element) {
			name, _ := f.named("name")
			if !strings.EqualFold(name.value, "NumberOfExtensions") {
				return
			}
			n, err := strconv.Atoi(f.content())
			if err != nil || n < 1 || n > 20000 {
				d.fail(f.at, "NumberOfExtensions is a whole number from 1 to 20000")
				return
			}
			d.lines = max(d.lines, n)
		})
	})
}

// readModels reads the models, and by their names finds the vendor.
func (d *dialect) readModels(header *element) {
	list := descend(header, "models")
	if list == nil || len(list.children) == 0 {
		d.fail(header.at, "<header> has no <models> with a <model ua=\"…\">")
		return
	}
	if len(list.children) > maxModels {
		d.fail(list.children[maxModels].at, "more than %d models; put some into a template of their own", maxModels)
		return
	}
	first := func(s string) string { return strings.SplitN(strings.TrimSpace(s)+" ", " ", 2)[0] }
	candidates := []string{d.brand}
	list.every("model", func(m *element) {
		ua, given := m.named("ua")
		model := dialectModel{ua: strings.TrimSpace(ua.value), display: m.content(), at: m.at, files: make(map[string]string)}
		if !given || model.ua == "" {
			d.fail(m.at, "<model> needs the attribute ua, which names the model")
			return
		}
		if model.display == "" {
			model.display = model.ua
		}
		if slices.ContainsFunc(d.models, func(o dialectModel) bool { return strings.EqualFold(o.ua, model.ua) }) {
			d.fail(ua.valueAt, "the model %s is there twice", clip(model.ua))
			return
		}
		candidates = append(candidates, first(model.display), first(model.ua))
		d.models = append(d.models, model)
	})
	candidates = append(candidates, first(header.contentOf("name")))
	for _, c := range candidates {
		if c = capital(c); c != "" && d.vendor == "" && (d.vendors == nil || d.vendors(c)) {
			d.vendor = c
		}
	}
	if d.vendor == "" {
		d.fail(list.at, "Dialplane knows no vendor by the names of these models; begin the text of <model> with the vendor, or write <original_brand>")
		return
	}
	for i := range d.models {
		m := &d.models[i]
		m.name = d.modelName(m.ua)
		if slices.ContainsFunc(d.models[:i], func(o dialectModel) bool { return strings.EqualFold(o.name, m.name) }) {
			m.name = strings.Join(strings.Fields(m.ua), "-")
		}
		switch word := first(m.display); {
		case strings.EqualFold(word, d.vendor):
			m.display = d.vendor + m.display[len(word):]
		default:
			m.display = d.vendor + " " + m.display
		}
	}
	d.choose(list)
}

// choose leaves out the models that are not to be translated for.
func (d *dialect) choose(list *element) {
	if len(d.only) == 0 {
		return
	}
	chosen := make(map[string]bool)
	for _, name := range d.only {
		if m := d.model(name); m != nil {
			chosen[m.ua] = true
		} else {
			d.fail(list.at, "the template has no model %s", clip(name))
		}
	}
	var kept []dialectModel
	for _, m := range d.models {
		if chosen[m.ua] {
			kept = append(kept, m)
		} else {
			d.others = append(d.others, m)
		}
	}
	d.models = kept
}

// leftOut reports whether a name means a model that is not translated for.
func (d *dialect) leftOut(name string) bool {
	others := &dialect{vendor: d.vendor, models: d.others}
	return others.model(name) != nil
}

// capital spells a vendor's name like one: snom is Snom.
func capital(s string) string {
	if s == "" || !isLetter(s[0]) {
		return s
	}
	if len(s) > 4 && s == strings.ToUpper(s) {
		s = strings.ToLower(s)
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

// modelName spells a model as the vendors' packs do: without the vendor's name,
// and without the SIP- of Yealink.
func (d *dialect) modelName(ua string) string {
	name := ua
	if len(name) > len(d.vendor) && strings.EqualFold(name[:len(d.vendor)], d.vendor) {
		name = strings.TrimLeft(name[len(d.vendor):], " -_")
	}
	if rest, ok := strings.CutPrefix(name, "SIP-"); ok && rest != "" {
		name = rest
	}
	if name == "" {
		name = ua
	}
	return strings.Join(strings.Fields(name), "-")
}

// model returns the model that a condition or a map of filenames means.
func (d *dialect) model(name string) *dialectModel {
	name = strings.TrimSpace(name)
	for i := range d.models {
		if strings.EqualFold(d.models[i].ua, name) {
			return &d.models[i]
		}
	}
	spelled := d.modelName(name)
	for i := range d.models {
		if m := &d.models[i]; strings.EqualFold(m.name, spelled) || strings.EqualFold(m.display, name) {
			return m
		}
	}
	return nil
}

// dialectList says which list of our profile an element of the header is, and
// where files find what was chosen.
func dialectList(name string) (list, path string) {
	switch strings.ToLower(name) {
	case "languages", "language":
		return "languages", "$.language"
	case "tones", "tone", "tonesets", "toneset":
		return "tones", "$.tone"
	case "timezoneparams", "timezones":
		return "time_zones", "$.time_zone"
	case "dateformat", "dateformats":
		return "date_formats", "$.date_format"
	case "timeformat", "timeformats":
		return "time_formats", "$.time_format"
	case "ringtones", "ringtone":
		return "ringtones", "$.ringtone"
	case "queueringtones", "queueringtone":
		return "queue_ringtones", "$.queue_ringtone"
	case "externalringtones", "externalringtone":
		return "external_ringtones", "$.external_ringtone"
	case "powerled", "powerleds":
		return "powerleds", "$.powerled"
	case "backlight", "backlights":
		return "backlights", "$.backlight"
	case "screensaver", "screensavers":
		return "screensavers", "$.screensaver"
	case "transports", "transport":
		return "transports", "(index $.accounts 0).transport"
	}
	return "", ""
}

// plainHeader are the elements of the header that say nothing of the files.
var plainHeader = []string{
	"type", "version", "time", "name", "url", "description", "templatetype", "models", "original_brand", "parsers",
	"rebootparams", "resyncparams", "firmwareparams", "rps", "hotdesking", "mac_in_url", "interfacelink",
	"allowwebpasswordchange", "allowsslprovisioning",
}

func (d *dialect) readHeader(header *element) {
	for _, e := range header.children {
		name := strings.ToLower(e.name)
		list, path := dialectList(name)
		switch {
		case slices.Contains(plainHeader, name):
		case list != "":
			d.readList(e, list, path)
		case name == "codecspriorities":
			d.readCodecs(e)
		case name == "xfertype":
			d.readTransfers(e)
		case name == "allowednetworkconfig":
			d.networks = make(map[string]bool)
			e.every("option", func(o *element) {
				value, _ := o.named("value")
				d.networks[strings.ToUpper(strings.TrimSpace(value.value))] = o.content() != "0"
			})
		case name == "dst":
			variable, given := e.named("variableName")
			if given && variable.value != "" {
				d.texts[strings.ToLower(variable.value)] = either2("$.time.dst", e, "enable", "disable")
			}
		case name == "enable_extension":
			for n := 1; n <= maxLines; n++ {
				d.texts["ext_"+twoDigits(n)+"_enabled"] = either2("gt (len $.accounts) "+strconv.Itoa(n-1), e, "enable", "disable")
			}
		default:
			d.readSettings(e)
		}
	}
}

// either2 writes one of two attributes, by a condition.
func either2(condition string, e *element, yes, no string) string {
	a, _ := e.named(yes)
	b, _ := e.named(no)
	return "{{if " + condition + "}}" + literally(a.value) + "{{else}}" + literally(b.value) + "{{end}}"
}

func twoDigits(n int) string {
	if n < 10 {
		return "0" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// readList reads a list of options.
func (d *dialect) readList(e *element, list, path string) {
	if d.lists[list] != nil {
		d.fail(e.at, "<%s> is there twice", clip(e.name))
		return
	}
	into := made(list, e.at)
	chosen, _ := e.named("default")
	var dropped, doubled []string
	droppedAt, doubledAt, first := 0, 0, true
	taken := make(map[string]bool)
	e.every("option", func(o *element) {
		label, value := d.label(o, list)
		if label == "" {
			d.fail(o.at, "<option> needs the attribute value, which is what an admin chooses")
			return
		}
		names := neutralNames(list, label)
		if list == "languages" && !slices.Contains(languages, names[0]) && !first {
			if dropped == nil {
				droppedAt = o.at
			}
			dropped = append(dropped, label)
			return
		}
		names = slices.DeleteFunc(names, func(name string) bool { return taken[strings.ToLower(name)] })
		if len(names) == 0 {
			if doubled == nil {
				doubledAt = o.at
			}
			doubled = append(doubled, label)
			return
		}
		first = false
		items := d.readItems(o, list, path, names)
		if value == "" && len(items) > 0 {
			value = items[0].value("value")
		}
		for _, name := range names {
			taken[strings.ToLower(name)] = true
		}
		option := made("option", o.at, "name", names[0], "value", value)
		if len(names) > 1 {
			option = made("option", o.at, "names", strings.Join(names, " "), "value", value)
		}
		if chosen.value != "" && strings.EqualFold(chosen.value, label) && !slices.ContainsFunc(into.children, func(c *element) bool { return c.value("default") != "" }) {
			option.attrs = append(option.attrs, attribute{"default", "1", o.at, o.at})
		}
		option.add(items...)
		into.add(option)
	})
	if len(dropped) > 0 {
		d.warn(droppedAt, "the API has no name for %s; nobody could choose these languages, so they are left out", clip(strings.Join(dropped, ", ")))
	}
	if len(doubled) > 0 {
		d.warn(doubledAt, "<%s> has options that stand for nothing that none before them does; %d are left out: %s", clip(e.name), len(doubled), clip(strings.Join(doubled, ", ")))
	}
	if len(into.children) == 0 {
		return
	}
	d.lists[list] = into
	if list == "time_zones" {
		d.texts["timezone"] = "{{$.time_zone.value}}"
		if param, given := e.named("param"); given {
			d.texts["param::"+strings.ToLower(strings.TrimPrefix(param.value, "param::"))] = "{{$.time_zone.value}}"
		}
	}
}

// label is what an admin sees of an option, and the value that it stands for
// besides its items.
func (d *dialect) label(o *element, list string) (label, value string) {
	v, _ := o.named("value")
	label = strings.Join(strings.Fields(v.value), " ")
	if list != "time_zones" {
		return label, ""
	}
	if t, given := o.named("displaytext"); given {
		return strings.Join(strings.Fields(t.value), " "), strings.TrimSpace(v.value)
	}
	return label, strings.TrimSpace(v.value)
}

// neutralNames returns the names under which we offer an option, at least one
// except for time zones.
func neutralNames(list, label string) []string {
	switch list {
	case "languages":
		if name := neutralLanguage(label); name != "" {
			return []string{name}
		}
		return []string{strings.ToUpper(label)}
	case "time_zones":
		return neutralZones(label)
	case "tones":
		return []string{neutralTone(label)}
	case "transports":
		return []string{strings.ToUpper(label)}
	}
	return []string{label}
}

// readItems reads the variables that an option defines.
func (d *dialect) readItems(o *element, list, path string, names []string) []*element {
	var items []*element
	o.every("item", func(i *element) {
		a, given := i.named("name")
		variable := strings.ToLower(strings.TrimSpace(a.value))
		if !given || !isVariable(variable) {
			d.fail(i.at, "<item> needs the attribute name, of letters, digits and _ : . -")
			return
		}
		v := d.items[variable]
		if v == nil {
			item := identifierOf(variable)
			for d.spelled[list+" "+item] {
				item += "_" // as of "a.b" and "a_b", which would be one
			}
			d.spelled[list+" "+item] = true
			v = &itemVariable{list: list, item: item, path: path, varied: make(map[string][]string)}
			d.items[variable] = v
		}
		if v.list != list {
			d.warn(a.valueAt, "the variable %s is defined by two lists; that of <%s> counts", clip(variable), v.list)
			return
		}
		text := i.content()
		if slices.ContainsFunc(items, func(e *element) bool { return e.value("name") == v.item }) {
			return
		}
		if holdsVariable(text) {
			if v.varied[text] == nil {
				v.order = append(v.order, text)
			}
			v.varied[text] = append(v.varied[text], names...)
			text = ""
		}
		item := made("item", i.at, "name", v.item, "value", text)
		items = append(items, item)
	})
	return items
}

// identifierOf makes a variable's name one that bodies can write.
func identifierOf(variable string) string {
	b := []byte(variable)
	for i, c := range b {
		if !isNameStart(c) && (c < '0' || '9' < c) {
			b[i] = '_'
		}
	}
	if len(b) > 0 && !isNameStart(b[0]) {
		b = append([]byte{'_'}, b...)
	}
	return string(b)
}

// readCodecs reads the order of codecs. What the places offer becomes one list,
// with the first of every place as a default.
func (d *dialect) readCodecs(e *element) {
	if d.lists["codecs"] != nil {
		d.fail(e.at, "<%s> is there twice", clip(e.name))
		return
	}
	type offer struct{ place, option *element }
	var places []*element
	e.every("Codecspriority", func(p *element) { places = append(places, p) })
	priority := func(p *element) int {
		a, _ := p.named("priority")
		n, _ := strconv.Atoi(strings.TrimSpace(a.value))
		return n
	}
	slices.SortStableFunc(places, func(a, b *element) int { return cmp.Compare(priority(a), priority(b)) })
	var firsts, others []offer
	for n, p := range places {
		variable, _ := p.named("variableName")
		payload, _ := p.named("PayloadTypeName")
		d.codecs = append(d.codecs, codecPlace{variable.value, payload.value, priority(p), p.at})
		if variable.value != "" {
			d.texts[strings.ToLower(variable.value)] = codecText(n, "value")
		}
		if payload.value != "" {
			d.texts[strings.ToLower(payload.value)] = codecText(n, "item.payload")
		}
		first := true
		p.every("option", func(o *element) {
			if first {
				firsts = append(firsts, offer{p, o})
			} else {
				others = append(others, offer{p, o})
			}
			first = false
		})
	}
	list := made("codecs", e.at)
	for i, o := range append(firsts, others...) {
		value, _ := o.option.named("value")
		payload, _ := o.option.named("payload")
		label := cmp.Or(o.option.content(), value.value)
		if strings.TrimSpace(label) == "" {
			d.fail(o.option.at, "<option> of <Codecspriority> needs the codec's name as its text")
			continue
		}
		name := neutralCodec(strings.TrimSpace(label))
		at := slices.IndexFunc(list.children, func(c *element) bool { return c.value("name") == name })
		if at >= 0 {
			if before := list.children[at]; before.value("value") != value.value {
				d.warn(value.valueAt, "%s has another value here than in line %d; that one counts", clip(name), d.lineOf(before.at))
			}
			continue
		}
		option := made("option", o.option.at, "name", name, "value", value.value)
		if i < len(firsts) {
			option.attrs = append(option.attrs, attribute{"default", "1", o.option.at, o.option.at})
		}
		if payload.value != "" {
			option.add(made("item", payload.valueAt, "name", "payload", "value", payload.value))
		}
		list.add(option)
	}
	if len(list.children) > 0 {
		d.lists["codecs"] = list
	}
}

func (d *dialect) lineOf(at int) int {
	line, _ := d.src.place(at)
	return line
}

// codecText writes a value of the codec at a place, or nothing if fewer are chosen.
func codecText(place int, value string) string {
	n := strconv.Itoa(place)
	return "{{if gt (len $.codecs) " + n + "}}{{(index $.codecs " + n + ")." + value + "}}{{end}}"
}

// readTransfers reads what the keys do to a call, by the way of transfer.
func (d *dialect) readTransfers(e *element) {
	list := made("transfers", e.at)
	for _, way := range []struct{ prefix, name string }{{"bxfer_", "BLIND"}, {"attxfer_", "ATTENDED"}} {
		value, _ := e.named(way.prefix + "value")
		option := made("option", value.at, "name", way.name, "value", value.value)
		for _, a := range e.attrs {
			name := strings.ToLower(a.name)
			rest, ours := strings.CutPrefix(name, way.prefix)
			if !ours || rest == "" {
				continue
			}
			if rest == "value" {
				d.texts["xfermethod_value"] = "{{$.transfer.value}}"
				continue
			}
			item := identifierOf(rest)
			d.texts["xfermethod_"+rest] = "{{$.transfer.item." + item + "}}"
			option.add(made("item", a.valueAt, "name", item, "value", a.value))
		}
		list.add(option)
	}
	d.lists["transfers"] = list
	d.note(e.at, "the dialect has no NEW_CALL transfer: phones set to it get no value")
}

// readSettings reads single settings with a type, and lists that we do not offer,
// wherever they are inside an element.
func (d *dialect) readSettings(e *element) {
	if param, given := e.named("param"); given && param.value != "" {
		if _, typed := e.named("type"); typed {
			d.readSetting(e, strings.ToLower(param.value))
			return
		}
	}
	if first := descend(e, "option"); first != nil {
		offered := false
		first.every("item", func(i *element) {
			if name, _ := i.named("name"); name.value != "" {
				d.values[strings.ToLower(strings.TrimSpace(name.value))] = i.content()
				offered = true
			}
		})
		if offered {
			value, _ := first.named("value")
			d.warn(e.at, "<%s> is no choice that Dialplane offers; its first option, %s, stands", clip(e.name), clip(value.value))
		}
		return
	}
	for _, c := range e.children {
		d.readSettings(c)
	}
}

// readSetting reads one setting: a number, or yes and no with their values.
func (d *dialect) readSetting(e *element, variable string) {
	preset, given := e.named("default")
	kind, _ := e.named("type")
	ours, path, most := "", "", 0
	switch strings.ToLower(e.name) {
	case "lldpvalue":
		ours, path = "lldp", "$.network.lldp"
	case "vlanwanport":
		ours, path = "wan_vlan", "$.network.wan_vlan.enabled"
	case "vlanwanid":
		ours, path, most = "wan_vlan_id", "$.network.wan_vlan.id", 4094
	case "vlanwanpriority":
		ours, path, most = "wan_vlan_priority", "$.network.wan_vlan.priority", 7
	case "vlanpcport":
		ours, path = "pc_vlan", "$.network.pc_vlan.enabled"
	case "vlanpcid":
		ours, path, most = "pc_vlan_id", "$.network.pc_vlan.id", 4094
	case "vlanpcpriority":
		ours, path, most = "pc_vlan_priority", "$.network.pc_vlan.priority", 7
	}
	yes, no := "", ""
	e.every("item", func(i *element) {
		switch v, _ := i.named("value"); strings.ToLower(strings.TrimSpace(v.value)) {
		case "true":
			yes = i.content()
		case "false":
			no = i.content()
		}
	})
	on := strings.EqualFold(strings.TrimSpace(preset.value), "true") || strings.TrimSpace(preset.value) == "1"
	if strings.EqualFold(kind.value, "bool") && most == 0 {
		if path == "" {
			d.values[variable] = no
			if on {
				d.values[variable] = yes
			}
			return
		}
		d.texts[variable] = "{{if " + path + "}}" + literally(yes) + "{{else}}" + literally(no) + "{{end}}"
		if given {
			d.setNetwork(e, ours, strconv.FormatBool(on), preset)
		}
		return
	}
	if path == "" || most == 0 {
		d.values[variable] = strings.TrimSpace(preset.value)
		return
	}
	d.texts[variable] = "{{" + path + "}}"
	if !given || strings.TrimSpace(preset.value) == "" {
		return
	}
	n, err := strconv.Atoi(strings.TrimSpace(preset.value))
	if least := min(1, most/4094); err != nil || n < least || n > most {
		d.fail(preset.valueAt, "the default of <%s> is a whole number from %d to %d", clip(e.name), least, most)
		return
	}
	d.setNetwork(e, ours, strconv.Itoa(n), preset)
}

func (d *dialect) setNetwork(e *element, name, value string, preset attribute) {
	if d.network == nil {
		d.network = made("network", e.at, "lldp", "false")
	}
	for i := range d.network.attrs {
		if a := &d.network.attrs[i]; a.name == name {
			a.value, a.at, a.valueAt = value, preset.at, preset.valueAt
			return
		}
	}
	d.network.attrs = append(d.network.attrs, attribute{name, value, preset.at, preset.valueAt})
}

// keyKinds says which kind of ours each kind of key is; of two, the later counts.
var keyKinds = []struct{ theirs, ours string }{
	{"linekey", "line"}, {"extension", "blf"}, {"speeddial", "speed_dial"}, {"customspeeddial", "speed_dial"}, {"parkextension", "park"},
}

// readKinds reads what a key of each kind is made of.
func (d *dialect) readKinds(e *element) {
	if len(d.kinds) > 0 {
		d.fail(e.at, "<%s> is there twice", clip(e.name))
		return
	}
	known := make(map[string]bool)
	for _, k := range keyKinds {
		known[k.theirs] = true
		theirs := descend(e, k.theirs)
		if theirs == nil {
			continue
		}
		kind := keyKind{name: k.ours, at: theirs.at, fields: make(map[string]string), used: make(map[string]bool)}
		for _, f := range theirs.children {
			kind.fields[strings.ToLower(f.name)] = f.content()
		}
		if i := slices.IndexFunc(d.kinds, func(o keyKind) bool { return o.name == kind.name }); i >= 0 {
			d.note(d.kinds[i].at, "keys that dial a number are made like <%s> says, not like this", k.theirs)
			d.kinds[i] = kind
			continue
		}
		d.kinds = append(d.kinds, kind)
	}
	for _, c := range e.children {
		if !known[strings.ToLower(c.name)] {
			d.note(c.at, "Dialplane has no keys of the kind %s", clip(c.name))
		}
	}
}

// complete adds the lists that a phone cannot be made without, for templates that
// do not offer them.
func (d *dialect) complete(header *element) {
	option := func(name, value string, more ...string) *element {
		return made("option", header.at, append([]string{"name", name, "value", value}, more...)...)
	}
	fill := func(list string, options ...*element) {
		if d.lists[list] != nil {
			return
		}
		d.lists[list] = made(list, header.at)
		d.lists[list].add(options...)
		d.implied[list] = true
		d.note(header.at, "the template offers no %s; phones are offered %s, and no file says what was chosen", strings.ReplaceAll(list, "_", " "), listed(options))
	}
	fill("languages", option("ENGLISH", "English"))
	fill("transports", option("UDP", "UDP"), option("TCP", "TCP"), option("TLS", "TLS"))
	fill("codecs", option("PCMU", "PCMU", "default", "1"), option("PCMA", "PCMA", "default", "1"), option("G722", "G722"), option("G729", "G729"))
	if d.lists["time_zones"] == nil {
		fill("time_zones")
		d.lists["time_zones"].attrs = []attribute{{"rules", "1", header.at, header.at}} // every zone there is
	}
	if len(d.kinds) == 0 {
		return
	}
	types := made("key_types", d.kinds[0].at)
	for _, k := range d.kinds {
		value := k.fields["type"]
		if holdsVariable(value) {
			value = ""
		}
		o := made("option", k.at, "name", k.name, "value", value)
		for _, f := range sortedKeys(k.used) {
			o.add(made("item", k.at, "name", identifierOf(f), "value", k.fields[f]))
		}
		types.add(o)
	}
	d.lists["key_types"] = types
}

func listed(options []*element) string {
	if len(options) == 0 {
		return "all"
	}
	names := make([]string, len(options))
	for i, o := range options {
		names[i] = o.value("name")
	}
	return strings.Join(names, ", ")
}

func sortedKeys(m map[string]bool) []string {
	names := make([]string, 0, len(m))
	for name := range m {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

// root puts the translation together.
func (d *dialect) root(header *element, files *element) *element {
	title := strings.Join(strings.Fields(header.contentOf("name")), " ")
	root := made("template", d.doc.at, "xmlns", Namespace, "vendor", d.vendor, "title", cmp.Or(title, d.vendor+" phones"))
	models := made("models", header.at)
	lines := max(1, d.lines)
	for _, m := range d.models {
		e := made("model", m.at, "name", m.name, "display_name", m.display, "accounts", "1")
		if d.dect {
			e.attrs[2].value = strconv.Itoa(min(lines, maxLines))
			e.attrs = append(e.attrs, attribute{"handsets", strconv.Itoa(lines), m.at, m.at})
		}
		if m.keys > 0 {
			e.attrs = append(e.attrs, attribute{"line_keys", strconv.Itoa(m.keys), m.at, m.at})
		}
		for i := 1; ; i++ {
			name := fileVariable(i)
			value, ok := m.files[name]
			if !ok {
				break
			}
			e.add(made("var", m.at, "name", name, "value", value))
		}
		models.add(e)
	}
	profile := made("profile", header.at)
	for _, name := range listNames {
		if l := d.lists[name]; l != nil {
			profile.add(l)
		}
	}
	if d.network != nil {
		profile.add(d.network)
	}
	root.add(models, profile, files)
	return root
}
