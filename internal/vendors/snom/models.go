package snom

import "strings"

// models are the names that Snom's phones give themselves, the word "snom" left
// out, in the spelling that they use. A name that is not here is taken as it is.
var models = []string{
	"D120", "D140", "D150",
	"D305", "D315", "D335", "D345", "D375", "D385",
	"300", "320", "360", "370",
	"710", "D712", "D713", "715", "D717", "720", "725", "D735", "D745", "760", "D765", "D785",
	"D810", "D812", "D815", "D862", "D865", "D892", "D895", "SP800",
	"820", "821", "870",
	"C520", "C620", "MP", "PA1",
	"M100KLE", "M200SC", "M300", "M400", "M400SC", "M500KLE", "M700", "M900",
	"M25", "M30", "M65", "M70", "M80", "M85", "M90",
	"m3", "M9",
}

// sold are the names on the box of phones that call themselves otherwise.
var sold = map[string]string{"D710": "710", "D715": "715", "D725": "725"}

// canonicalModel returns the name of a model in the table's spelling.
func canonicalModel(name string) string {
	for _, m := range models {
		if strings.EqualFold(m, name) {
			return m
		}
	}
	if own, ok := sold[strings.ToUpper(name)]; ok {
		return own
	}
	return name
}

// layout is how the keys of a phone and its modules are numbered: the phone's own
// from 0, those of the modules behind them, after gap numbers that no key has.
type layout struct{ keys, gap, modules, moduleKeys int }

// layouts are those of the templates' models. No two have the same numbers.
var layouts = []layout{
	{keys: 2},
	{keys: 5},
	{keys: 5, gap: 126, modules: 3, moduleKeys: 18},
	{keys: 12, gap: 126, modules: 3, moduleKeys: 18},
	{keys: 48, gap: 126, modules: 3, moduleKeys: 18},
	{keys: 3, modules: 3, moduleKeys: 18},
	{keys: 4, modules: 3, moduleKeys: 18},
	{keys: 5, modules: 3, moduleKeys: 18},
	{keys: 16, modules: 3, moduleKeys: 18},
	{keys: 18, modules: 3, moduleKeys: 18},
	{keys: 24, modules: 3, moduleKeys: 18},
	{keys: 32, modules: 3, moduleKeys: 18},
	{keys: 16, modules: 3, moduleKeys: 60},
	{keys: 32, modules: 3, moduleKeys: 60},
	{keys: 40, modules: 3, moduleKeys: 60},
	{keys: 42, modules: 3, moduleKeys: 60},
}

// layoutOf finds the layout of a configuration that sets count keys, the last of
// which is number last. A file does not say which phone it is for; but ours set
// every key that there is. Keys of an unknown layout are all the phone's own.
func layoutOf(count, last int) layout {
	for _, l := range layouts {
		n := l.keys + l.modules*l.moduleKeys
		if n == count && n+l.gap == last+1 {
			return l
		}
	}
	return layout{keys: last + 1}
}

// place says where key number idx is: the module, 0 for the phone itself, and the
// slot from 1.
func (l layout) place(idx int) (module, slot int) {
	n := idx - l.keys - l.gap
	if n < 0 || l.moduleKeys == 0 {
		return 0, idx + 1
	}
	return n/l.moduleKeys + 1, n%l.moduleKeys + 1
}
