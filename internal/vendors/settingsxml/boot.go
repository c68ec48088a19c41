package settingsxml

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"

	"github.com/dialplane/dialplane/internal/mac"
	"github.com/dialplane/dialplane/internal/vendors"
)

// maxFiles is how many files the simulated phone fetches in one boot; a real one
// has some bound of its own.
const maxFiles = 32

// Files are the names of what a phone asks for below its provisioning URL, if that
// is a folder.
type Files struct {
	Common   string // of its model: "snomD785.htm"
	Own      string // "snomD785-000413AABBCC.htm"
	Firmware string // "snomD785-firmware.htm"
}

// Boot does what a phone does whose provisioning URL is a folder: it asks for the
// files of its model and of itself, and for each the files that it names, before
// the next. The firmware file comes last.
//
// When the files leave the phone with another provisioning URL, it provisions
// there as well. That a phone does so at once, and not only at its next look, is
// from memory.
func Boot(addr mac.Addr, files Files, get vendor.Getter) (*vendor.Config, error) {
	b := booter{mac: addr.Upper(), files: files, get: get, config: new(vendor.Config), fetched: make(map[string]bool)}
	if err := b.provision(""); err != nil {
		return nil, err
	}
	if at := b.config.Get("setting_server"); at != "" && !b.ours() {
		if err := b.provision(at); err != nil {
			return nil, err
		}
	}
	if b.found == 0 {
		return nil, vendor.ErrNoConfig
	}
	// Where the phone looks for its firmware, if a file says so.
	if at := b.config.Get("firmware_status"); at != "" {
		if err := b.file(at); err != nil {
			return nil, err
		}
	}
	return b.config, nil
}

type booter struct {
	mac     string
	files   Files
	get     vendor.Getter
	config  *vendor.Config
	fetched map[string]bool // names asked for
	found   int             // files that were there
}

// ours reports whether the phone has been given an account or, as a DECT base that
// takes its accounts from another, its place in a system, and so been at its own
// address.
func (b *booter) ours() bool {
	return b.config.Get("user_active[1]") != "" || b.config.Get("network_sync_enable") != ""
}

// macPlace stands for the phone's MAC address in a provisioning URL.
const macPlace = "{mac}"

// provision fetches from a folder, or from the one address that holds the phone's
// MAC address; the firmware file stands beside that.
func (b *booter) provision(at string) error {
	folder := at
	names := []string{b.files.Common, b.files.Own}
	switch {
	case strings.Contains(at, macPlace):
		names = []string{strings.ReplaceAll(base(at), macPlace, b.mac)}
		folder = strings.TrimSuffix(at, base(at))
	case at != "" && !strings.HasSuffix(at, "/"):
		folder += "/"
	}
	for _, name := range append(names, b.files.Firmware) {
		if err := b.file(folder + name); err != nil {
			return err
		}
	}
	return nil
}

// file fetches one file and those that it names.
func (b *booter) file(name string) error {
	if b.fetched[name] {
		return nil
	}
	if len(b.fetched) == maxFiles {
		return fmt.Errorf("the phone's files name more than %d others", maxFiles)
	}
	b.fetched[name] = true
	status, body, err := b.get(name)
	if err != nil {
		return err
	}
	switch status {
	case http.StatusOK:
	case http.StatusNotFound:
		return nil
	default:
		return fmt.Errorf("the server answered %d to the request for a configuration file", status)
	}
	c, err := Parse(base(name), body)
	if err != nil {
		return err
	}
	b.found++
	b.config.Merge(c)
	for _, include := range c.Includes {
		next, err := resolve(name, include)
		if err != nil {
			return err
		}
		if err := b.file(next); err != nil {
			return err
		}
	}
	return nil
}

// base returns the last part of a name, so that no message shows a secret folder.
func base(name string) string { return name[strings.LastIndexByte(name, '/')+1:] }

// resolve returns the name of a file that another names: as it stands if it is
// absolute, else beside the other.
func resolve(from, name string) (string, error) {
	ref, err := url.Parse(name)
	if err != nil {
		return "", errAddress
	}
	in, err := url.Parse(from)
	switch {
	case err != nil:
		return "", errAddress
	case ref.IsAbs(), !in.IsAbs() && strings.HasPrefix(name, "/"):
		return name, nil
	case !in.IsAbs():
		return strings.TrimSuffix(from, base(from)) + name, nil
	}
	return in.ResolveReference(ref).String(), nil
}

var errAddress = errors.New("a file names another by an address that cannot be read")
