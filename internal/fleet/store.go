package fleet

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/mac"
)

// Store keeps the fleet. What Write has returned from without error is durable.
//
// Within both functions, an object that is not there is a CodeNotFound *Error and
// one that is in the way of a unique rule a CodeConflict *Error that names the rule.
type Store interface {
	// Read runs f on one consistent state.
	Read(ctx context.Context, f func(Reader) error) error
	// Write runs f alone among writers; all of what it does is kept if it
	// returns nil, and nothing otherwise.
	Write(ctx context.Context, f func(Writer) error) error
	// NewID returns an ID that no object has or had, rising with time.
	NewID() ID
}

// Reader is what can be read. Lists come with the count of all that match,
// without Top and Skip, if the query asks for it; else 0.
type Reader interface {
	Tenant(ctx context.Context, id ID) (Tenant, error)
	TenantByDomain(ctx context.Context, domain string) (Tenant, error)
	Tenants(ctx context.Context, q listquery.Query) ([]Tenant, int, error)

	User(ctx context.Context, tenant, id ID) (User, error)
	UserByExtension(ctx context.Context, tenant ID, extension string) (User, error)
	Users(ctx context.Context, tenant ID, q listquery.Query) ([]User, int, error)

	Contact(ctx context.Context, tenant, id ID) (Contact, error)
	Contacts(ctx context.Context, tenant ID, q listquery.Query) ([]Contact, int, error)

	File(ctx context.Context, tenant, id ID) (File, error)
	Files(ctx context.Context, tenant ID, q listquery.Query) ([]File, int, error)
	// ContentUsed says whether a file of any tenant has the content.
	ContentUsed(ctx context.Context, sum [32]byte) (bool, error)
	FirmwarePolicy(ctx context.Context, tenant, id ID) (FirmwarePolicy, error)
	FirmwarePolicies(ctx context.Context, tenant ID, q listquery.Query) ([]FirmwarePolicy, int, error)

	Phone(ctx context.Context, tenant, id ID) (Phone, error)
	PhoneByMAC(ctx context.Context, tenant ID, m mac.Addr) (Phone, error)
	PhonesOfUser(ctx context.Context, tenant, user ID, q listquery.Query) ([]Phone, int, error)
	PhoneRow(ctx context.Context, tenant ID, m mac.Addr) (PhoneRow, error)
	PhoneRows(ctx context.Context, tenant ID, q listquery.Query) ([]PhoneRow, int, error)
	// TemplateUses counts the phones and DECT bases of a tenant that use a template.
	TemplateUses(ctx context.Context, tenant ID, filename string) (int, error)
	// ModelUses says how many phones and DECT bases of a tenant that use a template
	// are of which model, by model.
	ModelUses(ctx context.Context, tenant ID, filename string) ([]Use, error)
	// EndpointUses says how many phones and DECT bases of a tenant reach their PBX by
	// an interface and a transport.
	EndpointUses(ctx context.Context, tenant ID, by Interface, over Transport) (Use, error)
	// MACTaken says whether any tenant has a phone or base with the address, and
	// whether it is this tenant's.
	MACTaken(ctx context.Context, tenant ID, m mac.Addr) (taken, ours bool, err error)
	// DeviceDisabled says whether the tenant has a phone or base with the address
	// that is disabled.
	DeviceDisabled(ctx context.Context, tenant ID, m mac.Addr) (bool, error)

	DectPhone(ctx context.Context, tenant, id ID) (DectPhone, error)
	DectPhoneByMAC(ctx context.Context, tenant ID, m mac.Addr) (DectPhone, error)
	DectPhones(ctx context.Context, tenant ID, q listquery.Query) ([]DectPhone, int, error)
	Members(ctx context.Context, tenant, dect ID) ([]Member, error) // by handset index
	// DectOfHandset returns the base of the installation, and its tenant, on which a
	// member has the IPUI.
	DectOfHandset(ctx context.Context, ipui string) (tenant, dect ID, err error)
	// MemberOf lists the bases of the tenant on which the user is a member.
	MemberOf(ctx context.Context, tenant, user ID) ([]DectPhone, error)

	DectSystem(ctx context.Context, tenant, id ID) (DectSystem, error)
	// DectSystemByName finds a system by its name in any case.
	DectSystemByName(ctx context.Context, tenant ID, name string) (DectSystem, error)
	DectSystems(ctx context.Context, tenant ID, q listquery.Query) ([]DectSystem, int, error)
	// DectSystemNumbers lists the numbers of the tenant's systems, rising.
	DectSystemNumbers(ctx context.Context, tenant ID) ([]int, error)

	Template(ctx context.Context, tenant ID, filename string) (TemplateFile, error)
	Templates(ctx context.Context, tenant ID) ([]TemplateFile, error)

	Sighting(ctx context.Context, m mac.Addr) (Sighting, error)

	Enrolment(ctx context.Context, tenant, id ID) (Enrolment, error)
	// Enrolments lists those that had not expired at the time given.
	Enrolments(ctx context.Context, tenant ID, at time.Time, q listquery.Query) ([]Enrolment, int, error)

	Job(ctx context.Context, tenant, id ID) (Job, error)
	Jobs(ctx context.Context, tenant ID, q listquery.Query) ([]Job, int, error)
	JobItems(ctx context.Context, tenant, job ID, q listquery.Query) ([]JobItem, int, error)
	// OpenJob returns the job in which a phone has an open item of the kind or, with
	// no address, the latest in which any phone of the tenant has.
	OpenJob(ctx context.Context, tenant ID, kind JobKind, m mac.Addr) (Job, error)

	// Events lists what happened to a device, latest first unless the query orders.
	Events(ctx context.Context, tenant ID, m mac.Addr, q listquery.Query) ([]Event, int, error)
	// EventsAfter returns the first events of a tenant after the one given, oldest
	// first.
	EventsAfter(ctx context.Context, tenant, after ID, limit int) ([]Event, error)

	Account(ctx context.Context, tenant, id ID) (Account, error)
	AccountByName(ctx context.Context, tenant ID, username string) (Account, error)
	Accounts(ctx context.Context, tenant ID, q listquery.Query) ([]Account, int, error)
	Token(ctx context.Context, hash [32]byte) (Token, error)
	TokenByID(ctx context.Context, tenant, id ID) (Token, error)
	// Tokens lists access tokens.
	Tokens(ctx context.Context, tenant ID, q listquery.Query) ([]Token, int, error)

	RedirectReader
	// Redirections lists what the devices of a tenant are to be at the services.
	Redirections(ctx context.Context, tenant ID, q listquery.Query) ([]Redirection, int, error)
}

// Writer is what can be changed. Update functions change the whole object but its
// ID, tenant and CreatedAt.
type Writer interface {
	Reader
	RedirectWriter

	InsertTenant(ctx context.Context, t Tenant) error
	UpdateTenant(ctx context.Context, t Tenant) error
	// DeleteTenant removes the tenant and everything in it.
	DeleteTenant(ctx context.Context, id ID) error

	InsertUser(ctx context.Context, u User) error
	UpdateUser(ctx context.Context, u User) error
	// DeleteUser removes the user, its phones and its places as a DECT member.
	DeleteUser(ctx context.Context, tenant, id ID) error

	InsertContact(ctx context.Context, c Contact) error
	UpdateContact(ctx context.Context, c Contact) error
	DeleteContact(ctx context.Context, tenant, id ID) error

	InsertFile(ctx context.Context, f File) error
	DeleteFile(ctx context.Context, tenant, id ID) error
	InsertFirmwarePolicy(ctx context.Context, p FirmwarePolicy) error
	UpdateFirmwarePolicy(ctx context.Context, p FirmwarePolicy) error
	DeleteFirmwarePolicy(ctx context.Context, tenant, id ID) error

	InsertPhone(ctx context.Context, p Phone) error
	UpdatePhone(ctx context.Context, p Phone) error
	DeletePhone(ctx context.Context, tenant, id ID) error

	InsertDectPhone(ctx context.Context, d DectPhone) error
	UpdateDectPhone(ctx context.Context, d DectPhone) error
	DeleteDectPhone(ctx context.Context, tenant, id ID) error
	ReplaceMembers(ctx context.Context, tenant, dect ID, members []Member) error

	InsertDectSystem(ctx context.Context, s DectSystem) error
	// UpdateDectSystem changes the system and replaces its bases.
	UpdateDectSystem(ctx context.Context, s DectSystem) error
	// DeleteDectSystem leaves the bases and their members.
	DeleteDectSystem(ctx context.Context, tenant, id ID) error

	PutTemplate(ctx context.Context, t TemplateFile) error
	DeleteTemplate(ctx context.Context, tenant ID, filename string) error

	// SetRejected marks the sighting of a device, making one if there is none.
	SetRejected(ctx context.Context, tenant ID, m mac.Addr, rejected bool) error

	InsertEnrolment(ctx context.Context, e Enrolment) error
	DeleteEnrolment(ctx context.Context, tenant, id ID) error
	// UseEnrolment notes that the phone has enrolled in the window. It returns
	// false if it had before.
	UseEnrolment(ctx context.Context, id ID, m mac.Addr) (bool, error)

	// InsertJob adds a running job with an item for its phone, for each base of its
	// system or, without either, for every phone and DECT base of the tenant that is neither rejected nor disabled; but for none
	// that has an open item of the kind. It returns how many there are; if none,
	// the job is not added either.
	InsertJob(ctx context.Context, j Job) (items int, err error)
	// SetJobState pauses, resumes or cancels a job; cancelling closes its pending
	// items.
	SetJobState(ctx context.Context, tenant, id ID, state JobState, at time.Time) error

	InsertAccount(ctx context.Context, a Account) error
	UpdateAccount(ctx context.Context, a Account) error
	// DeleteAccount removes the account and its tokens.
	DeleteAccount(ctx context.Context, tenant, id ID) error
	InsertToken(ctx context.Context, t Token) error
	TouchToken(ctx context.Context, id ID, used time.Time) error
	// DeleteToken removes one token; DeleteFamily all of one sign-in.
	DeleteToken(ctx context.Context, tenant, id ID) error
	DeleteFamily(ctx context.Context, family ID) error

	// AddEvent writes down what happened. The store gives the ID.
	AddEvent(ctx context.Context, e Event) error

	Audit(ctx context.Context, r AuditRecord) error
}

// Changes is told, after a write has become durable and before its caller hears
// of it, what phones may see differently from now on.
type Changes interface {
	TenantChanged(ctx context.Context, tenant ID) error
	UserChanged(ctx context.Context, tenant, user ID) error
	ContactChanged(ctx context.Context, tenant, contact ID) error
	PhoneChanged(ctx context.Context, tenant ID, m mac.Addr) error
	// DectSystemChanged tells of a multi-cell system that is new, changed or gone, and
	// of the bases that have joined or left it, or whose members are others now.
	DectSystemChanged(ctx context.Context, tenant, system ID, bases []mac.Addr) error
	TemplateChanged(ctx context.Context, tenant ID, filename string) error
	// FilesChanged tells of uploaded files and of firmware policies.
	FilesChanged(ctx context.Context, tenant ID) error
	// EnrolmentsChanged tells of the windows for one phone, or, with no address, of
	// those for every phone.
	EnrolmentsChanged(ctx context.Context, tenant ID, m mac.Addr) error
	// RedirectionChanged tells of the first-access address of one device, or, with no
	// address, of those of all devices of the tenant.
	RedirectionChanged(ctx context.Context, tenant ID, m mac.Addr) error
}

// Catalog knows the templates: built in, and a tenant's own over them.
type Catalog interface {
	// Builtins lists the filenames that are built in.
	Builtins() []string
	// Builtin returns the source of a built-in template.
	Builtin(filename string) (content string, ok bool)
	// Models lists the models of every usable template of the tenant.
	Models(ctx context.Context, tenant ID) ([]ModelRow, error)
	// Describe returns what a template offers, or a CodeNotFound error.
	Describe(ctx context.Context, tenant ID, filename string) (TemplateInfo, error)
	// Check compiles content as the tenant's filename would be, with all that
	// extends it, and returns the models that each of these has then, by filename, or
	// a CodeInvalid error with line and column.
	Check(ctx context.Context, tenant ID, filename, content string) (models map[string][]string, err error)
	// CheckValue returns why the vendor's files cannot carry a value, or "".
	CheckValue(vendor, value string) string
}

// Use is how many phones and DECT bases have something in common.
type Use struct {
	Model string // of ModelUses
	Count int
	First []mac.Addr // the first few
}

// String names them: "12 phones and DECT bases (001565aabbcc, 001565aabbdd, …)".
func (u Use) String() string {
	names := make([]string, len(u.First), len(u.First)+1)
	for i, m := range u.First {
		names[i] = m.String()
	}
	if u.Count > len(names) {
		names = append(names, "…")
	}
	what := "phones and DECT bases"
	if u.Count == 1 {
		what = "phone or DECT base"
	}
	return fmt.Sprintf("%d %s (%s)", u.Count, what, strings.Join(names, ", "))
}

// ModelRow is one model of one template.
type ModelRow struct {
	Filename    string
	Vendor      string
	Model       string
	DisplayName string
	Accounts    int
	Keys        int // of the phone itself
	Handsets    int // members that a DECT base takes by itself; 0 for a desk phone
	// Bases is how many DECT bases a multi-cell system takes whose data master is of
	// the model, that one among them, and SystemHandsets how many members it has; 0
	// where there are no such systems.
	Bases, SystemHandsets int
}

// dect says whether the model is a DECT base, alone or in a system.
func (m *ModelRow) dect() bool { return m.Handsets > 0 || m.Bases > 0 }

// TemplateInfo is what a template offers for its phones: neutral names, the
// default first.
type TemplateInfo struct {
	Filename          string
	Vendor            string
	DECT              bool
	Models            []ModelRow
	Languages         []string
	Tones             []string
	TimeZones         []string
	Ringtones         []string
	QueueRingtones    []string
	ExternalRingtones []string
	DateFormats       []string
	TimeFormats       []string
	PowerLEDs         []string
	Backlights        []string
	Screensavers      []string
	Codecs            []string
	Transports        []string
	EnableLLDP        bool
	WANVLAN, PCVLAN   VLAN
}
