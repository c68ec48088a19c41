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
	// Full files go to a phone at its secret address and may hold everything.
	Full
)

// String prints the level as a template spells it.
func (l Level) String() string {
	switch l {
	case Bootstrap:
		return "bootstrap"
	case Enrol:
		return "enrol"
	case Full:
		return "full"
	}
	return fmt.Sprintf("Level(%d)", int(l))
}

func parseLevel(s string) (Level, bool) {
	for _, l := range []Level{Bootstrap, Enrol, Full} {
		if s == l.String() {
			return l, true
		}
	}
	return 0, false
}
