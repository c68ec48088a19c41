package grandstream

import (
	"cmp"
	"fmt"
	"regexp"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Most that a base has.
const (
	baseHandsets  = 5  // DP715, DP750, DP752
	baseLines     = 10 // of a handset
	aliasHandsets = 10 // DP755
)

// isDP750 says whether a file is that of a DP750 or DP752, and isDP715 whether it is a
// DP715's: both have handsets behind their accounts, only the former lines of handsets.
func isDP750(c *vendor.Config) bool { return has(c, "P27080") }

func isDP715(c *vendor.Config) bool { return has(c, "P4300") && !isDP750(c) }

func has(c *vendor.Config, name string) bool {
	_, ok := c.Lookup(name)
	return ok
}

// line returns the P-value of a line of a handset, both from 1: the number of the
// account that it has.
func line(handset, n int) string {
	switch {
	case handset == 4 && n <= 2:
		return pName(4249 + n)
	case handset == 4:
		return pName(21317 + n)
	case handset == 5:
		return pName(21327 + n)
	}
	return pName(4289 + 10*handset + n)
}

// handsets returns the handsets of a base that have an account which is switched on.
func handsets(c *vendor.Config) []vendor.Handset {
	var list []vendor.Handset
	for h := 1; h <= baseHandsets && (isDP750(c) || isDP715(c)); h++ {
		account, name := h, ""
		if isDP750(c) {
			account, name = 0, c.Get(pName(27019+h))
			for n := 1; n <= baseLines && account == 0; n++ {
				account = vendor.Number(c.Get(line(h, n)))
			}
		}
		if account > 0 && c.Get(pName(4594+account)) == "1" {
			list = append(list, vendor.Handset{Index: h, Name: name, Account: account})
		}
	}
	return list
}

// aliasedHandsets is handsets for a file of aliases.
func aliasedHandsets(c *vendor.Config) []vendor.Handset {
	var list []vendor.Handset
	for h := 1; h <= aliasHandsets; h++ {
		for n := 1; n <= maxAliasAccounts; n++ {
			if c.Get(fmt.Sprintf("account.%d.enable", n)) == "Yes" && c.Get(fmt.Sprintf("account.%d.assignedTo.hs.%d", n, h)) == "Yes" {
				list = append(list, vendor.Handset{Index: h, Name: c.Get(fmt.Sprintf("hs.%d.user.hsName", h)), Account: n})
				break
			}
		}
	}
	return list
}

// tenths are the ends of the times of a cadence on bases, which count milliseconds
// where phones count ten.
var tenths = regexp.MustCompile(`0([-/;])`)

// dialTone returns the dial tone, with the times that phones would have.
func dialTone(c *vendor.Config) string {
	tone, cadence, intermittent := strings.Cut(c.Get("P4000"), "c=")
	if intermittent {
		tone += "c=" + tenths.ReplaceAllString(cadence, "$1")
	}
	return cmp.Or(c.Get("P343"), tone)
}
