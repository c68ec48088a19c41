package provision_test

import (
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/provision"
)

// uploadsTemplate is one whose configuration says what is offered.
var uploadsTemplate = strings.Replace(custom("", `update = {{.update.version}} {{.update.name}} {{.update.bytes}} {{.update.sha256}}`, `url = {{.update.url}}`, `folder = {{.update.folder}}`,
	`{{range .files}}file = {{.kind}} {{.name}} {{.url}}`, `{{end}}end = 1`),
	"</models>", `<model name="T48U" display_name="Yealink T48U" accounts="3" line_keys="4"/></models>`, 1)

func (w *world) upload(c fleet.Caller, kind, name, version, content string, models ...string) fleet.ID {
	w.t.Helper()
	in := fleet.FileInput{Kind: kind, Name: name, Version: version, Models: models}
	if kind == "firmware" || len(models) > 0 {
		in.Vendor = "Yealink"
	}
	return must(w.CreateFile(w.t.Context(), c, in, int64(len(content)), strings.NewReader(content)))(w.t)
}

// says fetches the phone's configuration as one that runs a version.
func (w *world) says(version string) string {
	w.t.Helper()
	r := lan(w.mine())
	r.UserAgent = "Yealink SIP-T46U " + version + " 00:15:65:00:00:01"
	a := w.core.Answer(w.t.Context(), r)
	if a.Status != 200 {
		w.t.Fatalf("status %d", a.Status)
	}
	return string(a.Body)
}

func (w *world) uploadsWorld() {
	w.t.Helper()
	ctx := w.t.Context()
	check(w.t, w.CreateTemplate(ctx, w.admin, "yealink-t4xu.xml", uploadsTemplate))
	check(w.t, w.CreateTemplate(ctx, w.other, "yealink-t4xu.xml", uploadsTemplate))
}

func TestOfferedFirmware(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.uploadsWorld()
	for _, v := range []string{"108.84.0.10", "108.86.0.90"} {
		w.upload(w.admin, "firmware", "T46U.rom", v, "firmware "+v, "T46U", "T48U")
	}
	w.upload(w.admin, "firmware", "T4x.rom", "108.86.0.90", "of all")
	lacks(t, w.says("108.80.0.1"), "http")
	id := must(w.CreateFirmwarePolicy(ctx, w.admin, fleet.FirmwarePolicyInput{Vendor: new("Yealink"), Steps: &[]string{"108.84.0.10", "108.86.0.90"}}))(t)

	base := "http://phones.example.net" + w.own(w.admin, w.user, w.phone, "") + "files/"
	first := w.says("108.80.0.1")
	contains(t, first, "update = 108.84.0.10 T46U.rom 20 "+fmt.Sprintf("%x", sha256.Sum256([]byte("firmware 108.84.0.10"))),
		"url = "+base+"108.84.0.10/T46U.rom\n", "folder = "+base+"108.84.0.10/\n")
	contains(t, w.says("108.84.0.10"), "url = "+base+"108.86.0.90/T46U.rom\n")
	for _, done := range []string{"108.86.0.90", "108.87.0.1", "200.1"} {
		lacks(t, w.says(done), "http")
	}
	check(t, w.UpdateFirmwarePolicy(ctx, w.admin, id, fleet.FirmwarePolicyInput{AllowDowngrade: new(true)}))
	contains(t, w.says("108.87.0.1"), "url = "+base+"108.86.0.90/T46U.rom\n")

	// A step whose file the model lacks is waited for, not skipped.
	w.upload(w.admin, "firmware", "T48U.rom", "108.85.0.1", "x", "T48U")
	check(t, w.UpdateFirmwarePolicy(ctx, w.admin, id, fleet.FirmwarePolicyInput{Steps: &[]string{"108.85.0.1", "108.86.0.90"}}))
	lacks(t, w.says("108.80.0.1"), "http")
	contains(t, w.says("108.85.0.1"), "108.86.0.90")

	// A policy for the model comes before that for all; another vendor's is none.
	special := must(w.CreateFirmwarePolicy(ctx, w.admin, fleet.FirmwarePolicyInput{Vendor: new("Yealink"), Models: &[]string{"T46U"}, Steps: &[]string{"108.84.0.10"}}))(t)
	lacks(t, w.says("108.85.0.1"), "http")
	w.start()
	contains(t, w.says("108.80.0.1"), "url = "+base+"108.84.0.10/T46U.rom\n")
	check(t, w.DeleteFirmwarePolicy(ctx, w.admin, special))
	check(t, w.DeleteFirmwarePolicy(ctx, w.admin, id))
	lacks(t, w.says("108.80.0.1"), "http")
}

// TestUnknownFirmware: a phone that names no version is offered something only if the
// policy says so.
func TestUnknownFirmware(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.uploadsWorld()
	w.upload(w.admin, "firmware", "T46U.rom", "108.86.0.90", "x")
	id := must(w.CreateFirmwarePolicy(ctx, w.admin, fleet.FirmwarePolicyInput{Vendor: new("Yealink"), Steps: &[]string{"108.86.0.90"}}))(t)
	lacks(t, w.config(), "http")
	check(t, w.UpdateFirmwarePolicy(ctx, w.admin, id, fleet.FirmwarePolicyInput{OfferUnknown: new(true)}))
	contains(t, w.config(), "108.86.0.90/T46U.rom")
}

// read is what an answer sends, or its status.
func read(t *testing.T, a provision.Answer) string {
	t.Helper()
	if a.Upload == nil {
		return fmt.Sprint(a.Status)
	}
	b, err := io.ReadAll(a.Upload)
	check(t, errors.Join(err, a.Upload.Close()))
	a.Upload.Sent(200, int64(len(b)))
	return string(b)
}

func TestUploads(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.uploadsWorld()
	w.upload(w.admin, "ringtone", "Chime.wav", "", "ring")
	w.upload(w.admin, "background", "b.png", "", "for all")
	w.upload(w.admin, "background", "B.png", "", "for the model", "T46U")
	w.upload(w.admin, "background", "a.jpg", "", "for others", "T48U")
	w.upload(w.admin, "firmware", "T46U.rom", "108.86.0.90", "firmware")
	theirs := w.upload(w.other, "ringtone", "theirs.wav", "", "theirs")
	base := "http://phones.example.net" + w.own(w.admin, w.user, w.phone, "") + "files/"
	contains(t, w.config(), "file = background B.png "+base+"background/B.png\nfile = ringtone Chime.wav "+base+"ringtone/Chime.wav\nend = 1")
	if s := w.core.Status(w.phoneMAC); s.Word != fleet.UpToDate {
		t.Errorf("the phone is %s", s.Word)
	}
	w.fetches.take()

	get := func(name string) string {
		t.Helper()
		r := lan(w.own(w.admin, w.user, w.phone, name))
		r.UserAgent = "Wget/1.12" // what phones fetch firmware with
		return read(t, w.core.Answer(ctx, r))
	}
	for name, want := range map[string]string{
		"files/ringtone/Chime.wav": "ring", "files/RINGTONE/chime.WAV": "ring", "files/background/b.png": "for the model", "files/108.86.0.90/T46U.rom": "firmware",
		"files/background/a.jpg": "404", "files/ringtone/theirs.wav": "404", "files/background/Chime.wav": "404", "files/108.86.0.91/T46U.rom": "404",
		"files/": "404", "files": "404", "files/ringtone": "404", "files/ringtone/": "404", "files//Chime.wav": "404", "files/ringtone/../x": "404",
		"files/ringtone/Chime.wav/": "404", "Chime.wav": "404",
	} {
		if got := get(name); got != want {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
	w.fetches.take()
	get("files/ringtone/chime.wav")
	get("files/ringtone/none.wav")
	list := w.fetches.take()
	if len(list) != 2 || list[0].File != "files/ringtone/Chime.wav" || list[0].Bytes != 4 || list[0].ETag != "" || list[0].Status != 200 || list[0].Level != "L2" || list[0].Doubt != "" {
		t.Errorf("recorded %+v", list)
	}
	if len(list) == 2 && (list[1].Status != 404 || list[1].Reason != "no such file was uploaded for its model") {
		t.Errorf("recorded %+v", list[1])
	}
	// What fetched the file says nothing of the phone, nor of how it is.
	if s := w.core.Status(w.phoneMAC); s.Word != fleet.UpToDate {
		t.Errorf("after that the phone is %s: %s", s.Word, s.Why)
	}
	a := w.core.Answer(ctx, lan(w.own(w.admin, w.user, w.phone, "files/ringtone/Chime.wav")))
	if a.Type != "audio/wav" || a.ETag != fmt.Sprintf(`"%x"`, sha256.Sum256([]byte("ring")))[:33]+`"` || a.Body != nil || !a.Upload.Modified.Equal(w.clock.Now()) {
		t.Errorf("%+v", a)
	}
	a.Upload.Sent(416, 0)
	check(t, a.Upload.Close())
	if got := w.fetches.said(); len(got) != 1 || !strings.Contains(got[0], "416 0 it asked for a part") {
		t.Errorf("recorded %q", got)
	}

	// At no other address: not the shared one, an old one, a rejected or disabled phone's.
	mine := w.own(w.admin, w.user, w.phone, "files/ringtone/Chime.wav")
	for _, path := range []string{"/files/ringtone/Chime.wav", w.otherBase + "files/ringtone/theirs.wav", w.own(w.other, w.otherUser, w.otherPhone, "files/ringtone/Chime.wav")} {
		if a := w.get(path); a.Status != 404 {
			t.Errorf("%s: %d", path, a.Status)
		}
	}
	check(t, w.RotatePhoneURL(ctx, w.admin, w.user, w.phone))
	if a := w.get(mine); a.Status != 404 {
		t.Errorf("the old address: %d", a.Status)
	}
	check(t, w.UpdatePhone(ctx, w.admin, w.user, w.phone, fleet.PhoneInput{Disabled: new(true)}))
	if got := get("files/ringtone/Chime.wav"); got != "404" {
		t.Errorf("a disabled phone gets %q", got)
	}

	// A content that is lost is a fault of ours.
	other := func() string {
		return read(t, w.get(w.own(w.other, w.otherUser, w.otherPhone, "files/ringtone/theirs.wav")))
	}
	check(t, w.contents.Remove(sha256.Sum256([]byte("theirs"))))
	if got := other(); got != "503" {
		t.Errorf("a lost content: %s", got)
	}
	check(t, w.DeleteFile(ctx, w.other, theirs))
	if got := other(); got != "404" {
		t.Errorf("a deleted file: %s", got)
	}
}

// TestChangedUploads: a policy or a file makes out-of-date exactly the phones that
// would get something else.
func TestChangedUploads(t *testing.T) {
	t.Parallel()
	w, ctx := newWorld(t), t.Context()
	w.uploadsWorld()
	second := must(w.CreatePhone(ctx, w.admin, w.second, phoneInput(w.unknownMAC)))(t)
	fetch := func() {
		t.Helper()
		w.says("108.80.0.1")
		r := lan(w.own(w.admin, w.second, second, w.unknownMAC.String()+".cfg"))
		r.UserAgent = "Yealink SIP-T46U 108.90.0.1 00:15:65:00:00:03"
		if a := w.core.Answer(ctx, r); a.Status != 200 {
			t.Fatal(a.Status)
		}
		if a := w.get(w.own(w.other, w.otherUser, w.otherPhone, w.otherMAC.String()+".cfg")); a.Status != 200 {
			t.Fatal(a.Status)
		}
	}
	fetch()
	expect := func(what string, old ...mac.Addr) {
		t.Helper()
		for _, m := range []mac.Addr{w.phoneMAC, w.unknownMAC, w.otherMAC} {
			want := fleet.UpToDate
			for _, o := range old {
				if o == m {
					want = fleet.OutOfDate
				}
			}
			if s := w.core.Status(m); s.Word != want {
				t.Errorf("%s: %s is %s", what, m, s.Word)
			} else if want == fleet.OutOfDate && !strings.Contains(s.Why, "uploaded file or firmware policy") {
				t.Errorf("%s: %s", what, s.Why)
			}
		}
	}
	expect("in the beginning")
	w.clock.advance(time.Minute)
	w.upload(w.admin, "firmware", "T46U.rom", "108.86.0.90", "x")
	w.upload(w.admin, "background", "b.png", "", "x", "T48U")
	expect("after uploads that concern nobody")
	id := must(w.CreateFirmwarePolicy(ctx, w.admin, fleet.FirmwarePolicyInput{Vendor: new("Yealink"), Steps: &[]string{"108.86.0.90"}}))(t)
	expect("after a policy that concerns one", w.phoneMAC)
	fetch()
	expect("after the fetch")
	w.clock.advance(time.Minute)
	check(t, w.DeleteFirmwarePolicy(ctx, w.admin, id))
	expect("after the policy is gone", w.phoneMAC)
	w.upload(w.admin, "ringtone", "r.wav", "", "x")
	expect("after a ring tone for all of the tenant", w.phoneMAC, w.unknownMAC)
	fetch()
	expect("after the last fetch")
	if list, _, err := w.Files(ctx, w.admin, listquery.Query{}); err != nil || len(list) != 3 {
		t.Errorf("%d files, %v", len(list), err)
	}
}

// TestManyUploads: what a configuration names is bounded.
func TestManyUploads(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.uploadsWorld()
	for i := range 70 {
		w.upload(w.admin, "ringtone", fmt.Sprintf("r%02d.wav", i), "", "x")
	}
	got := w.config()
	if n := strings.Count(got, "file = "); n != 64 {
		t.Errorf("%d files are named", n)
	}
	contains(t, got, "r63.wav")
}
