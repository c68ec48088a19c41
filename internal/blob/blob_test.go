package blob_test

import (
	"crypto/sha256"
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/dialplane/dialplane/internal/blob"
)

func open(t *testing.T, path string) *blob.Dir {
	t.Helper()
	d, err := blob.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := d.Close(); err != nil {
			t.Error(err)
		}
	})
	return d
}

// put keeps a content.
func put(t *testing.T, d *blob.Dir, text string) (sum [32]byte) {
	t.Helper()
	err := d.Receive(strings.NewReader(text), func(s [32]byte, n int64, keep func() error) error {
		if sum = s; n != int64(len(text)) || s != sha256.Sum256([]byte(text)) {
			t.Errorf("%d bytes of %x", n, s)
		}
		return errors.Join(keep(), keep())
	})
	if err != nil {
		t.Fatal(err)
	}
	return sum
}

func files(t *testing.T, path string) (names []string) {
	t.Helper()
	list, err := os.ReadDir(path)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range list {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, d *blob.Dir, sum [32]byte) string {
	t.Helper()
	f, err := d.Open(sum)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(f)
	if err := errors.Join(err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestContents(t *testing.T) {
	t.Parallel()
	path := filepath.Join(t.TempDir(), "files")
	d := open(t, path)
	one, two := put(t, d, "one"), put(t, d, "two")
	put(t, d, "one")
	if got := files(t, path); len(got) != 2 {
		t.Errorf("there are %q", got)
	}
	if read(t, d, one) != "one" || read(t, d, two) != "two" {
		t.Error("a content is another's")
	}
	if sums, err := d.Sums(); err != nil || len(sums) != 2 {
		t.Errorf("%x, %v", sums, err)
	}
	info, err := os.Stat(filepath.Join(path, files(t, path)[0]))
	if err != nil || info.Mode().Perm() != 0o600 {
		t.Errorf("%v, %v", info.Mode(), err)
	}
	if err := errors.Join(d.Remove(one), d.Remove(one)); err != nil {
		t.Error(err)
	}
	if _, err := d.Open(one); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a removed content: %v", err)
	}
}

// TestNothingIsLeft of what did not come whole, or was not wanted.
func TestNothingIsLeft(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := open(t, path)
	cut := errors.New("cut")
	err := d.Receive(io.MultiReader(strings.NewReader("half"), iotest.ErrReader(cut)), func([32]byte, int64, func() error) error {
		t.Error("half of it was taken for the whole")
		return nil
	})
	if !errors.Is(err, cut) {
		t.Errorf("a cut upload: %v", err)
	}
	for _, refused := range []error{nil, errors.New("no")} {
		if err := d.Receive(strings.NewReader("x"), func([32]byte, int64, func() error) error { return refused }); !errors.Is(err, refused) {
			t.Errorf("%v, want %v", err, refused)
		}
	}
	if got := files(t, path); len(got) > 0 {
		t.Errorf("left: %q", got)
	}
	if err := os.WriteFile(filepath.Join(path, "receiving-X"), []byte("of a process that was killed"), 0o600); err != nil {
		t.Fatal(err)
	}
	open(t, path)
	if got := files(t, path); len(got) > 0 {
		t.Errorf("left from before: %q", got)
	}
}

// TestPlantedLinks are not followed.
func TestPlantedLinks(t *testing.T) {
	t.Parallel()
	path, outside := t.TempDir(), filepath.Join(t.TempDir(), "secret")
	if err := os.WriteFile(outside, []byte("x"), 0o600); err != nil {
		t.Fatal(err)
	}
	d := open(t, path)
	sum := put(t, d, "mine")
	name := filepath.Join(path, files(t, path)[0])
	for _, target := range []string{outside, "../" + filepath.Base(filepath.Dir(outside)) + "/secret", "."} {
		if err := os.Remove(name); err != nil {
			t.Fatal(err)
		}
		if err := os.Symlink(target, name); err != nil {
			t.Fatal(err)
		}
		if f, err := d.Open(sum); err == nil {
			t.Errorf("a link to %s was followed", target)
			_ = f.Close()
		}
	}
}

// TestSameContentAtOnce is received by many and read meanwhile.
func TestSameContentAtOnce(t *testing.T) {
	t.Parallel()
	path := t.TempDir()
	d := open(t, path)
	text := strings.Repeat("x", 1<<20)
	sum := put(t, d, text)
	var all sync.WaitGroup
	for range 8 {
		all.Go(func() { put(t, d, text) })
		all.Go(func() {
			if read(t, d, sum) != text {
				t.Error("it was not whole")
			}
		})
	}
	all.Wait()
	if got := files(t, path); len(got) != 1 {
		t.Errorf("there are %q", got)
	}
}
