package fanvil

// models is the table's spelling of every model whose name is documented (WZ,
// TAN, FP); those without a template are known by name only.
var models = []string{
	"X1", "X1P", "X1S", "X1SP", "X1SG", "X2", "X2P", "X2C", "X2CP",
	"X3", "X3P", "X3S", "X3SP", "X3G", "X3SG", "X3SG-Pro", "X3SG-Lite", "X3SW", "X3U", "X3U-Pro",
	"X4", "X4G", "X4SG", "X4U", "X4U-V2", "X4U-Pro",
	"X5", "X5G", "X5S", "X5U", "X5U-V2", "X5U-Pro",
	"X6", "X6-V2", "X6U", "X6U-V2", "X6U-Pro",
	"X7", "X7-Pro", "X7A", "X7C", "X7C-Pro",
	"X210", "X210-V2", "X210-Pro", "X210i", "X210i-V2", "X210i-Pro",
	"X301", "X301P", "X301G", "X301W", "X303", "X303P", "X303G", "X303W",
	"V50G", "V50P", "V60P", "V60W", "V61", "V61G", "V61W",
	"V62", "V62G", "V62W", "V62-Pro", "V63", "V64", "V65", "V66", "V66-Pro", "V67",
	"H2", "H2U", "H2U-V2", "H3", "H5", "C58", "C62",
	"W610W", "W611W", "W620W", "W710D", "W712",
	"i10S", "i10SV", "i10SD", "i16S", "i16SV", "i30",
	"i51W", "i52W", "i53W", "i61", "i62", "i63", "i64",
}

// oddCommonFiles are the common files whose names do not spell their model, and
// F0V00X200000, which one source gives to the X210 (WZ) where the rule says X2.
var oddCommonFiles = map[string]string{
	"F0000X600000":  "X6-V2",
	"F0V00X5S0000":  "X5S",
	"F0V00X200000":  "",
	"F0V5UV200000":  "X5U-V2",
	"F0V0V6210000":  "V62-Pro",
	"F0V0V6610000":  "V66-Pro",
	"F0V0V66100000": "V66-Pro",
	"F0VV6200000":   "V62",
	"F0V2UV200000":  "H2U-V2",
	"F0V10S00000":   "i10S",
	"F0V10SV00000":  "i10SV",
	"F0V10SD00000":  "i10SD",
	"F0V16S00000":   "i16S",
	"F0V16SV00000":  "i16SV",
	"F0V610W00000":  "W610W",
	"F0V611W00000":  "W611W",
	"F0V620W00000":  "W620W",
}
