package redirect

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"net/http"
	"strconv"
	"strings"
)

// XMLRPC calls services that speak XML-RPC with HTTP Basic (RFC 7617), as the older
// ones do.
//
// It is ours because the one library that can be had (kolo/xmlrpc) cannot read a list
// that holds a boolean and a string without a type, which is what these services
// answer, takes any document with a value in it, and follows any depth.
type XMLRPC struct {
	Client         *http.Client
	URL            string
	User, Password string
}

// Fault is an XML-RPC fault: the vendor's code and text, which callers put in words.
type Fault struct {
	Code int64
	Text string
}

func (f *Fault) Error() string { return "the service answers with a fault" }

// Call calls a method and returns its result: a string, an int64, a bool, a []any or a
// map[string]any. Arguments are strings, bools, ints, []string and map[string]string. The error is a
// *Fault or an *Error.
func (x XMLRPC) Call(ctx context.Context, method string, args ...any) (any, error) {
	r, err := http.NewRequestWithContext(ctx, http.MethodPost, x.URL, bytes.NewReader(methodCall(method, args)))
	if err != nil {
		return nil, Errorf(Unreachable, "the address of the service is not one")
	}
	r.Header.Set("Content-Type", "text/xml")
	r.SetBasicAuth(x.User, x.Password)
	status, _, answer, err := Do(x.Client, r)
	if err != nil {
		return nil, err
	}
	switch status {
	case http.StatusOK:
	case http.StatusUnauthorized, http.StatusForbidden:
		return nil, Errorf(Denied, "%s does not accept the account's user name and password", r.URL.Hostname())
	default:
		return nil, Errorf(BadAnswer, "%s answers with the status %d", r.URL.Hostname(), status)
	}
	result, err := methodResponse(answer)
	var fault *Fault
	if err != nil && !errors.As(err, &fault) {
		return nil, Errorf(BadAnswer, "the answer of %s is not XML-RPC", r.URL.Hostname())
	}
	return result, err
}

// Verdict calls a method whose answer is a list of whether it went well and one text at
// least, and returns both. A fault, or an answer of another form, is an *Error of kind
// BadAnswer.
func (x XMLRPC) Verdict(ctx context.Context, method string, args ...any) (ok bool, texts []string, err error) {
	result, err := x.Call(ctx, method, args...)
	var fault *Fault
	if errors.As(err, &fault) {
		return false, nil, Errorf(BadAnswer, "the service does not know the call (fault %d)", fault.Code)
	}
	if err != nil {
		return false, nil, err
	}
	other := Errorf(BadAnswer, "the service's answer is not what its interface answers")
	list, _ := result.([]any)
	if len(list) < 2 {
		return false, nil, other
	}
	ok, isBool := list[0].(bool)
	for _, v := range list[1:] {
		text, isText := v.(string)
		if !isBool || !isText {
			return false, nil, other
		}
		texts = append(texts, text)
	}
	return ok, texts, nil
}

func methodCall(method string, args []any) []byte {
	var b bytes.Buffer
	fmt.Fprintf(&b, "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<methodCall><methodName>%s</methodName><params>", method)
	for _, a := range args {
		b.WriteString("<param>")
		writeValue(&b, a)
		b.WriteString("</param>")
	}
	b.WriteString("</params></methodCall>")
	return b.Bytes()
}

func writeValue(b *bytes.Buffer, v any) {
	b.WriteString("<value>")
	switch v := v.(type) {
	case string:
		b.WriteString("<string>")
		_ = xml.EscapeText(b, []byte(v))
		b.WriteString("</string>")
	case bool:
		fmt.Fprintf(b, "<boolean>%d</boolean>", map[bool]int{true: 1}[v])
	case int:
		fmt.Fprintf(b, "<int>%d</int>", v)
	case []string:
		b.WriteString("<array><data>")
		for _, one := range v {
			writeValue(b, one)
		}
		b.WriteString("</data></array>")
	case map[string]string:
		b.WriteString("<struct>")
		for name, one := range v {
			b.WriteString("<member><name>")
			_ = xml.EscapeText(b, []byte(name))
			b.WriteString("</name>")
			writeValue(b, one)
			b.WriteString("</member>")
		}
		b.WriteString("</struct>")
	default:
		panic(fmt.Sprintf("XML-RPC has no %T", v))
	}
	b.WriteString("</value>")
}

var errXMLRPC = errors.New("not XML-RPC")

// methodResponse reads an answer: one methodResponse, well-formed to its end, with one
// value or a fault in it, and no DTD.
func methodResponse(answer []byte) (any, error) {
	r := reader{xml.NewDecoder(bytes.NewReader(answer))}
	if err := r.open("methodResponse"); err != nil {
		return nil, err
	}
	what, err := r.element()
	if err != nil {
		return nil, err
	}
	isFault := what == "fault"
	if !isFault {
		if what != "params" {
			return nil, errXMLRPC
		}
		if err := r.open("param"); err != nil {
			return nil, err
		}
	}
	if err := r.open("value"); err != nil {
		return nil, err
	}
	v, err := r.value(0)
	if err != nil {
		return nil, err
	}
	closing := 3
	if isFault {
		closing = 2
	}
	for range closing {
		if err := r.end(); err != nil {
			return nil, err
		}
	}
	if _, err := r.next(); !errors.Is(err, io.EOF) {
		return nil, errXMLRPC
	}
	if !isFault {
		return v, nil
	}
	f, ok := v.(map[string]any)
	if !ok {
		return nil, errXMLRPC
	}
	code, _ := f["faultCode"].(int64)
	text, _ := f["faultString"].(string)
	return nil, &Fault{Code: code, Text: text}
}

// reader walks through an answer's elements.
type reader struct{ *xml.Decoder }

// next returns the next token but for blank text, comments and the declaration.
func (r reader) next() (xml.Token, error) {
	for {
		token, err := r.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.Comment, xml.ProcInst:
		case xml.Directive:
			return nil, errXMLRPC
		case xml.CharData:
			if len(bytes.TrimSpace(token)) > 0 {
				return nil, errXMLRPC
			}
		default:
			return token, nil
		}
	}
}

// element returns the name of the element that begins here.
func (r reader) element() (string, error) {
	token, err := r.next()
	if err != nil {
		return "", err
	}
	if start, ok := token.(xml.StartElement); ok {
		return start.Name.Local, nil
	}
	return "", errXMLRPC
}

func (r reader) open(name string) error {
	got, err := r.element()
	if err == nil && got != name {
		err = errXMLRPC
	}
	return err
}

func (r reader) end() error {
	token, err := r.next()
	if err != nil {
		return err
	}
	if _, ok := token.(xml.EndElement); !ok {
		return errXMLRPC
	}
	return nil
}

// maxDepth is how deep values may be nested: a list of lists of records is 4 deep.
const maxDepth = 8

// value reads what is left of a value element.
func (r reader) value(depth int) (v any, err error) {
	if depth > maxDepth {
		return nil, errXMLRPC
	}
	var text strings.Builder
	for {
		token, err := r.Token()
		if err != nil {
			return nil, err
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.EndElement: // without a type it is a string
			return text.String(), nil
		case xml.StartElement:
			if strings.TrimSpace(text.String()) != "" {
				return nil, errXMLRPC
			}
			if v, err = r.typed(token.Name.Local, depth); err != nil {
				return nil, err
			}
			return v, r.end()
		case xml.Directive:
			return nil, errXMLRPC
		}
	}
}

// typed reads what is left of the element that says a value's type.
func (r reader) typed(kind string, depth int) (any, error) {
	switch kind {
	case "array":
		return r.array(depth)
	case "struct":
		return r.record(depth)
	}
	text, err := r.text()
	if err != nil {
		return nil, err
	}
	switch kind {
	case "string", "dateTime.iso8601", "double", "base64":
		return text, nil
	case "nil":
		return nil, nil
	case "int", "i4", "i8":
		return strconv.ParseInt(strings.TrimSpace(text), 10, 64)
	case "boolean":
		return strconv.ParseBool(strings.TrimSpace(text))
	}
	return nil, errXMLRPC
}

// text reads to the end of an element that has no others in it.
func (r reader) text() (string, error) {
	var text strings.Builder
	for {
		token, err := r.Token()
		if err != nil {
			return "", err
		}
		switch token := token.(type) {
		case xml.CharData:
			text.Write(token)
		case xml.EndElement:
			return text.String(), nil
		case xml.StartElement, xml.Directive:
			return "", errXMLRPC
		}
	}
}

func (r reader) array(depth int) (any, error) {
	if err := r.open("data"); err != nil {
		return nil, err
	}
	list := []any{}
	for {
		token, err := r.next()
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			return list, r.end() // of data, and of array
		}
		if start.Name.Local != "value" {
			return nil, errXMLRPC
		}
		v, err := r.value(depth + 1)
		if err != nil {
			return nil, err
		}
		list = append(list, v)
	}
}

func (r reader) record(depth int) (any, error) {
	fields := make(map[string]any)
	for {
		token, err := r.next()
		if err != nil {
			return nil, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			return fields, nil
		}
		if start.Name.Local != "member" {
			return nil, errXMLRPC
		}
		if err := r.open("name"); err != nil {
			return nil, err
		}
		name, err := r.text()
		if err != nil {
			return nil, err
		}
		if err := r.open("value"); err != nil {
			return nil, err
		}
		if fields[name], err = r.value(depth + 1); err != nil {
			return nil, err
		}
		if err := r.end(); err != nil {
			return nil, err
		}
	}
}
