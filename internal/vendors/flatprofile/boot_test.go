package flatprofile

import (
	"errors"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

var unit = vendor.Unit{MAC: mac.MustParse("00562baabbcc"), Model: "7841"}

// boots boots a phone against files by name and returns what it asked for.
func boots(files map[string]string) (*vendor.Config, []string, error) {
	var asked []string
	c, err := Boot("7841-3PCC.xml", unit, func(name string) (int, []byte, error) {
		asked = append(asked, name)
		if body, ok := files[name]; ok {
			return 200, profile(body), nil
		}
		return 404, nil, nil
	})
	return c, asked, err
}

func TestBootThroughTheWindow(t *testing.T) {
	t.Parallel()
	c, asked, err := boots(map[string]string{
		"7841-3PCC.xml":                         "<Profile_Rule>http://a.example/$MA.xml</Profile_Rule>",
		"http://a.example/00562baabbcc.xml":     "<Profile_Rule>http://a.example/p/x/$MA.xml</Profile_Rule>",
		"http://a.example/p/x/00562baabbcc.xml": "<Profile_Rule>http://a.example/p/x/$MA.xml</Profile_Rule><Line_Enable_1_>Yes</Line_Enable_1_>",
	})
	if err != nil || c.Get("Line_Enable_1_") != "Yes" {
		t.Errorf("boot: %v", err)
	}
	want := []string{"7841-3PCC.xml", "http://a.example/00562baabbcc.xml", "http://a.example/p/x/00562baabbcc.xml"}
	if diff := cmp.Diff(want, asked); diff != "" {
		t.Errorf("requests (-want +got)\n%s", diff)
	}
}

func TestBootFollowsAllRules(t *testing.T) {
	t.Parallel()
	c, asked, err := boots(map[string]string{
		"7841-3PCC.xml":                     "<Profile_Rule_B>http://a.example/all.xml</Profile_Rule_B><Profile_Rule_C>http://a.example/$MAU.xml</Profile_Rule_C>",
		"http://a.example/all.xml":          "<A>1</A><B>1</B>",
		"http://a.example/00562BAABBCC.xml": "<A>2</A>",
	})
	if err != nil || c.Get("A") != "2" || c.Get("B") != "1" || len(asked) != 3 {
		t.Errorf("boot: %v, asked %v", err, asked)
	}
}

func TestBootFails(t *testing.T) {
	t.Parallel()
	for name, tt := range map[string]struct{ first, want string }{
		"a condition":   {"<Profile_Rule>$SWVER eq 1 ? http://a/b | http://a/c</Profile_Rule>", "no plain address"},
		"no scheme":     {"<Profile_Rule>/b.xml</Profile_Rule>", "no plain address"},
		"a broken file": {"<A>", "7841-3PCC.xml:1"},
		"a circle":      {"<Profile_Rule>http://a/1.xml</Profile_Rule>", "without end"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			if _, _, err := boots(map[string]string{
				"7841-3PCC.xml": tt.first, "http://a/1.xml": "<Profile_Rule>http://a/2.xml</Profile_Rule>", "http://a/2.xml": "<Profile_Rule>http://a/1.xml</Profile_Rule>",
			}); err == nil || !strings.Contains(err.Error(), tt.want) {
				t.Errorf("boot: %v, want an error with %q", err, tt.want)
			}
		})
	}
	if _, _, err := boots(nil); !errors.Is(err, vendor.ErrNoConfig) {
		t.Errorf("boot without files: %v", err)
	}
	broken := errors.New("no route")
	if _, err := Boot("x", unit, func(string) (int, []byte, error) { return 0, nil, broken }); !errors.Is(err, broken) {
		t.Errorf("boot without a network: %v", err)
	}
	if _, err := Boot("x", unit, func(string) (int, []byte, error) { return 503, nil, nil }); err == nil {
		t.Error("503 is taken for a profile")
	}
}
