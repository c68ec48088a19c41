package standins

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"
)

// TestYealinkExamples gives the stand-in the calls that the document signs as examples
// (section 1.3.4), and calls that differ from those in one thing each.
func TestYealinkExamples(t *testing.T) {
	t.Parallel()
	const (
		body      = `{"key":"TestServer","skip":0}`
		md5       = "SsPhq3/DEuS3yHj3kYOV9w=="
		signature = "JVPj8C4CVKbFJW6A33yZcdSsde7Hfxy9EoJiE0epeKM="
		sent      = 1544008291631
	)
	list := func(change func(*http.Request)) *http.Request {
		r := httptest.NewRequest(http.MethodPost, "/api/open/v1/server/list", strings.NewReader(body))
		for header, value := range map[string]string{
			"X-Ca-Key": yealinkKey, "X-Ca-Nonce": "b681e77450a04d22aaffc914a3379561", "X-Ca-Timestamp": "1544008291631", "Content-MD5": md5, "X-Ca-Signature": signature,
		} {
			r.Header.Set(header, value)
		}
		change(r)
		return r
	}
	for name, test := range map[string]struct {
		r        *http.Request
		late     time.Duration
		accepted bool
	}{
		"the example": {list(func(*http.Request) {}), time.Second, true},
		"a query": {func() *http.Request {
			r := httptest.NewRequest(http.MethodGet, "/api/open/v1/device/checkMac?mac=001565123123", nil)
			for header, value := range map[string]string{
				"X-Ca-Key": yealinkKey, "X-Ca-Nonce": "9e730a223b48433785494801fb016d39", "X-Ca-Timestamp": "1544094691000", "X-Ca-Signature": "+speRmYv89rutzPc9u5Ij1JrtnrUw7nhJnqQfD1h5AU=",
			} {
				r.Header.Set(header, value)
			}
			return r
		}(), time.UnixMilli(1544094691000).Sub(time.UnixMilli(sent)), true},
		"an hour late":    {list(func(*http.Request) {}), time.Hour, false},
		"another nonce":   {list(func(r *http.Request) { r.Header.Set("X-Ca-Nonce", "b681e77450a04d22aaffc914a3379562") }), 0, false},
		"another time":    {list(func(r *http.Request) { r.Header.Set("X-Ca-Timestamp", "1544008291632") }), 0, false},
		"another key":     {list(func(r *http.Request) { r.Header.Set("X-Ca-Key", "1df23f2d9c255e7138dc603b3847b58a") }), 0, false},
		"another path":    {list(func(r *http.Request) { r.URL.Path = "/api/open/v1/device/list" }), 0, false},
		"another query":   {list(func(r *http.Request) { r.URL.RawQuery = "a=b" }), 0, false},
		"another body":    {list(func(r *http.Request) { r.Body = http.NoBody }), 0, false},
		"another MD5":     {list(func(r *http.Request) { r.Header.Set("Content-MD5", "KOK7YpXasjJC+MslP+MGWw==") }), 0, false},
		"no signature":    {list(func(r *http.Request) { r.Header.Del("X-Ca-Signature") }), 0, false},
		"a bad signature": {list(func(r *http.Request) { r.Header.Set("X-Ca-Signature", "!") }), 0, false},
	} {
		api := NewYealinkRPS(func() time.Time { return time.UnixMilli(sent).Add(test.late) }).API()
		again := test.r.Clone(t.Context())
		if again.Method == http.MethodPost {
			again.Body = io.NopCloser(strings.NewReader(body))
		}
		if got := accepts(api, test.r); got != test.accepted {
			t.Errorf("%s: accepted is %t", name, got)
		}
		if test.accepted && accepts(api, again) {
			t.Errorf("%s is accepted twice", name)
		}
	}
}

func accepts(api http.Handler, r *http.Request) bool {
	w := httptest.NewRecorder()
	api.ServeHTTP(w, r)
	return strings.Contains(w.Body.String(), `"error":null`)
}

// TestYMCSLimits gives the stand-in calls that the API does not allow.
func TestYMCSLimits(t *testing.T) {
	t.Parallel()
	s := NewYealinkYMCS(func() time.Time { return time.UnixMilli(1000) })
	s.tokens["t"] = time.UnixMilli(1000)
	call := func(path, nonce, body string) string {
		r := httptest.NewRequest(http.MethodPost, path, strings.NewReader(body))
		r.Header.Set("Authorization", "Bearer t")
		r.Header.Set("timestamp", "1000")
		r.Header.Set("nonce", nonce)
		w := httptest.NewRecorder()
		s.API().ServeHTTP(w, r)
		return w.Body.String()
	}
	one := `{"mac":"001565123123","sn":"1","uniqueServerUrl":"https://prov.example.org/"}`
	for i, test := range []struct{ path, nonce, body, want string }{
		{"/v2/rps/addDevices", "1", "[" + strings.Repeat(one+",", 100) + one + "]", `"800006"`},
		{"/v2/rps/devices", "2", one, `"id-001565123123"`},
		{"/v2/rps/devices", "2", one, `"500401"`}, // the nonce again
		{"/v2/rps/devices", strings.Repeat("3", 33), one, `"500401"`},
		{"/v2/rps/devices", "4", one, `"800003"`},
		{"/v2/rps/devices", "5", strings.Replace(one, `"sn"`, `"serial"`, 1), `"900400"`},
		{"/v2/rps/devices", "6", strings.Replace(one, "001565123123", "00-15-65-12-31-23", 1), `"800001"`},
		{"/v2/rps/listDevices", "7", `{"skip":0,"limit":1000,"autoCount":true}`, `"900400"`},
		{"/v2/rps/nothing", "8", `{}`, `"900404"`},
	} {
		if got := call(test.path, test.nonce, test.body); !strings.Contains(got, test.want) {
			t.Errorf("call %d: %s, want %s", i, got, test.want)
		}
	}
}
