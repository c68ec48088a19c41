package provision_test

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/template"
)

// hall is a DECT base of the first tenant.
type hall struct {
	*world
	id  fleet.ID
	mac mac.Addr
}

func baseInput(m mac.Addr, template, model string) fleet.DectInput {
	return fleet.DectInput{
		Name: new("Hall"), MAC: new(m.String()), Template: &template, Vendor: new("Yealink"), Model: &model,
		Password: new(secret.New("planted-base-secret1")), TimeZone: new("Europe/Berlin"), Language: new("GERMAN"), Tone: new("DEU"),
		Codecs: &[]string{"PCMA", "G722"}, Interface: new("WEB_DOMAIN"), PreferredTransport: new("UDP"),
		UserPassword: new(secret.New("planted-user-secret1")),
	}
}

func newHall(t *testing.T, template, model string, members ...fleet.MemberInput) *hall {
	t.Helper()
	h := &hall{world: newWorld(t), mac: mac.MustParse("805ec0000001")}
	h.id = must(h.CreateDectPhone(t.Context(), h.admin, baseInput(h.mac, template, model)))(t)
	h.members(members...)
	return h
}

func (h *hall) members(list ...fleet.MemberInput) {
	h.t.Helper()
	check(h.t, h.ReplaceMembers(h.t.Context(), h.admin, h.id, list))
}

func (h *hall) path() string {
	h.t.Helper()
	return "/p/" + must(h.DectPhone(h.t.Context(), h.admin, h.id))(h.t).Token.Reveal() + "/" + h.mac.String() + ".cfg"
}

// fetch gets the configuration of the base.
func (h *hall) fetch() string {
	h.t.Helper()
	a := h.get(h.path())
	if a.Status != 200 {
		h.t.Fatalf("status %d", a.Status)
	}
	return string(a.Body)
}

func (h *hall) is(word fleet.StatusWord, why string) {
	h.t.Helper()
	if s := h.core.Status(h.mac); s.Word != word || !strings.Contains(s.Why, why) {
		h.t.Errorf("the base is %s, %q; want %s, %q", s.Word, s.Why, word, why)
	}
}

func TestBaseIsServed(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w8x.xml", "W75DM", fleet.MemberInput{ExtensionNumber: "102", HandsetIndex: "3", IPUI: "57005-0782068 7"}, fleet.MemberInput{ExtensionNumber: "101"})
	h.is(fleet.Waiting, "has not asked")
	body := h.fetch()
	contains(t, body, "account.1.user_name = 101\n", "account.1.password = planted-sip-secret\n", "handset.1.name = Extension 101\n", "handset.1.ipui = %NULL%\n",
		"account.2.enable = 0\n", "handset.2.name = %NULL%\n",
		"account.3.user_name = 102\n", "account.3.password = planted-second-secret\n", "handset.3.ipui = 0DEADBEEF4\n", "handset.3.reg.enable = 1\n",
		"account.20.enable = 0\n", "handset.20.ipui = %NULL%\n",
		"template.1.sip_server.1.address = example.com\n", "template.1.outbound.1.address = sip.example.com\n", "custom.handset.language = 2\n",
		"voice.tone.country = Germany\n", "admin:planted-base-secret1\n", "user:planted-user-secret1\n", "static.network.lldp.enable = 1\n",
		"local_time.time_zone = +1\n", "account.1.codec.pcma.priority = 1\n", "account.1.codec.g722.priority = 2\n", "account.1.codec.g729.enable = 0\n")
	lacks(t, body, "account.21.", "handset.21.")
	h.is(fleet.UpToDate, "")
	if again := h.fetch(); again != body {
		t.Error("the same base has another configuration at its second fetch")
	}
	check(t, h.db.RecordFetches(t.Context(), h.fetches.take()))
	h.start()
	h.is(fleet.UpToDate, "")
	if again := h.fetch(); again != body {
		t.Error("the same base has another configuration after a restart")
	}
	origins, _, err := h.core.Explain(h.mac, h.mac.String()+".cfg")
	check(t, err)
	if len(origins) == 0 {
		t.Error("nothing to explain")
	}
}

// Whatever changes what a base would get makes it out-of-date, and the next fetch
// brings it.
func TestBaseFollowsChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(ctx context.Context, h *hall) error
		why    string
		has    []string
		lacks  []string
	}{
		{
			"a member's display name", func(ctx context.Context, h *hall) error {
				return h.UpdateUser(ctx, h.admin, h.second, fleet.UserInput{DisplayName: new("Ada")})
			}, "its extension 102 changed", []string{"account.2.display_name = Ada\n", "handset.2.name = Ada\n"}, []string{"= Extension 102\n"},
		},
		{
			"a member's password", func(ctx context.Context, h *hall) error {
				return h.UpdateUser(ctx, h.admin, h.second, fleet.UserInput{Password: new(secret.New("new-sip-secret"))})
			}, "its extension 102 changed", []string{"account.2.password = new-sip-secret\n"}, []string{"planted-second-secret"},
		},
		{
			"a member taken off", func(ctx context.Context, h *hall) error {
				return h.ReplaceMembers(ctx, h.admin, h.id, []fleet.MemberInput{{ExtensionNumber: "101"}})
			}, "settings changed", []string{"account.2.enable = 0\n", "account.2.password = %NULL%\n", "handset.2.name = %NULL%\n"}, []string{"planted-second-secret", "= 102\n"},
		},
		{
			"an extension deleted", func(ctx context.Context, h *hall) error { return h.DeleteUser(ctx, h.admin, h.second, true) },
			"", []string{"account.2.enable = 0\n", "handset.2.name = %NULL%\n", "account.1.enable = 1\n"}, []string{"planted-second-secret", "= 102\n"},
		},
		{
			"the base's own settings", func(ctx context.Context, h *hall) error {
				return h.UpdateDectPhone(ctx, h.admin, h.id, fleet.DectInput{Language: new("ENGLISH"), HandsetLanguage: new("FRENCH"), Tone: new("FRA"), UserPassword: new(secret.New("new-user-secret11"))})
			}, "settings changed", []string{"custom.handset.language = 1\n", "lang.wui = English\n", "voice.tone.country = France\n", "user:new-user-secret11\n"}, []string{"planted-user-secret1"},
		},
		{
			"the tenant", func(ctx context.Context, h *hall) error {
				return h.UpdateMyTenant(ctx, h.admin, fleet.TenantInput{VoicemailNumber: new("*98")})
			}, "the tenant changed", []string{"voice_mail.number.1 = *98\n", "voice_mail.number.2 = *98\n"}, nil,
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			h := newHall(t, "yealink-w5x.xml", "W60B", fleet.MemberInput{ExtensionNumber: "101"}, fleet.MemberInput{ExtensionNumber: "102"})
			contains(t, h.fetch(), "account.2.user_name = 102\n", "handset.2.incoming_lines = 2\n")
			h.is(fleet.UpToDate, "")
			h.clock.advance(1e9)
			check(t, test.change(t.Context(), h))
			h.is(fleet.OutOfDate, test.why)
			body := h.fetch()
			contains(t, body, test.has...)
			lacks(t, body, test.lacks...)
			h.is(fleet.UpToDate, "")
			h.start()
			if again := h.fetch(); again != body {
				t.Error("after a restart the base has another configuration")
			}
		})
	}
}

// A base that has no members is served, and so is one at its capacity.
func TestBaseFromEmptyToFull(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w5x.xml", "W60B")
	body := h.fetch()
	contains(t, body, "account.1.enable = 0\n", "account.8.enable = 0\n", "handset.8.name = %NULL%\n")
	lacks(t, body, "account.1.enable = 1", "account.9.", "planted-sip-secret")
	list := make([]fleet.MemberInput, 8)
	for i := range list {
		list[i].ExtensionNumber = strconv.Itoa(300 + i)
		must(h.CreateUser(t.Context(), h.admin, userInput(list[i].ExtensionNumber, fmt.Sprint("secret-of-", i))))(t)
	}
	h.members(list...)
	body = h.fetch()
	contains(t, body, "account.8.password = secret-of-7\n", "handset.8.incoming_lines = 8\n")
	lacks(t, body, "account.1.enable = 0", "handset.1.name = %NULL%")
}

func TestBaseOnTheLadder(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w5x.xml", "W60B", fleet.MemberInput{ExtensionNumber: "101"})
	ctx, shared := t.Context(), h.base+h.mac.String()+".boot"
	stranger := "/" + "805ec0ffffff" + ".boot"
	if a, b := h.get(shared), h.get(stranger); a.Status != 200 || string(a.Body) != string(b.Body) {
		t.Errorf("at the shared address a base gets %d %q, and nobody's %q", a.Status, a.Body, b.Body)
	}
	must(h.OpenEnrolment(ctx, h.admin, fleet.EnrolmentInput{MAC: new(h.mac.String()), Minutes: new(5)}))(t)
	contains(t, string(h.get(shared).Body), strings.TrimSuffix(installation, "/")+h.path())
	h.is(fleet.Enrolling, "")
	if a := h.get(shared); strings.Contains(string(a.Body), "/p/") {
		t.Errorf("a base enrolled twice in one window: %s", a.Body)
	}
	h.fetch()
	h.is(fleet.UpToDate, "")

	own := h.path()
	check(t, h.UpdateDectPhone(ctx, h.admin, h.id, fleet.DectInput{Disabled: new(true)}))
	if a := h.get(own); a.Status != 404 {
		t.Errorf("a disabled base gets %d", a.Status)
	}
	h.is(fleet.Disabled, "")
	check(t, h.UpdateDectPhone(ctx, h.admin, h.id, fleet.DectInput{Disabled: new(false)}))
	h.fetch()
	reject := func(yes bool) {
		t.Helper()
		check(t, h.db.Write(ctx, func(s fleet.Writer) error { return s.SetRejected(ctx, h.admin.Tenant, h.mac, yes) }))
		check(t, h.core.PhoneChanged(ctx, h.admin.Tenant, h.mac))
	}
	reject(true)
	if a := h.get(own); a.Status != 404 {
		t.Errorf("a rejected base gets %d", a.Status)
	}
	h.is(fleet.Rejected, "")
	reject(false)
	h.fetch()
	check(t, h.DeleteDectPhone(ctx, h.admin, h.id, true))
	if a := h.get(own); a.Status != 404 {
		t.Errorf("a deleted base gets %d", a.Status)
	}
	h.is(fleet.Discovered, "")
}

// A base with a member that could not be read is told to come back, and nobody is
// taken off it.
func TestBaseWithAnUnreadableMember(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w5x.xml", "W60B", fleet.MemberInput{ExtensionNumber: "101"}, fleet.MemberInput{ExtensionNumber: "102"})
	path := h.path()
	h.start(func(c *provision.Config) {
		c.Source = &broken{Source: h.db, users: &unreadableError{[]string{"7"}}, omit: func(ext string) bool { return ext == "102" }}
	})
	if a := h.get(path); a.Status != 503 {
		t.Errorf("status %d", a.Status)
	}
	check(t, h.core.UserChanged(t.Context(), h.admin.Tenant, h.second))
	contains(t, h.fetch(), "account.2.password = planted-second-secret\n")
}

// A base is reached by the extension of a member that no other phone registers as,
// where there is one.
func TestSharersOfABase(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w5x.xml", "W60B")
	ctx := t.Context()
	reached := func(of mac.Addr, by fleet.ID, others ...mac.Addr) {
		t.Helper()
		if user, got := h.core.Sharers(of); user != by || !slices.Equal(got, others) {
			t.Errorf("%s is reached by %d, which %v register as too; want %d, %v", of, user, got, by, others)
		}
	}
	for range 2 {
		h.members()
		reached(h.mac, 0)
		h.members(fleet.MemberInput{ExtensionNumber: "101"})
		reached(h.mac, h.user, h.phoneMAC)
		reached(h.phoneMAC, h.user, h.mac)
		h.members(fleet.MemberInput{ExtensionNumber: "101"}, fleet.MemberInput{ExtensionNumber: "102"})
		reached(h.mac, h.second)
		h.start()
		reached(h.phoneMAC, h.user, h.mac)
	}
	check(t, h.DeleteDectPhone(ctx, h.admin, h.id, true))
	reached(h.phoneMAC, h.user)
	reached(h.mac, 0)
}

// A base is told by what it has registered: a member that it has had since it last
// fetched, or one that it had then. After a restart nobody knows.
func TestSharersOfABaseWhoseMembersChange(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w5x.xml", "W60B", fleet.MemberInput{ExtensionNumber: "102", HandsetIndex: "2"})
	third := must(h.CreateUser(t.Context(), h.admin, userInput("103", "planted-third-secret")))(t)
	reached := func(by fleet.ID) {
		t.Helper()
		if user, _ := h.core.Sharers(h.mac); user != by {
			t.Errorf("reached by %d, want %d", user, by)
		}
	}
	h.fetch()
	h.members(fleet.MemberInput{ExtensionNumber: "103", HandsetIndex: "1"}, fleet.MemberInput{ExtensionNumber: "102", HandsetIndex: "2"})
	reached(h.second) // though the other comes first
	h.members(fleet.MemberInput{ExtensionNumber: "103", HandsetIndex: "1"})
	reached(h.second) // which it still registers
	h.fetch()
	reached(third)
	h.members(fleet.MemberInput{ExtensionNumber: "102", HandsetIndex: "2"})
	check(t, h.DeleteUser(t.Context(), h.admin, third, true))
	reached(h.second)
	h.members(fleet.MemberInput{ExtensionNumber: "101", HandsetIndex: "1"}, fleet.MemberInput{ExtensionNumber: "102", HandsetIndex: "2"})
	h.start()
	reached(h.second) // a phone has 101 as well
}

// A base takes orders by its MAC address as a phone does.
func TestOrdersToABase(t *testing.T) {
	t.Parallel()
	h := newHall(t, "yealink-w5x.xml", "W60B", fleet.MemberInput{ExtensionNumber: "101"})
	ctx, address := t.Context(), h.mac.Colons()
	for _, order := range []func(context.Context, fleet.Caller, string) (fleet.ID, error){h.Reprovision, h.Reboot} {
		job := must(order(ctx, h.admin, address))(t)
		items, _, err := h.JobItems(ctx, h.admin, job, listquery.Query{})
		if err != nil || len(items) != 1 || items[0].MAC != h.mac {
			t.Errorf("the items of the job are %+v, %v", items, err)
		}
	}
	all := must(h.ReprovisionAll(ctx, h.admin))(t) // the base waits in a job of its own
	items, _, err := h.JobItems(ctx, h.admin, all, listquery.Query{})
	if err != nil || len(items) != 1 || items[0].MAC != h.phoneMAC {
		t.Errorf("the items of the job for all are %+v, %v", items, err)
	}
	if err := h.Reject(ctx, h.admin, address); fleet.CodeOf(err) != fleet.CodeConflict {
		t.Errorf("rejected while it is assigned: %v", err)
	}
	h.fetch()
	check(t, h.db.RecordFetches(ctx, h.fetches.take()))
	events, _, err := h.Events(ctx, h.admin, address, listquery.Query{})
	check(t, err)
	var kinds []string
	for _, e := range events {
		kinds = append(kinds, string(e.Kind))
	}
	for _, want := range []fleet.EventKind{fleet.EventAssigned, fleet.EventChanged, fleet.EventOrdered, fleet.EventServed} {
		if !slices.Contains(kinds, string(want)) {
			t.Errorf("its history lacks %q: %q", want, kinds)
		}
	}
	check(t, h.UpdateDectPhone(ctx, h.admin, h.id, fleet.DectInput{Disabled: new(true)}))
	if _, err := h.Reprovision(ctx, h.admin, address); fleet.CodeOf(err) != fleet.CodeConflict {
		t.Errorf("an order to a disabled base: %v", err)
	}
}

func TestPreviewOfABase(t *testing.T) {
	t.Parallel()
	source := strings.Replace(custom("", ""), `accounts="3"`, `accounts="5" handsets="3"`, 1)
	tmpl := must(template.Parse("ours.xml", []byte(source), nil, func(string) bool { return true }))(t)
	m := tmpl.Models[0]
	base := fleet.DectPhone{Model: m.Name, MAC: mac.MustParse("805ec0000001"), DeviceSettings: fleet.DeviceSettings{TimeZone: "Etc/UTC"}}
	seats := []provision.Seat{
		{User: fleet.User{ExtensionNumber: "101", DisplayName: "Ada"}, HandsetIndex: 2, IPUI: "0DEADBEEF4"},
		{User: fleet.User{ExtensionNumber: "102"}, HandsetIndex: 4}, // the model takes three
	}
	v, _, err := provision.PreviewBase(tmpl, fleet.Tenant{}, base, seats, nil, "", provision.Addresses{}, time.Now())
	check(t, err)
	if len(v.Handsets) != 1 || len(v.Accounts) != 1 || len(v.SpareHandsets) != 2 || len(v.SpareAccounts) != m.Accounts-1 || v.Base.Lines != 3 {
		t.Fatalf("%+v", v)
	}
	if h := v.Handsets[0]; h.Index != 2 || h.Account != 2 || h.Extension != "101" || h.DisplayName != "Ada" || h.IPEI != "5700507820687" || v.Accounts[0].Index != 2 {
		t.Errorf("%+v, %+v", h, v.Accounts[0])
	}
	if v.SpareHandsets[1].Index != 3 || v.SpareAccounts[1].Index != 3 || v.SpareAccounts[2].Index != 4 {
		t.Errorf("%+v, %+v", v.SpareHandsets, v.SpareAccounts)
	}
}

func TestPreviewOfASystem(t *testing.T) {
	t.Parallel()
	source := strings.Replace(custom("", ""), `accounts="3"`, `accounts="5" handsets="3" bases="4" system_handsets="7"`, 1)
	tmpl := must(template.Parse("ours.xml", []byte(source), nil, func(string) bool { return true }))(t)
	m := tmpl.Models[0]
	first, second := mac.MustParse("805ec0000001"), mac.MustParse("805ec0000002")
	works := fleet.DectSystem{Name: "Works", Number: 9, Bases: []fleet.SystemBase{
		{Dect: 1, Index: 1, SyncFrom: 2, MAC: first, Name: "Hall", Model: m.Name}, {Dect: 2, Index: 3, MAC: second, Name: "Yard", Model: m.Name},
	}}
	seats := []provision.Seat{{User: fleet.User{ExtensionNumber: "101"}, HandsetIndex: 6}}
	preview := func(at mac.Addr, seats []provision.Seat) *template.View {
		base := fleet.DectPhone{Model: m.Name, MAC: at, DeviceSettings: fleet.DeviceSettings{TimeZone: "Etc/UTC"}}
		v, _, err := provision.PreviewBase(tmpl, fleet.Tenant{}, base, seats, &works, "", provision.Addresses{}, time.Now())
		check(t, err)
		return v
	}
	want := template.System{
		Set: true, Name: "Works", Number: 9, Master: true, Index: 1,
		Bases: []template.SystemBase{
			{Index: 1, MAC: first.String(), Name: "Hall", Master: true, Self: true, SyncIndex: 3, SyncLevel: 2},
			{Index: 3, MAC: second.String(), Name: "Yard", SyncLevel: 1},
		},
		SpareBases: []template.Spare{{Index: 2}, {Index: 4}},
	}
	v := preview(first, seats)
	if diff := cmp.Diff(want, v.System); diff != "" {
		t.Error(diff)
	}
	if len(v.Handsets) != 1 || v.Handsets[0].Index != 6 || len(v.Accounts) != 1 || len(v.SpareHandsets) != 6 || len(v.SpareAccounts) != 6 || v.Base.Lines != 7 {
		t.Errorf("the data master has %+v, %d spare of %d", v.Handsets, len(v.SpareHandsets), v.Base.Lines)
	}
	v = preview(second, nil)
	if v.System.Master || v.System.Index != 3 || !v.System.Bases[1].Self || len(v.Handsets)+len(v.Accounts)+len(v.SpareHandsets)+len(v.SpareAccounts)+v.Base.Lines > 0 {
		t.Errorf("the other base has %+v", v)
	}
}
