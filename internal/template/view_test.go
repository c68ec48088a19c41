package template

import (
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestSetURL(t *testing.T) {
	t.Parallel()
	for url, want := range map[string]Provisioning{
		"https://a.example/p/x/":   {Scheme: "https", Host: "a.example", Path: "p/x/", Hostname: "a.example", Port: 443, Folder: "p/x"},
		"http://a.example/":        {Scheme: "http", Host: "a.example", Hostname: "a.example", Port: 80},
		"http://a.example:8080/x/": {Scheme: "http", Host: "a.example:8080", Path: "x/", Hostname: "a.example", Port: 8080, Folder: "x"},
		"http://[2001:db8::1]/x/":  {Scheme: "http", Host: "[2001:db8::1]", Path: "x/", Hostname: "2001:db8::1", Port: 80, Folder: "x"},
		"https://[2001:db8::1]:9/": {Scheme: "https", Host: "[2001:db8::1]:9", Hostname: "2001:db8::1", Port: 9},
		"no address":               {},
	} {
		want.URL, want.SharedURL, want.PollMinutes = url, "http://shared/", 60
		got := Provisioning{SharedURL: "http://shared/", PollMinutes: 60, Scheme: "old", Port: 1}
		got.SetURL(url)
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%s (-want +got)\n%s", url, diff)
		}
	}
}
