package admin

import (
	"bytes"
	"context"
	"errors"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// emptyStore has a tenant and no events.
type emptyStore struct{ fleet.Store }

func (emptyStore) Read(_ context.Context, f func(fleet.Reader) error) error { return f(emptyReader{}) }

type emptyReader struct{ fleet.Reader }

func (emptyReader) Tenant(context.Context, fleet.ID) (fleet.Tenant, error) {
	return fleet.Tenant{}, nil
}

func (emptyReader) EventsAfter(context.Context, fleet.ID, fleet.ID, int) ([]fleet.Event, error) {
	return nil, nil
}

// client takes what it is sent, or nothing from some moment on: then a write lasts
// until its deadline.
type client struct {
	mu       sync.Mutex
	header   http.Header
	text     bytes.Buffer
	stuck    bool
	deadline time.Time
}

func (c *client) Header() http.Header             { return c.header }
func (c *client) WriteHeader(int)                 {}
func (c *client) Flush()                          {}
func (c *client) SetReadDeadline(time.Time) error { return nil }

func (c *client) SetWriteDeadline(t time.Time) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.deadline = t
	return nil
}

func (c *client) Write(b []byte) (int, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.stuck {
		time.Sleep(time.Until(c.deadline))
		return 0, os.ErrDeadlineExceeded
	}
	return c.text.Write(b)
}

func (c *client) stick() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stuck = true
}

// take returns what has been sent since the last time.
func (c *client) take() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	defer c.text.Reset()
	return c.text.String()
}

// streaming is a stream to a client in a bubble of synctest.
type streaming struct {
	*client
	feed  *fleet.Feed
	ended chan struct{}
	leave context.CancelFunc

	mu    sync.Mutex
	still error
}

func begin(t *testing.T) *streaming {
	t.Helper()
	s := &streaming{client: &client{header: http.Header{}}, feed: fleet.NewFeed(41), ended: make(chan struct{})}
	f := fleet.New(fleet.Config{Store: emptyStore{}, Feed: s.feed, Now: time.Now, Log: slog.New(slog.DiscardHandler)})
	watch, err := f.Watch(t.Context(), fleet.Caller{Tenant: 1, Role: fleet.Viewer}, 0)
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	s.leave = cancel
	r := httptest.NewRequestWithContext(ctx, http.MethodGet, "/api/events", nil)
	go func() {
		defer close(s.ended)
		defer watch.Close()
		(&server{Options: Options{Fleet: f, Log: slog.New(slog.DiscardHandler)}}).stream(watch, r, s.client, func() error {
			s.mu.Lock()
			defer s.mu.Unlock()
			return s.still
		})
	}()
	synctest.Wait()
	if got, want := s.take(), "retry: 3000\nid: "+fleet.ID(41).String()+"\n\n"; got != want || s.header.Get("Content-Type") != "text/event-stream" {
		t.Errorf("it begins with %q, %v", got, s.header)
	}
	return s
}

func (s *streaming) publish(id fleet.ID) {
	s.feed.Publish([]fleet.Event{{ID: id, Tenant: 1, MAC: mac.MustParse("001565000001"), Kind: fleet.EventRejected, Severity: fleet.Info, Text: "two\nlines"}})
	synctest.Wait()
}

func TestStreamShowsSignsOfLife(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		time.Sleep(heartbeat - time.Millisecond)
		synctest.Wait()
		if got := s.take(); got != "" {
			t.Errorf("sent too early: %q", got)
		}
		time.Sleep(time.Millisecond)
		synctest.Wait()
		if got := s.take(); got != ":\n\n" {
			t.Errorf("the sign of life is %q", got)
		}
		s.publish(42)
		got := s.take()
		if !strings.HasPrefix(got, "id: "+fleet.ID(42).String()+"\ndata: {") || strings.Count(got, "\n") != 3 || !strings.HasSuffix(got, "}\n\n") {
			t.Errorf("an event is %q", got)
		}
		s.leave()
		<-s.ended
	})
}

// A credential that ends takes its streams with it, busy ones too.
func TestStreamEndsWithItsCredential(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		s.mu.Lock()
		s.still = errors.New("revoked")
		s.mu.Unlock()
		began := time.Now()
		for id := fleet.ID(42); ; id++ {
			s.publish(id)
			select {
			case <-s.ended:
				if took := time.Since(began); took > heartbeat+time.Second {
					t.Errorf("it took %s", took)
				}
				return
			case <-time.After(time.Second):
			}
			if time.Since(began) > time.Hour {
				t.Fatal("it goes on")
			}
		}
	})
}

// A client that takes nothing is cut, whatever happens meanwhile.
func TestStreamCutsASlowClient(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		s.stick()
		began := time.Now()
		for id := fleet.ID(42); id < 1000; id++ { // fewer than the feed keeps: this store has none
			s.feed.Publish([]fleet.Event{{ID: id, Tenant: 1, Kind: fleet.EventRejected}})
		}
		<-s.ended
		if took := time.Since(began); took != streamWrite {
			t.Errorf("it was cut after %s", took)
		}
	})
}

func TestStreamEndsWithTheServer(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		s := begin(t)
		began := time.Now()
		s.feed.Close()
		<-s.ended
		if took := time.Since(began); took != 0 {
			t.Errorf("it took %s", took)
		}
	})
}
