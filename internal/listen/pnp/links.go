package pnp

import (
	"fmt"
	"log/slog"
	"net"
	"net/netip"
	"slices"
	"sync/atomic"

	"golang.org/x/net/ipv4"
)

// link is an interface of ours and the address on it that a phone is to see.
type link struct {
	name  string
	index int
	addr  netip.Addr
}

// links knows the host's interfaces, and joins the group on those that are chosen.
type links struct {
	names    []string
	networks []netip.Prefix
	packets  *ipv4.PacketConn
	log      *slog.Logger
	byIndex  atomic.Pointer[map[int]ifc]
}

type ifc struct {
	name     string
	joined   bool
	prefixes []netip.Prefix // IPv4 addresses with the lengths of their networks
}

func newLinks(o Options, packets *ipv4.PacketConn) (*links, error) {
	for _, name := range o.Interfaces {
		if _, err := net.InterfaceByName(name); err != nil {
			return nil, fmt.Errorf("pnp: interface %q: %w; see the names with \"ip link\"", name, err)
		}
	}
	l := &links{names: o.Interfaces, networks: o.Networks, packets: packets, log: o.Log}
	l.byIndex.Store(&map[int]ifc{})
	if l.scan() == 0 {
		o.Log.Warn("no interface takes multicast from phones yet; they are looked for every 30 s")
	}
	return l, nil
}

// scan reads the interfaces anew, joins the group on new ones that are chosen, and
// returns on how many it is joined.
func (l *links) scan() (joined int) {
	all, err := net.Interfaces()
	if err != nil {
		l.log.Warn("the network interfaces cannot be listed", "error", err)
		return 0
	}
	before := *l.byIndex.Load()
	now := make(map[int]ifc, len(all))
	for i := range all {
		n := ifc{name: all[i].Name, prefixes: prefixes(&all[i])}
		n.joined = before[all[i].Index].joined && before[all[i].Index].name == n.name
		if !n.joined && l.chooses(&all[i], n.prefixes) {
			if err := l.packets.JoinGroup(&all[i], &net.UDPAddr{IP: group.Addr().AsSlice()}); err != nil {
				l.log.Warn("the multicast group of phones cannot be joined", "interface", n.name, "error", err)
			} else {
				n.joined = true
				l.log.Info("listening for phones", "interface", n.name, "group", group)
			}
		}
		if n.joined {
			joined++
		}
		now[all[i].Index] = n
	}
	l.byIndex.Store(&now)
	return joined
}

func (l *links) chooses(i *net.Interface, addresses []netip.Prefix) bool {
	if i.Flags&net.FlagUp == 0 {
		return false
	}
	if len(l.names) > 0 {
		return slices.Contains(l.names, i.Name)
	}
	return i.Flags&net.FlagMulticast != 0 && slices.ContainsFunc(addresses, func(a netip.Prefix) bool {
		return slices.ContainsFunc(l.networks, func(n netip.Prefix) bool { return n.Contains(a.Addr()) })
	})
}

func prefixes(i *net.Interface) []netip.Prefix {
	addresses, err := i.Addrs()
	if err != nil {
		return nil // it has gone meanwhile
	}
	var all []netip.Prefix
	for _, a := range addresses {
		if p, err := netip.ParsePrefix(a.String()); err == nil && p.Addr().Is4() {
			all = append(all, p)
		}
	}
	return all
}

// joined returns the interface of a multicast packet, with our address in its
// source's network. It reports false if the group was not joined there: the kernel
// hands over what other programs have joined it for.
func (l *links) joined(index int, source netip.Addr) (link, bool) {
	n := (*l.byIndex.Load())[index]
	if !n.joined || len(n.prefixes) == 0 {
		return link{}, false
	}
	i := max(0, slices.IndexFunc(n.prefixes, func(p netip.Prefix) bool { return p.Contains(source) }))
	return link{n.name, index, n.prefixes[i].Addr()}, true
}

// addressed returns the interface of a packet that was sent to an address of ours,
// and false for what was sent to many.
func (l *links) addressed(index int, to net.IP) (link, bool) {
	n := (*l.byIndex.Load())[index]
	addr, ok := netip.AddrFromSlice(to)
	addr = addr.Unmap()
	if !ok || addr.IsMulticast() || addr == netip.AddrFrom4([4]byte{255, 255, 255, 255}) || slices.ContainsFunc(n.prefixes, func(p netip.Prefix) bool { return broadcast(p) == addr }) {
		return link{}, false
	}
	return link{n.name, index, addr}, true
}

// broadcast returns the last address of a network, or none if it has no such.
func broadcast(p netip.Prefix) netip.Addr {
	if p.Bits() > 30 {
		return netip.Addr{}
	}
	a := p.Addr().As4()
	for bit := p.Bits(); bit < 32; bit++ {
		a[bit/8] |= 0x80 >> (bit % 8)
	}
	return netip.AddrFrom4(a)
}
