package secret

import (
	"bufio"
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"crypto/rand"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// ErrSealed is what Open returns for bytes that no key of the ring opens at the
// place given: they were changed, come from another place, or the key is gone.
var ErrSealed = errors.New("a sealed secret cannot be opened: it was changed or moved, or its key is not in the key file")

// Place is where a sealed secret is kept. What was sealed for one place opens at
// no other, so that whoever can write to the database cannot swap secrets in it.
type Place struct {
	Tenant int64
	Object int64
	Field  string // "users.password"
}

func (p Place) bytes() []byte {
	b := make([]byte, 0, 16+len(p.Field))
	b = binary.BigEndian.AppendUint64(b, uint64(p.Tenant)) //nolint:gosec // its bits
	b = binary.BigEndian.AppendUint64(b, uint64(p.Object)) //nolint:gosec // its bits
	return append(b, p.Field...)
}

// Keyring seals secrets with AES-256-GCM. It opens with any of its keys and seals
// with the last. It does not change and may be used by many goroutines.
type Keyring struct {
	active byte
	keys   map[byte]cipher.AEAD
}

const keySize = 32

// Seal returns the key's number, a random nonce and the ciphertext: 29 bytes more
// than the secret has.
func (k *Keyring) Seal(s Secret, at Place) []byte {
	sealed := make([]byte, 1, 1+len(s.text)+k.keys[k.active].Overhead())
	sealed[0] = k.active
	return k.keys[k.active].Seal(sealed, nil, []byte(s.text), at.bytes()) //nolint:gosec // the nonce is random: NewGCMWithRandomNonce
}

// Open returns what Seal was given, or an error that wraps ErrSealed.
func (k *Keyring) Open(sealed []byte, at Place) (Secret, error) {
	if len(sealed) == 0 {
		return Secret{}, fmt.Errorf("%s: %w", at.Field, ErrSealed)
	}
	key, ok := k.keys[sealed[0]]
	if !ok {
		return Secret{}, fmt.Errorf("%s is sealed with key %d: %w", at.Field, sealed[0], ErrSealed)
	}
	text, err := key.Open(nil, nil, sealed[1:], at.bytes())
	if err != nil {
		return Secret{}, fmt.Errorf("%s: %w", at.Field, ErrSealed)
	}
	return Secret{string(text)}, nil
}

// Current reports whether sealed was made with the key that Seal uses.
func (k *Keyring) Current(sealed []byte) bool { return len(sealed) > 0 && sealed[0] == k.active }

// ParseKeyring reads a key file: one key a line, its number (1–255) and its 32
// bytes in base64. The last key is the active one. Blank lines and lines that
// begin with # are skipped. Errors name the line and never show a key.
func ParseKeyring(text []byte) (*Keyring, error) {
	k := &Keyring{keys: make(map[byte]cipher.AEAD)}
	lines := bufio.NewScanner(bytes.NewReader(text))
	for n := 1; lines.Scan(); n++ {
		line := strings.TrimSpace(lines.Text())
		if line == "" || line[0] == '#' {
			continue
		}
		number, encoded, _ := strings.Cut(line, " ")
		id, err := strconv.ParseUint(number, 10, 8)
		if err != nil || id == 0 {
			return nil, fmt.Errorf("line %d: a line is a key's number from 1 to 255, a blank and the key in base64", n)
		}
		if _, twice := k.keys[byte(id)]; twice {
			return nil, fmt.Errorf("line %d: there is a key %d already; give the new one another number", n, id)
		}
		key, err := base64.StdEncoding.DecodeString(strings.TrimSpace(encoded))
		if err != nil || len(key) != keySize {
			return nil, fmt.Errorf("line %d: a key is %d bytes in base64, such as `openssl rand -base64 %d` prints", n, keySize, keySize)
		}
		block, err := aes.NewCipher(key)
		if err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		if k.keys[byte(id)], err = cipher.NewGCMWithRandomNonce(block); err != nil {
			return nil, fmt.Errorf("line %d: %w", n, err)
		}
		k.active = byte(id)
	}
	if err := lines.Err(); err != nil {
		return nil, err
	}
	if len(k.keys) == 0 {
		return nil, errors.New("there is no key in it")
	}
	return k, nil
}

// LoadKeyring reads the key file at path. It refuses one that others than its
// owner may read or change. If there is none, the error wraps fs.ErrNotExist.
func LoadKeyring(path string) (*Keyring, error) {
	f, err := os.Open(path) //nolint:gosec // the operator names the file
	if err != nil {
		return nil, fmt.Errorf("the key file cannot be read: %w", err)
	}
	defer func() { _ = f.Close() }()
	info, err := f.Stat()
	if err != nil {
		return nil, fmt.Errorf("the key file cannot be read: %w", err)
	}
	if !info.Mode().IsRegular() {
		return nil, fmt.Errorf("the key file %s is not a regular file", path)
	}
	if mode := info.Mode().Perm(); mode&0o077 != 0 {
		return nil, fmt.Errorf("the key file %s may be read or changed by others than its owner (mode %04o): run chmod 600 on it, and if others may have read it, add a new key", path, mode)
	}
	const tooLarge = 1 << 16
	text := make([]byte, info.Size())
	if info.Size() > tooLarge {
		return nil, fmt.Errorf("the key file %s is larger than %d bytes", path, tooLarge)
	}
	n, err := f.ReadAt(text, 0)
	if n < len(text) && err != nil {
		return nil, fmt.Errorf("the key file cannot be read: %w", err)
	}
	k, err := ParseKeyring(text)
	if err != nil {
		return nil, fmt.Errorf("the key file %s: %w", path, err)
	}
	return k, nil
}

// CreateKeyring makes a key file with one new key, readable by its owner alone,
// and returns once it is durable. If there is one already, the error wraps
// fs.ErrExist and the file is left alone.
func CreateKeyring(path string) (*Keyring, error) {
	key := make([]byte, keySize)
	if _, err := rand.Read(key); err != nil {
		return nil, err
	}
	text := fmt.Appendf(nil, "# These keys seal the passwords in Dialplane's database. Keep a copy apart from\n# the database's backups: without it, no password in them can be read.\n1 %s\n",
		base64.StdEncoding.EncodeToString(key))
	if err := writeNew(path, text); err != nil {
		return nil, fmt.Errorf("the key file cannot be made: %w", err)
	}
	return ParseKeyring(text)
}

// writeNew makes a file whole or not at all, and never in the place of another.
func writeNew(path string, text []byte) error {
	dir := filepath.Dir(path)
	f, err := os.CreateTemp(dir, filepath.Base(path)+".*.new") // mode 0600
	if err != nil {
		return err
	}
	defer func() { _ = os.Remove(f.Name()) }()
	_, err = f.Write(text)
	err = errors.Join(err, f.Sync(), f.Close())
	if err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil { // unlike Rename, fails if path is there
		return err
	}
	d, err := os.Open(dir) //nolint:gosec // the operator names the directory
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

// LoadOrCreateKeyring reads the key file at path, or makes it if there is none.
func LoadOrCreateKeyring(path string) (*Keyring, error) {
	k, err := LoadKeyring(path)
	if errors.Is(err, fs.ErrNotExist) {
		return CreateKeyring(path)
	}
	return k, err
}
