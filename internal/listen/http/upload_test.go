package http

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"mime"
	"mime/multipart"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/provision"
)

var uploaded = time.Date(2026, 3, 1, 12, 0, 0, 0, time.UTC)

// shelf answers every request with a file on the disk and takes notes.
type shelf struct {
	path   string
	closed chan struct{} // has one for each file that was closed

	mu   sync.Mutex
	sent []string
	open int
}

func (s *shelf) Answer(context.Context, provision.Request) provision.Answer {
	f, err := os.Open(s.path)
	if err != nil {
		return tryLater
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.open++
	return provision.Answer{Status: 200, Type: "audio/wav", ETag: `"abc"`, Upload: &provision.Upload{
		ReadSeekCloser: &closing{f, s}, Modified: uploaded, Sent: func(status int, bytes int64) {
			s.mu.Lock()
			defer s.mu.Unlock()
			s.sent = append(s.sent, fmt.Sprint(status, " ", bytes))
		},
	}}
}

type closing struct {
	*os.File
	shelf *shelf
}

func (c *closing) Close() error {
	c.shelf.mu.Lock()
	defer c.shelf.mu.Unlock()
	c.shelf.open--
	defer func() { c.shelf.closed <- struct{}{} }()
	return c.File.Close()
}

func (s *shelf) said() (list []string, open int) {
	s.mu.Lock()
	defer s.mu.Unlock()
	list, s.sent = s.sent, nil
	return list, s.open
}

func newShelf(tb testing.TB, content []byte) *shelf {
	tb.Helper()
	s := &shelf{path: filepath.Join(tb.TempDir(), "file"), closed: make(chan struct{}, 64)}
	if err := os.WriteFile(s.path, content, 0o600); err != nil {
		tb.Fatal(err)
	}
	return s
}

func TestUploadedFiles(t *testing.T) {
	t.Parallel()
	s := newShelf(t, []byte("0123456789"))
	h := NewHandler(s, Limits{})
	const stamp, before = "Sun, 01 Mar 2026 12:00:00 GMT", "Sun, 01 Mar 2026 11:59:59 GMT"
	for _, tt := range []struct {
		name, method string
		header       map[string]string
		status       int
		body         string
		ranged       string
		sent         string
	}{
		{"whole", "GET", nil, 200, "0123456789", "", "200 10"},
		{"HEAD", "HEAD", nil, 200, "", "", "200 0"},
		{"a part", "GET", map[string]string{"Range": "bytes=2-4"}, 206, "234", "bytes 2-4/10", "206 3"},
		{"the rest", "GET", map[string]string{"Range": "bytes=8-"}, 206, "89", "bytes 8-9/10", "206 2"},
		{"the end", "GET", map[string]string{"Range": "bytes=-1"}, 206, "9", "bytes 9-9/10", "206 1"},
		{"beyond", "GET", map[string]string{"Range": "bytes=10-"}, 416, "invalid range: failed to overlap\n", "bytes */10", "416 33"},
		{"no range", "GET", map[string]string{"Range": "lines=1-2"}, 416, "invalid range\n", "", "416 14"},
		{"part of the same", "GET", map[string]string{"Range": "bytes=2-4", "If-Range": `"abc"`}, 206, "234", "bytes 2-4/10", "206 3"},
		{"part of another", "GET", map[string]string{"Range": "bytes=2-4", "If-Range": `"old"`}, 200, "0123456789", "", "200 10"},
		{"part by date", "GET", map[string]string{"Range": "bytes=2-4", "If-Range": stamp}, 206, "234", "bytes 2-4/10", "206 3"},
		{"part by an older date", "GET", map[string]string{"Range": "bytes=2-4", "If-Range": before}, 200, "0123456789", "", "200 10"},
		{"had already", "GET", map[string]string{"If-None-Match": `"abc"`}, 304, "", "", "304 0"},
		{"had another", "GET", map[string]string{"If-None-Match": `"old"`}, 200, "0123456789", "", "200 10"},
		{"not since", "GET", map[string]string{"If-Modified-Since": stamp}, 304, "", "", "304 0"},
		{"since", "GET", map[string]string{"If-Modified-Since": before}, 200, "0123456789", "", "200 10"},
	} {
		r := do(h, tt.method, "/p/token/files/x", func(r *http.Request) {
			for k, v := range tt.header {
				r.Header.Set(k, v)
			}
		})
		if got := body(t, r); r.StatusCode != tt.status || got != tt.body || r.Header.Get("Content-Range") != tt.ranged {
			t.Errorf("%s: %d %q, %v", tt.name, r.StatusCode, got, r.Header)
		}
		if r.StatusCode < 300 && (r.Header.Get("Content-Type") != "audio/wav" || r.Header.Get("Last-Modified") != stamp || r.Header.Get("Etag") != `"abc"` || r.Header.Get("Accept-Ranges") != "bytes") {
			t.Errorf("%s: %v", tt.name, r.Header)
		}
		if sent, open := s.said(); len(sent) != 1 || sent[0] != tt.sent || open != 0 {
			t.Errorf("%s: noted %q, %d left open", tt.name, sent, open)
		}
	}

	r := do(h, "GET", "/p/token/files/x", func(r *http.Request) { r.Header.Set("Range", "bytes=0-1,8-9") })
	_, params, err := mime.ParseMediaType(r.Header.Get("Content-Type"))
	if err != nil || r.StatusCode != 206 {
		t.Fatalf("two parts: %d, %v", r.StatusCode, err)
	}
	parts := multipart.NewReader(r.Body, params["boundary"])
	for _, want := range []string{"01", "89"} {
		p, err := parts.NextPart()
		if err != nil {
			t.Fatal(err)
		}
		if b, err := io.ReadAll(p); err != nil || string(b) != want {
			t.Errorf("%q, %v", b, err)
		}
	}
}

// serve runs a server on loopback until the test ends.
func serve(tb testing.TB, core Core, limits Limits) string {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	server := New(core, limits, slog.New(slog.DiscardHandler))
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	tb.Cleanup(func() {
		if err := server.Shutdown(context.Background()); err != nil {
			tb.Error(err)
		}
		if err := <-served; err != nil {
			tb.Error(err)
		}
	})
	return l.Addr().String()
}

// TestUploadsStayOutOfMemory: a file goes to the phone without being read into memory.
func TestUploadsStayOutOfMemory(t *testing.T) {
	const size = 32 << 20
	s := newShelf(t, bytes.Repeat([]byte("x"), size))
	url := "http://" + serve(t, plainShelf{s}, Limits{}) + "/p/token/files/x"
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	get := func() {
		res, err := client.Get(url)
		if err != nil {
			t.Fatal(err)
		}
		n, err := io.Copy(io.Discard, res.Body)
		if err != nil || n != size {
			t.Fatalf("%d bytes, %v", n, err)
		}
		res.Body.Close()
	}
	get()
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	get()
	runtime.ReadMemStats(&after)
	if n := after.TotalAlloc - before.TotalAlloc; n > 1<<20 {
		t.Errorf("%d bytes were allocated for a file of %d", n, size)
	}
}

// plainShelf hands out bare files, as the directory of uploads does.
type plainShelf struct{ *shelf }

func (s plainShelf) Answer(context.Context, provision.Request) provision.Answer {
	f, err := os.Open(s.path)
	if err != nil {
		return tryLater
	}
	return provision.Answer{Status: 200, Type: "application/octet-stream", ETag: `"abc"`, Upload: &provision.Upload{ReadSeekCloser: f, Modified: uploaded, Sent: func(int, int64) {}}}
}

// TestCutUpload: what is noted of a phone that goes away is what went out.
func TestCutUpload(t *testing.T) {
	t.Parallel()
	const size = 64 << 20
	s := newShelf(t, make([]byte, size))
	conn, err := net.Dial("tcp", serve(t, s, Limits{}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(conn, "GET /p/token/files/x HTTP/1.1\r\nHost: x\r\n\r\n"); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 1<<16)); err != nil {
		t.Fatal(err)
	}
	conn.Close()
	<-s.closed
	var status int
	var n int64
	sent, open := s.said()
	if len(sent) != 1 || open != 0 {
		t.Fatalf("noted %q, %d left open", sent, open)
	}
	if _, err := fmt.Sscan(sent[0], &status, &n); err != nil || status != 200 || n <= 0 || n >= size {
		t.Errorf("noted %q, %v", sent, err)
	}
}

// BenchmarkUpload50MB sends a file of 50 MB over loopback in turns from this server
// and from a bare http.ServeContent, and compares the processor time of the two, each
// with the same client.
func BenchmarkUpload50MB(b *testing.B) {
	const size = 50 << 20
	s := newShelf(b, bytes.Repeat([]byte("firmware"), size/8))
	bareListener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		b.Fatal(err)
	}
	bare := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		f, err := os.Open(s.path)
		if err != nil {
			b.Error(err)
			return
		}
		defer f.Close()
		w.Header().Set("Content-Type", "application/octet-stream")
		http.ServeContent(w, r, "", uploaded, f)
	})}
	go func() { _ = bare.Serve(bareListener) }()
	defer bare.Close()
	urls := []string{"http://" + serve(b, plainShelf{s}, Limits{}) + "/p/token/files/x", "http://" + bareListener.Addr().String() + "/"}
	client := &http.Client{Transport: new(http.Transport)}
	defer client.CloseIdleConnections()
	buffer := make([]byte, 256<<10)
	var cpu, clock [2]time.Duration
	b.SetBytes(size)
	n := 0
	for b.Loop() {
		for i, url := range urls {
			began, used := time.Now(), processorTime(b)
			res, err := client.Get(url)
			if err != nil {
				b.Fatal(err)
			}
			got, err := io.CopyBuffer(struct{ io.Writer }{io.Discard}, struct{ io.Reader }{res.Body}, buffer)
			if err != nil || got != size {
				b.Fatalf("%d bytes, %v", got, err)
			}
			res.Body.Close()
			cpu[i] += processorTime(b) - used
			clock[i] += time.Since(began)
		}
		n++
	}
	b.ReportMetric(float64(size)*float64(n)/clock[0].Seconds()/1e6, "MB/s-ours")
	b.ReportMetric(float64(size)*float64(n)/clock[1].Seconds()/1e6, "MB/s-bare")
	b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "times-bare-cpu")
	b.ReportMetric(float64(clock[0])/float64(clock[1]), "times-bare-clock")
}

// processorTime is what this process has used.
func processorTime(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}
