package template

import "slices"

// lint looks for what is allowed and probably a mistake. It looks at the
// template itself and not at those that it extends.
func lint(d *document, s *set) []*Error {
	warnings := slices.Clone(d.warnings)
	warn := func(at int, format string, args ...any) {
		if len(warnings) >= maxWarnings {
			return
		}
		warnings = append(warnings, d.src.errorf(at, format, args...))
	}
	if !d.abstract {
		for name, at := range d.varAt {
			if !s.usedVars[name] {
				warn(at, "no file uses <var name=%q>", clip(name))
			}
		}
		for name, at := range d.listAt {
			switch {
			case d.implied[name]:
			case len(d.lists[name].Options) == 0:
				warn(at, "<%s> has no options, so nobody can choose one", name)
			case name == "time_zones" && byRules(d.lists[name]): // .time tells it
			case !s.usedLists[name]:
				warn(at, "no file uses the choice that <%s> offers", name)
			}
		}
		for key, at := range d.itemAt {
			if !s.usedItems[key] {
				warn(at, "no file uses this <item>")
			}
		}
		for name, at := range d.blockAt {
			if !s.usedBlocks[name] {
				warn(at, "no file uses the block %q", clip(name))
			}
		}
	}
	sortErrors(warnings)
	return warnings
}

// byRules says whether the phone is told each zone of a list by its rule, since no
// option has a name of the vendor's own.
func byRules(zones *List) bool {
	return !slices.ContainsFunc(zones.Options, func(o Option) bool { return o.Value != o.Name })
}
