package admin_test

import (
	"bufio"
	"context"
	"encoding/json"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/admin"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// streams is the world's API, with events, on a server whose deadlines are shorter
// than a stream.
func (w *world) streams(t *testing.T) *httptest.Server {
	t.Helper()
	feed := fleet.NewFeed(w.db.NewID())
	w.db.Announce(feed.Publish)
	log := slog.New(slog.NewJSONHandler(w.log, nil))
	w.fleet = fleet.New(fleet.Config{Store: w.db, Changes: deaf{}, Catalog: w.catalog, Jobs: deaf{}, Feed: feed, Now: w.clock.Now, Log: log})
	handler, _ := admin.New(admin.Options{Fleet: w.fleet, Status: func(mac.Addr) fleet.Status { return fleet.Status{} }, Log: log, Version: "test"})
	s := httptest.NewUnstartedServer(handler)
	s.Config.RegisterOnShutdown(feed.Close)
	s.Config.ReadTimeout, s.Config.WriteTimeout = 300*time.Millisecond, 300*time.Millisecond
	s.Start()
	t.Cleanup(s.Close)
	return s
}

// follower reads a stream.
type follower struct {
	t     *testing.T
	lines *bufio.Scanner
	close func()
}

func follow(t *testing.T, server *httptest.Server, token, last string) *follower {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/api/events", nil)
	if err != nil {
		t.Fatal(err)
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Accept", "text/event-stream")
	if last != "" {
		r.Header.Set("Last-Event-ID", last)
	}
	resp, err := server.Client().Do(r)
	if err != nil {
		t.Fatal(err)
	}
	if resp.StatusCode != http.StatusOK || resp.Header.Get("Content-Type") != "text/event-stream" || resp.Header.Get("Cache-Control") != "no-store" {
		t.Fatalf("%d %v", resp.StatusCode, resp.Header)
	}
	f := &follower{t: t, lines: bufio.NewScanner(resp.Body), close: func() { cancel(); _ = resp.Body.Close() }}
	t.Cleanup(f.close)
	return f
}

// next returns the next block: its id and data.
func (f *follower) next() (id string, data map[string]any, ok bool) {
	f.t.Helper()
	for f.lines.Scan() {
		line := f.lines.Text()
		if line == "" && id != "" {
			return id, data, true
		}
		if v, found := strings.CutPrefix(line, "id: "); found {
			id = v
		}
		if v, found := strings.CutPrefix(line, "data: "); found {
			if err := json.Unmarshal([]byte(v), &data); err != nil {
				f.t.Fatal(err)
			}
		}
	}
	return "", nil, false
}

// until reads events up to the one of a kind, and returns all their ids.
func (f *follower) until(kind fleet.EventKind) (ids []string, last map[string]any) {
	f.t.Helper()
	for {
		id, data, ok := f.next()
		if !ok {
			f.t.Fatalf("the stream ended before %s", kind)
		}
		if data == nil {
			continue // where it begins
		}
		if data["id"] != id {
			f.t.Errorf("the event %v has the id %s", data, id)
		}
		ids = append(ids, id)
		if data["kind"] == string(kind) {
			return ids, data
		}
	}
}

func TestEventStream(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	server := w.streams(t)
	theirs := follow(t, server, w.mallory, "")
	first := follow(t, server, w.viewer, "")
	begin, data, ok := first.next()
	if !ok || data != nil {
		t.Fatalf("the stream begins with %v", data)
	}
	do := func(path string) {
		t.Helper()
		r := request("POST", path, w.admin, "")
		rec := httptest.NewRecorder()
		server.Config.Handler.ServeHTTP(rec, r)
		if rec.Code >= 300 {
			t.Fatalf("%s: %d %s", path, rec.Code, rec.Body)
		}
	}
	phone := "/users/" + w.ids["user"] + "/phones/" + w.ids["phone"]
	do(phone + "/rotate")
	ids, event := first.until(fleet.EventRotated)
	if event["mac"] != "001565000001" || event["caller"] != "admin" || event["severity"] != "info" || event["text"] == "" {
		t.Errorf("the event is %v", event)
	}
	first.close()

	do("/phones/001565000077/reject")
	do(phone + "/rotate")
	second := follow(t, server, w.viewer, ids[len(ids)-1])
	more, _ := second.until(fleet.EventRotated)
	do(phone + "/destroy")
	last, _ := second.until(fleet.EventDeleted)
	all := slices.Concat(ids, more, last)

	replay, _ := follow(t, server, w.viewer, begin).until(fleet.EventDeleted)
	if !slices.Equal(all, replay) || len(all) != 4 {
		t.Errorf("told %v in two parts and %v in one", all, replay)
	}
	if id, data, ok := theirs.next(); !ok || data != nil {
		t.Errorf("another tenant's stream begins with %s %v", id, data)
	}

	// The other tenant hears its own, and nothing of ours before.
	r := request("POST", "/users/"+w.ids["other_user"]+"/phones/"+w.ids["other_phone"]+"/rotate", w.mallory, "")
	server.Config.Handler.ServeHTTP(httptest.NewRecorder(), r)
	if heard, event := theirs.until(fleet.EventRotated); len(heard) != 1 || event["mac"] != "001565000009" {
		t.Errorf("another tenant hears %v, last %v", heard, event)
	}
	// Nor by an id of ours.
	if heard, _ := follow(t, server, w.mallory, begin).until(fleet.EventRotated); len(heard) != 1 {
		t.Errorf("another tenant hears %v after our id", heard)
	}

	// The server stops though streams are open; they end, and are not broken off.
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := server.Config.Shutdown(ctx); err != nil {
		t.Error(err)
	}
	if _, data, ok := second.next(); ok || second.lines.Err() != nil {
		t.Errorf("after the server's end: %v, %v", data, second.lines.Err())
	}
}

func TestEventStreamRefuses(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for name, c := range map[string]struct {
		header, value string
		status        int
	}{
		"an id that is none":   {"Last-Event-ID", "1 OR 1=1", 400},
		"JSON alone accepted":  {"Accept", "application/json", 406},
		"the stream accepted":  {"Accept", "text/event-stream", 200},
		"any text accepted":    {"Accept", "text/*", 200},
		"an id from elsewhere": {"Last-Event-ID", fleet.ID(1).String(), 200},
	} {
		r := request("GET", "/events", w.viewer, "")
		r.Header.Set(c.header, c.value)
		if got := w.send(t, r); got.status != c.status {
			t.Errorf("%s: %d %s", name, got.status, got.body)
		}
	}
	if got := w.do("GET", "/events?top=1", w.viewer, ""); got.status != 400 {
		t.Errorf("a query: %d", got.status)
	}
}

func TestPhoneHistory(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	got := w.must(200, "GET", "/phones/001565000077/history?count=true&filter=kind%20eq%20'fetch.served'", w.viewer, "")
	var list struct {
		Items []struct {
			ID, Kind, Text, MAC string
			Details             map[string]any
		}
		Count int
	}
	if err := json.Unmarshal([]byte(got.body), &list); err != nil || list.Count != 1 || len(list.Items) != 1 {
		t.Fatalf("%v: %s", err, got.body)
	}
	e := list.Items[0]
	if e.MAC != "001565000077" || e.Text != "fetched 001565000077.cfg" || e.Details["ip"] != "192.0.2.77" || e.Details["status"] != 200.0 || e.Details["level"] != "L0" {
		t.Errorf("the event is %s", got.body)
	}
	w.must(200, "GET", "/phones/00:15:65:00:00:02/history", w.viewer, "") // a DECT base
	w.must(404, "GET", "/phones/001565000001/history", w.mallory, "")
	w.must(404, "GET", "/phones/0015650000ee/history", w.viewer, "")
	for _, address := range []string{"001565000001", "001565000002", "001565000009"} {
		token := w.admin
		if address == "001565000009" {
			token = w.mallory
		}
		body := w.must(200, "GET", "/phones/"+address+"/history", token, "").body
		for _, secret := range planted {
			if strings.Contains(body, secret) {
				t.Errorf("a history has the secret %s", secret)
			}
		}
	}
}
