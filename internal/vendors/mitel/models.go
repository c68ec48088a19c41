package mitel

import "strings"

// models are the SIP phones by the names that they give themselves. Those of Aastra
// end in i, with CT for those with a cordless handset.
var models = []string{
	"480i", "480iCT", "9112i", "9133i", "9143i", "9480i", "9480iCT",
	"51i", "53i", "55i", "57i", "57iCT",
	"6730i", "6731i", "6735i", "6737i", "6739i", "6751i", "6753i", "6755i", "6757i", "6757iCT",
	"6863i", "6865i", "6867i", "6869i", "6873i",
	"6905", "6910", "6915", "6920", "6920w", "6930", "6930w", "6940", "6940w", "6970",
}

// modelOf returns the name of the model that a phone spells so, or "" if none does.
func modelOf(spelled string) string {
	for _, m := range models {
		if strings.EqualFold(m, spelled) {
			return m
		}
	}
	return ""
}
