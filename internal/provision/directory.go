package provision

import (
	"cmp"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/template"
)

// directory is the phone book of a tenant: its extensions and contacts by name. It
// is put in order when a phone asks for it after a change, once for all that ask
// meanwhile: that costs n log n in the entries, and a change costs nothing.
type directory struct {
	version atomic.Int64 // rises with every change
	ordered atomic.Pointer[orderedBook]
	making  sync.Mutex
}

// orderedBook is a phone book in order. It is immutable.
type orderedBook struct {
	version int64
	entries []entry
}

type entry struct {
	template.Contact
	folded string // the name in lower case
}

// changed is called after what the directory is made of has been replaced.
func (d *directory) changed() { d.version.Add(1) }

func (t *tenantSlot) putContact(c *fleet.Contact) {
	t.contacts.Store(c.ID, c)
	t.directory.changed()
}

func (t *tenantSlot) removeContact(id fleet.ID) {
	t.contacts.Delete(id)
	t.directory.changed()
}

// book returns the phone book as it is now.
func (t *tenantSlot) book() *orderedBook {
	d := &t.directory
	if b := d.ordered.Load(); b != nil && b.version == d.version.Load() {
		return b
	}
	d.making.Lock()
	defer d.making.Unlock()
	b := &orderedBook{version: d.version.Load()}
	if last := d.ordered.Load(); last != nil && last.version == b.version {
		return last
	}
	t.extensions.Range(func(_, v any) bool {
		if u := v.(*userSlot).data.Load(); u != nil {
			b.add(u.DisplayName, u.ExtensionNumber, "extensions")
		}
		return true
	})
	t.contacts.Range(func(_, v any) bool {
		c := v.(*fleet.Contact)
		for _, n := range c.Numbers {
			name := c.DisplayName
			if n.Label != "" {
				name += " (" + n.Label + ")"
			}
			b.add(name, n.Number, "contacts")
		}
		return true
	})
	slices.SortFunc(b.entries, func(a, b entry) int {
		return cmp.Or(cmp.Compare(a.folded, b.folded), cmp.Compare(a.Name, b.Name), cmp.Compare(a.Number, b.Number))
	})
	d.ordered.Store(b)
	return b
}

// add appends an entry. The last word of a name counts as the last name.
func (b *orderedBook) add(name, number, group string) {
	if name == "" {
		name = number
	}
	c := template.Contact{Name: name, First: name, Number: number, Group: group}
	if i := strings.LastIndexByte(name, ' '); i > 0 {
		c.First, c.Last = name[:i], name[i+1:]
	}
	b.entries = append(b.entries, entry{c, strings.ToLower(name)})
}

// find returns the entries whose name has every word of the search, or whose number
// has the search in it.
func (b *orderedBook) find(search string) []entry {
	if search == "" {
		return b.entries
	}
	words := strings.Fields(strings.ToLower(search))
	var found []entry
	for _, e := range b.entries {
		if strings.Contains(e.Number, search) || !slices.ContainsFunc(words, func(w string) bool { return !strings.Contains(e.folded, w) }) {
			found = append(found, e)
		}
	}
	return found
}

// maxSearch bounds what a phone looks for, in bytes.
const maxSearch = 64

// phoneBook answers a request for the phone's directory: the page and the search of
// the query. A page that is none is the first, or the last.
func (c *Core) phoneBook(d *device, f *facts, m *model, file *template.File, query string) (Answer, string) {
	asked, _ := url.ParseQuery(query) // what cannot be read is not asked for
	search := strings.TrimSpace(strings.ToValidUTF8(asked.Get("search"), ""))
	if len(search) > maxSearch || strings.ContainsFunc(search, func(r rune) bool { return r < ' ' }) {
		return notFound, "it looks for something that no entry can hold"
	}
	found := d.tenant.book().find(search)
	pages := max(1, (len(found)+file.Page-1)/file.Page)
	page, _ := strconv.Atoi(asked.Get("page"))
	page = min(max(page, 1), pages)
	found = found[(page-1)*file.Page:]
	found = found[:min(len(found), file.Page)]

	desk := c.desks.Get().(*desk)
	defer c.desks.Put(desk)
	v := &desk.view
	f.view(v, m, c.addresses, c.clock(f.phone.TimeZone, f.year))
	v.Directory.Search, v.Directory.Page, v.Directory.Pages = search, page, pages
	at := func(page int) string {
		q := url.Values{"page": {strconv.Itoa(page)}}
		if search != "" {
			q.Set("search", search)
		}
		return v.Directory.URL + "?" + q.Encode()
	}
	if page > 1 {
		v.Directory.PriorURL = at(page - 1)
	}
	if page < pages {
		v.Directory.NextURL = at(page + 1)
	}
	v.Directory.Entries = make([]template.Contact, len(found))
	for i, e := range found {
		v.Directory.Entries[i] = e.Contact
		v.Directory.Entries[i].Index = i + 1
	}
	body, err := file.Append(nil, v)
	if err != nil {
		c.log.Error("a directory could not be rendered; the phone is told to come back", "mac", d.mac, "file", file.Pattern, "template", f.phone.Filename, "error", err)
		return unavailable, "its directory could not be rendered"
	}
	return answer(file.Type, body), ""
}
