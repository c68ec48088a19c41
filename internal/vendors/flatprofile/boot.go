package flatprofile

import (
	"errors"
	"fmt"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// rules are the parameters that say what a phone fetches, in the order of its doing so.
var rules = []string{"Profile_Rule", "Profile_Rule_B", "Profile_Rule_C", "Profile_Rule_D"}

// maxResyncs is how often the simulated phone fetches anew before it is settled.
const maxResyncs = 6

// Boot does what a phone does out of the box: it fetches first, the file of its model,
// and from then on, every Resync_Periodic seconds, what the rules in its configuration
// say. It is settled when they say what was fetched last.
//
// A real phone waits Resync_Periodic between two fetches; this one does not. That it goes
// by the new rule at the next fetch, and not only after a restart, is what other servers'
// chains of profiles rely on (Wazo's, FusionPBX's).
func Boot(first string, u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	config, found := new(vendor.Config), false
	next := []string{first}
	for range maxResyncs {
		for _, name := range next {
			c, err := get.Fetch(name, Parse)
			if err != nil {
				return nil, err
			}
			if c != nil {
				config.Merge(c)
				found = true
			}
		}
		if !found {
			return nil, vendor.ErrNoConfig
		}
		after, err := expanded(config, u)
		if err != nil {
			return nil, err
		}
		if len(after) == 0 || strings.Join(after, " ") == strings.Join(next, " ") {
			return config, nil
		}
		next = after
	}
	return nil, errors.New("the profiles send the phone from one to the next without end")
}

// expanded returns the addresses in the rules of a configuration.
func expanded(c *vendor.Config, u vendor.Unit) ([]string, error) {
	macros := strings.NewReplacer("$MAU", u.MAC.Upper(), "$MAC", u.MAC.Colons(), "$MA", u.MAC.String())
	var all []string
	for _, name := range rules {
		rule := macros.Replace(c.Get(name))
		if rule == "" {
			continue
		}
		if at, err := url.Parse(rule); err != nil || strings.ContainsAny(rule, "$[]|() ") || at.Scheme == "" {
			return nil, fmt.Errorf("%s is no plain address; options, conditions and other macros are not followed here", name)
		}
		all = append(all, rule)
	}
	return all, nil
}
