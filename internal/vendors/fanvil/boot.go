package fanvil

import (
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// httpUserAgent writes what a phone says of itself when it fetches.
func httpUserAgent(u vendor.Unit) string { return product(u) + " " + u.MAC.String() }

// product names a phone and its firmware. Phones write "X6U Pro" but "X5U-V2" (WZ).
func product(u vendor.Unit) string {
	name := u.Model
	if base, ok := strings.CutSuffix(name, "-Pro"); ok {
		name = base + " Pro"
	}
	return "Fanvil " + name + " " + firmware(u)
}

func firmware(u vendor.Unit) string {
	switch {
	case u.Firmware != "":
		return u.Firmware
	case strings.HasPrefix(commonFile(u.Model), "f0"):
		return "2.10.2.6887"
	}
	return "2.12.16.17"
}

// discovery spells what the other vendors' phones do; no capture of a Fanvil's was
// found, so it rests on memory.
func discovery(u vendor.Unit) []vendor.Discovery {
	return []vendor.Discovery{{Dialect: "usual", Port: 5060, Subscribe: vendor.Subscribe("MAC%3a"+u.MAC.String(), product(u), "Fanvil", u.Model, firmware(u))}}
}

// boot fetches what a phone fetches: the common file of its model, then its own
// file, each applied as it comes (WZ; "Auto Provision Standard" section 4). The
// address may come from DHCP, else from PnP, else from the phone's own settings
// (manual).
//
// A file that sets up no account but names an address, as a phone gets in its
// enrolment window, makes the phone fetch its own file from there; a real one
// does so when it is started again or its interval (hours) has passed.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	own := u.MAC.String() + ".cfg"
	files := []string{own}
	if common := commonFile(u.Model); common != "" {
		files = []string{common, own}
	}
	config, err := get.FetchAll("", files, parse)
	switch {
	case err != nil:
		return nil, err
	case config == nil:
		return nil, vendor.ErrNoConfig
	}
	if s := understand(config); len(s.Accounts) == 0 && s.ProvisioningURL != "" {
		next, err := get.Fetch(s.ProvisioningURL+own, parse)
		if err != nil {
			return nil, err
		}
		if next != nil {
			config.Merge(next)
		}
	}
	return config, nil
}

// commonFile returns the name of a model's common file, or "" where none is
// known. Models that no source lists follow the rule of the others: "F0V", the
// model filled up with zeros to four places, "00000" (memory).
func commonFile(model string) string {
	switch model {
	case "X1", "X2", "X2C", "X2P", "X3S", "X3SP", "X3G", "X3SG", "X4", "X4G":
		return "f0X" + strings.ToLower(model[1:]) + "hw1.100.cfg"
	case "X5S":
		return "F0V00X5S0000.cfg"
	case "X5U-V2":
		return "F0V5UV200000.cfg"
	case "X6-V2":
		return "F0000X600000.cfg"
	case "V62":
		return "F0VV6200000.cfg"
	case "V62-Pro":
		return "F0V0V6210000.cfg"
	case "V66-Pro":
		return "F0V0V66100000.cfg"
	case "X210":
		return "F0VX21000000.cfg"
	case "i10S", "i10SV", "i10SD", "i16S", "i16SV", "W610W", "W611W", "W620W":
		return "F0V" + model[1:] + "00000.cfg"
	case "i51W", "i52W", "i53W":
		return "F0V" + model + "00000.cfg"
	case "i61", "i62", "i63", "i64":
		return "F0V0" + model + "00000.cfg"
	case "H2U-V2":
		return "F0V2UV200000.cfg"
	case "H2", "H2U", "H3", "H5", "C58", "C62", "i30":
		return ""
	}
	if len(model) > 4 {
		return ""
	}
	return "F0V" + strings.Repeat("0", 4-len(model)) + strings.ToUpper(model) + "00000.cfg"
}
