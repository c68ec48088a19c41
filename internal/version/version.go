// Package version compares the versions that phones name: numbers with anything
// between them.
package version

import (
	"cmp"
	"strings"
)

// Compare returns -1, 0 or 1 as a is below, like or above b. It compares number by
// number, whatever stands between the numbers; numbers that one of them lacks are 0
// in it. So 85.9 is below 85.10, and 85 is like 85.0. Text without a number, such as
// that of a phone that has named none, is like 0.
func Compare(a, b string) int {
	for {
		x, restA, moreA := next(a)
		y, restB, moreB := next(b)
		if !moreA && !moreB {
			return 0
		}
		if c := cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y)); c != 0 {
			return c
		}
		a, b = restA, restB
	}
}

// next returns the first number in s without its leading zeros ("" for zero), what
// follows it, and whether there is one.
func next(s string) (digits, rest string, found bool) {
	start := strings.IndexAny(s, "0123456789")
	if start < 0 {
		return "", "", false
	}
	end := start
	for end < len(s) && '0' <= s[end] && s[end] <= '9' {
		end++
	}
	return strings.TrimLeft(s[start:end], "0"), s[end:], true
}
