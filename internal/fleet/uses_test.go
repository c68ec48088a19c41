package fleet_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/dialplane/dialplane/internal/fleet"
)

// A tenant keeps the endpoints that its phones use, and its templates the models
// that its phones are of; who takes them away hears of all that it would break.
func TestUsedEndpointsStay(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	for i := range 4 { // with the phone of the world five over TLS; its base is over UDP
		must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(fmt.Sprintf("00156500003%d", i))))(t)
	}
	w.heard.take()
	set := func(e map[fleet.Interface]fleet.EndpointInput) error {
		return w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{Endpoints: &e, VoicemailNumber: new("*99")})
	}
	web := func(e fleet.EndpointInput) map[fleet.Interface]fleet.EndpointInput {
		e.Host = "sip.example.com"
		return map[fleet.Interface]fleet.EndpointInput{fleet.WebDomain: e}
	}
	w.refuse([]refusal{
		{
			name: "a transport", do: func() error { return set(web(fleet.EndpointInput{UDP: 5060})) }, code: fleet.CodeConflict, at: []string{"/endpoints/WEB_DOMAIN/tls"},
			says: "5 phones and DECT bases (" + w.phoneMAC + ", 001565000030, 001565000031, …) reach their PBX over TLS",
		},
		{
			name: "an interface", do: func() error { return set(map[fleet.Interface]fleet.EndpointInput{}) }, code: fleet.CodeConflict,
			at: []string{"/endpoints/WEB_DOMAIN", "/endpoints/WEB_DOMAIN"}, says: "1 phone or DECT base (" + w.baseMAC + ") reach",
		},
		{
			name: "every port that is used", do: func() error { return set(web(fleet.EndpointInput{TCP: 5060})) }, code: fleet.CodeConflict,
			at: []string{"/endpoints/WEB_DOMAIN/tls", "/endpoints/WEB_DOMAIN/udp"},
		},
	})
	check(t, set(web(fleet.EndpointInput{UDP: 5070, TCP: 5060, TLS: 5071})))
	check(t, set(web(fleet.EndpointInput{UDP: 5070, TLS: 5071}))) // nobody is there over TCP
	check(t, w.DeleteDectPhone(ctx, w.admin, w.base, true))
	check(t, set(web(fleet.EndpointInput{TLS: 5071})))
}

func TestUsedModelsStay(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	// The fake catalog's templates have the models of the built-in that they name.
	check(t, w.CreateTemplate(ctx, w.admin, "own.xml", "acme-desk.xml"))
	own := func(in *fleet.PhoneInput) { in.Filename = new("own.xml") }
	one := must(w.CreatePhone(ctx, w.admin, w.user, phoneInput("001565000030", own)))(t)
	two := must(w.CreatePhone(ctx, w.admin, w.user, phoneInput("001565000031", own, func(in *fleet.PhoneInput) { in.Model = new("A2") })))(t)
	check(t, w.UpdateTemplate(ctx, w.admin, "own.xml", "acme-desk.xml"))
	w.heard.take()
	update := func() error { return w.UpdateTemplate(ctx, w.admin, "own.xml", "bolt-desk.xml") }
	w.refuse([]refusal{
		{name: "an update", do: update, code: fleet.CodeConflict, at: []string{"/content", "/content"}, says: "would not have the model A2 any more, which 1 phone or DECT base (001565000031)"},
		{
			name: "one that takes a built-in's place", do: func() error { return w.CreateTemplate(ctx, w.admin, "acme-desk.xml", "bolt-desk.xml") },
			code: fleet.CodeConflict, at: []string{"/content"}, says: w.phoneMAC,
		},
	})
	if s := must(w.Template(ctx, w.admin, "own.xml"))(t); !strings.Contains(s.Content, "acme") {
		t.Errorf("the template is %q", s.Content)
	}
	check(t, w.DeletePhone(ctx, w.admin, w.user, one))
	check(t, w.DeletePhone(ctx, w.admin, w.user, two))
	check(t, update())
}
