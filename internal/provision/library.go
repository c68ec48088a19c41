package provision

import (
	"cmp"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
	"github.com/dialplane/dialplane/internal/vendors"
)

// Contents opens what was uploaded by its SHA-256.
type Contents interface {
	Open(sum [32]byte) (io.ReadSeekCloser, error)
}

// Upload is the body of an Answer that is an uploaded file. It goes from where it is
// kept to the phone without a stay in memory, whole or in the ranges that the phone
// asks for. Whoever sends it closes it.
type Upload struct {
	io.ReadSeekCloser
	Modified time.Time
	// Sent takes note of how it was answered: the status and the bytes of the body.
	// It is to be called once.
	Sent func(status int, bytes int64)
}

// library is the uploaded files and firmware policies of a tenant. It is immutable
// but for the shelves, which are filled as phones need them.
type library struct {
	files    []*fleet.File // by name
	policies []*fleet.FirmwarePolicy
	changed  time.Time // the latest that is known
	shelves  sync.Map  // [2]string: vendor and model in lower case → *shelf
}

// shelf is what a library has for one model.
type shelf struct {
	firmware []*fleet.File
	media    []*fleet.File // ring tones and backgrounds, at most maxMedia
	policy   *fleet.FirmwarePolicy
}

// maxMedia bounds the ring tones and backgrounds that a configuration names.
const maxMedia = 64

func newLibrary(files []fleet.File, policies []fleet.FirmwarePolicy, changed time.Time) *library {
	l := &library{changed: changed}
	for i := range files {
		l.files = append(l.files, &files[i])
	}
	for i := range policies {
		l.policies = append(l.policies, &policies[i])
	}
	// Of two with one name the one for fewer models comes first.
	slices.SortFunc(l.files, func(a, b *fleet.File) int {
		general := func(f *fleet.File) int {
			switch {
			case f.Vendor == "":
				return 2
			case len(f.Models) == 0:
				return 1
			}
			return 0
		}
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), cmp.Compare(general(a), general(b)), cmp.Compare(a.ID, b.ID))
	})
	return l
}

// when is the latest change that is known, or zero.
func (l *library) when() time.Time {
	if l == nil {
		return time.Time{}
	}
	return l.changed
}

// shelf returns what there is for a model, or nil.
func (l *library) shelf(vendor, model string) *shelf {
	if l == nil {
		return nil
	}
	key := [2]string{strings.ToLower(vendor), strings.ToLower(model)}
	if v, ok := l.shelves.Load(key); ok {
		return v.(*shelf)
	}
	s := new(shelf)
	for _, f := range l.files {
		switch {
		case !f.Covers(vendor, model):
		case f.Kind == fleet.Firmware:
			s.firmware = append(s.firmware, f)
		case len(s.media) < maxMedia && !slices.ContainsFunc(s.media, func(o *fleet.File) bool { return o.Kind == f.Kind && strings.EqualFold(o.Name, f.Name) }):
			s.media = append(s.media, f)
		}
	}
	for _, p := range l.policies {
		if p.Covers(vendor, model) && (s.policy == nil || len(p.Models) > 0) {
			s.policy = p
		}
	}
	l.shelves.Store(key, s)
	return s
}

// offer returns the firmware that a phone is to install now, or nil. The policy's
// next step is not skipped where its file is not there.
func (s *shelf) offer(running string) *fleet.File {
	if s == nil || s.policy == nil {
		return nil
	}
	next := s.policy.Next(running)
	if next == "" {
		return nil
	}
	// One that names the model comes before one for all of the vendor.
	var offered *fleet.File
	for _, f := range s.firmware {
		if f.Version == next && (offered == nil || len(offered.Models) == 0 && len(f.Models) > 0) {
			offered = f
		}
	}
	return offered
}

// find returns the file at an address below filesPrefix, or nil.
func (s *shelf) find(address string) *fleet.File {
	folder, name, ok := strings.Cut(address, "/")
	if s == nil || !ok {
		return nil
	}
	for _, list := range [][]*fleet.File{s.media, s.firmware} {
		for _, f := range list {
			if strings.EqualFold(f.Name, name) && strings.EqualFold(folderOf(f), folder) {
				return f
			}
		}
	}
	return nil
}

// filesPrefix is where a phone's secret address has the uploaded files.
const filesPrefix = template.FilesFolder + "/"

// folderOf is where a file is below filesPrefix: firmware with all of its version, so
// that phones which put names of their own behind a folder find them there. A version
// has a digit, so it is no kind.
func folderOf(f *fleet.File) string {
	if f.Kind == fleet.Firmware {
		return f.Version
	}
	return string(f.Kind)
}

// uploads fills in what the phone is to install, and the files that it may fetch.
func (f *facts) uploads(v *template.View, m *model) {
	s := f.library.shelf(f.template.Vendor, m.Name)
	if s == nil {
		return
	}
	base := v.Provisioning.URL + filesPrefix
	if o := s.offer(f.firmware); o != nil {
		folder := base + folderOf(o) + "/"
		v.Update = template.Update{
			Set: true, Version: o.Version, URL: folder + o.Name, Folder: folder, Name: o.Name, Bytes: int(o.Bytes), SHA256: hex.EncodeToString(o.SHA256[:]),
		}
	}
	for _, u := range s.media {
		v.Files = append(v.Files, template.Upload{Kind: string(u.Kind), Name: u.Name, URL: base + folderOf(u) + "/" + u.Name})
	}
}

// upload answers a request for an uploaded file at a phone's secret address. What
// asks may be another program of the phone than that which fetches configurations:
// what it says of itself says nothing of the firmware.
func (c *Core) upload(d *device, r Request, token, address string) Answer {
	name := filesPrefix + printable(address)
	var said vendor.Identity
	if s := d.seen.Load(); s != nil {
		said = s.Identity
	}
	note := func(a Answer, reason string) Answer {
		c.note(fleet.Fetch{Severity: severityOf(reason), Reason: reason}, d.tenant, d.mac, said, r, name, L2, a)
		return a
	}
	f, m, ok := c.gather(d, c.year())
	switch {
	case !f.phone.Token.Equal(secret.New(token)):
		return note(notFound, "its secret address has been changed")
	case !ok:
		return note(unavailable, "its extension, template or model is gone")
	}
	file := f.library.shelf(f.template.Vendor, m.Name).find(address)
	if file == nil {
		return note(notFound, "no such file was uploaded for its model")
	}
	name = filesPrefix + folderOf(file) + "/" + file.Name
	content, err := c.contents.Open(file.SHA256)
	if err != nil {
		c.log.Error("an uploaded file cannot be read; the phone is told to come back", "mac", d.mac, "file", file.Name, "error", err)
		return note(unavailable, "the file could not be read")
	}
	a := Answer{Status: 200, Type: mediaType(file), ETag: fmt.Sprintf(`"%x"`, file.SHA256[:16])}
	a.Upload = &Upload{ReadSeekCloser: content, Modified: file.CreatedAt, Sent: func(status int, bytes int64) {
		f := fleet.Fetch{Bytes: bytes}
		noted := Answer{Status: 200} // whole, in part, or as the phone has it
		if status >= 400 {
			noted.Status, f.Reason = status, "it asked for a part that the file does not have"
		}
		c.note(f, d.tenant, d.mac, said, r, name, L2, noted)
	}}
	return a
}

// mediaType tells the types that phones' own programs ask for; they go by the name.
func mediaType(f *fleet.File) string {
	name := strings.ToLower(f.Name)
	for _, t := range []struct{ end, media string }{
		{".wav", "audio/wav"}, {".mp3", "audio/mpeg"}, {".png", "image/png"}, {".jpg", "image/jpeg"}, {".jpeg", "image/jpeg"}, {".bmp", "image/bmp"}, {".gif", "image/gif"},
	} {
		if f.Kind != fleet.Firmware && strings.HasSuffix(name, t.end) {
			return t.media
		}
	}
	return "application/octet-stream"
}
