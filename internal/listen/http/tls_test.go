package http

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/provision"
)

// A request over TLS is known as one, and what comes to the same port without TLS is
// no request.
func TestTLS(t *testing.T) {
	t.Parallel()
	lender := httptest.NewTLSServer(nil) // of a certificate for loopback
	certificate, roots := lender.TLS.Certificates[0], x509.NewCertPool()
	roots.AddCert(lender.Certificate())
	lender.Close()

	secure := make(chan bool, 2)
	s := New(coreFunc(func(_ context.Context, r provision.Request) provision.Answer {
		secure <- r.Secure
		return file
	}), Limits{Connections: 4}, slog.New(slog.DiscardHandler))
	l, err := new(net.ListenConfig).Listen(t.Context(), "tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	ended := make(chan error, 1)
	go func() {
		ended <- s.ServeTLS(l, &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{certificate}})
	}()
	client := &http.Client{Transport: &http.Transport{TLSClientConfig: &tls.Config{MinVersion: tls.VersionTLS12, RootCAs: roots}}, Timeout: 10 * time.Second}
	get := func(scheme string) (int, string) {
		t.Helper()
		r, err := http.NewRequestWithContext(t.Context(), http.MethodGet, scheme+"://"+l.Addr().String()+"/file", nil)
		if err != nil {
			t.Fatal(err)
		}
		answer, err := client.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = answer.Body.Close() }()
		b, err := io.ReadAll(answer.Body)
		if err != nil {
			t.Fatal(err)
		}
		return answer.StatusCode, string(b)
	}
	if status, text := get("https"); status != 200 || text != string(file.Body) {
		t.Errorf("over TLS: %d %q", status, text)
	}
	if !<-secure {
		t.Error("a request over TLS is not known as one")
	}
	if status, _ := get("http"); status != 400 {
		t.Errorf("without TLS: %d", status)
	}
	client.CloseIdleConnections()
	if err := s.Shutdown(t.Context()); err != nil {
		t.Error(err)
	}
	if err := <-ended; err != nil {
		t.Error(err)
	}
	if len(secure) != 0 {
		t.Error("a request without TLS was answered")
	}
}
