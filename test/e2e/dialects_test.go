package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// handset is a phone on a station of its own that asks for its server in one way.
type handset struct {
	vendor, model, dialect string
	compact                bool
	deaf                   bool // answers no NOTIFY once it is registered
	port                   uint16

	station
	mac, extension string
	software       *program
	wire           *tap
}

// TestPhonesOnABridge has the server, the PBX and each phone on a machine of its own.
// Phones that know no server ask by multicast, each as a real one does, and come up;
// they are told to fetch through the PBX that they registered at.
func TestPhonesOnABridge(t *testing.T) {
	lan := newBridge(t)
	bin := build(t)
	at, pbxAt, peerAt := lan.station(), lan.station(), lan.station()
	s := serve(t, bin, at, "--attempts", "1")
	pbx := startKamailio(t, pbxAt)
	s.must("POST", "/tenant", map[string]any{
		"domain": domain, "endpoints": map[string]any{"WEB_DOMAIN": map[string]any{"host": pbxAt.address, "udp": sipPort}},
		"timezone": "Europe/Berlin", "ntp": []string{at.address}, "enrol_minutes": 15,
	}, 200, nil)
	templates := s.templates()

	phones := []*handset{
		{vendor: "Yealink", model: "T46U", dialect: "W52P", port: 5059},
		{vendor: "Yealink", model: "T54W", dialect: "T53W", port: 5060},
		{vendor: "Yealink", model: "T31P", dialect: "T21P", port: 5060, compact: true},
		{vendor: "Snom", model: "D785", dialect: "D120", port: 5060},
		{vendor: "Snom", model: "D865", dialect: "OEM", port: 5060},
		{vendor: "Snom", model: "D120", dialect: "M700", port: 5060},
		{vendor: "Grandstream", model: "GRP2614", dialect: "GRP2612W", port: 5080},
		{vendor: "Fanvil", model: "X7C", dialect: "usual", port: 5060},
		{vendor: "Yealink", model: "T46U", dialect: "W52P", port: 5059, deaf: true},
	}
	credentials := make(map[string]string)
	for i, p := range phones {
		p.extension = fmt.Sprint(200 + i)
		credentials[p.extension] = "s3cret-" + p.extension
		s.must("POST", "/users", map[string]any{
			"extension_number": p.extension, "display_name": "Desk " + p.extension, "password": credentials[p.extension],
		}, 201, nil)
		p.plug(t, lan, bin, i)
	}
	pbx.load(credentials)
	rejected := &handset{vendor: "Yealink", model: "T46U", dialect: "W52P", port: 5059}
	stranger := &handset{vendor: "Yealink", model: "T46U", dialect: "W52P", port: 5059}
	rejected.plug(t, lan, bin, len(phones))
	stranger.plug(t, lan, bin, len(phones)+1)

	for _, p := range append(phones, rejected, stranger) {
		waitFor(t, p.dialect+"'s sighting", func() error { return p.seen(s) })
	}
	// Two phones that nobody assigns ask again. One is rejected meanwhile.
	rejected.off()
	stranger.off()
	s.must("POST", "/phones/"+rejected.mac+"/reject", nil, 200, nil)
	before := len(rejected.wire.of(at.address, rejected.address))
	rejected.on(t, bin, "--discover", briefly)
	stranger.on(t, bin, "--discover", briefly)

	for _, p := range phones {
		s.assign(t, p.extension, p.mac, p.vendor, p.model, templates)
	}
	for _, p := range phones {
		p.software.says(t, "1 of 1 phones")
		waitFor(t, p.dialect+"'s configuration", func() error { return is(s.status(p.mac), "up-to-date") })
		// It asked from the port of its kind, and was told at that port.
		if asked := sourcePorts(p.wire.of(p.address, "224.0.1.75")); len(asked) != 1 || !asked[p.port] {
			t.Errorf("%s multicast from the ports %v, want %d", p.dialect, asked, p.port)
		}
	}
	registered := pbx.registered()
	for _, p := range phones {
		if !registered[p.extension] {
			t.Errorf("%s is not registered", p.dialect)
		}
	}

	t.Run("a change is fetched", func(t *testing.T) {
		for _, p := range phones {
			if p.deaf {
				continue
			}
			s.must("POST", "/users/"+s.user(t, p.extension), map[string]any{"display_name": "New name"}, 200, nil)
			if err := is(s.status(p.mac), "out-of-date"); err != nil {
				t.Errorf("%s: %v", p.dialect, err)
			}
			job := s.order("/phones/" + p.mac + "/reprovision")
			waitFor(t, p.dialect+"'s fetch", func() error { return is(fmt.Sprint(s.counts(job)), "map[confirmed:1]") })
			if err := is(s.status(p.mac), "up-to-date"); err != nil {
				t.Errorf("%s: %v", p.dialect, err)
			}
			notified := 0
			for _, sent := range p.wire.of(pbxAt.address, p.address) {
				if strings.HasPrefix(string(sent.data[8:]), "NOTIFY sip:"+p.extension+"@"+p.address) {
					notified++
				}
			}
			if notified == 0 {
				t.Errorf("%s was not told by the PBX at its contact", p.dialect)
			}
		}
	})
	t.Run("phones that cannot be told", func(t *testing.T) {
		deaf := phones[len(phones)-1]
		job := s.order("/phones/" + deaf.mac + "/reprovision")
		s.fails(t, job, "unreachable", "408", "did not answer the PBX")
		const absent = "001565b0ffff"
		s.must("POST", "/users", map[string]any{"extension_number": "299", "display_name": "Nobody", "password": "s3cret-299"}, 201, nil)
		s.assign(t, "299", absent, "Yealink", "T46U", templates)
		s.fails(t, s.order("/phones/"+absent+"/reprovision"), "unreachable", "480", "is not registered")
	})
	t.Run("peers", func(t *testing.T) { s.peers(t, peerAt, templates) })

	for p, want := range map[*handset]string{rejected: "no server answered", stranger: "a server heard the phone and gave it no address"} {
		if code := p.software.wait(t); code != 1 || !strings.Contains(p.software.out.String(), want) {
			t.Errorf("a phone without an extension ends with status %d, want %q:\n%s", code, want, p.software.out.String())
		}
	}
	if after := len(rejected.wire.of(at.address, rejected.address)); after != before {
		t.Errorf("the rejected phone was sent %d packets after it was rejected", after-before)
	}
	if status := s.status(rejected.mac); status != "rejected" {
		t.Errorf("the rejected phone is %s", status)
	}
	for _, p := range phones {
		_ = p.software.process.Process.Signal(syscall.SIGTERM)
	}
	for _, p := range phones {
		if code := p.software.wait(t); code != 0 {
			t.Errorf("%s ends with status %d:\n%s", p.dialect, code, p.software.out.String())
		}
	}
	log := s.stop()
	for _, secret := range credentials {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the secret %q", secret)
		}
	}
	if regexp.MustCompile(`/p/[a-z2-7]{32}`).MatchString(log) {
		t.Error("the log holds a phone's secret address")
	}
}

// briefly is longer than a phone that asks anew is kept waiting (10 s) with the
// pause between its repetitions (4 s).
const briefly = "15s"

// plug connects the phone and lets it ask for its server.
func (p *handset) plug(t *testing.T, lan *bridge, bin string, n int) {
	t.Helper()
	p.station = lan.station()
	p.wire = p.tap(t)
	pack, _ := packs.Registry().Pack(p.vendor)
	p.mac = fmt.Sprintf("%sb0%04x", pack.OUIs[0], n)
	args := []string{"--discover", "1m", "--register", "--stay", "5m"}
	if p.compact {
		args = append(args, "--compact")
	}
	if p.deaf {
		args = append(args, "--deaf")
	}
	p.on(t, bin, args...)
}

func (p *handset) on(t *testing.T, bin string, args ...string) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "phone")
	if err := os.WriteFile(file, []byte(p.mac+" "+p.vendor+" "+p.model+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	p.software = p.run(t, bin, append([]string{"simulate", "--phones", file, "--dialect", p.dialect}, args...)...)
}

// off pulls the plug.
func (p *handset) off() {
	_ = p.software.process.Process.Kill()
	<-p.software.ended
}

// seen reports how the server's list of phones differs from the phone.
func (p *handset) seen(s *server) error {
	var row struct{ Status, Vendor, Model, IP string }
	if code := s.try("GET", "/phones/"+p.mac, &row); code != 200 {
		return fmt.Errorf("%d", code)
	}
	model := p.model
	if p.dialect == "OEM" {
		model = "" // it does not say
	}
	if row.Status != "discovered" || row.Vendor != p.vendor || row.Model != model || row.IP != p.address {
		return fmt.Errorf("%+v", row)
	}
	return nil
}

// fails waits until a job's one phone is given up for a reason.
func (s *server) fails(t *testing.T, job, outcome string, reason ...string) {
	t.Helper()
	waitFor(t, "the job's end", func() error { return is(fmt.Sprint(s.counts(job)), "map[failed:1]") })
	var items struct {
		Items []struct{ State, Outcome, Reason string }
	}
	s.must("GET", "/jobs/"+job+"/items", nil, 200, &items)
	if len(items.Items) != 1 || items.Items[0].State != "failed" || items.Items[0].Outcome != outcome {
		t.Errorf("the phone is given up as %+v, want %s", items.Items, outcome)
		return
	}
	for _, want := range reason {
		if !strings.Contains(items.Items[0].Reason, want) {
			t.Errorf("the reason is %q and does not say %q", items.Items[0].Reason, want)
		}
	}
}
