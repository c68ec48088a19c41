package store

import (
	"errors"
	"fmt"
	"strings"

	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"github.com/dialplane/dialplane/internal/fleet"
)

// rules says for each unique constraint, by its columns, what is in the way.
var rules = map[string]string{
	"tenants.name_folded":                  "another tenant has this name (upper and lower case count as the same)",
	"tenants.domain_folded":                "another tenant has this domain (upper and lower case count as the same)",
	"tenants.code":                         "another tenant has this code in its provisioning address",
	"users.tenant, users.extension_number": "another user has this extension number",
	"files.tenant, files.kind, files.vendor, files.version, files.name_folded": "a file of this kind, vendor and version has this name (upper and lower case count as the same)",
	"devices.mac":        "a phone or DECT base with this MAC address exists already",
	"devices.token_hash": "another phone or DECT base has this secret address",
	"dect_members.dect, dect_members.handset_index": "two members of one base have the same handset index",
	"dect_members.dect, dect_members.user_id":       "an extension is a member of the base twice",
	"dect_members.ipui":                             "another handset has this IPUI",
	"dect_systems.tenant, dect_systems.name_folded": "another DECT system has this name (upper and lower case count as the same)",
	"dect_systems.tenant, dect_systems.number":      "another DECT system has this number",
	"dect_system_bases.dect":                        "a DECT base is in one system only",
	"accounts.tenant, accounts.username_folded":     "another account has this username (upper and lower case count as the same)",
	"tokens.hash": "this token exists already",
	"redirect_accounts.tenant, redirect_accounts.vendor": "there is an account for this vendor already; change that one",
}

// translate makes the domain's errors of the database's. Others come back with
// the name of the package before them.
func translate(err error) error {
	var e *sqlite.Error
	if !errors.As(err, &e) {
		return fmt.Errorf("store: %w", err)
	}
	switch e.Code() {
	case sqlite3.SQLITE_CONSTRAINT_UNIQUE, sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY:
		_, columns, _ := strings.Cut(e.Error(), "UNIQUE constraint failed: ")
		columns, _, _ = strings.Cut(columns, " (")
		if rule, ok := rules[columns]; ok {
			return &fleet.Error{Code: fleet.CodeConflict, Message: rule}
		}
		return &fleet.Error{Code: fleet.CodeConflict, Message: "an object with this id exists already"}
	case sqlite3.SQLITE_CONSTRAINT_FOREIGNKEY:
		return fleet.NotFound("tenant") // every other reference is looked up first
	}
	return fmt.Errorf("store: %w", err)
}
