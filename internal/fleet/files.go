package fleet

import (
	"context"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/listquery"
)

// Contents keeps what was uploaded, each content once, by its SHA-256.
type Contents interface {
	// Receive reads r to its end and calls then with the SHA-256 and the length in
	// bytes of what came. keep makes that a content, durably; without it nothing is
	// left. An error of r is wrapped, and then is not called.
	Receive(r io.Reader, then func(sum [32]byte, size int64, keep func() error) error) error
	Open(sum [32]byte) (io.ReadSeekCloser, error)
	// Remove removes a content, if it is there.
	Remove(sum [32]byte) error
	Sums() ([][32]byte, error)
}

// FileLimits bounds what is uploaded. Zero fields take the defaults.
type FileLimits struct {
	File   int64 // bytes of one file; 512 MiB
	Tenant int64 // bytes of all files of a tenant; 4 GiB
}

const (
	defaultFileBytes   = 512 << 20
	defaultTenantBytes = 4 << 30
	// maxMediaBytes bounds a ring tone or background: phones take far less.
	maxMediaBytes = 16 << 20
	// maxFiles is how many files a tenant has at most.
	maxFiles = 1000
	// maxUploads is how many uploads there are at the same time.
	maxUploads = 4
	// maxFileModels is how many models a file or policy names.
	maxFileModels = 100
)

// FileInput is what is said of an upload. Its faults point at /name, /kind, /vendor,
// /models, /version and, for the content, at nothing.
type FileInput struct {
	Name    string
	Kind    string
	Vendor  string   // required for firmware; "" for every vendor
	Models  []string // empty for all of the vendor
	Version string   // of firmware, required there
}

var (
	fileName    = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$`)
	versionName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9._-]{0,63}$`)
)

func fileNamed(s string) string {
	if !fileName.MatchString(s) {
		return "must be letters, digits, dots, hyphens and underscores, at most 128, the first a letter or digit"
	}
	return ""
}

func versionNamed(s string) string {
	if !versionName.MatchString(s) || !strings.ContainsAny(s, decimal) {
		return "must be letters, digits, dots, hyphens and underscores, at most 64, the first a letter or digit, and have a digit: as the phones name it"
	}
	return ""
}

// Files lists what was uploaded.
func (f *Fleet) Files(ctx context.Context, c Caller, q listquery.Query) (list []File, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Files(ctx, c.Tenant, q)
		return err
	})
	return list, count, err
}

// File returns what is known of an uploaded file.
func (f *Fleet) File(ctx context.Context, c Caller, id ID) (file File, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return File{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		file, err = r.File(ctx, c.Tenant, id)
		return err
	})
	return file, err
}

// FileContent opens an uploaded file. The caller must close it.
func (f *Fleet) FileContent(ctx context.Context, c Caller, id ID) (File, io.ReadSeekCloser, error) {
	file, err := f.File(ctx, c, id)
	if err != nil {
		return File{}, nil, err
	}
	if f.contents == nil {
		return File{}, nil, errNoContents
	}
	content, err := f.contents.Open(file.SHA256)
	if err != nil {
		return File{}, nil, fmt.Errorf("the content of %s: %w", file.object(), err)
	}
	return file, content, nil
}

var errNoContents = errorf(CodeUnavailable, "this server keeps no files")

// CreateFile takes in a file from body, of which size bytes are announced, or -1. It
// is durable when CreateFile returns; a body that ends in an error leaves nothing.
func (f *Fleet) CreateFile(ctx context.Context, c Caller, in FileInput, size int64, body io.Reader) (ID, error) {
	if err := c.mayHere(Admin); err != nil {
		return 0, err
	}
	if f.contents == nil {
		return 0, errNoContents
	}
	select {
	case f.uploads <- struct{}{}:
		defer func() { <-f.uploads }()
	default:
		return 0, errorf(CodeTooMany, "%d files are being uploaded already; try again when one is done", maxUploads)
	}
	models, err := f.catalog.Models(ctx, c.Tenant)
	if err != nil {
		return 0, err
	}
	file := File{ID: f.store.NewID(), Tenant: c.Tenant}
	if err := in.read(models, &file); err != nil {
		return 0, err
	}
	// What can be refused is refused before the body is read, and again when it has
	// come.
	var room int64
	err = f.store.Read(ctx, func(r Reader) error {
		room, err = f.fits(ctx, r, &file, max(size, 0))
		return err
	})
	if err != nil {
		return 0, err
	}
	kept := false
	err = f.contents.Receive(&bounded{body, room, f.tooLarge(&file)}, func(sum [32]byte, n int64, keep func() error) error {
		if n == 0 {
			return &Error{Code: CodeInvalid, Message: "the file is empty; nothing was changed"}
		}
		file.SHA256, file.Bytes, file.CreatedAt = sum, n, f.now()
		return f.change(ctx, c, "file.create", func(w Writer) (string, error) {
			if _, err := f.fits(ctx, w, &file, n); err != nil {
				return "", err
			}
			if err := w.InsertFile(ctx, file); err != nil {
				return "", err
			}
			kept = true
			return file.object(), keep()
		})
	})
	if err != nil {
		if kept {
			f.release(ctx, file.SHA256)
		}
		return 0, err
	}
	return file.ID, f.tell(ctx, f.filesChanged(c.Tenant))
}

// fits returns how large a file may be, or why there is no place for one of size bytes.
func (f *Fleet) fits(ctx context.Context, r Reader, file *File, size int64) (room int64, err error) {
	others, _, err := r.Files(ctx, file.Tenant, listquery.Query{})
	if err != nil {
		return 0, err
	}
	if len(others) >= maxFiles {
		return 0, errorf(CodeConflict, "there are %d files, which is the most; destroy some first", len(others))
	}
	room = f.limits.Tenant
	for i := range others {
		o := &others[i]
		room -= o.Bytes
		if o.Kind == file.Kind && o.Version == file.Version && strings.EqualFold(o.Vendor, file.Vendor) && strings.EqualFold(o.Name, file.Name) {
			var v form
			v.conflict("/name", "there is a %s with this name already, of that vendor and version (upper and lower case count as the same); destroy it first, or choose another name", o.Kind)
			return 0, v.err()
		}
	}
	room = min(room, f.mostOf(file.Kind))
	if size > room || room <= 0 {
		return 0, f.tooLarge(file)
	}
	return room, nil
}

func (f *Fleet) mostOf(k FileKind) int64 {
	if k != Firmware {
		return min(f.limits.File, maxMediaBytes)
	}
	return f.limits.File
}

func (f *Fleet) tooLarge(file *File) error {
	return errorf(CodeTooLarge, "the file is too large: a %s has at most %d bytes, and all files of the tenant together at most %d; destroy some that are not needed", file.Kind, f.mostOf(file.Kind), f.limits.Tenant)
}

// bounded reads at most so many bytes and then fails.
type bounded struct {
	r    io.Reader
	left int64
	full error
}

func (b *bounded) Read(p []byte) (int, error) {
	if int64(len(p)) > b.left+1 {
		p = p[:b.left+1]
	}
	n, err := b.r.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, b.full
	}
	return n, err
}

// DeleteFile removes an uploaded file. One that a firmware policy names is a
// CodeConflict.
func (f *Fleet) DeleteFile(ctx context.Context, c Caller, id ID) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	var file File
	err := f.change(ctx, c, "file.delete", func(w Writer) (_ string, err error) {
		if file, err = w.File(ctx, c.Tenant, id); err != nil {
			return "", err
		}
		policies, _, err := w.FirmwarePolicies(ctx, c.Tenant, listquery.Query{})
		if err != nil {
			return "", err
		}
		for _, p := range policies {
			if file.Kind == Firmware && strings.EqualFold(p.Vendor, file.Vendor) && slices.Contains(p.Steps, file.Version) {
				return "", errorf(CodeConflict, "the %s leads to version %s; change or destroy the policy first", p.object(), file.Version)
			}
		}
		return file.object(), w.DeleteFile(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	err = f.tell(ctx, f.filesChanged(c.Tenant))
	f.release(ctx, file.SHA256)
	return err
}

// release removes contents that no file has any more. It is alone among writers, so
// that no file comes to have one meanwhile. What it fails to remove goes at the next
// start.
func (f *Fleet) release(ctx context.Context, sums ...[32]byte) {
	if f.contents == nil || len(sums) == 0 {
		return
	}
	ctx = context.WithoutCancel(ctx)
	err := f.store.Write(ctx, func(w Writer) error {
		for _, sum := range sums {
			used, err := w.ContentUsed(ctx, sum)
			if err != nil {
				return err
			}
			if used {
				continue
			}
			if err := f.contents.Remove(sum); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		f.log.WarnContext(ctx, "the content of a file that is no more could not be removed; the next start tries again", "error", err)
	}
}

// SweepContents removes the contents that no file has. It is called at the start.
func (f *Fleet) SweepContents(ctx context.Context) error {
	if f.contents == nil {
		return nil
	}
	sums, err := f.contents.Sums()
	if err == nil {
		f.release(ctx, sums...)
	}
	return err
}

func (f *Fleet) filesChanged(tenant ID) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.FilesChanged(ctx, tenant) }
}

func (f *File) object() string {
	if f.Kind == Firmware {
		return fmt.Sprintf("firmware %s of %s", f.Name, f.Version)
	}
	return string(f.Kind) + " " + f.Name
}

// Covers says whether the file is for a vendor's model.
func (f *File) Covers(vendor, model string) bool {
	return (f.Vendor == "" || strings.EqualFold(f.Vendor, vendor)) && covers(f.Models, model)
}

// covers says whether a list of models, which is empty for all, has one.
func covers(models []string, model string) bool {
	return len(models) == 0 || slices.ContainsFunc(models, func(m string) bool { return strings.EqualFold(m, model) })
}

// read puts the input into file, or says what is wrong with it.
func (in FileInput) read(known []ModelRow, file *File) error {
	v := form{creating: true}
	need(&v, "/name", &in.Name, &file.Name, fileNamed)
	kind := FileKind(in.Kind)
	need(&v, "/kind", &kind, &file.Kind, oneOf(FileKinds))
	v.phones(known, in.Vendor, in.Models, &file.Vendor, &file.Models, file.Kind == Firmware)
	switch {
	case file.Kind == Firmware:
		need(&v, "/version", &in.Version, &file.Version, versionNamed)
	case in.Version != "":
		v.add("/version", "is of firmware alone; leave it out")
	}
	return v.err()
}

// phones reads a vendor and models of it, as the templates spell them.
func (v *form) phones(known []ModelRow, vendor string, models []string, toVendor *string, toModels *[]string, need bool) {
	if vendor == "" {
		switch {
		case need:
			v.add("/vendor", "is required")
		case len(models) > 0:
			v.add("/vendor", "is required where models are named")
		}
		return
	}
	at := slices.IndexFunc(known, func(m ModelRow) bool { return strings.EqualFold(m.Vendor, vendor) })
	if at < 0 {
		v.add("/vendor", "is none that a template is for")
		return
	}
	*toVendor = known[at].Vendor
	if len(models) > maxFileModels {
		v.add("/models", "has %d entries; at most %d are allowed", len(models), maxFileModels)
		return
	}
	var named []string
	for i, name := range models {
		at := slices.IndexFunc(known, func(m ModelRow) bool {
			return strings.EqualFold(m.Vendor, vendor) && strings.EqualFold(m.Model, name)
		})
		switch {
		case at < 0:
			v.add(fmt.Sprintf("/models/%d", i), "is no model of that vendor that a template is for")
		case slices.Contains(named, known[at].Model):
			v.add(fmt.Sprintf("/models/%d", i), "is named twice")
		default:
			named = append(named, known[at].Model)
		}
	}
	*toModels = named
}
