package fleet

// Role is what a credential may do within its tenant. Each may all that the ones
// before it may.
type Role string

// The roles, from least to most.
const (
	Viewer   Role = "viewer"   // reads
	Operator Role = "operator" // also changes users, phones, DECT bases and enrolments
	Admin    Role = "admin"    // also changes templates, tenant settings and credentials
)

// Rank orders roles; 0 is no role.
func (r Role) Rank() int {
	switch r {
	case Viewer:
		return 1
	case Operator:
		return 2
	case Admin:
		return 3
	}
	return 0
}

// Caller is who asks for a use case.
type Caller struct {
	// Tenant is the tenant whose objects the caller sees. An installation's
	// administrator has Installation set and acts in the tenant named here, or in
	// none yet if it is 0.
	Tenant       ID
	Installation bool
	Role         Role
	Reveal       bool   // may read stored secrets; each reading is audited
	User         ID     // the extension that the credential belongs to, or 0
	Name         string // for the audit record: account or token name
	Credential   ID     // the token
	Address      string // network address, for the audit record
}

// May returns nil if the caller has at least the role, else a CodeForbidden error.
func (c Caller) May(r Role) error {
	if c.Role.Rank() >= r.Rank() {
		return nil
	}
	return errorf(CodeForbidden, "this needs the role %s; your credential has the role %s", r, c.Role)
}

// mayHere is May for what happens in a tenant.
func (c Caller) mayHere(r Role) error {
	if c.Tenant == 0 {
		return errorf(CodeForbidden, "this happens in a tenant; choose one")
	}
	return c.May(r)
}

// mayRule is May for what concerns the installation.
func (c Caller) mayRule(r Role) error {
	if !c.Installation {
		return errorf(CodeForbidden, "only an administrator of the installation may do this")
	}
	return c.May(r)
}

// mayManage is May for credentials, of a tenant or of the installation.
func (c Caller) mayManage() error {
	if c.Tenant == 0 {
		return c.mayRule(Admin)
	}
	return c.May(Admin)
}

// home is the tenant that the credential belongs to, 0 for the installation.
func (c Caller) home() ID {
	if c.Installation {
		return 0
	}
	return c.Tenant
}
