package store_test

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

const childDir = "DIALPLANE_TEST_CHILD_DIR"

// child starts this test binary as a process that runs TestChild on dir.
func child(t *testing.T, dir string, from int) (*exec.Cmd, io.ReadCloser) {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
	cmd.Env = append(os.Environ(), childDir+"="+dir, "DIALPLANE_TEST_CHILD_FROM="+strconv.Itoa(from))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	return cmd, out
}

func pairOf(n int) [2]fleet.User {
	var pair [2]fleet.User
	for i := range pair {
		id := fleet.ID(10 + 2*n + i)
		pair[i] = fleet.User{ID: id, Tenant: 1, ExtensionNumber: fmt.Sprint(10_000 + id), Password: secret.New(fmt.Sprintf("password %d", id))}
	}
	return pair
}

// TestChild is the other process of the tests below: it writes pair after pair of
// users and says so on standard output as soon as each is acknowledged.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("is for the tests that start it")
	}
	n, err := strconv.Atoi(os.Getenv("DIALPLANE_TEST_CHILD_FROM"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(t.Context(), dir, discard())
	if err != nil {
		t.Fatal(err)
	}
	db.Announce(func(events []fleet.Event) {
		for _, e := range events {
			_, _ = fmt.Printf("told %d\n", e.ID)
		}
	})
	for ; ; n++ {
		err := db.Write(t.Context(), func(w fleet.Writer) error {
			if err := w.AddEvent(t.Context(), fleet.Event{Tenant: 1, Kind: fleet.EventChanged, Severity: fleet.Info}); err != nil {
				return err
			}
			for _, u := range pairOf(n) {
				if err := w.InsertUser(t.Context(), u); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := fmt.Printf("wrote %d\n", n); err != nil {
			return
		}
	}
}

// What was acknowledged is there after kill -9, and nothing is there by half. Events
// that somebody was told of are there too, under the same IDs and in that order.
func TestKilledProcessKeepsWhatItAcknowledged(t *testing.T) {
	t.Parallel()
	cycles := 20
	if testing.Short() {
		cycles = 3
	}
	dir := closed(t, someone(t.Context()))
	next := 0
	var told []fleet.ID
	for cycle := range cycles {
		cmd, out := child(t, dir, next)
		acked := -1
		kill := next + rand.IntN(40)
		lines := bufio.NewScanner(out)
		for lines.Scan() {
			if text, ok := strings.CutPrefix(lines.Text(), "told "); ok {
				id, err := strconv.ParseInt(text, 10, 64)
				if err != nil {
					t.Fatal(err)
				}
				told = append(told, fleet.ID(id))
			}
			text, ok := strings.CutPrefix(lines.Text(), "wrote ")
			if !ok {
				continue
			}
			n, err := strconv.Atoi(text)
			if err != nil {
				t.Fatal(err)
			}
			if acked = n; n == kill {
				if err := cmd.Process.Kill(); err != nil {
					t.Fatal(err)
				}
			} // and go on with what it had said before it died
		}
		_ = cmd.Wait() // killed
		if acked < kill {
			t.Fatalf("cycle %d: the child ended by itself after %d", cycle, acked)
		}

		db, err := store.Open(t.Context(), dir, discard())
		if err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		found := 0
		err = db.Read(t.Context(), func(r fleet.Reader) error {
			kept, err := r.EventsAfter(t.Context(), 1, 0, 1_000_000)
			if err != nil {
				return err
			}
			after := fleet.ID(0)
			for _, id := range told {
				there := slices.ContainsFunc(kept, func(e fleet.Event) bool { return e.ID == id })
				if !there || id <= after {
					return fmt.Errorf("the event %d, told after %d, is kept: %v", id, after, there)
				}
				after = id
			}
			for n := 0; ; n++ {
				for i, want := range pairOf(n) {
					u, err := r.User(t.Context(), 1, want.ID)
					if fleet.CodeOf(err) == fleet.CodeNotFound && n > acked && i == 0 {
						found = n
						return nil
					}
					if err != nil || u.Password.Reveal() != want.Password.Reveal() {
						return fmt.Errorf("user %d of pair %d, acknowledged up to %d: %w", i, n, acked, err)
					}
				}
			}
		})
		if err := errors.Join(err, db.Close()); err != nil {
			t.Fatalf("cycle %d: %v", cycle, err)
		}
		next = found
	}
	t.Logf("%d pairs were written in %d lives", next, cycles)
}

func TestAnotherProcessHasTheDirectory(t *testing.T) {
	t.Parallel()
	dir := closed(t, someone(t.Context()))
	cmd, out := child(t, dir, 0)
	lines := bufio.NewScanner(out)
	for lines.Scan() && !strings.HasPrefix(lines.Text(), "wrote") {
	}
	go func() { _, _ = io.Copy(io.Discard, out) }()
	refused(t, dir, dir, "in use by another dialplane", fmt.Sprintf("process %d", cmd.Process.Pid))
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	_ = cmd.Wait()
	open(t, dir) // the lock has died with it
}
