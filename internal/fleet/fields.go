package fleet

import "github.com/dialplane/dialplane/internal/listquery"

// What each list can be sorted, searched and filtered by, under the names of the
// API. An id can be compared with eq and ne, and sorts by age. A time is RFC 3339
// text: it compares as a time, and is not searched.
var (
	TenantFields = listquery.Fields{
		"id":     listquery.Text,
		"name":   listquery.Text,
		"domain": listquery.Text,
	}
	UserFields = listquery.Fields{
		"id":               listquery.Text,
		"extension_number": listquery.Text,
		"display_name":     listquery.Text,
		"auth_name":        listquery.Text,
	}
	ContactFields = listquery.Fields{
		"id":           listquery.Text,
		"display_name": listquery.Text,
	}
	FileFields = listquery.Fields{
		"id":      listquery.Text,
		"kind":    listquery.Text,
		"name":    listquery.Text,
		"vendor":  listquery.Text,
		"version": listquery.Text,
		"bytes":   listquery.Number,
		"sha256":  listquery.Text,
		"created": listquery.Text,
	}
	FirmwarePolicyFields = listquery.Fields{
		"id":     listquery.Text,
		"vendor": listquery.Text,
	}
	// PhoneFields are those of one user's phones.
	PhoneFields = listquery.Fields{
		"id":                  listquery.Text,
		"mac":                 listquery.Text,
		"filename":            listquery.Text,
		"vendor":              listquery.Text,
		"model":               listquery.Text,
		"language":            listquery.Text,
		"timezone":            listquery.Text,
		"interface":           listquery.Text,
		"preferred_transport": listquery.Text,
		"serial_number":       listquery.Text,
		"rps":                 listquery.Bool,
		"https":               listquery.Bool,
	}
	// PhoneRowFields are those of all phones, seen and assigned.
	PhoneRowFields = listquery.Fields{
		"mac":              listquery.Text,
		"extension_number": listquery.Text,
		"vendor":           listquery.Text,
		"model":            listquery.Text,
		"fwver":            listquery.Text,
		"name":             listquery.Text,
		"ip":               listquery.Text,
	}
	DectFields = listquery.Fields{
		"id":       listquery.Text,
		"name":     listquery.Text,
		"mac":      listquery.Text,
		"template": listquery.Text,
		"vendor":   listquery.Text,
		"model":    listquery.Text,
		"lines":    listquery.Number,
	}
	DectSystemFields = listquery.Fields{
		"id":     listquery.Text,
		"name":   listquery.Text,
		"number": listquery.Number,
		"lines":  listquery.Number,
	}
	EnrolmentFields = listquery.Fields{
		"id":      listquery.Text,
		"mac":     listquery.Text,
		"opened":  listquery.Text,
		"expires": listquery.Text,
	}
	JobFields = listquery.Fields{
		"id":      listquery.Text,
		"kind":    listquery.Text,
		"mac":     listquery.Text, // null for every phone
		"state":   listquery.Text,
		"caller":  listquery.Text,
		"created": listquery.Text,
		"done":    listquery.Text, // null while it goes on
	}
	JobItemFields = listquery.Fields{
		"mac":      listquery.Text,
		"state":    listquery.Text,
		"outcome":  listquery.Text,
		"attempts": listquery.Number,
		"updated":  listquery.Text,
	}
	// EventFields are those of one phone's history. The text of a request is not
	// searched; what it is made of is.
	EventFields = listquery.Fields{
		"id":         listquery.Text,
		"time":       listquery.Text,
		"kind":       listquery.Text,
		"severity":   listquery.Text,
		"text":       listquery.Text,
		"caller":     listquery.Text,
		"file":       listquery.Text,
		"level":      listquery.Text,
		"status":     listquery.Number,
		"ip":         listquery.Text,
		"user_agent": listquery.Text,
		"reason":     listquery.Text,
	}
	// RedirectionFields are those of what devices are at their vendors' services.
	RedirectionFields = listquery.Fields{
		"mac":        listquery.Text,
		"vendor":     listquery.Text,
		"model":      listquery.Text,
		"service":    listquery.Text,
		"account":    listquery.Text,
		"want":       listquery.Text,
		"status":     listquery.Text,
		"reason":     listquery.Text,
		"updated_at": listquery.Text,
	}
	AccountFields = listquery.Fields{
		"id":       listquery.Text,
		"username": listquery.Text,
		"role":     listquery.Text,
		"user_id":  listquery.Text,
		"reveal":   listquery.Bool,
		"created":  listquery.Text,
	}
	TokenFields = listquery.Fields{
		"id":      listquery.Text,
		"name":    listquery.Text,
		"role":    listquery.Text,
		"user_id": listquery.Text,
		"reveal":  listquery.Bool,
		"created": listquery.Text,
		"expires": listquery.Text, // null for never
		"used":    listquery.Text,
	}
)
