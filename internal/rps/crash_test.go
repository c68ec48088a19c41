package rps_test

import (
	"bufio"
	"context"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/redirect"
	"github.com/dialplane/dialplane/internal/rps"
	"github.com/dialplane/dialplane/internal/secret"
)

const childDir = "DIALPLANE_TEST_RPS_DIR"

// soon ends leases soon, so that the test need not wait for minutes.
type soon struct{ rps.Store }

func (s soon) ClaimRedirections(ctx context.Context, c fleet.RedirectClaim) ([]fleet.RedirectErrand, error) {
	c.Lease = 500 * time.Millisecond
	return s.Store.ClaimRedirections(ctx, c)
}

func (w *world) crashing(service redirect.Service) {
	w.worker = rps.New(rps.Config{Store: soon{w.db}, Services: []redirect.Service{service}, Address: address, Log: slog.New(slog.DiscardHandler)})
}

func crashService(f *fake) redirect.Service {
	return f.service("acme", func(s *redirect.Service) { s.Rate = 400 })
}

// TestChild is the process that TestKilledProcess kills: a worker whose service says on
// standard output what it has registered.
func TestChild(t *testing.T) {
	dir := os.Getenv(childDir)
	if dir == "" {
		t.Skip("is for the test that starts it")
	}
	f := newFake()
	f.within = func(c call) {
		for _, d := range c.devices {
			fmt.Printf("registered %s %s\n", d.MAC, d.URL.Reveal())
		}
		time.Sleep(time.Duration(rand.IntN(20)) * time.Millisecond)
	}
	w := &world{t: t}
	w.open(dir)
	w.crashing(crashService(f))
	w.worker.Run(t.Context())
}

// After kill -9, as often as one likes, every device is registered, and one that is
// known to be is not registered again.
func TestKilledProcess(t *testing.T) {
	t.Parallel()
	const devices = 400
	w := &world{t: t, fake: newFake(), log: new(buffer)}
	dir := t.TempDir()
	w.open(dir)
	w.write(func(s fleet.Writer) error {
		if err := s.InsertTenant(t.Context(), fleet.Tenant{ID: tenant, Name: "one", Domain: "one.example", ProvisioningURL: "https://one.example/"}); err != nil {
			return err
		}
		return s.InsertRedirectAccount(t.Context(), fleet.RedirectAccount{ID: accountID(0), Tenant: tenant, Vendor: "acme", Service: "acme", Secrets: map[string]secret.Secret{"key": secret.New("acme")}})
	})
	w.crashing(crashService(w.fake))
	w.want(0, macs(devices)...)

	told, certain := map[mac.Addr]int{}, map[mac.Addr]int{}
	kills := 4
	if testing.Short() {
		kills = 2
	}
	for range kills {
		check(t, w.db.Close())
		cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestChild$", "-test.count=1")
		cmd.Env = append(os.Environ(), childDir+"="+dir)
		cmd.Stderr = os.Stderr
		out, err := cmd.StdoutPipe()
		check(t, err)
		check(t, cmd.Start())
		limit := 20 + rand.IntN(60)
		died := time.AfterFunc(30*time.Second, func() { _ = cmd.Process.Kill() })
		for lines := bufio.NewScanner(out); lines.Scan(); {
			var text, url string
			if _, err := fmt.Sscanf(lines.Text(), "registered %s %s", &text, &url); err != nil {
				continue
			}
			m := mac.MustParse(text)
			told[m]++
			w.fake.put(m, url, "acme")
			if limit--; limit == 0 {
				check(t, cmd.Process.Kill())
			}
		}
		died.Stop()
		if err := cmd.Wait(); err == nil || !strings.Contains(err.Error(), "killed") {
			t.Fatalf("the child has ended by itself: %v", err)
		}
		w.open(dir)
		for _, r := range w.rows() {
			switch n, known := certain[r.MAC]; {
			case known && told[r.MAC] != n:
				t.Errorf("%s is registered again though that was known", r.MAC)
			case r.Status == fleet.RedirectRegistered:
				certain[r.MAC] = told[r.MAC]
			}
		}
		w.crashing(crashService(w.fake))
	}
	w.start()
	for deadline := time.Now().Add(30 * time.Second); w.counts()[fleet.RedirectRegistered] < devices && time.Now().Before(deadline); {
		time.Sleep(50 * time.Millisecond)
	}
	w.agrees()
	for _, c := range w.fake.made("acme", "register") {
		if _, known := certain[c.devices[0].MAC]; known {
			t.Errorf("%s is registered again though that was known", c.devices[0].MAC)
		}
	}
	w.close()
}
