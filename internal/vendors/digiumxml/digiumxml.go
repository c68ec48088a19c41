// Package digiumxml holds what Digium's D-series and Sangoma's P-series share, which run
// one firmware: the grammar of their files, what they do with it, how they boot, and the
// base of their templates.
//
// # What the phones fetch
//
// A phone asks for <mac>.cfg, in lower case, below the address that it was given, and
// for 000000000000.cfg if there is none (WZ serves both; the order is memory). The
// file is <config>, with a <setting id value> for each parameter and <accounts>; it
// names the further files that the phone fetches: contacts, <phonebooks>, and the keys
// that show them, <smart_blf>. A key is a contact that has its place there.
//
// # Moving to another address
//
// config_server_url is where the phone looks from then on, at its next start or when
// it is told to by check-sync.
//
// # Sources, by the marks used in this folder and in the packs
//
//   - KB: Sangoma's knowledge base, sangomakb.atlassian.net: XML Configuration 2.9.22,
//     3.8.0, 4.13.0 and 4.26.0 (pages 24379408, 122683413, 17694755, 732790785; accounts: 16024177), Smart
//     BLF (24248648) and Contacts (21037279).
//   - DW: Digium's wiki, wiki.asterisk.org pages 37454951 and 30278863.
//   - FP: fusionpbx/fusionpbx resources/templates/provision/digium.
//   - WZ: wazo-platform/wazo-provd-plugins plugins/wazo_digium.
//   - DPMA: options of Asterisk's module for these phones, as FreePBX's digium_phones
//     writes them.
//   - memory: not verified; to be confirmed on a phone.
package digiumxml

import (
	_ "embed"
	"errors"
	"io/fs"
	"path"
	"strings"
)

//go:embed parameters.txt
var parameters string

// Parameters returns the dictionary of what the base of the templates writes, as
// vendor.ParseDictionary reads it.
func Parameters() string { return parameters }

//go:embed base.xml
var base string

// Templates returns the templates of one brand with their base among them, which is that
// brand's as well and called <brand>-base.xml: a template extends none of another vendor.
func Templates(brand string, own fs.FS) fs.FS {
	return folder{own, strings.ToLower(brand) + "-base.xml", strings.Replace(base, `vendor="" title="`, `vendor="`+brand+`" title="`+brand+` `, 1)}
}

// folder is a folder with one more file, which is read whole.
type folder struct {
	fs.FS
	name, content string
}

// Open opens a file of the folder below; the one more has no handle.
func (f folder) Open(name string) (fs.File, error) {
	if name == f.name {
		return nil, &fs.PathError{Op: "open", Path: name, Err: errors.ErrUnsupported}
	}
	return f.FS.Open(name)
}

// ReadFile implements fs.ReadFileFS.
func (f folder) ReadFile(name string) ([]byte, error) {
	if name == f.name {
		return []byte(f.content), nil
	}
	return fs.ReadFile(f.FS, name)
}

// Glob implements fs.GlobFS.
func (f folder) Glob(pattern string) ([]string, error) {
	names, err := fs.Glob(f.FS, pattern)
	if err != nil {
		return nil, err
	}
	if matches, err := path.Match(pattern, f.name); err != nil || !matches {
		return names, err
	}
	return append([]string{f.name}, names...), nil
}
