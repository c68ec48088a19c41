package provision_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/dialplane/dialplane/internal/fleet"
)

// bookTemplate is a template whose phones have a phone book of two entries a page.
var bookTemplate = strings.Replace(custom("", "url = {{.directory.url}}"), "</files>", `<file name="book-{mac}.txt" type="text/plain" escape="line" level="directory" page="2"><![CDATA[
page = {{.directory.page}} of {{.directory.pages}}{{with .directory.search}} for = {{.}}{{end}}
{{range .directory.entries}}{{.index}} = {{.name}}, {{.number}}, {{.first}}/{{.last}}, {{.group}}
{{end}}{{with .directory.prior_url}}before = {{.}}
{{end}}{{with .directory.next_url}}next = {{.}}
{{end}}]]></file></files>`, 1)

func TestDirectory(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	check(t, w.CreateTemplate(ctx, w.admin, "book.xml", bookTemplate))
	m := w.unknownMAC
	phone := must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(m, func(in *fleet.PhoneInput) { in.Filename = new("book.xml") })))(t)
	base := w.own(w.admin, w.second, phone, "")
	ask := func(query string) string {
		t.Helper()
		r := lan(base + "BOOK-" + strings.ToUpper(m.String()) + ".txt")
		r.Query = query
		a := w.core.Answer(ctx, r)
		if a.Status != 200 {
			return fmt.Sprint(a.Status)
		}
		return string(a.Body)
	}
	url := "http://phones.example.net" + base + "book-" + m.String() + ".txt"
	if got := string(w.get(base + m.String() + ".cfg").Body); got != "url = "+url+"\n" {
		t.Errorf("the configuration is %q", got)
	}
	if status := w.core.Status(m); status.Word != fleet.UpToDate {
		t.Errorf("the phone is %s", status.Word)
	}
	w.fetches.take()
	const extensions = "1 = Extension 101, 101, Extension/101, extensions\n2 = Extension 102, 102, Extension/102, extensions\n"
	if got := ask(""); got != "page = 1 of 1\n"+extensions {
		t.Errorf("two extensions: %q", got)
	}
	if got := w.fetches.take(); len(got) != 1 || got[0].ETag != "" || got[0].Level != "L2" || got[0].Status != 200 || got[0].Bytes == 0 {
		t.Errorf("recorded %+v", got)
	}
	contact := must(w.CreateContact(ctx, w.admin, fleet.ContactInput{DisplayName: new("ada Lovelace"), Numbers: &[]fleet.ContactNumber{{Label: "Mobile", Number: "+44 20"}, {Number: "555"}}}))(t)
	if got := ask(""); got != "page = 1 of 2\n1 = ada Lovelace, 555, ada/Lovelace, contacts\n2 = ada Lovelace (Mobile), +44 20, ada Lovelace/(Mobile), contacts\nnext = "+url+"?page=2\n" {
		t.Errorf("the first page: %q", got)
	}
	if status := w.core.Status(m); status.Word != fleet.UpToDate {
		t.Errorf("with a new contact the phone is %s", status.Word)
	}
	second := "page = 2 of 2\n" + extensions + "before = " + url + "?page=1\n"
	for _, query := range []string{"page=2", "page=3", "page=99999999999", "page=2&search="} {
		if got := ask(query); got != second {
			t.Errorf("%s: %q", query, got)
		}
	}
	if got := ask("page=-1&x=%zz"); !strings.HasPrefix(got, "page = 1 of 2\n") {
		t.Errorf("a query that cannot be read: %q", got)
	}
	for query, want := range map[string]string{
		"search=ADA":                        "page = 1 of 1 for = ADA\n1 = ada Lovelace, 555,",
		"search=mob+love":                   "page = 1 of 1 for = mob love\n1 = ada Lovelace (Mobile), +44 20,",
		"search=102":                        "page = 1 of 1 for = 102\n1 = Extension 102, 102,",
		"search=%2b44":                      "page = 1 of 1 for = +44\n1 = ada Lovelace (Mobile),",
		"search=nobody":                     "page = 1 of 1 for = nobody\n",
		"search=e&page=2":                   "page = 2 of 2 for = e\n1 = Extension 101,",
		"search=a%0Ab":                      "404",
		"search=" + strings.Repeat("x", 65): "404",
	} {
		if got := ask(query); !strings.HasPrefix(got, want) {
			t.Errorf("%s: %q, want %q", query, got, want)
		}
	}
	check(t, w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new("Zoe")}))
	check(t, w.DeleteContact(ctx, w.admin, contact))
	if got := ask(""); got != "page = 1 of 1\n1 = Extension 102, 102, Extension/102, extensions\n2 = Zoe, 101, Zoe/, extensions\n" {
		t.Errorf("after changes: %q", got)
	}
	restarted, _ := w.load()
	r := lan(base + "book-" + m.String() + ".txt")
	if a := restarted.Answer(ctx, r); !strings.Contains(string(a.Body), "2 = Zoe") {
		t.Errorf("after a restart: %q", a.Body)
	}
	// The phone book is the phone's own: not at the shared address, nor another's.
	for _, path := range []string{"/book-" + m.String() + ".txt", w.own(w.admin, w.user, w.phone, "book-"+m.String()+".txt")} {
		if a := w.get(path); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
}

// TestDirectoryWhileItChanges asks for the phone book while extensions change. What
// has been acknowledged is in the next answer.
func TestDirectoryWhileItChanges(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	check(t, w.CreateTemplate(ctx, w.admin, "book.xml", bookTemplate))
	phone := must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(w.unknownMAC, func(in *fleet.PhoneInput) { in.Filename = new("book.xml") })))(t)
	path := w.own(w.admin, w.second, phone, "book-"+w.unknownMAC.String()+".txt")
	stop := make(chan struct{})
	var asking sync.WaitGroup
	for range 4 {
		asking.Go(func() {
			for {
				select {
				case <-stop:
					return
				default:
					if a := w.core.Answer(ctx, lan(path)); a.Status != 200 {
						t.Errorf("status %d", a.Status)
						return
					}
				}
			}
		})
	}
	for i := range 100 {
		name := fmt.Sprintf("Name %03d", i)
		check(t, w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new(name)}))
		if a := w.core.Answer(ctx, lan(path)); !strings.Contains(string(a.Body), name) {
			t.Fatalf("%s is missing in %q", name, a.Body)
		}
	}
	close(stop)
	asking.Wait()
}
