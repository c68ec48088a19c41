package e2e

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors"
)

// kamailio is a registrar with digest authentication and nothing else.
type kamailio struct {
	t       *testing.T
	folder  string
	control string
}

const kamailioConfig = `#!KAMAILIO
debug=1
log_stderror=yes
children=4
tcp_children=2
listen=udp:%[1]s:%[2]d
listen=tcp:%[1]s:%[2]d
alias="%[3]s"
auto_aliases=no
loadmodule "ctl.so"
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
modparam("ctl", "binrpc", "unix:%[4]s/ctl")
modparam("ctl", "binrpc_max_body_size", 2048)
modparam("ctl", "binrpc_struct_max_body_size", 256)
modparam("usrloc", "db_mode", 0)
modparam("tm", "fr_timer", 2000)
modparam("usrloc", "use_domain", 0)
modparam("db_text", "db_mode", 1)
modparam("auth_db", "db_url", "text://%[4]s/db")
modparam("auth_db", "calculate_ha1", 1)
modparam("auth_db", "password_column", "password")
modparam("auth_db", "load_credentials", "")
request_route {
	if (!mf_process_maxfwd_header("10")) { sl_send_reply("483", "Too Many Hops"); exit; }
	if (is_method("NOTIFY")) {
		if (!lookup("location")) { sl_send_reply("480", "Temporarily Unavailable"); exit; }
		if (!t_relay()) { sl_reply_error(); }
		exit;
	}
	if (!is_method("REGISTER")) { sl_send_reply("405", "Method Not Allowed"); exit; }
	if (!auth_check("$td", "subscriber", "1")) { auth_challenge("$td", "0"); exit; }
	if (!save("location")) { sl_reply_error(); }
	exit;
}
`

func startKamailio(t *testing.T, at station) *kamailio {
	t.Helper()
	// A folder of its own: the path of a unix socket is short.
	folder, err := os.MkdirTemp("", "kamailio")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = os.RemoveAll(folder) })
	k := &kamailio{t: t, folder: folder, control: "unix:" + folder + "/ctl"}
	if err := os.Mkdir(filepath.Join(folder, "db"), 0o755); err != nil {
		t.Fatal(err)
	}
	k.write("kamailio.cfg", fmt.Sprintf(kamailioConfig, at.address, sipPort, domain, folder))
	k.write("db/version", "table_name(string) table_version(int)\nsubscriber:7\n")
	k.write("db/subscriber", "username(string) domain(string) password(string)\n")
	process := exec.Command("kamailio", "-f", filepath.Join(folder, "kamailio.cfg"), "-DD", "-E", "-Y", folder, "-P", filepath.Join(folder, "pid"))
	process.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGTERM}
	log, err := os.Create(filepath.Join(folder, "log"))
	if err != nil {
		t.Fatal(err)
	}
	process.Stdout, process.Stderr = log, log
	if err := at.start(process); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = process.Process.Signal(syscall.SIGTERM)
		_ = process.Wait()
		_ = log.Close()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(folder, "log"))
			t.Logf("kamailio:\n%s", b)
		}
	})
	waitFor(t, "kamailio", func() error { _, err := k.rpc("core.version"); return err })
	return k
}

func (k *kamailio) write(name, content string) {
	k.t.Helper()
	if err := os.WriteFile(filepath.Join(k.folder, name), []byte(content), 0o644); err != nil {
		k.t.Fatal(err)
	}
}

func (k *kamailio) rpc(args ...string) (string, error) {
	out, err := exec.Command("kamcmd", append([]string{"-s", k.control}, args...)...).CombinedOutput()
	return string(out), err
}

// load gives the registrar the extensions' passwords. Its text database is read
// again when the file has changed.
func (k *kamailio) load(credentials map[string]string) {
	k.t.Helper()
	escape := strings.NewReplacer(`\`, `\\`, `:`, `\:`, "\n", `\n`)
	var b strings.Builder
	b.WriteString("username(string) domain(string) password(string)\n")
	for user, password := range credentials {
		fmt.Fprintf(&b, "%s:%s:%s\n", user, domain, escape.Replace(password))
	}
	k.write("db/subscriber", b.String())
}

var record = regexp.MustCompile(`AoR: (\S+)`)

// registered asks the registrar which extensions have a contact.
func (k *kamailio) registered() map[string]bool {
	k.t.Helper()
	out, err := k.rpc("ul.dump", "brief")
	if err != nil {
		k.t.Fatalf("ul.dump: %v\n%s", err, out)
	}
	found := make(map[string]bool)
	for _, m := range record.FindAllStringSubmatch(out, -1) {
		found[m[1]] = true
	}
	return found
}

// forget drops an extension's contacts. The prefix keeps kamcmd from taking the
// extension for a number.
func (k *kamailio) forget(user string) {
	k.t.Helper()
	if out, err := k.rpc("ul.rm", "location", "s:"+user); err != nil {
		k.t.Fatalf("ul.rm: %v\n%s", err, out)
	}
}

const baresipConfig = `poll_method epoll
module_path /usr/lib/baresip/modules
module g711.so
module_tmp uuid.so
module_app account.so
module_app menu.so
`

// baresip registers an account with a SIP client that is not ours.
func baresip(t *testing.T, a vendor.Account) {
	t.Helper()
	folder := t.TempDir()
	account := fmt.Sprintf("<sip:%s@%s;transport=%s>;auth_user=%s;auth_pass=%q;outbound=\"sip:%s:%d;transport=%s\";regint=600\n",
		a.User, a.Server, strings.ToLower(a.Transport), a.AuthName, a.Password, a.OutboundProxy, a.OutboundPort, strings.ToLower(a.Transport))
	for name, content := range map[string]string{"config": baresipConfig, "accounts": account} {
		if err := os.WriteFile(filepath.Join(folder, name), []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	// It stops by itself after the seconds given, and unregisters only on quit
	// by its user; killing it leaves the contact where the test looks for it.
	process := exec.Command("baresip", "-f", folder, "-t", "20")
	var out lockedBuffer
	process.Stdout, process.Stderr = &out, &out
	if err := process.Start(); err != nil {
		t.Fatal(err)
	}
	defer func() {
		_ = process.Process.Kill()
		_ = process.Wait()
	}()
	waitFor(t, "baresip's registration", func() error {
		text := out.String()
		if strings.Contains(text, "200 OK") {
			return nil
		}
		return fmt.Errorf("it says:\n%s", text)
	})
}
