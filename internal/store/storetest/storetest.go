package storetest
import ("testing";"context";"github.com/dialplane/dialplane/internal/fleet")
type Backend interface { fleet.Store }
func Run(t *testing.T, open func(t *testing.T) Backend) {
 b := open(t)
 err := b.Write(context.Background(), func(w fleet.Writer) error { return w.InsertTenant(context.Background(), fleet.Tenant{ID: b.NewID(), Name:"a", Domain:"b"}) })
 if err != nil { t.Fatal(err) }
}
