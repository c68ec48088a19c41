// Package secret keeps passwords, PINs and tokens from leaking. A Secret never
// prints itself: not in a log, an error, JSON or %v of a struct that holds it.
// Only Reveal gives the text back, so every place that does is found by its name.
package secret

import (
	"crypto/subtle"
	"log/slog"
)

// Redacted is what a non-empty Secret prints.
const Redacted = "[redacted]"

// Secret is text that must not be shown. Its zero value is the empty secret.
type Secret struct{ text string }

// New wraps text.
func New(text string) Secret { return Secret{text} }

// Reveal returns the text.
func (s Secret) Reveal() string { return s.text }

// Empty reports whether there is nothing to hide.
func (s Secret) Empty() bool { return s.text == "" }

// Equal compares in constant time for texts of equal length.
func (s Secret) Equal(o Secret) bool {
	return subtle.ConstantTimeCompare([]byte(s.text), []byte(o.text)) == 1
}

func (s Secret) String() string {
	if s.text == "" {
		return ""
	}
	return Redacted
}

// GoString hides the text from %#v.
func (s Secret) GoString() string { return "secret.Secret(" + s.String() + ")" }

// MarshalText hides the text from JSON, YAML and XML encoders.
func (s Secret) MarshalText() ([]byte, error) { return []byte(s.String()), nil }

// LogValue hides the text from slog.
func (s Secret) LogValue() slog.Value { return slog.StringValue(s.String()) }
