package yealink

import (
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// firstBootFiles is the first firmware generation that asks for .boot files.
const firstBootFiles = 81

// httpUserAgent is what a phone sends when it fetches.
func httpUserAgent(u vendor.Unit) string {
	p, _ := byModel(u.Model)
	word := p.ua
	if word == "" {
		word = "SIP-" + u.Model
	}
	return name + " " + word + " " + firmware(u) + " " + u.MAC.Colons()
}

// discovery gives the dialects of Yealink's phones. W52P is a capture; T21P is
// another project's test packet, alike but for the port; T53W is a third one's,
// made up by its looks: it escapes a colon as Snom's phones do.
func discovery(u vendor.Unit) []vendor.Discovery {
	agent := strings.TrimSuffix(httpUserAgent(u), " "+u.MAC.Colons())
	dialect := func(name, user, via, contact, vendorName string, port int) vendor.Discovery {
		return vendor.Discovery{Dialect: name, Port: port, Subscribe: fmt.Sprintf(subscribe, user, via, contact, agent, vendorName, u.Model, firmware(u))}
	}
	plain, escaped := "MAC"+u.MAC.String(), "MAC%3a"+u.MAC.String()
	return []vendor.Discovery{
		dialect("W52P", plain, "", plain+"@", "yealink", 5059),
		dialect("T21P", plain, "", plain+"@", name, 5060),
		dialect("T53W", escaped, ";rport", "", name, 5060),
	}
}

const subscribe = `SUBSCRIBE sip:%[1]s@224.0.1.75 SIP/2.0
Via: SIP/2.0/UDP {ip}:{port};branch={branch}%[2]s
From: <sip:%[1]s@224.0.1.75>;tag={tag}
To: <sip:%[1]s@224.0.1.75>
Call-ID: {call}
CSeq: 1 SUBSCRIBE
Contact: <sip:%[3]s{ip}:{port}>
Max-Forwards: 70
User-Agent: %[4]s
Expires: 0
Event: ua-profile;profile-type="device";vendor="%[5]s";model="%[6]s";version="%[7]s"
Accept: application/url
Content-Length: 0

`

// firmware returns the version that a phone runs.
func firmware(u vendor.Unit) string {
	if u.Firmware != "" {
		return u.Firmware
	}
	if p, ok := byModel(u.Model); ok {
		return p.firmware
	}
	return "108.86.0.45"
}

// generation returns the V of a firmware: 86 for 108.86.0.45. The video phones'
// 283 and 345 are generations of their own.
func generation(firmware string) int {
	_, rest, _ := strings.Cut(firmware, ".")
	digits, _, _ := strings.Cut(rest, ".")
	v, err := strconv.Atoi(digits)
	if err != nil {
		return 0
	}
	return v
}

// boot fetches and follows what a phone does. A configuration that registers
// nothing but names a provisioning URL is that of a phone being enrolled: it
// provisions once more, from there.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	b := booter{unit: u, get: get}
	config, err := b.provision("")
	if err != nil {
		return nil, err
	}
	if s := understand(config); len(s.Accounts) == 0 && isAbsolute(s.ProvisioningURL) {
		again, err := b.provision(s.ProvisioningURL)
		if err != nil {
			return nil, err
		}
		config.Merge(again)
	}
	return config, nil
}

type booter struct {
	unit vendor.Unit
	get  vendor.Getter
}

// provision fetches the whole sequence below base, the provisioning URL if empty.
func (b *booter) provision(base string) (*vendor.Config, error) {
	own := b.unit.MAC.String()
	if generation(firmware(b.unit)) >= firstBootFiles {
		for _, file := range []string{own + ".boot", "y000000000000.boot"} {
			boot, err := b.fetch(base, file)
			if err != nil {
				return nil, err
			}
			if boot != nil {
				return b.merge(base, b.mine(boot.Includes))
			}
		}
	}
	files := []string{own + ".cfg"}
	if p, ok := byModel(b.unit.Model); ok {
		files = []string{"y000000000" + p.code + ".cfg", files[0]}
	}
	return b.merge(base, files)
}

// mine returns the includes that are for this phone's model.
func (b *booter) mine(includes []string) []string {
	var files []string
	for _, file := range includes {
		if rest, ok := strings.CutPrefix(file, "["); ok {
			model, rest, _ := strings.Cut(rest, "]")
			if model != b.unit.Model {
				continue
			}
			file = rest
		}
		files = append(files, file)
	}
	return files
}

// merge fetches files in order, later ones over earlier ones. One that is
// missing is passed over.
func (b *booter) merge(base string, files []string) (*vendor.Config, error) {
	config, found := new(vendor.Config), false
	for _, file := range files {
		c, err := b.fetch(base, file)
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
	return config, nil
}

// fetch returns what a file says, or nil if it is missing.
func (b *booter) fetch(base, file string) (*vendor.Config, error) {
	at, err := resolve(base, file)
	if err != nil {
		return nil, err
	}
	status, body, err := b.get(at)
	switch {
	case err != nil:
		return nil, fmt.Errorf("fetching %s: %w", plain(file), err)
	case status == http.StatusNotFound:
		return nil, nil
	case status != http.StatusOK:
		return nil, fmt.Errorf("fetching %s: status %d", plain(file), status)
	}
	return parse(plain(file), body)
}

// resolve returns where file is for a boot file below base.
func resolve(base, file string) (string, error) {
	if base == "" || isAbsolute(file) {
		return file, nil
	}
	b, err := url.Parse(base)
	if err != nil {
		return "", errors.New("the provisioning URL in the configuration is no URL")
	}
	f, err := url.Parse(file)
	if err != nil {
		return "", errors.New("an included file's name is no part of a URL")
	}
	return b.ResolveReference(f).String(), nil
}

func isAbsolute(s string) bool { return strings.Contains(s, "://") }

// plain is the last part of a file's address: the folder before it may be secret.
func plain(file string) string { return file[strings.LastIndexByte(file, '/')+1:] }
