// Package http is the listener that phones fetch their files from. It translates
// between HTTP and the provisioning core and holds the limits: methods, header
// sizes, deadlines, connections, and how many requests without a secret address
// one source may make.
package http

import (
	"cmp"
	"context"
	"crypto/tls"
	"errors"
	"log/slog"
	"net"
	"net/http"
	"net/netip"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/provision"
)

// Core answers phones.
type Core interface {
	Answer(ctx context.Context, r provision.Request) provision.Answer
}

// Limits bounds what phones, and strangers, may take. Zero fields take the
// defaults.
type Limits struct {
	Connections int     // open at a time; 20 000
	SharedRate  float64 // requests a second without a secret address from one /32 or /64; 50
	SharedBurst int     // so many at once; 2 000
}

// Server serves phones.
type Server struct {
	server *http.Server
	limits Limits
}

func (l Limits) orDefaults() Limits {
	return Limits{
		Connections: cmp.Or(l.Connections, 20_000),
		SharedRate:  cmp.Or(l.SharedRate, 50),
		SharedBurst: cmp.Or(l.SharedBurst, 2000),
	}
}

// New makes a server for the core.
func New(core Core, limits Limits, log *slog.Logger) *Server {
	return &Server{
		limits: limits.orDefaults(),
		server: &http.Server{
			Handler:           NewHandler(core, limits),
			ReadHeaderTimeout: 10 * time.Second,
			ReadTimeout:       30 * time.Second,
			WriteTimeout:      60 * time.Second,
			IdleTimeout:       60 * time.Second,
			MaxHeaderBytes:    16 << 10,
			ErrorLog:          slog.NewLogLogger(log.Handler(), slog.LevelDebug),
		},
	}
}

// Serve answers on l until Shutdown. Requests in flight then finish.
func (s *Server) Serve(l net.Listener) error { return s.serve(limit(l, s.limits.Connections)) }

// ServeTLS is Serve over TLS.
func (s *Server) ServeTLS(l net.Listener, c *tls.Config) error {
	// The limit counts connections before their handshake; net/http knows TLS by the
	// type of the connection.
	return s.serve(tls.NewListener(limit(l, s.limits.Connections), c))
}

func (s *Server) serve(l net.Listener) error {
	err := s.server.Serve(l)
	if errors.Is(err, http.ErrServerClosed) {
		return nil
	}
	return err
}

// Shutdown stops accepting and waits for requests in flight until ctx is done.
func (s *Server) Shutdown(ctx context.Context) error { return s.server.Shutdown(ctx) }

// Handler answers single requests.
type Handler struct {
	core    Core
	sources *sources
}

// NewHandler makes a handler.
func NewHandler(core Core, limits Limits) *Handler {
	limits = limits.orDefaults()
	return &Handler{core: core, sources: newSources(limits.SharedRate, limits.SharedBurst)}
}

func (h *Handler) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "phones GET their files here", http.StatusMethodNotAllowed)
		return
	}
	ip := remoteIP(r)
	if !provision.Proven(r.URL.Path) && !h.sources.allow(ip) {
		retryLater(w, http.StatusTooManyRequests)
		return
	}
	a := h.core.Answer(r.Context(), provision.Request{
		Path: r.URL.Path, Query: r.URL.RawQuery, Head: r.Method == http.MethodHead, UserAgent: userAgent(r), IP: ip, Secure: r.TLS != nil, Local: local(r, ip),
	})
	if a.Upload != nil {
		h.upload(w, r, a)
		return
	}
	header := w.Header()
	header["Content-Type"] = []string{a.Type}
	switch a.Status {
	case http.StatusOK:
		header["Etag"] = []string{a.ETag}
		header["Cache-Control"] = cacheControl
		if matches(r.Header["If-None-Match"], a.ETag) {
			delete(header, "Content-Type")
			w.WriteHeader(http.StatusNotModified)
			return
		}
	case http.StatusServiceUnavailable:
		header.Set("Retry-After", retryAfter)
	}
	header["Content-Length"] = []string{strconv.Itoa(len(a.Body))}
	w.WriteHeader(a.Status)
	if r.Method != http.MethodHead {
		_, _ = w.Write(a.Body) // the phone has gone; there is nobody to tell
	}
}

var cacheControl = []string{"private, no-cache"}

// retryAfter is how long a phone waits after a failure of ours, in seconds.
const retryAfter = "30"

func retryLater(w http.ResponseWriter, status int) {
	w.Header().Set("Retry-After", retryAfter)
	http.Error(w, "try again later", status)
}

// remoteIP returns the address that the request came from. The zone of a
// link-local one says which of our interfaces it came in by, and is left out.
func remoteIP(r *http.Request) netip.Addr {
	a, err := netip.ParseAddrPort(r.RemoteAddr)
	if err != nil {
		return netip.Addr{}
	}
	return a.Addr().Unmap().WithZone("")
}

// local reports whether the request has not left this machine: both ends of its
// connection have one address.
func local(r *http.Request, ip netip.Addr) bool {
	at, ok := r.Context().Value(http.LocalAddrContextKey).(*net.TCPAddr)
	return ok && at.AddrPort().Addr().Unmap().WithZone("") == ip
}

const maxUserAgent = 256

// userAgent returns the User-Agent without what could break a line of a log.
func userAgent(r *http.Request) string {
	ua := r.UserAgent()
	if len(ua) > maxUserAgent {
		ua = ua[:maxUserAgent]
	}
	return strings.ToValidUTF8(ua, "�")
}

// matches reads If-None-Match as RFC 9110 section 13.1.2 has it: weak comparison.
func matches(values []string, etag string) bool {
	for _, v := range values {
		for tag := range strings.SplitSeq(v, ",") {
			tag = strings.TrimSpace(tag)
			if tag == "*" || strings.TrimPrefix(tag, "W/") == etag {
				return true
			}
		}
	}
	return false
}
