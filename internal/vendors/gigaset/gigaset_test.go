package gigaset

import (
	"maps"
	"testing"

	"github.com/dialplane/dialplane/internal/vendors/vendortest"
)

func TestPack(t *testing.T) {
	t.Parallel()
	lacks := vendortest.Lacks{
		"ntp2":                                   "the phones take one time server",
		"ringtones":                              "no source says how a phone fetches several",
		"gigaset-maxwell.xml: account transport": "SIP.TransportProtocol is for all accounts",
		"gigaset-maxwell.xml: srtp":              "SIP.Security.SRTP is for all accounts; see TestSRTP",
		"gigaset-maxwell.xml: expires":           "no source names the parameter",
		"gigaset-maxwell.xml: lldp":              "no source names the parameter",
		"gigaset-maxwell.xml: background":        "no source says which models take one",
	}
	for _, of := range []map[string]string{baseLacks(), frameLacks()} {
		maps.Copy(lacks, of)
	}
	vendortest.Run(t, Pack(), lacks)
}

func baseLacks() map[string]string {
	lacks := make(map[string]string)
	for what, why := range map[string]string{
		"account label": "an account has one name", "user password": "no source names the parameter", "poll": "no source names the parameter",
		"lldp": "no source names the parameter", "vlan": "no source names the parameter", "pc vlan": "a base has one port",
		"background": "handsets have their own", "handset name": "it is that of the account", "handset language": "no source names the parameter",
		"handset place": "a base knows handsets by their IPUI", "system": "chosen on the web page", "settings of others": "they come from the manager",
		"leaving a system": "chosen on the web page",
	} {
		lacks["gigaset-nx70.xml: "+what] = why
	}
	return lacks
}

func frameLacks() map[string]string {
	lacks := make(map[string]string)
	for what, why := range map[string]string{
		"user password": "there is one login", "lldp": "no source names the parameter", "pc vlan": "a base has one port", "background": "handsets have their own",
		"handset ipui": "no source names the parameter", "handset language": "handsets have their own",
	} {
		lacks["gigaset-n510.xml: "+what], lacks["gigaset-n720.xml: "+what] = why, why
	}
	lacks["gigaset-n510.xml: admin password"] = "a PIN of four digits, which no password can be made into"
	lacks["gigaset-n720.xml: account label"] = "an account has one name"
	lacks["gigaset-n720.xml: handset name"] = "it is that of the account"
	lacks["gigaset-n720.xml: poll"] = "no source names the parameter"
	lacks["gigaset-n720.xml: own address"] = "no source names the parameter"
	return lacks
}
