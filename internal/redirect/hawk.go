package redirect

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"mime"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"
)

// Hawk calls services that want each request signed by the Hawk scheme, version 1,
// with SHA-256 (github.com/mozilla/hawk, API.md, "Protocol"): the signature covers
// the time, a nonce, the method, the address and the body.
//
// It is ours because no library for Go can be had. Answers are not checked by the
// scheme's Server-Authorization: TLS vouches for them.
type Hawk struct {
	Client  *http.Client
	ID, Key string
	Now     func() time.Time
}

// Call sends a request and returns the answer's status, header and body, as Do does.
// The body is JSON; nil for none.
func (h Hawk) Call(ctx context.Context, method, address string, body []byte) (status int, header http.Header, answer []byte, err error) {
	r, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return 0, nil, nil, Errorf(Unreachable, "the address of the service is not one")
	}
	r.Header.Set("Accept", "application/json")
	a := artifacts{ts: h.Now().Unix(), nonce: rand.Text(), method: method, at: r.URL}
	if body != nil {
		const kind = "application/json"
		r.Header.Set("Content-Type", kind)
		a.hash = payloadHash(kind, body)
	}
	r.Header.Set("Authorization", a.authorization(h.ID, h.Key))
	return Do(h.Client, r)
}

// artifacts are what a signature covers.
type artifacts struct {
	ts     int64 // seconds since 1970
	nonce  string
	method string
	at     *url.URL
	hash   string // of the body; "" for none
	ext    string // "" for none
}

// authorization returns the header's value. The attributes must hold no quotation
// marks, which the scheme does not allow.
func (a artifacts) authorization(id, key string) string {
	out := fmt.Sprintf(`Hawk id="%s", ts="%d", nonce="%s"`, id, a.ts, a.nonce)
	if a.hash != "" {
		out += fmt.Sprintf(`, hash="%s"`, a.hash)
	}
	if a.ext != "" {
		out += fmt.Sprintf(`, ext="%s"`, a.ext)
	}
	return out + fmt.Sprintf(`, mac="%s"`, a.mac(key))
}

// normalized is the text that is signed.
func (a artifacts) normalized() string {
	port := a.at.Port()
	switch {
	case port != "":
	case a.at.Scheme == "https":
		port = "443"
	default:
		port = "80"
	}
	return strings.Join([]string{
		"hawk.1.header", strconv.FormatInt(a.ts, 10), a.nonce, strings.ToUpper(a.method), a.at.RequestURI(),
		strings.ToLower(a.at.Hostname()), port, a.hash, a.ext, "",
	}, "\n")
}

func (a artifacts) mac(key string) string {
	sum := hmac.New(sha256.New, []byte(key))
	_, _ = sum.Write([]byte(a.normalized()))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}

// payloadHash covers a body and its type without the parameters.
func payloadHash(kind string, body []byte) string {
	if plain, _, err := mime.ParseMediaType(kind); err == nil {
		kind = plain
	}
	sum := sha256.New()
	_, _ = fmt.Fprintf(sum, "hawk.1.payload\n%s\n", kind)
	_, _ = sum.Write(body)
	_, _ = sum.Write([]byte("\n"))
	return base64.StdEncoding.EncodeToString(sum.Sum(nil))
}
