package template

import (
	"fmt"
	"reflect"
	"strings"
	"unsafe"
)

// kind is what a value is, as far as a template can tell.
type kind uint8

const (
	text kind = iota + 1
	number
	yesno
	list
	object
	textMap // texts by name: .model.var and .item
)

// typ is the static type of an expression. Every expression has one, so that
// nothing is left to find out, or to go wrong, when a phone asks.
type typ struct {
	kind   kind
	digits bool    // text that is made of digits only
	elem   *typ    // of a list
	size   uintptr // of an object, in bytes
	fields []field // of an object
	choice string  // of a Choice: the profile list that it is taken from
	items  string  // of the items of a Choice: the same
	// name is how messages call it: "a number", "an account".
	name string
}

// field is one field of an object.
type field struct {
	name  string
	level Level
	off   uintptr // from the start of the object
	typ   *typ
}

// Types without parts.
var (
	textType    = &typ{kind: text, name: "text"}
	digitsType  = &typ{kind: text, digits: true, name: "text"}
	numberType  = &typ{kind: number, name: "a number"}
	yesnoType   = &typ{kind: yesno, name: "yes/no"}
	mapType     = &typ{kind: textMap, name: "a set of named values"}
	numbersType = &typ{kind: list, elem: numberType, name: "a list of numbers"}
)

// viewType is the type of the whole View, read once from its tags.
var viewType = newViewType()

func newViewType() *typ {
	b := typeBuilder{choices: make(map[string]*typ)}
	return b.object(reflect.TypeFor[View](), "")
}

// choiceLists names the profile list behind each Choice of the View, by the
// field that holds it.
var choiceLists = map[string]string{
	"language": "languages", "handset_language": "languages", "tone": "tones", "time_zone": "time_zones",
	"date_format": "date_formats", "time_format": "time_formats",
	"ringtone": "ringtones", "queue_ringtone": "queue_ringtones", "external_ringtone": "external_ringtones",
	"powerled": "powerleds", "backlight": "backlights", "screensaver": "screensavers",
	"transfer": "transfers", "transport": "transports", "type": "key_types",
	"codecs": "codecs", "spare_codecs": "codecs",
}

type typeBuilder struct {
	choices map[string]*typ // by profile list
}

// of returns the type of a Go type that the field name holds.
func (b typeBuilder) of(t reflect.Type, name string) *typ {
	switch t {
	case reflect.TypeFor[string]():
		return textType
	case reflect.TypeFor[int]():
		return numberType
	case reflect.TypeFor[bool]():
		return yesnoType
	case reflect.TypeFor[map[string]string]():
		return mapType
	case reflect.TypeFor[Choice]():
		from := choiceLists[name]
		if b.choices[from] == nil {
			b.choices[from] = b.object(t, from)
		}
		return b.choices[from]
	}
	switch t.Kind() {
	case reflect.Struct:
		return b.object(t, "")
	case reflect.Slice:
		elem := b.of(t.Elem(), name)
		return &typ{kind: list, elem: elem, name: "a list"}
	}
	panic(fmt.Sprintf("template: the View has a field %s of type %s, which templates do not know", name, t))
}

func (b typeBuilder) object(t reflect.Type, choice string) *typ {
	o := &typ{kind: object, size: t.Size(), choice: choice, name: "a group of values"}
	if choice != "" {
		o.name = "a choice"
	}
	for i := range t.NumField() {
		f := t.Field(i)
		name, level, leveled := strings.Cut(f.Tag.Get("view"), ",")
		field := field{name: name, level: Full, off: f.Offset, typ: b.of(f.Type, name)}
		if choice != "" && field.typ == mapType {
			field.typ = &typ{kind: textMap, items: choice, name: mapType.name}
		}
		if leveled {
			var ok bool
			if field.level, ok = parseLevel(level); !ok {
				panic("template: unknown level in the view tag of " + f.Name)
			}
		}
		o.fields = append(o.fields, field)
	}
	return o
}

func (t *typ) field(name string) (field, bool) {
	for _, f := range t.fields {
		if f.name == name {
			return f, true
		}
	}
	return field{}, false
}

func (t *typ) names() []string {
	names := make([]string, len(t.fields))
	for i, f := range t.fields {
		names[i] = f.name
	}
	return names
}

// value is a value of any kind.
type value struct {
	s string
	n int            // number; 1 for yes; length of a list
	p unsafe.Pointer // object; first element of a list of objects
	t *typ           // of the object, or of the elements
	m int            // first element of a list of numbers
}

// The functions below are the only ones that read memory by address. A value
// with an address is made by root, load and elem alone, which put down the type
// that lives there; load compares it with the type that the compiler expected,
// so that a mistake of the compiler ends in a panic and not in another phone's
// memory.

func root(v *View) value {
	return value{p: unsafe.Pointer(v), t: viewType} //nolint:gosec // see above
}

// load reads the field of type t at offset off of the object v, which must be
// of type owner.
func load(v *value, owner *typ, off uintptr, t *typ) value {
	p := address(v, owner, off)
	switch t.kind {
	case text:
		return value{s: *(*string)(p)}
	case number:
		return value{n: *(*int)(p)}
	case yesno:
		if *(*bool)(p) {
			return value{n: 1}
		}
		return value{}
	case list:
		// Slices of all types have the same header.
		s := *(*[]struct{})(p)
		return value{p: unsafe.Pointer(unsafe.SliceData(s)), n: len(s), t: t.elem} //nolint:gosec // see above
	case object:
		return value{p: p, t: t}
	}
	panic("template: load of a value without a kind")
}

// loadText, loadNumber and loadYesNo are load for fields of one kind.
func loadText(v *value, owner *typ, off uintptr) string { return *(*string)(address(v, owner, off)) }

func loadNumber(v *value, owner *typ, off uintptr) int { return *(*int)(address(v, owner, off)) }

func loadYesNo(v *value, owner *typ, off uintptr) bool { return *(*bool)(address(v, owner, off)) }

// loadMap reads the entry key of the map at offset off.
func loadMap(v *value, owner *typ, off uintptr, key string) value {
	return value{s: (*(*map[string]string)(address(v, owner, off)))[key]}
}

func address(v *value, owner *typ, off uintptr) unsafe.Pointer {
	if v.t != owner || v.p == nil {
		panic("template: the compiler mistook the type of an object")
	}
	return unsafe.Add(v.p, off)
}

// elem returns an element of a list. The index must be within it.
func elem(v *value, i int) value {
	if i < 0 || i >= v.n {
		panic("template: index outside a list")
	}
	if v.p == nil {
		return value{n: v.m + i}
	}
	return value{p: unsafe.Add(v.p, uintptr(i)*v.t.size), t: v.t}
}
