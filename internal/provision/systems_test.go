package provision_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// works is a multi-cell system of a Yealink W80DM and two W80B, of which 101 and 102
// are members.
type works struct {
	*world
	system fleet.ID
	ids    []fleet.ID
	macs   []mac.Addr
}

func newWorks(t *testing.T) *works {
	t.Helper()
	k := &works{world: newWorld(t)}
	ctx := t.Context()
	var bases []fleet.SystemBaseInput
	for i, model := range []string{"W80DM", "W80B", "W80B"} {
		m := mac.MustParse(fmt.Sprintf("805ec00000%02x", i+1))
		in := baseInput(m, "yealink-w8x.xml", model)
		in.Name = new(fmt.Sprint("Hall ", i+1))
		k.ids, k.macs = append(k.ids, must(k.CreateDectPhone(ctx, k.admin, in))(t)), append(k.macs, m)
		bases = append(bases, fleet.SystemBaseInput{Dect: k.ids[i]})
	}
	k.system = must(k.CreateDectSystem(ctx, k.admin, fleet.DectSystemInput{Name: new("Works"), Bases: &bases}))(t)
	check(t, k.ReplaceDectSystemMembers(ctx, k.admin, k.system, []fleet.MemberInput{{ExtensionNumber: "101"}, {ExtensionNumber: "102"}}))
	return k
}

func (k *works) path(i int) string {
	k.t.Helper()
	return "/p/" + must(k.DectPhone(k.t.Context(), k.admin, k.ids[i]))(k.t).Token.Reveal() + "/" + k.macs[i].String() + ".cfg"
}

// fetch gets the configuration of base i.
func (k *works) fetch(i int) string {
	k.t.Helper()
	a := k.get(k.path(i))
	if a.Status != 200 {
		k.t.Fatalf("base %d: status %d", i, a.Status)
	}
	return string(a.Body)
}

func (k *works) fetchAll() (all []string) {
	for i := range k.ids {
		all = append(all, k.fetch(i))
	}
	return all
}

// stale lists the bases that are out-of-date.
func (k *works) stale() (list []int) {
	for i, m := range k.macs {
		if k.core.Status(m).Word == fleet.OutOfDate {
			list = append(list, i)
		}
	}
	return list
}

func TestSystemIsServed(t *testing.T) {
	t.Parallel()
	k := newWorks(t)
	for range 2 {
		all := k.fetchAll()
		contains(t, all[0], "account.1.user_name = 101\n", "account.2.password = planted-second-secret\n", "handset.2.name = Extension 102\n", "account.100.enable = 0\n", "Hall 2", "Hall 3", "station.allowed.1.mac = "+k.macs[1].String(), "station.allowed.2.mac = "+k.macs[2].String())
		for _, other := range all[1:] {
			lacks(t, other, "account.1.user_name", "planted-sip-secret", "planted-second-secret", "handset.1.name = Extension")
		}
		k.start() // and again from the store
	}
}

// Whatever changes of a system makes those bases out-of-date that would get another file
// than before, and no others.
func TestSystemFollowsChanges(t *testing.T) {
	t.Parallel()
	for _, test := range []struct {
		name   string
		change func(ctx context.Context, k *works) error
		stale  []int
		check  func(t *testing.T, all []string)
	}{
		{"a member", func(ctx context.Context, k *works) error {
			return k.ReplaceMembers(ctx, k.admin, k.ids[2], []fleet.MemberInput{{ExtensionNumber: "102"}})
		}, []int{0}, func(t *testing.T, all []string) {
			t.Helper()
			contains(t, all[0], "account.1.enable = 0\n", "account.2.user_name = 102\n")
		}},
		{"a member's name", func(ctx context.Context, k *works) error {
			return k.UpdateUser(ctx, k.admin, k.second, fleet.UserInput{DisplayName: new("Ada")})
		}, []int{0}, nil},
		{"another base's name", func(ctx context.Context, k *works) error {
			return k.UpdateDectPhone(ctx, k.admin, k.ids[1], fleet.DectInput{Name: new("Yard")})
		}, []int{0}, func(t *testing.T, all []string) {
			t.Helper()
			contains(t, all[0], "Yard")
			lacks(t, all[0], "Hall 2")
		}},
		{"a base less", func(ctx context.Context, k *works) error {
			return k.UpdateDectSystem(ctx, k.admin, k.system, fleet.DectSystemInput{Bases: &[]fleet.SystemBaseInput{{Dect: k.ids[0]}, {Dect: k.ids[2]}}})
		}, []int{0}, func(t *testing.T, all []string) {
			t.Helper()
			lacks(t, all[0], "Hall 2")
		}},
		{"a base deleted", func(ctx context.Context, k *works) error {
			if err := k.DeleteDectPhone(ctx, k.admin, k.ids[2], true); err != nil {
				return err
			}
			k.ids, k.macs = k.ids[:2], k.macs[:2]
			return nil
		}, []int{0}, nil},
		{"no system any more", func(ctx context.Context, k *works) error {
			return k.DeleteDectSystem(ctx, k.admin, k.system, false)
		}, []int{0}, func(t *testing.T, all []string) {
			t.Helper()
			contains(t, all[0], "account.1.user_name = 101\n", "account.2.user_name = 102\n")
			lacks(t, all[0], "Hall 2", "Hall 3")
		}},
	} {
		t.Run(test.name, func(t *testing.T) {
			t.Parallel()
			k := newWorks(t)
			k.t = t
			k.fetchAll()
			k.clock.advance(1e9)
			check(t, test.change(t.Context(), k))
			stale := k.stale()
			for _, i := range test.stale {
				if !slices.Contains(stale, i) {
					t.Errorf("out-of-date are %v; want %v at least", stale, test.stale)
				}
			}
			all := k.fetchAll()
			if test.check != nil {
				test.check(t, all)
			}
			if stale := k.stale(); len(stale) > 0 {
				t.Errorf("after all have fetched, out-of-date are %v", stale)
			}
			k.start()
			if again := k.fetchAll(); !slices.Equal(again, all) {
				t.Error("after a restart the bases have other configurations")
			}
		})
	}
}

// A base of a system may be told by a member of the data master's; the other bases, any
// of which may register it, are named with it.
func TestSharersOfASystem(t *testing.T) {
	t.Parallel()
	k := newWorks(t)
	for range 2 {
		for i, m := range k.macs {
			user, others := k.core.Sharers(m)
			want := slices.Delete(slices.Clone(k.macs), i, i+1)
			if user != k.second || !slices.Equal(others, want) { // 101 has a phone
				t.Errorf("%s is reached by %d, which %v register as too; want %d, %v", m, user, others, k.second, want)
			}
		}
		k.start()
	}
	check(t, k.ReplaceMembers(t.Context(), k.admin, k.ids[1], nil))
	if user, others := k.core.Sharers(k.macs[1]); user != 0 || others != nil {
		t.Errorf("without members a base is reached by %d, %v", user, others)
	}
}

// A base that is told to be in a system which the snapshot does not have is told to come
// back, and not that it is alone.
func TestBaseOfAnUnknownSystem(t *testing.T) {
	t.Parallel()
	k := newWorks(t)
	ctx := t.Context()
	check(t, k.db.Write(ctx, func(w fleet.Writer) error { return w.DeleteDectSystem(ctx, k.admin.Tenant, k.system) }))
	check(t, k.core.DectSystemChanged(ctx, k.admin.Tenant, k.system, nil)) // which leaves out whom it concerns
	if a := k.get(k.path(0)); a.Status != 503 {
		t.Errorf("status %d", a.Status)
	}
	check(t, k.core.DectSystemChanged(ctx, k.admin.Tenant, k.system, k.macs))
	if !strings.Contains(k.fetch(0), "account.1.user_name = 101\n") {
		t.Error("the base has lost its members")
	}
}

// While the data master changes hands again and again, a base that is not it never gets
// a member's password, and no base anything but a whole file or the word to come back.
func TestSystemUnderChange(t *testing.T) {
	t.Parallel()
	k := newWorks(t)
	ctx := t.Context()
	k.ids[2] = must(k.CreateDectPhone(ctx, k.admin, baseInput(mac.MustParse("805ec0000010"), "yealink-w8x.xml", "W80DM")))(t)
	k.macs[2] = mac.MustParse("805ec0000010")
	both := &[]fleet.SystemBaseInput{{Dect: k.ids[0]}, {Dect: k.ids[2]}}
	check(t, k.UpdateDectSystem(ctx, k.admin, k.system, fleet.DectSystemInput{Bases: both}))
	paths := []string{k.path(0), k.path(2)}
	done := make(chan struct{})
	var phones sync.WaitGroup
	for _, path := range paths {
		phones.Go(func() {
			for {
				select {
				case <-done:
					return
				default:
				}
				a := k.core.Answer(ctx, lan(path))
				body := string(a.Body)
				first, second := strings.Contains(body, "account.1.user_name = 101\n"), strings.Contains(body, "account.2.user_name = 102\n")
				if a.Status != 200 && a.Status != 503 || first != second {
					t.Errorf("status %d, the first member %v, the second %v", a.Status, first, second)
					return
				}
			}
		})
	}
	for i := range 40 {
		master := k.ids[2*((i+1)%2)]
		check(t, k.UpdateDectSystem(ctx, k.admin, k.system, fleet.DectSystemInput{Master: &master}))
		leads, other := k.get(paths[(i+1)%2]), k.get(paths[i%2])
		if leads.Status != 200 || other.Status != 200 || !strings.Contains(string(leads.Body), "planted-second-secret") || strings.Contains(string(other.Body), "planted-second-secret") {
			t.Errorf("change %d: status %d and %d; the members are not the data master's alone", i, leads.Status, other.Status)
		}
	}
	close(done)
	phones.Wait()
}
