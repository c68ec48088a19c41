package notify_test

import (
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

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
	if (is_method("REGISTER")) { if (!save("location")) { sl_reply_error(); } exit; }
	if (!is_method("NOTIFY")) { sl_send_reply("405", "Method Not Allowed"); exit; }
	if (!proxy_authorize("$fd", "subscriber")) { proxy_challenge("$fd", "1"); exit; }
	consume_credentials();
	if (!lookup("location")) { sl_send_reply("404", "Not Found"); exit; }
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
		"db/subscriber": "username(string) domain(string) password(string)\ndialplane:pbx.example.org:" + planted + "\n",
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
	socket, err := net.ListenUDP("udp", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
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
Call-ID: register%[2]s
CSeq: 1 REGISTER
Contact: <sip:%[2]s@%[1]s;line=abc123>
Expires: 600
Content-Length: 0

`, own, extension), "\n", "\r\n")
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
