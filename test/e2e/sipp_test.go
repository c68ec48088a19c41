package e2e

import (
	"crypto/md5"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"hash"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// peer is a scenario that SIPp plays in the place of a PBX.
type peer struct {
	name     string
	scenario string
	password string // that Dialplane has
	ends     string // what becomes of the job: a state, or an outcome
	reason   string // why, if it failed
	digest   func() hash.Hash
}

const (
	receive = `  <recv request="NOTIFY"/>
`
	accept = `  <send><![CDATA[
      SIP/2.0 200 OK
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      Content-Length: 0
  ]]></send>
`
	// challenge asks for a digest: its status line, its header field and algorithm.
	challenge = receive + `  <send><![CDATA[
      SIP/2.0 %[1]s
      [last_Via:]
      [last_From:]
      [last_To:];tag=[call_number]
      [last_Call-ID:]
      [last_CSeq:]
      %[2]s: Digest realm="pbx.example.org", nonce="0123456789abcdef", qop="auth", algorithm=%[3]s
      Content-Length: 0
  ]]></send>
`
	// answered takes the NOTIFY with the answer, and keeps it for the test.
	answered = `  <recv request="NOTIFY"><action>
    <ereg regexp="Digest .*" search_in="hdr" header="Proxy-Authorization:" check_it="true" assign_to="1"/>
    <log message="answer [$1]"/>
  </action></recv>
  <Reference variables="1"/>
`
	// verified has SIPp itself check the answer too: it can if that is MD5 and to 401.
	verified = `  <recv request="NOTIFY"><action>
    <ereg regexp="Digest .*" search_in="hdr" header="Authorization:" check_it="true" assign_to="1"/>
    <log message="answer [$1]"/>
    <verifyauth assign_to="2" username="dialplane" password="` + peerPassword + `"/>
    <log message="verified [$2]"/>
  </action></recv>
  <Reference variables="1,2"/>
`
	peerPassword = "the-pbx-password"
)

// peers sends to PBXs that SIPp plays: such as ask for a digest, lose what they are
// sent, or say nothing.
func (s *server) peers(t *testing.T, at station, templates map[string]offer) {
	for i, p := range []peer{
		{
			name: "401 with MD5", password: peerPassword, ends: "accepted", digest: md5.New,
			scenario: fmt.Sprintf(challenge, "401 Unauthorized", "WWW-Authenticate", "MD5") + verified + accept,
		},
		{
			name: "407 with SHA-256", password: peerPassword, ends: "accepted", digest: sha256.New,
			scenario: fmt.Sprintf(challenge, "407 Proxy Authentication Required", "Proxy-Authenticate", "SHA-256") + answered + accept,
		},
		{
			name: "the password is another", password: "not the password", ends: "challenged", reason: "refused",
			scenario: fmt.Sprintf(challenge, "407 Proxy Authentication Required", "Proxy-Authenticate", "MD5") + fmt.Sprintf(challenge, "407 Proxy Authentication Required", "Proxy-Authenticate", "MD5"),
		},
		{name: "the first two are lost", ends: "accepted", scenario: receive + receive + receive + accept},
		{name: "all are lost", ends: "timed-out", reason: "no answer", scenario: strings.Repeat(receive, 8)},
	} {
		t.Run(p.name, func(t *testing.T) {
			port := 5070 + i
			folder := t.TempDir()
			if err := os.WriteFile(filepath.Join(folder, "peer.xml"), []byte("<?xml version=\"1.0\"?>\n<scenario name=\"peer\">\n"+p.scenario+"</scenario>\n"), 0o600); err != nil {
				t.Fatal(err)
			}
			log := filepath.Join(folder, "log")
			sipp := at.run(t, "sipp", "-sf", filepath.Join(folder, "peer.xml"), "-i", at.address, "-p", fmt.Sprint(port), "-t", "u1", "-nr", "-m", "1", "-nostdin",
				"-trace_logs", "-log_file", log, "-trace_err", "-error_file", filepath.Join(folder, "errors"))
			waitFor(t, "sipp", func() error { return sipp.listens(port) })
			s.must("POST", "/tenant", map[string]any{"notify": map[string]any{
				"method": "proxy", "address": fmt.Sprintf("%s:%d", at.address, port), "transport": "UDP", "user": "dialplane", "password": p.password,
			}}, 200, nil)
			address, extension := fmt.Sprintf("001565c0%04x", i), fmt.Sprint(260+i) // its own, so that the order goes to the extension
			s.must("POST", "/users", map[string]any{"extension_number": extension, "display_name": "Peer " + extension, "password": "s3cret-" + extension}, 201, nil)
			s.assign(t, extension, address, "Yealink", "T46U", templates)
			job := s.order("/phones/" + address + "/reprovision")
			if p.ends != "accepted" {
				s.fails(t, job, p.ends, p.reason)
				return
			}
			waitFor(t, "the phone's yes", func() error { return is(fmt.Sprint(s.counts(job)), "map[accepted:1]") })
			if code := sipp.wait(t); code != 0 {
				b, _ := os.ReadFile(filepath.Join(folder, "errors"))
				t.Errorf("sipp ends with status %d: %s", code, b)
			}
			if p.digest != nil {
				b, _ := os.ReadFile(log)
				proves(t, string(b), p.digest)
				if strings.Contains(p.scenario, verified) && !strings.Contains(string(b), "verified true") {
					t.Errorf("sipp does not take the answer: %s", b)
				}
			}
		})
	}
}

var digestField = regexp.MustCompile(`(\w+)="?([^",]*)"?`)

// proves checks an answer to a challenge by RFC 7616 section 3.4.
func proves(t *testing.T, log string, digest func() hash.Hash) {
	t.Helper()
	_, answer, ok := strings.Cut(log, "answer Digest ")
	if !ok {
		t.Fatalf("there is no answer to the challenge in %q", log)
	}
	field := make(map[string]string)
	for _, m := range digestField.FindAllStringSubmatch(answer, -1) {
		field[m[1]] = m[2]
	}
	sum := func(parts ...string) string {
		h := digest()
		_, _ = h.Write([]byte(strings.Join(parts, ":")))
		return hex.EncodeToString(h.Sum(nil))
	}
	want := sum(sum("dialplane", "pbx.example.org", peerPassword), "0123456789abcdef", field["nc"], field["cnonce"], "auth", sum("NOTIFY", field["uri"]))
	if field["response"] != want || field["nc"] == "" || field["cnonce"] == "" || field["uri"] == "" {
		t.Errorf("the answer %q does not prove the password", answer)
	}
}

// listens reports whether the program's network has somebody at a UDP port.
func (p *program) listens(port int) error {
	sockets, err := os.ReadFile(fmt.Sprintf("/proc/%d/net/udp", p.process.Process.Pid))
	if err == nil && !strings.Contains(string(sockets), fmt.Sprintf(":%04X ", port)) {
		err = fmt.Errorf("nobody is at port %d", port)
	}
	return err
}
