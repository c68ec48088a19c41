package notify_test

import (
	"fmt"
	"net"
	"net/netip"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/notify"
	"github.com/dialplane/dialplane/internal/secret"
)

// installed skips the test, and says so, where a program that it needs is missing.
func installed(t *testing.T, program string) {
	t.Helper()
	if _, err := exec.LookPath(program); err == nil {
		return
	}
	message := fmt.Sprintf("%s: %s is not installed", t.Name(), program)
	fmt.Fprintln(os.Stderr, "SKIPPED:", message)
	t.Skip(message)
}

// kamailioConfig is a proxy that asks for credentials and relays to who registered.
const kamailioConfig = `#!KAMAILIO
debug=1
log_stderror=yes
children=2
tcp_children=2
listen=udp:%[1]s
listen=tcp:%[1]s
alias="pbx.example.org"
auto_aliases=no
loadmodule "kex.so"
loadmodule "tm.so"
loadmodule "sl.so"
loadmodule "pv.so"
loadmodule "maxfwd.so"
loadmodule "textops.so"
loadmodule "siputils.so"
loadmodule "usrloc.so"
loadmodule "registrar.so"
loadmodule "db_text.so"
loadmodule "auth.so"
loadmodule "auth_db.so"
modparam("usrloc", "db_mode", 0)
modparam("usrloc", "use_domain", 0)
modparam("tm", "fr_timer", 700)
modparam("db_text", "db_mode", 1)
modparam("auth", "algorithm", "%[3]s")
modparam("auth", "qop", "auth")
modparam("auth_db", "db_url", "text://%[2]s/db")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
modparam("auth_db", "load_credentials", "")
request_route {
	if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (is_method("REGISTER")) {
		if (!is_present_hf("Contact") && !www_authorize("$td", "subscriber")) { www_challenge("$td", "1"); exit; }
		if (!save("location")) { sl_reply_error(); }
		exit;
	}
	if (!is_method("NOTIFY")) { sl_send_reply("405", "Method Not Allowed"); exit; }
	if (!proxy_authorize("$fd", "subscriber")) { proxy_challenge("$fd", "1"); exit; }
	consume_credentials();
	if (uri==myself && !lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
	if (!t_relay()) { sl_reply_error(); }
	exit;
}
`

// startKamailio returns the address of a Kamailio that asks with an algorithm.
func startKamailio(t *testing.T, algorithm string) string {
	t.Helper()
	folder, err := os.MkdirTemp("", "kamailio") // the path of its sockets must be short
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(folder) })
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := listener.Addr().String()
	listener.Close()
	if err := os.Mkdir(filepath.Join(folder, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string]string{
		"kamailio.cfg":  fmt.Sprintf(kamailioConfig, address, folder, algorithm),
		"db/version":    "table_name(string) table_version(int)\nsubscriber:7\n",
		"db/subscriber": "username(string) domain(string) password(string)\ndialplane:pbx.example.org:" + planted + "\n100:pbx.example.org:" + planted + "\n",
	} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	process := exec.Command("kamailio", "-f", filepath.Join(folder, "kamailio.cfg"), "-m", "16", "-DD", "-E", "-Y", folder, "-P", filepath.Join(folder, "pid"))
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	process.Stdout, process.Stderr = log, log
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		process.Process.Signal(syscall.SIGTERM)
		process.Wait()
		log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(folder, "log"))
			t.Logf("kamailio:\n%s", b)
		}
	})
	return address
}

// phone registers an extension without a library's help and answers requests.
type phone struct {
	socket   *net.UDPConn
	requests chan request
}

func register(t *testing.T, registrar, extension, status string) *phone {
	t.Helper()
	return registerAt(t, registrar, extension, status, "127.0.0.1", ";line=abc123", "")
}

// registerAt registers from an IP address, with parameters of the contact's URI and
// of the contact itself.
func registerAt(t *testing.T, registrar, extension, status, ip, inURI, behind string) *phone {
	t.Helper()
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.ParseIP(ip)})
	if err != nil {
		t.Fatal(err)
	}
	to, err := net.ResolveUDPAddr("udp", registrar)
	if err != nil {
		t.Fatal(err)
	}
	own := socket.LocalAddr().String()
	message := strings.ReplaceAll(fmt.Sprintf(`REGISTER sip:pbx.example.org SIP/2.0
Via: SIP/2.0/UDP %[1]s;rport;branch=z9hG4bKregister%[2]s
Max-Forwards: 70
From: <sip:%[2]s@pbx.example.org>;tag=phone
To: <sip:%[2]s@pbx.example.org>
Call-ID: register%[2]s-%[1]s
CSeq: 1 REGISTER
Contact: <sip:%[2]s@%[1]s%[3]s>%[4]s
Expires: 600
Content-Length: 0

`, own, extension, inURI, behind), "\n", "\r\n")
	buffer := make([]byte, 4096)
	deadline := time.Now().Add(20 * time.Second)
	for {
		socket.WriteToUDP([]byte(message), to)
		socket.SetReadDeadline(time.Now().Add(200 * time.Millisecond))
		if n, err := socket.Read(buffer); err == nil && strings.HasPrefix(string(buffer[:n]), "SIP/2.0 200") {
			break
		}
		if time.Now().After(deadline) {
			t.Fatal("the phone cannot register")
		}
	}
	socket.SetReadDeadline(time.Time{})
	p := &phone{socket: socket, requests: make(chan request, 100)}
	var answering sync.WaitGroup
	t.Cleanup(func() { socket.Close(); answering.Wait() })
	answering.Go(func() {
		in := make([]byte, 4096)
		for {
			n, from, err := socket.ReadFromUDP(in)
			if err != nil {
				return
			}
			if !strings.HasPrefix(string(in[:n]), "NOTIFY ") {
				continue // a late answer to a REGISTER
			}
			r := read(string(in[:n]))
			p.requests <- r
			if status != "" {
				// Vias of every hop go back in their order.
				answer := r.answer(status)
				if vias := allVias(r.raw); len(vias) > 1 {
					answer = strings.Replace(answer, "Via: "+r.fields["via"], strings.Join(vias, "\r\n"), 1)
				}
				socket.WriteToUDP([]byte(answer), from)
			}
		}
	})
	return p
}

func allVias(raw string) (vias []string) {
	for line := range strings.SplitSeq(raw, "\r\n") {
		if strings.HasPrefix(line, "Via:") {
			vias = append(vias, line)
		}
	}
	return vias
}

func TestThroughKamailio(t *testing.T) {
	t.Parallel()
	if os.Getenv("DIALPLANE_E2E") != "require" { // scripts/test has installed it
		installed(t, "kamailio")
	}
	for _, algorithm := range []string{"MD5", "SHA-256"} {
		t.Run(algorithm, func(t *testing.T) {
			t.Parallel()
			address := startKamailio(t, algorithm)
			good := register(t, address, "100", "200 OK")
			register(t, address, "101", "489 Bad Event")
			register(t, address, "102", "")
			for _, transport := range []string{"UDP", "TCP"} {
				config := notify.ProxyConfig{
					Address: address, Transport: transport, User: "dialplane", Password: secret.New(planted), Realm: "pbx.example.org", Timeout: 10 * time.Second,
				}
				s := proxy(t, config)
				for range 3 {
					want(t, s, target(), notify.Delivered, false)
				}
				r := <-good.requests
				if !strings.HasPrefix(r.line, "NOTIFY sip:100@"+good.socket.LocalAddr().String()+";line=abc123 ") || r.fields["event"] != event ||
					r.fields["subscription-state"] != "terminated;reason=noresource" || r.fields["content-length"] != "0" ||
					r.fields["max-forwards"] != "69" || len(allVias(r.raw)) != 2 || strings.Contains(r.raw, "Authorization") {
					t.Errorf("over %s the phone got:\n%s", transport, r.raw)
				}
				for len(good.requests) > 0 {
					<-good.requests
				}
				for extension, outcome := range map[string]notify.Outcome{"101": notify.Refused, "102": notify.Unreachable, "199": notify.Unreachable} {
					to := target()
					to.Extension = extension
					want(t, s, to, outcome, outcome != notify.Refused)
				}
				config.Password = secret.New("not the password")
				want(t, proxy(t, config), target(), notify.Challenged, false)
				config.User = ""
				want(t, proxy(t, config), target(), notify.Challenged, false)
				config.User, config.Realm = "dialplane", "another.example.org"
				want(t, proxy(t, config), target(), notify.Challenged, false)
			}
		})
	}
}

// TestOnePhoneOfMany: of the phones that are registered as one extension, at a proxy
// that forks to all of them, only the one is told whose contact the registrar gives.
func TestOnePhoneOfMany(t *testing.T) {
	t.Parallel()
	if os.Getenv("DIALPLANE_E2E") != "require" { // scripts/test has installed it
		installed(t, "kamailio")
	}
	address := startKamailio(t, "MD5")
	instance := func(m string) string { return `;+sip.instance="<urn:uuid:00000000-0000-1000-8000-` + m + `>"` }
	devices := []notify.Device{
		{MAC: mac.MustParse("001565000001"), Host: netip.MustParseAddr("127.0.0.1")},
		{MAC: mac.MustParse("001565000002"), Host: netip.MustParseAddr("127.0.0.1")},
		{MAC: mac.MustParse("001565000003"), Host: netip.MustParseAddr("127.0.0.2")},
		{MAC: mac.MustParse("001565000004"), Host: netip.MustParseAddr("127.0.0.3")},
	}
	phones := []*phone{
		registerAt(t, address, "100", "200 OK", "127.0.0.1", "", instance("001565000001")),
		registerAt(t, address, "100", "200 OK", "127.0.0.1", ";line=001565000002", ""),
		registerAt(t, address, "100", "200 OK", "127.0.0.2", ";line=x7", ""),
		registerAt(t, address, "100", "200 OK", "127.0.0.9", "", instance("0015650000AA")), // nobody's that we know
	}
	// next is the target of the next request to a phone.
	next := func(p *phone) string {
		t.Helper()
		select {
		case r := <-p.requests:
			return r.line
		case <-time.After(10 * time.Second):
			t.Fatal("a phone was not told")
			return ""
		}
	}
	for _, transport := range []string{"UDP", "TCP"} {
		s := proxy(t, notify.ProxyConfig{
			Address: address, Transport: transport, User: "dialplane", Password: secret.New(planted), Realm: "pbx.example.org", Timeout: 10 * time.Second,
		})
		registration := notify.Registration{Extension: "100", Domain: "pbx.example.org", Password: secret.New(planted)}
		list, _, err := s.Contacts(t.Context(), registration)
		if err != nil || len(list) != len(phones) {
			t.Fatalf("over %s: %d contacts, %v: %+v", transport, len(list), err, list)
		}
		for i, d := range devices {
			others := slices.Delete(slices.Clone(devices), i, i+1)
			to := target()
			to.MAC = d.MAC
			to.URI, _, err = notify.Place(list, d, others)
			if i == 3 { // it is not registered
				if notify.OutcomeOf(err) != notify.Unreachable || !strings.Contains(err.Error(), "none is at 127.0.0.3") {
					t.Errorf("a phone that is not registered: %q, %v", to.URI, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("over %s: phone %d: %v", transport, i, err)
				continue
			}
			want(t, s, to, notify.Delivered, false)
			if got := next(phones[i]); got != "NOTIFY "+to.URI+" SIP/2.0" {
				t.Errorf("over %s: phone %d got %q", transport, i, got)
			}
		}
		// To the extension the proxy forks: every phone gets this one, and had no other.
		want(t, s, target(), notify.Delivered, false)
		for i, p := range phones {
			next(p)
			if n := len(p.requests); n > 0 {
				t.Errorf("over %s: phone %d was told %d times too often", transport, i, n)
			}
		}
		registration.Password = secret.New("not the password")
		if list, _, err := s.Contacts(t.Context(), registration); notify.OutcomeOf(err) != notify.Challenged || list != nil {
			t.Errorf("with a wrong password: %v, %v", list, err)
		}
		registration.Password = secret.New(planted)
		registration.Extension, registration.User = "199", "100"
		if list, _, err := s.Contacts(t.Context(), registration); err != nil || len(list) != 0 {
			t.Errorf("an extension that is not registered: %v, %v", list, err)
		}
	}
}

// sippScenario answers each NOTIFY as RFC 3261 has it, after a check of its fields.
const sippScenario = `<?xml version="1.0" encoding="ISO-8859-1" ?>
<scenario name="phone">
  <recv request="NOTIFY">
    <action>
      <ereg regexp="^ *check-sync;reboot=false *$" search_in="hdr" header="Event:" check_it="true" assign_to="1"/>
      <ereg regexp="^ *1 NOTIFY *$" search_in="hdr" header="CSeq:" check_it="true" assign_to="2"/>
    </action>
  </recv>
  <Reference variables="1,2"/>
  <send>
    <![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0
    ]]>
  </send>
</scenario>
`

// TestToSIPp sends to a phone played by a SIP stack that is not ours.
func TestToSIPp(t *testing.T) {
	t.Parallel()
	installed(t, "sipp")
	folder := t.TempDir()
	scenario := filepath.Join(folder, "phone.xml")
	if err := os.WriteFile(scenario, []byte(sippScenario), 0o644); err != nil {
		t.Fatal(err)
	}
	for _, transport := range []string{"UDP", "TCP"} {
		listener, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		address := listener.Addr().String()
		listener.Close()
		_, port, _ := net.SplitHostPort(address)
		const notifies = 20
		process := exec.Command("sipp", "-sf", scenario, "-i", "127.0.0.1", "-p", port, "-t", strings.ToLower(transport[:1])+"1",
			"-m", fmt.Sprint(notifies), "-nostdin", "-timeout", "30", "-trace_err")
		process.Dir = folder
		process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
		if err := process.Start(); err != nil {
			t.Fatal(err)
		}
		config := notify.ProxyConfig{Address: address, Transport: transport, Timeout: 20 * time.Second}
		senders := []notify.Sender{proxy(t, config)}
		if transport == "UDP" {
			senders = append(senders, direct(t, 20*time.Second))
		}
		for i := range notifies {
			eventually(t, senders[i%len(senders)], at(address))
		}
		if err := process.Wait(); err != nil {
			errs, _ := filepath.Glob(filepath.Join(folder, "*errors*"))
			for _, e := range errs {
				b, _ := os.ReadFile(e)
				t.Logf("%s", b)
			}
			t.Errorf("over %s: sipp: %v", transport, err)
		}
	}
}
