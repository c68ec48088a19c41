package storetest

import (
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/mac"
)

// aDectSystem is a system of bases that are there, the first of which leads it and
// gives the clock to the second, and so on.
func (s *store) aDectSystem(tenant fleet.ID, bases ...fleet.DectPhone) fleet.DectSystem {
	id := s.NewID()
	y := fleet.DectSystem{
		ID: id, Tenant: tenant, Name: "Works of " + id.String() + " Ä", Number: int(id%500) + 1, Lines: 250, Members: 1,
		Bases: []fleet.SystemBase{{Dect: 1, Index: 1, SyncFrom: 1, MAC: macOf(1), Name: "x", Model: "y"}}, CreatedAt: start, UpdatedAt: start.Add(time.Second),
	}
	filled(s.t, y)
	y.Bases, y.Members = nil, 0
	for i, d := range bases {
		b := fleet.SystemBase{Dect: d.ID, Index: 2*i + 1, MAC: d.MAC, Name: d.Name, Model: d.Model}
		if i > 0 {
			b.SyncFrom = bases[i-1].ID
		}
		y.Bases = append(y.Bases, b)
	}
	return y
}

func testDectSystems(t *testing.T, s *store) {
	ctx := t.Context()
	tenant, other := s.newTenant(), s.newTenant()
	first, second, third := s.newDectPhone(tenant.ID), s.newDectPhone(tenant.ID), s.newDectPhone(tenant.ID)
	y := s.aDectSystem(tenant.ID, first, second)
	s.write(func(w fleet.Writer) error { return w.InsertDectSystem(ctx, y) })
	read := func(r fleet.Reader) (fleet.DectSystem, error) { return r.DectSystem(ctx, tenant.ID, y.ID) }
	systemOf := func(d fleet.DectPhone) fleet.ID {
		return get(s, func(r fleet.Reader) (fleet.DectPhone, error) { return r.DectPhone(ctx, tenant.ID, d.ID) }).System
	}
	same(t, "DectSystem", get(s, read), y)
	same(t, "the systems of three bases", []fleet.ID{systemOf(first), systemOf(second), systemOf(third)}, []fleet.ID{y.ID, y.ID, 0})

	// Writing a base does not move it.
	plain := first
	plain.Name, plain.System = "Yard", 0
	s.write(func(w fleet.Writer) error { return w.UpdateDectPhone(ctx, plain) })
	y.Bases[0].Name = "Yard"
	anna := s.newUser(tenant.ID)
	s.write(func(w fleet.Writer) error {
		return w.ReplaceMembers(ctx, tenant.ID, first.ID, []fleet.Member{{User: anna.ID, HandsetIndex: 1}})
	})
	y.Members = 1
	same(t, "with a member", get(s, read), y)
	same(t, "EachDectSystem", collect(t, "EachDectSystem", func(f func(fleet.DectSystem) error) error { return s.EachDectSystem(ctx, f) }), []fleet.DectSystem{y})
	same(t, "DectSystemByName", get(s, func(r fleet.Reader) (fleet.DectSystem, error) {
		return r.DectSystemByName(ctx, tenant.ID, "wORKS of "+y.ID.String()+" ä")
	}), y)
	numbers := func() []int {
		return get(s, func(r fleet.Reader) ([]int, error) { return r.DectSystemNumbers(ctx, tenant.ID) })
	}
	same(t, "DectSystemNumbers", numbers(), []int{y.Number})

	// Other bases, another master, another source.
	changed := s.aDectSystem(tenant.ID, third, first)
	changed.ID, changed.Name, changed.Lines = y.ID, "Mill", 20
	changed.Bases[1].Name = "Yard"
	changed.CreatedAt = start.Add(time.Hour)
	s.write(func(w fleet.Writer) error { return w.UpdateDectSystem(ctx, changed) })
	changed.CreatedAt = y.CreatedAt
	same(t, "the changed system", get(s, read), changed)
	same(t, "the systems of three bases", []fleet.ID{systemOf(first), systemOf(second), systemOf(third)}, []fleet.ID{y.ID, 0, y.ID})

	theirs := changed
	theirs.Tenant = other.ID
	s.missing("a system of another tenant", func(w fleet.Writer) error { _, err := w.DectSystem(ctx, other.ID, y.ID); return err })
	s.missing("the name of another tenant's system", func(w fleet.Writer) error { _, err := w.DectSystemByName(ctx, other.ID, "Mill"); return err })
	s.missing("updating a system of another tenant", func(w fleet.Writer) error { return w.UpdateDectSystem(ctx, theirs) })
	s.missing("deleting a system of another tenant", func(w fleet.Writer) error { return w.DeleteDectSystem(ctx, other.ID, y.ID) })
	s.missing("a system with another tenant's base", func(w fleet.Writer) error {
		return w.InsertDectSystem(ctx, s.aDectSystem(other.ID, second))
	})
	for what, write := range map[string]func(fleet.Writer) error{
		"a base in two systems": func(w fleet.Writer) error { return w.InsertDectSystem(ctx, s.aDectSystem(tenant.ID, first)) },
		"a name twice": func(w fleet.Writer) error {
			n := s.aDectSystem(tenant.ID, second)
			n.Name = "mILL"
			return w.InsertDectSystem(ctx, n)
		},
		"a number twice": func(w fleet.Writer) error {
			n := s.aDectSystem(tenant.ID, second)
			n.Number = changed.Number
			return w.InsertDectSystem(ctx, n)
		},
	} {
		err := s.Write(ctx, write)
		wantCode(t, what, err, fleet.CodeConflict)
		saysInPlainWords(t, what, err)
	}
	s.write(func(w fleet.Writer) error { // which another tenant may have
		n := s.aDectSystem(other.ID, s.aDectPhone(other.ID))
		n.Bases, n.Name, n.Number = nil, "Mill", changed.Number
		return w.InsertDectSystem(ctx, n)
	})

	// A job for its bases has no others, and none that is disabled.
	second.DisabledAt = start
	changed.Bases = append(changed.Bases, fleet.SystemBase{Dect: second.ID, Index: 5, SyncFrom: first.ID})
	s.write(func(w fleet.Writer) error {
		return firstErr(w.UpdateDectPhone(ctx, second), func() error { return w.UpdateDectSystem(ctx, changed) })
	})
	s.newDectPhone(tenant.ID)
	job := s.aJob(tenant.ID, fleet.JobReboot, mac.Addr{})
	job.System = y.ID
	s.write(func(w fleet.Writer) error {
		n, err := w.InsertJob(ctx, job)
		if n != 2 {
			t.Errorf("the job has %d items", n)
		}
		return err
	})
	if got := get(s, func(r fleet.Reader) (fleet.Job, error) { return r.Job(ctx, tenant.ID, job.ID) }); got.System != y.ID || got.Counts.Pending != 2 {
		t.Errorf("the job of a system is %+v", got)
	}

	s.write(func(w fleet.Writer) error { return w.DeleteDectSystem(ctx, tenant.ID, y.ID) })
	s.missing("a deleted system", func(w fleet.Writer) error { _, err := w.DectSystem(ctx, tenant.ID, y.ID); return err })
	same(t, "the systems of its bases", []fleet.ID{systemOf(first), systemOf(second), systemOf(third)}, []fleet.ID{0, 0, 0})
	if m := get(s, func(r fleet.Reader) ([]fleet.Member, error) { return r.Members(ctx, tenant.ID, first.ID) }); len(m) != 1 {
		t.Errorf("the members are %v", m)
	}
	same(t, "DectSystemNumbers", numbers(), nil)
}
