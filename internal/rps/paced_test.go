package rps

import (
	"context"
	"net/http"
	"sync/atomic"
	"testing"
	"testing/synctest"
	"time"

	"golang.org/x/time/rate"
)

type roundTrip func(*http.Request) (*http.Response, error)

func (f roundTrip) RoundTrip(r *http.Request) (*http.Response, error) { return f(r) }

// A call waits for its turn once, and each request but its first once more.
func TestPacedRequests(t *testing.T) {
	t.Parallel()
	synctest.Test(t, func(t *testing.T) {
		var at []time.Duration
		began := time.Now()
		s := &state{limit: rate.NewLimiter(10, 1), calls: make(chan struct{}, 1)}
		next := paced{roundTrip(func(*http.Request) (*http.Response, error) {
			at = append(at, time.Since(began))
			return &http.Response{StatusCode: http.StatusOK, Body: http.NoBody}, nil
		}), s.limit}
		c := &http.Client{Transport: next}
		var failed atomic.Int32
		for range 3 {
			err := s.call(t.Context(), t.Context(), func(ctx context.Context) {
				for range 3 {
					r, err := http.NewRequestWithContext(ctx, http.MethodGet, "https://rps.example.com/", nil)
					if err != nil {
						t.Fatal(err)
					}
					answer, err := c.Do(r)
					if err != nil {
						failed.Add(1)
						continue
					}
					_ = answer.Body.Close()
				}
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if failed.Load() != 0 || len(at) != 9 {
			t.Fatalf("%d requests, %d failed", len(at), failed.Load())
		}
		for i, when := range at {
			if want := time.Duration(i) * 100 * time.Millisecond; when < want-time.Millisecond || when > want+time.Millisecond {
				t.Errorf("request %d went out after %s, want %s", i, when, want)
			}
		}
	})
}
