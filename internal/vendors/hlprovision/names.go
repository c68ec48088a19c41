package hlprovision

import (
	"fmt"
	"strconv"

	"github.com/dialplane/dialplane/internal/vendors"
)

// Numbers of things that have names, and, of keys, P-values.
const (
	maxAccounts = 16
	lineKeys    = 45
	modules     = 6
	pageKeys    = 20 // on each of a module's two pages
)

// byName gives the P-values of a configuration the names that newer firmware has for
// them. What has no name here keeps its own.
func byName(c *vendor.Config) *vendor.Config {
	named := new(vendor.Config)
	for _, s := range c.Settings() {
		name := s.Name
		if n, err := strconv.Atoi(name[1:]); err == nil && name[0] == 'P' && names[n] != "" {
			name = names[n]
		}
		named.Set(name, s.Value)
	}
	return named
}

// general are the names of the P-values of which a phone has one (FP, uc926 beside
// uc926u).
var general = map[int]string{
	2:     "AdminPassword",
	30:    "NW_Adv_UrlOrIpAddress",
	51:    "NW_Adv_Layer2QoS_802_1Q_VLANTag",
	64:    "Preference_TimeZone",
	75:    "Preference_DaylightSavingTime",
	87:    "NW_Adv_Layer2QoS_802_1pPriorityValue",
	143:   "Preference_DHCPTime",
	144:   "NW_Adv_DHCPOverrideNTP",
	145:   "FirmwareUpGrade_ToOverrideServer",
	192:   "FirmwareUpGrade_FirmwareServerPath",
	193:   "FirmwareUpGrade_CheckUpgradeTimes",
	194:   "FirmwareUpGrade_AutoUpgrade",
	196:   "UserPassword",
	212:   "FirmwareUpGrade_UrgrateMode",
	229:   "NW_Adv_DataVLANTag",
	237:   "FirmwareUpGrade_ConfigServerPath",
	3316:  "RemotePhoneBook1_Name",
	4401:  "RemotePhoneBook1_Url",
	5438:  "NW_LLDP_Active",
	8621:  "Preference_LcdLanguage",
	8622:  "DT_BackUpNTPServer",
	20052: "FirmwareUpGrade_WallpaperServerURL",
	20165: "FirmwareUpGrade_PnPActive",
	20174: "FirmwareUpGrade_RingUrl",
	23117: "Preference_DaylightSavingTimeType",
	23118: "Preference_DSTStartWeekMonth",
	23119: "Preference_DSTStartWeeknum",
	23120: "Preference_DSTStartWeekday",
	23121: "Preference_DSTStartWeekhour",
	23122: "Preference_DSTEndWeekMonth",
	23123: "Preference_DSTEndWeeknum",
	23124: "Preference_DSTEndWeekday",
	23125: "Preference_DSTEndWeekhour",
	24053: "NW_Adv_Vlan_WANVlan",
	24054: "NW_Adv_Vlan_PCVlan",
}

// accountParts and profileParts name the P-values of the accounts 1 to 4 and of the
// profiles 1 to 4 (WZ).
var (
	accountParts = map[string][4]int{
		"Active":               {271, 401, 501, 601},
		"Profile":              {24082, 24083, 24084, 24085},
		"Label":                {20000, 20001, 20002, 20003},
		"SipUserId":            {35, 735, 504, 604},
		"AuthenticateID":       {36, 736, 505, 605},
		"AuthenticatePassword": {34, 734, 506, 606},
		"DispalyName":          {3, 703, 507, 607},
		"VoiceMailId":          {33, 426, 526, 626},
	}
	profileParts = map[string][4]int{
		"Sipserver":          {47, 747, 502, 602},
		"OutboundProxy":      {48, 748, 503, 603},
		"SipTransport":       {130, 830, 930, 1030},
		"RegisterExpiration": {32, 732, 512, 612},
		"SRtpMode":           {183, 443, 543, 643},
		"Choice1":            {57, 757, 551, 651},
		"Choice2":            {58, 758, 552, 652},
		"Choice3":            {59, 759, 553, 653},
		"Choice4":            {60, 760, 554, 654},
		"Choice5":            {61, 761, 555, 655},
		"Choice6":            {62, 762, 556, 656},
	}
)

var names = func() map[int]string {
	all := make(map[int]string)
	for n, name := range general {
		all[n] = name
	}
	for kind, parts := range map[string]map[string][4]int{"Account": accountParts, "Profile": profileParts} {
		for part, numbers := range parts {
			for i, n := range numbers {
				all[n] = fmt.Sprintf("%s%d_%s", kind, i+1, part)
			}
		}
	}
	for k := 1; k <= lineKeys; k++ {
		first, value, step := 20175+5*k, 1, 1
		switch {
		case k <= 4:
			first, value, step = 41199+k, 100, 100
		case k > 36:
			first, value = 23000+6*(k-37), 2 // behind a mode
		}
		all[first] = lineKey(k) + "Type"
		for i, part := range []string{"Value", "Label", "Account"} {
			all[first+value+i*step] = lineKey(k) + part
		}
	}
	for k := range 2 * pageKeys {
		for i, part := range []string{"KeyType", "Value", "Label", "Account"} {
			all[60000+5*k+i] = moduleKey(1, k+1) + part
		}
	}
	return all
}()

func lineKey(k int) string { return fmt.Sprintf("LineKey%d_", k) }

// moduleKey begins the names of a module's key, from 1 over both pages.
func moduleKey(module, k int) string {
	return fmt.Sprintf("Exp%d_%d_%d_", module, 1+(k-1)/pageKeys, 1+(k-1)%pageKeys)
}
