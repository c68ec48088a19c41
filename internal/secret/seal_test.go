package secret_test

import (
	"bytes"
	"encoding/base64"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/secret"
)

func keyLine(id int, fill byte) string {
	return fmt.Sprintf("%d %s\n", id, base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{fill}, 32)))
}

func parseRing(t *testing.T, text string) *secret.Keyring {
	t.Helper()
	k, err := secret.ParseKeyring([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestSealOpensAtItsPlaceAlone(t *testing.T) {
	t.Parallel()
	ring := parseRing(t, keyLine(1, 'a'))
	rapid.Check(t, func(t *rapid.T) {
		place := rapid.Custom(func(t *rapid.T) secret.Place {
			return secret.Place{
				Tenant: rapid.Int64Range(0, 3).Draw(t, "tenant"),
				Object: rapid.Int64Range(0, 3).Draw(t, "object"),
				Field:  rapid.SampledFrom([]string{"users.password", "users.vm_pin", ""}).Draw(t, "field"),
			}
		})
		text := rapid.String().Draw(t, "text")
		here, there := place.Draw(t, "here"), place.Draw(t, "there")
		sealed := ring.Seal(secret.New(text), here)
		if len(sealed) != len(text)+29 {
			t.Fatalf("%d bytes are sealed in %d", len(text), len(sealed))
		}
		got, err := ring.Open(sealed, there)
		switch {
		case here == there && (err != nil || got.Reveal() != text):
			t.Fatalf("Open at its place: %v", err)
		case here != there && !errors.Is(err, secret.ErrSealed):
			t.Fatalf("sealed at %v, opened at %v: %v", here, there, err)
		}
		i := rapid.IntRange(0, len(sealed)-1).Draw(t, "at")
		sealed[i] ^= 1 << rapid.IntRange(0, 7).Draw(t, "bit")
		if _, err := ring.Open(sealed, here); !errors.Is(err, secret.ErrSealed) {
			t.Fatalf("opened with byte %d changed: %v", i, err)
		}
		if _, err := ring.Open(sealed[:i], here); !errors.Is(err, secret.ErrSealed) {
			t.Fatalf("opened %d bytes of it: %v", i, err)
		}
	})
}

func TestSealNeverRepeats(t *testing.T) {
	t.Parallel()
	ring := parseRing(t, keyLine(1, 'a'))
	at := secret.Place{Tenant: 1, Object: 2, Field: "f"}
	if bytes.Equal(ring.Seal(secret.New("same"), at), ring.Seal(secret.New("same"), at)) {
		t.Error("one secret sealed twice gives the same bytes")
	}
}

func TestRotation(t *testing.T) {
	t.Parallel()
	at := secret.Place{Tenant: 1, Object: 2, Field: "f"}
	old := parseRing(t, keyLine(1, 'a'))
	both := parseRing(t, keyLine(1, 'a')+keyLine(7, 'b'))
	replaced := parseRing(t, keyLine(7, 'b'))

	before := old.Seal(secret.New("before"), at)
	after := both.Seal(secret.New("after"), at)
	for _, sealed := range [][]byte{before, after} {
		if _, err := both.Open(sealed, at); err != nil {
			t.Errorf("the ring with both keys: %v", err)
		}
	}
	if both.Current(before) || !both.Current(after) || both.Current(nil) {
		t.Error("Current does not tell the active key")
	}
	if _, err := replaced.Open(after, at); err != nil {
		t.Errorf("the new key alone: %v", err)
	}
	if _, err := replaced.Open(before, at); !errors.Is(err, secret.ErrSealed) || !strings.Contains(err.Error(), "key 1") {
		t.Errorf("without the old key: %v", err)
	}
}

func TestParseKeyringRefuses(t *testing.T) {
	t.Parallel()
	key := strings.Fields(keyLine(1, 'k'))[1]
	for name, c := range map[string]struct{ text, want string }{
		"nothing":       {"", "no key"},
		"comments only": {"# 1 x\n\n", "no key"},
		"no number":     {key, "line 1"},
		"number 0":      {"0 " + key, "line 1"},
		"number 256":    {"\n256 " + key, "line 2"},
		"twice":         {"1 " + key + "\n1 " + key, "another number"},
		"no key":        {"1", "32 bytes"},
		"not base64":    {"1 " + key[:20] + "!", "32 bytes"},
		"short key":     {"1 " + key[:40], "32 bytes"},
		"long line":     {"1 " + strings.Repeat("A", 1<<17), "too long"},
	} {
		_, err := secret.ParseKeyring([]byte(c.text))
		if err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want %q in it", name, err, c.want)
		}
		if err != nil && strings.Contains(err.Error(), key[:16]) {
			t.Errorf("%s: the error shows the key", name)
		}
	}
}

func TestKeyFile(t *testing.T) {
	t.Parallel()
	at := secret.Place{Tenant: 1, Object: 2, Field: "f"}
	path := filepath.Join(t.TempDir(), "dialplane.key")
	if _, err := secret.LoadKeyring(path); !errors.Is(err, fs.ErrNotExist) {
		t.Fatalf("loading none: %v", err)
	}
	made, err := secret.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode %v, %v", info.Mode(), err)
	}
	loaded, err := secret.LoadOrCreateKeyring(path)
	if err != nil {
		t.Fatal(err)
	}
	if s, err := loaded.Open(made.Seal(secret.New("x"), at), at); err != nil || s.Reveal() != "x" {
		t.Errorf("the loaded key does not open what the made one sealed: %v", err)
	}
	if _, err := secret.CreateKeyring(path); !errors.Is(err, fs.ErrExist) {
		t.Errorf("making it again: %v", err)
	}
	if left, _ := filepath.Glob(filepath.Join(filepath.Dir(path), "*")); len(left) != 1 {
		t.Errorf("files left: %q", left)
	}
}

func TestKeyFileModes(t *testing.T) {
	t.Parallel()
	for _, mode := range []os.FileMode{0o640, 0o604, 0o660, 0o602, 0o644, 0o777} {
		path := filepath.Join(t.TempDir(), "key")
		if err := os.WriteFile(path, []byte(keyLine(1, 'a')), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := os.Chmod(path, mode); err != nil {
			t.Fatal(err)
		}
		if _, err := secret.LoadKeyring(path); err == nil || !strings.Contains(err.Error(), "chmod 600") {
			t.Errorf("mode %o: %v", mode, err)
		}
	}
	if _, err := secret.LoadKeyring(t.TempDir()); err == nil || !strings.Contains(err.Error(), "regular file") {
		t.Errorf("a directory: %v", err)
	}
	large := filepath.Join(t.TempDir(), "key")
	if err := os.WriteFile(large, make([]byte, 1<<16+1), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := secret.LoadKeyring(large); err == nil || !strings.Contains(err.Error(), "larger") {
		t.Errorf("a large file: %v", err)
	}
	if _, err := secret.CreateKeyring(filepath.Join(t.TempDir(), "no", "such", "key")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a directory that is not there: %v", err)
	}
}

func BenchmarkSeal(b *testing.B) {
	ring, err := secret.ParseKeyring([]byte(keyLine(1, 'a')))
	if err != nil {
		b.Fatal(err)
	}
	at := secret.Place{Tenant: 1, Object: 2, Field: "users.password"}
	s := secret.New("a password of 24 letters")
	for b.Loop() {
		if _, err := ring.Open(ring.Seal(s, at), at); err != nil {
			b.Fatal(err)
		}
	}
}
