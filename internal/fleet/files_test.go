package fleet_test

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"
	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/version"
)

func firmware(name, version string, models ...string) fleet.FileInput {
	return fleet.FileInput{Name: name, Kind: "firmware", Vendor: "acme", Models: models, Version: version}
}

func (w *world) upload(in fleet.FileInput, content string) (fleet.ID, error) {
	return w.CreateFile(w.t.Context(), w.admin, in, -1, strings.NewReader(content))
}

// contents lists what is in the directory of uploaded files.
func (w *world) contents() []string {
	w.t.Helper()
	list, err := filepath.Glob(filepath.Join(w.files, "*"))
	check(w.t, err)
	return list
}

func TestFiles(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	id := must(w.upload(firmware("A1.rom", "2.0", "a1", "A2"), "the firmware"))(t)
	if heard := w.heard.take(); fmt.Sprint(heard) != fmt.Sprintf("[files %d]", w.admin.Tenant) {
		t.Errorf("heard %q", heard)
	}
	if got := w.audited(); got != "alice file.create firmware A1.rom of 2.0" {
		t.Errorf("audited: %s", got)
	}
	file, content, err := w.FileContent(ctx, w.admin, id)
	check(t, err)
	b, err := io.ReadAll(content)
	check(t, errors.Join(err, content.Close()))
	if string(b) != "the firmware" || file.Bytes != 12 || file.Vendor != "Acme" || !cmp.Equal(file.Models, []string{"A1", "A2"}) || file.CreatedAt != w.clock.Now() {
		t.Errorf("%q, %+v", b, file)
	}
	w.heard.take()

	create := func(in fleet.FileInput, content string) func() error {
		return func() error { return second(w.upload(in, content)) }
	}
	announced := func(size int64) func() error {
		return func() error {
			return second(w.CreateFile(ctx, w.admin, firmware("new.rom", "2.0"), size, iotest.ErrReader(errors.New("the body was read"))))
		}
	}
	ring := func(name string) fleet.FileInput { return fleet.FileInput{Name: name, Kind: "ringtone"} }
	cut := errors.New("cut")
	cases := []refusal{
		{name: "nothing", do: create(fleet.FileInput{}, "x"), at: []string{"/name", "/kind"}},
		{name: "firmware without a vendor", do: create(fleet.FileInput{Name: "x", Kind: "firmware"}, "x"), at: []string{"/vendor", "/version"}},
		{name: "unknown vendor", do: create(fleet.FileInput{Name: "x", Kind: "ringtone", Vendor: "Nobody"}, "x"), at: []string{"/vendor"}},
		{name: "unknown models", do: create(firmware("x", "1", "A1", "Z9", "a1"), "x"), at: []string{"/models/1", "/models/2"}},
		{name: "models of no vendor", do: create(fleet.FileInput{Name: "x", Kind: "ringtone", Models: []string{"A1"}}, "x"), at: []string{"/vendor"}},
		{name: "version of a ring tone", do: create(fleet.FileInput{Name: "x", Kind: "ringtone", Version: "1"}, "x"), at: []string{"/version"}},
		{name: "version without a digit", do: create(firmware("x", "ringtone"), "x"), at: []string{"/version"}},
		{name: "version with a slash", do: create(firmware("x", "1/2"), "x"), at: []string{"/version"}},
		{name: "the same name", do: create(firmware("a1.ROM", "2.0"), "x"), code: fleet.CodeConflict, at: []string{"/name"}},
		{name: "empty", do: create(ring("x"), ""), says: "empty"},
		{name: "one byte too many", do: create(ring("x"), strings.Repeat("x", 1001)), code: fleet.CodeTooLarge, says: "1000 bytes"},
		{name: "announced too large", do: announced(1001), code: fleet.CodeTooLarge},
		{name: "a body without end", do: func() error {
			return second(w.CreateFile(ctx, w.admin, ring("x"), -1, io.MultiReader(strings.NewReader("x"), endless{})))
		}, code: fleet.CodeTooLarge},
		{name: "delete of none", do: func() error { return w.DeleteFile(ctx, w.admin, 1) }, code: fleet.CodeNotFound},
	}
	for _, name := range []string{
		"", ".", "..", "../x", "../../etc/passwd", "a/b", `a\b`, `C:\x`, ".hidden", "-x", "x\x00.txt", "x y", "ü.rom", "x\u202egnp", "%2e%2e", "x\r\ny", strings.Repeat("x", 129),
	} {
		cases = append(cases, refusal{name: fmt.Sprintf("name %q", name), do: create(ring(name), "x"), at: []string{"/name"}})
	}
	w.refuse(cases)
	if err := second(w.CreateFile(ctx, w.admin, ring("x"), 10, io.MultiReader(strings.NewReader("x"), iotest.ErrReader(cut)))); !errors.Is(err, cut) {
		t.Errorf("a cut upload: %v", err)
	}
	if got := w.contents(); len(got) != 1 {
		t.Errorf("there are %q", got)
	}

	// The same content is there once, for as long as anybody has it.
	same := must(w.upload(ring("ring.wav"), "the firmware"))(t)
	theirs := must(w.CreateFile(ctx, w.other, firmware("A1.rom", "2.0"), -1, strings.NewReader("the firmware")))(t)
	check(t, w.DeleteFile(ctx, w.admin, id))
	check(t, w.DeleteFile(ctx, w.admin, same))
	if got := w.contents(); len(got) != 1 {
		t.Errorf("there are %q, and another tenant has one", got)
	}
	check(t, w.DeleteFile(ctx, w.other, theirs))
	if got := w.contents(); len(got) != 0 {
		t.Errorf("there are %q, and nobody has them", got)
	}

	// All files of a tenant together are bounded.
	for i := range 2 {
		must(w.upload(ring(fmt.Sprint("r", i)), strings.Repeat("x", 900)))(t)
	}
	if err := create(ring("r3"), strings.Repeat("x", 201))(); fleet.CodeOf(err) != fleet.CodeTooLarge {
		t.Errorf("more than the tenant may have: %v", err)
	}
	check(t, create(ring("r3"), strings.Repeat("x", 200))())
	if err := create(ring("r4"), "x")(); fleet.CodeOf(err) != fleet.CodeTooLarge {
		t.Errorf("more than the tenant may have: %v", err)
	}
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }

// TestOrphanedContents: nothing is left of an upload that is not in the store, nor of
// a tenant that is gone, and a start finds the rest.
func TestOrphanedContents(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.faulty.fail(errors.New("the audit log is full"), nil)
	if err := second(w.upload(firmware("A1.rom", "2.0"), "x")); err == nil {
		t.Error("it was taken without an audit record")
	}
	w.faulty.fail(nil, nil)
	if got := w.contents(); len(got) != 0 {
		t.Errorf("left of a failed upload: %q", got)
	}
	must(w.CreateFile(ctx, w.other, firmware("A1.rom", "2.0"), -1, strings.NewReader("theirs")))(t)
	check(t, w.DeleteTenant(ctx, w.root, w.otherTenant, false))
	if got := w.contents(); len(got) != 0 {
		t.Errorf("left of a tenant: %q", got)
	}
	must(w.upload(firmware("A1.rom", "2.0"), "mine"))(t)
	check(t, os.WriteFile(filepath.Join(w.files, strings.Repeat("ab", 32)), []byte("of a crash"), 0o600))
	check(t, w.SweepContents(ctx))
	if got := w.contents(); len(got) != 1 {
		t.Errorf("after a start there are %q", got)
	}
}

// TestUploadsAtOnce are bounded, whoever makes them.
func TestUploadsAtOnce(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	done := make(chan error)
	var ends []*io.PipeWriter
	for i := range 4 {
		r, end := io.Pipe()
		ends = append(ends, end)
		go func() {
			done <- second(w.CreateFile(ctx, w.admin, firmware(fmt.Sprint("x", i), "1"), -1, r))
		}()
		_, err := end.Write([]byte("x")) // it is being read
		check(t, err)
	}
	if err := second(w.upload(firmware("more", "1"), "x")); fleet.CodeOf(err) != fleet.CodeTooMany {
		t.Errorf("a fifth upload: %v", err)
	}
	for _, end := range ends {
		check(t, end.Close())
		check(t, <-done)
	}
	check(t, second(w.upload(firmware("more", "1"), "x")))
}

func TestFirmwarePolicies(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	for _, v := range []string{"1.0", "2.0", "3.0"} {
		must(w.upload(firmware("all.rom", v), v))(t)
	}
	only := must(w.upload(firmware("a1.rom", "4.0", "A1"), "x"))(t)
	policy := func(steps ...string) fleet.FirmwarePolicyInput {
		return fleet.FirmwarePolicyInput{Vendor: new("ACME"), Steps: &steps}
	}
	of := func(in fleet.FirmwarePolicyInput, models ...string) fleet.FirmwarePolicyInput {
		in.Models = &models
		return in
	}
	general := must(w.CreateFirmwarePolicy(ctx, w.admin, policy("1.0", "3.0")))(t)
	special := must(w.CreateFirmwarePolicy(ctx, w.admin, of(policy("2.0"), "a1")))(t)
	w.heard.take()
	create := func(in fleet.FirmwarePolicyInput) func() error {
		return func() error { return second(w.CreateFirmwarePolicy(ctx, w.admin, in)) }
	}
	above := policy("2.0")
	above.From = new("2.0")
	w.refuse([]refusal{
		{name: "nothing", do: create(fleet.FirmwarePolicyInput{}), at: []string{"/vendor", "/steps"}},
		{name: "no steps", do: create(of(policy(), "A2")), at: []string{"/steps"}},
		{name: "falling", do: create(of(policy("2.0", "1.0"), "A2")), at: []string{"/steps/1"}},
		{name: "twice the same", do: create(of(policy("2.0", "2.0"), "A2")), at: []string{"/steps/1"}},
		{name: "from above", do: create(of(above, "A2")), at: []string{"/steps/0"}},
		{name: "not uploaded", do: create(of(policy("2.0", "9.0"), "A2")), at: []string{"/steps/1"}, says: "A2"},
		{name: "uploaded for another model", do: create(of(policy("4.0"), "A2")), at: []string{"/steps/0"}},
		{name: "no version", do: create(of(policy("new"), "A2")), at: []string{"/steps/0"}},
		{name: "unknown model", do: create(of(policy("2.0"), "Z9")), at: []string{"/models/0"}},
		{name: "unknown vendor", do: create(fleet.FirmwarePolicyInput{Vendor: new("X"), Steps: &[]string{"2.0"}}), at: []string{"/vendor"}},
		{name: "a second for all", do: create(policy("2.0")), code: fleet.CodeConflict, at: []string{"/models"}},
		{name: "a second for a model", do: create(of(policy("2.0"), "A2", "A1")), code: fleet.CodeConflict, at: []string{"/models/1"}},
		{name: "file of a policy", do: func() error {
			list := must2(w.Files(ctx, w.admin, listquery.Query{}))(t)
			return w.DeleteFile(ctx, w.admin, list[0].ID)
		}, code: fleet.CodeConflict, says: "firmware policy for Acme"},
		{name: "update of none", do: func() error { return w.UpdateFirmwarePolicy(ctx, w.admin, 1, policy("1.0")) }, code: fleet.CodeNotFound},
		{name: "update that falls", do: func() error { return w.UpdateFirmwarePolicy(ctx, w.admin, general, policy("3.0", "2.0")) }, at: []string{"/steps/1"}},
	})
	check(t, w.UpdateFirmwarePolicy(ctx, w.admin, special, fleet.FirmwarePolicyInput{Steps: &[]string{"4.0"}, AllowDowngrade: new(true), From: new("1.0")}))
	if heard := w.heard.take(); fmt.Sprint(heard) != fmt.Sprintf("[files %d]", w.admin.Tenant) {
		t.Errorf("heard %q", heard)
	}
	got := must(w.FirmwarePolicy(ctx, w.admin, special))(t)
	if got.Vendor != "Acme" || !cmp.Equal(got.Models, []string{"A1"}) || !cmp.Equal(got.Steps, []string{"4.0"}) || got.From != "1.0" || !got.AllowDowngrade {
		t.Errorf("%+v", got)
	}
	if err := w.DeleteFile(ctx, w.admin, only); fleet.CodeOf(err) != fleet.CodeConflict {
		t.Errorf("its file: %v", err)
	}
	check(t, w.DeleteFirmwarePolicy(ctx, w.admin, special))
	check(t, w.DeleteFile(ctx, w.admin, only))
}

func TestNextFirmware(t *testing.T) {
	t.Parallel()
	path := fleet.FirmwarePolicy{Steps: []string{"80.0", "84.0", "86.0"}}
	from, back, unknown := path, path, path
	from.From, back.AllowDowngrade, unknown.OfferUnknown = "70.1", true, true
	for _, tt := range []struct {
		name    string
		policy  fleet.FirmwarePolicy
		running string
		want    string
	}{
		{"far below", path, "66.9.1", "80.0"},
		{"between", path, "80.1", "84.0"},
		{"at a step", path, "84", "86.0"},
		{"just below the target", path, "85.99", "86.0"},
		{"at the target", path, "86.0.0", ""},
		{"above the target", path, "86.0.1", ""},
		{"far above", path, "100.1", ""},
		{"unknown", path, "", ""},
		{"no version", path, "none", ""},
		{"below the beginning", from, "70.0.9", ""},
		{"at the beginning", from, "70.1", "80.0"},
		{"above, and back", back, "100.1", "86.0"},
		{"at the target, and back", back, "86", ""},
		{"below, and back", back, "81", "84.0"},
		{"unknown, and back", back, "", ""},
		{"unknown, and offered", unknown, "", "80.0"},
		{"known, and offered", unknown, "85", "86.0"},
	} {
		if got := tt.policy.Next(tt.running); got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}

// TestFirmwareNeverGoesBack: whatever a phone runs, it rises step by step to the
// target, or is left alone.
func TestFirmwareNeverGoesBack(t *testing.T) {
	t.Parallel()
	rapid.Check(t, func(t *rapid.T) {
		at := rapid.IntRange(0, 40)
		numbers := rapid.SliceOfNDistinct(at, 1, 8, rapid.ID).Draw(t, "steps")
		set := make(map[int]bool)
		for _, n := range numbers {
			set[n] = true
		}
		var p fleet.FirmwarePolicy
		for n := range 41 {
			if set[n] {
				p.Steps = append(p.Steps, fmt.Sprintf("1.%d", n))
			}
		}
		running, target := fmt.Sprintf("1.%d", at.Draw(t, "running")), p.Steps[len(p.Steps)-1]
		began := running
		for range len(p.Steps) + 1 {
			next := p.Next(running)
			if next == "" {
				break
			}
			if version.Compare(next, running) <= 0 {
				t.Fatalf("%s is offered %s", running, next)
			}
			running = next
		}
		if version.Compare(began, target) < 0 && running != target || version.Compare(began, target) >= 0 && running != began {
			t.Fatalf("%s ends at %s of %s", began, running, p.Steps)
		}
	})
}
