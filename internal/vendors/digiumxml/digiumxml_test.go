package digiumxml

import (
	"errors"
	"io/fs"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"
)

// The base stands among a brand's own templates, and is that brand's.
func TestTemplates(t *testing.T) {
	t.Parallel()
	files := Templates("Digium", fstest.MapFS{"digium-d.xml": {Data: []byte("<template/>")}})
	names, err := fs.Glob(files, "*.xml")
	if diff := cmp.Diff([]string{"digium-base.xml", "digium-d.xml"}, names); err != nil || diff != "" {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
	if names, err := fs.Glob(files, "*.txt"); err != nil || len(names) > 0 {
		t.Errorf("*.txt: %q, %v", names, err)
	}
	if _, err := fs.Glob(files, "["); err == nil {
		t.Error("a pattern that is none is taken")
	}
	base, err := fs.ReadFile(files, "digium-base.xml")
	if err != nil || !strings.Contains(string(base), ` vendor="Digium" title="Digium base" abstract="true">`) {
		t.Errorf("the base is %.300q, %v", base, err)
	}
	if own, err := fs.ReadFile(files, "digium-d.xml"); err != nil || string(own) != "<template/>" {
		t.Errorf("the brand's own: %q, %v", own, err)
	}
	if _, err := files.Open("sangoma-base.xml"); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("another brand's base: %v", err)
	}
	if _, err := files.Open("digium-base.xml"); !errors.Is(err, errors.ErrUnsupported) {
		t.Errorf("a handle of the base: %v", err)
	}
}
