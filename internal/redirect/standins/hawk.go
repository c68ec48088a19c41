package standins

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"errors"
	"net/http"
	"strconv"
	"strings"
	"time"
)

// hawk checks requests by the server's side of the Hawk scheme (github.com/mozilla/hawk,
// API.md): the signature, the time within its skew of a minute, and that no nonce comes
// twice. It wants the hash of a body, which the scheme leaves to the service.
type hawk struct {
	id, key string
	now     func() time.Time
	seen    map[string]bool
}

var (
	errStale     = errors.New("Stale timestamp") //nolint:staticcheck // the scheme's words
	errSignature = errors.New("Bad mac")         //nolint:staticcheck // the scheme's words
)

func (h *hawk) check(r *http.Request, body []byte) error {
	scheme, list, _ := strings.Cut(r.Header.Get("Authorization"), " ")
	if !strings.EqualFold(scheme, "Hawk") {
		return errors.New("no Hawk")
	}
	given := make(map[string]string)
	for list != "" {
		name, rest, ok := strings.Cut(strings.TrimLeft(list, " "), `="`)
		if !ok {
			return errors.New("bad header format")
		}
		value, rest, ok := strings.Cut(rest, `"`)
		if _, twice := given[name]; !ok || twice {
			return errors.New("bad header format")
		}
		given[name] = value
		if list, ok = strings.CutPrefix(rest, ","); !ok && rest != "" {
			return errors.New("bad header format")
		}
	}
	for _, name := range []string{"id", "ts", "nonce", "mac"} {
		if given[name] == "" {
			return errors.New("missing attributes")
		}
	}
	if given["id"] != h.id {
		return errors.New("unknown credentials")
	}
	host, port, ok := strings.Cut(r.Host, ":")
	if !ok {
		port = "443"
	}
	signed := "hawk.1.header\n" + given["ts"] + "\n" + given["nonce"] + "\n" + r.Method + "\n" + r.RequestURI + "\n" + strings.ToLower(host) + "\n" + port + "\n" + given["hash"] + "\n" + given["ext"] + "\n"
	sum := hmac.New(sha256.New, []byte(h.key))
	sum.Write([]byte(signed))
	if got, err := base64.StdEncoding.DecodeString(given["mac"]); err != nil || !hmac.Equal(got, sum.Sum(nil)) {
		return errSignature
	}
	if len(body) > 0 {
		kind, _, _ := strings.Cut(r.Header.Get("Content-Type"), ";")
		hash := sha256.Sum256([]byte("hawk.1.payload\n" + strings.ToLower(strings.TrimSpace(kind)) + "\n" + string(body) + "\n"))
		if given["hash"] != base64.StdEncoding.EncodeToString(hash[:]) {
			return errors.New("bad payload hash")
		}
	}
	ts, err := strconv.ParseInt(given["ts"], 10, 64)
	if err != nil || h.now().Sub(time.Unix(ts, 0)).Abs() > time.Minute {
		return errStale
	}
	said := given["ts"] + " " + given["nonce"]
	if h.seen[said] {
		return errors.New("invalid nonce")
	}
	h.seen[said] = true
	return nil
}
