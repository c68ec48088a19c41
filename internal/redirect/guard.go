package redirect

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// The bounds of a call (S18).
const (
	maxTime = 10 * time.Second
	// MaxBytes is how much of an answer is read; more is an error of kind BadAnswer.
	MaxBytes = 1 << 20
)

// Guard says whom calls may go to.
type Guard struct {
	// Allow are networks that are reachable though they are not the internet, such as
	// that of a proxy of the operator's own.
	Allow []netip.Prefix
	// Roots are trusted in place of the system's certificate authorities; nil for those.
	Roots *x509.CertPool
	// Resolver is net.DefaultResolver unless set.
	Resolver *net.Resolver
}

// special are the ranges that a service on the internet has no address in, beyond
// those that netip tells apart: "this" network, CGNAT, IETF assignments, documentation,
// benchmarking, 6to4 relays, reserved; and NAT64, discard, Teredo, documentation,
// 6to4 in IPv6, through which the others could be reached.
var special = prefixes(
	"0.0.0.0/8", "100.64.0.0/10", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "240.0.0.0/4",
	"64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/23", "2001:db8::/32", "2002::/16", "3fff::/20", "5f00::/16", "fec0::/10",
)

func prefixes(list ...string) []netip.Prefix {
	out := make([]netip.Prefix, len(list))
	for i, s := range list {
		out[i] = netip.MustParsePrefix(s)
	}
	return out
}

// Public says whether an address is one of the internet.
func Public(ip netip.Addr) bool {
	ip = ip.Unmap().WithZone("")
	return ip.IsValid() && ip.IsGlobalUnicast() && !ip.IsPrivate() && !within(ip, special)
}

func within(ip netip.Addr, list []netip.Prefix) bool {
	return slices.ContainsFunc(list, func(p netip.Prefix) bool { return p.Contains(ip) })
}

// CheckEndpoint returns why a URL cannot be the base of a service's calls, or "".
// Whether its host is one of the internet shows when it is called.
func CheckEndpoint(endpoint string) string {
	u, err := url.Parse(endpoint)
	switch {
	case err != nil || u.Host == "" || u.Opaque != "":
		return "must be a URL of the form https://host[:port][/path]"
	case u.Scheme != "https":
		return "must begin with https://"
	case u.User != nil:
		return "must not hold a user name or password; they are fields of the account"
	case u.RawQuery != "" || u.ForceQuery || u.Fragment != "":
		return "must end with its path, without ? or #"
	}
	if port := u.Port(); port != "" {
		if n, err := strconv.Atoi(port); err != nil || n != 443 && (n < 1024 || n > 65535) {
			return "must have the port 443 or one from 1024 on"
		}
	}
	return ""
}

// Client returns an HTTP client that calls the hosts of the endpoints and nobody
// else: over TLS 1.2 or higher, at addresses of the internet or in Guard.Allow as they
// are when it dials, without following a redirect to another host, and within ten
// seconds.
func (g Guard) Client(endpoints ...string) (*http.Client, error) {
	var hosts []string
	for _, endpoint := range endpoints {
		if wrong := CheckEndpoint(endpoint); wrong != "" {
			return nil, errors.New("the endpoint " + wrong)
		}
		u, err := url.Parse(endpoint)
		if err != nil {
			return nil, errors.New("the endpoint is no URL")
		}
		hosts = append(hosts, hostPort(u))
	}
	dialer := &net.Dialer{Timeout: maxTime, Resolver: g.Resolver, ControlContext: func(_ context.Context, network, address string, _ syscall.RawConn) error {
		at, err := netip.ParseAddrPort(address)
		if err != nil || !strings.HasPrefix(network, "tcp") {
			return errForbidden
		}
		if ip := at.Addr().Unmap().WithZone(""); !Public(ip) && !within(ip, g.Allow) {
			return errForbidden
		}
		return nil
	}}
	transport := &http.Transport{
		Proxy:       nil, // it would dial in our place
		DialContext: dialer.DialContext, ForceAttemptHTTP2: true,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: g.Roots},
		TLSHandshakeTimeout: maxTime, ResponseHeaderTimeout: maxTime, IdleConnTimeout: time.Minute,
		MaxIdleConnsPerHost: 8, MaxConnsPerHost: 32, MaxResponseHeaderBytes: 64 << 10,
	}
	return &http.Client{
		Timeout:   maxTime,
		Transport: only{hosts, transport},
		CheckRedirect: func(next *http.Request, via []*http.Request) error {
			if len(via) >= 3 || hostPort(next.URL) != hostPort(via[0].URL) || next.URL.Scheme != "https" {
				return http.ErrUseLastResponse
			}
			return nil
		},
	}, nil
}

var errForbidden = errors.New("the address is not one of the internet")

// only lets requests to some hosts pass.
type only struct {
	hosts []string
	next  http.RoundTripper
}

func (o only) RoundTrip(r *http.Request) (*http.Response, error) {
	if r.URL.Scheme != "https" || r.URL.User != nil || !slices.Contains(o.hosts, hostPort(r.URL)) {
		return nil, errForbidden
	}
	return o.next.RoundTrip(r)
}

// CloseIdleConnections is called by http.Client's method of that name.
func (o only) CloseIdleConnections() {
	if c, ok := o.next.(interface{ CloseIdleConnections() }); ok {
		c.CloseIdleConnections()
	}
}

func hostPort(u *url.URL) string {
	port := u.Port()
	if port == "" {
		port = "443"
	}
	return strings.ToLower(net.JoinHostPort(u.Hostname(), port))
}

// Do makes a call and reads its answer whole. A failure to get one is an *Error; so is
// a status of 429 or of 500 and above, whatever the body. Other statuses are the
// caller's to judge.
func Do(c *http.Client, r *http.Request) (status int, header http.Header, body []byte, err error) {
	answer, err := c.Do(r) //nolint:gosec // the client is Guard.Client, which says where it may go
	if err != nil {
		return 0, nil, nil, noAnswer(r, err)
	}
	defer func() { _ = answer.Body.Close() }()
	body, err = io.ReadAll(io.LimitReader(answer.Body, MaxBytes+1))
	switch {
	case err != nil:
		return 0, nil, nil, noAnswer(r, err)
	case len(body) > MaxBytes:
		return 0, nil, nil, Errorf(BadAnswer, "the answer of %s has more than %d bytes", r.URL.Hostname(), MaxBytes)
	}
	switch {
	case answer.StatusCode == http.StatusTooManyRequests:
		return 0, nil, nil, &Error{Kind: TooMany, Reason: r.URL.Hostname() + " says that it is called too often", After: retryAfter(answer.Header)}
	case answer.StatusCode >= 500:
		return 0, nil, nil, &Error{Kind: Busy, Reason: fmt.Sprintf("%s has failed with the status %d", r.URL.Hostname(), answer.StatusCode), After: retryAfter(answer.Header)}
	}
	return answer.StatusCode, answer.Header, body, nil
}

// noAnswer says why none came. Errors of net/http quote the URL; this does not.
func noAnswer(r *http.Request, err error) *Error {
	host := r.URL.Hostname()
	var (
		dns         *net.DNSError
		untrusted   *tls.CertificateVerificationError
		notPeer     tls.RecordHeaderError
		interrupted interface{ Timeout() bool }
	)
	switch {
	case errors.Is(err, errForbidden):
		return Errorf(Unreachable, "%s is not called: only hosts of the service are, at addresses of the internet", host)
	case errors.As(err, &untrusted):
		return Errorf(Unreachable, "the certificate of %s is not valid: %s", host, untrusted.Err)
	case errors.As(err, &notPeer):
		return Errorf(Unreachable, "%s does not speak TLS", host)
	case errors.As(err, &dns):
		return Errorf(Unreachable, "the host %s was not found", host)
	case errors.Is(err, context.Canceled):
		return Errorf(Unreachable, "the call of %s was given up", host)
	case errors.As(err, &interrupted) && interrupted.Timeout():
		return Errorf(Unreachable, "%s did not answer within %s", host, maxTime)
	case errors.Is(err, syscall.ECONNREFUSED):
		return Errorf(Unreachable, "%s refuses connections", host)
	}
	return Errorf(Unreachable, "the connection to %s failed", host)
}

// retryAfter reads the header in seconds or as a date (RFC 9110 section 10.2.3), at
// most a day.
func retryAfter(h http.Header) time.Duration {
	const most = 24 * time.Hour
	text := h.Get("Retry-After")
	if n, err := strconv.ParseInt(text, 10, 64); err == nil && n > 0 {
		return min(time.Duration(min(n, int64(most/time.Second)))*time.Second, most)
	}
	if at, err := http.ParseTime(text); err == nil {
		if sent, err := http.ParseTime(h.Get("Date")); err == nil {
			return max(0, min(at.Sub(sent), most))
		}
	}
	return 0
}
