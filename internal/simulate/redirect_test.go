package simulate_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/dialplane/dialplane/internal/simulate"
	"github.com/dialplane/dialplane/internal/vendors"
)

// TestRedirect boots phones that ask their vendor's service where to go.
func TestRedirect(t *testing.T) {
	t.Parallel()
	files := serve(t, map[string]string{"common.cfg": "", "001565000001.cfg": "100 pw sip.example.org 5060 UDP"})
	var asked atomic.Value
	service := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		asked.Store(r.UserAgent())
		switch strings.TrimPrefix(r.URL.Path, "/service/") {
		case "sends":
			w.Header().Set("Location", files.URL+"/there/")
			w.WriteHeader(http.StatusFound)
		case "tells":
			_, _ = io.WriteString(w, files.URL+"/there/")
		case "fails":
			w.WriteHeader(http.StatusBadGateway)
		case "misleads":
			_, _ = io.WriteString(w, "/there/")
		default:
			http.NotFound(w, r)
		}
	}))
	t.Cleanup(service.Close)
	at, err := url.Parse(service.URL + "/service/")
	if err != nil {
		t.Fatal(err)
	}
	for name, cause := range map[string]simulate.Cause{
		"sends": "", "tells": "", "knows-nothing": simulate.NotRedirected, "fails": simulate.ServerFailed, "misleads": simulate.NotRedirected,
		"": simulate.NotRedirected, "elsewhere": simulate.NotReached,
	} {
		list := phones(1)
		if name != "" {
			list[0].Pack.Redirect = func(_ vendor.Unit, get vendor.Getter) (string, error) {
				status, body, err := get(name)
				if err != nil {
					return "", err
				}
				if status == http.StatusNotFound {
					return "", vendor.ErrNotRedirected
				}
				return string(body), nil
			}
		}
		o := files.options(list)
		o.URL = nil
		o.Redirect = map[string]*url.URL{"Acme": at}
		if name == "elsewhere" {
			o.Redirect = map[string]*url.URL{"Other": at}
		}
		report := simulate.Run(t.Context(), o)
		if r := report.Results[0]; r.Cause != cause || (r.Err == nil) != (cause == "") {
			t.Errorf("%s: %v, want the cause %q", name, r.Err, cause)
		}
	}
	if asked.Load() != "Acme A1 001565000001" {
		t.Errorf("the phone calls itself %q", asked.Load())
	}
}
