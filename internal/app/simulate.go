package app

import (
	"bufio"
	"context"
	"crypto/tls"
	"crypto/x509"
	"encoding/binary"
	"errors"
	"fmt"
	"log/slog"
	"net/url"
	"os"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/simulate"
	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

type simulateCmd struct {
	URL      string            `arg:"" optional:"" help:"Provisioning address: the shared one, or one phone's own. Not with --discover; with --redirect for phones of other vendors."`
	Discover time.Duration     `help:"Let the phones ask for their address by SIP multicast instead, and wait for it so long." placeholder:"DURATION"`
	Redirect map[string]string `help:"Let phones of a vendor ask its redirect service first, which answers them at a URL, and begin where it sends them. Repeat for several." placeholder:"VENDOR=URL" env:"-"`
	Dialect  string            `help:"Let them ask as this one of their vendor's phones does, such as 'OEM' for Snom; as the vendor's usual one unless given." placeholder:"NAME" env:"-"`
	Compact  bool              `help:"Let them ask with SIP's short header names."`
	Model    []string          `help:"Models to boot, as 'template list' names them, such as 'Yealink T46U'. Repeat for several." placeholder:"'VENDOR MODEL'" sep:"none" env:"-"`
	Count    int               `help:"Phones of each model, with addresses made up from the vendor's prefix." default:"1"`
	FirstMAC string            `name:"first-mac" help:"Address of the first phone; the others count up from it." placeholder:"MAC" env:"-"`
	Phones   string            `help:"Read phones from a file instead: one 'MAC VENDOR MODEL' a line." placeholder:"FILE" env:"-"`
	Boots    int               `help:"Let each phone boot so many times." default:"1"`
	Parallel int               `help:"Phones at a time." default:"50"`
	Register bool              `help:"Register every account found at its registrar."`
	Stay     time.Duration     `help:"With --register: stay for so long after all have booted, and obey NOTIFYs."`
	Deaf     bool              `help:"With --stay: answer no NOTIFY."`
	Timeout  time.Duration     `help:"Longest time for one file or one registration." default:"15s"`
	Insecure bool              `help:"Accept any server certificate."`
	CA       string            `name:"ca" help:"Trust the authorities in a PEM file, besides the system's." placeholder:"FILE" env:"-"`
	Verbose  bool              `short:"v" help:"Print every phone's accounts."`
}

func (c simulateCmd) Run(ctx context.Context, streams Streams, log *slog.Logger) error {
	quietSIP()
	base, err := c.base()
	if err != nil {
		return err
	}
	phones, err := c.phones(log)
	if err != nil {
		return err
	}
	redirects, err := c.redirects()
	if err != nil {
		return err
	}
	roots, err := c.roots()
	if err != nil {
		return err
	}
	progress := progressLine(streams, len(phones))
	report := simulate.Run(ctx, simulate.Options{
		URL: base, Discover: c.Discover, Redirect: redirects, Dialect: c.Dialect, Compact: c.Compact, Phones: phones, Boots: c.Boots, Parallel: c.Parallel,
		Register: c.Register, Stay: c.Stay, Deaf: c.Deaf, Timeout: c.Timeout,
		TLS: &tls.Config{InsecureSkipVerify: c.Insecure, RootCAs: roots}, //nolint:gosec // only when asked to
		Log: log, Progress: progress,
	})
	if c.Verbose {
		for _, r := range report.Results {
			for _, a := range r.State.Accounts {
				_, _ = fmt.Fprintf(streams.Out, "%s %s %s: account %d %s@%s %q over %s\n", r.Phone.Unit.MAC, r.Phone.Pack.Name, r.Phone.Unit.Model, a.Index, a.User, a.Server, a.DisplayName, a.Transport)
			}
		}
	}
	if err := report.Summary(streams.Out); err != nil {
		return err
	}
	if report.Failed() > 0 {
		return errReported
	}
	return nil
}

// base is the address that the phones begin at, or nil if they ask for it.
func (c simulateCmd) base() (*url.URL, error) {
	switch {
	case c.Discover > 0 && c.URL != "":
		return nil, errors.New("give a provisioning address or --discover, not both")
	case c.Discover > 0, c.URL == "" && len(c.Redirect) > 0:
		return nil, nil
	}
	base, ok := folder(c.URL)
	if !ok {
		return nil, fmt.Errorf("the provisioning address %q is not of the form http://host:port/", c.URL)
	}
	return base, nil
}

// folder reads an address and ends it with a slash.
func folder(address string) (*url.URL, bool) {
	base, err := url.Parse(address)
	if err != nil || base.Scheme != "http" && base.Scheme != "https" || base.Host == "" {
		return nil, false
	}
	if !strings.HasSuffix(base.Path, "/") {
		base.Path += "/"
	}
	return base, true
}

// redirects are where each vendor's redirect service answers.
func (c simulateCmd) redirects() (map[string]*url.URL, error) {
	known := packs.Registry()
	at := make(map[string]*url.URL)
	for name, address := range c.Redirect {
		pack, ok := known.Pack(name)
		switch {
		case !ok:
			return nil, fmt.Errorf("--redirect: no vendor is named %q", name)
		case pack.Redirect == nil:
			return nil, fmt.Errorf("--redirect: how phones of %s ask its redirect service is not known", pack.Name)
		}
		if at[pack.Name], ok = folder(address); !ok {
			return nil, fmt.Errorf("--redirect %s: the address %q is not of the form https://host:port/", pack.Name, address)
		}
	}
	return at, nil
}

// roots are the authorities that vouch for servers, or nil for the system's.
func (c simulateCmd) roots() (*x509.CertPool, error) {
	if c.CA == "" {
		return nil, nil
	}
	roots, err := x509.SystemCertPool()
	if err != nil {
		return nil, fmt.Errorf("the system's authorities: %w", err)
	}
	pem, err := os.ReadFile(c.CA)
	if err != nil {
		return nil, err
	}
	if !roots.AppendCertsFromPEM(pem) {
		return nil, fmt.Errorf("--ca: %s holds no certificate in PEM", c.CA)
	}
	return roots, nil
}

// progressLine writes how far the run is, at most a hundred times.
func progressLine(streams Streams, total int) func(done, total int) {
	step := max(1, total/100)
	return func(done, total int) {
		if done%step == 0 || done == total {
			_, _ = fmt.Fprintf(streams.Err, "\r%d of %d phones", done, total)
		}
		if done == total {
			_, _ = fmt.Fprintln(streams.Err)
		}
	}
}

func (c simulateCmd) phones(log *slog.Logger) ([]simulate.Phone, error) {
	registry := packs.Registry()
	catalog, err := provision.NewCatalog(registry, log)
	if err != nil {
		return nil, err
	}
	known := knownModels(catalog)
	if c.Phones != "" {
		return readPhones(c.Phones, registry, known)
	}
	if len(c.Model) == 0 {
		return nil, errors.New("say which phones to boot with --model 'VENDOR MODEL' (see 'dialplane template list') or --phones FILE")
	}
	var next mac.Addr
	if c.FirstMAC != "" {
		if next, err = mac.Parse(c.FirstMAC); err != nil {
			return nil, fmt.Errorf("--first-mac: %w", err)
		}
	}
	var phones []simulate.Phone
	for _, name := range c.Model {
		pack, unit, err := known.find(registry, name)
		if err != nil {
			return nil, fmt.Errorf("--model: %w", err)
		}
		addr := next
		if addr.IsZero() {
			addr = mac.MustParse(pack.OUIs[0] + "000001")
			addr = plus(addr, len(phones))
		}
		for i := range c.Count {
			unit.MAC = plus(addr, i)
			phones = append(phones, simulate.Phone{Pack: pack, Unit: unit})
		}
		if !next.IsZero() {
			next = plus(next, c.Count)
		}
	}
	return phones, nil
}

// plus counts an address up.
func plus(a mac.Addr, n int) mac.Addr {
	var b [8]byte
	copy(b[2:], a[:])
	binary.BigEndian.PutUint64(b[:], binary.BigEndian.Uint64(b[:])+uint64(n)) //nolint:gosec // n is a small count
	copy(a[:], b[2:])
	return a
}

// modelNames maps "vendor model" in lower case to the vendor and the model.
type modelNames map[string]namedModel

type namedModel struct {
	vendor, model string
	base          bool // a DECT base
}

func knownModels(c *provision.Catalog) modelNames {
	known := make(modelNames)
	for _, t := range c.Templates() {
		for _, m := range t.Models {
			known[strings.ToLower(t.Vendor+" "+m.Name)] = namedModel{t.Vendor, m.Name, m.Handsets > 0 || m.Bases > 0}
		}
	}
	return known
}

// find returns a vendor's pack and a unit of its model, without an address.
func (k modelNames) find(registry *vendor.Registry, name string) (vendor.Pack, vendor.Unit, error) {
	m, ok := k[strings.ToLower(strings.Join(strings.Fields(name), " "))]
	if !ok {
		return vendor.Pack{}, vendor.Unit{}, fmt.Errorf("no built-in template has a model %q; write vendor and model, as in 'Yealink T46U'", name)
	}
	pack, _ := registry.Pack(m.vendor)
	return pack, vendor.Unit{Model: m.model, Base: m.base}, nil
}

func readPhones(file string, registry *vendor.Registry, known modelNames) ([]simulate.Phone, error) {
	f, err := os.Open(file)
	if err != nil {
		return nil, err
	}
	defer func() { _ = f.Close() }()
	var phones []simulate.Phone
	lines := bufio.NewScanner(f)
	for n := 1; lines.Scan(); n++ {
		text := strings.TrimSpace(lines.Text())
		if text == "" || strings.HasPrefix(text, "#") {
			continue
		}
		address, name, _ := strings.Cut(text, " ")
		pack, unit, err := known.find(registry, name)
		if err == nil {
			unit.MAC, err = mac.Parse(address)
		}
		if err != nil {
			return nil, fmt.Errorf("%s:%d: %w", file, n, err)
		}
		phones = append(phones, simulate.Phone{Pack: pack, Unit: unit})
	}
	return phones, lines.Err()
}
