package template

import "fmt"

// Level is who may fetch a file, and so what it may hold. The zero Level is
// none.
type Level int

const (
	// Bootstrap files go to anyone who asks and hold nothing of any phone.
	Bootstrap Level = iota + 1
	// Enrol files go to a phone in its enrolment window and hold its secret
	// address.
	Enrol
	// Full files go to a phone at its secret address and may hold everything but
	// the entries of the directory.
	Full
	// Directory files go to a phone at its secret address as well, and hold the
	// tenant's phone book. They are no part of the configuration: a change of the
	// directory does not make a phone out-of-date.
	Directory
)

// Levels lists every level.
var Levels = []Level{Bootstrap, Enrol, Full, Directory}

// String prints the level as a template spells it.
func (l Level) String() string {
	switch l {
	case Bootstrap:
		return "bootstrap"
	case Enrol:
		return "enrol"
	case Full:
		return "full"
	case Directory:
		return "directory"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

func parseLevel(s string) (Level, bool) {
	for _, l := range Levels {
		if s == l.String() {
			return l, true
		}
	}
	return 0, false
}
