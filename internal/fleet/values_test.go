package fleet

import (
	"strconv"
	"strings"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestText(t *testing.T) {
	t.Parallel()
	r := text(1, 8)
	for _, good := range []string{"a", "Zoë", "日本語", "a b", "<&\"'>", "%%{{.}}", "😀😀😀😀😀😀😀😀", "a\u200db", `\`} {
		if wrong := r(good); wrong != "" {
			t.Errorf("%q: %s", good, wrong)
		}
	}
	bad := map[string]string{
		"": "empty", "123456789": "at most 8", " a": "blank", "a ": "blank", "a\u00a0": "blank", "\u3000a": "blank",
		"a\xff": "UTF-8", "\xc0\x80": "UTF-8", "\xed\xa0\x80": "UTF-8", "a\ufffd": "broken", "\ufffe": "no character", "\ufdd0": "no character",
		"\U0001fffe": "no character", "\u2028": "line break", "a\u2029b": "line break",
	}
	for _, c := range []rune{0, '\t', '\n', '\r', 0x1b, 0x7f, 0x80, 0x85, 0x9f} {
		bad["a"+string(c)+"b"] = "control"
	}
	for _, c := range []rune{0x061c, 0x200e, 0x200f, 0x202a, 0x202b, 0x202c, 0x202d, 0x202e, 0x2066, 0x2067, 0x2068, 0x2069} {
		bad["a"+string(c)+"b"] = "direction"
	}
	for s, says := range bad {
		if wrong := r(s); !strings.Contains(wrong, says) {
			t.Errorf("%q: %q does not say %q", s, wrong, says)
		}
	}
	if wrong := text(0, 8)(""); wrong != "" {
		t.Error(wrong)
	}
}

func TestRules(t *testing.T) {
	t.Parallel()
	long := strings.Repeat("a", 63)
	for name, c := range map[string]struct {
		rule      rule[string]
		good, bad []string
	}{
		"host": {
			host,
			[]string{"a", "pbx.example.com", "xn--bcher-kva.example", "10.0.0.1", "2001:db8::1", "::ffff:10.0.0.1", "1a.2b", long + ".example"},
			[]string{"", ".", "a.", ".a", "a..b", "-a", "a-.b", "A", "a_b", "a b", "ü.example", "10.0.0", "10.0.0.256", "1", "[::1]", "fe80::1%eth0", "a:5060", "a/b", "a\n", long + "a.example", strings.Repeat("a.", 127) + "a"},
		},
		"web address": {
			webAddress,
			[]string{"http://a", "https://a.example.com:8443/x/y?z=1#f", "http://[2001:db8::1]/", "HTTP://A/"},
			[]string{"", "a", "//a", "ftp://a", "http:", "http://", "http:a", "http://u@a", "http://u:p@a", "http://a b", "http://a/\"", "http://a/<", "http://a/{{.}}", "http://a:0/", "http://a:99999/", "http://a:x/", "http://%41/", "http://a\n", "http://-a", "http://a/%zz", "http://a/" + strings.Repeat("x", 256)},
		},
		"folder":       {folderAddress, []string{"https://a/", "http://a/b/"}, []string{"https://a/?x", "https://a/#x", "https://u@a/", "a"}},
		"zone":         {zone, []string{"Etc/UTC", "Europe/Berlin", "America/Argentina/Buenos_Aires"}, []string{"", "Local", "Berlin", "europe/berlin/", "../../etc/passwd", "/etc/localtime", "A\x00", strings.Repeat("x", 65)}},
		"country":      {country, []string{"DEU"}, []string{"", "DE", "deu", "DEUT", "D1U"}},
		"extension":    {extensionNumber, []string{"100", strings.Repeat("1", 64)}, []string{"", "10", "1a0", "+49", " 100", "100\n", strings.Repeat("1", 65)}},
		"dialled":      {dialled, []string{"1", "*21#", "+4930123", "bob@example.com", "sip:bob@example.com:5061"}, []string{"", "1 2", "1;2", "1/2", "<1>", "ä", "1,2", strings.Repeat("1", 129)}},
		"feature code": {featureCode, []string{"*97", "#", "+49"}, []string{"", "a", "1-2", strings.Repeat("1", 33)}},
		"tones":        {tones, []string{"1234#", "1,,2", "ABCDabcd*"}, []string{"", "E", "p", "1 2", strings.Repeat("1", 65)}},
		"template":     {templateName, []string{"a.xml", "0-a_B.ph.xml", strings.Repeat("x", 124) + ".xml"}, []string{"", ".xml", "..xml", "-.xml", "a", "a.XML", "a.xml/", "a/../b.xml", "a\\b.xml", "ä.xml", "a.xml\n", strings.Repeat("x", 125) + ".xml"}},
	} {
		for _, s := range c.good {
			if wrong := c.rule(s); wrong != "" {
				t.Errorf("%s %q: %s", name, s, wrong)
			}
		}
		for _, s := range c.bad {
			if wrong := c.rule(s); wrong == "" {
				t.Errorf("%s %q is let through", name, s)
			} else if len(s) > 24 && strings.Contains(wrong, s) {
				t.Errorf("%s %q is repeated: %s", name, s, wrong)
			}
		}
	}
}

func TestWebPassword(t *testing.T) {
	t.Parallel()
	r := webPassword(mac.MustParse("001565aabbcc"))
	for _, s := range []string{"", "abc", "äöü", "admin", "ADMIN", "admin/admin", "Password", "0000", "123456", "22222", "yealink", "001565aabbcc", "00:15:65:AA:BB:CC", "AABBCC", " abcde", "abc\nde"} {
		if wrong := r(s); wrong == "" {
			t.Errorf("%q is let through", s)
		}
	}
	for _, s := range []string{"äöüß", "x9!q", "admin/other1", "correct horse", "1235"} {
		if wrong := r(s); wrong != "" {
			t.Errorf("%q: %s", s, wrong)
		}
	}
	if wrong := webPassword(mac.Addr{})("000000000000x"); wrong != "" {
		t.Error(wrong)
	}
}

func TestAnyOf(t *testing.T) {
	t.Parallel()
	var list []string
	for i := range 12 {
		list = append(list, strconv.Itoa(i))
	}
	for n, want := range map[int]string{
		1: "0", 2: "one of 0, 1", 10: "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9", 12: "one of 0, 1, 2, 3, 4, 5, 6, 7, 8, 9 and 2 more",
	} {
		if got := anyOf(list[:n]); got != want {
			t.Errorf("%d: %q", n, got)
		}
	}
}

// FuzzValues: what the rules let through can stand on one line of any file, and
// what they say of the rest does not repeat it.
func FuzzValues(f *testing.F) {
	for _, s := range []string{"", "a", "A\r\naccount.1.password = x", "\u202e", "\xff", "http://a:5060/x?y#z", "10.0.0.1", "[::1]", "*97", "sip:a@b", "x.xml", "../x.xml", "admin/admin", "Europe/Berlin"} {
		f.Add(s)
	}
	rules := map[string]rule[string]{
		"text": text(0, 256), "web password": webPassword(mac.Addr{}), "host": host, "web address": webAddress, "folder": folderAddress, "zone": zone,
		"country": country, "extension": extensionNumber, "dialled": dialled, "feature code": featureCode, "tones": tones, "template": templateName,
		"account password": accountPassword,
	}
	f.Fuzz(func(t *testing.T, s string) {
		for name, r := range rules {
			wrong := r(s)
			if wrong != "" {
				if len(s) > 24 && strings.Contains(wrong, s) {
					t.Errorf("%s repeats %q: %s", name, s, wrong)
				}
				continue
			}
			if !utf8.ValidString(s) || utf8.RuneCountInString(s) > 256 || s != strings.TrimSpace(s) {
				t.Errorf("%s lets %q through", name, s)
			}
			for _, c := range s {
				if unicode.IsControl(c) || c == '\u2028' || c == '\u2029' || unicode.Is(unicode.Bidi_Control, c) || c == utf8.RuneError {
					t.Errorf("%s lets %U through", name, c)
				}
			}
		}
		if templateName(s) == "" && (strings.ContainsAny(s, `/\`) || strings.HasPrefix(s, ".")) {
			t.Errorf("%q is a path", s)
		}
	})
}

// Wherever members are put, each has a place of its own within the lines.
func TestPlaceHandsets(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		lines := rapid.IntRange(1, 12).Draw(t, "lines")
		places := rapid.Permutation(sequence(lines))
		var before []Member
		for i, n := range places.Draw(t, "before")[:rapid.IntRange(0, lines).Draw(t, "had")] {
			before = append(before, Member{User: ID(i + 1), HandsetIndex: n})
		}
		users, asked := rapid.Permutation(sequence(2*lines)).Draw(t, "users"), places.Draw(t, "asked")
		members, taken := make([]Member, rapid.IntRange(0, lines).Draw(t, "members")), make(map[int]int)
		for i := range members {
			members[i].User = ID(users[i])
			if rapid.Bool().Draw(t, "asks") {
				members[i].HandsetIndex, taken[asked[i]] = asked[i], i
			}
		}
		given := append([]Member(nil), members...)
		placeHandsets(members, before, taken)
		at := make(map[int]ID)
		for i, m := range members {
			if m.HandsetIndex < 1 || m.HandsetIndex > lines || at[m.HandsetIndex] != 0 {
				t.Fatalf("%+v", members)
			}
			if n := given[i].HandsetIndex; n != 0 && n != m.HandsetIndex {
				t.Fatalf("member %d asked for %d: %+v", i, n, members)
			}
			at[m.HandsetIndex] = m.User
		}
		for _, b := range before { // kept, unless someone else sits there or it asked for another
			for i, m := range members {
				if m.User == b.User && given[i].HandsetIndex == 0 && m.HandsetIndex != b.HandsetIndex && given[taken[b.HandsetIndex]].HandsetIndex != b.HandsetIndex {
					t.Fatalf("member %d lost %d: %+v", i, b.HandsetIndex, members)
				}
			}
		}
	})
}

func sequence(n int) []int {
	s := make([]int, n)
	for i := range s {
		s[i] = i + 1
	}
	return s
}

func TestPasswordHashes(t *testing.T) {
	t.Parallel()
	hash := hashPassword(secret.New("right"))
	if !strings.HasPrefix(hash, "$argon2id$v=19$m=19456,t=2,p=1$") || hash == hashPassword(secret.New("right")) {
		t.Error(hash)
	}
	for password, want := range map[string]bool{"right": true, "wrong": false, "": false, "right ": false} {
		if got := checkPassword(hash, secret.New(password)); got != want {
			t.Errorf("%q: %v", password, got)
		}
	}
	for _, bad := range []string{"", "x", "$$$$$", "$argon2i$v=19$m=8,t=1,p=1$AAAA$AAAA", hash[:len(hash)-1], strings.Replace(hash, "v=19", "v=16", 1)} {
		if checkPassword(bad, secret.New("right")) || checkPassword(bad, secret.Secret{}) {
			t.Errorf("%q lets someone in", bad)
		}
	}
}

// However many guess, the limiter's memory is bounded.
func TestLimiterForgets(t *testing.T) {
	t.Parallel()
	l, now := newLimiter(1, time.Minute), time.Unix(0, 0)
	for i := range 3 * l.keys {
		l.take(now, strconv.Itoa(i))
	}
	if len(l.spent) > l.keys {
		t.Errorf("%d keys are remembered", len(l.spent))
	}
	if l.take(now, strconv.Itoa(3*l.keys-1)) == 0 {
		t.Error("the last one is forgotten")
	}
	now = now.Add(time.Minute)
	l.take(now, "new")
	if len(l.spent) != 1 {
		t.Errorf("%d keys are remembered whose budget is full", len(l.spent)-1)
	}
}

func TestNetwork(t *testing.T) {
	t.Parallel()
	for address, want := range map[string]string{
		"192.0.2.1": "192.0.2.1", "::ffff:192.0.2.1": "192.0.2.1", "2001:db8::1": "2001:db8::/64", "2001:db8::2": "2001:db8::/64",
		"fe80::1%eth0": "fe80::/64", "": "", "x": "",
	} {
		if got := network(address); got != want {
			t.Errorf("%q: %q", address, got)
		}
	}
}

// An IPEI is another spelling of an IPUI of type N.
func TestIPEI(t *testing.T) {
	t.Parallel()
	for ipei, want := range map[string]string{
		"57005 0782068 7": "0DEADBEEF4", // worked example, wiki.ucware.com
		"57005-0782068-7": "0DEADBEEF4",
		"0014601565779":   "00092263A1", // worked example, da-products.com
		"6553510485752":   "0FFFFFFFFF",
		"030ab1ee28":      "030AB1EE28",
		"30AB1EE28F":      "30AB1EE28F", // of another type
		"":                "",
		"ffffffffff":      "",
	} {
		if got, wrong := parseIPUI(ipei); got != want || wrong != "" {
			t.Errorf("%q is read as %q, %q; want %q", ipei, got, wrong, want)
		}
	}
	for _, bad := range []string{"030AB1EE2", "030AB1EE280", "570050782068", "5700507820688", "57005078206-", "65536000000" + "10", "5700510485767", "*700507820687", "0DEADBEEFG", "５７００５０７８２０６８７"} {
		if got, wrong := parseIPUI(bad); wrong == "" {
			t.Errorf("%q is read as %q", bad, got)
		}
	}
	if got := IPEI("30AB1EE28F") + IPEI("") + IPEI("0DEADBEEFG"); got != "" {
		t.Errorf("IPEI of what has none: %q", got)
	}
	rapid.Check(t, func(t *rapid.T) {
		ipui := "0" + strings.ToUpper(rapid.StringMatching(`[0-9a-f]{9}`).Draw(t, "ipui"))
		ipei := IPEI(ipui)
		if got, wrong := parseIPUI(ipei); got != ipui || wrong != "" {
			t.Fatalf("%s is %s, which is read as %q, %q", ipui, ipei, got, wrong)
		}
		// The eleventh digit counts eleven times, and so for nothing.
		at, by := rapid.SampledFrom([]int{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 11}).Draw(t, "at"), byte(rapid.IntRange(1, 9).Draw(t, "by"))
		slip := []byte(ipei)
		slip[at] = '0' + (slip[at]-'0'+by)%10
		if got, wrong := parseIPUI(string(slip)); wrong == "" {
			t.Fatalf("%s with one digit wrong, %s, is read as %q", ipei, slip, got)
		}
	})
}
