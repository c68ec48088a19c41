package packs_test

import (
	"context"
	"io"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// answers is a service that answers its calls with these in turn, and with the last one
// from then on.
type answers struct{ left []string }

func (a *answers) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.Body != nil {
		_, _ = io.Copy(io.Discard, r.Body)
		_ = r.Body.Close()
	}
	body := a.left[0]
	if len(a.left) > 1 {
		a.left = a.left[1:]
	}
	status := http.StatusOK
	if rest, ok := strings.CutPrefix(body, "404 "); ok {
		status, body = http.StatusNotFound, rest
	}
	return &http.Response{StatusCode: status, Header: make(http.Header), Body: io.NopCloser(strings.NewReader(body)), Request: r}, nil
}

const xmlList = `<methodResponse><params><param><value><array><data><value><boolean>%</boolean></value><value><string>$</string></value></data></array></value></param></params></methodResponse>`

// FuzzRedirectAnswers gives every client answers that end in a new line each: none may
// panic, go on for ever, say what was sent, or return an error that is none of the kinds.
func FuzzRedirectAnswers(f *testing.F) {
	for _, seed := range []string{
		"", "null", "{}", "[]", "[null]", "true", `"x"`, "<html></html>", "404 {}",
		`{"ret":1,"data":{"total":3,"data":[{"id":"1","mac":"001565aabb01","uniqueServerUrl":"https://x/"}]},"error":null}`,
		`{"ret":-1,"error":{"msg":"device.mac.existed","errorCode":409}}` + "\n" + `{"ret":1,"data":{"data":[{"id":"../..","mac":"001565aabb01"}]}}` + "\n" + `{"ret":0}`,
		`{"ret":-1,"error":{"msg":"no https://prov.example.org/f/t0ken/ k3y-secret\u0000"}}`,
		`{"access_token":"t","expires_in":-1}` + "\n" + `{"total":2,"successCount":1,"failureCount":1,"errors":[{"mac":"001565aabb02"}]}` + "\n" + `404 {"code":"800003"}` + "\n" + `{"data":[{"id":"x","mac":"001565aabb02"}]}` + "\n" + `{}`,
		`{"access_token":"t","expires_in":3600}` + "\n" + `404 {"code":"1","message":"k3y-secret"}`,
		strings.NewReplacer("%", "1", "$", "OK").Replace(xmlList), strings.NewReplacer("%", "0", "$", "Error:Invalid Server").Replace(xmlList),
		strings.NewReplacer("%", "0", "$", "Existing MAC(s): 1").Replace(xmlList), strings.NewReplacer("%", "0", "$", "k3y-secret /f/").Replace(xmlList),
		`<methodResponse><params><param><value><array><data><value><boolean>1</boolean></value><value><array><data><value><string>0C383EAABB01</string></value></data></array></value></data></array></value></param></params></methodResponse>`,
		`<methodResponse><params><param><value><array><data><value>1</value></data></array></value></param></params></methodResponse>`,
		`<methodResponse><fault><value><struct><member><name>faultCode</name><value><int>202</int></value></member></struct></value></fault></methodResponse>`,
		`<methodResponse><params><param><value><struct><member><name>url</name><value>https://x/{MODEL}.cfg</value></member></struct></value></param></params></methodResponse>`,
		`{"links":{"company":"/c"}}` + "\n" + `{"links":{"endpoints":"/e/"}}` + "\n" + `[{"uuid":"u","param_name":"setting_server"},{"uuid":"v","param_name":"ProvisioningServer"},{"uuid":"p","name":"k3y-plain"}]` + "\n" + `[{"uuid":"p","name":"k3y-plain"}]` + "\n" + `{"mac":"001565aabb01","settings_manager":{"u":{"value":"https://x/"},"v":{"value":null}}}` + "\n" + `404 {"message":"k3y-secret"}`,
		`{"links":{"company":"https://evil.example/"}}`,
		`{"access_token":"t"}` + "\n" + `{"retCode":0,"data":{"result":[{"id":1,"children":[{"id":2}],"mac":"00:15:65:AA:BB:01"}]}}` + "\n" + `{"retCode":0,"data":{"failure":1,"errorDeviceList":[{"errorMsg":"30010"}]}}`,
		`{"access_token":"t"}` + "\n" + `{"retCode":40003,"msg":"sign k3y-secret"}`,
		`{"results":[{"id":"001565aabb01","profileid":"p"}],"next":"again","id":"001565AABB01","profileId":"p","name":"dialplane-001565aabb01-x"}`,
		`404 {"message":"Not Found"}` + "\n" + `{"id":"p"}` + "\n" + `404 {"error":"k3y-secret"}` + "\n" + `{}`,
		`{"success":true,"data":{"token":"t","server_id":1,"profile_id":"2","device_list":[{"device_id":1,"mac":"001565aabb01"}],"server_list":[{"server_id":1,"server_url":"https://prov.example.org/f/t0ken/"}]}}`,
		`{"success":true,"data":{"token":"t"}}` + "\n" + `{"success":false,"message":"https://prov.example.org/f/t0ken/ exists"}`,
	} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, s := range packs.Redirects() {
			tryAnswers(t, s, strings.Split(text, "\n"))
		}
	})
}

func tryAnswers(t *testing.T, s redirect.Service, list []string) {
	t.Helper()
	a := redirect.Account{Endpoint: "https://service.example.org", Values: make(map[string]secret.Secret)}
	for _, field := range s.Fields {
		a.Values[field.Name] = secret.New("k3y-" + map[bool]string{true: "secret", false: "plain"}[field.Secret])
	}
	devices := make([]redirect.Device, 2)
	for i := range devices {
		devices[i] = redirect.Device{MAC: mac.Addr{0x00, 0x15, 0x65, 0xaa, 0xbb, byte(i + 1)}, Model: "M1", Serial: "S1", Code: "ABCD", URL: secret.New("https://prov.example.org/f/t0ken/")}
	}
	ctx, cancel := context.WithTimeout(t.Context(), 10*time.Second)
	defer cancel()
	check := func(what string, errs ...error) {
		for _, err := range errs {
			if err == nil {
				continue
			}
			e, ok := err.(*redirect.Error) //nolint:errorlint // Client promises it
			switch {
			case !ok || e == nil:
				t.Errorf("%s: %s returns a %T", s.Name, what, err)
			case e.Reason == "" || strings.Contains(e.Reason, "k3y-secret") || strings.Contains(e.Reason, "t0ken") || strings.ContainsAny(e.Reason, "\r\n\x00"):
				t.Errorf("%s: %s fails because %q", s.Name, what, e.Reason)
			}
		}
	}
	client := func() redirect.Client {
		return s.Open(a, &http.Client{Transport: &answers{slices.Clone(list)}}, time.Now)
	}
	check("Verify", client().Verify(ctx))
	registered := client().Register(ctx, devices)
	removed := client().Remove(ctx, devices)
	if len(registered) != len(devices) || len(removed) != len(devices) {
		t.Errorf("%s: %d and %d errors for %d devices", s.Name, len(registered), len(removed), len(devices))
	}
	check("Register", registered...)
	check("Remove", removed...)
	_, err := client().Lookup(ctx, devices[0])
	check("Lookup", err)
	check("List", client().List(ctx, func([]redirect.Entry) error { return nil }))
	if ctx.Err() != nil {
		t.Errorf("%s goes on for ever", s.Name)
	}
}
