// Package simulate boots phones as the real ones do. Each asks for its vendor's
// files in their real order with the vendor's User-Agent, remembers what it has
// by ETag, reads what it gets by the vendor's grammar, follows includes and
// changed provisioning addresses, and can then register every account it found
// at the registrar named there: a DECT base those of its handsets. One that is told to
// fetch again gives up accounts that are gone and registers those that are new.
package simulate

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/url"
	"path"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Phone is one phone to boot.
type Phone struct {
	Pack vendor.Pack
	Unit vendor.Unit
}

// Options says how a run goes.
type Options struct {
	URL *url.URL // provisioning address, with a trailing slash; nil with Discover or Redirect
	// Discover lets phones ask for their address by multicast instead, and wait
	// for it so long.
	Discover time.Duration
	// Redirect is where the redirect service of a vendor answers its phones, by the
	// vendor's name: those ask there first, and begin where they are sent.
	Redirect    map[string]*url.URL
	Dialect     string // of the vendor's, to ask in; the usual one if empty
	Compact     bool   // ask with short header names
	Phones      []Phone
	Boots       int           // how often each phone boots; the later boots are conditional requests
	Parallel    int           // phones at a time
	Register    bool          // register every account
	Stay        time.Duration // how long registered phones then stay and obey NOTIFYs
	Deaf        bool          // phones that stay do not answer NOTIFYs
	Timeout     time.Duration // longest time for one file or one registration; 10 s for a registration if 0
	TLS         *tls.Config   // for fetching and for SIP over TLS; may be nil
	Log         *slog.Logger
	Progress    func(done, total int) // called after each phone; may be nil
	RequestHook func(*http.Request)   // sees every request before it is sent; may be nil
}

// Result is what became of one phone.
type Result struct {
	Phone      Phone
	State      vendor.State
	Fetched    int   // files answered 200
	NotChanged int   // files answered 304
	Registered int   // accounts
	Obeyed     int   // NOTIFYs that made it fetch again
	Err        error // the first failure
	Cause      Cause
}

// Cause classes a failure, for the summary.
type Cause string

// The causes.
const (
	NotDiscovered Cause = "nobody told the phone by multicast where its server is"
	NotRedirected Cause = "the vendor's redirect service does not know the phone"
	NoConfig      Cause = "the server has no configuration for the phone"
	NotReached    Cause = "the provisioning server could not be reached"
	ServerFailed  Cause = "the provisioning server failed (5xx)"
	NotUnderstood Cause = "the phone does not understand its configuration"
	NoAccount     Cause = "the configuration has no account"
	WrongPassword Cause = "the registrar refused the account's password"
	Refused       Cause = "the registrar refused the account"
	Unreachable   Cause = "the registrar did not answer"
)

// failure is an error with its cause.
type failure struct {
	cause Cause
	err   error
}

func (f *failure) Error() string { return string(f.cause) + ": " + f.err.Error() }
func (f *failure) Unwrap() error { return f.err }

func fail(cause Cause, format string, args ...any) error {
	return &failure{cause, fmt.Errorf(format, args...)}
}

// Report is what became of all phones.
type Report struct {
	Results  []Result
	Duration time.Duration
}

// Failed counts the phones that did not come up.
func (r *Report) Failed() int {
	n := 0
	for i := range r.Results {
		if r.Results[i].Err != nil {
			n++
		}
	}
	return n
}

// Run boots the phones and returns when all have come up or failed, or ctx is done.
func Run(ctx context.Context, o Options) *Report {
	start := time.Now()
	report := &Report{Results: make([]Result, len(o.Phones))}
	transport := &http.Transport{MaxIdleConnsPerHost: max(1, o.Parallel), TLSClientConfig: o.TLS, ForceAttemptHTTP2: false}
	defer transport.CloseIdleConnections()
	lines := newLines(o)
	defer lines.close()

	var mu sync.Mutex
	done := 0
	each(o, len(o.Phones), func(i int) {
		r := &report.Results[i]
		f := newFetcher(ctx, o, o.Phones[i], transport, r)
		if r.Err = f.begin(o); r.Err == nil {
			f.boot(max(1, o.Boots))
		}
		if r.Err == nil && o.Register {
			r.Err = lines.register(ctx, f)
		}
		r.Cause = causeOf(r.Err)
		mu.Lock()
		defer mu.Unlock()
		done++
		if o.Progress != nil {
			o.Progress(done, len(o.Phones))
		}
	})
	if o.Register && o.Stay > 0 {
		lines.obey(ctx)
	}
	report.Duration = time.Since(start)
	return report
}

// each calls do for every number below n, as many at a time as the options say.
func each(o Options, n int, do func(i int)) {
	var wg sync.WaitGroup
	next := make(chan int)
	for range max(1, o.Parallel) {
		wg.Go(func() {
			for i := range next {
				do(i)
			}
		})
	}
	for i := range n {
		next <- i
	}
	close(next)
	wg.Wait()
}

func causeOf(err error) Cause {
	var f *failure
	if errors.As(err, &f) {
		return f.cause
	}
	return ""
}

func newFetcher(ctx context.Context, o Options, p Phone, transport http.RoundTripper, r *Result) *fetcher {
	r.Phone = p
	return &fetcher{
		ctx: ctx, base: o.URL, agent: p.Pack.HTTPUserAgent(p.Unit), hook: o.RequestHook, result: r,
		client: &http.Client{Transport: transport, Timeout: o.Timeout},
	}
}

// boot starts the phone so often, one start after the other, and notes what it
// reads in its result.
func (f *fetcher) boot(times int) {
	r := f.result
	for range times {
		f.failed = nil
		config, err := r.Phone.Pack.Boot(r.Phone.Unit, f.get)
		if err != nil {
			r.Err = f.explain(err)
			return
		}
		r.State = r.Phone.Pack.Understand(config)
		if len(r.State.Accounts) == 0 && !r.Phone.Unit.Base {
			if r.Err = f.failed; r.Err == nil {
				r.Err = fail(NoAccount, "%d files were read; is the phone assigned, and an enrolment window open for it?", r.Fetched+r.NotChanged)
			}
			return
		}
		r.Err = nil
		own := r.State.ProvisioningURL
		if base, err := url.Parse(own[:strings.LastIndexByte(own, '/')+1]); err == nil && base.IsAbs() {
			f.base = base // the folder where it begins next time
		}
	}
}

// fetcher is the HTTP side of one phone. It keeps files by ETag over its boots.
type fetcher struct {
	ctx    context.Context
	client *http.Client
	base   *url.URL
	agent  string
	hook   func(*http.Request)
	result *Result
	kept   map[string]kept
	failed error // the first failure to get an answer, or a 5xx

	starting sync.Mutex       // held while the phone fetches because it was told to
	lines    []vendor.Account // that are registered
}

// again lets the phone fetch because it was told to, and register what it then has.
func (f *fetcher) again(ctx context.Context, l *lines) {
	f.starting.Lock()
	defer f.starting.Unlock()
	f.boot(1)
	if f.result.Err == nil {
		f.result.Err = l.register(ctx, f)
	}
	f.result.Cause = causeOf(f.result.Err)
	if f.result.Err == nil {
		f.result.Obeyed++
	}
}

type kept struct {
	etag string
	body []byte
}

// maxFile bounds what a phone reads.
const maxFile = 8 << 20

func (f *fetcher) get(name string) (int, []byte, error) {
	ref, err := url.Parse(name)
	if err != nil {
		return 0, nil, fail(NotUnderstood, "an address that is no URL: %w", unwrapURL(err))
	}
	file := path.Base(ref.Path) // what stands before it may be secret
	target := f.base.ResolveReference(ref).String()
	req, err := http.NewRequestWithContext(f.ctx, http.MethodGet, target, nil)
	if err != nil {
		return 0, nil, fail(NotUnderstood, "GET %s: %w", file, unwrapURL(err))
	}
	req.Header.Set("User-Agent", f.agent)
	old, have := f.kept[target]
	if have {
		req.Header.Set("If-None-Match", old.etag)
	}
	if f.hook != nil {
		f.hook(req)
	}
	res, err := f.client.Do(req)
	if err != nil {
		return 0, nil, f.note(fail(NotReached, "GET %s: %w", file, unwrapURL(err)))
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(io.LimitReader(res.Body, maxFile+1))
	if len(body) > maxFile {
		return 0, nil, f.note(fail(NotUnderstood, "GET %s: more than %d bytes", file, maxFile))
	}
	if err != nil {
		return 0, nil, f.note(fail(NotReached, "GET %s: %w", file, err))
	}
	switch {
	case res.StatusCode == http.StatusNotModified && have:
		f.result.NotChanged++
		return http.StatusOK, old.body, nil
	case res.StatusCode == http.StatusOK:
		f.result.Fetched++
		if etag := res.Header.Get("ETag"); etag != "" {
			if f.kept == nil {
				f.kept = make(map[string]kept)
			}
			f.kept[target] = kept{etag, body}
		}
	case res.StatusCode >= 500:
		_ = f.note(fail(ServerFailed, "GET %s: %s", file, res.Status))
	}
	return res.StatusCode, body, nil
}

func (f *fetcher) note(err error) error {
	if f.failed == nil {
		f.failed = err
	}
	return err
}

// explain gives Boot's error its cause.
func (f *fetcher) explain(err error) error {
	var known *failure
	switch {
	case errors.As(err, &known):
		return err
	case errors.Is(err, vendor.ErrNoConfig) && f.failed != nil:
		return f.failed
	case errors.Is(err, vendor.ErrNoConfig):
		return fail(NoConfig, "%w; is it assigned, and its enrolment window open?", err)
	}
	return fail(NotUnderstood, "%w", err)
}

// unwrapURL drops the address that http.Client puts in its errors: it may be a
// secret one.
func unwrapURL(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		return u.Err
	}
	return err
}

// Summary writes one line per cause of failure with the phones concerned.
func (r *Report) Summary(w io.Writer) error {
	accounts, registered, fetched, unchanged, obeyed := 0, 0, 0, 0, 0
	byCause := make(map[Cause][]*Result)
	var causes []Cause
	for i := range r.Results {
		res := &r.Results[i]
		accounts += len(res.State.Accounts)
		registered += res.Registered
		fetched += res.Fetched
		unchanged += res.NotChanged
		obeyed += res.Obeyed
		if res.Err != nil {
			if byCause[res.Cause] == nil {
				causes = append(causes, res.Cause)
			}
			byCause[res.Cause] = append(byCause[res.Cause], res)
		}
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%d phones, %d up, %d failed; %d files fetched, %d unchanged; %d accounts, %d registered; %d NOTIFYs obeyed; %s\n",
		len(r.Results), len(r.Results)-r.Failed(), r.Failed(), fetched, unchanged, accounts, registered, obeyed, r.Duration.Round(time.Millisecond))
	for _, c := range causes {
		fmt.Fprintf(&b, "%d × %s\n", len(byCause[c]), c)
		for i, res := range byCause[c] {
			if i == 10 {
				fmt.Fprintf(&b, "    … and %d more\n", len(byCause[c])-i)
				break
			}
			fmt.Fprintf(&b, "    %s %s %s: %v\n", res.Phone.Unit.MAC, res.Phone.Pack.Name, res.Phone.Unit.Model, res.Err)
		}
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// outgoing returns the local address that packets to host leave from.
func outgoing(ctx context.Context, host string, port int) (net.IP, error) {
	c, err := new(net.Dialer).DialContext(ctx, "udp", net.JoinHostPort(host, strconv.Itoa(port)))
	if err != nil {
		return nil, err
	}
	defer func() { _ = c.Close() }()
	return c.LocalAddr().(*net.UDPAddr).IP, nil
}
