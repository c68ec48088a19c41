package pnp

import (
	"net"
	"net/netip"

	"golang.org/x/net/ipv4"
)

const controlFlags = ipv4.FlagInterface | ipv4.FlagDst

// socket is a UDP socket that says which interface a packet came in by, and sends
// from the address that it is told.
type socket struct {
	conn    *net.UDPConn
	packets *ipv4.PacketConn
}

func newSocket(conn *net.UDPConn) (*socket, error) {
	s := &socket{conn, ipv4.NewPacketConn(conn)}
	return s, s.packets.SetControlMessage(controlFlags, true)
}

func (s *socket) send(b []byte, from link, to netip.AddrPort) error {
	control := ipv4.ControlMessage{Src: from.addr.AsSlice(), IfIndex: from.index}
	_, _, err := s.conn.WriteMsgUDPAddrPort(b, control.Marshal(), to)
	return err
}

func (s *socket) transport() string { return "UDP" }

func (s *socket) port() uint16 {
	return s.conn.LocalAddr().(*net.UDPAddr).AddrPort().Port() //nolint:forcetypeassert // a UDP socket's
}
