package storetest

import (
	"context"
	"encoding/hex"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// list is one list of the store and what it holds, in the order without orderby.
type list struct {
	name   string
	fields listquery.Fields
	ids    []string // fields that are compared as IDs
	times  []string // fields that are compared as times
	items  []map[string]listquery.Value
	// ask returns the items that the store answers with, by their place in items.
	ask func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]int, int, error)
}

// words are texts with what may be mistaken: wildcards, quotes, case, blanks.
var words = []string{"", "a", "A", "ab", "Ab", "a%b", "a_b", `a\b`, "a'b", `"a"`, "%", "_", "ä", "Ä", "äb", "1", "10", "2", "ba"}

// testLists compares the store's answers with listquery's own, for lists that have
// equal, blank and awkward values, and queries of every kind.
func testLists(t *testing.T, s *store) {
	ctx := t.Context()
	for _, l := range s.lists() {
		t.Run(l.name, func(t *testing.T) {
			searched := maps.Clone(l.fields)
			for _, f := range append(l.ids, l.times...) {
				delete(searched, f)
			}
			places := make([]int, len(l.items))
			for i := range places {
				places[i] = i
			}
			rapid.Check(t, func(t *rapid.T) {
				q := l.query(t)
				want, wantCount := listquery.Apply(places, q, searched, func(i int, f string) listquery.Value { return l.items[i][f] })
				var (
					got   []int
					count int
				)
				err := s.Read(ctx, func(r fleet.Reader) (err error) {
					got, count, err = l.ask(ctx, r, l.opaque(q))
					return err
				})
				if err != nil {
					t.Fatal(err)
				}
				if !slices.Equal(got, want) || count != wantCount {
					t.Fatalf("got %v (count %d), want %v (count %d)", got, count, want, wantCount)
				}
			})
		})
	}
}

// opaque gives the IDs in a query the form that clients see. The lists here write
// them so that their order as text is theirs as numbers.
func (l list) opaque(q listquery.Query) listquery.Query {
	var expr func(e *listquery.Expr) *listquery.Expr
	expr = func(e *listquery.Expr) *listquery.Expr {
		if e == nil {
			return nil
		}
		c := *e
		c.Args = nil
		for _, a := range e.Args {
			c.Args = append(c.Args, expr(a))
		}
		if slices.Contains(l.ids, c.Field) && c.Value.Text != "" {
			var id int64
			if _, err := fmt.Sscan(strings.TrimLeft(c.Value.Text, "0"), &id); err == nil {
				c.Value.Text = fleet.ID(id).String()
			}
		}
		return &c
	}
	q.Filter = expr(q.Filter)
	return q
}

func (l list) query(t *rapid.T) listquery.Query {
	names := slices.Sorted(maps.Keys(l.fields))
	q := listquery.Query{
		Top:   rapid.SampledFrom([]int{0, 0, 1, 5, 100}).Draw(t, "top"),
		Skip:  rapid.SampledFrom([]int{0, 0, 1, 3, 1000}).Draw(t, "skip"),
		Count: rapid.Bool().Draw(t, "count"),
	}
	for _, f := range rapid.SliceOfNDistinct(rapid.SampledFrom(names), 0, 2, rapid.ID).Draw(t, "order") {
		q.Order = append(q.Order, listquery.Order{Field: f, Desc: rapid.Bool().Draw(t, "desc")})
	}
	if rapid.Bool().Draw(t, "searches") {
		q.Search = rapid.SampledFrom(words).Draw(t, "search")
	}
	if rapid.Bool().Draw(t, "filters") {
		q.Filter = l.expr(t, names, 3)
	}
	return q
}

func (l list) expr(t *rapid.T, names []string, depth int) *listquery.Expr {
	if depth > 0 {
		switch op := rapid.SampledFrom([]listquery.Op{listquery.And, listquery.Or, listquery.Not, "", "", ""}).Draw(t, "op"); op {
		case listquery.Not:
			return &listquery.Expr{Op: op, Args: []*listquery.Expr{l.expr(t, names, depth-1)}}
		case listquery.And, listquery.Or:
			e := &listquery.Expr{Op: op}
			for range rapid.IntRange(2, 3).Draw(t, "args") {
				e.Args = append(e.Args, l.expr(t, names, depth-1))
			}
			return e
		}
	}
	field := rapid.SampledFrom(names).Draw(t, "field")
	kind := l.fields[field]
	ops := []listquery.Op{listquery.Eq, listquery.Ne}
	id, when := slices.Contains(l.ids, field), slices.Contains(l.times, field)
	if kind != listquery.Bool && !id {
		ops = append(ops, listquery.Gt, listquery.Ge, listquery.Lt, listquery.Le)
	}
	if kind == listquery.Text && !id && !when {
		ops = append(ops, listquery.StartsWith, listquery.EndsWith, listquery.Contains)
	}
	e := &listquery.Expr{Op: rapid.SampledFrom(ops).Draw(t, "compare"), Field: field}
	// Mostly a value that is in the list.
	e.Value = l.items[rapid.IntRange(0, len(l.items)-1).Draw(t, "of")][field]
	if kind == listquery.Text && !id && !when && rapid.Bool().Draw(t, "strange") {
		e.Value = listquery.TextValue(rapid.SampledFrom(words).Draw(t, "word"))
	}
	if e.Value.Text == "" && kind == listquery.Text && (e.Op == listquery.Eq || e.Op == listquery.Ne) {
		e.Value = listquery.Value{}
	}
	return e
}

func text(s string) listquery.Value { return listquery.TextValue(s) }

// idText writes an ID so that its text sorts as it does.
func idText(id fleet.ID) listquery.Value {
	if id == 0 {
		return text("")
	}
	return text(fmt.Sprintf("%020d", id))
}

func timeText(t time.Time) listquery.Value {
	if t.IsZero() {
		return text("")
	}
	return text(t.UTC().Format(time.RFC3339))
}

// asking makes a list's ask of a method of the Reader.
func asking[T any, K comparable](find func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]T, int, error), key func(T) K, order []K) func(context.Context, fleet.Reader, listquery.Query) ([]int, int, error) {
	return func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]int, int, error) {
		found, count, err := find(ctx, r, q)
		places := make([]int, 0, len(found))
		for _, v := range found {
			places = append(places, slices.Index(order, key(v)))
		}
		return places, count, err
	}
}

const listLength = 24

// lists fills a tenant and returns every list of it, and that of the tenants.
func (s *store) lists() []list {
	s.t.Helper()
	ctx := s.t.Context()
	// Chance that is the same each time.
	n := 0
	word := func() string {
		n++
		return words[n*n*7%len(words)]
	}
	ascii := func() string {
		return strings.Map(func(r rune) rune {
			if r > 127 {
				return 'x'
			}
			return r
		}, word())
	}
	sec := func() time.Time { n++; return start.Truncate(time.Second).Add(time.Duration(n%5) * time.Second) }

	tenants := list{name: "Tenants", fields: fleet.TenantFields, ids: []string{"id"}}
	var tenantIDs []fleet.ID
	for i := range listLength {
		t := s.aTenant()
		t.Name, t.Domain = fmt.Sprintf("%s%d", word(), i), fmt.Sprintf("%d%s", i, word())
		s.write(func(w fleet.Writer) error { return w.InsertTenant(ctx, t) })
		tenantIDs = append(tenantIDs, t.ID)
		tenants.items = append(tenants.items, map[string]listquery.Value{"id": idText(t.ID), "name": text(t.Name), "domain": text(t.Domain)})
	}
	tenants.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Tenant, int, error) {
		return r.Tenants(ctx, q)
	},
		func(t fleet.Tenant) fleet.ID { return t.ID }, tenantIDs)
	tenant := tenantIDs[3]

	users := list{name: "Users", fields: fleet.UserFields, ids: []string{"id"}}
	var userIDs []fleet.ID
	for i := range listLength {
		u := s.aUser(tenant)
		u.ExtensionNumber, u.DisplayName, u.AuthName = strconv.Itoa(100+i*i), word(), word()
		s.write(func(w fleet.Writer) error { return w.InsertUser(ctx, u) })
		userIDs = append(userIDs, u.ID)
		users.items = append(users.items, map[string]listquery.Value{
			"id": idText(u.ID), "extension_number": text(u.ExtensionNumber), "display_name": text(u.DisplayName), "auth_name": text(u.AuthName),
		})
	}
	users.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.User, int, error) {
		return r.Users(ctx, tenant, q)
	},
		func(u fleet.User) fleet.ID { return u.ID }, userIDs)

	contacts := list{name: "Contacts", fields: fleet.ContactFields, ids: []string{"id"}}
	var contactIDs []fleet.ID
	for range listLength {
		c := s.aContact(tenant)
		c.DisplayName = word()
		s.write(func(w fleet.Writer) error { return w.InsertContact(ctx, c) })
		contactIDs = append(contactIDs, c.ID)
		contacts.items = append(contacts.items, map[string]listquery.Value{"id": idText(c.ID), "display_name": text(c.DisplayName)})
	}
	contacts.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Contact, int, error) {
		return r.Contacts(ctx, tenant, q)
	},
		func(c fleet.Contact) fleet.ID { return c.ID }, contactIDs)

	files := list{name: "Files", fields: fleet.FileFields, ids: []string{"id"}, times: []string{"created"}}
	var fileIDs []fleet.ID
	for i := range listLength {
		f := s.aFile(tenant)
		f.Kind, f.Name, f.Vendor, f.Version = fleet.FileKinds[i%3], fmt.Sprintf("%d%s", i, ascii()), ascii(), ascii()
		f.Bytes, f.CreatedAt = int64(i*i), sec()
		s.write(func(w fleet.Writer) error { return w.InsertFile(ctx, f) })
		fileIDs = append(fileIDs, f.ID)
		files.items = append(files.items, map[string]listquery.Value{
			"id": idText(f.ID), "kind": text(string(f.Kind)), "name": text(f.Name), "vendor": text(f.Vendor), "version": text(f.Version),
			"bytes": listquery.NumberValue(f.Bytes), "sha256": text(hex.EncodeToString(f.SHA256[:])), "created": timeText(f.CreatedAt),
		})
	}
	files.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.File, int, error) {
		return r.Files(ctx, tenant, q)
	},
		func(f fleet.File) fleet.ID { return f.ID }, fileIDs)

	policies := list{name: "FirmwarePolicies", fields: fleet.FirmwarePolicyFields, ids: []string{"id"}}
	var policyIDs []fleet.ID
	for i := range listLength {
		p := s.aFirmwarePolicy(tenant)
		p.Vendor = fmt.Sprintf("%s%d", word(), i/2)
		s.write(func(w fleet.Writer) error { return w.InsertFirmwarePolicy(ctx, p) })
		policyIDs = append(policyIDs, p.ID)
		policies.items = append(policies.items, map[string]listquery.Value{"id": idText(p.ID), "vendor": text(p.Vendor)})
	}
	policies.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.FirmwarePolicy, int, error) {
		return r.FirmwarePolicies(ctx, tenant, q)
	},
		func(p fleet.FirmwarePolicy) fleet.ID { return p.ID }, policyIDs)

	phones := list{name: "PhonesOfUser", fields: fleet.PhoneFields, ids: []string{"id"}}
	var phoneIDs []fleet.ID
	for i := range listLength {
		p := s.aPhone(tenant, userIDs[0])
		p.Filename, p.Vendor, p.Model, p.Language, p.TimeZone = ascii(), ascii(), ascii(), ascii(), ascii()
		p.Interface, p.PreferredTransport, p.SerialNumber = fleet.Interface(ascii()), fleet.Transport(ascii()), ascii()
		p.RPS, p.HTTPS = i%3 == 0, i%2 == 0
		s.write(func(w fleet.Writer) error { return w.InsertPhone(ctx, p) })
		phoneIDs = append(phoneIDs, p.ID)
		phones.items = append(phones.items, map[string]listquery.Value{
			"id": idText(p.ID), "mac": text(p.MAC.String()), "filename": text(p.Filename), "vendor": text(p.Vendor), "model": text(p.Model),
			"language": text(p.Language), "timezone": text(p.TimeZone), "interface": text(string(p.Interface)), "preferred_transport": text(string(p.PreferredTransport)),
			"serial_number": text(p.SerialNumber), "rps": listquery.BoolValue(p.RPS), "https": listquery.BoolValue(p.HTTPS),
		})
	}
	phones.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Phone, int, error) {
		return r.PhonesOfUser(ctx, tenant, userIDs[0], q)
	},
		func(p fleet.Phone) fleet.ID { return p.ID }, phoneIDs)

	// A tenant of its own: some phones assigned, some seen, some both.
	rows := list{name: "PhoneRows", fields: fleet.PhoneRowFields}
	rowTenant := tenantIDs[4]
	var macs []mac.Addr
	for i := range listLength {
		row := fleet.PhoneRow{MAC: macOf(fleet.ID(1000 + i)), Vendor: ascii(), Model: ascii()}
		if i%3 != 0 {
			u := s.aUser(rowTenant)
			u.ExtensionNumber, u.DisplayName = strconv.Itoa(100+i*i), word()
			p := s.aPhone(rowTenant, u.ID)
			p.MAC, p.Vendor, p.Model = row.MAC, row.Vendor, row.Model
			s.write(func(w fleet.Writer) error {
				return firstErr(w.InsertUser(ctx, u), func() error { return w.InsertPhone(ctx, p) })
			})
			row.ExtensionNumber, row.Name = u.ExtensionNumber, u.DisplayName
		}
		if i%3 != 1 {
			f := aFetch(rowTenant, row.MAC, start)
			f.Vendor, f.Model, f.Version = row.Vendor, row.Model, ascii()
			s.record(f)
			row.Version, row.IP = f.Version, f.IP.String()
		}
		macs = append(macs, row.MAC)
		rows.items = append(rows.items, map[string]listquery.Value{
			"mac": text(row.MAC.String()), "extension_number": text(row.ExtensionNumber), "vendor": text(row.Vendor), "model": text(row.Model),
			"fwver": text(row.Version), "name": text(row.Name), "ip": text(row.IP),
		})
	}
	rows.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.PhoneRow, int, error) {
		return r.PhoneRows(ctx, rowTenant, q)
	},
		func(p fleet.PhoneRow) mac.Addr { return p.MAC }, macs)

	bases := list{name: "DectPhones", fields: fleet.DectFields, ids: []string{"id"}}
	var baseIDs []fleet.ID
	for i := range listLength {
		d := s.aDectPhone(tenant)
		d.Name, d.Template, d.Vendor, d.Model, d.Lines = word(), ascii(), ascii(), ascii(), i%4
		s.write(func(w fleet.Writer) error { return w.InsertDectPhone(ctx, d) })
		baseIDs = append(baseIDs, d.ID)
		bases.items = append(bases.items, map[string]listquery.Value{
			"id": idText(d.ID), "name": text(d.Name), "mac": text(d.MAC.String()), "template": text(d.Template), "vendor": text(d.Vendor), "model": text(d.Model),
			"lines": listquery.NumberValue(int64(d.Lines)),
		})
	}
	bases.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.DectPhone, int, error) {
		return r.DectPhones(ctx, tenant, q)
	},
		func(d fleet.DectPhone) fleet.ID { return d.ID }, baseIDs)

	systems := list{name: "DectSystems", fields: fleet.DectSystemFields, ids: []string{"id"}}
	var systemIDs []fleet.ID
	for i := range listLength {
		y := s.aDectSystem(tenant)
		y.Name, y.Number, y.Lines = fmt.Sprintf("%s%d", word(), i), listLength-i, i%4
		s.write(func(w fleet.Writer) error { return w.InsertDectSystem(ctx, y) })
		systemIDs = append(systemIDs, y.ID)
		systems.items = append(systems.items, map[string]listquery.Value{
			"id": idText(y.ID), "name": text(y.Name), "number": listquery.NumberValue(int64(y.Number)), "lines": listquery.NumberValue(int64(y.Lines)),
		})
	}
	systems.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.DectSystem, int, error) {
		return r.DectSystems(ctx, tenant, q)
	},
		func(y fleet.DectSystem) fleet.ID { return y.ID }, systemIDs)

	enrolments := list{name: "Enrolments", fields: fleet.EnrolmentFields, ids: []string{"id"}, times: []string{"opened", "expires"}}
	var enrolmentIDs []fleet.ID
	for i := range listLength {
		e := s.anEnrolment(tenant)
		e.Opened, e.Expires = sec(), sec()
		if i%4 == 0 {
			e.MAC = mac.Addr{}
		}
		s.write(func(w fleet.Writer) error { return w.InsertEnrolment(ctx, e) })
		enrolmentIDs = append(enrolmentIDs, e.ID)
		m := ""
		if !e.MAC.IsZero() {
			m = e.MAC.String()
		}
		enrolments.items = append(enrolments.items, map[string]listquery.Value{
			"id": idText(e.ID), "mac": text(m), "opened": timeText(e.Opened), "expires": timeText(e.Expires),
		})
	}
	enrolments.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Enrolment, int, error) {
		return r.Enrolments(ctx, tenant, start.Add(-time.Hour), q)
	}, func(e fleet.Enrolment) fleet.ID { return e.ID }, enrolmentIDs)

	accounts := list{name: "Accounts", fields: fleet.AccountFields, ids: []string{"id", "user_id"}, times: []string{"created"}}
	tokens := list{name: "Tokens", fields: fleet.TokenFields, ids: []string{"id", "user_id"}, times: []string{"created", "expires", "used"}}
	var accountIDs, tokenIDs []fleet.ID
	for i := range listLength {
		a, k := s.anAccount(tenant), s.aToken(tenant)
		a.Username, k.Name = fmt.Sprintf("%s%d", word(), i), word()
		a.User, k.User = userIDs[i%3], userIDs[i%3]
		if i%4 == 0 {
			a.User, k.User, k.Expires = 0, 0, time.Time{}
		} else {
			k.Expires = sec().Add(time.Hour)
		}
		a.Reveal, k.Reveal, k.Used = i%2 == 0, i%3 == 0, sec()
		a.CreatedAt, k.Created = sec(), sec()
		s.write(func(w fleet.Writer) error {
			return firstErr(w.InsertAccount(ctx, a), func() error { return w.InsertToken(ctx, k) })
		})
		accountIDs, tokenIDs = append(accountIDs, a.ID), append(tokenIDs, k.ID)
		accounts.items = append(accounts.items, map[string]listquery.Value{
			"id": idText(a.ID), "username": text(a.Username), "role": text(string(a.Role)), "user_id": idText(a.User), "reveal": listquery.BoolValue(a.Reveal), "created": timeText(a.CreatedAt),
		})
		tokens.items = append(tokens.items, map[string]listquery.Value{
			"id": idText(k.ID), "name": text(k.Name), "role": text(string(k.Role)), "user_id": idText(k.User), "reveal": listquery.BoolValue(k.Reveal),
			"created": timeText(k.Created), "expires": timeText(k.Expires), "used": timeText(k.Used),
		})
	}
	accounts.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Account, int, error) {
		return r.Accounts(ctx, tenant, q)
	},
		func(a fleet.Account) fleet.ID { return a.ID }, accountIDs)
	tokens.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Token, int, error) {
		return r.Tokens(ctx, tenant, q)
	},
		func(k fleet.Token) fleet.ID { return k.ID }, tokenIDs)

	// A tenant of its own, whose phones are all in one job.
	jobTenant := tenantIDs[5]
	phonesOfJob := s.newPhones(jobTenant, listLength)
	job := s.newJob(jobTenant, fleet.JobReboot, mac.Addr{})
	jobItems := list{name: "JobItems", fields: fleet.JobItemFields, times: []string{"updated"}}
	for i, e := range s.claim(aClaim) {
		settled := fleet.Settlement{
			Errand: e, From: fleet.ItemSent, To: []fleet.ItemState{fleet.ItemAccepted, fleet.ItemFailed, fleet.ItemConfirmed}[i%3],
			Outcome: fleet.Outcome(ascii()), Due: start.Add(time.Hour),
		}
		if i%4 == 0 {
			settled.Unsent, settled.To, settled.Outcome, e.Attempt = true, fleet.ItemPending, "", 0
		}
		at := sec()
		s.settle(at, []fleet.Settlement{settled})
		jobItems.items = append(jobItems.items, map[string]listquery.Value{
			"mac": text(e.MAC.String()), "state": text(string(settled.To)), "outcome": text(string(settled.Outcome)),
			"attempts": listquery.NumberValue(int64(e.Attempt)), "updated": timeText(at),
		})
	}
	jobItems.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.JobItem, int, error) {
		return r.JobItems(ctx, jobTenant, job.ID, q)
	}, func(i fleet.JobItem) mac.Addr { return i.MAC }, phonesOfJob)

	jobs := list{name: "Jobs", fields: fleet.JobFields, ids: []string{"id"}, times: []string{"created", "done"}}
	ordering := tenantIDs[6]
	var jobIDs []fleet.ID
	for i, m := range s.newPhones(ordering, listLength) {
		j := s.aJob(ordering, fleet.JobKind(fmt.Sprintf("kind %d", i%3)), m)
		if i%4 == 0 {
			j.Kind, j.MAC = fleet.JobKind(fmt.Sprintf("kind of %d", i)), mac.Addr{}
		}
		j.Caller, j.CreatedAt = word(), sec()
		s.write(func(w fleet.Writer) error {
			if _, err := w.InsertJob(ctx, j); err != nil || i%3 == 0 {
				return err
			}
			if j.State = fleet.JobPaused; i%3 == 1 {
				j.State, j.DoneAt = fleet.JobCancelled, sec()
			}
			return w.SetJobState(ctx, ordering, j.ID, j.State, j.DoneAt)
		})
		jobIDs = append(jobIDs, j.ID)
		address := ""
		if !j.MAC.IsZero() {
			address = j.MAC.String()
		}
		jobs.items = append(jobs.items, map[string]listquery.Value{
			"id": idText(j.ID), "kind": text(string(j.Kind)), "mac": text(address), "state": text(string(j.State)), "caller": text(j.Caller),
			"created": timeText(j.CreatedAt), "done": timeText(j.DoneAt),
		})
	}
	jobs.ask = asking(func(ctx context.Context, r fleet.Reader, q listquery.Query) ([]fleet.Job, int, error) {
		return r.Jobs(ctx, ordering, q)
	}, func(j fleet.Job) fleet.ID { return j.ID }, jobIDs)

	all := []list{tenants, users, contacts, files, policies, phones, rows, bases, systems, enrolments, accounts, tokens, jobItems, jobs}
	for _, l := range all {
		for _, item := range l.items {
			if !slices.Equal(slices.Sorted(maps.Keys(item)), slices.Sorted(maps.Keys(l.fields))) {
				s.t.Fatalf("%s is tested with %v, and has the fields %v", l.name, slices.Sorted(maps.Keys(item)), slices.Sorted(maps.Keys(l.fields)))
			}
		}
	}
	return all
}

func testListErrors(t *testing.T, s *store) {
	ctx := t.Context()
	tenant := s.newTenant().ID
	for what, q := range map[string]listquery.Query{
		"an unknown field":         {Filter: &listquery.Expr{Op: listquery.Eq, Field: "password", Value: listquery.TextValue("x")}},
		"an unknown order":         {Order: []listquery.Order{{Field: "id; DROP TABLE users"}}},
		"an unknown operation":     {Filter: &listquery.Expr{Op: "like", Field: "display_name", Value: listquery.TextValue("x")}},
		"the order of ids":         {Filter: &listquery.Expr{Op: listquery.Gt, Field: "id", Value: listquery.TextValue("MQ")}},
		"a part of an id":          {Filter: &listquery.Expr{Op: listquery.Contains, Field: "id", Value: listquery.TextValue("M")}},
		"within what is all right": {Filter: &listquery.Expr{Op: listquery.Not, Args: []*listquery.Expr{{Op: listquery.Eq, Field: "tenant", Value: listquery.NumberValue(1)}}}},
	} {
		err := s.Read(ctx, func(r fleet.Reader) error { _, _, err := r.Users(ctx, tenant, q); return err })
		wantCode(t, what, err, fleet.CodeMalformed)
	}
	err := s.Read(ctx, func(r fleet.Reader) error {
		_, _, err := r.Tokens(ctx, tenant, listquery.Query{Filter: &listquery.Expr{Op: listquery.Gt, Field: "expires", Value: listquery.TextValue("tomorrow")}})
		return err
	})
	wantCode(t, "not a time", err, fleet.CodeMalformed)

	s.newUser(tenant)
	for what, c := range map[string]struct {
		e    listquery.Expr
		want int
	}{
		"an id that is none":    {listquery.Expr{Op: listquery.Eq, Field: "id", Value: listquery.TextValue("' OR 1=1 --")}, 0},
		"not an id":             {listquery.Expr{Op: listquery.Ne, Field: "id", Value: listquery.TextValue("x")}, 1},
		"a number for text":     {listquery.Expr{Op: listquery.Eq, Field: "extension_number", Value: listquery.NumberValue(1)}, 0},
		"not a number":          {listquery.Expr{Op: listquery.Ne, Field: "extension_number", Value: listquery.NumberValue(1)}, 1},
		"SQL in a text":         {listquery.Expr{Op: listquery.Eq, Field: "display_name", Value: listquery.TextValue("x' OR '1'='1")}, 0},
		"every user's wildcard": {listquery.Expr{Op: listquery.Contains, Field: "extension_number", Value: listquery.TextValue("%")}, 0},
	} {
		got := get(s, func(r fleet.Reader) ([]fleet.User, error) {
			l, _, err := r.Users(ctx, tenant, listquery.Query{Filter: &c.e})
			return l, err
		})
		if len(got) != c.want {
			t.Errorf("%s: %d users, want %d", what, len(got), c.want)
		}
	}
}
