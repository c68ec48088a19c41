package fleet

import (
	"context"
	"fmt"
	"maps"
	"net/netip"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

const (
	defaultFirstAccess = 30 * 24 * time.Hour
	renewBatch         = 500 // pointers in one transaction
	maxForgotten       = 500 // devices that one sync has a service forget
)

// noRedirects is an installation without redirect services.
type noRedirects struct{}

func (noRedirects) Services() []RedirectService                   { return nil }
func (noRedirects) CheckEndpoint(string) string                   { return "" }
func (noRedirects) Verify(context.Context, RedirectAccount) error { return nil }
func (noRedirects) Pace(ID) float64                               { return 0 }
func (noRedirects) Wake()                                         {}

func (noRedirects) Compare(context.Context, RedirectAccount, []RedirectErrand) (RedirectDifference, error) {
	return RedirectDifference{}, nil
}

func (noRedirects) Forget(_ context.Context, _ RedirectAccount, macs []mac.Addr) []error {
	return make([]error, len(macs))
}

// RedirectServices lists the services that there can be accounts at, by vendor.
func (f *Fleet) RedirectServices(_ context.Context, c Caller) ([]RedirectService, error) {
	if err := c.maySeeRedirects(); err != nil {
		return nil, err
	}
	list := slices.Clone(f.redirects.Services())
	slices.SortFunc(list, func(a, b RedirectService) int {
		return strings.Compare(a.Vendor+" "+a.Name, b.Vendor+" "+b.Name)
	})
	return list, nil
}

func (f *Fleet) redirectService(name string) (RedirectService, bool) {
	for _, s := range f.redirects.Services() {
		if s.Name == name {
			return s, true
		}
	}
	return RedirectService{}, false
}

// servicesOf returns the services of a vendor.
func (f *Fleet) servicesOf(vendor string) (list []RedirectService) {
	for _, s := range f.redirects.Services() {
		if strings.EqualFold(s.Vendor, vendor) {
			list = append(list, s)
		}
	}
	return list
}

// RedirectAccountInput is what can be set of an account at a redirect service. Nil
// fields are not given; values that are not named stay, and blank ones are taken away.
// Its faults point at /service, /endpoint and /values/<name>.
type RedirectAccountInput struct {
	Service  *string // required on create, read then alone
	Endpoint *string // a region of the service, an https URL, or "" for the service's own
	Values   map[string]secret.Secret
}

// RedirectAccounts lists the accounts that a tenant's devices are registered by: its
// own and, of vendors that it has none with, the installation's, whose Tenant is 0 and
// whose fields are left out. Without a tenant, it lists the installation's. No secret is
// returned: those that are set are empty.
func (f *Fleet) RedirectAccounts(ctx context.Context, c Caller) (list []RedirectAccount, err error) {
	if err := c.maySeeRedirects(); err != nil {
		return nil, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, err = f.accountsOf(ctx, r, c.Tenant)
		return err
	})
	for i := range list {
		list[i] = list[i].shown(c, f.now())
	}
	return list, err
}

// RedirectAccount returns one of them.
func (f *Fleet) RedirectAccount(ctx context.Context, c Caller, id ID) (a RedirectAccount, err error) {
	if err := c.maySeeRedirects(); err != nil {
		return RedirectAccount{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		a, err = r.RedirectAccount(ctx, c.Tenant, id)
		return err
	})
	return a.shown(c, f.now()), err
}

func (c Caller) maySeeRedirects() error {
	if c.Tenant == 0 {
		return c.mayRule(Viewer)
	}
	return c.May(Viewer)
}

// shown leaves out what is secret, a hold that is over and, for a tenant, all that the
// installation keeps to itself.
func (a RedirectAccount) shown(c Caller, at time.Time) RedirectAccount {
	if !a.Held(at) {
		a.HeldReason, a.HeldUntil = "", time.Time{}
	}
	secrets := make(map[string]secret.Secret, len(a.Secrets))
	for name := range a.Secrets {
		secrets[name] = secret.Secret{}
	}
	a.Secrets = secrets
	if a.Tenant == 0 && c.Tenant != 0 {
		a.Values, a.Secrets, a.Endpoint, a.VerifyError = nil, nil, "", ""
	}
	return a
}

func (a RedirectAccount) object() string { return "redirect account at " + a.Service }

// accountsOf returns the accounts that a tenant's devices are registered by, by vendor.
func (f *Fleet) accountsOf(ctx context.Context, r Reader, tenant ID) ([]RedirectAccount, error) {
	list, err := r.RedirectAccounts(ctx, tenant)
	if err != nil || tenant == 0 {
		return list, err
	}
	fallbacks, err := r.RedirectAccounts(ctx, 0)
	for _, a := range fallbacks {
		if !slices.ContainsFunc(list, func(own RedirectAccount) bool { return own.Vendor == a.Vendor }) {
			list = append(list, a)
		}
	}
	slices.SortFunc(list, func(a, b RedirectAccount) int { return strings.Compare(a.Vendor, b.Vendor) })
	return list, err
}

// accountsByID returns the accounts of a tenant and of the installation.
func accountsByID(ctx context.Context, r Reader, tenant ID) (map[ID]RedirectAccount, error) {
	accounts := make(map[ID]RedirectAccount)
	for _, of := range []ID{0, tenant} {
		list, err := r.RedirectAccounts(ctx, of)
		if err != nil {
			return nil, err
		}
		for _, a := range list {
			accounts[a.ID] = a
		}
	}
	return accounts, nil
}

// accountFor returns the account that a tenant's devices of a vendor are registered by.
func accountFor(ctx context.Context, r Reader, tenant ID, vendor string) (RedirectAccount, error) {
	a, err := r.RedirectAccountFor(ctx, tenant, vendor)
	if CodeOf(err) == CodeNotFound && tenant != 0 {
		return r.RedirectAccountFor(ctx, 0, vendor)
	}
	return a, err
}

// CreateRedirectAccount makes an account of the tenant or, without one, of the
// installation. Devices that the installation's account has registered for the tenant
// move to its own.
func (f *Fleet) CreateRedirectAccount(ctx context.Context, c Caller, in RedirectAccountInput) (ID, error) {
	if err := c.mayManage(); err != nil {
		return 0, err
	}
	id := f.store.NewID()
	err := f.change(ctx, c, "rps_account.create", func(w Writer) (string, error) {
		now := f.now()
		a := RedirectAccount{ID: id, Tenant: c.Tenant, CreatedAt: now, UpdatedAt: now}
		v := form{creating: true}
		var service RedirectService
		need(&v, "/service", in.Service, &a.Service, func(name string) string {
			var known bool
			if service, known = f.redirectService(name); !known {
				return "is no service that is known here; GET /rps_services lists them"
			}
			return ""
		})
		if service.Name != "" {
			a.Vendor = service.Vendor
			switch other, err := w.RedirectAccountFor(ctx, c.Tenant, a.Vendor); {
			case err == nil:
				v.conflict("/service", "there is an account for %s already, at %s; change or delete that one", other.Vendor, other.Service)
			case CodeOf(err) != CodeNotFound:
				return "", err
			}
			f.readAccount(&v, in, service, &a)
		}
		if err := v.err(); err != nil {
			return "", err
		}
		if err := w.InsertRedirectAccount(ctx, a); err != nil {
			return "", err
		}
		if c.Tenant == 0 {
			return a.object(), nil
		}
		switch fallback, err := w.RedirectAccountFor(ctx, 0, a.Vendor); {
		case err == nil:
			return a.object(), w.MoveRedirections(ctx, c.Tenant, fallback.ID, a.ID, now, c.Name)
		case CodeOf(err) != CodeNotFound:
			return "", err
		}
		return a.object(), nil
	})
	if err != nil {
		return 0, err
	}
	f.redirects.Wake()
	return id, nil
}

// UpdateRedirectAccount changes an account, and has what was held for its sake tried
// again. If it is another account by now, or elsewhere, all its devices are registered
// anew.
func (f *Fleet) UpdateRedirectAccount(ctx context.Context, c Caller, id ID, in RedirectAccountInput) error {
	if err := c.mayManage(); err != nil {
		return err
	}
	err := f.change(ctx, c, "rps_account.update", func(w Writer) (string, error) {
		a, err := w.RedirectAccount(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		before := a
		a.UpdatedAt = f.now()
		var v form
		service, known := f.redirectService(a.Service)
		switch {
		case !known:
			return "", errorf(CodeConflict, "the service %s is not known any more; delete the account", a.Service)
		case in.Service != nil && *in.Service != a.Service:
			v.add("/service", "cannot be changed; delete the account and make one at the other service")
		}
		f.readAccount(&v, in, service, &a)
		if err := v.err(); err != nil {
			return "", err
		}
		if err := w.UpdateRedirectAccount(ctx, a); err != nil {
			return "", err
		}
		if err := w.SetRedirectHealth(ctx, a.ID, RedirectHealth{}); err != nil {
			return "", err
		}
		if a.Endpoint == before.Endpoint && maps.Equal(a.Values, before.Values) {
			return a.object(), nil
		}
		return a.object(), w.RedirectAgain(ctx, 0, a.ID, a.UpdatedAt, c.Name)
	})
	if err != nil {
		return err
	}
	f.redirects.Wake()
	return nil
}

// readAccount reads the endpoint and the fields of an account.
func (f *Fleet) readAccount(v *form, in RedirectAccountInput, service RedirectService, a *RedirectAccount) {
	if in.Endpoint != nil {
		endpoint := strings.TrimRight(*in.Endpoint, "/")
		names := make([]string, len(service.Regions))
		region := false
		for i, r := range service.Regions {
			names[i] = r.Name
			if strings.EqualFold(r.Name, endpoint) {
				endpoint, region = strings.TrimRight(r.URL, "/"), true
			}
		}
		if endpoint != "" && !region {
			if wrong := f.redirects.CheckEndpoint(endpoint); wrong != "" {
				v.add("/endpoint", "%s, or the name of a region: %s", wrong, anyOf(names))
			}
		}
		a.Endpoint = endpoint
	}
	values, secrets := maps.Clone(a.Values), maps.Clone(a.Secrets)
	if values == nil {
		values = make(map[string]string)
	}
	if secrets == nil {
		secrets = make(map[string]secret.Secret)
	}
	names := make([]string, len(service.Fields))
	for i, field := range service.Fields {
		names[i] = field.Name
		given, there := in.Values[field.Name]
		at := "/values/" + pointerToken(field.Name)
		if there {
			if wrong := blankOr(text(1, 1024))(given.Reveal()); wrong != "" {
				v.add(at, "%s", wrong)
			}
			delete(values, field.Name)
			delete(secrets, field.Name)
			switch {
			case given.Empty():
			case field.Secret:
				secrets[field.Name] = given
			default:
				values[field.Name] = given.Reveal()
			}
		}
		if _, open := values[field.Name]; !open && !field.Optional {
			if _, closed := secrets[field.Name]; !closed {
				v.add(at, "is required: %s", field.Title)
			}
		}
	}
	for _, name := range slices.Sorted(maps.Keys(in.Values)) {
		if !slices.Contains(names, name) {
			v.add("/values/"+pointerToken(name), "is no field of %s; those are %s", service.Name, strings.Join(names, ", "))
		}
	}
	a.Values, a.Secrets = values, secrets
}

// DeleteRedirectAccount removes an account. One whose service knows devices is removed
// with force only, which leaves them registered there for ever: then those of a tenant
// move to the installation's account if there is one, and others have rps off. Without,
// the CodeConflict error says how many they are.
func (f *Fleet) DeleteRedirectAccount(ctx context.Context, c Caller, id ID, force bool) error {
	if err := c.mayManage(); err != nil {
		return err
	}
	var tenants []ID
	err := f.change(ctx, c, "rps_account.delete", func(w Writer) (string, error) {
		a, err := w.RedirectAccount(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		n, err := w.RedirectionsAt(ctx, id)
		if err != nil {
			return "", err
		}
		if n > 0 && !force {
			return "", errorf(CodeConflict, "%s may have %s registered for this account; switch their rps off and wait until they are removed, or force, which leaves them registered there", a.Service, devices(n))
		}
		if c.Tenant != 0 {
			fallback, err := w.RedirectAccountFor(ctx, 0, a.Vendor)
			if err == nil {
				err = w.MoveRedirections(ctx, c.Tenant, id, fallback.ID, f.now(), c.Name)
			}
			if err != nil && CodeOf(err) != CodeNotFound {
				return "", err
			}
		}
		tenants, err = w.DeleteRedirectAccount(ctx, c.Tenant, id, f.now())
		return a.object(), err
	})
	if err != nil {
		return err
	}
	f.redirects.Wake()
	var news []func(context.Context) error
	for _, tenant := range tenants {
		news = append(news, f.redirectionChanged(tenant, mac.Addr{}))
	}
	return f.tell(ctx, news...)
}

func devices(n int) string {
	if n == 1 {
		return "1 device"
	}
	return fmt.Sprintf("%d devices", n)
}

// VerifyRedirectAccount asks the service whether it takes an account, and returns the
// account as it stands then: VerifyError says why not. One that is taken is no longer
// held.
func (f *Fleet) VerifyRedirectAccount(ctx context.Context, c Caller, id ID) (RedirectAccount, error) {
	if err := c.mayManage(); err != nil {
		return RedirectAccount{}, err
	}
	a, err := f.ownAccount(ctx, c, id)
	if err != nil {
		return RedirectAccount{}, err
	}
	refused := f.redirects.Verify(ctx, a)
	err = f.change(ctx, c, "rps_account.verify", func(w Writer) (string, error) {
		now, err := w.RedirectAccount(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		if !now.UpdatedAt.Equal(a.UpdatedAt) {
			return "", errorf(CodeConflict, "the account was changed while it was verified; verify it again")
		}
		now.VerifiedAt, now.VerifyError = f.now(), ""
		if refused != nil {
			now.VerifyError = refused.Error()
		} else {
			now.HeldReason, now.HeldUntil, now.Failures = "", time.Time{}, 0
		}
		a = now
		return a.object(), w.SetRedirectHealth(ctx, id, now.RedirectHealth)
	})
	if err != nil {
		return RedirectAccount{}, err
	}
	f.redirects.Wake()
	return a.shown(c, f.now()), nil
}

// ownAccount returns an account with its secrets, to call its service with.
func (f *Fleet) ownAccount(ctx context.Context, c Caller, id ID) (a RedirectAccount, err error) {
	err = f.store.Read(ctx, func(r Reader) error {
		a, err = r.RedirectAccount(ctx, c.Tenant, id)
		return err
	})
	if err != nil {
		return RedirectAccount{}, err
	}
	if _, known := f.redirectService(a.Service); !known {
		return RedirectAccount{}, errorf(CodeConflict, "the service %s is not known any more; delete the account", a.Service)
	}
	return a, nil
}

// RedirectSyncInput says what a sync may change. Its faults point at /foreign/0.
type RedirectSyncInput struct {
	Repair  bool     // has what is missing, stale or was refused registered anew
	Foreign []string // devices that are not of this fleet and that the service is to forget
}

// RedirectSync is what a sync has found and done.
type RedirectSync struct {
	RedirectDifference
	Repaired  int        // devices that are to be registered anew
	Forgotten []mac.Addr // of the foreign ones
	Kept      []Fault    // those that the service has not forgotten, by address, and why
}

// SyncRedirectAccount compares what a service has registered for an account with what it was
// told. It changes only what the input says.
func (f *Fleet) SyncRedirectAccount(ctx context.Context, c Caller, id ID, in RedirectSyncInput) (s RedirectSync, err error) {
	if err := c.mayManage(); err != nil {
		return RedirectSync{}, err
	}
	a, err := f.ownAccount(ctx, c, id)
	if err != nil {
		return RedirectSync{}, err
	}
	var told []RedirectErrand
	err = f.store.Read(ctx, func(r Reader) error {
		told, err = r.RedirectionsTold(ctx, id)
		return err
	})
	if err != nil {
		return RedirectSync{}, err
	}
	if s.RedirectDifference, err = f.redirects.Compare(ctx, a, told); err != nil {
		return RedirectSync{}, &Error{Code: CodeUnavailable, Message: a.Service + " could not be asked: " + err.Error()}
	}
	var (
		v       form
		foreign []mac.Addr
	)
	if len(in.Foreign) > maxForgotten {
		v.add("/foreign", "has %d devices; at most %d are forgotten at a time", len(in.Foreign), maxForgotten)
	}
	for i, address := range in.Foreign {
		m, err := mac.Parse(address)
		switch at := fmt.Sprintf("/foreign/%d", i); {
		case err != nil:
			v.add(at, "%s", err)
		case !slices.Contains(s.Foreign, m):
			v.add(at, "%s is not among the devices that %s has and this fleet has not", m, a.Service)
		case !slices.Contains(foreign, m):
			foreign = append(foreign, m)
		}
	}
	if err := v.err(); err != nil {
		return RedirectSync{}, err
	}
	if !in.Repair && len(foreign) == 0 {
		return s, nil
	}
	err = f.change(ctx, c, "rps_account.sync", func(w Writer) (string, error) {
		if !in.Repair {
			return a.object(), nil
		}
		repair := slices.Concat(s.Missing, s.Stale, s.Refused)
		s.Repaired = len(repair)
		return a.object(), w.RedirectThese(ctx, id, repair, f.now(), c.Name)
	})
	if err != nil {
		return RedirectSync{}, err
	}
	f.redirects.Wake()
	for i, err := range f.redirects.Forget(ctx, a, foreign) {
		if err != nil {
			s.Kept = append(s.Kept, Fault{foreign[i].String(), err.Error()})
			continue
		}
		s.Forgotten = append(s.Forgotten, foreign[i])
		s.Foreign = slices.DeleteFunc(s.Foreign, func(m mac.Addr) bool { return m == foreign[i] })
	}
	return s, nil
}

// Redirections lists what the devices of the tenant are to be at their vendors' services.
func (f *Fleet) Redirections(ctx context.Context, c Caller, q listquery.Query) (list []Redirection, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Redirections(ctx, c.Tenant, q)
		return err
	})
	for i := range list {
		list[i].Token = secret.Secret{}
	}
	return list, count, err
}

// RedirectState is how it stands with a device at its vendor's service.
type RedirectState struct {
	Status RedirectStatus // "" where the service has nothing to do with it
	Reason string
}

// RedirectStates returns how it stands with devices of the tenant, by address.
func (f *Fleet) RedirectStates(ctx context.Context, c Caller, macs []mac.Addr) (map[mac.Addr]RedirectState, error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, err
	}
	states := make(map[mac.Addr]RedirectState)
	err := f.store.Read(ctx, func(r Reader) error {
		found, err := r.RedirectionsOf(ctx, c.Tenant, macs)
		if err != nil || len(found) == 0 {
			return err
		}
		t, err := r.Tenant(ctx, c.Tenant)
		if err != nil {
			return err
		}
		accounts, err := accountsByID(ctx, r, c.Tenant)
		if err != nil {
			return err
		}
		for m, x := range found {
			states[m] = f.stateOf(x, accounts[x.Account], t)
		}
		return nil
	})
	return states, err
}

// stateOf says how it stands with a device, and what people should know besides.
func (f *Fleet) stateOf(x Redirection, a RedirectAccount, t Tenant) RedirectState {
	s := RedirectState{x.Status, x.Reason}
	var more string
	switch {
	case x.Status == RedirectPending && a.Held(f.now()):
		more = "nothing is sent to " + a.Service + " now: " + a.HeldReason
	case x.Want == WantRegistered:
		more = unreachableFromElsewhere(f.baseOf(t))
	}
	switch {
	case s.Reason == "":
		s.Reason = more
	case more != "":
		s.Reason += "; " + more
	}
	return s
}

// baseOf is the address that the first-access addresses of a tenant's phones begin with.
func (f *Fleet) baseOf(t Tenant) string {
	if t.ProvisioningURL != "" {
		return t.ProvisioningURL
	}
	return f.base
}

// unreachableFromElsewhere says why phones elsewhere cannot come by an address, or "".
func unreachableFromElsewhere(base string) string {
	const so = "; phones elsewhere cannot come by it: set provisioning_url, or --public-url, to an https address that is reachable from the internet"
	u, err := url.Parse(base)
	if err != nil || u.Scheme != "https" {
		return "the phones' address is not https" + so
	}
	ip, err := netip.ParseAddr(u.Hostname())
	switch {
	case err == nil && (!ip.IsGlobalUnicast() || ip.IsPrivate()):
		return "the phones' address is one of a private network" + so
	case err != nil && !strings.Contains(strings.TrimSuffix(u.Hostname(), "."), "."):
		return "the phones' address has a name that only the local network knows" + so
	}
	return ""
}

// redirectedDevice is what a redirect service has to know of a phone or base.
type redirectedDevice struct {
	tenant        ID
	mac           mac.Addr
	vendor, model string
	serial, code  string
	wanted        bool            // registered; false for one that is disabled
	asked         bool            // rps is on
	account       RedirectAccount // once it is read, if asked
}

func (p *Phone) redirected() redirectedDevice {
	return redirectedDevice{
		tenant: p.Tenant, mac: p.MAC, vendor: p.Vendor, model: p.Model, serial: p.SerialNumber, code: p.Code, asked: p.RPS, wanted: p.RPS && !p.Disabled(),
	}
}

func (d *DectPhone) redirected() redirectedDevice {
	return redirectedDevice{
		tenant: d.Tenant, mac: d.MAC, vendor: d.Vendor, model: d.Model, serial: d.SerialNumber, code: d.Code, asked: d.RPS, wanted: d.RPS && !d.Disabled(),
	}
}

// readRedirect finds the account that a device with rps on is registered by, or says
// what is missing.
func (f *Fleet) readRedirect(ctx context.Context, r Reader, v *form, d *redirectedDevice) error {
	if !d.asked || d.vendor == "" {
		return nil
	}
	services := f.servicesOf(d.vendor)
	if len(services) == 0 {
		v.add("/rps", "no redirect service (RPS) of %s is known here that could be told of the device; leave rps off", d.vendor)
		return nil
	}
	a, err := accountFor(ctx, r, d.tenant, services[0].Vendor)
	if CodeOf(err) == CodeNotFound {
		names := make([]string, len(services))
		for i, s := range services {
			names[i] = s.Name
		}
		v.add("/rps", "no account at a redirect service (RPS) of %s is configured; make one with POST /rps_accounts, where service is %s, or leave rps off", d.vendor, strings.Join(names, " or "))
		return nil
	}
	if err != nil {
		return err
	}
	d.account = a
	service, known := f.redirectService(a.Service)
	if !known {
		v.add("/rps", "the account for %s is at %s, which is not known any more; delete it with POST /rps_accounts/%s/destroy and make another", d.vendor, a.Service, a.ID)
		return nil
	}
	if service.NeedsSerial && d.serial == "" {
		v.add("/serial_number", "is required where rps is on: %s registers devices by it", service.Title)
	}
	switch {
	case service.NeedsCode && d.code == "":
		v.add("/device_code", "is required where rps is on: %s asks for what is printed beside the MAC address", service.Title)
	case d.code != "" && service.CheckCode != nil && !d.mac.IsZero():
		if wrong := service.CheckCode(d.mac, d.code); wrong != "" {
			v.add("/device_code", "%s", wrong)
		}
	}
	return nil
}

// redirectNews are the devices whose first-access addresses may have changed.
type redirectNews []mac.Addr

// redirect has a device registered or forgotten where it is not what it was.
func (f *Fleet) redirect(ctx context.Context, w Writer, c Caller, was, is redirectedDevice, news *redirectNews) error {
	switch {
	case is.wanted && (!was.wanted || was.serial != is.serial || was.code != is.code):
		*news = append(*news, is.mac)
		now := f.now()
		return w.Redirect(ctx, Wish{
			Account: is.account.ID, Tenant: is.tenant, MAC: is.mac, Vendor: is.vendor, Model: is.model, Serial: is.serial, Code: is.code,
			Token: newAddress(), Expires: now.Add(f.firstAccess),
		}, now, c.Name)
	case was.wanted && !is.wanted:
		return f.forget(ctx, w, c, is.mac, news)
	}
	return nil
}

// forget has the services forget a device, whatever they know of it.
func (f *Fleet) forget(ctx context.Context, w Writer, c Caller, m mac.Addr, news *redirectNews) error {
	there, err := w.RedirectionsOf(ctx, c.Tenant, []mac.Addr{m})
	if err != nil || len(there) == 0 {
		return err
	}
	*news = append(*news, m)
	return w.Unredirect(ctx, c.Tenant, m, f.now(), c.Name)
}

// renew gives a phone that is about to enrol another first-access address if its own
// leads nowhere any more.
func (f *Fleet) renew(ctx context.Context, w Writer, c Caller, m mac.Addr, news *redirectNews) error {
	if m.IsZero() {
		return nil
	}
	p, err := w.Pointer(ctx, c.Tenant, m)
	if CodeOf(err) == CodeNotFound || err == nil && p.Live(f.now()) {
		return nil
	}
	if err != nil {
		return err
	}
	*news = append(*news, m)
	return f.rotate(ctx, w, c.Tenant, m, c.Name)
}

// rotate gives a device another first-access address and has it registered.
func (f *Fleet) rotate(ctx context.Context, w Writer, tenant ID, m mac.Addr, by string) error {
	now := f.now()
	return w.RotatePointer(ctx, tenant, m, newAddress(), now.Add(f.firstAccess), now, by)
}

// redirected wakes whoever tells the services and returns what there is to tell
// besides, once it is durable.
func (f *Fleet) redirected(news *redirectNews, tenant ID) (list []func(context.Context) error) {
	if len(*news) > 0 {
		f.redirects.Wake()
	}
	for _, m := range *news {
		list = append(list, f.redirectionChanged(tenant, m))
	}
	return list
}

func (f *Fleet) redirectionChanged(tenant ID, m mac.Addr) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.RedirectionChanged(ctx, tenant, m) }
}

// RotatePointer gives a device another first-access address and has it registered: its
// own was asked for by something else. No caller has ordered it; by says who did. A
// device that is not to be registered is a CodeNotFound error.
func (f *Fleet) RotatePointer(ctx context.Context, tenant ID, m mac.Addr, by string) error {
	err := f.store.Write(ctx, func(w Writer) error { return f.rotate(ctx, w, tenant, m, by) })
	if err != nil {
		return err
	}
	f.redirects.Wake()
	return f.tell(ctx, f.redirectionChanged(tenant, m))
}

// RenewPointers gives some devices whose first-access address has expired unused
// another, and has them registered anew. It returns how many they were.
func (f *Fleet) RenewPointers(ctx context.Context) (int, error) {
	var expired []Pointer
	err := f.store.Read(ctx, func(r Reader) (err error) {
		expired, err = r.ExpiredPointers(ctx, f.now(), renewBatch)
		return err
	})
	if err != nil || len(expired) == 0 {
		return 0, err
	}
	err = f.store.Write(ctx, func(w Writer) error {
		for _, p := range expired {
			err := f.rotate(ctx, w, p.Tenant, p.MAC, "first access")
			if err != nil && CodeOf(err) != CodeNotFound {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return 0, err
	}
	f.redirects.Wake()
	news := make([]func(context.Context) error, len(expired))
	for i, p := range expired {
		news[i] = f.redirectionChanged(p.Tenant, p.MAC)
	}
	return len(expired), f.tell(ctx, news...)
}

// estimate says how long a job of redirections is going to take yet: by the pace that
// its accounts were last seen to take or, before that, by what their services allow.
func (f *Fleet) estimate(ctx context.Context, r Reader, j *Job) error {
	if j.Kind != JobRPS || j.State != JobRunning {
		return nil
	}
	backlog, err := r.RedirectBacklog(ctx, j.ID)
	if err != nil {
		return err
	}
	accounts, err := accountsByID(ctx, r, j.Tenant)
	if err != nil {
		return err
	}
	var left time.Duration
	for id, n := range backlog {
		a := accounts[id]
		service, known := f.redirectService(a.Service)
		pace := f.redirects.Pace(id)
		if pace <= 0 {
			pace = service.Rate * float64(max(service.Batch, 1))
		}
		if !known || a.Held(f.now()) || pace <= 0 {
			return nil
		}
		left = max(left, time.Duration(float64(n)/pace*float64(time.Second)))
	}
	j.Left = &left
	return nil
}
