package rps_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/secret"
)

// in runs a test in a bubble of synctest, where hours pass at once.
func in(t *testing.T, run func(t *testing.T)) {
	t.Parallel()
	synctest.Test(t, run)
}

func batches(n int) func(*redirect.Service) { return func(s *redirect.Service) { s.Batch = n } }

func TestRegisters(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		w := newWorld(t, f, f.service("acme", batches(10)))
		defer w.close()
		w.start()
		list := macs(25)
		w.want(0, list...)
		time.Sleep(5 * time.Second)
		w.agrees()
		if calls := f.made("acme", "register"); len(calls) != 3 || calls[0].devices[0].Model != "m" {
			t.Errorf("%d calls", len(calls))
		}
		w.forget(list[:5]...)
		time.Sleep(5 * time.Second)
		w.agrees()
		if strings.Contains(w.log.String(), "planted-token") {
			t.Error("the log has the address of a phone")
		}
	})
}

func TestKeepsThePace(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		f.slow(200 * time.Millisecond)
		w := newWorld(t, f, f.service("acme"))
		defer w.close()
		w.start()
		began := time.Now()
		w.want(0, macs(500)...)
		for w.counts()[fleet.RedirectRegistered] < 500 && time.Since(began) < time.Minute {
			time.Sleep(100 * time.Millisecond)
		}
		if took := time.Since(began); took < 9900*time.Millisecond || took > 25*time.Second {
			t.Errorf("500 at 50 in a second took %s", took)
		}
		calls := f.made("acme", "register")
		for i := 50; i < len(calls); i++ {
			if gap := calls[i].at.Sub(calls[i-50].at); gap < 990*time.Millisecond {
				t.Fatalf("51 calls within %s", gap)
			}
		}
		if pace := w.worker.Pace(accountID(0)); pace < 20 || pace > 50 {
			t.Errorf("the pace is said to be %f", pace)
		}
		if n := f.parallel(); n > 32 {
			t.Errorf("%d calls at a time", n)
		}
	})
}

// What is said of a job's end is what comes to pass.
func TestEstimates(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		f.slow(100 * time.Millisecond)
		w := newWorld(t, f, f.service("acme"))
		defer w.close()
		use := fleet.New(fleet.Config{Store: w.db, Redirects: w.worker, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
		caller := fleet.Caller{Tenant: tenant, Role: fleet.Viewer}
		w.want(0, macs(3000)...)
		id := w.rows()[0].Job
		job := func() fleet.Job {
			t.Helper()
			j, err := use.Job(t.Context(), caller, id)
			check(t, err)
			return j
		}
		if left := job().Left; left == nil || *left != time.Minute {
			t.Errorf("before it begins: %v", left)
		}
		began := time.Now()
		said := make(map[time.Time]time.Duration)
		w.start()
		for job().State == fleet.JobRunning && time.Since(began) < 10*time.Minute {
			time.Sleep(5 * time.Second)
			if j := job(); j.State == fleet.JobRunning {
				if j.Left == nil {
					t.Fatal("nothing is said of its end")
				}
				said[time.Now()] = *j.Left
			}
		}
		end := time.Now()
		for at, left := range said {
			if truth := end.Sub(at); truth > 10*time.Second && (left < truth*7/10 || left > truth*14/10) {
				t.Errorf("%s before its end it is said to take %s", truth, left)
			}
		}
		if len(said) < 10 {
			t.Errorf("it took %s", end.Sub(began))
		}
	})
}

// Answers about a device, and what becomes of it.
func TestVerdicts(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		w := newWorld(t, f, f.service("acme", batches(10), func(s *redirect.Service) {
			s.CheckURL = func(url string) string {
				if strings.Contains(url, "planted-token-6") {
					return "is too long"
				}
				return ""
			}
		}))
		defer w.close()
		list := macs(6)
		f.put(list[1], "https://elsewhere.example/", "another")
		first := true
		f.fail(func(c call) []error {
			errs := make([]error, len(c.devices))
			for i, d := range c.devices {
				switch d.MAC {
				case list[2]:
					errs[i] = redirect.Errorf(redirect.Refused, "the address is not one of ours")
				case list[3]:
					if first {
						errs[i] = redirect.Errorf(redirect.Busy, "try again")
					}
				case list[4]:
					errs[i] = errors.New("planted-in-an-error")
					if !first {
						errs[i] = nil
					}
				}
			}
			first = false
			return errs
		})
		w.want(0, list...)
		w.start()
		time.Sleep(time.Minute)
		want := map[mac.Addr]fleet.Redirection{
			list[0]: {Status: fleet.RedirectRegistered},
			list[1]: {Status: fleet.RedirectForeign, Reason: "it is registered by somebody else"},
			list[2]: {Status: fleet.RedirectRefused, Reason: "the address is not one of ours"},
			list[3]: {Status: fleet.RedirectRegistered},
			list[4]: {Status: fleet.RedirectRegistered},
			list[5]: {Status: fleet.RedirectRefused, Reason: "the address of the phones is too long"},
		}
		for _, r := range w.rows() {
			if got := want[r.MAC]; r.Status != got.Status || r.Reason != got.Reason {
				t.Errorf("%s is %s (%s), want %s (%s)", r.MAC, r.Status, r.Reason, got.Status, got.Reason)
			}
		}
		if strings.Contains(w.log.String(), "planted-in-an-error") {
			t.Error("a stranger's error is in the log")
		}
		w.forget(list[1], list[2])
		time.Sleep(time.Minute)
		if url, _ := f.at(list[1]); !url.Equal(secret.New("https://elsewhere.example/")) {
			t.Error("somebody else's device was touched")
		}
	})
}

// After 429, the account is left alone for what the service asks for, or its least rest.
func TestRests(t *testing.T) {
	for _, test := range []struct {
		name  string
		after time.Duration
		rest  time.Duration
	}{{"without a time", 0, 30 * time.Second}, {"with one", 90 * time.Second, 90 * time.Second}, {"with less than the least", time.Second, 30 * time.Second}} {
		t.Run(test.name, func(t *testing.T) {
			in(t, func(t *testing.T) {
				f := newFake()
				w := newWorld(t, f, f.service("acme"), f.service("bolt"))
				defer w.close()
				f.fail(func(c call) []error {
					if c.key == "acme" && len(f.made("acme", "")) <= 3 {
						return redirect.All(c.devices, &redirect.Error{Kind: redirect.TooMany, Reason: "too often", After: test.after})
					}
					return nil
				})
				w.want(0, macs(20)...)
				w.want(1, address48(1000))
				w.start()
				time.Sleep(time.Second)
				if a := w.account(0); a.HeldReason != "too often" || time.Until(a.HeldUntil) < test.rest-2*time.Second {
					t.Errorf("held until %s from now: %s", time.Until(a.HeldUntil), a.HeldReason)
				}
				if n := len(f.made("bolt", "")); n != 1 {
					t.Errorf("the other account was called %d times", n)
				}
				time.Sleep(time.Hour)
				w.agrees()
				calls := f.made("acme", "")
				last := -1
				for i := 1; i < len(calls); i++ {
					if gap := calls[i].at.Sub(calls[i-1].at); gap >= test.rest {
						last = i
					} else if i < 4 && gap > time.Second {
						t.Errorf("call %d came after %s", i, gap)
					}
				}
				if last < 0 {
					t.Error("the account was not left alone")
				}
				if a := w.account(0); a.HeldReason != "" || a.Failures != 0 {
					t.Errorf("still held: %+v", a.RedirectHealth)
				}
			})
		})
	}
}

// A revoked credential holds the account until somebody does something about it.
func TestDenied(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		w := newWorld(t, f, f.service("acme", batches(5)))
		defer w.close()
		f.fail(always(redirect.Errorf(redirect.Denied, "the key was revoked")))
		w.want(0, macs(20)...)
		w.start()
		time.Sleep(24 * time.Hour)
		if n := len(f.made("acme", "")); n > 4 {
			t.Errorf("%d calls", n)
		}
		if a := w.account(0); a.HeldReason != "the key was revoked" || !a.HeldUntil.IsZero() {
			t.Errorf("%+v", a.RedirectHealth)
		}
		for _, r := range w.rows() {
			if r.Status != fleet.RedirectPending || r.Due.IsZero() {
				t.Errorf("%+v", r)
			}
		}
		if err := w.worker.Verify(t.Context(), w.account(0)); err == nil || err.Error() != "the key was revoked" {
			t.Errorf("verified: %v", err)
		}
		f.fail(nil)
		check(t, w.worker.Verify(t.Context(), w.account(0)))
		w.write(func(s fleet.Writer) error {
			return s.SetRedirectHealth(t.Context(), accountID(0), fleet.RedirectHealth{})
		})
		w.worker.Wake()
		time.Sleep(10 * time.Second)
		w.agrees()
	})
}

// A service that is down for a day: nothing is lost, it is asked seldom, and other
// accounts do not notice.
func TestOutage(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		w := newWorld(t, f, f.service("acme"), f.service("bolt"))
		defer w.close()
		down := time.Now().Add(24 * time.Hour)
		f.fail(func(c call) []error {
			if c.key == "acme" && c.at.Before(down) {
				return redirect.All(c.devices, redirect.Errorf(redirect.Unreachable, "nobody answers"))
			}
			return nil
		})
		w.start()
		w.want(0, macs(100)...)
		for i := range 24 {
			m := address48(1000 + i)
			w.want(1, m)
			time.Sleep(3 * time.Second)
			if _, there := f.at(m); !there {
				t.Errorf("in hour %d the other account waits", i)
			}
			time.Sleep(time.Hour - 3*time.Second)
		}
		if n := len(f.made("acme", "")); n > 500 {
			t.Errorf("a service that is down was called %d times in a day", n)
		}
		time.Sleep(15 * time.Minute)
		w.agrees()
		if a := w.account(0); a.HeldReason != "" {
			t.Errorf("still held: %+v", a.RedirectHealth)
		}
	})
}

// Ten minutes in which one of five services is down delay the phones of that one, and
// not for longer than until it is asked again.
func TestOutageOfOneOfFive(t *testing.T) {
	in(t, func(t *testing.T) {
		const each = 100
		rates := map[string]float64{"acme": 50, "bolt": 5, "cell": 5, "dial": 5, "echo": 2}
		names := slices.Sorted(maps.Keys(rates))
		f := newFake()
		var services []redirect.Service
		for _, name := range names {
			services = append(services, f.service(name, func(s *redirect.Service) { s.Rate = rates[name] }))
		}
		w := newWorld(t, f, services...)
		defer w.close()
		began := time.Now()
		f.fail(func(c call) []error {
			if c.key == "bolt" && c.at.Sub(began) < 10*time.Minute {
				return redirect.All(c.devices, redirect.Errorf(redirect.Busy, "the status 500"))
			}
			return nil
		})
		w.start()
		of := func(i int) (list []mac.Addr) {
			for n := range each {
				list = append(list, address48(1000*i+n))
			}
			return list
		}
		registered := func(i int) (n int) {
			for _, m := range of(i) {
				if _, there := f.at(m); there {
					n++
				}
			}
			return n
		}
		for i := range names {
			w.want(i, of(i)...)
		}
		time.Sleep(each/2*time.Second + 10*time.Second) // what the slowest takes, and the start
		for i, name := range names {
			want := each
			if name == "bolt" {
				want = 0
			}
			if got := registered(i); got != want {
				t.Errorf("%s has %d of %d after a minute", name, got, want)
			}
		}
		if a := w.account(1); a.HeldReason == "" {
			t.Error("the service that is down is not held")
		}
		// Ten minutes, then at most as long as it is left alone, then its pace.
		time.Sleep(10*time.Minute - time.Since(began) + 10*time.Minute + 2*each/5*time.Second)
		if got := registered(1); got != each {
			t.Errorf("bolt has %d of %d afterwards", got, each)
		}
		w.agrees()
	})
}

// A slow account delays no other.
func TestSlow(t *testing.T) {
	in(t, func(t *testing.T) {
		slow, f := newFake(), newFake()
		slow.slow(20 * time.Second)
		w := newWorld(t, f, slow.service("acme"), f.service("bolt"))
		defer w.close()
		w.start()
		w.want(0, macs(300)...)
		w.want(1, address48(1000))
		time.Sleep(2 * time.Second)
		if n := len(f.made("bolt", "register")); n != 1 {
			t.Errorf("the other account was called %d times", n)
		}
	})
}

// What is wanted anew while a call is under way is told after it, and not beside it.
func TestChangedMeanwhile(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		f.slow(5 * time.Second)
		w := newWorld(t, f, f.service("acme"))
		defer w.close()
		w.start()
		m := address48(1)
		w.want(0, m)
		time.Sleep(time.Second)
		w.forget(m)
		time.Sleep(time.Second)
		w.want(0, m)
		time.Sleep(time.Second)
		w.forget(m)
		if f.parallel() > 1 {
			t.Error("two calls for one device at a time")
		}
		time.Sleep(time.Minute)
		w.agrees()
		if calls := f.made("acme", ""); len(calls) != 2 || calls[1].verb != "remove" {
			t.Errorf("%d calls", len(calls))
		}
	})
}

// An ordinary stop waits for what is under way, and gives back the rest.
func TestStops(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		f.slow(3 * time.Second)
		w := newWorld(t, f, f.service("acme"))
		defer w.close()
		w.want(0, macs(100)...)
		w.start()
		time.Sleep(500 * time.Millisecond)
		w.end()
		told := f.made("acme", "register")
		if n := w.counts(); n[fleet.RedirectRegistered] != len(told) || n[fleet.RedirectPending] != 100-len(told) || len(told) == 0 {
			t.Errorf("%d were told, and %v", len(told), n)
		}
		for _, r := range w.rows() {
			if r.Status == fleet.RedirectPending && r.Attempts != 0 {
				t.Errorf("an attempt is counted that was none: %+v", r)
			}
		}
		f.slow(0)
		w.start()
		time.Sleep(10 * time.Second) // no lease to wait for
		w.agrees()
		if n := len(f.made("acme", "register")); n != 100 {
			t.Errorf("%d registrations of 100", n)
		}
	})
}

func TestJobsAreRespected(t *testing.T) {
	in(t, func(t *testing.T) {
		f := newFake()
		w := newWorld(t, f, f.service("acme"))
		defer w.close()
		w.want(0, macs(10)...)
		job := w.rows()[0].Job
		set := func(state fleet.JobState) {
			w.write(func(s fleet.Writer) error { return s.SetJobState(t.Context(), tenant, job, state, time.Now()) })
			w.worker.Wake()
		}
		set(fleet.JobPaused)
		w.start()
		time.Sleep(time.Hour)
		if n := len(f.made("acme", "")); n != 0 {
			t.Errorf("%d calls of a paused job", n)
		}
		set(fleet.JobRunning)
		time.Sleep(110 * time.Millisecond)
		set(fleet.JobCancelled)
		time.Sleep(time.Hour)
		n := w.counts()
		if n[fleet.RedirectRegistered]+n[fleet.RedirectPending] != 10 || f.size() != n[fleet.RedirectRegistered] {
			t.Errorf("after cancelling: %v, and the service has %d", n, f.size())
		}
	})
}

func TestCompare(t *testing.T) {
	for _, lists := range []bool{true, false} {
		t.Run(map[bool]string{true: "by list", false: "by look-up"}[lists], func(t *testing.T) {
			in(t, func(t *testing.T) {
				f := newFake()
				w := newWorld(t, f, f.service("acme", func(s *redirect.Service) { s.Lists = lists }))
				defer w.close()
				w.start()
				list := macs(5)
				refused := address48(6)
				f.fail(func(c call) []error {
					if c.verb == "register" && c.devices[0].MAC == refused {
						return []error{redirect.Errorf(redirect.Refused, "no")}
					}
					return nil
				})
				w.want(0, append(list, refused)...)
				time.Sleep(5 * time.Second)
				stranger := address48(99)
				f.put(list[1], "", "")
				f.put(list[2], "https://old.example/", "acme")
				f.put(list[3], "https://elsewhere.example/", "another")
				f.put(stranger, "https://x.example/", "acme")
				var told []fleet.RedirectErrand
				check(t, w.db.Read(t.Context(), func(r fleet.Reader) (err error) {
					told, err = r.RedirectionsTold(t.Context(), accountID(0))
					return err
				}))
				d, err := w.worker.Compare(t.Context(), w.account(0), told)
				check(t, err)
				missing, taken, foreign := []mac.Addr{list[1]}, []mac.Addr{list[3]}, []mac.Addr(nil)
				if lists { // what is somebody else's is not in the list
					missing, taken, foreign = []mac.Addr{list[1], list[3]}, nil, []mac.Addr{stranger}
				}
				if d.Matched != 2 || !slices.Equal(d.Missing, missing) || !slices.Equal(d.Stale, list[2:3]) || !slices.Equal(d.Taken, taken) || !slices.Equal(d.Foreign, foreign) || !slices.Equal(d.Refused, []mac.Addr{refused}) || d.Unchecked != 0 {
					t.Errorf("%+v", d)
				}
				errs := w.worker.Forget(t.Context(), w.account(0), []mac.Addr{stranger})
				if _, there := f.at(stranger); len(errs) != 1 || errs[0] != nil || there {
					t.Errorf("forgotten: %v", errs)
				}
				f.fail(always(redirect.Errorf(redirect.Denied, "no")))
				if _, err := w.worker.Compare(t.Context(), w.account(0), told); err == nil || err.Error() != "no" {
					t.Errorf("refused: %v", err)
				}
				if errs := w.worker.Forget(t.Context(), w.account(0), []mac.Addr{stranger}); errs[0] == nil || errs[0].Error() != "no" {
					t.Errorf("refused: %v", errs)
				}
			})
		})
	}
}

// plan is what happens to a service and to what is wanted of it.
type plan struct {
	batch  int
	delay  time.Duration
	faults []redirect.Kind
	steps  []step
}

type step struct {
	what   string
	device mac.Addr
	from   int
	wait   time.Duration
}

func plans(r *rapid.T) plan {
	kinds := []redirect.Kind{"", "", "", redirect.Unreachable, redirect.Busy, redirect.TooMany, redirect.BadAnswer}
	return plan{
		batch:  rapid.IntRange(1, 4).Draw(r, "batch"),
		delay:  time.Duration(rapid.IntRange(0, 3000).Draw(r, "delay")) * time.Millisecond,
		faults: rapid.SliceOfN(rapid.SampledFrom(kinds), 1, 50).Draw(r, "faults"),
		steps: rapid.SliceOfN(rapid.Custom(func(r *rapid.T) step {
			return step{
				what:   rapid.SampledFrom([]string{"want", "want", "other", "forget", "again", "rotate", "move", "wait", "restart"}).Draw(r, "what"),
				device: address48(rapid.IntRange(1, 6).Draw(r, "device")),
				from:   rapid.IntRange(0, 1).Draw(r, "from"),
				wait:   time.Duration(rapid.IntRange(1, 60000).Draw(r, "wait")) * time.Millisecond,
			}
		}), 1, 25).Draw(r, "steps"),
	}
}

// noted collects errors.
type noted struct {
	testing.TB
	errors []string
}

func (n *noted) Errorf(format string, args ...any) {
	n.errors = append(n.errors, fmt.Sprintf(format, args...))
}

// Whatever is wanted in whatever order, and however the service fails meanwhile, in the
// end it has what is wanted.
func TestModel(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(r *rapid.T) {
		p := plans(r)
		var failed []string
		synctest.Test(t, func(t *testing.T) {
			n := &noted{TB: t}
			p.run(n)
			failed = n.errors
		})
		if len(failed) > 0 {
			r.Fatal(strings.Join(failed, "\n"))
		}
	})
}

func (p plan) run(t testing.TB) {
	f := newFake()
	w := newWorld(t, f, f.service("acme", batches(p.batch)), f.service("bolt"))
	defer w.close()
	n := 0
	f.slow(p.delay)
	var mu sync.Mutex
	f.fail(func(c call) []error {
		mu.Lock()
		defer mu.Unlock()
		errs := make([]error, len(c.devices))
		for i := range errs {
			if k := p.faults[n%len(p.faults)]; k != "" {
				errs[i] = redirect.Errorf(k, "fault")
			}
			n++
		}
		return errs
	})
	w.start()
	ctx := context.Background()
	for _, s := range p.steps {
		switch s.what {
		case "want":
			w.want(0, s.device)
		case "other":
			w.want(1, s.device)
		case "forget":
			w.forget(s.device)
		case "again":
			w.write(func(s fleet.Writer) error { return s.RedirectAgain(ctx, tenant, 0, time.Now(), "somebody") })
		case "rotate":
			w.tokens++
			w.write(func(x fleet.Writer) error {
				err := x.RotatePointer(ctx, tenant, s.device, secret.New(fmt.Sprintf("planted-token-%d", w.tokens)), time.Now().Add(1000*time.Hour), time.Now(), "somebody")
				if fleet.CodeOf(err) == fleet.CodeNotFound {
					return nil
				}
				return err
			})
		case "move":
			w.write(func(x fleet.Writer) error {
				return x.MoveRedirections(ctx, tenant, accountID(s.from), accountID(1-s.from), time.Now(), "somebody")
			})
		case "wait":
			time.Sleep(s.wait)
		case "restart":
			w.end()
			w.start()
		}
		w.worker.Wake()
	}
	f.fail(nil)
	time.Sleep(2 * time.Hour)
	w.agrees()
}
