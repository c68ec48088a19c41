package snom

import (
	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

// dectLacks adds what bases cannot be told.
func dectLacks(lacks vendortest.Lacks) vendortest.Lacks {
	for _, file := range []string{"snom-m3xx.xml", "snom-m7xx.xml"} {
		lacks[file+": lldp"] = "no source has it"
		lacks[file+": pc vlan"] = "a base has one port"
		lacks[file+": account label"] = "a handset shows the name"
		lacks[file+": handset name"] = "it is its account's"
		lacks[file+": ringtones"] = "handsets have their own"
		lacks[file+": background"] = "handsets have their own"
	}
	lacks["snom-m7xx.xml: system bases"] = "bases of a chain find one another"
	return lacks
}
