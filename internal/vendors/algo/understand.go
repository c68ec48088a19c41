package algo

import (
	"net"
	"strings"

	"github.com/dialplane/dialplane/internal/vendors"
	"github.com/dialplane/dialplane/internal/vendors/linefile"
)

// understand says what a device with this configuration does.
func understand(c *vendor.Config) vendor.State {
	s := vendor.State{
		AdminPassword: c.Get("admin.pwd"), TimeZone: c.Get("admin.timezone"), LLDP: c.Get("net.ll.lldp") == "1",
		WANVLAN: linefile.VLAN(c, "net.vlan.use", "net.vlan.id", "net.vlan.priority"),
	}
	if server := c.Get("prov.server.static"); c.Get("prov.server.method") == "static" && server != "" {
		s.ProvisioningURL = c.Get("prov.download.method") + "://" + server + "/"
		if folder := strings.Trim(c.Get("prov.download.cfgpath"), "/"); folder != "" {
			s.ProvisioningURL += folder + "/"
		}
	}
	if c.Get("prov.use") == "1" && c.Get("prov.sync.frequency") == "daily" {
		s.PollMinutes = 24 * 60
	}
	if s.TimeZone != "" {
		s.Clock = &vendor.Clock{Zone: s.TimeZone}
	}
	for _, server := range []string{"net.time1", "net.time2"} {
		if v := c.Get(server); v != "" {
			s.NTP = append(s.NTP, v)
		}
	}
	if user := c.Get("sip.u1.user"); user != "" && c.Get("sip.page.use") == "1" {
		a := vendor.Account{
			Index: 1, User: user, DisplayName: c.Get("sip.u1.dname"), AuthName: c.Get("sip.u1.auth"), Password: c.Get("sip.u1.pwd"),
			Transport: strings.ToUpper(c.Get("sip.transp")), Expires: linefile.Number(c, "sip.regexp"),
		}
		a.Server, a.Port = server(c.Get("sip.proxy"), a.Transport)
		if proxy := c.Get("sip.obproxy"); proxy != "" {
			a.OutboundProxy, a.OutboundPort = server(proxy, a.Transport)
		}
		s.Accounts = []vendor.Account{a}
	}
	return s
}

// server divides host:port; the transport's own port may be missing.
func server(s, transport string) (host string, port int) {
	host, digits, err := net.SplitHostPort(s)
	if err != nil {
		return s, vendor.OwnPort(transport)
	}
	return host, vendor.Number(digits)
}
