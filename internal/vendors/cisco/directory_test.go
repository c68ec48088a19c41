package cisco

import (
	"encoding/xml"
	"io/fs"
	"testing"

	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors/flatprofile"
)

// page is what the phone shows of a menu, a form or a part of the directory.
type page struct {
	XMLName xml.Name
	Items   []struct {
		URL string `xml:"URL"`
	} `xml:"MenuItem"`
	Keys []struct {
		Name string `xml:"Name"`
		URL  string `xml:"URL"`
	} `xml:"SoftKeyItem"`
	URL   string `xml:"URL"`
	Param string `xml:"InputItem>QueryStringParam"`
}

// TestDirectory follows the phone from the address that it is given to the form and back
// to the directory.
func TestDirectory(t *testing.T) {
	t.Parallel()
	for _, name := range []string{"cisco-cp.xml", "cisco-79xx.xml", "cisco-88xx.xml", "cisco-98xx.xml", "cisco-spa5xx.xml"} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			files, view := directoryFiles(t, name)
			book := view.Directory.URL
			if menu, ok := files[view.Provisioning.URL+"directories.xml"]; ok {
				p := shown(t, menu, "CiscoIPPhoneMenu")
				if len(p.Items) != 2 || p.Items[0].URL != book || p.Items[1].URL != view.Provisioning.URL+"search.xml" {
					t.Errorf("the menu leads to %+v", p.Items)
				}
			}
			keys := make(map[string]string)
			for _, k := range shown(t, files[book], "CiscoIPPhoneDirectory").Keys {
				keys[k.Name] = k.URL
			}
			if keys["Next"] != view.Directory.NextURL || keys["Next"] == "" {
				t.Errorf("Next leads to %q; want %q", keys["Next"], view.Directory.NextURL)
			}
			form := shown(t, files[keys["Search"]], "CiscoIPPhoneInput")
			if form.URL != book || form.Param != "search" {
				t.Errorf("the form asks %s?%s=; want %s?search=", form.URL, form.Param, book)
			}
		})
	}
}

// TestDirectoryPages checks that no page is longer than a phone shows.
func TestDirectoryPages(t *testing.T) {
	t.Parallel()
	const most = 32 // OL-20949-01 page 3-7
	names, err := fs.Glob(templateFiles, "templates/*.xml")
	if err != nil || len(names) == 0 {
		t.Fatal(names, err)
	}
	for _, name := range names {
		tmpl := parsed(t, name[len("templates/"):])
		for i := range tmpl.Models {
			books := tmpl.Files(&tmpl.Models[i], template.Directory)
			if len(books) > 0 && books[0].Page != most {
				t.Errorf("%s: pages of %d entries; want %d", name, books[0].Page, most)
			}
		}
	}
}

func parsed(t *testing.T, name string) *template.Template {
	t.Helper()
	load := func(name string) ([]byte, error) { return fs.ReadFile(Pack().Templates, name) }
	src, err := load(name)
	if err != nil {
		t.Fatal(err)
	}
	tmpl, err := template.Parse(name, src, load, func(string) bool { return true })
	if err != nil {
		t.Fatal(err)
	}
	return tmpl
}

// directoryFiles returns what the first model of a template finds at its secret address, by URL.
func directoryFiles(t *testing.T, name string) (map[string][]byte, *template.View) {
	t.Helper()
	tmpl := parsed(t, name)
	view := template.Sample(tmpl, &tmpl.Models[0])
	files := make(map[string][]byte)
	for _, f := range tmpl.Files(&tmpl.Models[0], template.Directory) {
		body, err := f.Append(nil, view)
		if err != nil {
			t.Fatal(err)
		}
		files[view.Provisioning.URL+f.Name(&tmpl.Models[0], view.MAC)] = body
	}
	if _, err := flatprofile.Directory(files[view.Directory.URL]); err != nil {
		t.Fatalf("%s: %v", view.Directory.URL, err)
	}
	return files, view
}

func shown(t *testing.T, body []byte, root string) page {
	t.Helper()
	var p page
	if err := xml.Unmarshal(body, &p); err != nil || p.XMLName.Local != root {
		t.Fatalf("<%s>, %v; want <%s>", p.XMLName.Local, err, root)
	}
	return p
}
