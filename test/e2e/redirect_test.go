package e2e

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"math/big"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect/redirecttest"
	"github.com/dialplane/dialplane/internal/redirect/standins"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// shipment is phones of one vendor that come straight from the shop.
type shipment struct {
	vendor, model string
	phones        int
	service       string
	standin       redirecttest.Standin

	at *redirecttest.Server
}

// TestPhonesFromTheShop ships 500 phones of five vendors to people who plug them in. Each
// asks its vendor's redirect service, which Dialplane has told of it, is sent to its
// first-access address over TLS, enrols there, fetches its configuration and registers.
// The service of one vendor is down at first, which delays that vendor's phones alone.
func TestPhonesFromTheShop(t *testing.T) {
	network(t)
	bin := build(t)
	folder := t.TempDir()
	all := []*shipment{
		{vendor: "Yealink", model: "T46U", phones: 360, service: "yealink-rps", standin: standins.NewYealinkRPS(time.Now)},
		{vendor: "Snom", model: "D785", phones: 50, service: "snom-sraps", standin: standins.NewSRAPS(time.Now)},
		{vendor: "Gigaset", model: "Maxwell-3-PRO", phones: 40, service: "gigaset-redirect", standin: standins.NewGigasetRedirect()},
		{vendor: "Panasonic", model: "KX-HDV130", phones: 40, service: "panasonic-redirect", standin: standins.NewPanasonic()},
		{vendor: "Grandstream", model: "GRP2614", phones: 10, service: "grandstream-gdms", standin: standins.NewGDMS(time.Now)},
	}
	down := all[1]
	certificate, key := selfSigned(t, folder)
	trusted := content(t, certificate)
	for _, in := range all {
		in.at = redirecttest.Start(t, in.standin)
	}
	trusted += string(all[0].at.PEM) // they share one
	authorities := filepath.Join(folder, "authorities.pem")
	if err := os.WriteFile(authorities, []byte(trusted), 0o600); err != nil {
		t.Fatal(err)
	}
	s := serve(t, bin, station{address: host},
		"--https-listen", host+":8443", "--tls-cert", certificate, "--tls-key", key, "--public-url", "https://"+host+":8443/", "--rps-allow", "127.0.0.0/8", "--rps-ca", authorities)
	pbx := startKamailio(t, station{address: host})
	s.must("POST", "/tenant", map[string]any{
		"domain": domain, "endpoints": map[string]any{"WEB_DOMAIN": map[string]any{"host": host, "udp": sipPort}},
		"timezone": "Europe/Berlin", "enrol_minutes": 0, // nobody's window is open
	}, 200, nil)
	templates := s.templates()

	var secrets []string
	down.at.Always(redirecttest.Failing)
	for _, in := range all {
		var values []map[string]any
		for name, value := range in.at.Account() {
			values = append(values, map[string]any{"name": name, "value": value})
			if len(value) > 8 {
				secrets = append(secrets, value)
			}
		}
		s.must("POST", "/rps_accounts", map[string]any{"service": in.service, "endpoint": in.at.URL, "values": values}, 201, nil)
	}
	var phones strings.Builder
	credentials, next := make(map[string]string), 3000
	for _, in := range all {
		offer := templates[in.vendor+" "+in.model]
		if offer.filename == "" {
			t.Fatalf("no template has the model %s %s", in.vendor, in.model)
		}
		pack, _ := packs.Registry().Pack(in.vendor)
		for i := range in.phones {
			extension := fmt.Sprint(next)
			next++
			credentials[extension] = "s3cret-" + extension + "-Zq"
			var user struct{ ID string }
			s.must("POST", "/users", map[string]any{"extension_number": extension, "display_name": "Home " + extension, "password": credentials[extension]}, 201, &user)
			address := mac.MustParse(fmt.Sprintf("%s%06x", pack.OUIs[0], 0x400000+i))
			s.must("POST", "/users/"+user.ID+"/phones", map[string]any{
				"mac": address.String(), "filename": offer.filename, "vendor": in.vendor, "model": in.model, "password": "Adm1n-" + extension,
				"language": offer.language, "transfer": "BLIND", "timezone": "Europe/Berlin", "codecs": offer.codecs, "interface": "WEB_DOMAIN", "preferred_transport": "UDP",
				"rps": true, "serial_number": "20EZ115N" + strings.ToUpper(address.String()[4:]), "device_code": standins.GigasetCode(address),
			}, 201, nil)
			fmt.Fprintf(&phones, "%s %s %s\n", address, in.vendor, in.model)
		}
	}
	pbx.load(credentials)

	told := func(of ...*shipment) error {
		for _, in := range of {
			if n := len(in.at.Registered()); n != in.phones {
				_, _, body := s.call("GET", "/rps_devices?top=3&filter=service%20eq%20'"+in.service+"'", nil)
				return fmt.Errorf("%s has %d of %d phones: %s", in.service, n, in.phones, body)
			}
		}
		return nil
	}
	others := slices.DeleteFunc(slices.Clone(all), func(in *shipment) bool { return in == down })
	waitUpTo(t, 2*time.Minute, "the services that work", func() error { return told(others...) })
	if n := len(down.at.Registered()); n != 0 {
		t.Errorf("the service that is down has %d phones", n)
	}
	waitFor(t, "word of the outage", func() error {
		var accounts struct {
			Items []struct {
				Service    string
				HeldReason *string `json:"held_reason"`
			}
		}
		s.must("GET", "/rps_accounts", nil, 200, &accounts)
		for _, a := range accounts.Items {
			if (a.HeldReason != nil) != (a.Service == down.service) {
				return fmt.Errorf("%+v", accounts.Items)
			}
		}
		return nil
	})
	down.at.Always(0)
	waitUpTo(t, 2*time.Minute, "the service that was down", func() error { return told(down) })
	waitFor(t, "the job", func() error {
		var jobs struct {
			Items []struct {
				State  string
				Counts map[string]int
			}
		}
		s.must("GET", "/jobs?filter=kind%20eq%20'rps'", nil, 200, &jobs)
		confirmed := 0
		for _, j := range jobs.Items {
			confirmed += j.Counts["confirmed"]
			if j.State != "done" {
				return fmt.Errorf("%+v", jobs.Items)
			}
		}
		if confirmed != 500 {
			return fmt.Errorf("%+v", jobs.Items)
		}
		return nil
	})

	file := filepath.Join(folder, "phones")
	if err := os.WriteFile(file, []byte(phones.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	simulate := []string{"simulate", "--phones", file, "--parallel", "20", "--ca", authorities}
	for _, in := range all {
		simulate = append(simulate, "--redirect", in.vendor+"="+in.at.URL+"/phones/")
	}
	out, err := exec.Command(bin, append(simulate, "--register")...).CombinedOutput()
	if err != nil {
		t.Errorf("simulate: %v\n%s", err, out)
	}
	registered := pbx.registered()
	for extension := range credentials {
		if !registered[extension] {
			t.Errorf("extension %s is not registered at the PBX", extension)
		}
	}
	// Whoever comes by the same addresses again gets nothing.
	out, err = exec.Command(bin, simulate...).CombinedOutput()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(string(out), "500 phones, 0 up, 500 failed; 0 files fetched") {
		t.Errorf("a second time: %v\n%s", err, out)
	}

	// A phone that was reset is let in again by a window for it, with another address.
	again := strings.Fields(phones.String())[0]
	before := all[0].at.Registered()[mac.MustParse(again)]
	s.must("POST", "/enrolments", map[string]any{"mac": again, "minutes": 10}, 201, nil)
	waitFor(t, "its new address", func() error {
		if all[0].at.Registered()[mac.MustParse(again)] == before {
			return errors.New("the service has the old one")
		}
		return nil
	})
	if err := os.WriteFile(file, []byte(again+" Yealink T46U\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	if out, err = exec.Command(bin, simulate...).CombinedOutput(); err != nil {
		t.Errorf("the phone that was reset: %v\n%s", err, out)
	}

	log := s.stop()
	for _, password := range credentials {
		secrets = append(secrets, password)
	}
	for _, secret := range secrets {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the secret %q", secret)
		}
	}
	if found := regexp.MustCompile(`/[fp]/[a-z2-7]{32}`).FindString(log); found != "" {
		t.Error("the log holds a secret address")
	}
}

// selfSigned makes a certificate for the server's address and its key.
func selfSigned(t *testing.T, folder string) (certificate, key string) {
	t.Helper()
	pair, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	form := &x509.Certificate{
		SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: host}, IPAddresses: []net.IP{net.ParseIP(host)},
		NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour), IsCA: true, BasicConstraintsValid: true,
	}
	der, err := x509.CreateCertificate(rand.Reader, form, form, pair.Public(), pair)
	if err != nil {
		t.Fatal(err)
	}
	private, err := x509.MarshalPKCS8PrivateKey(pair)
	if err != nil {
		t.Fatal(err)
	}
	certificate, key = filepath.Join(folder, "cert.pem"), filepath.Join(folder, "key.pem")
	for file, block := range map[string]*pem.Block{certificate: {Type: "CERTIFICATE", Bytes: der}, key: {Type: "PRIVATE KEY", Bytes: private}} {
		if err := os.WriteFile(file, pem.EncodeToMemory(block), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return certificate, key
}
