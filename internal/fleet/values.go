package fleet

import (
	"fmt"
	"net/netip"
	"net/url"
	"reflect"
	"slices"
	"strings"
	"time"
	_ "time/tzdata" // zones are judged alike on every machine
	"unicode"
	"unicode/utf8"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// A rule returns what is wrong with a value and what would be right, or "". It
// never repeats the value.
type rule[T any] func(T) string

// form reads the fields of an input into an object and collects the faults.
type form struct {
	faults
	creating bool
	changed  []string // pointers of the fields that differ from before
}

// need reads a field that has to be given on create.
func need[T any](f *form, pointer string, in, to *T, r rule[T]) {
	if in == nil && f.creating {
		f.add(pointer, "is required")
	}
	set(f, pointer, in, to, r)
}

// set reads a field if it is given.
func set[T any](f *form, pointer string, in, to *T, r rule[T]) {
	if in == nil {
		return
	}
	if wrong := r(*in); wrong != "" {
		f.add(pointer, "%s", wrong)
		return
	}
	if !reflect.DeepEqual(*to, *in) {
		f.changed = append(f.changed, pointer)
	}
	*to = *in
}

// all is the first of several rules that a value breaks.
func all[T any](rules ...rule[T]) rule[T] {
	return func(v T) string {
		for _, r := range rules {
			if wrong := r(v); wrong != "" {
				return wrong
			}
		}
		return ""
	}
}

// blankOr allows "" beside what r allows.
func blankOr[T ~string](r rule[T]) rule[T] {
	return func(s T) string {
		if s == "" {
			return ""
		}
		return r(s)
	}
}

// veiled applies a rule to the text of a secret.
func veiled(r rule[string]) rule[secret.Secret] {
	return func(s secret.Secret) string { return r(s.Reveal()) }
}

func anything[T any](T) string { return "" }

// text allows what may stand in a phone's configuration: at least minimum and at
// most maximum characters without line breaks and other controls, and without
// blanks at the ends.
func text(minimum, maximum int) rule[string] {
	return func(s string) string {
		if !utf8.ValidString(s) {
			return "is not valid UTF-8"
		}
		n := 0
		for _, r := range s {
			n++
			if kind := forbidden(r); kind != "" {
				return fmt.Sprintf("has %s as character %d; leave it out", kind, n)
			}
		}
		first, _ := utf8.DecodeRuneInString(s)
		last, _ := utf8.DecodeLastRuneInString(s)
		switch {
		case n < minimum && minimum == 1:
			return "must not be empty"
		case n < minimum:
			return fmt.Sprintf("must have at least %d characters", minimum)
		case n > maximum:
			return fmt.Sprintf("has %d characters; at most %d are allowed", n, maximum)
		case n > 0 && (unicode.IsSpace(first) || unicode.IsSpace(last)):
			return "must not begin or end with a blank"
		}
		return ""
	}
}

// forbidden says what is wrong with a character anywhere in a value. U+FFFD is
// what decoders leave where the text was broken.
func forbidden(r rune) string {
	switch {
	case unicode.Is(unicode.Cc, r), r == '\u2028', r == '\u2029':
		return "a control character or line break"
	case unicode.Is(unicode.Bidi_Control, r):
		return "a text direction control"
	case r == utf8.RuneError:
		return "a replacement character (broken text)"
	case r&0xfffe == 0xfffe, r >= 0xfdd0 && r <= 0xfdef:
		return "a code point that is no character"
	}
	return ""
}

// oneOf allows what a list has.
func oneOf[T ~string](allowed []T) rule[T] {
	return func(s T) string {
		if slices.Contains(allowed, s) {
			return ""
		}
		return "must be " + anyOf(allowed)
	}
}

// offered allows what a template has in a list.
func offered(list []string) rule[string] {
	if len(list) == 0 {
		return func(string) string { return "is nothing that this template offers; leave it out" }
	}
	return oneOf(list)
}

// anyOf prints at most 10 of the values that would be right.
func anyOf[T ~string](list []T) string {
	const shown = 10
	words := make([]string, 0, shown+1)
	for i, v := range list {
		if i == shown {
			return fmt.Sprintf("one of %s and %d more", strings.Join(words, ", "), len(list)-shown)
		}
		words = append(words, string(v))
	}
	if len(words) == 1 {
		return words[0]
	}
	return "one of " + strings.Join(words, ", ")
}

// made allows between minimum and maximum of the ASCII characters listed.
func made(of string, minimum, maximum int, like string) rule[string] {
	return func(s string) string {
		if len(s) < minimum || len(s) > maximum || strings.Trim(s, of) != "" {
			return "must be " + like
		}
		return ""
	}
}

const (
	decimal = "0123456789"
	letters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
)

func digits(minimum, maximum int) rule[string] {
	return made(decimal, minimum, maximum, fmt.Sprintf("%d to %d digits", minimum, maximum))
}

func between(low, high int) rule[int] {
	return func(n int) string {
		if n < low || n > high {
			return fmt.Sprintf("must be from %d to %d", low, high)
		}
		return ""
	}
}

// extensionNumber is the contract's [0-9]{3,64}.
func extensionNumber(s string) string { return digits(3, 64)(s) }

// dialled allows a number, a feature code, a name or the user@host of an address.
func dialled(s string) string {
	return made(decimal+letters+"*#+._@:-", 1, 128, "1 to 128 of the letters, digits and * # + . _ @ : - that can be dialled, without blanks")(s)
}

// featureCode allows what a phone's keypad can dial.
func featureCode(s string) string {
	return made(decimal+"*#+", 1, 32, "1 to 32 of the digits and * # +")(s)
}

func tones(s string) string {
	return made(decimal+"ABCDabcd*#,", 1, 64, "1 to 64 of the digits, A to D, * and #, and a comma for a pause")(s)
}

// webAddress allows an absolute address of http or https that holds no credentials.
func webAddress(s string) string {
	if wrong := text(1, 256)(s); wrong != "" {
		return wrong
	}
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.User != nil || u.Opaque != "" ||
		hostPort(u) != "" || strings.ContainsAny(s, " \"<>\\^`{|}") {
		return "must be an address such as https://example.com/page, without user name and password"
	}
	return ""
}

func hostPort(u *url.URL) string {
	if p := u.Port(); p == "0" || len(p) > 5 || len(p) == 5 && p > "65535" {
		return "has no such port"
	}
	return host(strings.ToLower(u.Hostname()))
}

// folderAddress allows a web address that paths can be appended to.
func folderAddress(s string) string {
	if wrong := webAddress(s); wrong != "" || strings.ContainsAny(s, "?#") {
		return "must be an address such as https://provision.example.com/, without user name, password, ? and #"
	}
	return ""
}

// host allows a name in lower case or an IP address without a zone.
func host(s string) string {
	if a, err := netip.ParseAddr(s); err == nil && a.Zone() == "" {
		return ""
	}
	const wrong = "must be a host name such as pbx.example.com, or an IP address without port and brackets"
	if len(s) > 253 {
		return wrong
	}
	labels := strings.Split(s, ".")
	for _, label := range labels {
		if made(decimal+"abcdefghijklmnopqrstuvwxyz-", 1, 63, "-")(label) != "" ||
			label[0] == '-' || label[len(label)-1] == '-' {
			return wrong
		}
	}
	if strings.Trim(labels[len(labels)-1], decimal) == "" {
		return wrong // 10.0.0.256
	}
	return ""
}

// zone allows an IANA time zone.
func zone(s string) string {
	if _, err := time.LoadLocation(s); err != nil || s == "" || s == "Local" || len(s) > 64 {
		return "must be an IANA time zone such as Europe/Berlin or Etc/UTC"
	}
	return ""
}

// country allows an ISO 3166-1 alpha-3 code.
func country(s string) string {
	return made("ABCDEFGHIJKLMNOPQRSTUVWXYZ", 3, 3, "the three capital letters of a country, such as DEU or USA")(s)
}

// templateName is what a template may be called; no path can be made with it.
func templateName(s string) string {
	if len(s) > 128 || !strings.HasSuffix(s, ".xml") || strings.ContainsAny(s[:1], "._-") ||
		made(decimal+letters+"._-", 1, 128, "-")(s) != "" {
		return "must be a name such as yealink-lobby.xml: letters, digits, dots, hyphens and underscores, beginning with a letter or digit, ending with .xml, at most 128"
	}
	return ""
}

// factoryPasswords are what phones of various makers leave the factory with, and
// what people set that has the same worth. In lower case.
var factoryPasswords = []string{
	"admin", "administrator", "adminpass", "admin123", "admin1234", "password", "pass", "passwd", "user", "guest",
	"root", "default", "changeme", "0000", "00000", "000000", "1111", "11111", "111111", "1234", "12345", "123456",
	"1234567", "12345678", "123456789", "1234567890", "4321", "54321", "654321", "22222", "9999", "23646",
	"voip", "phone", "yealink", "snom", "grandstream", "fanvil", "qwerty", "abc123",
}

// webPassword allows a password for a phone's own web page that is neither short
// nor what strangers try first.
func webPassword(m mac.Addr) rule[string] {
	return func(s string) string {
		if wrong := text(0, 256)(s); wrong != "" {
			return wrong
		}
		low := strings.ToLower(s)
		name, second, twice := strings.Cut(low, "/")
		switch {
		case s == "":
			return "is empty: anyone who reaches the phone's web page could change it; set one of at least 4 characters"
		case utf8.RuneCountInString(s) < 4:
			return "is too short: set one of at least 4 characters"
		case slices.Contains(factoryPasswords, low), twice && name == second && slices.Contains(factoryPasswords, name):
			return "is one that phones leave the factory with, so it is the first that is tried; set another"
		case !m.IsZero() && (strings.NewReplacer(":", "", "-", "", ".", "").Replace(low) == m.String() || low == m.String()[6:]):
			return "is the phone's MAC address, which is printed on it; set another"
		}
		return ""
	}
}

// carried allows what the configuration files of the vendors can hold.
func (f *Fleet) carried(vendors ...string) rule[string] {
	return func(s string) string {
		if s == "" {
			return ""
		}
		for _, v := range vendors {
			why := f.catalog.CheckValue(v, s)
			if why == "" {
				continue
			}
			if strings.Contains(why, s) {
				why = "it is reserved there"
			}
			return fmt.Sprintf("cannot be written to the configuration of %s phones: %s", v, why)
		}
		return ""
	}
}

// upper returns the field in capitals.
func upper(s *string) *string {
	if s == nil {
		return nil
	}
	u := strings.ToUpper(*s)
	return &u
}

// lower returns the field in lower case.
func lower(s *string) *string {
	if s == nil {
		return nil
	}
	l := strings.ToLower(*s)
	return &l
}
