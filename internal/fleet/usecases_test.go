package fleet_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

func TestBootstrap(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	created, token, err := w.Bootstrap(ctx, secret.New(strings.Repeat("x", 30)))
	if created || !token.Empty() || err != nil {
		t.Errorf("a second start: %v, %v, %v", created, token.Empty(), err)
	}
	for _, bad := range []string{"short", strings.Repeat("x", 23), strings.Repeat("x", 24) + " ", strings.Repeat("ä", 24), strings.Repeat("x", 257)} {
		if _, _, err := w.Bootstrap(ctx, secret.New(bad)); fleet.CodeOf(err) != fleet.CodeInvalid || strings.Contains(err.Error(), bad) {
			t.Errorf("%d bytes: %v", len(bad), err)
		}
	}
	if !w.root.Installation || w.root.Tenant != 0 || w.root.Role != fleet.Admin || !w.root.Reveal {
		t.Errorf("%+v", w.root)
	}
}

func TestTemplates(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	create := func(name, content string) func() error {
		return func() error { return w.CreateTemplate(ctx, w.admin, name, content) }
	}
	check(t, create("used.xml", "acme-desk.xml")())
	check(t, create("extended.xml", "<x/>")())
	check(t, create("extending.xml", `<template extends = 'extended.xml'/>`)())
	must(w.CreatePhone(ctx, w.admin, w.user, phoneInput("001565000010", func(in *fleet.PhoneInput) { in.Filename = new("used.xml") })))(t)
	w.heard.take()
	var cases []refusal
	for _, name := range []string{"", "x", ".xml", "../x.xml", "a/b.xml", `a\b.xml`, "a b.xml", "x.xml\x00", "-x.xml", "ü.xml", strings.Repeat("x", 125) + ".xml", "x.XML"} {
		cases = append(cases, refusal{name: "name " + strings.ToValidUTF8(name, "?"), do: create(name, "<x/>"), at: []string{"/filename"}})
	}
	w.refuse(append(cases,
		refusal{name: "empty", do: create("new.xml", ""), at: []string{"/content"}},
		refusal{name: "name and content", do: create("x", ""), at: []string{"/filename", "/content"}},
		refusal{name: "too big", do: create("new.xml", strings.Repeat("x", 256<<10+1)), at: []string{"/content"}},
		refusal{name: "does not compile", do: create("new.xml", "{{"), at: []string{"/content"}, says: "line 1, column 3"},
		refusal{name: "there already", do: create("used.xml", "<x/>"), code: fleet.CodeConflict, at: []string{"/filename"}},
		refusal{name: "update that does not compile", do: func() error { return w.UpdateTemplate(ctx, w.admin, "used.xml", "{{") }, at: []string{"/content"}},
		refusal{name: "update of a built-in", do: func() error { return w.UpdateTemplate(ctx, w.admin, "acme-desk.xml", "<x/>") }, code: fleet.CodeConflict, says: "built in"},
		refusal{name: "update of none", do: func() error { return w.UpdateTemplate(ctx, w.admin, "none.xml", "<x/>") }, code: fleet.CodeNotFound},
		refusal{name: "delete of a built-in", do: func() error { return w.DeleteTemplate(ctx, w.admin, "acme-desk.xml") }, code: fleet.CodeConflict, says: "built in"},
		refusal{name: "delete of none", do: func() error { return w.DeleteTemplate(ctx, w.admin, "none.xml") }, code: fleet.CodeNotFound},
		refusal{name: "delete of one in use", do: func() error { return w.DeleteTemplate(ctx, w.admin, "used.xml") }, code: fleet.CodeConflict, says: "1 of the tenant's phones"},
		refusal{name: "delete of one that another extends", do: func() error { return w.DeleteTemplate(ctx, w.admin, "extended.xml") }, code: fleet.CodeConflict, says: "extending.xml"},
		refusal{name: "reading none", do: func() error { _, err := w.Template(ctx, w.admin, "../../etc/passwd"); return err }, code: fleet.CodeNotFound},
		refusal{name: "profile of none", do: func() error { _, err := w.PhoneModel(ctx, w.admin, "none.xml"); return err }, code: fleet.CodeNotFound},
		refusal{name: "desk profile of a base", do: func() error { _, err := w.PhoneModel(ctx, w.admin, "acme-dect.xml"); return err }, code: fleet.CodeNotFound},
		refusal{name: "base profile of a desk phone", do: func() error { _, err := w.DectModel(ctx, w.admin, "acme-desk.xml"); return err }, code: fleet.CodeNotFound},
	))

	const content = "<mine>\r\n\t</mine>"
	check(t, create("acme-desk.xml", content)())
	if heard := w.heard.take(); !slices.Equal(heard, []string{"template acme-desk.xml"}) {
		t.Errorf("heard %q", heard)
	}
	want := []fleet.TemplateListing{
		{"acme-dect.xml", false}, {"acme-desk.xml", true}, {"acme-multi.xml", false}, {"bolt-desk.xml", false}, {"bolt-multi.xml", false}, {"extended.xml", true}, {"extending.xml", true}, {"used.xml", true},
	}
	if diff := cmp.Diff(want, must(w.Templates(ctx, w.admin))(t)); diff != "" {
		t.Error(diff)
	}
	if got := must(w.Template(ctx, w.admin, "acme-desk.xml"))(t); got != (fleet.TemplateSource{Filename: "acme-desk.xml", Content: content, IsCustom: true}) {
		t.Errorf("%+v", got)
	}
	if got := must(w.Template(ctx, w.other, "acme-desk.xml"))(t); got.IsCustom || got.Content != "<built-in/>" {
		t.Errorf("another tenant's is %+v", got)
	}
	check(t, w.UpdateTemplate(ctx, w.admin, "acme-desk.xml", "<x/>"))
	// A phone of the world uses it, but the built-in comes back.
	check(t, w.DeleteTemplate(ctx, w.admin, "acme-desk.xml"))
	if got := must(w.Template(ctx, w.admin, "acme-desk.xml"))(t); got.IsCustom {
		t.Errorf("%+v", got)
	}
	check(t, w.DeleteTemplate(ctx, w.admin, "extending.xml"))
	check(t, w.DeleteTemplate(ctx, w.admin, "extended.xml"))

	if rows := must(w.PhoneModels(ctx, w.admin))(t); len(rows) != 3 {
		t.Errorf("%+v", rows)
	}
	if rows := must(w.DectModels(ctx, w.admin))(t); len(rows) != 5 || rows[0].Model != "D20" || rows[3].Model != "M0" {
		t.Errorf("%+v", rows)
	}
	if info := must(w.PhoneModel(ctx, w.admin, "acme-desk.xml"))(t); info.Vendor != "Acme" {
		t.Errorf("%+v", info)
	}
	if info := must(w.DectModel(ctx, w.admin, "acme-dect.xml"))(t); !info.DECT {
		t.Errorf("%+v", info)
	}
}

// A template that is gone when its phone is about to be stored is not used.
func TestTemplateDeletedWhileAPhoneIsMade(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.catalog.custom["ghost.xml"] = "acme-desk.xml"
	_, err := w.CreatePhone(ctx, w.admin, w.user, phoneInput("001565000010", func(in *fleet.PhoneInput) { in.Filename = new("ghost.xml") }))
	if fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Error(err)
	}
}

func TestEnrolments(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	for _, e := range must2(w.Enrolments(ctx, w.admin, listquery.Query{}))(t) {
		check(t, w.CloseEnrolment(ctx, w.admin, e.ID))
	}
	w.heard.take()
	open := func(in fleet.EnrolmentInput) func() error {
		return func() error { _, err := w.OpenEnrolment(ctx, w.admin, in); return err }
	}
	w.refuse([]refusal{
		{name: "bad address", do: open(fleet.EnrolmentInput{MAC: new("x")}), at: []string{"/mac"}},
		{name: "phone that is not there", do: open(fleet.EnrolmentInput{MAC: new("001565000099")}), at: []string{"/mac"}},
		{name: "phone of another tenant", do: open(fleet.EnrolmentInput{MAC: &w.otherMAC}), at: []string{"/mac"}},
		{name: "no time", do: open(fleet.EnrolmentInput{Minutes: new(0)}), at: []string{"/minutes"}},
		{name: "too long", do: open(fleet.EnrolmentInput{Minutes: new(1441), MAC: new("")}), at: []string{"/mac", "/minutes"}},
		{name: "closing none", do: func() error { return w.CloseEnrolment(ctx, w.admin, 1) }, code: fleet.CodeNotFound},
	})
	one := must(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{MAC: new("00:15:65:00:00:01"), Minutes: new(1)}))(t)
	all := must(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{}))(t)
	if heard := w.heard.take(); !slices.Equal(heard, []string{"enrolments", "enrolments"}) {
		t.Errorf("heard %q", heard)
	}
	now := w.clock.Now()
	want := []fleet.Enrolment{
		{ID: one, Tenant: w.admin.Tenant, MAC: mac.MustParse(w.phoneMAC), Opened: now, Expires: now.Add(time.Minute)},
		{ID: all, Tenant: w.admin.Tenant, Opened: now, Expires: now.Add(15 * time.Minute)},
	}
	if diff := cmp.Diff(want, must2(w.Enrolments(ctx, w.admin, listquery.Query{}))(t)); diff != "" {
		t.Error(diff)
	}
	w.clock.advance(time.Minute)
	if list := must2(w.Enrolments(ctx, w.admin, listquery.Query{}))(t); len(list) != 1 || list[0].ID != all {
		t.Errorf("%+v", list)
	}
	check(t, w.CloseEnrolment(ctx, w.admin, all))
	check(t, w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{EnrolMinutes: new(0)}))
	must(w.OpenEnrolment(ctx, w.admin, fleet.EnrolmentInput{}))(t)
	if list := must2(w.Enrolments(ctx, w.admin, listquery.Query{}))(t); len(list) != 1 || list[0].Expires.Sub(list[0].Opened) != 15*time.Minute {
		t.Errorf("%+v", list)
	}
}

func second(_ any, err error) error { return err }

func third2(_, _ any, err error) error { return err }

func third(_ any, _ int, err error) error { return err }

func must2[T any](v T, _ int, err error) func(*testing.T) T { return must(v, err) }

func TestDeviceCalls(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	const stranger = "001565000050"
	check(t, w.db.Write(ctx, func(s fleet.Writer) error { return s.SetRejected(ctx, w.admin.Tenant, mac.MustParse(stranger), false) }))
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		return s.SetRejected(ctx, w.otherTenant, mac.MustParse("001565000051"), false)
	}))
	calls := map[string]func(fleet.Caller, string) error{
		"reprovision": func(c fleet.Caller, m string) error { return second(w.Reprovision(ctx, c, m)) },
		"reboot":      func(c fleet.Caller, m string) error { return second(w.Reboot(ctx, c, m)) },
		"accept":      func(c fleet.Caller, m string) error { return w.Accept(ctx, c, m) },
		"reject":      func(c fleet.Caller, m string) error { return w.Reject(ctx, c, m) },
		"row":         func(c fleet.Caller, m string) error { _, err := w.PhoneRow(ctx, c, m); return err },
		"assignee":    func(c fleet.Caller, m string) error { _, err := w.Assignee(ctx, c, m); return err },
	}
	var cases []refusal
	for name, call := range calls {
		for _, bad := range []string{"", "xyz", "001565000001%0a", "../001565000001", "010000000001"} {
			cases = append(cases, refusal{name: name + "/bad address " + bad, do: func() error { return call(w.admin, bad) }, code: fleet.CodeMalformed})
		}
		for _, unknown := range []string{"001565000099", w.otherMAC, "001565000051"} {
			cases = append(cases, refusal{name: name + "/unknown " + unknown, do: func() error { return call(w.admin, unknown) }, code: fleet.CodeNotFound})
		}
	}
	w.refuse(append(cases,
		refusal{name: "reject of a phone in use", do: func() error { return w.Reject(ctx, w.admin, w.phoneMAC) }, code: fleet.CodeConflict},
		refusal{name: "reject of a base in use", do: func() error { return w.Reject(ctx, w.admin, w.baseMAC) }, code: fleet.CodeConflict},
		refusal{name: "assignee of a stranger", do: func() error { _, err := w.Assignee(ctx, w.admin, stranger); return err }, code: fleet.CodeNotFound},
	))
	if n := w.waker.woken.Load(); n > 0 {
		t.Errorf("woken %d times", n)
	}

	if row := must(w.Assignee(ctx, w.admin, w.phoneMAC))(t); row.ExtensionNumber != "101" || row.Vendor != "Acme" || row.Model != "A1" || !row.Password.Empty() || !row.VMPIN.Empty() {
		t.Errorf("%+v", row)
	}
	check(t, w.Reject(ctx, w.admin, stranger))
	if row := must(w.PhoneRow(ctx, w.admin, stranger))(t); !row.Rejected {
		t.Errorf("%+v", row)
	}
	for range 2 { // the second time nothing changes
		check(t, w.Accept(ctx, w.admin, stranger))
	}
	if got := w.audited(); got != "alice phone.accept phone "+stranger {
		t.Errorf("audited %q", got)
	}
	if row := must(w.PhoneRow(ctx, w.admin, stranger))(t); row.Rejected {
		t.Errorf("accepted, it is %+v", row)
	}
	check(t, w.Reject(ctx, w.admin, stranger))
	// To assign the phone after all is to accept it.
	must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(stranger)))(t)
	if row := must(w.PhoneRow(ctx, w.admin, stranger))(t); row.Rejected || row.ExtensionNumber != "101" {
		t.Errorf("%+v", row)
	}
}

func TestParallelCreationOfOneAddress(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	spellings := []string{"001565000010", "00:15:65:00:00:10", "00-15-65-00-00-10", "0015.6500.0010"}
	var wg sync.WaitGroup
	errs := make([]error, 16)
	for i := range errs {
		wg.Go(func() {
			address := spellings[i%len(spellings)]
			switch i % 3 {
			case 0:
				_, errs[i] = w.CreatePhone(ctx, w.admin, w.user, phoneInput(address))
			case 1:
				_, errs[i] = w.CreatePhone(ctx, w.other, w.otherUser, phoneInput(address))
			case 2:
				_, errs[i] = w.CreateDectPhone(ctx, w.admin, dectInput(address))
			}
		})
	}
	wg.Wait()
	made := 0
	for _, err := range errs {
		switch {
		case err == nil:
			made++
		case fleet.CodeOf(err) != fleet.CodeConflict:
			t.Error(err)
		}
	}
	if made != 1 {
		t.Errorf("%d of them were made", made)
	}
}

// What phones may see is told after it is durable; if that fails the caller hears
// that the change was kept.
func TestFailingChanges(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.heard.fail = errors.New("the phone server is on fire")
	err := w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new("New")})
	if fleet.CodeOf(err) != fleet.CodeUnavailable || !strings.Contains(err.Error(), "is saved") || strings.Contains(err.Error(), "fire") {
		t.Error(err)
	}
	if u := must(w.User(ctx, w.admin, w.user))(t); u.DisplayName != "New" {
		t.Errorf("%+v", u)
	}
	if !strings.Contains(w.log.String(), "on fire") {
		t.Error("the log does not say why")
	}
	id, err := w.CreatePhone(ctx, w.admin, w.user, phoneInput("001565000010"))
	if id == 0 || fleet.CodeOf(err) != fleet.CodeUnavailable {
		t.Errorf("%d, %v", id, err)
	}
}

// A store or catalog that fails is no fault of the input.
func TestBrokenStore(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.furnish()
	broken := errors.New("disk on fire")
	w.faulty.fail(nil, broken)
	for name, u := range w.useCases() {
		if u.noStore {
			continue
		}
		if err := u.do(t.Context(), w.admin, w.root); !errors.Is(err, broken) {
			t.Errorf("%s: %v", name, err)
		}
	}
	w.faulty.fail(nil, nil)
	w.catalog.fail = broken
	_, err := w.CreatePhone(t.Context(), w.admin, w.user, phoneInput("001565000010"))
	if !errors.Is(err, broken) {
		t.Error(err)
	}
}

func TestReveal(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	// What each reading gives: the secrets, and the object that is audited.
	readings := map[string]struct {
		read   func(fleet.Caller) ([]secret.Secret, error)
		object string
		count  int
	}{
		"user": {func(c fleet.Caller) ([]secret.Secret, error) {
			u, err := w.User(ctx, c, w.user)
			return []secret.Secret{u.Password, u.VMPIN}, err
		}, "user 101", 1},
		"users": {func(c fleet.Caller) (all []secret.Secret, err error) {
			list, _, err := w.Users(ctx, c, listquery.Query{})
			for _, u := range list {
				all = append(all, u.Password, u.VMPIN)
			}
			return all, err
		}, "user 102", 2},
		"phone": {func(c fleet.Caller) ([]secret.Secret, error) {
			p, err := w.Phone(ctx, c, w.user, w.phone)
			return []secret.Secret{p.Password, p.DoorPassword1, p.Token}, err
		}, "phone " + w.phoneMAC, 1},
		"phones": {func(c fleet.Caller) (all []secret.Secret, err error) {
			list, _, err := w.UserPhones(ctx, c, w.user, listquery.Query{})
			for _, p := range list {
				all = append(all, p.Password, p.DoorPassword1, p.Token)
			}
			return all, err
		}, "phone " + w.phoneMAC, 1},
		"row": {func(c fleet.Caller) ([]secret.Secret, error) {
			p, err := w.PhoneRow(ctx, c, w.phoneMAC)
			return []secret.Secret{p.Password, p.VMPIN}, err
		}, "phone " + w.phoneMAC, 1},
		"rows": {func(c fleet.Caller) (all []secret.Secret, err error) {
			list, _, err := w.PhoneRows(ctx, c, listquery.Query{})
			for _, p := range list {
				all = append(all, p.Password, p.VMPIN)
			}
			return all, err
		}, "phone " + w.phoneMAC, 1},
		"base": {func(c fleet.Caller) ([]secret.Secret, error) {
			d, err := w.DectPhone(ctx, c, w.base)
			return []secret.Secret{d.Password, d.UserPassword, d.EngineerPassword, d.Token}, err
		}, "DECT base " + w.baseMAC, 1},
		"bases": {func(c fleet.Caller) (all []secret.Secret, err error) {
			list, _, err := w.DectPhones(ctx, c, listquery.Query{})
			for _, d := range list {
				all = append(all, d.Password, d.UserPassword, d.EngineerPassword, d.Token)
			}
			return all, err
		}, "DECT base " + w.baseMAC, 1},
	}
	blind := w.admin
	blind.Reveal = false
	reveals := func() (n int) {
		for _, r := range must(w.db.AuditLog(ctx, w.admin.Tenant, 1000))(t) {
			if r.Action == "secret.reveal" {
				n++
			}
		}
		return n
	}
	for name, r := range readings {
		before := reveals()
		for _, s := range must(r.read(blind))(t) {
			if !s.Empty() {
				t.Errorf("%s: a caller who may not reveal got a secret", name)
			}
		}
		if got := reveals(); got != before {
			t.Errorf("%s: %d records of nothing revealed", name, got-before)
		}
		got := must(r.read(w.admin))(t)
		if len(got) == 0 || slices.ContainsFunc(got, secret.Secret.Empty) {
			t.Errorf("%s: a caller who may reveal got too little", name)
		}
		if n := reveals() - before; n != r.count {
			t.Errorf("%s: %d records, want %d", name, n, r.count)
		}
		if !strings.Contains(w.audited(), "alice secret.reveal "+strings.TrimSuffix(r.object, "2")) {
			t.Errorf("%s: audited %q", name, w.audited())
		}
		w.faulty.fail(errors.New("the audit log is full"), nil)
		refused, err := r.read(w.admin)
		if err == nil || slices.ContainsFunc(refused, func(s secret.Secret) bool { return !s.Empty() }) {
			t.Errorf("%s: without an audit record: %v", name, err)
		}
		if _, err := r.read(blind); err != nil {
			t.Errorf("%s: nothing is revealed, yet: %v", name, err)
		}
		w.faulty.fail(nil, nil)
	}
}

// No error and no log line has a secret, whatever is refused.
func TestNoSecretInErrorsAndLogs(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	planted := []string{plantedSIP, plantedPIN, plantedWeb, plantedUser, plantedExpert, plantedDoor, w.adminToken.Reveal()}
	for _, p := range []fleet.ID{w.phone} {
		planted = append(planted, must(w.Phone(ctx, w.admin, w.user, p))(t).Token.Reveal())
	}
	account := must(w.CreateAccount(ctx, w.admin, fleet.AccountInput{Username: new("bob"), Password: new(secret.New("planted-account-password")), Role: new("viewer")}))(t)
	_, token, err := w.CreateToken(ctx, w.admin, fleet.TokenInput{Name: new("ci"), Role: new("viewer")})
	check(t, err)
	planted = append(planted, "planted-account-password", token.Reveal())

	var said []string
	note := func(err error) {
		if err == nil {
			t.Error("this was to be refused")
			return
		}
		said = append(said, err.Error())
	}
	try := func(text string) *secret.Secret {
		planted = append(planted, text)
		s := secret.New(text)
		return &s
	}
	for _, bad := range []string{"planted-bad\n-%d", "planted-blank-%d ", "planted-\xff-utf8", "planted<bolt"} {
		note(w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new(""), Password: try(bad), VMPIN: try(bad + "1")}))
		note(w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Transfer: new(""), Password: try(bad), DoorPassword1: try(bad), DoorPassword2: try(bad)}))
		note(w.UpdateDectPhone(ctx, w.admin, w.base, fleet.DectInput{Tone: new(""), Password: try(bad), UserPassword: try(bad), EngineerPassword: try(bad)}))
		note(w.UpdateAccount(ctx, w.admin, account, fleet.AccountInput{Role: new("x"), Password: try(bad)}))
		_, err := w.SignIn(ctx, fleet.SignIn{Username: bad, Password: *try(bad), Domain: "default.invalid", Address: "192.0.2.9"})
		note(err)
		_, err = w.Authenticate(ctx, *try(bad), "192.0.2.9")
		note(err)
		_, err = w.Refresh(ctx, *try(bad), "192.0.2.9")
		note(err)
	}
	_, err = w.CreatePhone(ctx, w.admin, w.second, phoneInput("001565000010", func(in *fleet.PhoneInput) {
		in.Filename, in.Vendor, in.Model, in.Password = new("bolt-desk.xml"), new("Bolt"), new("B1"), try("repeated<by its vendor")
	}))
	note(err)
	short := try("0815x")
	_, err = w.CreateAccount(ctx, w.admin, fleet.AccountInput{Username: new("eve"), Password: short, Role: new("viewer")})
	note(err)
	w.heard.fail = errors.New("no")
	note(w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{Password: try("planted-and-saved")}))

	all := strings.Join(said, "\n") + w.log.String()
	for _, s := range planted {
		if strings.Contains(all, s) {
			t.Errorf("%q appears in:\n%s", s, all)
		}
	}
	for _, r := range must(w.db.AuditLog(ctx, w.admin.Tenant, 1000))(t) {
		for _, s := range planted {
			if strings.Contains(r.Caller+r.Action+r.Object, s) {
				t.Errorf("%q appears in %+v", s, r)
			}
		}
	}
}

func TestTenantIsolation(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.furnish()
	o := w.other
	calls := map[string]func() error{
		"User":                     func() error { return second(w.User(ctx, o, w.user)) },
		"UpdateUser":               func() error { return w.UpdateUser(ctx, o, w.user, fleet.UserInput{}) },
		"DeleteUser":               func() error { return w.DeleteUser(ctx, o, w.user, true) },
		"Contact":                  func() error { return second(w.Contact(ctx, o, w.contact)) },
		"UpdateContact":            func() error { return w.UpdateContact(ctx, o, w.contact, taxi) },
		"DeleteContact":            func() error { return w.DeleteContact(ctx, o, w.contact) },
		"File":                     func() error { return second(w.File(ctx, o, w.file)) },
		"FileContent":              func() error { return third2(w.FileContent(ctx, o, w.file)) },
		"DeleteFile":               func() error { return w.DeleteFile(ctx, o, w.file) },
		"FirmwarePolicy":           func() error { return second(w.FirmwarePolicy(ctx, o, w.policy)) },
		"UpdateFirmwarePolicy":     func() error { return w.UpdateFirmwarePolicy(ctx, o, w.policy, fleet.FirmwarePolicyInput{}) },
		"DeleteFirmwarePolicy":     func() error { return w.DeleteFirmwarePolicy(ctx, o, w.policy) },
		"UserPhones":               func() error { return third(w.UserPhones(ctx, o, w.user, listquery.Query{})) },
		"CreatePhone":              func() error { return second(w.CreatePhone(ctx, o, w.user, phoneInput("001565000010"))) },
		"Phone":                    func() error { return second(w.Phone(ctx, o, w.user, w.phone)) },
		"Phone of one's own user":  func() error { return second(w.Phone(ctx, o, w.otherUser, w.phone)) },
		"UpdatePhone":              func() error { return w.UpdatePhone(ctx, o, w.otherUser, w.phone, fleet.PhoneInput{}) },
		"DeletePhone":              func() error { return w.DeletePhone(ctx, o, w.otherUser, w.phone) },
		"RotatePhoneURL":           func() error { return w.RotatePhoneURL(ctx, o, w.otherUser, w.phone) },
		"PhoneRow":                 func() error { return second(w.PhoneRow(ctx, o, w.phoneMAC)) },
		"Assignee":                 func() error { return second(w.Assignee(ctx, o, w.phoneMAC)) },
		"Reprovision":              func() error { return second(w.Reprovision(ctx, o, w.phoneMAC)) },
		"Reboot":                   func() error { return second(w.Reboot(ctx, o, w.baseMAC)) },
		"Accept":                   func() error { return w.Accept(ctx, o, w.phoneMAC) },
		"Reject":                   func() error { return w.Reject(ctx, o, w.phoneMAC) },
		"DectPhone":                func() error { return second(w.DectPhone(ctx, o, w.base)) },
		"UpdateDectPhone":          func() error { return w.UpdateDectPhone(ctx, o, w.base, fleet.DectInput{}) },
		"DeleteDectPhone":          func() error { return w.DeleteDectPhone(ctx, o, w.base, true) },
		"Members":                  func() error { return second(w.Members(ctx, o, w.base)) },
		"ReplaceMembers":           func() error { return w.ReplaceMembers(ctx, o, w.base, nil) },
		"Member":                   func() error { return second(w.Member(ctx, o, w.base, "102")) },
		"DectSystem":               func() error { return second(w.DectSystem(ctx, o, w.system)) },
		"UpdateDectSystem":         func() error { return w.UpdateDectSystem(ctx, o, w.system, fleet.DectSystemInput{}) },
		"DeleteDectSystem":         func() error { return w.DeleteDectSystem(ctx, o, w.system, true) },
		"DectSystemMembers":        func() error { return second(w.DectSystemMembers(ctx, o, w.system)) },
		"ReplaceDectSystemMembers": func() error { return w.ReplaceDectSystemMembers(ctx, o, w.system, nil) },
		"MoveMembers": func() error {
			return w.MoveMembers(ctx, o, fleet.DectPlace{Dect: w.base}, fleet.DectPlace{System: w.system}, []string{"102"})
		},
		"ReprovisionDectSystem": func() error { return second(w.ReprovisionDectSystem(ctx, o, w.system)) },
		"RebootDectSystem":      func() error { return second(w.RebootDectSystem(ctx, o, w.system)) },
		"RedirectAccount":       func() error { return second(w.RedirectAccount(ctx, o, w.redirectAccount)) },
		"UpdateRedirectAccount": func() error { return w.UpdateRedirectAccount(ctx, o, w.redirectAccount, fleet.RedirectAccountInput{}) },
		"DeleteRedirectAccount": func() error { return w.DeleteRedirectAccount(ctx, o, w.redirectAccount, true) },
		"VerifyRedirectAccount": func() error { return second(w.VerifyRedirectAccount(ctx, o, w.redirectAccount)) },
		"SyncRedirectAccount": func() error {
			return second(w.SyncRedirectAccount(ctx, o, w.redirectAccount, fleet.RedirectSyncInput{}))
		},
		"Template":                  func() error { return second(w.Template(ctx, o, "case.xml")) },
		"UpdateTemplate":            func() error { return w.UpdateTemplate(ctx, o, "case.xml", "<y/>") },
		"DeleteTemplate":            func() error { return w.DeleteTemplate(ctx, o, "case.xml") },
		"CloseEnrolment":            func() error { return w.CloseEnrolment(ctx, o, w.window) },
		"Job":                       func() error { return second(w.Job(ctx, o, w.job)) },
		"JobItems":                  func() error { return third(w.JobItems(ctx, o, w.job, listquery.Query{})) },
		"CancelJob":                 func() error { return w.CancelJob(ctx, o, w.job) },
		"PauseJob":                  func() error { return w.PauseJob(ctx, o, w.job) },
		"ResumeJob":                 func() error { return w.ResumeJob(ctx, o, w.job) },
		"Account":                   func() error { return second(w.Account(ctx, o, w.account)) },
		"UpdateAccount":             func() error { return w.UpdateAccount(ctx, o, w.account, fleet.AccountInput{Role: new("admin")}) },
		"DeleteAccount":             func() error { return w.DeleteAccount(ctx, o, w.account) },
		"RevokeToken":               func() error { return w.RevokeToken(ctx, o, w.token) },
		"RevokeToken of the root":   func() error { return w.RevokeToken(ctx, o, w.root.Credential) },
		"ActIn":                     func() error { return second(w.ActIn(ctx, o, w.admin.Tenant)) },
		"Account of a root":         func() error { return second(w.Account(ctx, w.root, w.account)) },
		"ActIn a tenant that isn't": func() error { return second(w.ActIn(ctx, w.root, 1)) },
	}
	var cases []refusal
	for name, call := range calls {
		cases = append(cases, refusal{name: name, do: call, code: fleet.CodeNotFound})
	}
	w.refuse(append(cases,
		refusal{name: "token for another's extension", do: func() error {
			_, _, err := w.CreateToken(ctx, o, fleet.TokenInput{Name: new("x"), Role: new("viewer"), UserID: new(w.user.String())})
			return err
		}, at: []string{"/user_id"}},
		refusal{name: "Tenants", do: func() error { return third(w.Tenants(ctx, o, listquery.Query{})) }, code: fleet.CodeForbidden},
	))
	if list := must2(w.Users(ctx, o, listquery.Query{}))(t); len(list) != 1 || list[0].ID != w.otherUser {
		t.Errorf("%+v", list)
	}
	if list := must2(w.PhoneRows(ctx, o, listquery.Query{}))(t); len(list) != 1 || list[0].MAC.String() != w.otherMAC {
		t.Errorf("%+v", list)
	}
	for name, n := range map[string]int{
		"systems": len(must2(w.DectSystems(ctx, o, listquery.Query{}))(t)),
		"bases":   len(must2(w.DectPhones(ctx, o, listquery.Query{}))(t)), "jobs": len(must2(w.Jobs(ctx, o, listquery.Query{}))(t)), "windows besides its phone's": len(must2(w.Enrolments(ctx, o, listquery.Query{}))(t)) - 1,
		"files": len(must2(w.Files(ctx, o, listquery.Query{}))(t)), "policies": len(must2(w.FirmwarePolicies(ctx, o, listquery.Query{}))(t)),
		"accounts": len(must2(w.Accounts(ctx, o, listquery.Query{}))(t)), "tokens": len(must2(w.Tokens(ctx, o, listquery.Query{}))(t)),
	} {
		if n != 0 {
			t.Errorf("%s: %d of another tenant", name, n)
		}
	}
	if n := w.waker.woken.Load(); n > 0 {
		t.Errorf("woken %d times", n)
	}
}

// useCase is a call of one use case that succeeds for who may.
type useCase struct {
	role    fleet.Role
	rule    bool // of the installation
	changes bool
	noStore bool // needs no store
	do      func(ctx context.Context, c, root fleet.Caller) error
}

// useCases has every use case that asks for a role, in an order-free way: each
// works on objects of its own or leaves the world as it was, but for deletions,
// which are of objects that are not there.
func (w *world) useCases() map[string]useCase {
	read := func(do func(context.Context, fleet.Caller) error) useCase {
		return useCase{role: fleet.Viewer, do: func(ctx context.Context, c, _ fleet.Caller) error { return do(ctx, c) }}
	}
	write := func(role fleet.Role, do func(context.Context, fleet.Caller) error) useCase {
		return useCase{role: role, changes: true, do: func(ctx context.Context, c, _ fleet.Caller) error { return do(ctx, c) }}
	}
	rule := func(role fleet.Role, do func(context.Context, fleet.Caller) error) useCase {
		return useCase{role: role, rule: true, changes: role != fleet.Viewer, do: func(ctx context.Context, _, root fleet.Caller) error { return do(ctx, root) }}
	}
	withoutStore := func(u useCase) useCase { u.noStore = true; return u }
	q := listquery.Query{}
	type ctx = context.Context
	type caller = fleet.Caller
	cases := map[string]useCase{
		"MyTenant":       read(func(x ctx, c caller) error { _, err := w.MyTenant(x, c); return err }),
		"UpdateMyTenant": write(fleet.Admin, func(x ctx, c caller) error { return w.UpdateMyTenant(x, c, fleet.TenantInput{}) }),
		"Tenants":        rule(fleet.Viewer, func(x ctx, c caller) error { _, _, err := w.Tenants(x, c, q); return err }),
		"CreateTenant": rule(fleet.Admin, func(x ctx, c caller) error {
			_, err := w.CreateTenant(x, c, fleet.TenantInput{Name: new("new"), Domain: new("new.example.com")})
			return err
		}),
		"Tenant":       rule(fleet.Viewer, func(x ctx, c caller) error { _, err := w.Tenant(x, c, w.otherTenant); return err }),
		"UpdateTenant": rule(fleet.Admin, func(x ctx, c caller) error { return w.UpdateTenant(x, c, w.otherTenant, fleet.TenantInput{}) }),
		"DeleteTenant": rule(fleet.Admin, func(x ctx, c caller) error { return w.DeleteTenant(x, c, w.otherTenant, false) }),

		"Events": read(func(x ctx, c caller) error { _, _, err := w.Events(x, c, w.phoneMAC, q); return err }),
		"Watch": read(func(x ctx, c caller) error {
			watch, err := w.Watch(x, c, 0)
			if err == nil {
				watch.Close()
			}
			return err
		}),

		"Users":      read(func(x ctx, c caller) error { _, _, err := w.Users(x, c, q); return err }),
		"CreateUser": write(fleet.Operator, func(x ctx, c caller) error { _, err := w.CreateUser(x, c, userInput("900")); return err }),
		"User":       read(func(x ctx, c caller) error { _, err := w.User(x, c, w.user); return err }),
		"UpdateUser": write(fleet.Operator, func(x ctx, c caller) error { return w.UpdateUser(x, c, w.user, fleet.UserInput{}) }),
		"DeleteUser": write(fleet.Operator, func(x ctx, c caller) error { return w.DeleteUser(x, c, w.second, true) }),

		"Contacts":      read(func(x ctx, c caller) error { _, _, err := w.Contacts(x, c, q); return err }),
		"Contact":       read(func(x ctx, c caller) error { _, err := w.Contact(x, c, w.contact); return err }),
		"CreateContact": write(fleet.Operator, func(x ctx, c caller) error { _, err := w.CreateContact(x, c, taxi); return err }),
		"UpdateContact": write(fleet.Operator, func(x ctx, c caller) error { return w.UpdateContact(x, c, w.contact, taxi) }),
		"DeleteContact": write(fleet.Operator, func(x ctx, c caller) error { return w.DeleteContact(x, c, w.contact) }),

		"Files": read(func(x ctx, c caller) error { _, _, err := w.Files(x, c, q); return err }),
		"File":  read(func(x ctx, c caller) error { _, err := w.File(x, c, w.file); return err }),
		"FileContent": read(func(x ctx, c caller) error {
			_, content, err := w.FileContent(x, c, w.file)
			if err == nil {
				err = content.Close()
			}
			return err
		}),
		"CreateFile": write(fleet.Admin, func(x ctx, c caller) error {
			_, err := w.CreateFile(x, c, firmware("new.rom", "3.0"), -1, strings.NewReader("x"))
			return err
		}),
		"DeleteFile": write(fleet.Admin, func(x ctx, c caller) error {
			id, err := w.CreateFile(x, c, fleet.FileInput{Name: "gone.wav", Kind: "ringtone"}, -1, strings.NewReader("x"))
			if err == nil {
				err = w.DeleteFile(x, c, id)
			}
			return err
		}),
		"FirmwarePolicies": read(func(x ctx, c caller) error { _, _, err := w.FirmwarePolicies(x, c, q); return err }),
		"FirmwarePolicy":   read(func(x ctx, c caller) error { _, err := w.FirmwarePolicy(x, c, w.policy); return err }),
		"CreateFirmwarePolicy": write(fleet.Admin, func(x ctx, c caller) error {
			_, err := w.CreateFirmwarePolicy(x, c, fleet.FirmwarePolicyInput{Vendor: new("Acme"), Models: &[]string{"A1"}, Steps: &[]string{"2.0"}})
			return err
		}),
		"UpdateFirmwarePolicy": write(fleet.Admin, func(x ctx, c caller) error {
			return w.UpdateFirmwarePolicy(x, c, w.policy, fleet.FirmwarePolicyInput{})
		}),
		"DeleteFirmwarePolicy": write(fleet.Admin, func(x ctx, c caller) error { return w.DeleteFirmwarePolicy(x, c, w.policy) }),
		"UserPhones":           read(func(x ctx, c caller) error { _, _, err := w.UserPhones(x, c, w.user, q); return err }),
		"CreatePhone": write(fleet.Operator, func(x ctx, c caller) error {
			_, err := w.CreatePhone(x, c, w.user, phoneInput("001565000090"))
			return err
		}),
		"Phone":          read(func(x ctx, c caller) error { _, err := w.Phone(x, c, w.user, w.phone); return err }),
		"UpdatePhone":    write(fleet.Operator, func(x ctx, c caller) error { return w.UpdatePhone(x, c, w.user, w.phone, fleet.PhoneInput{}) }),
		"DeletePhone":    write(fleet.Operator, func(x ctx, c caller) error { return w.DeletePhone(x, c, w.user, w.phone) }),
		"RotatePhoneURL": write(fleet.Operator, func(x ctx, c caller) error { return w.RotatePhoneURL(x, c, w.user, w.phone) }),
		"PhoneRows":      read(func(x ctx, c caller) error { _, _, err := w.PhoneRows(x, c, q); return err }),
		"PhoneRow":       read(func(x ctx, c caller) error { _, err := w.PhoneRow(x, c, w.phoneMAC); return err }),
		"Assignee":       read(func(x ctx, c caller) error { _, err := w.Assignee(x, c, w.phoneMAC); return err }),
		"ReprovisionAll": write(fleet.Operator, func(x ctx, c caller) error { return second(w.ReprovisionAll(x, c)) }),
		"Reprovision":    write(fleet.Operator, func(x ctx, c caller) error { return second(w.Reprovision(x, c, w.phoneMAC)) }),
		"Reboot":         write(fleet.Operator, func(x ctx, c caller) error { return second(w.Reboot(x, c, w.phoneMAC)) }),
		"Accept":         write(fleet.Operator, func(x ctx, c caller) error { return w.Accept(x, c, "001565000091") }),
		"Reject":         write(fleet.Operator, func(x ctx, c caller) error { return w.Reject(x, c, "001565000091") }),

		"Jobs":      read(func(x ctx, c caller) error { _, _, err := w.Jobs(x, c, q); return err }),
		"Job":       read(func(x ctx, c caller) error { _, err := w.Job(x, c, w.job); return err }),
		"JobItems":  read(func(x ctx, c caller) error { _, _, err := w.JobItems(x, c, w.job, q); return err }),
		"CancelJob": write(fleet.Operator, func(x ctx, c caller) error { return w.CancelJob(x, c, w.job) }),
		"PauseJob":  write(fleet.Operator, func(x ctx, c caller) error { return w.PauseJob(x, c, w.job) }),
		"ResumeJob": write(fleet.Operator, func(x ctx, c caller) error { return w.ResumeJob(x, c, w.job) }),

		"DectPhones":      read(func(x ctx, c caller) error { _, _, err := w.DectPhones(x, c, q); return err }),
		"CreateDectPhone": write(fleet.Operator, func(x ctx, c caller) error { _, err := w.CreateDectPhone(x, c, dectInput("001565000092")); return err }),
		"DectPhone":       read(func(x ctx, c caller) error { _, err := w.DectPhone(x, c, w.base); return err }),
		"UpdateDectPhone": write(fleet.Operator, func(x ctx, c caller) error { return w.UpdateDectPhone(x, c, w.base, fleet.DectInput{}) }),
		"DeleteDectPhone": write(fleet.Operator, func(x ctx, c caller) error { return w.DeleteDectPhone(x, c, w.base, true) }),
		"Members":         read(func(x ctx, c caller) error { _, err := w.Members(x, c, w.base); return err }),
		"ReplaceMembers": write(fleet.Operator, func(x ctx, c caller) error {
			return w.ReplaceMembers(x, c, w.base, []fleet.MemberInput{{ExtensionNumber: "102"}})
		}),
		"Member": read(func(x ctx, c caller) error { _, err := w.Member(x, c, w.base, "102"); return err }),

		"DectSystems": read(func(x ctx, c caller) error { _, _, err := w.DectSystems(x, c, q); return err }),
		"DectSystem":  read(func(x ctx, c caller) error { return second(w.DectSystem(x, c, w.system)) }),
		"CreateDectSystem": write(fleet.Operator, func(x ctx, c caller) error {
			return second(w.CreateDectSystem(x, c, fleet.DectSystemInput{Name: new("New"), Bases: &[]fleet.SystemBaseInput{{Dect: w.spare}}}))
		}),
		"UpdateDectSystem":  write(fleet.Operator, func(x ctx, c caller) error { return w.UpdateDectSystem(x, c, w.system, fleet.DectSystemInput{}) }),
		"DeleteDectSystem":  write(fleet.Operator, func(x ctx, c caller) error { return w.DeleteDectSystem(x, c, w.system, false) }),
		"DectSystemMembers": read(func(x ctx, c caller) error { return second(w.DectSystemMembers(x, c, w.system)) }),
		"ReplaceDectSystemMembers": write(fleet.Operator, func(x ctx, c caller) error {
			return w.ReplaceDectSystemMembers(x, c, w.system, []fleet.MemberInput{{ExtensionNumber: "102"}})
		}),
		"MoveMembers": write(fleet.Operator, func(x ctx, c caller) error {
			return w.MoveMembers(x, c, fleet.DectPlace{Dect: w.base}, fleet.DectPlace{System: w.system}, []string{"102"})
		}),
		"ReprovisionDectSystem": write(fleet.Operator, func(x ctx, c caller) error { return second(w.ReprovisionDectSystem(x, c, w.system)) }),
		"RebootDectSystem":      write(fleet.Operator, func(x ctx, c caller) error { return second(w.RebootDectSystem(x, c, w.system)) }),

		"Templates":      read(func(x ctx, c caller) error { _, err := w.Templates(x, c); return err }),
		"CreateTemplate": write(fleet.Admin, func(x ctx, c caller) error { return w.CreateTemplate(x, c, "new.xml", "<x/>") }),
		"Template":       read(func(x ctx, c caller) error { _, err := w.Template(x, c, "acme-desk.xml"); return err }),
		"UpdateTemplate": write(fleet.Admin, func(x ctx, c caller) error { return w.UpdateTemplate(x, c, "case.xml", "<x/>") }),
		"DeleteTemplate": write(fleet.Admin, func(x ctx, c caller) error { return w.DeleteTemplate(x, c, "case.xml") }),
		"PhoneModels":    withoutStore(read(func(x ctx, c caller) error { _, err := w.PhoneModels(x, c); return err })),
		"PhoneModel":     withoutStore(read(func(x ctx, c caller) error { _, err := w.PhoneModel(x, c, "acme-desk.xml"); return err })),
		"DectModels":     withoutStore(read(func(x ctx, c caller) error { _, err := w.DectModels(x, c); return err })),
		"DectModel":      withoutStore(read(func(x ctx, c caller) error { _, err := w.DectModel(x, c, "acme-dect.xml"); return err })),

		"OpenEnrolment": write(fleet.Operator, func(x ctx, c caller) error { _, err := w.OpenEnrolment(x, c, fleet.EnrolmentInput{}); return err }),
		"Enrolments":    read(func(x ctx, c caller) error { _, _, err := w.Enrolments(x, c, q); return err }),
		"CloseEnrolment": write(fleet.Operator, func(x ctx, c caller) error {
			return w.CloseEnrolment(x, c, w.window)
		}),

		"CreateAccount": write(fleet.Admin, func(x ctx, c caller) error {
			_, err := w.CreateAccount(x, c, fleet.AccountInput{Username: new("new"), Password: new(secret.New("long enough 2")), Role: new("viewer")})
			return err
		}),
		"UpdateAccount": write(fleet.Admin, func(x ctx, c caller) error { return w.UpdateAccount(x, c, w.account, fleet.AccountInput{}) }),
		"DeleteAccount": write(fleet.Admin, func(x ctx, c caller) error { return w.DeleteAccount(x, c, w.account) }),
		"CreateToken": write(fleet.Admin, func(x ctx, c caller) error {
			_, _, err := w.CreateToken(x, c, fleet.TokenInput{Name: new("new"), Role: new("viewer")})
			return err
		}),
		"RedirectServices": withoutStore(read(func(x ctx, c caller) error { _, err := w.RedirectServices(x, c); return err })),
		"RedirectAccounts": read(func(x ctx, c caller) error { _, err := w.RedirectAccounts(x, c); return err }),
		"RedirectAccount":  read(func(x ctx, c caller) error { _, err := w.RedirectAccount(x, c, w.redirectAccount); return err }),
		"Redirections":     read(func(x ctx, c caller) error { _, _, err := w.Redirections(x, c, q); return err }),
		"RedirectStates":   read(func(x ctx, c caller) error { _, err := w.RedirectStates(x, c, nil); return err }),
		"CreateRedirectAccount": write(fleet.Admin, func(x ctx, c caller) error {
			in := redirectAccount()
			in.Service = new("bolt-rps")
			_, err := w.CreateRedirectAccount(x, c, in)
			return err
		}),
		"UpdateRedirectAccount": write(fleet.Admin, func(x ctx, c caller) error {
			return w.UpdateRedirectAccount(x, c, w.redirectAccount, fleet.RedirectAccountInput{})
		}),
		"DeleteRedirectAccount": write(fleet.Admin, func(x ctx, c caller) error { return w.DeleteRedirectAccount(x, c, w.redirectAccount, false) }),
		"VerifyRedirectAccount": write(fleet.Admin, func(x ctx, c caller) error {
			_, err := w.VerifyRedirectAccount(x, c, w.redirectAccount)
			return err
		}),
		"RevokeToken": write(fleet.Admin, func(x ctx, c caller) error { return w.RevokeToken(x, c, w.token) }),
	}
	for name, do := range map[string]func(ctx, caller) error{
		"Accounts": func(x ctx, c caller) error { _, _, err := w.Accounts(x, c, q); return err },
		"Account":  func(x ctx, c caller) error { _, err := w.Account(x, c, w.account); return err },
		"SyncRedirectAccount": func(x ctx, c caller) error {
			_, err := w.SyncRedirectAccount(x, c, w.redirectAccount, fleet.RedirectSyncInput{})
			return err
		},
		"Tokens": func(x ctx, c caller) error { _, _, err := w.Tokens(x, c, q); return err },
	} {
		u := read(do)
		u.role = fleet.Admin
		cases[name] = u
	}
	return cases
}
