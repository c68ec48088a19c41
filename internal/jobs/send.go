package jobs

import (
	"context"
	"errors"
	"fmt"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"time"
	"unicode"

	"github.com/dialplane/dialplane/internal/fleet"
)

// send does one errand after another until there are no more to come. No errand is
// begun once ctx has ended; sending is the context of those that are under way.
func (w *Worker) send(ctx, sending context.Context) {
	for e := range w.queue {
		s := w.do(ctx, sending, e)
		w.mu.Lock()
		w.results = append(w.results, s)
		w.mu.Unlock()
		w.nudge()
	}
}

func (w *Worker) do(ctx, sending context.Context, e errand) fleet.Settlement {
	s := fleet.Settlement{Errand: e.Errand, From: fleet.ItemSent}
	mayGo := w.pace.wait(ctx) && w.stillRuns(ctx, e)
	w.queued.Add(-1)
	began := w.cfg.Now()
	if !mayGo {
		s.To, s.Due, s.Unsent = fleet.ItemPending, began, true
		return s
	}
	retry, err := w.notify(sending, e)
	at := w.cfg.Now()
	if err == nil {
		s.To, s.Due = fleet.ItemAccepted, at.Add(w.cfg.ConfirmWithin)
		return s
	}
	outcome, reason := w.explain(sending, e, err)
	if retry {
		w.again(&s, at, began, outcome, reason)
	} else {
		s.To, s.Outcome, s.Reason = fleet.ItemFailed, outcome, reason
	}
	return s
}

// stillRuns says whether the errand's job is neither paused nor over. It asks the
// store only if a job has changed since the errand was claimed.
func (w *Worker) stillRuns(ctx context.Context, e errand) bool {
	if w.revision.Load() == e.revision {
		return true
	}
	runs, err := w.cfg.Store.JobRuns(ctx, e.Job)
	if err != nil && ctx.Err() == nil {
		w.cfg.Log.ErrorContext(ctx, "a job could not be read; its phone is told later", "job", e.Job, "error", err)
	}
	return err == nil && runs
}

// notify sends one message. A fault of the notifier costs this message alone.
func (w *Worker) notify(ctx context.Context, e errand) (retry bool, err error) {
	defer func() {
		if fault := recover(); fault != nil {
			w.cfg.Log.ErrorContext(ctx, "a message to a phone could not be made", "mac", e.MAC, "fault", fault, "stack", string(debug.Stack()))
			retry, err = false, fmt.Errorf("jobs: %v", fault)
		}
	}()
	ctx, cancel := context.WithTimeout(ctx, w.cfg.Timeout)
	defer cancel()
	return w.cfg.Notifier.Notify(ctx, e.Tenant, e.MAC, e.Kind)
}

// explain says what an error of the notifier means.
func (w *Worker) explain(sending context.Context, e errand, err error) (fleet.Outcome, string) {
	var known interface {
		error
		Outcome() string
	}
	switch {
	case errors.As(err, &known) && slices.Contains(fleet.Outcomes, fleet.Outcome(known.Outcome())):
		return fleet.Outcome(known.Outcome()), plain(known.Error())
	case sending.Err() != nil && errors.Is(err, context.Canceled):
		return fleet.OutcomeTimedOut, "dialplane was stopped before the phone had answered"
	case errors.Is(err, context.DeadlineExceeded):
		return fleet.OutcomeTimedOut, "the phone did not answer within " + w.cfg.Timeout.String()
	}
	w.cfg.Log.ErrorContext(sending, "a phone could not be told what to do", "mac", e.MAC, "kind", e.Kind, "error", err)
	return fleet.OutcomeBroken, "the message could not be sent; the log says why"
}

// plain keeps what phones may have written into an answer to one line of text.
func plain(s string) string {
	return strings.Map(func(r rune) rune {
		if !unicode.IsPrint(r) {
			return ' '
		}
		return r
	}, strings.ToValidUTF8(s, "\uFFFD"))
}

// pacer lets callers pass one by one, at even distances.
type pacer struct {
	every time.Duration

	mu   sync.Mutex
	next time.Time
}

// wait returns when it is the caller's turn, or false if the context ends before.
func (p *pacer) wait(ctx context.Context) bool {
	p.mu.Lock()
	now := time.Now()
	turn := p.next
	if turn.Before(now) {
		turn = now
	}
	p.next = turn.Add(p.every)
	p.mu.Unlock()
	return ctx.Err() == nil && sleep(ctx, turn.Sub(now))
}
