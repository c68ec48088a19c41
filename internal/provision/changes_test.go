package provision_test

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/provision"
	"github.com/dialplane/dialplane/internal/secret"
)

// custom is a small template for the model T46U. Its file has the lines given.
func custom(extends string, lines ...string) string {
	if extends != "" {
		extends = ` extends="` + extends + `"`
	}
	return `<?xml version="1.0" encoding="UTF-8"?>
<template xmlns="urn:dialplane:template:1" vendor="Yealink" title="Ours"` + extends + `>
  <models><model name="T46U" display_name="Yealink T46U" accounts="3" line_keys="4" modules="1" module_keys="2"/></models>
  <profile>
    <languages><option name="ENGLISH" value="English"/></languages>
    <time_zones><option name="Europe/Berlin" value="Berlin"/></time_zones>
    <codecs><option name="PCMU" value="pcmu"/><option name="PCMA" value="pcma"/><option name="G722" value="g722"/></codecs>
    <transports><option name="UDP" value="0"/><option name="TCP" value="1"/><option name="TLS" value="2"/></transports>
    <transfers><option name="BLIND" value="0"/></transfers>
  </profile>
  <files><file name="{mac}.cfg" type="text/plain" escape="line" level="full"><![CDATA[
` + strings.Join(lines, "\n") + `
]]></file></files>
</template>`
}

// A template of the tenant's own keeps the models that phones are of, be they its own
// or those of a template that extends it; so does a built-in that is back.
func TestDroppedModels(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	other := func(extends string) string { return strings.ReplaceAll(custom(extends, "a = 1"), "T46U", "T99Z") }
	conflict := func(what string, err error, says string) {
		t.Helper()
		if fleet.CodeOf(err) != fleet.CodeConflict || !strings.Contains(err.Error(), says) {
			t.Errorf("%s: %v", what, err)
		}
	}
	conflict("in the place of a built-in", w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", other("")), "the model T46U any more, which 1 phone or DECT base (001565000001)")
	check(t, w.CreateTemplate(ctx, w.admin, "ours.xml", other("")))
	conflict("the same, uploaded twice", w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", other("")), w.phoneMAC.String())

	both := strings.Replace(custom("", "a = 1"), "<models>", `<models><model name="T99Z" display_name="Yealink T99Z" accounts="3" line_keys="4"/>`, 1)
	check(t, w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", both))
	must(w.CreatePhone(ctx, w.admin, w.user, phoneInput(w.unknownMAC, func(in *fleet.PhoneInput) { in.Model = new("T99Z") })))(t)
	err := w.UpdateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "a = 1"))
	conflict("an update", err, w.unknownMAC.String())
	conflict("back to the built-in", w.DeleteTemplate(ctx, w.admin, "yealink-t4xu.xml"), w.unknownMAC.String())
	if a := w.get(w.mine()); a.Status != 200 || !strings.Contains(string(a.Body), "a = 1") {
		t.Errorf("after the refusals the phone gets %d %s", a.Status, a.Body)
	}
	check(t, w.UpdateTemplate(ctx, w.admin, "yealink-t4xu.xml", strings.Replace(both, "a = 1", "a = 2", 1)))
}

// base is a template for others to extend.
func base(line string) string {
	return `<template xmlns="urn:dialplane:template:1" vendor="Yealink" title="Base" abstract="true"><files>` +
		`<file name="{mac}.cfg" type="text/plain" escape="line" level="full"><![CDATA[` + line + "\n]]></file></files></template>"
}

func lineKeys(values ...string) *[]fleet.KeyInput {
	var keys []fleet.KeyInput
	for _, v := range values {
		keys = append(keys, fleet.KeyInput{Kind: "line", Value: v})
	}
	return &keys
}

// What a use case has acknowledged is what the next fetch gets, and the fetch
// after a restart too.
func TestNextFetchIsNew(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name    string
		prepare func(context.Context, *world) error
		do      func(context.Context, *world) error
		wanted  []string
		gone    []string
	}{
		{
			name: "a tenant's setting",
			do: func(ctx context.Context, w *world) error {
				return w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{VoicemailNumber: new("*98")})
			},
			wanted: []string{"*98"},
		},
		{
			name: "a tenant's provisioning address",
			do: func(ctx context.Context, w *world) error {
				return w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{ProvisioningURL: new("https://new.example.org/")})
			},
			wanted: []string{"https://new.example.org/p/"}, gone: []string{installation},
		},
		{
			name: "an extension's password",
			do: func(ctx context.Context, w *world) error {
				return w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{Password: new(secret.New("quite-another-1"))})
			},
			wanted: []string{"quite-another-1"}, gone: []string{"planted-sip-secret"},
		},
		{
			name: "a phone's password",
			do: func(ctx context.Context, w *world) error {
				return w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Password: new(secret.New("another-web-secret9"))})
			},
			wanted: []string{"another-web-secret9"}, gone: []string{"planted-web-secret"},
		},
		{
			name: "the template, by one of the tenant's own",
			do: func(ctx context.Context, w *world) error {
				return w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "custom = 1"))
			},
			wanted: []string{"custom = 1"}, gone: []string{"planted"},
		},
		{
			name: "the template, changed again",
			prepare: func(ctx context.Context, w *world) error {
				return w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "custom = 1"))
			},
			do: func(ctx context.Context, w *world) error {
				return w.UpdateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "custom = 2"))
			},
			wanted: []string{"custom = 2"}, gone: []string{"custom = 1"},
		},
		{
			name: "the template, back to the built-in",
			prepare: func(ctx context.Context, w *world) error {
				return w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "custom = 1"))
			},
			do:     func(ctx context.Context, w *world) error { return w.DeleteTemplate(ctx, w.admin, "yealink-t4xu.xml") },
			wanted: []string{"planted-sip-secret"}, gone: []string{"custom = 1"},
		},
		{
			name: "the template that the phone's extends",
			prepare: func(ctx context.Context, w *world) error {
				if err := w.CreateTemplate(ctx, w.admin, "ours-base.xml", base("base = 1")); err != nil {
					return err
				}
				content := strings.Replace(custom("ours-base.xml"), "<files>", "<!--", 1)
				content = strings.Replace(content, "</files>", "-->", 1)
				return w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", content)
			},
			do: func(ctx context.Context, w *world) error {
				return w.UpdateTemplate(ctx, w.admin, "ours-base.xml", base("base = 2"))
			},
			wanted: []string{"base = 2"}, gone: []string{"base = 1"},
		},
		{
			name: "another extension that a line key names",
			prepare: func(ctx context.Context, w *world) error {
				return w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{Keys: lineKeys("", "102")})
			},
			do: func(ctx context.Context, w *world) error {
				return w.UpdateUser(ctx, w.admin, w.second, fleet.UserInput{Password: new(secret.New("second-new-secret"))})
			},
			wanted: []string{"second-new-secret"}, gone: []string{"planted-second-secret"},
		},
		{
			name: "an extension that a line key names, gone",
			prepare: func(ctx context.Context, w *world) error {
				return w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{Keys: lineKeys("", "102")})
			},
			do:   func(ctx context.Context, w *world) error { return w.DeleteUser(ctx, w.admin, w.second, false) },
			gone: []string{"planted-second-secret"},
		},
		{
			name: "an extension that a line key names, there again",
			prepare: func(ctx context.Context, w *world) error {
				return errors.Join(w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{Keys: lineKeys("", "102")}), w.DeleteUser(ctx, w.admin, w.second, false))
			},
			do: func(ctx context.Context, w *world) error {
				_, err := w.CreateUser(ctx, w.admin, userInput("102", "reborn-secret-1"))
				return err
			},
			wanted: []string{"reborn-secret-1"},
		},
		{
			name: "a number that changes hands",
			prepare: func(ctx context.Context, w *world) error {
				return w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{Keys: lineKeys("", "102")})
			},
			do: func(ctx context.Context, w *world) error {
				third, err := w.CreateUser(ctx, w.admin, userInput("103", "third-secret-12"))
				return errors.Join(err,
					w.UpdateUser(ctx, w.admin, w.second, fleet.UserInput{ExtensionNumber: new("199")}),
					w.UpdateUser(ctx, w.admin, third, fleet.UserInput{ExtensionNumber: new("102")}))
			},
			wanted: []string{"third-secret-12"}, gone: []string{"planted-second-secret"},
		},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			if tt.prepare != nil {
				check(t, tt.prepare(t.Context(), w))
			}
			before := w.get(w.mine())
			contains(t, string(before.Body), tt.gone...)
			lacks(t, string(before.Body), tt.wanted...)
			foreign := w.get(w.own(w.other, w.otherUser, w.otherPhone, "001565000002.cfg"))
			check(t, tt.do(t.Context(), w))
			after := w.get(w.mine())
			if after.Status != 200 || after.ETag == before.ETag {
				t.Errorf("status %d, ETag %s after %s", after.Status, after.ETag, before.ETag)
			}
			contains(t, string(after.Body), tt.wanted...)
			lacks(t, string(after.Body), tt.gone...)
			if again := w.get(w.own(w.other, w.otherUser, w.otherPhone, "001565000002.cfg")); again.ETag != foreign.ETag {
				t.Error("the other tenant's phone gets something new")
			}
			w.start()
			if again := w.get(w.mine()); again.ETag != after.ETag {
				t.Errorf("after a restart: %s, before it %s", again.ETag, after.ETag)
			}
		})
	}
}

func TestFirmwareThatIsNew(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	check(t, w.CreateTemplate(t.Context(), w.admin, "yealink-t4xu.xml", custom("", "firmware = {{.firmware}}")))
	ask := func(firmware string) string {
		r := lan(w.mine())
		if firmware != "" {
			r.UserAgent = "Yealink SIP-T46U " + firmware + " 00:15:65:00:00:01"
		}
		return string(w.core.Answer(t.Context(), r).Body)
	}
	for _, step := range []struct{ says, gets string }{
		{"", ""}, {"108.86.0.45", "108.86.0.45"}, {"108.86.0.90", "108.86.0.90"}, {"", "108.86.0.90"},
	} {
		if got, want := strings.TrimSpace(ask(step.says)), strings.TrimSpace("firmware = "+step.gets); got != want {
			t.Errorf("%q, want %q", got, want)
		}
	}
	check(t, w.db.RecordFetches(t.Context(), w.fetches.take()))
	w.start()
	_, body, err := w.core.Explain(w.phoneMAC, "001565000001.cfg")
	check(t, err)
	contains(t, string(body), "firmware = 108.86.0.90")
	if _, _, err := w.core.Explain(w.unknownMAC, "x"); fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Errorf("an unknown phone: %v", err)
	}
	if _, _, err := w.core.Explain(w.phoneMAC, "nothing"); fleet.CodeOf(err) != fleet.CodeNotFound {
		t.Errorf("an unknown file: %v", err)
	}
}

// A phone that cannot be served is told to come back, with nothing of its
// configuration, and no other phone notices.
func TestFailuresOfOnePhone(t *testing.T) {
	t.Parallel()
	for _, tt := range []struct {
		name string
		do   func(*world)
		says string
	}{
		{"its template is gone", func(w *world) { w.orphan("gone.xml", "T46U") }, "its extension, template or model is gone"},
		{"its model is gone", func(w *world) { w.orphan("yealink-t4xu.xml", "T999") }, "its extension, template or model is gone"},
		{"its template is a base", func(w *world) { w.orphan("yealink-base.xml", "T46U") }, "its extension, template or model is gone"},
		{"a value that its file cannot carry", func(w *world) {
			w.orphan("yealink-t4xu.xml", "T46U", func(p *fleet.Phone) { p.Password = secret.New("line\r\naccount.1.password = x") })
		}, "its file could not be rendered"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			tt.do(w)
			for range 2 {
				w.fetches.take()
				a := w.get(w.mine())
				if a.Status != 503 || len(a.Body) > 32 {
					t.Errorf("status %d: %s", a.Status, a.Body)
				}
				if said := w.fetches.said(); len(said) != 1 || !strings.HasSuffix(said[0], "L2 503 0 "+tt.says) {
					t.Errorf("recorded %q", said)
				}
				if a := w.get(w.own(w.other, w.otherUser, w.otherPhone, "001565000002.cfg")); a.Status != 200 {
					t.Errorf("the other phone: status %d", a.Status)
				}
				w.start()
			}
			lacks(t, w.log.String(), "planted", "account.1.password", w.token())
		})
	}
	t.Run("an unknown time zone", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.orphan("yealink-t4xu.xml", "T46U", func(p *fleet.Phone) { p.TimeZone = "Mars/Olympus" })
		w.start()
		contains(t, w.config(), "planted-sip-secret")
		contains(t, w.log.String(), "unknown time zone")
	})
	t.Run("a panic", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.start(func(c *provision.Config) { c.Recorder = panicking{} })
		if a := w.get(w.mine()); a.Status != 503 {
			t.Errorf("status %d", a.Status)
		}
		contains(t, w.log.String(), "a request could not be answered")
	})
}

type panicking struct{}

func (panicking) Record(fleet.Fetch) { panic("a bug") }

// A template that no longer compiles leaves phones what they had; at the start,
// where nobody knows what they had, the built-in, or to come back.
func TestTemplateThatStopsCompiling(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	check(t, w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "custom = 1")))
	check(t, w.CreateTemplate(ctx, w.admin, "ours.xml", custom("", "ours = 1")))
	id := must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(w.unknownMAC, func(in *fleet.PhoneInput) { in.Filename = new("ours.xml") })))(t)
	ours := w.own(w.admin, w.second, id, w.unknownMAC.String()+".cfg")
	if err := w.UpdateTemplate(ctx, w.admin, "ours.xml", custom("", "ours = {{.nonsense}}")); fleet.CodeOf(err) != fleet.CodeInvalid {
		t.Fatalf("a broken template: %v", err)
	}
	check(t, w.db.Write(ctx, func(s fleet.Writer) error {
		for _, name := range []string{"yealink-t4xu.xml", "ours.xml"} {
			if err := s.PutTemplate(ctx, fleet.TemplateFile{Tenant: w.admin.Tenant, Filename: name, Content: "<template>", UpdatedAt: w.clock.Now()}); err != nil {
				return err
			}
		}
		return nil
	}))
	check(t, w.core.TemplateChanged(ctx, w.admin.Tenant, "ours.xml"))
	contains(t, w.config(), "custom = 1")
	contains(t, string(w.get(ours).Body), "ours = 1")
	w.start()
	contains(t, w.config(), "planted-sip-secret")
	if a := w.get(ours); a.Status != 503 {
		t.Errorf("status %d", a.Status)
	}
	contains(t, w.log.String(), "custom template does not compile")
}

// broken is a source that cannot be read, in whole or in part.
type broken struct {
	provision.Source
	reads, users, phones error
	omit                 func(extension string) bool
}

func (b *broken) EachUser(ctx context.Context, f func(fleet.User) error) error {
	return errors.Join(b.Source.EachUser(ctx, func(u fleet.User) error {
		if b.omit != nil && b.omit(u.ExtensionNumber) {
			return nil
		}
		return f(u)
	}), b.users)
}

func (b *broken) EachPhone(ctx context.Context, f func(fleet.Phone) error) error {
	if b.phones != nil {
		return b.phones
	}
	return b.Source.EachPhone(ctx, f)
}

func (b *broken) Read(ctx context.Context, f func(fleet.Reader) error) error {
	if b.reads != nil {
		return b.reads
	}
	return b.Source.Read(ctx, f)
}

type unreadableError struct{ names []string }

func (e *unreadableError) Error() string        { return "sealed with another key" }
func (e *unreadableError) Unreadable() []string { return e.names }

// A change that the core cannot read leaves phones what they had, and the one who
// made it is told.
func TestChangeThatCannotBeRead(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	source := &broken{Source: w.db}
	w.start(func(c *provision.Config) { c.Source = source })
	before := w.config()
	source.reads = errDown
	err := w.UpdateUser(t.Context(), w.admin, w.user, fleet.UserInput{DisplayName: new("Renamed")})
	if fleet.CodeOf(err) != fleet.CodeUnavailable {
		t.Errorf("%v", err)
	}
	if w.config() != before {
		t.Error("the configuration has changed")
	}
	source.reads = nil
	check(t, w.core.UserChanged(t.Context(), w.admin.Tenant, w.user))
	contains(t, w.config(), "Renamed")
}

func TestStartWithUnreadableObjects(t *testing.T) {
	t.Parallel()
	t.Run("an extension", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		check(t, w.UpdateUser(t.Context(), w.admin, w.second, fleet.UserInput{Keys: lineKeys("", "101")}))
		id := must(w.CreatePhone(t.Context(), w.admin, w.second, phoneInput(w.unknownMAC)))(t)
		w.start(func(c *provision.Config) {
			c.Source = &broken{Source: w.db, users: &unreadableError{[]string{"7"}}, omit: func(ext string) bool { return ext == "101" }}
		})
		for who, path := range map[string]string{"its phone": w.mine(), "a phone with a key for it": w.own(w.admin, w.second, id, w.unknownMAC.String()+".cfg")} {
			if a := w.get(path); a.Status != 503 {
				t.Errorf("%s: status %d", who, a.Status)
			}
		}
		check(t, w.core.UserChanged(t.Context(), w.admin.Tenant, w.user))
		contains(t, w.config(), "planted-sip-secret")
		check(t, w.DeleteUser(t.Context(), w.admin, w.user, false))
	})
	t.Run("phones", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.start(func(c *provision.Config) {
			c.Source = &broken{Source: w.db, phones: fmt.Errorf("wrapped: %w", &unreadableError{slices.Repeat([]string{"001565000001"}, 20)})}
		})
		if a := w.get(w.mine()); a.Status != 503 {
			t.Errorf("status %d", a.Status)
		}
		contains(t, w.log.String(), "count=20")
	})
	t.Run("the whole store", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		_, err := provision.New(t.Context(), provision.Config{
			Registry: w.registry, Catalog: must(provision.NewCatalog(w.registry, w.logger()))(t), Source: &broken{Source: w.db, phones: errDown},
			Enroller: w.enroller, Recorder: w.fetches, Log: w.logger(),
		})
		if !errors.Is(err, errDown) || !strings.Contains(err.Error(), "load phones") {
			t.Errorf("%v", err)
		}
	})
}

// Whatever changes while phones fetch, each gets one version of its own
// configuration whole, none older than what was acknowledged before it asked.
func TestFetchesDuringChanges(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	ctx := t.Context()
	check(t, w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", custom("", "a = {{.time.ntp1}}", "b = {{(index .accounts 0).display_name}}", "c = {{(index .accounts 0).display_name}}", "d = {{.voicemail.number}}")))
	name := func(n int) string { return fmt.Sprintf("version %06d", n) }
	var acknowledged struct {
		sync.Mutex
		n int
	}
	latest := func() int {
		acknowledged.Lock()
		defer acknowledged.Unlock()
		return acknowledged.n
	}
	check(t, w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new(name(0))}))
	path := w.mine()
	done := make(chan struct{})
	var wg sync.WaitGroup
	wg.Go(func() {
		defer close(done)
		for n := 1; n <= 60; n++ {
			if err := w.UpdateUser(ctx, w.admin, w.user, fleet.UserInput{DisplayName: new(name(n))}); err != nil {
				t.Error(err)
			}
			acknowledged.Lock()
			acknowledged.n = n
			acknowledged.Unlock()
			if n%10 == 0 {
				if err := w.UpdateMyTenant(ctx, w.admin, fleet.TenantInput{VoicemailNumber: new(fmt.Sprint(n))}); err != nil {
					t.Error(err)
				}
			}
		}
	})
	for range 4 {
		wg.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				before := latest()
				a := w.get(path)
				lines := strings.Split(strings.TrimSpace(string(a.Body)), "\n")
				if a.Status != 200 || len(lines) != 4 || lines[1][4:] != lines[2][4:] {
					t.Errorf("status %d: %q", a.Status, lines)
					return
				}
				var got int
				if _, err := fmt.Sscanf(lines[1], "b = version %d", &got); err != nil || got < before {
					t.Errorf("%q after version %d was acknowledged (%v)", lines[1], before, err)
					return
				}
				runtime.Gosched()
			}
		})
	}
	wg.Wait()
	contains(t, w.config(), name(60), "d = 60")
}
