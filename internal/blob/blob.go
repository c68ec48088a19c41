// Package blob keeps the contents of uploaded files on the disk, each once, under
// the SHA-256 of what is in it. No name that a person or a phone gives is ever part
// of a path, and nothing is reached that is not in the directory.
package blob

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"strings"
)

// Dir is a directory of contents. Its methods may be called at the same time, but for
// Remove of a content that is just being kept: whoever decides that a content is not
// used has to keep others from beginning to use it.
type Dir struct{ root *os.Root }

// receiving begins the names of contents that are not complete.
const receiving = "receiving-"

// Open opens the directory, making it if there is none, and removes what an earlier
// process has received in part.
func Open(path string) (*Dir, error) {
	if err := os.MkdirAll(path, 0o700); err != nil {
		return nil, unusable(path, err)
	}
	root, err := os.OpenRoot(path)
	if err != nil {
		return nil, unusable(path, err)
	}
	d := &Dir{root}
	names, err := d.names()
	for _, name := range names {
		if strings.HasPrefix(name, receiving) {
			err = errors.Join(err, root.Remove(name))
		}
	}
	if err != nil {
		return nil, errors.Join(unusable(path, err), root.Close())
	}
	return d, nil
}

func unusable(path string, err error) error {
	return fmt.Errorf("the directory of uploaded files %s cannot be used: %w; make it one that the user running dialplane can write to", path, err)
}

// Close closes the directory. Contents that are open stay readable.
func (d *Dir) Close() error { return d.root.Close() }

// Receive reads r to its end and calls then with the SHA-256 and the length in bytes
// of what came. keep makes that a content, durably; without it nothing is left. An
// error of r is wrapped, and then is not called.
func (d *Dir) Receive(r io.Reader, then func(sum [sha256.Size]byte, size int64, keep func() error) error) (err error) {
	name := receiving + rand.Text()
	f, err := d.root.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	kept := false
	defer func() {
		err = errors.Join(err, f.Close())
		if !kept {
			err = errors.Join(err, d.root.Remove(name))
		}
	}()
	hash := sha256.New()
	size, err := io.Copy(io.MultiWriter(f, hash), r)
	if err != nil {
		return fmt.Errorf("blob: receive: %w", err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	sum := [sha256.Size]byte(hash.Sum(nil))
	return then(sum, size, func() error {
		if kept {
			return nil
		}
		if err := d.root.Rename(name, nameOf(sum)); err != nil {
			return fmt.Errorf("blob: %w", err)
		}
		kept = true
		return d.sync()
	})
}

// sync makes durable which contents there are.
func (d *Dir) sync() error {
	dir, err := d.root.Open(".")
	if err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	if err := errors.Join(dir.Sync(), dir.Close()); err != nil {
		return fmt.Errorf("blob: %w", err)
	}
	return nil
}

// Open opens a content: an *os.File. The error wraps fs.ErrNotExist if there is none.
func (d *Dir) Open(sum [sha256.Size]byte) (io.ReadSeekCloser, error) {
	f, err := d.root.Open(nameOf(sum))
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	info, err := f.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("is no regular file")
	}
	if err != nil {
		return nil, errors.Join(fmt.Errorf("blob: %x: %w", sum, err), f.Close())
	}
	return f, nil
}

// Remove removes a content. Who has it open can read on. That there is none is no
// error.
func (d *Dir) Remove(sum [sha256.Size]byte) error {
	if err := d.root.Remove(nameOf(sum)); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("blob: %w", err)
	}
	return nil
}

// Sums lists the contents, in no order.
func (d *Dir) Sums() ([][sha256.Size]byte, error) {
	names, err := d.names()
	if err != nil {
		return nil, err
	}
	var sums [][sha256.Size]byte
	for _, name := range names {
		if b, err := hex.DecodeString(name); err == nil && len(b) == sha256.Size {
			sums = append(sums, [sha256.Size]byte(b))
		}
	}
	return sums, nil
}

func (d *Dir) names() ([]string, error) {
	dir, err := d.root.Open(".")
	if err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	names, err := dir.Readdirnames(-1)
	if err := errors.Join(err, dir.Close()); err != nil {
		return nil, fmt.Errorf("blob: %w", err)
	}
	return names, nil
}

func nameOf(sum [sha256.Size]byte) string { return hex.EncodeToString(sum[:]) }
