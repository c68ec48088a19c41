package vendor_test

import (
	"testing"

	vendor "github.com/dialplane/dialplane/internal/vendors"
)

func TestNumber(t *testing.T) {
	t.Parallel()
	for s, want := range map[string]int{"12": 12, "-5": -5, "007": 7, "": 0, "x": 0, "1x": 0, " 1": 0, "1.5": 0, "99999999999999999999": 0} {
		if got := vendor.Number(s); got != want {
			t.Errorf("%q is %d, want %d", s, got, want)
		}
	}
}

func TestHostPort(t *testing.T) {
	t.Parallel()
	type address struct {
		host string
		port int
	}
	for s, want := range map[string]address{
		"pbx.example": {"pbx.example", 0}, "pbx.example:5070": {"pbx.example", 5070}, "pbx.example:x": {"pbx.example", 0}, "pbx.example:-1": {"pbx.example", 0},
		"[2001:db8::1]:5070": {"2001:db8::1", 5070}, "[2001:db8::1]": {"2001:db8::1", 0}, "2001:db8::1": {"2001:db8::1", 0}, "": {},
	} {
		if host, port := vendor.HostPort(s); (address{host, port}) != want {
			t.Errorf("%q is %q and %d, want %+v", s, host, port, want)
		}
	}
}

func TestOwnPort(t *testing.T) {
	t.Parallel()
	for transport, want := range map[string]int{"UDP": 5060, "TCP": 5060, "TLS": 5061} {
		if got := vendor.OwnPort(transport); got != want {
			t.Errorf("%s has the port %d, want %d", transport, got, want)
		}
	}
}
