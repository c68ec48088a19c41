package fleet

import (
	"context"
	"fmt"
	"maps"
	"net"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/secret"
)

// TenantInput is what can be set of a tenant. Nil fields are not given. Its faults
// point at /name, /domain, /endpoints/WEB_DOMAIN/host (or udp, tcp, tls), /ntp/0,
// /timezone, /language, /tone, /provisioning_url, /poll_minutes, /register_expires,
// /voicemail_number, /pickup_code, /enrol_networks/0 and /enrol_minutes.
type TenantInput struct {
	Name            *string // required on create
	Domain          *string // required on create
	Endpoints       *map[Interface]EndpointInput
	NTP             *[]string
	TimeZone        *string
	Language        *string
	Tone            *string
	ProvisioningURL *string
	PollMinutes     *int
	RegisterExpires *int
	VoicemailNumber *string
	PickupCode      *string
	EnrolNetworks   *[]string // CIDR prefixes or single addresses
	EnrolMinutes    *int
	Notify          *NotifyInput
}

// NotifyInput is how phones are told to fetch or to restart. A nil Password keeps
// the one that is stored.
type NotifyInput struct {
	Method    string
	Address   string
	Transport string
	User      string
	Password  *secret.Secret
}

// EndpointInput is a registrar's address: ports are 0 where a transport is not
// offered.
type EndpointInput struct {
	Host          string
	UDP, TCP, TLS int
}

// DefaultTenant is the name of the tenant that Bootstrap makes.
const DefaultTenant = "default"

// Bootstrap makes the default tenant and a token for the installation's
// administrator, if the store is new; else created is false. The token is
// adminToken, at least 24 printable ASCII characters, or if that is empty a new
// one. It is returned here and never again.
func (f *Fleet) Bootstrap(ctx context.Context, adminToken secret.Secret) (created bool, token secret.Secret, err error) {
	if given := adminToken.Reveal(); given != "" && made(printable, 24, 256, "-")(given) != "" {
		return false, secret.Secret{}, errorf(CodeInvalid, "the administrator's token must be 24 to 256 printable ASCII characters without blanks")
	}
	token = adminToken
	if token.Empty() {
		token = newToken()
	}
	now := f.now()
	t := Tenant{
		ID: f.store.NewID(), Name: DefaultTenant, Domain: "default.invalid",
		NTP: []string{"pool.ntp.org"}, TimeZone: "Etc/UTC", Language: "ENGLISH", Tone: "USA",
		PollMinutes: 1440, RegisterExpires: 3600, EnrolMinutes: 15,
		CreatedAt: now, UpdatedAt: now,
	}
	err = f.store.Write(ctx, func(w Writer) error {
		created = false
		there, _, err := w.Tenants(ctx, listquery.Query{Top: 1})
		if err != nil || len(there) > 0 {
			return err
		}
		if err := w.InsertTenant(ctx, t); err != nil {
			return err
		}
		if err := w.InsertToken(ctx, Token{
			ID: f.store.NewID(), Kind: AccessToken, Hash: hashToken(token), Name: "first administrator",
			Role: Admin, Reveal: true, Created: now,
		}); err != nil {
			return err
		}
		created = true
		return w.Audit(ctx, AuditRecord{Time: now, Tenant: t.ID, Caller: "first start", Action: "tenant.create", Object: "tenant " + t.Name})
	})
	if err != nil || !created {
		return false, secret.Secret{}, err
	}
	return true, token, f.tell(ctx, f.tenantChanged(t.ID))
}

// MyTenant returns the caller's tenant.
func (f *Fleet) MyTenant(ctx context.Context, c Caller) (t Tenant, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return Tenant{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		t, err = r.Tenant(ctx, c.Tenant)
		return err
	})
	return t.shown(), err
}

// UpdateMyTenant changes the caller's tenant.
func (f *Fleet) UpdateMyTenant(ctx context.Context, c Caller, in TenantInput) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	return f.updateTenant(ctx, c, c.Tenant, in)
}

// shown leaves out the password that NOTIFYs are sent with: it is written, never
// read.
func (t Tenant) shown() Tenant {
	t.Notify.Password = secret.Secret{}
	return t
}

// Tenants lists the tenants of the installation.
func (f *Fleet) Tenants(ctx context.Context, c Caller, q listquery.Query) (list []Tenant, count int, err error) {
	if err := c.mayRule(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.Tenants(ctx, q)
		return err
	})
	for i := range list {
		list[i] = list[i].shown()
	}
	return list, count, err
}

// CreateTenant makes a tenant.
func (f *Fleet) CreateTenant(ctx context.Context, c Caller, in TenantInput) (ID, error) {
	if err := c.mayRule(Admin); err != nil {
		return 0, err
	}
	id, code := f.store.NewID(), randomText(10)
	err := f.change(ctx, c, "tenant.create", func(w Writer) (string, error) {
		now := f.now()
		t := Tenant{
			ID: id, Code: code,
			NTP: []string{"pool.ntp.org"}, TimeZone: "Etc/UTC", Language: "ENGLISH", Tone: "USA",
			PollMinutes: 1440, RegisterExpires: 3600, EnrolMinutes: 15,
			CreatedAt: now, UpdatedAt: now,
		}
		if err := in.read(ctx, w, true, &t); err != nil {
			return "", err
		}
		return "tenant " + t.Name, w.InsertTenant(ctx, t)
	})
	if err != nil {
		return 0, err
	}
	return id, f.tell(ctx, f.tenantChanged(id))
}

// Tenant returns a tenant of the installation.
func (f *Fleet) Tenant(ctx context.Context, c Caller, id ID) (t Tenant, err error) {
	if err := c.mayRule(Viewer); err != nil {
		return Tenant{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		t, err = r.Tenant(ctx, id)
		return err
	})
	return t.shown(), err
}

// UpdateTenant changes a tenant of the installation.
func (f *Fleet) UpdateTenant(ctx context.Context, c Caller, id ID, in TenantInput) error {
	if err := c.mayRule(Admin); err != nil {
		return err
	}
	return f.updateTenant(ctx, c, id, in)
}

func (f *Fleet) updateTenant(ctx context.Context, c Caller, id ID, in TenantInput) error {
	moved := false
	err := f.change(ctx, c, "tenant.update", func(w Writer) (string, error) {
		t, err := w.Tenant(ctx, id)
		if err != nil {
			return "", err
		}
		t.UpdatedAt = f.now()
		before, address := t.Endpoints, t.ProvisioningURL
		if err := in.read(ctx, w, false, &t); err != nil {
			return "", err
		}
		if err := endpointsStay(ctx, w, before, t); err != nil {
			return "", err
		}
		if moved = t.ProvisioningURL != address; moved {
			if err := w.RedirectAgain(ctx, id, 0, f.now(), c.Name); err != nil {
				return "", err
			}
		}
		return "tenant " + t.Name, w.UpdateTenant(ctx, t)
	})
	if err != nil {
		return err
	}
	if moved {
		f.redirects.Wake()
	}
	return f.tell(ctx, f.tenantChanged(id))
}

// DeleteTenant removes a tenant and everything in it. The default tenant stays. One that
// has devices registered by accounts of its own at redirect services is removed with
// force only, which leaves them registered there.
func (f *Fleet) DeleteTenant(ctx context.Context, c Caller, id ID, force bool) error {
	if err := c.mayRule(Admin); err != nil {
		return err
	}
	var contents [][32]byte
	err := f.change(ctx, c, "tenant.delete", func(w Writer) (string, error) {
		t, err := w.Tenant(ctx, id)
		if err != nil {
			return "", err
		}
		if t.Code == "" {
			return "", errorf(CodeConflict, "the default tenant cannot be deleted: phones that know only the shared address ask there")
		}
		if !force {
			if err := nothingRegistered(ctx, w, id); err != nil {
				return "", err
			}
		}
		files, _, err := w.Files(ctx, id, listquery.Query{})
		if err != nil {
			return "", err
		}
		for _, file := range files {
			contents = append(contents, file.SHA256)
		}
		return "tenant " + t.Name, w.DeleteTenant(ctx, id)
	})
	if err != nil {
		return err
	}
	f.redirects.Wake()
	err = f.tell(ctx, f.tenantChanged(id))
	f.release(ctx, contents...)
	return err
}

// nothingRegistered refuses to forget the accounts by which alone a tenant's devices can
// be taken out of redirect services again.
func nothingRegistered(ctx context.Context, r Reader, tenant ID) error {
	accounts, err := r.RedirectAccounts(ctx, tenant)
	if err != nil {
		return err
	}
	for _, a := range accounts {
		switch n, err := r.RedirectionsAt(ctx, a.ID); {
		case err != nil:
			return err
		case n > 0:
			return errorf(CodeConflict, "%s may have %s registered for an account of the tenant's own; switch their rps off and wait until they are removed, or force, which leaves them registered there", a.Service, devices(n))
		}
	}
	return nil
}

func (f *Fleet) tenantChanged(id ID) func(context.Context) error {
	return func(ctx context.Context) error { return f.changes.TenantChanged(ctx, id) }
}

// endpointsStay refuses to take from a tenant the endpoints that its phones use: they
// could not be given a configuration.
func endpointsStay(ctx context.Context, r Reader, before map[Interface]Endpoint, t Tenant) error {
	var v form
	for _, by := range Interfaces {
		for _, over := range []Transport{UDP, TCP, TLS} {
			now, stays := t.Endpoints[by]
			if before[by].Port(over) == 0 || now.Port(over) != 0 {
				continue
			}
			use, err := r.EndpointUses(ctx, t.ID, by, over)
			if err != nil {
				return err
			}
			if use.Count == 0 {
				continue
			}
			at := "/endpoints/" + string(by)
			if stays {
				at += "/" + portField(over)
			}
			v.conflict(at, "is how %s reach their PBX over %s; choose another interface or transport for them first", use, over)
		}
	}
	return v.err()
}

// read puts the input into t, or says what is wrong with it.
func (in TenantInput) read(ctx context.Context, r Reader, creating bool, t *Tenant) error {
	v := form{creating: creating}
	need(&v, "/name", in.Name, &t.Name, text(1, 64))
	need(&v, "/domain", lower(in.Domain), &t.Domain, host)
	if in.Domain != nil {
		switch other, err := r.TenantByDomain(ctx, t.Domain); {
		case err == nil && other.ID != t.ID:
			v.conflict("/domain", "is another tenant's")
		case err != nil && CodeOf(err) != CodeNotFound:
			return err
		}
	}
	if in.Endpoints != nil {
		t.Endpoints = readEndpoints(&v, *in.Endpoints)
	}
	if in.NTP != nil {
		t.NTP = readNTP(&v, *in.NTP)
	}
	set(&v, "/timezone", in.TimeZone, &t.TimeZone, zone)
	set(&v, "/language", upper(in.Language), &t.Language, oneOf(Languages))
	set(&v, "/tone", upper(in.Tone), &t.Tone, country)
	set(&v, "/provisioning_url", in.ProvisioningURL, &t.ProvisioningURL, blankOr(folderAddress))
	set(&v, "/poll_minutes", in.PollMinutes, &t.PollMinutes, between(1, 43200))
	set(&v, "/register_expires", in.RegisterExpires, &t.RegisterExpires, between(60, 86400))
	set(&v, "/voicemail_number", in.VoicemailNumber, &t.VoicemailNumber, blankOr(featureCode))
	set(&v, "/pickup_code", in.PickupCode, &t.PickupCode, blankOr(featureCode))
	if in.EnrolNetworks != nil {
		t.EnrolNetworks = readNetworks(&v, *in.EnrolNetworks)
	}
	if in.Notify != nil {
		readNotify(&v, *in.Notify, &t.Notify)
	}
	set(&v, "/enrol_minutes", in.EnrolMinutes, &t.EnrolMinutes, between(0, int(maxEnrolment/time.Minute)))
	return v.err()
}

func readEndpoints(v *form, in map[Interface]EndpointInput) map[Interface]Endpoint {
	out := make(map[Interface]Endpoint, len(in))
	for _, name := range slices.Sorted(maps.Keys(in)) {
		e, at := in[name], "/endpoints/"+pointerToken(string(name))
		if !slices.Contains(Interfaces, name) {
			v.add(at, "is no interface: must be %s", anyOf(Interfaces))
			continue
		}
		e.Host = strings.ToLower(e.Host)
		if wrong := host(e.Host); wrong != "" {
			v.add(at+"/host", "%s", wrong)
		}
		for _, port := range []struct {
			name   string
			number int
		}{{"udp", e.UDP}, {"tcp", e.TCP}, {"tls", e.TLS}} {
			if wrong := between(0, 65535)(port.number); wrong != "" {
				v.add(at+"/"+port.name, "%s; 0 where the transport is not offered", wrong)
			}
		}
		if e.UDP == 0 && e.TCP == 0 && e.TLS == 0 {
			v.add(at, "offers no transport: give the port of at least one of udp, tcp and tls")
		}
		out[name] = Endpoint(e)
	}
	return out
}

func readNotify(v *form, in NotifyInput, n *Notify) {
	method := NotifyMethod(strings.ToLower(in.Method))
	switch {
	case method == "":
		method = NotifyProxy
	case !slices.Contains(NotifyMethods, method):
		v.add("/notify/method", "must be %s", anyOf(NotifyMethods))
	}
	transport := Transport(strings.ToUpper(in.Transport))
	if transport != "" && !slices.Contains([]Transport{UDP, TCP, TLS}, transport) {
		v.add("/notify/transport", "must be UDP, TCP or TLS")
	}
	if transport != "" && method != NotifyProxy {
		v.add("/notify/transport", "is for the method proxy alone")
	}
	switch {
	case in.Address == "" && (method == NotifyAsterisk || method == NotifyFreeSWITCH):
		v.add("/notify/address", "is required: host:port of the %s", map[NotifyMethod]string{
			NotifyAsterisk: "manager interface, usually port 5038", NotifyFreeSWITCH: "event socket, usually port 8021"}[method])
	case in.Address != "" && method == NotifyDirect:
		v.add("/notify/address", "must be empty: the method direct sends to the phones themselves")
	case in.Address != "":
		name, port, err := net.SplitHostPort(in.Address)
		if number, wrong := strconv.Atoi(port); err != nil || wrong != nil || number < 1 || number > 65535 || host(name) != "" {
			v.add("/notify/address", "must be host:port, such as pbx.example.org:5060")
		}
	}
	if wrong := blankOr(text(1, 128))(in.User); wrong != "" {
		v.add("/notify/user", "%s", wrong)
	}
	if method == NotifyAsterisk && in.User == "" {
		v.add("/notify/user", "is required: a user of manager.conf that may write system")
	}
	password := n.Password
	if in.Password != nil {
		password = *in.Password
		if wrong := blankOr(text(1, 256))(password.Reveal()); wrong != "" {
			v.add("/notify/password", "%s", wrong)
		}
	}
	*n = Notify{Method: method, Address: strings.ToLower(in.Address), Transport: transport, User: in.User, Password: password}
}

// pointerToken escapes and bounds a name for a JSON pointer.
func pointerToken(s string) string {
	if len(s) > 64 {
		s = s[:64]
	}
	return strings.NewReplacer("~", "~0", "/", "~1").Replace(strings.ToValidUTF8(s, "\uFFFD"))
}

func readNTP(v *form, in []string) []string {
	if len(in) > 2 {
		v.add("/ntp", "has %d servers; phones take at most 2", len(in))
		return nil
	}
	var out []string
	for i, s := range in {
		s = strings.ToLower(s)
		if wrong := host(s); wrong != "" {
			v.add(fmt.Sprintf("/ntp/%d", i), "%s", wrong)
		}
		out = append(out, s)
	}
	return out
}

func readNetworks(v *form, in []string) []netip.Prefix {
	const most = 64
	if len(in) > most {
		v.add("/enrol_networks", "has %d networks; at most %d are allowed", len(in), most)
		return nil
	}
	var out []netip.Prefix
	for i, s := range in {
		at := fmt.Sprintf("/enrol_networks/%d", i)
		p, err := netip.ParsePrefix(s)
		if a, errAddr := netip.ParseAddr(s); errAddr == nil && a.Zone() == "" {
			p, err = netip.PrefixFrom(a, a.BitLen()), nil
		}
		switch {
		case err != nil:
			v.add(at, "must be a network such as 192.168.10.0/24 or an address such as 203.0.113.7")
		case p.Addr().Is4In6():
			v.add(at, "is an IPv4 address written as IPv6; write it as IPv4")
		case p.Masked() != p:
			v.add(at, "names an address within the network; write %s", p.Masked())
		case slices.Contains(out, p):
			v.add(at, "appears twice")
		}
		out = append(out, p)
	}
	return out
}
