package app

import (
	"crypto/tls"
	"fmt"
	"log/slog"
	"os"
	"sync"
	"time"
)

// certificate is that of the phones' listener. It is read again when its files have
// changed, so that a renewed one is used without a restart.
type certificate struct {
	files [2]string // certificate with its chain, and key, in PEM
	log   *slog.Logger
	now   func() time.Time

	mu      sync.Mutex
	loaded  *tls.Certificate
	changed [2]time.Time // of the files, when they were loaded
	looked  time.Time    // at the files
}

// lookEvery is how often the files are looked at.
const lookEvery = time.Minute

func loadCertificate(certFile, keyFile string, log *slog.Logger) (*certificate, error) {
	c := &certificate{files: [2]string{certFile, keyFile}, log: log, now: time.Now}
	if err := c.load(); err != nil {
		return nil, err
	}
	return c, nil
}

// stamps returns when the files were changed.
func (c *certificate) stamps() (at [2]time.Time, err error) {
	for i, name := range c.files {
		info, err := os.Stat(name)
		if err != nil {
			return at, err
		}
		at[i] = info.ModTime()
	}
	return at, nil
}

func (c *certificate) load() error {
	changed, err := c.stamps()
	if err != nil {
		return fmt.Errorf("read the TLS certificate: %w", err)
	}
	pair, err := tls.LoadX509KeyPair(c.files[0], c.files[1])
	if err != nil {
		return fmt.Errorf("the TLS certificate %s and its key %s cannot be used: %w", c.files[0], c.files[1], err)
	}
	c.loaded, c.changed, c.looked = &pair, changed, c.now()
	return nil
}

// get returns the certificate for a connection. One that cannot be read any more stays
// as it was.
func (c *certificate) get(*tls.ClientHelloInfo) (*tls.Certificate, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if now := c.now(); now.Sub(c.looked) >= lookEvery {
		c.looked = now
		changed, err := c.stamps()
		if err == nil && changed != c.changed {
			err = c.load()
		}
		if err != nil {
			c.log.Error("the TLS certificate could not be read again; phones are served with the one from before", "error", err)
		}
	}
	return c.loaded, nil
}

func (c *certificate) config() *tls.Config {
	return &tls.Config{MinVersion: tls.VersionTLS12, GetCertificate: c.get}
}
