package app

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"math"
	"net"
	"net/http"
	"net/url"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/dialplane/dialplane/internal/admin"
	"github.com/dialplane/dialplane/internal/blob"
	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/jobs"
	phones "github.com/dialplane/dialplane/internal/listen/http"
	"github.com/dialplane/dialplane/internal/listen/pnp"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/rps"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

type serveCmd struct {
	Data          string   `help:"Directory that holds everything: database and key." default:"dialplane-data" placeholder:"DIR"`
	AdminListen   string   `help:"Address of the API." default:"127.0.0.1:8887" placeholder:"HOST:PORT"`
	HTTPListen    string   `name:"http-listen" help:"Address that phones fetch from." default:":8080" placeholder:"HOST:PORT"`
	HTTPSListen   string   `name:"https-listen" help:"Address that phones fetch from over TLS; needed for phones that come by their vendor's redirect service." placeholder:"HOST:PORT"`
	TLSCert       string   `name:"tls-cert" help:"Certificate for --https-listen with its chain, in PEM. It is read again when it has changed." placeholder:"FILE"`
	TLSKey        string   `name:"tls-key" help:"Its key, in PEM." placeholder:"FILE"`
	PublicURL     string   `name:"public-url" help:"Address by which phones reach --http-listen, as configurations name it; made from this machine's address unless given." placeholder:"URL"`
	AdminToken    string   `help:"First start only: the administrator's token, at least 24 characters; one is made up and printed unless given." placeholder:"TOKEN"`
	PnP           bool     `name:"pnp" help:"Hear phones that ask for their server by SIP multicast." default:"true" negatable:""`
	PnPInterface  []string `name:"pnp-interface" help:"Network interface to hear them on; repeat for several. Every one with a private address unless given." placeholder:"NAME"`
	Pace          float64  `help:"NOTIFYs to phones in a second at most, for re-provision and reboot; 0 for no limit." default:"200"`
	Attempts      int      `help:"How often a phone is told before it is given up." default:"4"`
	CacheBytes    int      `help:"Memory for finished configuration files." default:"268435456"`
	MaxFileBytes  int64    `help:"Size of an uploaded file at most." default:"536870912" placeholder:"BYTES"`
	MaxFilesBytes int64    `help:"Size of all uploaded files of a tenant together at most." default:"4294967296" placeholder:"BYTES"`
	redirectOptions
	KeepHistory int `help:"Days that events, each phone's history, are kept." default:"90" placeholder:"DAYS"`
}

// stopTimeout is how long requests in flight may take once the server stops.
const stopTimeout = 15 * time.Second

func (c serveCmd) Run(ctx context.Context, streams Streams, log *slog.Logger) (err error) {
	if c.KeepHistory < 1 {
		return fmt.Errorf("--keep-history %d is not a number of days from 1 on", c.KeepHistory)
	}
	quietSIP()
	s, err := c.open(ctx, log)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.files.Close(), s.store.Close()) }()
	adminListener, err := listen(ctx, "the API", "--admin-listen", c.AdminListen)
	if err != nil {
		return err
	}
	defer func() { _ = adminListener.Close() }()
	phoneListener, err := listen(ctx, "phones", "--http-listen", c.HTTPListen)
	if err != nil {
		return err
	}
	defer func() { _ = phoneListener.Close() }()
	listeners := []phoneListening{{l: phoneListener}}
	if c.HTTPSListen != "" {
		secure, err := c.listenTLS(ctx, log)
		if err != nil {
			return err
		}
		defer func() { _ = secure.l.Close() }()
		listeners = append(listeners, secure)
	}
	base, err := publicURL(c.PublicURL, phoneListener.Addr())
	if err != nil {
		return err
	}
	if err := s.wire(ctx, c, base, log); err != nil {
		return err
	}
	created, token, err := s.fleet.Bootstrap(ctx, secret.New(c.AdminToken))
	if err != nil {
		return fmt.Errorf("set up the first tenant: %w", err)
	}
	if err := announce(streams.Out, adminListener.Addr(), base, created && c.AdminToken == "", token); err != nil {
		return err
	}
	return s.run(ctx, adminListener, listeners, log)
}

// phoneListening is a listener that phones fetch from, and its TLS if it has any.
type phoneListening struct {
	l   net.Listener
	tls *tls.Config
}

func (c serveCmd) listenTLS(ctx context.Context, log *slog.Logger) (phoneListening, error) {
	certificate, err := loadCertificate(c.TLSCert, c.TLSKey, log)
	if err != nil {
		return phoneListening{}, err
	}
	l, err := listen(ctx, "phones over TLS", "--https-listen", c.HTTPSListen)
	return phoneListening{l, certificate.config()}, err
}

// server is everything that 'serve' runs.
type server struct {
	store   *store.DB
	files   *blob.Dir
	catalog *provision.Catalog
	core    *provision.Core
	journal *provision.Journal
	fleet   *fleet.Fleet
	admin   http.Handler
	jobs    *jobs.Worker
	rps     *rps.Worker
	pnp     *pnp.Server // nil where phones are not heard
	// notifier sends what the jobs order.
	notifier *notifier
	feed     *fleet.Feed
	history  fleet.Retention
}

func (c serveCmd) open(ctx context.Context, log *slog.Logger) (*server, error) {
	db, err := store.Open(ctx, c.Data, log)
	if err != nil {
		return nil, fmt.Errorf("open the data directory: %w", err)
	}
	files, err := blob.Open(filepath.Join(c.Data, "files"))
	if err != nil {
		return nil, errors.Join(err, db.Close())
	}
	return &server{store: db, files: files}, nil
}

// wire joins the rooms. The store streams the fleet into the provisioning core;
// the use cases change the store and tell the core.
func (s *server) wire(ctx context.Context, c serveCmd, base string, log *slog.Logger) error {
	registry := packs.Registry()
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		return err
	}
	s.feed = fleet.NewFeed(s.store.NewID())
	s.store.Announce(s.feed.Publish)
	s.history = fleet.Retention{Store: s.store, Keep: time.Duration(c.KeepHistory) * 24 * time.Hour, Now: time.Now, Log: log}
	addresses := provision.Addresses{Base: base}
	s.catalog = catalog
	s.journal = provision.NewJournal(s.store, log)
	s.notifier = newNotifier(s.store, registry, func(m mac.Addr) (fleet.ID, []mac.Addr) { return s.core.Sharers(m) })
	s.jobs = jobs.New(jobs.Config{
		Store: s.store, Notifier: s.notifier, Seen: jobs.SeenIn(s.store.Fetches), Log: log, Rate: c.rate(), Attempts: c.Attempts,
	})
	if s.rps, err = c.worker(s, base, log); err != nil {
		return err
	}
	s.core, err = provision.New(ctx, provision.Config{
		Registry: registry, Catalog: catalog, Source: s.store, Enroller: enroller{s.store}, Pointers: pointers{s}, Recorder: s.journal,
		Addresses: addresses, Contents: s.files, Log: log, CacheBytes: c.CacheBytes, Fetched: s.jobs.Fetched,
	})
	if err != nil {
		return fmt.Errorf("load the fleet: %w", err)
	}
	var changes fleet.Changes = s.core
	if s.pnp = c.listenPnP(s.core, log); s.pnp != nil {
		changes = inviting{s.core, s.pnp}
	}
	changes = retiring{changes, s.notifier, log}
	s.fleet = fleet.New(fleet.Config{
		Store: s.store, Changes: changes, Catalog: catalog, Jobs: s.jobs, Feed: s.feed, Now: time.Now, Log: log,
		Contents: s.files, Limits: fleet.FileLimits{File: c.MaxFileBytes, Tenant: c.MaxFilesBytes},
		Redirects: s.rps, Base: base, FirstAccess: c.FirstAccess,
	})
	if err := s.fleet.SweepContents(ctx); err != nil {
		return fmt.Errorf("look through the uploaded files: %w", err)
	}
	s.admin, _ = admin.New(admin.Options{Fleet: s.fleet, PhoneURL: s.core.PhoneURL, DectURL: s.core.DectURL, Status: s.core.Status, Log: log, Version: version()})
	return nil
}

// rate is the pace as the jobs have it.
func (c serveCmd) rate() float64 {
	if c.Pace == 0 {
		return math.Inf(1)
	}
	return c.Pace
}

// Validate is called by the command line's parser.
func (c serveCmd) Validate() error {
	if c.Pace < 0 || math.IsNaN(c.Pace) {
		return fmt.Errorf("--pace %v is below 0; give NOTIFYs in a second, or 0 for no limit", c.Pace)
	}
	if c.MaxFileBytes < 1 || c.MaxFilesBytes < 1 {
		return fmt.Errorf("--max-file-bytes %d and --max-files-bytes %d must be above 0", c.MaxFileBytes, c.MaxFilesBytes)
	}
	if (c.HTTPSListen == "") != (c.TLSCert == "") || (c.HTTPSListen == "") != (c.TLSKey == "") {
		return errors.New("--https-listen, --tls-cert and --tls-key are given together or not at all")
	}
	if err := c.validateRedirects(); err != nil {
		return err
	}
	if c.Attempts < 1 {
		return fmt.Errorf("--attempts %d is below 1", c.Attempts)
	}
	return nil
}

// enroller makes the use of an enrolment window durable.
type enroller struct{ store *store.DB }

func (e enroller) UseEnrolment(ctx context.Context, id fleet.ID, m mac.Addr) (first bool, err error) {
	err = e.store.Write(ctx, func(w fleet.Writer) error {
		first, err = w.UseEnrolment(ctx, id, m)
		return err
	})
	return first, err
}

func listen(ctx context.Context, who, flag, address string) (net.Listener, error) {
	l, err := new(net.ListenConfig).Listen(ctx, "tcp", address)
	if err != nil {
		return nil, fmt.Errorf("cannot listen for %s on %s: %w; free the port or choose another with %s", who, address, err, flag)
	}
	return l, nil
}

// publicURL is the base of the addresses that phones are given, with a trailing
// slash.
func publicURL(given string, at net.Addr) (string, error) {
	if given != "" {
		u, err := url.Parse(given)
		if err != nil || u.Scheme != "http" && u.Scheme != "https" || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil {
			return "", fmt.Errorf("--public-url %q is not of the form http://host[:port]/", given)
		}
		return strings.TrimSuffix(u.String(), "/") + "/", nil
	}
	tcp, ok := at.(*net.TCPAddr)
	if !ok {
		return "", fmt.Errorf("--public-url is needed for the listener %s", at)
	}
	host := tcp.IP
	if host.IsUnspecified() {
		host = ownAddress()
	}
	return "http://" + net.JoinHostPort(host.String(), strconv.Itoa(tcp.Port)) + "/", nil
}

// ownAddress is this machine's first address that others can reach, or loopback.
func ownAddress() net.IP {
	addresses, err := net.InterfaceAddrs()
	if err == nil {
		for _, a := range addresses {
			if n, ok := a.(*net.IPNet); ok && n.IP.To4() != nil && n.IP.IsGlobalUnicast() {
				return n.IP
			}
		}
	}
	return net.IPv4(127, 0, 0, 1)
}

func announce(w io.Writer, adminAt net.Addr, base string, created bool, token secret.Secret) error {
	var b strings.Builder
	fmt.Fprintf(&b, "Dialplane %s\n", version())
	fmt.Fprintf(&b, "  API                   http://%s/api  (documentation: http://%s/api/docs)\n", adminAt, adminAt)
	fmt.Fprintf(&b, "  provisioning address  %s\n", base)
	if created {
		fmt.Fprintf(&b, "  admin token           %s\n", token.Reveal())
		fmt.Fprintf(&b, "                        shown this once; send it as 'Authorization: Bearer …'\n")
	}
	_, err := io.WriteString(w, b.String())
	return err
}

// run serves until ctx is done or a listener fails, then lets requests in flight
// finish and writes what is left of the journal.
func (s *server) run(ctx context.Context, adminListener net.Listener, phoneListeners []phoneListening, log *slog.Logger) (err error) {
	api := &http.Server{
		Handler:           s.adminHandler(),
		ReadHeaderTimeout: 10 * time.Second, ReadTimeout: 60 * time.Second, WriteTimeout: 60 * time.Second, IdleTimeout: 120 * time.Second,
		MaxHeaderBytes: 64 << 10,
		ErrorLog:       slog.NewLogLogger(log.Handler(), slog.LevelDebug),
	}
	api.RegisterOnShutdown(s.feed.Close) // or streams of events would keep it from stopping
	devices := phones.New(s.core, phones.Limits{}, log)

	journalCtx, stopJournal := context.WithCancel(context.WithoutCancel(ctx))
	var journal sync.WaitGroup
	journal.Go(func() { s.journal.Run(journalCtx) })
	defer journal.Wait()
	defer stopJournal()
	defer func() { err = errors.Join(err, s.notifier.close()) }()

	group, groupCtx := errgroup.WithContext(ctx)
	group.Go(func() error {
		if err := api.Serve(adminListener); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("the API's listener failed: %w", err)
		}
		return nil
	})
	for _, p := range phoneListeners {
		group.Go(func() error {
			serve := devices.Serve
			if p.tls != nil {
				serve = func(l net.Listener) error { return devices.ServeTLS(l, p.tls) }
			}
			if err := serve(p.l); err != nil {
				return fmt.Errorf("the phones' listener %s failed: %w", p.l.Addr(), err)
			}
			return nil
		})
	}
	group.Go(func() error {
		s.jobs.Run(groupCtx)
		return nil
	})
	group.Go(func() error {
		s.rps.Run(groupCtx)
		return nil
	})
	group.Go(func() error {
		s.history.Run(groupCtx)
		return nil
	})
	if s.pnp != nil {
		group.Go(func() error {
			if err := s.pnp.Serve(groupCtx); err != nil {
				log.Error("phones that ask by multicast are not heard any more", "error", err)
			}
			return nil
		})
	}
	group.Go(func() error {
		<-groupCtx.Done()
		log.Info("stopping; requests in flight may finish", "timeout", stopTimeout)
		stopCtx, cancel := context.WithTimeout(context.WithoutCancel(ctx), stopTimeout)
		defer cancel()
		return errors.Join(devices.Shutdown(stopCtx), api.Shutdown(stopCtx))
	})
	var at []string
	for _, p := range phoneListeners {
		at = append(at, p.l.Addr().String())
	}
	log.Info("serving", "api", adminListener.Addr().String(), "phones", at)
	return group.Wait()
}

// adminHandler is the API with the two health checks beside it.
func (s *server) adminHandler() http.Handler {
	mux := http.NewServeMux()
	mux.Handle("/api/", s.admin)
	mux.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		_, _ = io.WriteString(w, "ok\n")
	})
	mux.HandleFunc("GET /readyz", func(w http.ResponseWriter, r *http.Request) {
		err := s.store.Read(r.Context(), func(fleet.Reader) error { return nil })
		if err != nil {
			http.Error(w, "the store cannot be read", http.StatusServiceUnavailable)
			return
		}
		_, _ = io.WriteString(w, "ready\n")
	})
	return mux
}
