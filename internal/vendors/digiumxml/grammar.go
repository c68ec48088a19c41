package digiumxml

import (
	"encoding/xml"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/xmlfile"
)

// element is what the grammar says of one.
type element struct {
	name   string
	keys   []string // attributes that tell it from its like; none for those that are counted
	attrs  []string // others that it may have
	single bool     // it stands once, and has no number in its name
	value  bool     // its value attribute is the value of the setting itself
	inner  []element
}

// documents are the three kinds of files, by their root.
//
// A setting is called as the elements around it, with what tells each from its like:
// setting.time_zone, account.0.host_primary.server, blf_item.main.3.contact_id.
func documents() []element {
	host := []string{"server", "port", "transport", "media_encryption", "reregister", "retry", "num_retries"}
	action := element{name: "action", keys: []string{"id"}, attrs: []string{"dial", "dial_prefix", "label", "name"}}
	smartBLF := element{name: "smart_blf", single: true, inner: []element{
		{name: "blf_items", single: true, attrs: []string{"url", "md5", "network_id"}, inner: []element{
			{
				name: "blf_item", keys: []string{"location", "index"}, attrs: []string{"paging", "contact_id", "node"}, inner: []element{
					{name: "behaviors", single: true, inner: []element{{
						name:  "behavior",
						attrs: []string{"phone_state", "target_status", "press_action", "press_function", "long_press_action", "long_press_function"},
					}}},
					{name: "indicators", single: true, inner: []element{{
						name:  "indicator",
						attrs: []string{"target_status", "led_color", "led_state", "ring", "ringtone_id", "line_label_fgcolor", "line_label_bgcolor"},
					}}},
				},
			},
		}},
	}}
	return []element{
		{name: "config", inner: []element{
			{name: "setting", keys: []string{"id"}, attrs: []string{"value", "path", "url", "md5", "type"}, value: true},
			{name: "accounts", single: true, inner: []element{{
				name: "account", keys: []string{"index"},
				attrs: []string{
					"server_uuid", "status", "register", "account_id", "username", "authname", "password", "passcode", "line_label", "caller_id",
					"dial_plan", "visual_voicemail", "voicemail", "needMwiSubscription", "outbound_proxy", "outbound_port", "plar_number",
					"ring_type", "subscription_extension", "conflict",
				},
				inner: []element{
					{name: "host_primary", single: true, attrs: host},
					{name: "host_alternate", single: true, attrs: host},
					{name: "permission", keys: []string{"id"}, attrs: []string{"value"}, value: true},
				},
			}}},
			{name: "contacts", keys: []string{"id"}, attrs: []string{"url", "md5", "network_id"}},
			smartBLF,
			{name: "firmwares", single: true, inner: []element{{name: "firmware", keys: []string{"model"}, attrs: []string{"version", "url"}}}},
		}},
		{name: "phonebooks", inner: []element{{
			name: "contacts", keys: []string{"id"}, attrs: []string{"group_name"}, inner: []element{{
				name: "contact", keys: []string{"id"},
				attrs: []string{
					"prefix", "first_name", "second_name", "last_name", "suffix", "contact_type", "organization", "job_title", "location", "notes",
					"account_id", "subscribe_to",
				},
				inner: []element{{name: "actions", single: true, inner: []element{action}}},
			}},
		}}},
	}
}

// Parse reads a file of a phone, whichever it is.
func Parse(file string, body []byte) (*vendor.Config, error) {
	r := &reader{Walker: xmlfile.Walk(body, "setting"), config: new(vendor.Config)}
	if err := r.document(); err != nil {
		return nil, r.At(file, err)
	}
	return r.config, nil
}

type reader struct {
	*xmlfile.Walker
	config *vendor.Config
}

func (r *reader) document() error {
	root, err := r.Element("")
	switch {
	case err != nil:
		return err
	case root == nil:
		return errors.New("the file has no <config>")
	}
	all := documents()
	i := slices.IndexFunc(all, func(e element) bool { return e.name == root.Name.Local && root.Name.Space == "" })
	if i < 0 {
		return fmt.Errorf("<%s> where <config> or <phonebooks> is expected", root.Name.Local)
	}
	if len(root.Attr) > 0 {
		return fmt.Errorf("<%s> takes no attribute", root.Name.Local)
	}
	if err := r.inside("", all[i]); err != nil {
		return err
	}
	return r.End("", root.Name.Local)
}

// inside reads what stands in an element, to its end.
func (r *reader) inside(prefix string, parent element) error {
	counts := make(map[string]int)
	for {
		start, err := r.Element(parent.name)
		if err != nil || start == nil {
			return err
		}
		i := slices.IndexFunc(parent.inner, func(e element) bool { return e.name == start.Name.Local && start.Name.Space == "" })
		if i < 0 {
			return fmt.Errorf("<%s> in <%s>", start.Name.Local, parent.name)
		}
		r.config.Line = r.Line()
		e := parent.inner[i]
		counts[e.name]++
		name, err := r.attributes(prefix, e, start, counts[e.name])
		if err != nil {
			return err
		}
		if err := r.inside(name, e); err != nil {
			return err
		}
	}
}

// attributes adds the settings of an element's attributes and returns the prefix of
// those inside it.
func (r *reader) attributes(prefix string, e element, start *xml.StartElement, nth int) (string, error) {
	name := prefix + e.name + "."
	if e.single {
		if nth > 1 {
			return "", fmt.Errorf("<%s> stands twice", e.name)
		}
		if len(e.attrs) == 0 {
			name = prefix // it only holds others
		}
	} else if len(e.keys) == 0 {
		name += strconv.Itoa(nth) + "."
	}
	seen := make(map[string]string)
	for _, a := range start.Attr {
		if _, twice := seen[a.Name.Local]; twice || a.Name.Space != "" || !slices.Contains(e.keys, a.Name.Local) && !slices.Contains(e.attrs, a.Name.Local) {
			return "", fmt.Errorf("<%s> has an attribute %s that it does not take, or twice", e.name, a.Name.Local)
		}
		seen[a.Name.Local] = a.Value
	}
	for _, key := range e.keys {
		if !plain(seen[key]) {
			return "", fmt.Errorf("<%s> needs %s, of letters, digits, - and _", e.name, key)
		}
		name += seen[key] + "."
	}
	for _, a := range start.Attr {
		setting := name + a.Name.Local
		if e.value && a.Name.Local == "value" {
			setting = strings.TrimSuffix(name, ".")
		}
		if slices.Contains(e.keys, a.Name.Local) {
			continue
		}
		if err := r.config.Add(setting, a.Value); err != nil {
			return "", err
		}
		if a.Name.Local == "url" && (e.name == "contacts" || e.name == "blf_items") && a.Value != "" {
			r.config.Includes = append(r.config.Includes, a.Value)
		}
	}
	return name, nil
}

// plain says whether s can stand in the name of a setting.
func plain(s string) bool {
	return s != "" && len(s) <= 64 && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '-' && c != '_'
	})
}

// Directory reads a phone book: the contacts of every group, by name and the number
// that their first action dials.
func Directory(body []byte) ([]vendor.Contact, error) {
	c, err := Parse("phone book", body)
	if err != nil {
		return nil, err
	}
	var all []vendor.Contact
	at := make(map[string]int)
	for _, s := range c.Settings() {
		entry, field, ok := strings.Cut(strings.TrimPrefix(s.Name, "contacts."), ".contact.")
		id, field, _ := strings.Cut(field, ".")
		if !ok {
			continue
		}
		i, known := at[entry+"."+id]
		if !known {
			i = len(all)
			at[entry+"."+id], all = i, append(all, vendor.Contact{})
		}
		switch field {
		case "first_name", "last_name":
			all[i].Name = strings.TrimSpace(all[i].Name + " " + s.Value)
		case "action.primary.dial":
			all[i].Number = s.Value
		}
	}
	return all, nil
}
