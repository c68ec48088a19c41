package provision_test

import (
	"fmt"
	"net/netip"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/provision"
)

// events are what the requests since the last time amount to.
func (w *world) events() []string {
	var out []string
	for _, f := range w.fetches.take() {
		e := f.Event()
		out = append(out, fmt.Sprintf("%s %s %s: %s", e.MAC, e.Kind, e.Severity, e.Text))
	}
	return out
}

// Each refusal says why, and how much that matters.
func TestRefusalsSayWhy(t *testing.T) {
	t.Parallel()
	const file = "001565000001 fetch.refused "
	const instead = "asked for " + enrolFile + " and did not get its own configuration: "
	for _, tt := range []struct {
		name    string
		prepare func(*world)
		ask     func(*world)
		want    []string
	}{
		{"enrols twice", func(w *world) { w.open(w.admin, nil, 15) }, func(w *world) { w.get("/" + enrolFile); w.get("/" + enrolFile) }, []string{
			"001565000001 enrolment.used info: enrolled by " + enrolFile, file + "high: asked for " + enrolFile + " in vain: the phone had enrolled in this window before",
		}},
		{"outside the networks", func(w *world) { w.allow("10.9.0.0/16") }, func(w *world) { w.get("/" + enrolFile) }, []string{
			file + "warning: asked for " + enrolFile + " in vain: the address is outside the tenant's networks for enrolment",
		}},
		{"without TLS", func(w *world) { w.allow("203.0.113.0/24") }, func(w *world) {
			w.core.Answer(w.t.Context(), provision.Request{Path: "/" + enrolFile, IP: netip.MustParseAddr("203.0.113.7")})
		}, []string{file + "warning: asked for " + enrolFile + " in vain: without TLS, phones enrol from private addresses only"}},
		{"without proof", nil, func(w *world) { w.get("/001565000001.txt") }, []string{
			file + "info: asked for 001565000001.txt in vain: without the phone's secret address there is no such file",
		}},
		{"rejected", func(w *world) { w.reject() }, func(w *world) { w.get(w.mine()); w.get("/" + enrolFile) }, []string{
			file + "warning: asked for 001565000001.cfg in vain: the phone is rejected",
			file + "warning: asked for " + enrolFile + " in vain: the phone is rejected",
		}},
		{"another's file", nil, func(w *world) { w.get("/p/" + w.token() + "/001565000002.cfg") }, []string{
			file + "high: asked for 001565000002.cfg in vain: it asked for another phone's file at its own secret address",
		}},
		{"another's name", nil, func(w *world) {
			r := lan("/" + enrolFile)
			r.UserAgent = "Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:03"
			w.core.Answer(w.t.Context(), r)
		}, []string{file + "high: asked for " + enrolFile + " in vain: the User-Agent names the phone 001565000003 but the path names 001565000001; it came from " +
			lan("/").IP.String() + ` as "Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:03"`}},
		{"a fault of ours", func(w *world) { w.orphan("gone.xml", "T46U") }, func(w *world) { w.get(w.mine()) }, []string{
			"001565000001 fetch.failed warning: asked for 001565000001.cfg and was told to come back: its extension, template or model is gone",
		}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.prepare != nil {
				tt.prepare(w)
			}
			w.fetches.take()
			tt.ask(w)
			got := w.events()
			for i := range got {
				got[i] = strings.Replace(got[i], instead, "asked for "+enrolFile+" in vain: ", 1) // as the file is one of strangers' or none
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Error(diff)
			}
		})
	}
}

// Whoever uses a secret address and says that it is something else is served, and
// doubted once.
func TestDoubtedFetches(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	fetch := func(userAgent string) (doubt string) {
		t.Helper()
		r := lan(w.mine())
		r.UserAgent = userAgent
		w.fetches.take()
		if a := w.core.Answer(t.Context(), r); a.Status != 200 {
			t.Fatalf("%q gets %d", userAgent, a.Status)
		}
		return w.fetches.take()[0].Doubt
	}
	for _, step := range []struct{ userAgent, doubt string }{
		{"curl/8.0", ""}, // nobody has fetched before
		{"Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:01", ""},
		{"Yealink SIP-T46U 108.87.0.1 00:15:65:00:00:01", ""},
		{"curl/8.0", "what used its secret address does not call itself a phone, and was a Yealink T46U"},
		{"curl/8.0", ""},
		{"Yealink SIP-T46U 108.87.0.1 00:15:65:00:00:01", ""},
		{"Yealink SIP-T46U 108.87.0.1 00:15:65:00:00:03", "what used its secret address calls itself the phone 001565000003"},
		{"Yealink SIP-T54W 96.86.0.70 00:15:65:00:00:01", "what used its secret address calls itself a Yealink T54W, and was a Yealink T46U"},
	} {
		if got := fetch(step.userAgent); got != step.doubt {
			t.Errorf("%s: %q, want %q", step.userAgent, got, step.doubt)
		}
	}
}

// However a secret address is spelled, it is not written down.
func TestSecretAddressesAreNotRecorded(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	token := w.token()
	for _, path := range []string{
		"/p/" + token, "/p/" + token + "/", "/p/" + token + "/" + token, "/P/" + token, "/x/p/" + token, "/t/x/p/" + token, "/" + token, "/" + strings.ToUpper(token),
		"/" + token + ".cfg", "/001565000001" + token, "/" + token + "-001565000001.cfg", "/p/" + token + "x/001565000001.cfg", "/p/" + token + "/p/" + token + ".cfg",
	} {
		r := lan(path)
		r.UserAgent = "Yealink SIP-T46U 108.86.0.45 00:15:65:00:00:01"
		w.core.Answer(t.Context(), r)
	}
	for _, f := range w.fetches.take() {
		if text := strings.ToLower(fmt.Sprintf("%+v %s", f, f.Event().Text)); strings.Contains(text, token) {
			t.Errorf("recorded: %s", text)
		}
	}
	if strings.Contains(strings.ToLower(w.log.String()), token) {
		t.Error("the log has a secret address")
	}
}
