package yealink

import (
	_ "embed" // parameters-dect.txt
	"strconv"

	"github.com/dialplane/dialplane/internal/vendors"
)

//go:embed parameters-dect.txt
var dectParameters string

// maxHandsets is the most that any DECT manager has.
const maxHandsets = 250

// handsets returns the handsets of a DECT base that have a name, with the account
// by which each is called. On multi-cell systems the account has the handset's own
// number.
func (r reader) handsets() []vendor.Handset {
	var list []vendor.Handset
	for i := range maxHandsets {
		at := "handset." + strconv.Itoa(i+1) + "."
		h := vendor.Handset{Index: i + 1, Account: i + 1, Name: r.text(at + "name"), IPUI: r.text(at + "ipui")}
		if h.Name == "" {
			continue
		}
		if n := r.number(at + "incoming_lines"); n > 0 {
			h.Account = n
		}
		list = append(list, h)
	}
	return list
}

// maxStations is the most bases that any DECT manager takes in.
const maxStations = 60

// system returns the system of a DECT manager, which lists the bases that it takes in
// and not itself. A base that a manager has taken in is not told of it.
func (r reader) system() vendor.System {
	var s vendor.System
	for i := range maxStations {
		name := "station.allowed." + strconv.Itoa(i+1) + ".mac"
		_, listed := r.c.Lookup(name)
		s.Set = s.Set || listed
		if station := r.text(name); station != "" {
			s.Bases = append(s.Bases, station)
		}
	}
	s.Master = s.Set
	return s
}

// served fills in the server of an account that names one of the base's servers.
func (r reader) served(a vendor.Account) vendor.Account {
	n := r.number("account." + strconv.Itoa(a.Index) + ".sip_server.template")
	if n == 0 {
		return a
	}
	at := "template." + strconv.Itoa(n) + "."
	a.Server = r.text(at + "sip_server.1.address")
	a.Port = r.number(at + "sip_server.1.port")
	a.Expires = r.number(at + "sip_server.1.expires")
	a.Transport = transport(r.text(at + "sip_server.1.transport_type"))
	if r.text(at+"outbound.enable") == "1" {
		a.OutboundProxy, a.OutboundPort = r.text(at+"outbound.1.address"), r.number(at+"outbound.1.port")
	}
	return a
}

// transport is what a number stands for, or "".
func transport(n string) string {
	switch n {
	case "", "0":
		return "UDP"
	case "1":
		return "TCP"
	case "2":
		return "TLS"
	}
	return ""
}
