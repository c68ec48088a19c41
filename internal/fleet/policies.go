package fleet

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/dialplane/dialplane/internal/listquery"
	"github.com/dialplane/dialplane/internal/version"
)

// FirmwarePolicyInput is what can be set of a policy. Nil fields are not given. Its
// faults point at /vendor, /models, /from, /steps and what is in them.
type FirmwarePolicyInput struct {
	Vendor         *string   // required on create
	Models         *[]string // empty for all of the vendor that no other policy names
	From           *string
	Steps          *[]string // required on create
	AllowDowngrade *bool
	OfferUnknown   *bool
}

const (
	maxSteps    = 16
	maxPolicies = 200
)

// Next returns the version that a phone is to install now, or "" for none. running
// is the version that it last named, or "".
func (p *FirmwarePolicy) Next(running string) string {
	if !strings.ContainsAny(running, decimal) {
		if p.OfferUnknown {
			return p.Steps[0]
		}
		return ""
	}
	if p.From != "" && version.Compare(running, p.From) < 0 {
		return ""
	}
	for _, step := range p.Steps {
		if version.Compare(running, step) < 0 {
			return step
		}
	}
	if target := p.Steps[len(p.Steps)-1]; p.AllowDowngrade && version.Compare(running, target) > 0 {
		return target
	}
	return ""
}

// Covers says whether the policy is for a vendor's model, or for all of the vendor.
func (p *FirmwarePolicy) Covers(vendor, model string) bool {
	return strings.EqualFold(p.Vendor, vendor) && covers(p.Models, model)
}

// FirmwarePolicies lists the policies.
func (f *Fleet) FirmwarePolicies(ctx context.Context, c Caller, q listquery.Query) (list []FirmwarePolicy, count int, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return nil, 0, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		list, count, err = r.FirmwarePolicies(ctx, c.Tenant, q)
		return err
	})
	return list, count, err
}

// FirmwarePolicy returns a policy.
func (f *Fleet) FirmwarePolicy(ctx context.Context, c Caller, id ID) (p FirmwarePolicy, err error) {
	if err := c.mayHere(Viewer); err != nil {
		return FirmwarePolicy{}, err
	}
	err = f.store.Read(ctx, func(r Reader) error {
		p, err = r.FirmwarePolicy(ctx, c.Tenant, id)
		return err
	})
	return p, err
}

// CreateFirmwarePolicy adds a policy. Every version that it leads to must have been
// uploaded for its models.
func (f *Fleet) CreateFirmwarePolicy(ctx context.Context, c Caller, in FirmwarePolicyInput) (ID, error) {
	if err := c.mayHere(Admin); err != nil {
		return 0, err
	}
	models, err := f.catalog.Models(ctx, c.Tenant)
	if err != nil {
		return 0, err
	}
	p := FirmwarePolicy{ID: f.store.NewID(), Tenant: c.Tenant}
	err = f.change(ctx, c, "firmware_policy.create", func(w Writer) (string, error) {
		p.CreatedAt = f.now()
		p.UpdatedAt = p.CreatedAt
		if err := in.read(ctx, w, models, true, &p); err != nil {
			return "", err
		}
		return p.object(), w.InsertFirmwarePolicy(ctx, p)
	})
	if err != nil {
		return 0, err
	}
	return p.ID, f.tell(ctx, f.filesChanged(c.Tenant))
}

// UpdateFirmwarePolicy changes a policy.
func (f *Fleet) UpdateFirmwarePolicy(ctx context.Context, c Caller, id ID, in FirmwarePolicyInput) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	models, err := f.catalog.Models(ctx, c.Tenant)
	if err != nil {
		return err
	}
	err = f.change(ctx, c, "firmware_policy.update", func(w Writer) (string, error) {
		p, err := w.FirmwarePolicy(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		p.UpdatedAt = f.now()
		if err := in.read(ctx, w, models, false, &p); err != nil {
			return "", err
		}
		return p.object(), w.UpdateFirmwarePolicy(ctx, p)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.filesChanged(c.Tenant))
}

// DeleteFirmwarePolicy removes a policy: its phones keep the firmware that they run.
func (f *Fleet) DeleteFirmwarePolicy(ctx context.Context, c Caller, id ID) error {
	if err := c.mayHere(Admin); err != nil {
		return err
	}
	err := f.change(ctx, c, "firmware_policy.delete", func(w Writer) (string, error) {
		p, err := w.FirmwarePolicy(ctx, c.Tenant, id)
		if err != nil {
			return "", err
		}
		return p.object(), w.DeleteFirmwarePolicy(ctx, c.Tenant, id)
	})
	if err != nil {
		return err
	}
	return f.tell(ctx, f.filesChanged(c.Tenant))
}

func (p *FirmwarePolicy) object() string {
	if len(p.Models) == 0 {
		return "firmware policy for " + p.Vendor
	}
	return fmt.Sprintf("firmware policy for %s %s", p.Vendor, strings.Join(p.Models, ", "))
}

// read puts the input into p, or says what is wrong with it.
func (in FirmwarePolicyInput) read(ctx context.Context, r Reader, known []ModelRow, creating bool, p *FirmwarePolicy) error {
	v := form{creating: creating}
	vendor, models := p.Vendor, p.Models
	if in.Vendor != nil {
		vendor = *in.Vendor
	}
	if in.Models != nil {
		models = *in.Models
	}
	if creating || in.Vendor != nil || in.Models != nil { // a template may be gone since
		v.phones(known, vendor, models, &p.Vendor, &p.Models, true)
	}
	set(&v, "/from", in.From, &p.From, blankOr(versionNamed))
	set(&v, "/allow_downgrade", in.AllowDowngrade, &p.AllowDowngrade, anything)
	set(&v, "/offer_unknown", in.OfferUnknown, &p.OfferUnknown, anything)
	switch {
	case in.Steps == nil && creating:
		v.add("/steps", "is required")
	case in.Steps == nil:
	case len(*in.Steps) == 0:
		v.add("/steps", "must name at least the version that phones are to run")
	case len(*in.Steps) > maxSteps:
		v.add("/steps", "has %d entries; at most %d are allowed", len(*in.Steps), maxSteps)
	default:
		p.Steps = make([]string, len(*in.Steps))
		for i := range *in.Steps {
			set(&v, fmt.Sprintf("/steps/%d", i), &(*in.Steps)[i], &p.Steps[i], versionNamed)
		}
	}
	if v.refused {
		return v.err()
	}
	before := p.From
	for i, step := range p.Steps {
		if before != "" && version.Compare(before, step) >= 0 {
			v.add(fmt.Sprintf("/steps/%d", i), "must be above the version before it: a path leads upwards, and allow_downgrade leads back to its end")
		}
		before = step
	}
	if err := v.uploaded(ctx, r, p); err != nil {
		return err
	}
	if err := v.alone(ctx, r, p); err != nil {
		return err
	}
	return v.err()
}

// uploaded adds a fault for each step that phones could not fetch.
func (v *form) uploaded(ctx context.Context, r Reader, p *FirmwarePolicy) error {
	files, _, err := r.Files(ctx, p.Tenant, listquery.Query{})
	if err != nil {
		return err
	}
	for i, step := range p.Steps {
		found := func(model string) bool {
			return slices.ContainsFunc(files, func(f File) bool {
				return f.Kind == Firmware && f.Version == step && strings.EqualFold(f.Vendor, p.Vendor) && (model == "" || covers(f.Models, model))
			})
		}
		at := fmt.Sprintf("/steps/%d", i)
		if len(p.Models) == 0 && !found("") {
			v.add(at, "is no version of which firmware of this vendor was uploaded; upload it first")
		}
		for _, model := range p.Models {
			if !found(model) {
				v.add(at, "is no version of which firmware for the model %s was uploaded; upload it first", model)
			}
		}
	}
	return nil
}

// alone adds a conflict for each model that another policy is for.
func (v *form) alone(ctx context.Context, r Reader, p *FirmwarePolicy) error {
	policies, _, err := r.FirmwarePolicies(ctx, p.Tenant, listquery.Query{})
	if err != nil {
		return err
	}
	if v.creating && len(policies) >= maxPolicies {
		v.conflict("", "there are %d policies, which is the most; destroy some first", len(policies))
	}
	for _, o := range policies {
		if o.ID == p.ID || !strings.EqualFold(o.Vendor, p.Vendor) {
			continue
		}
		if len(o.Models) == 0 && len(p.Models) == 0 {
			v.conflict("/models", "another policy is for all models of this vendor; change that one, or name models")
		}
		for i, model := range p.Models {
			if len(o.Models) > 0 && covers(o.Models, model) {
				v.conflict(fmt.Sprintf("/models/%d", i), "is in another policy; change that one")
			}
		}
	}
	return nil
}
