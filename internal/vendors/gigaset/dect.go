package gigaset

import (
	"strconv"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
)

// understandBase says what a base of the N530 to N870 does with this configuration. It
// knows handsets by their IPUI, or by a number where any may register, and numbers them
// in the order of its file.
func understandBase(c *vendor.Config) vendor.State {
	r := reader{c}
	s := vendor.State{
		AdminPassword:   c.Get("WebUIAccounts.1.Password"),
		ProvisioningURL: strings.TrimSuffix(c.Get("Provisioning.global.ProvisioningServer"), addressPlace+".xml"),
		Tone:            c.Get("Telephony.0.ToneScheme"), TimeZone: c.Get("DmGlobal.0.TimeZone"), FirmwareURL: c.Get("firmware"),
	}
	if v := c.Get("DmGlobal.0.NtpServer"); v != "" {
		s.NTP = strings.Split(v, ",")
	}
	if s.TimeZone != "" {
		s.Clock = &vendor.Clock{Zone: s.TimeZone} // a name of the time zone database
	}
	if c.Get("Netdir.21.Activated") == "1" {
		s.DirectoryURL = c.Get("CentralBook.0.ServerURL")
	}
	for i, key := range r.handsets() {
		a := r.member(i+1, key)
		h := vendor.Handset{Index: i + 1, Name: a.DisplayName, Account: i + 1}
		if len(key) == 10 {
			h.IPUI = strings.ToUpper(key)
		}
		s.Accounts, s.Handsets = append(s.Accounts, a), append(s.Handsets, h)
	}
	return s
}

// handsets returns the keys of the handsets that the base has.
func (r reader) handsets() []string {
	if only, ok := r.Lookup(onlyHandsets); ok {
		return strings.Fields(only)
	}
	var keys []string
	for _, s := range r.Settings() {
		if rest, ok := strings.CutPrefix(s.Name, addHandset+"."); ok {
			if key, ok := strings.CutSuffix(rest, ".hs.RegStatus"); ok {
				keys = append(keys, key)
			}
		}
	}
	return keys
}

// member returns the account of the handset that has a key.
func (r reader) member(index int, key string) vendor.Account {
	at := "SipAccount." + key + "."
	provider := "SipProvider." + r.Get(at+"ProviderId") + "."
	a := vendor.Account{
		Index: index, Label: r.Get(at + "UserName"), DisplayName: r.Get(at + "DisplayName"),
		User: r.Get(at + "UserName"), AuthName: r.Get(at + "AuthName"), Password: r.Get(at + "AuthPassword"),
		Server: r.Get(provider + "RegServerAddress"), Port: r.number(provider + "RegServerPort"),
		Expires: r.number(provider + "RegServerRefreshTimer"), SRTP: r.Get(provider+"SRTP_Enabled") == "1",
	}
	switch r.Get(provider + "TransportProtocol") {
	case "1":
		a.Transport = "UDP"
	case "2":
		a.Transport = "TCP"
	case "3":
		a.Transport = "TLS"
	}
	if r.Get(provider+"OutboundProxyMode") == "0" {
		a.OutboundProxy, a.OutboundPort = r.Get(provider+"OutboundProxyAddress"), r.number(provider+"OutboundProxyPort")
	}
	if r.Get(at+"VoiceMailActive") == "1" {
		a.Voicemail = r.Get(at + "VoiceMailMailbox")
	}
	return a
}

// older is a base whose files are <ProviderFrame>s.
type older struct {
	reader
	data     string // what the names of its general settings begin with
	handsets int
}

// understandFrame says what such a base does.
func understandFrame(c *vendor.Config) vendor.State {
	if _, manager := c.Lookup("BS_VOIP_Data.astVoipAccounts[%].ucVoipProviderIndex"); manager {
		return older{reader{c}, "BS_IP_Data.", 100}.manager()
	}
	n510 := older{reader{c}, "BS_IP_Data1.", 6}
	s := n510.general("aucS_TIME_NTP_SERVER")
	if at := c.Get("S_CONFIGFILE_URL"); at != "" {
		if !strings.Contains(at, "://") {
			at = "http://" + at
		}
		s.ProvisioningURL = at[:strings.LastIndexByte(at, '/')+1]
	}
	s.PollMinutes = n510.number("BS_IP_Data1.uiI_CHECK_FOR_UPDATES_TIMER_INIT")
	s.FirmwareURL = c.Get("S_SPECIAL_DATA_SRV")
	for i := range n510.handsets {
		a, ok := n510.line(i + 1)
		if !ok {
			continue
		}
		if len(s.Accounts) == 0 {
			s.Codecs = vocoders(c.Get("BS_IP_Data1.ucI_SIP_PREFERRED_VOCODER" + behind(a.Index)))
		}
		s.Accounts = append(s.Accounts, a)
		s.Handsets = append(s.Handsets, vendor.Handset{Index: a.Index, Account: a.Index, Name: c.Get("BS_AE_Subscriber.stMtDat[" + strconv.Itoa(i) + "].aucTlnName[0]")})
	}
	return s
}

// general reads what the older bases have alike.
func (o older) general(ntp string) vendor.State {
	s := vendor.State{
		Language: o.Get(o.data + "ucI_HTTPLANGUAGE"), Tone: o.Get("BS_AE_SwConfig.ucCountryCodeTone"),
		TimeZone: o.Get(o.data + "uiI_TIME_TIMEZONE"),
	}
	s.Clock = frameClock(s.TimeZone, o.Get(o.data+"ucB_TIME_USE_AUTOMATIC_DST") == "1")
	if v := o.Get(o.data + ntp); v != "" {
		s.NTP = []string{v}
	}
	if o.Get(o.data+"ucB_VLAN_ENABLED") == "1" {
		s.WANVLAN = vendor.VLAN{ID: o.number(o.data + "uiI_VLAN_ID"), Priority: o.number(o.data + "ucI_VLAN_PRIORITY")}
	}
	return s
}

// behind is what most names of an N510's account end with: the first has no number.
func behind(index int) string {
	if index == 1 {
		return ""
	}
	return "_" + strconv.Itoa(index)
}

// line returns an account of an N510.
func (o older) line(index int) (vendor.Account, bool) {
	number, behind := "_"+strconv.Itoa(index), behind(index)
	a := vendor.Account{
		Index: index, Label: o.Get(o.data + "aucS_SIP_ACCOUNT_NAME" + number), DisplayName: o.Get(o.data + "aucS_SIP_DISPLAYNAME" + behind),
		User: o.Get(o.data + "aucS_SIP_USER_ID" + behind), AuthName: o.Get("BS_IP_Data3.aucS_SIP_LOGIN_ID" + behind), Password: o.Get(o.data + "aucS_SIP_PASSWORD" + behind),
		Server: o.Get(o.data + "aucS_SIP_REGISTRAR" + behind), Port: o.number(o.data + "uiI_SIP_REGISTRAR_PORT" + behind),
		Transport: "UDP", Expires: o.number(o.data + "uiI_RE_REGISTRATION_TIMER" + behind),
	}
	if o.Get(o.data+"ucI_OUTBOUND_PROXY_MODE"+behind) == "0" {
		a.OutboundProxy, a.OutboundPort = o.Get(o.data+"aucS_OUTBOUND_PROXY"+behind), o.number(o.data+"uiI_OUTBOUND_PROXY_PORT"+behind)
	}
	if o.Get(o.data+"ucB_VOIP_NET_AM_ENABLED"+number) == "1" {
		a.Voicemail = o.Get(o.data + "aucS_VOIP_NET_AM_NUMBER" + number)
	}
	// Its handset is the one that sends and receives by it.
	mask := strconv.Itoa(1 << (index - 1))
	mine := "BS_Accounts.astAccounts[" + strconv.Itoa(index-1) + "]."
	return a, o.Get(o.data+"ucB_SIP_ACCOUNT_IS_ACTIVE"+number) == "1" && o.Get(mine+"uiSendMask") == mask && o.Get(mine+"uiReceiveMask") == mask
}

// manager says what an N720 does, whose handsets have the account of their own place.
func (o older) manager() vendor.State {
	s := o.general("aucS_TIME_NTP_SERVER[%]")
	s.AdminPassword = o.Get("BS_CUSTOM.WebUIPassword")
	s.FirmwareURL = o.Get("S_SPECIAL_DATA_SRV_IWU")
	s.Codecs = vocoders(o.Get("BS_VOIP_Data.astVoipAccounts[%].aucI_SIP_PREFERRED_VOCODER[%]"))
	const provider = "BS_VOIP_Data.astVoipProviders[0]."
	for i := range o.handsets {
		at := "BS_VOIP_Data.astVoipAccounts[" + strconv.Itoa(i) + "]."
		if o.Get(at+"ucB_SIP_ACCOUNT_IS_ACTIVE_1") != "1" {
			continue
		}
		a := vendor.Account{
			Index: i + 1, DisplayName: o.Get(at + "aucS_SIP_DISPLAYNAME[0]"),
			User: o.Get(at + "aucS_SIP_USER_ID[0]"), AuthName: o.Get(at + "aucS_SIP_LOGIN_ID[0]"), Password: o.Get(at + "aucS_SIP_PASSWORD[0]"),
			Server: o.Get(provider + "aucSIP_REGISTRAR[%]"), Port: o.number(provider + "uiSIP_REGISTRAR_PORT"), Expires: o.number(provider + "uiRE_REGISTRATION_TIMER"),
		}
		if o.Get(provider+"ucSIP_PREFERRED_TRANSPORT_LAYER") == "17" {
			a.Transport = "UDP"
		}
		if o.Get(provider+"ucOUTBOUND_PROXY_MODE") == "0" {
			a.OutboundProxy, a.OutboundPort = o.Get(provider+"aucOUTBOUND_PROXY[%]"), o.number(provider+"uiOUTBOUND_PROXY_PORT")
		}
		if o.Get(at+"ucB_VOIP_NET_AM_ENABLED_1") == "1" {
			a.Voicemail = o.Get(at + "aucS_VOIP_NET_AM_NUMBER_1[%]")
		}
		s.Accounts = append(s.Accounts, a)
		s.Handsets = append(s.Handsets, vendor.Handset{Index: i + 1, Account: i + 1, Name: a.DisplayName})
	}
	return s
}

// vocoders reads a list of codecs, best first, whose empty places are 0xff.
func vocoders(list string) []string {
	var codecs []string
	for codec := range strings.SplitSeq(list, ",") {
		if codec != "" && codec != "0xff" {
			codecs = append(codecs, codec)
		}
	}
	return codecs
}

// frameClock is the clock of an older base's time zone: as in a place if it goes by
// summer time, else always that many minutes east of UTC. The places are those that GS5
// has written beside the numbers, and from 61 on the offsets are WZ's.
func frameClock(zone string, summer bool) *vendor.Clock {
	n, err := strconv.ParseInt(zone, 0, 32)
	if err != nil {
		return nil
	}
	if summer {
		place, ok := map[int64]string{
			3: "America/Anchorage", 4: "America/Los_Angeles", 7: "America/Denver", 9: "America/Chicago", 13: "America/New_York", 15: "America/Halifax",
			18: "America/St_Johns", 26: "Europe/London", 27: "Europe/Berlin", 36: "Europe/Helsinki",
		}[n]
		if !ok {
			return nil
		}
		return &vendor.Clock{Zone: place}
	}
	offset, ok := map[int64]int{
		0: -720, 1: -660, 2: -600, 3: -540, 4: -480, 5: -420, 11: -360, 12: -300, 16: -240, 20: -180, 22: -120, 24: -60,
		25: 0, 31: 60, 35: 120, 39: 180, 42: 210, 43: 240, 45: 270, 47: 300, 48: 330, 49: 345, 51: 360, 53: 390, 54: 420, 56: 480,
		61: 540, 64: 570, 67: 600, 71: 660, 72: 720, 80: 780,
	}[n]
	if !ok {
		return nil
	}
	return &vendor.Clock{Offset: offset}
}
