package vendor

import (
	"fmt"
	"strings"
)

// Statuses of HTTP, which this package does not import.
const (
	found    = 200
	moved    = 302
	notFound = 404
)

// Fetch gets one file and reads it with a Pack's Parse. It returns nil if the file is
// missing, and an error if the server answers anything but 200 and 404. Parse and all
// errors have the last part of the name alone: the folder before it may be secret.
func (get Getter) Fetch(name string, parse func(file string, body []byte) (*Config, error)) (*Config, error) {
	file := name[strings.LastIndexByte(name, '/')+1:]
	status, body, err := get(name)
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetching %s: %w", file, err)
	case status == notFound:
		return nil, nil
	case status != found:
		return nil, fmt.Errorf("fetching %s: status %d", file, status)
	}
	return parse(file, body)
}

// Location asks a redirect service by a name and returns where it sends the phone by a
// status of 302. The error is ErrNotRedirected if there is no such name.
func (get Getter) Location(name string) (string, error) {
	status, to, err := get(name)
	switch {
	case err != nil:
		return "", err
	case status == notFound:
		return "", ErrNotRedirected
	case status != moved || len(to) == 0:
		return "", fmt.Errorf("the redirect service answers with the status %d", status)
	}
	return string(to), nil
}

// FolderOf is Location of a service that sends the phone on to a file of its own, and
// returns the folder that it is in.
func (get Getter) FolderOf(name, file string) (string, error) {
	to, err := get.Location(name)
	if err != nil {
		return "", err
	}
	folder, ok := strings.CutSuffix(to, "/"+file)
	if !ok {
		return "", fmt.Errorf("the redirect service leads to another file than %s", file)
	}
	return folder + "/", nil
}

// FetchAll fetches files in turn below base, which is "" or ends in a slash, and puts
// later ones over earlier ones. One that is missing is passed over; it returns nil if
// all are.
func (get Getter) FetchAll(base string, files []string, parse func(file string, body []byte) (*Config, error)) (*Config, error) {
	var all *Config
	for _, file := range files {
		c, err := get.Fetch(base+file, parse)
		if err != nil {
			return nil, err
		}
		if c == nil {
			continue
		}
		if all == nil {
			all = new(Config)
		}
		all.Merge(c)
	}
	return all, nil
}

// ThroughEnrolment is the Boot of phones that look again where their configuration says.
// It provisions first below "", where the phone stands. A configuration without an
// account that names an address is that of an enrolment: the phone goes there at its
// next look or start, and ThroughEnrolment at once, and what it finds is put over the
// first. provision returns nil if there is no configuration at all, which is ErrNoConfig
// at either place.
func ThroughEnrolment(provision func(base string) (*Config, error), understand func(*Config) State) (*Config, error) {
	below := func(base string) (*Config, error) {
		c, err := provision(base)
		if c == nil && err == nil {
			err = ErrNoConfig
		}
		return c, err
	}
	c, err := below("")
	if err != nil {
		return nil, err
	}
	s := understand(c)
	if s.ProvisioningURL == "" || len(s.Accounts) > 0 {
		return c, nil
	}
	next, err := below(s.ProvisioningURL)
	if err != nil {
		return nil, err
	}
	c.Merge(next)
	return c, nil
}

// BootFiles is the Boot of phones that ask for the same files everywhere, later ones
// over earlier ones, and go through an enrolment. One that finds nothing at the address
// that it was given keeps what it has.
func BootFiles(get Getter, parse func(file string, body []byte) (*Config, error), understand func(*Config) State, files ...string) (*Config, error) {
	return ThroughEnrolment(func(base string) (*Config, error) {
		c, err := get.FetchAll(base, files, parse)
		if c == nil && err == nil && base != "" {
			c = new(Config)
		}
		return c, err
	}, understand)
}
