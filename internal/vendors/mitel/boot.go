package mitel

import (
	"cmp"
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

// boot fetches the file of all phones, the model's and the phone's own, and goes through
// an enrolment.
func boot(u vendor.Unit, get vendor.Getter) (*vendor.Config, error) {
	return vendor.BootFiles(get, parse, understand, commonFile(firmware(u)), u.Model+".cfg", u.MAC.Upper()+".cfg")
}
