package fleet

import (
	"encoding/base64"
	"strconv"
)

// ID names an object. Clients see it as an opaque string: the base64 of the
// decimal number, as the clients of the API we keep compatible with know it.
type ID int64

// String prints the opaque form, or "" for the zero ID.
func (id ID) String() string {
	if id == 0 {
		return ""
	}
	return base64.RawURLEncoding.EncodeToString(strconv.AppendInt(nil, int64(id), 10))
}

// ParseID reads the opaque form. It returns false for anything that String does
// not print.
func ParseID(s string) (ID, bool) {
	if len(s) > 32 {
		return 0, false
	}
	b, err := base64.RawURLEncoding.DecodeString(s)
	if err != nil {
		return 0, false
	}
	n, err := strconv.ParseInt(string(b), 10, 64)
	if err != nil || n <= 0 || ID(n).String() != s {
		return 0, false
	}
	return ID(n), true
}
