package notify

import (
	"bufio"
	"context"
	"errors"
	"net"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialplane/dialplane/internal/secret"
)

// These tests run on a clock of their own: connections are pipes, which block at
// once when the other end does not read.

const timeout = 5 * time.Second

// piped returns an AMI that is logged in at once. script gets the other end of each
// connection and how many were before.
func piped(t *testing.T, script func(n int, theirs net.Conn)) *AMI {
	t.Helper()
	a, err := NewAMI(AMIConfig{Address: "pbx.example.org:5038", User: "u", Secret: secret.New("s"), Timeout: timeout})
	if err != nil {
		t.Fatal(err)
	}
	n := 0
	var scripts sync.WaitGroup
	a.line.open = func(context.Context) (*link, *amiPeer, error) {
		ours, theirs := net.Pipe()
		number := n
		n++
		scripts.Go(func() {
			defer theirs.Close()
			script(number, theirs)
		})
		conn := &link{Conn: ours}
		return conn, &amiPeer{conn: conn, lines: bufio.NewReaderSize(conn, maxLine), waiting: make(map[string]chan amiAnswer)}, nil
	}
	t.Cleanup(func() {
		_ = a.Close()
		scripts.Wait()
	})
	return a
}

var phone = Target{Extension: "100", Domain: "pbx.example.org"}

// TestDeafPeer: however many wait for their turn to write, nobody waits longer than
// an attempt may take.
func TestDeafPeer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		stop := make(chan struct{})
		a := piped(t, func(int, net.Conn) { <-stop })
		t.Cleanup(func() { close(stop) })
		began := time.Now()
		var all sync.WaitGroup
		for range 1000 {
			all.Go(func() {
				if retry, err := a.Notify(t.Context(), phone, "check-sync"); err == nil || !retry {
					t.Errorf("retry %v: %v", retry, err)
				}
			})
		}
		all.Wait()
		if took := time.Since(began); took > timeout {
			t.Errorf("it took %s", took)
		}
	})
}

// TestGivenUp: a connection on which nothing comes is given up for what is sent
// next, but what is under way on it still gets its answer.
func TestGivenUp(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		visits := 0
		a := piped(t, func(n int, theirs net.Conn) {
			visits++
			lines := bufio.NewReader(theirs)
			for i := 0; ; i++ {
				id := ""
				for {
					line, err := lines.ReadString('\n')
					if err != nil {
						return
					}
					if line == "\r\n" {
						break
					}
					if v, ok := strings.CutPrefix(line, "ActionID: "); ok {
						id = v
					}
				}
				switch {
				case n == 0 && i == 0:
					continue // no answer
				case n == 0:
					time.Sleep(timeout * 3 / 4)
				}
				if _, err := theirs.Write([]byte("Response: Success\r\nActionID: " + id + "\r\n")); err != nil {
					return
				}
			}
		})
		var all sync.WaitGroup
		all.Go(func() {
			if _, err := a.Notify(t.Context(), phone, "check-sync"); OutcomeOf(err) != TimedOut {
				t.Errorf("the first: %v", err)
			}
			if _, err := a.Notify(t.Context(), phone, "check-sync"); err != nil {
				t.Errorf("the third: %v", err)
			}
		})
		time.Sleep(timeout / 2)
		all.Go(func() {
			if _, err := a.Notify(t.Context(), phone, "check-sync"); err != nil {
				t.Errorf("the second: %v", err)
			}
		})
		all.Wait()
		if visits != 2 {
			t.Errorf("%d connections", visits)
		}
		time.Sleep(2 * timeout)
		a.line.mu.Lock()
		defer a.line.mu.Unlock()
		if n := len(a.line.sessions); n != 1 {
			t.Errorf("%d connections are left", n)
		}
	})
}

// TestPauses: the longer a PBX cannot be had, the longer are the pauses, up to a
// limit; once it is back they are short again.
func TestPauses(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		a := piped(t, func(_ int, theirs net.Conn) { time.Sleep(2 * steady) })
		opened := a.line.open
		var tries []time.Time
		a.line.open = func(context.Context) (*link, *amiPeer, error) {
			tries = append(tries, time.Now())
			return nil, nil, broken(errors.New("connection refused"))
		}
		push := func(until time.Duration) {
			for end := time.Now().Add(until); time.Now().Before(end); time.Sleep(50 * time.Millisecond) {
				if retry, err := a.Notify(t.Context(), phone, "check-sync"); OutcomeOf(err) != Unreachable || !retry {
					t.Fatalf("retry %v: %v", retry, err)
				}
			}
		}
		push(5 * time.Minute)
		for i := 1; i < len(tries); i++ {
			pause, most := tries[i].Sub(tries[i-1]), min(lastPause, firstPause<<(i-1))
			if pause < most/2 || pause > most+50*time.Millisecond {
				t.Errorf("pause %d was %s, not from %s to %s", i, pause, most/2, most)
			}
		}
		if len(tries) < 15 || len(tries) > 30 {
			t.Errorf("%d tries in 5 minutes", len(tries))
		}
		a.line.open = opened
		time.Sleep(lastPause)
		if _, err := a.Notify(t.Context(), phone, "check-sync"); OutcomeOf(err) != Unreachable {
			t.Errorf("a lost connection: %v", err)
		}
		synctest.Wait()
		a.line.mu.Lock()
		defer a.line.mu.Unlock()
		if a.line.failures != 0 {
			t.Errorf("%d failures are remembered", a.line.failures)
		}
	})
}
