package fleet

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/secret"
)

// identity is what never changes of a phone or base.
type identity struct {
	mac, filename, vendor, model *string
	at                           string // pointer of filename
	dect                         bool
}

// device is an identity that was read.
type device struct {
	mac                     mac.Addr
	filename, vendor, model string
	handsets                int
}

// identify reads an identity. The info is nil if there is no such template.
func (f *Fleet) identify(ctx context.Context, r Reader, v *form, tenant ID, in identity, info *TemplateInfo) (device, error) {
	var d device
	if in.mac == nil {
		v.add("/mac", "is required")
	} else if m, err := mac.Parse(*in.mac); err != nil {
		v.add("/mac", "%s", err)
	} else {
		d.mac = m
		switch taken, ours, err := r.MACTaken(ctx, tenant, m); {
		case err != nil:
			return d, err
		case ours:
			v.conflict("/mac", "a phone or DECT base with the MAC address %s is there already", m)
		case taken:
			v.conflict("/mac", "the MAC address %s is in use outside this tenant", m)
		}
	}
	switch {
	case in.filename == nil:
		v.add(in.at, "is required")
	case info == nil:
		v.add(in.at, "there is no such template; the list of models names those there are")
	case info.DECT != in.dect && info.DECT:
		v.add(in.at, "is a template of DECT bases; make this phone a DECT base, or choose a template of desk phones")
	case info.DECT != in.dect:
		v.add(in.at, "is a template of desk phones; a DECT base needs a template of DECT bases")
	default:
		d.filename = *in.filename
		// The template may have been deleted since it was described.
		if _, builtin := f.catalog.Builtin(d.filename); !builtin {
			if _, err := r.Template(ctx, tenant, d.filename); err != nil {
				return d, err
			}
		}
	}
	vendor, model := rule[string](anything[string]), rule[string](anything[string])
	if d.filename != "" {
		vendor = oneOf([]string{info.Vendor})
		names := make([]string, len(info.Models))
		for i, m := range info.Models {
			names[i] = m.Model
		}
		model = oneOf(names)
	}
	need(v, "/vendor", in.vendor, &d.vendor, vendor)
	need(v, "/model", in.model, &d.model, model)
	if d.filename != "" {
		if i := slices.IndexFunc(info.Models, func(m ModelRow) bool { return m.Model == d.model }); i >= 0 {
			d.handsets = info.Models[i].Handsets
		}
	}
	return d, nil
}

// fixed refuses a new identity for what is there.
func (v *form) fixed(in identity) {
	for _, field := range []struct {
		at    string
		value *string
	}{{"/mac", in.mac}, {in.at, in.filename}, {"/vendor", in.vendor}, {"/model", in.model}} {
		if field.value != nil {
			v.add(field.at, "cannot be changed; delete the phone and make it anew")
		}
	}
}

// describe returns what a template offers, or nil if there is no such template.
func (f *Fleet) describe(ctx context.Context, tenant ID, filename *string) (*TemplateInfo, error) {
	if filename == nil || templateName(*filename) != "" {
		return nil, nil
	}
	info, err := f.catalog.Describe(ctx, tenant, *filename)
	switch {
	case CodeOf(err) == CodeNotFound:
		return nil, nil
	case err != nil:
		return nil, err
	}
	return &info, nil
}

func (f *Fleet) describeUsed(ctx context.Context, tenant ID, filename string) (*TemplateInfo, error) {
	info, err := f.describe(ctx, tenant, &filename)
	if err == nil && info == nil {
		err = errorf(CodeConflict, "the template %s that the phone was made with is gone; upload it again, or delete the phone", filename)
	}
	return info, err
}

// offer is the rule for a choice of the template, which may be unknown.
func offer(info *TemplateInfo, list func(*TemplateInfo) []string) rule[string] {
	if info == nil {
		return anything[string]
	}
	return offered(list(info))
}

// deviceInput is what the inputs of phones and bases have in common.
type deviceInput struct {
	password                     *secret.Secret
	language, timeZone           *string
	codecs                       *[]string
	sipInterface, transport      *string
	redirectService, httpsScheme *bool
	disabled                     *bool
	code                         *string
}

func (f *Fleet) readDevice(v *form, in deviceInput, t Tenant, info *TemplateInfo, m mac.Addr, d *DeviceSettings) {
	var vendors []string
	if info != nil {
		vendors = []string{info.Vendor}
	}
	need(v, "/password", in.password, &d.Password, veiled(all(webPassword(m), f.carried(vendors...))))
	// Where the template has no language or no zone to choose, the phone is not told.
	language, place := oneOf(Languages), rule[string](zone)
	if info != nil && len(info.Languages) > 0 {
		language = all(language, oneOf(info.Languages))
	}
	if info == nil || len(info.TimeZones) > 0 {
		place = offer(info, func(i *TemplateInfo) []string { return i.TimeZones })
	}
	need(v, "/language", upper(in.language), &d.Language, language)
	need(v, "/timezone", in.timeZone, &d.TimeZone, place)
	readCodecs(v, in.codecs, info, &d.Codecs)
	need(v, "/interface", (*Interface)(in.sipInterface), &d.Interface, oneOf(Interfaces))
	need(v, "/preferred_transport", in.transport, (*string)(&d.PreferredTransport),
		all(oneOf([]string{string(UDP), string(TCP), string(TLS)}), offer(info, func(i *TemplateInfo) []string { return i.Transports })))
	if in.sipInterface != nil || in.transport != nil {
		reachable(v, t, d.Interface, d.PreferredTransport)
	}
	set(v, "/rps", in.redirectService, &d.RPS, anything)
	set(v, "/device_code", in.code, &d.Code, text(0, 64))
	set(v, "/https", in.httpsScheme, &d.HTTPS, anything)
	switch {
	case in.disabled == nil || *in.disabled == d.Disabled():
	case *in.disabled:
		d.DisabledAt = f.now()
	default:
		d.DisabledAt = time.Time{}
	}
}

// readCodecs reads the codecs, which a template need not offer: then there are none
// to choose.
func readCodecs(v *form, in *[]string, info *TemplateInfo, to *[]string) {
	fixed := info != nil && len(info.Codecs) == 0
	switch {
	case in == nil && v.creating && !fixed:
		v.add("/codecs", "is required")
	case in == nil:
	case len(*in) == 0 && !fixed:
		v.add("/codecs", "must name at least one codec, best first")
	case len(*in) > 64:
		v.add("/codecs", "has %d codecs; at most 64 are allowed", len(*in))
	default:
		for i, codec := range *in {
			at := fmt.Sprintf("/codecs/%d", i)
			if wrong := offer(info, func(i *TemplateInfo) []string { return i.Codecs })(codec); wrong != "" {
				v.add(at, "%s", wrong)
			} else if slices.Contains((*in)[:i], codec) {
				v.add(at, "appears twice")
			}
		}
		*to = slices.Clone(*in)
	}
}

// reachable sees that the tenant says where the interface's registrar is. Fields
// that were refused are blank here.
func reachable(v *form, t Tenant, name Interface, by Transport) {
	if name == "" {
		return
	}
	e, ok := t.Endpoints[name]
	port := map[Transport]int{UDP: e.UDP, TCP: e.TCP, TLS: e.TLS}[by]
	switch {
	case !ok && by == "":
		v.add("/interface", "the tenant does not say where %s is; set its endpoints.%s.host and a port there", name, name)
	case !ok:
		v.add("/interface", "the tenant does not say where %s is; set its endpoints.%s.host and .%s (the port)", name, name, portField(by))
	case by != "" && port == 0:
		v.add("/interface", "the tenant's %s offers no %s; set its endpoints.%s.%s (the port), or choose another transport or interface", name, by, name, portField(by))
	}
}

func portField(by Transport) string {
	return map[Transport]string{UDP: "udp", TCP: "tcp", TLS: "tls"}[by]
}

// settle notes what an update has changed of a device, and shuts the windows of one
// that is disabled.
func (f *Fleet) settle(ctx context.Context, w Writer, c Caller, m mac.Addr, disabled bool, v *form) error {
	if err := f.noteChanges(ctx, w, c, m, v); err != nil || !disabled {
		return err
	}
	return f.closeFor(ctx, w, c.Tenant, m)
}

// tellSettled passes on what settle has led to, once it is durable.
func (f *Fleet) tellSettled(ctx context.Context, tenant ID, m mac.Addr, disabled bool, more ...func(context.Context) error) error {
	changed := append([]func(context.Context) error{f.phoneChanged(tenant, m)}, more...)
	if disabled {
		changed = append(changed, f.enrolmentsChanged(tenant, m))
	}
	return f.tell(ctx, changed...)
}
