package app

import (
	"encoding/json"
	"errors"
	"fmt"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/packs"
)

type identifyCmd struct {
	UserAgent string `help:"The request's User-Agent." placeholder:"TEXT" env:"-"`
	Path      string `help:"The request's path." placeholder:"PATH" env:"-"`
	DHCPClass string `name:"dhcp-class" help:"The phone's DHCP vendor class (option 60)." placeholder:"TEXT" env:"-"`
}

// identification is what 'identify' prints: null for what the request does not say.
type identification struct {
	Vendor  *string  `json:"vendor"`
	Model   *string  `json:"model"`
	Version *string  `json:"version"`
	MAC     *string  `json:"mac"`
	By      []string `json:"by"`
	Error   string   `json:"error,omitempty"`
}

func (c identifyCmd) Run(streams Streams) error {
	if c.UserAgent == "" && c.Path == "" && c.DHCPClass == "" {
		return errors.New("give --user-agent, --path or --dhcp-class, or several")
	}
	found, _, err := packs.Registry().Identify(vendor.Evidence{UserAgent: c.UserAgent, Path: c.Path, VendorClass: c.DHCPClass})
	out := identification{
		Vendor: orNull(found.Vendor), Model: orNull(found.Model), Version: orNull(found.Version), By: found.By,
	}
	if out.By == nil {
		out.By = []string{}
	}
	if !found.MAC.IsZero() {
		out.MAC = orNull(found.MAC.String())
	}
	if err != nil {
		out.Error = err.Error()
	}
	e := json.NewEncoder(streams.Out)
	e.SetEscapeHTML(false)
	if err := e.Encode(out); err != nil {
		return fmt.Errorf("write the answer: %w", err)
	}
	return nil
}

func orNull(s string) *string {
	if s == "" {
		return nil
	}
	return &s
}
