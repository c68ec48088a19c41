package yealink

import "github.com/dialplane/dialplane/internal/vendors/vendortest"

// dectLacks adds what bases and managers cannot be told.
func dectLacks(lacks vendortest.Lacks) vendortest.Lacks {
	for _, file := range []string{"yealink-w5x.xml", "yealink-w7x.xml", "yealink-w8x.xml"} {
		lacks[file+": pc vlan"] = "a base has one port"
		lacks[file+": ringtones"] = "handsets have their own"
		lacks[file+": background"] = "handsets have their own"
	}
	for _, file := range []string{"yealink-w5x.xml", "yealink-w7x.xml"} {
		lacks[file+": handset ipui"] = "handsets are registered by hand"
	}
	return lacks
}
