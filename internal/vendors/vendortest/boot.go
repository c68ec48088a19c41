package vendortest

import (
	"errors"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/vendors"
)

// ErrSilence is what a phone is told of a server that does not answer.
var ErrSilence = errors.New("no answer")

// Server is a provisioning server in memory.
type Server struct {
	// Files are what it has, by the names that the phone asks for: "503" for an answer
	// of that status, "-" for ErrSilence.
	Files map[string]string
	Asked []string // the names that were asked for, in order
}

// Get is the vendor.Getter of a phone that this server is for.
func (s *Server) Get(name string) (int, []byte, error) {
	s.Asked = append(s.Asked, name)
	switch body, ok := s.Files[name]; {
	case !ok:
		return http.StatusNotFound, nil, nil
	case body == "503":
		return http.StatusServiceUnavailable, nil, nil
	case body == "-":
		return 0, nil, ErrSilence
	default:
		return http.StatusOK, []byte(body), nil
	}
}

// Boots starts a phone against servers in memory.
type Boots struct {
	Boot func(vendor.Unit, vendor.Getter) (*vendor.Config, error)
	Unit vendor.Unit
	// File makes a whole file of what a Start has for it; nil if that is whole.
	File func(content string) []byte
	// Want are settings that the phone ends up with, unless a Start has its own.
	Want map[string]string
}

// Start is one start of a phone. It fails if Fails or Says is set.
type Start struct {
	Model string            // "" for that of the unit
	Files map[string]string // of the Server
	Asked []string          // the names that it asks for, in order
	Want  map[string]string // "" for a setting that is not there
	Fails error
	Says  string // a part of the error
}

// Run makes the starts, by what they show.
func (b Boots) Run(t *testing.T, starts map[string]Start) {
	t.Helper()
	for name, s := range starts {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b.run(t, s)
		})
	}
}

func (b Boots) run(t *testing.T, s Start) {
	t.Helper()
	server := &Server{Files: s.Files}
	unit := b.Unit
	if s.Model != "" {
		unit.Model = s.Model
	}
	c, err := b.Boot(unit, func(name string) (int, []byte, error) {
		status, body, err := server.Get(name)
		if status == http.StatusOK && b.File != nil {
			body = b.File(string(body))
		}
		return status, body, err
	})
	if s.Fails != nil || s.Says != "" {
		if err == nil || s.Fails != nil && !errors.Is(err, s.Fails) || !strings.Contains(err.Error(), s.Says) {
			t.Errorf("error is %v, want %v %q", err, s.Fails, s.Says)
		}
		return
	}
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(s.Asked, server.Asked); diff != "" {
		t.Errorf("asked for (-want +got):\n%s", diff)
	}
	want := s.Want
	if want == nil {
		want = b.Want
	}
	for name, value := range want {
		if got := c.Get(name); got != value {
			t.Errorf("%s is %q, want %q", name, got, value)
		}
	}
}
