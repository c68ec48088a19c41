package fleet

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// maxSystemNumber is the highest number of a system; chains of Snom's have no higher id.
const maxSystemNumber = 512

// DectSystemInput is what can be set of a multi-cell system. Nil fields are not given.
// Its faults point at /name, /master, /bases, /bases/0/dect_phone_id and
// /bases/0/sync_from.
type DectSystemInput struct {
	Name   *string            // required on create
	Master *ID                // the data master, one of the bases; on create the first of them unless given
	Bases  *[]SystemBaseInput // required on create; replaced whole
}

// SystemBaseInput is a base of a system. If none of a list takes its clock from
// another, all take theirs from the data master.
type SystemBaseInput struct {
	Dect     ID
	SyncFrom ID // 0 for none
}

// DectSystems lists the multi-cell systems of the tenant.
func (f *Fleet) DectSystems(ctx context.Context, c Caller, q listquery.Query) (list []DectSystem, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.DectSystems(ctx, c.Tenant, q)
		return err
	})
	return list, count, err
}

// DectSystem returns a multi-cell system.
func (f *Fleet) DectSystem(ctx context.Context, c Caller, id ID) (s DectSystem, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return DectSystem{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		s, err = r.DectSystem(ctx, c.Tenant, id)
		return err
	})
	return s, err
}

// SyncLevels says of each base how far it is from the one whose clock all follow in the
// end: 1 for that one, 2 for those that take their clock from it, and so on.
func (s *DectSystem) SyncLevels() []int {
	place := make(map[ID]int, len(s.Bases))
	for i, b := range s.Bases {
		place[b.Dect] = i
	}
	levels := make([]int, len(s.Bases))
	for i := range s.Bases {
		var way []int // up to the first whose level is known
		for at := i; levels[at] == 0; at = place[s.Bases[at].SyncFrom] {
			if way = append(way, at); s.Bases[at].SyncFrom == 0 || len(way) > len(s.Bases) {
				break
			}
		}
		last := 0
		if n := len(way); n > 0 && s.Bases[way[n-1]].SyncFrom != 0 {
			last = levels[place[s.Bases[way[n-1]].SyncFrom]]
		}
		for j := len(way) - 1; j >= 0; j-- {
			last++
			levels[way[j]] = last
		}
	}
	return levels
}

func (s *DectSystem) object() string { return fmt.Sprintf("DECT system %d", s.Number) }

// CreateDectSystem makes one system of bases. Only the data master may have members,
// which are the system's from then on.
func (f *Fleet) CreateDectSystem(ctx context.Context, c Caller, in DectSystemInput) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	models, err := f.dectModels(ctx, c.Tenant)
	if err != nil {
		return 0, err
	}
	s := DectSystem{ID: f.store.NewID(), Tenant: c.Tenant}
	var touched []mac.Addr
	err = f.change(ctx, c, "dect_system.create", func(w Writer) (string, error) {
		s.CreatedAt = f.now()
		s.UpdatedAt = s.CreatedAt
		plan, err := f.planSystem(ctx, w, models, in, DectSystem{}, &s)
		if err != nil {
			return "", err
		}
		if s.Number, err = freeNumber(ctx, w, c.Tenant); err != nil {
			return "", err
		}
		if err := w.InsertDectSystem(ctx, s); err != nil {
			return "", err
		}
		touched, err = f.carryOut(ctx, w, c, plan, DectSystem{}, s)
		return s.object(), err
	})
	if err != nil {
		return 0, err
	}
	return s.ID, f.tell(ctx, f.systemChanged(c.Tenant, s.ID, touched))
}

// UpdateDectSystem changes a system. The members go to a new data master, each at its
// place if that one has it, and else at the next that is free.
func (f *Fleet) UpdateDectSystem(ctx context.Context, c Caller, id ID, in DectSystemInput) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	models, err := f.dectModels(ctx, c.Tenant)
	if err != nil {
		return err
	}
	var touched []mac.Addr
	err = f.change(ctx, c, "dect_system.update", func(w Writer) (string, error) {
		before, err := w.DectSystem(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		s := before
		s.UpdatedAt = f.now()
		plan, err := f.planSystem(ctx, w, models, in, before, &s)
		if err != nil {
			return "", err
		}
		if err := w.UpdateDectSystem(ctx, s); err != nil {
			return "", err
		}
		touched, err = f.carryOut(ctx, w, c, plan, before, s)
		return s.object(), err
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.systemChanged(c.Tenant, id, touched))
}

// DeleteDectSystem makes bases of their own of a system's bases. The members stay with
// the data master; those at places that it has not by itself get the next that is free.
// If they are more than it takes by itself it is a CodeConflict, or with force those at
// the highest places are no members any more.
func (f *Fleet) DeleteDectSystem(ctx context.Context, c Caller, id ID, force bool) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var touched []mac.Addr
	err := f.change(ctx, c, "dect_system.delete", func(w Writer) (string, error) {
		s, err := w.DectSystem(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		master, err := w.DectPhone(ctx, c.Tenant, s.Master())
		if err != nil {
			return "", err
		}
		members, err := w.Members(ctx, c.Tenant, master.ID)
		if err != nil {
			return "", err
		}
		if len(members) > master.Lines {
			if !force {
				return "", errorf(CodeConflict, "the DECT system %q has %d members, and its data master %q, a %s, takes %d by itself; move members, or force, which takes off those at the highest places",
					s.Name, len(members), master.Name, master.Model, master.Lines)
			}
			members = members[:master.Lines]
		}
		if err := w.DeleteDectSystem(ctx, c.Tenant, id); err != nil {
			return "", err
		}
		plan := systemPlan{owner: master.ID, members: refitted(members, master.Lines)}
		touched, err = f.carryOut(ctx, w, c, plan, s, DectSystem{})
		return s.object(), err
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.systemChanged(c.Tenant, id, touched))
}

func (f *Fleet) systemChanged(tenant, system ID, bases []mac.Addr) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.DectSystemChanged(ctx, tenant, system, bases) }
}

// freeNumber is the lowest number that no system of the tenant has.
func freeNumber(ctx context.Context, r Reader, tenant ID) (int, error) {
	taken, err := r.DectSystemNumbers(ctx, tenant)
	if err != nil {
		return 0, err
	}
	n := 1
	for n <= len(taken) && taken[n-1] == n {
		n++
	}
	if n > maxSystemNumber {
		return 0, errorf(CodeConflict, "the tenant has %d DECT systems, and there are no more numbers for them; delete one", maxSystemNumber)
	}
	return n, nil
}

// modelKey finds a model of a template.
type modelKey struct{ filename, model string }

func (f *Fleet) dectModels(ctx context.Context, tenant ID) (map[modelKey]ModelRow, error) {
	rows, err := f.catalog.Models(ctx, tenant)
	if err != nil {
		return nil, err
	}
	models := make(map[modelKey]ModelRow)
	for _, m := range rows {
		if m.dect() {
			models[modelKey{m.Filename, m.Model}] = m
		}
	}
	return models, nil
}

// systemPlan is where the members of a system are to be.
type systemPlan struct {
	owner   ID // the data master
	members []Member
}

// planning is a system in the making: what an input makes of what was before.
type planning struct {
	form
	r      Reader
	models map[modelKey]ModelRow
	before DectSystem

	wanted []SystemBaseInput
	bases  []DectPhone // of each wanted; zero where there is none
	master int         // its place in wanted, or -1
	// masterAt points at what names the data master, and given says that the bases are
	// in the request.
	masterAt string
	given    bool
}

func (p *planning) at(i int, field string) string {
	if !p.given {
		return p.masterAt
	}
	return fmt.Sprintf("/bases/%d/%s", i, field)
}

// planSystem reads an input into s and says where the members are to be. It names
// everything that is wrong at once.
func (f *Fleet) planSystem(ctx context.Context, r Reader, models map[modelKey]ModelRow, in DectSystemInput, before DectSystem, s *DectSystem) (systemPlan, error) {
	p := planning{form: form{creating: before.ID == 0}, r: r, models: models, before: before, master: -1, masterAt: "/master", given: in.Bases != nil}
	switch {
	case in.Bases != nil:
		p.wanted = *in.Bases
	case p.creating:
		p.add("/bases", "is required")
	default:
		for _, b := range before.Bases {
			p.wanted = append(p.wanted, SystemBaseInput{b.Dect, b.SyncFrom})
		}
	}
	if in.Bases != nil && len(p.wanted) == 0 {
		p.add("/bases", "must name at least one DECT base")
	}
	if err := p.find(ctx, s.Tenant); err != nil {
		return systemPlan{}, err
	}
	p.lead(in.Master)
	p.compatible()
	p.synchronise()
	var vendors []string
	if p.master >= 0 {
		vendors = []string{p.bases[p.master].Vendor}
	}
	name := s.Name
	need(&p.form, "/name", in.Name, &s.Name, all(text(1, 64), f.carried(vendors...)))
	if s.Name != name {
		switch other, err := r.DectSystemByName(ctx, s.Tenant, s.Name); {
		case CodeOf(err) == CodeNotFound:
		case err != nil:
			return systemPlan{}, err
		case other.ID != s.ID:
			p.conflict("/name", "the DECT system %q has this name (upper and lower case count as the same)", other.Name)
		}
	}
	plan, err := p.members(ctx, s)
	if err != nil {
		return systemPlan{}, err
	}
	if err := p.err(); err != nil {
		return systemPlan{}, err
	}
	p.place(s)
	return plan, nil
}

// find reads the wanted bases.
func (p *planning) find(ctx context.Context, tenant ID) error {
	p.bases = make([]DectPhone, len(p.wanted))
	seen := make(map[ID]int)
	for i, b := range p.wanted {
		if first, twice := seen[b.Dect]; twice && b.Dect > 0 {
			p.add(p.at(i, "dect_phone_id"), "is that of item %d as well", first)
			continue
		}
		seen[b.Dect] = i
		d, err := p.r.DectPhone(ctx, tenant, b.Dect)
		if CodeOf(err) == CodeNotFound {
			p.add(p.at(i, "dect_phone_id"), "there is no such DECT base")
			continue
		}
		if err != nil {
			return err
		}
		p.bases[i] = d
		if d.System == 0 || d.System == p.before.ID {
			continue
		}
		other, err := p.r.DectSystem(ctx, tenant, d.System)
		if err != nil {
			return err
		}
		p.conflict(p.at(i, "dect_phone_id"), "the DECT base %q is in the DECT system %q; take it from there first", d.Name, other.Name)
	}
	return nil
}

// lead finds the data master.
func (p *planning) lead(given *ID) {
	index := func(id ID) int {
		return slices.IndexFunc(p.wanted, func(b SystemBaseInput) bool { return b.Dect == id && id > 0 })
	}
	switch {
	case given != nil:
		if p.master = index(*given); p.master < 0 {
			p.add("/master", "is none of the bases")
		}
	case p.creating && len(p.wanted) > 0:
		p.master = 0
		p.masterAt = "/bases/0/dect_phone_id"
	case !p.creating:
		if p.master = index(p.before.Master()); p.master < 0 && len(p.wanted) > 0 {
			p.add("/master", "is required, since %q, which was the data master, is none of the bases any more", p.before.Bases[0].Name)
		}
	}
	if p.master >= 0 && p.bases[p.master].ID == 0 {
		p.master = -1 // it was told already that there is no such base
	}
}

// compatible sees that the data master can lead the others.
func (p *planning) compatible() {
	model := func(d DectPhone) ModelRow { return p.models[modelKey{d.Template, d.Model}] }
	for i, d := range p.bases {
		if d.ID != 0 && model(d).Bases == 0 {
			p.add(p.at(i, "dect_phone_id"), "the DECT base %q is a %s, which works alone", d.Name, d.Model)
		}
	}
	if p.master < 0 {
		return
	}
	master := p.bases[p.master]
	lead := model(master)
	switch {
	case lead.Bases == 0: // has been said
	case lead.SystemHandsets == 0:
		p.add(p.masterAt, "the DECT base %q is a %s, which cannot be the data master", master.Name, master.Model)
	case len(p.wanted) > lead.Bases && p.given:
		p.add("/bases", "has %d DECT bases; a system that a %s leads has at most %d", len(p.wanted), master.Model, lead.Bases)
	case len(p.wanted) > lead.Bases:
		p.add(p.masterAt, "the system has %d DECT bases, and a %s leads at most %d", len(p.wanted), master.Model, lead.Bases)
	}
	for i, d := range p.bases {
		switch {
		case d.ID == 0:
		case d.Vendor != master.Vendor:
			p.add(p.at(i, "dect_phone_id"), "the DECT base %q is made by %s, and the data master by %s", d.Name, d.Vendor, master.Vendor)
		case d.Template != master.Template:
			p.add(p.at(i, "dect_phone_id"), "the DECT base %q has the template %s, and the data master %s", d.Name, d.Template, master.Template)
		}
	}
}

// synchronise sees that the bases' clocks all follow one of them in the end.
func (p *planning) synchronise() {
	if p.given && !slices.ContainsFunc(p.wanted, func(b SystemBaseInput) bool { return b.SyncFrom != 0 }) {
		p.wanted = slices.Clone(p.wanted)
		for i := range p.wanted {
			if i != p.master && p.master >= 0 {
				p.wanted[i].SyncFrom = p.wanted[p.master].Dect
			}
		}
		return
	}
	from := make(map[ID]ID, len(p.wanted))
	for i, b := range p.wanted {
		if p.bases[i].ID != 0 {
			from[b.Dect] = b.SyncFrom
		}
	}
	root := -1
	for i, b := range p.wanted {
		_, known := from[b.SyncFrom]
		switch {
		case p.bases[i].ID == 0: // has been said
		case b.SyncFrom == 0 && root < 0:
			root = i
		case b.SyncFrom == 0:
			p.add(p.at(i, "sync_from"), "is required: one base alone takes its clock from none, and that is item %d", root)
		case b.SyncFrom == b.Dect:
			p.add(p.at(i, "sync_from"), "is the base itself")
		case !known:
			p.add(p.at(i, "sync_from"), "is none of the system's bases")
		case circles(from, b.Dect):
			p.add(p.at(i, "sync_from"), "leads back to the base itself")
		}
	}
}

// circles says whether following the sources of a base leads back to it, through
// others.
func circles(from map[ID]ID, base ID) bool {
	at := from[base]
	for range from {
		next, known := from[at]
		if !known || next == at {
			return false
		}
		if at == base {
			return true
		}
		at = next
	}
	return at == base
}

// members says where the system's members are to be.
func (p *planning) members(ctx context.Context, s *DectSystem) (systemPlan, error) {
	var list []Member
	if !p.creating {
		var err error
		if list, err = p.r.Members(ctx, s.Tenant, p.before.Master()); err != nil {
			return systemPlan{}, err
		}
	}
	for i, d := range p.bases {
		if d.ID == 0 || d.System != 0 {
			continue // one of this system, or of another, which has been said
		}
		own, err := p.r.Members(ctx, s.Tenant, d.ID)
		switch {
		case err != nil:
			return systemPlan{}, err
		case len(own) == 0:
		case i == p.master && len(list) == 0:
			list = own
		default:
			p.conflict(p.at(i, "dect_phone_id"), "the DECT base %q has %s; move them first, for those of a system are its data master's", d.Name, countOf(own))
		}
	}
	if p.master < 0 {
		return systemPlan{}, nil
	}
	master := p.bases[p.master]
	s.Lines = p.models[modelKey{master.Template, master.Model}].SystemHandsets
	if s.Lines > 0 && len(list) > s.Lines {
		p.conflict(p.masterAt, "the system has %d members, and one that a %s leads takes at most %d", len(list), master.Model, s.Lines)
		return systemPlan{}, nil
	}
	return systemPlan{owner: master.ID, members: refitted(list, s.Lines)}, nil
}

// place gives every base its place: the first to the data master, to others the one
// that they had, or else the lowest that is free.
func (p *planning) place(s *DectSystem) {
	had := make(map[ID]int)
	for _, b := range p.before.Bases {
		had[b.Dect] = b.Index
	}
	taken := map[int]bool{1: true}
	s.Bases = make([]SystemBase, len(p.wanted))
	for i, b := range p.wanted {
		d := p.bases[i]
		s.Bases[i] = SystemBase{Dect: b.Dect, SyncFrom: b.SyncFrom, MAC: d.MAC, Name: d.Name, Model: d.Model}
		switch n := had[b.Dect]; {
		case i == p.master:
			s.Bases[i].Index = 1
		case n > 1:
			s.Bases[i].Index, taken[n] = n, true
		}
	}
	most := p.models[modelKey{p.bases[p.master].Template, p.bases[p.master].Model}].Bases
	free := 1
	for i := range s.Bases {
		if b := &s.Bases[i]; b.Index == 0 || b.Index > most {
			for taken[free] {
				free++
			}
			b.Index, taken[free] = free, true
		}
	}
	slices.SortFunc(s.Bases, func(a, b SystemBase) int { return cmp.Compare(a.Index, b.Index) })
}

// refitted returns members that are no more than there are places: those beyond the
// last place get the next that is free.
func refitted(members []Member, places int) []Member {
	fit := slices.Clone(members)
	taken := make(map[int]int, len(fit))
	for i := range fit {
		if fit[i].HandsetIndex > places {
			fit[i].HandsetIndex = 0
			continue
		}
		taken[fit[i].HandsetIndex] = i
	}
	placeHandsets(fit, nil, taken)
	slices.SortFunc(fit, func(a, b Member) int { return cmp.Compare(a.HandsetIndex, b.HandsetIndex) })
	return fit
}

// carryOut puts the members where the plan has them and notes what has become of the
// bases. It returns those whose own files are made of other things than before; what
// the system itself has changed is not among them.
func (f *Fleet) carryOut(ctx context.Context, w Writer, c Caller, plan systemPlan, before, after DectSystem) ([]mac.Addr, error) {
	bases := make(map[ID]mac.Addr)
	was, is := make(map[ID]SystemBase), make(map[ID]SystemBase)
	for _, b := range before.Bases {
		was[b.Dect], bases[b.Dect] = b, b.MAC
	}
	for _, b := range after.Bases {
		is[b.Dect], bases[b.Dect] = b, b.MAC
	}
	touched := make(map[ID]bool)
	if len(before.Bases) > 0 && before.Master() != plan.owner {
		touched[before.Master()], touched[plan.owner] = true, true
		if err := w.ReplaceMembers(ctx, c.Tenant, before.Master(), nil); err != nil {
			return nil, err
		}
	}
	now, err := w.Members(ctx, c.Tenant, plan.owner)
	if err != nil {
		return nil, err
	}
	if !slices.Equal(now, plan.members) {
		touched[plan.owner] = true
		if err := w.ReplaceMembers(ctx, c.Tenant, plan.owner, plan.members); err != nil {
			return nil, err
		}
	}
	for _, id := range slices.Sorted(maps.Keys(bases)) {
		a, in := is[id]
		b, had := was[id]
		text := ""
		switch {
		case in && !had && a.Index == 1:
			text = fmt.Sprintf("leads the DECT system %q", after.Name)
		case in && !had:
			text = fmt.Sprintf("joined the DECT system %q at place %d", after.Name, a.Index)
		case had && !in:
			text = fmt.Sprintf("left the DECT system %q", before.Name)
		case a.Index == 1 && b.Index != 1:
			text = fmt.Sprintf("leads the DECT system %q, with its members", after.Name)
		case a.Index != b.Index || a.SyncFrom != b.SyncFrom:
			text = fmt.Sprintf("changed: its place in the DECT system %q", after.Name)
		case touched[id]:
			text = "changed: members"
		}
		if in != had {
			touched[id] = true
		}
		if text == "" {
			continue
		}
		field := "dect_system"
		if text == "changed: members" {
			field = "members"
		}
		if err := f.note(ctx, w, c, bases[id], EventChanged, text, EventDetails{Changes: []Change{{Field: field}}}); err != nil {
			return nil, err
		}
	}
	var list []mac.Addr
	for _, id := range slices.Sorted(maps.Keys(touched)) {
		list = append(list, bases[id])
	}
	return list, nil
}

// leave takes a base that is to be deleted out of its system. Those that took their
// clock from it take it from where it took its own or, if it took it from none, from the
// first of them. The data master cannot leave.
func (f *Fleet) leave(ctx context.Context, w Writer, d DectPhone, force bool) error {
	s, err := w.DectSystem(ctx, d.Tenant, d.System)
	if err != nil {
		return err
	}
	switch {
	case s.Master() == d.ID:
		return errorf(CodeConflict, "the DECT base %q is the data master of the DECT system %q; make another base that, or destroy the system, first", d.Name, s.Name)
	case !force:
		return errorf(CodeConflict, "the DECT base %q is in the DECT system %q; take it from there, or force", d.Name, s.Name)
	}
	at := slices.IndexFunc(s.Bases, func(b SystemBase) bool { return b.Dect == d.ID })
	source := s.Bases[at].SyncFrom
	s.Bases = slices.Delete(s.Bases, at, at+1)
	for i := range s.Bases {
		if b := &s.Bases[i]; b.SyncFrom == d.ID {
			if b.SyncFrom = source; source == 0 {
				source = b.Dect
			}
		}
	}
	s.UpdatedAt = f.now()
	return w.UpdateDectSystem(ctx, s)
}

// ReprovisionDectSystem makes every base of a system fetch its configuration, but for
// those that are rejected or disabled. It returns the job, as ReprovisionAll does.
func (f *Fleet) ReprovisionDectSystem(ctx context.Context, c Caller, id ID) (ID, error) {
	return f.orderSystem(ctx, c, JobReprovision, id)
}

// RebootDectSystem makes every base of a system restart, as ReprovisionDectSystem makes
// them fetch.
func (f *Fleet) RebootDectSystem(ctx context.Context, c Caller, id ID) (ID, error) {
	return f.orderSystem(ctx, c, JobReboot, id)
}

func (f *Fleet) orderSystem(ctx context.Context, c Caller, kind JobKind, id ID) (ID, error) {
	if err := c.mayHere(Operator); err != nil {
		return 0, err
	}
	job := Job{ID: f.store.NewID(), Tenant: c.Tenant, Kind: kind, System: id, State: JobRunning, Caller: c.Name}
	err := f.change(ctx, c, "dect_system."+string(kind), func(w Writer) (string, error) {
		job.CreatedAt = f.now()
		s, err := w.DectSystem(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		var able, idle []mac.Addr // those that take orders, and of them those that have none of the kind
		var why error
		for _, b := range s.Bases {
			switch err := mayCommand(ctx, w, c.Tenant, b.MAC); {
			case CodeOf(err) == CodeConflict:
				why = err
				continue
			case err != nil:
				return "", err
			}
			one := job
			one.MAC = b.MAC
			if err := notPaused(ctx, w, one); err != nil {
				return "", err
			}
			able = append(able, b.MAC)
			if _, err := w.OpenJob(ctx, c.Tenant, kind, b.MAC); CodeOf(err) == CodeNotFound {
				idle = append(idle, b.MAC)
			} else if err != nil {
				return "", err
			}
		}
		if len(able) == 0 {
			return "", why
		}
		queued, err := w.InsertJob(ctx, job)
		if err != nil {
			return "", err
		}
		if queued == 0 { // each base has this to do already
			joined, err := w.OpenJob(ctx, c.Tenant, kind, able[0])
			job.ID = joined.ID
			return s.object(), err
		}
		for _, m := range idle {
			if err := f.note(ctx, w, c, m, EventOrdered, string(kind)+" ordered", EventDetails{Job: job.ID, Order: kind, Phones: queued}); err != nil {
				return "", err
			}
		}
		return s.object(), nil
	})
	if err != nil {
		return 0, err
	}
	f.wake()
	return job.ID, nil
}

// seats is where members are: a base that is alone, or a system.
type seats struct {
	base   DectPhone // that has them: the base itself, or the data master
	system *DectSystem
	lines  int
}

func (s *seats) String() string {
	if s.system != nil {
		return fmt.Sprintf("DECT system %q", s.system.Name)
	}
	return fmt.Sprintf("DECT base %q", s.base.Name)
}

// takes says how many members there may be: "a W70B takes at most 10".
func (s *seats) takes() string {
	switch {
	case s.system != nil:
		return fmt.Sprintf("the %s takes at most %d", s, s.lines)
	case s.lines == 0:
		return fmt.Sprintf("a %s has members in a DECT system only", s.base.Model)
	}
	return fmt.Sprintf("a %s takes at most %d", s.base.Model, s.lines)
}

func (s *seats) object() string {
	if s.system != nil {
		return s.system.object()
	}
	return s.base.object()
}

// seatsOf finds the members' place that a base stands for: its system's if it is in one.
func seatsOf(ctx context.Context, r Reader, tenant, dect ID) (seats, error) {
	d, err := r.DectPhone(ctx, tenant, dect)
	if err != nil {
		return seats{}, err
	}
	if d.System != 0 {
		return seatsIn(ctx, r, tenant, d.System)
	}
	return seats{base: d, lines: d.Lines}, nil
}

func seatsIn(ctx context.Context, r Reader, tenant, system ID) (seats, error) {
	s, err := r.DectSystem(ctx, tenant, system)
	if err != nil {
		return seats{}, err
	}
	master, err := r.DectPhone(ctx, tenant, s.Master())
	return seats{base: master, system: &s, lines: s.Lines}, err
}

// DectSystemMembers lists the members of a system by handset index.
func (f *Fleet) DectSystemMembers(ctx context.Context, c Caller, system ID) ([]Member, error) {
	return f.membersOf(ctx, c, DectPlace{System: system})
}

// ReplaceDectSystemMembers gives a system a new list of members, as ReplaceMembers does
// a base.
func (f *Fleet) ReplaceDectSystemMembers(ctx context.Context, c Caller, system ID, in []MemberInput) error {
	return f.replaceMembers(ctx, c, DectPlace{System: system}, in)
}

// DectPlace is where members are: one of the two, the other being 0. A base that is in
// a system stands for it.
type DectPlace struct{ System, Dect ID }

func (p DectPlace) find(ctx context.Context, r Reader, tenant ID) (seats, error) {
	if p.System != 0 {
		return seatsIn(ctx, r, tenant, p.System)
	}
	return seatsOf(ctx, r, tenant, p.Dect)
}

// MoveMembers takes members from a base or system to another of the tenant, all or
// none. The handset goes along, and each keeps its place if that is free, or gets the
// next that is. The faults point at /to and /extension_numbers/0.
func (f *Fleet) MoveMembers(ctx context.Context, c Caller, from, to DectPlace, extensions []string) error {
	if err := c.mayHere(Operator); err != nil {
		return err
	}
	var changed []mac.Addr
	err := f.change(ctx, c, "dect.move_members", func(w Writer) (string, error) {
		m := moving{r: w, extensions: extensions}
		if err := m.read(ctx, c.Tenant, from, to, f.carried); err != nil {
			return "", err
		}
		text := fmt.Sprintf("changed: members, of which %d moved from the %s to the %s", len(extensions), &m.from, &m.to)
		for _, side := range []struct {
			seats
			members []Member
		}{{m.from, m.stay}, {m.to, m.there}} {
			d := side.base
			d.UpdatedAt = f.now()
			if err := w.UpdateDectPhone(ctx, d); err != nil {
				return "", err
			}
			if err := f.note(ctx, w, c, d.MAC, EventChanged, text, EventDetails{Changes: []Change{{Field: "members"}}}); err != nil {
				return "", err
			}
			if err := w.ReplaceMembers(ctx, c.Tenant, d.ID, side.members); err != nil {
				return "", err
			}
			changed = append(changed, d.MAC)
		}
		return fmt.Sprintf("%s to %s: %s", m.from.object(), m.to.object(), strings.Join(extensions, ", ")), nil
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.phoneChanged(c.Tenant, changed[0]), f.phoneChanged(c.Tenant, changed[1]))
}

// moving is members on their way.
type moving struct {
	form
	r          Reader
	extensions []string
	from, to   seats
	stay       []Member // what is left where they were
	there      []Member // what is where they are going, they included
}

func (m *moving) read(ctx context.Context, tenant ID, from, to DectPlace, carried func(...string) rule[string]) (err error) {
	if m.from, err = from.find(ctx, m.r, tenant); err != nil {
		return err
	}
	members, err := m.r.Members(ctx, tenant, m.from.base.ID)
	if err != nil {
		return err
	}
	known := false
	if (to.System == 0) == (to.Dect == 0) {
		m.add("/to", "must name either a DECT system or a DECT base")
	} else if m.to, err = to.find(ctx, m.r, tenant); CodeOf(err) == CodeNotFound {
		m.add("/to", "%s", err)
	} else if err != nil {
		return err
	} else if m.to.base.ID == m.from.base.ID {
		m.add("/to", "is where the members are")
	} else {
		known = true
		if m.there, err = m.r.Members(ctx, tenant, m.to.base.ID); err != nil {
			return err
		}
	}
	if len(m.extensions) == 0 {
		m.add("/extension_numbers", "must name at least one member")
	}
	going, err := m.pick(ctx, tenant, members, known, carried)
	if err != nil {
		return err
	}
	if n := len(m.there) + len(going); known && n > m.to.lines {
		m.add("/to", "would have %d members; %s", n, m.to.takes())
	}
	if err := m.err(); err != nil {
		return err
	}
	taken := make(map[int]int)
	for i, t := range m.there {
		taken[t.HandsetIndex] = i
	}
	for _, member := range members {
		if !going[member.User] {
			m.stay = append(m.stay, member)
			continue
		}
		if _, gone := taken[member.HandsetIndex]; gone || member.HandsetIndex > m.to.lines {
			member.HandsetIndex = 0
		} else {
			taken[member.HandsetIndex] = len(m.there)
		}
		m.there = append(m.there, member)
	}
	placeHandsets(m.there, nil, taken)
	return nil
}

// pick finds those who are to go. If it is known where to, it sees that they can.
func (m *moving) pick(ctx context.Context, tenant ID, members []Member, known bool, carried func(...string) rule[string]) (map[ID]bool, error) {
	going, at := make(map[ID]bool), make(map[string]int)
	carry := carried(m.to.base.Vendor)
	for i, extension := range m.extensions {
		pointer := fmt.Sprintf("/extension_numbers/%d", i)
		if first, twice := at[extension]; twice {
			m.add(pointer, "is that of item %d as well", first)
			continue
		}
		at[extension] = i
		faults := len(m.list)
		u, err := userOf(ctx, m.r, &m.form, pointer, tenant, extension)
		if err != nil {
			return nil, err
		}
		if len(m.list) > faults {
			continue
		}
		if !slices.ContainsFunc(members, func(member Member) bool { return member.User == u.ID }) {
			m.add(pointer, "extension %s is no member of the %s", extension, &m.from)
			continue
		}
		going[u.ID] = true
		if !known {
			continue
		}
		if slices.ContainsFunc(m.there, func(member Member) bool { return member.User == u.ID }) {
			m.conflict(pointer, "extension %s is a member of the %s already", extension, &m.to)
		}
		if what, wrong := u.breaks(carry); wrong != "" {
			m.add(pointer, "the %s of extension %s %s", what, extension, wrong)
		}
	}
	return going, nil
}
