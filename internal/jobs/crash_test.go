package jobs_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/jobs"
	"github.com/dialplane/dialplane/internal/mac"
)

const childDir = "DIALPLANE_TEST_JOBS_DIR"

// Times of the tests with processes, which live in real time.
const (
	crashPhones  = 400
	crashSpacing = 200 * time.Millisecond
)

// TestChild is the process that TestKilledProcess kills: a worker whose phones are
// said on standard output when they are told something.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("is for the test that starts it")
	}
	db := openAt(t, dir)
	phones := &network{answer: func(_ context.Context, m message) (bool, error) {
		fmt.Printf("told %s %d\n", m.mac, m.at.UnixMilli())
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
		return false, nil
	}}
	jobs.New(crashing(db, phones)).Run(t.Context())
}

func crashing(db jobs.Store, phones jobs.Notifier) jobs.Config {
	return jobs.Config{
		Store: soon{db}, Notifier: phones, Log: slog.New(slog.DiscardHandler),
		Rate: 400, Spacing: crashSpacing, Backoff: 50 * time.Millisecond, Attempts: 50, Timeout: time.Second,
	}
}

// soon ends leases soon, so that the test need not wait for half a minute.
type soon struct{ jobs.Store }

func (s soon) ClaimItems(ctx context.Context, c fleet.Claim) ([]fleet.Errand, error) {
	c.Lease = 500 * time.Millisecond
	return s.Store.ClaimItems(ctx, c)
}

// After kill -9, as often as one likes, every phone of a job is told, and one that is
// known to have been told is not told again.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	db := openAt(t, dir)
	addPhones(t, db, crashPhones)
	w := &world{t: t, db: db}
	job := w.order(fleet.JobReprovision, -1)
	told := map[mac.Addr][]int64{}
	tell := func(m mac.Addr, at int64) {
		if n := len(told[m]); n > 0 && at-told[m][n-1] < crashSpacing.Milliseconds() {
			t.Errorf("the phone %s was told twice within %d ms", m, at-told[m][n-1])
		}
		told[m] = append(told[m], at)
	}
	certain := map[mac.Addr]int{} // how often phones had been told when the answer was there
	note := func() {
		for _, i := range w.items(job) {
			if i.State == fleet.ItemAccepted {
				certain[i.MAC] = len(told[i.MAC])
			}
		}
	}
	kills := 5
	if testing.Short() {
		kills = 2
	}
	for range kills {
		check(t, db.Close())
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		check(t, err)
		check(t, cmd.Start())
		limit := 20 + rand.IntN(60)
		died := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() }) // or nothing is left to tell
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var (
				text string
				at   int64
			)
			if _, err := fmt.Sscanf(lines.Text(), "told %s %d", &text, &at); err != nil {
				continue
			}
			tell(mac.MustParse(text), at)
			if limit--; limit == 0 {
				check(t, cmd.Process.Kill())
			}
		}
		died.Stop()
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child has ended by itself: %v", err)
		}
		db = openAt(t, dir)
		w.db = db
		note()
	}
	defer func() { check(t, db.Close()) }()

	w.net = &network{}
	w.cfg = crashing(db, w.net)
	w.start()
	deadline := time.Now().Add(30 * time.Second)
	for w.job(job).Counts.Accepted < crashPhones {
		if time.Now().After(deadline) {
			t.Fatalf("the job is not done: %+v", w.job(job).Counts)
		}
		time.Sleep(20 * time.Millisecond) // another process's time is real
	}
	w.stop()
	for _, m := range w.net.sent() {
		tell(m.mac, m.at.UnixMilli())
	}
	twice := 0
	for i := range crashPhones {
		n := len(told[phone(i)])
		if n == 0 {
			t.Errorf("phone %d was never told", i)
		}
		if n > 1 {
			twice++
		}
		if was, ok := certain[phone(i)]; ok && n != was {
			t.Errorf("phone %d was told %d times after its answer was noted", i, n-was)
		}
	}
	// In doubt are those that were under way at a kill: a batch and what was sent.
	if most := kills * 80; twice > most {
		t.Errorf("%d phones were told twice; %d could have been under way", twice, most)
	}
	t.Logf("%d of %d phones were told twice after %d kills", twice, crashPhones, kills)
}
