package app

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/yealink"
)

const (
	herd     = 10_000
	atATime  = 64 // phones that fetch
	pbxName  = "pbx.example.org"
	theToken = "the-token-of-the-benchmark"
)

// BenchmarkReprovisionFleet gives the order to fetch to 10 000 phones whose files have
// all changed, and waits until the last fetch is confirmed: the API, the store on disk,
// NOTIFYs over UDP to one PBX that answers for all phones, and every file that a phone
// of that kind asks for, over HTTP on loopback. The bound is a bare loop in the same
// run that sends as many datagrams of that size there and back, and fetches as many
// files of that size from a bare net/http, as many at a time.
func BenchmarkReprovisionFleet(b *testing.B) {
	var took, bound cost
	rounds := 0
	for b.Loop() {
		b.StopTimer()
		w := newFleetWorld(b)
		b.StartTimer()
		took.add(w.reprovision())
		b.StopTimer()
		bound.add(w.bare())
		w.stop()
		rounds++
		b.StartTimer()
	}
	per := func(d time.Duration) float64 { return d.Seconds() / float64(rounds) }
	b.ReportMetric(0, "ns/op")
	b.ReportMetric(per(took.time), "s/fleet")
	b.ReportMetric(herd/per(took.time), "phones/s")
	b.ReportMetric(per(took.processor), "s-cpu/fleet")
	b.ReportMetric(per(bound.processor), "s-cpu/bound")
	b.ReportMetric(took.time.Seconds()/bound.time.Seconds(), "times-bound")
	b.ReportMetric(took.processor.Seconds()/bound.processor.Seconds(), "times-cpu-bound")
}

// cost is what something takes, phones included.
type cost struct{ time, processor time.Duration }

func (c *cost) add(d cost) { c.time, c.processor = c.time+d.time, c.processor+d.processor }

// measure begins to measure, and returns what ends it.
func measure(b *testing.B) func() cost {
	used := func() time.Duration {
		var u syscall.Rusage
		if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
			b.Fatal(err)
		}
		return time.Duration(u.Utime.Nano() + u.Stime.Nano())
	}
	at, before := time.Now(), used()
	return func() cost { return cost{time.Since(at), used() - before} }
}

// fleetWorld is a server with a fleet, the PBX that the fleet is registered at, and
// the phones.
type fleetWorld struct {
	b      *testing.B
	api    string
	phones string
	stop   func()

	pbx     *net.UDPConn
	units   []vendor.Unit
	byUser  map[string]int // phone by extension
	tokens  []string
	files   []string // that a phone asks for, with {mac}
	bytes   atomic.Int64
	heard   sync.Map // Call-ID of a NOTIFY, which may come again
	orders  chan int // phones that were told to fetch
	fetches sync.WaitGroup
}

func newFleetWorld(b *testing.B) *fleetWorld {
	b.Helper()
	w := &fleetWorld{b: b, byUser: make(map[string]int), orders: make(chan int, herd)}
	log := slog.New(slog.DiscardHandler)
	ctx, cancel := context.WithCancel(context.Background())
	c := serveCmd{Data: b.TempDir(), Pace: 0, Attempts: 4, CacheBytes: 256 << 20}
	s, err := c.open(ctx, log)
	w.need(err)
	adminListener, err := net.Listen("tcp", "127.0.0.1:0")
	w.need(err)
	phoneListener, err := net.Listen("tcp", "127.0.0.1:0")
	w.need(err)
	w.api, w.phones = "http://"+adminListener.Addr().String()+"/api", "http://"+phoneListener.Addr().String()+"/"
	w.need(s.wire(ctx, c, w.phones, log))
	_, _, err = s.fleet.Bootstrap(ctx, secret.New(theToken))
	w.need(err)
	w.populate(ctx, s)
	w.need(s.wire(ctx, c, w.phones, log)) // anew: it loads the fleet
	var all sync.WaitGroup
	all.Go(func() {
		if err := s.run(ctx, adminListener, []phoneListening{{l: phoneListener}}, log); err != nil {
			b.Error(err)
		}
	})
	w.pbx, err = net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	w.need(err)
	_ = w.pbx.SetReadBuffer(4 << 20)
	all.Go(w.answer)
	for range atATime {
		w.fetches.Go(w.fetch)
	}
	w.call("POST", "/tenant", map[string]any{
		"domain": pbxName, "endpoints": map[string]any{"WEB_DOMAIN": map[string]any{"host": "127.0.0.1", "udp": 5060}},
		"notify": map[string]any{"method": "proxy", "address": w.pbx.LocalAddr().String(), "transport": "UDP"},
	})
	w.learn()
	w.stop = func() {
		cancel()
		_ = w.pbx.Close()
		close(w.orders)
		w.fetches.Wait()
		all.Wait()
		w.need(s.store.Close())
	}
	return w
}

func (w *fleetWorld) need(err error) {
	w.b.Helper()
	if err != nil {
		w.b.Fatal(err)
	}
}

// populate writes the fleet into the store, in one transaction.
func (w *fleetWorld) populate(ctx context.Context, s *server) {
	var tenant fleet.ID
	w.need(s.store.EachTenant(ctx, func(t fleet.Tenant) error { tenant = t.ID; return nil }))
	w.need(s.store.Write(ctx, func(tx fleet.Writer) error {
		for i := range herd {
			u := fleet.User{
				ID: s.store.NewID(), Tenant: tenant, ExtensionNumber: strconv.Itoa(100_000 + i), DisplayName: fmt.Sprint("Person ", i),
				Password: secret.New(fmt.Sprintf("sip-password-%08d", i)), Keys: []fleet.Key{{Kind: fleet.KeyLine}},
			}
			p := fleet.Phone{
				ID: s.store.NewID(), Tenant: tenant, User: u.ID, MAC: mac.Addr{0, 0x15, 0x65, 1, byte(i >> 8), byte(i)}, Filename: "yealink-t4xu.xml", Vendor: "Yealink", Model: "T46U",
				DeviceSettings: fleet.DeviceSettings{
					Password: secret.New(fmt.Sprintf("web-password-%08d", i)), TimeZone: "Europe/Berlin", Language: "GERMAN",
					Codecs: []string{"G722", "PCMA", "PCMU"}, Interface: fleet.WebDomain, PreferredTransport: fleet.UDP,
				},
				Transfer: "BLIND", EnableLLDP: true, Token: secret.New(fmt.Sprintf("%032d", i)),
			}
			if err := errors.Join(tx.InsertUser(ctx, u), tx.InsertPhone(ctx, p)); err != nil {
				return err
			}
			w.byUser[u.ExtensionNumber] = i
			w.units = append(w.units, vendor.Unit{MAC: p.MAC, Model: p.Model})
			w.tokens = append(w.tokens, p.Token.Reveal())
		}
		return nil
	}))
}

// learn boots one phone to see which files it asks for.
func (w *fleetWorld) learn() {
	base, err := url.Parse(w.phones + "p/" + w.tokens[0] + "/")
	w.need(err)
	_, err = yealink.Pack().Boot(w.units[0], func(name string) (int, []byte, error) {
		if ref, err := url.Parse(name); err == nil {
			name = strings.TrimPrefix(base.ResolveReference(ref).Path, base.Path)
		}
		w.files = append(w.files, strings.ReplaceAll(name, w.units[0].MAC.String(), "{mac}"))
		return w.get(http.DefaultClient, 0, name)
	})
	w.need(err)
	w.bytes.Store(0)
}

func (w *fleetWorld) get(client *http.Client, phone int, file string) (int, []byte, error) {
	request, err := http.NewRequest(http.MethodGet, w.phones+"p/"+w.tokens[phone]+"/"+file, nil)
	if err != nil {
		return 0, nil, err
	}
	request.Header.Set("User-Agent", yealink.Pack().HTTPUserAgent(w.units[phone]))
	response, err := client.Do(request)
	if err != nil {
		return 0, nil, err
	}
	defer func() { _ = response.Body.Close() }()
	body, err := io.ReadAll(response.Body)
	w.bytes.Add(int64(len(body)))
	return response.StatusCode, body, err
}

// answer is the PBX: it says yes for every phone and passes the order on.
func (w *fleetWorld) answer() {
	in, out := make([]byte, 2048), make([]byte, 0, 2048)
	for {
		n, from, err := w.pbx.ReadFromUDPAddrPort(in)
		if err != nil {
			return
		}
		out = append(out[:0], "SIP/2.0 200 OK\r\n"...)
		var call string
		for line := range bytes.SplitAfterSeq(in[:n], []byte("\r\n")) {
			for _, name := range []string{"Via: ", "From: ", "To: ", "Call-ID: ", "CSeq: "} {
				if bytes.HasPrefix(line, []byte(name)) {
					out = append(out, line...)
				}
			}
			if id, ok := bytes.CutPrefix(line, []byte("Call-ID: ")); ok {
				call = string(id)
			}
		}
		out = append(out, "Content-Length: 0\r\n\r\n"...)
		_, _ = w.pbx.WriteToUDPAddrPort(out, from)
		user, _, _ := bytes.Cut(bytes.TrimPrefix(in[:n], []byte("NOTIFY sip:")), []byte("@"))
		phone, known := w.byUser[string(user)]
		if _, again := w.heard.LoadOrStore(call, true); known && !again {
			w.orders <- phone
		}
	}
}

// fetch lets phones that were told so fetch their files, one after the other.
func (w *fleetWorld) fetch() {
	transport := &http.Transport{MaxIdleConnsPerHost: 1}
	defer transport.CloseIdleConnections()
	client := &http.Client{Transport: transport}
	for phone := range w.orders {
		for _, file := range w.files {
			if _, _, err := w.get(client, phone, strings.ReplaceAll(file, "{mac}", w.units[phone].MAC.String())); err != nil {
				w.b.Error(err)
			}
		}
	}
}

func (w *fleetWorld) call(method, path string, in any) (header http.Header, body []byte) {
	w.b.Helper()
	var sent []byte
	if in != nil {
		var err error
		sent, err = json.Marshal(in)
		w.need(err)
	}
	request, err := http.NewRequest(method, w.api+path, bytes.NewReader(sent))
	w.need(err)
	request.Header.Set("Authorization", "Bearer "+theToken)
	if in != nil {
		request.Header.Set("Content-Type", "application/json")
	}
	response, err := http.DefaultClient.Do(request)
	w.need(err)
	defer func() { _ = response.Body.Close() }()
	body, err = io.ReadAll(response.Body)
	w.need(err)
	if response.StatusCode != http.StatusOK {
		w.b.Fatalf("%s %s: %s: %s", method, path, response.Status, body)
	}
	return response.Header, body
}

// reprovision changes the files of all phones and measures the order to fetch them.
func (w *fleetWorld) reprovision() cost {
	w.call("POST", "/tenant", map[string]any{"register_expires": 1800})
	end := measure(w.b)
	header, _ := w.call("POST", "/phones/reprovision", nil)
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		var job struct {
			State  string
			Counts struct{ Confirmed, Failed, Unconfirmed int }
		}
		_, body := w.call("GET", "/jobs/"+header.Get("Dialplane-Job"), nil)
		w.need(json.Unmarshal(body, &job))
		if job.State == "done" {
			if job.Counts.Confirmed != herd {
				w.b.Fatalf("the job ends with %+v", job.Counts)
			}
			break
		}
	}
	return end()
}

// bare measures the least that could do the same.
func (w *fleetWorld) bare() cost {
	size := int(w.bytes.Load()) / herd / len(w.files)
	body := bytes.Repeat([]byte("x"), size)
	server := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, _ *http.Request) { _, _ = rw.Write(body) }))
	defer server.Close()
	echo, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	w.need(err)
	var all sync.WaitGroup
	all.Go(func() {
		buffer := make([]byte, 2048)
		for {
			n, from, err := echo.ReadFromUDPAddrPort(buffer)
			if err != nil {
				return
			}
			_, _ = echo.WriteToUDPAddrPort(buffer[:n], from)
		}
	})
	phones := make(chan int, herd)
	for i := range herd {
		phones <- i
	}
	close(phones)
	end := measure(w.b)
	var fetching sync.WaitGroup
	for range atATime {
		fetching.Go(func() {
			transport := &http.Transport{MaxIdleConnsPerHost: 1}
			defer transport.CloseIdleConnections()
			client := &http.Client{Transport: transport}
			conn, err := net.Dial("udp", echo.LocalAddr().String())
			if err != nil {
				w.b.Error(err)
				return
			}
			defer func() { _ = conn.Close() }()
			datagram := make([]byte, 600)
			for range phones {
				_, err := conn.Write(datagram)
				_ = conn.SetReadDeadline(time.Now().Add(10 * time.Second))
				if err == nil {
					_, err = conn.Read(datagram)
				}
				for range w.files {
					response, failed := client.Get(server.URL)
					if failed == nil {
						_, failed = io.Copy(io.Discard, response.Body)
						_ = response.Body.Close()
					}
					err = errors.Join(err, failed)
				}
				if err != nil {
					w.b.Error(err)
					return
				}
			}
		})
	}
	fetching.Wait()
	took := end()
	_ = echo.Close()
	all.Wait()
	return took
}
