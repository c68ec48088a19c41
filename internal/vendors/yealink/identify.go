package yealink

import (
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// userAgent reads
//
//	user-agent = [ maker ] product [ 1*SP firmware [ 1*SP ( mac / hardware ) ] ]
//	maker      = ( "Yealink" / "yealink" ) ( 1*SP / "-" )
//	product    = [ "SIP-" / "SIP VP-" ] model
//	model      = 1*3UPPER 2*4DIGIT *2UPPER [ "_E2" ]
//	firmware   = number 3( "." number )
//
// from the first byte to the last. A phone told to leave its MAC out
// (static.auto_provision.user_agent_mac.enable) or speaking SIP ends after the
// firmware; old ones end with the version of their hardware, or with a MAC that
// lost a colon. Only some old products leave the maker out, and these always
// give firmware and MAC.
func userAgent(ua string) (vendor.Identity, bool) {
	none := vendor.Identity{}
	if len(ua) > 128 {
		return none, false
	}
	ua, named := cutMaker(ua)
	word, rest := cutWord(ua)
	if word == "SIP" && strings.HasPrefix(rest, "VP-") {
		word, rest = cutWord(rest[len("VP-"):])
	} else {
		word = strings.TrimPrefix(word, "SIP-")
	}
	if !isModel(word) || !named && !leavesMakerOut(word) {
		return none, false
	}
	id := vendor.Identity{Vendor: name, Model: word}
	id.Version, rest = cutWord(rest)
	tail, rest := cutWord(rest)
	switch {
	case rest != "" || strings.HasSuffix(ua, " ") || !isTail(tail):
		return none, false
	case !named && tail == "":
		return none, false
	case id.Version != "" && !isFirmware(id.Version):
		return none, false
	}
	if a, err := mac.Parse(tail); err == nil {
		id.MAC = a
	}
	return id, true
}

// vendorClass knows what a phone calls itself by DHCP unless told otherwise
// (static.auto_provision.dhcp_option.option60_value; TAN, FP).
func vendorClass(class string) (vendor.Identity, bool) {
	if class != "yealink" {
		return vendor.Identity{}, false
	}
	return vendor.Identity{Vendor: name}, true
}

// cutMaker takes the maker's name off.
func cutMaker(ua string) (rest string, found bool) {
	rest, found = strings.CutPrefix(ua, "Yealink")
	if !found {
		rest, found = strings.CutPrefix(ua, "yealink")
	}
	if !found {
		return ua, false
	}
	if strings.HasPrefix(rest, "-") {
		return rest[1:], true
	}
	if word := strings.TrimLeft(rest, " "); len(word) < len(rest) {
		return word, true
	}
	return ua, false
}

// cutWord takes the first word and the blanks behind it off.
func cutWord(s string) (word, rest string) {
	word, rest, _ = strings.Cut(s, " ")
	return word, strings.TrimLeft(rest, " ")
}

// leavesMakerOut reports whether a product is known to name itself without its maker.
func leavesMakerOut(model string) bool {
	switch model {
	case "VP530", "VP530P", "W52P", "W56P", "W60B":
		return true
	}
	return false
}

func isModel(s string) bool {
	s = strings.TrimSuffix(s, "_E2")
	s, letters := trim(s, isUpper)
	s, digits := trim(s, isDigit)
	s, suffix := trim(s, isUpper)
	return s == "" && 1 <= letters && letters <= 3 && 2 <= digits && digits <= 4 && suffix <= 2
}

func isFirmware(s string) bool {
	for i := range 4 {
		rest, n := trim(s, isDigit)
		if n < 1 || n > 5 {
			return false
		}
		if i == 3 {
			return rest == ""
		}
		if rest == "" || rest[0] != '.' {
			return false
		}
		s = rest[1:]
	}
	return false
}

// isTail reports whether s may be the last word: a MAC address, however spelled
// or damaged, or the version of the hardware.
func isTail(s string) bool {
	rest, n := trim(s, func(c byte) bool {
		return isDigit(c) || 'a' <= c && c <= 'f' || 'A' <= c && c <= 'F' || c == ':' || c == '.' || c == '-'
	})
	return rest == "" && n <= 32
}

// trim cuts the leading bytes that are in class and says how many.
func trim(s string, class func(byte) bool) (string, int) {
	n := 0
	for n < len(s) && class(s[n]) {
		n++
	}
	return s[n:], n
}

func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }

// path knows the file names that nobody but Yealink uses, in any case:
//
//	y000000000000.boot   the common boot file
//	y000000000XXX.cfg    the common file of the model with code XXX
//	<mac>.boot           a phone's own boot file
//	<mac>-local.cfg      where a phone keeps what its user changed
//	<mac>-contact.xml    where a phone keeps its contacts
//	super_search.xml     the sources of its search, as FusionPBX names that file
//
// y000000000000.cfg, the common file of the T28P, is not among them: every
// Flyingvoice phone asks for it too. <mac>.cfg belongs to many makers; there the
// maker of the MAC decides.
func path(p string) (vendor.Identity, bool) {
	file := strings.ToLower(p[strings.LastIndexByte(p, '/')+1:])
	id := vendor.Identity{Vendor: name}
	if file == "y000000000000.boot" || file == "super_search.xml" {
		return id, true
	}
	if rest, ok := strings.CutPrefix(file, "y000000000"); ok {
		code, ok := strings.CutSuffix(rest, ".cfg")
		if rest, n := trim(code, isDigit); !ok || rest != "" || n != 3 || code == "000" {
			return vendor.Identity{}, false
		}
		id.Model = modelOf(code)
		return id, true
	}
	for _, end := range []string{".boot", "-local.cfg", "-contact.xml"} {
		stem, ok := strings.CutSuffix(file, end)
		if !ok || len(stem) != 12 {
			continue
		}
		if a, err := mac.Parse(stem); err == nil {
			id.MAC = a
			return id, true
		}
	}
	return vendor.Identity{}, false
}
