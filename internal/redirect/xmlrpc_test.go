package redirect

import (
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"reflect"
	"strings"
	"testing"
)

func TestXMLRPC(t *testing.T) {
	t.Parallel()
	answers := map[string]string{
		"good":     `<?xml version="1.0"?><methodResponse><params><param><value><array><data><value><boolean>1</boolean></value><value>OK</value><value><struct><member><name>n</name><value><i4>-3</i4></value></member></struct></value></data></array></value></param></params></methodResponse>`,
		"fault":    `<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>202</int></value></member><member><name>faultString</name><value>no</value></member></struct></value></fault></methodResponse>`,
		"html":     `<!DOCTYPE html><html><body>ok</body></html>`,
		"entities": `<!DOCTYPE a [<!ENTITY b "c">]><methodResponse><params><param><value>&b;</value></param></params></methodResponse>`,
		"twice":    `<methodResponse/><methodResponse/>`,
		"open":     `<methodResponse><params><param><value>OK</value>`,
		"other":    `<methodCall><methodName>x</methodName></methodCall>`,
		"deep":     `<methodResponse>` + strings.Repeat("<value><array><data>", 20000) + strings.Repeat("</data></array></value>", 20000) + `</methodResponse>`,
		"type":     `<methodResponse><params><param><value><int>one</int></value></param></params></methodResponse>`,
		"junk":     `<methodResponse>ok<params><param><value>OK</value></param></params></methodResponse>`,
		"two":      `<methodResponse><params><param><value>a<string>b</string></value></param></params></methodResponse>`,
		"nothing":  ``,
	}
	var asked string
	s := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, _ := io.ReadAll(r.Body)
		asked = string(body)
		user, password, _ := r.BasicAuth()
		if user != "us" || password != "hunter2" {
			w.WriteHeader(http.StatusUnauthorized)
			return
		}
		_, _ = io.WriteString(w, answers[strings.TrimPrefix(r.URL.Path, "/")])
	}))
	defer s.Close()
	c, err := trusting(s).Client(s.URL)
	if err != nil {
		t.Fatal(err)
	}
	for name := range answers {
		x := XMLRPC{Client: c, URL: s.URL + "/" + name, User: "us", Password: "hunter2"}
		result, err := x.Call(t.Context(), "redirect.checkDevice", "001565aabbcc", `<&"`, []string{"a", "b"}, map[string]string{"c": "d"}, true, 7)
		switch name {
		case "good":
			if err != nil || !reflect.DeepEqual(result, []any{true, "OK", map[string]any{"n": int64(-3)}}) {
				t.Errorf("%s: %v, %v", name, result, err)
			}
			if !strings.Contains(asked, "<methodName>redirect.checkDevice</methodName>") || !strings.Contains(asked, "&lt;&amp;") {
				t.Errorf("the call is %s", asked)
			}
		case "fault":
			var f *Fault
			if !errors.As(err, &f) || f.Code != 202 || f.Text != "no" {
				t.Errorf("%s: %v", name, err)
			}
		default:
			if KindOf(err) != BadAnswer {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
	x := XMLRPC{Client: c, URL: s.URL + "/good", User: "us", Password: "hunter3"}
	if _, err := x.Call(t.Context(), "a"); KindOf(err) != Denied || strings.Contains(err.Error(), "hunter") {
		t.Errorf("a wrong password: %v", err)
	}
}

func FuzzMethodResponse(f *testing.F) {
	f.Add([]byte(`<methodResponse><params><param><value><array><data><value><boolean>1</boolean></value></data></array></value></param></params></methodResponse>`))
	f.Add([]byte(`<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int></value></member></struct></value></fault></methodResponse>`))
	f.Fuzz(func(t *testing.T, answer []byte) {
		v, err := methodResponse(answer)
		if v != nil && err != nil {
			t.Errorf("both %v and %v", v, err)
		}
	})
}
