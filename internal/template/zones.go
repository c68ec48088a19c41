package template

import (
	_ "embed"
	"strconv"
	"strings"
)

// zonesText lists the IANA zones that an admin may choose, each with its winter
// offset in minutes under the rules in force. TestZones holds it to the time zone
// database.
//
//go:embed zones.txt
var zonesText string

type zone struct {
	name   string
	offset int // minutes east of UTC
}

// zones returns the IANA zones, UTC first and the others by name.
func zones() []zone {
	var list []zone
	for line := range strings.Lines(zonesText) {
		name, offset, _ := strings.Cut(strings.TrimSpace(line), " ")
		minutes, err := strconv.Atoi(offset)
		if err != nil {
			continue
		}
		list = append(list, zone{name, minutes})
	}
	return list
}

// Zones returns the IANA names of the time zones that an admin may choose, UTC first.
func Zones() []string {
	list := zones()
	names := make([]string, len(list))
	for i, z := range list {
		names[i] = z.name
	}
	return names
}
