package notify

import (
	"crypto/md5" //nolint:gosec // RFC 3261's digest, which most PBXs still ask for
	"crypto/rand"
	"crypto/sha256"
	"crypto/sha512"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"strings"

	"github.com/emiago/sipgo/sip"

	"github.com/dialplane/dialplane/internal/secret"
)

// maxChallenge is the longest challenge that is read, in bytes. Real ones have
// about 200.
const maxChallenge = 4096

// challenge is a WWW-Authenticate or Proxy-Authenticate header of the Digest
// scheme. Quoted values are kept as they came, escapes included: RFC 7616 hashes
// them so, and they go back so.
type challenge struct {
	realm, nonce, opaque string
	algorithm            string // as it came; "" for MD5
	qop                  bool   // qop=auth is offered
	stale                bool
}

// hash is the algorithm, if it is one of RFC 8760's.
func (c challenge) hash() (hash.Hash, bool) {
	switch strings.ToUpper(c.algorithm) {
	case "", "MD5":
		return md5.New(), true //nolint:gosec // see the import
	case "SHA-256":
		return sha256.New(), true
	case "SHA-512-256":
		return sha512.New512_256(), true
	}
	return nil, false
}

var errChallenge = errors.New("the challenge is malformed")

// parseChallenge reads the value of a challenge header. It refuses one that it
// cannot answer: longer than maxChallenge, another scheme or algorithm, only
// qop=auth-int.
func parseChallenge(s string) (challenge, error) {
	var c challenge
	if len(s) > maxChallenge {
		return c, fmt.Errorf("the challenge has %d bytes, more than %d", len(s), maxChallenge)
	}
	scheme, rest, _ := strings.Cut(s, " ")
	if !strings.EqualFold(scheme, "Digest") {
		return c, fmt.Errorf("the challenge's scheme is %.20q, not Digest", scheme)
	}
	qop := ""
	seen := make(map[string]bool)
	for rest = strings.TrimLeft(rest, " \t"); rest != ""; {
		name, value, tail, ok := parameter(rest)
		if !ok || seen[name] {
			return c, errChallenge
		}
		seen[name] = true
		switch name {
		case "realm":
			c.realm = value
		case "nonce":
			c.nonce = value
		case "opaque":
			c.opaque = value
		case "algorithm":
			c.algorithm = value
		case "qop":
			qop = value
		case "stale":
			c.stale = strings.EqualFold(value, "true")
		}
		rest = tail
	}
	for offer := range strings.SplitSeq(qop, ",") {
		c.qop = c.qop || strings.EqualFold(strings.TrimSpace(offer), "auth")
	}
	switch _, known := c.hash(); {
	case !seen["realm"] || c.nonce == "":
		return c, errChallenge
	case !known:
		return c, fmt.Errorf("the challenge's algorithm is %.20q, not MD5, SHA-256 or SHA-512-256", c.algorithm)
	case qop != "" && !c.qop:
		return c, fmt.Errorf("the challenge's qop is %.20q, not auth", qop)
	}
	return c, nil
}

// parameter reads `name = value` or `name = "value"` and the comma behind it.
func parameter(s string) (name, value, rest string, ok bool) {
	name, rest, ok = strings.Cut(s, "=")
	name = strings.ToLower(strings.TrimSpace(name))
	if !ok || name == "" || strings.ContainsAny(name, " \t\",") {
		return "", "", "", false
	}
	rest = strings.TrimLeft(rest, " \t")
	if quoted, isQuoted := strings.CutPrefix(rest, `"`); isQuoted {
		end := 0
		for end < len(quoted) && quoted[end] != '"' {
			if quoted[end] == '\\' {
				end++
			}
			end++
		}
		if end >= len(quoted) {
			return "", "", "", false
		}
		value, rest = quoted[:end], quoted[end+1:]
	} else {
		end := strings.IndexAny(rest, ", \t\"")
		if end < 0 {
			end = len(rest)
		}
		value, rest = rest[:end], rest[end:]
	}
	if oneLine(name, value) != nil {
		return "", "", "", false
	}
	rest = strings.TrimLeft(rest, " \t")
	if rest != "" {
		if rest, ok = strings.CutPrefix(rest, ","); !ok {
			return "", "", "", false
		}
	}
	return name, value, strings.TrimLeft(rest, " \t"), true
}

// account is who we are to the PBX.
type account struct {
	user     string
	password secret.Secret
	realm    string // the only realm that the password is for; "" for any
}

// credential answers one challenge, each time anew.
type credential struct {
	challenge
	header  string // "Authorization" or "Proxy-Authorization"
	account account
	uses    int
}

// answer returns the header's value for the next request.
func (c *credential) answer(method, uri string) string {
	c.uses++
	count, own := "", ""
	if c.qop {
		count, own = fmt.Sprintf("%08x", c.uses), rand.Text()
	}
	var b strings.Builder
	fmt.Fprintf(&b, `Digest username="%s", realm="%s", nonce="%s", uri="%s", response="%s"`,
		c.account.user, c.realm, c.nonce, uri, c.response(method, uri, count, own))
	if c.qop {
		fmt.Fprintf(&b, `, qop=auth, nc=%s, cnonce="%s"`, count, own)
	}
	if c.algorithm != "" {
		fmt.Fprintf(&b, ", algorithm=%s", c.algorithm)
	}
	if c.opaque != "" {
		fmt.Fprintf(&b, `, opaque="%s"`, c.opaque)
	}
	return b.String()
}

// response proves the password (RFC 7616 section 3.4.1), with the nonce count and
// a nonce of our own where qop=auth is offered.
func (c *credential) response(method, uri, count, own string) string {
	h, _ := c.hash()
	sum := func(parts ...string) string {
		h.Reset()
		h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	who := sum(c.account.user, c.realm, c.account.password.Reveal())
	what := sum(method, uri)
	if c.qop {
		return sum(who, c.nonce, count, own, "auth", what)
	}
	return sum(who, c.nonce, what)
}

// answerable picks the first challenge of a 401 or 407 that the account can answer,
// as RFC 8760 section 2.3 has it: servers list the one that they like best first.
func (a account) answerable(response *sip.Response) (*credential, error) {
	asks, header := "WWW-Authenticate", "Authorization"
	if response.StatusCode == sip.StatusProxyAuthRequired {
		asks, header = "Proxy-Authenticate", "Proxy-Authorization"
	}
	first := fmt.Errorf("the answer %d has no %s header", response.StatusCode, asks)
	for i, h := range response.GetHeaders(asks) {
		c, err := parseChallenge(h.Value())
		if err == nil && a.realm != "" && c.realm != a.realm {
			err = fmt.Errorf("credentials are asked for the realm %.60q, and ours are for %.60q alone", c.realm, a.realm)
		}
		if err == nil {
			return &credential{challenge: c, header: header, account: a}, nil
		}
		if i == 0 {
			first = err
		}
	}
	return nil, first
}
