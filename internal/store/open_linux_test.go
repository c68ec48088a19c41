package store_test

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
	"testing"

	"github.com/dialplane/dialplane/internal/store"
)

func TestDirectoryOfAnotherUser(t *testing.T) {
	t.Parallel()
	parent := t.TempDir()
	dir := filepath.Join(parent, "data")
	if err := os.Mkdir(dir, 0o500); err != nil {
		t.Fatal(err)
	}
	done := make(chan error)
	go func() {
		// Root may write anywhere, so this thread does not stay root; it ends
		// with the goroutine.
		runtime.LockOSThread()
		if os.Geteuid() == 0 {
			if err := syscall.Setfsuid(65534); err != nil {
				done <- err
				return
			}
		}
		for _, dir := range []string{dir, filepath.Join(dir, "below")} {
			_, err := store.Open(t.Context(), dir, discard())
			if err == nil || !strings.Contains(err.Error(), dir) || !strings.Contains(err.Error(), "permission denied") || !strings.Contains(err.Error(), "can write to") {
				t.Errorf("%s: %v", dir, err)
			}
		}
		done <- nil
	}()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
}
