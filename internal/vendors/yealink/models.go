package yealink

// product is one kind of phone: how it names itself and which common file it
// asks for.
type product struct {
	model    string // as the User-Agent and our templates spell it
	ua       string // product word of the HTTP User-Agent, where it is not "SIP-" and model
	code     string // last three digits of its y000000000XXX.cfg
	firmware string // a usual version, for the simulator
}

// products lists what is known of each model. The codes are those of the file
// names in FusionPBX's template folders, the firmware numbers those in
// wazo-provd-plugins. A code is that of the hardware, and not the first number
// of the firmware: a T42S and a T41S both run 66.x, a T43U runs 108.x.
//
// From memory and not confirmed by either: the codes of T19P, T21P, T30, T30P, T41U,
// T44U and W90, and the firmware numbers of T19P, T21P, T31W, T41U, T44U, T44W, T56A
// and T58W.
// W80's folder in FusionPBX says 175, which Wazo knows as the firmware of the
// W75, so 175 names no model.
var products = [...]product{
	{model: "T19P", code: "031", firmware: "31.72.0.75"},
	{model: "T19P_E2", code: "053", firmware: "53.84.0.125"},
	{model: "T20P", code: "007", firmware: "9.73.0.50"},
	{model: "T21P", code: "034", firmware: "34.72.0.75"},
	{model: "T21P_E2", code: "052", firmware: "52.84.0.125"},
	{model: "T22P", code: "005", firmware: "7.73.0.50"},
	{model: "T23P", code: "044", firmware: "44.84.0.140"},
	{model: "T23G", code: "044", firmware: "44.84.0.140"},
	{model: "T26P", code: "004", firmware: "6.73.0.50"},
	{model: "T27P", code: "045", firmware: "45.83.0.120"},
	{model: "T27G", code: "069", firmware: "69.85.0.5"},
	{model: "T28P", code: "000", firmware: "2.73.0.50"},
	{model: "T29G", code: "046", firmware: "46.83.0.120"},
	{model: "T32G", code: "032", firmware: "32.70.0.125"},
	{model: "T38G", code: "038", firmware: "38.70.0.125"},
	{model: "T30", code: "127", firmware: "124.86.0.75"},
	{model: "T30P", code: "127", firmware: "124.86.0.75"},
	{model: "T31", code: "123", firmware: "124.86.0.75"},
	{model: "T31P", code: "123", firmware: "124.86.0.75"},
	{model: "T31G", code: "123", firmware: "124.86.0.75"},
	{model: "T31W", code: "172", firmware: "124.86.0.75"},
	{model: "T33P", code: "124", firmware: "124.86.0.75"},
	{model: "T33G", code: "124", firmware: "124.86.0.75"},
	{model: "T34W", code: "171", firmware: "124.86.0.75"},
	{model: "T40P", code: "054", firmware: "54.84.0.125"},
	{model: "T40G", code: "076", firmware: "76.84.0.125"},
	{model: "T41P", code: "036", firmware: "36.83.0.120"},
	{model: "T41S", code: "068", firmware: "66.86.0.15"},
	{model: "T41U", code: "118", firmware: "108.86.0.45"},
	{model: "T42G", code: "029", firmware: "29.83.0.120"},
	{model: "T42S", code: "067", firmware: "66.86.0.15"},
	{model: "T42U", code: "116", firmware: "108.86.0.45"},
	{model: "T43U", code: "107", firmware: "108.86.0.45"},
	{model: "T44U", code: "173", firmware: "108.86.0.45"},
	{model: "T44W", code: "174", firmware: "108.86.0.45"},
	{model: "T46G", code: "028", firmware: "28.83.0.120"},
	{model: "T46S", code: "066", firmware: "66.86.0.15"},
	{model: "T46U", code: "108", firmware: "108.86.0.45"},
	{model: "T48G", code: "035", firmware: "35.83.0.120"},
	{model: "T48S", code: "065", firmware: "66.86.0.15"},
	{model: "T48U", code: "109", firmware: "108.86.0.45"},
	{model: "T49G", ua: "SIP VP-T49G", code: "051", firmware: "51.80.0.100"},
	{model: "T52S", code: "074", firmware: "70.84.0.70"},
	{model: "T53", code: "095", firmware: "96.86.0.45"},
	{model: "T53W", code: "095", firmware: "96.86.0.45"},
	{model: "T54S", code: "070", firmware: "70.84.0.70"},
	{model: "T54W", code: "096", firmware: "96.86.0.45"},
	{model: "T57W", code: "097", firmware: "96.86.0.45"},
	{model: "T56A", code: "056", firmware: "58.85.0.5"},
	{model: "T58A", ua: "SIP-T58", code: "058", firmware: "58.85.0.5"},
	{model: "T58V", ua: "SIP-T58", code: "058", firmware: "58.85.0.5"},
	{model: "T58", code: "058", firmware: "58.85.0.5"},
	{model: "T58W", code: "150", firmware: "150.86.0.5"},
	{model: "T73U", code: "186", firmware: "185.87.0.10"},
	{model: "T73W", code: "183", firmware: "185.87.0.10"},
	{model: "T74U", code: "187", firmware: "185.87.0.10"},
	{model: "T74W", code: "184", firmware: "185.87.0.10"},
	{model: "T77U", code: "188", firmware: "185.87.0.10"},
	{model: "T85W", code: "196", firmware: "185.87.0.10"},
	{model: "T87W", code: "197", firmware: "185.87.0.10"},
	{model: "T88V", code: "192", firmware: "192.87.0.10"},
	{model: "T88W", code: "192", firmware: "192.87.0.10"},
	{model: "AX83H", ua: "AX83H", code: "180", firmware: "180.86.0.5"},
	{model: "AX86R", ua: "AX86R", code: "182", firmware: "180.86.0.5"},
	{model: "CP860", ua: "CP860", code: "037", firmware: "37.83.0.10"},
	{model: "CP920", ua: "CP920", code: "078", firmware: "78.86.0.15"},
	{model: "CP925", code: "148", firmware: "148.86.0.25"},
	{model: "CP960", ua: "CP960", code: "073", firmware: "73.85.0.5"},
	{model: "CP965", ua: "CP965", code: "143", firmware: "143.86.0.5"},
	{model: "VP530", code: "023", firmware: "23.70.0.40"},
	{model: "VP59", ua: "VP59", code: "091", firmware: "91.283.0.30"},
	{model: "W52P", ua: "W52P", code: "025", firmware: "25.81.0.10"},
	{model: "W56P", ua: "W56P", code: "025", firmware: "25.81.0.10"},
	{model: "W60B", ua: "W60B", code: "077", firmware: "77.85.0.160"},
	{model: "W70B", ua: "W70B", code: "146", firmware: "146.87.0.15"},
	{model: "W75B", ua: "W75B", code: "175", firmware: "175.87.0.10"},
	{model: "W75DM", ua: "W75DM", code: "175", firmware: "175.87.0.10"},
	{model: "W80B", ua: "W80B", code: "103", firmware: "103.87.0.10"},
	{model: "W80DM", ua: "W80DM", code: "103", firmware: "103.87.0.10"},
	{model: "W90B", ua: "W90B", code: "130", firmware: "130.87.0.10"},
	{model: "W90DM", ua: "W90DM", code: "130", firmware: "130.87.0.10"},
}

// byModel finds a product by its model.
func byModel(model string) (product, bool) {
	for i := range products {
		if products[i].model == model {
			return products[i], true
		}
	}
	return product{}, false
}

// modelOf returns the one model that asks for the common file of a code, or "".
func modelOf(code string) string {
	model := ""
	for i := range products {
		if products[i].code != code {
			continue
		}
		if model != "" {
			return ""
		}
		model = products[i].model
	}
	return model
}
