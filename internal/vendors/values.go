package vendor

import (
	"net"
	"strconv"
	"strings"
)

// Number reads a whole number, for Understand; what is none counts as 0.
func Number(s string) int {
	n, err := strconv.Atoi(s)
	if err != nil {
		return 0
	}
	return n
}

// HostPort takes a host and the port that may follow it apart, for Understand. An IPv6
// address stands in brackets before a port, and may without one; the host has none. The
// port is 0 if there is none.
func HostPort(s string) (host string, port int) {
	host, digits, err := net.SplitHostPort(s)
	if err != nil {
		return strings.Trim(s, "[]"), 0
	}
	return host, max(0, Number(digits))
}

// OwnPort is the port of a SIP transport, "UDP", "TCP" or "TLS", where none is given.
func OwnPort(transport string) int {
	if transport == "TLS" {
		return 5061
	}
	return 5060
}
