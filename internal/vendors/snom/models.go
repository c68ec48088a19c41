package snom

import (
	"strings"

	"github.com/dialplane/dialplane/internal/vendors/settingsxml"
)

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

// layouts are those of the templates' models. No two have the same numbers.
var layouts = []settingsxml.Layout{
	{Keys: 2},
	{Keys: 5},
	{Keys: 6},
	{Keys: 12},
	{Keys: 5, Gap: 126, Modules: 3, ModuleKeys: 18},
	{Keys: 12, Gap: 126, Modules: 3, ModuleKeys: 18},
	{Keys: 48, Gap: 126, Modules: 3, ModuleKeys: 18},
	{Keys: 3, Modules: 3, ModuleKeys: 18},
	{Keys: 4, Modules: 3, ModuleKeys: 18},
	{Keys: 5, Modules: 3, ModuleKeys: 18},
	{Keys: 16, Modules: 3, ModuleKeys: 18},
	{Keys: 18, Modules: 3, ModuleKeys: 18},
	{Keys: 24, Modules: 3, ModuleKeys: 18},
	{Keys: 28, Modules: 3, ModuleKeys: 18},
	{Keys: 32, Modules: 3, ModuleKeys: 18},
	{Keys: 16, Modules: 3, ModuleKeys: 60},
	{Keys: 32, Modules: 3, ModuleKeys: 60},
	{Keys: 40, Modules: 3, ModuleKeys: 60},
	{Keys: 42, Modules: 3, ModuleKeys: 60},
}
