package standins

import (
	"encoding/xml"
	"fmt"
	"html"
	"io"
	"net/http"
	"strings"
)

// rpcCall is an XML-RPC call whose arguments are strings.
type rpcCall struct {
	XMLName xml.Name `xml:"methodCall"`
	Method  string   `xml:"methodName"`
	Args    []string `xml:"params>param>value>string"`
}

// readRPC reads a call by POST with the type text/xml and the account's user name and
// password by HTTP Basic. It has answered if it returns false.
func readRPC(w http.ResponseWriter, r *http.Request, user, password string, revoked bool) (c rpcCall, ok bool) {
	if u, p, ok := r.BasicAuth(); !ok || u != user || p != password || revoked {
		w.Header().Set("WWW-Authenticate", `Basic realm="redirect"`)
		w.WriteHeader(http.StatusUnauthorized)
		return c, false
	}
	body, err := io.ReadAll(io.LimitReader(r.Body, 1<<16))
	if err != nil || r.Method != http.MethodPost || !strings.HasPrefix(r.Header.Get("Content-Type"), "text/xml") || xml.Unmarshal(body, &c) != nil {
		w.WriteHeader(http.StatusBadRequest)
		return c, false
	}
	return c, true
}

// writeRPC answers with a list of a boolean and texts, which have no type: so the
// services write them.
func writeRPC(w http.ResponseWriter, ok bool, texts ...string) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = fmt.Fprintf(w, "<?xml version='1.0'?>\n<methodResponse><params><param><value><array><data><value><boolean>%d</boolean></value>", map[bool]int{true: 1}[ok])
	for _, text := range texts {
		_, _ = fmt.Fprintf(w, "<value>%s</value>", html.EscapeString(text))
	}
	_, _ = io.WriteString(w, "</data></array></value></param></params></methodResponse>")
}

// faultRPC answers a method that is none.
func faultRPC(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/xml")
	_, _ = io.WriteString(w, "<?xml version='1.0'?>\n<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>1</int></value></member><member><name>faultString</name><value><string>no such method</string></value></member></struct></value></fault></methodResponse>")
}
