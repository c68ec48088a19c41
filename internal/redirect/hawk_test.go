package redirect

import (
	"net/url"
	"testing"
)

// The examples are those of the scheme's document (API.md, "Protocol Example" and
// "Payload Validation") and of its reference implementation's test (test/client.js).
func TestHawkExamples(t *testing.T) {
	t.Parallel()
	for _, e := range []struct {
		name, id, key    string
		a                artifacts
		at               string
		kind, body       string
		normalized, want string
	}{
		{
			name: "protocol example", id: "dh37fgj492je", key: "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
			a:          artifacts{ts: 1353832234, nonce: "j4h3g2", method: "GET", ext: "some-app-ext-data"},
			at:         "http://example.com:8000/resource/1?b=1&a=2",
			normalized: "hawk.1.header\n1353832234\nj4h3g2\nGET\n/resource/1?b=1&a=2\nexample.com\n8000\n\nsome-app-ext-data\n",
			want:       `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", ext="some-app-ext-data", mac="6R4rV5iE+NPoym+WwjeHzjAGXUtLNIxmo1vpMofpLAE="`,
		},
		{
			name: "payload validation", id: "dh37fgj492je", key: "werxhqb98rpaxn39848xrunpaw3489ruxnpa98w4rxn",
			a:  artifacts{ts: 1353832234, nonce: "j4h3g2", method: "POST", ext: "some-app-ext-data"},
			at: "http://example.com:8000/resource/1?b=1&a=2", kind: "text/plain", body: "Thank you for flying Hawk",
			normalized: "hawk.1.header\n1353832234\nj4h3g2\nPOST\n/resource/1?b=1&a=2\nexample.com\n8000\nYi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=\nsome-app-ext-data\n",
			want:       `Hawk id="dh37fgj492je", ts="1353832234", nonce="j4h3g2", hash="Yi9LfIIFRtBEPt74PVmbTF/xVAwPn7ub15ePICfgnuY=", ext="some-app-ext-data", mac="aSe1DERmZuRl3pI36/9BdZmnErTw3sNzOOAUlfeKjVw="`,
		},
		{
			name: "https", id: "123456", key: "2983d45yun89q",
			a:  artifacts{ts: 1353809207, nonce: "Ygvqdz", method: "post", ext: "Bazinga!"},
			at: "https://EXAMPLE.net/somewhere/over/the/rainbow", kind: "text/plain; charset=utf-8", body: "something to write about",
			normalized: "hawk.1.header\n1353809207\nYgvqdz\nPOST\n/somewhere/over/the/rainbow\nexample.net\n443\n2QfCt3GuY9HQnHWyWD3wX68ZOKbynqlfYmuO2ZBRqtY=\nBazinga!\n",
			want:       `Hawk id="123456", ts="1353809207", nonce="Ygvqdz", hash="2QfCt3GuY9HQnHWyWD3wX68ZOKbynqlfYmuO2ZBRqtY=", ext="Bazinga!", mac="q1CwFoSHzPZSkbIvl0oYlD+91rBUEvFk763nMjMndj8="`,
		},
	} {
		t.Run(e.name, func(t *testing.T) {
			t.Parallel()
			at, err := url.Parse(e.at)
			if err != nil {
				t.Fatal(err)
			}
			e.a.at = at
			if e.body != "" {
				e.a.hash = payloadHash(e.kind, []byte(e.body))
			}
			if got := e.a.normalized(); got != e.normalized {
				t.Errorf("what is signed is\n%q, want\n%q", got, e.normalized)
			}
			if got := e.a.authorization(e.id, e.key); got != e.want {
				t.Errorf("the header is\n%s, want\n%s", got, e.want)
			}
		})
	}
}
