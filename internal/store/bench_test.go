package store_test

import (
	"errors"
	"fmt"
	"net/netip"
	"runtime"
	"strconv"
	"testing"
	"time"

	"github.com/dialplane/dialplane/internal/fleet"
	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
	"github.com/dialplane/dialplane/internal/store"
)

// large makes a store with one tenant, 1, of n users with a phone each.
func large(tb testing.TB, n int) *store.DB {
	tb.Helper()
	db := open(tb, tb.TempDir())
	ctx := tb.Context()
	err := db.Write(ctx, func(w fleet.Writer) error {
		err := w.InsertTenant(ctx, fleet.Tenant{ID: 1, Name: "One", Domain: "one.example"})
		for i := 0; i < n && err == nil; i++ {
			err = errors.Join(
				w.InsertUser(ctx, fleet.User{ID: fleet.ID(1_000_000 + i), Tenant: 1, ExtensionNumber: strconv.Itoa(100_000 + i), DisplayName: fmt.Sprintf("Person %d", i), Password: secret.New("a password of some length")}),
				w.InsertPhone(ctx, fleet.Phone{
					ID: fleet.ID(2_000_000 + i), Tenant: 1, User: fleet.ID(1_000_000 + i), MAC: phoneMAC(i), Filename: "yealink.xml", Vendor: "Yealink", Model: "T54W",
					DeviceSettings: fleet.DeviceSettings{Codecs: []string{"PCMA", "PCMU"}}, Token: secret.New(fmt.Sprint("token ", i)),
				}))
		}
		return err
	})
	if err != nil {
		tb.Fatal(err)
	}
	return db
}

func phoneMAC(i int) mac.Addr { return mac.Addr{0, 0x15, 0x65, byte(i >> 16), byte(i >> 8), byte(i)} }

func BenchmarkWriteOneRow(b *testing.B) {
	db := large(b, 1)
	ctx := b.Context()
	n := 0
	for b.Loop() {
		n++
		err := db.Write(ctx, func(w fleet.Writer) error {
			return w.InsertUser(ctx, fleet.User{ID: fleet.ID(n), Tenant: 1, ExtensionNumber: fmt.Sprint(n)})
		})
		if err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadOnePhone(b *testing.B) {
	const n = 10_000
	db := large(b, n)
	ctx := b.Context()
	b.ResetTimer()
	b.RunParallel(func(p *testing.PB) {
		for i := 0; p.Next(); i++ {
			err := db.Read(ctx, func(r fleet.Reader) error {
				_, err := r.Phone(ctx, 1, fleet.ID(2_000_000+i%n))
				return err
			})
			if err != nil {
				b.Error(err)
				return
			}
		}
	})
}

func BenchmarkRecordFetches500(b *testing.B) {
	const n = 10_000
	db := large(b, n)
	batch := make([]fleet.Fetch, 500)
	at := time.Now()
	next := 0
	for b.Loop() {
		for i := range batch {
			next++
			at = at.Add(time.Millisecond)
			batch[i] = fleet.Fetch{
				Time: at, Tenant: 1, MAC: phoneMAC(next % n), File: "001565aabbcc.cfg", Level: "L2", Status: 200, Bytes: 10_700, IP: netip.MustParseAddr("192.0.2.7"),
				UserAgent: "Yealink SIP-T54W 96.86.0.70 00:15:65:aa:bb:cc", Vendor: "Yealink", Model: "T54W", Version: "96.86.0.70",
			}
		}
		if err := db.RecordFetches(b.Context(), batch); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkEachPhone100000(b *testing.B) {
	const n = 100_000
	db := large(b, n)
	for b.Loop() {
		phones := 0
		if err := db.EachPhone(b.Context(), func(fleet.Phone) error { phones++; return nil }); err != nil || phones != n {
			b.Fatal(phones, err)
		}
	}
}

func BenchmarkListOf100000(b *testing.B) {
	const n = 100_000
	db := large(b, n)
	ctx := b.Context()
	contains := &listquery.Expr{Op: listquery.Contains, Field: "mac", Value: listquery.TextValue("9f9")}
	exact := &listquery.Expr{Op: listquery.Eq, Field: "extension_number", Value: listquery.TextValue("150000")}
	for name, q := range map[string]listquery.Query{
		"first page": {Top: 100},
		"count":      {Top: 100, Count: true},
		"sorted":     {Top: 100, Order: []listquery.Order{{Field: "extension_number", Desc: true}}},
		"search":     {Top: 100, Search: "person 77"},
		"contains":   {Top: 100, Filter: contains},
		"exact":      {Top: 100, Filter: exact},
		"last page":  {Top: 100, Skip: n - 100},
	} {
		b.Run("phones/"+name, func(b *testing.B) {
			for b.Loop() {
				if err := db.Read(ctx, func(r fleet.Reader) error { _, _, err := r.PhoneRows(ctx, 1, q); return err }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
	b.Run("users/exact", func(b *testing.B) {
		for b.Loop() {
			if err := db.Read(ctx, func(r fleet.Reader) error {
				_, _, err := r.Users(ctx, 1, listquery.Query{Top: 100, Filter: exact})
				return err
			}); err != nil {
				b.Fatal(err)
			}
		}
	})
}

// The provisioning core reads the whole fleet at its start: phone by phone, not
// all of them into memory first.
func TestEachPhoneDoesNotGatherThem(t *testing.T) {
	const n = 5000
	db := large(t, n)
	heap := func() uint64 {
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return m.HeapAlloc
	}
	before, most, i := heap(), uint64(0), 0
	err := db.EachPhone(t.Context(), func(fleet.Phone) error {
		if i++; i%1000 == 0 {
			most = max(most, heap())
		}
		return nil
	})
	if err != nil || i != n {
		t.Fatalf("%d phones, %v", i, err)
	}
	const each = 800 // bytes: less than one phone takes
	if most > before+each*n/4 {
		t.Errorf("the heap grew by %d bytes for %d phones", most-before, n)
	}
}
