// Package e2e runs the main job on the real thing: the built server, a Kamailio
// that holds the extensions' credentials, simulated phones of every vendor, and a
// SIP client that knows nothing of Dialplane. All of it lives in network namespaces
// that the test makes and that have no way out: one for the whole fleet, or one for
// each machine, on a bridge.
package e2e

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

// The namespace's one address, and what listens there.
const (
	host         = "10.77.0.1"
	sipPort      = 5060
	domain       = "pbx.example.org"
	inNamespace  = "DIALPLANE_E2E_NAMESPACE"
	mustRun      = "DIALPLANE_E2E" // "require": missing programs fail the test
	perModel     = 20
	wrongAccount = "1007" // whose password at the PBX is another
)

var models = []struct{ vendor, model string }{
	{"Yealink", "T31P"}, {"Yealink", "T46U"}, {"Yealink", "T54W"},
	{"Snom", "D120"}, {"Snom", "D785"}, {"Snom", "D865"},
	{"Grandstream", "GXP1630"}, {"Grandstream", "GXP2170"}, {"Grandstream", "GRP2614"},
	{"Fanvil", "X3U"}, {"Fanvil", "X7C"}, {"Fanvil", "V65"},
}

func TestMain(m *testing.M) {
	if os.Getenv(inNamespace) != "" {
		os.Exit(m.Run())
	}
	for _, program := range []string{"kamailio", "kamcmd", "baresip", "sipp", "ip"} {
		if _, err := exec.LookPath(program); err != nil {
			skip(program + " is not installed (scripts/test installs what the tests need)")
		}
	}
	c := exec.Command(os.Args[0], os.Args[1:]...)
	c.Stdout, c.Stderr = os.Stdout, os.Stderr
	c.Env = append(os.Environ(), inNamespace+"=1")
	c.SysProcAttr = &syscall.SysProcAttr{Cloneflags: syscall.CLONE_NEWNET, Pdeathsig: syscall.SIGKILL}
	err := c.Run()
	var exit *exec.ExitError
	switch {
	case err == nil:
	case errors.As(err, &exit):
		os.Exit(exit.ExitCode())
	default:
		skip("a network namespace cannot be made: " + err.Error())
	}
}

func skip(reason string) {
	if os.Getenv(mustRun) == "require" {
		fmt.Fprintln(os.Stderr, "FAIL: end-to-end test:", reason)
		os.Exit(1)
	}
	fmt.Fprintln(os.Stderr, "SKIPPED: end-to-end test:", reason)
	os.Exit(0)
}

// TestPhonesRegister is the main job: 240 phones of four vendors boot from the
// shared address, enrol, fetch what was rendered for them and register at a real
// registrar; the one whose password differs is reported as such.
func TestPhonesRegister(t *testing.T) {
	network(t)
	bin := build(t)
	s := serve(t, bin, station{address: host})
	pbx := startKamailio(t, station{address: host})

	s.must("POST", "/tenant", map[string]any{
		"domain":        domain,
		"endpoints":     map[string]any{"WEB_DOMAIN": map[string]any{"host": host, "udp": sipPort, "tcp": sipPort}},
		"timezone":      "Europe/Berlin",
		"ntp":           []string{host},
		"enrol_minutes": 15,
	}, 200, nil)
	templates := s.templates()

	var phones strings.Builder
	var secrets []string
	credentials := make(map[string]string)
	for i, m := range models {
		offer := templates[m.vendor+" "+m.model]
		if offer.filename == "" {
			t.Fatalf("no template has the model %s %s", m.vendor, m.model)
		}
		pack, _ := packs.Registry().Pack(m.vendor)
		transport := "UDP"
		if i%3 == 2 {
			transport = "TCP"
		}
		for n := range perModel {
			extension := strconv.Itoa(1000 + i*perModel + n)
			password := "s3cret-" + extension
			if n > 0 {
				password += "-&<\"x" // baresip, which takes the first, has no way to write a quote
			}
			secrets = append(secrets, password)
			credentials[extension] = password
			var user struct{ ID string }
			s.must("POST", "/users", map[string]any{
				"extension_number": extension, "display_name": "Ext & <" + extension + ">", "password": password, "vm_pin": "48151" + extension,
				"keys": []map[string]any{{"kind": "blf", "value": "1000", "label": "Front desk"}, {"kind": "speed_dial", "value": "1001", "label": "Café"}},
			}, 201, &user)
			address := fmt.Sprintf("%s%06x", pack.OUIs[0], 0x100000+i*perModel+n)
			admin := "Adm1n-" + extension
			secrets = append(secrets, admin, "48151"+extension)
			s.must("POST", "/users/"+user.ID+"/phones", map[string]any{
				"mac": address, "filename": offer.filename, "vendor": m.vendor, "model": m.model, "password": admin,
				"language": offer.language, "transfer": "BLIND", "timezone": "Europe/Berlin", "codecs": offer.codecs,
				"interface": "WEB_DOMAIN", "preferred_transport": transport,
			}, 201, nil)
			fmt.Fprintf(&phones, "%s %s %s\n", address, m.vendor, m.model)
		}
	}
	credentials[wrongAccount] = "not-what-the-phone-has"
	pbx.load(credentials)

	file := filepath.Join(t.TempDir(), "phones")
	if err := os.WriteFile(file, []byte(phones.String()), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := exec.Command(bin, "simulate", s.provisioning, "--phones", file, "--register", "--parallel", "20").CombinedOutput()
	t.Logf("%s", out)
	var exit *exec.ExitError
	if !errors.As(err, &exit) || exit.ExitCode() != 1 {
		t.Errorf("simulate ends with %v; one phone fails on purpose, so it should end with status 1", err)
	}
	total := len(models) * perModel
	for _, want := range []string{
		fmt.Sprintf("%d phones, %d up, 1 failed", total, total-1),
		"1 × the registrar refused the account's password",
		"(" + wrongAccount + "@" + domain + ")",
	} {
		if !strings.Contains(string(out), want) {
			t.Errorf("the summary lacks %q", want)
		}
	}
	registered := pbx.registered()
	for extension := range credentials {
		if registered[extension] == (extension == wrongAccount) {
			t.Errorf("extension %s registered at the PBX: %v", extension, registered[extension])
		}
	}

	for extension := range registered {
		pbx.forget(extension)
	}
	t.Run("commands", func(t *testing.T) { s.commands(t, bin, file, total) })

	// A second simulation finds no window open and gets nothing that is a secret.
	out, err = exec.Command(bin, "simulate", s.provisioning, "--phones", file).CombinedOutput()
	if err == nil || !strings.Contains(string(out), fmt.Sprintf("%d failed", total)) {
		t.Errorf("phones enrolled twice in one window: %v\n%s", err, out)
	}

	t.Run("an independent SIP client", func(t *testing.T) {
		account := s.account(t, "Yealink", "T46U", templates)
		pbx.forget(account.User)
		baresip(t, account)
		if !pbx.registered()[account.User] {
			t.Errorf("the PBX does not know %s", account.User)
		}
	})
	t.Run("discovery", func(t *testing.T) { s.discovery(t, bin, templates) })
	t.Run("seen", func(t *testing.T) { s.seen(t, total) })

	log := s.stop()
	for _, secret := range append(secrets, s.token) {
		if strings.Contains(log, secret) {
			t.Errorf("the log holds the secret %q", secret)
		}
	}
	if regexp.MustCompile(`/p/[a-z2-7]{32}`).MatchString(log) {
		t.Error("the log holds a phone's secret address")
	}
}

// commands lets registered phones stay, changes what they are configured with, and
// tells them through the PBX: they fetch, and the server knows that they did.
func (s *server) commands(t *testing.T, bin, phones string, total int) {
	// Their windows are used up; each phone is pointed at its own address by
	// opening one more for all of them.
	s.must("POST", "/enrolments", map[string]any{"minutes": 10}, 201, nil)
	simulation := exec.Command(bin, "simulate", s.provisioning, "--phones", phones, "--register", "--parallel", "20", "--stay", "2m")
	var out lockedBuffer
	simulation.Stdout, simulation.Stderr = &out, &out
	if err := simulation.Start(); err != nil {
		t.Fatal(err)
	}
	ended := false
	defer func() {
		if !ended {
			_ = simulation.Process.Kill()
			_ = simulation.Wait()
		}
	}()
	waitFor(t, "the fleet", func() error {
		if !strings.Contains(out.String(), fmt.Sprintf("%d of %d phones", total, total)) {
			return errors.New(out.String())
		}
		return nil
	})

	one := strings.Fields(strings.Split(content(t, phones), "\n")[1])[0]
	waitFor(t, "the phone", func() error { return is(s.status(one), "up-to-date") })
	s.must("POST", "/users/"+s.user(t, "1001"), map[string]any{"display_name": "New name"}, 200, nil)
	if err := is(s.status(one), "out-of-date"); err != nil {
		t.Error(err)
	}
	job := s.order("/phones/" + one + "/reprovision")
	waitFor(t, "the phone's job", func() error { return is(fmt.Sprint(s.counts(job)), "map[confirmed:1]") })
	if err := is(s.status(one), "up-to-date"); err != nil {
		t.Error(err)
	}

	// Every phone at once; the one that is not registered is reported.
	s.must("POST", "/tenant", map[string]any{"register_expires": 1800}, 200, nil)
	job = s.order("/phones/reprovision")
	waitFor(t, "the fleet's job", func() error {
		n := s.counts(job)
		if n["confirmed"] < total-2 {
			return fmt.Errorf("%v of %d", n, total)
		}
		return nil
	})
	var items struct {
		Items []struct{ Outcome, Reason *string }
	}
	waitFor(t, "the phone that is not registered", func() error {
		s.must("GET", "/jobs/"+job+"/items?filter=outcome%20eq%20'unreachable'", nil, 200, &items)
		if len(items.Items) != 1 {
			return fmt.Errorf("%d phones are unreachable", len(items.Items))
		}
		return nil
	})
	if err := simulation.Process.Signal(syscall.SIGTERM); err != nil {
		t.Fatal(err)
	}
	_ = simulation.Wait() // with status 1: one phone does not register
	ended = true
	if !regexp.MustCompile(`2[34]\d NOTIFYs obeyed`).MatchString(out.String()) {
		t.Errorf("the phones say:\n%s", out.String())
	}
}

// discovery plugs in one new phone of each vendor that knows no server. They ask by
// multicast, are listed, are given to an extension, and come up; one that is
// rejected hears nothing.
func (s *server) discovery(t *testing.T, bin string, templates map[string]offer) {
	var list strings.Builder
	addresses := make(map[string]struct{ vendor, model string })
	for i := 1; i < len(models); i += 3 {
		pack, _ := packs.Registry().Pack(models[i].vendor)
		address := pack.OUIs[0] + "ddd001"
		addresses[address] = models[i]
		fmt.Fprintf(&list, "%s %s %s\n", address, models[i].vendor, models[i].model)
	}
	pack, _ := packs.Registry().Pack("Yealink")
	rejected := pack.OUIs[0] + "ddd002"
	file := filepath.Join(t.TempDir(), "new phones")
	if err := os.WriteFile(file, []byte(list.String()+rejected+" Yealink T46U\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	simulation := exec.Command(bin, "simulate", "--discover", "10s", "--phones", file, "--register")
	var out lockedBuffer
	simulation.Stdout, simulation.Stderr = &out, &out
	if err := simulation.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() { _ = simulation.Process.Kill() }()
	for address, m := range addresses {
		waitFor(t, m.vendor+"'s sighting", func() error {
			var p struct{ Status, Vendor, Model string }
			code := s.try("GET", "/phones/"+address, &p)
			if code != 200 || p.Status != "discovered" || p.Vendor != m.vendor || p.Model != m.model {
				return fmt.Errorf("%d: %+v", code, p)
			}
			return nil
		})
	}
	waitFor(t, "the sighting of the one to reject", func() error {
		if code := s.try("POST", "/phones/"+rejected+"/reject", nil); code != 200 {
			return fmt.Errorf("%d", code)
		}
		return nil
	})
	for address, m := range addresses {
		s.assign(t, "1000", address, m.vendor, m.model, templates)
	}
	err := simulation.Wait()
	var exit *exec.ExitError
	if !errors.As(err, &exit) || !strings.Contains(out.String(), "5 phones, 4 up, 1 failed") || !strings.Contains(out.String(), rejected+" Yealink T46U: nobody told the phone") {
		t.Errorf("the new phones end with %v:\n%s", err, out.String())
	}
}

// try calls the API and returns the status, and the answer if it is 200.
func (s *server) try(method, path string, out any) int {
	s.t.Helper()
	status, _, body := s.call(method, path, nil)
	if out != nil && status == 200 {
		if err := json.Unmarshal(body, out); err != nil {
			s.t.Fatal(err)
		}
	}
	return status
}

func is(got, want string) error {
	if got != want {
		return fmt.Errorf("%s, want %s", got, want)
	}
	return nil
}

func content(t *testing.T, file string) string {
	t.Helper()
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// order gives an order and returns the id of its job.
func (s *server) order(path string) string {
	s.t.Helper()
	status, header, body := s.call("POST", path, nil)
	job := header.Get("Dialplane-Job")
	if status != 200 || job == "" {
		s.t.Fatalf("POST %s: %d: %s", path, status, body)
	}
	return job
}

// counts returns how many phones of a job are in each state, without the zeros.
func (s *server) counts(job string) map[string]int {
	s.t.Helper()
	var j struct{ Counts map[string]int }
	s.must("GET", "/jobs/"+job, nil, 200, &j)
	for state, n := range j.Counts {
		if n == 0 {
			delete(j.Counts, state)
		}
	}
	return j.Counts
}

// network gives the namespace its address, until the test ends.
func network(t *testing.T) {
	t.Helper()
	t.Cleanup(func() {
		if out, err := exec.Command("ip", "link", "delete", "phones").CombinedOutput(); err != nil {
			t.Errorf("ip link delete phones: %v\n%s", err, out)
		}
	})
	for _, args := range [][]string{
		{"link", "set", "lo", "up"},
		{"link", "add", "phones", "type", "veth", "peer", "name", "server"},
		{"addr", "add", host + "/24", "dev", "phones"},
		{"link", "set", "phones", "up"},
		{"link", "set", "server", "up"},
		{"route", "add", "224.0.0.0/4", "dev", "phones"},
	} {
		if out, err := exec.Command("ip", args...).CombinedOutput(); err != nil {
			t.Fatalf("ip %v: %v\n%s", args, err, out)
		}
	}
}

func build(t *testing.T) string {
	t.Helper()
	bin := filepath.Join(t.TempDir(), "dialplane")
	c := exec.Command("go", "build", "-o", bin, "../../cmd/dialplane")
	c.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := c.CombinedOutput(); err != nil {
		t.Fatalf("build: %v\n%s", err, out)
	}
	return bin
}

// server is a running Dialplane.
type server struct {
	t            *testing.T
	process      *exec.Cmd
	log          *bytes.Buffer
	api          string
	provisioning string
	token        string
}

func serve(t *testing.T, bin string, at station, flags ...string) *server {
	t.Helper()
	s := &server{t: t, log: new(bytes.Buffer)}
	s.process = exec.Command(bin, append([]string{
		"serve", "--data", filepath.Join(t.TempDir(), "data"),
		"--admin-listen", at.address + ":8887", "--http-listen", at.address + ":8080", "--log-level", "debug",
	}, flags...)...)
	s.process.Stderr = s.log
	s.process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	stdout, err := s.process.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := at.start(s.process); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = s.process.Process.Kill() })
	patterns := map[*string]*regexp.Regexp{
		&s.api:          regexp.MustCompile(`API +(http://\S+/api)`),
		&s.provisioning: regexp.MustCompile(`provisioning address +(\S+)`),
		&s.token:        regexp.MustCompile(`admin token +(\S+)`),
	}
	var seen strings.Builder
	buffer := make([]byte, 4096)
	for s.api == "" || s.provisioning == "" || s.token == "" {
		n, err := stdout.Read(buffer)
		seen.Write(buffer[:n])
		for into, p := range patterns {
			if m := p.FindStringSubmatch(seen.String()); m != nil {
				*into = m[1]
			}
		}
		if err != nil && (s.api == "" || s.provisioning == "" || s.token == "") {
			t.Fatalf("serve did not say where it is: %v\n%s\n%s", err, seen.String(), s.log)
		}
	}
	go func() { _, _ = io.Copy(io.Discard, stdout) }()
	waitFor(t, "the API", func() error {
		res, err := http.Get(strings.TrimSuffix(s.api, "/api") + "/readyz")
		if err != nil {
			return err
		}
		_ = res.Body.Close()
		if res.StatusCode != 200 {
			return errors.New(res.Status)
		}
		return nil
	})
	return s
}

// waitFor tries until ready returns nil, for at most 20 seconds.
func waitFor(t *testing.T, what string, ready func() error) {
	t.Helper()
	waitUpTo(t, 20*time.Second, what, ready)
}

func waitUpTo(t *testing.T, longest time.Duration, what string, ready func() error) {
	t.Helper()
	deadline := time.After(longest)
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		err := ready()
		if err == nil {
			return
		}
		select {
		case <-tick.C:
		case <-deadline:
			t.Fatalf("%s is not ready: %v", what, err)
		}
	}
}

// call calls the API and returns its answer.
func (s *server) call(method, path string, in any) (status int, header http.Header, body []byte) {
	s.t.Helper()
	var sent io.Reader
	if in != nil {
		b, err := json.Marshal(in)
		if err != nil {
			s.t.Fatal(err)
		}
		sent = bytes.NewReader(b)
	}
	req, err := http.NewRequest(method, s.api+path, sent)
	if err != nil {
		s.t.Fatal(err)
	}
	req.Header.Set("Authorization", "Bearer "+s.token)
	if in != nil {
		req.Header.Set("Content-Type", "application/json")
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		s.t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	if body, err = io.ReadAll(res.Body); err != nil {
		s.t.Fatal(err)
	}
	return res.StatusCode, res.Header, body
}

// must calls the API and fails the test unless the status is the one wanted.
func (s *server) must(method, path string, in any, status int, out any) {
	s.t.Helper()
	got, _, body := s.call(method, path, in)
	if got != status {
		s.t.Fatalf("%s %s: %d: %s", method, path, got, body)
	}
	if out != nil {
		if err := json.Unmarshal(body, out); err != nil {
			s.t.Fatalf("%s %s: %v: %s", method, path, err, body)
		}
	}
}

type offer struct {
	filename string
	language string
	codecs   []string
}

// templates asks the API what there is, by "vendor model".
func (s *server) templates() map[string]offer {
	s.t.Helper()
	offers := make(map[string]offer)
	profiles := make(map[string]offer)
	for skip := 0; ; skip += 100 {
		var rows struct {
			Items []struct {
				Filename    string
				Model       string
				DisplayName string `json:"display_name"`
			}
		}
		s.must("GET", fmt.Sprintf("/phone_models?top=100&skip=%d", skip), nil, 200, &rows)
		for _, r := range rows.Items {
			p, ok := profiles[r.Filename]
			if !ok {
				var profile struct {
					Languages []string
					Codecs    []string
				}
				s.must("GET", "/phone_models/"+r.Filename, nil, 200, &profile)
				p = offer{r.Filename, "ENGLISH", profile.Codecs[:min(2, len(profile.Codecs))]}
				if len(profile.Languages) > 0 { // a phone may have none to choose from
					p.language = profile.Languages[0]
				}
				profiles[r.Filename] = p
			}
			vendorName, _, _ := strings.Cut(r.DisplayName, " ")
			offers[vendorName+" "+r.Model] = p
		}
		if len(rows.Items) < 100 {
			return offers
		}
	}
}

// assign gives a phone to an extension and returns its secret address.
func (s *server) assign(t *testing.T, extension, address, vendorName, model string, templates map[string]offer) string {
	t.Helper()
	o := templates[vendorName+" "+model]
	var phone struct{ ID, URL string }
	base := "/users/" + s.user(t, extension) + "/phones"
	s.must("POST", base, map[string]any{
		"mac": address, "filename": o.filename, "vendor": vendorName, "model": model, "password": "Adm1n-one-more",
		"language": o.language, "transfer": "BLIND", "timezone": "Europe/Berlin", "codecs": o.codecs,
		"interface": "WEB_DOMAIN", "preferred_transport": "UDP",
	}, 201, &phone)
	s.must("GET", base+"/"+phone.ID, nil, 200, &phone)
	return phone.URL
}

// user is the id of an extension's.
func (s *server) user(t *testing.T, extension string) string {
	t.Helper()
	var users struct{ Items []struct{ ID string } }
	s.must("GET", "/users?filter=extension_number%20eq%20'"+extension+"'", nil, 200, &users)
	if len(users.Items) != 1 {
		t.Fatalf("%d users have the extension %s", len(users.Items), extension)
	}
	return users.Items[0].ID
}

// status is the word for a phone's state.
func (s *server) status(mac string) string {
	s.t.Helper()
	var p struct{ Status string }
	s.must("GET", "/phones/"+mac, nil, 200, &p)
	return p.Status
}

// account assigns one more phone and reads its account out of the configuration
// that its secret address serves.
func (s *server) account(t *testing.T, vendorName, model string, templates map[string]offer) vendor.Account {
	t.Helper()
	pack, _ := packs.Registry().Pack(vendorName)
	address := pack.OUIs[0] + "fffff1"
	url := s.assign(t, "1000", address, vendorName, model, templates)
	name := address + ".cfg"
	res, err := http.Get(url + name)
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = res.Body.Close() }()
	body, err := io.ReadAll(res.Body)
	if err != nil || res.StatusCode != 200 {
		t.Fatalf("GET %s: %s, %v", name, res.Status, err)
	}
	config, err := pack.Parse(name, body)
	if err != nil {
		t.Fatal(err)
	}
	state := pack.Understand(config)
	if len(state.Accounts) != 1 {
		t.Fatalf("the configuration has %d accounts", len(state.Accounts))
	}
	return state.Accounts[0]
}

// seen checks that fetches have filled what the list of phones shows.
func (s *server) seen(t *testing.T, total int) {
	waitFor(t, "the list of phones", func() error {
		withAddress := 0
		for skip := 0; skip < total+100; skip += 100 {
			var rows struct{ Items []struct{ IP, Fwver *string } }
			s.must("GET", fmt.Sprintf("/phones?top=100&skip=%d", skip), nil, 200, &rows)
			for _, r := range rows.Items {
				if r.IP != nil && *r.IP == host && r.Fwver != nil && *r.Fwver != "" {
					withAddress++
				}
			}
		}
		if withAddress < total {
			return fmt.Errorf("%d of %d phones have an address and a firmware", withAddress, total)
		}
		return nil
	})
}

// stop ends the server as an admin would and returns its log.
func (s *server) stop() string {
	s.t.Helper()
	if err := s.process.Process.Signal(syscall.SIGTERM); err != nil {
		s.t.Fatal(err)
	}
	if err := s.process.Wait(); err != nil {
		s.t.Errorf("serve ends with %v\n%s", err, s.log)
	}
	return s.log.String()
}
