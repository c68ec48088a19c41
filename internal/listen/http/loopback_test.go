package http_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	stdhttp "net/http"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listen/http"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/provision/provisiontest"
	"github.com/dialplane/dialplane/internal/simulate"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

// listen opens a port of loopback and returns it with its address as a URL.
func listen(tb testing.TB) (net.Listener, *url.URL) {
	tb.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		tb.Fatal(err)
	}
	return l, &url.URL{Scheme: "http", Host: l.Addr().String(), Path: "/"}
}

func newCore(tb testing.TB, herd provisiontest.Herd, base *url.URL, recorder provision.Recorder, log *slog.Logger, cacheBytes int) *provision.Core {
	tb.Helper()
	registry := vendor.NewRegistry(yealink.Pack())
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		tb.Fatal(err)
	}
	core, err := provision.New(context.Background(), provision.Config{
		Registry: registry, Catalog: catalog, Source: herd, Enroller: herd, Recorder: recorder,
		Addresses: provision.Addresses{Base: base.String()}, Log: log, CacheBytes: cacheBytes,
	})
	if err != nil {
		tb.Fatal(err)
	}
	return core
}

type recorder struct {
	mu   sync.Mutex
	list []fleet.Fetch
}

func (r *recorder) Record(f fleet.Fetch) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.list = append(r.list, f)
}

type buffer struct {
	mu sync.Mutex
	b  bytes.Buffer
}

func (b *buffer) Write(p []byte) (int, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.b.Write(p)
}

// Phones come to the shared address out of the box, enrol and register; a
// stranger tries what strangers try. Nothing that is secret is in the log, in
// what is recorded or in the simulator's report.
func TestPhonesBootOverTheNetwork(t *testing.T) {
	t.Parallel()
	log, recorded := new(buffer), new(recorder)
	logger := slog.New(slog.NewTextHandler(log, &slog.HandlerOptions{Level: slog.LevelDebug}))
	now := time.Now()
	herd := provisiontest.Herd{Phones: 20, Windows: []fleet.Enrolment{{ID: 1, Tenant: provisiontest.Tenant, Opened: now.Add(-time.Minute), Expires: now.Add(time.Hour)}}}
	l, base := listen(t)
	server := http.New(newCore(t, herd, base, recorded, logger, 0), http.Limits{}, logger)
	served := make(chan error, 1)
	go func() { served <- server.Serve(l) }()
	defer func() {
		if err := server.Shutdown(context.Background()); err != nil {
			t.Error(err)
		}
		if err := <-served; err != nil {
			t.Error(err)
		}
	}()

	options := simulate.Options{URL: base, Boots: 1, Parallel: 8, Timeout: 20 * time.Second}
	for i := range herd.Phones {
		options.Phones = append(options.Phones, simulate.Phone{Pack: yealink.Pack(), Unit: vendor.Unit{MAC: provisiontest.MAC(i), Model: "T46U"}})
	}
	stranger := simulate.Phone{Pack: yealink.Pack(), Unit: vendor.Unit{MAC: mac.MustParse("001565ffffff"), Model: "T46U"}}
	options.Phones = append(options.Phones, stranger)
	report := simulate.Run(t.Context(), options)
	var summary strings.Builder
	if err := report.Summary(&summary); err != nil {
		t.Fatal(err)
	}
	for i, r := range report.Results[:herd.Phones] {
		if r.Err != nil || len(r.State.Accounts) != 16 || r.State.Accounts[0].Password != provisiontest.SIPPassword(i) {
			t.Errorf("phone %d: %d accounts, %v", i, len(r.State.Accounts), r.Err)
		}
	}
	if report.Failed() != 1 || len(report.Results[herd.Phones].State.Accounts) != 0 {
		t.Errorf("%s", summary.String())
	}

	client := &stdhttp.Client{Transport: new(stdhttp.Transport)}
	defer client.CloseIdleConnections()
	for _, path := range []string{
		"p/" + provisiontest.Token(0) + "x/a.cfg", "p/" + provisiontest.Token(0) + "/001565000001.cfg", "p/" + provisiontest.Token(0),
		"p/" + provisiontest.Token(0) + "/%0d%0aX:y", "p/" + provisiontest.Token(0) + "/..%2f..%2fetc%2fpasswd",
	} {
		res, err := client.Get(base.String() + path)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 404 {
			t.Errorf("%s: %s", path, res.Status)
		}
	}
	said := log.b.String() + summary.String()
	for _, f := range recorded.list {
		said += fmt.Sprintf("%+v\n", f)
	}
	for i := range herd.Phones {
		for _, secret := range []string{provisiontest.Token(i), provisiontest.SIPPassword(i), "web-password"} {
			if strings.Contains(said, secret) {
				t.Errorf("%q was said", secret)
			}
		}
	}
	if !strings.Contains(said, "a phone enrolled over plain HTTP") || !strings.Contains(said, "unknown secret address") {
		t.Errorf("the log is not that of this run:\n%s", said)
	}
}

// segments is the least that a server of configurations can do: the file lies
// ready in pieces, literals and values in turn, which are joined for each request.
type segments struct {
	files map[string][][]byte
	pool  sync.Pool
}

func (s *segments) ServeHTTP(w stdhttp.ResponseWriter, r *stdhttp.Request) {
	parts, ok := s.files[r.URL.Path]
	if !ok {
		stdhttp.NotFound(w, r)
		return
	}
	b := s.pool.Get().(*[]byte)
	defer s.pool.Put(b)
	*b = (*b)[:0]
	for _, p := range parts {
		*b = append(*b, p...)
	}
	w.Header().Set("Content-Type", "text/plain")
	w.Header().Set("Content-Length", strconv.Itoa(len(*b)))
	_, _ = w.Write(*b)
}

// caller is a connection on which one request is made again and again.
type caller struct {
	conn    net.Conn
	request []byte
	answer  []byte
}

// call makes a connection, and the first request to learn how long the answer is.
func call(tb testing.TB, at *url.URL, path string) (*caller, []byte) {
	tb.Helper()
	conn, err := net.Dial("tcp", at.Host)
	if err != nil {
		tb.Fatal(err)
	}
	c := &caller{conn: conn, request: []byte("GET " + path + " HTTP/1.1\r\nHost: " + at.Host + "\r\nUser-Agent: " + provisiontest.UserAgent(0) + "\r\n\r\n")}
	if _, err := conn.Write(c.request); err != nil {
		tb.Fatal(err)
	}
	var raw bytes.Buffer
	res, err := stdhttp.ReadResponse(bufio.NewReader(io.TeeReader(conn, &raw)), nil)
	if err != nil || res.StatusCode != 200 {
		tb.Fatalf("%v, %v", res, err)
	}
	body, err := io.ReadAll(res.Body)
	if err != nil {
		tb.Fatal(err)
	}
	c.answer = make([]byte, raw.Len())
	return c, body
}

func (c *caller) again(tb testing.TB) {
	if _, err := c.conn.Write(c.request); err != nil {
		tb.Fatal(err)
	}
	if _, err := io.ReadFull(c.conn, c.answer); err != nil {
		tb.Fatal(err)
	}
}

// processor is the processor time that this process has used.
func processor(tb testing.TB) time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		tb.Fatal(err)
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// BenchmarkLoopbackGET fetches one phone's configuration of 16 accounts over
// kept-alive loopback connections, from this server and from the least that could
// serve it, in turns of a hundred, and compares the processor time of the two,
// each with the same small client.
func BenchmarkLoopbackGET(b *testing.B) {
	// Cold has room for one phone's files and is asked by two in turn, so that it
	// renders for every request.
	for _, kind := range []struct {
		name       string
		cacheBytes int
		phones     int
	}{{"warm", 1 << 30, 1}, {"cold", 1, 2}} {
		b.Run(kind.name, func(b *testing.B) {
			herd := provisiontest.Herd{Phones: 1000}
			path := func(i int) string {
				return "/p/" + provisiontest.Token(i) + "/" + provisiontest.MAC(i).String() + ".cfg"
			}
			l, base := listen(b)
			log := slog.New(slog.DiscardHandler)
			server := http.New(newCore(b, herd, base, herd, log, kind.cacheBytes), http.Limits{}, log)
			go func() { _ = server.Serve(l) }()
			defer server.Shutdown(context.Background())

			bare := &segments{files: make(map[string][][]byte), pool: sync.Pool{New: func() any { return new([]byte) }}}
			l2, base2 := listen(b)
			bound := &stdhttp.Server{Handler: bare}
			go func() { _ = bound.Serve(l2) }()
			defer bound.Close()
			var ours, theirs []*caller
			var body []byte
			for i := range kind.phones {
				var c *caller
				c, body = call(b, base, path(i))
				defer c.conn.Close()
				ours = append(ours, c)
				for line := range bytes.Lines(body) {
					key, value, _ := bytes.Cut(line, []byte("= "))
					bare.files[path(i)] = append(bare.files[path(i)], key, line[len(key):len(line)-len(value)], value)
				}
				d, same := call(b, base2, path(i))
				defer d.conn.Close()
				theirs = append(theirs, d)
				if !bytes.Equal(body, same) {
					b.Fatal("the two servers serve different files")
				}
			}

			const turn = 100
			var cpu [2]time.Duration
			n := 0
			for b.Loop() {
				for i, side := range [][]*caller{ours, theirs} {
					begin := processor(b)
					for t := range turn {
						side[t%len(side)].again(b)
					}
					cpu[i] += processor(b) - begin
				}
				n += turn
			}
			perRequest := func(d time.Duration) float64 { return float64(d.Nanoseconds()) / 1000 / float64(n) }
			b.ReportMetric(0, "ns/op")
			b.ReportMetric(perRequest(cpu[0]), "µs-cpu/GET")
			b.ReportMetric(perRequest(cpu[1]), "µs-cpu/bound")
			b.ReportMetric(float64(cpu[0])/float64(cpu[1]), "times-bound")
			b.ReportMetric(float64(len(body)), "B/file")
		})
	}
}
