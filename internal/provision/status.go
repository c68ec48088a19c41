package provision

import (
	"slices"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/template"
)

// served is what a phone has fetched at its secret address: the hash of each file
// by its key. It is immutable.
type served struct {
	files  []servedFile
	failed string    // why the last request got no file for a fault of ours, or ""
	since  time.Time // when that began
}

type servedFile struct {
	key  string
	etag string
	at   time.Time // when the phone first fetched these bytes
}

func (s *served) find(key string) (servedFile, bool) {
	if s == nil {
		return servedFile{}, false
	}
	i := slices.IndexFunc(s.files, func(f servedFile) bool { return f.key == key })
	if i < 0 {
		return servedFile{}, false
	}
	return s.files[i], true
}

// note takes in how the phone has been answered. That it fetched what it has
// changes nothing.
func (d *device) note(key string, a Answer, reason string, now time.Time) {
	for {
		old := d.served.Load()
		had, known := old.find(key)
		fine := old == nil || old.failed == ""
		if a.Status == 200 && fine && known && had.etag == a.ETag || a.Status >= 500 && !fine || a.Status != 200 && a.Status < 500 {
			return
		}
		next := new(served)
		if old != nil {
			*next = *old
		}
		if a.Status == 200 {
			next.failed = ""
			if !known || had.etag != a.ETag {
				others := slices.DeleteFunc(slices.Clone(next.files), func(f servedFile) bool { return f.key == key })
				next.files = append(others, servedFile{key, a.ETag, now})
			}
		} else {
			next.failed, next.since = reason, now
		}
		if d.served.CompareAndSwap(old, next) {
			return
		}
	}
}

// Status says in one word how it is with a phone, since when and why. The work is
// done when somebody asks: a change of a template or a tenant costs nothing for
// the phones that it concerns until then.
func (c *Core) Status(m mac.Addr) fleet.Status {
	d, ok := c.snap.byAddress(m)
	if !ok {
		return fleet.Status{Word: fleet.Discovered, Why: "it was seen and belongs to no extension"}
	}
	s := c.status(d)
	if said := d.seen.Load(); said != nil {
		s.Firmware = said.Version
	}
	return s
}

func (c *Core) status(d *device) fleet.Status {
	phone := d.data.Load()
	s := d.served.Load()
	switch {
	case phone.Disabled():
		return fleet.Status{Word: fleet.Disabled, Since: phone.DisabledAt, Why: "an admin disabled it; it is answered like a phone that nobody knows"}
	case d.rejected.Load():
		return fleet.Status{Word: fleet.Rejected, Why: "an admin rejected it"}
	case s != nil && s.failed != "":
		return fleet.Status{Word: fleet.Failing, Since: s.since, Why: s.failed}
	case s == nil || len(s.files) == 0:
		if d.enrolled() {
			return fleet.Status{Word: fleet.Enrolling, Why: "it was given its own address and has not fetched from there"}
		}
		return fleet.Status{Word: fleet.Waiting, Since: phone.CreatedAt, Why: "it is assigned and has not asked for its configuration"}
	}
	f, model, ok := c.gather(d, c.year())
	if !ok {
		return fleet.Status{Word: fleet.Failing, Why: "its extension, template or model is gone"}
	}
	var since time.Time
	for key, file := range model.byName[template.Full] {
		had, ok := s.find(key)
		if !ok {
			continue
		}
		etag, err := c.etag(d, &f, model, key, file)
		if err != nil {
			return fleet.Status{Word: fleet.Failing, Why: "its file could not be rendered"}
		}
		if etag != had.etag {
			return outOfDate(&f, had.at)
		}
		if had.at.After(since) {
			since = had.at
		}
	}
	return fleet.Status{Word: fleet.UpToDate, Since: since, Why: "it has fetched what it would get now"}
}

// enrolled says whether the phone was given its secret address in a window that
// is still known.
func (d *device) enrolled() bool {
	for _, at := range []mac.Addr{d.mac, {}} {
		for _, w := range d.tenant.windowsFor(at) {
			if w.usedBy(d.mac) {
				return true
			}
		}
	}
	return false
}

// etag is the hash of what the phone would get now.
func (c *Core) etag(d *device, f *facts, m *model, key string, file *template.File) (string, error) {
	if r := d.files.Load(); r != nil && r.facts.same(f) {
		if a, ok := r.find(key); ok {
			return a.ETag, nil
		}
	}
	body, err := c.render(f, m, file)
	if err != nil {
		return "", err
	}
	return answer(file.Type, body).ETag, nil
}

// outOfDate names what changed last since the phone fetched.
func outOfDate(f *facts, fetched time.Time) fleet.Status {
	s := fleet.Status{Word: fleet.OutOfDate, Since: fetched, Why: "what it would get now differs from what it fetched"}
	latest := func(what string, at time.Time) {
		if at.After(s.Since) {
			s.Since, s.Why = at, what+" changed after it fetched"
		}
	}
	latest("the phone's settings", f.phone.UpdatedAt)
	if f.user != nil {
		latest("its extension", f.user.UpdatedAt)
	}
	for _, l := range f.lines {
		if l.user != nil {
			latest("its extension "+l.user.ExtensionNumber, l.user.UpdatedAt)
		}
	}
	if f.system != nil {
		latest("its DECT system", f.system.UpdatedAt)
	}
	latest("the tenant", f.tenant.UpdatedAt)
	latest("an uploaded file or firmware policy", f.library.when())
	return s
}
