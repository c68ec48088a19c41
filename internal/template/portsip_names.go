package template

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
)

// The tables below give the neutral names of what templates of the 3CX and
// PortSIP dialect offer as free text. Their left sides are what the published
// templates for 3CX of Fanvil phones and Yealink DECT bases, and the API and
// screenshots of PortSIP PBX, write; the languages' own names and the other
// cities and countries are from memory. A zone is taken only if its offset is
// the one that the label names.

// languageWords begin the names of languages, in lower case.
var languageWords = []struct{ word, name string }{
	{"english", "ENGLISH"},
	{"chinese", "CHINESE"},
	{"simplified chinese", "CHINESE"},
	{"tra-chinese", "CHINESE"},
	{"traditional chinese", "CHINESE"},
	{"中文", "CHINESE"},
	{"简体中文", "CHINESE"},
	{"dutch", "DUTCH"},
	{"nederlands", "DUTCH"},
	{"french", "FRENCH"},
	{"français", "FRENCH"},
	{"francais", "FRENCH"},
	{"german", "GERMAN"},
	{"deutsch", "GERMAN"},
	{"greek", "GREEK"},
	{"ελληνικά", "GREEK"},
	{"italian", "ITALIAN"},
	{"japanese", "JAPANESE"},
	{"日本語", "JAPANESE"},
	{"polish", "POLISH"},
	{"polski", "POLISH"},
	{"russian", "RUSSIAN"},
	{"русский", "RUSSIAN"},
	{"spanish", "SPANISH"},
	{"español", "SPANISH"},
	{"espanol", "SPANISH"},
	{"swedish", "SWEDISH"},
	{"svenska", "SWEDISH"},
	{"ukrainian", "UKRAINIAN"},
	{"українська", "UKRAINIAN"},
	{"bulgarian", "BULGARIAN"},
	{"български", "BULGARIAN"},
}

// neutralLanguage returns the API's name of a language, or "".
func neutralLanguage(label string) string {
	label = strings.ToLower(strings.TrimSpace(label))
	for _, l := range languageWords {
		if strings.HasPrefix(label, l.word) {
			return l.name
		}
	}
	return ""
}

// codecNames are the spellings of codecs, in lower case without . - _ and blanks.
var codecNames = map[string]string{
	"pcmu": "PCMU", "g711u": "PCMU", "g711ulaw": "PCMU", "ulaw": "PCMU",
	"pcma": "PCMA", "g711a": "PCMA", "g711alaw": "PCMA", "alaw": "PCMA",
	"g722": "G722", "g729": "G729", "g729a": "G729", "g729ab": "G729", "g723": "G723", "g7231": "G723",
	"g726": "G726-32", "g72632": "G726-32", "opus": "OPUS", "ilbc": "ILBC", "gsm": "GSM", "speex": "SPEEX",
}

// neutralCodec returns our name of a codec, which is its own for one that the
// table does not know.
func neutralCodec(label string) string {
	if name, ok := codecNames[strings.NewReplacer(".", "", "-", "", "_", "", " ", "").Replace(strings.ToLower(label))]; ok {
		return name
	}
	return strings.ToUpper(label)
}

// countries are the countries of tone sets, by their English names and the short
// forms in lower case.
var countries = map[string]string{
	"united states": "USA", "usa": "USA", "us": "USA", "united kingdom": "GBR", "great britain": "GBR", "uk": "GBR",
	"australia": "AUS", "austria": "AUT", "belgium": "BEL", "brazil": "BRA", "bulgaria": "BGR", "canada": "CAN",
	"chile": "CHL", "china": "CHN", "croatia": "HRV", "czech": "CZE", "czech republic": "CZE", "denmark": "DNK",
	"estonia": "EST", "finland": "FIN", "france": "FRA", "germany": "DEU", "greece": "GRC", "hungary": "HUN",
	"india": "IND", "ireland": "IRL", "israel": "ISR", "italy": "ITA", "japan": "JPN", "korea": "KOR",
	"lithuania": "LTU", "luxembourg": "LUX", "malaysia": "MYS", "mexico": "MEX", "netherlands": "NLD", "holland": "NLD",
	"new zealand": "NZL", "norway": "NOR", "poland": "POL", "portugal": "PRT", "romania": "ROU", "russia": "RUS",
	"singapore": "SGP", "slovakia": "SVK", "slovenia": "SVN", "south africa": "ZAF", "spain": "ESP", "sweden": "SWE",
	"switzerland": "CHE", "taiwan": "TWN", "turkey": "TUR", "ukraine": "UKR",
}

// neutralTone returns the ISO 3166-1 alpha-3 code of a tone set's country, or
// the label itself.
func neutralTone(label string) string {
	if code, ok := countries[strings.ToLower(strings.TrimSpace(label))]; ok {
		return code
	}
	return label
}

// zonePhrases are places and names of zones, in lower case. Of two that are in a
// label, both count.
var zonePhrases = []struct{ phrase, zone string }{
	{"midway", "Pacific/Midway"},
	{"samoa", "Pacific/Pago_Pago"},
	{"hawaii", "Pacific/Honolulu"},
	{"aleutian", "America/Adak"},
	{"french polynesia", "Pacific/Tahiti"},
	{"marquesas", "Pacific/Marquesas"},
	{"alaska", "America/Anchorage"},
	{"pacific time", "America/Los_Angeles"},
	{"los angeles", "America/Los_Angeles"},
	{"vancouver", "America/Vancouver"},
	{"whitehorse", "America/Whitehorse"},
	{"tijuana", "America/Tijuana"},
	{"baja california", "America/Tijuana"},
	{"mst no dst", "America/Phoenix"},
	{"arizona", "America/Phoenix"},
	{"phoenix", "America/Phoenix"},
	{"mountain time", "America/Denver"},
	{"denver", "America/Denver"},
	{"edmonton", "America/Edmonton"},
	{"mazatlan", "America/Mazatlan"},
	{"chihuahua", "America/Chihuahua"},
	{"central time", "America/Chicago"},
	{"chicago", "America/Chicago"},
	{"winnipeg", "America/Winnipeg"},
	{"saskatchewan", "America/Regina"},
	{"mexico city", "America/Mexico_City"},
	{"guadalajara", "America/Mexico_City"},
	{"monterrey", "America/Monterrey"},
	{"belize", "America/Belize"},
	{"costa rica", "America/Costa_Rica"},
	{"el salvador", "America/El_Salvador"},
	{"guatemala", "America/Guatemala"},
	{"honduras", "America/Tegucigalpa"},
	{"nicaragua", "America/Managua"},
	{"easter island", "Pacific/Easter"},
	{"eastern time", "America/New_York"},
	{"new york", "America/New_York"},
	{"indiana", "America/Indiana/Indianapolis"},
	{"montreal", "America/Toronto"},
	{"ottawa", "America/Toronto"},
	{"toronto", "America/Toronto"},
	{"bogota", "America/Bogota"},
	{"lima", "America/Lima"},
	{"quito", "America/Guayaquil"},
	{"panama", "America/Panama"},
	{"havana", "America/Havana"},
	{"nassau", "America/Nassau"},
	{"jamaica", "America/Jamaica"},
	{"caracas", "America/Caracas"},
	{"la paz", "America/La_Paz"},
	{"atlantic time", "America/Halifax"},
	{"halifax", "America/Halifax"},
	{"santiago", "America/Santiago"},
	{"asuncion", "America/Asuncion"},
	{"paraguay", "America/Asuncion"},
	{"bermuda", "Atlantic/Bermuda"},
	{"falkland", "Atlantic/Stanley"},
	{"trinidad", "America/Port_of_Spain"},
	{"san juan", "America/Puerto_Rico"},
	{"puerto rico", "America/Puerto_Rico"},
	{"manaus", "America/Manaus"},
	{"georgetown", "America/Guyana"},
	{"st.johns", "America/St_Johns"},
	{"st. johns", "America/St_Johns"},
	{"newfoundland", "America/St_Johns"},
	{"new foundland", "America/St_Johns"},
	{"buenos aires", "America/Argentina/Buenos_Aires"},
	{"brazil", "America/Sao_Paulo"},
	{"brasilia", "America/Sao_Paulo"},
	{"sao paulo", "America/Sao_Paulo"},
	{"montevideo", "America/Montevideo"},
	{"cayenne", "America/Cayenne"},
	{"fortaleza", "America/Fortaleza"},
	{"salvador", "America/Bahia"},
	{"nuuk", "America/Nuuk"},
	{"azores", "Atlantic/Azores"},
	{"cape verde", "Atlantic/Cape_Verde"},
	{"london", "Europe/London"},
	{"edinburgh", "Europe/London"},
	{"dublin", "Europe/Dublin"},
	{"ireland", "Europe/Dublin"},
	{"lisbon", "Europe/Lisbon"},
	{"lisboa", "Europe/Lisbon"},
	{"reykjavik", "Atlantic/Reykjavik"},
	{"faroe", "Atlantic/Faroe"},
	{"canary", "Atlantic/Canary"},
	{"casablanca", "Africa/Casablanca"},
	{"morocco", "Africa/Casablanca"},
	{"monrovia", "Africa/Monrovia"},
	{"tirane", "Europe/Tirane"},
	{"tirana", "Europe/Tirane"},
	{"vienna", "Europe/Vienna"},
	{"austria", "Europe/Vienna"},
	{"brussels", "Europe/Brussels"},
	{"belgrade", "Europe/Belgrade"},
	{"bratislava", "Europe/Bratislava"},
	{"zagreb", "Europe/Zagreb"},
	{"prague", "Europe/Prague"},
	{"copenhagen", "Europe/Copenhagen"},
	{"paris", "Europe/Paris"},
	{"berlin", "Europe/Berlin"},
	{"germany", "Europe/Berlin"},
	{"budapest", "Europe/Budapest"},
	{"rome", "Europe/Rome"},
	{"luxembourg", "Europe/Luxembourg"},
	{"skopje", "Europe/Skopje"},
	{"makedonia", "Europe/Skopje"},
	{"amsterdam", "Europe/Amsterdam"},
	{"namibia", "Africa/Windhoek"},
	{"windhoek", "Africa/Windhoek"},
	{"oslo", "Europe/Oslo"},
	{"warsaw", "Europe/Warsaw"},
	{"ljubljana", "Europe/Ljubljana"},
	{"sarajevo", "Europe/Sarajevo"},
	{"madrid", "Europe/Madrid"},
	{"stockholm", "Europe/Stockholm"},
	{"zurich", "Europe/Zurich"},
	{"bern", "Europe/Zurich"},
	{"switzerland", "Europe/Zurich"},
	{"tunis", "Africa/Tunis"},
	{"algiers", "Africa/Algiers"},
	{"chad", "Africa/Ndjamena"},
	{"lagos", "Africa/Lagos"},
	{"west central africa", "Africa/Lagos"},
	{"tallinn", "Europe/Tallinn"},
	{"helsinki", "Europe/Helsinki"},
	{"gaza", "Asia/Gaza"},
	{"athens", "Europe/Athens"},
	{"tel aviv", "Asia/Jerusalem"},
	{"jerusalem", "Asia/Jerusalem"},
	{"amman", "Asia/Amman"},
	{"riga", "Europe/Riga"},
	{"beirut", "Asia/Beirut"},
	{"kishinev", "Europe/Chisinau"},
	{"chisinau", "Europe/Chisinau"},
	{"kaliningrad", "Europe/Kaliningrad"},
	{"bucharest", "Europe/Bucharest"},
	{"damascus", "Asia/Damascus"},
	{"istanbul", "Europe/Istanbul"},
	{"ankara", "Europe/Istanbul"},
	{"kyiv", "Europe/Kyiv"},
	{"kiev", "Europe/Kyiv"},
	{"odessa", "Europe/Kyiv"},
	{"sofia", "Europe/Sofia"},
	{"vilnius", "Europe/Vilnius"},
	{"cairo", "Africa/Cairo"},
	{"harare", "Africa/Harare"},
	{"pretoria", "Africa/Johannesburg"},
	{"johannesburg", "Africa/Johannesburg"},
	{"nicosia", "Asia/Nicosia"},
	{"minsk", "Europe/Minsk"},
	{"nairobi", "Africa/Nairobi"},
	{"east africa", "Africa/Nairobi"},
	{"baghdad", "Asia/Baghdad"},
	{"moscow", "Europe/Moscow"},
	{"kuwait", "Asia/Kuwait"},
	{"riyadh", "Asia/Riyadh"},
	{"tehran", "Asia/Tehran"},
	{"teheran", "Asia/Tehran"},
	{"yerevan", "Asia/Yerevan"},
	{"baku", "Asia/Baku"},
	{"tbilisi", "Asia/Tbilisi"},
	{"abu dhabi", "Asia/Dubai"},
	{"dubai", "Asia/Dubai"},
	{"muscat", "Asia/Muscat"},
	{"samara", "Europe/Samara"},
	{"mauritius", "Indian/Mauritius"},
	{"kabul", "Asia/Kabul"},
	{"karachi", "Asia/Karachi"},
	{"islamabad", "Asia/Karachi"},
	{"tashkent", "Asia/Tashkent"},
	{"yekaterinburg", "Asia/Yekaterinburg"},
	{"chelyabinsk", "Asia/Yekaterinburg"},
	{"aqtobe", "Asia/Aqtobe"},
	{"calcutta", "Asia/Kolkata"},
	{"kolkata", "Asia/Kolkata"},
	{"mumbai", "Asia/Kolkata"},
	{"new delhi", "Asia/Kolkata"},
	{"colombo", "Asia/Colombo"},
	{"kathmandu", "Asia/Kathmandu"},
	{"katmandu", "Asia/Kathmandu"},
	{"dhaka", "Asia/Dhaka"},
	{"astana", "Asia/Almaty"},
	{"almaty", "Asia/Almaty"},
	{"novosibirsk", "Asia/Novosibirsk"},
	{"omsk", "Asia/Omsk"},
	{"rangoon", "Asia/Yangon"},
	{"yangon", "Asia/Yangon"},
	{"bangkok", "Asia/Bangkok"},
	{"hanoi", "Asia/Ho_Chi_Minh"},
	{"jakarta", "Asia/Jakarta"},
	{"krasnoyarsk", "Asia/Krasnoyarsk"},
	{"beijing", "Asia/Shanghai"},
	{"china", "Asia/Shanghai"},
	{"hong kong", "Asia/Hong_Kong"},
	{"singapore", "Asia/Singapore"},
	{"kuala lumpur", "Asia/Kuala_Lumpur"},
	{"taipei", "Asia/Taipei"},
	{"manila", "Asia/Manila"},
	{"perth", "Australia/Perth"},
	{"irkutsk", "Asia/Irkutsk"},
	{"ulaan bataar", "Asia/Ulaanbaatar"},
	{"ulaanbaatar", "Asia/Ulaanbaatar"},
	{"seoul", "Asia/Seoul"},
	{"tokyo", "Asia/Tokyo"},
	{"yakutsk", "Asia/Yakutsk"},
	{"adelaide", "Australia/Adelaide"},
	{"darwin", "Australia/Darwin"},
	{"sydney", "Australia/Sydney"},
	{"melbourne", "Australia/Melbourne"},
	{"canberra", "Australia/Sydney"},
	{"brisbane", "Australia/Brisbane"},
	{"hobart", "Australia/Hobart"},
	{"vladivostok", "Asia/Vladivostok"},
	{"guam", "Pacific/Guam"},
	{"port moresby", "Pacific/Port_Moresby"},
	{"lord howe", "Australia/Lord_Howe"},
	{"magadan", "Asia/Magadan"},
	{"solomon", "Pacific/Guadalcanal"},
	{"new caledonia", "Pacific/Noumea"},
	{"noumea", "Pacific/Noumea"},
	{"auckland", "Pacific/Auckland"},
	{"wellington", "Pacific/Auckland"},
	{"fiji", "Pacific/Fiji"},
	{"kamchatka", "Asia/Kamchatka"},
	{"marshall", "Pacific/Majuro"},
	{"marshal is", "Pacific/Majuro"},
	{"chatham", "Pacific/Chatham"},
	{"tonga", "Pacific/Tongatapu"},
	{"kiritimati", "Pacific/Kiritimati"},
}

var (
	// zoneOffset is the offset that a label begins with: "GMT-5:00", "(UTC+01:00)", "+8", "0".
	zoneOffset = regexp.MustCompile(`^\(?(?:GMT|UTC)?\s*([+-]?)(\d{1,2})?(?::(\d{2}))?\)?(?:\s|$)`)
	zoneName   = regexp.MustCompile(`\b[A-Z][A-Za-z_]+(?:/[A-Z][A-Za-z0-9_+-]+){1,2}\b`)
)

// offsetOf returns the offset in minutes that a label names, and what follows it.
func offsetOf(label string) (minutes int, rest string, named bool) {
	m := zoneOffset.FindStringSubmatch(label)
	if m == nil || m[2] == "" && !strings.Contains(strings.ToUpper(m[0]), "GMT") && !strings.Contains(strings.ToUpper(m[0]), "UTC") {
		return 0, label, false
	}
	hours, _ := strconv.Atoi(m[2])
	minutes, _ = strconv.Atoi(m[3])
	minutes += 60 * hours
	if m[1] == "-" {
		minutes = -minutes
	}
	return minutes, label[len(m[0]):], true
}

const maxZones = 8 // that one label stands for

// neutralZones returns the IANA zones that a label stands for, at least one
// unless nothing is known of it: those that it names or whose places it names,
// if its offset is theirs, and else the zone without summer time of its offset.
func neutralZones(label string) []string {
	offset, rest, named := offsetOf(strings.TrimSpace(label))
	fits := func(zone string) bool {
		standard, ok := zoneOffsets[zone]
		return ok && (!named || standard == offset)
	}
	var zones []string
	add := func(zone string) {
		if len(zones) < maxZones && !slices.Contains(zones, zone) && fits(zone) {
			zones = append(zones, zone)
		}
	}
	for _, zone := range zoneName.FindAllString(rest, -1) {
		add(zone)
	}
	rest = strings.ToLower(rest)
	for _, p := range zonePhrases {
		if holdsWord(rest, p.phrase) {
			add(p.zone)
		}
	}
	switch {
	case len(zones) > 0 || !named || offset%60 != 0 || offset < -12*60 || offset > 14*60:
	case offset == 0:
		zones = append(zones, "Etc/UTC")
	default:
		// The sign is the other way round in these names.
		zones = append(zones, "Etc/GMT"+signed(-offset/60))
	}
	return zones
}

// zoneOffsets are the minutes east of UTC in winter of every IANA zone.
var zoneOffsets = func() map[string]int {
	m := make(map[string]int)
	for _, z := range zones() {
		m[z.name] = z.offset
	}
	return m
}()

func signed(n int) string {
	if n > 0 {
		return "+" + strconv.Itoa(n)
	}
	return strconv.Itoa(n)
}

// holdsWord reports whether the words of phrase are in s, not as the end of
// another word.
func holdsWord(s, phrase string) bool {
	for from := 0; ; {
		i := strings.Index(s[from:], phrase)
		if i < 0 {
			return false
		}
		at, end := from+i, from+i+len(phrase)
		if (at == 0 || !isLetter(s[at-1])) && (end == len(s) || !isLetter(s[end])) {
			return true
		}
		from = at + 1
	}
}

func isLetter(c byte) bool { return 'a' <= c && c <= 'z' || 'A' <= c && c <= 'Z' }
