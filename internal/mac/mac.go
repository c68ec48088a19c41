// Package mac holds the one type by which Dialplane names a device: the 48-bit
// MAC address of its network port. Every spelling that phones, stickers and
// spreadsheets use is read; one is printed.
package mac

import (
	"errors"
	"fmt"
	"strings"
)

// Addr is a unicast 48-bit MAC address. Its zero value is no address.
type Addr [6]byte

// Errors that Parse returns, wrapped with the text that was refused where that
// text is safe to show.
var (
	ErrSyntax    = errors.New("a MAC address is 12 hex digits, such as 001565aabbcc or 00:15:65:aa:bb:cc")
	ErrEUI64     = errors.New("this is an 8-byte EUI-64; a phone's MAC address has 6 bytes (12 hex digits)")
	ErrMulticast = errors.New("this is a multicast address; a phone's MAC address is unicast (the first byte is even)")
	ErrZero      = errors.New("this address is all zeros; give the one on the phone's label")
)

// Parse reads a MAC address spelled with colons, hyphens, dots or nothing
// between its digits, in either case. One spelling uses one separator, at even
// distances of 2 (00:15:65:aa:bb:cc), 4 (0015.65aa.bbcc) or 6 digits.
func Parse(s string) (Addr, error) {
	var digits [16]byte
	n, sep, width, run := 0, byte(0), 0, 0
	for i := range len(s) {
		c := s[i]
		if v, ok := hexValue(c); ok {
			if n == len(digits) {
				return Addr{}, ErrSyntax
			}
			digits[n] = v
			n++
			run++
			continue
		}
		if c != ':' && c != '-' && c != '.' || run == 0 || sep != 0 && (c != sep || run != width) {
			return Addr{}, ErrSyntax
		}
		sep, width, run = c, run, 0
	}
	if sep != 0 && (run != width || width != 2 && width != 4 && width != 6) {
		return Addr{}, ErrSyntax
	}
	switch n {
	case 12:
	case 16:
		return Addr{}, ErrEUI64
	default:
		return Addr{}, ErrSyntax
	}
	var a Addr
	for i := range a {
		a[i] = digits[2*i]<<4 | digits[2*i+1]
	}
	switch {
	case a == Addr{}:
		return Addr{}, ErrZero
	case a[0]&1 != 0:
		return Addr{}, ErrMulticast
	}
	return a, nil
}

// MustParse is Parse for addresses written in the source; it panics on an error.
func MustParse(s string) Addr {
	a, err := Parse(s)
	if err != nil {
		panic(fmt.Sprintf("mac.MustParse(%q): %v", s, err))
	}
	return a
}

func hexValue(c byte) (byte, bool) {
	switch {
	case '0' <= c && c <= '9':
		return c - '0', true
	case 'a' <= c && c <= 'f':
		return c - 'a' + 10, true
	case 'A' <= c && c <= 'F':
		return c - 'A' + 10, true
	}
	return 0, false
}

const hexDigits = "0123456789abcdef"

// String prints 12 lower-case hex digits without separators: 001565aabbcc.
func (a Addr) String() string {
	var b [12]byte
	for i, v := range a {
		b[2*i], b[2*i+1] = hexDigits[v>>4], hexDigits[v&15]
	}
	return string(b[:])
}

// Upper prints 12 upper-case hex digits without separators: 001565AABBCC.
func (a Addr) Upper() string { return strings.ToUpper(a.String()) }

// Colons prints lower-case hex digits in pairs: 00:15:65:aa:bb:cc.
func (a Addr) Colons() string {
	s := a.String()
	return s[0:2] + ":" + s[2:4] + ":" + s[4:6] + ":" + s[6:8] + ":" + s[8:10] + ":" + s[10:12]
}

// OUI prints the first three bytes, the maker's prefix: 001565.
func (a Addr) OUI() string { return a.String()[:6] }

// IsZero reports whether a is no address.
func (a Addr) IsZero() bool { return a == Addr{} }

// MarshalText prints a as String does, and no address as nothing.
func (a Addr) MarshalText() ([]byte, error) {
	if a.IsZero() {
		return nil, nil
	}
	return []byte(a.String()), nil
}

// UnmarshalText reads what Parse reads, and nothing as no address.
func (a *Addr) UnmarshalText(b []byte) error {
	if len(b) == 0 {
		*a = Addr{}
		return nil
	}
	p, err := Parse(string(b))
	if err != nil {
		return err
	}
	*a = p
	return nil
}
