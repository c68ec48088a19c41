package akuvox

import "strings"

// place returns the place of the time zone database whose clock a phone's own name of
// a zone stands for (NT), or "". A door phone has the last part of it.
func place(zone string) string {
	for _, p := range places() {
		if p.label == zone || p.zone[strings.LastIndexByte(p.zone, '/')+1:] == zone {
			return p.zone
		}
	}
	return ""
}

func places() []struct{ label, zone string } {
	return []struct{ label, zone string }{
		{"United Kingdom(London)", "Europe/London"},
		{"Portugal(Lisboa,Porto,Funchal)", "Europe/Lisbon"},
		{"Spain-Canary Islands(Las Palmas)", "Atlantic/Canary"},
		{"Denmark-Faroe Islands(Torshavn)", "Atlantic/Faroe"},
		{"Portugal(Azores)", "Atlantic/Azores"},
		{"Germany(Berlin)", "Europe/Berlin"},
		{"France(Paris)", "Europe/Paris"},
		{"Spain(Madrid)", "Europe/Madrid"},
		{"Italy(Rome)", "Europe/Rome"},
		{"Netherlands(Amsterdam)", "Europe/Amsterdam"},
		{"Luxembourg(Luxembourg)", "Europe/Luxembourg"},
		{"Denmark(Kopenhagen)", "Europe/Copenhagen"},
		{"Czech Republic(Prague)", "Europe/Prague"},
		{"Hungary(Budapest)", "Europe/Budapest"},
		{"Croatia(Zagreb)", "Europe/Zagreb"},
		{"Macedonia(Skopje)", "Europe/Skopje"},
		{"Albania(Tirane)", "Europe/Tirane"},
		{"Greece(Athens)", "Europe/Athens"},
		{"Romania(Bucharest)", "Europe/Bucharest"},
		{"Finland(Helsinki)", "Europe/Helsinki"},
		{"Estonia(Tallinn)", "Europe/Tallinn"},
		{"Latvia(Riga)", "Europe/Riga"},
		{"Ukraine(Kyiv, Odessa)", "Europe/Kiev"},
		{"Israel(Tel Aviv)", "Asia/Jerusalem"},
		{"China(Beijing)", "Asia/Shanghai"},
		{"Singapore(Singapore)", "Asia/Singapore"},
		{"Japan(Tokyo)", "Asia/Tokyo"},
		{"Korea(Seoul)", "Asia/Seoul"},
		{"India(Calcutta)", "Asia/Kolkata"},
		{"Australia(Perth)", "Australia/Perth"},
		{"Australia(Brisbane)", "Australia/Brisbane"},
		{"Australia(Darwin)", "Australia/Darwin"},
		{"Australia(Adelaide)", "Australia/Adelaide"},
		{"Australia(Hobart)", "Australia/Hobart"},
		{"Australia(Sydney,Melboume,Canberra)", "Australia/Sydney"},
		{"New Zealand(Wellington,Auckland)", "Pacific/Auckland"},
		{"United States-Eastern Time", "America/New_York"},
		{"United States-Central Time", "America/Chicago"},
		{"United States-Mountain Time", "America/Denver"},
		{"United States-Pacific Time", "America/Los_Angeles"},
		{"United States-Alaska Time", "America/Anchorage"},
		{"Canada(Halifax,Saint John)", "America/Halifax"},
		{"Canada(Montreal,Ottawa,Quebec)", "America/Toronto"},
		{"Canada-Manitoba(Winnipeg)", "America/Winnipeg"},
		{"Canada(Edmonton,Calgary)", "America/Edmonton"},
		{"Canada-New Foundland(St.Johns)", "America/St_Johns"},
		{"Bahamas(Nassau)", "America/Nassau"},
		{"United Kingdom(Bermuda)", "Atlantic/Bermuda"},
	}
}
