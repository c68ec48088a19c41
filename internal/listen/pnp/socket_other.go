//go:build !unix

package pnp

import (
	"errors"
	"net"
	"net/netip"
	"syscall"
)

func bindGroup(netip.AddrPort) (*net.UDPConn, error) { return nil, errors.ErrUnsupported }

func noBroadcast(_, _ string, _ syscall.RawConn) error { return nil }
