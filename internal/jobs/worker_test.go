package jobs_test

import (
	"context"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// bubble runs a test in which time is what the test makes of it.
func bubble(t *testing.T, phones int, run func(t *testing.T, w *world)) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) { run(t, newWorld(t, phones)) })
}

func TestOneOfManyPhonesOfAnExtension(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world) {
		w.start()
		job := w.order(fleet.JobReprovision, 3)
		after(time.Second)
		if sent := w.net.sent(); len(sent) != 1 || sent[0].mac != phone(3) || sent[0].kind != fleet.JobReprovision {
			t.Fatalf("sent %v", sent)
		}
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		w.fetch(2)
		after(time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		w.fetch(3)
		after(time.Second)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Confirmed: 1})
		w.fetch(3)
		after(time.Hour)
		if n := len(w.net.sent()); n != 1 {
			t.Errorf("sent %d messages", n)
		}
		if !strings.Contains(w.log.String(), "a job has ended") {
			t.Error("the log does not say that the job has ended")
		}
	})
}

func TestPace(t *testing.T) {
	bubble(t, 1000, func(t *testing.T, w *world) {
		w.start()
		began := time.Now()
		job := w.order(fleet.JobReprovision, -1)
		after(20 * time.Second)
		sent := w.net.sent()
		intervals(t, sent, 5*time.Millisecond, 30*time.Second)
		if len(sent) != 1000 {
			t.Fatalf("sent %d messages", len(sent))
		}
		if took := sent[999].at.Sub(began); took > 6*time.Second {
			t.Errorf("1000 phones at 200 a second took %v", took)
		}
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 1000})
	})
}

func TestSlowPace(t *testing.T) {
	bubble(t, 5, func(t *testing.T, w *world) {
		w.cfg.Rate = 0.5
		w.start()
		w.order(fleet.JobReprovision, -1)
		after(9 * time.Second)
		sent := w.net.sent()
		intervals(t, sent, 2*time.Second, 30*time.Second)
		if len(sent) != 5 {
			t.Errorf("sent %d messages in 9 seconds", len(sent))
		}
	})
}

func TestParallelIsABound(t *testing.T) {
	bubble(t, 100, func(t *testing.T, w *world) {
		w.cfg.Parallel, w.cfg.Attempts = 10, 1
		w.net.answer = func(ctx context.Context, _ message) (bool, error) {
			<-ctx.Done() // silence
			return true, ctx.Err()
		}
		w.start()
		job := w.order(fleet.JobReprovision, -1)
		after(9 * time.Second)
		if n := len(w.net.sent()); n != 10 {
			t.Errorf("%d messages at a time", n)
		}
		after(10 * time.Second)
		if n := len(w.net.sent()); n != 20 {
			t.Errorf("%d messages after the first timed out", n)
		}
		after(2 * time.Minute)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Failed: 100})
		if i := w.item(job, 7); i.Outcome != fleet.OutcomeTimedOut || !strings.Contains(i.Reason, "10s") {
			t.Errorf("%+v", i)
		}
	})
}

// A phone that has two things to do is given time between them, whichever job they
// are in.
func TestSpacing(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		w.start()
		first := w.order(fleet.JobReprovision, 0)
		if again := w.order(fleet.JobReprovision, 0); again != first {
			t.Error("the phone waits twice")
		}
		second := w.order(fleet.JobReboot, 0)
		after(25 * time.Second)
		w.counts(first, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		w.counts(second, fleet.JobRunning, fleet.JobCounts{Pending: 1})
		if joined := w.order(fleet.JobReprovision, 0); joined != first {
			t.Error("a phone that has not fetched yet is told again")
		}
		w.fetch(0)
		after(0)
		w.counts(first, fleet.JobDone, fleet.JobCounts{Confirmed: 1})
		third := w.order(fleet.JobReprovision, 0)
		after(10 * time.Second)
		w.counts(second, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		w.counts(third, fleet.JobRunning, fleet.JobCounts{Pending: 1})
		after(30 * time.Second)
		w.fetch(0)
		after(time.Second)
		w.counts(second, fleet.JobDone, fleet.JobCounts{Confirmed: 1})
		w.counts(third, fleet.JobDone, fleet.JobCounts{Confirmed: 1})
		intervals(t, w.net.sent(), 30*time.Second, 30*time.Second)
		if n := len(w.net.sent()); n != 3 {
			t.Errorf("sent %d messages", n)
		}
	})
}

func TestRetries(t *testing.T) {
	bubble(t, 40, func(t *testing.T, w *world) {
		tries := map[mac.Addr]int{}
		w.net.answer = func(_ context.Context, m message) (bool, error) {
			w.net.mu.Lock()
			defer w.net.mu.Unlock()
			if tries[m.mac]++; tries[m.mac] < 3 {
				return true, failure{fleet.OutcomeUnreachable, "nothing listens\x1b at 192.0.2.7\n"}
			}
			return false, nil
		}
		w.start()
		job := w.order(fleet.JobReprovision, -1)
		after(time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Pending: 40})
		i := w.item(job, 0)
		if i.Outcome != fleet.OutcomeUnreachable || i.Reason != "nothing listens  at 192.0.2.7 " || i.Attempts != 1 || i.Due.IsZero() {
			t.Errorf("%+v", i)
		}
		after(4 * time.Minute)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 40})
		if i := w.item(job, 0); i.Attempts != 3 || i.Outcome != "" || i.Reason != "" {
			t.Errorf("accepted after all: %+v", i)
		}
		sent := w.net.sent()
		intervals(t, sent, 5*time.Millisecond, 30*time.Second)
		// Phones that failed together do not come back together.
		spread := sent[79].at.Sub(sent[40].at)
		if len(sent) != 120 || spread < 5*time.Second {
			t.Errorf("%d messages, the second ones within %v", len(sent), spread)
		}
	})
}

func TestFailures(t *testing.T) {
	answers := map[mac.Addr]struct {
		retry   bool
		err     error
		outcome fleet.Outcome
		tries   int
		says    string
	}{
		phone(0): {false, failure{fleet.OutcomeChallenged, "the phone wants a password"}, fleet.OutcomeChallenged, 1, "wants a password"},
		phone(1): {true, failure{fleet.OutcomeUnreachable, "nobody is there"}, fleet.OutcomeUnreachable, 4, "nobody"},
		phone(2): {false, failure{fleet.OutcomeRefused, "the phone answers 489"}, fleet.OutcomeRefused, 1, "489"},
		phone(3): {false, errors.New("token=secret"), fleet.OutcomeBroken, 1, "log"},
		phone(4): {false, failure{"odd", "token=secret"}, fleet.OutcomeBroken, 1, "log"},
		phone(5): {true, context.DeadlineExceeded, fleet.OutcomeTimedOut, 4, "10s"},
		phone(6): {outcome: fleet.OutcomeBroken, tries: 1, says: "log"}, // panics
	}
	bubble(t, len(answers), func(t *testing.T, w *world) {
		w.net.answer = func(_ context.Context, m message) (bool, error) {
			if m.mac == phone(6) {
				panic("boom")
			}
			return answers[m.mac].retry, answers[m.mac].err
		}
		w.start()
		job := w.order(fleet.JobReboot, -1)
		after(30 * time.Minute)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Failed: len(answers)})
		for _, i := range w.items(job) {
			want := answers[i.MAC]
			if i.Outcome != want.outcome || i.Attempts != want.tries || !strings.Contains(i.Reason, want.says) || strings.Contains(i.Reason, "secret") || !i.Due.IsZero() {
				t.Errorf("%+v, want %+v", i, want)
			}
		}
		if !strings.Contains(w.log.String(), "boom") {
			t.Error("the fault is not in the log")
		}
	})
}

func TestUnconfirmed(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		asked := 0
		w.cfg.Seen = func(_ context.Context, id fleet.ID, m mac.Addr, since time.Time) (bool, error) {
			if asked++; asked == 1 {
				return false, errors.New("the disk is asleep")
			}
			if id != tenant || time.Since(since) < 5*time.Minute {
				t.Errorf("asked about tenant %d since %v", id, since)
			}
			return m == phone(1), nil
		}
		w.start()
		job := w.order(fleet.JobReprovision, -1)
		after(4*time.Minute + 59*time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 2})
		after(5 * time.Second)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Unconfirmed: 1, Confirmed: 1})
		if i := w.item(job, 0); i.State != fleet.ItemUnconfirmed || !strings.Contains(i.Reason, "5m") {
			t.Errorf("%+v", i)
		}
		w.fetch(0) // too late
		after(time.Second)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Unconfirmed: 1, Confirmed: 1})
		if len(w.net.sent()) != 2 {
			t.Error("what is unconfirmed was sent again")
		}
	})
}

func TestFetchesThatConfirm(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		silent := make(chan struct{})
		w.net.answer = func(ctx context.Context, m message) (bool, error) {
			switch m.mac {
			case phone(0): // fetches before its answer comes
				<-silent
			case phone(1): // fetches though its answer is lost
				return true, failure{fleet.OutcomeTimedOut, "no answer"}
			}
			return false, nil
		}
		w.start()
		old := time.Now().Add(-time.Second)
		job := w.order(fleet.JobReprovision, -1)
		after(time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Sent: 1, Pending: 1, Accepted: 1})
		w.worker.Fetched(phone(2), old) // was before
		after(time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Sent: 1, Pending: 1, Accepted: 1})
		for i := range 3 {
			w.fetch(i)
		}
		after(time.Second)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Confirmed: 3})
		close(silent)
		after(time.Hour)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Confirmed: 3})
		if n := len(w.net.sent()); n != 3 {
			t.Errorf("%d messages", n)
		}
	})
}

func TestPauseResumeCancel(t *testing.T) {
	bubble(t, 1000, func(t *testing.T, w *world) {
		w.start()
		job := w.order(fleet.JobReprovision, -1)
		after(1002 * time.Millisecond)
		w.steer(job, fleet.JobPaused)
		synctest.Wait()
		paused := len(w.net.sent())
		if paused < 150 || paused > 250 {
			t.Errorf("%d messages in the first second", paused)
		}
		other := w.order(fleet.JobReboot, 999) // is not held up
		after(time.Minute)
		w.counts(job, fleet.JobPaused, fleet.JobCounts{Accepted: paused, Pending: 1000 - paused})
		w.counts(other, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		if n := len(w.net.sent()); n != paused+1 {
			t.Errorf("%d messages while the job was paused", n-paused-1)
		}

		w.steer(job, fleet.JobRunning)
		after(time.Second)
		w.steer(job, fleet.JobCancelled)
		synctest.Wait()
		sent := len(w.net.sent()) - 1
		if sent < paused+150 {
			t.Errorf("%d messages in a second after the pause", sent-paused)
		}
		after(time.Second)
		w.counts(job, fleet.JobCancelled, fleet.JobCounts{Accepted: sent, Cancelled: 1000 - sent})
		after(10 * time.Minute) // what was sent is followed to its end
		w.counts(job, fleet.JobCancelled, fleet.JobCounts{Unconfirmed: sent, Cancelled: 1000 - sent})
		if n := len(w.net.sent()) - 1; n != sent {
			t.Errorf("%d messages after the job was cancelled", n-sent)
		}
		intervals(t, w.net.sent(), 5*time.Millisecond, 30*time.Second)
	})
}

// What was claimed and not sent is held too.
func TestPauseIsAtOnce(t *testing.T) {
	bubble(t, 100, func(t *testing.T, w *world) {
		w.start()
		job := w.order(fleet.JobReprovision, -1)
		synctest.Wait()
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Sent: 19, Accepted: 1, Pending: 80})
		w.steer(job, fleet.JobPaused)
		after(time.Minute)
		w.counts(job, fleet.JobPaused, fleet.JobCounts{Accepted: 1, Pending: 99})
		w.steer(job, fleet.JobRunning)
		after(time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 100})
		for _, i := range w.items(job) {
			if i.Attempts != 1 {
				t.Errorf("%+v", i)
			}
		}
	})
}

func TestCancelWhileUnderWay(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		w.net.answer = func(_ context.Context, m message) (bool, error) {
			time.Sleep(5 * time.Second)
			if m.mac == phone(0) {
				return true, failure{fleet.OutcomeUnreachable, "nobody is there"}
			}
			return false, nil
		}
		w.start()
		job := w.order(fleet.JobReboot, -1)
		after(time.Second)
		w.steer(job, fleet.JobCancelled)
		after(time.Second)
		w.counts(job, fleet.JobCancelled, fleet.JobCounts{Sent: 2})
		after(10 * time.Second)
		w.counts(job, fleet.JobCancelled, fleet.JobCounts{Accepted: 1, Cancelled: 1})
		w.fetch(1)
		after(time.Second)
		w.counts(job, fleet.JobCancelled, fleet.JobCounts{Confirmed: 1, Cancelled: 1})
	})
}

// One phone does not wait behind a job of thousands.
func TestSmallJobsDoNotWaitForLargeOnes(t *testing.T) {
	bubble(t, 5000, func(t *testing.T, w *world) {
		w.start()
		w.order(fleet.JobReprovision, -1)
		after(time.Second)
		for i := range 20 {
			w.order(fleet.JobReboot, 4900+i)
		}
		after(time.Second)
		reboots := 0
		for _, m := range w.net.sent() {
			if m.kind == fleet.JobReboot {
				reboots++
			}
		}
		if reboots != 20 {
			t.Errorf("%d of 20 small jobs were done within a second", reboots)
		}
	})
}

func TestPhonesThatGo(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		ctx := t.Context()
		job := w.order(fleet.JobReprovision, -1)
		check(t, w.db.Write(ctx, func(s fleet.Writer) error { return s.DeletePhone(ctx, tenant, 1001) }))
		w.start()
		after(time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 2, Cancelled: 1})
		if i := w.item(job, 1); !strings.Contains(i.Reason, "no longer assigned") {
			t.Errorf("%+v", i)
		}
		// The whole tenant goes, while messages are under way and phones are waited for.
		w.net.answer = func(context.Context, message) (bool, error) {
			time.Sleep(3 * time.Second)
			return true, failure{fleet.OutcomeUnreachable, "gone"}
		}
		w.order(fleet.JobReboot, -1)
		after(31 * time.Second)
		check(t, w.db.Write(ctx, func(s fleet.Writer) error { return s.DeleteTenant(ctx, tenant) }))
		w.fetch(0)
		after(time.Hour)
		if n := len(w.net.sent()); n != 4 {
			t.Errorf("%d messages", n)
		}
		if strings.Contains(w.log.String(), "level=ERROR") {
			t.Errorf("the log has errors:\n%s", w.log)
		}
	})
}

// The spacing counts from message to message, however long one has waited for its
// turn.
func TestSpacingAtSlowPace(t *testing.T) {
	bubble(t, 2, func(t *testing.T, w *world) {
		w.cfg.Rate = 0.5
		w.order(fleet.JobReprovision, 1)
		w.order(fleet.JobReprovision, 0)
		w.order(fleet.JobReboot, 0)
		w.start()
		after(2 * time.Minute)
		intervals(t, w.net.sent(), 2*time.Second, 30*time.Second)
		if n := len(w.net.sent()); n != 3 {
			t.Errorf("%d messages", n)
		}
	})
}

// A notifier that does not heed its time is waited for: the phone is not told again
// meanwhile.
func TestNotifierThatHangs(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		w.net.answer = func(context.Context, message) (bool, error) {
			time.Sleep(5 * time.Minute)
			return false, nil
		}
		w.start()
		job := w.order(fleet.JobReboot, 0)
		after(4 * time.Minute)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Sent: 1})
		after(2 * time.Minute)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		if n := len(w.net.sent()); n != 1 {
			t.Errorf("%d messages", n)
		}
	})
}

// Fetches of phones that are not, or no longer, waited for are nothing to the store.
func TestFetchesThatConfirmNothing(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		store := &faulty{DB: w.db}
		w.cfg.Store = store
		w.start()
		w.order(fleet.JobReprovision, 0)
		w.order(fleet.JobReprovision, 1)
		after(time.Second)
		w.fetch(0)
		after(time.Second)
		before := store.settled.Load()
		for range 10 {
			w.fetch(0)
			w.fetch(2)
			after(time.Second)
		}
		if n := store.settled.Load() - before; n > 0 {
			t.Errorf("%d transactions", n)
		}
	})
}

// A restart in order neither loses nor doubles.
func TestRestart(t *testing.T) {
	bubble(t, 500, func(t *testing.T, w *world) {
		w.net.answer = func(context.Context, message) (bool, error) {
			time.Sleep(300 * time.Millisecond)
			return false, nil
		}
		w.start()
		job := w.order(fleet.JobReprovision, -1)
		for range 5 {
			after(333 * time.Millisecond)
			w.stop()
			if n := w.job(job).Counts.Sent; n != 0 {
				t.Errorf("%d phones are left without a result", n)
			}
			w.start()
		}
		after(10 * time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 500})
		intervals(t, w.net.sent(), 0, time.Hour) // none twice
		if n := len(w.net.sent()); n != 500 {
			t.Errorf("%d messages for 500 phones", n)
		}
		// A worker that has not sent it knows what is waited for.
		for i := range 500 {
			w.fetch(i)
		}
		after(time.Second)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Confirmed: 500})
	})
}

// A message whose answer takes too long is cut short at the end, and sent again.
func TestStopDoesNotWaitForEver(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		w.cfg.Timeout = time.Minute
		w.net.answer = func(ctx context.Context, _ message) (bool, error) {
			<-ctx.Done()
			return true, ctx.Err()
		}
		w.start()
		job := w.order(fleet.JobReprovision, 0)
		after(time.Second)
		began := time.Now()
		w.stop()
		if took := time.Since(began); took > 6*time.Second {
			t.Errorf("took %v to stop", took)
		}
		if i := w.item(job, 0); i.State != fleet.ItemPending || i.Attempts != 1 || !strings.Contains(i.Reason, "stopped") {
			t.Errorf("%+v", i)
		}
		w.net.answer = nil
		w.start()
		after(2 * time.Minute)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Accepted: 1})
		intervals(t, w.net.sent(), 0, 30*time.Second)
	})
}

// What a worker that died had taken is taken up when the lease has ended.
func TestLeases(t *testing.T) {
	bubble(t, 3, func(t *testing.T, w *world) {
		ctx := t.Context()
		job := w.order(fleet.JobReprovision, -1)
		taken, err := w.db.ClaimItems(ctx, fleet.Claim{At: time.Now(), Lease: 20 * time.Second, Spacing: 30 * time.Second, Limit: 2})
		if err != nil || len(taken) != 2 {
			t.Fatal(taken, err)
		}
		w.cfg.Seen = func(_ context.Context, _ fleet.ID, m mac.Addr, _ time.Time) (bool, error) { return m == phone(0), nil }
		w.start()
		after(19 * time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Sent: 2, Accepted: 1})
		after(2 * time.Second)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Confirmed: 1, Pending: 1, Accepted: 1})
		after(8 * time.Second)
		if n := len(w.net.sent()); n != 1 {
			t.Errorf("%d messages before the spacing was over", n)
		}
		after(time.Minute)
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Confirmed: 1, Accepted: 2})
		if i := w.item(job, 1); i.Attempts != 2 {
			t.Errorf("%+v", i)
		}
	})
}

// A job whose every attempt ends with the program is given up.
func TestLeasesEnd(t *testing.T) {
	bubble(t, 1, func(t *testing.T, w *world) {
		job := w.order(fleet.JobReprovision, -1)
		w.cfg.Attempts = 1
		if _, err := w.db.ClaimItems(t.Context(), fleet.Claim{At: time.Now(), Lease: time.Second, Limit: 2}); err != nil {
			t.Fatal(err)
		}
		w.start()
		after(2 * time.Second)
		w.counts(job, fleet.JobDone, fleet.JobCounts{Failed: 1})
		if i := w.item(job, 0); i.Outcome != fleet.OutcomeTimedOut || !strings.Contains(i.Reason, "interrupted") {
			t.Errorf("%+v", i)
		}
	})
}

func TestStoreThatFails(t *testing.T) {
	bubble(t, 100, func(t *testing.T, w *world) {
		broken := &faulty{DB: w.db}
		w.cfg.Store = broken
		broken.fail(errors.New("the disk is full"))
		job := w.order(fleet.JobReprovision, -1)
		w.start()
		after(10 * time.Second)
		if n := len(w.net.sent()); n != 0 {
			t.Errorf("%d messages that are not written down", n)
		}
		broken.fail(nil)
		after(1200 * time.Millisecond)
		broken.fail(errors.New("the disk is full"))
		for i := range 50 {
			w.fetch(i)
		}
		after(time.Minute)
		sent := len(w.net.sent())
		if sent == 0 || sent == 100 {
			t.Fatalf("%d messages before the store failed", sent)
		}
		broken.fail(nil)
		after(2 * time.Second)
		if c := w.job(job).Counts; c.Sent != 0 || c.Confirmed == 0 {
			t.Errorf("the results were lost: %+v", c)
		}
		after(time.Minute)
		intervals(t, w.net.sent(), 5*time.Millisecond, time.Hour)
		if n := len(w.net.sent()); n != 100 {
			t.Errorf("%d messages for 100 phones", n)
		}
		w.counts(job, fleet.JobRunning, fleet.JobCounts{Confirmed: 50, Accepted: 50})
		if lines := strings.Count(w.log.String(), "level=ERROR"); lines > 100 {
			t.Errorf("%d lines of errors", lines)
		}
	})
}

func TestOldJobsAreDeleted(t *testing.T) {
	bubble(t, 1200, func(t *testing.T, w *world) {
		w.cfg.Keep = 4 * 24 * time.Hour
		w.start()
		old := w.order(fleet.JobReprovision, -1)
		after(20 * time.Minute)
		paused := w.order(fleet.JobReprovision, 1)
		w.steer(paused, fleet.JobPaused)
		after(24 * time.Hour)
		later := w.order(fleet.JobReboot, 0)
		after(3*24*time.Hour - time.Hour)
		w.counts(old, fleet.JobDone, fleet.JobCounts{Unconfirmed: 1200})
		after(2 * time.Hour)
		ctx := t.Context()
		err := w.db.Read(ctx, func(r fleet.Reader) error { _, err := r.Job(ctx, tenant, old); return err })
		if fleet.CodeOf(err) != fleet.CodeNotFound {
			t.Errorf("a job that ended 4 days ago: %v", err)
		}
		if n := len(w.items(later)); n != 1 {
			t.Errorf("a job that ended 3 days ago has %d phones", n)
		}
		if j := w.job(paused); j.State != fleet.JobPaused || j.Counts.Total() != 1 {
			t.Errorf("a job that is paused: %+v", j)
		}
	})
}
