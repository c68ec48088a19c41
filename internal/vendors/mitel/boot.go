package mitel

import (
	"cmp"
	"fmt"
	"net/http"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// httpUserAgent is what a phone sends when it fetches. The 69xx call themselves
// Mitel; Wazo has seen Aastra before a 6915 as well.
func httpUserAgent(u vendor.Unit) string {
	maker := "Aastra"
	if strings.HasPrefix(u.Model, "69") {
		maker = name
	}
	return maker + u.Model + " MAC:" + strings.ToUpper(strings.ReplaceAll(u.MAC.Colons(), ":", "-")) + " V:" + firmware(u) + "-SIP"
}

// firmware returns the version that a phone runs: the last for its series.
func firmware(u vendor.Unit) string {
	last := "3.3.1.4365"
	switch {
	case strings.HasPrefix(u.Model, "68"):
		last = "6.4.0.140"
	case strings.HasPrefix(u.Model, "69"):
		last = "6.4.0.4006"
	}
	return cmp.Or(u.Firmware, last)
}

// commonFile is what the file of all phones is called: aastra.cfg up to release 3.
func commonFile(firmware string) string {
	major, _, _ := strings.Cut(firmware, ".")
	switch major {
	case "1", "2", "3":
		return "aastra.cfg"
	}
	return "startup.cfg"
}

// boot fetches the file of all phones, the model's and the phone's own. Files that
// set up no account but name another server, as a phone gets in its enrolment
// window, send it there; a real phone goes at its next start.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	config, found, err := fetch(u, "", get)
	if err != nil {
		return nil, err
	}
	if s := understand(config); len(s.Accounts) == 0 && s.ProvisioningURL != "" {
		own, more, err := fetch(u, s.ProvisioningURL, get)
		if err != nil {
			return nil, err
		}
		config.Merge(own)
		found = found || more
	}
	if !found {
		return nil, vendor.ErrNoConfig
	}
	return config, nil
}

// fetch gets all files below a folder and says whether there were any.
func fetch(u vendor.Unit, folder string, get vendor.Getter) (*vendor.Config, bool, error) {
	config, found := new(vendor.Config), false
	for _, file := range []string{commonFile(firmware(u)), u.Model + ".cfg", u.MAC.Upper() + ".cfg"} {
		status, body, err := get(folder + file)
		switch {
		case err != nil:
			return nil, false, fmt.Errorf("fetching %s: %w", file, err)
		case status == http.StatusNotFound:
			continue
		case status != http.StatusOK:
			return nil, false, fmt.Errorf("fetching %s: status %d", file, status)
		}
		c, err := parse(file, body)
		if err != nil {
			return nil, false, err
		}
		config.Merge(c)
		found = true
	}
	return config, found, nil
}
