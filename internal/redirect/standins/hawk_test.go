package standins

import (
	"net/http/httptest"
	"testing"
	"time"
)

// The example is the document's own (github.com/mozilla/hawk, API.md), with a body and
// without.
func TestHawk(t *testing.T) {
	t.Parallel()
	const plain = `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="`
	const loaded = `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", hash="Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=", ext="some-app-ext-data", mac="aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw="`
	const thanks = "Thank you for flying Hawk"
	for name, e := range map[string]struct {
		method, header, body string
		late                 time.Duration
		good                 bool
	}{
		"the example":            {"GET", plain, "", 0, true},
		"within the skew":        {"GET", plain, "", 59 * time.Second, true},
		"too late":               {"GET", plain, "", 61 * time.Second, false},
		"too early":              {"GET", plain, "", -61 * time.Second, false},
		"another method":         {"PUT", plain, "", 0, false},
		"with a body":            {"POST", loaded, thanks, 0, true},
		"with another body":      {"POST", loaded, thanks + "!", 0, false},
		"a body without a hash":  {"GET", plain, thanks, 0, false},
		"no header":              {"GET", "", "", 0, false},
		"another scheme":         {"GET", "Basic YTpi", "", 0, false},
		"an attribute twice":     {"GET", plain + `, id="x"`, "", 0, false},
		"an attribute left open": {"GET", plain + `, app="x`, "", 0, false},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			h := hawk{
				id: "dh37fgj492je", key: "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
				now: func() time.Time { return time.Unix(1353832234, 0).Add(e.late) }, seen: make(map[string]bool),
			}
			r := httptest.NewRequest(e.method, "/resource/1?b=1&a=2", nil)
			r.Host = "example.com:8000"
			r.Header.Set("Authorization", e.header)
			r.Header.Set("Content-Type", "text/plain")
			if err := h.check(r, []byte(e.body)); (err == nil) != e.good {
				t.Errorf("it says %v", err)
			}
			if err := h.check(r, []byte(e.body)); err == nil {
				t.Error("it takes a nonce twice")
			}
		})
	}
}
